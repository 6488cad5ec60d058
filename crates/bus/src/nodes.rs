//! Who is connected to which node: the changes that a hub sends to the other nodes, and those that it receives from them.
//!
//! What must stay true: a hub sends changes of its own connections alone, and receives those of other nodes alone. A change
//! may be lost between nodes; the carrier of the changes notices that, and passes on to the hub what it has missed.

use std::sync::Arc;
use std::time::Duration;

use quintet_domain::{Timestamp, User, UserId};

/// A change of who is connected to this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocalPresence {
    /// A user has its first connection here, or has connections and a changed profile.
    Came(Arc<User>),
    /// A user has had no connection here for some time.
    Left {
        /// The id of the user.
        user: UserId,
        /// When the user was last seen here.
        last_seen: Timestamp,
    },
    /// All users who have connections here, in any order: the answer to [`RemotePresence::AllWanted`].
    All(Vec<Arc<User>>),
}

/// A change of who is connected to another node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemotePresence {
    /// A user has its first connection to the node.
    Came(Arc<User>),
    /// A user has had no connection to the node for some time.
    Left {
        /// The id of the user.
        user: UserId,
        /// When the user was last seen there; `None` if that message was lost.
        last_seen: Option<Timestamp>,
    },
    /// The node is dead, and all of its connections with it.
    NodeGone {
        /// The time since which nothing was heard of the node.
        silent_for: Duration,
        /// Whether this node does what has to be done once for the users of the dead node.
        settles: bool,
    },
    /// The hub of this node is asked who is connected here.
    AllWanted,
    /// Whether some node is there whose users are not known completely, because it is not heard. Nothing that lasts is done
    /// then because a user is connected nowhere.
    Incomplete(bool),
}
