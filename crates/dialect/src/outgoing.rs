//! What the dialects encode: events for clients, and answers to clients' events.
//!
//! What must stay true: payloads are complete JSON texts, so that the code that frames them does not depend on their
//! structure.

use quintet_domain::UserId;
use serde_json::Value;

/// An event for a client: a name and its one argument as JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The name of the event.
    pub name: &'static str,
    /// The payload as JSON text.
    pub payload: String,
}

impl Outgoing {
    pub(crate) fn new(name: &'static str, payload: &Value) -> Self {
        Self { name, payload: payload.to_string() }
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
    pub(crate) fn ack(ack: &Value) -> Self {
        Self { ack: ack.to_string(), events: Vec::new(), instead_of_ack: Vec::new() }
    }

    /// Adds an event that the connection receives in any case.
    pub(crate) fn with(mut self, name: &'static str, payload: &Value) -> Self {
        self.events.push(Outgoing::new(name, payload));
        self
    }

    /// Adds an event that the connection receives only if it asked for no acknowledgement.
    pub(crate) fn or_else(mut self, name: &'static str, payload: &Value) -> Self {
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
