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

/// What a connection can ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Send a message.
    Send(NewText),
    /// Change a message's text.
    Edit {
        /// Which.
        message: MessageId,
        /// The new text.
        content: String,
    },
    /// Delete a message.
    Delete {
        /// Which.
        message: MessageId,
    },
    /// Read messages, and so all that came before the newest of them.
    Read {
        /// Where, if the dialect says so.
        conversation: Option<ConversationId>,
        /// Which.
        messages: Vec<MessageId>,
    },
    /// Start or stop typing.
    Typing {
        /// Where.
        target: Target,
        /// Start or stop.
        typing: bool,
    },
    /// Become a member of an open conversation, or have it confirmed that one is.
    Join {
        /// Which.
        conversation: ConversationId,
        /// What a guest says of itself.
        profile: Profile,
        /// The secret by which a guest proves what it owns.
        guest_secret: Option<String>,
    },
    /// Stop being a member.
    Leave {
        /// Which.
        conversation: ConversationId,
    },
    /// Have it confirmed that one hears these.
    Listen {
        /// Which.
        conversations: Vec<ConversationId>,
    },
    /// Hear nothing of a conversation on this connection, until the next join.
    Mute {
        /// Which.
        conversation: ConversationId,
    },
    /// Make an open room.
    CreateRoom {
        /// Its name.
        name: String,
        /// What a guest says of itself.
        profile: Profile,
    },
    /// Keep a file, to be carried by a message.
    Upload {
        /// Where it is to be sent.
        conversation: ConversationId,
        /// Its name.
        name: String,
        /// Which of the binary attachments that came along it is.
        attachment: usize,
    },
    /// Refresh the token.
    Authenticate {
        /// The new token.
        token: String,
    },
    /// Say who one is, where a connection is opened by a frame.
    Identify,
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
