//! What the writer asks of a database, beside its rows.
//!
//! What must stay true: rows that are written after [`Database::begin`] are durable once [`Database::commit`] has
//! returned without an error, and are gone after [`Database::rollback`]. A savepoint takes back only what was written
//! since it was set.

use quintet_domain::Entry;
use quintet_rules::RowResult;
use quintet_rules::rows::Rows;

/// What other processes have committed since the writer last looked.
#[derive(Debug)]
pub struct CaughtUp {
    /// Entries that this process has to hand on as well: revocations, since they end connections.
    pub entries: Vec<Entry>,
    /// The newest position that is committed.
    pub position: u64,
}

/// Rows with transactions around them, for one writer.
pub trait Database: Rows {
    /// Begins a transaction, which keeps other writers out until it ends.
    fn begin(&mut self) -> RowResult<()>;
    /// Makes everything durable that was written since [`Self::begin`].
    fn commit(&mut self) -> RowResult<()>;
    /// Takes back everything that was written since [`Self::begin`].
    fn rollback(&mut self) -> RowResult<()>;
    /// Sets a savepoint in the open transaction. There is at most one.
    fn savepoint(&mut self) -> RowResult<()>;
    /// Takes back what was written since the savepoint, which stays.
    fn rollback_to_savepoint(&mut self) -> RowResult<()>;
    /// Removes the savepoint, and keeps what was written since.
    fn release_savepoint(&mut self) -> RowResult<()>;
    /// Whether a transaction is open. A database may end one by itself, where its disk or its memory fails.
    fn has_open_transaction(&self) -> bool;
    /// The number of rows that were changed since the database was opened, those that were taken back included.
    fn rows_changed(&self) -> u64;
    /// Looks, in the open transaction, whether other processes have committed anything; none where they have not.
    /// `position` is the newest position that the writer knows.
    fn catch_up(&mut self, position: u64) -> RowResult<Option<CaughtUp>>;
}
