//! The feed: brings the commits of all nodes into the one order in which they were committed.
//!
//! What must stay true: each position is delivered once, in order, without a gap; replies are never dropped.

use std::time::Duration;

use quintet_domain::Commit;
use tokio::time::Instant;

use crate::GroupNotice;

/// The time for which a group that came before its predecessor waits for it, before the store is asked.
pub const GAP_WAIT: Duration = Duration::from_millis(25);

/// The commits of all nodes, in order.
#[derive(Debug)]
pub struct Feed {
    applied: u64,
}

impl Feed {
    /// A feed that has delivered everything up to a position.
    #[must_use]
    pub fn new(applied: u64) -> Self {
        Self { applied }
    }

    /// The position up to which everything was delivered.
    #[must_use]
    pub fn applied(&self) -> u64 {
        self.applied
    }

    /// Takes a commit of this node, which contains everything that was committed after a position. Returns what is
    /// delivered now.
    pub fn own(&mut self, _after: u64, _commit: Commit, _now: Instant) -> Vec<Commit> {
        Vec::new()
    }

    /// Takes a group of another node. Returns what is delivered now.
    pub fn notice(&mut self, _notice: GroupNotice, _now: Instant) -> Vec<Commit> {
        Vec::new()
    }

    /// Takes the newest position that the store has.
    pub fn newest(&mut self, _position: u64, _now: Instant) {}

    /// The time at which the store must be asked for what is missing, if anything is.
    #[must_use]
    pub fn asks_at(&self) -> Option<Instant> {
        None
    }
}
