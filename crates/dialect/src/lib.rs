//! Five Socket.IO dialects over one model.
//!
//! What lives here: one file per dialect, with its events, the decoders of the events that clients send, and the
//! encoders of [`Event`]s and answers; the [`catalogue`], which is the one table of all events; the [`types`] of them for
//! programs of others; and [`Dialect`], the properties in which the dialects differ.
//! What does not live here: connections, permissions, and the transport.
//!
//! What must stay true: everything here is a pure function, and the names of a dialect's events appear in no other
//! crate.

mod acknowledgements;
mod blocks;
pub mod catalogue;
mod chat;
mod client_fields;
mod common;
mod conversations;
mod decide;
mod details;
mod dialect;
mod event_spec;
mod fields;
mod marks;
mod meetup;
mod message_texts;
mod messages;
mod messenger;
mod model_events;
mod nearest;
mod outgoing;
mod payload;
mod refusal;
mod reports;
mod rooms;
mod shapes;
mod shared;
pub mod types;
mod value;

use common::CommonEvent;
pub use common::{Own, Shown, conversation};
pub use decide::{Decision, decide, unclear};
pub use dialect::Dialect;
pub use event_spec::Decoded;
pub use message_texts::MessageTexts;
pub use messages::message;
pub use model_events::{
    DraftQuestion, MODEL_EVENTS_VERSION, ModelEvent, PushSubject, model_event_fields, model_event_text,
};
pub use nearest::nearest;
pub use outgoing::{Answer, Online, Outgoing, Perspective};
use quintet_domain::{ConversationKind, Event, Outcome, Refusal, User, UserId};
use refusal::with_field_names_of;
pub use refusal::{error_event, refuse};
use serde_json::value::RawValue;

/// Decodes a client's event. Returns `None` if the dialect has no such event.
#[must_use]
pub fn decode(dialect: Dialect, name: &str, args: &[&RawValue]) -> Option<Result<Decoded, Refusal>> {
    let (spec, decode) = catalogue::decoder(dialect, name)?;
    Some(fields::Fields::read(spec.name, spec.payload, args).and_then(|mut fields| {
        let without_token = fields.take_without_token();
        Ok(Decoded { without_token, ..decode(&fields)? })
    }))
}

/// Encodes an event in a dialect; none if the dialect has no event for it. `texts` saves writing the object of a message
/// whose acknowledgement was encoded with them.
#[must_use]
pub fn encode(
    dialect: Dialect,
    event: &Event,
    perspective: Perspective,
    online: Online<'_>,
    texts: &mut MessageTexts,
) -> Option<Outgoing> {
    // Everybody knows who the two users of a direct conversation are, before one of them has accepted it.
    if matches!(event, Event::MemberJoined { conversation, .. } if conversation.kind == ConversationKind::Direct) {
        return None;
    }
    if let Some(common) = CommonEvent::of(event) {
        return common::encode(common, dialect, online);
    }
    if let Some(other) = marks::encode(event, dialect).or_else(|| blocks::encode(event, dialect)) {
        return Some(other);
    }
    match dialect {
        Dialect::Meetup => meetup::encode(event, texts),
        Dialect::Messenger => messenger::encode(event, perspective, texts),
        Dialect::Rooms => rooms::encode(event, perspective, texts),
        Dialect::Conversations => conversations::encode(event, texts),
        Dialect::Chat => chat::encode(event, online, texts),
    }
}

/// Returns whether the dialect encodes an event differently for the user who caused it. Otherwise all perspectives have
/// the same text.
#[must_use]
pub fn differs_for_actor(dialect: Dialect, event: &Event) -> bool {
    match dialect {
        Dialect::Messenger => messenger::differs_for_actor(event),
        Dialect::Rooms => rooms::differs_for_actor(event),
        Dialect::Meetup | Dialect::Conversations | Dialect::Chat => false,
    }
}

/// Returns whether the dialect suppresses the echo of an event to the connection that caused it.
#[must_use]
pub fn suppresses_echo(dialect: Dialect, event: &Event) -> bool {
    match event {
        Event::MessageCreated(_) => dialect == Dialect::Meetup,
        Event::MessagesRead { .. } => dialect == Dialect::Chat,
        Event::MessagesDelivered { .. } => false,
        Event::ConversationAppeared { .. } | Event::MemberJoined { .. } | Event::MemberLeft { .. } => true,
        Event::MessageAppeared { .. }
        | Event::MessageEdited(_)
        | Event::MessageDeleted(_)
        | Event::MessageReacted(_)
        | Event::MessagePinned { .. }
        | Event::ConversationCreated { .. }
        | Event::ConversationHidden { .. }
        | Event::SettingsChanged { .. }
        | Event::BlocksChanged { .. }
        | Event::ConversationChanged { .. }
        | Event::DeletionAnnounced { .. }
        | Event::ConversationDeleted { .. }
        | Event::MeetupChanged { .. }
        | Event::Notified { .. }
        | Event::UserChanged { .. }
        | Event::MessageReported { .. }
        | Event::Revoked { .. }
        | Event::SessionEnded { .. }
        | Event::Typing { .. }
        | Event::Presence { .. }
        | Event::RoomPresence { .. } => false,
    }
}

/// Encodes the answer to a client's event `name`. `texts` saves writing a message's object again for its event.
#[must_use]
pub fn answer(dialect: Dialect, name: &str, outcome: &Outcome, online: Online<'_>, texts: &mut MessageTexts) -> Answer {
    match outcome {
        Err(refusal) => {
            refuse(Some(dialect), name, &with_field_names_of(catalogue::client_event(dialect, name), refusal))
        }
        Ok(reply) => match dialect {
            Dialect::Meetup => meetup::answer(reply),
            Dialect::Messenger => messenger::answer(reply, texts),
            Dialect::Rooms => rooms::answer(reply, texts),
            Dialect::Conversations => conversations::answer(reply, texts),
            Dialect::Chat => chat::answer(reply, online, texts),
        },
    }
}

/// Encodes the first events for a new connection of an authenticated user. `online` lists the users who are online,
/// including this one. Guests are told who is online in the rooms that they join, and nowhere else.
#[must_use]
pub fn greet<'o>(dialect: Dialect, user: &User, online: &dyn Fn() -> &'o [UserId]) -> Vec<Outgoing> {
    let own = match dialect {
        Dialect::Meetup => Some(meetup::greet(user)),
        Dialect::Messenger | Dialect::Rooms | Dialect::Conversations | Dialect::Chat => None,
    };
    let others = if user.is_guest() { None } else { common::who_is_online(dialect, online) };
    own.into_iter().chain(others).collect()
}
