//! The bytes that one replay may contain.
//!
//! What must stay true: what is added to a replay is taken from its budget first.

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
