//! Everything that wakes the hub, as one closed list, and the handle by which connections reach it.
//!
//! What must stay true: nothing reaches the hub but by these lists.

use std::sync::Arc;

use quintet_bus::Publication;
use quintet_domain::{Commit, ConnectionId, Ephemeral, Refusal, User, UserId};
use quintet_service::{Memberships, PendingNotifications, Service};
use tokio::sync::{mpsc, oneshot};

use super::entrance::Attached;
use crate::connection::Connection;

/// Everything that wakes the hub.
pub(crate) enum HubMessage {
    /// Writes were committed.
    Commit(Commit),
    /// An event that is not stored was published.
    Ephemeral(Ephemeral),
    /// A connection, or a task that works for one, has something for the hub.
    Client(ClientMessage),
    /// The time of a timer has come.
    Timer,
}

impl From<Publication> for HubMessage {
    fn from(publication: Publication) -> Self {
        match publication {
            Publication::Committed(commit) => Self::Commit(commit),
            Publication::Ephemeral(ephemeral) => Self::Ephemeral(ephemeral),
        }
    }
}

/// How far a connection was brought up to date.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ReplayOutcome {
    /// Up to this position.
    UpTo(u64),
    /// Not at all: it starts afresh.
    Nothing,
    /// It did not take what it missed, and was closed.
    Closed,
}

/// What connections, and tasks that work for them, send to the hub.
pub(crate) enum ClientMessage {
    /// A connection has become a user's.
    Attach { connection: Arc<Connection>, user: Arc<User>, reply: oneshot::Sender<Attached> },
    /// A user's memberships were read.
    MembershipsRead { user: UserId, load: u64, memberships: Result<Memberships, Refusal> },
    /// A connection ended.
    Detach { connection: ConnectionId, user: UserId },
    /// The notifications that were pending when a connection came were read.
    NotificationsRead { connection: ConnectionId, user: UserId, pending: PendingNotifications },
    /// A connection that is being replayed to is to be let in before the replay has ended.
    LetIn { connection: ConnectionId, user: UserId },
    /// The replay to a connection has ended.
    Replayed { connection: ConnectionId, user: UserId, outcome: ReplayOutcome },
    /// A connection has a new token of the same user.
    TokenRefreshed { connection: ConnectionId, user: UserId },
    /// The server stops: all who are online are recorded as seen now.
    Stop { reply: oneshot::Sender<()> },
}

/// The handle by which connections reach the hub.
#[derive(Clone)]
pub(crate) struct HubHandle(mpsc::Sender<ClientMessage>);

impl HubHandle {
    /// The handle of the hub that reads the other end of a channel.
    pub(crate) fn new(inbox: mpsc::Sender<ClientMessage>) -> Self {
        Self(inbox)
    }

    /// Attaches a connection to its user; ready when it receives everything.
    pub(crate) async fn attach(&self, connection: Arc<Connection>, user: Arc<User>) -> Attached {
        let (reply, attached) = oneshot::channel();
        let _ = self.0.send(ClientMessage::Attach { connection, user, reply }).await;
        attached.await.unwrap_or_else(|_| Err(Refusal::internal()))
    }

    /// Reports that a connection has a new token, which expires at another time.
    pub(crate) async fn token_refreshed(&self, connection: ConnectionId, user: UserId) {
        let _ = self.0.send(ClientMessage::TokenRefreshed { connection, user }).await;
    }

    /// Detaches a connection that ended.
    pub(crate) async fn detach(&self, connection: ConnectionId, user: UserId) {
        let _ = self.0.send(ClientMessage::Detach { connection, user }).await;
    }

    /// Records when all who are online were last seen.
    pub(crate) async fn stop(&self) {
        let (reply, stopped) = oneshot::channel();
        let _ = self.0.send(ClientMessage::Stop { reply }).await;
        let _ = stopped.await;
    }
}

/// Reads a user's memberships, and sends them to the hub.
pub(super) fn read_memberships(service: &Service, inbox: &mpsc::WeakSender<ClientMessage>, user: UserId, load: u64) {
    let (service, inbox) = (service.clone(), inbox.clone());
    tokio::spawn(async move {
        let memberships = service.memberships(user.clone()).await;
        if let Some(inbox) = inbox.upgrade() {
            let _ = inbox.send(ClientMessage::MembershipsRead { user, load, memberships }).await;
        }
    });
}
