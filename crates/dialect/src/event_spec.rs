//! The specification of one event of one dialect: its name, direction, origin and payload, and the decoder of a
//! client's event.
//!
//! What must stay true: every event of a client has a decoder, and no event of the server has one.

use quintet_domain::{Command, Refusal, UserId};

use crate::fields::Fields;
use crate::payload::{Field, Payload, Type};

/// The command that a client's event asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The command to carry out.
    pub command: Command,
    /// The user that the payload names as the sender, in dialects whose payloads do.
    pub claims: Option<UserId>,
    /// The refusal of the event if no token says who the client is: the payload must say it then, and does not.
    pub without_token: Option<Refusal>,
}

impl Decoded {
    /// Creates the result for a payload that names no sender.
    pub(crate) fn new(command: impl Into<Command>) -> Self {
        Self { command: command.into(), claims: None, without_token: None }
    }

    /// Sets the user that the payload names as the sender.
    pub(crate) fn claiming(self, user: Option<UserId>) -> Self {
        Self { claims: user, ..self }
    }
}

/// Makes a command from the checked fields of a client's event. The refusal says which field is invalid.
pub type Decode = fn(&Fields<'_>) -> Result<Decoded, Refusal>;

/// The direction in which an event goes.
#[derive(Clone, Copy, Debug)]
pub enum Direction {
    /// From the client to the server, which decodes it by this function.
    ToServer(Decode),
    /// From the server to the client.
    ToClient,
}

impl Direction {
    /// Returns whether the client sends the event.
    #[must_use]
    pub fn is_to_server(self) -> bool {
        match self {
            Self::ToServer(_) => true,
            Self::ToClient => false,
        }
    }
}

/// The document or project that defines an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The dialect's own document defines it.
    Document,
    /// Quintet adds it to the dialect.
    Quintet,
}

/// One event of one dialect.
#[derive(Clone, Copy, Debug)]
pub struct EventSpec {
    /// The name of the event.
    pub name: &'static str,
    /// The direction in which it goes.
    pub direction: Direction,
    /// The document that defines it.
    pub origin: Origin,
    /// The payload that it carries.
    pub payload: Payload,
    /// The fields of the acknowledgement of a client's event that was carried out, beside the one by which all
    /// acknowledgements of the dialect say so.
    pub acknowledged: &'static [Field],
}

impl EventSpec {
    /// Sets what the acknowledgement says beside that the event was carried out.
    pub(crate) const fn acknowledged(self, fields: &'static [Field]) -> Self {
        Self { acknowledged: fields, ..self }
    }

    /// The name of the field that holds the text of a message, if the payload has one.
    pub(crate) fn content_field(&self) -> Option<&'static str> {
        match self.payload {
            Payload::Object(fields) | Payload::IdOrObject(fields) => {
                fields.iter().find(|field| field.ty == Type::Content).map(|field| field.name)
            }
            Payload::None | Payload::Value(_) => None,
        }
    }
}

/// An event that clients send, and the function that decodes it.
pub(crate) const fn from_client(name: &'static str, origin: Origin, payload: Payload, decode: Decode) -> EventSpec {
    EventSpec { name, direction: Direction::ToServer(decode), origin, payload, acknowledged: &[] }
}

/// An event that the server sends.
pub(crate) const fn to_client(name: &'static str, origin: Origin, payload: Payload) -> EventSpec {
    EventSpec { name, direction: Direction::ToClient, origin, payload, acknowledged: &[] }
}
