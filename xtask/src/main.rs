//! `cargo xtask …`: the project's own commands.

mod bench;
mod book;
mod chaos;
mod deny;
mod dist;
mod emojis;
mod nodes;
mod sh;
mod simulate;
mod test;
mod test_binaries;
mod tidy;
mod vendor;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's own commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Install what the tests need, and run all of them.
    Test {
        /// Only the Rust tests.
        #[arg(long)]
        rust: bool,
        /// Only the tests with official clients.
        #[arg(long)]
        e2e: bool,
    },
    /// Check the structure: arrows between crates, circles between files, sizes of files, where some texts may occur,
    /// docs of fields, paths named in documents, and their links.
    Tidy,
    /// Measure Quintet beside its peers; a full run renews docs/benchmarks.md, and one of `nodes` docs/benchmarks-nodes.md.
    Bench {
        /// Scenarios to run: idle, fanout, send, storm, presence, history, mixed; all of these by default. Or `nodes`
        /// alone: one node and two over PostgreSQL, which is started for it.
        scenarios: Vec<String>,
        /// Servers to measure, separated by commas: quintet, engine, floor, node, socketioxide, python.
        #[arg(long)]
        peers: Option<String>,
        /// Run fewer and smaller cases for a shorter time: five minutes for all.
        #[arg(long, visible_alias = "short")]
        quick: bool,
        /// Run only cases whose name contains this text.
        #[arg(long)]
        only: Option<String>,
        /// Another binary of Quintet, which is measured beside this build.
        #[arg(long)]
        before: Option<String>,
    },
    /// Build the binary that is shipped, with every feature, and what it is shipped in: an archive, a Debian package, a bill of
    /// materials and their checksums, in target/dist/packages.
    Dist(dist::Choice),
    /// Make a book for browsers of the documentation, in target/book/html, and follow all of its links.
    Book,
    /// Make the screenshots in docs/screenshots.
    Screenshots,
    /// Renew the web client's libraries from npm.
    Vendor {
        /// Only check that they are equal to npm's.
        #[arg(long)]
        check: bool,
    },
    /// Check the dependencies against deny.toml: licences, sources, known vulnerabilities.
    Deny,
    /// Run the whole server under seeds, with simulated clients, faults and a model of what each client must have received.
    Simulate {
        /// The number of seeds.
        #[arg(long)]
        seeds: Option<u64>,
        /// The first seed.
        #[arg(long)]
        first: Option<u64>,
        /// One seed alone, with its trace.
        #[arg(long)]
        seed: Option<u64>,
        /// The number of steps of each seed.
        #[arg(long)]
        steps: Option<u64>,
        /// The number of nodes over one store; one server if it is left out.
        #[arg(long)]
        nodes: Option<u64>,
        /// Instead, plant each known bug in a copy of the sources, and try whether the seeds find it.
        #[arg(long)]
        planted: bool,
    },
    /// Play faults against two nodes over one PostgreSQL database: kills, stops, failovers, a faulty Redis. A full run
    /// also plays the tests that CI plays on one node only, and renews docs/reliability.md.
    Chaos {
        /// Play fewer faults: minutes instead of an hour.
        #[arg(long)]
        short: bool,
        /// Names of scenarios, separated by commas, as the output has them; all by default.
        #[arg(long)]
        only: Option<String>,
        /// Absolute paths of `results.json` of earlier full runs, whose scenarios count as played: with `--only`, what
        /// one of them has not played, or not without a fault, is played again, and the page is renewed.
        #[arg(long)]
        earlier: Vec<String>,
        /// How often each fault is played; the tests are played as in a full run, but the page is not renewed.
        #[arg(long)]
        count: Option<u32>,
        /// The seed of all random choices.
        #[arg(long, default_value_t = 1)]
        seed: u32,
    },
    /// Run what CI runs: test, chaos --short, simulate, fmt, clippy, tidy, deny.
    Ci,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Test { rust, e2e } => test::run(rust || !e2e, e2e || !rust),
        Command::Tidy => tidy::run(),
        Command::Bench { scenarios, peers, quick, only, before } => {
            let choice = bench::Choice { scenarios, peers, quick, only, before };
            bench::run(&choice)
        }
        Command::Deny => deny::run(),
        Command::Chaos { short, only, earlier, count, seed } => {
            chaos::run(&chaos::Choice { short, only, earlier, count, seed })
        }
        Command::Dist(choice) => dist::run(&choice),
        Command::Book => book::run(),
        Command::Screenshots => test::screenshots(),
        Command::Vendor { check } => vendor::run(check),
        Command::Simulate { seeds, planted: true, .. } => simulate::planted(seeds),
        Command::Simulate { seeds, first, seed, steps, nodes, planted: false } => {
            simulate::run(&simulate::Choice { seeds, first, seed, steps, nodes })
        }
        Command::Ci => test::run(true, true)
            .and_then(|()| {
                chaos::play(&chaos::Choice { short: true, only: None, earlier: Vec::new(), count: None, seed: 1 })
            })
            .and_then(|()| simulate::ci())
            .and_then(|()| sh::run("cargo", &["fmt", "--all", "--check"]))
            .and_then(|()| {
                sh::run("cargo", &["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"])
            })
            .and_then(|()| tidy::run())
            .and_then(|()| deny::run()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}
