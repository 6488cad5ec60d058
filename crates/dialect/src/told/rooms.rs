//! Rooms, their members, profiles and notifications in the rooms dialect.
//!
//! What must stay true: a room always has a name that clients can show.

use quintet_domain::{ConversationRef, RoomMember};
use serde::Serialize;

use super::{NotificationObject, NotifiedPayload, Own, ProfilePayload, Shown, Told};
use crate::outgoing::Outgoing;
use crate::rooms::UserObject;
use crate::shared::{Moment, is_false};

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
    open: bool,
    owner_id: Option<&'a str>,
    member_count: u32,
}

impl<'a> RoomObject<'a> {
    pub(super) fn of(shown: &Shown<'a>) -> Self {
        Self {
            id: shown.conversation.id.as_str(),
            name: shown.name_or_members(),
            created_at: Moment(shown.created_at),
            kind: shown.conversation.kind.as_str(),
            description: shown.description,
            open: shown.open,
            owner_id: shown.owner.map(quintet_domain::UserId::as_str),
            member_count: shown.member_count,
        }
    }
}

/// A member of a room, with whether it is online.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MemberObject<'a> {
    user_id: &'a str,
    username: &'a str,
    online: bool,
    avatar: Option<&'a str>,
    #[serde(skip_serializing_if = "is_false")]
    guest: bool,
}

/// The members of a room.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RoomMembers<'a> {
    room_id: &'a str,
    users: Vec<MemberObject<'a>>,
}

impl<'a> RoomMembers<'a> {
    pub(super) fn of(room: &'a ConversationRef, members: &'a [RoomMember]) -> Self {
        let member = |member: &'a RoomMember| MemberObject {
            user_id: member.user.id.as_str(),
            username: &member.user.username,
            online: member.online,
            avatar: member.user.avatar.as_deref(),
            guest: member.user.is_guest(),
        };
        Self { room_id: room.id.as_str(), users: members.iter().map(member).collect() }
    }
}

/// The payload of the event for a room that is deleted.
#[derive(Serialize)]
struct DeletedPayload<'a> {
    id: &'a str,
}

pub(super) fn encode(told: Told<'_>) -> Outgoing {
    match told {
        Told::Created(overview) => Outgoing::new("room_added", &RoomObject::of(&Shown::of(overview, Own::New))),
        Told::Changed(overview) => Outgoing::new("room_updated", &RoomObject::of(&Shown::of(overview, Own::Nobody))),
        Told::Deleted(conversation) => Outgoing::new("room_deleted", &DeletedPayload { id: conversation.id.as_str() }),
        Told::Profile(user) => Outgoing::new("user_updated", &ProfilePayload::of(&UserObject::of(user))),
        Told::Notified(user, notification) => {
            let notification = NotificationObject::of(notification);
            Outgoing::new("notification_received", &NotifiedPayload { user_id: user.as_str(), notification })
        }
    }
}
