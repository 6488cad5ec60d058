//! The permit that a request for a list holds until its answer is serialised.
//!
//! What must stay true: the permit is released when the response is complete, whichever handler or middleware made it.

use std::sync::{Arc, Mutex, PoisonError};

use quintet_service::HeavyTurn;

/// A permit that a request holds until its answer is serialised; kept in the request's extensions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held(Arc<Mutex<Option<HeavyTurn>>>);

impl Held {
    /// Keeps a permit until [`Held::release`].
    pub(crate) fn hold(&self, turn: HeavyTurn) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(turn);
    }

    /// Releases the permit.
    pub(crate) fn release(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}
