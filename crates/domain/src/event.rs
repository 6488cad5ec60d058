//! What can happen, and who hears of it.

use std::sync::Arc;

use crate::{
    ConnectionId, ConversationId, ConversationRef, MeetupId, MeetupStatus, Message, MessageId, Notification, Timestamp,
    User, UserId,
};

/// Why a member is none any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Departure {
    /// It left.
    Left,
    /// It was removed.
    Removed,
    /// A guest, gone for longer than guests are remembered.
    GuestGone,
    /// A guest whose id an account has got.
    IdTaken,
}

impl Departure {
    /// The name, as it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Removed => "removed",
            Self::GuestGone => "guest_gone",
            Self::IdTaken => "id_taken",
        }
    }

    /// The departure of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Self::Left, Self::Removed, Self::GuestGone, Self::IdTaken];
        all.into_iter().find(|departure| departure.as_str() == name)
    }
}

/// What can happen. The list is closed: a new entry makes the compiler point at every dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A message was sent.
    MessageCreated(Arc<Message>),
    /// A message's text was changed.
    MessageEdited(Arc<Message>),
    /// A message was deleted.
    MessageDeleted(Arc<Message>),
    /// Messages were read.
    MessagesRead {
        /// Where.
        conversation: Arc<ConversationRef>,
        /// By whom.
        reader: Arc<User>,
        /// Which became read by it, oldest first.
        messages: Vec<MessageId>,
        /// Who is told, where not everybody is.
        audience: Option<Vec<UserId>>,
    },
    /// A conversation was made; it is told by what happens in it.
    ConversationCreated {
        /// Which.
        conversation: Arc<ConversationRef>,
        /// Its members at birth.
        members: Vec<UserId>,
    },
    /// A conversation's name, openness or roles changed.
    ConversationChanged {
        /// Which, as it is now.
        conversation: Arc<ConversationRef>,
    },
    /// A conversation is gone, for all.
    ConversationDeleted {
        /// Which.
        conversation: Arc<ConversationRef>,
    },
    /// Somebody became a member.
    MemberJoined {
        /// Of what.
        conversation: Arc<ConversationRef>,
        /// Who.
        user: Arc<User>,
        /// How many members there are now.
        member_count: u32,
    },
    /// Somebody is no member any more.
    MemberLeft {
        /// Of what.
        conversation: Arc<ConversationRef>,
        /// Who.
        user: Arc<User>,
        /// Why.
        departure: Departure,
        /// How many members there are now.
        member_count: u32,
    },
    /// A meetup's status changed.
    MeetupChanged {
        /// Which.
        meetup: MeetupId,
        /// Where it stands.
        status: MeetupStatus,
        /// The name of who changed it, `system` for the server.
        updated_by: String,
        /// Host, participants and open requests.
        audience: Vec<UserId>,
    },
    /// A user is told something.
    Notified {
        /// Who.
        user: UserId,
        /// What.
        notification: Arc<Notification>,
    },
    /// A user's profile changed; connections carry the new one on.
    UserChanged {
        /// The user as it is now.
        user: Arc<User>,
    },
    /// A user's open connections are to end, for its tokens are not good any more.
    Revoked {
        /// Whose.
        user: UserId,
        /// Tokens and words of earlier generations than this are not good any more.
        generation: u64,
    },
    /// Somebody types, or stopped.
    Typing {
        /// Where.
        conversation: Arc<ConversationRef>,
        /// Who.
        user: Arc<User>,
        /// Start or stop.
        typing: bool,
    },
    /// Somebody came or went.
    Presence {
        /// Who.
        user: Arc<User>,
        /// Came or went.
        online: bool,
        /// When last seen, for who went.
        last_seen: Timestamp,
    },
    /// A member came or went, for those who list who is there.
    RoomPresence {
        /// Where.
        conversation: Arc<ConversationRef>,
        /// Who.
        user: Arc<User>,
        /// Came or went.
        online: bool,
    },
}

/// Who hears of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience<'e> {
    /// The members of a conversation.
    Members(&'e ConversationId),
    /// These users.
    Users(&'e [UserId]),
    /// This user.
    User(&'e UserId),
    /// Everyone who may see this user's presence, itself not.
    Watchers(&'e UserId),
}

impl Event {
    /// Who hears of it.
    #[must_use]
    pub fn audience(&self) -> Audience<'_> {
        match self {
            Self::MessageCreated(message) | Self::MessageEdited(message) | Self::MessageDeleted(message) => {
                Audience::Members(&message.conversation.id)
            }
            Self::MessagesRead { audience: Some(users), .. } | Self::MeetupChanged { audience: users, .. } => {
                Audience::Users(users)
            }
            Self::MessagesRead { conversation, audience: None, .. }
            | Self::ConversationCreated { conversation, .. }
            | Self::ConversationChanged { conversation }
            | Self::ConversationDeleted { conversation }
            | Self::MemberJoined { conversation, .. }
            | Self::MemberLeft { conversation, .. }
            | Self::Typing { conversation, .. }
            | Self::RoomPresence { conversation, .. } => Audience::Members(&conversation.id),
            Self::Notified { user, .. } | Self::Revoked { user, .. } => Audience::User(user),
            Self::UserChanged { user } => Audience::User(&user.id),
            Self::Presence { user, .. } => Audience::Watchers(&user.id),
        }
    }

    /// Who made it happen, if that matters to what others are told.
    #[must_use]
    pub fn actor(&self) -> Option<&UserId> {
        match self {
            Self::MessageCreated(message) | Self::MessageEdited(message) | Self::MessageDeleted(message) => {
                Some(&message.sender.id)
            }
            Self::MessagesRead { reader: user, .. }
            | Self::MemberJoined { user, .. }
            | Self::MemberLeft { user, .. }
            | Self::UserChanged { user }
            | Self::Typing { user, .. }
            | Self::Presence { user, .. }
            | Self::RoomPresence { user, .. } => Some(&user.id),
            Self::ConversationCreated { .. }
            | Self::ConversationChanged { .. }
            | Self::ConversationDeleted { .. }
            | Self::MeetupChanged { .. }
            | Self::Notified { .. }
            | Self::Revoked { .. } => None,
        }
    }
}

/// Something that was committed, with its place in the one order of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The position in the store's commit order.
    pub position: u64,
    /// The number among the changes of its conversation, where it is numbered.
    pub sequence: Option<u64>,
    /// The connection that asked for it, if one did.
    pub origin: Option<ConnectionId>,
    /// Whether the connection that asked for it also asked for an acknowledgement.
    pub acked: bool,
    /// What happened.
    pub event: Event,
}

/// Something that passes and is not kept: typing and presence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ephemeral {
    /// [`Event::Typing`] or [`Event::Presence`].
    Event(Event),
    /// [`Event::RoomPresence`] in each of these places, as one: a user is in many.
    RoomPresence {
        /// Where.
        conversations: Vec<Arc<ConversationRef>>,
        /// Who.
        user: Arc<User>,
        /// Came or went.
        online: bool,
    },
}
