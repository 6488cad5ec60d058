//! What all dialects tell beside the events of their documents: conversations that begin, change and end, changed
//! profiles, notifications, and who is online. One file per dialect holds its names and objects.
//!
//! What must stay true: the object of a conversation is the same in events and in the answers of the dialect's HTTP
//! calls; an event for all members holds nothing that only one of them has.

mod chat;
mod conversations;
mod meetup;
mod messenger;
mod rooms;

use quintet_domain::{
    ConversationRef, Event, Member, Message, Notification, Overview, RoomMember, Timestamp, User, UserId,
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::dialect::Dialect;
use crate::outgoing::{Online, Outgoing, raw};
use crate::payload::{
    Payload::{self, Object},
    Type, required,
};
use crate::shared::Moment;

/// The payload of an event about a notification.
pub(crate) const NOTIFIED: Payload = Object(&[required("userId", Type::Id), required("notification", Type::Object)]);

/// The payload of an event that has a group in its field `group`.
pub(crate) const GROUP: Payload = Object(&[required("group", Type::Object)]);

/// The payload of an event that has a chat in its field `chat`.
pub(crate) const CHAT: Payload = Object(&[required("chat", Type::Object)]);

/// The payload of an event that has a conversation in its field `conversation`.
pub(crate) const CONVERSATION: Payload = Object(&[required("conversation", Type::Object)]);

/// What the object of a conversation shows of one reader's own state.
#[derive(Clone, Copy, Debug)]
pub enum Own<'a> {
    /// The conversation is new to everybody who receives the object: nothing is unread.
    New,
    /// The object is for all members, so that it has no field of one reader's own.
    Nobody,
    /// The object is for one member.
    Reader {
        /// The id of the member.
        user: &'a UserId,
        /// The email address that is shown for the member itself; others have none.
        email: &'a str,
        /// The number of messages of others that the member has not read.
        unread_count: u64,
    },
}

impl<'a> Own<'a> {
    /// The number of unread messages, if the object shows it.
    fn unread_count(self) -> Option<u64> {
        match self {
            Self::New => Some(0),
            Self::Nobody => None,
            Self::Reader { unread_count, .. } => Some(unread_count),
        }
    }

    /// The member whom the object is for, if it is for one.
    fn reader(self) -> Option<&'a UserId> {
        match self {
            Self::New | Self::Nobody => None,
            Self::Reader { user, .. } => Some(user),
        }
    }
}

/// A conversation whose object is to be written.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// Id, kind, name and pair.
    pub conversation: &'a ConversationRef,
    /// The description; none if there is none.
    pub description: Option<&'a str>,
    /// Whether anybody may join by the id.
    pub open: bool,
    /// The owner, if the conversation has one.
    pub owner: Option<&'a UserId>,
    /// The members to show.
    pub members: &'a [Member],
    /// Number of members.
    pub member_count: u32,
    /// Whether the reader is a member.
    pub is_member: bool,
    /// The newest message.
    pub last_message: Option<&'a Message>,
    /// When the conversation was created.
    pub created_at: Timestamp,
    /// When the conversation last changed.
    pub updated_at: Timestamp,
    /// What is shown of one reader's own state.
    pub own: Own<'a>,
}

impl<'a> Shown<'a> {
    fn of(overview: &'a Overview, own: Own<'a>) -> Self {
        Self {
            conversation: &overview.conversation,
            description: overview.description.as_deref(),
            open: overview.open,
            owner: overview.owner.as_ref(),
            members: &overview.members,
            member_count: overview.member_count,
            is_member: true,
            last_message: overview.last_message.as_deref(),
            created_at: overview.created_at,
            updated_at: overview.updated_at,
            own,
        }
    }

    /// The newest message as the dialect writes it for the reader.
    fn last(&self, dialect: Dialect, online: Online<'_>) -> Option<Box<RawValue>> {
        self.last_message.map(|message| crate::message_for(dialect, message, self.own.reader(), online))
    }

    /// The name, or the usernames of the members if there is none: for dialects whose clients expect a name.
    fn name_or_members(&self) -> String {
        match self.conversation.name.as_deref() {
            Some(name) => name.to_owned(),
            None => self.members.iter().map(|member| member.user.username.as_str()).collect::<Vec<_>>().join(", "),
        }
    }
}

/// Encodes a conversation for one reader: the same object as in events.
#[must_use]
pub fn conversation(dialect: Dialect, shown: &Shown<'_>, online: Online<'_>) -> Box<RawValue> {
    match dialect {
        Dialect::Meetup => raw(&meetup::ChatObject::of(shown, online)),
        Dialect::Messenger => raw(&messenger::GroupObject::of(shown)),
        Dialect::Rooms => raw(&rooms::RoomObject::of(shown)),
        Dialect::Conversations => raw(&conversations::ConversationObject::of(shown, online)),
        Dialect::Chat => raw(&chat::ChatObject::of(shown, online)),
    }
}

/// An event that every dialect tells.
#[derive(Clone, Copy)]
pub(crate) enum Told<'e> {
    /// A conversation is new to those who receive the event.
    Created(&'e Overview),
    /// A conversation changed.
    Changed(&'e Overview),
    /// A conversation is deleted, or hidden from those who receive the event.
    Deleted(&'e ConversationRef),
    /// A profile changed.
    Profile(&'e User),
    /// A user got a notification.
    Notified(&'e UserId, &'e Notification),
}

impl<'e> Told<'e> {
    /// Returns what every dialect tells of an event; none for events that dialects encode by themselves, or not at all.
    pub(crate) fn of(event: &'e Event) -> Option<Self> {
        Some(match event {
            Event::ConversationCreated { conversation, .. } | Event::ConversationAppeared { conversation, .. } => {
                Self::Created(conversation)
            }
            Event::ConversationChanged { conversation } => Self::Changed(conversation),
            Event::DeletionAnnounced { conversation } | Event::ConversationHidden { conversation, .. } => {
                Self::Deleted(conversation)
            }
            Event::UserChanged { user, .. } => Self::Profile(user),
            Event::Notified { user, notification } => Self::Notified(user, notification),
            Event::MessageCreated(_)
            | Event::MessageEdited(_)
            | Event::MessageDeleted(_)
            | Event::MessagesRead { .. }
            | Event::ConversationDeleted { .. }
            | Event::MemberJoined { .. }
            | Event::MemberLeft { .. }
            | Event::MeetupChanged { .. }
            | Event::Revoked { .. }
            | Event::Typing { .. }
            | Event::Presence { .. }
            | Event::RoomPresence { .. } => return None,
        })
    }

    /// Encodes the event; none if the dialect has no event for it.
    pub(crate) fn encode(self, dialect: Dialect, online: Online<'_>) -> Option<Outgoing> {
        match dialect {
            Dialect::Meetup => Some(meetup::encode(self, online)),
            Dialect::Messenger => messenger::encode(self),
            Dialect::Rooms => Some(rooms::encode(self)),
            Dialect::Conversations => Some(conversations::encode(self, online)),
            Dialect::Chat => Some(chat::encode(self, online)),
        }
    }
}

/// Encodes who is online, for a new connection; none in the dialect that tells it of each room, on the join.
pub(crate) fn who_is_online<'o>(dialect: Dialect, users: &dyn Fn() -> &'o [UserId]) -> Option<Outgoing> {
    let name = match dialect {
        Dialect::Meetup => "presenceList",
        Dialect::Messenger => "onlineUsers",
        Dialect::Conversations => "online_users",
        Dialect::Chat => "users:online",
        Dialect::Rooms => return None,
    };
    Some(Outgoing::new(name, &crate::shared::IdList(users())))
}

/// Returns the payload of `room_members`: the members of a room, with who of them is online.
pub(crate) fn room_members<'a>(room: &'a ConversationRef, members: &'a [RoomMember]) -> impl Serialize + 'a {
    rooms::RoomMembers::of(room, members)
}

/// The payload of an event about a changed profile: the user, and the user again in the field `user`, because clients
/// look for it in either place.
#[derive(Serialize)]
struct ProfilePayload<'a, U: Serialize> {
    #[serde(flatten)]
    fields: &'a U,
    user: &'a U,
}

impl<'a, U: Serialize> ProfilePayload<'a, U> {
    fn of(user: &'a U) -> Self {
        Self { fields: user, user }
    }
}

/// The payload of an event about a notification.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NotifiedPayload<'a, N: Serialize> {
    user_id: &'a str,
    notification: N,
}

/// A notification in the dialects whose documents have none.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NotificationObject<'a> {
    #[serde(rename = "_id", skip_serializing_if = "Option::is_none")]
    object_id: Option<&'a str>,
    id: &'a str,
    title: &'a str,
    message: &'a str,
    timestamp: Moment,
}

impl<'a> NotificationObject<'a> {
    fn of(notification: &'a Notification) -> Self {
        Self {
            object_id: None,
            id: notification.id.as_str(),
            title: &notification.title,
            message: &notification.message,
            timestamp: Moment(notification.timestamp),
        }
    }

    /// The object for clients that read ids from `_id`.
    fn with_object_id(notification: &'a Notification) -> Self {
        Self { object_id: Some(notification.id.as_str()), ..Self::of(notification) }
    }
}
