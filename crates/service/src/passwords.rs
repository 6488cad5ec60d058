//! Passwords: hashed and verified by argon2id with the parameters of the library, outside of the async threads.
//!
//! What must stay true: the number of passwords that are hashed or wait is bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use quintet_domain::Refusal;
use quintet_domain::limits::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN, PASSWORDS_WAITING_MAX};
use tokio::sync::Semaphore;

/// Maximum number of hashes at the same time. Each takes 19 MiB and tens of milliseconds of a core.
const AT_ONCE: usize = 2;
/// Milliseconds after which a refused request may be tried again; by then some of the waiting ones are done.
const BUSY_MS: u64 = 2_000;

/// Hashes and verifies passwords.
#[derive(Debug)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    /// The number of passwords that are being hashed or wait.
    waiting: Arc<AtomicUsize>,
    /// The hash that is verified if a user has none, so that an unknown user takes as long as a wrong password.
    decoy: String,
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

impl Passwords {
    /// Creates the queue and the decoy.
    #[must_use]
    pub fn new() -> Self {
        let decoy = hash("a password that nobody has").unwrap_or_default();
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), waiting: Arc::default(), decoy }
    }

    /// Checks that a new password has an allowed length, and hashes it.
    ///
    /// # Errors
    /// A refusal that names `field`; `ERR_BUSY` if too many passwords wait.
    pub async fn hash(&self, field: &str, password: String) -> Result<String, Refusal> {
        if password.chars().count() < PASSWORD_CHARS_MIN {
            return Err(Refusal::invalid(field, format!("must have at least {PASSWORD_CHARS_MIN} characters")));
        }
        if password.len() > PASSWORD_BYTES_MAX {
            return Err(Refusal::too_large(field, format!("has at most {PASSWORD_BYTES_MAX} bytes")));
        }
        self.run(move || hash(&password)).await?.ok_or_else(Refusal::internal)
    }

    /// Returns whether a password matches a hash. Without a hash it takes as long and returns false.
    ///
    /// # Errors
    /// `ERR_BUSY` if too many passwords wait.
    pub async fn verify(&self, hash: Option<String>, password: String) -> Result<bool, Refusal> {
        if password.len() > PASSWORD_BYTES_MAX {
            return Ok(false);
        }
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.clone());
        let matching = self.run(move || {
            let parsed = PasswordHash::new(&hash).ok()?;
            Argon2::default().verify_password(password.as_bytes(), &parsed).ok()
        });
        Ok(matching.await?.is_some() && known)
    }

    /// Runs work once a permit is free. It is refused at once if too many passwords wait.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Option<T> + Send + 'static,
    ) -> Result<Option<T>, Refusal> {
        let waiting = Waiting::begin(&self.waiting).ok_or_else(|| Refusal::busy(BUSY_MS))?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| Refusal::internal())?;
        // The work continues if its caller is dropped, so it owns its permits.
        let work = move || {
            let _held = (turn, waiting);
            work()
        };
        Ok(tokio::task::spawn_blocking(work).await.ok().flatten())
    }
}

/// A permit to wait for, or do, the work on one password; returned when dropped.
struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn begin(waiting: &Arc<AtomicUsize>) -> Option<Self> {
        let most = AT_ONCE + PASSWORDS_WAITING_MAX;
        let taken =
            waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| (count < most).then_some(count + 1));
        taken.is_ok().then(|| Self(Arc::clone(waiting)))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn hash(password: &str) -> Option<String> {
    match Argon2::default().hash_password(password.as_bytes()) {
        Ok(hash) => Some(hash.to_string()),
        Err(error) => {
            tracing::error!(%error, "a password could not be hashed");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_matches_its_password_only() {
        let passwords = Passwords::new();
        let hash = passwords.hash("password", "correct horse".to_owned()).await.expect("hashed");
        assert!(hash.starts_with("$argon2id$"));
        let verify = async |hash, password: &str| passwords.verify(hash, password.to_owned()).await.expect("a turn");
        assert!(verify(Some(hash.clone()), "correct horse").await);
        assert!(!verify(Some(hash), "wrong horse").await);
        assert!(!verify(None, "a password that nobody has").await);
        assert!(passwords.hash("password", "short".to_owned()).await.is_err());
    }

    #[tokio::test]
    async fn the_number_that_wait_is_bounded() {
        let waiting = Arc::default();
        let entries: Vec<_> = std::iter::from_fn(|| Waiting::begin(&waiting)).collect();
        assert_eq!(entries.len(), AT_ONCE + PASSWORDS_WAITING_MAX);
        drop(entries);
        assert!(Waiting::begin(&waiting).is_some(), "an entry that was dropped is free");
        let passwords = Passwords::new();
        let all: Vec<_> = std::iter::from_fn(|| Waiting::begin(&passwords.waiting)).collect();
        let refused = passwords.hash("password", "correct horse".to_owned()).await.expect_err("refused");
        assert_eq!((refused.code, refused.retry_after_ms), (quintet_domain::Code::Busy, Some(BUSY_MS)));
        drop(all);
        assert!(passwords.hash("password", "correct horse".to_owned()).await.is_ok());
    }
}
