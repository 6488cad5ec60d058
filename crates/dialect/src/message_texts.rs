//! The JSON text of a message object, which an acknowledgement and the events of the same message have in common.
//!
//! What must stay true: a text is used again only for what it was written from: an equal message, in the same dialect,
//! whose sender is as online as it was.

use std::sync::Arc;

use quintet_domain::{Message, UserId};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::dialect::Dialect;
use crate::outgoing::Online;
use crate::{chat, conversations, meetup, messenger, rooms};

/// The texts of the message that was encoded last, by dialect.
///
/// A send is acknowledged to its sender and then delivered to everybody, with the same message object. Whoever encodes
/// both passes the same texts, so that the object is written once.
#[derive(Debug, Default)]
pub struct MessageTexts {
    message: Option<Arc<Message>>,
    texts: [Option<Text>; Dialect::ALL.len()],
}

/// The text of a message in one dialect.
#[derive(Debug)]
struct Text {
    /// Whether the text says that the sender is online.
    sender_online: bool,
    json: Box<RawValue>,
}

impl MessageTexts {
    /// Returns the text of a message as all recipients of an event see it.
    pub(crate) fn get(&mut self, dialect: Dialect, message: &Arc<Message>, online: Online<'_>) -> &RawValue {
        // Comparing two references to one message costs nothing, and different messages differ in their ids.
        if self.message.as_ref() != Some(message) {
            *self = Self { message: Some(Arc::clone(message)), texts: Self::default().texts };
        }
        let sender_online = shows_sender_online(dialect, message, online);
        let kept = &mut self.texts[dialect as usize];
        if kept.as_ref().is_some_and(|text| text.sender_online != sender_online) {
            *kept = None;
        }
        let new = || Text { sender_online, json: write(dialect, message, None, sender_online) };
        &kept.get_or_insert_with(new).json
    }
}

/// Encodes a message for one reader: the same object as in events, with whether `viewer` has read it.
#[must_use]
pub fn message(dialect: Dialect, message: &Message, viewer: &UserId, online: Online<'_>) -> Box<RawValue> {
    write(dialect, message, Some(viewer), shows_sender_online(dialect, message, online))
}

/// Whether the message object says that the sender is online. Only one dialect shows it.
fn shows_sender_online(dialect: Dialect, message: &Message, online: Online<'_>) -> bool {
    match dialect {
        Dialect::Chat => online(&message.sender.id),
        Dialect::Meetup | Dialect::Messenger | Dialect::Rooms | Dialect::Conversations => false,
    }
}

fn write(dialect: Dialect, message: &Message, viewer: Option<&UserId>, sender_online: bool) -> Box<RawValue> {
    match dialect {
        Dialect::Meetup => raw(&meetup::MessageObject::of(message)),
        Dialect::Messenger => raw(&messenger::MessageObject::of(message, viewer)),
        Dialect::Rooms => raw(&rooms::MessageObject::of(message)),
        Dialect::Conversations => raw(&conversations::MessageObject::of(message, viewer)),
        Dialect::Chat => raw(&chat::MessageObject::of(message, sender_online)),
    }
}

fn raw(object: &impl Serialize) -> Box<RawValue> {
    // Structs of texts, numbers and lists can always be written, so that nothing is ever replaced by null.
    to_raw_value(object).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
