//! The way from a request to a WebSocket: taking the stream out of hyper, and the probe of an upgrade.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::Protocol;
use super::session::{OverWebSocket, Session};
use super::state::RequestConflict;
use crate::websocket::{BinaryBound, Deflate, Message, MessageBounds, Socket};
use crate::{CloseReason, Frame};

/// An operation on a stream of any type.
pub trait WithStream: Send {
    /// Runs on the stream. `first` holds the bytes that were already read from it.
    fn run<S>(self, stream: S, first: Bytes) -> impl Future<Output = ()> + Send
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static;
}

/// An observer of the reads and writes of a connection while HTTP is spoken over it.
pub trait Watch: Send + Sync + 'static {
    /// Called after bytes were read from the peer.
    fn read(&self);

    /// Called after a write was attempted, with the number of bytes written, or with `None` if the write has to wait
    /// until the peer reads.
    fn wrote(&self, bytes: Option<usize>);
}

/// A stream that reports its reads and writes to a [`Watch`].
///
/// A server that wants to bound its connections serves HTTP over a `Watched<TcpStream>`. After an upgrade to WebSocket
/// nothing is reported any more, but the `Watch` is kept until the stream is closed, so that dropping it marks the end
/// of the connection.
pub struct Watched<S> {
    stream: S,
    watch: Arc<dyn Watch>,
    /// Whether the last flush had to wait.
    flush_waits: bool,
}

impl<S> Watched<S> {
    /// Wraps a stream, and reports its reads and writes to `watch`.
    pub fn new(stream: S, watch: Arc<dyn Watch>) -> Self {
        Self { stream, watch, flush_waits: false }
    }

    fn into_upgraded(self) -> UpgradedStream<S> {
        UpgradedStream { stream: self.stream, _watch: self.watch }
    }

    fn report(&self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.watch.wrote(match &result {
            Poll::Pending => None,
            Poll::Ready(written) => Some(written.as_ref().map_or(0, |bytes| *bytes)),
        });
        result
    }

    /// Reports that a flush waits, and that it ends. A flush of TCP never waits, even while a write does.
    fn report_flush(&mut self, result: Poll<io::Result<()>>) -> Poll<io::Result<()>> {
        let waits = result.is_pending();
        if waits {
            self.watch.wrote(None);
        } else if self.flush_waits {
            self.watch.wrote(Some(0));
        }
        self.flush_waits = waits;
        result
    }
}

impl<S> std::fmt::Debug for Watched<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watched").finish_non_exhaustive()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.watch.read();
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.report(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.report(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(cx);
        self.report_flush(result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.report_flush(result)
    }
}

/// A stream after its upgrade, with the [`Watch`] that is dropped together with it.
struct UpgradedStream<S> {
    stream: S,
    _watch: Arc<dyn Watch>,
}

impl<S: AsyncRead + Unpin> AsyncRead for UpgradedStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for UpgradedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Waits for the switch of protocols, and runs `with` on the stream, without hyper's wrapper where it is TCP.
pub async fn with_stream<W: WithStream>(upgrade: OnUpgrade, with: W) {
    let upgraded: Upgraded = match upgrade.await {
        Ok(upgraded) => upgraded,
        Err(error) => {
            tracing::debug!(%error, "a client left before its WebSocket was open");
            return;
        }
    };
    let upgraded = match upgraded.downcast::<TokioIo<Watched<TcpStream>>>() {
        Ok(parts) => return with.run(parts.io.into_inner().into_upgraded(), parts.read_buf).await,
        Err(upgraded) => upgraded,
    };
    match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => with.run(parts.io.into_inner(), parts.read_buf).await,
        Err(upgraded) => with.run(TokioIo::new(upgraded), Bytes::new()).await,
    }
}

/// The options of a WebSocket that the engine creates.
#[derive(Clone, Copy)]
pub(super) struct SocketOptions {
    pub(super) deflate: Option<Deflate>,
}

impl SocketOptions {
    fn socket<S: AsyncRead + AsyncWrite + Unpin + Send>(self, stream: S, first: Bytes) -> Socket<S> {
        // `first` is a slice of hyper's read buffer. Keeping it would keep the whole buffer for the life of the
        // connection.
        Socket::new(stream, &first, self.deflate)
    }
}

/// A new session that opens on a WebSocket.
pub(super) struct RunSession<P: Protocol> {
    pub(super) session: Arc<Session<P>>,
    pub(super) options: SocketOptions,
}

impl<P: Protocol> WithStream for RunSession<P> {
    async fn run<S>(self, stream: S, first: Bytes)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        run_session(self.options.socket(stream, first), self.session);
    }
}

/// Runs the session in a new task. The task of an upgrade reserves memory for all that an upgrade may await, and an
/// idle connection needs little.
fn run_session<S, P>(socket: Socket<S>, session: Arc<Session<P>>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    P: Protocol,
{
    let driver = socket.drive(OverWebSocket(Arc::clone(&session)));
    session.spawn(driver);
}

/// An upgrade in progress. Dropping it before it is finished cancels the upgrade, and polling goes on.
pub(super) struct Upgrading<P: Protocol> {
    session: Arc<Session<P>>,
    finished: bool,
}

impl<P: Protocol> Upgrading<P> {
    pub(super) fn new(session: Arc<Session<P>>) -> Self {
        Self { session, finished: false }
    }
}

impl<P: Protocol> Drop for Upgrading<P> {
    fn drop(&mut self) {
        if !self.finished {
            self.session.state().cancel_upgrade();
        }
    }
}

/// A WebSocket that asks to take over a polling session.
pub(super) struct Probe<P: Protocol> {
    pub(super) upgrading: Upgrading<P>,
    pub(super) options: SocketOptions,
    pub(super) timeout: Duration,
}

impl<P: Protocol> WithStream for Probe<P> {
    async fn run<S>(self, stream: S, first: Bytes)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut socket = self.options.socket(stream, first);
        let mut upgrading = self.upgrading;
        let session = Arc::clone(&upgrading.session);
        let probe = tokio::time::timeout(self.timeout, probe(&mut socket, &session)).await;
        if let Ok(Ok(())) = probe {
            upgrading.finished = true;
            // Releases a poll that is still waiting.
            session.outbox().wake();
            run_session(socket, session);
        } else {
            drop(upgrading);
            let close = Frame::close(1002, "the probe failed");
            match Rejection::start(session) {
                Ok(_rejection) => socket.finish(close).await,
                // Another WebSocket is being rejected already, so this one is closed without waiting for its peer.
                Err(_) => drop(tokio::time::timeout(Duration::ZERO, socket.write(close)).await),
            }
        }
    }
}

/// The bounds of a probe's messages, `2probe` and `5`.
const PROBE: MessageBounds = MessageBounds { text: 6, binary: BinaryBound::Refuse, inflates: true, skipped: 6 };

/// Probes the WebSocket: `2probe` is answered by `3probe` and releases a waiting poll, and `5` completes the upgrade.
async fn probe<S, P>(socket: &mut Socket<S>, session: &Arc<Session<P>>) -> Result<(), CloseReason>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    P: Protocol,
{
    loop {
        match socket.next_message(PROBE).await? {
            Message::Text(text) if text == "2probe" => {
                socket.write(Frame::text("3probe")).await.map_err(|_| CloseReason::TransportClosed)?;
                session.state().probed();
                session.outbox().wake();
            }
            Message::Text(text) if text == "5" => {
                let may = session.outbox().closed().is_none() && session.state().finish_upgrade();
                return if may { Ok(()) } else { Err(CloseReason::ProtocolError) };
            }
            Message::Ping(payload) => {
                socket.write(Frame::pong(&payload)).await.map_err(|_| CloseReason::TransportClosed)?;
            }
            Message::Pong(_) => {}
            _ => return Err(CloseReason::ProtocolError),
        }
    }
}

/// The right of a session to reject one WebSocket with a close frame. Dropping it gives the right back.
pub(super) struct Rejection<P: Protocol>(Arc<Session<P>>);

impl<P: Protocol> Rejection<P> {
    /// Acquires the right.
    ///
    /// # Errors
    /// [`RequestConflict::Duplicate`] while the session is rejecting another one.
    pub(super) fn start(session: Arc<Session<P>>) -> Result<Self, RequestConflict> {
        session.state().start_rejection()?;
        Ok(Self(session))
    }
}

impl<P: Protocol> Drop for Rejection<P> {
    fn drop(&mut self) {
        self.0.state().end_rejection();
    }
}

/// Closes a WebSocket for a session that is already on one.
pub(super) struct RejectUpgrade<P: Protocol>(pub(super) Rejection<P>);

impl<P: Protocol> WithStream for RejectUpgrade<P> {
    async fn run<S>(self, stream: S, first: Bytes)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self(_rejection) = self;
        let close = Frame::close(1000, "the session is not polling");
        Socket::new(stream, &first, None).finish(close).await;
    }
}
