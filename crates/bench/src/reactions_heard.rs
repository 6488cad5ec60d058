//! What the clients of a load hear of the reactions to one message, while they react to it themselves.
//!
//! What must stay true: a frame is parsed once, however many clients receive it, so that the load does not become what is
//! measured.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use crate::wire;

/// The id of the first client's acknowledgement: above all that a load asks for otherwise.
const FIRST_ID: usize = 1_000_000_000;
/// How an event about a reaction begins.
const EVENT: &[u8] = b"42[\"message_reaction\",";

/// The number of users with each emoji.
pub(crate) type Counts = BTreeMap<String, u64>;

/// What an event tells.
struct Told {
    emoji: String,
    /// The number of users with the emoji now.
    count: u64,
    /// The number of users whose reaction changed.
    changes: usize,
}

/// What one client has heard.
#[derive(Clone, Default)]
struct Client {
    /// The events that the client received, as their numbers in the list of all events.
    events: Vec<usize>,
    bytes: u64,
    changes: usize,
}

/// The reactions to one message, as its clients hear of them.
pub(crate) struct ReactionsHeard {
    message: String,
    /// The time at which the clients reacted, in nanoseconds of the load.
    began: u64,
    told: Vec<Told>,
    /// The numbers of the events by their packets.
    numbers: HashMap<Vec<u8>, usize>,
    clients: Vec<Client>,
    /// The number of clients that have received the reactions of all clients.
    up_to_date: usize,
    acknowledged: usize,
    /// The times of the last acknowledgement and of the last event so far.
    last_acknowledged: u64,
    last_told: u64,
    /// The first packet that says that something went wrong.
    fault: Option<String>,
}

impl ReactionsHeard {
    /// Nothing yet, of so many clients that react to a message.
    pub(crate) fn of(message: &str, clients: usize, began: u64) -> Self {
        Self {
            message: message.to_owned(),
            began,
            told: Vec::new(),
            numbers: HashMap::new(),
            clients: vec![Client::default(); clients],
            up_to_date: 0,
            acknowledged: 0,
            last_acknowledged: began,
            last_told: began,
            fault: None,
        }
    }

    /// The packet by which a client reacts, in the dialect `conversations`.
    pub(crate) fn packet(client: usize, message: &str, emoji: &str) -> String {
        let id = FIRST_ID + client;
        format!("42{id}[\"add_reaction\",{{\"messageId\":\"{message}\",\"emoji\":\"{emoji}\"}}]")
    }

    /// Takes the acknowledgement of a reaction; other packets are passed over.
    pub(crate) fn answer(&mut self, packet: &[u8], now: u64) {
        if wire::ack_id(packet).is_some_and(|id| id >= FIRST_ID) {
            self.acknowledged += 1;
            self.last_acknowledged = now;
            if memchr::memmem::find(packet, b"\"success\":true").is_none() {
                self.fault.get_or_insert_with(|| String::from_utf8_lossy(packet).into_owned());
            }
        }
    }

    /// Takes an event about reactions; other packets are passed over.
    pub(crate) fn event(&mut self, client: usize, packet: &[u8], now: u64) {
        if !packet.starts_with(EVENT) {
            return;
        }
        let number = match self.numbers.get(packet) {
            Some(number) => *number,
            None => {
                let Some(told) = told(packet, &self.message) else {
                    self.fault.get_or_insert_with(|| String::from_utf8_lossy(packet).into_owned());
                    return;
                };
                self.told.push(told);
                self.numbers.insert(packet.to_owned(), self.told.len() - 1);
                self.told.len() - 1
            }
        };
        self.last_told = now;
        let all = self.clients.len();
        let client = &mut self.clients[client];
        client.events.push(number);
        client.bytes += packet.len() as u64;
        client.changes += self.told[number].changes;
        self.up_to_date += usize::from(client.changes == all);
    }

    /// Returns whether each reaction was acknowledged and each client has received all of them.
    pub(crate) fn is_complete(&self) -> bool {
        self.acknowledged == self.clients.len() && self.up_to_date == self.clients.len()
    }

    /// Checks that each client has received each reaction once, and ends with the counts that the server has.
    pub(crate) fn check(&self, counts: &Counts) -> Result<(), String> {
        let all = self.clients.len();
        if let Some(fault) = &self.fault {
            return Err(format!("an answer or event was not as expected: {fault}"));
        }
        if !self.is_complete() {
            let (acknowledged, up_to_date) = (self.acknowledged, self.up_to_date);
            return Err(format!(
                "{acknowledged} of {all} reactions were acknowledged, {up_to_date} clients told of all"
            ));
        }
        for (index, client) in self.clients.iter().enumerate() {
            let told = client.events.iter().map(|event| &self.told[*event]);
            let last: Counts = told.map(|told| (told.emoji.clone(), told.count)).collect();
            if last != *counts || client.changes != all {
                let changes = client.changes;
                return Err(format!("client {index} was told of {changes} changes and has {last:?}, not {counts:?}"));
            }
        }
        Ok(())
    }

    /// The time in seconds from the reactions until the last acknowledgement.
    pub(crate) fn acknowledged_after(&self) -> f64 {
        self.last_acknowledged.saturating_sub(self.began) as f64 / 1e9
    }

    /// The time in seconds from the reactions until the last event about them.
    pub(crate) fn told_after(&self) -> f64 {
        self.last_told.saturating_sub(self.began) as f64 / 1e9
    }

    /// The number of events of each client.
    pub(crate) fn events(&self) -> impl Iterator<Item = f64> {
        self.clients.iter().map(|client| client.events.len() as f64)
    }

    /// The bytes of the packets of each client's events.
    pub(crate) fn bytes(&self) -> impl Iterator<Item = f64> {
        self.clients.iter().map(|client| client.bytes as f64)
    }
}

/// What an event tells of a message; `None` if it cannot be read or is about another message.
fn told(packet: &[u8], message: &str) -> Option<Told> {
    let json: Value = serde_json::from_slice(packet.strip_prefix(b"42")?).ok()?;
    let event = json.get(1).filter(|event| event["messageId"] == message)?;
    let changes = event.get("changes").map_or(Some(1), |changes| changes.as_array().map(Vec::len))?;
    Some(Told { emoji: event["emoji"].as_str()?.to_owned(), count: event["count"].as_u64()?, changes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(emoji: &str, count: u64, changes: &str) -> Vec<u8> {
        format!("42[\"message_reaction\",{{\"messageId\":\"m\",\"emoji\":\"{emoji}\",\"count\":{count}{changes}}}]")
            .into()
    }

    fn counts(counts: &[(&str, u64)]) -> Counts {
        counts.iter().map(|(emoji, count)| ((*emoji).to_owned(), *count)).collect()
    }

    #[test]
    fn everybody_must_be_told_of_everybody() {
        let mut heard = ReactionsHeard::of("m", 2, 5_000_000_000);
        assert!(ReactionsHeard::packet(1, "m", "+").starts_with("421000000001[\"add_reaction\""));
        heard.answer(b"431000000000[{\"success\":true}]", 6_000_000_000);
        heard.answer(b"437[{\"success\":true}]", 7_000_000_000);
        heard.answer(b"431000000001[{\"success\":true}]", 6_500_000_000);
        heard.event(0, &event("+", 2, ",\"changes\":[{},{}]"), 6_600_000_000);
        heard.event(1, &event("+", 1, ""), 6_700_000_000);
        heard.event(1, b"42[\"receive_message\",{}]", 6_800_000_000);
        assert!(!heard.is_complete());
        let missing = heard.check(&counts(&[("+", 2)])).expect_err("one client was told of one reaction");
        assert_eq!(missing, "2 of 2 reactions were acknowledged, 1 clients told of all");
        heard.event(1, &event("+", 2, ""), 8_000_000_000);
        assert_eq!(heard.check(&counts(&[("+", 2)])), Ok(()));
        assert!(heard.check(&counts(&[("+", 1), ("-", 1)])).is_err(), "the server has other counts");
        assert_eq!(heard.events().collect::<Vec<_>>(), [1.0, 2.0]);
        assert_eq!(heard.bytes().next(), Some(event("+", 2, ",\"changes\":[{},{}]").len() as f64));
        assert!((heard.acknowledged_after() - 1.5).abs() < 1e-9 && (heard.told_after() - 3.0).abs() < 1e-9);
    }

    #[test]
    fn refusals_and_repeated_events_are_faults() {
        let mut heard = ReactionsHeard::of("m", 1, 0);
        heard.answer(b"431000000000[{\"success\":true}]", 1);
        heard.event(0, &event("+", 1, ""), 1);
        assert_eq!(heard.check(&counts(&[("+", 1)])), Ok(()));
        heard.event(0, &event("+", 1, ""), 1);
        assert!(heard.check(&counts(&[("+", 1)])).is_err(), "told twice");
        let mut heard = ReactionsHeard::of("m", 1, 0);
        heard.answer(b"431000000000[{\"success\":false}]", 1);
        heard.event(0, &event("+", 1, ""), 1);
        assert!(heard.check(&counts(&[("+", 1)])).is_err_and(|fault| fault.contains("false")));
    }
}
