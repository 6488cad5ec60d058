//! The metrics that are collected at a scrape: connections and their queues.

use std::collections::BTreeMap;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use quintet_gateway::Gateway;
use quintet_service::Service;
use quintet_socketio::Engine;

use crate::edge::places::Places;

/// The connections of this process, as a collector of metrics.
#[derive(Debug)]
pub(crate) struct Connections {
    pub(crate) places: Arc<Places>,
    pub(crate) engine: Engine<Gateway>,
    pub(crate) gateway: Gateway,
    pub(crate) service: Service,
}

/// Encodes gauges of one name, each with its labels.
pub(crate) fn gauges<const N: usize>(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help): (&str, &str),
    values: impl IntoIterator<Item = ([(&'static str, &'static str); N], usize)>,
) -> Result<(), std::fmt::Error> {
    let mut family = encoder.encode_descriptor(name, help, None, ConstGauge::new(0_i64).metric_type())?;
    for (labels, count) in values {
        ConstGauge::new(count as i64).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

/// Encodes counters of one name, each with its labels.
pub(crate) fn counters<const N: usize>(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help): (&str, &str),
    values: impl IntoIterator<Item = ([(&'static str, &'static str); N], u64)>,
) -> Result<(), std::fmt::Error> {
    let mut family = encoder.encode_descriptor(name, help, None, ConstCounter::new(0_u64).metric_type())?;
    for (labels, count) in values {
        ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

/// Encodes a gauge without labels.
pub(crate) fn gauge(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help): (&str, &str),
    value: u64,
) -> Result<(), std::fmt::Error> {
    let value = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
    value.encode(encoder.encode_descriptor(name, help, None, value.metric_type())?)
}

impl Connections {
    /// Counts open transports by dialect and kind of transport.
    fn transports(&self) -> BTreeMap<[(&'static str, &'static str); 2], usize> {
        let mut counts = BTreeMap::new();
        for transport in ["websocket", "polling", "plain"] {
            // Zero counts are included, because a series that appears and disappears is hard to watch.
            for (dialect, _) in self.gateway.connections() {
                counts.insert([("dialect", dialect), ("transport", transport)], 0);
            }
        }
        let mut count = |transport, dialect| {
            *counts.entry([("dialect", dialect), ("transport", transport)]).or_default() += 1;
        };
        self.engine.visit(|polling, label| {
            count(if polling { "polling" } else { "websocket" }, Gateway::dialect_of(label));
        });
        self.gateway.visit_plain(|dialect| count("plain", dialect));
        counts
    }
}

impl Collector for Connections {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let encoder = &mut encoder;
        let connections = self.gateway.connections().map(|(dialect, count)| ([("dialect", dialect)], count));
        gauges(encoder, ("connections", "Connections of users and guests, by dialect"), connections)?;
        gauges(encoder, ("transports", "Open transports, by dialect and kind of transport"), self.transports())?;
        let (load, plain) = (self.engine.load(), self.gateway.plain_queued_bytes());
        let queued = [([("of", "socketio")], load.queued_bytes), ([("of", "plain")], plain)];
        gauges(encoder, ("queued_bytes", "Bytes queued for clients"), queued)?;
        let unidentified = [([], self.gateway.unidentified())];
        gauges(encoder, ("unidentified", "Connections without a token"), unidentified)?;
        let unfinished = [([], self.gateway.unfinished_bytes())];
        gauges(encoder, ("unfinished_bytes", "Bytes held of unfinished messages"), unfinished)?;
        let (ordinary, triage) = self.places.taken();
        let places = [([("of", "ordinary")], ordinary), ([("of", "triage")], triage)];
        gauges(encoder, ("places", "Places taken by connections"), places)?;
        let room = [([], self.places.room())];
        gauges(encoder, ("places_limit", "The largest number of connections in ordinary places"), room)?;
        let waiting = [([("of", "store")], self.service.waiting())];
        gauges(encoder, ("queued_commands", "Commands waiting to be committed"), waiting)?;
        if let Some(free) = self.service.free_bytes() {
            gauge(encoder, ("disk_free_bytes", "Free bytes on the disk of the data folder"), free)?;
        }
        if let Some(bytes) = self.service.log_bytes() {
            gauge(encoder, ("wal_bytes", "Bytes in the write-ahead log of the database"), bytes)?;
        }
        let full = u64::from(self.service.is_full());
        gauge(encoder, ("disk_full", "Whether so little disk space is free that only deletions are accepted"), full)
    }
}
