//! Five Socket.IO dialects over one model.
//!
//! What lives here: one file per dialect, with its events, the decoders of the events that clients send, and the
//! encoders of [`Event`]s and answers; the [`catalogue`], which is the one table of all events; and [`Dialect`], the
//! properties in which the dialects differ.
//! What does not live here: connections, permissions, and the transport.
//!
//! What must stay true: everything here is a pure function, and the names of a dialect's events appear in no other
//! crate.

pub mod catalogue;
mod chat;
mod conversations;
mod decide;
mod dialect;
mod event_spec;
mod fields;
mod meetup;
mod messenger;
mod outgoing;
mod payload;
mod rooms;
mod shared;
mod value;

use catalogue::EventSpec;
pub use decide::{Decision, decide};
pub use dialect::Dialect;
pub use event_spec::Decoded;
pub use outgoing::{Answer, Online, Outgoing, Perspective};
use quintet_domain::{Code, Event, Message, Outcome, Refusal, User, UserId};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Decodes a client's event. Returns `None` if the dialect has no such event.
#[must_use]
pub fn decode(dialect: Dialect, name: &str, args: &[&RawValue]) -> Option<Result<Decoded, Refusal>> {
    let (spec, decode) = catalogue::decoder(dialect, name)?;
    Some(fields::Fields::read(spec.name, spec.payload, args).and_then(|fields| decode(&fields)))
}

/// Encodes a message for one reader: the same object as in events, with whether `viewer` has read it.
#[must_use]
pub fn message(dialect: Dialect, message: &Message, viewer: &UserId, online: Online<'_>) -> Value {
    match dialect {
        Dialect::Meetup => meetup::message(message),
        Dialect::Messenger => messenger::message(message, Some(viewer)),
        Dialect::Rooms => rooms::message(message),
        Dialect::Conversations => conversations::message(message, Some(viewer)),
        Dialect::Chat => chat::message(message, online),
    }
}

/// Encodes an event in a dialect; the result is empty if the dialect has no event for it.
#[must_use]
pub fn encode(dialect: Dialect, event: &Event, perspective: Perspective, online: Online<'_>) -> Vec<Outgoing> {
    match dialect {
        Dialect::Meetup => meetup::encode(event),
        Dialect::Messenger => messenger::encode(event, perspective),
        Dialect::Rooms => rooms::encode(event),
        Dialect::Conversations => conversations::encode(event),
        Dialect::Chat => chat::encode(event, online),
    }
}

/// Returns whether the dialect suppresses the echo of an event to the connection that caused it.
#[must_use]
pub fn suppresses_echo(dialect: Dialect, event: &Event) -> bool {
    match event {
        Event::MessageCreated(_) => dialect == Dialect::Meetup,
        Event::MessagesRead { .. } => dialect == Dialect::Chat,
        Event::MemberJoined { .. } | Event::MemberLeft { .. } => true,
        Event::MessageEdited(_)
        | Event::MessageDeleted(_)
        | Event::ConversationCreated { .. }
        | Event::ConversationChanged { .. }
        | Event::ConversationDeleted { .. }
        | Event::MeetupChanged { .. }
        | Event::Notified { .. }
        | Event::UserChanged { .. }
        | Event::Revoked { .. }
        | Event::Typing { .. }
        | Event::Presence { .. }
        | Event::RoomPresence { .. } => false,
    }
}

/// Encodes the answer to a client's event `name`.
#[must_use]
pub fn answer(dialect: Dialect, name: &str, outcome: &Outcome, online: Online<'_>) -> Answer {
    match outcome {
        Err(refusal) => {
            refuse(Some(dialect), name, &with_field_names_of(catalogue::client_event(dialect, name), refusal))
        }
        Ok(reply) => match dialect {
            Dialect::Meetup => meetup::answer(reply),
            Dialect::Messenger => messenger::answer(reply),
            Dialect::Rooms => rooms::answer(reply),
            Dialect::Conversations => conversations::answer(reply),
            Dialect::Chat => chat::answer(reply, online),
        },
    }
}

/// Replaces the model's name of a message's text, `content`, by the name that the event gives it.
fn with_field_names_of(spec: Option<&EventSpec>, refusal: &Refusal) -> Refusal {
    match spec.and_then(EventSpec::content_field) {
        None | Some("content") => refusal.clone(),
        Some(field) => {
            Refusal { message: refusal.message.replacen("`content`", &format!("`{field}`"), 1), ..refusal.clone() }
        }
    }
}

/// Encodes the refusal of a client's event `name`. Without a dialect, the shape is one that the clients of every
/// dialect understand.
#[must_use]
pub fn refuse(dialect: Option<Dialect>, name: &str, refusal: &Refusal) -> Answer {
    let mut ack = match dialect {
        Some(Dialect::Meetup) => meetup::refused(),
        Some(Dialect::Messenger | Dialect::Conversations | Dialect::Chat) => shared::unsuccessful(),
        Some(Dialect::Rooms) => rooms::refused(),
        None => json!({ "status": "error", "success": false, "ok": false }),
    };
    let mut error = json!({});
    for target in [&mut ack, &mut error] {
        target["code"] = refusal.code.as_str().into();
        target["message"] = refusal.message.as_str().into();
        if let Some(ms) = refusal.retry_after_ms {
            target["retryAfterMs"] = ms.into();
        }
    }
    // The name of an event that was not decoded may be unknown.
    error["event"] = if name.is_empty() { Value::Null } else { name.into() };
    if dialect == Some(Dialect::Conversations) {
        conversations::complete_refusal(name, refusal, &mut ack);
    }
    let answer = Answer::ack(&ack);
    match refusal.code {
        // Official clients of one dialect look for these in the event, even if they asked for an acknowledgement.
        Code::Unauthenticated | Code::TokenExpired => answer.with("error", &error),
        Code::Forbidden
        | Code::NotFound
        | Code::InvalidPayload
        | Code::TooLarge
        | Code::RateLimited
        | Code::Conflict
        | Code::Busy
        | Code::StorageFull
        | Code::Internal => answer.or_else("error", &error),
    }
}

/// Encodes the `error` event for a refusal that answers no event of the client.
#[must_use]
pub fn error_event(refusal: &Refusal) -> Outgoing {
    Outgoing::new("error", &json!({ "code": refusal.code.as_str(), "message": refusal.message, "event": null }))
}

/// Encodes the first events for a new connection of an authenticated user. `online` lists the users who are online,
/// including this one.
#[must_use]
pub fn greet(dialect: Dialect, user: &User, online: &dyn Fn() -> Vec<UserId>) -> Vec<Outgoing> {
    match dialect {
        Dialect::Meetup => meetup::greet(user),
        Dialect::Messenger if user.is_guest() => Vec::new(),
        Dialect::Messenger => messenger::greet(&online()),
        Dialect::Rooms | Dialect::Conversations | Dialect::Chat => Vec::new(),
    }
}
