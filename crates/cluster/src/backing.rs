//! What a node asks of the store beside its writes and reads.
//!
//! What must stay true: neither question waits for the node's own feed, which may be what asks.

use quintet_domain::{Barrier, NodeId};
use quintet_store::{Future, Heartbeat, PostgresStore, ReplyTo, Store, StoreError};
use tokio::sync::oneshot;

/// The store that the nodes of a cluster share, as one of them sees it.
pub trait Backing: Send + Sync + 'static {
    /// Says that the node is alive, and how others reach it. Returns the newest position and the other nodes that are
    /// alive.
    fn heartbeat(&self, node: NodeId, address: Option<String>) -> Future<'_, Result<Heartbeat, StoreError>>;
    /// Lets the node's writer catch up with the other nodes. What it finds is handed over with the next group of this
    /// node, before or shortly after this returns.
    fn catch_up(&self) -> Future<'_, Result<(), StoreError>>;
}

impl Backing for PostgresStore {
    fn heartbeat(&self, node: NodeId, address: Option<String>) -> Future<'_, Result<Heartbeat, StoreError>> {
        Box::pin(async move { PostgresStore::heartbeat(self, node, address).await })
    }

    fn catch_up(&self) -> Future<'_, Result<(), StoreError>> {
        Box::pin(async move {
            // Every group catches up before its writes, so that one that does nothing else is enough.
            let (sender, answer) = oneshot::channel();
            self.submit(Barrier.into(), ReplyTo::Caller(sender)).await?;
            answer.await.map_err(|_| StoreError::Closed)?.map(|_| ())
        })
    }
}
