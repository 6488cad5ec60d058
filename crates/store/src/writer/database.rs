//! The operations that the writer needs of a database, beside those on its rows.
//!
//! What must stay true: rows that are written after [`Database::begin`] are durable once [`Database::commit`] has
//! returned without an error, and are gone after [`Database::rollback`]. A savepoint rolls back only what was written
//! since it was set.

use quintet_rules::RowResult;
use quintet_rules::rows::Rows;

/// The rows of a database, with transactions, for one writer.
pub trait Database: Rows {
    /// Begins a transaction, which excludes other writers until it ends.
    fn begin(&mut self) -> RowResult<()>;
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
