//! Presence changes, and the clients that receive them.

use std::io;
use std::time::{Duration, Instant};

use super::case::{Case, Rooms, among};
use crate::load::{Greeting, Load};
use crate::peers::{Mode, Peer};
use crate::report::{Part, Server, Value};

pub(super) const ABOUT: &str = "Connected clients receive the presence changes of other clients, which connect one \
    after the other and disconnect again. *Everyone*: all clients receive each change. *Contacts*: only clients that \
    share a conversation receive it, as Quintet does it when many users are online; the other servers have no such \
    mode.";

/// The number of users who connect and disconnect.
const GUESTS: usize = 100;
/// The time after which a user is announced as offline.
const GONE: Duration = Duration::from_secs(3);

pub(super) fn cases(peers: &[Peer], quick: bool) -> Vec<Case> {
    let (watchers, repeat) = if quick { (300, 1) } else { (1_000, 3) };
    let all = among(peers, &[Peer::Quintet, Peer::Node, Peer::Socketioxide, Peer::Python]);
    let everyone: &'static [_] = &[("QUINTET_PRESENCE_EVERYONE_LIMIT", "100000")];
    let mut cases = vec![Case::of(format!("{watchers} watch, everyone"), repeat, (&all, false), move |peer| {
        run(peer, watchers, everyone)
    })];
    if peers.contains(&Peer::Quintet) {
        let contacts: &'static [_] = &[("QUINTET_PRESENCE_AUDIENCE", "contacts")];
        let server = Server { name: "Quintet".to_owned(), part: Part::Own };
        let run = move || run(Peer::Quintet, watchers, contacts);
        cases.push(Case {
            name: format!("{watchers} watch, contacts"),
            servers: vec![(server, Box::new(run))],
            repeat,
        });
    }
    cases
}

fn run(peer: Peer, watchers: usize, settings: &[(&'static str, &'static str)]) -> io::Result<Vec<Value>> {
    let folder = tempfile::tempdir()?;
    let server = peer.start(Mode { data: folder.path(), durable: false, presence: true, settings })?;
    let mut load = Load::new()?;
    let rooms = Rooms { count: watchers / 10, size: 10 };
    rooms.fill(peer, &server, &mut load)?;
    load.settle()?;
    // The users who connect are contacts of each other only; a second connection of a watcher would change nothing.
    let guests: Vec<Greeting> = (watchers..watchers + GUESTS).map(|index| peer.greeting(index, index)).collect();
    load.forget();
    let (before, began) = (server.cpu(), Instant::now());
    for guest in guests.chunks(1) {
        load.connect(server.address, guest)?;
    }
    load.settle()?;
    load.cut(watchers);
    load.idle(GONE)?;
    load.settle()?;
    let cpu = server.cpu().since(before);
    let took = began.elapsed();
    let events = load.measured().events as f64;
    Ok(vec![
        Value::less("CPU per connect and disconnect", "µs", cpu.all * 1e6 / GUESTS as f64),
        Value::less("CPU per delivered event", "µs", if events > 0.0 { cpu.all * 1e6 / events } else { f64::NAN }),
        Value::less("events per connect and disconnect", "", events / GUESTS as f64),
        Value::less("total time", "s", took.as_secs_f64()),
    ])
}
