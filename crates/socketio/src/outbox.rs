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

impl Frame {
    /// What the frame counts in a queue, in bytes.
    #[must_use]
    pub fn queued_bytes(&self) -> usize {
        self.wire().len() + FRAME_OVERHEAD_BYTES
    }
}

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
    /// The client went on sending more than it may.
    Flooding,
    /// A packet was begun and not finished in time.
    Unfinished,
    /// There is no room for the connection: others that are known are served first.
    Pressure,
    /// A WebSocket close with a code of the application's own.
    Application(u16, &'static str),
}

impl CloseReason {
    /// A message is larger than it may be (RFC 6455 section 7.4.1).
    pub const TOO_LARGE: Self = Self::Application(1009, "message too large");

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
            Self::Flooding => (1008, "too much beyond the rate"),
            Self::Unfinished => (1008, "a packet was not finished in time"),
            Self::Pressure => (1013, "the server is full: come back later"),
            Self::Application(code, reason) => (code, reason),
        }
    }

    /// Whether what is queued is still sent before the end.
    pub(crate) fn flushes(self) -> bool {
        match self {
            Self::QueueFull
            | Self::PingTimeout
            | Self::TransportClosed
            | Self::PeerClosed(_)
            | Self::Unfinished
            | Self::Pressure => false,
            Self::ClientDisconnected
            | Self::ServerDisconnected
            | Self::Shutdown
            | Self::ProtocolError
            | Self::ConnectTimeout
            | Self::Flooding
            | Self::Application(..) => true,
        }
    }
}

/// The frame was not queued, since the connection is closed or was closed by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PushError(pub CloseReason);

/// Bytes before a volatile frame at most: what leaves in the same write, or the one after it, is not late.
const BEFORE_VOLATILE_BYTES_MAX: usize = 4_096;

/// What the transport waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Waiting {
    /// Nothing: it is at work.
    #[default]
    Not,
    /// Frames, or the end.
    Frames,
    /// The end alone: it is still writing what it took.
    Close,
}

#[derive(Debug, Default)]
struct Inner {
    queue: VecDeque<Frame>,
    /// Bytes in the queue.
    bytes: usize,
    /// Bytes that were taken and are not written yet.
    in_flight: usize,
    closed: Option<CloseReason>,
    waiting: Waiting,
    waker: Option<Waker>,
}

impl Inner {
    fn wait(&mut self, waiting: Waiting, cx: &Context<'_>) {
        self.waiting = waiting;
        match &mut self.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
    }

    fn wake(&mut self) {
        self.waiting = Waiting::Not;
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }

    fn fail(&mut self, reason: CloseReason) {
        self.closed = Some(reason);
        self.queue = VecDeque::new();
        self.bytes = 0;
    }
}

/// What a transport finds in the outbox.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// Frames to write. [`Outbox::written`] tells when they are.
    Frames(VecDeque<Frame>),
    /// Nothing is left, and nothing will come.
    Closed(CloseReason),
}

/// The outgoing queue of one connection. Any thread may push; one transport at a time takes.
#[derive(Debug)]
pub struct Outbox {
    inner: Mutex<Inner>,
    bytes_max: usize,
}

impl Outbox {
    /// An empty queue that holds at most `bytes_max` bytes, those included that are being written.
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
            inner.bytes += frame.queued_bytes();
            inner.queue.push_back(frame);
        }
        let full = inner.bytes + inner.in_flight > self.bytes_max;
        if full {
            inner.fail(CloseReason::QueueFull);
        }
        if inner.waiting == Waiting::Frames || full {
            inner.wake();
        }
        if full { Err(PushError(CloseReason::QueueFull)) } else { Ok(()) }
    }

    /// Queues a frame if it can leave at once or right behind a little, and drops it if the connection is behind: a
    /// write that had to wait for the peer, or much that is queued. Says whether it was queued.
    pub fn push_volatile(&self, frame: Frame) -> bool {
        let at_once = {
            let inner = self.lock();
            inner.waiting != Waiting::Close && inner.bytes + inner.in_flight <= BEFORE_VOLATILE_BYTES_MAX
        };
        at_once && self.push(frame).is_ok()
    }

    /// Whether frames wait.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        !self.lock().queue.is_empty()
    }

    /// Bytes that wait or are being written, frames' overhead included.
    #[must_use]
    pub fn queued_bytes(&self) -> usize {
        let inner = self.lock();
        inner.bytes + inner.in_flight
    }

    /// Closes the queue, once: the first reason stays. Returns whether this call closed it.
    pub fn close(&self, reason: CloseReason) -> bool {
        let mut inner = self.lock();
        let first = inner.closed.is_none();
        if first {
            if reason.flushes() {
                inner.closed = Some(reason);
            } else {
                inner.fail(reason);
            }
        }
        if inner.waiting != Waiting::Not {
            inner.wake();
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
        self.lock().wake();
    }

    /// Takes everything that waits, or says that nothing will come; pending while there is nothing to say. The queue
    /// gives its memory away with its frames.
    pub fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Found> {
        let mut inner = self.lock();
        if !inner.queue.is_empty() {
            inner.waiting = Waiting::Not;
            inner.in_flight += std::mem::take(&mut inner.bytes);
            return Poll::Ready(Found::Frames(std::mem::take(&mut inner.queue)));
        }
        if let Some(reason) = inner.closed {
            return Poll::Ready(Found::Closed(reason));
        }
        inner.wait(Waiting::Frames, cx);
        Poll::Pending
    }

    /// What was taken by [`Outbox::poll_take`] is written.
    pub fn written(&self) {
        self.lock().in_flight = 0;
    }

    /// Takes frames from the front up to about `bytes_max` of body, at least one if any waits.
    pub fn take_up_to(&self, bytes_max: usize) -> Vec<Frame> {
        let mut inner = self.lock();
        inner.waiting = Waiting::Not;
        let mut taken = Vec::new();
        let mut bytes = 0;
        while let Some(frame) = inner.queue.front() {
            bytes += frame.body().len() * if frame.is_binary() { 4 } else { 3 } / 3 + 2;
            if !taken.is_empty() && bytes > bytes_max {
                break;
            }
            inner.bytes = inner.bytes.saturating_sub(frame.queued_bytes());
            taken.extend(inner.queue.pop_front());
        }
        if inner.queue.is_empty() {
            inner.queue = VecDeque::new();
        }
        taken
    }

    /// Ready when frames wait or the queue is closed.
    pub fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut inner = self.lock();
        if !inner.queue.is_empty() || inner.closed.is_some() {
            return Poll::Ready(());
        }
        inner.wait(Waiting::Frames, cx);
        Poll::Pending
    }

    /// Ready when the queue is closed.
    pub fn poll_closed(&self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        let mut inner = self.lock();
        if let Some(reason) = inner.closed {
            return Poll::Ready(reason);
        }
        inner.wait(Waiting::Close, cx);
        Poll::Pending
    }

    /// Nobody waits any more: what waited was given up.
    pub fn stop_waiting(&self) {
        let mut inner = self.lock();
        inner.waiting = Waiting::Not;
        inner.waker = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(outbox: &Outbox) -> Poll<Found> {
        outbox.poll_take(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn what_is_being_written_counts() {
        let outbox = Outbox::new(200);
        outbox.push(Frame::text(&"x".repeat(100))).expect("fits");
        assert!(matches!(take(&outbox), Poll::Ready(Found::Frames(_))));
        assert!(outbox.queued_bytes() > 100);
        outbox.written();
        assert_eq!(outbox.queued_bytes(), 0);
        outbox.push(Frame::text(&"x".repeat(100))).expect("fits");
        assert!(take(&outbox).is_ready());
        assert_eq!(outbox.push(Frame::text(&"x".repeat(100))), Err(PushError(CloseReason::QueueFull)));
    }

    #[test]
    fn volatile_frames_are_for_a_connection_that_keeps_up() {
        let outbox = Outbox::new(100_000);
        let typing = || Frame::text("typing");
        assert!(take(&outbox).is_pending());
        assert!(outbox.push_volatile(typing()));
        assert!(outbox.push_volatile(typing()), "both leave together");
        assert!(take(&outbox).is_ready());
        let mut stuck = Context::from_waker(Waker::noop());
        assert!(outbox.poll_closed(&mut stuck).is_pending());
        assert!(!outbox.push_volatile(typing()), "a write waits for the peer");
        outbox.written();
        assert!(take(&outbox).is_pending());
        outbox.push(Frame::text(&"x".repeat(5_000))).expect("fits");
        assert!(!outbox.push_volatile(typing()), "much is queued before it");
        assert!(take(&outbox).is_ready());
        assert!(!outbox.push_volatile(typing()), "and is being written");
        outbox.written();
        assert!(outbox.push_volatile(typing()));
    }

    #[test]
    fn a_push_that_does_not_fit_closes_and_leaves_no_partial_queue() {
        let outbox = Outbox::new(200);
        outbox.push(Frame::text("one")).expect("fits");
        assert_eq!(outbox.push(Frame::text(&"x".repeat(200))), Err(PushError(CloseReason::QueueFull)));
        assert_eq!(outbox.push(Frame::text("late")), Err(PushError(CloseReason::QueueFull)));
        assert_eq!(take(&outbox), Poll::Ready(Found::Closed(CloseReason::QueueFull)));
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
