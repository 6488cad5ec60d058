//! The queue of outgoing frames of one connection, bounded in bytes.
//!
//! What must stay true: frames leave in the order in which they were pushed; a push that does not fit closes the
//! connection instead of leaving a gap.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::written::{OnWritten, Watchers};
use crate::{CloseReason, Frame};

/// Bytes counted for a queued frame beside its own, so that many tiny frames are bounded as well.
const FRAME_OVERHEAD_BYTES: usize = 48;

impl Frame {
    /// Returns the number of bytes that the frame counts in a queue.
    #[must_use]
    pub fn queued_bytes(&self) -> usize {
        self.wire().len() + FRAME_OVERHEAD_BYTES
    }
}

/// A frame was not queued: the connection was closed already, or was closed because the frame did not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PushError(pub CloseReason);

/// A moment in the life of a queue, see [`Outbox::mark`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(u32);

/// A volatile frame is queued only behind at most this many bytes: what leaves in the same write or the next is not
/// late.
const BEFORE_VOLATILE_BYTES_MAX: usize = 4_096;

/// What the transport waits for, if it waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Waiting {
    /// Nothing: the transport is at work.
    #[default]
    Not,
    /// Frames, or the close of the queue.
    Frames,
    /// Only the close of the queue: the transport is still writing the frames that it took.
    Close,
}

#[derive(Debug, Default)]
struct Inner {
    queue: VecDeque<Frame>,
    /// Bytes counted for the frames in the queue.
    bytes: u32,
    /// Bytes counted for frames that were taken and are not written yet.
    in_flight: u32,
    /// Why the queue was closed. In a box, because an idle connection is measured by its bytes.
    closed: Option<Box<CloseReason>>,
    waiting: Waiting,
    /// Whether frames are held back because more follow at once.
    held: bool,
    /// The number of times that the queue was emptied. It wraps.
    emptied: u32,
    waker: Option<Waker>,
    /// Who wants to know when frames were written; few queues have any.
    watchers: Option<Box<Watchers>>,
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

    fn queued_bytes(&self) -> usize {
        self.bytes as usize + self.in_flight as usize
    }

    /// Whether the transport may take frames.
    fn has_frames(&self) -> bool {
        !self.queue.is_empty() && (!self.held || self.closed.is_some())
    }

    fn closed(&self) -> Option<CloseReason> {
        self.closed.as_deref().copied()
    }

    /// Takes those whose frames were written. They are told after the lock is released.
    fn take_watchers(&mut self) -> Vec<Box<dyn OnWritten>> {
        let Some(watchers) = &mut self.watchers else { return Vec::new() };
        let written = watchers.take(self.emptied);
        if watchers.is_empty() {
            self.watchers = None;
        }
        written
    }

    fn fail(&mut self, reason: CloseReason) {
        self.closed = Some(Box::new(reason));
        self.queue = VecDeque::new();
        self.bytes = 0;
        self.watchers = None;
    }
}

/// The nearest number of 32 bits, which is enough to count the bytes of a queue.
fn in_u32(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// The result of taking frames from an [`Outbox`].
#[derive(Debug, PartialEq, Eq)]
pub enum Taken {
    /// Frames to write. The transport calls [`Outbox::written`] when it has written them.
    Frames(VecDeque<Frame>),
    /// The queue is empty and closed.
    Closed(CloseReason),
}

/// The outgoing queue of one connection. Any thread may push; one transport at a time takes frames.
#[derive(Debug)]
pub struct Outbox {
    inner: Mutex<Inner>,
    bytes_max: u32,
}

impl Outbox {
    /// Creates an empty queue that holds at most `bytes_max` bytes, including those that are being written, and never
    /// more than 4 GiB.
    #[must_use]
    pub fn new(bytes_max: usize) -> Self {
        Self { inner: Mutex::new(Inner::default()), bytes_max: in_u32(bytes_max) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // The queue is consistent even after a panic of a thread that held the lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues one frame.
    ///
    /// # Errors
    /// [`PushError`] if the connection is closed, or if this frame did not fit, which closes it.
    pub fn push(&self, frame: Frame) -> Result<(), PushError> {
        self.push_all(std::iter::once(frame))
    }

    /// Queues frames that belong together: all of them with nothing in between, or none.
    ///
    /// # Errors
    /// See [`Outbox::push`].
    pub fn push_all(&self, frames: impl IntoIterator<Item = Frame>) -> Result<(), PushError> {
        let mut inner = self.lock();
        if let Some(reason) = inner.closed() {
            return Err(PushError(reason));
        }
        for frame in frames {
            inner.bytes = inner.bytes.saturating_add(in_u32(frame.queued_bytes()));
            inner.queue.push_back(frame);
        }
        let full = inner.bytes.saturating_add(inner.in_flight) > self.bytes_max;
        if full {
            inner.fail(CloseReason::QueueFull);
        }
        if (inner.waiting == Waiting::Frames && !inner.held) || full {
            inner.wake();
        }
        if full { Err(PushError(CloseReason::QueueFull)) } else { Ok(()) }
    }

    /// Holds back frames until [`Outbox::release`], so that frames that are queued one after the other leave in one
    /// write. The caller releases them at once, without waiting for anything.
    pub fn hold(&self) {
        self.lock().held = true;
    }

    /// Lets the frames leave that [`Outbox::hold`] held back.
    pub fn release(&self) {
        let mut inner = self.lock();
        inner.held = false;
        if inner.waiting == Waiting::Frames && !inner.queue.is_empty() {
            inner.wake();
        }
    }

    /// Queues a frame if it can leave almost at once, and drops it if the connection is behind: if much is queued, or a
    /// write is waiting for the peer. Returns whether the frame was queued.
    pub fn push_volatile(&self, frame: Frame) -> bool {
        let at_once = {
            let inner = self.lock();
            inner.waiting != Waiting::Close && inner.queued_bytes() <= BEFORE_VOLATILE_BYTES_MAX
        };
        at_once && self.push(frame).is_ok()
    }

    /// Returns whether frames are queued.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        !self.lock().queue.is_empty()
    }

    /// Returns the number of bytes that are queued or being written, including the frames' overhead.
    #[must_use]
    pub fn queued_bytes(&self) -> usize {
        self.lock().queued_bytes()
    }

    /// Marks the end of what is queued now.
    #[must_use]
    pub fn mark(&self) -> Mark {
        let inner = self.lock();
        Mark(if inner.queue.is_empty() { inner.emptied } else { inner.emptied.wrapping_add(1) })
    }

    /// Returns whether all that was queued before a mark has been given to the transport, which took it. False once the
    /// queue is closed, because what it held may be lost.
    #[must_use]
    pub fn has_written(&self, mark: Mark) -> bool {
        let inner = self.lock();
        // What was taken before the queue was emptied another time is written: a transport takes frames when it has
        // written the ones before.
        let emptied_since = inner.emptied.wrapping_sub(mark.0).cast_signed();
        inner.closed.is_none() && (emptied_since > 0 || (emptied_since == 0 && inner.in_flight == 0))
    }

    /// Tells somebody once all that is queued now is written.
    pub fn watch(&self, watcher: Box<dyn OnWritten>) {
        let mut inner = self.lock();
        if inner.closed.as_ref().is_some_and(|reason| !reason.flushes()) {
            return;
        }
        if inner.queue.is_empty() && inner.in_flight == 0 {
            drop(inner);
            return watcher.written();
        }
        let emptied = if inner.queue.is_empty() { inner.emptied } else { inner.emptied.wrapping_add(1) };
        inner.watchers.get_or_insert_default().add(emptied, watcher);
    }

    /// Closes the queue. The first reason stays. Returns whether this call closed it.
    pub fn close(&self, reason: CloseReason) -> bool {
        let mut inner = self.lock();
        let first = inner.closed.is_none();
        if first {
            if reason.flushes() {
                inner.closed = Some(Box::new(reason));
            } else {
                inner.fail(reason);
            }
        }
        if inner.waiting != Waiting::Not {
            inner.wake();
        }
        first
    }

    /// Returns why the queue is closed, if it is.
    #[must_use]
    pub fn closed(&self) -> Option<CloseReason> {
        self.lock().closed()
    }

    /// Wakes the waiting transport for a reason outside the queue.
    pub fn wake(&self) {
        self.lock().wake();
    }

    /// Takes all queued frames, or reports that the queue is closed and empty. Pending while neither is the case. The
    /// memory of the queue goes with its frames.
    pub fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Taken> {
        let mut inner = self.lock();
        if inner.has_frames() {
            inner.waiting = Waiting::Not;
            inner.in_flight = inner.in_flight.saturating_add(std::mem::take(&mut inner.bytes));
            inner.emptied = inner.emptied.wrapping_add(1);
            return Poll::Ready(Taken::Frames(std::mem::take(&mut inner.queue)));
        }
        if let Some(reason) = inner.closed() {
            return Poll::Ready(Taken::Closed(reason));
        }
        inner.wait(Waiting::Frames, cx);
        Poll::Pending
    }

    /// Notes that the frames taken by [`Outbox::poll_take`] are written.
    pub fn written(&self) {
        let mut inner = self.lock();
        inner.in_flight = 0;
        let written = inner.take_watchers();
        drop(inner);
        written.into_iter().for_each(OnWritten::written);
    }

    /// Takes frames from the front of up to about `bytes_max` bytes of payload, but at least one if any is queued.
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
            inner.bytes = inner.bytes.saturating_sub(in_u32(frame.queued_bytes()));
            taken.extend(inner.queue.pop_front());
        }
        if inner.queue.is_empty() && !taken.is_empty() {
            inner.queue = VecDeque::new();
            inner.emptied = inner.emptied.wrapping_add(1);
            let written = inner.take_watchers();
            drop(inner);
            written.into_iter().for_each(OnWritten::written);
        }
        taken
    }

    /// Ready when frames are queued or the queue is closed.
    pub fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut inner = self.lock();
        if inner.has_frames() || inner.closed.is_some() {
            return Poll::Ready(());
        }
        inner.wait(Waiting::Frames, cx);
        Poll::Pending
    }

    /// Ready when the queue is closed.
    pub fn poll_closed(&self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        let mut inner = self.lock();
        if let Some(reason) = inner.closed() {
            return Poll::Ready(reason);
        }
        inner.wait(Waiting::Close, cx);
        Poll::Pending
    }

    /// Notes that the transport no longer waits, because its wait was given up.
    pub fn stop_waiting(&self) {
        let mut inner = self.lock();
        inner.waiting = Waiting::Not;
        inner.waker = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(outbox: &Outbox) -> Poll<Taken> {
        outbox.poll_take(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn what_is_being_written_counts() {
        let outbox = Outbox::new(200);
        outbox.push(Frame::text(&"x".repeat(100))).expect("fits");
        assert!(matches!(take(&outbox), Poll::Ready(Taken::Frames(_))));
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
    fn what_was_queued_before_a_mark_is_written_once_the_transport_says_so() {
        let outbox = Outbox::new(100_000);
        assert!(outbox.has_written(outbox.mark()), "there is nothing to write");
        outbox.push(Frame::text("one")).expect("fits");
        let one = outbox.mark();
        assert!(!outbox.has_written(one), "it waits");
        assert!(take(&outbox).is_ready());
        outbox.push(Frame::text("two")).expect("fits");
        let two = outbox.mark();
        assert!(!outbox.has_written(one), "it is being written");
        outbox.written();
        assert!(outbox.has_written(one) && !outbox.has_written(two));
        assert!(take(&outbox).is_ready());
        assert!(outbox.has_written(one) && !outbox.has_written(two), "the second is being written");
        // A poll takes part of the queue.
        outbox.written();
        for _ in 0..2 {
            outbox.push(Frame::text("polled")).expect("fits");
        }
        let polled = outbox.mark();
        assert_eq!(outbox.take_up_to(1).len(), 1);
        assert!(outbox.has_written(two) && !outbox.has_written(polled));
        assert_eq!(outbox.take_up_to(1).len(), 1);
        assert!(outbox.has_written(polled));
        outbox.push(Frame::text("lost")).expect("fits");
        let lost = outbox.mark();
        outbox.close(CloseReason::QueueFull);
        assert!(!outbox.has_written(lost));
    }

    /// A waker that counts how often it wakes.
    #[derive(Default)]
    struct Wakes(std::sync::atomic::AtomicUsize);

    impl std::task::Wake for Wakes {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    }

    #[test]
    fn frames_that_are_held_back_leave_together() {
        let wakes = std::sync::Arc::new(Wakes::default());
        let waker = Waker::from(std::sync::Arc::clone(&wakes));
        let count = || wakes.0.load(std::sync::atomic::Ordering::Relaxed);
        let mut cx = Context::from_waker(&waker);
        let outbox = Outbox::new(10_000);
        assert!(outbox.poll_take(&mut cx).is_pending());
        outbox.hold();
        outbox.push(Frame::text("acknowledgement")).expect("fits");
        assert_eq!(count(), 0, "nobody is woken for the first of them");
        assert!(outbox.poll_take(&mut cx).is_pending(), "a transport that is polled meanwhile waits");
        assert!(outbox.poll_ready(&mut cx).is_pending());
        outbox.push(Frame::text("echo")).expect("fits");
        outbox.release();
        assert_eq!(count(), 1);
        assert!(matches!(outbox.poll_take(&mut cx), Poll::Ready(Taken::Frames(frames)) if frames.len() == 2));
        outbox.release();
        assert_eq!(count(), 1, "nothing is queued");
        outbox.hold();
        outbox.push(Frame::text("last")).expect("fits");
        outbox.close(CloseReason::Shutdown);
        assert!(matches!(outbox.poll_take(&mut cx), Poll::Ready(Taken::Frames(_))), "the end waits for nothing");
    }

    #[test]
    fn a_push_that_does_not_fit_closes_and_leaves_no_partial_queue() {
        let outbox = Outbox::new(200);
        outbox.push(Frame::text("one")).expect("fits");
        assert_eq!(outbox.push(Frame::text(&"x".repeat(200))), Err(PushError(CloseReason::QueueFull)));
        assert_eq!(outbox.push(Frame::text("late")), Err(PushError(CloseReason::QueueFull)));
        assert_eq!(take(&outbox), Poll::Ready(Taken::Closed(CloseReason::QueueFull)));
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
