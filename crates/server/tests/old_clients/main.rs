//! Clients that know nothing but their document, beside clients that use all that messages and conversations can have
//! today: they see what they saw before, to the byte, but for added fields.
//!
//! Each play is performed twice, on a server of its own. Parts in `[[…]]` are performed the second time only; of
//! `[[…||…]]`, the first part the second time and the last part the first time. One step per line:
//! * `register NAME`: creates a user; `$NAME` is its id.
//! * `connect CONN USER DIALECT`: USER is a name, or `guest:ID`. The old client is the connection `o`.
//! * `rest USER METHOD PATH BODY`: a call of the API, which must succeed.
//! * `CONN> EVENT PAYLOAD`: an event that must be acknowledged with success. `CONN! EVENT PAYLOAD`: one without an
//!   acknowledgement.
//! * `CONN< EVENT TEXT`: waits for an event that contains the text.
//! * `close CONN`: closes the connection.
//!
//! Behind ` => `, `NAME=PATH` keeps a part of the answer or of the event.

mod frames;
#[path = "../support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use frames::{Comparison, Json};
use quintet_dialect::Dialect;
use quintet_dialect::catalogue::{Origin, events};
use serde_json::{Value, json};
use support::{Server, Wire};

/// The events that tell what has reached the devices of others. No document has one, and they may come at any moment.
const DELIVERIES: [&str; 5] =
    ["messagesDelivered", "messagesArrived", "messages_arrived", "messages_delivered", "message:delivered"];

/// A play that is being performed.
struct Performance {
    server: Server,
    known: BTreeMap<String, String>,
    wires: BTreeMap<String, Wire>,
}

fn split(text: &str) -> (&str, &str) {
    text.split_once(' ').map_or((text, ""), |(head, rest)| (head, rest.trim()))
}

/// Returns a play as it is performed the first or the second time.
fn version(play: &str, second: bool) -> String {
    let mut text = String::new();
    let mut rest = play;
    while let Some((head, tail)) = rest.split_once("[[") {
        // The end of a list inside stands before that of the part.
        let mut end = tail.find("]]").expect("an end");
        while tail[end + 1..].starts_with("]]") {
            end += 1;
        }
        let (part, tail) = (&tail[..end], &tail[end + 2..]);
        let (new, old) = part.split_once("||").unwrap_or((part, ""));
        text += head;
        text += if second { new } else { old };
        rest = tail;
    }
    text + rest
}

impl Performance {
    fn fill(&self, text: &str) -> String {
        let mut names: Vec<_> = self.known.iter().collect();
        // Longer names first, so that `$m1` is not read as `$m`.
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        names.into_iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${name}"), value))
    }

    fn keep(&mut self, kept: &str, found: &Value, at: &str) {
        for part in kept.split_whitespace() {
            let (name, path) = part.split_once('=').expect("a path");
            let pointer = format!("/{}", path.replace('.', "/"));
            let value = found.pointer(&pointer).and_then(Value::as_str);
            let value = value.unwrap_or_else(|| panic!("{at}: no {path} in {found}"));
            self.known.insert(name.to_owned(), value.to_owned());
        }
    }

    async fn step(&mut self, line: &str, at: &str) {
        let (line, kept) = line.split_once(" => ").unwrap_or((line, ""));
        let (word, rest) = split(line);
        let (name, mark) = word.split_at(word.len() - 1);
        match (word, mark) {
            ("register", _) => {
                let (id, token) = self.server.http().register(rest).await;
                self.known.insert(rest.to_owned(), id);
                self.known.insert(format!("{rest}.token"), token);
            }
            ("connect", _) => {
                let (wire, rest) = split(rest);
                let (user, dialect) = split(rest);
                let auth = match user.strip_prefix("guest:") {
                    Some(id) => json!({ "userId": id, "dialect": dialect }),
                    None => json!({ "token": self.known[&format!("{user}.token")], "dialect": dialect }),
                };
                self.wires.insert(wire.to_owned(), Wire::connect(self.server.address(), "/", &auth).await);
            }
            ("rest", _) => {
                let (user, call) = split(rest);
                let (method, call) = split(call);
                let (path, body) = split(call);
                let body = serde_json::from_str(&self.fill(body)).expect("JSON");
                let token = &self.known[&format!("{user}.token")];
                let answer = self.server.http().api(token, method, &self.fill(path), body).await;
                assert!((200..300).contains(&answer.status), "{at}: {}", answer.text);
                self.keep(kept, &answer.json(), at);
            }
            ("close", _) => drop(self.wires.remove(rest)),
            (_, ">" | "!") => {
                let (event, payload) = split(rest);
                let payload = serde_json::from_str(&self.fill(payload)).unwrap_or_else(|why| panic!("{at}: {why}"));
                let wire = self.wires.get_mut(name).expect("a connection");
                if mark == "!" {
                    return wire.emit(event, &payload).await;
                }
                let ack = wire.call(event, &payload).await;
                let failed = ack["success"] == false || ack["ok"] == false || ack["status"] == "error";
                assert!(!failed, "{at}: {ack}");
                self.keep(kept, &ack, at);
            }
            (_, "<") => {
                let (event, text) = split(rest);
                let text = self.fill(text);
                let wire = self.wires.get_mut(name).expect("a connection");
                let mut found = wire.next(event).await;
                while !found.to_string().contains(&text) {
                    found = wire.next(event).await;
                }
                self.keep(kept, &found, at);
            }
            _ => panic!("{at}: not understood"),
        }
    }

    /// Returns what the old client received, with the names of what differs from one performance to the next.
    fn received(&mut self) -> Vec<String> {
        let frames = std::mem::take(&mut self.wires.get_mut("o").expect("the old client").packets);
        let address = self.server.address().to_string();
        let mut known: Vec<_> = self.known.iter().collect();
        known.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
        let named = |frame: String| {
            let frame = frame.replace(&address, "$address");
            known.iter().fold(frame, |frame, (name, value)| frame.replace(*value, &format!("${name}")))
        };
        frames.into_iter().map(named).collect()
    }
}

async fn perform(play: &str, second: bool) -> Vec<String> {
    let mut performance = Performance { server: Server::start(), known: BTreeMap::new(), wires: BTreeMap::new() };
    for (number, line) in version(play, second).lines().enumerate() {
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') {
            performance.step(line, &format!("line {}: {line}", number + 1)).await;
        }
    }
    performance.received()
}

/// Splits a packet of an event or an acknowledgement into its kind and its arguments.
fn parts(packet: &str) -> (&str, Json) {
    let (kind, arguments) = packet.split_at(packet.find('[').expect("arguments"));
    (kind, Json::parse(arguments))
}

/// Returns the name of an event.
fn name(arguments: &Json) -> Option<&str> {
    match arguments {
        Json::List(items) => match items.first() {
            Some(Json::Other(name)) => Some(name.trim_matches('"')),
            _ => None,
        },
        _ => None,
    }
}

/// Performs a play twice, and compares what the old client received. Returns how many packets an old client notices.
async fn check(dialect: Dialect, play: &str) -> usize {
    let (before, after) = (perform(play, false).await, perform(play, true).await);
    let of_document = |name: &str| {
        let mut told = events(dialect).iter().filter(|spec| !spec.direction.is_to_server());
        told.find(|spec| spec.name == name).unwrap_or_else(|| panic!("{name} is not of {dialect:?}")).origin
            == Origin::Document
    };
    let names = |packets: &[String]| -> BTreeSet<String> {
        packets.iter().filter_map(|packet| name(&parts(packet).1).map(str::to_owned)).collect()
    };
    let (mut known, mut new) = (names(&before), names(&after));
    known.retain(|name| !DELIVERIES.contains(&name.as_str()));
    // Clients do not notice events that they do not listen for: those that are neither of the document nor were received
    // the first time. Acknowledgements have no name.
    let noticed = |packet: &&String| {
        let (kind, arguments) = parts(packet);
        kind.starts_with("43") || name(&arguments).is_some_and(|name| of_document(name) || known.contains(name))
    };
    let mut rest: VecDeque<_> = after.iter().filter(noticed).collect();
    let mut comparison = Comparison::default();
    let mut packets = 0;
    for packet in before.iter().filter(noticed) {
        let found = rest.pop_front().unwrap_or_else(|| panic!("{dialect:?} lacks {packet}"));
        let ((kind, arguments), (found_kind, found_arguments)) = (parts(packet), parts(found));
        let why = comparison.differ(&arguments, &found_arguments);
        assert!(
            kind == found_kind && why.is_none(),
            "{dialect:?}: {}\n  before {packet}\n  now    {found}",
            why.unwrap_or_default()
        );
        packets += 1;
    }
    assert!(rest.is_empty(), "{dialect:?} also receives {rest:?}");
    // The second time was another one.
    for field in ["files", "metadata", "replyTo", "threadId", "mentions"] {
        assert!(comparison.added.contains(field), "{dialect:?}: no message had {field}, but {:?}", comparison.added);
    }
    new.retain(|name| !known.contains(name) && !of_document(name) && !DELIVERIES.contains(&name.as_str()));
    assert!(new.len() >= 2, "{dialect:?}: nothing new was told but {new:?}");
    packets
}

macro_rules! plays {
    ($($name:ident: $dialect:ident, $packets:literal;)*) => {$(
        #[tokio::test]
        async fn $name() {
            let play = include_str!(concat!(stringify!($name), ".play"));
            assert_eq!(check(Dialect::$dialect, play).await, $packets);
        }
    )*};
}

plays! {
    meetup: Meetup, 20;
    messenger: Messenger, 20;
    rooms: Rooms, 16;
    conversations: Conversations, 25;
    chat: Chat, 26;
}
