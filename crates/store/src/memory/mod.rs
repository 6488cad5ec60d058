//! The store in memory: ordered maps instead of a database, with the same rules and the same group step.
//!
//! It passes the same test suites as the store on SQLite, runs in the seeded simulation, which decides when the writer
//! works and what fails, and serves trials that leave nothing behind.
//!
//! What must stay true: a read sees committed groups only, and each of them completely, because the writer holds the
//! lock while it applies one. Equal writes, clocks and ids give equal results, because nothing depends on the order of
//! a hash map.

mod data;
mod reads;
mod rows;
mod seam;
mod table;
mod tables;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests;
mod writer;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use quintet_domain::{Commit, Environment, Quotas};
use quintet_rules::WriterState;
use quintet_rules::rows::LogRows;
pub use writer::{MemoryDisk, MemoryWriter};

use self::data::Data;
use crate::writer::{Committer, Database, GROUP_MAX, Queue, Submission, Writer};
use crate::{Group, OnCommit, OpenError, StoreError};

/// The state that the writer and the reads of a store share.
#[derive(Debug)]
struct Shared {
    /// The tables; `None` once the process has crashed.
    data: RwLock<Option<Data>>,
    /// Whether the disk is simulated to be full.
    full: AtomicBool,
}

impl Shared {
    fn new(data: Data) -> Arc<Self> {
        Arc::new(Self { data: RwLock::new(Some(data)), full: AtomicBool::new(false) })
    }

    fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Runs a read over one committed state.
    fn read<T>(&self, read: impl FnOnce(&Data) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let data = self.data.read().unwrap_or_else(PoisonError::into_inner);
        read(data.as_ref().ok_or(StoreError::Closed)?)
    }

    /// Runs a function on the tables while no read does; returns `None` if the tables are gone.
    fn write<T>(&self, write: impl FnOnce(&mut Data) -> T) -> Option<T> {
        let mut data = self.data.write().unwrap_or_else(PoisonError::into_inner);
        data.as_mut().map(write)
    }

    /// Takes the tables out of the store.
    fn take(&self) -> Data {
        let data = self.data.write().unwrap_or_else(PoisonError::into_inner).take();
        data.unwrap_or_default()
    }

    /// Commits a group of writes.
    fn commit(
        &self,
        committer: &mut Committer,
        environment: &dyn Environment,
        submissions: Vec<Submission>,
    ) -> Option<Group> {
        self.write(|data| committer.commit_group(data, environment, submissions))
    }

    /// A committer that continues after the newest position.
    fn committer(&self, quotas: Quotas) -> Committer {
        let position = self.write(|data| data.newest_position().unwrap_or_default()).unwrap_or_default();
        Committer::new(WriterState { quotas, ..WriterState::default() }, position)
    }
}

/// How the writer is driven.
#[derive(Debug)]
enum Drive {
    /// The writer is a thread of its own.
    Thread(Writer),
    /// The writer is driven by the owner of the [`MemoryWriter`].
    Manual(Queue),
}

impl Drive {
    fn queue(&self) -> &Queue {
        match self {
            Self::Thread(writer) => writer.queue(),
            Self::Manual(queue) => queue,
        }
    }
}

/// The store in memory, a [`Store`](crate::Store).
pub struct MemoryStore {
    shared: Arc<Shared>,
    environment: Arc<dyn Environment>,
    drive: Drive,
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("drive", &self.drive).finish_non_exhaustive()
    }
}

impl MemoryStore {
    /// Creates an empty store whose writer is a thread of its own.
    ///
    /// # Errors
    /// [`OpenError::Thread`] if the thread cannot be started.
    pub fn start(environment: Arc<dyn Environment>, quotas: Quotas, on_commit: OnCommit) -> Result<Self, OpenError> {
        let shared = Shared::new(empty(&*environment));
        let mut committer = shared.committer(quotas);
        let (tables, clock) = (Arc::clone(&shared), Arc::clone(&environment));
        // Only a crash takes the tables away, and only a manually driven store can crash.
        let commit = move |submissions| tables.commit(&mut committer, &*clock, submissions).unwrap_or_else(nothing);
        let writer = Writer::start_with(commit, GROUP_MAX, on_commit)?;
        Ok(Self { shared, environment, drive: Drive::Thread(writer) })
    }

    /// Creates an empty store whose writer runs when it is called, on the caller's thread: for simulations.
    #[must_use]
    pub fn manual(environment: Arc<dyn Environment>, quotas: Quotas) -> (Arc<Self>, MemoryWriter) {
        Self::manual_over(empty(&*environment), environment, quotas)
    }

    /// Empty tables without a queue and reads, for tests that commit by themselves.
    #[must_use]
    pub fn database() -> impl Database + Send + 'static {
        Data::default()
    }

    fn manual_over(data: Data, environment: Arc<dyn Environment>, quotas: Quotas) -> (Arc<Self>, MemoryWriter) {
        let shared = Shared::new(data);
        let committer = shared.committer(quotas);
        let (queue, submissions) = Queue::new();
        let writer = MemoryWriter::new(Arc::clone(&shared), Arc::clone(&environment), committer, submissions);
        (Arc::new(Self { shared, environment, drive: Drive::Manual(queue) }), writer)
    }
}

/// Empty tables with a new identity.
fn empty(environment: &dyn Environment) -> Data {
    Data::new(format!("{:032x}", environment.secret()))
}

/// A group in which nothing was committed.
fn nothing() -> Group {
    Group { after: 0, begun_at: 0, commit: Commit::default(), writes: 0, took: Duration::ZERO, committed: false }
}
