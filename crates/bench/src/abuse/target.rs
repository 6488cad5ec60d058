//! The target of an attack, as attackers and the bystander share it.
//!
//! What must stay true: an attack ends soon after `over` was set.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The server under attack, the time of the attack, and its counters.
#[derive(Debug)]
pub(crate) struct Target {
    /// The address of the server.
    pub(super) address: SocketAddr,
    /// Whether the attack is over.
    pub(super) over: AtomicBool,
    /// The number of connections, requests or frames that were attempted.
    pub(super) attempts: AtomicU64,
    /// The number of attempts that the server refused, closed or did not answer.
    pub(super) refused: AtomicU64,
}

impl Target {
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    pub(super) fn attempted(&self) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }
}
