//! The bounded queue of writes.
//!
//! What must stay true: writes leave the queue in the order in which [`Queue::submit`] completed.

use std::sync::{Mutex, PoisonError};

use quintet_domain::{Refusal, Write};
use tokio::sync::mpsc;

use super::submission::Submission;
use crate::{ReplyTo, StoreError};

/// Maximum number of writes that wait for the writer; a further one makes its caller wait.
const QUEUE: usize = 8_192;

/// The sending end of the queue.
#[derive(Debug)]
pub(crate) struct Queue(Mutex<Option<mpsc::Sender<Submission>>>);

impl Queue {
    /// An open queue, and the end from which the writer receives.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Submission>) {
        let (sender, submissions) = mpsc::channel(QUEUE);
        (Self(Mutex::new(Some(sender))), submissions)
    }

    /// Queues a write. Returns once it is queued; waits while the queue is full. If `is_full`, the disk is full, and a
    /// write that needs space is refused.
    pub(crate) async fn submit(
        &self,
        write: Write,
        reply_to: ReplyTo,
        is_full: impl FnOnce() -> bool,
    ) -> Result<(), StoreError> {
        if write.needs_room() && is_full() {
            return Err(Refusal::storage_full().into());
        }
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let sender = sender.ok_or(StoreError::Closed)?;
        sender.send(Submission::of_task(write, reply_to)).await.map_err(|_| StoreError::Closed)
    }

    /// The number of writes that wait.
    pub(crate) fn waiting(&self) -> usize {
        let queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        queue.as_ref().map_or(0, |queue| queue.max_capacity() - queue.capacity())
    }

    /// Accepts no further writes; those that are queued stay queued.
    pub(crate) fn close(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}
