//! A Socket.IO server engine on hyper and tokio: Engine.IO 3 and 4, Socket.IO 4 and 5.
//!
//! # What lives here
//! * [`engineio`], [`packet`], [`Assembler`] and [`websocket::Decoder`]: the sans-IO core. Bytes in, values out; no
//!   clock, no socket.
//! * [`Frame`] and [`Outbox`]: a message encoded once and shared by all receivers, and the bounded queue of one
//!   connection.
//! * [`Engine`]: sessions, transports, heartbeats, namespaces, and the calls into an [`Application`].
//! * [`engineio::Server`]: the same without Socket.IO, for another [`engineio::Protocol`].
//! * [`websocket`]: the driver of one WebSocket, which other protocols over WebSocket can use alone.
//!
//! # What does not live here
//! The meaning of events: there are no users, no rooms, no broadcasts.
//!
//! # What must stay true
//! * The events of one connection reach the application one at a time, in the order in which they arrived.
//! * While the application is busy with an event, nothing more is read from that connection.
//! * Frames queued for a connection leave in the order in which they were queued, or the connection is closed.
//! * A length claimed by a peer allocates nothing, and the bytes held of unfinished packets are bounded over all
//!   connections.
//! * An idle connection owns one small task, its session, and no buffer.

mod application;
mod assembler;
mod close_reason;
mod config;
pub mod cors;
mod deflate;
pub mod engineio;
mod frame;
mod id;
mod link;
mod origins;
mod outbox;
pub mod packet;
mod sockets;
mod unfinished;
pub mod websocket;
mod wheel;
mod written;

use std::net::SocketAddr;

pub use application::{Admission, Application, ConnectError, Event, EventHead, Handshake, Incoming, Recovery};
pub use assembler::{Assembled, Assembler, Bounds};
use bytes::Bytes;
pub use close_reason::CloseReason;
pub use config::Config;
pub use engineio::upgrade;
pub use frame::Frame;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Body;
pub use id::{Id, SessionIds};
pub use link::{Answer, AskError, Link, Transport};
pub use origins::{NotAnOrigin, Origin, Origins, SEC_FETCH_SITE, Sender};
pub use outbox::{Mark, Outbox, PushError, Taken};
use sockets::SocketIo;
pub use unfinished::{Holder, Party, Unfinished};
pub use written::OnWritten;

/// A Socket.IO server engine. Cheap to clone.
pub struct Engine<A: Application>(engineio::Server<SocketIo<A>>);

impl<A: Application> Engine<A> {
    /// Starts an engine. Must be called within a tokio runtime.
    pub fn new(config: Config, application: A) -> Self {
        Self(engineio::Server::new(config, SocketIo::new(application)))
    }

    /// Returns the application that was given to [`Engine::new`].
    #[must_use]
    pub fn application(&self) -> &A {
        &self.0.protocol().application
    }

    /// Returns whether a request's path belongs to the engine.
    #[must_use]
    pub fn serves(&self, path: &str) -> bool {
        self.0.serves(path)
    }

    /// Returns the number of open sessions, including closing ones.
    #[must_use]
    pub fn session_count(&self) -> usize {
        self.0.session_count()
    }

    /// Returns what is open now, summed over all sessions.
    #[must_use]
    pub fn load(&self) -> engineio::Load {
        self.0.load()
    }

    /// Calls `visit` for each open session with whether it is on polling and with the label that the application gave
    /// it.
    pub fn visit(&self, mut visit: impl FnMut(bool, u8)) {
        self.0.visit(|session, polling| visit(polling, session.protocol.label()));
    }

    /// Closes every session without a DISCONNECT, and returns when the application was informed of the end of each.
    pub async fn close(&self, reason: CloseReason) {
        self.0.close(reason).await;
    }

    /// Answers an HTTP request at the engine's path.
    pub async fn handle<B>(&self, request: Request<B>, remote: SocketAddr) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.0.handle(request, remote).await
    }
}

impl<A: Application> Clone for Engine<A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<A: Application> std::fmt::Debug for Engine<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
