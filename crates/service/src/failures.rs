//! Failed log-ins: each further failure at one account delays the next attempt longer, from whatever address it comes.
//!
//! What must stay true: nobody can keep others out of their accounts. In a network from which the account was logged in
//! to before, failures elsewhere do not count; only the rate of the address applies.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quintet_domain::Login;
use quintet_domain::limits::{
    LOGIN_BACKOFF_SECONDS, LOGIN_BACKOFF_SECONDS_MAX, LOGIN_FAILURES_FORGOTTEN_SECONDS, LOGIN_FAILURES_MAX,
    NAME_CHARS_MAX,
};
use quintet_domain::{NameKeys, Refusal, UserId, email_key, normal_username};
use tokio::time::Instant;

/// Maximum number of login names whose failures are stored.
const NAMES_MAX: usize = 10_000;
/// Maximum characters of the key of a login name.
const KEY_CHARS_MAX: usize = 512;
/// Time without a failure after which earlier ones no longer count.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(LOGIN_FAILURES_FORGOTTEN_SECONDS);

/// The failures of one login name.
#[derive(Clone, Copy, Debug)]
struct Failures {
    /// The number of failures in a row.
    count: u32,
    /// The moment of the last failure.
    last: Instant,
}

impl Failures {
    /// Returns the time after the last failure until the next attempt is allowed.
    fn backoff(self) -> Duration {
        let Some(over) = self.count.checked_sub(LOGIN_FAILURES_MAX) else { return Duration::ZERO };
        let seconds = LOGIN_BACKOFF_SECONDS.saturating_mul(1 << over.min(16));
        Duration::from_secs(seconds.min(LOGIN_BACKOFF_SECONDS_MAX))
    }
}

/// The failures of all login names.
#[derive(Debug, Default)]
pub(crate) struct LoginFailures {
    failures: Mutex<HashMap<String, Failures>>,
}

/// Makes room in a full table by removing the older half of its entries.
fn make_room(table: &mut HashMap<String, Failures>) {
    if table.len() < NAMES_MAX {
        return;
    }
    let mut moments: Vec<Instant> = table.values().map(|of| of.last).collect();
    let middle = moments.len() / 2;
    let (_, middle, _) = moments.select_nth_unstable(middle);
    let middle = *middle;
    table.retain(|_, of| of.last > middle);
}

impl LoginFailures {
    /// Counts an attempt to authenticate by a password, under a key from [`login_key`] or [`token_key`]. It counts as a
    /// failure until [`Self::succeeded`] is called, so that parallel attempts are limited like successive ones.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED` until the next attempt is allowed.
    pub(crate) fn attempt(&self, key: &str) -> Result<(), Refusal> {
        let now = Instant::now();
        let mut failures = self.failures();
        make_room(&mut failures);
        let of = failures.entry(key.to_owned()).or_insert(Failures { count: 0, last: now });
        if now.duration_since(of.last) > FORGOTTEN_AFTER {
            of.count = 0;
        }
        let next = of.last + of.backoff();
        if next > now {
            let wait = next.duration_since(now).as_millis();
            return Err(Refusal::rate_limited(u64::try_from(wait).unwrap_or(u64::MAX).max(1)));
        }
        *of = Failures { count: of.count + 1, last: now };
        Ok(())
    }

    /// Records that an attempt succeeded: earlier failures no longer count.
    pub(crate) fn succeeded(&self, key: &str) {
        self.failures().remove(key);
    }

    /// Records that the password of an attempt was not checked, because the server was busy: it does not count.
    pub(crate) fn uncount(&self, key: &str) {
        if let Some(of) = self.failures().get_mut(key) {
            of.count = of.count.saturating_sub(1);
        }
    }

    fn failures(&self) -> MutexGuard<'_, HashMap<String, Failures>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the key under which log-ins are counted: the login name in any spelling, whether an account has it or not,
/// so that a delay does not reveal which addresses are registered.
pub(crate) fn login_key(login: &Login) -> String {
    let cut = |text: &str, chars_max: usize| text.trim().chars().take(chars_max).collect::<String>();
    let key = match login {
        Login::Email(email) => format!("email {}", email_key(&cut(email, KEY_CHARS_MAX))),
        Login::Username(name) => format!("name {}", NameKeys::of(&normal_username(&cut(name, NAME_CHARS_MAX))).key),
    };
    key.chars().take(KEY_CHARS_MAX).collect()
}

/// Returns the key under which confirmations by password are counted. Only a client with a token of the account can
/// make one.
pub(crate) fn token_key(account: &UserId) -> String {
    format!("token {account}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_further_failure_delays_the_next_attempt_longer() {
        let failures = LoginFailures::default();
        for _ in 0..LOGIN_FAILURES_MAX {
            failures.attempt("alice").expect("allowed");
        }
        // After these failures the next attempt is delayed.
        let mut waits = Vec::new();
        for _ in 0..10 {
            let wait = failures.attempt("alice").expect_err("refused").retry_after_ms.expect("a wait");
            waits.push(wait / 1_000);
            tokio::time::advance(Duration::from_millis(wait)).await;
            failures.attempt("alice").expect("allowed after the wait");
        }
        assert_eq!(waits, [6, 12, 24, 48, 96, 192, 384, 768, 900, 900]);
        failures.attempt("bob").expect("another login name counts separately");
        tokio::time::advance(FORGOTTEN_AFTER + Duration::from_secs(1)).await;
        failures.attempt("alice").expect("forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_that_succeed_or_are_not_checked_do_not_count() {
        let failures = LoginFailures::default();
        while failures.attempt("alice").is_ok() {}
        failures.succeeded("alice");
        for _ in 0..10 * LOGIN_FAILURES_MAX {
            failures.attempt("alice").expect("allowed");
            failures.uncount("alice");
        }
        failures.attempt("alice").expect("none of these counts");
    }

    #[test]
    fn log_ins_are_counted_by_their_login_names() {
        let name = |text: &str| login_key(&Login::Username(text.to_owned()));
        let email = |text: &str| login_key(&Login::Email(text.to_owned()));
        assert_eq!(name("ALICE"), name(" alice "));
        assert_eq!(email("Zoe\u{308}@example.org"), email(" zo\u{eb}@example.org"));
        assert_ne!(name("alice"), email("alice"), "a wait does not reveal who has an address");
        assert!(name(&"a".repeat(100_000)).chars().count() <= KEY_CHARS_MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn the_table_is_bounded() {
        let failures = LoginFailures::default();
        for number in 0..2 * NAMES_MAX {
            failures.attempt(&number.to_string()).expect("allowed");
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert!(failures.failures.lock().expect("unlocked").len() <= NAMES_MAX);
    }
}
