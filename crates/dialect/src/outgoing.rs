//! What the dialects encode: events for clients, and answers to clients' events.
//!
//! What must stay true: payloads are complete JSON texts, so that the code that frames them does not depend on their
//! structure.

use quintet_domain::UserId;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

/// The number of bytes that are reserved for a payload: a message of a few words fits with its sender.
const PAYLOAD_BYTES: usize = 512;

/// Writes a payload as JSON text.
pub(crate) fn text(payload: &(impl Serialize + ?Sized)) -> String {
    let mut bytes = Vec::with_capacity(PAYLOAD_BYTES);
    let written = serde_json::to_writer(&mut bytes, payload).ok();
    // Structs of texts, numbers and lists can always be written, so that nothing is ever replaced by null.
    written.and_then(|()| String::from_utf8(bytes).ok()).unwrap_or_else(|| "null".to_owned())
}

/// Writes a part of a payload as JSON text.
pub(crate) fn raw(part: &impl Serialize) -> Box<RawValue> {
    // As above, nothing is ever replaced by null.
    to_raw_value(part).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// An event for a client: a name and its one argument as JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The name of the event.
    pub name: &'static str,
    /// The payload as JSON text.
    pub payload: String,
}

impl Outgoing {
    pub(crate) fn new(name: &'static str, payload: &(impl Serialize + ?Sized)) -> Self {
        Self { name, payload: text(payload) }
    }
}

/// The answer to a client's event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The acknowledgement for a client that asked for one, as JSON text.
    pub ack: String,
    /// Events for the connection that sent the event.
    pub events: Vec<Outgoing>,
    /// Events for the connection that sent the event, unless it asked for an acknowledgement.
    pub instead_of_ack: Vec<Outgoing>,
}

impl Answer {
    pub(crate) fn ack(ack: &(impl Serialize + ?Sized)) -> Self {
        Self { ack: text(ack), events: Vec::new(), instead_of_ack: Vec::new() }
    }

    /// Creates an answer whose payload is the acknowledgement, or the event `name` without one.
    pub(crate) fn ack_or_event(name: &'static str, payload: &(impl Serialize + ?Sized)) -> Self {
        let answer = Self::ack(payload);
        let event = Outgoing { name, payload: answer.ack.clone() };
        Self { instead_of_ack: vec![event], ..answer }
    }

    /// Adds an event that the connection receives in any case.
    pub(crate) fn with(mut self, name: &'static str, payload: &(impl Serialize + ?Sized)) -> Self {
        self.events.push(Outgoing::new(name, payload));
        self
    }

    /// Adds an event that the connection receives only if it asked for no acknowledgement.
    pub(crate) fn or_else(mut self, name: &'static str, payload: &(impl Serialize + ?Sized)) -> Self {
        self.instead_of_ack.push(Outgoing::new(name, payload));
        self
    }
}

/// The relation of the recipient of an event to the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Perspective {
    /// The recipient is the user who caused the event.
    Actor,
    /// The recipient is any other user.
    Other,
}

/// Returns whether a user is online, for payloads that show it.
pub type Online<'a> = &'a dyn Fn(&UserId) -> bool;
