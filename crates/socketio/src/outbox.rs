//! The queue of what waits to leave on one connection, bounded in bytes.
//!
//! What must stay true: frames leave in the order in which they were pushed; a push that does not fit closes the
//! connection instead of leaving a gap.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::Frame;

/// What a queued frame costs beside its bytes, so that many tiny frames are bounded as well.
const FRAME_OVERHEAD_BYTES: usize = 48;

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The client said goodbye, or its transport ended.
    TransportClosed,
    /// The client closed its WebSocket, with this code.
    PeerClosed(u16),
    /// The client left the namespace with a DISCONNECT.
    ClientDisconnected,
    /// The application ended the namespace with a DISCONNECT; official clients do not come back by themselves.
    ServerDisconnected,
    /// No answer to a ping came in time.
    PingTimeout,
    /// More waited for the connection than it may hold; the client should come back and resume.
    QueueFull,
    /// The server stops; the client should come back.
    Shutdown,
    /// The client broke the protocol.
    ProtocolError,
    /// No CONNECT came in time.
    ConnectTimeout,
    /// A WebSocket close with a code of the application's own.
    Application(u16, &'static str),
}

impl CloseReason {
    /// The WebSocket close code and reason that tell the peer.
    #[must_use]
    pub fn close_code(self) -> (u16, &'static str) {
        match self {
            Self::TransportClosed | Self::ClientDisconnected | Self::ServerDisconnected => (1000, ""),
            Self::PeerClosed(code) => (code, ""),
            Self::PingTimeout => (1001, "ping timeout"),
            Self::QueueFull => (1013, "too slow: come back and resume"),
            Self::Shutdown => (1012, "the server is restarting"),
            Self::ProtocolError => (1002, "protocol error"),
            Self::ConnectTimeout => (1000, "no CONNECT in time"),
            Self::Application(code, reason) => (code, reason),
        }
    }

    /// Whether what is queued is still sent before the end.
    pub(crate) fn flushes(self) -> bool {
        !matches!(self, Self::QueueFull | Self::PingTimeout | Self::TransportClosed | Self::PeerClosed(_))
    }
}

/// The frame was not queued, since the connection is closed or was closed by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PushError(pub CloseReason);

#[derive(Debug, Default)]
struct Inner {
    queue: VecDeque<Frame>,
    bytes: usize,
    closed: Option<CloseReason>,
    waker: Option<Waker>,
}

/// The outgoing queue of one connection. Any thread may push; one transport at a time takes.
#[derive(Debug)]
pub struct Outbox {
    inner: Mutex<Inner>,
    bytes_max: usize,
}

impl Outbox {
    /// An empty queue that holds at most `bytes_max` bytes.
    #[must_use]
    pub fn new(bytes_max: usize) -> Self {
        Self { inner: Mutex::new(Inner::default()), bytes_max }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic while the lock was held leaves a queue that is still whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues one frame.
    ///
    /// # Errors
    /// [`PushError`] when the connection is closed, or when this frame did not fit and closed it.
    pub fn push(&self, frame: Frame) -> Result<(), PushError> {
        self.push_all(std::iter::once(frame))
    }

    /// Queues frames that belong together: all of them, with nothing in between, or none.
    ///
    /// # Errors
    /// As [`Outbox::push`].
    pub fn push_all(&self, frames: impl IntoIterator<Item = Frame>) -> Result<(), PushError> {
        let mut inner = self.lock();
        if let Some(reason) = inner.closed {
            return Err(PushError(reason));
        }
        for frame in frames {
            inner.bytes += frame.wire().len() + FRAME_OVERHEAD_BYTES;
            inner.queue.push_back(frame);
        }
        let full = inner.bytes > self.bytes_max;
        if full {
            inner.closed = Some(CloseReason::QueueFull);
            inner.queue = VecDeque::new();
            inner.bytes = 0;
        }
        let waker = inner.waker.take();
        drop(inner);
        if let Some(waker) = waker {
            waker.wake();
        }
        if full { Err(PushError(CloseReason::QueueFull)) } else { Ok(()) }
    }

    /// Whether frames wait.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        !self.lock().queue.is_empty()
    }

    /// Bytes that wait, frames' overhead included.
    #[must_use]
    pub fn queued_bytes(&self) -> usize {
        self.lock().bytes
    }

    /// Closes the queue, once: the first reason stays. Returns whether this call closed it.
    pub fn close(&self, reason: CloseReason) -> bool {
        let mut inner = self.lock();
        let first = inner.closed.is_none();
        if first {
            inner.closed = Some(reason);
            if !reason.flushes() {
                inner.queue = VecDeque::new();
                inner.bytes = 0;
            }
        }
        let waker = inner.waker.take();
        drop(inner);
        if let Some(waker) = waker {
            waker.wake();
        }
        first
    }

    /// Why the queue is closed, if it is.
    #[must_use]
    pub fn closed(&self) -> Option<CloseReason> {
        self.lock().closed
    }

    /// Wakes the transport that waits, for a reason that the queue does not know.
    pub fn wake(&self) {
        let waker = self.lock().waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Takes everything that waits. The queue gives its memory away with it.
    pub fn take(&self) -> VecDeque<Frame> {
        let mut inner = self.lock();
        inner.bytes = 0;
        std::mem::take(&mut inner.queue)
    }

    /// Takes frames from the front up to about `bytes_max` of body, at least one if any waits.
    pub fn take_up_to(&self, bytes_max: usize) -> Vec<Frame> {
        let mut inner = self.lock();
        let mut taken = Vec::new();
        let mut bytes = 0;
        while let Some(frame) = inner.queue.front() {
            bytes += frame.body().len() * if frame.is_binary() { 4 } else { 3 } / 3 + 2;
            if !taken.is_empty() && bytes > bytes_max {
                break;
            }
            inner.bytes = inner.bytes.saturating_sub(frame.wire().len() + FRAME_OVERHEAD_BYTES);
            taken.extend(inner.queue.pop_front());
        }
        if inner.queue.is_empty() {
            inner.queue = VecDeque::new();
        }
        taken
    }

    /// Ready when frames wait or the queue is closed.
    pub fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        let inner = self.lock();
        let ready = !inner.queue.is_empty() || inner.closed.is_some();
        Self::ready_or_wait(inner, ready, cx)
    }

    /// Ready when the queue is closed.
    pub fn poll_closed(&self, cx: &mut Context<'_>) -> Poll<()> {
        let inner = self.lock();
        let ready = inner.closed.is_some();
        Self::ready_or_wait(inner, ready, cx)
    }

    fn ready_or_wait(mut inner: MutexGuard<'_, Inner>, ready: bool, cx: &mut Context<'_>) -> Poll<()> {
        if ready {
            return Poll::Ready(());
        }
        match &mut inner.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_that_does_not_fit_closes_and_leaves_no_partial_queue() {
        let outbox = Outbox::new(200);
        outbox.push(Frame::text("one")).expect("fits");
        assert_eq!(outbox.push(Frame::text(&"x".repeat(200))), Err(PushError(CloseReason::QueueFull)));
        assert_eq!(outbox.push(Frame::text("late")), Err(PushError(CloseReason::QueueFull)));
        assert!(outbox.take().is_empty());
        assert_eq!(outbox.queued_bytes(), 0);
    }

    #[test]
    fn order_is_kept_and_the_first_reason_stays() {
        let outbox = Outbox::new(10_000);
        outbox.push_all([Frame::text("a"), Frame::text("b")]).expect("fits");
        outbox.push(Frame::text("c")).expect("fits");
        assert!(outbox.close(CloseReason::Shutdown));
        assert!(!outbox.close(CloseReason::PingTimeout));
        let bodies: Vec<_> = outbox.take_up_to(1_000).iter().map(|frame| frame.body().to_vec()).collect();
        assert_eq!(bodies, [b"a", b"b", b"c"]);
        assert_eq!(outbox.closed(), Some(CloseReason::Shutdown));
    }
}
