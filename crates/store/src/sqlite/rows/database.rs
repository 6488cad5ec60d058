//! The writer's connection: transactions, and the commits of other processes.
//!
//! What must stay true: `PRAGMA data_version` changes whenever another connection has committed. The version that was
//! read counts only once the transaction that read it is committed; otherwise everything is checked again.

use std::ops::Deref;
use std::sync::Arc;

use quintet_domain::{Entry, Event, UserId};
use quintet_rules::log::ChangeRecord;
use quintet_rules::rows::{LogRows, UserRows};
use quintet_rules::{RowResult, RowsError};
use rusqlite::Connection;

use super::SqliteRows;
use crate::sqlite::checkpoint::{Checkpoints, Log, Parts, Sizes};
use crate::{CaughtUp, Database, OpenError};

/// A version that the database never has.
const VERSION_UNKNOWN: i64 = -1;

/// A connection with the version of the database that it last read.
#[derive(Debug)]
pub(in crate::sqlite) struct WriterConnection {
    connection: Connection,
    /// The checkpoints beside it; if `None`, the connection makes them by itself.
    checkpoints: Option<Checkpoints>,
    /// The log of the database, which is to be dropped after the connection.
    log: Option<Arc<Log>>,
    /// The version at the last commit.
    version: i64,
    /// The version that the open transaction has read.
    seen: i64,
}

impl WriterConnection {
    /// Takes over a connection. Commits of other connections after this moment are caught up with.
    pub(in crate::sqlite) fn new(connection: Connection) -> rusqlite::Result<Self> {
        let version = data_version(&connection)?;
        Ok(Self { connection, checkpoints: None, log: None, version, seen: version })
    }

    /// Takes over a connection as [`Self::new`] does, and starts a thread that makes its checkpoints.
    pub(in crate::sqlite) fn with_checkpoints(connection: Connection, parts: Option<Parts>) -> Result<Self, OpenError> {
        let mut writer = Self::new(connection)?;
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

fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}

impl SqliteRows<WriterConnection> {
    /// The revocations that were logged after a position.
    fn revocations(&self, after: u64) -> RowResult<Vec<Entry>> {
        let changes = self.list(
            // The other records are not decoded: a newer version may have written one that this one cannot read.
            "SELECT position, version, data FROM change WHERE position > ?1 AND data ->> 'kind' = 'revoked'
             ORDER BY position",
            [after.cast_signed()],
            |row| Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?, row.get::<_, String>(2)?)),
        )?;
        let mut entries = Vec::new();
        for (position, version, data) in changes {
            let record = ChangeRecord::decode(version, &data).map_err(RowsError::new)?;
            let ChangeRecord::Revoked { user, generation } = record else { continue };
            let user: Option<UserId> = self.user_by_key(user)?.map(|row| row.user.id.clone());
            if let Some(user) = user {
                let event = Event::Revoked { user, generation };
                entries.push(Entry { position, sequence: None, origin: None, acked: false, event });
            }
        }
        Ok(entries)
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
        self.0.version = self.0.seen;
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

    fn catch_up(&mut self, position: u64) -> RowResult<Option<CaughtUp>> {
        let seen = data_version(&self.0).map_err(RowsError::new)?;
        let known = std::mem::replace(&mut self.0.version, VERSION_UNKNOWN);
        self.0.seen = seen;
        if seen == known {
            return Ok(None);
        }
        let entries = self.revocations(position)?;
        Ok(Some(CaughtUp { entries, position: self.newest_position()? }))
    }
}
