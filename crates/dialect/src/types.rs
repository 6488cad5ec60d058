//! Types of all that a dialect sends and reads, for programs of others, made from the catalogue.
//!
//! What must stay true: a client that sends what the types allow is never told that a field is missing or has another
//! type, and everything that the server sends fits them. The types name the forms and names of the documents, and leave out the
//! others that are read.

mod async_api;
mod json_schema;
mod names;
mod python;
mod schemas;
mod typescript;

use quintet_domain::{Code, MessageKind, Notify};

use crate::catalogue::events;
use crate::dialect::Dialect;
use crate::event_spec::EventSpec;
use crate::payload::{Absent, Field, Payload, Type};

/// A form in which the types of a dialect are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// TypeScript for socket.io-client.
    TypeScript,
    /// A JSON Schema (draft 2020-12).
    JsonSchema,
    /// An AsyncAPI 3 document.
    AsyncApi,
    /// Python for python-socketio.
    Python,
}

impl Form {
    /// All forms.
    pub const ALL: [Self; 4] = [Self::TypeScript, Self::JsonSchema, Self::AsyncApi, Self::Python];

    /// Returns the ending of files in this form, without the dot before it.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::TypeScript => "d.ts",
            Self::JsonSchema => "schema.json",
            Self::AsyncApi => "asyncapi.json",
            Self::Python => "py",
        }
    }

    /// Returns the types of a dialect in this form.
    #[must_use]
    pub fn text(self, dialect: Dialect) -> String {
        match self {
            Self::TypeScript => typescript::typescript(dialect),
            Self::JsonSchema => json_schema::json_schema(dialect),
            Self::AsyncApi => async_api::async_api(dialect),
            Self::Python => python::python(dialect),
        }
    }
}

/// The name of the types of what the server sends.
const SERVER_EVENTS: &str = "ServerToClientEvents";
/// The name of the types of what clients send.
const CLIENT_EVENTS: &str = "ClientToServerEvents";

/// Who sends what a type describes: clients may write some values in several ways, and the server writes one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sender {
    Client,
    Server,
}

impl Sender {
    /// Returns whether whoever sends a field must send it. What clients with a token may leave out is optional.
    fn must_send(self, field: &Field) -> bool {
        match self {
            Self::Client => field.absent == Absent::Refused,
            Self::Server => field.is_required(),
        }
    }

    /// Returns whether a field may be `null`: clients may write so what they leave out.
    fn may_send_null(self, field: &Field) -> bool {
        match self {
            Self::Client => !self.must_send(field),
            Self::Server => field.nullable,
        }
    }
}

/// Returns the events that go in one direction. `connect` is not among them: Socket.IO keeps this name for itself, so that
/// clients send what it carries in their handshake.
fn specs(dialect: Dialect, sender: Sender) -> impl Iterator<Item = &'static EventSpec> {
    let to_server = sender == Sender::Client;
    events(dialect).iter().filter(move |spec| spec.direction.is_to_server() == to_server && spec.name != "connect")
}

/// Returns whether a client may send an event without a payload.
fn may_be_absent(payload: Payload) -> bool {
    match payload {
        Payload::None => true,
        Payload::IdOrObject(fields) => fields.first().is_some_and(|first| first.absent != Absent::Refused),
        Payload::Object(_) | Payload::Value(_) => false,
    }
}

/// Returns the words that a type stands for; none if it is no list of words.
fn words(ty: Type) -> Option<Vec<&'static str>> {
    match ty {
        Type::OneOf(words) => Some(words.to_vec()),
        Type::Notify => Some(Notify::ALL.map(Notify::as_str).into()),
        Type::Kind => Some(MessageKind::ALL.map(MessageKind::as_str).into()),
        Type::Code => Some(Code::ALL.map(Code::as_str).into()),
        Type::Id
        | Type::ClientId
        | Type::Content
        | Type::Name
        | Type::Text
        | Type::Url
        | Type::Emoji
        | Type::Number
        | Type::Flag
        | Type::Is(_)
        | Type::Mute
        | Type::Ids
        | Type::Time
        | Type::Object(_)
        | Type::Objects(_)
        | Type::Binary
        | Type::Metadata
        | Type::ConversationMetadata
        | Type::Files => None,
    }
}
