//! Chats, profiles and notifications in the meetup dialect.
//!
//! What must stay true: an object has all of its fields in every event, except for those of one reader's own.

use quintet_domain::{Member, Notification};
use serde::Serialize;
use serde_json::value::RawValue;

use super::parts::{
    ChatIdPayload, ChatPayload, CommonEvent, NotifiedPayload, Own, ProfilePayload, SettingsObject, SettingsPayload,
    Shown,
};
use crate::dialect::Dialect;
use crate::outgoing::{Online, Outgoing};
use crate::shared::{ModerationObject, Moment, PlainUser};

/// A member of a chat.
#[derive(Serialize)]
struct ParticipantObject<'a> {
    #[serde(flatten)]
    user: PlainUser<'a>,
    role: &'static str,
}

impl<'a> ParticipantObject<'a> {
    fn of(member: &'a Member) -> Self {
        Self { user: PlainUser::of(&member.user), role: member.role.as_str() }
    }
}

/// A chat. The document has no such object; its names are those of the document's messages.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChatObject<'a> {
    chat_id: &'a str,
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    name: Option<&'a str>,
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
    open: bool,
    owner_id: Option<&'a str>,
    participants: Vec<ParticipantObject<'a>>,
    member_count: u32,
    last_message: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unread_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    moderation: Option<ModerationObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<SettingsObject>,
    created_at: Moment,
    updated_at: Moment,
}

impl<'a> ChatObject<'a> {
    pub(super) fn of(shown: &Shown<'a>, online: Online<'_>) -> Self {
        Self {
            chat_id: shown.conversation.id.as_str(),
            id: shown.conversation.id.as_str(),
            kind: shown.conversation.kind.as_str(),
            name: shown.conversation.name.as_deref(),
            description: shown.description,
            picture: shown.picture,
            metadata: shown.custom_data(),
            open: shown.open,
            owner_id: shown.owner.map(quintet_domain::UserId::as_str),
            participants: shown.members.iter().map(ParticipantObject::of).collect(),
            member_count: shown.member_count,
            last_message: shown.last(Dialect::Meetup, online),
            unread_count: shown.own.unread_count(),
            moderation: shown.limits(),
            settings: shown.own.settings(),
            created_at: Moment(shown.created_at),
            updated_at: Moment(shown.updated_at),
        }
    }
}

/// A notification.
#[derive(Serialize)]
struct NotificationObject<'a> {
    title: &'a str,
    message: &'a str,
    timestamp: Moment,
    id: &'a str,
}

impl<'a> NotificationObject<'a> {
    fn of(notification: &'a Notification) -> Self {
        Self {
            title: &notification.title,
            message: &notification.message,
            timestamp: Moment(notification.timestamp),
            id: notification.id.as_str(),
        }
    }
}

pub(super) fn encode(event: CommonEvent<'_>, online: Online<'_>) -> Outgoing {
    let chat = |name, overview, own| {
        Outgoing::new(name, &ChatPayload { chat: ChatObject::of(&Shown::of(overview, own), online) })
    };
    match event {
        CommonEvent::Created(overview) => chat("chatCreated", overview, Own::New),
        CommonEvent::Changed(overview) => chat("chatUpdated", overview, Own::Nobody),
        CommonEvent::Deleted(conversation) => Outgoing::new("chatDeleted", &ChatIdPayload::of(conversation)),
        CommonEvent::Settings(conversation, _, settings) => {
            Outgoing::new("settingsUpdated", &SettingsPayload::of(ChatIdPayload::of(conversation), settings))
        }
        CommonEvent::Profile(user, metadata) => {
            Outgoing::new("userUpdated", &ProfilePayload::of(&PlainUser::of(user), metadata))
        }
        CommonEvent::Notified(user, notification) => {
            let notification = NotificationObject::of(notification);
            Outgoing::new("newNotification", &NotifiedPayload::of(user, notification))
        }
    }
}
