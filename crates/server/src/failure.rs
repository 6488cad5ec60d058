//! The error type of the binary.
//!
//! What must stay true: a failure is a sentence for the operator, and nothing handles it except by printing it.

/// The reason why the process cannot do what it was asked, as one sentence for the operator.
pub(crate) type Failure = String;
