//! The closed lists of the commands that a connection can send ([`Command`]) and of the replies to them ([`Reply`]).
//!
//! What must stay true: there are no wildcard arms over these lists, so that a new entry makes the compiler point at
//! every dialect.

use std::sync::Arc;

use crate::{
    ClientMessageId, ConversationId, ConversationRef, ConversationSettings, EditedDetails, Emoji, FileLink, Message,
    MessageId, MessageKind, Metadata, NewDetails, Refusal, SettingsChange, Timestamp, User, UserId,
};

/// The destination of a message or a typing notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The conversation with this id.
    Conversation(ConversationId),
    /// The direct conversation with this user. The first message to the user creates it.
    Direct(UserId),
}

/// A message to be sent, as the client describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewText {
    /// The conversation or user to send it to.
    pub target: Target,
    /// What it carries: text, an image, a place, ….
    pub kind: MessageKind,
    /// The text, at most [`CONTENT_BYTES_MAX`](crate::limits::CONTENT_BYTES_MAX) bytes.
    pub content: String,
    /// The file that the message carries.
    pub file: Option<FileLink>,
    /// The id that the client gave the message. A repeated send with the same id in the same conversation is stored
    /// once.
    pub client_message_id: Option<ClientMessageId>,
    /// What comes beside the text and its first file; none for a plain message.
    pub details: Option<Box<NewDetails>>,
}

/// What a user has read, or has received on a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Some messages, with all messages before the newest of them.
    Messages {
        /// The conversation of the messages, if the client names it.
        conversation: Option<ConversationId>,
        /// The messages that were read or received. Without any, nothing was.
        messages: Vec<MessageId>,
    },
    /// Everything in a conversation, up to its newest message.
    Everything(Target),
}

/// The profile that a guest claims for itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// The name to show for the guest.
    pub username: Option<String>,
    /// A link to the guest's picture.
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
        /// The details that change; none if they all stay.
        details: Option<Box<EditedDetails>>,
    },
    /// Delete a message.
    Delete {
        /// The message to delete.
        message: MessageId,
    },
    /// Give a reaction to a message, or take it back.
    React {
        /// The message to react to.
        message: MessageId,
        /// The emoji of the reaction.
        emoji: Emoji,
        /// Whether the reaction is given; otherwise it is taken back.
        active: bool,
    },
    /// Pin a message to its conversation, or unpin it.
    Pin {
        /// The message to pin.
        message: MessageId,
        /// Whether the message is pinned; otherwise it is unpinned.
        pinned: bool,
    },
    /// Mark messages as read.
    Read(Reading),
    /// Say that messages reached a device of one's own.
    Deliver(Reading),
    /// Change one's own settings of a conversation.
    Configure {
        /// The conversation whose settings change.
        target: Target,
        /// The settings to change.
        change: SettingsChange,
    },
    /// Block a user, or end a block.
    Block {
        /// The user to block.
        user: UserId,
        /// Whether the user is blocked from now on.
        blocked: bool,
    },
    /// Report a message to those who look after the server.
    Report {
        /// The message to report.
        message: MessageId,
        /// Why it is reported.
        reason: Arc<str>,
    },
    /// Become a member of an open conversation, or confirm an existing membership.
    Join {
        /// The conversation to join.
        conversation: ConversationId,
        /// The profile that a guest claims.
        profile: Profile,
        /// The secret by which a guest proves what it owns.
        guest_secret: Option<String>,
    },
    /// End one's own membership.
    Leave {
        /// The conversation to leave.
        conversation: ConversationId,
    },
    /// Create an open room.
    CreateRoom {
        /// The name of the room.
        name: String,
        /// A link to a picture of the room.
        picture: Option<String>,
        /// The custom data of the room.
        metadata: Option<Metadata>,
        /// The profile that a guest claims.
        profile: Profile,
    },
}

/// A command about what a connection receives or shows to others. It stores nothing, but takes effect in order with the
/// writes of the same connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocalCommand {
    /// Start or stop typing.
    Typing {
        /// The conversation or user that the user types to.
        target: Target,
        /// Whether typing starts.
        typing: bool,
    },
    /// Choose the conversations whose events this connection receives.
    Listen {
        /// The ids of the conversations to receive; none for all of one's own.
        conversations: Option<Vec<ConversationId>>,
    },
    /// Stop receiving a conversation on this connection, until the next join.
    Mute {
        /// The conversation to mute.
        conversation: ConversationId,
    },
    /// Confirm the identity of the connection. The meetup dialect sends this as the first frame of a plain WebSocket.
    Identify,
}

/// Everything that a connection can ask for. The list is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A command that becomes a write.
    Write(WriteCommand),
    /// A command about the connection itself.
    Local(LocalCommand),
    /// Store a file, for a later message to carry.
    Upload {
        /// The conversation that the file is meant for.
        conversation: ConversationId,
        /// The name of the file.
        name: String,
        /// The index of its bytes among the binary attachments of the event.
        attachment: usize,
    },
    /// Replace the token of the connection.
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

/// A member of a room, as somebody who joins the room is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomMember {
    /// The user who is the member.
    pub user: Arc<User>,
    /// Whether the user is online.
    pub online: bool,
}

/// The successful result of a command, before a dialect encodes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The message was committed.
    Sent {
        /// The message as it was committed.
        message: Arc<Message>,
        /// Whether this repeats the reply to an earlier send.
        repeated: bool,
    },
    /// The message was changed; this is the new state.
    Edited(Arc<Message>),
    /// The message was deleted; this is what remains of it.
    Deleted(Arc<Message>),
    /// The reaction was given or taken back.
    Reacted {
        /// Whether the reaction is there now.
        active: bool,
    },
    /// The message was pinned or unpinned.
    Pinned {
        /// Whether the message is pinned now.
        pinned: bool,
    },
    /// The messages are marked as read.
    Read,
    /// The messages count as delivered.
    Delivered,
    /// The settings are as the command asked.
    Configured {
        /// The conversation of the settings.
        conversation: Arc<ConversationRef>,
        /// All settings after the change.
        settings: ConversationSettings,
    },
    /// The user is blocked, or is blocked no more.
    Blocks {
        /// The ids of all users whom the user has blocked now.
        blocked: Vec<UserId>,
    },
    /// The message is reported, as it may have been before.
    Reported,
    /// The typing notice was passed on.
    Typing,
    /// The user is a member of the conversation.
    Joined {
        /// The conversation that was joined.
        conversation: Arc<ConversationRef>,
        /// Whether the membership is new.
        new: bool,
        /// The newest messages, oldest first; empty in dialects that do not show them.
        history: Vec<Arc<Message>>,
        /// The members with whether each is online; empty in dialects that do not show them.
        members: Vec<RoomMember>,
    },
    /// The user's membership has ended.
    Left {
        /// The conversation that was left.
        conversation: Arc<ConversationRef>,
    },
    /// The connection receives the conversations that it is allowed to receive.
    Listening {
        /// The conversations that the connection receives.
        joined: Vec<ConversationId>,
        /// The conversations of which the user is not a member.
        refused: Vec<ConversationId>,
    },
    /// The connection no longer receives the conversation.
    Muted {
        /// The conversation that was muted.
        conversation: ConversationId,
    },
    /// The room was created.
    RoomCreated {
        /// The room that was created.
        conversation: Arc<ConversationRef>,
        /// The moment at which it was created.
        created_at: Timestamp,
        /// The secret by which a guest proves to own the room; none if a registered user created it.
        guest_secret: Option<String>,
    },
    /// The file was stored.
    Uploaded {
        /// The link to the file.
        url: String,
        /// The name under which the file is shown.
        name: String,
    },
    /// The token was accepted.
    Authenticated {
        /// The user of the connection.
        user: Arc<User>,
    },
    /// The identity of the connection is confirmed.
    Identified {
        /// The id of the connection's user.
        user: UserId,
    },
}

/// The result of a command: a reply, or the reason for which it was refused.
pub type Outcome = Result<Reply, Refusal>;
