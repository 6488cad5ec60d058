//! Passwords: argon2id with the library's parameters, off the async threads, a bounded number at once.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use quintet_domain::Refusal;
use quintet_domain::limits::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN};
use tokio::sync::Semaphore;

/// Hashes under way at once; each takes 19 MiB and tens of milliseconds of a core.
const AT_ONCE: usize = 2;

/// Hashes and checks passwords.
#[derive(Debug)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    /// What is checked where there is no hash, so that an unknown user takes as long as a wrong password.
    decoy: String,
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

impl Passwords {
    /// Prepares the decoy.
    #[must_use]
    pub fn new() -> Self {
        let decoy = hash("a password that nobody has").unwrap_or_default();
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), decoy }
    }

    /// Checks that a new password is long enough and hashes it.
    ///
    /// # Errors
    /// A refusal that names `field`.
    pub async fn hash(&self, field: &str, password: String) -> Result<String, Refusal> {
        if password.chars().count() < PASSWORD_CHARS_MIN {
            return Err(Refusal::invalid(field, format!("must have at least {PASSWORD_CHARS_MIN} characters")));
        }
        if password.len() > PASSWORD_BYTES_MAX {
            return Err(Refusal::too_large(field, format!("has at most {PASSWORD_BYTES_MAX} bytes")));
        }
        self.run(move || hash(&password)).await.ok_or_else(Refusal::internal)
    }

    /// Whether a password fits a hash. Without a hash it takes as long, and does not fit.
    pub async fn verify(&self, hash: Option<String>, password: String) -> bool {
        if password.len() > PASSWORD_BYTES_MAX {
            return false;
        }
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.clone());
        let fits = self.run(move || {
            let parsed = PasswordHash::new(&hash).ok()?;
            Argon2::default().verify_password(password.as_bytes(), &parsed).ok()
        });
        fits.await.is_some() && known
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> Option<T> + Send + 'static) -> Option<T> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.ok()?;
        // The work goes on when whoever asked is gone, and so does its turn.
        let work = move || {
            let _turn = turn;
            work()
        };
        tokio::task::spawn_blocking(work).await.ok()?
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
    async fn a_hash_fits_its_password_only() {
        let passwords = Passwords::new();
        let hash = passwords.hash("password", "correct horse".to_owned()).await.expect("hashed");
        assert!(hash.starts_with("$argon2id$"));
        assert!(passwords.verify(Some(hash.clone()), "correct horse".to_owned()).await);
        assert!(!passwords.verify(Some(hash), "wrong horse".to_owned()).await);
        assert!(!passwords.verify(None, "a password that nobody has".to_owned()).await);
        assert!(passwords.hash("password", "short".to_owned()).await.is_err());
    }
}
