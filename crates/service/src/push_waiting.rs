//! Push messages that wait: until there is room, or until their user has been away for long enough.
//!
//! What must stay true: of each conversation only the newest message waits for a user; the number of those that wait is
//! bounded.

use std::collections::BTreeMap;

use quintet_domain::limits::PUSH_AWAY_SECONDS;
use quintet_domain::{ConversationId, NotificationId, Timestamp, UserId};
use quintet_store::{PushAbout, PushCandidate};

/// The time for which a user counts as there after an event of a connection, in milliseconds.
pub const PUSH_AWAY_MS: i64 = PUSH_AWAY_SECONDS * 1_000;
/// Maximum push messages that wait.
const WAITING_MAX: usize = 20_000;

/// What is to be done about a push message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushVerdict {
    /// The user is away.
    Send,
    /// The user was there shortly before: it is looked at again at this moment.
    Later(Timestamp),
    /// The user was there when it had come.
    Never,
}

/// What is to be done about a push message for something that came at a moment, for a user who was last active at another.
#[must_use]
pub fn push_verdict(at: Timestamp, active_at: Timestamp, now: Timestamp) -> PushVerdict {
    let away_from = active_at.plus_ms(PUSH_AWAY_MS);
    match (active_at > at, away_from > now) {
        (true, _) => PushVerdict::Never,
        (false, true) => PushVerdict::Later(away_from),
        (false, false) => PushVerdict::Send,
    }
}

/// What a newer push message for a user replaces.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Topic {
    Conversation(ConversationId),
    Notification(NotificationId),
}

/// Push messages that wait.
#[derive(Debug, Default)]
pub struct PushWaiting {
    /// By their user and topic, each with the moment at which it is due.
    all: BTreeMap<(UserId, Topic), (PushCandidate, Timestamp)>,
    /// The same, by the moment at which they are due.
    by_due: BTreeMap<(Timestamp, UserId, Topic), ()>,
}

impl PushWaiting {
    /// The number of those that wait.
    #[must_use]
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// The first position that somebody waits about.
    #[must_use]
    pub fn first_position(&self) -> Option<u64> {
        self.all.values().map(|(candidate, _)| candidate.position).min()
    }

    /// When the next one is due.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.by_due.first_key_value().map(|((due, ..), ())| *due)
    }

    /// Adds a push message that is due at a moment, in place of an older one about the same conversation. Beyond the bound
    /// it is dropped.
    pub fn add(&mut self, candidate: PushCandidate, due: Timestamp) {
        self.insert(candidate, due, WAITING_MAX);
    }

    /// Adds a push message as [`Self::add`] does, and drops none: it is for the caller to look for no more of them without
    /// [room](Self::has_room).
    pub fn keep(&mut self, candidate: PushCandidate, due: Timestamp) {
        self.insert(candidate, due, usize::MAX);
    }

    fn insert(&mut self, candidate: PushCandidate, due: Timestamp, max: usize) {
        let topic = match &candidate.about {
            PushAbout::Message { conversation, .. } => Topic::Conversation(conversation.clone()),
            PushAbout::Notification(id) => Topic::Notification(id.clone()),
        };
        let key = (candidate.user.clone(), topic);
        match self.all.get(&key) {
            Some((waiting, _)) if waiting.at > candidate.at => return,
            Some((_, due)) => drop(self.by_due.remove(&(*due, key.0.clone(), key.1.clone()))),
            None if self.all.len() >= max => return,
            None => {}
        }
        self.by_due.insert((due, key.0.clone(), key.1.clone()), ());
        self.all.insert(key, (candidate, due));
    }

    /// Takes one that is due.
    pub fn take_due(&mut self, now: Timestamp) -> Option<PushCandidate> {
        let first = self.by_due.first_entry().filter(|first| first.key().0 <= now)?;
        let ((_, user, topic), ()) = first.remove_entry();
        self.all.remove(&(user, topic)).map(|(candidate, _)| candidate)
    }

    /// Whether there is room for more.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.all.len() < WAITING_MAX
    }
}

#[cfg(test)]
mod tests {
    use quintet_domain::MessageId;

    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn message(user: &str, conversation: &str, id: &str, at: i64) -> PushCandidate {
        let about =
            PushAbout::Message { conversation: ConversationId::trusted(conversation), message: MessageId::trusted(id) };
        let position = u64::try_from(at).expect("a moment");
        PushCandidate { user: UserId::trusted(user), about, at: Timestamp(at), position }
    }

    #[test]
    fn a_user_is_away_a_minute_after_the_last_event() {
        let at = NOW.plus_ms(-1_000);
        for (active_ms_ago, expected) in [
            (PUSH_AWAY_MS, PushVerdict::Send),
            (PUSH_AWAY_MS - 1, PushVerdict::Later(NOW.plus_ms(1))),
            (1_000, PushVerdict::Later(NOW.plus_ms(PUSH_AWAY_MS - 1_000))),
            // An event after the message: the user was there to see it.
            (999, PushVerdict::Never),
        ] {
            assert_eq!(push_verdict(at, NOW.plus_ms(-active_ms_ago), NOW), expected, "{active_ms_ago}");
        }
        assert_eq!(push_verdict(at, Timestamp(0), NOW), PushVerdict::Send, "never active");
    }

    #[test]
    fn what_waits_is_looked_at_when_the_user_may_be_away() {
        let at = NOW.plus_ms(-1_000);
        let PushVerdict::Later(due) = push_verdict(at, at, NOW) else { panic!("it waits") };
        assert_eq!(push_verdict(at, at, due), PushVerdict::Send);
        assert_eq!(push_verdict(at, due, due), PushVerdict::Never, "the user came back meanwhile");
    }

    #[test]
    fn the_newest_of_a_conversation_waits_once() {
        let mut waiting = PushWaiting::default();
        waiting.add(message("alice", "c-1", "old", 1), Timestamp(10));
        waiting.add(message("alice", "c-2", "other", 2), Timestamp(30));
        waiting.add(message("bob", "c-1", "old", 1), Timestamp(40));
        waiting.add(message("alice", "c-1", "new", 3), Timestamp(20));
        waiting.add(message("alice", "c-1", "late", 2), Timestamp(5));
        assert_eq!(waiting.count(), 3);
        assert_eq!((waiting.first_position(), waiting.next_due()), (Some(1), Some(Timestamp(20))));
        assert_eq!(waiting.take_due(Timestamp(19)), None);
        let mut taken = || waiting.take_due(Timestamp(40)).map(|one| (one.user.to_string(), one.at.0));
        let expected = [("alice", 3), ("alice", 2), ("bob", 1)];
        assert_eq!([(); 3].map(|()| taken()), expected.map(|(user, at)| Some((user.to_owned(), at))));
        assert_eq!((taken(), waiting.count(), waiting.first_position()), (None, 0, None));
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut waiting = PushWaiting::default();
        for number in 0..WAITING_MAX + 10 {
            waiting.add(message("alice", &number.to_string(), "m", 1), Timestamp(1));
        }
        assert_eq!((waiting.count(), waiting.has_room()), (WAITING_MAX, false));
        waiting.add(message("alice", "0", "newer", 2), Timestamp(2));
        let all = std::iter::from_fn(|| waiting.take_due(Timestamp(2)));
        assert_eq!(all.last().map(|last| last.at), Some(Timestamp(2)), "a newer one has its place");
    }
}
