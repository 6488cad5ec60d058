//! Whether what is kept in memory for a while is about to be saved.
//!
//! What must stay true: one saving at most is planned.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the next saving is planned.
#[derive(Debug, Default)]
pub(crate) struct Saving(AtomicBool);

impl Saving {
    /// Plans a saving. Returns false if one is planned already.
    pub(crate) fn plan(&self) -> bool {
        !self.0.swap(true, Ordering::Relaxed)
    }

    /// Begins the saving that is planned; false if none is. What changes from here on is for the next one.
    pub(crate) fn begin(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}
