//! What the log says of a hook that fails.
//!
//! What must stay true: a hook that fails at every message writes few lines.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The time between two lines of the log.
const LINE_EVERY: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
struct State {
    last_line: Option<Instant>,
    /// The failures since the last line.
    unsaid: u64,
}

/// The failures that the log does not name yet.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<State>);

impl Failures {
    /// Notes a failure. Returns the number of failures that a line of the log is to name now.
    fn noted(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.unsaid += 1;
        if state.last_line.is_some_and(|last| now < last + LINE_EVERY) {
            return None;
        }
        state.last_line = Some(now);
        Some(std::mem::take(&mut state.unsaid))
    }

    /// Notes a failure, and writes a line to the log unless it did shortly before.
    pub(super) fn note(&self, why: &str) {
        if let Some(failures) = self.noted(Instant::now()) {
            tracing::warn!(failures, why, "the hook before messages has failed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_the_failures_since_the_last_one() {
        let (failures, now) = (Failures::default(), Instant::now());
        assert_eq!(failures.noted(now), Some(1));
        assert_eq!(failures.noted(now), None);
        assert_eq!(failures.noted(now + LINE_EVERY - Duration::from_millis(1)), None);
        assert_eq!(failures.noted(now + LINE_EVERY), Some(3));
    }
}
