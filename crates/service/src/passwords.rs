//! Passwords: hashed and verified by argon2id with the parameters of the library, outside of the async threads.
//!
//! A password is hashed in its normal form (RFC 8265), so that it is the same on every keyboard. Hashes of earlier
//! versions, and those that were moved here from other back ends, are of the password as it was typed; they still match
//! it, and are replaced when it is typed again.
//!
//! What must stay true: the number of passwords that are hashed or wait is bounded. Whether there is a user, and which
//! kind of hash it has, makes no difference to how long a wrong password takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use quintet_domain::limits::{PASSWORD_BYTES_MAX, PASSWORDS_WAITING_MAX};
use quintet_domain::{Refusal, normal_password, refuse_nul};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::password_hashes::{bcrypt_matches, is_as_ours, is_bcrypt};

/// Maximum number of hashes at the same time. Each takes 19 MiB, or up to 64 MiB if another back end made it, and tens of
/// milliseconds of a core.
const AT_ONCE: usize = 2;
/// Milliseconds after which a refused request may be tried again; by then some of the waiting ones are done.
const BUSY_MS: u64 = 2_000;
/// The time that a wrong password takes at least: longer than the check of any hash that can be stored, on a machine that is
/// not slow. On one that is, it is the time of the slowest check so far.
const WRONG_AT_LEAST: Duration = Duration::from_millis(250);
/// The time that a wrong password takes at most, because of checks that were slow.
const WRONG_AT_MOST: Duration = Duration::from_secs(2);

/// Hashes and verifies passwords.
#[derive(Debug)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    /// The number of passwords that are being hashed or wait.
    waiting: Arc<AtomicUsize>,
    /// The hash that is verified if a user has none, so that an unknown user takes as long as a wrong password.
    decoy: String,
    /// The minimum number of characters of a new password.
    chars_min: usize,
    /// The milliseconds that a wrong password takes at least.
    wrong_ms: AtomicU64,
}

/// The result of checking a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// The password is wrong, or there is no user.
    Wrong,
    /// The password is right.
    Right,
    /// The password is right, and its hash is one of an earlier version: this one is to be stored instead of it.
    RightByOldHash(String),
}

impl Checked {
    /// Returns whether the password is right.
    #[must_use]
    pub fn is_right(&self) -> bool {
        match self {
            Self::Right | Self::RightByOldHash(_) => true,
            Self::Wrong => false,
        }
    }
}

impl Passwords {
    /// Creates the queue and the decoy. New passwords have at least `chars_min` characters.
    #[must_use]
    pub fn new(chars_min: usize) -> Self {
        let decoy = hash("a password that nobody has").unwrap_or_default();
        let wrong_ms = AtomicU64::new(WRONG_AT_LEAST.as_millis() as u64);
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), waiting: Arc::default(), decoy, chars_min, wrong_ms }
    }

    /// Returns the minimum number of characters of a new password.
    #[must_use]
    pub fn chars_min(&self) -> usize {
        self.chars_min
    }

    /// Checks that a new password has an allowed length and can be read as it was typed, and hashes it.
    ///
    /// # Errors
    /// A refusal that names `field`; `ERR_BUSY` if too many passwords wait.
    pub async fn hash(&self, field: &str, password: String) -> Result<String, Refusal> {
        if password.len() > PASSWORD_BYTES_MAX {
            return Err(Refusal::too_large(field, format!("has at most {PASSWORD_BYTES_MAX} bytes")));
        }
        // It stands for what could not be read, so that passwords that differ only there would be one.
        if password.contains(char::REPLACEMENT_CHARACTER) {
            let what = "must not contain U+FFFD, which stands for text that is not valid Unicode";
            return Err(Refusal::invalid(field, what));
        }
        refuse_nul(field, &password)?;
        let password = normal_password(&password).into_owned();
        if password.chars().count() < self.chars_min {
            return Err(Refusal::invalid(field, format!("must have at least {} characters", self.chars_min)));
        }
        self.run(move || hash(&password)).await?.ok_or_else(Refusal::internal)
    }

    /// Checks a password against a hash. Without a hash it takes as long, and the password is wrong.
    ///
    /// # Errors
    /// `ERR_BUSY` if too many passwords wait.
    pub async fn check(&self, hash: Option<String>, password: String) -> Result<Checked, Refusal> {
        if password.len() > PASSWORD_BYTES_MAX {
            return Ok(Checked::Wrong);
        }
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.clone());
        let timed = move || {
            let begun = Instant::now();
            Some((check(&hash, &password), begun))
        };
        let (checked, begun) = self.run(timed).await?.unwrap_or_else(|| (Checked::Wrong, Instant::now()));
        let took = begun.elapsed();
        let took_ms = took.min(WRONG_AT_MOST).as_millis() as u64;
        let wrong_ms = self.wrong_ms.fetch_max(took_ms, Ordering::Relaxed).max(took_ms);
        if known && checked.is_right() {
            return Ok(checked);
        }
        // The kinds of hashes take different times. Those that waited for a turn wait for as long as those that did not.
        // Nothing is held meanwhile.
        tokio::time::sleep_until(begun + Duration::from_millis(wrong_ms)).await;
        Ok(Checked::Wrong)
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

/// Checks a password in its normal form and, if that is another text, as it was typed.
fn check(stored: &str, password: &str) -> Checked {
    if is_bcrypt(stored) {
        // Other back ends hash what was typed.
        return match bcrypt_matches(stored, password) {
            true => renewed(&normal_password(password)),
            false => Checked::Wrong,
        };
    }
    let Ok(parsed) = PasswordHash::new(stored) else { return Checked::Wrong };
    let matches = |text: &str| Argon2::default().verify_password(text.as_bytes(), &parsed).is_ok();
    let normal = normal_password(password);
    if matches(&normal) {
        return if is_as_ours(&parsed) { Checked::Right } else { renewed(&normal) };
    }
    if normal == password || !matches(password) {
        return Checked::Wrong;
    }
    renewed(&normal)
}

/// A password that is right by a hash that is to be replaced. Without a new hash, the old one stays in use.
fn renewed(normal: &str) -> Checked {
    hash(normal).map_or(Checked::Right, Checked::RightByOldHash)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHARS_MIN: usize = quintet_domain::limits::PASSWORD_CHARS_MIN_DEFAULT;

    #[tokio::test]
    async fn a_hash_matches_its_password_only() {
        let passwords = Passwords::new(CHARS_MIN);
        let hash = passwords.hash("password", "correct horse".to_owned()).await.expect("hashed");
        assert!(hash.starts_with("$argon2id$"));
        let check = async |hash, password: &str| passwords.check(hash, password.to_owned()).await.expect("a turn");
        assert_eq!(check(Some(hash.clone()), "correct horse").await, Checked::Right);
        assert_eq!(check(Some(hash.clone()), "wrong horse").await, Checked::Wrong);
        assert_eq!(check(Some(hash), "correct horse ").await, Checked::Wrong, "spaces belong to a password");
        assert_eq!(check(None, "a password that nobody has").await, Checked::Wrong);
    }

    #[tokio::test]
    async fn a_new_password_has_a_minimum_length() {
        for (chars_min, short, long) in [(8, "1234567", "12345678"), (6, "cafe\u{301}5", "caf\u{e9}56")] {
            let passwords = Passwords::new(chars_min);
            let refused = passwords.hash("newPassword", short.to_owned()).await.expect_err("too short");
            assert_eq!(refused.message, format!("`newPassword` must have at least {chars_min} characters."));
            assert!(passwords.hash("newPassword", long.to_owned()).await.is_ok());
        }
    }

    #[tokio::test]
    async fn a_password_matches_in_every_form() {
        let (composed, decomposed) = ("caf\u{e9} au lait", "cafe\u{301} au\u{A0}lait");
        let passwords = Passwords::new(CHARS_MIN);
        let check = async |hash: &str, password: &str| {
            passwords.check(Some(hash.to_owned()), password.to_owned()).await.expect("a turn")
        };
        let new = passwords.hash("password", decomposed.to_owned()).await.expect("hashed");
        assert_eq!((check(&new, composed).await, check(&new, decomposed).await), (Checked::Right, Checked::Right));
        // The hash of an earlier version matches what was typed then, and is replaced by one that matches both.
        let old = hash(decomposed).expect("hashed");
        assert_eq!(check(&old, composed).await, Checked::Wrong);
        let Checked::RightByOldHash(renewed) = check(&old, decomposed).await else { panic!("not renewed") };
        assert_eq!(check(&renewed, composed).await, Checked::Right);
        assert_eq!(check(&old, "cafe\u{301}").await, Checked::Wrong);
    }

    #[tokio::test]
    async fn the_number_that_wait_is_bounded() {
        let waiting = Arc::default();
        let entries: Vec<_> = std::iter::from_fn(|| Waiting::begin(&waiting)).collect();
        assert_eq!(entries.len(), AT_ONCE + PASSWORDS_WAITING_MAX);
        drop(entries);
        assert!(Waiting::begin(&waiting).is_some(), "an entry that was dropped is free");
        let passwords = Passwords::new(CHARS_MIN);
        let all: Vec<_> = std::iter::from_fn(|| Waiting::begin(&passwords.waiting)).collect();
        let refused = passwords.hash("password", "correct horse".to_owned()).await.expect_err("refused");
        assert_eq!((refused.code, refused.retry_after_ms), (quintet_domain::Code::Busy, Some(BUSY_MS)));
        drop(all);
        assert!(passwords.hash("password", "correct horse".to_owned()).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_hash_of_another_back_end_is_replaced_by_one_of_ours() {
        let passwords = Passwords::new(CHARS_MIN);
        let check = async |hash: &str, password: &str| {
            passwords.check(Some(hash.to_owned()), password.to_owned()).await.expect("a turn")
        };
        // Made by bcryptjs and by the argon2 of Node.js.
        let moved = [
            ("$2b$10$sR8LXVS.xDMgwrG747EOg.0mFIFhodxV9N.uTU1ZGuT141mnRgcrO", "correct horse"),
            (
                "$argon2id$v=19$m=65536,t=3,p=4$9btF5NYcSsa5THHBW/B54A$l9jaWYMW084OrY3biQKVdsaMa8bBd9+kaUS3KPf5CfQ",
                "correct horse",
            ),
        ];
        for (hash, password) in moved {
            let Checked::RightByOldHash(renewed) = check(hash, password).await else { panic!("{hash} is not renewed") };
            assert!(renewed.starts_with("$argon2id$"));
            assert_eq!(check(&renewed, password).await, Checked::Right);
            assert_eq!(check(hash, "wrong horse").await, Checked::Wrong);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wrong_password_takes_as_long_for_every_kind_of_hash_and_for_nobody() {
        let passwords = Passwords::new(CHARS_MIN);
        let ours = hash("correct horse").expect("hashed");
        for known in [None, Some(ours), Some("$2b$10$sR8LXVS.xDMgwrG747EOg.0mFIFhodxV9N.uTU1ZGuT141mnRgcrO".to_owned())]
        {
            let begun = Instant::now();
            assert_eq!(passwords.check(known, "wrong horse".to_owned()).await, Ok(Checked::Wrong));
            assert_eq!(begun.elapsed(), WRONG_AT_LEAST);
        }
    }
}
