//! Finds the dialect of a connection that has not chosen one, by its first event.

use quintet_domain::Refusal;
use serde_json::value::RawValue;

use crate::catalogue;
use crate::dialect::Dialect;
use crate::payload::{Field, Type, optional};
use crate::value::{self, Shape};

/// The dialects that an event can belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The event belongs to this dialect only.
    Dialect(Dialect),
    /// The event belongs to all dialects.
    Any,
    /// The event belongs to several dialects, and its payload names none or several of them.
    Unclear,
    /// The event belongs to no dialect.
    Unknown,
}

/// The keys by which dialects that share an event name are distinguished: each dialect's own name for a conversation, in
/// two styles of writing. The names that a dialect reads in their place say nothing, because every dialect reads them.
const KEYS: &[Field] = &[
    optional("chatId", Type::Id).or(&["chat_id"]),
    optional("groupId", Type::Id).or(&["group_id"]),
    optional("roomId", Type::Id).or(&["room_id"]),
    optional("conversationId", Type::Id).or(&["conversation_id"]),
];

/// Returns the index in [`KEYS`] of the dialect's key.
fn key(dialect: Dialect) -> usize {
    match dialect {
        Dialect::Meetup | Dialect::Chat => 0,
        Dialect::Messenger => 1,
        Dialect::Rooms => 2,
        Dialect::Conversations => 3,
    }
}

/// Returns the dialects that have an event of clients of this name.
fn owners(name: &str) -> Vec<Dialect> {
    Dialect::ALL.into_iter().filter(|dialect| catalogue::client_event(*dialect, name).is_some()).collect()
}

/// Returns the refusal of an event for which the decision is [`Decision::Unclear`]: it says how a client chooses.
#[must_use]
pub fn unclear(name: &str) -> Refusal {
    let owners = owners(name);
    let list = |words: Vec<&str>| format!("`{}`", words.join("` or `"));
    let keys = owners.iter().map(|dialect| KEYS[key(*dialect)].name).collect();
    let namespaces = owners.iter().map(|dialect| dialect.namespace()).collect();
    let dialects = owners.iter().map(|dialect| dialect.as_str()).collect();
    let what = format!(
        "of {name} does not say which vocabulary is meant: name the conversation by {}, one of them alone, or connect \
         with `auth.dialect` or `?dialect=` {}, or to the namespace {}",
        list(keys),
        list(dialects),
        list(namespaces)
    );
    Refusal::invalid("payload", what)
}

/// Decides by the name of an event, and by its payload if several dialects share the name.
#[must_use]
pub fn decide(name: &str, args: &[&RawValue]) -> Decision {
    let owners = owners(name);
    match owners[..] {
        [] => Decision::Unknown,
        [one] => Decision::Dialect(one),
        _ if owners.len() == Dialect::ALL.len() => Decision::Any,
        _ => {
            let found = match args.first().map(|arg| value::read(KEYS, arg.get())) {
                Some(Ok(Shape::Object(found))) => found,
                Some(Ok(Shape::Bare(_)) | Err(_)) | None => Vec::new(),
            };
            let names = |dialect: &Dialect| found.get(key(*dialect)).is_some_and(|found| !found.is_absent());
            let mut named = owners.into_iter().filter(names);
            match (named.next(), named.next()) {
                (Some(one), None) => Decision::Dialect(one),
                _ => Decision::Unclear,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, payload: &str, expected: Decision) {
        let raw: Box<RawValue> = serde_json::from_str(payload).expect("json");
        assert_eq!(decide(name, &[&raw]), expected, "{name} {payload}");
    }

    #[test]
    fn the_first_event_decides() {
        check("privateMessage", "{}", Decision::Dialect(Dialect::Messenger));
        check("chat:join", "\"x\"", Decision::Dialect(Dialect::Chat));
        check("send_message", "{\"roomId\":\"r\"}", Decision::Dialect(Dialect::Rooms));
        check("send_message", "{\"conversationId\":\"c\"}", Decision::Dialect(Dialect::Conversations));
        check("typing", "{\"conversationId\":\"c\"}", Decision::Dialect(Dialect::Conversations));
        check("send_message", "{\"conversationId\":\"c\",\"roomId\":\"r\"}", Decision::Unclear);
        check("send_message", "{\"room_id\":\"r\",\"conversationId\":null}", Decision::Dialect(Dialect::Rooms));
        check("send_message", "{\"chatId\":\"r\"}", Decision::Unclear);
        check("typing", "7", Decision::Unclear);
        check("authenticate", "{}", Decision::Any);
        check("message_received", "{}", Decision::Unknown);
        check("nonsense", "{}", Decision::Unknown);
    }

    #[test]
    fn an_unclear_event_is_told_how_to_choose() {
        let message = unclear("typing").message;
        for way in ["`roomId` or `conversationId`", "`rooms` or `conversations`", "`/rooms` or `/conversations`"] {
            assert!(message.contains(way), "{message}");
        }
    }
}
