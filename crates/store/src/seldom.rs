//! A line of the log that may be due very often, as while the database is away.
//!
//! What must stay true: it is logged at once when it is due for the first time, and then once in a while, with the number
//! of those that were left out.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Minimum time between two lines.
const EVERY: Duration = Duration::from_secs(10);

/// How often a line was due, and when it was logged last.
pub(crate) struct Seldom {
    began: OnceLock<Instant>,
    /// The time in milliseconds after the beginning from which on the next line is logged.
    next_at_ms: AtomicU64,
    left_out: AtomicU64,
}

impl Seldom {
    /// A line that was never logged.
    pub(crate) const fn new() -> Self {
        Self { began: OnceLock::new(), next_at_ms: AtomicU64::new(0), left_out: AtomicU64::new(0) }
    }

    /// Returns the number of lines that were left out before this one, if this one is to be logged.
    pub(crate) fn due(&self) -> Option<u64> {
        self.due_after(self.began.get_or_init(Instant::now).elapsed())
    }

    fn due_after(&self, since_began: Duration) -> Option<u64> {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let (now, next) = (ms(since_began), self.next_at_ms.load(Ordering::Acquire));
        let again = now.saturating_add(ms(EVERY));
        let is_due =
            now >= next && self.next_at_ms.compare_exchange(next, again, Ordering::AcqRel, Ordering::Relaxed).is_ok();
        if !is_due {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(self.left_out.swap(0, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_once_in_a_while() {
        let line = Seldom::new();
        let due = [0, 1, 9, 10, 11, 12, 30].map(|seconds| line.due_after(Duration::from_secs(seconds)));
        assert_eq!(due, [Some(0), None, None, Some(2), None, None, Some(2)]);
    }
}
