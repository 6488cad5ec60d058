//! The read permit that a request for a list holds until its answer is serialised.
//!
//! What must stay true: the permit is released when the response is complete, whichever handler or middleware made it.

use std::sync::{Arc, Mutex, PoisonError};

use quintet_service::HeavyTurn;

/// The permit of a request, if it has one. It is an extension of the request, and is released when the answer is
/// serialised.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReadPermit(Arc<Mutex<Option<HeavyTurn>>>);

impl ReadPermit {
    /// Keeps a permit until [`ReadPermit::release`].
    pub(crate) fn hold(&self, turn: HeavyTurn) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(turn);
    }

    /// Releases the permit.
    pub(crate) fn release(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}
