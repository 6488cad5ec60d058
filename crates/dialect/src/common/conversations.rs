//! Conversations, profiles and notifications in the conversations dialect.
//!
//! What must stay true: the objects are those of the dialect's HTTP answers, field by field.

use quintet_domain::{ConversationRef, Member, User};
use serde::Serialize;
use serde_json::value::RawValue;

use super::parts::{
    CommonEvent, NotificationObject, NotifiedPayload, Own, ProfilePayload, SettingsObject, SettingsPayload, Shown,
};
use crate::dialect::Dialect;
use crate::outgoing::{Online, Outgoing};
use crate::shared::{self, ModerationObject, Moment, is_false};

/// A user, as the dialect's lists have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserObject<'a> {
    #[serde(rename = "_id")]
    object_id: &'a str,
    id: &'a str,
    username: &'a str,
    avatar: Option<&'a str>,
    status: &'static str,
    last_seen: Moment,
    created_at: Moment,
    #[serde(skip_serializing_if = "is_false")]
    guest: bool,
}

impl<'a> UserObject<'a> {
    fn of(user: &'a User, online: Online<'_>) -> Self {
        Self {
            object_id: user.id.as_str(),
            id: user.id.as_str(),
            username: &user.username,
            avatar: user.avatar.as_deref(),
            status: shared::status(online(&user.id)),
            // Clients format this time without a check, so users who were never seen need one, too.
            last_seen: Moment(user.last_seen.unwrap_or(user.created_at)),
            created_at: Moment(user.created_at),
            guest: user.is_guest(),
        }
    }
}

/// A member of a conversation.
#[derive(Serialize)]
struct ParticipantObject<'a> {
    #[serde(flatten)]
    user: UserObject<'a>,
    role: &'static str,
}

/// A conversation.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConversationObject<'a> {
    #[serde(rename = "_id")]
    object_id: &'a str,
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    name: Option<&'a str>,
    participants: Vec<ParticipantObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
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

impl<'a> ConversationObject<'a> {
    pub(super) fn of(shown: &Shown<'a>, online: Online<'_>) -> Self {
        let participant = |member: &'a Member| ParticipantObject {
            user: UserObject::of(&member.user, online),
            role: member.role.as_str(),
        };
        Self {
            object_id: shown.conversation.id.as_str(),
            id: shown.conversation.id.as_str(),
            kind: shown.conversation.kind.as_str(),
            name: shown.conversation.name.as_deref(),
            participants: shown.members.iter().map(participant).collect(),
            picture: shown.picture,
            metadata: shown.custom_data(),
            last_message: shown.last(Dialect::Conversations, online),
            unread_count: shown.own.unread_count(),
            moderation: shown.limits(),
            settings: shown.own.settings(),
            created_at: Moment(shown.created_at),
            updated_at: Moment(shown.updated_at),
        }
    }
}

/// The payload of an event about a whole conversation.
#[derive(Serialize)]
struct ConversationPayload<'a> {
    conversation: ConversationObject<'a>,
}

/// The payload of an event that names a conversation.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ConversationIdPayload<'a> {
    conversation_id: &'a str,
}

impl<'a> ConversationIdPayload<'a> {
    fn of(conversation: &'a ConversationRef) -> Self {
        Self { conversation_id: conversation.id.as_str() }
    }
}

pub(super) fn encode(event: CommonEvent<'_>, online: Online<'_>) -> Outgoing {
    let whole = |name, overview, own| {
        let conversation = ConversationObject::of(&Shown::of(overview, own), online);
        Outgoing::new(name, &ConversationPayload { conversation })
    };
    match event {
        CommonEvent::Created(overview) => whole("conversation_created", overview, Own::New),
        CommonEvent::Changed(overview) => whole("conversation_updated", overview, Own::Nobody),
        CommonEvent::Deleted(conversation) => {
            Outgoing::new("conversation_deleted", &ConversationIdPayload::of(conversation))
        }
        CommonEvent::Settings(conversation, _, settings) => Outgoing::new(
            "conversation_settings_updated",
            &SettingsPayload::of(ConversationIdPayload::of(conversation), settings),
        ),
        CommonEvent::Profile(user, metadata) => {
            Outgoing::new("profile_updated", &ProfilePayload::of(&UserObject::of(user, online), metadata))
        }
        CommonEvent::Notified(user, notification) => {
            let notification = NotificationObject::with_object_id(notification);
            Outgoing::new("notification_created", &NotifiedPayload::of(user, notification))
        }
    }
}
