//! The trait [`Store`]: what Quintet asks of a store, and what every store guarantees.
//!
//! What must stay true: the guarantees of [`Store`], which the conformance suite checks for every store.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use quintet_domain::{
    Account, Code, Commit, ContactRequest, Conversation, ConversationId, Emoji, Entry, GuestProof, Hidden, Invitation,
    Login, LoginSessionId, Meetup, MeetupId, Message, MessageId, MessageSearch, SpanContext, StoredFile, Ticket,
    Timestamp, TracedWrite, User, UserId, Webhook, WebhookDelivery, Write, Written,
};
use quintet_rules::log::{LogPage, MissedSince, Replayed};
use quintet_rules::threads::Thread;
use tokio::sync::oneshot;

pub use crate::future::{Future, ReadResult};
use crate::{
    Block, Filter, Jobs, Listing, LoginSessionReads, MeetupFilter, MemberReads, Memberships, MessagePage,
    ModerationReads, NotificationRow, OrphanedFiles, Page, PageOf, Party, PendingNotifications, PinnedMessage,
    PushReads, Reaction, ReportReads, ServiceAccount, ServiceKey, SharedCounts, StoreError, UserState,
};

/// The recipient of a write's result.
#[derive(Debug)]
pub enum ReplyTo {
    /// A caller that waits for it. The result is sent after the commit, before the commit is handed on.
    Caller(oneshot::Sender<Result<Written, StoreError>>),
    /// A command of a connection of this node. The reply becomes part of the commit, at its position among the entries.
    Ticket(Ticket),
    /// The result is dropped.
    Nobody,
}

/// Entries that other writers of the database have committed.
#[derive(Debug)]
pub struct Missed {
    /// The position after which the entries are all that there are, up to `last`.
    pub after: u64,
    /// The position up to which they were read.
    pub last: u64,
    /// The entries, in order.
    pub entries: Vec<Entry>,
}

/// A write that ran and of which a trace is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteTrace {
    /// The span that the write belongs to.
    pub parent: SpanContext,
    /// The span of the write itself, and its entries.
    pub write: TracedWrite,
    /// The name of the kind of write.
    pub name: &'static str,
    /// When it was queued.
    pub queued_at: SystemTime,
    /// Why it was refused, if it was.
    pub refused: Option<Code>,
}

/// A group of writes that was committed, or failed to be.
#[derive(Debug)]
pub struct Group {
    /// What other writers of the database have committed before the group and this process was not told of otherwise, in
    /// order. What could not be read yet is part of a later group.
    pub missed: Vec<Missed>,
    /// The newest position before the writes of the group, whoever has committed it: the entries of the group are all that
    /// there are from here to the position of its commit. 0 for a group that was not committed by one writer of several,
    /// whose refusals follow nothing.
    pub begun_at: u64,
    /// The entries, and the replies for tickets. If the group was not committed, it has no entries, and the replies are
    /// refusals.
    pub commit: Commit,
    /// The number of writes in the group, refused ones included.
    pub writes: usize,
    /// The writes of which a trace is kept, refused ones included.
    pub traces: Vec<WriteTrace>,
    /// The time from the first statement of the group to the end of its commit.
    pub took: Duration,
    /// Whether the group was committed.
    pub committed: bool,
}

/// Receives each group in commit order. It may block, and then the writer blocks too.
pub type OnCommit = Box<dyn FnMut(Group) + Send>;

/// Durable state. One write is one transaction, and so is one read.
///
/// # Guarantees
/// 1. **Committed before known.** Callers are answered, and commits are handed on, only after the write is durable.
/// 2. **One order.** Writes take effect in the order in which [`Store::submit`] completed; commits are handed on in
///    that order, with increasing positions; each conversation numbers its changes without gaps.
/// 3. **Replies in order.** The reply to a ticket precedes the entries that its write caused, or follows them if
///    [`Write::replies_after_entries`] says so. Each ticket that was queued is replied to exactly once.
/// 4. **Refusals are isolated.** A refused write changes nothing and affects no other write of its group.
/// 5. **Allowed when it happens.** Membership and role are checked inside the write.
/// 6. **Read your writes.** A read that starts after the reply sees what was written.
pub trait Store: ModerationReads + ReportReads + LoginSessionReads + MemberReads + Send + Sync + 'static {
    /// Queues a write. Returns once it is queued; waits while the queue is full.
    ///
    /// # Errors
    /// [`StoreError`] if the write cannot be queued, because the disk is full or the store is closed. Nothing is
    /// replied then: neither the caller of [`ReplyTo::Caller`] nor the stream of commits receives a result.
    fn submit(&self, write: Write, reply_to: ReplyTo) -> Future<'_, Result<(), StoreError>>;
    /// The number of writes that wait for the writer.
    fn waiting(&self) -> usize;

    /// The reads by which it is decided who is sent a push message.
    fn push(&self) -> &dyn PushReads;

    // --- services ---

    /// The keys of all services, by the services' names.
    fn services(&self) -> ReadResult<'_, Vec<ServiceKey>>;
    /// The service whose key has this hash, and what the key is good for.
    fn service(&self, by: Party, hash: String) -> ReadResult<'_, Option<ServiceAccount>>;

    // --- invitations ---

    /// The invitation whose code has this hash, good or not.
    fn invitation(&self, by: Party, hash: String) -> ReadResult<'_, Option<Invitation>>;
    /// Invitations, the newest first: those that a user made, or all.
    fn invitations(
        &self,
        by: Party,
        of: Option<UserId>,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<Invitation>>;

    // --- files ---

    /// A file that a client with its secret may download: while a message or a profile refers to it, and for a day
    /// after its upload until a message does.
    fn file(&self, by: Party, id: String, secret: String) -> ReadResult<'_, Option<StoredFile>>;
    /// Files that are not available any more, among `among` files after the key `after`.
    fn orphaned_files(&self, after: i64, among: u32) -> ReadResult<'_, OrphanedFiles>;

    // --- reads of accounts, conversations and messages; those without a party run for their user ---

    /// An account by its id.
    fn account(&self, by: Party, id: UserId) -> ReadResult<'_, Option<Account>>;
    /// An account by its id, with the conversations and the pending notifications of its user, and with a session of it, at
    /// one position.
    fn user_state(&self, by: Party, id: UserId, session: Option<LoginSessionId>) -> ReadResult<'_, UserState>;
    /// Whether a proof matches a secret of the guest who has this id.
    fn guest_knows(&self, by: Party, guest: UserId, proof: GuestProof) -> ReadResult<'_, bool>;
    /// When an account was last logged in to from a network, as [`NoteLogin`](quintet_domain::NoteLogin) names it;
    /// `None` if it never was, or not within [`LOGIN_NETWORKS_KEPT_DAYS`].
    ///
    /// [`LOGIN_NETWORKS_KEPT_DAYS`]: quintet_domain::limits::LOGIN_NETWORKS_KEPT_DAYS
    fn last_login(&self, user: UserId, network: String) -> ReadResult<'_, Option<Timestamp>>;
    /// A registered account by its email address or its username.
    fn account_by_login(&self, by: Party, login: Login) -> ReadResult<'_, Option<Account>>;
    /// Users who are erased and whose messages are still being deleted.
    fn erasing(&self) -> ReadResult<'_, Vec<UserId>>;
    /// The accounts of all people, by username.
    fn accounts(&self) -> ReadResult<'_, Vec<Account>>;
    /// Registered users whose username or name contains a text, compared without regard to case; all users if the text
    /// is empty. One read checks at most [`NAMES_SEARCHED_MAX`] names, so that a page may be short or empty and still
    /// have a next one.
    ///
    /// [`NAMES_SEARCHED_MAX`]: quintet_domain::limits::NAMES_SEARCHED_MAX
    fn users(&self, by: Party, query: String, cursor: Option<String>, limit: u32) -> ReadResult<'_, Page<Arc<User>>>;
    /// The direct conversation of two users, if they have one of which the first is a member.
    fn direct_conversation(&self, user: UserId, other: UserId) -> ReadResult<'_, Option<ConversationId>>;
    /// Groups and rooms whose name contains a text, newest activity first. Pages may be short, as those of
    /// [`Store::users`].
    fn find_conversations(
        &self,
        user: UserId,
        query: String,
        which: Filter,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<Listing>>;
    /// Refuses a user who may not send to a conversation.
    fn may_send(&self, user: UserId, id: ConversationId) -> ReadResult<'_, ()>;
    /// The number of messages of one of the user's conversations, deleted ones included, up to
    /// [`MESSAGES_COUNTED_MAX`](quintet_domain::limits::MESSAGES_COUNTED_MAX).
    fn message_count(&self, user: UserId, id: ConversationId) -> ReadResult<'_, u64>;
    /// The conversations of a user at one position.
    fn memberships(&self, user: UserId) -> ReadResult<'_, Memberships>;
    /// A conversation that the user is a member of.
    fn conversation(&self, user: UserId, id: ConversationId) -> ReadResult<'_, Conversation>;
    /// The conversations of a user, newest activity first.
    fn conversations(&self, user: UserId, cursor: Option<String>, limit: u32) -> ReadResult<'_, Page<Conversation>>;
    /// Messages of a conversation that the user is a member of, with their readers.
    fn messages(
        &self,
        by: Party,
        user: UserId,
        id: ConversationId,
        of: PageOf,
        limit: u32,
    ) -> ReadResult<'_, MessagePage>;
    /// As [`Self::messages`], without the replies of threads.
    fn messages_outside_threads(
        &self,
        by: Party,
        user: UserId,
        id: ConversationId,
        of: PageOf,
        limit: u32,
    ) -> ReadResult<'_, MessagePage>;
    /// A message that the user can see, with its readers.
    fn message(&self, user: UserId, id: MessageId) -> ReadResult<'_, Arc<Message>>;
    /// The thread that a message belongs to or is the first of, with the newest replies before a sequence number.
    fn thread(&self, by: Party, user: UserId, id: MessageId, before: u64, limit: u32) -> ReadResult<'_, Thread>;
    /// The reactions to a message that the user can see, in the order in which the emojis came.
    fn reactions(&self, user: UserId, id: MessageId) -> ReadResult<'_, Vec<Reaction>>;
    /// The reactions of a user among some messages, which the user was shown before.
    fn own_reactions(&self, user: UserId, messages: Vec<MessageId>) -> ReadResult<'_, Vec<(MessageId, Emoji)>>;
    /// The pinned messages of a conversation that the user is a member of, the newest pin first.
    fn pins(&self, user: UserId, id: ConversationId) -> ReadResult<'_, Vec<PinnedMessage>>;
    /// The users whom a user has blocked, in the order in which it did.
    fn blocks(&self, user: UserId) -> ReadResult<'_, Vec<Block>>;
    /// The requests that a user can decide, the newest first.
    fn contact_requests(&self, user: UserId) -> ReadResult<'_, Vec<ContactRequest>>;
    /// What a user is not shown of those who have blocked it, or have not accepted that it writes to them.
    fn hidden_from(&self, user: UserId) -> ReadResult<'_, Hidden>;
    /// Messages that a user may read and that fit a search, newest first. Messages that were sent or edited within the
    /// last second may be missing; deleted ones are not found, and neither is what a message no longer says. One read
    /// examines at most [`SEARCH_MESSAGES_EXAMINED_MAX`] messages, so that a page may be short or empty and still have a
    /// next one.
    ///
    /// [`SEARCH_MESSAGES_EXAMINED_MAX`]: quintet_domain::limits::SEARCH_MESSAGES_EXAMINED_MAX
    fn search_messages(
        &self,
        user: UserId,
        search: MessageSearch,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<Arc<Message>>>;
    /// Waits until everything up to a position that was committed is found by searches.
    ///
    /// # Errors
    /// [`StoreError::Closed`] if the index of messages is not filled any more.
    fn searchable(&self, position: u64) -> ReadResult<'_, ()>;
    /// A meetup as the user sees it.
    fn meetup(&self, user: UserId, id: MeetupId) -> ReadResult<'_, Meetup>;
    /// Meetups as the user sees them, newest first.
    fn meetups(
        &self,
        user: UserId,
        filter: MeetupFilter,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<Meetup>>;
    /// The notifications of a user, newest first.
    fn notifications(&self, user: UserId, cursor: Option<String>, limit: u32) -> ReadResult<'_, Page<NotificationRow>>;
    /// Notifications that were not sent to any connection whose dialect is decided, oldest first.
    fn pending_notifications(&self, user: UserId) -> ReadResult<'_, PendingNotifications>;
    /// The events that a user or guest missed since a position, with the texts that messages have now. The result has
    /// no entries if the id does not belong to a user of that kind any more.
    fn replay_since(&self, user: UserId, guest: bool, since: MissedSince) -> ReadResult<'_, Replayed>;
    /// What was committed after a position, as it is now, up to `limit` positions: for those who are told everything.
    fn log_page(&self, by: Party, after: u64, limit: u64) -> ReadResult<'_, LogPage>;
    /// All webhooks, by their ids.
    fn webhooks(&self) -> ReadResult<'_, Vec<Webhook>>;
    /// The newest attempts to deliver something to a webhook, the newest first; `None` if there is no such webhook.
    fn webhook_deliveries(&self, id: String, limit: u32) -> ReadResult<'_, Option<Vec<WebhookDelivery>>>;
    /// The identity of the stored data: a different database has a different one, a copy has the same.
    fn identity(&self) -> ReadResult<'_, String>;
    /// Whether the database answers and can be written to.
    fn check(&self) -> ReadResult<'_, ()>;
    /// Whether less disk space is free than the configured minimum. Then writes that store something new are refused
    /// with `ERR_STORAGE_FULL`, and deletions still run.
    fn is_full(&self) -> bool;
    /// Whether less than twice the configured minimum is free. Then no more files are accepted, so that the rest is
    /// left for messages.
    fn is_full_for_files(&self) -> bool {
        self.is_full()
    }
    /// The number of free bytes on the disk; `None` if it is not known.
    fn free_bytes(&self) -> Option<u64> {
        None
    }
    /// The size in bytes of what was committed to the database's log and not begun anew since; `None` if there is no log.
    fn log_bytes(&self) -> Option<u64> {
        None
    }
    /// What all nodes over one database count together; `None` where there is one node, which counts by itself.
    fn shared_counts(&self) -> Option<&dyn SharedCounts> {
        None
    }
    /// Periodic work that one of the nodes over one database does; `None` where there is one node, which does all of it.
    fn jobs(&self) -> Option<&dyn Jobs> {
        None
    }
    /// Commits the queued writes and stops. Later writes fail with [`StoreError::Closed`].
    fn close(&self) -> Future<'_, ()>;
}
