//! Connections in, deliveries out.
//!
//! What lives here: the identity and dialect of a connection (`connect.rs`), its events (`session.rs`) and the table of
//! its commands that wait for a reply (`pending_commands.rs`), who receives what (`hub`), and the plain WebSocket beside
//! Socket.IO.
//! What does not: the store, REST, and the vocabulary of a dialect.
//!
//! What must stay true: the events of one connection are taken in order and answered once each; replies and events
//! reach a connection through the hub, in commit order.

mod admit;
mod client;
mod connect;
mod connection;
mod hub;
mod hub_task;
mod pending_commands;
mod plain;
mod recovery;
mod responder;
mod session;
mod settings;

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

pub use client::UnidentifiedMax;
pub use connect::Listener;
use quintet_dialect::Dialect;
use quintet_domain::{ConnectionId, Refusal};
use quintet_service::{Refused, ResumeTokens, Service};
use quintet_socketio::{
    Admission, Application, CloseReason, ConnectError, Event, Handshake, Incoming, Link, Origins, Outbox, Party,
    Transport, Unfinished,
};
pub use settings::{Audience, Echo, Settings};
use tokio_util::task::TaskTracker;

use crate::client::{Clients, Door};
use crate::connect::Visitor;
use crate::connection::{Census, Connection, Out, Resumption};
use crate::hub::{HubHandle, Surroundings};
pub use crate::hub_task::HubTask;
use crate::pending_commands::PendingCommands;
use crate::session::ClientEvent;

/// The rules by which every transport admits clients.
#[derive(Clone, Debug, Default)]
pub struct Doors {
    /// The origins of pages that may connect.
    pub origins: Origins,
    /// How many clients that are not identified there may be.
    pub unidentified: UnidentifiedMax,
    /// Clients that one registered user may have at once, those of listeners that trust apart; 0 for any number.
    pub connections_per_user: usize,
    /// The budget for messages that have begun and not ended, which the engine shares.
    pub unfinished: Unfinished,
}

/// The gateway, as the application of a Socket.IO engine and as the server of plain WebSockets. Cheap to clone.
#[derive(Clone)]
pub struct Gateway(Arc<Inner>);

struct Inner {
    service: Service,
    settings: Settings,
    doors: Doors,
    clients: Arc<Clients>,
    hub: HubHandle,
    pending_commands: Arc<PendingCommands>,
    resume_tokens: ResumeTokens,
    census: Arc<Census>,
    next_id: AtomicU64,
    plain: Mutex<HashMap<u64, Plain>>,
    tasks: TaskTracker,
}

/// A plain WebSocket, and the connection over it once it was let in.
#[derive(Debug)]
struct Plain {
    outbox: Weak<Outbox>,
    connection: Weak<Connection>,
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

impl Gateway {
    /// Makes a gateway and runs its hub; needs a running tokio runtime.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn start(service: Service, settings: Settings, doors: Doors) -> Result<Self, Refusal> {
        let (gateway, hub) = Self::with_hub(service, settings, doors).await?;
        tokio::spawn(hub.run());
        Ok(gateway)
    }

    /// Makes a gateway whose hub the caller runs, as a whole or step by step.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn with_hub(service: Service, settings: Settings, doors: Doors) -> Result<(Self, HubTask), Refusal> {
        let census = Arc::new(Census::default());
        let pending_commands = Arc::new(PendingCommands::default());
        let subscription = service.bus().subscribe();
        let position = service.position().await?;
        let resume_tokens = service.resume_tokens().await?;
        let surroundings = Surroundings {
            service: service.clone(),
            settings,
            resume_tokens: resume_tokens.clone(),
            census: Arc::clone(&census),
            pending_commands: Arc::clone(&pending_commands),
        };
        let (hub, task) = HubTask::new(surroundings, subscription, position);
        let gateway = Self(Arc::new(Inner {
            service,
            settings,
            clients: Clients::new(doors.unidentified, doors.connections_per_user),
            doors,
            hub,
            pending_commands,
            resume_tokens,
            census,
            next_id: AtomicU64::new(first_id()),
            plain: Mutex::default(),
            tasks: TaskTracker::new(),
        }));
        Ok((gateway, task))
    }

    fn new_connection(
        &self,
        out: Out,
        visitor: &Visitor,
        dialect: Option<Dialect>,
        resumption: Resumption,
    ) -> Arc<Connection> {
        let id = ConnectionId(self.0.next_id.fetch_add(1, Ordering::Relaxed));
        let census = Arc::clone(&self.0.census);
        Connection::new(id, out, Arc::clone(&visitor.client), visitor.listener.trust, dialect, resumption, census)
    }

    /// Closes `count` connections of clients without a token, to make room for others: first the oldest that had time to
    /// show one, then guests. Returns how many it closed.
    pub fn close_unidentified(&self, count: usize) -> usize {
        self.0.clients.close(count)
    }

    /// How many connections are there whose clients nobody vouches for, those included that have not said yet who they
    /// are.
    #[must_use]
    pub fn unidentified(&self) -> usize {
        self.0.clients.count()
    }

    /// Bytes that are held of messages which have begun and not ended.
    #[must_use]
    pub fn unfinished_bytes(&self) -> usize {
        self.0.doors.unfinished.held_bytes()
    }

    /// Closes plain connections, and notes when everybody was last seen. Socket.IO's are the engine's to close.
    pub async fn close(&self) {
        let outboxes: Vec<_> = {
            let plain = self.0.plain.lock().unwrap_or_else(PoisonError::into_inner);
            plain.values().filter_map(|plain| plain.outbox.upgrade()).collect()
        };
        for outbox in outboxes {
            outbox.close(CloseReason::Shutdown);
        }
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// Notes when everybody who is here was last seen: before the connections are closed.
    pub async fn before_close(&self) {
        self.0.hub.stop().await;
    }

    /// Connections by dialect, those that have not decided last.
    #[must_use]
    pub fn connections(&self) -> [(&'static str, usize); 6] {
        let census = &self.0.census;
        let [a, b, c, d, e] = Dialect::ALL.map(|dialect| (dialect.as_str(), census.count(Some(dialect))));
        [a, b, c, d, e, ("undecided", census.count(None))]
    }

    /// Visits every plain WebSocket, with the dialect that is spoken over it.
    pub fn visit_plain(&self, mut visit: impl FnMut(&'static str)) {
        let plain = self.0.plain.lock().unwrap_or_else(PoisonError::into_inner);
        for plain in plain.values().filter(|plain| plain.outbox.strong_count() > 0) {
            visit(plain.connection.upgrade().and_then(|one| one.dialect()).map_or("undecided", Dialect::as_str));
        }
    }

    /// The dialect that a session's label stands for.
    #[must_use]
    pub fn dialect_of(label: u8) -> &'static str {
        connection::dialect_name(label)
    }

    /// Bytes that wait for plain WebSockets.
    #[must_use]
    pub fn plain_queued_bytes(&self) -> usize {
        let plain = self.0.plain.lock().unwrap_or_else(PoisonError::into_inner);
        plain.values().filter_map(|plain| plain.outbox.upgrade()).map(|outbox| outbox.queued_bytes()).sum()
    }

    /// A refusal of a connection that wanted in.
    fn refused(&self, refusal: &Refusal) {
        self.0.service.metrics().refused(Refused::Connect, refusal.code);
    }

    async fn left(&self, connection: &Connection, reason: CloseReason) {
        self.0.service.metrics().closed(closed_by(reason));
        if let Some(identity) = connection.identity() {
            self.0.hub.detach(connection.id, identity.user.id.clone()).await;
        }
    }
}

/// Where this process starts to number its connections: 31 random bits above what can be counted, so that another
/// process has other numbers. They are no secrets.
fn first_id() -> u64 {
    let random = RandomState::new().build_hasher().finish();
    (random >> 33 << 32) | 1
}

/// How an operator reads why a connection ended.
fn closed_by(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::TransportClosed | CloseReason::PeerClosed(_) => "transport",
        CloseReason::ClientDisconnected => "client",
        // What the decoder of WebSocket finds wrong (RFC 6455 section 7.4.1).
        CloseReason::Application(1002 | 1007 | 1009, _) => "protocol_error",
        CloseReason::ServerDisconnected | CloseReason::Application(..) => "server",
        CloseReason::PingTimeout => "ping_timeout",
        CloseReason::QueueFull => "too_slow",
        CloseReason::Shutdown => "shutdown",
        CloseReason::ProtocolError => "protocol_error",
        CloseReason::ConnectTimeout => "connect_timeout",
        CloseReason::Flooding => "flooding",
        CloseReason::Unfinished => "unfinished",
        CloseReason::Pressure => "pressure",
    }
}

/// A refusal as CONNECT_ERROR has it.
fn connect_error(refusal: &Refusal) -> ConnectError {
    let data = format!("{{\"code\":\"{}\"}}", refusal.code.as_str());
    ConnectError { message: refusal.message.clone(), data: Some(data) }
}

impl Application for Gateway {
    type Visitor = Visitor;
    type Peer = Arc<Connection>;

    fn arrive(&self, request: &http::request::Parts, remote: SocketAddr) -> Result<Visitor, String> {
        self.admit_client(request, remote).map_err(|refusal| refusal.message)
    }

    fn opened(&self, visitor: &Visitor, transport: Transport) {
        visitor.client.open(Door::SocketIo(transport));
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
        let refuse = |refusal: Refusal| {
            self.refused(&refusal);
            connect_error(&refusal)
        };
        let auth = connect::Auth::read(handshake.auth).map_err(refuse)?;
        let dialect = match link.namespace() {
            "/" => connect::asked_dialect(visitor, &auth).map_err(refuse)?,
            named => Some(Dialect::of_namespace(named).ok_or_else(ConnectError::invalid_namespace)?),
        };
        let out = Out::SocketIo(link.clone());
        let connected = connect::connect(self, visitor, &auth, dialect, handshake.recovery, out).await;
        connected.map_err(refuse)
    }

    async fn event(&self, connection: &Arc<Connection>, event: Event<'_>) {
        let received = ClientEvent { name: event.name, args: event.args, ack: event.ack };
        session::event(self, connection, received, event.attachments).await;
    }

    async fn disconnected(&self, connection: Arc<Connection>, reason: CloseReason) {
        self.left(&connection, reason).await;
    }
}
