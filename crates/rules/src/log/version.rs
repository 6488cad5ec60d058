//! The version of the records of the log, and why a record cannot be read.

/// The version of the records that this build writes.
pub const LOG_VERSION: i64 = 1;

/// An error in reading a record of the log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A newer version of Quintet wrote the record; holds the record's version.
    #[error("the log has a record of version {0}, and this build reads up to {LOG_VERSION}")]
    Newer(i64),
    /// The record is not valid JSON of its version.
    #[error("the log has a record that cannot be read: {0}")]
    Damaged(#[from] serde_json::Error),
    /// A field of the record has a value that this version has no meaning for.
    #[error("the log has a record with an unknown {field}: {value:?}")]
    Unknown {
        /// The name of the field.
        field: &'static str,
        /// The value of the field.
        value: String,
    },
}
