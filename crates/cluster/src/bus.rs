//! The bus of a node among others.
//!
//! What must stay true: what happens here is delivered here first, and not at all elsewhere if it was not; nothing that a
//! hub publishes makes it wait for a wire.

use std::sync::Arc;

use quintet_bus::{Bus, LocalBus, LocalPresence, Subscription};
use quintet_domain::{Commit, Ephemeral, Event};

use crate::inbox::Teller;

/// The bus of a node among others: that of its own process, beside which it tells the others what passes.
#[derive(Debug)]
pub struct ClusterBus {
    local: Arc<LocalBus>,
    teller: Teller,
}

impl ClusterBus {
    /// A bus over that of the process. `teller` leads to the node that was started with the same inbox.
    #[must_use]
    pub fn new(local: Arc<LocalBus>, teller: Teller) -> Self {
        Self { local, teller }
    }
}

impl Bus for ClusterBus {
    /// Passes on a commit within the process. The commits of a node come from its feed, which knows their order.
    fn committed(&self, commit: Commit) {
        self.local.committed(commit);
    }

    fn ephemeral(&self, ephemeral: Ephemeral) -> Result<(), Ephemeral> {
        // Each node works out by itself who is online, of what the nodes tell each other about their connections.
        let told = match &ephemeral {
            Ephemeral::Event(event @ (Event::Typing { .. } | Event::MessagesDelivered { .. })) => Some(event.clone()),
            Ephemeral::Event(_) | Ephemeral::RoomPresence { .. } => None,
        };
        self.local.ephemeral(ephemeral)?;
        if let Some(event) = told {
            self.teller.passing(event);
        }
        Ok(())
    }

    fn tell_nodes(&self, change: LocalPresence) {
        self.teller.presence(change);
    }

    fn subscribe(&self) -> Subscription {
        self.local.subscribe()
    }
}
