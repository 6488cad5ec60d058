//! What the common events of all dialects are made of: which events they are, what the object of a conversation shows, and
//! payloads that several dialects share.
//!
//! What must stay true: nothing here depends on which dialect uses it, except the message that a conversation shows.

use quintet_domain::{
    ConversationRef, ConversationSettings, Event, Member, Message, Metadata, Moderation, Mute, Notification, Overview,
    Timestamp, User, UserId,
};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::details::custom_data;
use crate::dialect::Dialect;
use crate::messages::message_for;
use crate::outgoing::Online;
use crate::shared::{ModerationObject, Moment};

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
        /// The member's own settings.
        settings: ConversationSettings,
        /// The moment until which the member is silenced; none if it is not.
        silenced_until: Option<Timestamp>,
    },
}

impl<'a> Own<'a> {
    /// The number of unread messages, if the object shows it.
    pub(super) fn unread_count(self) -> Option<u64> {
        match self {
            Self::New => Some(0),
            Self::Nobody => None,
            Self::Reader { unread_count, .. } => Some(unread_count),
        }
    }

    /// The settings, if the object shows them: those of one reader, unless all have their defaults.
    pub(super) fn settings(self) -> Option<SettingsObject> {
        match self {
            Self::New | Self::Nobody => None,
            Self::Reader { settings, .. } => (!settings.is_default()).then(|| SettingsObject::of(settings)),
        }
    }

    /// The moment until which the reader is silenced, if the object shows it.
    fn silenced_until(self) -> Option<Timestamp> {
        match self {
            Self::New | Self::Nobody => None,
            Self::Reader { silenced_until, .. } => silenced_until,
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
    /// A link to a picture, as the reader needs it; none if there is none.
    pub picture: Option<&'a str>,
    /// The custom data; none if there is none.
    pub metadata: Option<&'a Metadata>,
    /// Whether anybody may join by the id.
    pub open: bool,
    /// How it limits what its members may write.
    pub moderation: Moderation,
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
    pub(super) fn of(overview: &'a Overview, own: Own<'a>) -> Self {
        Self {
            conversation: &overview.conversation,
            description: overview.description.as_deref(),
            picture: overview.picture.as_deref(),
            metadata: overview.metadata.as_ref(),
            open: overview.open,
            moderation: overview.moderation,
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

    /// The custom data as a part of the object.
    pub(super) fn custom_data(&self) -> Option<&'a RawValue> {
        custom_data(self.metadata)
    }

    /// What limits what is written, as a part of the object; none if nothing does.
    pub(super) fn limits(&self) -> Option<ModerationObject> {
        ModerationObject::of(self.moderation, self.own.silenced_until())
    }

    /// The newest message as the dialect writes it for the reader.
    pub(super) fn last(&self, dialect: Dialect, online: Online<'_>) -> Option<Box<RawValue>> {
        self.last_message.map(|message| message_for(dialect, message, self.own.reader(), online))
    }

    /// The name, or the usernames of the members if there is none: for dialects whose clients expect a name.
    pub(super) fn name_or_members(&self) -> String {
        match self.conversation.name.as_deref() {
            Some(name) => name.to_owned(),
            None => self.members.iter().map(|member| member.user.username.as_str()).collect::<Vec<_>>().join(", "),
        }
    }
}

/// An event that every dialect encodes, beside those of its document.
#[derive(Clone, Copy)]
pub(crate) enum CommonEvent<'e> {
    /// A conversation is new to those who receive the event.
    Created(&'e Overview),
    /// A conversation changed.
    Changed(&'e Overview),
    /// A conversation is deleted, or hidden from those who receive the event.
    Deleted(&'e ConversationRef),
    /// A member changed its own settings of a conversation.
    Settings(&'e ConversationRef, &'e UserId, ConversationSettings),
    /// A profile changed; the second is its custom data.
    Profile(&'e User, Option<&'e Metadata>),
    /// A user got a notification.
    Notified(&'e UserId, &'e Notification),
}

impl<'e> CommonEvent<'e> {
    /// Returns the common event for an event of the model; none for events that each dialect encodes in a way of its own, or not
    /// at all.
    pub(crate) fn of(event: &'e Event) -> Option<Self> {
        Some(match event {
            Event::ConversationCreated { conversation, .. } | Event::ConversationAppeared { conversation, .. } => {
                Self::Created(conversation)
            }
            Event::ConversationChanged { conversation } => Self::Changed(conversation),
            Event::DeletionAnnounced { conversation } | Event::ConversationHidden { conversation, .. } => {
                Self::Deleted(conversation)
            }
            Event::SettingsChanged { conversation, user, settings } => Self::Settings(conversation, user, *settings),
            Event::UserChanged { user, metadata, .. } => Self::Profile(user, metadata.as_ref()),
            Event::Notified { user, notification } => Self::Notified(user, notification),
            Event::MessageCreated(_)
            | Event::MessageAppeared { .. }
            | Event::MessageEdited(_)
            | Event::MessageDeleted(_)
            | Event::MessagesRead { .. }
            | Event::MessageReacted(_)
            | Event::MessagePinned { .. }
            | Event::MessagesDelivered { .. }
            | Event::BlocksChanged { .. }
            | Event::ConversationDeleted { .. }
            | Event::MemberJoined { .. }
            | Event::MemberLeft { .. }
            | Event::MeetupChanged { .. }
            | Event::MessageReported { .. }
            | Event::Revoked { .. }
            | Event::SessionEnded { .. }
            | Event::Typing { .. }
            | Event::Presence { .. }
            | Event::RoomPresence { .. } => return None,
        })
    }
}

/// How long a conversation is muted: `true`, `false`, or the moment until which it is.
struct Muted(Option<Mute>);

impl Serialize for Muted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            None => serializer.serialize_bool(false),
            Some(Mute::ForGood) => serializer.serialize_bool(true),
            Some(Mute::Until(end)) => Moment(end).serialize(serializer),
        }
    }
}

/// A member's own settings of a conversation.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SettingsObject {
    muted: Muted,
    pinned: bool,
    archived: bool,
    notify: &'static str,
    marked_unread: bool,
}

impl SettingsObject {
    pub(super) fn of(settings: ConversationSettings) -> Self {
        let ConversationSettings { muted, pinned, archived, notify, marked_unread } = settings;
        Self { muted: Muted(muted), pinned, archived, notify: notify.as_str(), marked_unread }
    }
}

/// The payload of an event about a member's own settings: the fields by which a dialect names the conversation, and all
/// settings.
#[derive(Serialize)]
pub(super) struct SettingsPayload<C: Serialize> {
    #[serde(flatten)]
    conversation: C,
    #[serde(flatten)]
    settings: SettingsObject,
}

impl<C: Serialize> SettingsPayload<C> {
    pub(super) fn of(conversation: C, settings: ConversationSettings) -> Self {
        Self { conversation, settings: SettingsObject::of(settings) }
    }
}

/// The payload of an event about a whole chat, in the dialects that call conversations so.
#[derive(Serialize)]
pub(super) struct ChatPayload<C: Serialize> {
    pub(super) chat: C,
}

/// The payload of an event that names a chat.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChatIdPayload<'a> {
    chat_id: &'a str,
}

impl<'a> ChatIdPayload<'a> {
    pub(super) fn of(conversation: &'a ConversationRef) -> Self {
        Self { chat_id: conversation.id.as_str() }
    }
}

/// A user with the custom data of the profile, which objects of users within others do not have.
#[derive(Serialize)]
struct ProfileObject<'a, U: Serialize> {
    #[serde(flatten)]
    user: &'a U,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
}

/// The payload of an event about a changed profile: the user, and the user again in the field `user`, because clients
/// look for it in either place.
#[derive(Serialize)]
pub(super) struct ProfilePayload<'a, U: Serialize> {
    #[serde(flatten)]
    fields: ProfileObject<'a, U>,
    user: ProfileObject<'a, U>,
}

impl<'a, U: Serialize> ProfilePayload<'a, U> {
    pub(super) fn of(user: &'a U, metadata: Option<&'a Metadata>) -> Self {
        let whole = || ProfileObject { user, metadata: custom_data(metadata) };
        Self { fields: whole(), user: whole() }
    }
}

/// The payload of an event about a notification.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NotifiedPayload<'a, N: Serialize> {
    user_id: &'a str,
    notification: N,
}

impl<'a, N: Serialize> NotifiedPayload<'a, N> {
    pub(super) fn of(user: &'a UserId, notification: N) -> Self {
        Self { user_id: user.as_str(), notification }
    }
}

/// A notification in the dialects whose documents have none.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NotificationObject<'a> {
    #[serde(rename = "_id", skip_serializing_if = "Option::is_none")]
    object_id: Option<&'a str>,
    id: &'a str,
    title: &'a str,
    message: &'a str,
    timestamp: Moment,
}

impl<'a> NotificationObject<'a> {
    pub(super) fn of(notification: &'a Notification) -> Self {
        Self {
            object_id: None,
            id: notification.id.as_str(),
            title: &notification.title,
            message: &notification.message,
            timestamp: Moment(notification.timestamp),
        }
    }

    /// The object for clients that read ids from `_id`.
    pub(super) fn with_object_id(notification: &'a Notification) -> Self {
        Self { object_id: Some(notification.id.as_str()), ..Self::of(notification) }
    }
}
