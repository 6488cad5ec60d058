//! The one writer: a bounded queue, and a thread that takes queued writes, commits them in groups and hands the groups
//! on.
//!
//! What must stay true: writes are applied in the order in which they were queued; every queued write is replied to,
//! even when the writer is closed.

mod database;
mod group;
mod queue;
mod submission;
mod unread;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

pub use database::{AddQueued, Begun, Database};
pub use group::Committer;
pub(crate) use queue::Queue;
use quintet_domain::Environment;
pub use submission::{QueuedTrace, Submission};
use tokio::sync::mpsc;

use crate::{Group, OnCommit, OpenError};

/// Maximum number of writes in one commit, so that the first of them does not wait for too many others.
const GROUP_MAX: usize = 512;

/// The writer's thread and its queue.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: Queue,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread over a database that no one else in this process writes to.
    pub(crate) fn start<D: Database + Send + 'static>(
        mut database: D,
        mut committer: Committer,
        environment: Arc<dyn Environment>,
        on_commit: OnCommit,
    ) -> Result<Self, OpenError> {
        let commit = move |group: Vec<Submission>, add_queued: &mut AddQueued<'_>| {
            committer.commit_group(&mut database, &*environment, group, add_queued)
        };
        Self::start_with(commit, on_commit)
    }

    /// Starts the thread, with the function that commits a group of at most [`GROUP_MAX`] writes, to which it may add
    /// writes that are queued meanwhile.
    pub(crate) fn start_with(
        commit: impl FnMut(Vec<Submission>, &mut AddQueued<'_>) -> Group + Send + 'static,
        on_commit: OnCommit,
    ) -> Result<Self, OpenError> {
        let (queue, submissions) = Queue::new();
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write_loop(submissions, commit, on_commit))
            .map_err(OpenError::Thread)?;
        Ok(Self { queue, thread: Mutex::new(Some(thread)) })
    }

    /// The queue of the writer.
    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Lets the writer finish the queued writes, and waits for it.
    pub(crate) async fn close(&self) {
        self.queue.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

fn write_loop(
    mut submissions: mpsc::Receiver<Submission>,
    mut commit: impl FnMut(Vec<Submission>, &mut AddQueued<'_>) -> Group,
    mut on_commit: OnCommit,
) {
    let mut group = Vec::new();
    while submissions.blocking_recv_many(&mut group, GROUP_MAX) > 0 {
        let mut add_queued = |group: &mut Vec<Submission>| {
            while group.len() < GROUP_MAX
                && let Ok(submission) = submissions.try_recv()
            {
                group.push(submission);
            }
        };
        on_commit(commit(std::mem::take(&mut group), &mut add_queued));
    }
}
