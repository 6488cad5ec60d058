//! The interface between the engine and the application behind it.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;

use bytes::Bytes;
use http::request;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::websocket::{HEAD_BYTES_MAX, PassedOver};
use crate::{CloseReason, Link, Party, Transport, packet};

/// An application behind an [`Engine`](crate::Engine): decides who may connect, and handles events.
pub trait Application: Send + Sync + Sized + 'static {
    /// The data kept of the HTTP request that opened a connection.
    type Visitor: Send + Sync + 'static;
    /// The application's side of one connected namespace.
    type Peer: Send + Sync + 'static;

    /// Called when a client opens a connection. The returned value is all that is kept of the request.
    ///
    /// # Errors
    /// A sentence for the client. The request is answered with 403 and Engine.IO's code 4.
    fn arrive(&self, request: &request::Parts, remote: SocketAddr) -> Result<Self::Visitor, String>;

    /// Called when a session has opened, before any of its packets are handled.
    fn opened(&self, visitor: &Self::Visitor, transport: Transport) {
        let _ = (visitor, transport);
    }

    /// Returns whether the client's next message is inflated if it is compressed. If not, the message is skipped.
    fn inflates(&self, visitor: &Self::Visitor) -> bool {
        let _ = visitor;
        true
    }

    /// Returns the party whose share of the budget pays for the client's unfinished packets.
    fn party(&self, visitor: &Self::Visitor) -> Party {
        let _ = visitor;
        Party::default()
    }

    /// Called for each packet of a client before it is parsed. If an event is not taken, the application has to answer
    /// it itself, through the peer's [`Link`].
    fn admit(&self, visitor: &Self::Visitor, incoming: Incoming<'_, Self::Peer>) -> Admission {
        let _ = visitor;
        match incoming {
            Incoming::Connect { passed_over: Some(_), .. } => {
                let message = "The CONNECT is too large".to_owned();
                Admission::Refuse(ConnectError { message, data: None })
            }
            Incoming::Event { passed_over: Some(_), .. } => Admission::Close(CloseReason::TOO_LARGE),
            Incoming::Connect { .. }
            | Incoming::Event { .. }
            | Incoming::Attachment { .. }
            | Incoming::Other { .. }
            | Incoming::Control => Admission::Take,
        }
    }

    /// Called when a session ends that never entered a namespace.
    fn never_entered(&self, visitor: &Self::Visitor, reason: CloseReason) {
        let _ = (visitor, reason);
    }

    /// Called when a client asks to enter a namespace, [`Link::namespace`]. It is called for every name: the
    /// application decides which namespaces exist.
    ///
    /// # Errors
    /// A [`ConnectError`], which is sent as CONNECT_ERROR. The connection stays open.
    fn connect(
        &self,
        visitor: &Self::Visitor,
        link: &Link,
        handshake: Handshake<'_>,
    ) -> impl Future<Output = Result<Self::Peer, ConnectError>> + Send;

    /// Called after a namespace was entered and its CONNECT was answered.
    fn connected(&self, peer: &Self::Peer) -> impl Future<Output = ()> + Send {
        let _ = peer;
        async {}
    }

    /// Called for each event of a client. The next event of the same connection is passed on when this returns. The
    /// acknowledgement may be sent later, with [`Link::ack`].
    fn event(&self, peer: &Self::Peer, event: Event<'_>) -> impl Future<Output = ()> + Send;

    /// Called exactly once for each peer, when it has left its namespace for any reason.
    fn disconnected(&self, peer: Self::Peer, reason: CloseReason) -> impl Future<Output = ()> + Send;
}

/// A message of a client, described before it is parsed.
#[derive(Debug)]
pub enum Incoming<'a, P> {
    /// A CONNECT packet, which enters a namespace.
    Connect {
        /// The packet's length in bytes, inflated.
        bytes: usize,
        /// Why the packet was skipped, if it was. A skipped packet cannot be handled.
        passed_over: Option<PassedOver>,
    },
    /// An event packet.
    Event {
        /// The application's peer that sent the event.
        peer: &'a P,
        /// The event's name and acknowledgement id.
        head: EventHead<'a>,
        /// The packet's length in bytes, inflated, without attachments.
        bytes: usize,
        /// Why the packet was skipped, if it was. A skipped packet cannot be handled.
        passed_over: Option<PassedOver>,
    },
    /// An attachment of an event or acknowledgement.
    Attachment {
        /// The attachment's length in bytes, inflated.
        bytes: usize,
    },
    /// Another Socket.IO packet: an acknowledgement or a DISCONNECT.
    Other {
        /// The packet's length in bytes, inflated.
        bytes: usize,
    },
    /// A packet of the transport itself: a ping, a pong or a noop.
    Control,
}

/// The parts of an event that can be read from the beginning of its packet.
#[derive(Clone, Copy, Debug)]
pub struct EventHead<'a> {
    /// The id to acknowledge, if the client asked for an acknowledgement.
    pub ack: Option<u64>,
    pub(crate) data: &'a str,
}

impl EventHead<'_> {
    /// Returns the event's name, or `None` if it is not a string or does not fit in [`HEAD_BYTES_MAX`] bytes.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        packet::event_name(&self.data[..self.data.floor_char_boundary(HEAD_BYTES_MAX)])
    }
}

/// The engine's treatment of a client's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// The message is handled.
    Take,
    /// The message and its attachments are skipped.
    Drop,
    /// A CONNECT is answered with this error.
    Refuse(ConnectError),
    /// The connection is closed for this reason.
    Close(CloseReason),
}

/// The data that a client sends when it asks to enter a namespace.
#[derive(Clone, Debug, Default)]
pub struct Handshake<'a> {
    /// The client's credentials: a JSON object.
    pub auth: Option<&'a RawValue>,
    /// The connection that the client asks to recover, if any.
    pub recovery: Option<Recovery>,
}

/// A request to recover a lost connection (connection state recovery, socket.io 4.6).
///
/// An application that can recover the connection calls [`Link::accept_recoverable`] with the same `pid` and then sends
/// the missed events. Otherwise a different `pid`, or none, tells the client that the connection is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// The secret that the connection was accepted with.
    pub pid: String,
    /// The last argument of the newest event that the client received, or `None` if it received none.
    pub offset: Option<String>,
}

impl<'a> Handshake<'a> {
    pub(crate) fn read(auth: Option<&'a RawValue>) -> Self {
        // Most clients do not ask for recovery. This check saves parsing their credentials twice.
        let recovery = auth.filter(|auth| auth.get().contains("\"pid\"")).and_then(|auth| {
            serde_json::Deserializer::from_str(auth.get()).deserialize_map(VisitRecovery).ok().flatten()
        });
        Self { auth, recovery }
    }
}

/// Reads `pid` and `offset` from an object and ignores its other fields.
struct VisitRecovery;

impl<'de> Visitor<'de> for VisitRecovery {
    type Value = Option<Recovery>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut fields: M) -> Result<Option<Recovery>, M::Error> {
        let text = |value: &RawValue| serde_json::from_str::<String>(value.get()).ok();
        let (mut pid, mut offset) = (None, None);
        while let Some(key) = fields.next_key::<Cow<'de, str>>()? {
            match key.as_ref() {
                "pid" => pid = text(fields.next_value()?),
                "offset" => offset = text(fields.next_value()?),
                _ => drop(fields.next_value::<IgnoredAny>()?),
            }
        }
        Ok(pid.map(|pid| Recovery { pid, offset }))
    }
}

/// An event of a client.
#[derive(Debug)]
pub struct Event<'a> {
    /// The event's name.
    pub name: &'a str,
    /// The event's arguments, each as JSON text.
    pub args: &'a [&'a RawValue],
    /// The id to acknowledge, if the client asked for an acknowledgement.
    pub ack: Option<u64>,
    /// The binary attachments that placeholders in the arguments refer to, by index.
    pub attachments: Vec<Bytes>,
}

/// The reason why a namespace cannot be entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectError {
    /// The message, which the client sees as `err.message`.
    pub message: String,
    /// JSON text that the client sees as `err.data`.
    pub data: Option<String>,
}

impl ConnectError {
    /// The error that official servers send for a namespace that does not exist.
    #[must_use]
    pub fn invalid_namespace() -> Self {
        Self { message: "Invalid namespace".to_owned(), data: None }
    }

    /// Returns the payload of a CONNECT_ERROR packet of Socket.IO 5: an object with `message` and perhaps `data`.
    pub(crate) fn to_json(&self) -> String {
        let message = Value::from(self.message.as_str());
        match &self.data {
            Some(data) => format!("{{\"message\":{message},\"data\":{data}}}"),
            None => format!("{{\"message\":{message}}}"),
        }
    }

    /// Returns the payload of an ERROR packet of Socket.IO 4: the data, or else the message.
    pub(crate) fn to_json_v4(&self) -> String {
        self.data.clone().unwrap_or_else(|| Value::from(self.message.as_str()).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_wants_to_go_on_with() {
        let read = |auth: &str| {
            let auth: Box<RawValue> = serde_json::from_str(auth).expect("JSON");
            Handshake::read(Some(&auth)).recovery.map(|recovery| (recovery.pid, recovery.offset))
        };
        let some = |pid: &str, offset: Option<&str>| Some((pid.to_owned(), offset.map(str::to_owned)));
        assert_eq!(read(r#"{"pid":"p","offset":"o","token":"t"}"#), some("p", Some("o")));
        assert_eq!(read(r#"{"pid":"p"}"#), some("p", None));
        assert_eq!(read(r#"{"pid":"p","offset":7}"#), some("p", None));
        assert_eq!(read(r#"{"pid":7,"offset":"o"}"#), None);
        assert_eq!(read(r#"{"offset":"o"}"#), None);
        assert_eq!(read(r#"{"name":"\"pid\""}"#), None);
    }
}
