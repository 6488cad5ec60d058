//! A transaction of somebody else that stays open while messages are sent: PostgreSQL can remove no old version of a row
//! meanwhile.
//!
//! What must stay true: the transaction has a snapshot, and the load never pauses.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use super::cluster::{Cluster, Kind};
use super::seats::{Seats, seated};
use super::services::Services;
use crate::load::{Load, Regime, Turn};
use crate::report::{Part, Value};
use crate::scenarios::{Case, Run, ms};

pub(super) const ABOUT: &str = "Messages to 1,000 rooms with one member each, on one node, before a transaction of another \
    session begins that reads once and stays open, and at the end of the time that it is open: ten minutes in the full \
    run, and less in the short one. Meanwhile 1,000 messages a second are sent. *Paced*: these; *saturated*: 64 sends \
    always wait for their acknowledgement, for a while before and at the end.";

const SEATS: Seats = Seats { count: 1_000, size: 1, node: |_, _| 0 };
const IN_FLIGHT: usize = 64;
/// The number of messages a second while the transaction is open.
const PACE: f64 = 1_000.0;
/// The names of the figures that are judged.
pub(super) const SATURATED_RATIO: &str = "sends a second, saturated, with it ÷ before";
pub(super) const PACED_RATIO: &str = "acknowledgement p50, paced, with it ÷ before";

pub(super) fn cases(short: bool, services: &Rc<Services>) -> Vec<Case> {
    let (minutes, window) = if short { (0.5, 3) } else { (10.0, 10) };
    let services = Rc::clone(services);
    let run = Box::new(move || run(&services, Duration::from_secs_f64(minutes * 60.0), Duration::from_secs(window)));
    let name = format!("a transaction open for {minutes} minutes");
    vec![Case { name, servers: vec![(Kind::PostgresWire.server(Part::Own), run as Run)], repeat: 1 }]
}

/// What was measured in a while.
struct Window {
    rate: f64,
    p50_ms: f64,
    p99_ms: f64,
    cpu_us: f64,
}

fn window(
    cluster: &Cluster,
    load: &mut Load,
    turns: &[Turn],
    regime: Regime,
    how_long: Duration,
) -> io::Result<Window> {
    let before = cluster.cpu();
    load.send(turns, regime, how_long)?;
    let (cpu, measured) = (cluster.cpu().since(before), load.measured());
    let acked = measured.acked as f64;
    Ok(Window {
        rate: acked / how_long.as_secs_f64(),
        p50_ms: ms(&measured.ack, 0.5),
        p99_ms: ms(&measured.ack, 0.99),
        cpu_us: cpu.all() * 1e6 / acked,
    })
}

fn run(services: &Rc<Services>, open: Duration, how_long: Duration) -> io::Result<Vec<Value>> {
    let (paced, saturated) = (Regime::Paced(PACE), Regime::Saturated(IN_FLIGHT));
    let cluster = Cluster::start(Kind::PostgresWire, 1, services)?;
    let (mut load, turns) = seated(&cluster, SEATS, 1)?;
    load.send(&turns, saturated, Duration::from_secs(2))?;
    let saturated_before = window(&cluster, &mut load, &turns, saturated, how_long)?;
    load.settle()?;
    let paced_before = window(&cluster, &mut load, &turns, paced, how_long)?;
    let database = cluster.database.as_ref().ok_or_else(|| io::Error::other("there is no database"))?;
    let mut session = database.session()?;
    session.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM conversation")?;
    load.send(&turns, paced, open.saturating_sub(2 * how_long))?;
    let paced_with = window(&cluster, &mut load, &turns, paced, how_long)?;
    let saturated_with = window(&cluster, &mut load, &turns, saturated, how_long)?;
    session.run("COMMIT")?;
    Ok(vec![
        Value::less("acknowledgement p50, paced, before", "ms", paced_before.p50_ms),
        Value::less("acknowledgement p50, paced, with it", "ms", paced_with.p50_ms),
        Value::less(PACED_RATIO, "", paced_with.p50_ms / paced_before.p50_ms),
        Value::less("acknowledgement p99, paced, before", "ms", paced_before.p99_ms),
        Value::less("acknowledgement p99, paced, with it", "ms", paced_with.p99_ms),
        Value::less("CPU per send, paced, before", "µs", paced_before.cpu_us),
        Value::less("CPU per send, paced, with it", "µs", paced_with.cpu_us),
        Value::more("sends a second, saturated, before", "", saturated_before.rate),
        Value::more("sends a second, saturated, with it", "", saturated_with.rate),
        Value::more(SATURATED_RATIO, "", saturated_with.rate / saturated_before.rate),
        Value::less("CPU per send, saturated, before", "µs", saturated_before.cpu_us),
        Value::less("CPU per send, saturated, with it", "µs", saturated_with.cpu_us),
    ])
}
