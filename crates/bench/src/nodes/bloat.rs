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
    run, and less in the short one. *Saturated*: 64 sends always wait for their acknowledgement.";

const SEATS: Seats = Seats { count: 1_000, size: 1, node: |_, _| 0 };
const IN_FLIGHT: usize = 64;
/// The name of the figure that is judged.
pub(super) const RATIO: &str = "with it ÷ before";

pub(super) fn cases(short: bool, services: &Rc<Services>) -> Vec<Case> {
    let (minutes, window) = if short { (0.5, 5) } else { (10.0, 20) };
    let services = Rc::clone(services);
    let run = Box::new(move || run(&services, Duration::from_secs_f64(minutes * 60.0), Duration::from_secs(window)));
    let name = format!("a transaction open for {minutes} minutes, saturated");
    vec![Case { name, servers: vec![(Kind::PostgresWire.server(Part::Own), run as Run)], repeat: 1 }]
}

struct Window {
    rate: f64,
    p99_ms: f64,
    cpu_us: f64,
}

fn window(cluster: &Cluster, load: &mut Load, turns: &[Turn], how_long: Duration) -> io::Result<Window> {
    let before = cluster.cpu();
    load.send(turns, Regime::Saturated(IN_FLIGHT), how_long)?;
    let (cpu, measured) = (cluster.cpu().since(before), load.measured());
    let acked = measured.acked as f64;
    Ok(Window {
        rate: acked / how_long.as_secs_f64(),
        p99_ms: ms(&measured.ack, 0.99),
        cpu_us: cpu.all() * 1e6 / acked,
    })
}

fn run(services: &Rc<Services>, open: Duration, how_long: Duration) -> io::Result<Vec<Value>> {
    let cluster = Cluster::start(Kind::PostgresWire, 1, services)?;
    let (mut load, turns) = seated(&cluster, SEATS, 1)?;
    load.send(&turns, Regime::Saturated(IN_FLIGHT), Duration::from_secs(2))?;
    let before = window(&cluster, &mut load, &turns, how_long)?;
    let database = cluster.database.as_ref().ok_or_else(|| io::Error::other("there is no database"))?;
    let mut session = database.session()?;
    session.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM conversation")?;
    load.send(&turns, Regime::Saturated(IN_FLIGHT), open.saturating_sub(how_long))?;
    let with = window(&cluster, &mut load, &turns, how_long)?;
    session.run("COMMIT")?;
    Ok(vec![
        Value::more("sends a second, before", "", before.rate),
        Value::more("sends a second, with it", "", with.rate),
        Value::more(RATIO, "", with.rate / before.rate),
        Value::less("acknowledgement p99, before", "ms", before.p99_ms),
        Value::less("acknowledgement p99, with it", "ms", with.p99_ms),
        Value::less("CPU per send, before", "µs", before.cpu_us),
        Value::less("CPU per send, with it", "µs", with.cpu_us),
    ])
}
