//! The operations that the writer needs of a database, beside those on its rows.
//!
//! What must stay true: rows that are written after [`Database::begin`] are durable once [`Database::commit`] has
//! returned without an error, and are gone after [`Database::rollback`]. A savepoint rolls back only what was written
//! since it was set.

use quintet_domain::Timestamp;
use quintet_rules::rows::Rows;
use quintet_rules::{RowResult, WriterState};

use super::submission::Submission;
use crate::Missed;

/// What a database tells when the transaction of a group begins. One that nobody else writes to tells nothing.
#[derive(Debug, Default)]
pub struct Begun {
    /// The newest committed position, if others may write as well.
    pub position: Option<u64>,
    /// The time of the group, if the database has a clock of its own that all writers share.
    pub now: Option<Timestamp>,
}

/// Adds the writes to a group that have been queued since it was taken from the queue, as far as it has room for them.
pub type AddQueued<'q> = dyn FnMut(&mut Vec<Submission>) + 'q;

/// The rows of a database, with transactions, for one writer.
pub trait Database: Rows {
    /// Begins a transaction, which excludes other writers until it ends.
    fn begin(&mut self) -> RowResult<()>;
    /// Begins the transaction of a group. Forgets what other writers of the same database have changed, and may read
    /// ahead what the writes will ask for. If it had to wait for the others, it may let the group grow by what was queued
    /// meanwhile.
    fn begin_group(
        &mut self,
        _submissions: &mut Vec<Submission>,
        _add_queued: &mut AddQueued<'_>,
        _state: &mut WriterState,
    ) -> RowResult<Begun> {
        self.begin()?;
        Ok(Begun::default())
    }
    /// Reads what others have committed after a position, up to another one at which a group has begun. Called outside
    /// transactions. If it is much, fewer entries are read.
    fn missed(&mut self, after: u64, last: u64) -> RowResult<Missed> {
        Ok(Missed { after, last, entries: Vec::new() })
    }
    /// Makes everything durable that was written since [`Self::begin`].
    fn commit(&mut self) -> RowResult<()>;
    /// Rolls back everything that was written since [`Self::begin`].
    fn rollback(&mut self) -> RowResult<()>;
    /// Sets a savepoint in the open transaction. There is at most one.
    fn savepoint(&mut self) -> RowResult<()>;
    /// Rolls back what was written since the savepoint, which remains set.
    fn rollback_to_savepoint(&mut self) -> RowResult<()>;
    /// Removes the savepoint and keeps what was written since.
    fn release_savepoint(&mut self) -> RowResult<()>;
    /// Whether a transaction is open. A database may end one by itself if its disk or memory fails.
    fn has_open_transaction(&self) -> bool;
    /// The number of rows that were changed since the database was opened, rolled-back ones included.
    fn rows_changed(&self) -> u64;
}
