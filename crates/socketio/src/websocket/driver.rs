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

/// The progress of a socket towards its end. The reason for closing it is that of the outbox.
enum Phase {
    Open,
    /// Queued frames are written, followed by a close frame, unless the reason forbids further writes.
    Closing,
    /// The close frame is being written.
    SendingClose,
    /// The driver waits for the peer to close. Closing with unread data would make the system reset the connection, and
    /// the peer could lose the close frame.
    Draining,
}

/// The threshold of a socket whose messages are not compressed, in bytes.
const NEVER_DEFLATED: u32 = u32::MAX;

/// Drives one socket. Ready when the socket has ended; the handler's outbox is then closed.
///
/// With tokio's own data, its task over a watched TCP stream fits into 256 bytes. Memory for tasks comes in steps of 128
/// bytes, so one more field may cost each connection that much.
pub struct Driver<S, H> {
    stream: S,
    decoder: Decoder,
    handler: H,
    handling: Option<Handling>,
    /// Allocated when a part of it is first set.
    uncommon: Option<Box<Uncommon>>,
    /// The size in bytes from which messages are compressed, or [`NEVER_DEFLATED`].
    deflated_from_bytes: u32,
    phase: Phase,
}

/// Frames that were taken from the outbox, until they are completely written and flushed.
struct Writing {
    frames: VecDeque<Frame>,
    /// Bytes of the first frame that are already written.
    offset: usize,
}

/// The parts of a driver that few sockets have at any time.
#[derive(Default)]
struct Uncommon {
    /// Frames that the stream has not taken yet. Most frames are taken at once.
    writing: Option<Writing>,
    /// The reservation for the bytes that the decoder holds of an unfinished message.
    reservation: Option<Box<Reservation>>,
    /// The time limit for closing.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl<S, H: Handler> Driver<S, H>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    /// Creates a driver for a stream. The decoder may already hold bytes.
    pub(super) fn new(stream: S, decoder: Decoder, deflate: Option<Deflate>, handler: H) -> Self {
        let threshold = |deflate: Deflate| u32::try_from(deflate.threshold).unwrap_or(NEVER_DEFLATED);
        Self {
            stream,
            decoder,
            handler,
            handling: None,
            uncommon: None,
            deflated_from_bytes: deflate.map_or(NEVER_DEFLATED, threshold),
            phase: Phase::Open,
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
                self.release();
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
        let reservation = &mut self.uncommon.get_or_insert_default().reservation;
        self.handler.unfinished().hold(reservation, bytes, || self.handler.holder())
    }

    /// Gives the reservation for an unfinished message back.
    fn release(&mut self) {
        match &mut self.uncommon {
            Some(uncommon) if uncommon.deadline.is_some() || uncommon.writing.is_some() => uncommon.reservation = None,
            _ => self.uncommon = None,
        }
    }

    /// Writes queued frames. Ready when the outbox is closed and nothing more is to be written.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        let mut next = self.take_writing();
        loop {
            if let Some(writing) = next.take() {
                match self.poll_frames(writing, cx) {
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
                Taken::Frames(frames) => next = Some(Writing { frames, offset: 0 }),
                Taken::Closed(reason) => return Poll::Ready(reason),
            }
        }
    }

    /// Writes frames that were taken, and keeps them unless they are completely written and flushed.
    fn poll_frames(&mut self, mut writing: Writing, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let written = writing.poll(&mut self.stream, self.deflated_from_bytes, cx);
        if !matches!(written, Poll::Ready(Ok(()))) {
            self.keep_writing(writing);
        }
        written
    }

    fn keep_writing(&mut self, writing: Writing) {
        self.uncommon.get_or_insert_default().writing = Some(writing);
    }

    fn take_writing(&mut self) -> Option<Writing> {
        self.uncommon.as_mut()?.writing.take()
    }

    /// Returns whether frames that were taken are not completely written and flushed.
    fn is_writing(&self) -> bool {
        self.uncommon.as_ref().is_some_and(|uncommon| uncommon.writing.is_some())
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
        self.release();
        self.handler.closed(reason);
        self.phase = Phase::Closing;
    }

    /// Starts the time limit for closing, and wakes the task when it has passed.
    fn start_deadline(&mut self, cx: &mut Context<'_>) {
        let uncommon = self.uncommon.get_or_insert_default();
        let deadline = uncommon.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(CLOSE_TIMEOUT)));
        if deadline.as_mut().poll(cx).is_ready() {
            // The deadline has passed, which the next poll of the driver handles.
            cx.waker().wake_by_ref();
        }
    }

    fn is_past_deadline(&mut self, cx: &mut Context<'_>) -> bool {
        let deadline = self.uncommon.as_mut().and_then(|uncommon| uncommon.deadline.as_mut());
        deadline.is_some_and(|deadline| deadline.as_mut().poll(cx).is_ready())
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
                Phase::Closing => {
                    // Closing the socket has closed the outbox.
                    let reason = driver.handler.outbox().closed().unwrap_or(CloseReason::TransportClosed);
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
                    let frames = VecDeque::from([Frame::close(code, text)]);
                    driver.keep_writing(Writing { frames, offset: 0 });
                    driver.phase = Phase::SendingClose;
                }
                Phase::SendingClose => {
                    if let Some(writing) = driver.take_writing()
                        && ready!(driver.poll_frames(writing, cx)).is_err()
                    {
                        return Poll::Ready(());
                    }
                    if ready!(Pin::new(&mut driver.stream).poll_shutdown(cx)).is_err() {
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

impl Writing {
    /// Writes the frames and flushes the stream.
    fn poll<S>(&mut self, stream: &mut S, deflated_from_bytes: u32, cx: &mut Context<'_>) -> Poll<io::Result<()>>
    where
        S: AsyncWrite + Unpin,
    {
        while !self.frames.is_empty() {
            let mut written = ready!(self.poll_some(stream, deflated_from_bytes, cx))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            while let Some(frame) = self.frames.front() {
                let left = wire(deflated_from_bytes, frame).len() - self.offset;
                if written < left {
                    self.offset += written;
                    break;
                }
                written -= left;
                self.offset = 0;
                self.frames.pop_front();
            }
        }
        // TLS buffers what it encrypted until it is flushed. For TCP this does nothing.
        Pin::new(stream).poll_flush(cx)
    }

    /// Writes as much as the stream takes at once. Returns the number of bytes.
    fn poll_some<S>(&self, stream: &mut S, deflated_from_bytes: u32, cx: &mut Context<'_>) -> Poll<io::Result<usize>>
    where
        S: AsyncWrite + Unpin,
    {
        let stream = Pin::new(stream);
        // There is nearly always one frame, and a plain write is cheaper than a vectored one.
        if let (Some(only), 1) = (self.frames.front(), self.frames.len()) {
            return stream.poll_write(cx, &wire(deflated_from_bytes, only)[self.offset..]);
        }
        let mut slices = [IoSlice::new(&[]); FRAMES_PER_WRITE_MAX];
        let count = self.frames.len().min(FRAMES_PER_WRITE_MAX);
        for (index, (slice, frame)) in slices.iter_mut().zip(&self.frames).enumerate() {
            *slice = IoSlice::new(&wire(deflated_from_bytes, frame)[if index == 0 { self.offset } else { 0 }..]);
        }
        stream.poll_write_vectored(cx, &slices[..count])
    }
}

fn wire(deflated_from_bytes: u32, frame: &Frame) -> &[u8] {
    match deflated_from_bytes {
        NEVER_DEFLATED => frame.wire(),
        threshold => frame.deflated_wire(threshold as usize),
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

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;

    use super::*;

    /// A task of tokio has about 100 bytes of its own, and memory for it comes in steps of 128 bytes.
    #[test]
    #[cfg(target_pointer_width = "64")]
    fn an_idle_socket_fits_into_a_task_of_256_bytes() {
        type Watched = (TcpStream, Arc<dyn Send + Sync>);
        assert!(size_of::<Driver<Watched, Arc<()>>>() <= 144, "{}", size_of::<Driver<Watched, Arc<()>>>());
    }
}
