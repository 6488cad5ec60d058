//! A group of writes that was committed, as the store passes it on: entries for all recipients, and replies for the
//! connections that submitted commands.

use std::fmt;

use crate::{Entry, Refusal, TracedWrite, Written};

/// Identifies a command of a connection that waits for its reply. The node that submitted the command chose the number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({})", self.0)
    }
}

/// The reply to one command, with its position among the entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandReply {
    /// The command that this replies to.
    pub ticket: Ticket,
    /// The position after which the reply is delivered: after every entry up to it, and before every later entry.
    pub after: u64,
    /// The result of the write, or the reason for which it was refused.
    pub outcome: Result<Written, Refusal>,
}

/// A group of writes that was committed together.
///
/// What must stay true: the positions of the entries increase; the replies are in the order in which their writes were
/// applied, so that `after` never decreases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// The position of the newest entry that is committed.
    pub position: u64,
    /// Replies to the commands of this node's connections. They are never dropped, and never sent to another node.
    pub replies: Vec<CommandReply>,
    /// The events that were committed, in commit order.
    pub entries: Vec<Entry>,
    /// The writes of which a trace is kept, by position. Usually there are none.
    pub traced: Vec<TracedWrite>,
}
