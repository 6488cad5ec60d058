//! The sessions of which it is being stored that they are in use, so that many requests at once cause one write.
//!
//! What must stay true: a session is there only while its write is under way.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use quintet_domain::LoginSessionId;

/// The sessions of which it is being stored that they are in use.
#[derive(Debug, Default)]
pub(crate) struct BeingNoted(Mutex<HashSet<LoginSessionId>>);

impl BeingNoted {
    /// Adds a session. Returns whether it was not there.
    pub(crate) fn begin(&self, session: &LoginSessionId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(session.clone())
    }

    /// Removes a session.
    pub(crate) fn end(&self, session: &LoginSessionId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(session);
    }
}
