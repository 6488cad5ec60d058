//! A user with connections here, and each of its connections, as the hub's state keeps them.

use std::cell::RefCell;
use std::sync::Arc;

use quintet_domain::{ConversationId, ConversationRef, NotificationId, User};
use quintet_service::EventRate;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Attached;
use super::recover::Held;
use super::slots::Slots;
use super::timers::TimerKey;
use crate::connection::Connection;

pub(super) type Waiting = Vec<(Arc<Connection>, oneshot::Sender<Attached>)>;

/// One connection of a resident.
pub(super) struct Seat {
    pub(super) connection: Arc<Connection>,
    /// Conversations that this connection does not want to hear.
    pub(super) muted: Vec<ConversationId>,
    /// The timer of its token's expiry or, once that has happened, of the connection's end.
    pub(super) expiry: Option<TimerKey>,
    /// Notifications heard while the older ones are being read.
    pub(super) heard: Option<Vec<NotificationId>>,
    /// Events that are held back while what the connection missed is being read.
    pub(super) held: RefCell<Option<Box<Held>>>,
}

/// A user who has connections here, or had some a moment ago.
pub(super) struct Resident {
    pub(super) user: Arc<User>,
    pub(super) seats: Vec<Seat>,
    pub(super) rooms: Slots,
    /// Whether its arrival was announced to everybody.
    pub(super) told_everybody: bool,
    /// Its arrival number; 0 before it has one.
    pub(super) came: u64,
    /// Its presence changes that have not been announced yet.
    pub(super) untold: usize,
    /// Whether it counts as online.
    pub(super) online: bool,
    /// When its last connection ended; none while it has one.
    pub(super) gone_since: Option<Instant>,
    pub(super) rate: Arc<EventRate>,
    pub(super) waiting: Waiting,
    /// What changes meanwhile; a box, for nearly all have been read.
    #[expect(clippy::box_collection, reason = "a resident is kept for each user, a list of changes hardly ever")]
    pub(super) loading: Option<Box<Vec<Change>>>,
    /// Which read of its conversations is its own: one that was begun for a guest says nothing of an account.
    pub(super) load: u64,
}

impl Resident {
    /// Whether its conversations are being read.
    pub(super) fn is_loading(&self) -> bool {
        self.loading.is_some()
    }

    /// Whether it has a connection, seated or about to be.
    pub(super) fn is_here(&self) -> bool {
        !self.seats.is_empty() || !self.waiting.is_empty()
    }
}

/// A change of membership that came while the memberships were being read.
pub(super) struct Change {
    pub(super) position: u64,
    pub(super) conversation: Arc<ConversationRef>,
    pub(super) joined: bool,
}
