//! When users were last active on this node: when a connection of theirs sent an event. It decides whether a message is
//! pushed to a browser.
//!
//! What must stay true: noting takes nanoseconds, and one load of a flag while nobody is sent push messages; what is noted
//! is bounded, and forgotten once it tells nothing any more.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use quintet_domain::{Timestamp, UserId};

/// The parts of the map, so that connections of different users seldom wait for each other.
const PARTS: usize = 16;
/// Maximum users of one part. Beyond it nobody is added, who then counts as away.
const USERS_OF_PART_MAX: usize = 8_192;

/// Who wants to know when users were last active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotedFor {
    /// What pushes messages to browsers, because there is one.
    Browsers,
    /// What tells webhooks whom to push to, because there is one.
    Webhooks,
}

impl NotedFor {
    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// When users were last active on this node.
#[derive(Debug, Default)]
pub struct Activity {
    /// A bit for each of those who want to know it.
    noted_for: AtomicU8,
    hasher: RandomState,
    parts: [Mutex<HashMap<UserId, Timestamp>>; PARTS],
}

impl Activity {
    fn part(&self, user: &UserId) -> MutexGuard<'_, HashMap<UserId, Timestamp>> {
        let hash = self.hasher.hash_one(user);
        // The remainder is less than the number of parts.
        let part = &self.parts[(hash % PARTS as u64) as usize];
        part.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether anybody may be sent push messages.
    #[must_use]
    pub fn is_noted(&self) -> bool {
        self.noted_for.load(Ordering::Relaxed) != 0
    }

    /// Returns whether somebody wants to know it.
    #[must_use]
    pub fn is_noted_for(&self, one: NotedFor) -> bool {
        self.noted_for.load(Ordering::Relaxed) & one.bit() != 0
    }

    /// Records whether somebody wants to know it. As long as nobody does, nothing is noted.
    pub fn set_noted(&self, one: NotedFor, is_noted: bool) {
        match is_noted {
            true => self.noted_for.fetch_or(one.bit(), Ordering::Relaxed),
            false => self.noted_for.fetch_and(!one.bit(), Ordering::Relaxed),
        };
    }

    /// Records that a connection of a user sent an event.
    pub fn note(&self, user: &UserId, now: impl FnOnce() -> Timestamp) {
        if !self.is_noted() {
            return;
        }
        let now = now();
        let mut part = self.part(user);
        if let Some(last) = part.get_mut(user) {
            *last = now;
        } else if part.len() < USERS_OF_PART_MAX {
            part.insert(user.clone(), now);
        }
    }

    /// Returns when a user was last active; `None` if that is not known, or long ago.
    #[must_use]
    pub fn last(&self, user: &UserId) -> Option<Timestamp> {
        self.part(user).get(user).copied()
    }

    /// Returns those who were active after a moment, in no order.
    #[must_use]
    pub fn after(&self, moment: Timestamp) -> Vec<(UserId, Timestamp)> {
        let parts = self.parts.iter().map(|part| part.lock().unwrap_or_else(PoisonError::into_inner));
        let active = parts.flat_map(|part| {
            let active = part.iter().filter(|(_, at)| **at > moment);
            active.map(|(user, at)| (user.clone(), *at)).collect::<Vec<_>>()
        });
        active.collect()
    }

    /// Forgets those who were not active since a moment.
    pub fn forget_before(&self, moment: Timestamp) {
        for part in &self.parts {
            part.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, at| *at >= moment);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str) -> UserId {
        UserId::trusted(id)
    }

    fn noted() -> Activity {
        let activity = Activity::default();
        activity.set_noted(NotedFor::Browsers, true);
        activity
    }

    #[test]
    fn nothing_is_noted_while_nobody_is_sent_anything() {
        let activity = Activity::default();
        activity.note(&user("alice"), || unreachable!("the clock is not read"));
        assert_eq!(activity.last(&user("alice")), None);
    }

    #[test]
    fn it_is_noted_as_long_as_somebody_wants_to_know() {
        let activity = noted();
        activity.set_noted(NotedFor::Webhooks, true);
        activity.set_noted(NotedFor::Browsers, false);
        assert!(activity.is_noted() && !activity.is_noted_for(NotedFor::Browsers));
        activity.set_noted(NotedFor::Webhooks, false);
        assert!(!activity.is_noted());
    }

    #[test]
    fn the_last_event_counts_and_is_forgotten() {
        let activity = noted();
        for at in [10, 20] {
            activity.note(&user("alice"), || Timestamp(at));
        }
        activity.note(&user("bob"), || Timestamp(15));
        assert_eq!(activity.last(&user("alice")), Some(Timestamp(20)));
        assert_eq!(activity.after(Timestamp(15)), [(user("alice"), Timestamp(20))]);
        activity.forget_before(Timestamp(16));
        assert_eq!((activity.last(&user("alice")), activity.last(&user("bob"))), (Some(Timestamp(20)), None));
    }

    #[test]
    fn what_is_noted_is_bounded() {
        let activity = noted();
        for number in 0..2 * PARTS * USERS_OF_PART_MAX {
            activity.note(&user(&number.to_string()), || Timestamp(1));
        }
        assert_eq!(activity.after(Timestamp(0)).len(), PARTS * USERS_OF_PART_MAX);
    }
}
