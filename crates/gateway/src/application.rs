//! The gateway as the application of a Socket.IO engine.
//!
//! What must stay true: the engine calls these methods for one connection one after the other, so that its events are
//! handled in order.

use std::net::SocketAddr;
use std::sync::Arc;

use quintet_dialect::Dialect;
use quintet_domain::Refusal;
use quintet_socketio::{
    Admission, Application, CloseReason, ConnectError, Event, Handshake, Incoming, Link, Party, Transport,
};
use quintet_telemetry::scoped;

use crate::admit::connect_error;
use crate::client::TransportHandle;
use crate::connect;
use crate::connection::{Connection, Out};
use crate::gateway::{Gateway, closed_by};
use crate::services;
use crate::session::{self, ClientEvent};
use crate::traced::ConnectSpan;
use crate::visitor::Visitor;

impl Gateway {
    /// Accepts a connection to a namespace. `dialect` is that of the namespace, if it has one.
    async fn enter(
        &self,
        visitor: &Visitor,
        link: &Link,
        handshake: Handshake<'_>,
        dialect: Option<Dialect>,
    ) -> Result<Arc<Connection>, Refusal> {
        let auth = connect::Auth::read(handshake.auth)?;
        let out = Out::SocketIo(link.clone());
        if link.namespace() == services::NAMESPACE {
            return services::connect(self, visitor, &auth, handshake.recovery, out, None).await;
        }
        let dialect = match dialect {
            None => connect::asked_dialect(visitor, &auth)?,
            named => named,
        };
        connect::connect(self, visitor, &auth, dialect, handshake.recovery, out).await
    }
}

impl Application for Gateway {
    type Visitor = Visitor;
    type Peer = Arc<Connection>;

    fn arrive(&self, request: &http::request::Parts, remote: SocketAddr) -> Result<Visitor, String> {
        self.admit_client(request, remote).map_err(|refusal| refusal.message)
    }

    fn opened(&self, visitor: &Visitor, transport: Transport) {
        visitor.client.open(TransportHandle::SocketIo(transport));
    }

    fn inflates(&self, visitor: &Visitor) -> bool {
        self.may_inflate(&visitor.client)
    }

    fn party(&self, visitor: &Visitor) -> Party {
        visitor.client.party()
    }

    fn admit(&self, visitor: &Visitor, incoming: Incoming<'_, Arc<Connection>>) -> Admission {
        self.admit_incoming(&visitor.client, incoming)
    }

    fn never_entered(&self, _: &Visitor, reason: CloseReason) {
        self.0.service.metrics().closed(closed_by(reason));
    }

    async fn connect(
        &self,
        visitor: &Visitor,
        link: &Link,
        handshake: Handshake<'_>,
    ) -> Result<Arc<Connection>, ConnectError> {
        let dialect = match link.namespace() {
            "/" | services::NAMESPACE => None,
            named => Some(Dialect::of_namespace(named).ok_or_else(ConnectError::invalid_namespace)?),
        };
        let span = ConnectSpan::begin(&self.0.service, visitor.request_span.as_deref());
        let connected = scoped(span.scope(), self.enter(visitor, link, handshake, dialect)).await;
        span.end(connected.as_deref().map_err(|refusal| refusal.code));
        connected.map_err(|refusal| {
            self.refused(&refusal);
            connect_error(&refusal)
        })
    }

    async fn event(&self, connection: &Arc<Connection>, event: Event<'_>) {
        let received = ClientEvent { name: event.name, args: event.args, ack: event.ack };
        session::event(self, connection, received, event.attachments).await;
    }

    async fn disconnected(&self, connection: Arc<Connection>, reason: CloseReason) {
        scoped(connection.scope(), self.left(&connection, reason)).await;
    }
}
