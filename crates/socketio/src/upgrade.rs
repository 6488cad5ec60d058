//! The life of a WebSocket: taking the stream out of hyper, the probe of an upgrade, and the session's run.

use std::sync::Arc;

use bytes::Bytes;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::session::{OverWebSocket, Session};
use crate::websocket::{Message, Socket, drive};
use crate::{Application, CloseReason, Frame};

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

/// A new session over WebSocket.
pub(crate) struct Run<A: Application> {
    pub(crate) session: Arc<Session<A>>,
    pub(crate) payload_bytes_max: usize,
}

impl<A: Application> WithStream for Run<A> {
    async fn run<S>(self, stream: S, first: Bytes)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let socket = Socket::new(stream, &first, self.payload_bytes_max);
        // A slice of hyper's read buffer: kept, it would keep all of that for the life of the connection.
        drop(first);
        run_session(socket, self.session).await;
    }
}

async fn run_session<S, A>(socket: Socket<S>, session: Arc<Session<A>>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    A: Application,
{
    let mut handler = OverWebSocket(Arc::clone(&session));
    let reason = drive(socket, session.outbox(), &mut handler).await;
    session.end(reason);
}

/// A session that is being upgraded; if that comes to nothing, however, polling goes on.
pub(crate) struct Upgrading<A: Application> {
    session: Arc<Session<A>>,
    finished: bool,
}

impl<A: Application> Upgrading<A> {
    pub(crate) fn new(session: Arc<Session<A>>) -> Self {
        Self { session, finished: false }
    }
}

impl<A: Application> Drop for Upgrading<A> {
    fn drop(&mut self) {
        if !self.finished {
            self.session.cancel_upgrade();
        }
    }
}

/// A WebSocket that asks to take over a polling session.
pub(crate) struct Probe<A: Application> {
    pub(crate) upgrading: Upgrading<A>,
    pub(crate) payload_bytes_max: usize,
    pub(crate) timeout: std::time::Duration,
}

impl<A: Application> WithStream for Probe<A> {
    async fn run<S>(self, stream: S, first: Bytes)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut socket = Socket::new(stream, &first, self.payload_bytes_max);
        drop(first);
        let mut upgrading = self.upgrading;
        let session = Arc::clone(&upgrading.session);
        let probe = tokio::time::timeout(self.timeout, probe(&mut socket, &session)).await;
        if let Ok(Ok(())) = probe {
            upgrading.finished = true;
            session.finish_upgrade();
            session.outbox().wake();
            run_session(socket, session).await;
        } else {
            drop(upgrading);
            let _ = socket.write(Frame::close(1002, "the probe failed")).await;
        }
    }
}

/// The client's `2probe` is answered by `3probe`, a waiting poll is let go, and `5` completes the upgrade.
async fn probe<S, A>(socket: &mut Socket<S>, session: &Arc<Session<A>>) -> Result<(), CloseReason>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    A: Application,
{
    loop {
        match socket.next_message().await? {
            Message::Text(text) if text == "2probe" => {
                socket.write(Frame::text("3probe")).await.map_err(|_| CloseReason::TransportClosed)?;
                session.release_poll();
            }
            Message::Text(text) if text == "5" => {
                return match session.outbox().closed() {
                    Some(reason) => Err(reason),
                    None => Ok(()),
                };
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
pub(crate) struct Turned;

impl WithStream for Turned {
    async fn run<S>(self, stream: S, first: Bytes)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let _ = Socket::new(stream, &first, 0).write(Frame::close(1000, "the session is not polling")).await;
    }
}
