//! Writes about messages and their results.

use std::sync::Arc;

use crate::{Actor, Draft, EditedDetails, Emoji, Message, MessageId, NewText, Reading, Screening};

/// Sends a message. The first message between two users creates their direct conversation. If the sender repeats a
/// client message id, the result is the first one; refused with `ERR_CONFLICT` if the content differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendMessage {
    /// The user who sends the message.
    pub actor: Actor,
    /// The message to send.
    pub text: NewText,
    /// What lists of words and links say of its text; none if they say nothing.
    pub screening: Option<Box<Screening>>,
}

/// Sends a message of which a hook has rewritten a part. What the client sent is kept as a digest, by which a repeat of it is
/// recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendRewritten {
    /// The user who sends the message.
    pub actor: Actor,
    /// The message as the hook has rewritten it.
    pub text: NewText,
    /// The message as the client sent it.
    pub given: NewText,
    /// What lists of words and links say of the text as the hook has rewritten it; none if they say nothing.
    pub screening: Option<Box<Screening>>,
}

/// Looks whether a message or an edit could be written now, before a hook is asked about it. A hook is not asked about what
/// services write, nor about the repeat of a message that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckDraft {
    /// The user who writes.
    pub actor: Actor,
    /// What the user wants to write.
    pub draft: Draft,
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
    /// The details that change; none if they all stay.
    pub details: Option<Box<EditedDetails>>,
    /// What lists of words and links say of the new text; none if they say nothing.
    pub screening: Option<Box<Screening>>,
}

/// Deletes a message: its content is removed, its sequence number stays. Deleting it again changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteMessage {
    /// The user who deletes.
    pub actor: Actor,
    /// The message to delete.
    pub message: MessageId,
}

/// Reacts to a message, or takes the reaction back. The result is whether the reaction is there. Doing it again changes
/// nothing; refused with `ERR_CONFLICT` beyond
/// [`REACTIONS_OF_USER_MAX`](crate::limits::REACTIONS_OF_USER_MAX) of the actor on the message, or beyond
/// [`REACTION_KINDS_MAX`](crate::limits::REACTION_KINDS_MAX) different ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct React {
    /// The user who reacts.
    pub actor: Actor,
    /// The message to react to.
    pub message: MessageId,
    /// The emoji of the reaction.
    pub emoji: Emoji,
    /// Whether the reaction is given; otherwise it is taken back.
    pub active: bool,
}

/// Pins a message to its conversation, or unpins it. The result is whether it is pinned. Doing it again changes nothing;
/// refused with `ERR_CONFLICT` beyond [`PINS_MAX`](crate::limits::PINS_MAX) in the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinMessage {
    /// The user who pins.
    pub actor: Actor,
    /// The message to pin.
    pub message: MessageId,
    /// Whether the message is pinned; otherwise it is unpinned.
    pub pinned: bool,
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
    /// Who says so.
    pub noted_by: NotedBy,
}

/// Who says that messages have reached a device of their receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotedBy {
    /// A client of the receiver, who pays for the write.
    Client,
    /// A node that has written them to a connection of the receiver. Nobody pays, because others have caused it, and it says
    /// nothing in rooms, meetups and groups that are not small.
    Node,
}

/// Stores the delivery cursors that have moved since the last time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SaveDeliveries;

/// Changes nothing. Its result is a position at which all writes that were submitted before are committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Barrier;
