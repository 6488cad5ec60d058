//! Groups, profiles and notifications in the messenger dialect.
//!
//! What must stay true: a direct conversation is no group, so that none of these events tells of one; the end of a group
//! is told by the document's own event.

use serde::Serialize;
use serde_json::value::RawValue;

use super::parts::{
    CommonEvent, NotificationObject, NotifiedPayload, Own, ProfilePayload, SettingsObject, SettingsPayload, Shown,
};
use crate::messenger::{Place, UserObject};
use crate::outgoing::Outgoing;
use crate::shared::{ModerationObject, Moment};

/// A group, as the dialect's list of groups has it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GroupObject<'a> {
    #[serde(rename = "_id")]
    id: &'a str,
    name: Option<&'a str>,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
    creator: Option<&'a str>,
    member_count: u32,
    is_member: bool,
    created_at: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    moderation: Option<ModerationObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<SettingsObject>,
}

impl<'a> GroupObject<'a> {
    pub(super) fn of(shown: &Shown<'a>) -> Self {
        Self {
            id: shown.conversation.id.as_str(),
            name: shown.conversation.name.as_deref(),
            description: shown.description.unwrap_or_default(),
            picture: shown.picture,
            metadata: shown.custom_data(),
            creator: shown.owner.map(quintet_domain::UserId::as_str),
            member_count: shown.member_count,
            is_member: shown.is_member,
            created_at: Moment(shown.created_at),
            moderation: shown.limits(),
            settings: shown.own.settings(),
        }
    }
}

/// The payload of an event about a whole group.
#[derive(Serialize)]
struct GroupPayload<'a> {
    group: GroupObject<'a>,
}

pub(super) fn encode(event: CommonEvent<'_>) -> Option<Outgoing> {
    Some(match event {
        CommonEvent::Created(overview) | CommonEvent::Changed(overview) if overview.conversation.pair.is_some() => {
            return None;
        }
        CommonEvent::Created(overview) => {
            let group = GroupObject::of(&Shown::of(overview, Own::New));
            Outgoing::new("groupCreated", &GroupPayload { group })
        }
        CommonEvent::Changed(overview) => {
            let group = GroupObject::of(&Shown::of(overview, Own::Nobody));
            Outgoing::new("groupUpdated", &GroupPayload { group })
        }
        CommonEvent::Deleted(_) => return None,
        CommonEvent::Settings(conversation, user, settings) => {
            Outgoing::new("preferencesChanged", &SettingsPayload::of(Place::of(conversation, user), settings))
        }
        CommonEvent::Profile(user, metadata) => {
            Outgoing::new("contactUpdated", &ProfilePayload::of(&UserObject::of(user), metadata))
        }
        CommonEvent::Notified(user, notification) => {
            let notification = NotificationObject::with_object_id(notification);
            Outgoing::new("notificationReceived", &NotifiedPayload::of(user, notification))
        }
    })
}
