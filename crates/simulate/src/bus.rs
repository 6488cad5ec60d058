//! A bus that takes its time: what is published reaches the hub later, in the same order.
//!
//! What must stay true: it keeps every guarantee of [`Bus`]; it only uses the freedom that they leave.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quintet_bus::{Bus, LocalBus, Publication, Subscription};
use quintet_domain::{Commit, Ephemeral};
use tokio::sync::Notify;

use crate::random::Random;

/// Milliseconds that a publication usually waits, at most.
const USUAL_MS: u64 = 15;
/// Milliseconds that a publication seldom waits, at most.
const RARE_MS: u64 = 400;

/// A bus with delays.
#[derive(Debug)]
pub(crate) struct SlowBus {
    bus: LocalBus,
    waiting: Mutex<VecDeque<Publication>>,
    arrived: Notify,
    random: Random,
}

impl SlowBus {
    pub(crate) fn new(random: Random) -> Arc<Self> {
        Arc::new(Self { bus: LocalBus::new(), waiting: Mutex::default(), arrived: Notify::new(), random })
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Publication>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, publication: Publication) {
        self.waiting().push_back(publication);
        self.arrived.notify_one();
    }

    /// Whether nothing waits.
    pub(crate) fn is_idle(&self) -> bool {
        self.waiting().is_empty()
    }

    /// Hands on what was published, for as long as the server lives.
    pub(crate) async fn run(self: Arc<Self>) {
        loop {
            let arrived = self.arrived.notified();
            if self.is_idle() {
                arrived.await;
                continue;
            }
            tokio::time::sleep(Duration::from_millis(self.random.delay_ms(USUAL_MS, RARE_MS))).await;
            // Sometimes several at once, so that the hub finds more than one.
            let burst = 1 + self.random.below(3);
            for _ in 0..burst {
                let next = self.waiting().pop_front();
                match next {
                    Some(Publication::Committed(commit)) => self.bus.committed(commit),
                    // The queue behind is never full here.
                    Some(Publication::Ephemeral(ephemeral)) => drop(self.bus.ephemeral(ephemeral)),
                    Some(Publication::Remote { node, presence }) => self.bus.remote(node, presence),
                    None => break,
                }
            }
        }
    }
}

impl Bus for SlowBus {
    fn committed(&self, commit: Commit) {
        self.push(Publication::Committed(commit));
    }

    fn ephemeral(&self, ephemeral: Ephemeral) -> Result<(), Ephemeral> {
        // Where something is on its way to the hub, the hub tries again after it.
        if !self.is_idle() && self.random.per_mille(50) {
            return Err(ephemeral);
        }
        self.push(Publication::Ephemeral(ephemeral));
        Ok(())
    }

    fn subscribe(&self) -> Subscription {
        self.bus.subscribe()
    }
}
