//! What an application gives to the engine.

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

/// The application behind an engine.
pub trait Application: Send + Sync + Sized + 'static {
    /// What is kept of the HTTP request that opened a connection.
    type Visitor: Send + Sync + 'static;
    /// The application's side of one connected namespace.
    type Peer: Send + Sync + 'static;

    /// A client asks to open a connection. What is returned is all that is kept of the request.
    ///
    /// # Errors
    /// A sentence for the client; the request is answered as forbidden.
    fn arrive(&self, request: &request::Parts, remote: SocketAddr) -> Result<Self::Visitor, String>;

    /// A session opened for a visitor; nothing of it was handled yet.
    fn opened(&self, visitor: &Self::Visitor, transport: Transport) {
        let _ = (visitor, transport);
    }

    /// Whether the next message of a client is inflated, where it is compressed. One that is not is passed over.
    fn inflates(&self, visitor: &Self::Visitor) -> bool {
        let _ = visitor;
        true
    }

    /// Who pays for what a client's transport holds of unfinished packets.
    fn party(&self, visitor: &Self::Visitor) -> Party {
        let _ = visitor;
        Party::default()
    }

    /// Something came from a client, and nothing of it was parsed yet. An event that is not taken is for the
    /// application to answer, by the peer's [`Link`].
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

    /// A session ended that had never entered a namespace.
    fn never_entered(&self, visitor: &Self::Visitor, reason: CloseReason) {
        let _ = (visitor, reason);
    }

    /// A client asks to enter a namespace, [`Link::namespace`], whatever its name: which of them there are is for the
    /// application to say.
    ///
    /// # Errors
    /// [`ConnectError`] is sent as CONNECT_ERROR; the connection stays open.
    fn connect(
        &self,
        visitor: &Self::Visitor,
        link: &Link,
        handshake: Handshake<'_>,
    ) -> impl Future<Output = Result<Self::Peer, ConnectError>> + Send;

    /// The namespace was entered and the client has been told so.
    fn connected(&self, peer: &Self::Peer) -> impl Future<Output = ()> + Send {
        let _ = peer;
        async {}
    }

    /// An event of a client. The next one of the same connection is handed over when this returns; answering may
    /// come later, by [`Link::ack`].
    fn event(&self, peer: &Self::Peer, event: Event<'_>) -> impl Future<Output = ()> + Send;

    /// The namespace was left, however it ended; called once for every peer.
    fn disconnected(&self, peer: Self::Peer, reason: CloseReason) -> impl Future<Output = ()> + Send;
}

/// A message of a client, described before it is parsed.
#[derive(Debug)]
pub enum Incoming<'a, P> {
    /// A CONNECT packet, which enters a namespace.
    Connect {
        /// Its length in bytes, inflated.
        bytes: usize,
        /// Why it was passed over, if it was: then it cannot be handled.
        passed_over: Option<PassedOver>,
    },
    /// An event packet.
    Event {
        /// The application's connection that sent it.
        peer: &'a P,
        /// Its name and its acknowledgement id.
        head: EventHead<'a>,
        /// Its length in bytes, inflated, without attachments.
        bytes: usize,
        /// Why it was passed over, if it was: then it cannot be handled.
        passed_over: Option<PassedOver>,
    },
    /// An attachment of an event or acknowledgement.
    Attachment {
        /// Its length in bytes, inflated.
        bytes: usize,
    },
    /// Another packet of Socket.IO.
    Other {
        /// Its length in bytes, inflated.
        bytes: usize,
    },
    /// A packet of the transport: a ping, a pong, or one that says nothing.
    Control,
}

/// The parts of an event that its first characters hold.
#[derive(Clone, Copy, Debug)]
pub struct EventHead<'a> {
    /// The id to acknowledge, if the client asked for it.
    pub ack: Option<u64>,
    pub(crate) data: &'a str,
}

impl EventHead<'_> {
    /// The event's name; none where it is not text, or too long to be known.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        packet::event_name(&self.data[..self.data.floor_char_boundary(HEAD_BYTES_MAX)])
    }
}

/// What the engine does with a message of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Handle it.
    Take,
    /// Skip it and its attachments.
    Drop,
    /// Answer a CONNECT with this error.
    Refuse(ConnectError),
    /// Close the connection.
    Close(CloseReason),
}

/// What a client sends along when it asks to enter a namespace.
#[derive(Clone, Debug, Default)]
pub struct Handshake<'a> {
    /// Its credentials: a JSON object.
    pub auth: Option<&'a RawValue>,
    /// The connection that it had, and wants to go on with.
    pub recovery: Option<Recovery>,
}

/// Which connection a client wants to go on with (connection state recovery, socket.io 4.6). An application that can
/// sends what was missed behind [`Link::accept_recoverable`] with the same `pid`; where it cannot, another `pid` or
/// none tells the client that this is a fresh connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// The secret that the connection was accepted with.
    pub pid: String,
    /// The last argument of the newest event that the client has; none if it has none.
    pub offset: Option<String>,
}

impl<'a> Handshake<'a> {
    pub(crate) fn read(auth: Option<&'a RawValue>) -> Self {
        // Most clients ask for nothing of the kind, and their credentials are not parsed twice.
        let recovery = auth.filter(|auth| auth.get().contains("\"pid\"")).and_then(|auth| {
            serde_json::Deserializer::from_str(auth.get()).deserialize_map(VisitRecovery).ok().flatten()
        });
        Self { auth, recovery }
    }
}

/// Reads `pid` and `offset`, and passes everything else over.
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

    /// The payload of a CONNECT_ERROR of Socket.IO 5.
    pub(crate) fn to_json(&self) -> String {
        let message = Value::from(self.message.as_str());
        match &self.data {
            Some(data) => format!("{{\"message\":{message},\"data\":{data}}}"),
            None => format!("{{\"message\":{message}}}"),
        }
    }

    /// The payload of an ERROR of Socket.IO 4: the data, or else the message.
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
