//! What makes a process one of the nodes over the database, and keeps it one.
//!
//! What must stay true: a process that cannot be a node any more says so, and refuses every write.

use std::sync::Arc;

use quintet_domain::NodeId;

use super::nodes::Heartbeat;
use super::open::on_a_thread;
use super::{PostgresStore, migrate, nodes_lock};
use crate::{NodeFiles, OpenError, StoreError};

impl PostgresStore {
    /// Says that a node reaches the database, and how others reach the node. Returns the newest position and the other
    /// nodes that are alive. Every node calls it every second, as long as it lives.
    ///
    /// # Errors
    /// [`StoreError::TooSlow`] after 8 seconds; [`StoreError::Rows`] if the database cannot be reached.
    pub async fn heartbeat(&self, node: NodeId, address: Option<String>) -> Result<Heartbeat, StoreError> {
        let (heartbeat, incarnation) = self.nodes.beat(node, address).await?;
        self.incarnation.found(incarnation);
        Ok(heartbeat)
    }

    /// Waits until this store cannot be used any more: the database has lost commits that clients have seen, or this
    /// process cannot catch up with the others. From then on every write is refused. To continue, the process opens the
    /// store again and lets its clients begin afresh.
    pub async fn over(&self) {
        self.incarnation.ended().await;
    }

    /// Says that a node ends, so that the others need not wait for its heartbeat.
    ///
    /// # Errors
    /// Those of [`PostgresStore::heartbeat`].
    pub async fn leave(&self, node: NodeId) -> Result<(), StoreError> {
        self.nodes.leave(node).await
    }

    /// Makes this process one of the nodes over the database, for as long as the store exists. Blocks the thread, for some
    /// seconds if others that exclude it are ending.
    ///
    /// # Errors
    /// [`OpenError::OtherNode`] if nodes use the database that cannot reach the files of this one, or whose files this one
    /// cannot reach; another [`OpenError`] if the database cannot be asked.
    pub fn join(&self, files: NodeFiles) -> Result<(), OpenError> {
        let Some(runtime) = &self.runtime else { return Ok(()) };
        let joined = on_a_thread(|| runtime.block_on(nodes_lock::join(&self.target, files)))?;
        let joined = joined.map_err(|error| migrate::refused(&self.target, &error))?;
        let joined = joined.ok_or_else(|| OpenError::OtherNode { database: self.target.name(), files })?;
        runtime.spawn(nodes_lock::keep(Arc::clone(&self.target), files, joined));
        Ok(())
    }
}
