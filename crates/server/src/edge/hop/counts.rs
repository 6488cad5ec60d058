//! The numbers of what is passed on to other nodes, for the metrics.
//!
//! What must stay true: whatever is counted as underway has a share, so that there is no more of it than there may be.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use super::share::Share;
use crate::metrics::{counters, gauges};

/// The numbers of what is passed on.
#[derive(Debug, Default)]
pub(super) struct Counts {
    requests: AtomicUsize,
    websockets: AtomicUsize,
    answered: AtomicU64,
    gone: AtomicU64,
    slow: AtomicU64,
    full: AtomicU64,
}

/// Something that is being passed on, counted until this is dropped.
pub(super) struct Underway {
    counts: Arc<Counts>,
    websocket: bool,
    /// Kept only to be dropped with this.
    _share: Share,
}

impl Counts {
    /// Counts a request, or a WebSocket, which has a share.
    pub(super) fn underway(self: &Arc<Self>, websocket: bool, share: Share) -> Underway {
        self.of(websocket).fetch_add(1, Ordering::Relaxed);
        Underway { counts: Arc::clone(self), websocket, _share: share }
    }

    fn of(&self, websocket: bool) -> &AtomicUsize {
        if websocket { &self.websockets } else { &self.requests }
    }

    /// Counts an answer.
    pub(super) fn answered(&self) {
        self.answered.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request to a node that has ended.
    pub(super) fn gone(&self) {
        self.gone.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request that was not answered in time.
    pub(super) fn slow(&self) {
        self.slow.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request that there was no room for.
    pub(super) fn full(&self) {
        self.full.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.counts.of(self.websocket).fetch_sub(1, Ordering::Relaxed);
    }
}

/// The numbers as a collector of metrics.
#[derive(Debug)]
pub(crate) struct Collected(pub(super) Arc<Counts>);

impl Collector for Collected {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let (encoder, counts) = (&mut encoder, &self.0);
        let open = [("request", &counts.requests), ("websocket", &counts.websockets)];
        let open = open.map(|(of, count)| ([("of", of)], count.load(Ordering::Relaxed)));
        gauges(encoder, ("hops", "Requests and WebSockets that are passed on to other nodes"), open)?;
        let results =
            [("answered", &counts.answered), ("gone", &counts.gone), ("slow", &counts.slow), ("full", &counts.full)];
        let results = results.map(|(result, count)| ([("result", result)], count.load(Ordering::Relaxed)));
        counters(encoder, ("hop_requests", "Requests for sessions of other nodes, by their result"), results)
    }
}
