//! What an application gives to the engine, and what the engine gives to it.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::request;
use serde_json::value::RawValue;

use crate::{CloseReason, Frame, Outbox, PushError, packet};

/// The application behind an engine.
pub trait Application: Send + Sync + Sized + 'static {
    /// What is kept of the HTTP request that opened a connection.
    type Visitor: Send + Sync + 'static;
    /// The application's side of one connected namespace.
    type Peer: Send + Sync + 'static;

    /// A client asks to open a connection. What is returned is all that is kept of the request.
    ///
    /// # Errors
    /// A sentence for the client; the request is answered with 403.
    fn arrive(&self, request: &request::Parts, remote: SocketAddr) -> Result<Self::Visitor, String>;

    /// A client asks to enter a namespace.
    ///
    /// # Errors
    /// [`ConnectError`] is sent as CONNECT_ERROR; the connection stays open.
    fn connect(
        &self,
        visitor: &Self::Visitor,
        link: &Link,
        auth: Option<&RawValue>,
    ) -> impl Future<Output = Result<Self::Peer, ConnectError>> + Send;

    /// The namespace was entered and the client has been told so.
    fn connected(&self, peer: &Self::Peer) -> impl Future<Output = ()> + Send;

    /// An event of a client. The next one of the same connection is handed over when this returns; answering may
    /// come later, by [`Link::ack`].
    fn event(&self, peer: &Self::Peer, event: Event<'_>) -> impl Future<Output = ()> + Send;

    /// The namespace was left, however it ended; called once for every peer.
    fn disconnected(&self, peer: Self::Peer, reason: CloseReason) -> impl Future<Output = ()> + Send;
}

/// An event as it came from a client.
#[derive(Debug)]
pub struct Event<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its arguments, as JSON text.
    pub args: &'a [&'a RawValue],
    /// The id to acknowledge, if the client asked for it.
    pub ack: Option<u64>,
    /// Binary attachments that the arguments' placeholders refer to.
    pub attachments: Vec<Bytes>,
}

/// Why a namespace cannot be entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectError {
    /// What the client sees as `err.message`.
    pub message: String,
    /// JSON text that the client sees as `err.data`.
    pub data: Option<String>,
}

impl ConnectError {
    /// What official servers say to a namespace that does not exist.
    #[must_use]
    pub fn invalid_namespace() -> Self {
        Self { message: "Invalid namespace".to_owned(), data: None }
    }

    pub(crate) fn to_json(&self) -> String {
        let message = serde_json::Value::from(self.message.as_str());
        match &self.data {
            Some(data) => format!("{{\"message\":{message},\"data\":{data}}}"),
            None => format!("{{\"message\":{message}}}"),
        }
    }
}

/// What the engine lets a [`Link`] do to its connection.
pub(crate) trait Control: Send + Sync {
    fn outbox(&self) -> &Outbox;
    fn leave(self: Arc<Self>, namespace: Arc<str>);
    fn close(self: Arc<Self>, reason: CloseReason);
}

/// The application's handle on one connected namespace. Cheap to clone; may be used from any thread.
#[derive(Clone)]
pub struct Link {
    pub(crate) control: Arc<dyn Control>,
    pub(crate) namespace: Arc<str>,
    pub(crate) sid: Arc<str>,
    pub(crate) accepted: Arc<AtomicBool>,
}

impl Link {
    /// The namespace, `/` for the default one.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The public id of this socket. It gives no access to the transport.
    #[must_use]
    pub fn sid(&self) -> &str {
        &self.sid
    }

    /// Answers the CONNECT, once. The engine does it when [`Application::connect`] returns; an application that has
    /// something to send at the very moment from which it counts the client in does it earlier, itself.
    pub fn accept(&self) {
        if !self.accepted.swap(true, Ordering::AcqRel) {
            let _ = self.send(packet::encode_connected(&self.namespace, &self.sid));
        }
    }

    /// Queues a frame that was made for this namespace.
    ///
    /// # Errors
    /// [`PushError`] when the connection is closed.
    pub fn send(&self, frame: Frame) -> Result<(), PushError> {
        self.control.outbox().push(frame)
    }

    /// Queues an event with one argument, given as JSON text.
    ///
    /// # Errors
    /// As [`Link::send`].
    pub fn emit(&self, name: &str, payload: &str) -> Result<(), PushError> {
        self.send(packet::encode_event(&self.namespace, name, payload))
    }

    /// Queues an event given as a whole JSON array, with attachments.
    ///
    /// # Errors
    /// As [`Link::send`].
    pub fn emit_data(&self, data: &str, attachments: &[Bytes]) -> Result<(), PushError> {
        self.control.outbox().push_all(packet::encode_event_data(&self.namespace, data, attachments))
    }

    /// Answers an event: `args` is a JSON array.
    ///
    /// # Errors
    /// As [`Link::send`].
    pub fn ack(&self, id: u64, args: &str, attachments: &[Bytes]) -> Result<(), PushError> {
        self.control.outbox().push_all(packet::encode_ack(&self.namespace, id, args, attachments))
    }

    /// Ends the namespace with a DISCONNECT; official clients do not come back by themselves.
    pub fn disconnect(&self) {
        let _ = self.send(packet::encode_disconnect(&self.namespace));
        Arc::clone(&self.control).leave(Arc::clone(&self.namespace));
    }

    /// Closes the whole connection without a DISCONNECT; official clients come back.
    pub fn close(&self, reason: CloseReason) {
        Arc::clone(&self.control).close(reason);
    }

    /// Bytes that wait for this connection.
    #[must_use]
    pub fn queued_bytes(&self) -> usize {
        self.control.outbox().queued_bytes()
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("namespace", &self.namespace).field("sid", &self.sid).finish()
    }
}
