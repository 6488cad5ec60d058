//! The gateway itself: its parts, its limits, and what metrics and the shutdown ask of it.
//!
//! What must stay true: the hub subscribes to the bus before it reads the position at which it starts, so that it misses
//! no commit.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use quintet_dialect::Dialect;
use quintet_domain::{ConnectionId, Refusal};
use quintet_service::{Base, Refused, ResumeTokens, Service};
use quintet_socketio::{CloseReason, Origins, Outbox, Unfinished};
use tokio_util::task::TaskTracker;

use crate::census::{Census, SERVICES, SERVICES_NAME, dialect_name};
use crate::client::{Clients, UnidentifiedMax};
use crate::connection::{Connection, Out, Resumption};
use crate::hub::{HubContext, HubHandle};
use crate::hub_task::HubTask;
use crate::pending_commands::PendingCommands;
use crate::service_sockets::ServiceSockets;
use crate::settings::Settings;
use crate::unknown_events::UnknownEvents;
use crate::visitor::Visitor;

/// The limits by which every transport admits clients.
#[derive(Clone, Debug, Default)]
pub struct Doors {
    /// The origins of web pages that may connect.
    pub origins: Origins,
    /// Limits on clients that are not identified.
    pub unidentified: UnidentifiedMax,
    /// Maximum number of clients of one registered user, without those of trusted listeners; 0 means no limit.
    pub connections_per_user: usize,
    /// The budget for bytes of unfinished messages, which the engine shares.
    pub unfinished: Unfinished,
}

/// The gateway, as the application of a Socket.IO engine and as the server of plain WebSockets. Cheap to clone.
#[derive(Clone)]
pub struct Gateway(pub(crate) Arc<Inner>);

/// The parts of a gateway.
pub(crate) struct Inner {
    pub(crate) service: Service,
    pub(crate) settings: Settings,
    pub(crate) doors: Doors,
    pub(crate) clients: Arc<Clients>,
    pub(crate) hub: HubHandle,
    pub(crate) pending_commands: Arc<PendingCommands>,
    pub(crate) resume_tokens: ResumeTokens,
    pub(crate) census: Arc<Census>,
    pub(crate) next_id: AtomicU64,
    pub(crate) plain: Mutex<HashMap<u64, PlainSocket>>,
    pub(crate) tasks: TaskTracker,
    pub(crate) unknown_events: UnknownEvents,
    pub(crate) service_sockets: Arc<ServiceSockets>,
}

/// A plain WebSocket, and its connection once that was accepted.
#[derive(Debug)]
pub(crate) struct PlainSocket {
    pub(crate) outbox: Weak<Outbox>,
    pub(crate) connection: Weak<Connection>,
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

impl Gateway {
    /// Creates a gateway and spawns its hub. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// The refusal of the store, if it does not answer.
    pub async fn start(service: Service, settings: Settings, doors: Doors) -> Result<Self, Refusal> {
        let (gateway, hub) = Self::with_hub(service, settings, doors).await?;
        let hub = tokio::spawn(hub.run());
        tokio::spawn(async move {
            if let Err(error) = hub.await
                && error.is_panic()
            {
                // Without its hub the server commits and answers nobody. Clients resume with the process that comes next,
                // and nothing acknowledged is lost.
                tracing::error!(%error, "the hub panicked; the process ends");
                std::process::abort();
            }
        });
        Ok(gateway)
    }

    /// Creates a gateway and its hub, which the caller runs, as a whole or step by step.
    ///
    /// # Errors
    /// The refusal of the store, if it does not answer.
    pub async fn with_hub(service: Service, settings: Settings, doors: Doors) -> Result<(Self, HubTask), Refusal> {
        let census = Arc::new(Census::default());
        let pending_commands = Arc::new(PendingCommands::default());
        let subscription = service.bus().subscribe();
        let position = service.position().await?;
        let resume_tokens = service.resume_tokens().await?;
        let context = HubContext {
            service: service.clone(),
            settings,
            resume_tokens: resume_tokens.clone(),
            census: Arc::clone(&census),
            pending_commands: Arc::clone(&pending_commands),
        };
        let (hub, task) = HubTask::new(context, subscription, position);
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
            unknown_events: UnknownEvents::default(),
            service_sockets: Arc::default(),
        }));
        Ok((gateway, task))
    }

    pub(crate) fn new_connection(
        &self,
        (out, base): (Out, Base),
        visitor: &Visitor,
        dialect: Option<Dialect>,
        resumption: Resumption,
    ) -> Arc<Connection> {
        let id = ConnectionId(self.0.next_id.fetch_add(1, Ordering::Relaxed));
        let census = Arc::clone(&self.0.census);
        Connection::new(
            id,
            (out, base),
            Arc::clone(&visitor.client),
            visitor.listener.trust,
            dialect,
            resumption,
            census,
        )
    }

    pub(crate) fn new_service_connection(
        &self,
        (out, base): (Out, Base),
        visitor: &Visitor,
        resumption: Resumption,
    ) -> Arc<Connection> {
        let id = ConnectionId(self.0.next_id.fetch_add(1, Ordering::Relaxed));
        let census = Arc::clone(&self.0.census);
        Connection::numbered(
            id,
            (out, base),
            Arc::clone(&visitor.client),
            visitor.listener.trust,
            SERVICES,
            resumption,
            census,
        )
    }

    /// Closes up to `count` clients that are not identified, to make room for others: the oldest that had time to send
    /// a token first, then guests. Returns how many were closed.
    pub fn close_unidentified(&self, count: usize) -> usize {
        self.0.clients.close(count)
    }

    /// The number of clients that are not identified, including those that have not entered a namespace yet.
    #[must_use]
    pub fn unidentified(&self) -> usize {
        self.0.clients.count()
    }

    /// The number of bytes of unfinished messages that are held.
    #[must_use]
    pub fn unfinished_bytes(&self) -> usize {
        self.0.doors.unfinished.held_bytes()
    }

    /// Closes the plain WebSockets and waits for their tasks. Connections of Socket.IO are closed by the engine.
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

    /// Records when all users who are online were last seen. Must be called before the connections are closed.
    pub async fn before_close(&self) {
        self.0.hub.stop().await;
    }

    /// The number of connections by dialect, then undecided ones, and those of services.
    #[must_use]
    pub fn connections(&self) -> [(&'static str, usize); 7] {
        let census = &self.0.census;
        let [a, b, c, d, e] = Dialect::ALL.map(|dialect| (dialect.as_str(), census.count(Some(dialect))));
        [a, b, c, d, e, ("undecided", census.count(None)), (SERVICES_NAME, census.services())]
    }

    /// Visits every plain WebSocket with the name of its dialect.
    pub fn visit_plain(&self, mut visit: impl FnMut(&'static str)) {
        let plain = self.0.plain.lock().unwrap_or_else(PoisonError::into_inner);
        for plain in plain.values().filter(|plain| plain.outbox.strong_count() > 0) {
            visit(plain.connection.upgrade().map_or("undecided", |one| one.dialect_name()));
        }
    }

    /// The name of the dialect that a session's label stands for.
    #[must_use]
    pub fn dialect_of(label: u8) -> &'static str {
        dialect_name(label)
    }

    /// The number of bytes that are queued for plain WebSockets.
    #[must_use]
    pub fn plain_queued_bytes(&self) -> usize {
        let plain = self.0.plain.lock().unwrap_or_else(PoisonError::into_inner);
        plain.values().filter_map(|plain| plain.outbox.upgrade()).map(|outbox| outbox.queued_bytes()).sum()
    }

    /// Counts the refusal of a connection in the metrics.
    pub(crate) fn refused(&self, refusal: &Refusal) {
        self.0.service.metrics().refused(Refused::Connect, refusal.code);
    }

    pub(crate) async fn left(&self, connection: &Connection, reason: CloseReason) {
        self.0.service.metrics().closed(closed_by(reason));
        connection.end_task();
        if let Some(identity) = connection.identity() {
            self.0.hub.detach(connection.id, identity.user.id.clone()).await;
        }
    }
}

/// The first connection id of this process: 31 random bits above the bits that count connections, so that another
/// process uses other ids. The ids are no secrets.
fn first_id() -> u64 {
    let random = RandomState::new().build_hasher().finish();
    (random >> 33 << 32) | 1
}

/// The reason why a connection ended, as metrics name it.
pub(crate) fn closed_by(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::TransportClosed | CloseReason::PeerClosed(_) => "transport",
        CloseReason::ClientDisconnected => "client",
        // The error codes of the WebSocket decoder (RFC 6455 section 7.4.1).
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
