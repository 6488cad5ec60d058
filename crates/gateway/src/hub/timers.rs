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
}

#[derive(Default)]
pub(super) struct Timers {
    due: BTreeMap<(Instant, u64), Timer>,
    count: u64,
}

impl Timers {
    pub(super) fn add(&mut self, at: Instant, timer: Timer) {
        self.count += 1;
        self.due.insert((at, self.count), timer);
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    fn pop(&mut self, now: Instant) -> Option<Timer> {
        let first = self.due.first_entry().filter(|first| first.key().0 <= now)?;
        Some(first.remove())
    }
}

impl Hub {
    pub(super) fn timers_due(&mut self) {
        let now = Instant::now();
        while let Some(timer) = self.timers.pop(now) {
            match timer {
                Timer::TypingEnds(user, conversation) => self.typing_ends(&user, &conversation, now),
                Timer::Offline(user) => self.went(&user, now),
                Timer::Forget(user) => self.forget(&user),
                Timer::Expire(connection, user) => self.expire(connection, &user),
                Timer::EndExpired(connection, user) => self.end_expired(connection, &user),
            }
        }
    }
}
