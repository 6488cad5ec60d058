//! Writes about messages and their results.

use std::sync::Arc;

use crate::{Actor, ConversationId, Message, MessageId, NewText};

/// Sends a message. The first one to a pair makes their direct conversation. A repeated client message id gives the
/// first result again, or `ERR_CONFLICT` if the content differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendMessage {
    /// The sender.
    pub actor: Actor,
    /// The message to send.
    pub text: NewText,
}

/// The result of [`SendMessage`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The message as it was committed.
    pub message: Arc<Message>,
    /// Whether this repeats the result of an earlier send.
    pub repeated: bool,
}

/// Changes a message's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditMessage {
    /// The user who edits.
    pub actor: Actor,
    /// The message to change.
    pub message: MessageId,
    /// The new text.
    pub content: String,
}

/// Deletes a message: its sequence number stays, its content goes. Deleting it again changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteMessage {
    /// The user who deletes.
    pub actor: Actor,
    /// The message to delete.
    pub message: MessageId,
}

/// Moves the actor's read cursor to the newest of some messages, never back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkRead {
    /// The reader.
    pub actor: Actor,
    /// The conversation of the messages, where the dialect names it.
    pub conversation: Option<ConversationId>,
    /// The messages that were read.
    pub messages: Vec<MessageId>,
}

/// Changes nothing: its result is a position at which all writes submitted before it are committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Barrier;
