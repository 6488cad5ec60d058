//! The number of messages per second that are on disk when they are acknowledged.

use std::io;
use std::time::Duration;

use super::case::{Case, Rooms, Run, among, in_memory, ms};
use crate::load::{Load, Regime};
use crate::peers::{Mode, Peer};
use crate::process::Running;
use crate::report::{Part, Server, Value};
use crate::sqlite_floor;

pub(super) const ABOUT: &str = "Messages to rooms with one member, so that the send dominates; each is committed with \
    fsync before it is acknowledged. The number of sends in progress is the largest of 64, 256 and 1,024 at which 99 % \
    are acknowledged within 50 ms. The floor is a bare loop over SQLite that commits the same rows, in groups as large \
    as those of Quintet.";

/// The number of connections that send.
const SENDERS: usize = 64;
/// The numbers of sends in progress that are tried.
const IN_FLIGHT: [usize; 3] = [64, 256, 1_024];
/// Maximum 99th percentile of the acknowledgement time in milliseconds.
const PATIENCE_MS: f64 = 50.0;

pub(super) fn cases(peers: &[Peer], quick: bool) -> Vec<Case> {
    let (seconds, repeat) = if quick { (1, 1) } else { (4, 3) };
    let all = among(peers, &[Peer::Quintet, Peer::Node, Peer::Socketioxide, Peer::Python]);
    let mut case = Case::of(format!("{SENDERS} senders"), repeat, (&all, true), move |peer| run(peer, seconds));
    if peers.contains(&Peer::Floor) {
        let server = Server { name: "bare SQLite".to_owned(), part: Part::Floor };
        case.servers.push((server, Box::new(move || floor(seconds)) as Run));
    }
    vec![case]
}

fn run(peer: Peer, seconds: u64) -> io::Result<Vec<Value>> {
    let folder = tempfile::tempdir()?;
    let server = peer.start(Mode { durable: true, ..in_memory(folder.path()) })?;
    let mut load = Load::new()?;
    let rooms = Rooms { count: SENDERS, size: 1 };
    let conversations = rooms.fill(peer, &server, &mut load)?;
    let senders = rooms.turns(&conversations, SENDERS);
    load.settle()?;
    load.send(&senders, Regime::Saturated(IN_FLIGHT[0]), Duration::from_secs(1))?;
    load.settle()?;
    let mut best: Option<(f64, Vec<Value>)> = None;
    for in_flight in IN_FLIGHT {
        let (cpu, written, groups) = (server.cpu(), server.written(), groups(peer, &server));
        load.send(&senders, Regime::Saturated(in_flight), Duration::from_secs(seconds))?;
        load.settle()?;
        let (cpu, written) = (server.cpu().since(cpu), server.written() - written);
        let measured = load.measured();
        if measured.acked != measured.sent {
            let (sent, acked) = (measured.sent, measured.acked);
            return Err(io::Error::other(format!("{peer:?}: {acked} of {sent} acknowledgements came")));
        }
        let sends = measured.sent as f64;
        let rate = sends / seconds as f64;
        if ms(&measured.ack, 0.99) > PATIENCE_MS || best.as_ref().is_some_and(|(known, _)| rate <= *known) {
            continue;
        }
        let mut values = vec![
            Value::more("sends a second", "", rate),
            Value::less("acknowledgement p50", "ms", ms(&measured.ack, 0.5)),
            Value::less("acknowledgement p99", "ms", ms(&measured.ack, 0.99)),
            Value::less("CPU per send", "µs", cpu.all * 1e6 / sends),
            Value::less("written per send", "bytes", written as f64 / sends),
            Value::more("sends in progress", "", in_flight as f64),
        ];
        if let (Some(before), Some(after)) = (groups, self::groups(peer, &server)) {
            values.push(Value::more("sends per commit", "", (after.1 - before.1) / (after.0 - before.0)));
        }
        best = Some((rate, values));
    }
    best.map(|(_, values)| values).ok_or_else(|| io::Error::other(format!("{peer:?} needs more than {PATIENCE_MS} ms")))
}

/// The number of commits so far, and of the commands in them, if the server's metrics have them.
fn groups(peer: Peer, server: &Running) -> Option<(f64, f64)> {
    if !peer.is_quintet() {
        return None;
    }
    let commits = server.metric("quintet_commit_commands_count")?;
    Some((commits, server.metric("quintet_commit_commands_sum")?))
}

fn floor(seconds: u64) -> io::Result<Vec<Value>> {
    // As large as Quintet's groups are at this load, measured just before.
    let quintet = run(Peer::Quintet, 1)?;
    let group = quintet.iter().find(|value| value.name == "sends per commit").map_or(1.0, |value| value.value);
    let folder = tempfile::tempdir()?;
    let found = sqlite_floor::measure(folder.path(), group.round() as usize, seconds)?;
    Ok(vec![
        Value::more("sends a second", "", found.rows_per_second),
        Value::less("CPU per send", "µs", found.cpu_us),
        Value::more("sends per commit", "", group.round()),
    ])
}
