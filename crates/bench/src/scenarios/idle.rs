//! The cost of idle connections.

use std::io;
use std::ops::Range;
use std::time::Duration;

use super::case::{Case, among, in_memory};
use crate::load::{Greeting, Load};
use crate::peers::Peer;
use crate::process::{Cpu, Running};
use crate::quintet::Api;
use crate::report::Value;
use crate::xmpp::Clients;

pub(super) const ABOUT: &str = "WebSocket connections that send nothing. Those of Quintet are authenticated and \
    members of 20 conversations of ten members each; those of the other servers are neither. prosody and ejabberd hold \
    the same number of XMPP clients over TCP, anonymous and without contacts. They route messages differently and do \
    not store them before acknowledging, so they appear in no other table. Their clients connect 50 at a time (100 for \
    the other servers), without heartbeats, which Socket.IO has. Memory is measured over the second half of the \
    connections, because the first half includes what a server allocates once; it counts as measured if it is larger than \
    what the server's memory varies by at rest.";

/// The number of conversations of each user of Quintet.
const CONVERSATIONS: usize = 20;
/// The number of members of each of these.
const MEMBERS: usize = 10;

/// The change of the resident memory during a rest up to which a server counts as being at rest.
const AT_REST_BYTES: u64 = 128 * 1024;
/// The most rests until a server's memory is taken as it is, with what it still varies by.
const RESTS_MAX: u32 = 10;

/// The servers that can hold idle connections.
const WITH_CONNECTIONS: [Peer; 7] =
    [Peer::Quintet, Peer::Engine, Peer::Node, Peer::Socketioxide, Peer::Python, Peer::Prosody, Peer::Ejabberd];

/// The connections that are held, by protocol.
enum Held {
    SocketIo(Box<Load>),
    Xmpp(Clients),
}

impl Held {
    fn by(peer: Peer) -> io::Result<Self> {
        Ok(if peer.speaks_xmpp() { Self::Xmpp(Clients::default()) } else { Self::SocketIo(Box::new(Load::new()?)) })
    }

    fn connect(&mut self, peer: Peer, server: &Running, range: Range<usize>) -> io::Result<Duration> {
        match self {
            Self::SocketIo(load) => {
                let greetings: Vec<Greeting> = range.map(|index| peer.greeting(index, index / 100)).collect();
                load.connect(server.address, &greetings)
            }
            Self::Xmpp(clients) => clients.connect(server.address, range.len()),
        }
    }

    fn idle(&mut self, rest: Duration) -> io::Result<()> {
        match self {
            Self::SocketIo(load) => load.idle(rest),
            // XMPP clients without traffic have nothing to answer.
            Self::Xmpp(_) => {
                std::thread::sleep(rest);
                Ok(())
            }
        }
    }
}

pub(super) fn cases(peers: &[Peer], quick: bool) -> Vec<Case> {
    let (connections, repeat) = if quick { (3_000, 1) } else { (10_000, 2) };
    // The time in which a server comes to rest, and over which it is then measured.
    let rest = Duration::from_secs(if quick { 1 } else { 5 });
    let all = among(peers, &WITH_CONNECTIONS);
    vec![Case::of(format!("{connections} connections"), repeat, (&all, false), move |peer| {
        run(peer, connections, rest)
    })]
}

fn run(peer: Peer, connections: usize, rest: Duration) -> io::Result<Vec<Value>> {
    let folder = tempfile::tempdir()?;
    let mode = crate::peers::Mode { durable: peer.is_quintet(), ..in_memory(folder.path()) };
    if peer.is_quintet() {
        // The users and their conversations are created by a process that is not measured.
        let server = peer.start(mode)?;
        let mut load = Load::new()?;
        let all: Vec<Greeting> = (0..connections).map(|index| peer.greeting(index, 0)).collect();
        load.connect(server.address, &all)?;
        drop(load);
        for round in 0..CONVERSATIONS {
            // Another user creates the groups of each round, because one user may own only so many.
            let mut api = Api::of(server.address, round)?;
            for first in (0..connections).step_by(MEMBERS) {
                // In each round, other users form the groups.
                let member = |at: usize| (first + at * (round * MEMBERS + 1)) % connections;
                let mut members: Vec<usize> = (0..MEMBERS).map(member).filter(|member| *member != round).collect();
                members.sort_unstable();
                members.dedup();
                api.group(&members)?;
            }
        }
    }
    let server = peer.start(mode)?;
    let mut held = Held::by(peer)?;
    let half = connections / 2;
    let first_half = held.connect(peer, &server, 0..half)?;
    // What a server gives back or takes after the connections came could be taken for memory of connections.
    let at_rest = |held: &mut Held| -> io::Result<(u64, u64, Cpu)> {
        held.idle(rest)?;
        let mut rests = 0;
        loop {
            let (earlier, began) = (server.resident(), server.cpu());
            held.idle(rest)?;
            let (later, cpu) = (server.resident(), server.cpu().since(began));
            let noise = Running::resident_noise(earlier, later);
            rests += 1;
            if noise <= AT_REST_BYTES || rests == RESTS_MAX {
                return Ok((later, noise, cpu));
            }
        }
    };
    let (before, noise_before, _) = at_rest(&mut held)?;
    let accepted_in = first_half + held.connect(peer, &server, half..connections)?;
    let (resident, noise, cpu) = at_rest(&mut held)?;
    let each = |bytes: f64| bytes / (connections - half) as f64;
    Ok(vec![
        Value::less("memory per connection", "bytes", each(resident as f64 - before as f64))
            .within(each((noise_before + noise) as f64)),
        Value::less("resident memory", "MB", resident as f64 / 1e6),
        Value::less("time to accept all", "s", accepted_in.as_secs_f64()),
        Value::less("CPU while idle", "%", cpu.all / rest.as_secs_f64() * 100.0),
    ])
}
