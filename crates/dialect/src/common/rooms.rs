//! Rooms, their members, profiles and notifications in the rooms dialect.
//!
//! What must stay true: a room always has a name that clients can show.

use serde::Serialize;
use serde_json::value::RawValue;

use super::parts::{
    CommonEvent, NotificationObject, NotifiedPayload, Own, ProfilePayload, SettingsObject, SettingsPayload, Shown,
};
use crate::outgoing::Outgoing;
use crate::rooms::UserObject;
use crate::shared::{ModerationObject, Moment};

/// A room. A direct conversation has the usernames of its two members as its name.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RoomObject<'a> {
    id: &'a str,
    name: String,
    created_at: Moment,
    #[serde(rename = "type")]
    kind: &'static str,
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
    open: bool,
    owner_id: Option<&'a str>,
    member_count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    moderation: Option<ModerationObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<SettingsObject>,
}

impl<'a> RoomObject<'a> {
    pub(super) fn of(shown: &Shown<'a>) -> Self {
        Self {
            id: shown.conversation.id.as_str(),
            name: shown.name_or_members(),
            created_at: Moment(shown.created_at),
            kind: shown.conversation.kind.as_str(),
            description: shown.description,
            picture: shown.picture,
            metadata: shown.custom_data(),
            open: shown.open,
            owner_id: shown.owner.map(quintet_domain::UserId::as_str),
            member_count: shown.member_count,
            moderation: shown.limits(),
            settings: shown.own.settings(),
        }
    }
}

/// The payload of the event for a room that is deleted.
#[derive(Serialize)]
struct DeletedPayload<'a> {
    id: &'a str,
}

/// The payload of an event that names a room.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoomIdPayload<'a> {
    room_id: &'a str,
}

pub(super) fn encode(event: CommonEvent<'_>) -> Outgoing {
    match event {
        CommonEvent::Created(overview) => Outgoing::new("room_added", &RoomObject::of(&Shown::of(overview, Own::New))),
        CommonEvent::Changed(overview) => {
            Outgoing::new("room_updated", &RoomObject::of(&Shown::of(overview, Own::Nobody)))
        }
        CommonEvent::Deleted(conversation) => {
            Outgoing::new("room_deleted", &DeletedPayload { id: conversation.id.as_str() })
        }
        CommonEvent::Settings(conversation, _, settings) => Outgoing::new(
            "room_settings_updated",
            &SettingsPayload::of(RoomIdPayload { room_id: conversation.id.as_str() }, settings),
        ),
        CommonEvent::Profile(user, metadata) => {
            Outgoing::new("user_updated", &ProfilePayload::of(&UserObject::of(user), metadata))
        }
        CommonEvent::Notified(user, notification) => {
            let notification = NotificationObject::of(notification);
            Outgoing::new("notification_received", &NotifiedPayload::of(user, notification))
        }
    }
}
