//! The numbers of deliveries, for operators.
//!
//! What must stay true: labels have few values, and none comes from a client.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

#[derive(Debug, Default)]
struct Counts {
    delivered: AtomicU64,
    failed: AtomicU64,
    disabled: AtomicU64,
    /// The number of positions that each webhook is behind, by its id.
    behind: Mutex<HashMap<String, u64>>,
}

/// The numbers of deliveries. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct WebhookMetrics(Arc<Counts>);

impl WebhookMetrics {
    /// Counts an attempt.
    pub(crate) fn attempted(&self, delivered: bool) {
        let counter = if delivered { &self.0.delivered } else { &self.0.failed };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes how far a webhook is behind; `None` once this process does not deliver to it any more.
    pub(crate) fn behind(&self, webhook: &str, positions: Option<u64>) {
        let mut behind = self.0.behind.lock().unwrap_or_else(PoisonError::into_inner);
        match positions {
            Some(positions) => behind.insert(webhook.to_owned(), positions),
            None => behind.remove(webhook),
        };
    }

    /// Notes the number of webhooks that the server itself has disabled.
    pub(crate) fn disabled(&self, count: usize) {
        self.0.disabled.store(count as u64, Ordering::Relaxed);
    }

    fn behind_most(&self) -> u64 {
        let behind = self.0.behind.lock().unwrap_or_else(PoisonError::into_inner);
        behind.values().copied().max().unwrap_or_default()
    }
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, (name, help): (&str, &str), value: u64) -> fmt::Result {
    let value = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
    value.encode(encoder.encode_descriptor(name, help, None, value.metric_type())?)
}

impl Collector for WebhookMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Attempts to deliver to webhooks, by outcome";
        let outcomes = [("delivered", &self.0.delivered), ("failed", &self.0.failed)];
        let kind = ConstCounter::new(0_u64).metric_type();
        let mut family = encoder.encode_descriptor("webhook_deliveries", help, None, kind)?;
        for (outcome, count) in outcomes {
            let count = ConstCounter::new(count.load(Ordering::Relaxed));
            count.encode(family.encode_family(&[("outcome", outcome)])?)?;
        }
        let help = "Positions of the log that the slowest webhook of this process is behind";
        gauge(&mut encoder, ("webhook_lag", help), self.behind_most())?;
        let help = "Webhooks that the server has disabled because deliveries failed";
        gauge(&mut encoder, ("webhooks_disabled", help), self.0.disabled.load(Ordering::Relaxed))
    }
}
