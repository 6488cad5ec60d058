//! Writes about how long messages are kept, those that remove what was kept long enough, and their results.

use std::sync::Arc;

use crate::{Actor, ConversationId};

/// Decides how long one conversation keeps its messages. Those who lead the conversation may shorten the time; an admin of
/// the server and a service may decide any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetRetention {
    /// The user who decides.
    pub actor: Actor,
    /// The conversation that keeps the messages.
    pub conversation: ConversationId,
    /// The days; none for as long as conversations of its kind keep theirs.
    pub days: Option<u32>,
    /// The reason, if one is given.
    pub reason: Option<Arc<str>>,
}

/// Removes some messages that are older than their conversation keeps them, with everything that belongs to them.
/// Nobody is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PurgeMessages {
    /// Where the previous call ended; the default to begin with the first conversation.
    pub from: PurgeCursor,
}

/// Where [`PurgeMessages`] goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PurgeCursor {
    /// The key of the next conversation.
    pub conversation: i64,
    /// The number of the last message of that conversation that was examined; 0 if none was.
    pub sequence: u64,
}

/// The result of [`PurgeMessages`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PurgedMessages {
    /// The number of messages whose content was removed.
    pub removed: u64,
    /// Where the next call goes on; none once all conversations were examined.
    pub next: Option<PurgeCursor>,
}
