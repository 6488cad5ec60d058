//! The objects in the payloads of the rooms dialect.
//!
//! What must stay true: an object has the same fields in every event, answer and call over HTTP.

use quintet_domain::{ConversationRef, Message, RoomMember, User};
use serde::Serialize;

use crate::details::Extras;
use crate::shared::{Moment, is_false};

/// A user.
#[derive(Serialize)]
pub(crate) struct UserObject<'a> {
    id: &'a str,
    username: &'a str,
    avatar: Option<&'a str>,
    #[serde(skip_serializing_if = "is_false")]
    guest: bool,
}

impl<'a> UserObject<'a> {
    pub(crate) fn of(user: &'a User) -> Self {
        Self { id: user.id.as_str(), username: &user.username, avatar: user.avatar.as_deref(), guest: user.is_guest() }
    }
}

/// A message.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageObject<'a> {
    id: &'a str,
    room_id: &'a str,
    content: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    user_id: &'a str,
    user: UserObject<'a>,
    created_at: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_at: Option<Moment>,
    #[serde(skip_serializing_if = "is_false")]
    deleted: bool,
    #[serde(flatten)]
    extras: Extras<'a>,
}

impl<'a> MessageObject<'a> {
    pub(crate) fn of(message: &'a Message) -> Self {
        Self {
            id: message.id.as_str(),
            room_id: message.conversation.id.as_str(),
            content: &message.content,
            kind: message.kind.as_str(),
            user_id: message.sender.id.as_str(),
            user: UserObject::of(&message.sender),
            created_at: Moment(message.created_at),
            edited_at: message.edited_at.map(Moment),
            deleted: message.deleted_at.is_some(),
            extras: Extras::of(message),
        }
    }
}

/// A member of a room, with whether it is online.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoomMemberObject<'a> {
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
    users: Vec<RoomMemberObject<'a>>,
}

impl<'a> RoomMembers<'a> {
    pub(super) fn of(room: &'a ConversationRef, members: &'a [RoomMember]) -> Self {
        let member = |member: &'a RoomMember| RoomMemberObject {
            user_id: member.user.id.as_str(),
            username: &member.user.username,
            online: member.online,
            avatar: member.user.avatar.as_deref(),
            guest: member.user.is_guest(),
        };
        Self { room_id: room.id.as_str(), users: members.iter().map(member).collect() }
    }
}
