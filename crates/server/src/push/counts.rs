//! What is counted of push messages.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use crate::metrics::{counters, gauge};

/// What became of a push message to one browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The push service has taken it.
    Sent,
    /// The push service has not taken it, or was not asked because it failed shortly before.
    Failed,
    /// The push service does not know the browser any more, and its subscription was removed.
    Removed,
}

impl Outcome {
    const ALL: [Self; 3] = [Self::Sent, Self::Failed, Self::Removed];

    fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Removed => "removed",
        }
    }
}

#[derive(Debug, Default)]
struct Numbers {
    outcomes: [AtomicU64; Outcome::ALL.len()],
    waiting: AtomicU64,
}

/// The counts, as a collector of metrics. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts(Arc<Numbers>);

impl Counts {
    pub(super) fn count(&self, outcome: Outcome) {
        self.0.outcomes[outcome as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Sets the number of those that wait.
    pub(super) fn waiting(&self, count: usize) {
        self.0.waiting.store(count as u64, Ordering::Relaxed);
    }
}

impl Collector for Counts {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let help = "Push messages to browsers, by what became of them";
        let of = |outcome: Outcome| self.0.outcomes[outcome as usize].load(Ordering::Relaxed);
        let values = Outcome::ALL.map(|outcome| ([("outcome", outcome.as_str())], of(outcome)));
        counters(&mut encoder, ("push_messages", help), values)?;
        let help = "Push messages that wait for their user to be away, or for room";
        gauge(&mut encoder, ("push_waiting", help), self.0.waiting.load(Ordering::Relaxed))
    }
}
