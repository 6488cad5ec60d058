//! Timers: one ordered queue of moments, each with its purpose.
//!
//! What must stay true: timers that are due at the same moment fire in the order in which they were set.

use std::collections::BTreeMap;

use quintet_domain::{ConnectionId, ConversationId, MessageId, UserId};
use tokio::time::Instant;

/// The purpose of a timer. Its handler checks again whether it is due, because the moment may have moved.
#[derive(Clone, Debug)]
pub(super) enum Timer {
    /// A user's typing in a conversation ends by itself.
    TypingEnds(UserId, ConversationId),
    /// The typing of a user on another node ends, because its stop was lost.
    TypingElsewhereEnds(UserId, ConversationId),
    /// A user without connections goes offline.
    Offline(UserId),
    /// A user without connections is removed; the memberships of a guest end.
    Forget(UserId),
    /// The token of a connection expires.
    Expire(ConnectionId, UserId),
    /// A connection whose token expired ends.
    EndExpired(ConnectionId, UserId),
    /// The tokens that have no timer of their own yet are reviewed.
    ReviewTokens,
    /// The presence changes that wait are announced.
    Presence,
    /// The changed profiles that are due are announced.
    Profiles,
    /// The reactions to a message that wait are told.
    Reactions(MessageId),
    /// It is looked at which messages to a conversation are written.
    Deliveries(ConversationId),
    /// Reads of users who are on other nodes are tried again.
    ReadElsewhere,
    /// Some users of a node that died go offline.
    NodeGone,
}

/// Identifies a timer, so that it can be cancelled.
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

    /// The time at which the next timer is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.due.first_key_value().map(|(key, _)| key.0)
    }

    /// Takes the next timer that is due.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Timer> {
        let first = self.due.first_entry().filter(|first| first.key().0 <= now)?;
        Some(first.remove())
    }
}
