//! Acts as the audit log shows them, and which of them somebody asks for.

use std::sync::Arc;

use crate::{Act, ConversationId, Timestamp, UserId};

/// An act of the audit log. The users and the conversation of an act may be gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// The number of the act, which grows.
    pub number: i64,
    /// When it was done.
    pub at: Timestamp,
    /// What was done.
    pub act: Act,
    /// Whether the operator did it, rather than a user or a service.
    pub by_operator: bool,
    /// The user or service that did it, if it is still known.
    pub by: Option<UserId>,
    /// The user to whom it was done, if it was done to one who is still known.
    pub user: Option<UserId>,
    /// The conversation in which it was done, deleted or not, if it was done in one.
    pub conversation: Option<ConversationId>,
    /// The moment until which it was done, if it ends by itself.
    pub until: Option<Timestamp>,
    /// The reason that was given; none if none was.
    pub reason: Option<Arc<str>>,
    /// What else there is to say of it, such as the role that was given.
    pub detail: Option<Arc<str>>,
}

/// The acts that somebody asks for: those that fit all fields that are given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// What was done.
    pub act: Option<Act>,
    /// Who did it.
    pub by: Option<UserId>,
    /// To whom it was done.
    pub user: Option<UserId>,
    /// The conversation in which it was done.
    pub conversation: Option<ConversationId>,
    /// The moment from which on it was done.
    pub since: Option<Timestamp>,
    /// The moment before which it was done.
    pub before: Option<Timestamp>,
}
