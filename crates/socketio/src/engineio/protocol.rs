//! The interface between Engine.IO sessions and the protocol that they carry.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::request;

use super::Session;
use crate::websocket::{MessageBounds, Skipped};
use crate::{CloseReason, Party};

/// A protocol over Engine.IO, such as Socket.IO.
pub trait Protocol: Send + Sync + Sized + 'static {
    /// The protocol's state of one session.
    type State: Send + Sync + 'static;

    /// Called when a client asks to open a session.
    ///
    /// # Errors
    /// A sentence for the client. The request is answered with 403 and Engine.IO's code 4.
    fn arrive(&self, request: &request::Parts, remote: SocketAddr) -> Result<Self::State, String>;

    /// Called when a session has opened, before any of its packets are handled.
    fn opened(&self, session: &Arc<Session<Self>>) {
        let _ = session;
    }

    /// Handles a text message. The next message of the same session is handled when this returns.
    ///
    /// # Errors
    /// The reason to end the session.
    fn text(&self, session: &Arc<Session<Self>>, text: &str) -> impl Future<Output = Result<(), CloseReason>> + Send;

    /// Handles a binary message.
    ///
    /// # Errors
    /// See [`Protocol::text`].
    fn binary(
        &self,
        session: &Arc<Session<Self>>,
        bytes: Bytes,
    ) -> impl Future<Output = Result<(), CloseReason>> + Send;

    /// Returns the size limits of a session's next message. Not called while a message is being handled.
    fn bounds(&self, session: &Session<Self>) -> MessageBounds {
        MessageBounds::up_to(session.server().config.payload_bytes_max)
    }

    /// Handles a message that was skipped because it exceeded its bounds. Its head does not include the packet's type.
    ///
    /// # Errors
    /// See [`Protocol::text`].
    fn skipped(
        &self,
        session: &Arc<Session<Self>>,
        skipped: Skipped,
    ) -> impl Future<Output = Result<(), CloseReason>> + Send {
        let _ = (session, skipped);
        async { Err(CloseReason::TOO_LARGE) }
    }

    /// Called for each packet of the transport itself: a ping, a pong or a noop.
    ///
    /// # Errors
    /// The reason to end the session.
    fn control(&self, session: &Session<Self>) -> Result<(), CloseReason> {
        let _ = session;
        Ok(())
    }

    /// Returns since when the client has failed to do what it opened the session for, or `None` if it has done it.
    /// After `None` the session is not checked again until [`Session::await_connect`].
    fn unsettled_since(&self, session: &Session<Self>) -> Option<Instant> {
        let _ = session;
        None
    }

    /// Returns the party whose share of the budget pays for the session's unfinished packets.
    fn party(&self, session: &Session<Self>) -> Party {
        let _ = session;
        Party::default()
    }

    /// Called exactly once, when the session has ended.
    fn closed(&self, session: Arc<Session<Self>>, reason: CloseReason) -> impl Future<Output = ()> + Send;
}
