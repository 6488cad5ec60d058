//! Local users, and the connections that they have, as the directory keeps them.
//!
//! What must stay true: a user has no two subscribers of the same connection; `gone_since` is set only while the user
//! has no connection.

use std::cell::RefCell;
use std::sync::Arc;

use quintet_domain::{ConversationId, ConversationRef, User};
use quintet_service::{EventRate, PendingNotifications};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::attach_reply::Attached;
use super::replay_buffer::ReplayBuffer;
use super::slots::Slots;
use super::timers::TimerKey;
use crate::connection::Connection;

/// Connections that are attached once the memberships of their user have been read.
pub(super) type Attaching = Vec<AttachingConnection>;

/// A connection that waits to be attached.
pub(super) struct AttachingConnection {
    pub(super) connection: Arc<Connection>,
    /// The notifications that were pending, if they were read.
    pub(super) pending: Option<PendingNotifications>,
    pub(super) reply: oneshot::Sender<Attached>,
}

/// A connection that receives what its user receives.
pub(super) struct Subscriber {
    pub(super) connection: Arc<Connection>,
    /// The conversations that are muted on this connection.
    pub(super) muted: Box<[ConversationId]>,
    /// The timer of the token's expiry or, after that, of the connection's end.
    pub(super) expiry: Option<Box<TimerKey>>,
    /// Holds events back while older ones are replayed.
    pub(super) buffer: RefCell<Option<Box<ReplayBuffer>>>,
}

impl Subscriber {
    /// Mutes or unmutes a conversation on this connection.
    pub(super) fn set_muted(&mut self, conversation: &ConversationId, muted: bool) {
        if self.muted.contains(conversation) == muted {
            return;
        }
        let others = self.muted.iter().filter(|other| *other != conversation).cloned();
        self.muted = others.chain(muted.then(|| conversation.clone())).collect();
    }
}

/// The state of a user's presence, which only the presence tracker changes.
#[derive(Default)]
pub(super) struct UserPresence {
    /// Whether the user counts as online.
    pub(super) online: bool,
    /// Whether its arrival was announced to all users, not only to those who share a conversation.
    pub(super) to_everybody: bool,
    /// The number of its last arrival; 0 before the first.
    pub(super) arrival: u64,
    /// The number of its changes that were published but are not announced yet.
    pub(super) unannounced: u32,
}

/// A user who has connections to this server, or had some a moment ago.
pub(super) struct LocalUser {
    pub(super) user: Arc<User>,
    pub(super) subscribers: Vec<Subscriber>,
    /// The slots of the channels that the user is a member of.
    pub(super) channels: Slots,
    pub(super) presence: UserPresence,
    /// When its last connection ended; `None` while it has one.
    pub(super) gone_since: Option<Instant>,
    pub(super) rate: Arc<EventRate>,
    /// The connections that wait for that read; `None` if there are none, hence the box.
    pub(super) attaching: Option<Box<Attaching>>,
    /// The read of its memberships; `None` once they have been read, hence the box.
    pub(super) loading: Option<Box<Loading>>,
}

/// A read of a user's memberships that has not ended.
pub(super) struct Loading {
    /// The number of the read. A read that was started for a guest must not be used for an account with the same id.
    pub(super) load: u64,
    /// The membership changes since the read began.
    pub(super) changes: Vec<MembershipChange>,
}

impl LocalUser {
    /// Whether the memberships of the user are being read.
    pub(super) fn is_loading(&self) -> bool {
        self.loading.is_some()
    }

    /// Whether the memberships of the user are being read by the read with a number.
    pub(super) fn is_loaded_by(&self, load: u64) -> bool {
        self.loading.as_ref().is_some_and(|loading| loading.load == load)
    }

    /// Lets a connection wait to be attached.
    pub(super) fn push_attaching(&mut self, connection: AttachingConnection) {
        self.attaching.get_or_insert_default().push(connection);
    }

    /// Takes the connections that wait to be attached.
    pub(super) fn take_attaching(&mut self) -> Attaching {
        self.attaching.take().map(|attaching| *attaching).unwrap_or_default()
    }

    /// Takes those of the connections that wait to be attached that fulfil a condition.
    pub(super) fn remove_attaching(&mut self, over: impl Fn(&Connection) -> bool) -> Attaching {
        let (removed, kept): (Attaching, Attaching) =
            self.take_attaching().into_iter().partition(|attaching| over(&attaching.connection));
        self.attaching = (!kept.is_empty()).then(|| Box::new(kept));
        removed
    }

    /// Whether the user has a connection, attached or not.
    pub(super) fn is_here(&self) -> bool {
        !self.subscribers.is_empty() || self.attaching.is_some()
    }
}

/// A change of a membership, while memberships are being read.
pub(super) struct MembershipChange {
    pub(super) position: u64,
    pub(super) conversation: Arc<ConversationRef>,
    pub(super) joined: bool,
}
