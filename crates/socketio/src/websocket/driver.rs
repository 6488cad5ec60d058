//! One task per WebSocket: reads, hands messages to a [`Handler`] one at a time, and writes what its [`Outbox`] holds.
//!
//! What must stay true: while the handler is busy nothing is read; queued frames leave together in one vectored
//! write; an idle socket owns no buffer (reads go through one scratch buffer per thread) and no timer.
//!
//! The driver is a hand-written future instead of an `async fn`: it is what an idle connection costs, and the compiler
//! makes room in an `async fn` for everything that it may ever wait for.

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
use crate::outbox::Found;
use crate::unfinished::{Held, UNCOUNTED_BYTES_MAX};
use crate::{CloseReason, Frame, Holder, Outbox, Unfinished};

/// One read takes at most this much, in bytes.
const SCRATCH_BYTES: usize = 64 * 1024;

/// One vectored write takes at most this many frames (Linux allows 1,024).
const FRAMES_PER_WRITE_MAX: usize = 256;

/// Messages that are handled before other connections have their turn.
const MESSAGES_AT_ONCE: u32 = 64;

/// Time that a closing socket has to take what is still queued for it and to say goodbye.
pub(super) const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; SCRATCH_BYTES].into_boxed_slice());
}

/// The handling of a message that takes a while.
pub type Handling = Pin<Box<dyn Future<Output = Result<(), CloseReason>> + Send>>;

/// What came of a message.
pub enum Handled {
    /// The next one may come.
    Done,
    /// The socket is to be closed.
    Close(CloseReason),
    /// The next one waits until this is over.
    Busy(Handling),
}

/// What is done with the messages of one socket.
pub trait Handler: Send + Unpin {
    /// What is to be written to the socket. When it is closed, the socket is.
    fn outbox(&self) -> &Outbox;

    /// How large the next message may be. Asked while no message is being handled.
    fn bounds(&self) -> MessageBounds;

    /// The budget that unfinished messages are held against.
    fn unfinished(&self) -> &Unfinished;

    /// The connection, as what holds bytes of an unfinished message.
    fn holder(&self) -> Arc<dyn Holder>;

    /// A message: [`Message::Text`], [`Message::Binary`] or [`Message::Skipped`].
    fn message(&mut self, message: Message) -> Handled;

    /// A WebSocket ping or pong came, which the driver answers itself.
    ///
    /// # Errors
    /// The reason to close the socket with.
    fn control(&mut self) -> Result<(), CloseReason> {
        Ok(())
    }

    /// Something arrived: the peer is alive.
    fn alive(&mut self) {}

    /// The socket is over but for its goodbye; the outbox is closed. Called once.
    fn closed(&mut self, reason: CloseReason);
}

/// Compression, where it was agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deflate {
    /// Messages of fewer bytes are sent as they are.
    pub threshold: usize,
}

enum Phase {
    Open,
    /// What is queued is still written, and then a close frame, unless nothing may be written any more.
    Closing(CloseReason),
    /// The close frame is on its way.
    Farewell,
    /// The peer has to say goodbye: what is unread would make the system reset the connection and lose our words.
    Draining,
}

/// Runs one socket; ready when it is over. The handler's outbox is closed then.
pub struct Driver<S, H> {
    stream: S,
    decoder: Decoder,
    handler: H,
    deflate: Option<Deflate>,
    handling: Option<Handling>,
    /// What the decoder holds of a message that has not arrived wholly.
    held: Option<Box<Held>>,
    frames: VecDeque<Frame>,
    /// Bytes of the first frame that are written already.
    offset: usize,
    /// Whether all was written and something of it may still stand in a buffer of the stream's, as TLS has one.
    flushing: bool,
    phase: Phase,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl<S, H: Handler> Driver<S, H>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    /// Goes on with a stream whose decoder may hold bytes already.
    pub(super) fn new(stream: S, decoder: Decoder, deflate: Option<Deflate>, handler: H) -> Self {
        Self {
            stream,
            decoder,
            handler,
            deflate,
            handling: None,
            held: None,
            frames: VecDeque::new(),
            offset: 0,
            flushing: false,
            phase: Phase::Open,
            deadline: None,
        }
    }

    /// Reads and handles until something has to be waited for, or the socket is to be closed.
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
                // Of whatever begins behind this frame the time begins afresh.
                self.held = None;
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
                // The answer repeats the code (RFC 6455 section 5.5.1).
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

    /// Counts what is held of a message whose rest has to be waited for: its time, whatever its size, and its bytes
    /// where they are many.
    fn hold(&mut self) -> Result<(), CloseReason> {
        if !self.decoder.is_unfinished() {
            return Ok(());
        }
        let bytes = Some(self.decoder.held_bytes()).filter(|bytes| *bytes > UNCOUNTED_BYTES_MAX).unwrap_or(0);
        self.handler.unfinished().hold(&mut self.held, bytes, || self.handler.holder())
    }

    /// Writes what is queued. Ready when the outbox is closed and nothing of it is to be written any more.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        loop {
            if self.is_writing() {
                match self.poll_frames(cx) {
                    Poll::Ready(Ok(())) => self.handler.outbox().written(),
                    Poll::Ready(Err(_)) => return Poll::Ready(CloseReason::TransportClosed),
                    Poll::Pending => {
                        // Where nothing is to be sent any more, a peer that does not read cannot hold the end up.
                        return match ready!(self.handler.outbox().poll_closed(cx)) {
                            reason if reason.flushes() => {
                                self.end_in_time(cx);
                                Poll::Pending
                            }
                            reason => Poll::Ready(reason),
                        };
                    }
                }
            }
            match ready!(self.handler.outbox().poll_take(cx)) {
                Found::Frames(frames) => self.frames = frames,
                Found::Closed(reason) => return Poll::Ready(reason),
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
        // TLS keeps what it encrypted until it is flushed; for TCP this does nothing.
        let flushed = ready!(Pin::new(&mut self.stream).poll_flush(cx));
        self.flushing = false;
        Poll::Ready(flushed)
    }

    /// Writes as much as the stream takes at once; gives how many bytes that were.
    fn poll_write_some(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let stream = Pin::new(&mut self.stream);
        // Nearly always there is one, and a plain write costs the system less than a gathering one.
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

    /// Whether frames that were taken are not all gone yet.
    fn is_writing(&self) -> bool {
        self.flushing || !self.frames.is_empty()
    }

    /// The first of what ends the socket.
    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        if let Poll::Ready(reason) = self.poll_read(cx) {
            return Poll::Ready(reason);
        }
        self.poll_write(cx)
    }

    fn close(&mut self, reason: CloseReason) {
        self.handler.outbox().close(reason);
        // Whatever closed the outbox first is the reason.
        let reason = self.handler.outbox().closed().unwrap_or(reason);
        self.handling = None;
        self.decoder = Decoder::new(false);
        self.held = None;
        self.handler.closed(reason);
        self.phase = Phase::Closing(reason);
    }

    /// Notes that the end has begun, with its time.
    fn end_in_time(&mut self, cx: &mut Context<'_>) {
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(CLOSE_TIMEOUT)));
        if deadline.as_mut().poll(cx).is_ready() {
            // Looked at again by whoever polls the driver: it is over.
            cx.waker().wake_by_ref();
        }
    }

    fn is_too_late(&mut self, cx: &mut Context<'_>) -> bool {
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
            if driver.is_too_late(cx) {
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
                        // A frame may be half written: whatever came after it would be read as its rest.
                        return Poll::Ready(());
                    }
                    driver.end_in_time(cx);
                    let _ = ready!(driver.poll_write(cx));
                    if driver.is_writing() {
                        return Poll::Ready(());
                    }
                    let (code, words) = reason.close_code();
                    driver.frames.push_back(Frame::close(code, words));
                    driver.phase = Phase::Farewell;
                }
                Phase::Farewell => {
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

/// Reads once, through the scratch buffer, into the decoder.
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
