//! Deliveries: how long they take to another node, and what they cost.
//!
//! What must stay true: half of each room sits at each node, and the senders sit at the first one.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use super::cluster::{Cluster, Kind};
use super::seats::{Seats, check, seated};
use super::send::cpu_values;
use super::services::Services;
use crate::load::Regime;
use crate::report::{Part, Server, Value};
use crate::scenarios::{Case, Run, ms};

pub(super) const ABOUT: &str = "A message to each of ten members of a room; half of them are connected to the node of the \
    sender, half to another node. 100 rooms, two nodes; each message is committed before it is acknowledged or \
    delivered. *Paced*: a fixed number of messages a second; *saturated*: 16 sends always wait for their \
    acknowledgement. *CPU* is that of all processes: nodes, PostgreSQL and Redis. Automatic receipts of delivery are off \
    (`[presence] delivered`), because the peers have none; the search index, which they have not either, cannot be.";

pub(super) const ABOUT_REMOTE: &str = "A message to each of 1,000 members of a room, all of them connected to the node of \
    the senders (*local*), or all of them but the senders to another node (*remote*). Two nodes run in both. The column \
    of local deliveries takes the place of a peer.";

const SMALL: Seats = Seats { count: 100, size: 10, node: |_, member| member % 2 };
/// The number of messages a second to small rooms.
const SMALL_PACE: f64 = 200.0;
const IN_FLIGHT: usize = 16;

const LOCAL: Seats = Seats { count: 1, size: 1_000, node: |_, _| 0 };
/// The number of members that send in the large room.
const LARGE_SENDERS: usize = 8;
const REMOTE: Seats = Seats { count: 1, size: 1_000, node: |_, member| (member >= LARGE_SENDERS) as usize };
const LARGE_PACE: f64 = 20.0;

const SERVERS: [(Kind, Part); 4] = [
    (Kind::RedisWire, Part::Own),
    (Kind::PostgresWire, Part::Variant),
    (Kind::RedisAdapter, Part::Peer),
    (Kind::StreamsAdapter, Part::Peer),
];

pub(super) fn cases(short: bool, services: &Rc<Services>) -> Vec<Case> {
    let (seconds, repeat) = if short { (2, 1) } else { (4, 3) };
    let case = |name: String, regime: Regime| {
        let of = |(kind, part): (Kind, Part)| {
            let services = Rc::clone(services);
            (kind.server(part), Box::new(move || run_small(kind, regime, &services, seconds)) as Run)
        };
        Case { name, servers: SERVERS.into_iter().map(of).collect(), repeat }
    };
    vec![
        case(format!("100 rooms of 10, paced at {SMALL_PACE} a second"), Regime::Paced(SMALL_PACE)),
        case("100 rooms of 10, saturated".to_owned(), Regime::Saturated(IN_FLIGHT)),
    ]
}

pub(super) fn remote(short: bool, services: &Rc<Services>) -> Vec<Case> {
    let (seconds, repeat) = if short { (2, 1) } else { (4, 3) };
    let case = |kind: Kind| {
        let of = |seats: Seats, name: &str, part: Part| {
            let services = Rc::clone(services);
            let run = Box::new(move || run_large(kind, seats, &services, seconds)) as Run;
            (Server { name: name.to_owned(), part }, run)
        };
        let servers = vec![of(REMOTE, "remote", Part::Own), of(LOCAL, "local", Part::Peer)];
        Case { name: format!("{}, paced at {LARGE_PACE} a second", kind.name()), servers, repeat }
    };
    vec![case(Kind::RedisWire), case(Kind::PostgresWire)]
}

const PER_DELIVERY: (&str, &str, &str) = ("CPU per delivery", "of which nodes", "of which PostgreSQL");

fn run_small(kind: Kind, regime: Regime, services: &Rc<Services>, seconds: u64) -> io::Result<Vec<Value>> {
    let cluster = Cluster::start(kind, 2, services)?;
    let (mut load, turns) = seated(&cluster, SMALL, 1)?;
    load.send(&turns, regime, Duration::from_secs(1))?;
    load.settle()?;
    let before = cluster.cpu();
    load.send(&turns, regime, Duration::from_secs(seconds))?;
    load.settle()?;
    let cpu = cluster.cpu().since(before);
    check(kind, &load, SMALL.size)?;
    let measured = load.measured();
    let mut values = cpu_values(PER_DELIVERY, cpu, measured.delivered as f64);
    let (same, other) = (ms(&measured.delivery, 0.5), ms(&measured.delivery_apart, 0.5));
    values.extend([
        Value::less("delivery p50, same node", "ms", same),
        Value::less("delivery p50, other node", "ms", other),
        Value::less("difference of the two", "ms", other - same),
        Value::less("delivery p99, same node", "ms", ms(&measured.delivery, 0.99)),
        Value::less("delivery p99, other node", "ms", ms(&measured.delivery_apart, 0.99)),
        Value::less("acknowledgement p99", "ms", ms(&measured.ack, 0.99)),
        Value::more("sends a second", "", measured.sent as f64 / seconds as f64),
    ]);
    Ok(values)
}

fn run_large(kind: Kind, seats: Seats, services: &Rc<Services>, seconds: u64) -> io::Result<Vec<Value>> {
    let cluster = Cluster::start(kind, 2, services)?;
    let (mut load, turns) = seated(&cluster, seats, LARGE_SENDERS)?;
    load.send(&turns, Regime::Paced(LARGE_PACE), Duration::from_secs(1))?;
    load.settle()?;
    let before = cluster.cpu();
    load.send(&turns, Regime::Paced(LARGE_PACE), Duration::from_secs(seconds))?;
    load.settle()?;
    let cpu = cluster.cpu().since(before);
    check(kind, &load, seats.size)?;
    let measured = load.measured();
    let mut values = cpu_values(PER_DELIVERY, cpu, measured.delivered as f64);
    let times = if measured.delivery_apart.is_empty() { &measured.delivery } else { &measured.delivery_apart };
    values.push(Value::less("delivery p50", "ms", ms(times, 0.5)));
    values.push(Value::less("delivery p99", "ms", ms(times, 0.99)));
    Ok(values)
}
