//! What is spoken over Engine.IO sessions: the seam between the transports and what they carry.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::request;

use super::Session;
use crate::websocket::{MessageBounds, Skipped};
use crate::{CloseReason, Party};

/// A protocol over Engine.IO. Socket.IO is one.
pub trait Protocol: Send + Sync + Sized + 'static {
    /// What it keeps of one session.
    type State: Send + Sync + 'static;

    /// A client asks to open a session.
    ///
    /// # Errors
    /// A sentence for the client; the request is answered as forbidden.
    fn arrive(&self, request: &request::Parts, remote: SocketAddr) -> Result<Self::State, String>;

    /// A session opened; nothing of it was handled yet.
    fn opened(&self, session: &Arc<Session<Self>>) {
        let _ = session;
    }

    /// A text message. The next message of the same session is handled when this is over.
    ///
    /// # Errors
    /// The reason to end the session with.
    fn text(&self, session: &Arc<Session<Self>>, text: &str) -> impl Future<Output = Result<(), CloseReason>> + Send;

    /// A binary message.
    ///
    /// # Errors
    /// As [`Protocol::text`].
    fn binary(
        &self,
        session: &Arc<Session<Self>>,
        bytes: Bytes,
    ) -> impl Future<Output = Result<(), CloseReason>> + Send;

    /// How large the next message of a session may be. Asked while none of it is being handled.
    fn bounds(&self, session: &Session<Self>) -> MessageBounds {
        MessageBounds::up_to(session.server().config.payload_bytes_max)
    }

    /// A message that was passed over, for it was beyond the bounds. Its head begins behind the packet's type.
    ///
    /// # Errors
    /// As [`Protocol::text`].
    fn skipped(
        &self,
        session: &Arc<Session<Self>>,
        skipped: Skipped,
    ) -> impl Future<Output = Result<(), CloseReason>> + Send {
        let _ = (session, skipped);
        async { Err(CloseReason::TOO_LARGE) }
    }

    /// A packet came that is the transport's own: a ping, a pong, or one that says nothing.
    ///
    /// # Errors
    /// The reason to end the session with.
    fn control(&self, session: &Session<Self>) -> Result<(), CloseReason> {
        let _ = session;
        Ok(())
    }

    /// Since when the client has not done what it opened the session for; none if it has, and then the session is not
    /// looked at again before [`Session::await_connect`].
    fn unsettled_since(&self, session: &Session<Self>) -> Option<Instant> {
        let _ = session;
        None
    }

    /// Who pays for what the session holds of unfinished packets.
    fn party(&self, session: &Session<Self>) -> Party {
        let _ = session;
        Party::default()
    }

    /// The session is over; called once.
    fn closed(&self, session: Arc<Session<Self>>, reason: CloseReason) -> impl Future<Output = ()> + Send;
}
