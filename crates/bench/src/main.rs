//! `quintet-bench`: measures Socket.IO servers under the same load, in the same run, one after the other.
//!
//! What lives here: a load generator on one thread, the servers that are compared, and the tables.
//! What must stay true: a figure is measured in this run or not printed; ratios stand beside it, because machines
//! differ.

mod abuse;
mod chart;
mod corpus;
mod engine;
mod fill;
mod floor;
mod load;
mod machine;
mod measured;
mod nodes;
mod noise;
mod page;
mod peers;
mod process;
mod quintet;
mod reactions_heard;
mod report;
mod runs;
mod scenarios;
mod sqlite_floor;
mod turn;
mod wire;
mod xmpp;

use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Parser, Subcommand, ValueEnum};

use crate::abuse::Attack;
use crate::peers::Peer;
use crate::report::Report;
use crate::scenarios::{Case, Scenario};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[derive(Parser)]
#[command(about = "Measures Socket.IO servers on the same work, in the same run")]
struct Cli {
    /// Marks the process that is pinned to the core of the load
    #[arg(long, hide = true, global = true)]
    pinned: bool,
    #[command(subcommand)]
    command: Task,
}

#[derive(Clone, Copy, ValueEnum)]
enum Server {
    Engine,
    Floor,
}

#[derive(Subcommand)]
enum Task {
    /// Runs scenarios and prints a table for each case
    Run {
        /// Scenarios to run; all by default
        #[arg(value_enum)]
        scenarios: Vec<Scenario>,
        /// Servers to measure; all by default
        #[arg(long, value_enum, value_delimiter = ',')]
        peers: Vec<Peer>,
        /// Run fewer and smaller cases for a shorter time: five minutes for all
        #[arg(long)]
        quick: bool,
        /// Another binary of Quintet, which is measured beside this build
        #[arg(long)]
        before: Option<PathBuf>,
        /// Run only cases whose name contains this text; `10,000,000 messages` is a case of `search` that takes half an
        /// hour, and is run only if it is named in full
        #[arg(long, default_value = "")]
        only: String,
        /// File to write all figures to
        #[arg(long)]
        json: Option<PathBuf>,
        /// Folder in which to renew benchmarks.md and its charts
        #[arg(long)]
        docs: Option<PathBuf>,
    },
    /// Measures one and two nodes over PostgreSQL, which it starts itself
    Nodes {
        /// Run once, for a shorter time: three minutes for all
        #[arg(long)]
        short: bool,
        /// Run only cases whose name or scenario contains this text
        #[arg(long, default_value = "")]
        only: String,
        /// File to write all figures to
        #[arg(long)]
        json: Option<PathBuf>,
        /// Folder in which to renew benchmarks-nodes.md
        #[arg(long)]
        docs: Option<PathBuf>,
    },
    /// Runs the mix of a working day for a longer time, and prints memory and latency over time
    Soak {
        /// Number of connected users
        #[arg(long, default_value_t = 1_000)]
        people: usize,
        /// Duration of the run in minutes
        #[arg(long, default_value_t = 10)]
        minutes: u64,
    },
    /// Writes the page of earlier measurements: figures of a later file replace the same figures of an earlier one
    Page {
        /// Files that `run --json` wrote
        #[arg(required = true)]
        json: Vec<PathBuf>,
        /// Folder in which to renew benchmarks.md and its charts
        #[arg(long)]
        docs: PathBuf,
        /// The files are those of `nodes --json`, and the page is benchmarks-nodes.md
        #[arg(long)]
        nodes: bool,
        /// A note for the reader about the circumstances
        #[arg(long)]
        note: Option<String>,
    },
    /// Attacks a server that this program starts, and measures what a bystander notices
    Abuse {
        /// Attacks to run; all by default
        #[arg(value_enum)]
        attacks: Vec<Attack>,
        /// Binaries of the server as `NAME=PATH`, measured one after the other; by default the one beside this program
        #[arg(long = "server", value_parser = named_server)]
        servers: Vec<(String, PathBuf)>,
        /// Duration of each attack in seconds
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=120))]
        seconds: u64,
        /// File to write all figures to
        #[arg(long)]
        json: Option<PathBuf>,
    },
    /// Serves as one of the peers that are part of this program
    #[command(hide = true)]
    Serve { server: Server, port: u16 },
    /// Commits rows, as the floor of durable sends
    #[command(hide = true)]
    SqliteFloor { group: usize, seconds: u64, file: PathBuf },
    /// Commits rows to PostgreSQL, as the floor of durable sends of nodes
    #[command(hide = true)]
    PostgresFloor { url: String, group: usize, seconds: u64 },
}

fn main() -> io::Result<()> {
    let cli = Cli::parse();
    if !cli.pinned
        && matches!(cli.command, Task::Run { .. } | Task::Nodes { .. } | Task::Soak { .. } | Task::Abuse { .. })
    {
        return Err(again_pinned());
    }
    match cli.command {
        Task::Serve { server: Server::Engine, port } => engine::serve(port),
        Task::Serve { server: Server::Floor, port } => floor::serve(port),
        Task::SqliteFloor { group, seconds, file } => sqlite_floor::run(group, seconds, &file),
        Task::PostgresFloor { url, group, seconds } => nodes::floor::run(&url, group, seconds),
        Task::Nodes { short, only, json, docs } => {
            let (tables, failures) = nodes::run(short, &only)?;
            let (machine, versions) = (machine::describe(), nodes::page::versions(machine::versions()));
            let report = Report { date: today(), machine, versions, quick: short, note: None, tables };
            finish(&report, json.as_deref(), None)?;
            println!("\n{}", nodes::goals::markdown(&report.tables));
            if let Some(folder) = docs {
                nodes::page::write(&report, &folder)?;
            }
            // The short run is a test of the benchmark itself.
            if short && failures > 0 { Err(io::Error::other(format!("{failures} runs failed"))) } else { Ok(()) }
        }
        Task::Soak { people, minutes } => scenarios::soak(people, minutes),
        Task::Abuse { attacks, servers, seconds, json } => {
            let attacks = if attacks.is_empty() { Attack::ALL.to_vec() } else { attacks };
            let servers = match servers.is_empty() {
                true => vec![("Quintet".to_owned(), peers::beside("quintet")?)],
                false => servers,
            };
            let tables = abuse::run(&attacks, &servers, seconds)?;
            let (machine, versions) = (machine::describe(), machine::versions());
            let report = Report { date: today(), machine, versions, quick: false, note: None, tables };
            finish(&report, json.as_deref(), None)
        }
        Task::Page { json, docs, nodes, note } => {
            let mut reports = json.iter().map(|file| Report::read(file));
            let first = reports.next().ok_or_else(|| io::Error::other("no file was named"))??;
            let mut whole = reports.try_fold(first, |whole, later| Ok::<_, io::Error>(whole.renewed(later?)))?;
            whole.note = note.or(whole.note);
            if nodes { nodes::page::write(&whole, &docs) } else { page::write(&whole, &docs) }
        }
        Task::Run { scenarios, peers, quick, before, only, json, docs } => {
            let scenarios = if scenarios.is_empty() { Scenario::ALL.to_vec() } else { scenarios };
            let mut peers = if peers.is_empty() { Peer::ALL.to_vec() } else { peers };
            if let Some(binary) = before {
                peers::compare_with(binary);
                peers.push(Peer::Before);
            }
            let tables = runs::in_turns(chosen(&scenarios, &peers, quick, &only)).0;
            let (machine, versions) = (machine::describe(), machine::versions());
            let report = Report { date: today(), machine, versions, quick, note: None, tables };
            finish(&report, json.as_deref(), docs.as_deref())
        }
    }
}

/// The name of a server in a table, and its binary.
fn named_server(text: &str) -> Result<(String, PathBuf), String> {
    let (name, path) = text.split_once('=').ok_or("must be NAME=PATH")?;
    if Path::new(path).is_file() { Ok((name.to_owned(), path.into())) } else { Err(format!("{path} is no file")) }
}

/// Replaces this process by the same program on the core of the load. Returns the error if that fails.
fn again_pinned() -> io::Error {
    let own = match std::env::current_exe() {
        Ok(own) => own,
        Err(error) => return error,
    };
    let mut again = Command::new("taskset");
    again.args(["-c", process::LOAD_CORE]).arg(own).arg("--pinned").args(std::env::args_os().skip(1)).exec()
}

/// The current day in UTC, as `date` prints it.
fn today() -> String {
    let output = Command::new("date").args(["-u", "+%Y-%m-%d"]).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

/// The cases to run, each with the name of its scenario.
fn chosen(scenarios: &[Scenario], peers: &[Peer], quick: bool, only: &str) -> Vec<(&'static str, Case)> {
    let mut cases = Vec::new();
    for scenario in scenarios {
        let usual = scenario.cases(peers, quick).into_iter().filter(|case| case.name.contains(only));
        let of_this = usual.chain(scenario.long_cases(peers).into_iter().filter(|case| case.name == only));
        cases.extend(of_this.filter(|case| !case.servers.is_empty()).map(|case| (scenario.name(), case)));
    }
    cases
}

fn finish(report: &Report, json: Option<&Path>, docs: Option<&Path>) -> io::Result<()> {
    if let Some(file) = json {
        std::fs::write(file, serde_json::to_string_pretty(report)?)?;
    }
    match docs {
        Some(folder) => page::write(report, folder),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_that_take_long_are_run_by_their_names_alone() {
        let names = |only: &str| {
            let cases = chosen(&Scenario::ALL, &[Peer::Quintet], false, only);
            cases.into_iter().map(|(scenario, case)| format!("{scenario}: {}", case.name)).collect::<Vec<_>>()
        };
        assert!(names("").contains(&"search: 300,000 messages".to_owned()));
        assert!(names("").iter().all(|name| !name.contains("10,000,000")), "{:?}", names(""));
        assert_eq!(names("00,000 messages"), ["search: 300,000 messages"]);
        assert_eq!(names("10,000,000 messages"), ["search: 10,000,000 messages"]);
    }
}
