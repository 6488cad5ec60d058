//! Chats, profiles and notifications in the chat dialect.
//!
//! What must stay true: the objects are those of the dialect's HTTP answers, field by field.

use quintet_domain::{ConversationKind, Member, UserId};
use serde::Serialize;
use serde_json::value::RawValue;

use super::parts::{
    ChatIdPayload, ChatPayload, CommonEvent, NotificationObject, NotifiedPayload, Own, ProfilePayload, SettingsObject,
    SettingsPayload, Shown,
};
use crate::chat::UserObject;
use crate::dialect::Dialect;
use crate::outgoing::{Online, Outgoing};
use crate::shared::{self, ModerationObject, Moment, is_false};

/// A member of a chat.
#[derive(Serialize)]
struct ParticipantObject<'a> {
    id: &'a str,
    username: &'a str,
    /// The address of the reader; an empty text for others.
    email: &'a str,
    avatar_url: Option<&'a str>,
    status: &'static str,
    role: &'static str,
    joined_at: Moment,
    last_read_at: Option<Moment>,
    #[serde(skip_serializing_if = "is_false")]
    guest: bool,
}

impl<'a> ParticipantObject<'a> {
    fn of(member: &'a Member, own: Own<'a>, online: Online<'_>) -> Self {
        let email = match own {
            Own::Reader { user, email, .. } if *user == member.user.id => email,
            Own::Reader { .. } | Own::New | Own::Nobody => "",
        };
        Self {
            id: member.user.id.as_str(),
            username: &member.user.username,
            email,
            avatar_url: member.user.avatar.as_deref(),
            status: shared::status(online(&member.user.id)),
            role: member.role.as_str(),
            joined_at: Moment(member.joined_at),
            last_read_at: member.read_at.map(Moment),
            guest: member.user.is_guest(),
        }
    }
}

/// A chat.
#[derive(Serialize)]
pub(super) struct ChatObject<'a> {
    id: &'a str,
    name: Option<&'a str>,
    #[serde(rename = "type")]
    kind: &'static str,
    created_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
    created_at: Moment,
    updated_at: Moment,
    /// When the reader last read, which may be null; absent in an object for all members.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_read_at: Option<Option<Moment>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unread_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    moderation: Option<ModerationObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<SettingsObject>,
    last_message: Option<Box<RawValue>>,
    participants: Vec<ParticipantObject<'a>>,
}

impl<'a> ChatObject<'a> {
    pub(super) fn of(shown: &Shown<'a>, online: Online<'_>) -> Self {
        let read_at = |user: &UserId| shown.members.iter().find(|member| member.user.id == *user)?.read_at;
        Self {
            id: shown.conversation.id.as_str(),
            name: shown.conversation.name.as_deref(),
            kind: if shown.conversation.kind == ConversationKind::Direct { "direct" } else { "group" },
            created_by: shown.owner.map(UserId::as_str),
            picture: shown.picture,
            metadata: shown.custom_data(),
            created_at: Moment(shown.created_at),
            updated_at: Moment(shown.updated_at),
            last_read_at: match shown.own {
                Own::New => Some(None),
                Own::Nobody => None,
                Own::Reader { user, .. } => Some(read_at(user).map(Moment)),
            },
            unread_count: shown.own.unread_count(),
            moderation: shown.limits(),
            settings: shown.own.settings(),
            last_message: shown.last(Dialect::Chat, online),
            participants: shown.members.iter().map(|one| ParticipantObject::of(one, shown.own, online)).collect(),
        }
    }
}

pub(super) fn encode(event: CommonEvent<'_>, online: Online<'_>) -> Outgoing {
    let whole = |name, overview, own| {
        Outgoing::new(name, &ChatPayload { chat: ChatObject::of(&Shown::of(overview, own), online) })
    };
    match event {
        CommonEvent::Created(overview) => whole("chat:created", overview, Own::New),
        CommonEvent::Changed(overview) => whole("chat:updated", overview, Own::Nobody),
        CommonEvent::Deleted(conversation) => Outgoing::new("chat:deleted", &ChatIdPayload::of(conversation)),
        CommonEvent::Settings(conversation, _, settings) => {
            Outgoing::new("chat:configured", &SettingsPayload::of(ChatIdPayload::of(conversation), settings))
        }
        CommonEvent::Profile(user, metadata) => {
            Outgoing::new("user:updated", &ProfilePayload::of(&UserObject::of(user, online(&user.id)), metadata))
        }
        CommonEvent::Notified(user, notification) => {
            let notification = NotificationObject::of(notification);
            Outgoing::new("notification:new", &NotifiedPayload::of(user, notification))
        }
    }
}
