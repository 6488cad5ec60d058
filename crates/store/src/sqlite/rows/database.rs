//! The writer's connection and its transactions.
//!
//! What must stay true: nobody else writes to the database while this connection is open.

use std::ops::Deref;

use quintet_rules::RowResult;
use rusqlite::Connection;

use super::SqliteRows;
use crate::Database;

/// The connection of the writer.
#[derive(Debug)]
pub(in crate::sqlite) struct WriterConnection(pub(in crate::sqlite) Connection);

impl Deref for WriterConnection {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl Drop for WriterConnection {
    fn drop(&mut self) {
        // A clean shutdown leaves one file, which is easier to copy.
        let _ = self.0.pragma_update(None, "wal_checkpoint", "TRUNCATE");
    }
}

impl Database for SqliteRows<WriterConnection> {
    fn begin(&mut self) -> RowResult<()> {
        self.run("BEGIN IMMEDIATE", [])?;
        Ok(())
    }

    fn commit(&mut self) -> RowResult<()> {
        self.run("COMMIT", [])?;
        Ok(())
    }

    fn rollback(&mut self) -> RowResult<()> {
        self.run("ROLLBACK", [])?;
        Ok(())
    }

    fn savepoint(&mut self) -> RowResult<()> {
        self.run("SAVEPOINT write", [])?;
        Ok(())
    }

    fn rollback_to_savepoint(&mut self) -> RowResult<()> {
        self.run("ROLLBACK TO write", [])?;
        Ok(())
    }

    fn release_savepoint(&mut self) -> RowResult<()> {
        self.run("RELEASE write", [])?;
        Ok(())
    }

    fn has_open_transaction(&self) -> bool {
        !self.0.is_autocommit()
    }

    fn rows_changed(&self) -> u64 {
        self.0.total_changes()
    }
}
