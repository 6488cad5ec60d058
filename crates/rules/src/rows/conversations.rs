//! Rows of conversations and members.

use std::sync::Arc;

use quintet_domain::{ConversationId, ConversationRef, Role, Timestamp, UserId};

use crate::{ConversationKey, MessageKey, RowResult, SecretKey, UserKey};

/// A conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationRow {
    /// The key of the row.
    pub key: ConversationKey,
    /// Id, kind, name and pair, as events carry them.
    pub reference: Arc<ConversationRef>,
    /// The description.
    pub description: Option<Arc<str>>,
    /// Whether anybody may join by its id.
    pub open: bool,
    /// The owner, a member or not.
    pub owner: Option<UserKey>,
    /// The secret that proves a guest to be the owner.
    pub owner_secret: Option<SecretKey>,
    /// The two users of a direct conversation, the smaller key first.
    pub pair: Option<(UserKey, UserKey)>,
    /// Whether a guest made it, so that it is deleted after it was empty for a while.
    pub made_by_guest: bool,
    /// Since when a guest's room has had no members.
    pub empty_since: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// The numbers that change with each message and member.
    pub head: ConversationHead,
}

/// The numbers of a conversation that change most often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConversationHead {
    /// The sequence number of the newest change.
    pub sequence: u64,
    /// The number of members.
    pub member_count: u32,
    /// The newest message.
    pub last_message: Option<MessageKey>,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberRow {
    /// The role of the member.
    pub role: Role,
    /// When the member joined.
    pub joined_at: Timestamp,
    /// The conversation's sequence number at the join: older messages count as read.
    pub joined_sequence: u64,
    /// The read cursor: everything up to this sequence number is read. It never moves back.
    pub read_sequence: u64,
    /// When the cursor last moved; none before it ever did.
    pub read_at: Option<Timestamp>,
    /// The conversation is out of the member's list until its sequence number is greater than this; none shows it
    /// always.
    pub hidden_sequence: Option<u64>,
}

/// Conversations.
pub trait ConversationRows {
    /// A conversation that is not deleted.
    fn conversation(&self, id: &ConversationId) -> RowResult<Option<ConversationRow>>;
    /// A conversation by its key, deleted or not.
    fn conversation_by_key(&self, key: ConversationKey) -> RowResult<Option<ConversationRow>>;
    /// The direct conversation of two users; the smaller key comes first.
    fn direct_conversation(&self, pair: (UserKey, UserKey)) -> RowResult<Option<ConversationRow>>;
    /// Adds a conversation, whose `key` is ignored; gives its new key.
    fn insert_conversation(&mut self, row: &ConversationRow) -> RowResult<ConversationKey>;
    /// Replaces a conversation, its head included.
    fn update_conversation(&mut self, row: &ConversationRow) -> RowResult<()>;
    /// Replaces the head of a conversation.
    fn update_conversation_head(&mut self, key: ConversationKey, head: ConversationHead) -> RowResult<()>;
    /// How many conversations a user owns that are not deleted.
    fn owned_conversations(&self, owner: UserKey) -> RowResult<i64>;
    /// Whether a user owns a conversation, deleted or not.
    fn owns_any_conversation(&self, owner: UserKey) -> RowResult<bool>;
    /// Some guests' rooms that are empty since before a moment and not deleted.
    fn empty_rooms(&self, before: Timestamp, limit: usize) -> RowResult<Vec<ConversationKey>>;
}

/// Which members [`MemberRows::oldest_member`] looks for: those with accounts, and of these only some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberFilter {
    /// Members with this role only; none for all.
    pub role: Option<Role>,
    /// Whether services are looked for, or people.
    pub service: bool,
}

/// How far a member has read, for lists of who read a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CursorRow {
    /// The member.
    pub user: UserId,
    /// The sequence number at which the member joined.
    pub joined_sequence: u64,
    /// The read cursor.
    pub read_sequence: u64,
    /// When the cursor last moved.
    pub read_at: Timestamp,
}

/// Members.
pub trait MemberRows {
    /// A membership.
    fn member(&self, conversation: ConversationKey, user: UserKey) -> RowResult<Option<MemberRow>>;
    /// Adds a membership.
    fn insert_member(&mut self, conversation: ConversationKey, user: UserKey, row: &MemberRow) -> RowResult<()>;
    /// Replaces a membership.
    fn update_member(&mut self, conversation: ConversationKey, user: UserKey, row: &MemberRow) -> RowResult<()>;
    /// Ends a membership.
    fn delete_member(&mut self, conversation: ConversationKey, user: UserKey) -> RowResult<()>;
    /// The members of a conversation, in the order in which they joined, then by their keys: at most `limit`.
    fn members(&self, conversation: ConversationKey, limit: usize) -> RowResult<Vec<UserKey>>;
    /// The member with an account that joined first, of those that fit.
    fn oldest_member(&self, conversation: ConversationKey, filter: MemberFilter) -> RowResult<Option<UserKey>>;
    /// Conversations of a user, by their keys: at most `limit`, from behind `after`.
    fn conversations_of(
        &self,
        user: UserKey,
        after: Option<ConversationKey>,
        limit: usize,
    ) -> RowResult<Vec<ConversationKey>>;
    /// Memberships of guests that began before a moment, by conversation and user: at most `limit`, from behind `after`.
    fn guest_memberships(
        &self,
        joined_before: Timestamp,
        after: Option<(ConversationKey, UserKey)>,
        limit: usize,
    ) -> RowResult<Vec<(ConversationKey, UserKey)>>;
    /// Whether two users are members of one conversation that is not open, among the newest `limit` of the first's.
    fn share_closed_conversation(&self, user: UserKey, other: UserKey, limit: usize) -> RowResult<bool>;
    /// The cursors of members that have moved and passed a sequence number, those that have come furthest first, then by
    /// the members' keys.
    fn cursors(&self, conversation: ConversationKey, passed: u64, limit: usize) -> RowResult<Vec<CursorRow>>;
}
