//! Admission control: of clients, by origin and address, and of their packets, by size and rate, before they are
//! parsed.
//!
//! What must stay true: a refusal costs little and is answered; a client that causes too many refusals is disconnected.

use std::net::SocketAddr;
use std::sync::Arc;

use quintet_domain::limits::EVENT_BYTES_MAX;
use quintet_domain::{Code, Refusal};
use quintet_service::Refused;
use quintet_socketio::websocket::PassedOver;
use quintet_socketio::{Admission, CloseReason, ConnectError, Incoming};

use crate::client::Client;
use crate::connection::Connection;
use crate::gateway::Gateway;
use crate::session;
use crate::visitor::{Listener, Visitor};

/// The name of an event and its acknowledgement id, as far as they could be read.
pub(crate) type EventHead = (Option<String>, Option<u64>);

impl Gateway {
    /// Admits a client over any transport, after checking its origin and the rate of new connections.
    pub(crate) fn admit_client(&self, request: &http::request::Parts, remote: SocketAddr) -> Result<Visitor, Refusal> {
        let listener = request.extensions.get::<Listener>().copied().unwrap_or_default();
        let admitted = if !self.0.doors.origins.admit(&request.headers, listener.trust) {
            Err(Refusal::new(Code::Forbidden, "Pages of this origin may not connect here."))
        } else if listener.trust {
            // A trusted backend may open the connections of all its clients at once, from one address.
            Ok(())
        } else {
            self.0.service.rates().connection(remote.ip())
        };
        admitted.inspect_err(|refusal| self.refused(refusal))?;
        Ok(Visitor::of(request, self.0.clients.arrive(remote.ip()), self.0.service.bases()))
    }

    /// Counts a packet of a client against its rate limits.
    fn count(&self, client: &Client, connection: Option<&Connection>, bytes: usize) -> Result<(), Refusal> {
        let rates = self.0.service.rates();
        rates.event(&client.rate, bytes)?;
        if let Some(rate) = connection.and_then(Connection::user_rate) {
            rates.event(&rate, bytes)?;
        }
        if !client.is_identified() {
            rates.unidentified(client.address(), bytes)?;
        }
        Ok(())
    }

    /// Whether the client's rate limit allows another message, whatever its size.
    pub(crate) fn may_inflate(&self, client: &Client) -> bool {
        self.0.service.rates().has_room(&client.rate)
    }

    /// Counts a refusal. Returns whether the client has caused too many of them.
    fn is_flooding(&self, client: &Client) -> bool {
        self.0.service.rates().is_flooding(&client.refusals)
    }

    pub(crate) fn admit_incoming(&self, client: &Client, incoming: Incoming<'_, Arc<Connection>>) -> Admission {
        match incoming {
            Incoming::Connect { bytes, passed_over } => {
                let counted = self.count(client, None, bytes);
                let Err(refusal) = counted.and_then(|()| read("auth", passed_over)) else { return Admission::Take };
                self.refused(&refusal);
                if self.is_flooding(client) {
                    Admission::Close(CloseReason::Flooding)
                } else {
                    Admission::Refuse(connect_error(&refusal))
                }
            }
            Incoming::Event { peer, head, bytes, passed_over } => {
                self.admit_event(peer, || (head.name(), head.ack), bytes, passed_over)
            }
            Incoming::Attachment { bytes } => {
                // Its event was admitted already, so the attachment only delays what comes next.
                self.0.service.rates().charge(&client.rate, bytes);
                let admitted =
                    client.is_identified() || self.0.service.rates().unidentified(client.address(), bytes).is_ok();
                if admitted { Admission::Take } else { Admission::Close(CloseReason::Flooding) }
            }
            Incoming::Other { bytes } => self.admit_small(client, bytes),
            Incoming::Control => self.admit_small(client, 0),
        }
    }

    /// Admits a packet that has no answer, unless the client is flooding.
    pub(crate) fn admit_small(&self, client: &Client, bytes: usize) -> Admission {
        if self.count(client, None, bytes).is_err() && self.is_flooding(client) {
            Admission::Close(CloseReason::Flooding)
        } else {
            Admission::Take
        }
    }

    /// Decides whether an event is parsed. An event that is not is answered here.
    pub(crate) fn admit_event(
        &self,
        connection: &Arc<Connection>,
        head: impl FnOnce() -> EventHead,
        bytes: usize,
        passed_over: Option<PassedOver>,
    ) -> Admission {
        let client = &connection.client;
        let counted = self.count(client, Some(connection), bytes);
        match counted.and_then(|()| read("payload", passed_over)) {
            Ok(()) => Admission::Take,
            Err(refusal) => self.refuse_event(connection, head(), refusal),
        }
    }

    /// Answers an event that is not handled, or closes a connection that keeps sending such events.
    pub(crate) fn refuse_event(
        &self,
        connection: &Arc<Connection>,
        (name, ack): EventHead,
        refusal: Refusal,
    ) -> Admission {
        if self.is_flooding(&connection.client) {
            self.0.service.metrics().refused(Refused::Event, refusal.code);
            return Admission::Close(CloseReason::Flooding);
        }
        session::refuse_unread(self, connection, name.unwrap_or_default(), ack, refusal);
        Admission::Drop
    }
}

/// Maps a packet that the engine did not read to the refusal that says why.
fn read(field: &str, passed_over: Option<PassedOver>) -> Result<(), Refusal> {
    match passed_over {
        None => Ok(()),
        Some(PassedOver::TooLarge) => {
            let most = format!("is too large: an event or CONNECT has at most {EVENT_BYTES_MAX} bytes");
            Err(Refusal::too_large(field, most))
        }
        // The rate limit was exceeded when the packet began to arrive.
        Some(PassedOver::Unwanted) => Err(Refusal::rate_limited(1)),
    }
}

/// The CONNECT_ERROR packet of a refusal.
pub(crate) fn connect_error(refusal: &Refusal) -> ConnectError {
    let data = format!("{{\"code\":\"{}\"}}", refusal.code.as_str());
    ConnectError { message: refusal.message.clone(), data: Some(data) }
}
