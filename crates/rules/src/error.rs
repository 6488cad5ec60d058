//! Why a rule did not apply.

use quintet_domain::Refusal;

/// A failure of the store's rows: of the database, the disk or memory. It is logged, and never shown to a client.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct RowsError(Box<dyn std::error::Error + Send + Sync>);

impl RowsError {
    /// Wraps an error of a store.
    pub fn new(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(error.into())
    }
}

/// Why a rule did not apply.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// The write is not allowed, or contradicts what is stored. The client is told why.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The rows could not be read or written.
    #[error(transparent)]
    Rows(#[from] RowsError),
}

/// The result of a row operation.
pub type RowResult<T> = Result<T, RowsError>;

/// The result of a rule.
pub type RuleResult<T> = Result<T, RuleError>;
