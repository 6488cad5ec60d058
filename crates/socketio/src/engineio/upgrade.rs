//! From a request to a WebSocket: taking the stream out of hyper, and the probe of an upgrade.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::Protocol;
use super::session::{OverWebSocket, Session};
use crate::websocket::{BinaryBound, Deflate, Message, MessageBounds, Socket};
use crate::{CloseReason, Frame};

/// Something done with a stream, whatever its type.
pub trait WithStream: Send {
    /// Runs on the stream; `first` is what was already read from it.
    fn run<S>(self, stream: S, first: Bytes) -> impl Future<Output = ()> + Send
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static;
}

/// Waits for the switch of protocols, and runs on the raw stream where it is TCP.
pub async fn with_stream<W: WithStream>(upgrade: OnUpgrade, with: W) {
    let upgraded: Upgraded = match upgrade.await {
        Ok(upgraded) => upgraded,
        Err(error) => {
            tracing::debug!(%error, "a client left before its WebSocket was open");
            return;
        }
    };
    match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => with.run(parts.io.into_inner(), parts.read_buf).await,
        Err(upgraded) => with.run(TokioIo::new(upgraded), Bytes::new()).await,
    }
}

/// What a WebSocket of the engine is made with.
#[derive(Clone, Copy)]
pub(super) struct Making {
    pub(super) deflate: Option<Deflate>,
}

impl Making {
    fn socket<S: AsyncRead + AsyncWrite + Unpin + Send>(self, stream: S, first: Bytes) -> Socket<S> {
        // `first` is a slice of hyper's read buffer: kept, it would keep all of that for the life of the connection.
        Socket::new(stream, &first, self.deflate)
    }
}

/// A new session over WebSocket.
pub(super) struct Run<P: Protocol> {
    pub(super) session: Arc<Session<P>>,
    pub(super) making: Making,
}

impl<P: Protocol> WithStream for Run<P> {
    async fn run<S>(self, stream: S, first: Bytes)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        run_session(self.making.socket(stream, first), self.session);
    }
}

/// A task of its own: this one has room for all that an upgrade may wait for, and an idle connection needs little.
fn run_session<S, P>(socket: Socket<S>, session: Arc<Session<P>>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    P: Protocol,
{
    let driver = socket.drive(OverWebSocket(Arc::clone(&session)));
    session.spawn(driver);
}

/// A session that is being upgraded; if that comes to nothing, however, polling goes on.
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
    pub(super) making: Making,
    pub(super) timeout: Duration,
}

impl<P: Protocol> WithStream for Probe<P> {
    async fn run<S>(self, stream: S, first: Bytes)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut socket = self.making.socket(stream, first);
        let mut upgrading = self.upgrading;
        let session = Arc::clone(&upgrading.session);
        let probe = tokio::time::timeout(self.timeout, probe(&mut socket, &session)).await;
        if let Ok(Ok(())) = probe {
            upgrading.finished = true;
            // A poll that still waits is let go.
            session.outbox().wake();
            run_session(socket, session);
        } else {
            drop(upgrading);
            socket.finish(Frame::close(1002, "the probe failed")).await;
        }
    }
}

/// The messages of a probe: `2probe` and `5`.
const PROBE: MessageBounds = MessageBounds { text: 6, binary: BinaryBound::Refuse, inflates: true, skipped: 6 };

/// The client's `2probe` is answered by `3probe`, a waiting poll is let go, and `5` completes the upgrade.
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

/// A WebSocket for a session that has one already.
pub(super) struct Turned;

impl WithStream for Turned {
    async fn run<S>(self, stream: S, first: Bytes)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let close = Frame::close(1000, "the session is not polling");
        Socket::new(stream, &first, None).finish(close).await;
    }
}
