//! What happens in the hub when nothing else does: one ordered list of moments.

use std::collections::BTreeMap;

use quintet_domain::{ConnectionId, ConversationId, UserId};
use tokio::time::Instant;

use super::Hub;

/// What a moment is for. Each looks again whether its time has really come: things may have moved on.
#[derive(Clone, Debug)]
pub(super) enum Timer {
    /// Typing ends by itself.
    TypingEnds(UserId, ConversationId),
    /// A user without connections is offline.
    Offline(UserId),
    /// A user without connections is forgotten; a guest is out of its rooms.
    Forget(UserId),
    /// A connection's token expires.
    Expire(ConnectionId, UserId),
    /// A connection whose token expired is ended.
    EndExpired(ConnectionId, UserId),
    /// Comings and goings that waited are told.
    Comings,
}

/// Names a moment that was noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TimerKey(Instant, u64);

/// Moments that are looked at before the hub turns to something else again.
const AT_ONCE: usize = 256;

#[derive(Default)]
pub(super) struct Timers {
    due: BTreeMap<TimerKey, Timer>,
    count: u64,
}

impl Timers {
    pub(super) fn add(&mut self, at: Instant, timer: Timer) -> TimerKey {
        self.count += 1;
        let key = TimerKey(at, self.count);
        self.due.insert(key, timer);
        key
    }

    /// What is not to happen any more does not wait for its moment either.
    pub(super) fn cancel(&mut self, key: TimerKey) {
        self.due.remove(&key);
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.due.first_key_value().map(|(key, _)| key.0)
    }

    fn pop(&mut self, now: Instant) -> Option<Timer> {
        let first = self.due.first_entry().filter(|first| first.key().0 <= now)?;
        Some(first.remove())
    }
}

impl Hub {
    pub(super) fn timers_due(&mut self) {
        let now = Instant::now();
        for _ in 0..AT_ONCE {
            let Some(timer) = self.timers.pop(now) else { return };
            match timer {
                Timer::TypingEnds(user, conversation) => self.typing_ends(&user, &conversation, now),
                Timer::Offline(user) => self.went(&user, now),
                Timer::Forget(user) => self.forget(&user, now),
                Timer::Expire(connection, user) => self.expire(connection, &user),
                Timer::EndExpired(connection, user) => self.end_expired(connection, &user),
                Timer::Comings => self.tell_comings(),
            }
        }
    }
}
