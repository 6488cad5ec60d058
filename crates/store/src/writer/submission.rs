//! A write on its way to the writer.
//!
//! What must stay true: the recipient stays with its write until the write is replied to.

use quintet_domain::Write;

use crate::ReplyTo;

/// A write that is queued for the writer.
#[derive(Debug)]
pub struct Submission {
    /// The write to apply.
    pub write: Write,
    /// The recipient of its result.
    pub reply_to: ReplyTo,
}
