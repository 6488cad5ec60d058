//! Timers: one ordered list of moments, and what each is for.
//!
//! What must stay true: timers of one moment go off in the order in which they were set.

use std::collections::BTreeMap;

use quintet_domain::{ConnectionId, ConversationId, UserId};
use tokio::time::Instant;

/// What a timer is for. Its handler checks again whether the time has really come: it may have been moved.
#[derive(Clone, Debug)]
pub(super) enum Timer {
    /// A user's typing in a conversation ends by itself.
    TypingEnds(UserId, ConversationId),
    /// A user without connections goes offline.
    Offline(UserId),
    /// A user without connections is forgotten; a guest's memberships end.
    Forget(UserId),
    /// The token of a connection expires.
    Expire(ConnectionId, UserId),
    /// A connection whose token expired ends.
    EndExpired(ConnectionId, UserId),
    /// The presence changes that wait are announced.
    Presence,
}

/// Names a timer, so that it can be cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TimerKey(Instant, u64);

/// The timers that are set.
#[derive(Default)]
pub(super) struct Timers {
    due: BTreeMap<TimerKey, Timer>,
    count: u64,
}

impl Timers {
    /// Sets a timer.
    pub(super) fn add(&mut self, at: Instant, timer: Timer) -> TimerKey {
        self.count += 1;
        let key = TimerKey(at, self.count);
        self.due.insert(key, timer);
        key
    }

    /// Removes a timer before its time.
    pub(super) fn cancel(&mut self, key: TimerKey) {
        self.due.remove(&key);
    }

    /// The time of the next timer.
    pub(super) fn next(&self) -> Option<Instant> {
        self.due.first_key_value().map(|(key, _)| key.0)
    }

    /// Takes the next timer whose time has come.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Timer> {
        let first = self.due.first_entry().filter(|first| first.key().0 <= now)?;
        Some(first.remove())
    }
}
