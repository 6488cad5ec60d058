//! What a reader hears of one committed entry: the projection of the commit order onto one client.
//!
//! What must stay true: it follows from the entry, the memberships at its position and who reads, and from nothing
//! else. The names of events come from the vocabularies' encoders, which are pure functions.

use std::sync::Arc;

use quintet_dialect::{Dialect, MessageTexts, Perspective, encode, suppresses_echo};
use quintet_domain::{Audience, ConnectionId, Departure, Entry, Event, Timestamp, User, UserId, UserKind};
use serde_json::Value;

use super::history::History;
use crate::packets::Offset;

/// Who reads.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    pub(crate) user: UserId,
    pub(crate) guest: bool,
    /// The vocabulary of the client; none for one that hears all of them.
    pub(crate) dialect: Option<Dialect>,
    /// The session of its connections, once one of its own messages has shown it.
    pub(crate) session: Option<ConnectionId>,
}

/// Whether an event has to be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Requirement {
    /// It has to be heard.
    Required,
    /// It may be heard, and may be missing.
    Optional,
}

/// An event that a reader hears.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) name: &'static str,
    /// The ids in its payload.
    pub(crate) subject: Vec<String>,
    pub(crate) offset: Offset,
    pub(crate) requirement: Requirement,
}

/// The letter by which an offset names a vocabulary, as docs/protocol.md has it.
fn letter(dialect: Dialect, decided: bool) -> char {
    let letter = match dialect {
        Dialect::Meetup => 'm',
        Dialect::Messenger => 'p',
        Dialect::Rooms => 'r',
        Dialect::Conversations => 'c',
        Dialect::Chat => 't',
    };
    if decided { letter } else { letter.to_ascii_uppercase() }
}

/// Whether an entry is for a user to hear.
pub(crate) fn is_for(history: &History, entry: &Entry, user: &UserId) -> bool {
    match entry.event.audience() {
        Audience::Members(conversation) => history.was_member(conversation, user, entry.position),
        Audience::Users(users) => users.contains(user),
        Audience::User(one) => one == user,
        // Presence is not committed, and changed profiles are told without a position.
        Audience::Watchers(_) | Audience::Contacts(_) => false,
    }
}

/// What a reader hears of an entry, in the order in which it hears it.
pub(crate) fn expected(history: &History, entry: &Entry, reader: &Reader) -> Vec<Expected> {
    if !is_for(history, entry, &reader.user) {
        return Vec::new();
    }
    let dialects = Dialect::ALL.into_iter().filter(|dialect| reader.dialect.is_none_or(|one| one == *dialect));
    dialects.flat_map(|dialect| in_dialect(entry, reader, dialect)).collect()
}

fn in_dialect(entry: &Entry, reader: &Reader, dialect: Dialect) -> Vec<Expected> {
    let own_end = match &entry.event {
        Event::ConversationDeleted { conversation } if !dialect.tells_deletions() => Some(Event::MemberLeft {
            conversation: Arc::clone(conversation),
            user: Arc::new(stand_in(reader)),
            departure: Departure::Removed,
            reason: None,
            member_count: 0,
        }),
        _ => None,
    };
    let event = own_end.as_ref().unwrap_or(&entry.event);
    let Some(requirement) = requirement(entry, reader, dialect) else { return Vec::new() };
    let own = event.actor() == Some(&reader.user);
    let perspective = if own { Perspective::Actor } else { Perspective::Other };
    let event = encode(dialect, event, perspective, &|_| false, &mut MessageTexts::default());
    let expected = event.iter().map(|event| Expected {
        name: event.name,
        subject: subject(&serde_json::from_str(&event.payload).unwrap_or_default()),
        offset: Offset { position: entry.position, letter: letter(dialect, reader.dialect.is_some()) },
        requirement,
    });
    expected.collect()
}

/// Whether a reader has to hear an entry, may hear it, or must not, because its own connection caused it.
fn requirement(entry: &Entry, reader: &Reader, dialect: Dialect) -> Option<Requirement> {
    let suppressed =
        suppresses_echo(dialect, &entry.event) && !matches!(entry.event, Event::ConversationDeleted { .. });
    match (entry.origin, reader.session) {
        (Some(origin), Some(session)) if suppressed && origin == session => None,
        (Some(_), None) if suppressed && entry.event.actor() == Some(&reader.user) => Some(Requirement::Optional),
        _ => Some(Requirement::Required),
    }
}

/// A user with a reader's id, for events that name it by that alone.
fn stand_in(reader: &Reader) -> User {
    User {
        id: reader.user.clone(),
        username: String::new(),
        name: String::new(),
        last_name: None,
        avatar: None,
        kind: if reader.guest { UserKind::Guest } else { UserKind::Registered },
        last_seen: None,
        created_at: Timestamp(0),
    }
}

/// The fields of a conversation or a message whose ids may be others when it is shown again: what others did to it, and the
/// message that it answers, which those who have left are not shown.
const PRESENT_STATE: [&str; 8] =
    ["participants", "lastMessage", "last_message", "ownerId", "reactions", "thread", "replyTo", "changes"];

/// The ids in a payload, by which two encodings of one event are compared: a replay brings present texts, readers,
/// members and newest messages.
pub(crate) fn subject(payload: &Value) -> Vec<String> {
    let mut ids = Vec::new();
    collect("", payload, &mut ids);
    ids
}

fn collect(key: &str, value: &Value, ids: &mut Vec<String>) {
    let names_ids = key == "id" || key.ends_with("_id") || key.ends_with("Id") || key.ends_with("Ids");
    match value {
        Value::String(id) if names_ids => ids.push(format!("{key}={id}")),
        Value::Array(items) if names_ids => items.iter().for_each(|item| {
            ids.extend(item.as_str().map(|id| format!("{key}={id}")));
        }),
        Value::Object(fields) => {
            let lasting = fields.iter().filter(|(key, _)| !PRESENT_STATE.contains(&key.as_str()));
            lasting.for_each(|(key, value)| collect(key, value, ids));
        }
        _ => {}
    }
}
