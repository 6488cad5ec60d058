//! Rows of bans and silences, of the last messages in slow mode, and of the audit log, and the operations on them.
//!
//! What must stay true: a user has at most one ban and one silence in a conversation; rows of the audit log are never
//! changed, but for the reasons that go with a person.

use std::sync::Arc;

use quintet_domain::{Act, AuditFilter, RestrictionKind, Timestamp};

use crate::{ConversationKey, RowResult, UserKey};

/// The row of a ban from a conversation, or of a silence in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestrictionRow {
    /// The key of the conversation.
    pub conversation: ConversationKey,
    /// Whether it is a ban or a silence.
    pub kind: RestrictionKind,
    /// The key of the user who is banned or silenced.
    pub user: UserKey,
    /// The moment at which it ends; `None` if it does not end by itself.
    pub until: Option<Timestamp>,
    /// The reason that was given; `None` if none was.
    pub reason: Option<Arc<str>>,
    /// The key of the user who decided it.
    pub by: UserKey,
    /// When it was decided.
    pub at: Timestamp,
    /// Whether it was decided for the server, about a report.
    pub by_server: bool,
}

impl RestrictionRow {
    /// Whether it has not ended.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

/// An act as the audit log keeps it. Its keys may lead nowhere: rows of users and conversations may be gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// The key of the row, which grows with each act; ignored when the row is inserted.
    pub key: i64,
    /// When it was done.
    pub at: Timestamp,
    /// What was done.
    pub act: Act,
    /// The user who did it; `None` for the operator.
    pub actor: Option<UserKey>,
    /// The user to whom it was done, if it was done to one.
    pub user: Option<UserKey>,
    /// The conversation in which it was done, if it was done in one.
    pub conversation: Option<ConversationKey>,
    /// The moment until which it was done, if it ends by itself.
    pub until: Option<Timestamp>,
    /// The reason that was given; `None` if none was.
    pub reason: Option<Arc<str>>,
    /// What else there is to say of it, such as the role that was given.
    pub detail: Option<Arc<str>>,
}

/// Operations on the rows of moderation.
pub trait ModerationRows {
    /// A ban or silence of a user, which may have ended.
    fn restriction(
        &self,
        conversation: ConversationKey,
        kind: RestrictionKind,
        user: UserKey,
    ) -> RowResult<Option<RestrictionRow>>;
    /// Inserts a ban or silence, or replaces the one that is there.
    fn put_restriction(&mut self, row: &RestrictionRow) -> RowResult<()>;
    /// Deletes a ban or silence, if it is there.
    fn delete_restriction(
        &mut self,
        conversation: ConversationKey,
        kind: RestrictionKind,
        user: UserKey,
    ) -> RowResult<()>;
    /// The number of bans or silences of a conversation, ended ones included.
    fn restriction_count(&self, conversation: ConversationKey, kind: RestrictionKind) -> RowResult<i64>;
    /// Bans or silences of a conversation that have not ended at a time, by the keys of their users; at most `limit`,
    /// after `after`.
    fn restrictions(
        &self,
        conversation: ConversationKey,
        kind: RestrictionKind,
        now: Timestamp,
        after: UserKey,
        limit: usize,
    ) -> RowResult<Vec<RestrictionRow>>;
    /// Whether a ban or silence is a user's, or was decided by the user.
    fn is_in_restrictions(&self, user: UserKey) -> RowResult<bool>;
    /// Deletes all bans and silences of a user.
    fn delete_restrictions_of(&mut self, user: UserKey) -> RowResult<()>;
    /// Deletes all bans and silences of a conversation.
    fn delete_restrictions_in(&mut self, conversation: ConversationKey) -> RowResult<()>;
    /// Deletes up to `limit` bans and silences that ended before a time. Returns how many were deleted.
    fn prune_restrictions(&mut self, before: Timestamp, limit: usize) -> RowResult<usize>;

    /// When a user last sent a message to a conversation in slow mode; `None` if it never did.
    fn last_slow_send(&self, user: UserKey, conversation: ConversationKey) -> RowResult<Option<Timestamp>>;
    /// Records when a user sent a message to a conversation in slow mode. The user is an author there.
    fn note_slow_send(&mut self, user: UserKey, conversation: ConversationKey, at: Timestamp) -> RowResult<()>;

    /// Inserts an act, whose `key` is ignored.
    fn insert_audit(&mut self, row: &AuditRow) -> RowResult<()>;
    /// Acts that fit a filter and whose keys are less than `before`, the newest first; at most `limit`.
    fn audit(&self, filter: &AuditFilter, before: i64, limit: usize) -> RowResult<Vec<AuditRow>>;
    /// Removes up to `limit` reasons each of acts that a user did, of acts that were done to it, and of bans and silences that it
    /// decided. Returns how many were removed.
    fn remove_reasons_of(&mut self, user: UserKey, limit: usize) -> RowResult<usize>;
    /// Deletes up to `limit` acts that were done before a time. Returns how many were deleted.
    fn prune_audit(&mut self, before: Timestamp, limit: usize) -> RowResult<usize>;
}
