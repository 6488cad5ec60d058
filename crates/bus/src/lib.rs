//! Carries commits from the store, and ephemeral events from the hubs, to the hubs.
//!
//! What lives here: the [`Bus`] seam and [`LocalBus`], for one process. A bus over a broker would live here too.
//! What does not live here: the choice of recipients, which the gateway makes.
//!
//! What must stay true: each commit reaches each subscriber once, in commit order, and none is lost. There is no other
//! way from the store to a gateway, even in one process.

mod local;
mod nodes;

pub use local::LocalBus;
pub use nodes::{LocalPresence, RemotePresence};
use quintet_domain::{Commit, Ephemeral, NodeId};
use tokio::sync::mpsc;

/// A commit or event that subscribers receive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Publication {
    /// A group of writes that was committed together.
    Committed(Commit),
    /// An event that is not stored.
    Ephemeral(Ephemeral),
    /// A change of who is connected to another node.
    Remote {
        /// The other node.
        node: NodeId,
        /// The change of who is connected to it.
        presence: RemotePresence,
    },
}

/// The seam between stores and gateways, as one node sees it.
///
/// # Guarantees
/// 1. **Commits in order.** [`Bus::committed`] passes each commit to every subscriber, in the order of the calls;
///    none is dropped. It waits while a subscriber is behind, so that nothing grows without bound.
/// 2. **Replies stay.** The replies of a commit arrive with its entries, unchanged and in their order, at the
///    subscribers of the node whose store made the commit. They are never dropped, and never sent to another node. A
///    commit that has only replies is passed on like any other.
/// 3. **Ephemeral events in order, or not at all.** [`Bus::ephemeral`] keeps the order of one publisher's calls. If
///    a subscriber is far behind, no subscriber receives the event and it is returned: the publisher decides whether it
///    is still useful later.
/// 4. **From the subscription on.** A subscriber receives everything that is published after [`Bus::subscribe`]
///    returned, until it is dropped. A dropped subscriber does not delay the others.
pub trait Bus: Send + Sync + 'static {
    /// Passes on a commit. It may block while a subscriber is behind, so it is called on the writer's thread, never on
    /// a thread that runs a subscriber.
    fn committed(&self, commit: Commit);
    /// Passes on an ephemeral event.
    ///
    /// # Errors
    /// The same event, which no subscriber received, if a subscriber is too far behind.
    fn ephemeral(&self, ephemeral: Ephemeral) -> Result<(), Ephemeral>;
    /// Passes a change of who is connected to this node on to the other nodes. Returns at once. By default it does nothing,
    /// because there is one node only.
    fn tell_nodes(&self, _change: LocalPresence) {}
    /// Subscribes to everything that is published from now on.
    fn subscribe(&self) -> Subscription;
}

/// The receiving end of a bus.
#[derive(Debug)]
pub struct Subscription(mpsc::Receiver<Publication>);

impl Subscription {
    /// Waits for the next publication; returns none once the bus was dropped.
    pub async fn next(&mut self) -> Option<Publication> {
        self.0.recv().await
    }

    /// Returns the next publication, if it has arrived already.
    pub fn try_next(&mut self) -> Option<Publication> {
        self.0.try_recv().ok()
    }
}
