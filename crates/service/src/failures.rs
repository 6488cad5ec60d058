//! Log-ins that failed: whoever tries many passwords of one account waits longer and longer, from whatever address.
//!
//! What must stay true: nobody is kept out of its account by others. Where an account was logged in to before, its
//! failures elsewhere do not count; there only the rate of the address does.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use quintet_domain::limits::{LOGIN_BACKOFF_SECONDS, LOGIN_BACKOFF_SECONDS_MAX, LOGIN_FAILURES_MAX};
use quintet_domain::{Refusal, network};
use tokio::time::Instant;

/// Accounts, and pairs of an account and a network, that are remembered, of each kind.
const KEPT: usize = 10_000;
/// After so long without a failure earlier ones are forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60 * 60);

/// The failures of one account.
#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Instant,
}

impl Failures {
    /// How long after the last failure the next attempt is let through.
    fn backoff(self) -> Duration {
        let Some(over) = self.count.checked_sub(LOGIN_FAILURES_MAX) else { return Duration::ZERO };
        let seconds = LOGIN_BACKOFF_SECONDS.saturating_mul(1 << over.min(16));
        Duration::from_secs(seconds.min(LOGIN_BACKOFF_SECONDS_MAX))
    }
}

/// The failures of all accounts, by what names an account: its id, or what was said instead where there is none.
#[derive(Debug, Default)]
pub(crate) struct LoginFailures {
    failures: Mutex<HashMap<String, Failures>>,
    /// From where accounts were logged in to, and when that was last.
    known: Mutex<HashMap<(String, IpAddr), Instant>>,
}

/// Makes room in a full table: what is older than half of it goes.
fn make_room<K: Eq + Hash + Clone, V>(table: &mut HashMap<K, V>, last: impl Fn(&V) -> Instant) {
    if table.len() < KEPT {
        return;
    }
    let mut moments: Vec<Instant> = table.values().map(&last).collect();
    let middle = moments.len() / 2;
    let (_, middle, _) = moments.select_nth_unstable(middle);
    let middle = *middle;
    table.retain(|_, value| last(value) > middle);
}

impl LoginFailures {
    /// An attempt to log in. It counts as a failure until [`Self::succeeded`] is called, so that many at once get no
    /// further than many in a row.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED`.
    pub(crate) fn attempt(&self, account: &str, from: IpAddr) -> Result<(), Refusal> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains_key(&(account.to_owned(), network(from))) {
            return Ok(());
        }
        drop(known);
        let now = Instant::now();
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        make_room(&mut failures, |of| of.last);
        let of = failures.entry(account.to_owned()).or_insert(Failures { count: 0, last: now });
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

    /// An attempt succeeded: failures so far do not count any more, and from there it is always let through.
    pub(crate) fn succeeded(&self, account: &str, from: IpAddr) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(account);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        make_room(&mut known, |last| *last);
        known.insert((account.to_owned(), network(from)), Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_guesses_waits_longer_and_longer() {
        let failures = LoginFailures::default();
        for host in 0..LOGIN_FAILURES_MAX {
            failures.attempt("alice", address(host as u8)).expect("let through");
        }
        // The next one waits already.
        let mut waits = Vec::new();
        for _ in 0..10 {
            let wait = failures.attempt("alice", address(101)).expect_err("refused").retry_after_ms.expect("a wait");
            waits.push(wait / 1_000);
            tokio::time::advance(Duration::from_millis(wait)).await;
            failures.attempt("alice", address(102)).expect("let through after the wait");
        }
        assert_eq!(waits, [6, 12, 24, 48, 96, 192, 384, 768, 900, 900]);
        failures.attempt("bob", address(101)).expect("another account is another's");
        tokio::time::advance(FORGOTTEN_AFTER + Duration::from_secs(1)).await;
        failures.attempt("alice", address(101)).expect("forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_kept_out_where_it_was_let_in() {
        let failures = LoginFailures::default();
        failures.attempt("alice", address(1)).expect("let through");
        failures.succeeded("alice", address(1));
        while failures.attempt("alice", address(2)).is_ok() {}
        failures.attempt("alice", address(1)).expect("her own address");
        assert!(failures.attempt("alice", address(2)).is_err());
        failures.succeeded("alice", address(1));
        failures.attempt("alice", address(2)).expect("a success ends it");
    }

    #[tokio::test(start_paused = true)]
    async fn the_table_is_bounded() {
        let failures = LoginFailures::default();
        for number in 0..2 * KEPT {
            failures.attempt(&number.to_string(), address(1)).expect("let through");
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert!(failures.failures.lock().expect("unlocked").len() <= KEPT);
    }
}
