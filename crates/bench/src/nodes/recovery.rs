//! Connections that come back: to the node that they were lost on, and to another one.
//!
//! What must stay true: nobody is connected while the missed messages are sent.

use std::io;
use std::rc::Rc;
use std::time::Instant;

use super::cluster::{Cluster, Kind};
use super::seats::Seats;
use super::services::Services;
use crate::load::{Greeting, Load, Memory};
use crate::quintet;
use crate::report::{Part, Server, Value};
use crate::scenarios::{Case, Run};

pub(super) const ABOUT: &str = "Clients in rooms of 100 are connected to the first of two nodes and lost. Five messages are \
    sent to each room. Then all clients reconnect at once, to the same node or to the other one, and recover what they \
    missed. *CPU* is that of all processes: nodes, PostgreSQL and Redis. The column of the same node takes the place of \
    a peer.";

/// The number of messages to each room while nobody is connected.
const MISSED: usize = 5;

pub(super) fn cases(short: bool, services: &Rc<Services>) -> Vec<Case> {
    let (connections, repeat) = if short { (500, 1) } else { (2_000, 5) };
    let seats = Seats { count: connections / 100, size: 100, node: |_, _| 0 };
    let of = |node: usize, name: &str, part: Part| {
        let services = Rc::clone(services);
        (Server { name: name.to_owned(), part }, Box::new(move || run(seats, node, &services)) as Run)
    };
    let servers = vec![of(1, "other node", Part::Own), of(0, "same node", Part::Peer)];
    vec![Case { name: format!("{connections} connections"), servers, repeat }]
}

fn run(seats: Seats, node: usize, services: &Rc<Services>) -> io::Result<Vec<Value>> {
    let cluster = Cluster::start(Kind::PostgresWire, 2, services)?;
    let mut load = Load::new()?;
    let conversations = seats.fill(&cluster, &mut load)?;
    drop(load);
    let mut load = Load::new()?;
    load.remember();
    seats.connect(&cluster, &mut load, quintet::recoverable)?;
    load.settle()?;
    // One message to each room, so that every client has received an event.
    let turns = seats.turns(&conversations, 1);
    load.forget();
    load.burst(&turns, seats.count as u64)?;
    load.until_delivered(seats.connections() as u64)?;
    load.settle()?;
    let memories = load.memories();
    drop(load);
    // The first member of each room sends while the others are away.
    let mut senders = Load::new()?;
    let first: Vec<Greeting> = (0..seats.count).map(|room| cluster.kind.greeting(room * seats.size, room)).collect();
    senders.connect(cluster.address(0)?, &first)?;
    senders.settle()?;
    let turns: Vec<_> =
        conversations.iter().enumerate().map(|(room, id)| crate::load::Turn::message(room, id)).collect();
    let missed = (MISSED * seats.count) as u64;
    senders.forget();
    senders.burst(&turns, missed)?;
    senders.until_delivered(missed)?;
    senders.settle()?;
    drop(senders);
    cluster.checkpoint()?;
    let returning = |user: usize| {
        let nobody = Memory::default();
        let memory = memories.get(user).unwrap_or(&nobody);
        quintet::returning(user, &memory.secret, &memory.offset)
    };
    let greetings: Vec<Greeting> = (0..seats.connections()).map(returning).collect();
    let before = cluster.cpu();
    let began = Instant::now();
    let mut load = Load::new()?;
    load.connect(cluster.address(node)?, &greetings)?;
    let connected = began.elapsed().as_secs_f64();
    load.until_delivered((MISSED * seats.connections()) as u64)?;
    let recovered = began.elapsed().as_secs_f64();
    load.settle()?;
    let cpu = cluster.cpu().since(before);
    let delivered = load.measured().delivered;
    if delivered != (MISSED * seats.connections()) as u64 {
        return Err(io::Error::other(format!("{delivered} messages came, some of them twice")));
    }
    Ok(vec![
        Value::less("last client up to date", "s", recovered),
        Value::less("last client connected", "s", connected),
        Value::less("total CPU", "s", cpu.all()),
        Value::less("of which PostgreSQL", "s", cpu.postgres),
    ])
}
