//! Messages as each dialect shows them.
//!
//! What must stay true: a message has the same object in events, in answers and in the dialect's HTTP answers.

use quintet_domain::{Message, UserId};
use serde_json::value::RawValue;

use crate::dialect::Dialect;
use crate::outgoing::{Online, raw};
use crate::{chat, conversations, meetup, messenger, rooms};

/// Encodes a message for one reader: the same object as in events, with whether `viewer` has read it.
#[must_use]
pub fn message(dialect: Dialect, message: &Message, viewer: &UserId, online: Online<'_>) -> Box<RawValue> {
    message_for(dialect, message, Some(viewer), online)
}

/// Encodes a message for one reader, or for all of its readers.
pub(crate) fn message_for(
    dialect: Dialect,
    message: &Message,
    viewer: Option<&UserId>,
    online: Online<'_>,
) -> Box<RawValue> {
    match dialect {
        Dialect::Meetup => raw(&meetup::MessageObject::of(message)),
        Dialect::Messenger => raw(&messenger::MessageObject::of(message, viewer)),
        Dialect::Rooms => raw(&rooms::MessageObject::of(message)),
        Dialect::Conversations => raw(&conversations::MessageObject::of(message, viewer)),
        Dialect::Chat => raw(&chat::MessageObject::of(message, online(&message.sender.id))),
    }
}
