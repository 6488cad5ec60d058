//! Rows of conversations and members, and the operations on them.
//!
//! What must stay true: the sequence number and the read cursors of a conversation never decrease.

use std::sync::Arc;

use quintet_domain::{
    ConversationId, ConversationKind, ConversationRef, ConversationSettings, Metadata, Moderation, Mute, Notify,
    OwnRetention, Role, Timestamp, UserId,
};

use crate::{ConversationKey, FileKey, MessageKey, RowResult, SecretKey, UserKey};

/// The row of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationRow {
    /// The key of the row.
    pub key: ConversationKey,
    /// Id, kind, name and pair, as events carry them.
    pub reference: Arc<ConversationRef>,
    /// The description; `None` if there is none.
    pub description: Option<Arc<str>>,
    /// The link to its picture; `None` if there is none.
    pub picture: Option<Arc<str>>,
    /// The uploaded file that is its picture, and that it keeps available.
    pub picture_file: Option<FileKey>,
    /// The custom data; `None` if there is none.
    pub metadata: Option<Metadata>,
    /// Whether any registered user may join by the conversation's id.
    pub open: bool,
    /// How it limits what its members may write.
    pub moderation: Moderation,
    /// Whether anybody was ever banned or silenced there. Where it is not set, nobody looks for bans and silences.
    pub restricted: bool,
    /// How long it keeps its messages, where that was decided for it.
    pub retention: OwnRetention,
    /// The owner, who may have left.
    pub owner: Option<UserKey>,
    /// The secret by which a guest proves to be the owner.
    pub owner_secret: Option<SecretKey>,
    /// The two users of a direct conversation, the smaller key first.
    pub pair: Option<(UserKey, UserKey)>,
    /// Whether one of the two users of a direct conversation has blocked the other.
    pub blocked: bool,
    /// Whether a guest created it, so that it is deleted after it has been empty for a while.
    pub made_by_guest: bool,
    /// The time since which a guest's room has had no members.
    pub empty_since: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was deleted; `None` if it exists.
    pub deleted_at: Option<Timestamp>,
    /// The parts that change with each message and member.
    pub head: ConversationHead,
}

impl ConversationRow {
    const ONLY_ADMINS_WRITE: i64 = 1;
    const RESTRICTED: i64 = 2;
    const RETENTION_BY_SERVER: i64 = 4;

    /// The fields about moderation that are yes or no, as a set of bits; `None` if none is set.
    #[must_use]
    pub fn moderation_flags(&self) -> Option<i64> {
        let flag = |set: bool, bit| if set { bit } else { 0 };
        let bits = flag(self.moderation.only_admins_write, Self::ONLY_ADMINS_WRITE)
            | flag(self.restricted, Self::RESTRICTED)
            | flag(self.retention.by_server, Self::RETENTION_BY_SERVER);
        Some(bits).filter(|bits| *bits != 0)
    }

    /// The seconds of slow mode, as they are stored; `None` if there is no slow mode.
    #[must_use]
    pub fn slow_mode(&self) -> Option<i64> {
        Some(i64::from(self.moderation.slow_mode_s)).filter(|seconds| *seconds != 0)
    }

    /// The days for which its messages are kept, as they are stored; `None` where that was not decided for it.
    #[must_use]
    pub fn retention_days(&self) -> Option<i64> {
        Some(i64::from(self.retention.days)).filter(|days| *days != 0)
    }

    /// How long a conversation keeps its messages, of stored values, as [`Self::retention_days`] and
    /// [`Self::moderation_flags`] give them.
    #[must_use]
    pub fn stored_retention(days: Option<i64>, flags: Option<i64>) -> OwnRetention {
        let days = days.and_then(|days| u32::try_from(days).ok()).unwrap_or(0);
        OwnRetention { days, by_server: flags.unwrap_or(0) & Self::RETENTION_BY_SERVER != 0 }
    }

    /// How a conversation limits what its members may write, and whether anybody was ever banned or silenced there, of
    /// stored values, as [`Self::slow_mode`] and [`Self::moderation_flags`] give them.
    #[must_use]
    pub fn stored_moderation(slow_mode: Option<i64>, flags: Option<i64>) -> (Moderation, bool) {
        let has = |bit| flags.unwrap_or(0) & bit != 0;
        let slow_mode_s = slow_mode.and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(0);
        (Moderation { slow_mode_s, only_admins_write: has(Self::ONLY_ADMINS_WRITE) }, has(Self::RESTRICTED))
    }
}

/// The texts of a conversation that only an object of the whole conversation shows, and that may be long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConversationTexts {
    /// The description; `None` if there is none.
    pub description: Option<Arc<str>>,
    /// The link to the picture; `None` if there is none.
    pub picture: Option<Arc<str>>,
    /// The custom data; `None` if there is none.
    pub metadata: Option<Metadata>,
}

impl ConversationTexts {
    /// The size of the texts together, in bytes.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        let texts = [&self.description, &self.picture].into_iter().flatten().map(|text| text.len()).sum::<usize>();
        texts + self.metadata.as_ref().map_or(0, Metadata::size_bytes)
    }
}

/// The parts of a conversation that change most often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConversationHead {
    /// The sequence number of the newest change.
    pub sequence: u64,
    /// The number of members.
    pub member_count: u32,
    /// The key of the newest message.
    pub last_message: Option<MessageKey>,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The row of a membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberRow {
    /// The role of the member.
    pub role: Role,
    /// When the member joined.
    pub joined_at: Timestamp,
    /// The sequence number of the conversation at the join. Older messages count as read.
    pub joined_sequence: u64,
    /// The read cursor: every message up to this sequence number is read. It never moves back.
    pub read_sequence: u64,
    /// When the cursor last moved; `None` if it never did.
    pub read_at: Option<Timestamp>,
    /// The conversation is hidden from the member's list until its sequence number exceeds this; `None` if it is not
    /// hidden.
    pub hidden_sequence: Option<u64>,
    /// The member's own settings of the conversation.
    pub settings: MemberSettings,
    /// The moment until which the member is silenced, which may be over; `None` if it is not silenced.
    pub silenced_until: Option<Timestamp>,
}

/// A member's own settings of a conversation, as its row has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemberSettings {
    /// How long the conversation is muted, which may be over; `None` if it is not muted.
    pub muted: Option<Mute>,
    /// Whether it stands before others in lists.
    pub pinned: bool,
    /// The key of its newest message when it was archived: it is archived as long as no message is newer. `None` if it
    /// is not archived.
    pub archived_after: Option<MessageKey>,
    /// The messages that the member is notified of.
    pub notify: Notify,
    /// Whether the member has marked it as unread.
    pub marked_unread: bool,
    /// The position of the last change of these settings; `None` if they never changed.
    pub changed_at: Option<u64>,
}

impl MemberSettings {
    /// [`Self::archived_after`] of a conversation without messages: less than every key.
    pub const BEFORE_ALL: MessageKey = MessageKey(i64::MIN);
    const PINNED: i64 = 1;
    const MARKED_UNREAD: i64 = 2;
    const NOTIFY_MENTIONS: i64 = 4;
    const NOTIFY_NONE: i64 = 8;
    /// The moment that stands for a mute without an end.
    const FOR_GOOD: Timestamp = Timestamp(i64::MAX);

    /// The settings as the member sees them, in a conversation with this newest message.
    #[must_use]
    pub fn shown(&self, last_message: Option<MessageKey>) -> ConversationSettings {
        let newest = last_message.unwrap_or(Self::BEFORE_ALL);
        ConversationSettings {
            muted: self.muted,
            pinned: self.pinned,
            archived: self.archived_after.is_some_and(|after| newest <= after),
            notify: self.notify,
            marked_unread: self.marked_unread,
        }
    }

    /// The settings that are yes or no, or one of a list, as a set of bits; `None` if all have their defaults.
    #[must_use]
    pub fn flags(&self) -> Option<i64> {
        let notify = match self.notify {
            Notify::All => 0,
            Notify::Mentions => Self::NOTIFY_MENTIONS,
            Notify::None => Self::NOTIFY_NONE,
        };
        let flag = |set: bool, bit| if set { bit } else { 0 };
        let bits = notify | flag(self.pinned, Self::PINNED) | flag(self.marked_unread, Self::MARKED_UNREAD);
        Some(bits).filter(|bits| *bits != 0)
    }

    /// The moment until which the conversation is muted, as it is stored; `None` if it is not muted.
    #[must_use]
    pub fn muted_until(&self) -> Option<Timestamp> {
        self.muted.map(|mute| match mute {
            Mute::Until(end) => end,
            Mute::ForGood => Self::FOR_GOOD,
        })
    }

    /// The settings of stored values, as [`Self::flags`] and [`Self::muted_until`] give them.
    #[must_use]
    pub fn stored(
        flags: Option<i64>,
        muted_until: Option<Timestamp>,
        archived_after: Option<MessageKey>,
        changed_at: Option<u64>,
    ) -> Self {
        let has = |bit| flags.unwrap_or(0) & bit != 0;
        let muted = muted_until.map(|end| if end == Self::FOR_GOOD { Mute::ForGood } else { Mute::Until(end) });
        let notify = match (has(Self::NOTIFY_MENTIONS), has(Self::NOTIFY_NONE)) {
            (_, true) => Notify::None,
            (true, false) => Notify::Mentions,
            (false, false) => Notify::All,
        };
        Self {
            muted,
            pinned: has(Self::PINNED),
            archived_after,
            notify,
            marked_unread: has(Self::MARKED_UNREAD),
            changed_at,
        }
    }
}

/// Operations on the rows of conversations.
pub trait ConversationRows {
    /// A conversation that is not deleted, by its id.
    fn conversation(&self, id: &ConversationId) -> RowResult<Option<ConversationRow>>;
    /// A conversation by its key, deleted or not.
    fn conversation_by_key(&self, key: ConversationKey) -> RowResult<Option<ConversationRow>>;
    /// The direct conversation of two users; the smaller key comes first.
    fn direct_conversation(&self, pair: (UserKey, UserKey)) -> RowResult<Option<ConversationRow>>;
    /// Inserts a conversation, whose `key` is ignored. Returns its new key.
    fn insert_conversation(&mut self, row: &ConversationRow) -> RowResult<ConversationKey>;
    /// Replaces a conversation, its head included.
    fn update_conversation(&mut self, row: &ConversationRow) -> RowResult<()>;
    /// Replaces the head of a conversation.
    fn update_conversation_head(&mut self, key: ConversationKey, head: ConversationHead) -> RowResult<()>;
    /// The number of conversations that a user owns and that are not deleted.
    fn owned_conversations(&self, owner: UserKey) -> RowResult<i64>;
    /// Whether a user owns a conversation, deleted or not.
    fn owns_any_conversation(&self, owner: UserKey) -> RowResult<bool>;
    /// The conversations that keep a file of a user as their picture, by their keys.
    fn pictured_by(&self, uploader: UserKey) -> RowResult<Vec<ConversationKey>>;
    /// Some rooms of guests that have been empty since before a time and are not deleted.
    fn empty_rooms(&self, before: Timestamp, limit: usize) -> RowResult<Vec<ConversationKey>>;
    /// Conversations from a key on, by their keys, deleted ones included; at most `limit`. With `decided`, only those for
    /// which it was decided how long they keep their messages.
    fn oldest_of_conversations(
        &self,
        from: ConversationKey,
        decided: bool,
        limit: usize,
    ) -> RowResult<Vec<OldestMessage>>;
}

/// When the oldest message of a conversation was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OldestMessage {
    /// The key of the conversation.
    pub conversation: ConversationKey,
    /// The kind of the conversation.
    pub kind: ConversationKind,
    /// How long it keeps its messages, where that was decided for it.
    pub retention: OwnRetention,
    /// When its oldest message was sent; `None` if it has none.
    pub sent_at: Option<Timestamp>,
}

/// The members with accounts among which [`MemberRows::oldest_member`] searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberFilter {
    /// Only members with this role; `None` for all roles.
    pub role: Option<Role>,
    /// Whether to search services rather than people.
    pub service: bool,
}

/// How far a member has read and received, for the readers of messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CursorRow {
    /// The id of the member.
    pub user: UserId,
    /// The sequence number at which the member joined.
    pub joined_sequence: u64,
    /// The read cursor.
    pub read_sequence: u64,
    /// When the read cursor last moved; `None` if it never did.
    pub read_at: Option<Timestamp>,
    /// The delivery cursor as it is stored, which may be behind the read cursor.
    pub delivered_sequence: u64,
}

impl CursorRow {
    /// Whether a message of another, with this sequence number, has reached a device of the member.
    #[must_use]
    pub fn has_received(&self, sequence: u64) -> bool {
        let has_read = self.read_at.is_some() && self.read_sequence >= sequence;
        self.joined_sequence < sequence && (has_read || self.delivered_sequence >= sequence)
    }
}

/// Operations on the rows of members.
pub trait MemberRows {
    /// A membership by its conversation and user.
    fn member(&self, conversation: ConversationKey, user: UserKey) -> RowResult<Option<MemberRow>>;
    /// Adds a membership.
    fn insert_member(&mut self, conversation: ConversationKey, user: UserKey, row: &MemberRow) -> RowResult<()>;
    /// Replaces a membership.
    fn update_member(&mut self, conversation: ConversationKey, user: UserKey, row: &MemberRow) -> RowResult<()>;
    /// Updates the read cursor of a membership alone: the number up to which messages are read, and when it moved. A
    /// separate operation because it is frequent, and needs no index to be updated.
    fn move_cursor(&mut self, conversation: ConversationKey, user: UserKey, row: &MemberRow) -> RowResult<()>;
    /// The number up to which messages have reached a device of a member, as far as it is stored; 0 without a membership.
    fn delivered(&self, conversation: ConversationKey, user: UserKey) -> RowResult<u64>;
    /// Moves delivery cursors forward, each to a sequence number; those of memberships that do not exist are left out.
    fn deliver(&mut self, cursors: &[(ConversationKey, UserKey, u64)]) -> RowResult<()>;
    /// Ends a membership.
    fn delete_member(&mut self, conversation: ConversationKey, user: UserKey) -> RowResult<()>;
    /// The members of a conversation, in the order in which they joined, then by their keys: at most `limit`.
    fn members(&self, conversation: ConversationKey, limit: usize) -> RowResult<Vec<UserKey>>;
    /// The member with an account that joined first, among those that match a filter.
    fn oldest_member(&self, conversation: ConversationKey, filter: MemberFilter) -> RowResult<Option<UserKey>>;
    /// Conversations of a user, by their keys; at most `limit`, after the key `after`.
    fn conversations_of(
        &self,
        user: UserKey,
        after: Option<ConversationKey>,
        limit: usize,
    ) -> RowResult<Vec<ConversationKey>>;
    /// Memberships of guests that began before a time, by user and conversation; at most `limit`, after `after`.
    fn guest_memberships(
        &self,
        joined_before: Timestamp,
        after: Option<(UserKey, ConversationKey)>,
        limit: usize,
    ) -> RowResult<Vec<(UserKey, ConversationKey)>>;
    /// Whether two users are members of a conversation that is neither open nor direct, among the newest `limit` of the first
    /// user.
    fn share_closed_conversation(&self, user: UserKey, other: UserKey, limit: usize) -> RowResult<bool>;
    /// The cursors of members of which one has moved and passed a sequence number, those who have read most first, then
    /// by the members' keys.
    fn cursors(&self, conversation: ConversationKey, passed: u64, limit: usize) -> RowResult<Vec<CursorRow>>;
}
