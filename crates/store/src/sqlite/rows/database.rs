//! The writer's connection and its transactions.
//!
//! What must stay true: nobody else writes to the database while this connection is open.

use std::ops::Deref;
use std::sync::Arc;

use quintet_rules::RowResult;
use rusqlite::Connection;

use super::SqliteRows;
use crate::sqlite::checkpoint::{Checkpoints, Log, Parts, Sizes};
use crate::{Database, OpenError};

/// The connection of the writer.
#[derive(Debug)]
pub(in crate::sqlite) struct WriterConnection {
    connection: Connection,
    /// The checkpoints beside it; if `None`, the connection makes them by itself.
    checkpoints: Option<Checkpoints>,
    /// The log of the database, which is to be dropped after the connection.
    log: Option<Arc<Log>>,
}

impl WriterConnection {
    /// Takes over a connection.
    pub(in crate::sqlite) fn new(connection: Connection) -> Self {
        Self { connection, checkpoints: None, log: None }
    }

    /// Takes over a connection, and starts a thread that makes its checkpoints.
    pub(in crate::sqlite) fn with_checkpoints(connection: Connection, parts: Option<Parts>) -> Result<Self, OpenError> {
        let mut writer = Self::new(connection);
        writer.checkpoints =
            parts.map(|parts| Checkpoints::start(&mut writer.connection, parts, Sizes::ORDINARY)).transpose()?;
        writer.log = writer.checkpoints.as_ref().map(|checkpoints| Arc::clone(checkpoints.log()));
        Ok(writer)
    }

    /// The log of the database, if its checkpoints have a thread.
    pub(in crate::sqlite) fn log(&self) -> Option<Arc<Log>> {
        self.log.clone()
    }
}

impl Deref for WriterConnection {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl Drop for WriterConnection {
    fn drop(&mut self) {
        drop(self.checkpoints.take());
        // A clean shutdown leaves one file, which is easier to copy.
        let _ = self.connection.pragma_update(None, "wal_checkpoint", "TRUNCATE");
    }
}

impl Database for SqliteRows<WriterConnection> {
    fn begin(&mut self) -> RowResult<()> {
        if let Some(checkpoints) = &mut self.0.checkpoints {
            checkpoints.before_transaction(&self.0.connection);
        }
        self.run("BEGIN IMMEDIATE", [])?;
        Ok(())
    }

    fn commit(&mut self) -> RowResult<()> {
        self.run("COMMIT", [])?;
        if let Some(checkpoints) = &mut self.0.checkpoints {
            checkpoints.committed();
        }
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
