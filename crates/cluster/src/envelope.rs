//! What nodes tell each other.
//!
//! What must stay true: everything here may be lost, repeated, delayed or reordered on its way, and nothing that was
//! acknowledged depends on it.

use std::sync::Arc;

use quintet_domain::{Entry, Event, NodeId, Timestamp, TracedWrite, User, UserId};

/// A message of one node to all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The node that sends it.
    pub from: NodeId,
    /// Its number among the messages of that node, from 1: an older one never takes the place of a newer one.
    pub number: u64,
    /// The message itself.
    pub message: Message,
}

/// What a node tells the others. The list is closed; a message of an unknown kind, from a newer version, is ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A group of writes was committed.
    Group(GroupNotice),
    /// An event that is not stored and is delivered by every node: typing.
    Passing(Event),
    /// A user has its first connection to the node.
    Came {
        /// The user with the connection.
        user: Arc<User>,
    },
    /// A user has had no connection to the node for some time.
    Left {
        /// The id of the user.
        user: UserId,
        /// When the user was last seen there.
        last_seen: Timestamp,
    },
    /// A part of all users who have connections to the node, in the order of their ids.
    Present {
        /// The users of this part.
        users: Vec<Arc<User>>,
        /// The id of the last user of the part before; `None` in the first.
        after: Option<UserId>,
        /// Whether this is the last part.
        last: bool,
    },
    /// Asks a node to send all users who have connections to it.
    PresentWanted {
        /// The node that is asked.
        of: NodeId,
    },
    /// The node is alive. It is sent every second.
    Alive {
        /// The number of users who have connections to the node.
        users: u64,
        /// The combined hash of their ids and of whether each is a guest.
        hash: u64,
    },
}

/// What a node tells of a group of writes that it has committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupNotice {
    /// The identity of the data, so that a wire that two installations share by mistake does no harm.
    pub identity: String,
    /// The part of the order that the group belongs to.
    pub part: u16,
    /// The newest position before the group.
    pub after: u64,
    /// The newest position of the group.
    pub last: u64,
    /// The entries of the group, in order; `None` if they are too large for the wire, so that they are read from the
    /// store.
    pub entries: Option<Vec<Entry>>,
    /// The writes of the group of which a trace is kept, in order. Usually there are none.
    pub traced: Vec<TracedWrite>,
}
