//! Tells the operator of events that clients send and that do not exist: clients themselves are told nothing, because
//! many of them show every error.
//!
//! What must stay true: the log has one line a minute and name, and what is kept for that is bounded; a name can neither
//! begin a line of the log nor hide a part of one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use quintet_dialect::{Dialect, nearest};
use quintet_domain::Timestamp;
use quintet_service::Service;

/// Milliseconds for which a name is not logged again.
const QUIET_MS: i64 = 60_000;
/// Maximum number of names that are logged within [`QUIET_MS`].
const NAMES_MAX: usize = 100;
/// Maximum characters of a name that are logged. Names that differ only beyond them count as one.
const NAME_CHARS_MAX: usize = 64;

/// The names that were logged of late.
#[derive(Default)]
pub(crate) struct UnknownEvents(Mutex<Logged>);

impl UnknownEvents {
    /// Counts an event that does not exist, and logs its name with the one that the client may have meant.
    pub(crate) fn note(&self, service: &Service, dialect: Option<Dialect>, name: &str) {
        let spoken = dialect.map_or("undecided", Dialect::as_str);
        service.metrics().unknown_event(spoken);
        let name: String = name.chars().take(NAME_CHARS_MAX).collect();
        let mut logged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !logged.is_new(dialect, &name, service.environment().now()) {
            return;
        }
        drop(logged);
        // Written as `Debug` does, with escapes: the name is a client's.
        match nearest(dialect, &name) {
            Some((of, nearest)) => tracing::info!(
                target: "quintet::unknown_events", dialect = spoken, event = ?name, nearest, of = of.as_str(),
                "a client sent an event that does not exist"
            ),
            None => tracing::info!(
                target: "quintet::unknown_events", dialect = spoken, event = ?name,
                "a client sent an event that does not exist"
            ),
        }
    }
}

/// When each name was last logged.
#[derive(Default)]
struct Logged(HashMap<(Option<Dialect>, String), Timestamp>);

impl Logged {
    /// Returns whether a name is to be logged now, and remembers that it is.
    fn is_new(&mut self, dialect: Option<Dialect>, name: &str, now: Timestamp) -> bool {
        let Self(logged) = self;
        let key = (dialect, name.to_owned());
        // A moment in the future is one of a clock that was set back.
        let quiet = |at: &Timestamp| *at <= now && now < at.plus_ms(QUIET_MS);
        if logged.get(&key).is_some_and(quiet) {
            return false;
        }
        if logged.len() >= NAMES_MAX {
            logged.retain(|_, at| quiet(at));
        }
        if logged.len() >= NAMES_MAX && !logged.contains_key(&key) {
            return false;
        }
        logged.insert(key, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_logged_once_a_minute() {
        let mut logged = Logged::default();
        let start = Timestamp(1_000_000);
        assert!(logged.is_new(None, "stats", start));
        assert!(!logged.is_new(None, "stats", start.plus_ms(QUIET_MS - 1)));
        assert!(logged.is_new(Some(Dialect::Chat), "stats", start));
        assert!(logged.is_new(None, "stats", start.plus_ms(QUIET_MS)));
        assert!(logged.is_new(None, "stats", start), "the clock was set back");
    }

    #[test]
    fn only_so_many_names_are_kept() {
        let mut logged = Logged::default();
        let start = Timestamp(1_000_000);
        for number in 0..10 * NAMES_MAX {
            assert_eq!(logged.is_new(None, &number.to_string(), start), number < NAMES_MAX, "{number}");
        }
        assert_eq!(logged.0.len(), NAMES_MAX);
        assert!(logged.is_new(None, "another", start.plus_ms(QUIET_MS)));
        assert_eq!(logged.0.len(), 1);
    }
}
