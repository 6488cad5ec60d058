//! Five Socket.IO vocabularies over one model.
//!
//! What lives here: one file per dialect, each reading a client's event into a [`Command`](quintet_domain::Command)
//! and writing [`Event`]s and answers in its own words; and the [`catalogue`], the one table of every event.
//! What does not: who is connected, who may do what, and how bytes travel.
//!
//! What must stay true: everything here is a pure function, and the words of a dialect stand nowhere else.

pub mod catalogue;
mod chat;
mod conversations;
mod decide;
mod fields;
mod json;
mod meetup;
mod messenger;
mod rooms;
mod value;

pub use decide::{Decision, decide};
use quintet_domain::{Command, Event, Message, Outcome, Refusal, User, UserId};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// One of the five vocabularies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dialect {
    /// Spontaneous meetups.
    Meetup,
    /// Private messages and groups.
    Messenger,
    /// Rooms, with guests.
    Rooms,
    /// Conversations with receipts, edits and deletions.
    Conversations,
    /// Chats.
    Chat,
}

impl Dialect {
    /// All five.
    pub const ALL: [Self; 5] = [Self::Meetup, Self::Messenger, Self::Rooms, Self::Conversations, Self::Chat];

    /// The name, as it stands in namespaces, queries and configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Meetup => "meetup",
            Self::Messenger => "messenger",
            Self::Rooms => "rooms",
            Self::Conversations => "conversations",
            Self::Chat => "chat",
        }
    }

    /// The dialect of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.as_str() == name)
    }

    /// Whether it has a word of its own for the end of a whole conversation.
    #[must_use]
    pub fn tells_deletions(self) -> bool {
        matches!(self, Self::Messenger | Self::Chat)
    }

    /// Whether its document knows users without a token.
    #[must_use]
    pub fn serves_guests(self) -> bool {
        matches!(self, Self::Meetup | Self::Rooms)
    }
}

/// A client's event, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// What is asked.
    pub command: Command,
    /// Who the payload says is asking, where the dialect has it say so.
    pub claims: Option<UserId>,
}

/// An event for a client: a name and its one argument as JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The event's name.
    pub name: &'static str,
    /// The payload as JSON text.
    pub payload: String,
}

impl Outgoing {
    fn new(name: &'static str, payload: &Value) -> Self {
        Self { name, payload: payload.to_string() }
    }
}

/// The answer to a client's event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What a client that asked for an acknowledgement gets, as JSON text.
    pub ack: String,
    /// Events for the connection that asked.
    pub events: Vec<Outgoing>,
    /// Events for the connection that asked, unless it also asked for an acknowledgement.
    pub instead_of_ack: Vec<Outgoing>,
}

impl Answer {
    fn ack(ack: &Value) -> Self {
        Self { ack: ack.to_string(), events: Vec::new(), instead_of_ack: Vec::new() }
    }

    fn with(mut self, name: &'static str, payload: &Value) -> Self {
        self.events.push(Outgoing::new(name, payload));
        self
    }

    fn or_else(mut self, name: &'static str, payload: &Value) -> Self {
        self.instead_of_ack.push(Outgoing::new(name, payload));
        self
    }
}

/// Whose eyes an event is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Perspective {
    /// The user who made it happen.
    Actor,
    /// Anybody else.
    Other,
}

/// Who is online, for payloads that say so.
pub type Online<'a> = &'a dyn Fn(&UserId) -> bool;

/// Understands a client's event. None if the dialect has no such event.
#[must_use]
pub fn decode(dialect: Dialect, name: &str, args: &[&RawValue]) -> Option<Result<Decoded, Refusal>> {
    let spec = catalogue::client_event(dialect, name)?;
    Some(fields::Fields::read(spec, args).and_then(|fields| match dialect {
        Dialect::Meetup => meetup::decode(name, &fields),
        Dialect::Messenger => messenger::decode(name, &fields),
        Dialect::Rooms => rooms::decode(name, &fields),
        Dialect::Conversations => conversations::decode(name, &fields),
        Dialect::Chat => chat::decode(name, &fields),
    }))
}

/// A message as one reader's client of the dialect reads it: as in events, and whether that reader has read it.
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

/// Writes an event in a dialect; nothing where the dialect has no word for it.
#[must_use]
pub fn encode(dialect: Dialect, event: &Event, side: Perspective, online: Online<'_>) -> Vec<Outgoing> {
    match dialect {
        Dialect::Meetup => meetup::encode(event),
        Dialect::Messenger => messenger::encode(event, side),
        Dialect::Rooms => rooms::encode(event),
        Dialect::Conversations => conversations::encode(event),
        Dialect::Chat => chat::encode(event, online),
    }
}

/// Whether the connection that asked for what happened is left out of hearing it, in this dialect.
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

/// Writes the answer to a client's event `name`.
#[must_use]
pub fn answer(dialect: Dialect, name: &str, outcome: &Outcome, online: Online<'_>) -> Answer {
    match outcome {
        Err(refusal) => refuse(Some(dialect), name, &in_words_of(name, refusal)),
        Ok(reply) => match dialect {
            Dialect::Meetup => meetup::answer(reply),
            Dialect::Messenger => messenger::answer(reply),
            Dialect::Rooms => rooms::answer(reply),
            Dialect::Conversations => conversations::answer(reply),
            Dialect::Chat => chat::answer(reply, online),
        },
    }
}

/// The model calls a message's text `content`; a refusal names it as the event does.
fn in_words_of(name: &str, refusal: &Refusal) -> Refusal {
    let field = match name {
        "sendMessage" | "editMessage" => "`message`",
        "edit_message" => "`newContent`",
        _ => return refusal.clone(),
    };
    Refusal { message: refusal.message.replacen("`content`", field, 1), ..refusal.clone() }
}

/// Writes a refusal of a client's event `name`; without a dialect, in a shape that all of them understand.
#[must_use]
pub fn refuse(dialect: Option<Dialect>, name: &str, refusal: &Refusal) -> Answer {
    let mut ack = match dialect {
        Some(Dialect::Meetup) => json!({ "status": "error" }),
        Some(Dialect::Messenger | Dialect::Conversations | Dialect::Chat) => json!({ "success": false }),
        Some(Dialect::Rooms) => json!({ "ok": false }),
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
    // The name of an event that was not looked at may be unknown.
    error["event"] = if name.is_empty() { Value::Null } else { name.into() };
    if dialect == Some(Dialect::Conversations) {
        conversations::refused(name, refusal, &mut ack);
    }
    let answer = Answer::ack(&ack);
    match refusal.code {
        // Clients of one document look for this in the event, whatever they asked for.
        quintet_domain::Code::Unauthenticated | quintet_domain::Code::TokenExpired => answer.with("error", &error),
        _ => answer.or_else("error", &error),
    }
}

/// The `error` event, for what is no answer to an event.
#[must_use]
pub fn error_event(refusal: &Refusal) -> Outgoing {
    Outgoing::new("error", &json!({ "code": refusal.code.as_str(), "message": refusal.message, "event": null }))
}

/// What a new connection of a known user is told first, in a dialect; `online` lists who is, itself included.
#[must_use]
pub fn greet(dialect: Dialect, user: &User, online: &dyn Fn() -> Vec<UserId>) -> Vec<Outgoing> {
    match dialect {
        Dialect::Meetup => meetup::greet(user),
        Dialect::Messenger if !user.is_guest() => messenger::greet(&online()),
        _ => Vec::new(),
    }
}
