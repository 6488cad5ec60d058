//! The events that all dialects have beside those of their documents: conversations that begin, change and end, changed
//! profiles, notifications, and who is online. One file per dialect holds its names and objects.
//!
//! What must stay true: the object of a conversation is the same in events and in the answers of the dialect's HTTP
//! calls; an event for all members holds nothing that only one of them has.

mod chat;
mod conversations;
mod meetup;
mod messenger;
mod parts;
mod rooms;

pub(crate) use parts::CommonEvent;
pub use parts::{Own, Shown};
use quintet_domain::UserId;
use serde_json::value::RawValue;

use crate::dialect::Dialect;
use crate::outgoing::{Online, Outgoing, raw};
use crate::shared::IdList;

/// Encodes a conversation for one reader: the same object as in events.
#[must_use]
pub fn conversation(dialect: Dialect, shown: &Shown<'_>, online: Online<'_>) -> Box<RawValue> {
    match dialect {
        Dialect::Meetup => raw(&meetup::ChatObject::of(shown, online)),
        Dialect::Messenger => raw(&messenger::GroupObject::of(shown)),
        Dialect::Rooms => raw(&rooms::RoomObject::of(shown)),
        Dialect::Conversations => raw(&conversations::ConversationObject::of(shown, online)),
        Dialect::Chat => raw(&chat::ChatObject::of(shown, online)),
    }
}

/// Encodes a common event; none if the dialect has no event for it.
pub(crate) fn encode(event: CommonEvent<'_>, dialect: Dialect, online: Online<'_>) -> Option<Outgoing> {
    match dialect {
        Dialect::Meetup => Some(meetup::encode(event, online)),
        Dialect::Messenger => messenger::encode(event),
        Dialect::Rooms => Some(rooms::encode(event)),
        Dialect::Conversations => Some(conversations::encode(event, online)),
        Dialect::Chat => Some(chat::encode(event, online)),
    }
}

/// Encodes who is online, for a new connection; none in the dialect that tells it of each room, on the join.
pub(crate) fn who_is_online<'o>(dialect: Dialect, users: &dyn Fn() -> &'o [UserId]) -> Option<Outgoing> {
    let name = match dialect {
        Dialect::Meetup => "presenceList",
        Dialect::Messenger => "onlineUsers",
        Dialect::Conversations => "online_users",
        Dialect::Chat => "users:online",
        Dialect::Rooms => return None,
    };
    Some(Outgoing::new(name, &IdList(users())))
}
