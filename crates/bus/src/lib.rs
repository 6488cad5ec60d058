//! Carries what happened from the store, and what passes from the gateways, to every gateway.
//!
//! What lives here: the [`Bus`] seam and [`LocalBus`], for one process. A broker, once there is one, lives here too.
//! What does not: who hears what; that is the gateway's.
//!
//! What must stay true: committed entries reach each subscriber in commit order, each once, none lost; and there is
//! no other way from the store to a gateway, in one process either.

mod local;

pub use local::LocalBus;
use quintet_domain::{Entry, Ephemeral};
use tokio::sync::mpsc;

/// What a subscriber receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Publication {
    /// A group that was committed together, in commit order.
    Committed(Vec<Entry>),
    /// Something that is not kept.
    Ephemeral(Ephemeral),
}

/// The seam between stores and gateways.
///
/// # Guarantees
/// 1. [`Bus::committed`] hands entries to every subscriber in the order of the calls; none is dropped. It waits
///    while a subscriber is behind, so that nothing grows without bound.
/// 2. [`Bus::ephemeral`] keeps the order of one publisher's calls. Where a subscriber is far behind it takes nothing and
///    says so: the publisher knows whether what passes is still worth something later.
/// 3. A subscriber receives everything that was published after [`Bus::subscribe`] returned.
pub trait Bus: Send + Sync + 'static {
    /// Hands on what was committed. Called on the writer's thread, never on an async one.
    fn committed(&self, entries: Vec<Entry>);
    /// Hands on what passes; gives it back where a subscriber is too far behind.
    ///
    /// # Errors
    /// The same, not handed on.
    fn ephemeral(&self, ephemeral: Ephemeral) -> Result<(), Ephemeral>;
    /// Starts to receive.
    fn subscribe(&self) -> Subscription;
}

/// The receiving end of a bus.
#[derive(Debug)]
pub struct Subscription(mpsc::Receiver<Publication>);

impl Subscription {
    /// The next publication; none once the bus is gone.
    pub async fn next(&mut self) -> Option<Publication> {
        self.0.recv().await
    }
}
