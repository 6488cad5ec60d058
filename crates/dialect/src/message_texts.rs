//! The JSON text of a message object, which an acknowledgement and the events of the same message have in common.
//!
//! What must stay true: a text is used again only for what it was written from: an equal message, in the same dialect,
//! whose sender is as online as it was.

use std::sync::Arc;

use quintet_domain::Message;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::dialect::Dialect;
use crate::outgoing::raw;

/// The texts of the message that was encoded last, by dialect.
///
/// A send is acknowledged to its sender and then delivered to all members, with the same message object. The caller
/// passes the same texts to the encoders of both, so that the object is written once.
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
    /// Returns the text of a message as all recipients of an event see it. `object` creates the dialect's object from
    /// the message and `sender_online`, and from nothing else; dialects that do not show who is online pass false.
    pub(crate) fn get<'m, O: Serialize>(
        &mut self,
        dialect: Dialect,
        message: &'m Arc<Message>,
        sender_online: bool,
        object: impl FnOnce(&'m Message) -> O,
    ) -> &RawValue {
        // Comparing two references to one message costs nothing, and different messages differ in their ids.
        if self.message.as_ref() != Some(message) {
            *self = Self { message: Some(Arc::clone(message)), texts: Self::default().texts };
        }
        let kept = &mut self.texts[dialect as usize];
        if kept.as_ref().is_some_and(|text| text.sender_online != sender_online) {
            *kept = None;
        }
        &kept.get_or_insert_with(|| Text { sender_online, json: raw(&object(message)) }).json
    }
}
