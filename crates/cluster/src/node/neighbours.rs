//! The other users of heartbeats: parts of the process that need to know which nodes are alive.
//!
//! What must stay true: one heartbeat a second tells all who want to know.

use std::fmt;
use std::sync::Arc;

use quintet_store::FreshNode;
use tokio::sync::Notify;

/// What is called with the other nodes that are alive.
pub type TellNodes = Box<dyn Fn(&[FreshNode]) + Send>;

/// Tells others which nodes are alive, as each heartbeat of the node finds them.
#[derive(Default)]
pub struct Neighbours {
    /// What is called after each heartbeat, with the other nodes that are alive.
    pub told: Option<TellNodes>,
    /// Notified when the next heartbeat is needed at once.
    pub wanted: Arc<Notify>,
}

impl fmt::Debug for Neighbours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Neighbours").field("told", &self.told.is_some()).finish_non_exhaustive()
    }
}
