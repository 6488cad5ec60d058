//! The errors of PostgreSQL, with texts for the log.
//!
//! What must stay true: the text of an error names its cause, because the one of the client library leaves it out.

use std::error::Error;
use std::fmt;

use quintet_rules::RowsError;
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::FromSql;

use crate::StoreError;

/// An error of a statement or of a connection.
#[derive(Debug)]
pub(crate) enum PostgresError {
    /// The server refused a statement, or the connection was lost.
    Database(tokio_postgres::Error),
    /// A column has a value that this build has no meaning for.
    Value(String),
    /// The read took too long and was interrupted, or its caller has gone away.
    TooSlow,
    /// A connection that only reads was asked to write.
    ReadOnly,
    /// The connection was lost within a transaction.
    Lost,
    /// It is not known whether the group was committed, because the connection was lost at its commit and no other could
    /// be made in time.
    Unknown(String),
    /// The group was not committed, because the connection was lost before, or a statement had failed.
    NotCommitted,
    /// The database has lost groups that this process has seen committed.
    WentBack {
        /// The newest position that this process knows.
        known: u64,
        /// The newest position of the database.
        found: u64,
    },
    /// A new incarnation of the data has begun, because the database has lost commits.
    Over,
    /// Others have committed more since this process last looked than it can catch up with.
    FarBehind {
        /// The newest position that this process knows.
        known: u64,
        /// The newest position of the database.
        found: u64,
    },
    /// A runtime or random bytes could not be had from the operating system.
    Runtime(std::io::Error),
}

/// The result of reading columns.
pub(crate) type Fetched<T> = Result<T, PostgresError>;

impl fmt::Display for PostgresError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(error) => f.write_str(&explained(error)),
            Self::Value(value) => write!(f, "the database has a column with an unknown value: {value:?}"),
            Self::TooSlow => f.write_str("a read took too long"),
            Self::ReadOnly => f.write_str("a read wrote to the database"),
            Self::Lost => f.write_str("the connection to the database was lost"),
            Self::Unknown(why) => write!(f, "it is not known whether the group was committed: {why}"),
            Self::NotCommitted => f.write_str("the connection was lost before the group was committed"),
            Self::WentBack { known, found } => {
                write!(f, "the database has lost commits: its newest position is {found}, and was {known}")
            }
            Self::FarBehind { known, found } => {
                write!(f, "others have committed from position {known} to {found}, too much to catch up with")
            }
            Self::Over => f.write_str("the database has lost commits, and all sessions begin afresh"),
            Self::Runtime(error) => write!(f, "the operating system refused it: {error}"),
        }
    }
}

impl Error for PostgresError {}

/// Reads a column of a row.
pub(super) fn get<'r, T: FromSql<'r>>(row: &'r Row, at: usize) -> Fetched<T> {
    Ok(row.try_get(at)?)
}

/// The text of an error with all of its causes.
pub(crate) fn explained(error: &tokio_postgres::Error) -> String {
    if let Some(error) = error.as_db_error() {
        let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
        return format!("{}{detail} (SQLSTATE {})", error.message(), error.code().code());
    }
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

impl From<tokio_postgres::Error> for PostgresError {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.code() {
            Some(code) if *code == SqlState::QUERY_CANCELED => Self::TooSlow,
            _ => Self::Database(error),
        }
    }
}

impl From<PostgresError> for RowsError {
    fn from(error: PostgresError) -> Self {
        Self::new(error)
    }
}

impl From<PostgresError> for StoreError {
    fn from(error: PostgresError) -> Self {
        match error {
            PostgresError::TooSlow => Self::TooSlow,
            error => Self::Rows(error.into()),
        }
    }
}
