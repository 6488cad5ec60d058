//! How many spans were sent, and how many were not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use quintet_telemetry::Tracer;

use crate::metrics::counters;

/// The numbers of one export.
#[derive(Debug)]
pub(crate) struct Counts {
    tracer: Tracer,
    sent: AtomicU64,
    refused: AtomicU64,
}

impl Counts {
    pub(super) fn new(tracer: Tracer) -> Self {
        Self { tracer, sent: AtomicU64::new(0), refused: AtomicU64::new(0) }
    }

    /// Counts spans that the collector has taken.
    #[cfg(feature = "otlp")]
    pub(super) fn sent(&self, spans: u64) {
        self.sent.fetch_add(spans, Ordering::Relaxed);
    }

    /// Counts spans that the collector has not taken.
    #[cfg(feature = "otlp")]
    pub(super) fn refused(&self, spans: u64) {
        self.refused.fetch_add(spans, Ordering::Relaxed);
    }
}

/// The numbers, as a collector of metrics.
#[derive(Clone, Debug)]
pub(crate) struct Collected(pub(super) Arc<Counts>);

impl Collector for Collected {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let Counts { tracer, sent, refused } = &*self.0;
        let values = [
            ([("result", "sent")], sent.load(Ordering::Relaxed)),
            ([("result", "refused")], refused.load(Ordering::Relaxed)),
            ([("result", "dropped")], tracer.dropped()),
        ];
        let help = "Spans, by whether the collector took them, did not, or there was no room for them";
        counters(&mut encoder, ("telemetry_spans", help), values)
    }
}
