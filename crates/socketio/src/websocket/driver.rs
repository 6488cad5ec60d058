//! One task per WebSocket: reads, hands messages to a [`Handler`] one at a time, and writes what its [`Outbox`] holds.
//!
//! What must stay true: while the handler is busy nothing is read; queued frames leave together in one vectored
//! write; an idle socket owns no buffer (reads go through one scratch buffer per thread).

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Decoder, Message};
use crate::{CloseReason, Frame, Outbox};

/// One read takes at most this much, in bytes.
const SCRATCH_BYTES: usize = 64 * 1024;

/// One vectored write takes at most this many frames (Linux allows 1,024).
const FRAMES_PER_WRITE_MAX: usize = 256;

/// Time that a closing socket has to take what is still queued for it.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; SCRATCH_BYTES].into_boxed_slice());
}

/// What is done with the messages of one socket.
pub trait Handler: Send {
    /// A text message. The next one is not read before this returns.
    ///
    /// # Errors
    /// The reason to close the socket with.
    fn text(&mut self, text: String) -> impl Future<Output = Result<(), CloseReason>> + Send;

    /// A binary message.
    ///
    /// # Errors
    /// As [`Handler::text`].
    fn binary(&mut self, bytes: Bytes) -> impl Future<Output = Result<(), CloseReason>> + Send;

    /// Something arrived: the peer is alive.
    fn alive(&mut self) {}
}

/// A WebSocket after its handshake.
#[derive(Debug)]
pub struct Socket<S> {
    stream: Mutex<S>,
    decoder: Decoder,
}

fn lock<S>(stream: &Mutex<S>) -> MutexGuard<'_, S> {
    stream.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Socket<S> {
    /// Wraps a stream; `first` is what was already read from it.
    pub fn new(stream: S, first: &[u8], message_bytes_max: usize) -> Self {
        let mut decoder = Decoder::new(message_bytes_max);
        decoder.feed(first);
        Self { stream: Mutex::new(stream), decoder }
    }

    /// The next message, while nothing is to be written.
    ///
    /// # Errors
    /// The reason to close the socket with.
    pub async fn next_message(&mut self) -> Result<Message, CloseReason> {
        next_message(&self.stream, &mut self.decoder).await
    }

    /// Says goodbye with a close frame, and waits a little for the peer to do so: what is still unread would make the
    /// system reset the connection and lose the words.
    pub async fn finish(mut self, close: Frame) {
        let farewell = async {
            self.write(close).await.ok()?;
            poll_fn(|cx| Pin::new(&mut *lock(&self.stream)).poll_shutdown(cx)).await.ok()?;
            while self.next_message().await.is_ok() {}
            Some(())
        };
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, farewell).await;
    }

    /// Writes one frame at once.
    ///
    /// # Errors
    /// The error of the stream.
    pub async fn write(&mut self, frame: Frame) -> io::Result<()> {
        write_frames(&self.stream, VecDeque::from([frame])).await
    }
}

async fn next_message<S: AsyncRead + Unpin>(stream: &Mutex<S>, decoder: &mut Decoder) -> Result<Message, CloseReason> {
    loop {
        match decoder.next_message() {
            Ok(Some(message)) => return Ok(message),
            Ok(None) => {}
            Err(error) => return Err(CloseReason::Application(error.code(), error.reason())),
        }
        match poll_fn(|cx| poll_fill(stream, decoder, cx)).await {
            Ok(0) | Err(_) => return Err(CloseReason::TransportClosed),
            Ok(_) => {}
        }
    }
}

fn poll_fill<S: AsyncRead + Unpin>(
    stream: &Mutex<S>,
    decoder: &mut Decoder,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    SCRATCH.with_borrow_mut(|scratch| {
        let mut buffer = ReadBuf::new(scratch);
        ready!(Pin::new(&mut *lock(stream)).poll_read(cx, &mut buffer))?;
        decoder.feed(buffer.filled());
        Poll::Ready(Ok(buffer.filled().len()))
    })
}

async fn write_frames<S: AsyncWrite + Unpin>(stream: &Mutex<S>, mut frames: VecDeque<Frame>) -> io::Result<()> {
    let mut offset = 0;
    poll_fn(|cx| {
        while !frames.is_empty() {
            let mut slices = [IoSlice::new(&[]); FRAMES_PER_WRITE_MAX];
            let count = frames.len().min(FRAMES_PER_WRITE_MAX);
            for (index, (slice, frame)) in slices.iter_mut().zip(&frames).enumerate() {
                *slice = IoSlice::new(&frame.wire()[if index == 0 { offset } else { 0 }..]);
            }
            let mut written = ready!(Pin::new(&mut *lock(stream)).poll_write_vectored(cx, &slices[..count]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            while let Some(frame) = frames.front() {
                let left = frame.wire().len() - offset;
                if written < left {
                    offset += written;
                    break;
                }
                written -= left;
                offset = 0;
                frames.pop_front();
            }
        }
        // TLS keeps what it encrypted until it is flushed; for TCP this does nothing.
        Pin::new(&mut *lock(stream)).poll_flush(cx)
    })
    .await
}

/// Runs the socket until it ends, and says why it did. The outbox is closed when this returns.
pub async fn drive<S, H>(socket: Socket<S>, outbox: &Outbox, handler: &mut H) -> CloseReason
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    H: Handler,
{
    let Socket { stream, mut decoder } = socket;
    let stream = &stream;
    let mut writer = pin!(write_loop(stream, outbox));
    let reason = tokio::select! {
        reason = read_loop(stream, &mut decoder, outbox, handler) => reason,
        reason = &mut writer => {
            outbox.close(reason);
            return reason;
        }
    };
    outbox.close(reason);
    let reason = outbox.closed().unwrap_or(reason);
    if reason != CloseReason::TransportClosed {
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, writer).await;
    }
    reason
}

async fn read_loop<S, H>(stream: &Mutex<S>, decoder: &mut Decoder, outbox: &Outbox, handler: &mut H) -> CloseReason
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    H: Handler,
{
    loop {
        let message = match next_message(stream, decoder).await {
            Ok(message) => message,
            Err(reason) => return reason,
        };
        handler.alive();
        let handled = match message {
            Message::Text(text) => handler.text(text).await,
            Message::Binary(bytes) => handler.binary(bytes).await,
            Message::Ping(payload) => outbox.push(Frame::pong(&payload)).map_err(|error| error.0),
            Message::Pong(_) => Ok(()),
            // The answer repeats the code (RFC 6455 section 5.5.1).
            Message::Close(code) => return CloseReason::PeerClosed(code.unwrap_or(1000)),
        };
        if let Err(reason) = handled {
            return reason;
        }
    }
}

async fn write_loop<S: AsyncRead + AsyncWrite + Unpin + Send>(stream: &Mutex<S>, outbox: &Outbox) -> CloseReason {
    loop {
        poll_fn(|cx| outbox.poll_ready(cx)).await;
        let frames = outbox.take();
        if !frames.is_empty() {
            // A closed outbox takes no more, so a peer that does not read cannot hold the end up for ever.
            let result = tokio::select! {
                result = write_frames(stream, frames) => result,
                () = closed_for_good(outbox) => {
                    // A frame may be half written; whatever came after it would be read as its rest.
                    return outbox.closed().unwrap_or(CloseReason::TransportClosed);
                }
            };
            if result.is_err() {
                return CloseReason::TransportClosed;
            }
            continue;
        }
        if let Some(reason) = outbox.closed() {
            let (code, text) = reason.close_code();
            let farewell = async {
                write_frames(stream, VecDeque::from([Frame::close(code, text)])).await?;
                poll_fn(|cx| Pin::new(&mut *lock(stream)).poll_shutdown(cx)).await
            };
            let _ = tokio::time::timeout(CLOSE_TIMEOUT, farewell).await;
            return reason;
        }
    }
}

/// Ready a while after the outbox was closed, or at once where nothing of it is to be sent any more.
async fn closed_for_good(outbox: &Outbox) {
    // Frames may wait while a write is under way; only the close matters here.
    poll_fn(|cx| outbox.poll_closed(cx)).await;
    if outbox.closed().is_some_and(CloseReason::flushes) {
        tokio::time::sleep(CLOSE_TIMEOUT).await;
    }
}
