//! The closed list of everything that the hub handles, and the handle by which connections send to it.
//!
//! What must stay true: the hub receives nothing but what these lists name.

use std::sync::Arc;

use quintet_bus::{Publication, RemotePresence};
use quintet_domain::{Commit, ConnectionId, Ephemeral, Message, NodeId, Refusal, User, UserId};
use quintet_service::{Memberships, PendingNotifications, ReadAhead, Service};
use tokio::sync::{mpsc, oneshot};

use super::attach_reply::Attached;
use crate::connection::Connection;

/// Everything that the hub handles.
pub(crate) enum HubMessage {
    /// A commit was published.
    Commit(Commit),
    /// An ephemeral event was published.
    Ephemeral(Ephemeral),
    /// It has changed who is connected to another node.
    Remote { node: NodeId, presence: RemotePresence },
    /// A connection, or a task that works for one, sent a message.
    Client(ClientMessage),
    /// The next timer is due.
    Timer,
}

impl From<Publication> for HubMessage {
    fn from(publication: Publication) -> Self {
        match publication {
            Publication::Committed(commit) => Self::Commit(commit),
            Publication::Ephemeral(ephemeral) => Self::Ephemeral(ephemeral),
            Publication::Remote { node, presence } => Self::Remote { node, presence },
        }
    }
}

/// The result of a replay to a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ReplayOutcome {
    /// Everything up to this position was queued.
    UpTo(u64),
    /// Nothing was queued; the connection starts afresh.
    Nothing,
    /// The connection was closed because it did not receive the replayed events in time.
    Closed,
}

/// A connection that is to be attached to the hub.
pub(crate) struct Attach {
    pub(super) connection: Arc<Connection>,
    pub(super) user: Arc<User>,
    /// What was read of the user, if it was.
    pub(super) ahead: Option<Box<ReadAhead>>,
    pub(super) reply: oneshot::Sender<Attached>,
}

/// A message that a connection, or a task that works for one, sends to the hub.
pub(crate) enum ClientMessage {
    /// A connection has become a user's and is to be attached.
    Attach(Box<Attach>),
    /// The memberships of a user were read.
    MembershipsRead { user: UserId, load: u64, memberships: Result<Memberships, Refusal> },
    /// The profile and the memberships of a user were read who is connected to another node. There is no profile of a guest
    /// who owns nothing.
    ReadElsewhere { user: UserId, load: u64, state: Result<(Option<Arc<User>>, Memberships), Refusal> },
    /// A connection ended.
    Detach { connection: ConnectionId, user: UserId },
    /// The notifications that were pending when a connection was attached were read.
    NotificationsRead { connection: ConnectionId, user: UserId, pending: PendingNotifications },
    /// The conversations of a user without a connection were read, whose members receive its new profile.
    ProfileAudience { user: UserId, memberships: Memberships },
    /// A connection is to be accepted before its replay has ended.
    Accept { connection: ConnectionId, user: UserId },
    /// Messages of others were sent to a connection, in its replay: the newest of each conversation.
    SentAgain { connection: ConnectionId, user: UserId, messages: Vec<Arc<Message>> },
    /// The replay to a connection has ended.
    Replayed { connection: ConnectionId, user: UserId, outcome: ReplayOutcome },
    /// A connection has sent a new token of the same user.
    TokenRefreshed { connection: ConnectionId, user: UserId },
    /// Some delivery cursors were moved.
    DeliveriesNoted,
    /// The server stops: all users who are online are recorded as seen now.
    Stop { reply: oneshot::Sender<()> },
}

/// The handle by which connections send to the hub.
#[derive(Clone)]
pub(crate) struct HubHandle(mpsc::Sender<ClientMessage>);

impl HubHandle {
    /// The handle of a hub that reads the other end of a channel.
    pub(crate) fn new(inbox: mpsc::Sender<ClientMessage>) -> Self {
        Self(inbox)
    }

    /// Attaches a connection to its user. Returns once the connection receives all of the user's events.
    pub(crate) async fn attach(
        &self,
        connection: Arc<Connection>,
        user: Arc<User>,
        ahead: Option<Box<ReadAhead>>,
    ) -> Attached {
        let (reply, attached) = oneshot::channel();
        let attach = Attach { connection, user, ahead, reply };
        let _ = self.0.send(ClientMessage::Attach(Box::new(attach))).await;
        attached.await.unwrap_or_else(|_| Err(Refusal::internal()))
    }

    /// Reports that a connection has a new token, which may expire at another time.
    pub(crate) async fn token_refreshed(&self, connection: ConnectionId, user: UserId) {
        let _ = self.0.send(ClientMessage::TokenRefreshed { connection, user }).await;
    }

    /// Detaches a connection that ended.
    pub(crate) async fn detach(&self, connection: ConnectionId, user: UserId) {
        let _ = self.0.send(ClientMessage::Detach { connection, user }).await;
    }

    /// Records when all users who are online were last seen.
    pub(crate) async fn stop(&self) {
        let (reply, stopped) = oneshot::channel();
        let _ = self.0.send(ClientMessage::Stop { reply }).await;
        let _ = stopped.await;
    }
}

/// Reads the memberships of a user in a task, which sends them to the hub.
pub(super) fn read_memberships(service: &Service, inbox: &mpsc::WeakSender<ClientMessage>, user: UserId, load: u64) {
    let (service, inbox) = (service.clone(), inbox.clone());
    tokio::spawn(async move {
        let memberships = service.memberships(user.clone()).await;
        if let Some(inbox) = inbox.upgrade() {
            let _ = inbox.send(ClientMessage::MembershipsRead { user, load, memberships }).await;
        }
    });
}
