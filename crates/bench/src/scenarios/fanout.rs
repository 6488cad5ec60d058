//! The cost of a message to a room.

use std::io;
use std::time::Duration;

use super::case::{Case, Rooms, among, in_memory, ms};
use crate::load::{Load, Regime};
use crate::peers::{Mode, Peer};
use crate::report::Value;

pub(super) const ABOUT: &str = "A message of 60 bytes to every member of a room, in the format of `conversations`. \
    *Paced*: a fixed number of messages a second, independent of the responses; latency is measured from the time at \
    which a message was due. *Saturated*: 16 sends always wait for their acknowledgement. A server that acknowledges \
    early and delivers late looks cheap there, so compare the latencies too. *Durable*: a message is on disk before it \
    is acknowledged or delivered; otherwise, everything is in memory. *CPU* is the time of all threads of the server, in \
    user and kernel mode, by the clock of the process, from the first measured send to the last delivery; the load is \
    another process on another core, and the kernel's own threads, which write pages to the disk, are not counted. The \
    kernel's part is estimated from samples, one a clock tick.";

/// The number of connections that send.
const SENDERS: usize = 8;
/// The number of sends in progress in the saturated regime.
const IN_FLIGHT: usize = 16;

/// The sizes of rooms, and the rates at which sends are paced: at most half of what the slowest server can sustain.
const SIZES: [(Rooms, f64); 4] = [
    (Rooms { count: 1, size: 10 }, 200.0),
    (Rooms { count: 100, size: 10 }, 200.0),
    (Rooms { count: 1, size: 1_000 }, 5.0),
    (Rooms { count: 1, size: 9_000 }, 2.0),
];

pub(super) fn cases(peers: &[Peer], quick: bool) -> Vec<Case> {
    let (seconds, repeat) = if quick { (2, 1) } else { (4, 3) };
    let mut cases = Vec::new();
    for (rooms, rate) in SIZES {
        if quick && (rooms.size > 1_000 || rooms.connections() == 10) {
            continue;
        }
        for durable in [false, true] {
            // The largest room measures deliveries alone, and is too large for the slowest server.
            if durable && rooms.size > 1_000 || quick && durable != (rooms.size == 10) {
                continue;
            }
            let mut all = among(peers, &Peer::ALL);
            all.retain(|peer| !peer.speaks_xmpp());
            all.retain(|peer| !durable || peer.stores() || *peer == Peer::Floor);
            all.retain(|peer| rooms.size <= 1_000 || *peer != Peer::Python);
            for (regime_name, regime) in [("paced", Regime::Paced(rate)), ("saturated", Regime::Saturated(IN_FLIGHT))] {
                let (count, size) = (rooms.count, rooms.size);
                let kept = if durable { "durable" } else { "in memory" };
                let pace = if regime_name == "paced" { format!(" at {rate} a second") } else { String::new() };
                let plural = if count == 1 { "room" } else { "rooms" };
                let name = format!("{count} {plural} of {size}, {kept}, {regime_name}{pace}");
                cases.push(Case::of(name, repeat, (&all, durable), move |peer| {
                    run(peer, rooms, regime, seconds, durable && peer.stores())
                }));
            }
        }
    }
    cases
}

fn run(peer: Peer, rooms: Rooms, regime: Regime, seconds: u64, durable: bool) -> io::Result<Vec<Value>> {
    let folder = tempfile::tempdir()?;
    let server = peer.start(Mode { durable, ..in_memory(folder.path()) })?;
    let mut load = Load::new()?;
    let places = rooms.fill(peer, &server, &mut load)?;
    let senders = rooms.turns(&places, SENDERS);
    load.settle()?;
    load.send(&senders, regime, Duration::from_secs(1))?;
    load.settle()?;
    let before = server.cpu();
    load.send(&senders, regime, Duration::from_secs(seconds))?;
    load.settle()?;
    let cpu = server.cpu().since(before);
    let measured = load.measured();
    let expected = measured.sent * rooms.size as u64;
    if measured.delivered != expected || measured.acked != measured.sent {
        let (sent, acked, delivered) = (measured.sent, measured.acked, measured.delivered);
        let what = format!("{peer:?}: {delivered} of {expected} deliveries came, {acked} of {sent} acknowledgements");
        return Err(io::Error::other(what));
    }
    let micros = |seconds: f64| seconds * 1e6 / measured.delivered as f64;
    Ok(vec![
        Value::less("CPU per delivery", "µs", micros(cpu.all)),
        Value::less("of which kernel", "µs", micros(cpu.kernel)).within(micros(cpu.kernel_noise())),
        Value::less("delivery p50", "ms", ms(&measured.delivery, 0.5)),
        Value::less("delivery p99", "ms", ms(&measured.delivery, 0.99)),
        Value::less("acknowledgement p99", "ms", ms(&measured.ack, 0.99)),
        Value::more("sends a second", "", measured.sent as f64 / seconds as f64),
    ])
}
