//! What is logged of messages that no node of this cluster has sent.
//!
//! What must stay true: however many there are, a line is logged once in a while, with their number.

use std::time::Duration;

use tokio::time::Instant;

/// Minimum time between two lines.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// The messages that were dropped and not logged yet.
#[derive(Debug, Default)]
pub(super) struct Forgeries {
    dropped: u64,
    said_at: Option<Instant>,
}

impl Forgeries {
    /// Counts a message. Returns the number to log, if it is time to log one.
    fn count(&mut self, now: Instant) -> Option<u64> {
        self.dropped += 1;
        if self.said_at.is_some_and(|at| now.duration_since(at) < SAY_EVERY) {
            return None;
        }
        self.said_at = Some(now);
        Some(std::mem::take(&mut self.dropped))
    }

    /// Notes that a message was dropped.
    pub(super) fn dropped(&mut self, now: Instant) {
        if let Some(messages) = self.count(now) {
            tracing::warn!(
                messages,
                "messages on the wire were dropped, because no node with this [cluster] secret has sent them: a node has \
                 another secret, or none, or is of an older version, or somebody else writes to the wire"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_a_minute() {
        let (mut forgeries, start) = (Forgeries::default(), Instant::now());
        let said: Vec<Option<u64>> =
            [0, 1, 59, 60, 61, 200].map(|at| forgeries.count(start + Duration::from_secs(at))).to_vec();
        assert_eq!(said, [Some(1), None, None, Some(3), None, Some(2)]);
    }
}
