//! The numbers of the hook, for operators.
//!
//! What must stay true: labels have few values, and none comes from a client or from the hook.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};

/// What became of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The hook allowed what it was asked about.
    Allowed,
    /// The hook refused it.
    Refused,
    /// The hook rewrote it.
    Rewritten,
    /// The hook failed.
    Failed,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Allowed, Self::Refused, Self::Rewritten, Self::Failed];

    fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Refused => "refused",
            Self::Rewritten => "rewritten",
            Self::Failed => "failed",
        }
    }
}

#[derive(Debug)]
struct Numbers {
    outcomes: [AtomicU64; Outcome::ALL.len()],
    seconds: Histogram,
}

/// The numbers of the hook. Cheap to clone.
#[derive(Clone, Debug)]
pub struct HookMetrics(Arc<Numbers>);

impl Default for HookMetrics {
    fn default() -> Self {
        // From a millisecond to eight seconds.
        let seconds = Histogram::new(exponential_buckets(0.001, 2.0, 14));
        Self(Arc::new(Numbers { outcomes: Default::default(), seconds }))
    }
}

impl HookMetrics {
    /// Counts a question that was answered, or not, after a time.
    pub(super) fn asked(&self, outcome: Outcome, took: Duration) {
        self.0.outcomes[outcome as usize].fetch_add(1, Ordering::Relaxed);
        self.0.seconds.observe(took.as_secs_f64());
    }
}

impl Collector for HookMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Questions to the hook before messages, by outcome";
        let kind = ConstCounter::new(0_u64).metric_type();
        let mut family = encoder.encode_descriptor("hook_requests", help, None, kind)?;
        for outcome in Outcome::ALL {
            let count = ConstCounter::new(self.0.outcomes[outcome as usize].load(Ordering::Relaxed));
            count.encode(family.encode_family(&[("outcome", outcome.as_str())])?)?;
        }
        let (help, seconds) = ("Time until the hook before messages has answered or failed", &self.0.seconds);
        seconds.encode(encoder.encode_descriptor("hook_request_seconds", help, None, seconds.metric_type())?)
    }
}
