//! Writes about sessions of users.

use std::sync::Arc;

use crate::{LoginSessionId, Timestamp, UserId};

/// Begins a session of a user who has logged in. If the user has very many, those that were used longest ago end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// The user who has logged in.
    pub user: UserId,
    /// What the client says of itself.
    pub client: Option<Arc<str>>,
    /// When the token of the session expires.
    pub expires_at: Timestamp,
}

/// Notes that a session is in use, which causes no event. Refused with `ERR_UNAUTHENTICATED` if it is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSession {
    /// The user whose session it is.
    pub user: UserId,
    /// The session that is in use.
    pub session: LoginSessionId,
    /// When a new token of the session expires, if it gets one.
    pub expires_at: Option<Timestamp>,
}

/// Ends a session: its tokens are refused from now on, and its open connections end. Refused with `ERR_NOT_FOUND` if the
/// user has no such session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndSession {
    /// The user whose session it is.
    pub user: UserId,
    /// The session that ends.
    pub session: LoginSessionId,
}
