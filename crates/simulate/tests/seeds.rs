//! A few seeds, in the time that a test may take: nothing is violated, and a seed decides everything.

use quintet_simulate::{run, watch};

/// Steps of each seed.
const STEPS: u64 = 200;

#[test]
fn seeds_violate_nothing_and_give_the_same_trace_again() {
    watch();
    for seed in 9_001..9_007 {
        let (first, second) = (run(seed, STEPS, false), run(seed, STEPS, false));
        if let Some(failure) = first.failure {
            panic!("seed {seed}: {}\n{}", failure.sentence, failure.trace.join("\n"));
        }
        assert_eq!(first.hash, second.hash, "seed {seed} gave two traces");
    }
}
