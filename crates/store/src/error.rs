//! The errors of a store.
//!
//! What must stay true: a client sees the text of a refusal, and of every other error only that it is internal or
//! temporary.

use std::path::PathBuf;
use std::time::Duration;

use quintet_domain::Refusal;
use quintet_rules::{RowsError, RuleError};

use crate::NodeFiles;
use crate::seldom::Seldom;

/// Minimum time between two lines about requests that failed.
const FAILED_PAUSE: Duration = Duration::from_secs(10);

/// The error of a read or write.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It is not allowed, or contradicts what is stored. The client receives the refusal.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database failed. The error is logged, once in a while if there are many, and the client receives an internal
    /// error.
    #[error("database: {0}")]
    Database(#[from] rusqlite::Error),
    /// The rows of the database could not be read or written.
    #[error("database: {0}")]
    Rows(#[from] RowsError),
    /// The commit of the group failed, so that none of its writes took effect.
    #[error("the commit failed: {0}")]
    Commit(String),
    /// Too many reads are waiting.
    #[error("too many reads wait")]
    Busy,
    /// The read took too long and was interrupted, or its caller has gone away.
    #[error("a read took too long")]
    TooSlow,
    /// The store is closing and accepts nothing more.
    #[error("the store is closing")]
    Closed,
}

/// The result of a read.
pub(crate) type Read<T> = Result<T, StoreError>;

impl From<RuleError> for StoreError {
    fn from(error: RuleError) -> Self {
        match error {
            RuleError::Refused(refusal) => Self::Refused(refusal),
            RuleError::Rows(error) => Self::Rows(error),
        }
    }
}

/// Time in milliseconds after which a refused or interrupted read may be retried.
pub(crate) const READ_AGAIN_AFTER_MS: u64 = 1_000;

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(refusal) => refusal,
            // A request during a shutdown is no fault that an operator must look at, so it is not logged.
            StoreError::Closed => Refusal::internal(),
            StoreError::Busy => Refusal::busy(READ_AGAIN_AFTER_MS),
            StoreError::TooSlow => {
                tracing::warn!("a read took too long and was interrupted");
                Refusal::busy(READ_AGAIN_AFTER_MS)
            }
            other => {
                // While the database is away, every read fails.
                static FAILED: Seldom = Seldom::new(FAILED_PAUSE);
                if let Some(left_out) = FAILED.due() {
                    tracing::error!(error = %other, left_out, "a request failed in the store");
                }
                Refusal::internal()
            }
        }
    }
}

/// The error of opening a database.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be created or written to.
    #[error("cannot use the data folder {}: {why}", .folder.display())]
    Folder {
        /// The path of the folder.
        folder: PathBuf,
        /// The error of the operating system.
        why: std::io::Error,
    },
    /// Another process has locked the folder.
    #[error("another quintet uses the data folder {}", .0.display())]
    Locked(PathBuf),
    /// The folder has no database, and none is to be created.
    #[error("there is no database in the data folder {}", .0.display())]
    Missing(PathBuf),
    /// Another program has the database open, without the folder's lock.
    #[error("another program has the database in {} open", .0.display())]
    InUse(PathBuf),
    /// The database was written by a newer version of Quintet.
    #[error("the database in {} has version {found}, and this quintet knows up to {known}: use a newer quintet", .folder.display())]
    Newer {
        /// The folder of the database.
        folder: PathBuf,
        /// The schema version of the database.
        found: i64,
        /// The newest schema version that this binary supports.
        known: i64,
    },
    /// The file is damaged, or not a database.
    #[error("cannot open the database: {0}")]
    Database(#[from] rusqlite::Error),
    /// An installation was copied to the database only in part.
    #[error("{0} is incomplete, because a copy or an import to it has stopped: remove it, and begin again")]
    Incomplete(String),
    /// The rows of the database cannot be read.
    #[error("cannot open the database: {0}")]
    Rows(#[from] RowsError),
    /// A migration failed.
    #[error("cannot bring the database up to date: {0}")]
    Migration(String),
    /// The URL of a PostgreSQL database is not valid.
    #[error("the URL of the database is not valid: {0}")]
    Url(String),
    /// The PostgreSQL server cannot be reached, or refuses the connection.
    #[error("cannot use the database {database}: {why}")]
    Server {
        /// The server and the database, without user and password.
        database: String,
        /// What the server or the operating system says.
        why: String,
    },
    /// The user lacks a right on the PostgreSQL database.
    #[error("the user of the database {database} lacks a right; it must own the tables: {why}")]
    Right {
        /// The server and the database, without user and password.
        database: String,
        /// What the server says.
        why: String,
    },
    /// The PostgreSQL database stores texts in another encoding.
    #[error("the database {database} has the encoding {encoding}: create one with the encoding UTF8")]
    Encoding {
        /// The server and the database, without user and password.
        database: String,
        /// The name of its encoding.
        encoding: String,
    },
    /// The PostgreSQL database was written by a newer version of Quintet.
    #[error("the database {database} has version {found}, and this quintet knows up to {known}: use a newer quintet")]
    NewerSchema {
        /// The server and the database, without user and password.
        database: String,
        /// The schema version of the database.
        found: i64,
        /// The newest schema version that this binary supports.
        known: i64,
    },
    /// Another node uses the PostgreSQL database, and the two cannot reach each other's files.
    #[error("{}", other_node(.database, .files))]
    OtherNode {
        /// The server and the database, without user and password.
        database: String,
        /// Who can reach the files of this node.
        files: NodeFiles,
    },
    /// A thread cannot be started.
    #[error("cannot start the writer: {0}")]
    Thread(std::io::Error),
}

/// The sentence about a node that cannot reach the files of this one, or whose files this one cannot reach.
fn other_node(database: &str, files: &NodeFiles) -> String {
    let advice = "set [files] bucket, or [files] shared = true where all nodes mount the same folder, on every node";
    match files {
        NodeFiles::OfThisNode => {
            format!(
                "another node uses the database {database}, and it cannot reach files in a folder of this one: {advice}"
            )
        }
        NodeFiles::OfAllNodes => format!(
            "another node uses the database {database} with files in a folder of its own, or the database is being copied: \
             {advice}"
        ),
    }
}

/// The error of copying a database to a file.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The folder has no database, or another process uses it.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is a file of that name already.
    #[error("{} exists already; a backup never overwrites", .0.display())]
    Exists(PathBuf),
    /// The file of the copy cannot be created or named.
    #[error("cannot write the backup {}: {why}", .to.display())]
    File {
        /// The file of the copy.
        to: PathBuf,
        /// The error of the operating system.
        why: std::io::Error,
    },
    /// The database cannot be read, or its copy cannot be written.
    #[error("cannot write the backup {}: {why}", .to.display())]
    Database {
        /// The file of the copy.
        to: PathBuf,
        /// The error of SQLite.
        why: rusqlite::Error,
    },
    /// The process or its caller ended before the copy was whole.
    #[error("the backup was stopped before it was complete; there is no copy")]
    Stopped,
    /// The data is in memory and has no file to copy.
    #[error("data in memory cannot be copied to a backup")]
    InMemory,
}
