//! Tells the operator of events that clients send and that do not exist: clients themselves are told nothing, because
//! many of them show every error.
//!
//! What must stay true: the log has one line a minute and name, and what is kept for that is bounded; no user and no network
//! can fill the room of the others; a name can neither begin a line of the log nor hide a part of one.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use quintet_dialect::{Dialect, nearest};
use quintet_domain::{Timestamp, UserId, network};
use quintet_service::Service;

/// Milliseconds for which a name is not logged again.
const QUIET_MS: i64 = 60_000;
/// Maximum number of names that are logged within [`QUIET_MS`].
const NAMES_MAX: usize = 500;
/// Maximum number of names of one sender that are logged within [`QUIET_MS`].
const NAMES_OF_SENDER_MAX: usize = 20;
/// Maximum characters of a name that are logged. Names that differ only beyond them count as one.
const NAME_CHARS_MAX: usize = 64;

/// Who sent an event, as far as it is known: a guest's id is only claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EventSender {
    /// A registered user.
    User(UserId),
    /// Anybody of a network: an IPv4 address, or an IPv6 network of 64 bits.
    Network(IpAddr),
}

impl EventSender {
    /// Returns the sender for a user, if one has shown who it is, and the address of its client.
    pub(crate) fn of(user: Option<UserId>, address: IpAddr) -> Self {
        user.map_or_else(|| Self::Network(network(address)), Self::User)
    }
}

/// The names that were logged of late.
#[derive(Default)]
pub(crate) struct UnknownEvents(Mutex<Logged>);

impl UnknownEvents {
    /// Counts an event that does not exist, and logs its name with the one that the client may have meant.
    pub(crate) fn note(&self, service: &Service, dialect: Option<Dialect>, name: &str, sender: EventSender) {
        let spoken = dialect.map_or("undecided", Dialect::as_str);
        service.metrics().unknown_event(spoken);
        let name: String = name.chars().take(NAME_CHARS_MAX).collect();
        let mut logged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !logged.is_new((dialect, name.clone()), sender, service.environment().now()) {
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

/// The name of an event, and the dialect in which it was sent.
type Name = (Option<Dialect>, String);

/// When each name was last logged, and who sent it then.
#[derive(Default)]
struct Logged(HashMap<Name, (Timestamp, EventSender)>);

impl Logged {
    /// Returns whether a name is to be logged now, and remembers that it is.
    fn is_new(&mut self, name: Name, sender: EventSender, now: Timestamp) -> bool {
        let Self(logged) = self;
        // A moment in the future is one of a clock that was set back.
        let quiet = |at: Timestamp| at <= now && now < at.plus_ms(QUIET_MS);
        if logged.get(&name).is_some_and(|(at, _)| quiet(*at)) {
            return false;
        }
        let of_sender = logged.values().filter(|(at, one)| *one == sender && quiet(*at)).count();
        if of_sender >= NAMES_OF_SENDER_MAX {
            return false;
        }
        if logged.len() >= NAMES_MAX {
            logged.retain(|_, (at, _)| quiet(*at));
        }
        if logged.len() >= NAMES_MAX {
            return false;
        }
        logged.insert(name, (now, sender));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(number: usize) -> EventSender {
        EventSender::of(Some(UserId::trusted(&format!("u-{number}"))), [127, 0, 0, 1].into())
    }

    #[test]
    fn a_name_is_logged_once_a_minute() {
        let mut logged = Logged::default();
        let start = Timestamp(1_000_000);
        let mut is_new = |dialect, now| logged.is_new((dialect, "stats".to_owned()), user(0), now);
        assert!(is_new(None, start));
        assert!(!is_new(None, start.plus_ms(QUIET_MS - 1)));
        assert!(is_new(Some(Dialect::Chat), start));
        assert!(is_new(None, start.plus_ms(QUIET_MS)));
        assert!(is_new(None, start), "the clock was set back");
    }

    #[test]
    fn only_so_many_names_are_kept() {
        let mut logged = Logged::default();
        let start = Timestamp(1_000_000);
        for number in 0..2 * NAMES_MAX {
            let sender = user(number / NAMES_OF_SENDER_MAX);
            assert_eq!(logged.is_new((None, number.to_string()), sender, start), number < NAMES_MAX, "{number}");
        }
        assert_eq!(logged.0.len(), NAMES_MAX);
        assert!(logged.is_new((None, "another".to_owned()), user(0), start.plus_ms(QUIET_MS)));
        assert_eq!(logged.0.len(), 1);
    }

    #[test]
    fn nobody_silences_the_others() {
        let mut logged = Logged::default();
        let now = Timestamp(1_000_000);
        let strangers = EventSender::of(None, [192, 0, 2, 1].into());
        for sender in [&user(0), &strangers] {
            for number in 0..10 * NAMES_OF_SENDER_MAX {
                let name = (None, format!("{sender:?}{number}"));
                assert_eq!(logged.is_new(name, sender.clone(), now), number < NAMES_OF_SENDER_MAX, "{number}");
            }
        }
        assert!(logged.is_new((None, "stats".to_owned()), user(1), now));
        let neighbour = EventSender::of(None, [192, 0, 2, 2].into());
        assert!(logged.is_new((None, "other".to_owned()), neighbour, now));
    }
}
