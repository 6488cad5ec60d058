//! A few seeds, in the time that a test may take: nothing is violated, and a seed decides everything.

use quintet_simulate::{Outcome, run, run_nodes, watch};

/// Steps of each seed.
const STEPS: u64 = 200;

/// Runs seeds twice each.
fn twice(seeds: std::ops::Range<u64>, run: impl Fn(u64) -> Outcome) {
    watch();
    for seed in seeds {
        let (first, second) = (run(seed), run(seed));
        if let Some(failure) = first.failure {
            panic!("seed {seed}: {}\n{}", failure.sentence, failure.trace.join("\n"));
        }
        assert_eq!(first.hash, second.hash, "seed {seed} gave two traces");
    }
}

#[test]
fn seeds_violate_nothing_and_give_the_same_trace_again() {
    twice(9_001..9_007, |seed| run(seed, STEPS, false));
}

#[test]
fn seeds_of_several_nodes_violate_nothing_and_give_the_same_trace_again() {
    twice(9_001..9_004, |seed| run_nodes(seed, STEPS, 3, false));
}
