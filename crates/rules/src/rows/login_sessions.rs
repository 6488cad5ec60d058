//! Rows of sessions of users, and the operations on them.
//!
//! What must stay true: ids are unique.

use quintet_domain::{LoginSession, LoginSessionId, Timestamp};

use crate::{RowResult, UserKey};

/// The row of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginSessionRow {
    /// The user whose session it is.
    pub user: UserKey,
    /// The session as users see it.
    pub session: LoginSession,
}

/// Operations on the rows of sessions.
pub trait LoginSessionRows {
    /// A session by its id.
    fn login_session(&self, id: &LoginSessionId) -> RowResult<Option<LoginSessionRow>>;
    /// The sessions of a user, the one that was used last first; of several at once, the greatest id first.
    fn login_sessions(&self, user: UserKey) -> RowResult<Vec<LoginSessionRow>>;
    /// Inserts a session.
    fn insert_login_session(&mut self, row: &LoginSessionRow) -> RowResult<()>;
    /// Sets when a session was last used, and when it expires.
    fn set_login_session(&mut self, id: &LoginSessionId, seen_at: Timestamp, expires_at: Timestamp) -> RowResult<()>;
    /// Deletes a session.
    fn delete_login_session(&mut self, id: &LoginSessionId) -> RowResult<()>;
    /// Deletes the sessions of a user.
    fn delete_login_sessions_of(&mut self, user: UserKey) -> RowResult<()>;
    /// Deletes up to `limit` sessions that expired before a time. Returns how many were deleted.
    fn prune_login_sessions(&mut self, before: Timestamp, limit: usize) -> RowResult<usize>;
}
