//! What a load has measured in a period.
//!
//! What must stay true: histograms have room for a minute, in nanoseconds.

use hdrhistogram::Histogram;

/// The measurements of a period.
pub(crate) struct Measured {
    pub(crate) sent: u64,
    pub(crate) acked: u64,
    pub(crate) delivered: u64,
    /// The number of events of any kind that were received.
    pub(crate) events: u64,
    /// The delivery times in nanoseconds, but those of the connections that are measured apart.
    pub(crate) delivery: Histogram<u64>,
    pub(crate) ack: Histogram<u64>,
    /// The delivery times of the connections from [`Load::apart_from_here`](crate::load::Load::apart_from_here) on.
    pub(crate) delivery_apart: Histogram<u64>,
    /// The number of acknowledgements to those connections.
    pub(crate) acked_apart: u64,
}

impl Measured {
    pub(crate) fn new() -> Self {
        let histogram = || Histogram::new_with_bounds(1_000, 60_000_000_000, 3).unwrap_or_else(|e| panic!("{e}"));
        let (delivery, ack, delivery_apart) = (histogram(), histogram(), histogram());
        Self { sent: 0, acked: 0, delivered: 0, events: 0, delivery, ack, delivery_apart, acked_apart: 0 }
    }
}
