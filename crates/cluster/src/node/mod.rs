//! The runtime of a node: one thread that owns the feed, and through which everything passes that the node tells the
//! others or hears of them.
//!
//! What must stay true: commits reach the hub from this thread alone. The thread may wait for the hub and for nothing
//! else: what it asks the store is asked beside the rest, because the store may be waiting for it. It ends after the
//! store's writer, once all groups are delivered.

mod inputs;
mod neighbours;
mod senders;
mod work;

use std::fmt;
use std::sync::{Arc, Weak};

use quintet_bus::LocalBus;
use quintet_domain::NodeId;
use quintet_store::Delivered;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

pub use self::neighbours::{Neighbours, TellNodes};

use self::inputs::{Input, Inputs};
use self::work::{Made, Work};
use crate::PART;
use crate::backing::Backing;
use crate::inbox::Inbox;
use crate::seal::Seals;
use crate::status::Status;
use crate::wire::{Wire, WireEvent};

/// What a node is started with.
pub struct Parts {
    /// The id of the node, which no other process has or had.
    pub node: NodeId,
    /// How other nodes reach this one; `None` if they cannot.
    pub address: Option<String>,
    /// The identity of the stored data.
    pub identity: String,
    /// The secret that all nodes share, under which they seal their messages; `None` for messages without a proof.
    pub secret: Option<String>,
    /// Carries what the node publishes.
    pub wire: Arc<dyn Wire>,
    /// What the wire brings.
    pub events: mpsc::Receiver<WireEvent>,
    /// The bus to the hub of this process.
    pub bus: Arc<LocalBus>,
    /// The store, which hands its groups over to the inbox. The node keeps it only while it asks it something.
    pub store: Weak<dyn Backing>,
    /// What the store's writer need not read, with which the store was opened.
    pub delivered: Delivered,
    /// The inbox of the node.
    pub inbox: Inbox,
    /// Who else wants to know which nodes are alive.
    pub neighbours: Neighbours,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("node", &self.node).field("identity", &self.identity).finish_non_exhaustive()
    }
}

/// A node that runs, until the writer of its store has ended.
#[derive(Clone, Debug)]
pub struct Cluster {
    status: Arc<Status>,
    /// Closed when the thread of the node ends.
    ended: watch::Receiver<()>,
}

impl Cluster {
    /// Starts a node. Everything that was committed before its store was opened counts as delivered.
    ///
    /// # Errors
    /// The operating system's, if it gives no thread.
    pub fn start(parts: Parts) -> std::io::Result<Self> {
        let Parts { node, address, identity, secret, wire, events, bus, store, delivered, inbox, neighbours } = parts;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let status = Arc::new(Status::new(delivered.position()));
        let (shared, missed) = (Arc::clone(&status), inbox.missed.clone());
        let seals = Seals::new(secret.as_deref(), &identity, PART);
        let Neighbours { told, wanted } = neighbours;
        let made = Made { node, address, identity, seals, wire, bus, store, delivered, status: shared, missed, told };
        let (mut work, mut inputs) = (Work::new(made, Instant::now()), Inputs::new(inbox, events, wanted));
        let (ends, ended) = watch::channel(());
        let run = move || loop {
            let now = Instant::now();
            work.tick_due(now);
            work.ask_due(&mut inputs, now);
            let until = work.next_time(&inputs);
            match runtime.block_on(inputs.next(until)) {
                Input::End => return drop(ends),
                input => work.take(input, Instant::now()),
            }
        };
        std::thread::Builder::new().name("cluster-node".to_owned()).spawn(run)?;
        Ok(Self { status, ended })
    }

    /// What the node knows of its own work.
    #[must_use]
    pub fn status(&self) -> &Arc<Status> {
        &self.status
    }

    /// Waits until the node has ended, after the writer of its store. It sends no heartbeat from then on.
    pub async fn ended(&self) {
        let mut ended = self.ended.clone();
        while ended.changed().await.is_ok() {}
    }
}
