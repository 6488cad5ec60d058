//! The ephemeral events that this hub publishes on the bus.
//!
//! What must stay true: events reach the bus in the order in which they were published, and none is lost while the bus
//! is full, because a presence change is announced only once.

use std::collections::VecDeque;

use quintet_bus::Bus;
use quintet_domain::Ephemeral;

/// Ephemeral events that the bus has not accepted yet.
#[derive(Default)]
pub(super) struct Ephemerals {
    waiting: VecDeque<Ephemeral>,
}

impl Ephemerals {
    /// Publishes an event, after those that wait.
    pub(super) fn publish(&mut self, bus: &dyn Bus, ephemeral: Ephemeral) {
        self.waiting.push_back(ephemeral);
        self.flush(bus);
    }

    /// Publishes the events that wait, until the bus is full. A full bus has publications for this hub, and this is
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
