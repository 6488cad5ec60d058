//! A line of the log that may be due very often, as while the database is away.
//!
//! What must stay true: it is logged at once when it is due for the first time, and then once in a while, with the number
//! of those that were left out.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How often a line was due, and when it was logged last.
#[derive(Debug)]
pub struct Seldom {
    /// Minimum time between two lines.
    pause: Duration,
    began: OnceLock<Instant>,
    /// The time in milliseconds after the beginning from which on the next line is logged.
    next_at_ms: AtomicU64,
    left_out: AtomicU64,
}

impl Seldom {
    /// A line that was never logged, with the minimum time between two of it.
    #[must_use]
    pub const fn new(pause: Duration) -> Self {
        Self { pause, began: OnceLock::new(), next_at_ms: AtomicU64::new(0), left_out: AtomicU64::new(0) }
    }

    /// Returns the number of lines that were left out before this one, if this one is to be logged.
    pub fn due(&self) -> Option<u64> {
        self.due_after(self.began.get_or_init(Instant::now).elapsed())
    }

    fn due_after(&self, since_began: Duration) -> Option<u64> {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let (now, next) = (ms(since_began), self.next_at_ms.load(Ordering::Acquire));
        let again = now.saturating_add(ms(self.pause));
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
        let due = |pause_s: u64, at: &[u64]| -> Vec<Option<u64>> {
            let line = Seldom::new(Duration::from_secs(pause_s));
            at.iter().map(|seconds| line.due_after(Duration::from_secs(*seconds))).collect()
        };
        assert_eq!(due(10, &[0, 1, 9, 10, 11, 12, 30]), [Some(0), None, None, Some(2), None, None, Some(2)]);
        assert_eq!(due(60, &[0, 1, 59, 60, 61, 200]), [Some(0), None, None, Some(2), None, Some(1)]);
    }
}
