//! The tasks that send spans and metrics.
//!
//! What must stay true: spans wait in a bounded queue while the collector is asked, and nobody else waits for it; the end
//! takes a bounded time.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;
use quintet_domain::NodeId;
use quintet_outbound::{Outbound, Reach};
use quintet_service::Service;
use quintet_telemetry::Span;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::collector::Collector;
use super::counts::Counts;
use super::endpoint::{METRICS_PATH, TRACES_PATH};
use super::figures::{self, Times};
use super::spans::{self, nanos, text};
use crate::config::Telemetry;

/// Maximum number of spans in one request.
const SPANS_AT_ONCE: usize = 1_024;
/// The time for which spans are collected for one request.
const COLLECT_FOR: Duration = Duration::from_millis(500);
/// The time in which what is left is sent at the end.
const FLUSH_WITHIN: Duration = Duration::from_secs(2);

/// Sends until it is stopped, and then what is left.
pub(super) async fn run(
    telemetry: &Telemetry,
    node: NodeId,
    outbound: Outbound,
    spans: mpsc::Receiver<Span>,
    counts: Arc<Counts>,
    service: Service,
    stopped: CancellationToken,
) {
    let resource = resource(telemetry, node);
    let early = outbound.clone();
    tokio::task::spawn_blocking(move || early.prepare(Reach::Trusted));
    let traces = Traces {
        collector: Collector::new(outbound.clone(), telemetry, TRACES_PATH),
        resource: resource.clone(),
        spans,
        counts,
        stopped: stopped.clone(),
    };
    let metrics = Metrics {
        collector: Collector::new(outbound, telemetry, METRICS_PATH),
        resource,
        service,
        since: nanos(SystemTime::now()),
        stopped: stopped.clone(),
    };
    let every = (telemetry.metrics_seconds > 0).then(|| Duration::from_secs(telemetry.metrics_seconds));
    let sending = async { tokio::join!(traces.run(), metrics.run(every)) };
    let in_time = async {
        stopped.cancelled().await;
        tokio::time::sleep(FLUSH_WITHIN).await;
    };
    tokio::select! {
        _ = sending => {}
        () = in_time => tracing::warn!("the collector of telemetry did not take the last of it in time"),
    }
}

fn resource(telemetry: &Telemetry, node: NodeId) -> Resource {
    let attributes = vec![
        text("service.name", &telemetry.service_name),
        text("service.version", env!("CARGO_PKG_VERSION")),
        text("service.instance.id", &node.to_string()),
    ];
    Resource { attributes, ..Resource::default() }
}

/// What sends spans.
struct Traces {
    collector: Collector,
    resource: Resource,
    spans: mpsc::Receiver<Span>,
    counts: Arc<Counts>,
    stopped: CancellationToken,
}

impl Traces {
    async fn run(mut self) {
        let mut waiting = Vec::new();
        loop {
            let is_stopped = tokio::select! {
                biased;
                received = self.spans.recv_many(&mut waiting, SPANS_AT_ONCE) => received == 0,
                () = self.stopped.cancelled() => true,
            };
            if is_stopped {
                return self.flush().await;
            }
            if waiting.len() < SPANS_AT_ONCE {
                self.collect(&mut waiting).await;
            }
            self.send(std::mem::take(&mut waiting)).await;
        }
    }

    /// Waits a moment for more spans to send with those that are there.
    async fn collect(&mut self, waiting: &mut Vec<Span>) {
        let until = tokio::time::sleep(COLLECT_FOR);
        tokio::pin!(until);
        while waiting.len() < SPANS_AT_ONCE {
            let room = SPANS_AT_ONCE - waiting.len();
            tokio::select! {
                received = self.spans.recv_many(waiting, room) => {
                    if received == 0 {
                        return;
                    }
                }
                () = &mut until => return,
                () = self.stopped.cancelled() => return,
            }
        }
    }

    /// Sends what is there, and waits for nothing more.
    async fn flush(mut self) {
        loop {
            let mut waiting = Vec::new();
            while waiting.len() < SPANS_AT_ONCE
                && let Ok(span) = self.spans.try_recv()
            {
                waiting.push(span);
            }
            if waiting.is_empty() {
                return;
            }
            self.send(waiting).await;
        }
    }

    async fn send(&mut self, waiting: Vec<Span>) {
        let count = waiting.len() as u64;
        let request = spans::request(&self.resource, waiting);
        let answer = self.collector.send(&request, &self.stopped).await;
        let refused = answer.map_or(count, |answer| {
            let partial = ExportTraceServiceResponse::decode(answer).ok().and_then(|answer| answer.partial_success);
            partial.map_or(0, |partial| u64::try_from(partial.rejected_spans).unwrap_or_default().min(count))
        });
        self.counts.refused(refused);
        self.counts.sent(count - refused);
    }
}

/// What sends metrics.
struct Metrics {
    collector: Collector,
    resource: Resource,
    service: Service,
    since: u64,
    stopped: CancellationToken,
}

impl Metrics {
    /// Sends the metrics every so often, and at the end.
    async fn run(mut self, every: Option<Duration>) {
        let Some(every) = every else { return };
        let mut pace = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let is_stopped = tokio::select! {
                _ = pace.tick() => false,
                () = self.stopped.cancelled() => true,
            };
            self.send().await;
            if is_stopped {
                return;
            }
        }
    }

    async fn send(&mut self) {
        let Ok(written) = self.service.metrics().text() else { return };
        let times = Times { since: self.since, now: nanos(SystemTime::now()) };
        let request = figures::request(&self.resource, &written, times);
        self.collector.send(&request, &self.stopped).await;
    }
}
