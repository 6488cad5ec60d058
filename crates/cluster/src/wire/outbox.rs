//! The messages that wait to be sent.
//!
//! What must stay true: adding a message never waits; the number of messages and their bytes are bounded, and the newest
//! are kept.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

/// Maximum number of messages that wait.
const WAITING_MAX: usize = 1_024;
/// Maximum bytes of the messages that wait.
const WAITING_BYTES_MAX: usize = 16_000_000;
/// Maximum number of messages that are sent together.
const BATCH_MAX: usize = 256;
/// Bytes after which no further message is sent together with those before.
const BATCH_BYTES_ENOUGH: usize = 1_000_000;

/// A bounded queue of messages.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Bytes>,
    /// The bytes of all messages that wait.
    bytes: usize,
    /// Whether messages were dropped since some were last taken.
    dropped: bool,
    closed: bool,
}

impl Outbox {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a message. The oldest ones are dropped if too many wait.
    pub(super) fn add(&self, message: Bytes) {
        let mut state = self.state();
        state.bytes += message.len();
        state.waiting.push_back(message);
        let mut begins_to_drop = false;
        while state.waiting.len() > WAITING_MAX || state.bytes > WAITING_BYTES_MAX {
            let Some(oldest) = state.waiting.pop_front() else { break };
            state.bytes -= oldest.len();
            begins_to_drop |= !std::mem::replace(&mut state.dropped, true);
        }
        drop(state);
        self.changed.notify_one();
        if begins_to_drop {
            tracing::warn!("messages to other nodes are dropped, because they cannot be sent fast enough");
        }
    }

    /// Waits for messages, and takes some of them, the oldest first. Returns none once the queue is closed and empty.
    pub(super) async fn take(&self) -> Option<Vec<Bytes>> {
        loop {
            // In a scope of its own: a guard must not be held while this waits.
            {
                let mut state = self.state();
                if !state.waiting.is_empty() {
                    state.dropped = false;
                    return Some(state.take());
                }
                if state.closed {
                    return None;
                }
            }
            self.changed.notified().await;
        }
    }

    /// Whether the queue was closed.
    pub(super) fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// Lets [`Outbox::take`] end after the last message.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_one();
    }
}

impl State {
    fn take(&mut self) -> Vec<Bytes> {
        let (mut taken, mut bytes) = (Vec::new(), 0);
        while taken.len() < BATCH_MAX && bytes < BATCH_BYTES_ENOUGH {
            let Some(message) = self.waiting.pop_front() else { break };
            bytes += message.len();
            taken.push(message);
        }
        self.bytes -= bytes;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_newest_messages_are_kept() {
        let outbox = Outbox::default();
        for number in 0..WAITING_MAX as u64 + 10 {
            outbox.add(Bytes::copy_from_slice(&number.to_be_bytes()));
        }
        outbox.close();
        let mut expected = 10_u64..;
        while let Some(batch) = outbox.take().await {
            assert!(batch.len() <= BATCH_MAX);
            for message in batch {
                assert_eq!(*message, expected.next().unwrap_or(0).to_be_bytes());
            }
        }
        assert_eq!(expected.next(), Some(WAITING_MAX as u64 + 10));
    }

    #[tokio::test]
    async fn the_bytes_are_bounded() {
        let outbox = Outbox::default();
        let large = Bytes::from(vec![0; WAITING_BYTES_MAX / 4 + 1]);
        for _ in 0..10 {
            outbox.add(large.clone());
        }
        assert_eq!(outbox.state().waiting.len(), 3);
        assert_eq!(outbox.take().await, Some(vec![large.clone()]));
        assert_eq!(outbox.state().bytes, 2 * large.len());
    }
}
