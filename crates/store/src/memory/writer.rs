//! The writer of a store in memory as a simulation drives it: group by group, with faults.
//!
//! What must stay true: a fault has the effect that it has on a database on a disk. A commit that fails keeps nothing
//! of its group; a crash keeps what was committed, and nothing is sent after it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use quintet_domain::{Environment, Quotas};
use tokio::sync::mpsc;

use super::data::Data;
use super::{MemoryStore, Shared};
use crate::writer::{Committer, Submission};
use crate::{Group, ReplyTo};

/// The writer of a store that [`MemoryStore::manual`] created. If it is dropped, the store accepts no further writes.
pub struct MemoryWriter {
    shared: Arc<Shared>,
    environment: Arc<dyn Environment>,
    committer: Committer,
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
        submissions: mpsc::Receiver<Submission>,
    ) -> Self {
        Self { shared, environment, committer, submissions }
    }

    /// The newest committed position.
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
        self.shared.commit(&mut self.committer, &*self.environment, submissions)
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

    /// Describes a cached row that differs from the stored one; none where all are alike.
    #[must_use]
    pub fn stale_row(&self) -> Option<String> {
        let found = self.shared.write(|data| self.committer.state().cache.find_stale(data))?;
        found.unwrap_or_else(|error| Some(error.to_string()))
    }

    /// Makes the commit of the next group fail, as on a failing disk: each of its writes is refused, and nothing is
    /// kept.
    pub fn fail_next_commit(&mut self) {
        self.shared.write(Data::fail_next_commit);
    }

    /// Sets whether the disk is full. While it is, the store refuses writes that need space.
    pub fn set_full(&mut self, full: bool) {
        self.shared.full.store(full, Ordering::Relaxed);
    }

    /// Ends the store's process before the next commit: queued writes are lost without a reply. From then on the store
    /// answers every call with [`StoreError::Closed`](crate::StoreError::Closed). Returns the committed state.
    #[must_use]
    pub fn crash(self) -> MemoryDisk {
        MemoryDisk { data: self.shared.take() }
    }

    /// Ends the store's process directly after the commit of the next group, before anything is replied to or handed
    /// on.
    #[must_use]
    pub fn crash_after_commit(mut self, max_writes: usize) -> MemoryDisk {
        let mut submissions = self.take(max_writes);
        for submission in &mut submissions {
            submission.reply_to = ReplyTo::Nobody;
        }
        self.shared.commit(&mut self.committer, &*self.environment, submissions);
        self.crash()
    }
}

/// The state that a store had committed when its process ended.
#[derive(Debug)]
pub struct MemoryDisk {
    data: Data,
}

impl MemoryDisk {
    /// Opens a store over the committed state.
    #[must_use]
    pub fn open(self, environment: Arc<dyn Environment>, quotas: Quotas) -> (Arc<MemoryStore>, MemoryWriter) {
        MemoryStore::manual_over(self.data, environment, quotas)
    }
}
