//! Events that are held back for a connection while older ones are replayed to it.
//!
//! What must stay true: the bytes held for all connections are counted in one sum, and leave it with the buffer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use quintet_domain::Refusal;
use quintet_domain::limits::RECOVERIES_HELD_BYTES_MAX;
use quintet_socketio::Frame;

use super::entrance::Entrance;

/// Bytes held for one connection, counted in the sum over all connections as well.
struct HeldBytes {
    own: usize,
    all: Arc<AtomicUsize>,
}

impl HeldBytes {
    fn add(&mut self, bytes: usize) -> usize {
        self.own += bytes;
        self.all.fetch_add(bytes, Ordering::Relaxed) + bytes
    }
}

impl Drop for HeldBytes {
    fn drop(&mut self) {
        self.all.fetch_sub(self.own, Ordering::Relaxed);
    }
}

/// The frames that are held back for one connection.
pub(super) struct ReplayBuffer {
    /// Lets the connection in; taken when that is done.
    pub(super) entrance: Option<Entrance>,
    /// Each with its position; none for ephemeral events.
    frames: Vec<(Option<u64>, Frame)>,
    bytes: HeldBytes,
    bytes_max: usize,
    overflowed: bool,
}

impl ReplayBuffer {
    /// An empty buffer of a connection that is not let in yet; `all` counts the bytes held for all connections.
    pub(super) fn new(entrance: Entrance, bytes_max: usize, all: Arc<AtomicUsize>) -> Self {
        let bytes = HeldBytes { own: 0, all };
        Self { entrance: Some(entrance), frames: Vec::new(), bytes, bytes_max, overflowed: false }
    }

    /// Holds a frame back. Once there are more than may be held, nothing is held any more.
    pub(super) fn hold(&mut self, position: Option<u64>, frame: Frame) {
        if self.overflowed {
            return;
        }
        let all = self.bytes.add(frame.queued_bytes());
        if self.bytes.own > self.bytes_max || all > RECOVERIES_HELD_BYTES_MAX {
            self.overflowed = true;
            self.frames = Vec::new();
            self.bytes = HeldBytes { own: 0, all: Arc::clone(&self.bytes.all) };
        } else {
            self.frames.push((position, frame));
        }
    }

    /// Whether more frames came than may be held.
    pub(super) fn has_overflowed(&self) -> bool {
        self.overflowed
    }

    /// The frames beyond a position, and those without one, in their order.
    pub(super) fn take_after(&mut self, position: u64) -> impl Iterator<Item = Frame> + use<> {
        let frames = std::mem::take(&mut self.frames).into_iter();
        frames.filter(move |(at, _)| at.is_none_or(|at| at > position)).map(|(_, frame)| frame)
    }

    /// Refuses the connection unless it was let in already. Returns whether it was refused: its task never detaches it
    /// then.
    pub(super) fn refuse(self, refusal: Refusal) -> bool {
        self.entrance.is_some_and(|entrance| {
            let _ = entrance.reply.send(Err(refusal));
            true
        })
    }
}
