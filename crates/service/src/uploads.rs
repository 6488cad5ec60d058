//! The uploads in progress, which are bounded because each takes memory for as long as its client sends.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use quintet_domain::limits::{UPLOADS_AT_ONCE, UPLOADS_AT_ONCE_OF_USER};
use quintet_domain::{Refusal, UserId};

/// Milliseconds after which a refused upload may be tried again.
const AGAIN_AFTER_MS: u64 = 1_000;

/// The number of uploads in progress of each user.
#[derive(Debug, Default)]
pub(crate) struct Uploads(Mutex<HashMap<UserId, usize>>);

/// One upload, which counts until this is dropped.
pub(crate) struct Upload<'u> {
    uploads: &'u Uploads,
    user: UserId,
}

impl Uploads {
    /// Counts a new upload of a user.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED` if too many uploads of the user, or of all users, are in progress.
    pub(crate) fn begin(&self, user: &UserId) -> Result<Upload<'_>, Refusal> {
        let mut uploads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = uploads.values().sum();
        let own = uploads.entry(user.clone()).or_default();
        if *own >= UPLOADS_AT_ONCE_OF_USER || all >= UPLOADS_AT_ONCE {
            if *own == 0 {
                uploads.remove(user);
            }
            return Err(Refusal::rate_limited(AGAIN_AFTER_MS));
        }
        *own += 1;
        Ok(Upload { uploads: self, user: user.clone() })
    }
}

impl Drop for Upload<'_> {
    fn drop(&mut self) {
        let mut uploads = self.uploads.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = uploads.get_mut(&self.user) {
            *own -= 1;
            if *own == 0 {
                uploads.remove(&self.user);
            }
        }
    }
}
