//! Events in the model's own words, for other back ends: what a service hears over its socket.
//!
//! An event has the form `{type, position, data}`, whatever the vocabulary of the client that caused it. Webhooks have names
//! and objects of their own, those of the HTTP API (`crates/rest/src/webhook_events.rs`).
//!
//! What must stay true: every event of the model is considered by a match without a wildcard; the data depends on the
//! event alone, not on who receives it; what concerns one user alone, such as settings, is not told.

mod draft;
mod objects;

use quintet_domain::{Event, Message, Overview, Scope};
use serde::Serialize;

use self::objects::{
    ConversationData, ConversationObject, DeletedData, JoinedData, LeftData, MeetupData, MessageData, MessageObject,
    NamedObject, NotifiedData, PinnedData, PlaceObject, ProfileData, ReactedData, ReadData, UserObject,
};
use crate::outgoing::text;
use crate::shared::IdList;

pub use self::draft::DraftQuestion;

/// The version of the words. A field that is added needs no new one.
pub const MODEL_EVENTS_VERSION: u32 = 1;

/// The type of a model event. The list is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ModelEventType {
    /// A message was sent.
    MessageCreated,
    /// A message's text, custom data or mentions were changed.
    MessageEdited,
    /// A message was deleted.
    MessageDeleted,
    /// A user reacted to a message, or took a reaction back.
    MessageReacted,
    /// A message was pinned to its conversation, or unpinned.
    MessagePinned,
    /// A member marked messages as read.
    Read,
    /// A conversation was created.
    ConversationCreated,
    /// A conversation was renamed, opened or closed, its custom data was replaced, or the roles of its members or what they
    /// may write changed.
    ConversationUpdated,
    /// A conversation was deleted for all of its members.
    ConversationDeleted,
    /// A user became a member of a conversation.
    MemberJoined,
    /// A user is no longer a member of a conversation.
    MemberLeft,
    /// The status of a meetup changed.
    MeetupUpdated,
    /// A user got a notification.
    NotificationCreated,
    /// The profile of a user changed.
    UserUpdated,
}

impl ModelEventType {
    /// All types, in the order of the list.
    pub const ALL: [Self; 14] = [
        Self::MessageCreated,
        Self::MessageEdited,
        Self::MessageDeleted,
        Self::MessageReacted,
        Self::MessagePinned,
        Self::Read,
        Self::ConversationCreated,
        Self::ConversationUpdated,
        Self::ConversationDeleted,
        Self::MemberJoined,
        Self::MemberLeft,
        Self::MeetupUpdated,
        Self::NotificationCreated,
        Self::UserUpdated,
    ];

    /// The name of the type, as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MessageCreated => "message.created",
            Self::MessageEdited => "message.edited",
            Self::MessageDeleted => "message.deleted",
            Self::MessageReacted => "message.reacted",
            Self::MessagePinned => "message.pinned",
            Self::Read => "read",
            Self::ConversationCreated => "conversation.created",
            Self::ConversationUpdated => "conversation.updated",
            Self::ConversationDeleted => "conversation.deleted",
            Self::MemberJoined => "member.joined",
            Self::MemberLeft => "member.left",
            Self::MeetupUpdated => "meetup.updated",
            Self::NotificationCreated => "notification.created",
            Self::UserUpdated => "user.updated",
        }
    }

    /// Parses the name of a type; none if there is no such type.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// The scope that a service needs to be told events of this type.
    #[must_use]
    pub fn scope(self) -> Scope {
        match self {
            Self::MessageCreated
            | Self::MessageEdited
            | Self::MessageDeleted
            | Self::MessageReacted
            | Self::MessagePinned
            | Self::Read
            | Self::ConversationCreated
            | Self::ConversationUpdated
            | Self::ConversationDeleted
            | Self::MemberJoined
            | Self::MemberLeft
            | Self::MeetupUpdated => Scope::Read,
            Self::NotificationCreated | Self::UserUpdated => Scope::Users,
        }
    }
}

impl ModelEventType {
    /// The names of the fields of the data, for the documentation. One that ends in a question mark may be absent.
    #[must_use]
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Self::MessageCreated | Self::MessageEdited | Self::MessageDeleted => &["message", "conversation"],
            Self::MessageReacted => &["messageId", "conversationId", "userId", "emoji", "active", "count", "changes?"],
            Self::MessagePinned => &["messageId", "conversationId", "userId", "pinned"],
            Self::Read => &["conversationId", "userId", "messageIds"],
            Self::ConversationCreated | Self::ConversationUpdated | Self::ConversationDeleted => &["conversation"],
            Self::MemberJoined => &["conversation", "user", "memberCount"],
            Self::MemberLeft => &["conversation", "user", "memberCount", "departure", "reason?"],
            Self::MeetupUpdated => &["meetupId", "status", "updatedBy"],
            Self::NotificationCreated => &["userId", "notification"],
            Self::UserUpdated => &["user"],
        }
    }
}

/// An event in the model's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelEvent {
    /// The type of the event.
    pub kind: ModelEventType,
    /// The data as JSON text: an object.
    pub data: String,
}

impl ModelEvent {
    /// Renders an event; none if it concerns one user alone, is not kept, or announces another event that follows.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        Some(match event {
            Event::MessageCreated(message) => Self::message(ModelEventType::MessageCreated, message),
            Event::MessageEdited(message) => Self::message(ModelEventType::MessageEdited, message),
            Event::MessageDeleted(message) => Self::message(ModelEventType::MessageDeleted, message),
            Event::MessageReacted(reacted) => Self::new(ModelEventType::MessageReacted, &ReactedData::of(reacted)),
            Event::MessagePinned { conversation, message, user, pinned } => {
                let data = PinnedData {
                    message_id: message.as_str(),
                    conversation_id: conversation.id.as_str(),
                    user_id: user.as_str(),
                    pinned: *pinned,
                };
                Self::new(ModelEventType::MessagePinned, &data)
            }
            Event::MessagesRead { conversation, reader, messages, audience: _ } => {
                let data = ReadData {
                    conversation_id: conversation.id.as_str(),
                    user_id: reader.id.as_str(),
                    message_ids: IdList(messages),
                };
                Self::new(ModelEventType::Read, &data)
            }
            Event::ConversationCreated { conversation, members: _ } => {
                Self::conversation(ModelEventType::ConversationCreated, conversation)
            }
            Event::ConversationChanged { conversation } => {
                Self::conversation(ModelEventType::ConversationUpdated, conversation)
            }
            Event::ConversationDeleted { conversation } => {
                let data = DeletedData { conversation: PlaceObject::of(conversation) };
                Self::new(ModelEventType::ConversationDeleted, &data)
            }
            Event::MemberJoined { conversation, user, member_count } => {
                let data = JoinedData {
                    conversation: PlaceObject::of(conversation),
                    user: UserObject::of(user),
                    member_count: *member_count,
                };
                Self::new(ModelEventType::MemberJoined, &data)
            }
            Event::MemberLeft { conversation, user, departure, reason, member_count } => {
                let data = LeftData {
                    conversation: PlaceObject::of(conversation),
                    user: NamedObject { id: user.id.as_str(), username: &user.username },
                    member_count: *member_count,
                    departure: departure.as_str(),
                    reason: reason.as_deref(),
                };
                Self::new(ModelEventType::MemberLeft, &data)
            }
            Event::MeetupChanged { meetup, status, updated_by, audience: _ } => {
                let data = MeetupData { meetup_id: meetup.as_str(), status: status.as_str(), updated_by };
                Self::new(ModelEventType::MeetupUpdated, &data)
            }
            Event::Notified { user, notification } => {
                Self::new(ModelEventType::NotificationCreated, &NotifiedData::of(user, notification))
            }
            Event::UserChanged { user, metadata, visible: _ } => {
                Self::new(ModelEventType::UserUpdated, &ProfileData::of(user, metadata.as_ref()))
            }
            // For one user alone.
            Event::ConversationAppeared { .. }
            | Event::ConversationHidden { .. }
            | Event::SettingsChanged { .. }
            | Event::BlocksChanged { .. }
            | Event::Revoked { .. }
            // The deletion itself follows.
            | Event::DeletionAnnounced { .. }
            // Not kept, so that nobody could be told of it later.
            | Event::MessagesDelivered { .. }
            | Event::Typing { .. }
            | Event::Presence { .. }
            | Event::RoomPresence { .. } => return None,
        })
    }

    /// The whole object `{type, position, data}` as JSON text. `position` is the place of the event in the commit order.
    #[must_use]
    pub fn text(&self, position: u64) -> String {
        format!("{{\"type\":\"{}\",\"position\":{position},\"data\":{}}}", self.kind.as_str(), self.data)
    }

    fn new(kind: ModelEventType, data: &impl Serialize) -> Self {
        Self { kind, data: text(data) }
    }

    fn message(kind: ModelEventType, message: &Message) -> Self {
        let conversation = PlaceObject::of(&message.conversation);
        Self::new(kind, &MessageData { message: MessageObject::of(message), conversation })
    }

    fn conversation(kind: ModelEventType, overview: &Overview) -> Self {
        Self::new(kind, &ConversationData { conversation: ConversationObject::of(overview) })
    }
}
