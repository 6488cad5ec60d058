//! The tables of the store in memory, one group for each trait of [`quintet_rules::rows`].
//!
//! What must stay true: everything that is looked up other than by its key has an index.

use quintet_domain::{
    ClientMessageId, ConversationId, Emoji, LoginSessionId, MeetupId, MessageId, NotificationId, RequestId,
    RestrictionKind, Scopes, Timestamp, UserId, Webhook, WebhookDelivery,
};
use quintet_rules::rows::{
    AuditRow, ContactRequestRow, ConversationRow, FileRow, InvitationRow, LoggedChange, LoginSessionRow, MeetupRow,
    MemberRow, MessageRow, PinRow, PushSubscriptionRow, ReportRow, RestrictionRow, StoredNotification, ThreadRow,
    UserCounts, UserRow,
};
use quintet_rules::{ConversationKey, FileKey, MeetupKey, MessageKey, NotificationKey, SecretKey, UserKey};

use super::table::{Index, Table, tables};

/// The counts of a user on a day: people added to conversations, and strangers written to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contacts {
    /// The day, in days since 1970 (UTC).
    pub(super) day: i64,
    /// The number of people added to conversations.
    pub(super) added: i64,
    /// The number of strangers written to.
    pub(super) direct: i64,
}

/// The key of a service: its hash, when it was created, and what it is good for.
#[derive(Clone, Debug)]
pub(super) struct ServiceKeyRow {
    pub(super) hash: String,
    pub(super) created_at: Timestamp,
    pub(super) scopes: Scopes,
}

/// A secret by which a guest proves what it owns.
#[derive(Clone, Debug)]
pub(super) struct GuestSecretRow {
    pub(super) guest: UserKey,
    pub(super) name: String,
    pub(super) hash: Vec<u8>,
}

/// A notification, and whether it was delivered to a connection whose dialect is decided.
#[derive(Clone, Debug)]
pub(super) struct KeptNotification {
    /// The notification as rules store it.
    pub(super) stored: StoredNotification,
    /// Whether it was delivered.
    pub(super) delivered: bool,
}

tables! {
    /// The tables of users, and of what belongs to one user alone.
    UserTables {
        rows: Table<UserKey, UserRow>,
        by_id: Table<UserId, UserKey>,
        /// Users by username in lower case, which is unique.
        by_username: Table<String, UserKey>,
        /// Users by email address in lower case, which is unique.
        by_email: Table<String, UserKey>,
        by_name_key: Index<(String, UserKey)>,
        by_name_look: Index<(String, UserKey)>,
        by_picture: Index<(FileKey, UserKey)>,
        guests: Index<UserKey>,
        erasing: Index<UserKey>,
        counts: Table<UserKey, UserCounts>,
        contacts: Table<UserKey, Contacts>,
        contacts_by_day: Index<(i64, UserKey)>,
        networks: Table<(UserKey, String), Timestamp>,
        networks_by_age: Index<(Timestamp, UserKey, String)>,
        service_keys: Table<UserKey, ServiceKeyRow>,
        service_by_hash: Table<String, UserKey>,
        secrets: Table<SecretKey, GuestSecretRow>,
        secret_by_name: Table<String, SecretKey>,
        secrets_of: Index<(UserKey, SecretKey)>,
        /// The greatest key that any secret ever had, because keys of secrets are never used again.
        greatest_secret: Table<(), SecretKey>,
    }
}

tables! {
    /// The tables of conversations and of their members.
    ConversationTables {
        rows: Table<ConversationKey, ConversationRow>,
        by_id: Table<ConversationId, ConversationKey>,
        /// Direct conversations, one for each pair.
        by_pair: Table<(UserKey, UserKey), ConversationKey>,
        pairs_of: Index<(UserKey, ConversationKey)>,
        owners: Index<(UserKey, ConversationKey)>,
        /// Open conversations that are not deleted, by activity.
        open: Index<(Timestamp, ConversationKey)>,
        empty: Index<(Timestamp, ConversationKey)>,
        by_picture: Index<(FileKey, ConversationKey)>,
        members: Table<(ConversationKey, UserKey), MemberRow>,
        /// How far messages have reached a device of a member, once they have.
        delivered: Table<(ConversationKey, UserKey), u64>,
        by_member: Index<(UserKey, ConversationKey)>,
        /// Members in the order in which they joined.
        joined: Index<(ConversationKey, u64, UserKey)>,
        guest_members: Index<(UserKey, ConversationKey)>,
    }
}

tables! {
    /// The tables of messages, with their indexes.
    MessageTables {
        rows: Table<MessageKey, MessageRow>,
        by_id: Table<MessageId, MessageKey>,
        /// Messages by conversation and sequence number, which is unique.
        by_sequence: Table<(ConversationKey, u64), MessageKey>,
        by_client_id: Table<(ConversationKey, UserKey, ClientMessageId), MessageKey>,
        /// Conversations that a user has sent messages to.
        authors: Index<(UserKey, ConversationKey)>,
        /// How far the numbers of conversations had come when authors left them.
        authors_left: Table<(UserKey, ConversationKey), u64>,
        /// Threads by their first messages.
        threads: Table<MessageKey, ThreadRow>,
        /// The replies of threads, in the order in which they were sent.
        thread_replies: Index<(MessageKey, MessageKey)>,
    }
}

tables! {
    /// The tables of reactions and of pinned messages.
    ReactionTables {
        /// Users by message, emoji and position.
        rows: Table<(MessageKey, Emoji, u64), UserKey>,
        /// The position of each user's reaction, which is unique.
        by_user: Table<(UserKey, MessageKey, Emoji), u64>,
        /// The number of reactions by message and emoji, with the position of the first.
        counts: Table<(MessageKey, Emoji), (u32, u64)>,
        pins: Table<MessageKey, PinRow>,
        pins_of: Index<(ConversationKey, u64, MessageKey)>,
        pins_by_user: Index<(UserKey, MessageKey)>,
    }
}

/// The key of a ban or a silence.
pub(super) type RestrictionKey = (ConversationKey, RestrictionKind, UserKey);

tables! {
    /// The tables of bans and silences, of slow mode, and of the audit log.
    ModerationTables {
        restrictions: Table<RestrictionKey, RestrictionRow>,
        restrictions_of: Index<(UserKey, RestrictionKey)>,
        /// Bans and silences by the users who decided them.
        restrictions_by: Index<(UserKey, RestrictionKey)>,
        /// Bans and silences that end by themselves, by the moments at which they do.
        restrictions_until: Index<(Timestamp, RestrictionKey)>,
        /// When authors last sent a message to a conversation in slow mode.
        slow_sends: Table<(UserKey, ConversationKey), Timestamp>,
        audit: Table<i64, AuditRow>,
    }
}

tables! {
    /// The tables of blocks.
    BlockTables {
        /// The moments at which blocks began, by the one who blocks and the one who is blocked.
        rows: Table<(UserKey, UserKey), Timestamp>,
        /// The same blocks, by the one who is blocked.
        by_blocked: Index<(UserKey, UserKey)>,
    }
}

tables! {
    /// The tables of requests to reach a person, and of groups that people have left.
    ContactRequestTables {
        /// Requests by the person who decides and the conversation.
        rows: Table<(UserKey, ConversationKey), ContactRequestRow>,
        by_id: Table<RequestId, (UserKey, ConversationKey)>,
        by_conversation: Index<(ConversationKey, UserKey)>,
        /// Requests by the one who asks, then by the person who decides.
        by_sender: Index<(UserKey, UserKey, ConversationKey)>,
        by_age: Index<(Timestamp, UserKey, ConversationKey)>,
        left_groups: Index<(UserKey, ConversationKey)>,
        left_by_group: Index<(ConversationKey, UserKey)>,
    }
}

tables! {
    /// The tables of meetups and requests.
    MeetupTables {
        rows: Table<MeetupKey, MeetupRow>,
        by_id: Table<MeetupId, MeetupKey>,
        /// Meetups by their conversations, each of which has one.
        by_conversation: Table<ConversationKey, MeetupKey>,
        by_host: Index<(UserKey, MeetupKey)>,
        /// Meetups that are not deleted.
        there: Index<MeetupKey>,
        /// Meetups that have not ended.
        current: Index<MeetupKey>,
        /// Open meetups that are not deleted, by the time at which they expire.
        expiring: Index<(Timestamp, MeetupKey)>,
        requests: Table<(MeetupKey, UserKey), Timestamp>,
        requests_by_age: Index<(MeetupKey, Timestamp, UserKey)>,
        requests_by_user: Index<(UserKey, MeetupKey)>,
    }
}

tables! {
    /// The tables of notifications, with their indexes.
    NotificationTables {
        rows: Table<NotificationKey, KeptNotification>,
        by_id: Table<NotificationId, NotificationKey>,
        by_user: Index<(UserKey, NotificationKey)>,
        by_cause: Index<(UserKey, NotificationKey)>,
        pending: Index<(UserKey, NotificationKey)>,
        unread: Index<(UserKey, NotificationKey)>,
        by_position: Index<(UserKey, u64, NotificationKey)>,
        /// Notifications that were read, by the time at which they were.
        read: Index<(Timestamp, NotificationKey)>,
    }
}

tables! {
    /// The tables of browsers that messages are pushed to.
    PushTables {
        /// Subscriptions by their endpoints.
        subscriptions: Table<String, PushSubscriptionRow>,
        /// Subscriptions by user, the one that was renewed longest ago first.
        by_user: Index<(UserKey, Timestamp, String)>,
        /// When those who have a subscription were last active.
        subscribers: Table<UserKey, Timestamp>,
        /// The position up to which it has been decided who is sent a push message.
        cursor: Table<(), u64>,
    }
}

tables! {
    /// The tables of files, with their indexes.
    FileTables {
        rows: Table<FileKey, FileRow>,
        by_id: Table<String, FileKey>,
        by_uploader: Index<(UserKey, FileKey)>,
        carried: Index<(FileKey, MessageKey)>,
        carried_by: Index<(MessageKey, FileKey)>,
        /// The number of bytes of all files together.
        total_bytes: Table<(), i64>,
    }
}

tables! {
    /// The table of invitations, with its unique columns.
    InvitationTables {
        rows: Table<i64, InvitationRow>,
        by_id: Table<String, i64>,
        by_hash: Table<String, i64>,
    }
}

tables! {
    /// The table of sessions of users, with its indexes.
    LoginSessionTables {
        rows: Table<LoginSessionId, LoginSessionRow>,
        /// Sessions by user, and by when they were last used.
        by_user: Index<(UserKey, Timestamp, LoginSessionId)>,
        by_expiry: Index<(Timestamp, LoginSessionId)>,
    }
}

tables! {
    /// The tables of webhooks and of their deliveries.
    WebhookTables {
        rows: Table<String, Webhook>,
        /// Deliveries by webhook and number.
        deliveries: Table<(String, u64), WebhookDelivery>,
    }
}

tables! {
    /// The tables of reports.
    ReportTables {
        rows: Table<i64, ReportRow>,
        by_message: Index<(MessageKey, i64)>,
        /// Open reports by reporter, which is none for the server, and by sender.
        open: Index<(Option<UserKey>, UserKey, i64)>,
        /// Reports that have a snapshot or a reason, by sender.
        with_text: Index<(UserKey, i64)>,
        by_age: Index<(Timestamp, i64)>,
    }
}

tables! {
    /// The tables of changes in commit order, and of users who receive a change without being members.
    LogTables {
        changes: Table<u64, LoggedChange>,
        by_conversation: Index<(ConversationKey, u64)>,
        /// Memberships that ended, with the positions at which they ended.
        departures: Index<(UserKey, u64, ConversationKey)>,
        departures_by_position: Index<(u64, UserKey, ConversationKey)>,
        addressees: Index<(UserKey, u64)>,
        addressees_by_position: Index<(u64, UserKey)>,
        pruned_to: Table<(), u64>,
    }
}
