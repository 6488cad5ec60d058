//! A user with connections here, and each of these connections, as the directory keeps them.
//!
//! What must stay true: a user has no two subscribers of the same connection; one that is here has no time since which it
//! is gone.

use std::cell::RefCell;
use std::sync::Arc;

use quintet_domain::{ConversationId, ConversationRef, User};
use quintet_service::EventRate;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::entrance::Attached;
use super::replay_buffer::ReplayBuffer;
use super::slots::Slots;
use super::timers::TimerKey;
use crate::connection::Connection;

/// Connections that are attached once their user's memberships are known.
pub(super) type Attaching = Vec<(Arc<Connection>, oneshot::Sender<Attached>)>;

/// A connection that receives what its user receives.
pub(super) struct Subscriber {
    pub(super) connection: Arc<Connection>,
    /// Conversations of which this connection receives nothing.
    pub(super) muted: Vec<ConversationId>,
    /// The timer of its token's expiry or, after that, of the connection's end.
    pub(super) expiry: Option<TimerKey>,
    /// Events that are held back while older ones are replayed.
    pub(super) buffer: RefCell<Option<Box<ReplayBuffer>>>,
}

/// What the announcements of a user's presence need to remember; the presence part alone changes it.
#[derive(Default)]
pub(super) struct UserPresence {
    /// Whether the user counts as online.
    pub(super) online: bool,
    /// Whether its arrival was announced to everybody, not only to those who share a conversation.
    pub(super) to_everybody: bool,
    /// The number of its arrival; 0 before the first.
    pub(super) arrival: u64,
    /// Its changes that were published and not announced yet.
    pub(super) unannounced: usize,
}

/// A user who has connections here, or had some a moment ago.
pub(super) struct LocalUser {
    pub(super) user: Arc<User>,
    pub(super) subscribers: Vec<Subscriber>,
    /// The slots of the channels that the user is in.
    pub(super) channels: Slots,
    pub(super) presence: UserPresence,
    /// When its last connection ended; none while it has one.
    pub(super) gone_since: Option<Instant>,
    pub(super) rate: Arc<EventRate>,
    pub(super) attaching: Attaching,
    /// Changes of membership since the read of its memberships began; none once they are known. A box, for nearly all
    /// are known.
    #[expect(clippy::box_collection, reason = "kept for each user, and a list of changes is there hardly ever")]
    pub(super) loading: Option<Box<Vec<MembershipChange>>>,
    /// The number of that read: one that was begun for a guest says nothing of an account with the same id.
    pub(super) load: u64,
}

impl LocalUser {
    /// Whether its memberships are being read.
    pub(super) fn is_loading(&self) -> bool {
        self.loading.is_some()
    }

    /// Whether it has a connection, attached or about to be.
    pub(super) fn is_here(&self) -> bool {
        !self.subscribers.is_empty() || !self.attaching.is_empty()
    }
}

/// A change of membership.
pub(super) struct MembershipChange {
    pub(super) position: u64,
    pub(super) conversation: Arc<ConversationRef>,
    pub(super) joined: bool,
}
