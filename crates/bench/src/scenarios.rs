//! The runs: what an idle connection costs, and what a delivery costs.

use std::io;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::load::{Greeting, Load, Regime};
use crate::peers::Peer;
use crate::quintet::{Api, MEMBERS_AT_ONCE};

/// Conversations that each user of Quintet is a member of, in the idle run.
const CONVERSATIONS: usize = 20;
/// Members of each of these.
const MEMBERS: usize = 10;
/// Connections that send.
const SENDERS: usize = 8;

/// What one idle run gave.
pub(crate) struct Idle {
    pub(crate) connections: usize,
    /// What each of the second half added to the resident memory.
    pub(crate) bytes_each: f64,
    /// All of the resident memory in the end, in bytes.
    pub(crate) resident: u64,
    pub(crate) cpu_percent: f64,
    pub(crate) accepted_in: Duration,
}

pub(crate) fn idle(peer: Peer, connections: usize) -> io::Result<Idle> {
    let folder = tempfile::tempdir()?;
    if peer.is_quintet() {
        // The users and their conversations first, in a process that is not measured.
        let server = peer.start(folder.path())?;
        let mut load = Load::new()?;
        let all: Vec<Greeting> = (0..connections).map(|index| peer.greeting(index, 0)).collect();
        load.connect(server.address, &all)?;
        drop(load);
        let mut api = Api::of(server.address, 0)?;
        for round in 0..CONVERSATIONS {
            for first in (0..connections).step_by(MEMBERS) {
                // Others are together in each round.
                let member = |at: usize| (first + at * (round * MEMBERS + 1)) % connections;
                let mut members: Vec<usize> = (0..MEMBERS).map(member).filter(|member| *member != 0).collect();
                members.sort_unstable();
                members.dedup();
                api.group(&members)?;
            }
        }
    }
    let server = peer.start(folder.path())?;
    // What the second half costs: the first takes up what a server needs once, and what its start left behind.
    let mut load = Load::new()?;
    let half = connections / 2;
    let greetings = |range: std::ops::Range<usize>| -> Vec<Greeting> {
        range.map(|index| peer.greeting(index, index / 100)).collect()
    };
    let first_half = load.connect(server.address, &greetings(0..half))?;
    load.idle(Duration::from_secs(4))?;
    let before = server.resident();
    let accepted_in = first_half + load.connect(server.address, &greetings(half..connections))?;
    load.idle(Duration::from_secs(4))?;
    let resident = server.resident();
    let bytes = resident.saturating_sub(before) as f64;
    let cpu = |(user, system): (f64, f64)| user + system;
    let began = cpu(server.cpu());
    load.idle(Duration::from_secs(5))?;
    let cpu_percent = (cpu(server.cpu()) - began) / 5.0 * 100.0;
    Ok(Idle { connections, bytes_each: bytes / (connections - half) as f64, resident, cpu_percent, accepted_in })
}

/// What one run of deliveries gave.
pub(crate) struct Fanout {
    pub(crate) sends_per_second: f64,
    /// CPU time of the server for each delivery, in microseconds, and the kernel's part of it.
    pub(crate) cpu_us: f64,
    pub(crate) kernel_us: f64,
    pub(crate) delivery: Histogram<u64>,
    pub(crate) ack: Histogram<u64>,
}

pub(crate) fn fanout(peer: Peer, rooms: usize, size: usize, regime: Regime, seconds: u64) -> io::Result<Fanout> {
    let folder = tempfile::tempdir()?;
    let server = peer.start(folder.path())?;
    let mut load = Load::new()?;
    let all: Vec<Greeting> = (0..rooms * size).map(|index| peer.greeting(index, index / size)).collect();
    load.connect(server.address, &all)?;
    if peer.is_quintet() && size > MEMBERS_AT_ONCE {
        // Those beyond are added one by one, which would be told to everybody: nobody is to be there yet.
        load = Load::new()?;
    }
    let mut places = Vec::new();
    for room in 0..rooms {
        places.push(if peer.is_quintet() {
            let members: Vec<usize> = (room * size + 1..(room + 1) * size).collect();
            Api::of(server.address, room * size)?.group(&members)?
        } else {
            room.to_string()
        });
    }
    if load.is_empty() {
        load.connect(server.address, &all)?;
    }
    // One sender a room, or several where there are few rooms.
    let per_room = SENDERS.div_ceil(rooms).min(size);
    let senders: Vec<(usize, String)> = (0..per_room)
        .flat_map(|turn| places.iter().enumerate().map(move |(room, place)| (room * size + turn, place.clone())))
        .collect();
    load.settle()?;
    load.send(&senders, regime, Duration::from_secs(1))?;
    load.settle()?;
    let (user, system) = server.cpu();
    load.send(&senders, regime, Duration::from_secs(seconds))?;
    load.settle()?;
    let (user, system) = {
        let after = server.cpu();
        (after.0 - user, after.1 - system)
    };
    let measured = load.measured();
    let expected = measured.sent * size as u64;
    if measured.delivered != expected {
        eprintln!("  {}: {} of {expected} deliveries came within the time", peer.name(), measured.delivered);
    }
    let each = |seconds: f64| seconds * 1e6 / measured.delivered.max(1) as f64;
    Ok(Fanout {
        sends_per_second: measured.acked as f64 / seconds as f64,
        cpu_us: each(user + system),
        kernel_us: each(system),
        delivery: measured.delivery.clone(),
        ack: measured.ack.clone(),
    })
}
