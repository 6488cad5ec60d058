//! Writes about messages and their results.

use std::sync::Arc;

use crate::{Actor, Message, MessageId, NewText, Reading};

/// Sends a message. The first message between two users creates their direct conversation. If the sender repeats a
/// client message id, the result is the first one; refused with `ERR_CONFLICT` if the content differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendMessage {
    /// The user who sends the message.
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

/// Deletes a message: its content is removed, its sequence number stays. Deleting it again changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteMessage {
    /// The user who deletes.
    pub actor: Actor,
    /// The message to delete.
    pub message: MessageId,
}

/// Moves the actor's read cursor forward to the newest of the messages that it has read; never back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkRead {
    /// The user who read the messages.
    pub actor: Actor,
    /// What the actor has read.
    pub reading: Reading,
}

/// Moves the actor's delivery cursor forward to the newest of the messages that reached one of its devices; never back.
/// The cursor moves in memory: [`SaveDeliveries`] stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteDelivery {
    /// The user who received the messages.
    pub actor: Actor,
    /// What the actor has received.
    pub received: Reading,
}

/// Stores the delivery cursors that have moved since the last time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SaveDeliveries;

/// Changes nothing. Its result is a position at which all writes that were submitted before are committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Barrier;
