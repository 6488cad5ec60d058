//! The writer of a store in memory as a simulation drives it: group by group, with faults.
//!
//! What must stay true: a fault has the effect that it has on a database on a disk. A commit that fails keeps nothing
//! of its group; a crash keeps what was committed, and nothing is sent after it.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use quintet_domain::{Environment, Quotas};
use quintet_rules::MessageKey;
use quintet_rules::rows::LogRows;
use tokio::sync::mpsc;

use super::data::Data;
use super::nodes::Node;
use super::{MemoryStore, Shared, Tables, empty};
use crate::writer::{Committer, Submission};
use crate::{Delivered, Group, ReplyTo};

/// The writer of a store that [`MemoryStore::manual`] created. If it is dropped, the store accepts no further writes.
pub struct MemoryWriter {
    shared: Arc<Shared>,
    environment: Arc<dyn Environment>,
    committer: Committer,
    /// What the node knows of the other nodes, if there may be others.
    node: Option<Node>,
    submissions: mpsc::Receiver<Submission>,
}

impl fmt::Debug for MemoryWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryWriter").field("position", &self.committer.position()).finish_non_exhaustive()
    }
}

impl MemoryWriter {
    pub(super) fn new(
        shared: Arc<Shared>,
        environment: Arc<dyn Environment>,
        committer: Committer,
        node: Option<Node>,
        submissions: mpsc::Receiver<Submission>,
    ) -> Self {
        Self { shared, environment, committer, node, submissions }
    }

    /// The newest committed position that this writer knows of.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.committer.position()
    }

    /// The number of writes that are queued.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.submissions.len()
    }

    /// Commits up to `max_writes` queued writes as one group; returns `None` if none is queued. Callers are replied to
    /// before this returns; the caller hands the group on.
    pub fn commit(&mut self, max_writes: usize) -> Option<Group> {
        let submissions = self.take(max_writes);
        if submissions.is_empty() {
            return None;
        }
        self.shared.commit(&mut self.committer, &mut self.node, &*self.environment, submissions)
    }

    fn take(&mut self, max_writes: usize) -> Vec<Submission> {
        let mut submissions = Vec::new();
        while submissions.len() < max_writes
            && let Ok(submission) = self.submissions.try_recv()
        {
            submissions.push(submission);
        }
        submissions
    }

    /// Describes a cached row that differs from the stored one; none where all are alike. The rows that other nodes have
    /// changed since this one committed a group do.
    #[must_use]
    pub fn stale_row(&self) -> Option<String> {
        let found = self.shared.write(|data| self.committer.state().cache.find_stale(data))?;
        found.unwrap_or_else(|error| Some(error.to_string()))
    }

    /// The messages that were removed between two positions because they are not kept any longer, each time with the
    /// position of the change.
    #[must_use]
    pub fn purged_between(&self, after: u64, up_to: u64) -> Vec<(u64, Vec<MessageKey>)> {
        self.shared.write(|data| data.purged_between(after, up_to)).unwrap_or_default()
    }

    /// Makes the commit of the next group fail, as on a failing disk: each of its writes is refused, and nothing is
    /// kept.
    pub fn fail_next_commit(&mut self) {
        self.shared.write(Data::fail_next_commit);
    }

    /// Makes the next read of what other nodes have committed fail, as over a connection that is lost.
    pub fn fail_next_read(&mut self) {
        self.shared.write(Data::fail_next_read);
    }

    /// Sets whether the disk is full. While it is, the store refuses writes that need space.
    pub fn set_full(&mut self, full: bool) {
        self.shared.full.store(full, Ordering::Relaxed);
    }

    /// Ends the store's process before the next commit: queued writes are lost without a reply. From then on the store
    /// answers every call with [`StoreError::Closed`](crate::StoreError::Closed). Returns the committed state.
    #[must_use]
    pub fn crash(self) -> MemoryDisk {
        MemoryDisk { tables: self.shared.crash() }
    }

    /// Ends the store's process directly after the commit of the next group, before anything is replied to or handed
    /// on.
    #[must_use]
    pub fn crash_after_commit(mut self, max_writes: usize) -> MemoryDisk {
        let mut submissions = self.take(max_writes);
        for submission in &mut submissions {
            submission.reply_to = ReplyTo::Nobody;
        }
        self.shared.commit(&mut self.committer, &mut self.node, &*self.environment, submissions);
        self.crash()
    }
}

/// What the processes of stores have committed: the disk of one process, or the database of several nodes.
#[derive(Clone, Debug)]
pub struct MemoryDisk {
    tables: Tables,
}

impl MemoryDisk {
    /// Empty tables with a new identity.
    #[must_use]
    pub fn new(environment: &dyn Environment) -> Self {
        Self { tables: empty(environment) }
    }

    /// Changes a column of all users' rows without a group and without an entry, as a migration does beside nodes that
    /// run. The nodes notice by the epoch, which moves with it.
    pub fn change_behind_the_log(&self) {
        let mut data = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        data.change_countries();
        data.groups.move_epoch();
    }

    /// Opens a store over the committed state, which nobody else uses.
    #[must_use]
    pub fn open(self, environment: Arc<dyn Environment>, quotas: Quotas) -> (Arc<MemoryStore>, MemoryWriter) {
        MemoryStore::manual_over(self.tables, None, environment, quotas, Delivered::default())
    }

    /// Opens a store over the committed state as one of several nodes. Before each group the cached rows are forgotten that
    /// other nodes have changed. With the group come the entries that the others have committed before it, but for those
    /// up to the position that `delivered` has, which the node has been told of otherwise.
    #[must_use]
    pub fn open_node(
        &self,
        environment: Arc<dyn Environment>,
        quotas: Quotas,
        delivered: Delivered,
    ) -> (Arc<MemoryStore>, MemoryWriter) {
        let tables = Arc::clone(&self.tables);
        let node = {
            let data = tables.read().unwrap_or_else(PoisonError::into_inner);
            delivered.advance(data.newest_position().unwrap_or_default());
            Node::join(&data.groups)
        };
        MemoryStore::manual_over(tables, Some(node), environment, quotas, delivered)
    }
}
