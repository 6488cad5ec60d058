//! The bytes that one replay may contain.
//!
//! What must stay true: what is added to a replay is taken from its budget first.

use quintet_domain::limits::RECOVERY_CHANGES_MAX;

/// Approximate bytes of an event without its texts.
pub(super) const EVENT_BYTES: usize = 256;
/// Maximum number of changes of one kind that are read: one more than one replay may contain.
pub(super) const ROWS_MAX: usize = RECOVERY_CHANGES_MAX + 1;

/// The number of bytes that one replay may still add.
pub(super) struct Budget {
    pub(super) bytes: usize,
}

impl Budget {
    /// Takes a number of bytes. Returns whether as many were left.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        match self.bytes.checked_sub(bytes) {
            Some(rest) => {
                self.bytes = rest;
                true
            }
            None => false,
        }
    }
}
