//! The ephemeral events of this hub on their way to the bus.
//!
//! What must stay true: they reach the bus in the order in which they were published, and none is lost where the bus is
//! full: a change of presence is announced once.

use std::collections::VecDeque;

use quintet_bus::Bus;
use quintet_domain::Ephemeral;

/// Ephemeral events that did not fit on the bus yet.
#[derive(Default)]
pub(super) struct Ephemerals {
    waiting: VecDeque<Ephemeral>,
}

impl Ephemerals {
    /// Publishes an event, behind those that wait.
    pub(super) fn publish(&mut self, bus: &dyn Bus, ephemeral: Ephemeral) {
        self.waiting.push_back(ephemeral);
        self.flush(bus);
    }

    /// Publishes what waits, as far as the bus takes it. A bus that is full has publications for this hub, and this is
    /// called again after the next of them.
    pub(super) fn flush(&mut self, bus: &dyn Bus) {
        while let Some(first) = self.waiting.pop_front() {
            if let Err(first) = bus.ephemeral(first) {
                self.waiting.push_front(first);
                return;
            }
        }
    }
}
