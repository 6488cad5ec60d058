//! A group of writes that was committed, as the store hands it on: entries for everybody, replies for those who asked.

use std::fmt;

use crate::{Entry, Refusal, Written};

/// Names a command of a connection that waits for its reply. The node that submitted the command gave the number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({})", self.0)
    }
}

/// The reply to one command, with its place in the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandReply {
    /// The command that is replied to.
    pub ticket: Ticket,
    /// The reply comes after every entry up to this position, and before every entry beyond it.
    pub after: u64,
    /// The result of the write.
    pub outcome: Result<Written, Refusal>,
}

/// A group of writes that was committed together.
///
/// What must stay true: the positions of the entries grow; the replies stand in the order in which their writes ran,
/// so that their places never decrease.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// The position of the newest entry that is committed.
    pub position: u64,
    /// Replies to the commands of this node's connections. They are never dropped, and never sent to another node.
    pub replies: Vec<CommandReply>,
    /// What happened, in commit order.
    pub entries: Vec<Entry>,
}
