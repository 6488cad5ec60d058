//! Durable sends: how many a second, and what one costs.
//!
//! What must stay true: the floor commits groups as large as those of the run of Quintet before it.

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use super::cluster::{Cluster, Kind};
use super::floor;
use super::seats::{Seats, check, seated};
use super::services::Services;
use crate::load::Regime;
use crate::report::{Part, Server, Value};
use crate::scenarios::{Case, Run, ms};

pub(super) const ABOUT: &str = "Messages to 64 rooms with one member each, so that the send dominates; each is committed \
    with `fsync` before it is acknowledged. One node. The number of sends in progress is the largest of 64, 256 and \
    1,024 at which 99 % are acknowledged within 50 ms. The floor is a bare client with `tokio-postgres` that commits the \
    same rows in groups as large as those of Quintet: one statement with `unnest` for messages, one row for the group, \
    and COMMIT, sent together. *CPU* is that of all processes: nodes, PostgreSQL and Redis.";

pub(super) const ABOUT_TWO: &str = "The same with one node and with two, of which each has half of the rooms: each of the \
    64 senders has four sends in progress, so that a node that answers faster has more of them. *Share of the slower \
    node* is its part of all sends. The column of one node takes the place of a peer.";

pub(super) const SENDERS: usize = 64;
/// The numbers of sends in progress that are tried.
const IN_FLIGHT: [usize; 3] = [64, 256, 1_024];
/// The number of sends of each sender in progress, where nodes are compared.
const IN_FLIGHT_EACH: usize = 4;
/// Maximum 99th percentile of the acknowledgement time in milliseconds, in the full run and in the short one, which may
/// share its machine with others.
const PATIENCE_MS: f64 = 50.0;
const SHORT_PATIENCE_MS: f64 = 5_000.0;

const ONE_NODE: Seats = Seats { count: SENDERS, size: 1, node: |_, _| 0 };
const TWO_NODES: Seats = Seats { count: SENDERS, size: 1, node: |room, _| room % 2 };

/// The servers that are compared by the number of sends a second.
const SERVERS: [(Kind, Part); 5] = [
    (Kind::PostgresWire, Part::Own),
    (Kind::RedisWire, Part::Variant),
    (Kind::Sqlite, Part::Variant),
    (Kind::RedisAdapter, Part::Peer),
    (Kind::StreamsAdapter, Part::Peer),
];

pub(super) fn cases(short: bool, services: &Rc<Services>) -> Vec<Case> {
    let (seconds, repeat, patience_ms) = if short { (1, 1, SHORT_PATIENCE_MS) } else { (3, 3, PATIENCE_MS) };
    // The size of the groups of the last run of Quintet.
    let group = Rc::new(Cell::new(1.0));
    let of = |(kind, part): (Kind, Part)| {
        let (services, group) = (Rc::clone(services), Rc::clone(&group));
        let measure = move || {
            let values = run(kind, &services, seconds, patience_ms)?;
            let found = values.iter().find(|value| value.name == PER_COMMIT).map(|value| value.value);
            if let Some(found) = found.filter(|_| kind == Kind::PostgresWire) {
                group.set(found);
            }
            Ok(values)
        };
        (kind.server(part), Box::new(measure) as Run)
    };
    let mut servers: Vec<(Server, Run)> = SERVERS.into_iter().map(of).collect();
    let services = Rc::clone(services);
    let bare = move || measure_floor(&services, group.get(), seconds);
    servers.push((Server { name: "bare client".to_owned(), part: Part::Floor }, Box::new(bare)));
    vec![Case { name: format!("{SENDERS} senders, one node"), servers, repeat }]
}

pub(super) fn two_nodes(short: bool, services: &Rc<Services>) -> Vec<Case> {
    let (seconds, repeat) = if short { (1, 1) } else { (4, 5) };
    let case = |kind: Kind| {
        let of = |nodes: usize, name: &str, part: Part| {
            let services = Rc::clone(services);
            let run = Box::new(move || run_shared(kind, nodes, &services, seconds)) as Run;
            (Server { name: name.to_owned(), part }, run)
        };
        let servers = vec![of(2, "two nodes", Part::Own), of(1, "one node", Part::Peer)];
        Case { name: kind.name().to_owned(), servers, repeat }
    };
    vec![case(Kind::PostgresWire), case(Kind::RedisWire)]
}

pub(super) const PER_COMMIT: &str = "sends per commit";

/// The CPU time of one of `count` things, of all processes and of some of them.
pub(super) fn cpu_values(
    names: (&'static str, &'static str, &'static str),
    spent: super::cluster::Spent,
    count: f64,
) -> Vec<Value> {
    let micros = |seconds: f64| seconds * 1e6 / count;
    let mut values = vec![Value::less(names.0, "µs", micros(spent.all()))];
    if spent.postgres > 0.0 {
        values.push(Value::less(names.1, "µs", micros(spent.nodes)));
        values.push(Value::less(names.2, "µs", micros(spent.postgres)));
    }
    values
}

pub(super) const PER_SEND: (&str, &str, &str) = ("CPU per send", "of which nodes", "of which PostgreSQL");

fn per_commit(before: Option<(f64, f64)>, after: Option<(f64, f64)>) -> Option<Value> {
    let (before, after) = (before?, after?);
    Some(Value::more(PER_COMMIT, "", (after.1 - before.1) / (after.0 - before.0)))
}

fn run(kind: Kind, services: &Rc<Services>, seconds: u64, patience_ms: f64) -> io::Result<Vec<Value>> {
    let cluster = Cluster::start(kind, 1, services)?;
    let (mut load, turns) = seated(&cluster, ONE_NODE, 1)?;
    load.send(&turns, Regime::Saturated(IN_FLIGHT[0]), Duration::from_secs(1))?;
    load.settle()?;
    let mut best: Option<(f64, Vec<Value>)> = None;
    for in_flight in IN_FLIGHT {
        let (cpu, groups) = (cluster.cpu(), cluster.groups());
        load.send(&turns, Regime::Saturated(in_flight), Duration::from_secs(seconds))?;
        load.settle()?;
        let (cpu, after) = (cluster.cpu().since(cpu), cluster.groups());
        check(kind, &load, 1)?;
        let measured = load.measured();
        let sends = measured.sent as f64;
        let rate = sends / seconds as f64;
        if ms(&measured.ack, 0.99) > patience_ms || best.as_ref().is_some_and(|(known, _)| rate <= *known) {
            continue;
        }
        let mut values = vec![
            Value::more("sends a second", "", rate),
            Value::less("acknowledgement p50", "ms", ms(&measured.ack, 0.5)),
            Value::less("acknowledgement p99", "ms", ms(&measured.ack, 0.99)),
        ];
        values.extend(cpu_values(PER_SEND, cpu, sends));
        values.push(Value::more("sends in progress", "", in_flight as f64));
        values.extend(per_commit(groups, after));
        best = Some((rate, values));
    }
    best.map(|(_, values)| values).ok_or_else(|| io::Error::other(format!("it needs more than {patience_ms} ms")))
}

fn run_shared(kind: Kind, nodes: usize, services: &Rc<Services>, seconds: u64) -> io::Result<Vec<Value>> {
    let cluster = Cluster::start(kind, nodes, services)?;
    let seats = if nodes == 1 { ONE_NODE } else { TWO_NODES };
    let (mut load, turns) = seated(&cluster, seats, 1)?;
    load.send(&turns, Regime::Each(IN_FLIGHT_EACH), Duration::from_secs(1))?;
    load.settle()?;
    let (cpu, groups) = (cluster.cpu(), cluster.groups());
    load.send(&turns, Regime::Each(IN_FLIGHT_EACH), Duration::from_secs(seconds))?;
    load.settle()?;
    let (cpu, after) = (cluster.cpu().since(cpu), cluster.groups());
    check(kind, &load, 1)?;
    let measured = load.measured();
    let sends = measured.sent as f64;
    let mut values = cpu_values(PER_SEND, cpu, sends);
    values.push(Value::more("sends a second", "", sends / seconds as f64));
    values.push(Value::less("acknowledgement p99", "ms", ms(&measured.ack, 0.99)));
    values.extend(per_commit(groups, after));
    if nodes == 2 {
        let apart = measured.acked_apart as f64 / sends;
        values.push(Value::more("share of the slower node", "%", 100.0 * apart.min(1.0 - apart)));
    }
    Ok(values)
}

fn measure_floor(services: &Rc<Services>, group: f64, seconds: u64) -> io::Result<Vec<Value>> {
    let database = services.database()?;
    let before = services.postgres_cpu();
    let found = floor::measure(&database, group.round() as usize, seconds)?;
    let postgres = services.postgres_cpu() - before;
    let rows = found.rows_per_second * seconds as f64;
    let spent = super::cluster::Spent { nodes: found.cpu_s, postgres, redis: 0.0 };
    let mut values = vec![Value::more("sends a second", "", found.rows_per_second)];
    values.extend(cpu_values(PER_SEND, spent, rows));
    values.push(Value::more(PER_COMMIT, "", group.round()));
    Ok(values)
}
