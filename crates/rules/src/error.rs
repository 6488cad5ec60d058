//! The errors of rules and of row operations.
//!
//! What must stay true: a client sees the text of a refusal, never that of a store's failure.

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

    /// The error that was wrapped, if it is of this type.
    #[must_use]
    pub fn downcast_ref<E: std::error::Error + 'static>(&self) -> Option<&E> {
        self.0.downcast_ref()
    }
}

/// The reason why a write was not applied.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// The write is not allowed, or contradicts what is stored. The client receives the refusal.
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
