//! Events in the model's own words, for other back ends: what a service hears over its socket, and what webhooks are told.
//!
//! An event has the form `{type, version, timestamp, position, data}`, whatever the vocabulary of the client that caused it.
//!
//! What must stay true: every event of the model is considered by a match without a wildcard; the data depends on the
//! event alone, not on who receives it; what concerns one user alone, such as settings, is not told. Every event about a
//! conversation has it as `conversation`.

mod draft;
mod objects;

use quintet_domain::{
    ConversationId, ConversationRef, Event, Message, ModelEventType, Notification, Overview, Timestamp, User, UserId,
};
use serde::Serialize;
use serde_json::value::RawValue;

pub use self::draft::DraftQuestion;
use self::objects::{
    ConversationData, ConversationObject, DeletedData, ErasedData, JoinedData, LeftData, MeetupData, MessageData,
    MessageObject, NamedObject, NotificationObject, NotifiedData, PinnedData, PlaceObject, ProfileData,
    PushedMessageData, PushedNotificationData, ReactedData, ReadData, ReportedData, UserObject,
};
use crate::outgoing::text;
use crate::shared::IdList;

/// The version of the words. A field that is added needs no new one.
pub const MODEL_EVENTS_VERSION: u32 = 1;

/// Returns the names of the fields of an event's data, for the documentation. One that ends in a question mark may be absent.
#[must_use]
pub fn model_event_fields(kind: ModelEventType) -> &'static [&'static str] {
    match kind {
        ModelEventType::MessageCreated | ModelEventType::MessageEdited | ModelEventType::MessageDeleted => {
            &["conversation", "message"]
        }
        ModelEventType::MessageReacted => {
            &["conversation", "messageId", "userId", "emoji", "active", "count", "changes?"]
        }
        ModelEventType::MessagePinned => &["conversation", "messageId", "userId", "pinned"],
        ModelEventType::MessagesRead => &["conversation", "userId", "messageIds"],
        ModelEventType::ConversationCreated
        | ModelEventType::ConversationUpdated
        | ModelEventType::ConversationDeleted => &["conversation"],
        ModelEventType::MemberJoined => &["conversation", "user", "memberCount"],
        ModelEventType::MemberLeft => &["conversation", "user", "memberCount", "departure", "reason?"],
        ModelEventType::MeetupUpdated => &["meetupId", "status", "updatedBy"],
        ModelEventType::NotificationCreated => &["userId", "notification"],
        ModelEventType::UserCreated | ModelEventType::UserUpdated => &["user"],
        ModelEventType::UserErased => &["userId"],
        ModelEventType::ReportCreated => &["conversation", "messageId", "reportId", "byServer"],
        ModelEventType::PushNeeded => &["userIds", "conversation?", "message?", "notification?"],
    }
}

/// An event in the model's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelEvent {
    /// The type of the event.
    pub kind: ModelEventType,
    /// The conversation that it is about, if it is about one.
    pub conversation: Option<ConversationId>,
    /// When it happened.
    pub at: Timestamp,
    /// The data as JSON text: an object.
    pub data: String,
}

/// What people are to be sent a push message about.
#[derive(Clone, Copy, Debug)]
pub enum PushSubject<'e> {
    /// A message of a conversation of theirs.
    Message(&'e Message),
    /// A notification that they were sent.
    Notification(&'e Notification),
}

/// The whole of an event.
#[derive(Serialize)]
struct Whole<'e> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'e str>,
    #[serde(rename = "type")]
    kind: &'e str,
    version: u32,
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
    data: &'e RawValue,
}

/// Returns the whole of an event, or of a question about a draft, as JSON text. Only what can be repeated has an `id`; only
/// what is in the log has a position, its place in the commit order.
#[must_use]
pub fn model_event_text(id: Option<&str>, kind: &str, at: Timestamp, position: Option<u64>, data: &str) -> String {
    // Data is always written by this module, so that it is JSON.
    let Ok(data) = serde_json::from_str::<&RawValue>(data) else { return String::new() };
    text(&Whole { id, kind, version: MODEL_EVENTS_VERSION, timestamp: at.to_string(), position, data })
}

impl ModelEvent {
    /// Renders an event that happened at a moment; none if it concerns one user alone, is not kept, or announces another event
    /// that follows. `is_erased` says whether the user whose profile it is about has been erased, by this event or later.
    #[must_use]
    pub fn of(event: &Event, at: Timestamp, is_erased: bool) -> Option<Self> {
        let new = |kind, conversation: Option<&ConversationRef>, data: String| {
            let conversation = conversation.map(|conversation| conversation.id.clone());
            Some(Self { kind, conversation, at, data })
        };
        let message = |kind, message: &Message| {
            let (conversation, object) = (PlaceObject::of(&message.conversation), MessageObject::of(message));
            new(kind, Some(&message.conversation), text(&MessageData { conversation, message: object }))
        };
        let whole = |kind, overview: &Overview| {
            let data = ConversationData { conversation: ConversationObject::of(overview) };
            new(kind, Some(&overview.conversation), text(&data))
        };
        match event {
            Event::MessageCreated(created) => message(ModelEventType::MessageCreated, created),
            Event::MessageEdited(edited) => message(ModelEventType::MessageEdited, edited),
            Event::MessageDeleted(deleted) => message(ModelEventType::MessageDeleted, deleted),
            Event::MessageReacted(reacted) => {
                let data = text(&ReactedData::of(reacted));
                new(ModelEventType::MessageReacted, Some(&reacted.conversation), data)
            }
            Event::MessagePinned { conversation, message, user, pinned } => {
                let data = PinnedData {
                    conversation: PlaceObject::of(conversation),
                    message_id: message.as_str(),
                    user_id: user.as_str(),
                    pinned: *pinned,
                };
                new(ModelEventType::MessagePinned, Some(conversation), text(&data))
            }
            Event::MessagesRead { conversation, reader, messages, audience: _ } => {
                let data = ReadData {
                    conversation: PlaceObject::of(conversation),
                    user_id: reader.id.as_str(),
                    message_ids: IdList(messages),
                };
                new(ModelEventType::MessagesRead, Some(conversation), text(&data))
            }
            Event::ConversationCreated { conversation, members: _ } => {
                whole(ModelEventType::ConversationCreated, conversation)
            }
            Event::ConversationChanged { conversation } => whole(ModelEventType::ConversationUpdated, conversation),
            Event::ConversationDeleted { conversation } => {
                let data = DeletedData { conversation: PlaceObject::of(conversation) };
                new(ModelEventType::ConversationDeleted, Some(conversation), text(&data))
            }
            Event::MemberJoined { conversation, user, member_count } => {
                let (place, user) = (PlaceObject::of(conversation), UserObject::of(user));
                let data = JoinedData { conversation: place, user, member_count: *member_count };
                new(ModelEventType::MemberJoined, Some(conversation), text(&data))
            }
            Event::MemberLeft { conversation, user, departure, reason, member_count } => {
                let data = LeftData {
                    conversation: PlaceObject::of(conversation),
                    user: NamedObject { id: user.id.as_str(), username: &user.username },
                    member_count: *member_count,
                    departure: departure.as_str(),
                    reason: reason.as_deref(),
                };
                new(ModelEventType::MemberLeft, Some(conversation), text(&data))
            }
            Event::MeetupChanged { meetup, status, updated_by, audience: _ } => {
                let data = MeetupData { meetup_id: meetup.as_str(), status: status.as_str(), updated_by };
                new(ModelEventType::MeetupUpdated, None, text(&data))
            }
            Event::MessageReported { conversation, message, report, by_server } => {
                let (place, message_id) = (PlaceObject::of(conversation), message.as_str());
                let data =
                    ReportedData { conversation: place, message_id, report_id: *report, by_server: *by_server };
                new(ModelEventType::ReportCreated, Some(conversation), text(&data))
            }
            Event::Notified { user, notification } => {
                new(ModelEventType::NotificationCreated, None, text(&NotifiedData::of(user, notification)))
            }
            Event::UserChanged { user, .. } if is_erased => {
                new(ModelEventType::UserErased, None, text(&ErasedData { user_id: user.id.as_str() }))
            }
            Event::UserChanged { user, metadata, visible: _ } => {
                new(profile_type(user, at), None, text(&ProfileData::of(user, metadata.as_ref())))
            }
            // For one user alone.
            Event::ConversationAppeared { .. }
            | Event::MessageAppeared { .. }
            | Event::ConversationHidden { .. }
            | Event::SettingsChanged { .. }
            | Event::BlocksChanged { .. }
            | Event::Revoked { .. }
            | Event::SessionEnded { .. }
            // The deletion itself follows.
            | Event::DeletionAnnounced { .. }
            // Not kept, so that nobody could be told of it later.
            | Event::MessagesDelivered { .. }
            | Event::Typing { .. }
            | Event::Presence { .. }
            | Event::RoomPresence { .. } => None,
        }
    }

    /// Renders that people are to be sent a push message about something that happened at a moment.
    #[must_use]
    pub fn push_needed(users: &[UserId], subject: PushSubject<'_>, at: Timestamp) -> Self {
        let (conversation, data) = match subject {
            PushSubject::Message(message) => {
                let place = PlaceObject::of(&message.conversation);
                let data = PushedMessageData {
                    user_ids: IdList(users),
                    conversation: place,
                    message: MessageObject::of(message),
                };
                (Some(message.conversation.id.clone()), text(&data))
            }
            PushSubject::Notification(notification) => {
                let notification = NotificationObject::of(notification);
                (None, text(&PushedNotificationData { user_ids: IdList(users), notification }))
            }
        };
        Self { kind: ModelEventType::PushNeeded, conversation, at, data }
    }

    /// Returns the whole object `{id, type, version, timestamp, position, data}` as JSON text. `position` is the place of the
    /// event in the commit order.
    #[must_use]
    pub fn text(&self, id: Option<&str>, position: u64) -> String {
        model_event_text(id, self.kind.as_str(), self.at, Some(position), &self.data)
    }
}

/// The type of an event about a profile: the first change of one is the creation of its account.
fn profile_type(user: &User, at: Timestamp) -> ModelEventType {
    match at == user.created_at {
        true => ModelEventType::UserCreated,
        false => ModelEventType::UserUpdated,
    }
}
