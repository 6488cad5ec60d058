//! Writes about who is kept from what in a conversation.

use std::sync::Arc;

use crate::{Actor, ConversationId, RestrictionKind, Timestamp, UserId};

/// Bans a user from a conversation, or silences a member there. One that is there already is replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restrict {
    /// The user who decides it.
    pub actor: Actor,
    /// The conversation of the ban or silence.
    pub conversation: ConversationId,
    /// The user who is banned or silenced.
    pub user: UserId,
    /// Whether it is a ban or a silence.
    pub kind: RestrictionKind,
    /// The moment at which it ends; a ban without one lasts until it is lifted.
    pub until: Option<Timestamp>,
    /// The reason, if one is given.
    pub reason: Option<Arc<str>>,
}

/// Lifts a ban or a silence. One that is not there, or has ended, is confirmed as lifted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiftRestriction {
    /// The user who lifts it.
    pub actor: Actor,
    /// The conversation of the ban or silence.
    pub conversation: ConversationId,
    /// The user who was banned or silenced.
    pub user: UserId,
    /// Whether it is a ban or a silence.
    pub kind: RestrictionKind,
    /// The reason, if one is given.
    pub reason: Option<Arc<str>>,
}
