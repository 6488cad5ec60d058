//! Runs cases, and shows how far it is.
//!
//! What must stay true: the servers of a case take turns, so that other work of the machine affects all of them alike;
//! a run that fails is said, and has no figure.

use indicatif::{ProgressBar, ProgressStyle};

use crate::report::Table;
use crate::scenarios::Case;

/// Runs the cases, each under the name of its scenario. Prints the table of each. Returns all tables, and the number of
/// runs that failed.
pub(crate) fn in_turns(cases: Vec<(&'static str, Case)>) -> (Vec<Table>, usize) {
    let steps: usize = cases.iter().map(|(_, case)| case.repeat * case.servers.len()).sum();
    let bar = ProgressBar::new(steps as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {msg}") {
        bar.set_style(style);
    }
    let (mut tables, mut failures) = (Vec::new(), 0);
    for (scenario, case) in cases {
        let Case { name, servers, repeat } = case;
        let mut runs: Vec<Vec<_>> = servers.iter().map(|_| Vec::new()).collect();
        for _ in 0..repeat {
            for (at, (server, measure)) in servers.iter().enumerate() {
                bar.set_message(format!("{scenario}, {name}: {}", server.name));
                match measure() {
                    Ok(values) => runs[at].push(values),
                    // A server that fails under the load has no figure; the others have theirs.
                    Err(error) => {
                        failures += 1;
                        // Without a terminal the bar prints nothing, and a missing figure must not be missing silently.
                        bar.suspend(|| eprintln!("{scenario}, {name}: {}: {error}", server.name));
                    }
                }
                bar.inc(1);
            }
        }
        let servers = servers.into_iter().map(|(server, _)| server);
        let table = Table::new(scenario, &name, servers.zip(runs).collect());
        bar.suspend(|| println!("\n{}: {}\n\n{}", table.scenario, table.case, table.markdown()));
        tables.push(table);
    }
    bar.finish_and_clear();
    (tables, failures)
}
