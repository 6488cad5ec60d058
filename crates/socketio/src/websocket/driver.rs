//! The task of one WebSocket: it reads, passes messages to a [`Handler`] one at a time, and writes what the handler's
//! [`Outbox`] holds.
//!
//! What must stay true: nothing is read while the handler is busy; queued frames leave together in one vectored write;
//! an idle socket owns no buffer (reads go through one scratch buffer per thread) and no timer.
//!
//! The driver is a hand-written future because every idle connection has one, and an `async fn` reserves memory for
//! everything that it may ever await.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::{Decoder, Message, MessageBounds};
use crate::outbox::Taken;
use crate::unfinished::{Reservation, UNCOUNTED_BYTES_MAX};
use crate::{CloseReason, Frame, Holder, Outbox, Unfinished};

/// The most that one read takes, in bytes.
const SCRATCH_BYTES: usize = 64 * 1024;

/// The most frames that one vectored write takes (Linux allows 1,024).
const FRAMES_PER_WRITE_MAX: usize = 256;

/// Messages that are handled before the task yields to other connections.
const MESSAGES_AT_ONCE: u32 = 64;

/// Time for which a closing socket may still take queued frames and answer the close frame.
pub(super) const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; SCRATCH_BYTES].into_boxed_slice());
}

/// The handling of a message that does not finish at once.
pub type Handling = Pin<Box<dyn Future<Output = Result<(), CloseReason>> + Send>>;

/// The result of passing a message to a [`Handler`].
pub enum Handled {
    /// The message is handled.
    Done,
    /// The socket has to be closed for this reason.
    Close(CloseReason),
    /// The message is handled when this future completes. The next one waits for it.
    Busy(Handling),
}

/// The handler of the messages of one socket.
pub trait Handler: Send + Unpin {
    /// Returns the queue of frames to write. The socket closes when the queue is closed.
    fn outbox(&self) -> &Outbox;

    /// Returns the size limits of the next message. Not called while a message is being handled.
    fn bounds(&self) -> MessageBounds;

    /// Returns the budget that counts unfinished messages.
    fn unfinished(&self) -> &Unfinished;

    /// Returns the connection as the holder of bytes of an unfinished message.
    fn holder(&self) -> Arc<dyn Holder>;

    /// Handles a message: [`Message::Text`], [`Message::Binary`] or [`Message::Skipped`].
    fn message(&mut self, message: Message) -> Handled;

    /// Called for each WebSocket ping or pong. The driver answers pings itself.
    ///
    /// # Errors
    /// The reason to close the socket.
    fn control(&mut self) -> Result<(), CloseReason> {
        Ok(())
    }

    /// Called for each message and control frame, which show that the peer is alive.
    fn alive(&mut self) {}

    /// Called exactly once, when the socket is about to send its close frame. The outbox is closed.
    fn closed(&mut self, reason: CloseReason);
}

/// The compression of outgoing messages, if it was negotiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deflate {
    /// The size in bytes from which messages are compressed.
    pub threshold: usize,
}

enum Phase {
    Open,
    /// Queued frames are written, followed by a close frame, unless the reason forbids further writes.
    Closing(CloseReason),
    /// The close frame is being written.
    SendingClose,
    /// The driver waits for the peer to close. Closing with unread data would make the system reset the connection, and
    /// the peer could lose the close frame.
    Draining,
}

/// Drives one socket. Ready when the socket has ended; the handler's outbox is then closed.
pub struct Driver<S, H> {
    stream: S,
    decoder: Decoder,
    handler: H,
    deflate: Option<Deflate>,
    handling: Option<Handling>,
    /// The reservation for the bytes that the decoder holds of an unfinished message.
    reservation: Option<Box<Reservation>>,
    frames: VecDeque<Frame>,
    /// Bytes of the first frame that are already written.
    offset: usize,
    /// Whether all was written, but a buffer of the stream, such as that of TLS, may still hold some of it.
    flushing: bool,
    phase: Phase,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl<S, H: Handler> Driver<S, H>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    /// Creates a driver for a stream. The decoder may already hold bytes.
    pub(super) fn new(stream: S, decoder: Decoder, deflate: Option<Deflate>, handler: H) -> Self {
        Self {
            stream,
            decoder,
            handler,
            deflate,
            handling: None,
            reservation: None,
            frames: VecDeque::new(),
            offset: 0,
            flushing: false,
            phase: Phase::Open,
            deadline: None,
        }
    }

    /// Reads and handles messages until it has to wait, or until the socket has to be closed.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        let mut budget = MESSAGES_AT_ONCE;
        loop {
            if let Some(handling) = &mut self.handling {
                let handled = ready!(handling.as_mut().poll(cx));
                self.handling = None;
                if let Err(reason) = handled {
                    return Poll::Ready(reason);
                }
            }
            let message = match self.decoder.next_message(self.handler.bounds()) {
                Ok(Some(message)) => message,
                Ok(None) => match poll_fill(&mut self.stream, &mut self.decoder, cx) {
                    Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(CloseReason::TransportClosed),
                    Poll::Ready(Ok(_)) => continue,
                    Poll::Pending => {
                        return match self.hold() {
                            Ok(()) => Poll::Pending,
                            Err(reason) => Poll::Ready(reason),
                        };
                    }
                },
                Err(error) => return Poll::Ready(CloseReason::Application(error.code(), error.reason())),
            };
            self.handler.alive();
            if !self.decoder.is_within_message() {
                // The next message has its own time limit.
                self.reservation = None;
            }
            match message {
                Message::Ping(payload) => {
                    if let Err(reason) = self.handler.control() {
                        return Poll::Ready(reason);
                    }
                    if let Err(error) = self.handler.outbox().push(Frame::pong(&payload)) {
                        return Poll::Ready(error.0);
                    }
                }
                Message::Pong(_) => {
                    if let Err(reason) = self.handler.control() {
                        return Poll::Ready(reason);
                    }
                }
                // The close frame in answer repeats the code (RFC 6455 section 5.5.1).
                Message::Close(code) => return Poll::Ready(CloseReason::PeerClosed(code.unwrap_or(1000))),
                data => match self.handler.message(data) {
                    Handled::Done => {}
                    Handled::Close(reason) => return Poll::Ready(reason),
                    Handled::Busy(handling) => self.handling = Some(handling),
                },
            }
            budget -= 1;
            if budget == 0 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }

    /// Registers an unfinished message with the budget: always for its time limit, and for its bytes if there are many.
    fn hold(&mut self) -> Result<(), CloseReason> {
        if !self.decoder.is_unfinished() {
            return Ok(());
        }
        let bytes = Some(self.decoder.held_bytes()).filter(|bytes| *bytes > UNCOUNTED_BYTES_MAX).unwrap_or(0);
        self.handler.unfinished().hold(&mut self.reservation, bytes, || self.handler.holder())
    }

    /// Writes queued frames. Ready when the outbox is closed and nothing more is to be written.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        loop {
            if self.is_writing() {
                match self.poll_frames(cx) {
                    Poll::Ready(Ok(())) => self.handler.outbox().written(),
                    Poll::Ready(Err(_)) => return Poll::Ready(CloseReason::TransportClosed),
                    Poll::Pending => {
                        // If the queue is not flushed at the end, a peer that does not read must not delay the end.
                        return match ready!(self.handler.outbox().poll_closed(cx)) {
                            reason if reason.flushes() => {
                                self.start_deadline(cx);
                                Poll::Pending
                            }
                            reason => Poll::Ready(reason),
                        };
                    }
                }
            }
            match ready!(self.handler.outbox().poll_take(cx)) {
                Taken::Frames(frames) => self.frames = frames,
                Taken::Closed(reason) => return Poll::Ready(reason),
            }
        }
    }

    /// Writes the frames that were taken.
    fn poll_frames(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.frames.is_empty() {
            self.flushing = true;
            let mut written = ready!(self.poll_write_some(cx))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            while let Some(frame) = self.frames.front() {
                let left = wire(self.deflate, frame).len() - self.offset;
                if written < left {
                    self.offset += written;
                    break;
                }
                written -= left;
                self.offset = 0;
                self.frames.pop_front();
            }
        }
        self.frames = VecDeque::new();
        // TLS buffers what it encrypted until it is flushed. For TCP this does nothing.
        let flushed = ready!(Pin::new(&mut self.stream).poll_flush(cx));
        self.flushing = false;
        Poll::Ready(flushed)
    }

    /// Writes as much as the stream takes at once. Returns the number of bytes.
    fn poll_write_some(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let stream = Pin::new(&mut self.stream);
        // There is nearly always one frame, and a plain write is cheaper than a vectored one.
        if let (Some(only), 1) = (self.frames.front(), self.frames.len()) {
            return stream.poll_write(cx, &wire(self.deflate, only)[self.offset..]);
        }
        let mut slices = [IoSlice::new(&[]); FRAMES_PER_WRITE_MAX];
        let count = self.frames.len().min(FRAMES_PER_WRITE_MAX);
        for (index, (slice, frame)) in slices.iter_mut().zip(&self.frames).enumerate() {
            *slice = IoSlice::new(&wire(self.deflate, frame)[if index == 0 { self.offset } else { 0 }..]);
        }
        stream.poll_write_vectored(cx, &slices[..count])
    }

    /// Returns whether frames that were taken are not completely written and flushed.
    fn is_writing(&self) -> bool {
        self.flushing || !self.frames.is_empty()
    }

    /// Runs the open socket. Ready with the first reason for closing it.
    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        if let Poll::Ready(reason) = self.poll_read(cx) {
            return Poll::Ready(reason);
        }
        self.poll_write(cx)
    }

    fn close(&mut self, reason: CloseReason) {
        self.handler.outbox().close(reason);
        // The reason that closed the outbox first takes precedence.
        let reason = self.handler.outbox().closed().unwrap_or(reason);
        self.handling = None;
        self.decoder = Decoder::new(false);
        self.reservation = None;
        self.handler.closed(reason);
        self.phase = Phase::Closing(reason);
    }

    /// Starts the time limit for closing, and wakes the task when it has passed.
    fn start_deadline(&mut self, cx: &mut Context<'_>) {
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(CLOSE_TIMEOUT)));
        if deadline.as_mut().poll(cx).is_ready() {
            // The deadline has passed, which the next poll of the driver handles.
            cx.waker().wake_by_ref();
        }
    }

    fn is_past_deadline(&mut self, cx: &mut Context<'_>) -> bool {
        self.deadline.as_mut().is_some_and(|deadline| deadline.as_mut().poll(cx).is_ready())
    }

    fn poll_drained(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        SCRATCH.with_borrow_mut(|scratch| {
            loop {
                let mut buffer = ReadBuf::new(scratch);
                match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer)) {
                    Ok(()) if !buffer.filled().is_empty() => {}
                    _ => return Poll::Ready(()),
                }
            }
        })
    }
}

impl<S, H: Handler> Future for Driver<S, H>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let driver = self.get_mut();
        loop {
            if driver.is_past_deadline(cx) {
                if let Phase::Open = driver.phase {
                    driver.close(CloseReason::TransportClosed);
                }
                return Poll::Ready(());
            }
            match driver.phase {
                Phase::Open => {
                    let reason = ready!(driver.poll_open(cx));
                    driver.close(reason);
                }
                Phase::Closing(reason) => {
                    if reason == CloseReason::TransportClosed || (!reason.flushes() && driver.is_writing()) {
                        // A frame may be half written, and the peer would take what follows for the rest of it.
                        return Poll::Ready(());
                    }
                    driver.start_deadline(cx);
                    let _ = ready!(driver.poll_write(cx));
                    if driver.is_writing() {
                        return Poll::Ready(());
                    }
                    let (code, text) = reason.close_code();
                    driver.frames.push_back(Frame::close(code, text));
                    driver.phase = Phase::SendingClose;
                }
                Phase::SendingClose => {
                    if ready!(driver.poll_frames(cx)).is_err()
                        || ready!(Pin::new(&mut driver.stream).poll_shutdown(cx)).is_err()
                    {
                        return Poll::Ready(());
                    }
                    driver.phase = Phase::Draining;
                }
                Phase::Draining => return driver.poll_drained(cx),
            }
        }
    }
}

impl<S, H> std::fmt::Debug for Driver<S, H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver").field("decoder", &self.decoder).finish_non_exhaustive()
    }
}

fn wire(deflate: Option<Deflate>, frame: &Frame) -> &[u8] {
    match deflate {
        Some(Deflate { threshold }) => frame.deflated_wire(threshold),
        None => frame.wire(),
    }
}

/// Reads once into the decoder, through the scratch buffer.
pub(super) fn poll_fill<S: AsyncRead + Unpin>(
    stream: &mut S,
    decoder: &mut Decoder,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    SCRATCH.with_borrow_mut(|scratch| {
        let mut buffer = ReadBuf::new(scratch);
        ready!(Pin::new(stream).poll_read(cx, &mut buffer))?;
        decoder.feed(buffer.filled());
        Poll::Ready(Ok(buffer.filled().len()))
    })
}
