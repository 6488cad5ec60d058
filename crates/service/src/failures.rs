//! Failed log-ins: each further failure at one account makes the next attempt wait longer, whatever its address.
//!
//! What must stay true: nobody is kept out of its account by others. Where an account was logged in to before, which the
//! store remembers, failures elsewhere do not count; there only the rate of the address does.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quintet_domain::Login;
use quintet_domain::limits::{LOGIN_BACKOFF_SECONDS, LOGIN_BACKOFF_SECONDS_MAX, LOGIN_FAILURES_MAX, NAME_CHARS_MAX};
use quintet_domain::{NameKeys, Refusal, UserId};
use tokio::time::Instant;

/// Login names that are remembered.
const KEPT: usize = 10_000;
/// Characters of a login name that are remembered.
const SAID_CHARS_MAX: usize = 512;
/// Time without a failure after which earlier ones are forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60 * 60);

/// The failures of one account.
#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Instant,
}

impl Failures {
    /// How long after the last failure the next attempt is allowed.
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

/// Makes room in a full table: what is older than half of it goes.
fn make_room(table: &mut HashMap<String, Failures>) {
    if table.len() < KEPT {
        return;
    }
    let mut moments: Vec<Instant> = table.values().map(|of| of.last).collect();
    let middle = moments.len() / 2;
    let (_, middle, _) = moments.select_nth_unstable(middle);
    let middle = *middle;
    table.retain(|_, of| of.last > middle);
}

impl LoginFailures {
    /// An attempt to prove who one is by a password, by what was said: a login name, or the account whose token is shown. It
    /// counts as a failure until [`Self::succeeded`] is called, so that many at once get no further than many in a row.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED`.
    pub(crate) fn attempt(&self, said: &str) -> Result<(), Refusal> {
        let now = Instant::now();
        let mut failures = self.failures();
        make_room(&mut failures);
        let of = failures.entry(said.to_owned()).or_insert(Failures { count: 0, last: now });
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

    /// An attempt succeeded: failures so far do not count any more.
    pub(crate) fn succeeded(&self, said: &str) {
        self.failures().remove(said);
    }

    /// An attempt was not looked at, because the server was busy: it does not count.
    pub(crate) fn take_back(&self, said: &str) {
        if let Some(of) = self.failures().get_mut(said) {
            of.count = of.count.saturating_sub(1);
        }
    }

    fn failures(&self) -> MutexGuard<'_, HashMap<String, Failures>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a log-in is counted by: the login name, however it is spelled, whether an account has it or not, so that nobody
/// learns from a wait which address is whose.
pub(crate) fn said(login: &Login) -> String {
    let said = match login {
        Login::Email(email) => format!("email {}", email.to_lowercase()),
        Login::Username(name) => {
            let name: String = name.chars().take(NAME_CHARS_MAX).collect();
            format!("name {}", NameKeys::of(&name).key)
        }
    };
    said.chars().take(SAID_CHARS_MAX).collect()
}

/// What a confirmation by password is counted by: only somebody with a token of the account can ask for one.
pub(crate) fn said_by_token(account: &UserId) -> String {
    format!("token {account}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_guesses_waits_longer_and_longer() {
        let failures = LoginFailures::default();
        for _ in 0..LOGIN_FAILURES_MAX {
            failures.attempt("alice").expect("let through");
        }
        // The next one waits already.
        let mut waits = Vec::new();
        for _ in 0..10 {
            let wait = failures.attempt("alice").expect_err("refused").retry_after_ms.expect("a wait");
            waits.push(wait / 1_000);
            tokio::time::advance(Duration::from_millis(wait)).await;
            failures.attempt("alice").expect("let through after the wait");
        }
        assert_eq!(waits, [6, 12, 24, 48, 96, 192, 384, 768, 900, 900]);
        failures.attempt("bob").expect("another account is another's");
        tokio::time::advance(FORGOTTEN_AFTER + Duration::from_secs(1)).await;
        failures.attempt("alice").expect("forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn what_succeeded_or_was_not_looked_at_does_not_count() {
        let failures = LoginFailures::default();
        while failures.attempt("alice").is_ok() {}
        failures.succeeded("alice");
        for _ in 0..10 * LOGIN_FAILURES_MAX {
            failures.attempt("alice").expect("let through");
            failures.take_back("alice");
        }
        failures.attempt("alice").expect("none of these counts");
    }

    #[test]
    fn what_a_log_in_is_counted_by() {
        let name = |text: &str| said(&Login::Username(text.to_owned()));
        assert_eq!(name("ALICE"), name("alice"));
        assert_ne!(name("alice"), said(&Login::Email("alice".to_owned())), "no wait says whose an address is");
        assert!(name(&"a".repeat(100_000)).chars().count() <= SAID_CHARS_MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn the_table_is_bounded() {
        let failures = LoginFailures::default();
        for number in 0..2 * KEPT {
            failures.attempt(&number.to_string()).expect("let through");
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert!(failures.failures.lock().expect("unlocked").len() <= KEPT);
    }
}
