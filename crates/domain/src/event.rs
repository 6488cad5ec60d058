//! The closed list of events that can happen, and who receives each of them.
//!
//! What must stay true: there are no wildcard arms over these lists, so that a new entry makes the compiler point at
//! every dialect.

use std::sync::Arc;

use crate::{
    ConnectionId, ConversationId, ConversationKind, ConversationRef, ConversationSettings, LoginSessionId, MeetupId,
    MeetupStatus, Message, MessageId, Metadata, Notification, Overview, Reacted, Timestamp, User, UserId, Withheld,
};

/// Why a membership ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Departure {
    /// The member left by its own choice.
    Left,
    /// Another member or the server removed it.
    Removed,
    /// It was banned, so that it cannot come back for now.
    Banned,
    /// The guest was offline for longer than guests stay in rooms.
    GuestGone,
    /// An account got the id of the guest.
    IdTaken,
}

impl Departure {
    /// The name of the reason, as it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Removed => "removed",
            Self::Banned => "banned",
            Self::GuestGone => "guest_gone",
            Self::IdTaken => "id_taken",
        }
    }

    /// Parses a stored name; none if there is no such reason.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Self::Left, Self::Removed, Self::Banned, Self::GuestGone, Self::IdTaken];
        all.into_iter().find(|departure| departure.as_str() == name)
    }
}

/// Something that happened, whatever the dialect. The list is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A message was sent.
    MessageCreated(Arc<Message>),
    /// A message's text was changed.
    MessageEdited(Arc<Message>),
    /// A message was deleted.
    MessageDeleted(Arc<Message>),
    /// A user reacted to a message, or took a reaction back.
    MessageReacted(Arc<Reacted>),
    /// A message was pinned to its conversation, or unpinned.
    MessagePinned {
        /// The conversation of the message.
        conversation: Arc<ConversationRef>,
        /// The message that was pinned or unpinned.
        message: MessageId,
        /// The user who did it.
        user: UserId,
        /// Whether the message is pinned now.
        pinned: bool,
    },
    /// A member marked messages as read.
    MessagesRead {
        /// The conversation of the messages.
        conversation: Arc<ConversationRef>,
        /// The member who read the messages.
        reader: Arc<User>,
        /// The messages that became read, oldest first.
        messages: Vec<MessageId>,
        /// The users who receive the event; all members if there is none.
        audience: Option<Vec<UserId>>,
    },
    /// Messages of one author reached a device of a member. It is not kept: what was missed is seen in the messages.
    MessagesDelivered {
        /// The conversation of the messages.
        conversation: Arc<ConversationRef>,
        /// The id of the member who received the messages.
        user: UserId,
        /// The messages that were delivered, oldest first.
        messages: Vec<MessageId>,
        /// The author of the messages, who alone receives the event.
        author: UserId,
    },
    /// A conversation was created.
    ConversationCreated {
        /// The new conversation.
        conversation: Arc<Overview>,
        /// The ids of its first members, who receive the event.
        members: Vec<UserId>,
    },
    /// A conversation that exists becomes one of a user's: either the user joins, and its
    /// [`MemberJoined`](Self::MemberJoined) follows at the next position, or the user had hidden the conversation, and a
    /// message follows.
    ConversationAppeared {
        /// The conversation with the user among its members.
        conversation: Arc<Overview>,
        /// The id of the member, who alone receives the event.
        user: UserId,
    },
    /// A message that was sent before appears to a user: it waited until the user accepted to be written to. The
    /// [`MemberJoined`](Self::MemberJoined) of the user stands before it.
    MessageAppeared {
        /// The message as it is now.
        message: Arc<Message>,
        /// The id of the member, who alone receives the event.
        user: UserId,
    },
    /// A user hid a direct conversation, until its next message.
    ConversationHidden {
        /// The conversation that is hidden.
        conversation: Arc<ConversationRef>,
        /// The id of the member, who alone receives the event.
        user: UserId,
    },
    /// A member changed its own settings of a conversation.
    SettingsChanged {
        /// The conversation of the settings.
        conversation: Arc<ConversationRef>,
        /// The id of the member, who alone receives the event.
        user: UserId,
        /// All settings after the change.
        settings: ConversationSettings,
    },
    /// A user blocked another one, or ended a block.
    BlocksChanged {
        /// The id of the user whose blocks they are, who alone receives the event.
        user: UserId,
        /// The ids of all users whom the user has blocked now.
        blocked: Vec<UserId>,
        /// The id of the user who was blocked, or is blocked no more; none if the event stands for several changes.
        other: Option<UserId>,
    },
    /// A conversation was renamed, opened or closed, its custom data was replaced, or the roles of its members or what they
    /// may write changed.
    ConversationChanged {
        /// The conversation in its new state.
        conversation: Arc<Overview>,
    },
    /// A conversation is deleted. The [`ConversationDeleted`](Self::ConversationDeleted) that ends its memberships follows
    /// at the next position: dialects tell the end of the conversation by this event, and the end of one's own
    /// membership by that one.
    DeletionAnnounced {
        /// The conversation that is deleted.
        conversation: Arc<ConversationRef>,
    },
    /// A conversation was deleted for all of its members.
    ConversationDeleted {
        /// The conversation that was deleted.
        conversation: Arc<ConversationRef>,
    },
    /// A user became a member of a conversation.
    MemberJoined {
        /// The conversation that was joined.
        conversation: Arc<ConversationRef>,
        /// The new member.
        user: Arc<User>,
        /// Number of members after the change.
        member_count: u32,
    },
    /// A user is no longer a member of a conversation.
    MemberLeft {
        /// The conversation that was left.
        conversation: Arc<ConversationRef>,
        /// The former member.
        user: Arc<User>,
        /// How the membership ended.
        departure: Departure,
        /// The reason that was given for it; none if none was.
        reason: Option<Arc<str>>,
        /// Number of members after the change.
        member_count: u32,
    },
    /// The status of a meetup changed.
    MeetupChanged {
        /// The id of the meetup.
        meetup: MeetupId,
        /// The new status of the meetup.
        status: MeetupStatus,
        /// The name of the user who changed it; `system` if the server did.
        updated_by: String,
        /// The ids of the host, the participants and those with open requests.
        audience: Vec<UserId>,
    },
    /// Somebody reported a message, or the server did. No client is told: it is for those who look after reports.
    MessageReported {
        /// The conversation of the message.
        conversation: Arc<ConversationRef>,
        /// The message that was reported.
        message: MessageId,
        /// The number of the report.
        report: i64,
        /// Whether the server reported it.
        by_server: bool,
    },
    /// A user got a notification.
    Notified {
        /// The id of the user.
        user: UserId,
        /// The new notification.
        notification: Arc<Notification>,
    },
    /// A user's profile changed. Connections of the user continue with the new profile. Those who share a conversation with
    /// the user are told a little later, without a position, because one change may concern very many.
    UserChanged {
        /// The user with the new profile.
        user: Arc<User>,
        /// The custom data of the profile; none if there is none.
        metadata: Option<Metadata>,
        /// Whether others see a difference: false for a new user, and where only private fields changed.
        visible: bool,
    },
    /// Tokens of a user were revoked, so that the user's open connections must end.
    Revoked {
        /// The id of the user.
        user: UserId,
        /// The generation of valid tokens. Tokens and resume tokens of earlier generations are revoked.
        generation: u64,
    },
    /// A session of a user has ended, so that its open connections must end.
    SessionEnded {
        /// The id of the user.
        user: UserId,
        /// The session, whose tokens are refused from now on.
        session: LoginSessionId,
    },
    /// A user started or stopped typing.
    Typing {
        /// The conversation in which the user types.
        conversation: Arc<ConversationRef>,
        /// The user who types.
        user: Arc<User>,
        /// Whether the user types now.
        typing: bool,
    },
    /// A user came online or went offline.
    Presence {
        /// The user whose presence changed.
        user: Arc<User>,
        /// Whether the user is online now.
        online: bool,
        /// The moment of the change; for a user who went offline, when it was last seen.
        last_seen: Timestamp,
    },
    /// A member of a conversation came online or went offline, for dialects that list the connected members of each
    /// conversation.
    RoomPresence {
        /// The conversation of the member.
        conversation: Arc<ConversationRef>,
        /// The user whose presence changed.
        user: Arc<User>,
        /// Whether the user is online now.
        online: bool,
    },
}

/// The recipients of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience<'e> {
    /// All members of a conversation.
    Members(&'e ConversationId),
    /// The users with these ids.
    Users(&'e [UserId]),
    /// The user with this id.
    User(&'e UserId),
    /// All users who may see the presence of this user, without the user itself.
    Watchers(&'e UserId),
    /// The user itself and all users who share a conversation with it.
    Contacts(&'e UserId),
}

impl Event {
    /// Returns the recipients of the event.
    #[must_use]
    pub fn audience(&self) -> Audience<'_> {
        match self {
            Self::MessageCreated(message) | Self::MessageEdited(message) | Self::MessageDeleted(message) => {
                Audience::Members(&message.conversation.id)
            }
            Self::MessageReacted(reacted) => Audience::Members(&reacted.conversation.id),
            Self::MessagesRead { audience: Some(users), .. } | Self::MeetupChanged { audience: users, .. } => {
                Audience::Users(users)
            }
            Self::ConversationCreated { members, .. } => Audience::Users(members),
            Self::MessageReported { .. } => Audience::Users(&[]),
            Self::ConversationAppeared { user, .. }
            | Self::MessageAppeared { user, .. }
            | Self::ConversationHidden { user, .. }
            | Self::SettingsChanged { user, .. }
            | Self::BlocksChanged { user, .. } => Audience::User(user),
            Self::ConversationChanged { conversation } => Audience::Members(&conversation.conversation.id),
            Self::MessagesRead { conversation, audience: None, .. }
            | Self::MessagePinned { conversation, .. }
            | Self::DeletionAnnounced { conversation }
            | Self::ConversationDeleted { conversation }
            | Self::MemberJoined { conversation, .. }
            | Self::MemberLeft { conversation, .. }
            | Self::Typing { conversation, .. }
            | Self::RoomPresence { conversation, .. } => Audience::Members(&conversation.id),
            Self::MessagesDelivered { author: user, .. }
            | Self::Notified { user, .. }
            | Self::Revoked { user, .. }
            | Self::SessionEnded { user, .. } => Audience::User(user),
            Self::UserChanged { user, .. } => Audience::Contacts(&user.id),
            Self::Presence { user, .. } => Audience::Watchers(&user.id),
        }
    }

    /// Returns the users whom alone the event concerns: the two users of a direct conversation, or the one user who receives
    /// it. `None` if it concerns a conversation of many, or everybody. A service receives such an event only if it is one of
    /// these users, and a webhook only if the operator has created it so.
    #[must_use]
    pub fn parties(&self) -> Option<&[UserId]> {
        let conversation = match self {
            Self::MessageCreated(message) | Self::MessageEdited(message) | Self::MessageDeleted(message) => {
                &message.conversation
            }
            Self::MessageReacted(reacted) => &reacted.conversation,
            Self::ConversationCreated { conversation, .. } | Self::ConversationChanged { conversation } => {
                &conversation.conversation
            }
            Self::MessagesRead { conversation, .. }
            | Self::MessagePinned { conversation, .. }
            | Self::DeletionAnnounced { conversation }
            | Self::ConversationDeleted { conversation }
            | Self::MemberJoined { conversation, .. }
            | Self::MemberLeft { conversation, .. }
            | Self::Typing { conversation, .. }
            | Self::RoomPresence { conversation, .. } => conversation,
            Self::ConversationAppeared { user, .. }
            | Self::MessageAppeared { user, .. }
            | Self::ConversationHidden { user, .. }
            | Self::SettingsChanged { user, .. }
            | Self::BlocksChanged { user, .. }
            | Self::MessagesDelivered { author: user, .. }
            | Self::Notified { user, .. }
            | Self::Revoked { user, .. }
            | Self::SessionEnded { user, .. } => return Some(std::slice::from_ref(user)),
            // Those who look after reports see them, wherever the message is.
            Self::MessageReported { .. } => return None,
            Self::UserChanged { .. } | Self::Presence { .. } | Self::MeetupChanged { .. } => return None,
        };
        let users = conversation.pair.as_deref().map_or(&[][..], |pair| &pair[..]);
        (conversation.kind == ConversationKind::Direct).then_some(users)
    }

    /// Returns the user who caused the event, if dialects encode it differently for that user.
    #[must_use]
    pub fn actor(&self) -> Option<&UserId> {
        match self {
            Self::MessageCreated(message)
            | Self::MessageAppeared { message, .. }
            | Self::MessageEdited(message)
            | Self::MessageDeleted(message) => Some(&message.sender.id),
            Self::MessageReacted(reacted) => Some(&reacted.user),
            Self::MessagePinned { user, .. }
            | Self::ConversationAppeared { user, .. }
            | Self::ConversationHidden { user, .. }
            | Self::SettingsChanged { user, .. }
            | Self::BlocksChanged { user, .. }
            | Self::MessagesDelivered { user, .. } => Some(user),
            Self::MessagesRead { reader: user, .. }
            | Self::MemberJoined { user, .. }
            | Self::MemberLeft { user, .. }
            | Self::UserChanged { user, .. }
            | Self::Typing { user, .. }
            | Self::Presence { user, .. }
            | Self::RoomPresence { user, .. } => Some(&user.id),
            Self::ConversationCreated { .. }
            | Self::ConversationChanged { .. }
            | Self::DeletionAnnounced { .. }
            | Self::ConversationDeleted { .. }
            | Self::MeetupChanged { .. }
            | Self::MessageReported { .. }
            | Self::Notified { .. }
            | Self::Revoked { .. }
            | Self::SessionEnded { .. } => None,
        }
    }
}

/// An event that was committed, with its position in the commit order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The position in the store's commit order.
    pub position: u64,
    /// The number of the change in its conversation, if the conversation numbers it.
    pub sequence: Option<u64>,
    /// The connection whose command caused it; none for calls over HTTP and for the server itself.
    pub origin: Option<ConnectionId>,
    /// Whether the command asked for an acknowledgement.
    pub acked: bool,
    /// The event that happened.
    pub event: Event,
    /// Who was of its audience then and does not receive it, because it was read late and shows what is newer than their
    /// departure; none for an entry that the writer has just made.
    pub withheld: Option<Withheld>,
}

impl Entry {
    /// Returns whether the entry is withheld from a user of its audience.
    #[must_use]
    pub fn is_withheld_from(&self, user: &UserId) -> bool {
        self.withheld.as_ref().is_some_and(|withheld| withheld.is_from(user, self.position))
    }
}

/// An event that is not stored: typing, presence, and what was delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ephemeral {
    /// [`Event::Typing`], [`Event::Presence`] or [`Event::MessagesDelivered`].
    Event(Event),
    /// One [`Event::RoomPresence`] for each of these conversations. They travel together because a user can be in many.
    RoomPresence {
        /// The conversations of the user.
        conversations: Vec<Arc<ConversationRef>>,
        /// The user whose presence changed.
        user: Arc<User>,
        /// Whether the user is online now.
        online: bool,
    },
}
