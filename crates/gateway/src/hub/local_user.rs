//! Local users, and the connections that they have, as the directory keeps them.
//!
//! A user who is connected to other nodes only is kept like any other, without connections.
//!
//! What must stay true: a user has no two subscribers of the same connection; `gone_since` is set only while the user
//! has no connection here; a server without other nodes pays one pointer of each user for them.

use std::cell::RefCell;
use std::sync::Arc;

use quintet_domain::{ConversationId, ConversationRef, Hidden, NodeId, Timestamp, User, UserId};
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
    /// Whether the user counts as online, here or on another node.
    pub(super) online: bool,
    /// Whether the user counts as connected here. Other nodes are told of this alone.
    pub(super) here: bool,
    /// Whether its arrival was announced to all users, not only to those who share a conversation.
    pub(super) to_everybody: bool,
    /// The number of its last arrival; 0 before the first.
    pub(super) arrival: u64,
    /// The number of its changes that were published but are not announced yet.
    pub(super) unannounced: u32,
    /// What is known of it on other nodes; `None` for a user who never was on one, hence the box.
    pub(super) elsewhere: Option<Box<Elsewhere>>,
}

/// What is known of a user on other nodes.
#[derive(Default)]
pub(super) struct Elsewhere {
    /// The nodes to which the user is connected.
    nodes: Vec<NodeId>,
    /// When the user was last seen here, if it was here while it was connected to another node.
    pub(super) left_here: Option<Timestamp>,
    /// Whether this node does what is done once when the user is gone: it was connected here, or to a node that died.
    pub(super) settled_here: bool,
}

/// A user who has connections to a node, or had some a moment ago.
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
    /// What the user is not shown of those who have blocked it; `None` for nearly all, hence the box.
    pub(super) hidden: Option<Box<Hidden>>,
}

/// A read of a user's memberships that has not ended.
pub(super) struct Loading {
    /// The number of the read. A read that was started for a guest must not be used for an account with the same id.
    pub(super) load: u64,
    /// Whether no connection waits for it, but the presence of the user on another node.
    pub(super) for_elsewhere: bool,
    /// The position of the newest change of the profile since the read began; 0 if there was none.
    pub(super) profile_changed_at: u64,
    /// The membership changes since the read began.
    pub(super) changes: Vec<MembershipChange>,
    /// Who was hidden from the user, or shown to it again, since the read began.
    pub(super) hidden: Vec<HiddenChange>,
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

    /// Whether the user is connected to another node.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.presence.elsewhere.as_ref().is_some_and(|elsewhere| !elsewhere.nodes.is_empty())
    }

    /// Whether the user is connected to a certain other node.
    pub(super) fn is_on(&self, node: NodeId) -> bool {
        self.presence.elsewhere.as_ref().is_some_and(|elsewhere| elsewhere.nodes.contains(&node))
    }

    /// Notes that the user is connected to another node.
    pub(super) fn enter_node(&mut self, node: NodeId) {
        let settled_here = self.presence.here;
        let elsewhere =
            self.presence.elsewhere.get_or_insert_with(|| Box::new(Elsewhere { settled_here, ..Elsewhere::default() }));
        if !elsewhere.nodes.contains(&node) {
            elsewhere.nodes.reserve_exact(1);
            elsewhere.nodes.push(node);
        }
    }

    /// Notes that the user is not connected to another node any more. Returns whether it was, and is connected to none now.
    pub(super) fn leave_node(&mut self, node: NodeId) -> bool {
        let Some(elsewhere) = &mut self.presence.elsewhere else { return false };
        let before = elsewhere.nodes.len();
        elsewhere.nodes.retain(|one| *one != node);
        elsewhere.nodes.len() < before && elsewhere.nodes.is_empty() && !self.presence.here
    }
}

/// A change of a membership, while memberships are being read.
pub(super) struct MembershipChange {
    pub(super) position: u64,
    pub(super) conversation: Arc<ConversationRef>,
    pub(super) joined: bool,
}

/// A change of who is hidden from a user, while memberships are being read.
pub(super) struct HiddenChange {
    pub(super) position: u64,
    /// The user who is hidden, or shown again.
    pub(super) other: UserId,
    pub(super) cause: HiddenCause,
}

/// What hides another user from a user, or shows it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HiddenCause {
    /// The other blocks the user.
    Blocked,
    /// The other blocks the user no more.
    Unblocked,
    /// The user has begun a direct conversation with the other, which the other has not accepted.
    Begun,
    /// The other has accepted their direct conversation.
    Accepted,
}
