//! The position of the hub in the commit order, and what waits for positions that it has not reached.
//!
//! What must stay true: the position never decreases, and no entry is delivered twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use quintet_domain::{ConnectionId, Notification, UserId};
use quintet_service::Memberships;

use super::message::ReplayOutcome;

/// The result of a read that was ahead of the hub, to be handled once the hub reaches the position of the read.
pub(super) enum Waiting {
    /// Connections of a user whose memberships are known, read ahead of the hub.
    Connections { user: UserId },
    /// The memberships of a user, with the number of the read.
    Memberships { user: UserId, load: u64, memberships: Memberships },
    /// The notifications that were pending when a connection was attached.
    Notifications { connection: ConnectionId, user: UserId, notifications: Vec<Arc<Notification>> },
    /// The result of a replay.
    Replayed { connection: ConnectionId, user: UserId, outcome: ReplayOutcome },
}

/// The position of the hub.
pub(super) struct Positions {
    /// The newest position that was committed before the hub was created. What connections are told was read behind it.
    start: u64,
    /// The position up to which everything was delivered.
    reached: u64,
    /// The position of the last entry that was delivered; 0 before the first.
    last_entry: u64,
    waiting: BTreeMap<u64, Vec<Waiting>>,
}

impl Positions {
    /// Starts at the newest position that was committed before the hub was created.
    pub(super) fn new(start: u64) -> Self {
        Self { start, reached: start, last_entry: 0, waiting: BTreeMap::new() }
    }

    /// The position up to which everything was delivered.
    pub(super) fn reached(&self) -> u64 {
        self.reached
    }

    /// Whether the entry at a position is to be delivered. One that was committed before the hub was created is not,
    /// although it may arrive later: other nodes write while this one starts. Neither is one that is not newer than the
    /// last one: the stream is faulty, and it was delivered before.
    pub(super) fn is_next(&mut self, position: u64) -> bool {
        if position <= self.start {
            return false;
        }
        if position <= self.last_entry {
            tracing::error!(position, after = self.last_entry, "the stream of commits repeated a position");
            return false;
        }
        self.last_entry = position;
        true
    }

    /// Advances to a position.
    pub(super) fn reach(&mut self, position: u64) {
        self.reached = self.reached.max(position);
    }

    /// Lets something wait for a position. Returns it if the position is reached already.
    pub(super) fn wait_for(&mut self, position: u64, waiting: Waiting) -> Option<Waiting> {
        if position <= self.reached {
            return Some(waiting);
        }
        self.waiting.entry(position).or_default().push(waiting);
        None
    }

    /// Takes what waited for positions that are reached by now, in the order of the positions.
    pub(super) fn take_due(&mut self) -> Vec<Waiting> {
        let mut due = Vec::new();
        while let Some(first) = self.waiting.first_entry().filter(|first| *first.key() <= self.reached) {
            due.extend(first.remove());
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(load: u64) -> Waiting {
        Waiting::Memberships { user: UserId::trusted("ada"), load, memberships: Memberships::default() }
    }

    fn loads(due: Vec<Waiting>) -> Vec<u64> {
        let load = |waiting| match waiting {
            Waiting::Memberships { load, .. } => load,
            Waiting::Connections { .. } | Waiting::Notifications { .. } | Waiting::Replayed { .. } => 0,
        };
        due.into_iter().map(load).collect()
    }

    #[test]
    fn what_waits_is_taken_in_the_order_of_positions() {
        let mut positions = Positions::new(5);
        assert!(positions.wait_for(5, waiting(1)).is_some());
        for (position, load) in [(8, 2), (7, 3), (8, 4), (9, 5)] {
            assert!(positions.wait_for(position, waiting(load)).is_none());
        }
        positions.reach(8);
        assert_eq!(loads(positions.take_due()), [3, 2, 4]);
        positions.reach(6);
        assert_eq!(positions.reached(), 8);
        positions.reach(9);
        assert_eq!(loads(positions.take_due()), [5]);
    }

    #[test]
    fn a_repeated_entry_and_one_from_before_the_start_are_left_out() {
        let mut positions = Positions::new(5);
        // Published before the hub read the position at which it starts.
        assert!(!positions.is_next(4));
        assert!(!positions.is_next(5));
        assert!(positions.is_next(6));
        assert!(!positions.is_next(6));
        assert!(!positions.is_next(5));
        assert!(positions.is_next(9));
    }
}
