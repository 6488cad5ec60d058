//! What all forms have in common: which events there are, and what may be left out or is one of some words.

use quintet_domain::{Code, MessageKind, Notify};

use crate::catalogue::events;
use crate::dialect::Dialect;
use crate::event_spec::EventSpec;
use crate::payload::{Absent, Field, Payload, Type};

/// The name of the types of what the server sends.
pub(super) const SERVER_EVENTS: &str = "ServerToClientEvents";
/// The name of the types of what clients send.
pub(super) const CLIENT_EVENTS: &str = "ClientToServerEvents";

/// Who sends what a type describes: clients may write some values in several ways, and the server writes one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    Client,
    Server,
}

impl Sender {
    /// Returns whether this sender must send a field. A field that clients with a token may leave out is optional.
    pub(super) fn must_send(self, field: &Field) -> bool {
        match self {
            Self::Client => field.absent == Absent::Refused,
            Self::Server => field.is_required(),
        }
    }

    /// Returns whether a field may be `null`: clients may write so what they leave out.
    pub(super) fn may_send_null(self, field: &Field) -> bool {
        match self {
            Self::Client => !self.must_send(field),
            Self::Server => field.nullable,
        }
    }
}

/// Returns the events that go in one direction. `connect` is not among them: Socket.IO keeps this name for itself, so that
/// clients send what it carries in their handshake.
pub(super) fn specs(dialect: Dialect, sender: Sender) -> impl Iterator<Item = &'static EventSpec> {
    let to_server = sender == Sender::Client;
    events(dialect).iter().filter(move |spec| spec.direction.is_to_server() == to_server && spec.name != "connect")
}

/// Returns whether a client may send an event without a payload.
pub(super) fn may_be_absent(payload: Payload) -> bool {
    match payload {
        Payload::None => true,
        Payload::IdOrObject(fields) => fields.first().is_some_and(|first| first.absent != Absent::Refused),
        Payload::Object(_) | Payload::Value(_) => false,
    }
}

/// Returns the words that a type stands for; none if it is no list of words.
pub(super) fn words(ty: Type) -> Option<Vec<&'static str>> {
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
