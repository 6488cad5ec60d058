//! The store in memory: ordered maps instead of a database, with the same rules and the same group step.
//!
//! It passes the same test suites as the store on SQLite, runs in the seeded simulation, which decides when the writer
//! works and what fails, and serves trials that leave nothing behind.
//!
//! What must stay true: a read sees committed groups only, and each of them completely, because the writer holds the
//! lock while it applies one. Equal writes, clocks and ids give equal results, because nothing depends on the order of
//! a hash map.

mod data;
mod login_sessions;
mod members;
mod moderation;
mod nodes;
mod push;
mod reads;
mod rows;
mod seam;
mod table;
mod tables;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests;
mod transaction;
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
use self::nodes::Node;
use crate::writer::{AddQueued, Committer, Database, Queue, Submission, Writer};
use crate::{Delivered, Group, OnCommit, OpenError, StoreError};

/// The tables, which outlast the process that uses them, and which the processes of several nodes may share.
type Tables = Arc<RwLock<Data>>;

/// The state that the writer and the reads of a store share.
#[derive(Debug)]
struct Shared {
    tables: Tables,
    /// Whether the process has crashed.
    crashed: AtomicBool,
    /// Whether the disk is simulated to be full.
    full: AtomicBool,
}

impl Shared {
    fn new(tables: Tables) -> Arc<Self> {
        Arc::new(Self { tables, crashed: AtomicBool::new(false), full: AtomicBool::new(false) })
    }

    fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    fn has_crashed(&self) -> bool {
        self.crashed.load(Ordering::Relaxed)
    }

    /// Runs a read over one committed state.
    fn read<T>(&self, read: impl FnOnce(&Data) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let data = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        if self.has_crashed() { Err(StoreError::Closed) } else { read(&data) }
    }

    /// Runs a function on the tables while no read does; returns `None` if the process has crashed.
    fn write<T>(&self, write: impl FnOnce(&mut Data) -> T) -> Option<T> {
        let mut data = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        if self.has_crashed() { None } else { Some(write(&mut data)) }
    }

    /// Ends the process that uses the tables.
    fn crash(&self) -> Tables {
        // No read or write is under way then.
        let _data = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        self.crashed.store(true, Ordering::Relaxed);
        Arc::clone(&self.tables)
    }

    /// Commits a group of writes, which `node` decides if it is one of several.
    fn commit(
        &self,
        committer: &mut Committer,
        node: &mut Option<Node>,
        environment: &dyn Environment,
        submissions: Vec<Submission>,
    ) -> Option<Group> {
        self.write(|data| {
            data.begin_as(node.take());
            let group = committer.commit_group(data, environment, submissions, &mut |_| ());
            *node = data.end_as();
            group
        })
    }

    /// A committer that continues after the newest position.
    fn committer(&self, quotas: Quotas, delivered: Delivered) -> Committer {
        let position = self.read(|data| Ok(data.newest_position()?)).unwrap_or_default();
        Committer::beside(WriterState { quotas, ..WriterState::default() }, position, delivered)
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
        let mut committer = shared.committer(quotas, Delivered::default());
        let (tables, clock) = (Arc::clone(&shared), Arc::clone(&environment));
        // Only a crash takes the tables away, and only a manually driven store can crash.
        let commit = move |submissions: Vec<Submission>, _: &mut AddQueued<'_>| {
            tables.commit(&mut committer, &mut None, &*clock, submissions).unwrap_or_else(nothing)
        };
        let writer = Writer::start_with(commit, on_commit)?;
        Ok(Self { shared, environment, drive: Drive::Thread(writer) })
    }

    /// Creates an empty store whose writer runs when it is called, on the caller's thread: for simulations.
    #[must_use]
    pub fn manual(environment: Arc<dyn Environment>, quotas: Quotas) -> (Arc<Self>, MemoryWriter) {
        Self::manual_over(empty(&*environment), None, environment, quotas, Delivered::default())
    }

    /// The newest committed position, of whichever node.
    ///
    /// # Errors
    /// [`StoreError::Closed`] once the process has crashed.
    pub fn newest_position(&self) -> Result<u64, StoreError> {
        self.shared.read(|data| Ok(data.newest_position()?))
    }

    /// Empty tables without a queue and reads, for tests that commit by themselves.
    #[must_use]
    pub fn database() -> impl Database + Send + 'static {
        Data::default()
    }

    fn manual_over(
        tables: Tables,
        node: Option<Node>,
        environment: Arc<dyn Environment>,
        quotas: Quotas,
        delivered: Delivered,
    ) -> (Arc<Self>, MemoryWriter) {
        let shared = Shared::new(tables);
        let committer = shared.committer(quotas, delivered);
        let (queue, submissions) = Queue::new();
        let writer = MemoryWriter::new(Arc::clone(&shared), Arc::clone(&environment), committer, node, submissions);
        (Arc::new(Self { shared, environment, drive: Drive::Manual(queue) }), writer)
    }
}

/// Empty tables with a new identity.
fn empty(environment: &dyn Environment) -> Tables {
    Arc::new(RwLock::new(Data::new(format!("{:032x}", environment.secret()))))
}

/// A group in which nothing was committed.
fn nothing() -> Group {
    Group {
        missed: Vec::new(),
        begun_at: 0,
        commit: Commit::default(),
        writes: 0,
        traces: Vec::new(),
        took: Duration::ZERO,
        committed: false,
    }
}
