//! The pauses between repeats.
//!
//! What must stay true: they grow, end at a maximum, and are not equal for many webhooks at once.

use std::time::Duration;

use quintet_domain::limits::{WEBHOOK_PAUSE_SECONDS_FIRST, WEBHOOK_PAUSE_SECONDS_MAX};

/// Returns the pause after a number of failures in a row, from 1. `random` is a random number.
pub(crate) fn pause(failures: u32, random: u32) -> Duration {
    let doubled = WEBHOOK_PAUSE_SECONDS_FIRST.saturating_mul(1 << failures.saturating_sub(1).min(20));
    let longest = Duration::from_secs(doubled.min(WEBHOOK_PAUSE_SECONDS_MAX));
    // Between half of it and all of it.
    longest.div_f64(2.0) + longest.mul_f64(f64::from(random) / f64::from(u32::MAX) / 2.0)
}

/// Returns the pause after a number of failures in a row, from 1.
pub(crate) fn random_pause(failures: u32) -> Duration {
    // Without randomness, pauses are only less different.
    pause(failures, getrandom::u32().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let seconds = |failures| (pause(failures, 0).as_secs_f64(), pause(failures, u32::MAX).as_secs_f64());
        assert_eq!(seconds(1), (0.5, 1.0));
        assert_eq!(seconds(2), (1.0, 2.0));
        assert_eq!(seconds(5), (8.0, 16.0));
        assert_eq!(seconds(11), (450.0, 900.0));
        assert_eq!(seconds(u32::MAX), (450.0, 900.0));
    }
}
