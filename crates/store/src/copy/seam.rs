//! The seam between the copy of an installation and the two kinds of databases.
//!
//! What must stay true: a source is read in one state; a target says that it is incomplete until it is complete.

use std::fmt;
use std::path::PathBuf;

use super::tables::Table;
use crate::OpenError;
use crate::postgres::PostgresTarget;

/// Maximum number of rows that are read before they are written.
pub(crate) const ROWS_AT_ONCE: usize = 500;

/// A place that holds the data of an installation.
#[derive(Clone, Debug)]
pub enum Place {
    /// A data folder with a database of SQLite.
    Folder(PathBuf),
    /// A database of a PostgreSQL server.
    Database(Box<PostgresTarget>),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "the data folder {}", folder.display()),
            Self::Database(target) => write!(f, "the database {}", target.name()),
        }
    }
}

/// Why an installation was not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// One of the two databases cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Both places are of one kind, for which other tools are made.
    #[error(
        "a copy is made from SQLite to PostgreSQL or back; folders are copied by `quintet backup`, databases by pg_dump"
    )]
    SameKind,
    /// The target has data already.
    #[error("{0} is not empty; a copy replaces nothing")]
    NotEmpty(String),
    /// A server or another copy uses one of the places.
    #[error("{0} is in use; stop every quintet that uses it first")]
    InUse(String),
    /// The source has the schema of an earlier version.
    #[error("{place} has version {found}, and a copy needs version {known}: run `quintet migrate` on it first")]
    Older {
        /// The place, in words.
        place: String,
        /// The version of its schema.
        found: i64,
        /// The version that this binary has.
        known: i64,
    },
    /// Rows cannot be read or written.
    #[error("the table {table} cannot be copied: {why}")]
    Rows {
        /// The name of the table in the source.
        table: &'static str,
        /// What the database says.
        why: String,
    },
    /// A statement that is about no table failed.
    #[error("{place} cannot be copied: {why}")]
    Statement {
        /// The place, in words.
        place: String,
        /// What the database says.
        why: String,
    },
    /// The copy is not what the source is.
    #[error("the copy differs from its source: {what} is {copied} instead of {original}")]
    Differs {
        /// What differs, in words.
        what: String,
        /// What the source has.
        original: String,
        /// What the copy has.
        copied: String,
    },
    /// What belongs to the database, such as files and keys, could not be copied.
    #[error("{0}")]
    Rest(String),
}

/// The result of a step of a copy.
pub(crate) type Copying<T> = Result<T, CopyError>;

/// A value of a row, in the form that both databases are read to and written from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// The row has no value there.
    Null,
    /// A whole number.
    Whole(i64),
    /// Yes or no.
    Flag(bool),
    /// A text in UTF-8.
    Text(String),
    /// Bytes that are no text.
    Bytes(Vec<u8>),
}

/// The values of a row, in the order of the table's columns.
pub(crate) type Row = Vec<Value>;

/// What must be equal in the source and in the copy, beside the rows themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The identity of the data.
    pub(crate) identity: String,
    /// The newest position of the order.
    pub(crate) position: i64,
    /// The greatest number that a guest's secret ever had.
    pub(crate) secrets: i64,
    /// The number of rows of each table.
    pub(crate) rows: Vec<u64>,
}

/// A database that is copied from. Everything that is read of it is one state.
pub(crate) trait Source {
    fn facts(&mut self) -> Copying<Facts>;
    /// When the newest change was committed, in milliseconds since 1970; 0 if there is none.
    fn newest_at(&mut self) -> Copying<i64>;
    /// Reads all rows of a table, in groups of at most [`ROWS_AT_ONCE`].
    fn read(&mut self, table: &'static Table, each: &mut dyn FnMut(Vec<Row>) -> Copying<()>) -> Copying<()>;
    /// The ids of the files that were uploaded whole.
    fn files(&mut self) -> Copying<Vec<String>>;
}

/// A database that is copied to. It says that it is incomplete until [`TargetCopy::complete`].
pub(crate) trait TargetCopy {
    /// Begins a table, which has no rows.
    fn begin(&mut self, table: &'static Table) -> Copying<()>;
    /// Writes rows of the table that was begun.
    fn write(&mut self, rows: Vec<Row>) -> Copying<()>;
    /// Ends the table that was begun.
    fn end(&mut self) -> Copying<()>;
    /// Sets what belongs to no table, and makes everything durable. Returns what the copy has then.
    fn settle(&mut self, facts: &Facts, newest_at: i64) -> Copying<Facts>;
    /// Removes the mark that says that the copy is incomplete.
    fn complete(self: Box<Self>) -> Copying<()>;
    /// The number of characters that the database cannot store and that were replaced.
    fn replaced(&self) -> u64;
}
