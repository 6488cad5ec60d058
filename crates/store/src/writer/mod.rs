//! The one writer: a bounded queue, and a thread that takes what is queued, commits it in groups and hands the groups
//! on.
//!
//! What must stay true: writes are applied in the order in which they were queued; every write that was queued is
//! replied to, also where the writer is closed.

mod database;
mod group;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

pub use database::{CaughtUp, Database};
pub use group::{Committer, Submission};
use quintet_domain::{Environment, Refusal, Write};
use tokio::sync::mpsc;

use crate::{OnCommit, OpenError, ReplyTo, StoreError};

/// Writes that may wait for the writer; a further one makes its caller wait.
const QUEUE: usize = 8_192;
/// Writes that share one commit, so that the first of them does not wait for too many others.
const GROUP_MAX: usize = 512;

/// The queue of the writer's thread.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: Mutex<Option<mpsc::Sender<Submission>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread.
    pub(crate) fn start<D: Database + Send + 'static>(
        database: D,
        committer: Committer,
        environment: Arc<dyn Environment>,
        on_commit: OnCommit,
    ) -> Result<Self, OpenError> {
        let (queue, submissions) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write_loop(database, committer, submissions, &*environment, on_commit))
            .map_err(OpenError::Thread)?;
        Ok(Self { queue: Mutex::new(Some(queue)), thread: Mutex::new(Some(thread)) })
    }

    /// Queues a write; ready when it is queued. It waits while the queue is full. `is_full` says whether the disk is
    /// full: then a write that needs room is refused.
    pub(crate) async fn submit(
        &self,
        write: Write,
        reply_to: ReplyTo,
        is_full: impl FnOnce() -> bool,
    ) -> Result<(), StoreError> {
        if write.needs_room() && is_full() {
            return Err(Refusal::storage_full().into());
        }
        let sender = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let sender = sender.ok_or(StoreError::Closed)?;
        sender.send(Submission { write, reply_to }).await.map_err(|_| StoreError::Closed)
    }

    /// The number of writes that wait.
    pub(crate) fn waiting(&self) -> usize {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.as_ref().map_or(0, |queue| queue.max_capacity() - queue.capacity())
    }

    /// Lets the writer finish what is queued, and waits for it.
    pub(crate) async fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

fn write_loop(
    mut database: impl Database,
    mut committer: Committer,
    mut submissions: mpsc::Receiver<Submission>,
    environment: &dyn Environment,
    mut on_commit: OnCommit,
) {
    let mut group = Vec::new();
    while submissions.blocking_recv_many(&mut group, GROUP_MAX) > 0 {
        on_commit(committer.commit_group(&mut database, environment, std::mem::take(&mut group)));
    }
}
