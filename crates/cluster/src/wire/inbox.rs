//! The messages that were received and wait for the node.
//!
//! What must stay true: adding a message never waits, because the connection's own task does it; the number of messages
//! and their bytes are bounded; whoever was too slow for some messages is told so after those that were kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::sync::{Notify, mpsc};

use super::WireEvent;

/// Maximum number of messages that wait.
const WAITING_MAX: usize = 4_096;
/// Maximum bytes of messages that wait or are still in use.
const HELD_BYTES_MAX: usize = 32_000_000;

/// A bounded queue to the receiver of a wire.
#[derive(Debug)]
pub(super) struct Inbox {
    sender: mpsc::Sender<WireEvent>,
    held_bytes: Arc<AtomicUsize>,
    /// Whether the receiver must be told that messages were dropped.
    owed: AtomicBool,
    overflowed: Notify,
}

/// A message that counts as held until all who use it have dropped it.
struct Held {
    message: Vec<u8>,
    held_bytes: Arc<AtomicUsize>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.message
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.held_bytes.fetch_sub(self.message.len(), Ordering::AcqRel);
    }
}

impl Inbox {
    pub(super) fn new() -> (Self, mpsc::Receiver<WireEvent>) {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        let inbox =
            Self { sender, held_bytes: Arc::default(), owed: AtomicBool::new(false), overflowed: Notify::new() };
        (inbox, receiver)
    }

    /// Adds a message, or drops it if too many wait.
    pub(super) fn add(&self, message: Vec<u8>) {
        if self.owed.load(Ordering::Acquire) {
            return;
        }
        let bytes = message.len();
        let fits = self.held_bytes.fetch_add(bytes, Ordering::AcqRel) + bytes <= HELD_BYTES_MAX;
        // From here on the bytes are given back when the message is dropped.
        let message = Bytes::from_owner(Held { message, held_bytes: Arc::clone(&self.held_bytes) });
        let added = if fits { self.sender.try_send(WireEvent::Message(message)).is_ok() } else { false };
        if !added {
            self.owe();
        }
    }

    /// Tells the receiver that messages may have been lost.
    pub(super) fn interrupted(&self) {
        if self.sender.try_send(WireEvent::Interrupted).is_err() {
            self.owe();
        }
    }

    fn owe(&self) {
        self.owed.store(true, Ordering::Release);
        self.overflowed.notify_one();
    }

    /// Tells the receiver of dropped messages, once it has taken those that were kept. Until then all further messages are
    /// dropped, so that it is told once and not for each. This never returns.
    pub(super) async fn settle(&self) {
        loop {
            self.overflowed.notified().await;
            tracing::debug!("messages of other nodes were dropped, because they were not taken fast enough");
            let Ok(mut places) = self.sender.reserve_many(self.sender.max_capacity()).await else { break };
            self.owed.store(false, Ordering::Release);
            if let Some(place) = places.next() {
                place.send(WireEvent::Interrupted);
            }
        }
        // Nobody receives any more.
        std::future::pending::<()>().await;
    }

    /// Waits until the receiver is dropped.
    pub(super) async fn closed(&self) {
        self.sender.closed().await;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests {
    use super::*;

    /// Lets the inbox settle while `receives` runs.
    async fn settling<T>(inbox: &Inbox, receives: impl Future<Output = T>) -> T {
        tokio::select! {
            received = receives => received,
            () = inbox.settle() => unreachable!(),
        }
    }

    #[tokio::test]
    async fn a_slow_receiver_is_told_once_after_what_was_kept() {
        let (inbox, mut receiver) = Inbox::new();
        for _ in 0..2 * WAITING_MAX {
            inbox.add(vec![1]);
        }
        settling(&inbox, async {
            for _ in 0..WAITING_MAX {
                assert_eq!(receiver.recv().await, Some(WireEvent::Message(Bytes::from_static(&[1]))));
            }
            assert_eq!(receiver.recv().await, Some(WireEvent::Interrupted));
        })
        .await;
        assert!(receiver.try_recv().is_err());
        inbox.add(vec![2]);
        assert_eq!(receiver.try_recv(), Ok(WireEvent::Message(Bytes::from_static(&[2]))));
    }

    #[tokio::test]
    async fn bytes_are_held_until_the_last_use_ends() {
        let (inbox, mut receiver) = Inbox::new();
        for _ in 0..3 {
            inbox.add(vec![0; HELD_BYTES_MAX / 2]);
        }
        let first = receiver.recv().await.unwrap();
        let second = receiver.recv().await.unwrap();
        assert_eq!(settling(&inbox, receiver.recv()).await, Some(WireEvent::Interrupted));
        inbox.add(vec![3]);
        assert_eq!(settling(&inbox, receiver.recv()).await, Some(WireEvent::Interrupted), "all bytes are in use");
        drop((first, second));
        inbox.add(vec![4]);
        assert_eq!(receiver.try_recv(), Ok(WireEvent::Message(Bytes::from_static(&[4]))));
        assert_eq!(inbox.held_bytes.load(Ordering::Acquire), 0);
    }
}
