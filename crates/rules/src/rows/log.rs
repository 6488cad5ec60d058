//! Rows of the log: everything that happened, in commit order, for clients that reconnect.
//!
//! What must stay true: a position belongs to one change or to one message.

use quintet_domain::{ConnectionId, Timestamp, UserId};

use crate::log::ChangeRecord;
use crate::{ConversationKey, RowResult, UserKey};

/// The row of a change. The creation of a message has none, because the message's own row records it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedChange {
    /// The position in the commit order.
    pub position: u64,
    /// The conversation that the change is about, if it is about one.
    pub conversation: Option<ConversationKey>,
    /// The sequence number in the conversation, for changes that have one.
    pub sequence: Option<u64>,
    /// The session of the connection that caused it.
    pub origin: Option<ConnectionId>,
    /// Whether that connection's client asked for an acknowledgement.
    pub acked: bool,
    /// When it happened.
    pub at: Timestamp,
    /// The record of the change.
    pub change: ChangeRecord,
    /// The users who receive its event or learn of its conversation by it, where other rows do not tell them later; a
    /// store of one process need not keep them.
    pub told: Option<Vec<UserId>>,
}

/// Operations on the rows of the log.
pub trait LogRows {
    /// The newest position of all changes and messages; 0 if there is none.
    fn newest_position(&self) -> RowResult<u64>;
    /// Inserts a change at its position.
    fn append_change(&mut self, change: &LoggedChange) -> RowResult<()>;
    /// Records that a membership ended at a position, so that earlier events can be replayed to the user.
    fn insert_departure(&mut self, user: UserKey, position: u64, conversation: ConversationKey) -> RowResult<()>;
    /// Records that a user receives a change without being a member of its conversation.
    fn insert_addressee(&mut self, user: UserKey, position: u64) -> RowResult<()>;
    /// Deletes up to `limit` of the oldest changes that happened before a time, but never the newest position. Returns
    /// how many were deleted.
    fn prune_changes(&mut self, before: Timestamp, limit: usize) -> RowResult<usize>;
    /// Advances the position after which the log is complete past messages that were sent before a time, up to `limit`
    /// of them. Returns how many it passed. The messages themselves stay.
    fn prune_past_messages(&mut self, before: Timestamp, limit: usize) -> RowResult<usize>;
    /// The position after which the log is complete: every change at a greater position is kept. 0 if nothing was
    /// pruned.
    fn pruned_to(&self) -> RowResult<u64>;
    /// Deletes up to `limit` departures at or before a position. Returns how many were deleted.
    fn prune_departures(&mut self, up_to: u64, limit: usize) -> RowResult<usize>;
    /// Deletes up to `limit` addressees at or before a position. Returns how many were deleted.
    fn prune_addressees(&mut self, up_to: u64, limit: usize) -> RowResult<usize>;
    /// Deletes all departures, addressees and contact counts of a user.
    fn delete_traces(&mut self, user: UserKey) -> RowResult<()>;
    /// Writes a page of the database without changing anything, to find out whether writing is possible.
    fn probe(&mut self) -> RowResult<()>;
}
