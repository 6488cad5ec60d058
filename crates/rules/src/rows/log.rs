//! Rows of the log: what happened, in commit order, for those who come back.

use quintet_domain::{ConnectionId, Timestamp};

use crate::log::ChangeRecord;
use crate::{ConversationKey, RowResult, UserKey};

/// A change of the log with its place. The creation of a message has no row here: the message's own row records it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedChange {
    /// The position in the commit order.
    pub position: u64,
    /// The conversation that it is about, if it is about one.
    pub conversation: Option<ConversationKey>,
    /// Its number among the changes of the conversation, where it is numbered.
    pub sequence: Option<u64>,
    /// The session of the connection that asked for it.
    pub origin: Option<ConnectionId>,
    /// Whether that connection's client asked for an acknowledgement.
    pub acked: bool,
    /// When it happened.
    pub at: Timestamp,
    /// The change itself.
    pub change: ChangeRecord,
}

/// The log.
pub trait LogRows {
    /// The newest position of all changes and messages; 0 where there is none.
    fn newest_position(&self) -> RowResult<u64>;
    /// Adds a change.
    fn append_change(&mut self, change: &LoggedChange) -> RowResult<()>;
    /// Records that a membership ended at a position, so that the user can be told what it heard before.
    fn insert_departure(&mut self, user: UserKey, position: u64, conversation: ConversationKey) -> RowResult<()>;
    /// Records that a user is told of a change without being a member of its conversation.
    fn insert_addressee(&mut self, user: UserKey, position: u64) -> RowResult<()>;
    /// Removes up to `limit` of the oldest changes that happened before a moment, the newest position aside; gives how
    /// many.
    fn prune_changes(&mut self, before: Timestamp, limit: usize) -> RowResult<usize>;
    /// Moves the position behind which the log is complete past messages that were sent before a moment, up to `limit` of
    /// them; gives how many. The messages themselves stay.
    fn prune_past_messages(&mut self, before: Timestamp, limit: usize) -> RowResult<usize>;
    /// The position behind which the log is complete: every change at a greater one is kept. 0 where nothing was
    /// pruned.
    fn pruned_to(&self) -> RowResult<u64>;
    /// Removes up to `limit` departures at or below a position; gives how many.
    fn prune_departures(&mut self, up_to: u64, limit: usize) -> RowResult<usize>;
    /// Removes up to `limit` addressees at or below a position; gives how many.
    fn prune_addressees(&mut self, up_to: u64, limit: usize) -> RowResult<usize>;
    /// Removes all departures, addressees and counts of contacts of a user.
    fn delete_traces(&mut self, user: UserKey) -> RowResult<()>;
    /// Writes a page of the database without changing anything, to find out whether anything can be written.
    fn probe(&mut self) -> RowResult<()>;
}
