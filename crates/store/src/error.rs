//! What can go wrong in a store.

use std::path::PathBuf;

use quintet_domain::Refusal;
use quintet_rules::{RowsError, RuleError};

/// A read or write did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It is not allowed, or contradicts what is. Told to the one who asked.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database failed. Logged; the one who asked hears of an internal error.
    #[error("database: {0}")]
    Database(#[from] rusqlite::Error),
    /// The rows of the database could not be read or written.
    #[error("database: {0}")]
    Rows(#[from] RowsError),
    /// The commit of the group failed, so that nothing of it happened.
    #[error("the commit failed: {0}")]
    Commit(String),
    /// More reads wait than the store takes on.
    #[error("too many reads wait")]
    Busy,
    /// A read took too long and was interrupted, or nobody waits for it any more.
    #[error("a read took too long")]
    TooSlow,
    /// The store is closing.
    #[error("the store is closing")]
    Closed,
}

impl From<RuleError> for StoreError {
    fn from(error: RuleError) -> Self {
        match error {
            RuleError::Refused(refusal) => Self::Refused(refusal),
            RuleError::Rows(error) => Self::Rows(error),
        }
    }
}

/// Milliseconds after which a refused or interrupted read may be tried again.
pub(crate) const READ_AGAIN_AFTER_MS: u64 = 1_000;

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(refusal) => refusal,
            // At a stop, what still asks is told so, and nobody has to look at it.
            StoreError::Closed => Refusal::internal(),
            StoreError::Busy => Refusal::busy(READ_AGAIN_AFTER_MS),
            StoreError::TooSlow => {
                tracing::warn!("a read took too long and was interrupted");
                Refusal::busy(READ_AGAIN_AFTER_MS)
            }
            other => {
                tracing::error!(error = %other, "a request failed in the store");
                Refusal::internal()
            }
        }
    }
}

/// The database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be made or written.
    #[error("cannot use the data folder {}: {why}", .folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// What the system says.
        why: std::io::Error,
    },
    /// Another process has the folder.
    #[error("another quintet uses the data folder {}", .0.display())]
    Locked(PathBuf),
    /// The folder has no database, and none is to be made.
    #[error("there is no database in the data folder {}", .0.display())]
    Missing(PathBuf),
    /// The database is of an earlier version, and another process serves it.
    #[error("stop the server first: its data in {} is of an earlier version", .0.display())]
    Earlier(PathBuf),
    /// The database was written by a newer Quintet.
    #[error("the database in {} has version {found}, and this quintet knows up to {known}: use a newer quintet", .folder.display())]
    Newer {
        /// Where it lives.
        folder: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that this binary knows.
        known: i64,
    },
    /// The database is damaged or no database.
    #[error("cannot open the database: {0}")]
    Database(#[from] rusqlite::Error),
    /// The rows of the database cannot be read.
    #[error("cannot open the database: {0}")]
    Rows(#[from] RowsError),
    /// A migration failed.
    #[error("cannot bring the database up to date: {0}")]
    Migration(String),
    /// The database cannot be copied.
    #[error("cannot write the backup {}: {why}", .to.display())]
    Backup {
        /// The file of the copy.
        to: PathBuf,
        /// What SQLite says.
        why: rusqlite::Error,
    },
    /// A thread cannot be started.
    #[error("cannot start the writer: {0}")]
    Thread(std::io::Error),
}
