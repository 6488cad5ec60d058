//! What webhooks are told, in the words of the HTTP API.
//!
//! What must stay true: each event of the log is thought of here, without a wildcard. What belongs to one user alone, such
//! as its own settings of a conversation, is told to no webhook.

use quintet_domain::{
    ConversationId, ConversationKind, ConversationRef, Departure, Event, Hidden, Overview, UserId, WebhookKind,
};
use quintet_service::{Address, Base, OwnReactions, Service, Told};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::limits::Moderation;
use crate::message_details::custom_data;
use crate::views::{Member, Message, Moment, Notification, Profile, User, Views, notification};

/// What a webhook is told of one entry of the log.
#[derive(Debug)]
pub struct EventData {
    /// The kind of event, as receivers see it.
    pub kind: WebhookKind,
    /// The conversation that it is about, if it is about one.
    pub conversation: Option<ConversationId>,
    /// Whether it is of a direct conversation, or a notification.
    pub is_personal: bool,
    /// The data, as JSON.
    pub data: Box<RawValue>,
}

/// A conversation as events refer to it.
#[derive(Serialize)]
struct Reference {
    id: String,
    kind: &'static str,
    name: Option<String>,
}

impl Reference {
    fn of(conversation: &ConversationRef) -> Self {
        Self {
            id: conversation.id.to_string(),
            kind: ConversationKind::as_str(conversation.kind),
            name: conversation.name.as_deref().map(str::to_owned),
        }
    }
}

/// A conversation as all of its members see it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Conversation {
    #[serde(flatten)]
    reference: Reference,
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Box<RawValue>>,
    open: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    moderation: Option<Moderation>,
    owner_id: Option<String>,
    /// At most a hundred; the first ten of a larger conversation.
    members: Vec<Member>,
    member_count: u32,
    created_at: Moment,
    updated_at: Moment,
}

impl Conversation {
    fn of(views: &Views<'_>, overview: &Overview) -> Self {
        Self {
            reference: Reference::of(&overview.conversation),
            description: overview.description.as_deref().map(str::to_owned),
            metadata: custom_data(overview.metadata.as_ref()),
            open: overview.open,
            moderation: Moderation::of(overview.moderation, None),
            owner_id: overview.owner.as_ref().map(UserId::to_string),
            members: overview.members.iter().map(|member| views.member(member)).collect(),
            member_count: overview.member_count,
            created_at: Moment(overview.created_at),
            updated_at: Moment(overview.updated_at),
        }
    }
}

/// The data of an event. What does not belong to the kind of the event is absent.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_ids: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    emoji: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pinned: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Person>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    member_count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    departure: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meetup_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notification: Option<Notification>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Shown {
    Reference(Reference),
    Whole(Box<Conversation>),
}

#[derive(Serialize)]
#[serde(untagged)]
enum Person {
    User(Box<User>),
    Profile(Box<Profile>),
}

/// Returns what a webhook is told of an entry of the log; `None` if it is told nothing.
#[must_use]
pub fn event_data(service: &Service, told: &Told) -> Option<EventData> {
    // Links have the address that the operator names, if it names one: a webhook comes by none.
    let base = service.bases().find(&Address::default()).unwrap_or(Base::RELATIVE);
    let links = service.bases().links(base);
    let event = &told.entry.event;
    let linked = links.event(event, |message| links.message(message));
    let event = linked.as_ref().unwrap_or(event);
    let (kind, about, data) = words(&Views(service, &Hidden::Nobody), told, event)?;
    let is_personal = event.parties().is_some();
    let conversation = about.map(|about| about.id.clone());
    // None of these types fails to be serialised.
    let data = to_raw_value(&data).ok()?;
    Some(EventData { kind, conversation, is_personal, data })
}

fn words<'e>(
    views: &Views<'_>,
    told: &Told,
    event: &'e Event,
) -> Option<(WebhookKind, Option<&'e ConversationRef>, Data)> {
    let own = OwnReactions::of_nobody();
    let about = |conversation: &'e ConversationRef, data: Data| {
        let reference = Shown::Reference(Reference::of(conversation));
        (Some(conversation), Data { conversation: Some(reference), ..data })
    };
    let whole = |overview: &'e Overview| {
        let shown = Shown::Whole(Box::new(Conversation::of(views, overview)));
        (Some(&*overview.conversation), Data { conversation: Some(shown), ..Data::default() })
    };
    let message = |message: &'e quintet_domain::Message| {
        let data = Data { message: Some(views.message(message, &own)), ..Data::default() };
        about(&message.conversation, data)
    };
    let person = |user: &quintet_domain::User| Some(Person::User(Box::new(views.user(user))));
    let (kind, (conversation, data)) = match event {
        Event::MessageCreated(created) => (WebhookKind::MessageCreated, message(created)),
        Event::MessageEdited(edited) => (WebhookKind::MessageEdited, message(edited)),
        Event::MessageDeleted(deleted) => (WebhookKind::MessageDeleted, message(deleted)),
        Event::MessageReacted(reacted) => {
            let data = Data {
                message_id: Some(reacted.message.to_string()),
                emoji: Some(reacted.emoji.to_string()),
                user_id: Some(reacted.user.to_string()),
                active: Some(reacted.active),
                count: Some(reacted.count),
                ..Data::default()
            };
            (WebhookKind::MessageReacted, about(&reacted.conversation, data))
        }
        Event::MessagePinned { conversation, message, user, pinned } => {
            let (message_id, user_id) = (Some(message.to_string()), Some(user.to_string()));
            let data = Data { message_id, user_id, pinned: Some(*pinned), ..Data::default() };
            (WebhookKind::MessagePinned, about(conversation, data))
        }
        Event::MessagesRead { conversation, reader, messages, audience: _ } => {
            let message_ids = Some(messages.iter().map(ToString::to_string).collect());
            let data = Data { message_ids, user: person(reader), ..Data::default() };
            (WebhookKind::MessagesRead, about(conversation, data))
        }
        Event::ConversationCreated { conversation, members: _ } => {
            (WebhookKind::ConversationCreated, whole(conversation))
        }
        Event::ConversationChanged { conversation } => (WebhookKind::ConversationUpdated, whole(conversation)),
        Event::ConversationDeleted { conversation } => {
            (WebhookKind::ConversationDeleted, about(conversation, Data::default()))
        }
        Event::MemberJoined { conversation, user, member_count } => {
            let data = Data { user: person(user), member_count: Some(*member_count), ..Data::default() };
            (WebhookKind::MemberJoined, about(conversation, data))
        }
        Event::MemberLeft { conversation, user, departure, reason, member_count } => {
            let (user, departure) = (person(user), Some(Departure::as_str(*departure)));
            let (reason, member_count) = (reason.as_deref().map(str::to_owned), Some(*member_count));
            let data = Data { user, departure, reason, member_count, ..Data::default() };
            (WebhookKind::MemberLeft, about(conversation, data))
        }
        Event::MeetupChanged { meetup, status, updated_by, audience: _ } => {
            let (meetup_id, updated_by) = (Some(meetup.to_string()), Some(updated_by.clone()));
            let data = Data { meetup_id, status: Some(status.as_str()), updated_by, ..Data::default() };
            (WebhookKind::MeetupUpdated, (None, data))
        }
        Event::Notified { user, notification: notified } => {
            let (user_id, notification) = (Some(user.to_string()), Some(notification(notified)));
            (WebhookKind::NotificationCreated, (None, Data { user_id, notification, ..Data::default() }))
        }
        Event::UserChanged { user, .. } if told.is_erased => {
            let data = Data { user_id: Some(user.id.to_string()), ..Data::default() };
            (WebhookKind::UserErased, (None, data))
        }
        Event::UserChanged { user, metadata, visible: _ } => {
            let kind = match told.at == user.created_at {
                true => WebhookKind::UserCreated,
                false => WebhookKind::UserUpdated,
            };
            let profile = Person::Profile(Box::new(views.profile(user, metadata.as_ref())));
            (kind, (None, Data { user: Some(profile), ..Data::default() }))
        }
        // Announcements of changes that follow.
        Event::ConversationAppeared { .. } | Event::DeletionAnnounced { .. } => return None,
        // Matters of one user alone, and of its sessions.
        Event::ConversationHidden { .. }
        | Event::SettingsChanged { .. }
        | Event::BlocksChanged { .. }
        | Event::Revoked { .. } => return None,
        // No part of the log.
        Event::MessagesDelivered { .. }
        | Event::Typing { .. }
        | Event::Presence { .. }
        | Event::RoomPresence { .. } => {
            return None;
        }
    };
    Some((kind, conversation, data))
}
