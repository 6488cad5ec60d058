//! Events that are held back for a connection while older ones are replayed to it.
//!
//! What must stay true: the bytes held for all connections are counted in one sum, and are subtracted when a buffer is
//! dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use quintet_domain::Refusal;
use quintet_domain::limits::RECOVERIES_HELD_BYTES_MAX;
use quintet_service::PendingNotifications;
use quintet_socketio::Frame;

use super::attach_reply::AttachReply;

/// The number of bytes held for one connection, which is part of the sum over all connections.
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
    /// Replies to the task of the connection; taken when the connection is accepted.
    pub(super) reply_to: Option<AttachReply>,
    /// The notifications that were pending before the replay, if they were read.
    pub(super) pending: Option<PendingNotifications>,
    /// Each frame with its position; `None` for ephemeral events.
    frames: Vec<(Option<u64>, Frame)>,
    bytes: HeldBytes,
    bytes_max: usize,
    overflowed: bool,
}

impl ReplayBuffer {
    /// Creates an empty buffer of a connection that is not accepted yet, with the notifications that were pending. `all`
    /// counts the bytes held for all connections.
    pub(super) fn new(
        reply_to: AttachReply,
        pending: Option<PendingNotifications>,
        bytes_max: usize,
        all: Arc<AtomicUsize>,
    ) -> Self {
        let bytes = HeldBytes { own: 0, all };
        Self { reply_to: Some(reply_to), pending, frames: Vec::new(), bytes, bytes_max, overflowed: false }
    }

    /// Holds a frame back. Once the limit is exceeded, all frames are dropped and no more are held.
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

    /// Whether the limit was exceeded.
    pub(super) fn has_overflowed(&self) -> bool {
        self.overflowed
    }

    /// Takes the frames beyond a position, and those without a position, in order.
    pub(super) fn take_after(&mut self, position: u64) -> impl Iterator<Item = Frame> + use<> {
        let frames = std::mem::take(&mut self.frames).into_iter();
        frames.filter(move |(at, _)| at.is_none_or(|at| at > position)).map(|(_, frame)| frame)
    }

    /// Refuses the connection, unless it was accepted already. Returns whether it was refused; its task does not detach
    /// it then.
    pub(super) fn refuse(self, refusal: Refusal) -> bool {
        self.reply_to.is_some_and(|reply_to| {
            let _ = reply_to.reply.send(Err(refusal));
            true
        })
    }
}
