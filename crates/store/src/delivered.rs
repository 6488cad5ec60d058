//! The position up to which a node has delivered what was committed, as its feed tells its writer.
//!
//! What must stay true: whoever advances it has delivered everything up to it, or is about to, before anything that the
//! writer hands on from then on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The position up to which a node has delivered everything, whoever has committed it. A writer that catches up with
/// other nodes reads no entry up to it again. Clones share the position.
#[derive(Clone, Debug, Default)]
pub struct Delivered(Arc<AtomicU64>);

impl Delivered {
    /// The position; 0 where nothing is delivered but what the writer hands on.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    /// Advances to a position. It never goes back.
    pub fn advance(&self, position: u64) {
        self.0.fetch_max(position, Ordering::AcqRel);
    }
}
