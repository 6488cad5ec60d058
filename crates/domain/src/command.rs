//! What a connection can ask, and what it is answered. Both lists are closed: a new entry makes the compiler point at
//! every dialect.

use std::sync::Arc;

use crate::{
    ClientMessageId, ConversationId, ConversationRef, FileLink, Message, MessageId, MessageKind, Refusal, Timestamp,
    User, UserId,
};

/// Where something goes: a conversation, or the one with another user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// By its id.
    Conversation(ConversationId),
    /// By the other one; made by the first message.
    Direct(UserId),
}

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewText {
    /// Where to.
    pub target: Target,
    /// What it is.
    pub kind: MessageKind,
    /// The text.
    pub content: String,
    /// The file it carries.
    pub file: Option<FileLink>,
    /// What makes it repeatable.
    pub client_message_id: Option<ClientMessageId>,
}

/// What a guest says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub username: Option<String>,
    /// A link to its picture.
    pub avatar: Option<String>,
}

/// A command that becomes a write of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteCommand {
    /// Send a message.
    Send(NewText),
    /// Change a message's text.
    Edit {
        /// The message to change.
        message: MessageId,
        /// The new text.
        content: String,
    },
    /// Delete a message.
    Delete {
        /// The message to delete.
        message: MessageId,
    },
    /// Read messages, and so all that came before the newest of them.
    Read {
        /// The conversation of the messages, if the dialect names it.
        conversation: Option<ConversationId>,
        /// The messages that were read.
        messages: Vec<MessageId>,
    },
    /// Become a member of an open conversation, or have the membership confirmed.
    Join {
        /// The conversation to join.
        conversation: ConversationId,
        /// The profile that a guest gives.
        profile: Profile,
        /// The secret by which a guest proves what it owns.
        guest_secret: Option<String>,
    },
    /// End one's membership.
    Leave {
        /// The conversation to leave.
        conversation: ConversationId,
    },
    /// Make an open room.
    CreateRoom {
        /// The name of the room.
        name: String,
        /// The profile that a guest gives.
        profile: Profile,
    },
}

/// A command about what a connection receives or shows to others. It stores nothing, but takes effect in its place
/// among the writes of the same connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocalCommand {
    /// Start or stop typing.
    Typing {
        /// Where the user types.
        target: Target,
        /// Whether typing starts.
        typing: bool,
    },
    /// Ask which of some conversations this connection receives.
    Listen {
        /// The conversations.
        conversations: Vec<ConversationId>,
    },
    /// Receive nothing of a conversation on this connection, until the next join.
    Mute {
        /// The conversation to mute.
        conversation: ConversationId,
    },
    /// Have it confirmed who the connection is, where a frame opens it.
    Identify,
}

/// Everything that a connection can ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Something that becomes a write.
    Write(WriteCommand),
    /// Something about the connection itself.
    Local(LocalCommand),
    /// Keep a file, to be carried by a message.
    Upload {
        /// The conversation that it is meant for.
        conversation: ConversationId,
        /// The name of the file.
        name: String,
        /// The index of its bytes among the binary attachments of the event.
        attachment: usize,
    },
    /// Take a new token.
    Authenticate {
        /// The new token.
        token: String,
    },
}

impl From<WriteCommand> for Command {
    fn from(command: WriteCommand) -> Self {
        Self::Write(command)
    }
}

impl From<LocalCommand> for Command {
    fn from(command: LocalCommand) -> Self {
        Self::Local(command)
    }
}

/// What a command comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The message was committed.
    Sent {
        /// Which.
        message: Arc<Message>,
        /// Whether this repeats the answer to an earlier send.
        repeated: bool,
    },
    /// The message was changed.
    Edited(Arc<Message>),
    /// The message was deleted.
    Deleted(Arc<Message>),
    /// The messages are read.
    Read,
    /// Typing was passed on.
    Typing,
    /// One is a member.
    Joined {
        /// Of what.
        conversation: Arc<ConversationRef>,
        /// Whether it is news.
        new: bool,
        /// The newest messages, oldest first; empty where the dialect has no use for them.
        history: Vec<Arc<Message>>,
    },
    /// One is no member any more.
    Left {
        /// Of what.
        conversation: Arc<ConversationRef>,
    },
    /// These are heard, those are not.
    Listening {
        /// Heard.
        joined: Vec<ConversationId>,
        /// Not heard.
        refused: Vec<ConversationId>,
    },
    /// The conversation is silent on this connection.
    Muted {
        /// Which.
        conversation: ConversationId,
    },
    /// The room was made.
    RoomCreated {
        /// Which.
        conversation: Arc<ConversationRef>,
        /// When.
        created_at: Timestamp,
        /// The secret by which the guest who made it proves to be its owner; none where a user made it.
        guest_secret: Option<String>,
    },
    /// The file was kept.
    Uploaded {
        /// Its link.
        url: String,
        /// The name under which it is shown.
        name: String,
    },
    /// The token was taken.
    Authenticated {
        /// Whose it is.
        user: Arc<User>,
    },
    /// The connection is somebody's.
    Identified {
        /// Whose.
        user: UserId,
    },
}

/// The outcome of a command.
pub type Outcome = Result<Reply, Refusal>;
