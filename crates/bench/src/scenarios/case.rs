//! What the scenarios share: cases, rooms with their members, and quantiles.
//!
//! What must stay true: all servers of a case get the same rooms and turns.

use std::io;

use hdrhistogram::Histogram;

use crate::load::{Greeting, Load, Turn};
use crate::peers::{Mode, Peer};
use crate::process::Running;
use crate::quintet::{Api, MEMBERS_AT_ONCE};
use crate::report::{Server, Value};

/// Runs one server once. Returns what was measured.
pub(crate) type Run = Box<dyn Fn() -> io::Result<Vec<Value>>>;

/// One case of a scenario, which becomes one table.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) servers: Vec<(Server, Run)>,
    /// The number of runs of each server.
    pub(crate) repeat: usize,
}

impl Case {
    /// A case in which several servers do the same.
    pub(super) fn of(
        name: String,
        repeat: usize,
        (peers, durable): (&[Peer], bool),
        run: impl Fn(Peer) -> io::Result<Vec<Value>> + Clone + 'static,
    ) -> Self {
        let with = |peer: Peer| {
            let run = run.clone();
            (peer.server(durable), Box::new(move || run(peer)) as Run)
        };
        Self { name, servers: peers.iter().map(|peer| with(*peer)).collect(), repeat }
    }
}

/// The servers of `peers` that a case is about. Another build of Quintet is measured wherever Quintet is.
pub(super) fn among(peers: &[Peer], wanted: &[Peer]) -> Vec<Peer> {
    let before = wanted.contains(&Peer::Quintet).then_some(Peer::Before);
    wanted.iter().copied().chain(before).filter(|peer| peers.contains(peer)).collect()
}

/// Rooms of one size, and their members.
#[derive(Clone, Copy)]
pub(super) struct Rooms {
    /// The number of rooms.
    pub(super) count: usize,
    /// The number of members of each room.
    pub(super) size: usize,
}

impl Rooms {
    pub(super) fn connections(self) -> usize {
        self.count * self.size
    }

    pub(super) fn greetings(self, peer: Peer) -> Vec<Greeting> {
        (0..self.connections()).map(|index| peer.greeting(index, index / self.size)).collect()
    }

    /// Connects all clients and creates the conversations. Returns their ids.
    pub(super) fn fill(self, peer: Peer, server: &Running, load: &mut Load) -> io::Result<Vec<String>> {
        load.connect(server.address, &self.greetings(peer))?;
        if !peer.is_quintet() {
            return Ok((0..self.count).map(|room| room.to_string()).collect());
        }
        if self.size > MEMBERS_AT_ONCE {
            // Further members are added one by one, which is delivered to all who are online: nobody is online
            // meanwhile.
            *load = Load::new()?;
        }
        let mut conversations = Vec::new();
        for room in 0..self.count {
            let members: Vec<usize> = (room * self.size + 1..(room + 1) * self.size).collect();
            conversations.push(Api::of(server.address, room * self.size)?.group(&members)?);
        }
        if load.is_empty() {
            load.connect(server.address, &self.greetings(peer))?;
        }
        Ok(conversations)
    }

    /// The turns of `senders` connections, distributed evenly over the rooms.
    pub(super) fn turns(self, conversations: &[String], senders: usize) -> Vec<Turn> {
        let per_room = senders.div_ceil(self.count).min(self.size);
        let turn = |turn: usize| move |(room, id): (usize, &String)| Turn::message(room * self.size + turn, id);
        (0..per_room).flat_map(|nth| conversations.iter().enumerate().map(turn(nth))).collect()
    }
}

/// Everything in memory and without presence, for scenarios about something else.
pub(super) fn in_memory(data: &std::path::Path) -> Mode<'_> {
    Mode { data, durable: false, presence: false, settings: &[] }
}

/// The value at a quantile in milliseconds.
pub(crate) fn ms(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    if histogram.is_empty() { f64::NAN } else { histogram.value_at_quantile(quantile) as f64 / 1e6 }
}
