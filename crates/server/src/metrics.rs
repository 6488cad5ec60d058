//! What is looked up when somebody looks: connections and what waits for them.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;
use quintet_gateway::Gateway;
use quintet_service::Service;
use quintet_socketio::Engine;

/// The connections of this process.
#[derive(Debug)]
pub(crate) struct Connections {
    pub(crate) engine: Engine<Gateway>,
    pub(crate) gateway: Gateway,
    pub(crate) service: Service,
}

impl Collector for Connections {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let mut gauges = |name: &str, help: &str, label: &str, values: &[(&str, i64)]| {
            let kind = ConstGauge::new(0_i64).metric_type();
            let mut family = encoder.encode_descriptor(name, help, None, kind)?;
            for (value, count) in values {
                let labels = [(label, *value)];
                ConstGauge::new(*count).encode(family.encode_family(&labels)?)?;
            }
            Ok::<_, std::fmt::Error>(())
        };
        let dialects = self.gateway.connections().map(|(name, count)| (name, count as i64));
        gauges("connections", "Connections that are somebody's or nobody's, by vocabulary", "dialect", &dialects)?;
        let load = self.engine.load();
        let plain = self.gateway.plain_connections() as i64;
        let transports = [("websocket", load.websocket as i64), ("polling", load.polling as i64), ("plain", plain)];
        gauges("transports", "Open transports", "transport", &transports)?;
        let queued = self.gateway.plain_queued_bytes() as i64;
        let queued = [("socketio", load.queued_bytes as i64), ("plain", queued)];
        gauges("queued_bytes", "Bytes that wait for clients", "of", &queued)?;
        let waiting = [("store", self.service.waiting() as i64)];
        gauges("queued_commands", "Commands that wait to be committed", "of", &waiting)
    }
}
