//! `quintet-simulate`: runs seeds, and says what came of them.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use quintet_simulate::{Coverage, Outcome, run, run_nodes, watch};

/// Seeds between two that are run twice.
const TWICE_EVERY: u64 = 20;
/// Seeds from which on everything has to have happened that is to be covered.
const COVERED_FROM: u64 = 100;

/// Runs the whole server under seeds.
#[derive(Debug, Parser)]
#[command(name = "quintet-simulate")]
struct Cli {
    /// The number of seeds.
    #[arg(long, default_value_t = 300)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// This seed alone, with its trace.
    #[arg(long)]
    seed: Option<u64>,
    /// The number of steps of each seed.
    #[arg(long, default_value_t = 400)]
    steps: u64,
    /// The number of nodes over one store.
    #[arg(long, default_value_t = 1)]
    nodes: usize,
}

impl Cli {
    fn run(&self, seed: u64, print: bool) -> Outcome {
        if self.has_many() { run_nodes(seed, self.steps, self.nodes, print) } else { run(seed, self.steps, print) }
    }

    fn has_many(&self) -> bool {
        self.nodes > 1
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    watch();
    if let Some(seed) = cli.seed {
        let outcome = cli.run(seed, true);
        for (what, times) in outcome.coverage.counts() {
            println!("{times:>8} {what}");
        }
        println!("seed {seed}: hash {:016x}", outcome.hash);
        return match outcome.failure {
            None => ExitCode::SUCCESS,
            Some(failure) => fail(seed, &cli, &failure.sentence, &[]),
        };
    }
    let began = Instant::now();
    let mut coverage = Coverage::default();
    for seed in cli.first..cli.first + cli.seeds {
        let outcome = cli.run(seed, false);
        coverage.merge(&outcome.coverage);
        if let Some(failure) = outcome.failure {
            return fail(seed, &cli, &failure.sentence, &failure.trace);
        }
        if seed % TWICE_EVERY == 0 && cli.run(seed, false).hash != outcome.hash {
            return fail(seed, &cli, "two runs of one seed differ", &[]);
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    for (what, times) in coverage.counts() {
        println!("{times:>10} {what}");
    }
    println!("{} seeds in {seconds:.1} s: {:.1} a second", cli.seeds, cli.seeds as f64 / seconds.max(0.001));
    let missing = coverage.missing(cli.has_many());
    if cli.seeds >= COVERED_FROM && !missing.is_empty() {
        eprintln!("these never happened: {}", missing.join(", "));
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn fail(seed: u64, cli: &Cli, sentence: &str, trace: &[String]) -> ExitCode {
    for line in trace {
        eprintln!("{line}");
    }
    eprintln!("seed {seed}: {sentence}");
    let nodes = if cli.has_many() { format!(" --nodes {}", cli.nodes) } else { String::new() };
    eprintln!("again: cargo xtask simulate --seed {seed} --steps {}{nodes}", cli.steps);
    ExitCode::FAILURE
}
