//! The tracer of the settings, and what sends its spans and the metrics.

use std::sync::Arc;

use quintet_domain::NodeId;
use quintet_outbound::Outbound;
use quintet_service::Service;
use quintet_telemetry::{Span, Tracer};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::counts::{Collected, Counts};
use crate::config::Telemetry;

/// Makes the tracer of the settings, and the end at which its spans are received; none without an endpoint.
pub(crate) fn tracer(telemetry: &Telemetry) -> (Tracer, Option<mpsc::Receiver<Span>>) {
    match telemetry.otlp_endpoint {
        None => (Tracer::default(), None),
        Some(_) => {
            let (tracer, spans) = Tracer::new(telemetry.sample_ratio);
            (tracer, Some(spans))
        }
    }
}

/// What sends the telemetry of the parts of a server, until they end.
#[cfg_attr(not(feature = "otlp"), allow(dead_code, reason = "a build without the feature makes none"))]
pub(crate) struct Export {
    telemetry: Telemetry,
    node: NodeId,
    outbound: Outbound,
    spans: mpsc::Receiver<Span>,
    counts: Arc<Counts>,
}

impl Export {
    pub(crate) fn new(
        telemetry: Telemetry,
        node: NodeId,
        outbound: Outbound,
        (tracer, spans): (&Tracer, mpsc::Receiver<Span>),
    ) -> Self {
        let counts = Arc::new(Counts::new(tracer.clone()));
        Self { telemetry, node, outbound, spans, counts }
    }

    /// The numbers of what was sent and what was not, for the metrics.
    pub(crate) fn collected(&self) -> Collected {
        Collected(Arc::clone(&self.counts))
    }

    /// Sends until it is stopped, and then what is left, within a bounded time.
    #[cfg(feature = "otlp")]
    pub(crate) async fn run(self, service: Service, stopped: CancellationToken) {
        let Self { telemetry, node, outbound, spans, counts } = self;
        super::sending::run(&telemetry, node, outbound, spans, counts, service, stopped).await;
    }

    /// No build without the feature has an endpoint.
    #[cfg(not(feature = "otlp"))]
    pub(crate) async fn run(self, _: Service, stopped: CancellationToken) {
        stopped.cancelled().await;
    }
}
