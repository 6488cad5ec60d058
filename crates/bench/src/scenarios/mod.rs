//! The scenarios: one file each. A case is one table: what is done, by which servers, and what one run of one gives.

mod fanout;
mod history;
mod idle;
mod mixed;
mod presence;
mod send;
mod storm;

use std::io;

pub(crate) use mixed::soak;

use crate::load::{Greeting, Load, Turn};
use crate::peers::{Mode, Peer};
use crate::process::Running;
use crate::quintet::{Api, MEMBERS_AT_ONCE};
use crate::report::{Server, Value};

/// A scenario.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Scenario {
    /// Memory and CPU of idle connections, and how fast they are accepted
    Idle,
    /// CPU and latency of messages to rooms
    Fanout,
    /// Messages a second that are on the disk when they are acknowledged
    Send,
    /// Everybody comes back after a restart of the server
    Storm,
    /// Comings and goings, and who is told of them
    Presence,
    /// Pages of a long history, while it is written to
    History,
    /// A working day in a minute, in all five vocabularies
    Mixed,
}

impl Scenario {
    pub(crate) const ALL: [Self; 7] =
        [Self::Idle, Self::Fanout, Self::Send, Self::Storm, Self::Presence, Self::History, Self::Mixed];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Fanout => "fanout",
            Self::Send => "send",
            Self::Storm => "storm",
            Self::Presence => "presence",
            Self::History => "history",
            Self::Mixed => "mixed",
        }
    }

    /// What is measured, and how: a paragraph for the reader.
    pub(crate) fn about(self) -> &'static str {
        match self {
            Self::Idle => idle::ABOUT,
            Self::Fanout => fanout::ABOUT,
            Self::Send => send::ABOUT,
            Self::Storm => storm::ABOUT,
            Self::Presence => presence::ABOUT,
            Self::History => history::ABOUT,
            Self::Mixed => mixed::ABOUT,
        }
    }

    /// What is to be run.
    pub(crate) fn cases(self, peers: &[Peer], quick: bool) -> Vec<Case> {
        match self {
            Self::Idle => idle::cases(peers, quick),
            Self::Fanout => fanout::cases(peers, quick),
            Self::Send => send::cases(peers, quick),
            Self::Storm => storm::cases(peers, quick),
            Self::Presence => presence::cases(peers, quick),
            Self::History => history::cases(peers, quick),
            Self::Mixed => mixed::cases(peers, quick),
        }
    }
}

/// One run of one server.
pub(crate) type Run = Box<dyn Fn() -> io::Result<Vec<Value>>>;

/// One table.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) servers: Vec<(Server, Run)>,
    /// How often each is run.
    pub(crate) repeat: usize,
}

impl Case {
    /// A case in which several servers do the same.
    fn of(
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

/// Those of some servers that a case is about. Another build of Quintet is measured wherever Quintet is.
fn among(peers: &[Peer], wanted: &[Peer]) -> Vec<Peer> {
    let before = wanted.contains(&Peer::Quintet).then_some(Peer::Before);
    wanted.iter().copied().chain(before).filter(|peer| peers.contains(peer)).collect()
}

/// Rooms of one size, and who is in them.
#[derive(Clone, Copy)]
struct Rooms {
    count: usize,
    size: usize,
}

impl Rooms {
    fn connections(self) -> usize {
        self.count * self.size
    }

    fn greetings(self, peer: Peer) -> Vec<Greeting> {
        (0..self.connections()).map(|index| peer.greeting(index, index / self.size)).collect()
    }

    /// Connects everybody and makes the conversations; gives their ids.
    fn fill(self, peer: Peer, server: &Running, load: &mut Load) -> io::Result<Vec<String>> {
        load.connect(server.address, &self.greetings(peer))?;
        if !peer.is_quintet() {
            return Ok((0..self.count).map(|room| room.to_string()).collect());
        }
        if self.size > MEMBERS_AT_ONCE {
            // Those beyond are added one by one, which would be told to everybody: nobody is to be there yet.
            *load = Load::new()?;
        }
        let mut places = Vec::new();
        for room in 0..self.count {
            let members: Vec<usize> = (room * self.size + 1..(room + 1) * self.size).collect();
            places.push(Api::of(server.address, room * self.size)?.group(&members)?);
        }
        if load.is_empty() {
            load.connect(server.address, &self.greetings(peer))?;
        }
        Ok(places)
    }

    /// `senders` connections in all, as many in each room.
    fn turns(self, places: &[String], senders: usize) -> Vec<Turn> {
        let per_room = senders.div_ceil(self.count).min(self.size);
        let turn = |turn: usize| move |(room, place): (usize, &String)| Turn::message(room * self.size + turn, place);
        (0..per_room).flat_map(|nth| places.iter().enumerate().map(turn(nth))).collect()
    }
}

/// Everything in memory, nobody told who comes: where the scenario is about something else.
fn in_memory(data: &std::path::Path) -> Mode<'_> {
    Mode { data, durable: false, presence: false, settings: &[] }
}
