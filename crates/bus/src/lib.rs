//! Carries commits from the store, and ephemeral events from the hubs, to the hubs.
//!
//! What lives here: the [`Bus`] seam and [`LocalBus`], for one process. A broker, once there is one, lives here too.
//! What does not: who receives what; that is the gateway's.
//!
//! What must stay true: commits reach each subscriber in commit order, each once, none lost; and there is no other way
//! from the store to a gateway, in one process either.

mod local;

pub use local::LocalBus;
use quintet_domain::{Commit, Ephemeral};
use tokio::sync::mpsc;

/// What a subscriber receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Publication {
    /// A group of writes that was committed together.
    Committed(Commit),
    /// An event that is not stored.
    Ephemeral(Ephemeral),
}

/// The seam between stores and gateways, as one node sees it.
///
/// # Guarantees
/// 1. **Commits in order.** [`Bus::committed`] hands each commit to every subscriber, in the order of the calls; none is
///    dropped. It waits while a subscriber is behind, so that nothing grows without bound.
/// 2. **Replies stay.** The replies of a commit arrive with its entries, unchanged and in their order, at the subscribers
///    of the node whose store made the commit. They are never dropped, and never sent to another node. A commit that has
///    replies only is handed on like any other.
/// 3. **Ephemeral events in order, or not at all.** [`Bus::ephemeral`] keeps the order of one publisher's calls. Where a
///    subscriber is far behind, no subscriber receives the event and it is returned: the publisher knows whether it is
///    still worth something later.
/// 4. **From the subscription on.** A subscriber receives everything that was published after [`Bus::subscribe`]
///    returned, until it is dropped. A subscriber that was dropped hinders nobody.
pub trait Bus: Send + Sync + 'static {
    /// Hands on a commit. It may block while a subscriber is behind: called on the writer's thread, never on a thread
    /// that runs a subscriber.
    fn committed(&self, commit: Commit);
    /// Hands on an ephemeral event.
    ///
    /// # Errors
    /// The same event, which nobody received, where a subscriber is too far behind.
    fn ephemeral(&self, ephemeral: Ephemeral) -> Result<(), Ephemeral>;
    /// Starts to receive.
    fn subscribe(&self) -> Subscription;
}

/// The receiving end of a bus.
#[derive(Debug)]
pub struct Subscription(mpsc::Receiver<Publication>);

impl Subscription {
    /// Waits for the next publication; none once the bus is gone.
    pub async fn next(&mut self) -> Option<Publication> {
        self.0.recv().await
    }

    /// The next publication if it is there already.
    pub fn try_next(&mut self) -> Option<Publication> {
        self.0.try_recv().ok()
    }
}
