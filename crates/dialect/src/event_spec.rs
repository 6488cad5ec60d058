//! One event of one dialect: its name, direction, origin and payload, and how a client's event is decoded.
//!
//! What must stay true: an event of a client cannot be described without the function that decodes it, and an event of
//! the server has none.

use quintet_domain::{Command, Refusal, UserId};

use crate::fields::Fields;
use crate::payload::{Payload, Type};

/// The command that a client's event asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The command to carry out.
    pub command: Command,
    /// The user that the payload names as the one who asks, where the dialect has it do so.
    pub claims: Option<UserId>,
}

impl Decoded {
    /// A command whose payload names no user.
    pub(crate) fn new(command: impl Into<Command>) -> Self {
        Self { command: command.into(), claims: None }
    }

    /// The same command, whose payload names `user` as the one who asks.
    pub(crate) fn claiming(self, user: UserId) -> Self {
        Self { claims: Some(user), ..self }
    }
}

/// Makes a command of the checked fields of a client's event. The refusal says what is wrong with them.
pub type Decode = fn(&Fields) -> Result<Decoded, Refusal>;

/// The direction in which an event goes.
#[derive(Clone, Copy, Debug)]
pub enum Direction {
    /// From the client to the server, where this function decodes it.
    ToServer(Decode),
    /// From the server to the client.
    ToClient,
}

impl Direction {
    /// Whether the client sends the event.
    #[must_use]
    pub fn is_to_server(self) -> bool {
        match self {
            Self::ToServer(_) => true,
            Self::ToClient => false,
        }
    }
}

/// The document that defines an event.
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
}

impl EventSpec {
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
    EventSpec { name, direction: Direction::ToServer(decode), origin, payload }
}

/// An event that the server sends.
pub(crate) const fn to_client(name: &'static str, origin: Origin, payload: Payload) -> EventSpec {
    EventSpec { name, direction: Direction::ToClient, origin, payload }
}
