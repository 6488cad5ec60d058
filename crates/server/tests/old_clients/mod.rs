//! Clients that know nothing but their document, beside clients that use all that messages and conversations can have
//! today: they see what they saw before, to the byte, but for added fields.
//!
//! Each play is performed three times, on a server of its own: with plain neighbours, with busy ones, and with busy ones
//! while the old client declares no dialect, so that its first event decides. Parts in `[[…]]` are performed with busy
//! neighbours only; of `[[…||…]]`, the first part with busy ones and the last part with plain ones. One step per line:
//! * `register NAME`: creates a user; `$NAME` is its id.
//! * `connect CONN USER DIALECT`: USER is a name, or `guest:ID`. The old client is the connection `o`.
//! * `rest USER METHOD PATH BODY`: a call of the API, which must succeed.
//! * `CONN> EVENT PAYLOAD`: an event that must be acknowledged with success. `CONN! EVENT PAYLOAD`: one without an
//!   acknowledgement.
//! * `CONN< EVENT TEXT`: waits for an event that contains the text.
//! * `undecided PACKET`: what the old client, without a dialect, receives in other vocabularies before its first event, in
//!   this order and nothing else; `~time` stands for a time, and `~id` for an id that has no name.
//! * `close CONN`: closes the connection.
//!
//! Behind ` => `, `NAME=PATH` keeps a part of the answer or of the event.

mod frames;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::support::{Server, Wire};
use frames::{Comparison, Json};
use quintet_dialect::Dialect;
use quintet_dialect::catalogue::{Origin, events};
use serde_json::{Value, json};

/// The events that tell what has reached the devices of others. No document has one, and they may come at any moment.
const DELIVERIES: [&str; 5] =
    ["messagesDelivered", "messagesArrived", "messages_arrived", "messages_delivered", "message:delivered"];

/// The connection of the old client.
const OLD: &str = "o";

/// How a play is performed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cast {
    /// The neighbours use nothing that the old client's document lacks.
    Plain,
    /// The neighbours use all that there is.
    Busy,
    /// The same, and the old client declares no dialect.
    Undeclared,
}

/// A play that is being performed.
struct Performance {
    cast: Cast,
    server: Server,
    known: BTreeMap<String, String>,
    wires: BTreeMap<String, Wire>,
}

fn split(text: &str) -> (&str, &str) {
    text.split_once(' ').map_or((text, ""), |(head, rest)| (head, rest.trim()))
}

/// Returns a play as it is performed by a cast.
fn version(play: &str, cast: Cast) -> String {
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
        text += if cast == Cast::Plain { old } else { new };
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
                let mut auth = match user.strip_prefix("guest:") {
                    Some(id) => json!({ "userId": id }),
                    None => json!({ "token": self.known[&format!("{user}.token")] }),
                };
                if wire != OLD || self.cast != Cast::Undeclared {
                    auth["dialect"] = dialect.into();
                }
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
            ("undecided", _) => {}
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
        let frames = std::mem::take(&mut self.wires.get_mut(OLD).expect("the old client").packets);
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

async fn perform(play: &str, cast: Cast) -> Vec<String> {
    let mut performance = Performance { cast, server: Server::start(), known: BTreeMap::new(), wires: BTreeMap::new() };
    for (number, line) in version(play, cast).lines().enumerate() {
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

/// What an old client notices of the packets that it receives.
struct Noticing {
    dialect: Dialect,
    /// The names of the events that it receives beside plain neighbours.
    known: BTreeSet<String>,
}

impl Noticing {
    /// Whether an event is one of the client's document.
    fn of_document(&self, name: &str) -> bool {
        let mut told = events(self.dialect).iter().filter(|spec| !spec.direction.is_to_server());
        told.find(|spec| spec.name == name).unwrap_or_else(|| panic!("{name} is not of {:?}", self.dialect)).origin
            == Origin::Document
    }

    /// Clients do not notice events that they do not listen for: those that are neither of the document nor were received
    /// beside plain neighbours. Acknowledgements have no name.
    fn notices(&self, packet: &str) -> bool {
        let (kind, arguments) = parts(packet);
        kind.starts_with("43")
            || name(&arguments).is_some_and(|name| self.of_document(name) || self.known.contains(name))
    }

    /// Compares what an old client notices in two performances, packet by packet. Returns the number of packets, and which
    /// fields were added.
    fn compared(&self, before: &[String], after: &[String]) -> (usize, BTreeSet<String>) {
        let dialect = self.dialect;
        let mut rest: VecDeque<_> = after.iter().filter(|packet| self.notices(packet)).collect();
        let mut comparison = Comparison::default();
        let mut packets = 0;
        for packet in before.iter().filter(|packet| self.notices(packet)) {
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
        (packets, comparison.added)
    }
}

/// The names of the events among some packets.
fn names(packets: &[String]) -> BTreeSet<String> {
    packets.iter().filter_map(|packet| name(&parts(packet).1).map(str::to_owned)).collect()
}

/// Performs a play beside plain neighbours and beside busy ones, and compares what the old client received; then without a
/// declared dialect. `told` are the events of its vocabulary about conversations and profiles that the busy ones change.
/// Returns how many packets the old client notices.
async fn check(dialect: Dialect, play: &str, told: &[&str]) -> usize {
    let (plain, busy) = (perform(play, Cast::Plain).await, perform(play, Cast::Busy).await);
    let (mut known, mut new) = (names(&plain), names(&busy));
    known.retain(|name| !DELIVERIES.contains(&name.as_str()));
    let noticing = Noticing { dialect, known };
    let (packets, added) = noticing.compared(&plain, &busy);
    // The neighbours were other ones.
    for field in ["files", "metadata", "replyTo", "threadId", "mentions"] {
        assert!(added.contains(field), "{dialect:?}: no message had {field}, but {added:?}");
    }
    for told in told {
        let mut with_data = busy.iter().filter(|packet| packet.contains("\"metadata\":"));
        assert!(with_data.any(|packet| name(&parts(packet).1) == Some(told)), "{dialect:?}: no {told} had custom data");
    }
    new.retain(|name| {
        !noticing.known.contains(name) && !noticing.of_document(name) && !DELIVERIES.contains(&name.as_str())
    });
    assert!(new.len() >= 2, "{dialect:?}: nothing new was told but {new:?}");

    let undeclared = perform(play, Cast::Undeclared).await;
    let of_dialect = |packet: &String| match name(&parts(packet).1) {
        Some(name) => events(dialect).iter().any(|spec| !spec.direction.is_to_server() && spec.name == name),
        None => true,
    };
    let (own, others): (Vec<String>, Vec<String>) = undeclared.into_iter().partition(of_dialect);
    assert_eq!(noticing.compared(&busy, &own), (packets, BTreeSet::new()), "{dialect:?}, undeclared");
    let others: Vec<String> = others.iter().map(|packet| parts(packet).1.masked()).collect();
    let expected: Vec<&str> = play.lines().filter_map(|line| line.trim().strip_prefix("undecided ")).collect();
    assert_eq!(others, expected, "{dialect:?} in other vocabularies");
    packets
}

macro_rules! plays {
    ($($name:ident: $dialect:ident, $packets:literal, $told:expr;)*) => {$(
        #[tokio::test]
        async fn $name() {
            let play = include_str!(concat!(stringify!($name), ".play"));
            assert_eq!(check(Dialect::$dialect, play, &$told).await, $packets);
        }
    )*};
}

plays! {
    meetup: Meetup, 25, ["chatUpdated", "userUpdated"];
    messenger: Messenger, 25, ["groupUpdated", "contactUpdated"];
    rooms: Rooms, 20, ["room_updated", "user_updated"];
    conversations: Conversations, 30, ["conversation_updated", "profile_updated"];
    chat: Chat, 31, ["chat:updated", "user:updated"];
}
