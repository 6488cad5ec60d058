//! All clients reconnect at once, after a restart of the server.

use std::io;
use std::time::Instant;

use super::case::{Case, Rooms, among, in_memory};
use crate::load::{Greeting, Load, Memory};
use crate::peers::{Mode, Peer};
use crate::quintet;
use crate::report::Value;

pub(super) const ABOUT: &str = "All clients, in rooms of 100, are disconnected. Five messages are sent to each room, \
    the server is killed and restarted, and all clients reconnect at once. *With what they missed*: until the last \
    client has all five messages of its room; Quintet uses connection state recovery, and the other servers read the \
    messages after a number that the client sends from their database. *Without*: until the last client has \
    reconnected.";

/// The number of members of a room.
const SIZE: usize = 100;
/// The number of messages to each room while nobody is connected.
const MISSED: u64 = 5;

pub(super) fn cases(peers: &[Peer], quick: bool) -> Vec<Case> {
    let (connections, repeat) = if quick { (1_000, 1) } else { (10_000, 3) };
    let rooms = Rooms { count: connections / SIZE, size: SIZE };
    let all = among(peers, &[Peer::Quintet, Peer::Node, Peer::Socketioxide, Peer::Python]);
    let case = |what: &str, recover: bool| {
        Case::of(format!("{connections} connections, {what}"), repeat, (&all, true), move |peer| {
            run(peer, rooms, recover)
        })
    };
    vec![case("with what they missed", true), case("without", false)]
}

fn greeting(peer: Peer, rooms: Rooms, index: usize, memory: Option<&Memory>) -> Greeting {
    let room = index / rooms.size;
    match (peer.is_quintet(), memory) {
        (true, Some(memory)) => quintet::returning(index, &memory.secret, &memory.offset),
        (true, None) => quintet::recoverable(index),
        (false, None) => peer.greeting(index, room),
        // One message was sent to each room before, so that its number is known.
        (false, Some(_)) => {
            let greeting = peer.greeting(index, room);
            Greeting { query: format!("{}&after={}", greeting.query, rooms.count), ..greeting }
        }
    }
}

fn run(peer: Peer, rooms: Rooms, recover: bool) -> io::Result<Vec<Value>> {
    let folder = tempfile::tempdir()?;
    let mode = Mode { durable: true, ..in_memory(folder.path()) };
    let server = peer.start(mode)?;
    let mut load = Load::new()?;
    let conversations = rooms.fill(peer, &server, &mut load)?;
    drop(load);
    let mut load = Load::new()?;
    load.remember();
    let greetings = |memories: Option<&[Memory]>| -> Vec<Greeting> {
        let memory = |index: usize| memories.and_then(|memories| memories.get(index));
        (0..rooms.connections()).map(|index| greeting(peer, rooms, index, memory(index))).collect()
    };
    load.connect(server.address, &greetings(None))?;
    load.settle()?;
    // One message to each room, so that every client has received an event.
    let in_each = rooms.turns(&conversations, rooms.count);
    load.forget();
    load.burst(&in_each, rooms.count as u64)?;
    load.until_delivered(rooms.connections() as u64)?;
    load.settle()?;
    let memories = load.memories();
    drop(load);
    // The first member of each room sends while the others are away.
    let mut senders = Load::new()?;
    let first: Vec<Greeting> = (0..rooms.count).map(|room| peer.greeting(room * rooms.size, room)).collect();
    senders.connect(server.address, &first)?;
    senders.settle()?;
    let turns: Vec<_> =
        conversations.iter().enumerate().map(|(room, id)| crate::load::Turn::message(room, id)).collect();
    senders.forget();
    senders.burst(&turns, MISSED * rooms.count as u64)?;
    senders.until_delivered(MISSED * rooms.count as u64)?;
    drop((senders, server));

    let server = peer.start(mode)?;
    let began = Instant::now();
    let mut load = Load::new()?;
    load.connect(server.address, &greetings(recover.then_some(&memories[..])))?;
    let mut values = vec![Value::less("last client connected", "s", began.elapsed().as_secs_f64())];
    if recover {
        load.until_delivered(MISSED * rooms.connections() as u64)?;
        values.push(Value::less("last client up to date", "s", began.elapsed().as_secs_f64()));
    }
    load.settle()?;
    values.push(Value::less("peak memory", "MB", server.peak() as f64 / 1e6));
    values.push(Value::less("total CPU", "s", server.cpu().all));
    Ok(values)
}
