//! `quintet-bench nodes`: one and two nodes over PostgreSQL, beside what they are compared with.
//!
//! What must stay true: PostgreSQL, Redis and all servers of a table are started by this run, with the same settings for
//! all of them; `fsync` is on.

mod bloat;
mod cluster;
mod delivery;
pub(crate) mod floor;
pub(crate) mod goals;
pub(crate) mod page;
mod recovery;
mod scenarios;
mod seats;
mod send;
mod services;

use std::io;
use std::rc::Rc;

use self::services::Services;
use crate::report::Table;
use crate::runs;

/// Runs the scenarios; only the cases whose name, or whose scenario's, contains a text. Returns the tables, and the
/// number of runs that failed.
pub(crate) fn run(short: bool, only: &str) -> io::Result<(Vec<Table>, usize)> {
    let services = Rc::new(Services::start()?);
    let cases = scenarios::ALL.iter().flat_map(|scenario| {
        let cases = (scenario.cases)(short, &services).into_iter();
        cases.map(|case| (scenario.name, case))
    });
    let wanted = cases.filter(|(scenario, case)| scenario.contains(only) || case.name.contains(only));
    Ok(runs::in_turns(wanted.collect()))
}
