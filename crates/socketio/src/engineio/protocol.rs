//! What is spoken over Engine.IO sessions: the seam between the transports and what they carry.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::request;

use super::Session;
use crate::CloseReason;

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

    /// Whether the client has done, within the connect timeout, what it opened the session for.
    fn is_settled(&self, session: &Session<Self>) -> bool {
        let _ = session;
        true
    }

    /// The session is over; called once.
    fn closed(&self, session: Arc<Session<Self>>, reason: CloseReason) -> impl Future<Output = ()> + Send;
}
