//! Reactions to one message that come faster than they are told: they wait, and are told together.
//!
//! What waits is told after later entries. Until then every frame says in its offset where the first waiting reaction
//! stands, so that a connection that is lost meanwhile is told of it on its return, whatever becomes of this hub.
//!
//! What must stay true: each event about the reactions to a message takes its share of a second, so that their number is
//! bounded whatever the number of emojis; a reaction waits for no longer than the events before it take, and everything that
//! waits is told at once when there is too much of it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use quintet_domain::limits::{REACTION_CHANGES_HELD_MAX, REACTION_CHANGES_TOLD_MAX, REACTIONS_TOLD_PER_SECOND};
use quintet_domain::{Entry, Event, MessageId, Reacted, ReactionChange, UserId};
use tokio::time::Instant;

use super::timers::{Timer, Timers};

/// The share of a second that each event about the reactions to a message takes.
const SHARE: Duration = Duration::from_millis(1_000 / REACTIONS_TOLD_PER_SECOND as u64);

/// The number of messages with a recent reaction at which those whose share is over are dropped.
const MESSAGES_KEPT: usize = 1_000;

/// Reactions with one emoji that wait.
struct Waiting {
    /// The position of the first of them.
    first: u64,
    /// The last of them, with its position and without changes.
    last: (u64, Arc<Reacted>),
    /// The last change of each user, with its position.
    changes: HashMap<UserId, (u64, bool)>,
}

impl Waiting {
    /// The event that tells of all of them, with the position of the last.
    fn told(self) -> (u64, Event) {
        let (position, last) = self.last;
        if self.changes.len() == 1 {
            return (position, Event::MessageReacted(last));
        }
        let mut changes: Vec<(u64, ReactionChange)> =
            self.changes.into_iter().map(|(user, (at, active))| (at, ReactionChange { user, active })).collect();
        changes.sort_unstable_by_key(|(at, _)| *at);
        let changes = changes.into_iter().map(|(_, change)| change).collect();
        (position, Event::MessageReacted(Arc::new(Reacted { changes, ..Reacted::clone(&last) })))
    }
}

/// A message to which somebody reacted a short time ago.
struct Recent {
    /// The moment from which on the next event about its reactions may be told.
    due: Instant,
    /// The reactions that wait for that moment; one for each emoji.
    waiting: Vec<Waiting>,
}

/// What becomes of a reaction that was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is told now, as it is.
    Now,
    /// It waits for its message's turn.
    Waits,
    /// It waits, and too many changes of its message do: they are told now.
    MessageIsFull,
    /// It waits, and too many changes of all messages do: all are told now.
    AllAreFull,
}

/// The reactions that wait.
#[derive(Default)]
pub(super) struct Reactions {
    recent: HashMap<MessageId, Recent>,
    /// The first positions of everything that waits.
    firsts: BTreeSet<u64>,
    /// The number of changes that wait.
    held: usize,
}

impl Reactions {
    /// Takes a reaction that was committed. It is told now unless the events before it have used its message's share.
    pub(super) fn take(&mut self, timers: &mut Timers, entry: &Entry, reacted: &Arc<Reacted>, now: Instant) -> Turn {
        let Some(recent) = self.recent.get_mut(&reacted.message).filter(|one| one.due > now || !one.waiting.is_empty())
        else {
            if self.recent.len() >= MESSAGES_KEPT {
                self.recent.retain(|_, one| one.due > now || !one.waiting.is_empty());
            }
            self.recent.insert(reacted.message.clone(), Recent { due: now + SHARE, waiting: Vec::new() });
            return Turn::Now;
        };
        if recent.waiting.is_empty() {
            timers.add(recent.due, Timer::Reactions(reacted.message.clone()));
        }
        let (position, change) = (entry.position, (entry.position, reacted.active));
        let last = (position, Arc::clone(reacted));
        let of_emoji = match recent.waiting.iter_mut().find(|one| one.last.1.emoji == reacted.emoji) {
            Some(waiting) => {
                waiting.last = last;
                if waiting.changes.insert(reacted.user.clone(), change).is_none() {
                    self.held += 1;
                }
                waiting.changes.len()
            }
            None => {
                let changes = HashMap::from([(reacted.user.clone(), change)]);
                recent.waiting.push(Waiting { first: position, last, changes });
                self.firsts.insert(position);
                self.held += 1;
                1
            }
        };
        if self.held >= REACTION_CHANGES_HELD_MAX {
            Turn::AllAreFull
        } else if of_emoji >= REACTION_CHANGES_TOLD_MAX {
            Turn::MessageIsFull
        } else {
            Turn::Waits
        }
    }

    /// Takes the events about a message whose reactions waited, each with the position of its last change.
    pub(super) fn due(&mut self, message: &MessageId, now: Instant) -> Vec<(u64, Event)> {
        let Some(recent) = self.recent.get_mut(message) else { return Vec::new() };
        let waiting = std::mem::take(&mut recent.waiting);
        recent.due = now + SHARE.saturating_mul(u32::try_from(waiting.len()).unwrap_or(u32::MAX));
        for one in &waiting {
            self.firsts.remove(&one.first);
            self.held -= one.changes.len();
        }
        let mut events: Vec<(u64, Event)> = waiting.into_iter().map(Waiting::told).collect();
        events.sort_unstable_by_key(|(position, _)| *position);
        events
    }

    /// The messages whose reactions wait, oldest first.
    pub(super) fn messages(&self) -> Vec<MessageId> {
        let waiting = self.recent.iter().filter_map(|(message, recent)| {
            recent.waiting.iter().map(|one| one.first).min().map(|first| (first, message.clone()))
        });
        let mut messages: Vec<(u64, MessageId)> = waiting.collect();
        messages.sort_unstable_by_key(|(first, _)| *first);
        messages.into_iter().map(|(_, message)| message).collect()
    }

    /// Forgets what waits for a message that was deleted, with its reactions.
    pub(super) fn forget(&mut self, message: &MessageId) {
        if let Some(recent) = self.recent.remove(message) {
            for one in &recent.waiting {
                self.firsts.remove(&one.first);
                self.held -= one.changes.len();
            }
        }
    }

    /// The position before the first reaction that waits; `None` if none waits.
    pub(super) fn told_up_to(&self) -> Option<u64> {
        self.firsts.first().map(|first| first - 1)
    }
}

#[cfg(test)]
mod tests {
    use quintet_domain::{ConversationId, ConversationKind, ConversationRef, Emoji};

    use super::*;

    fn reaction(position: u64, emoji: &str, user: &str, active: bool) -> Entry {
        let conversation = ConversationRef {
            id: ConversationId::trusted("room"),
            kind: ConversationKind::Room,
            name: None,
            pair: None,
        };
        let reacted = Reacted {
            conversation: Arc::new(conversation),
            message: MessageId::trusted("m"),
            emoji: Emoji::trusted(emoji),
            user: UserId::trusted(user),
            active,
            count: u32::try_from(position).expect("small"),
            changes: Vec::new(),
        };
        let event = Event::MessageReacted(Arc::new(reacted));
        Entry { position, sequence: None, origin: None, acked: false, event, withheld: None }
    }

    fn take(reactions: &mut Reactions, timers: &mut Timers, entry: &Entry, now: Instant) -> Turn {
        let Event::MessageReacted(reacted) = &entry.event else { panic!("not a reaction") };
        reactions.take(timers, entry, reacted, now)
    }

    fn told(events: &[(u64, Event)]) -> Vec<String> {
        let event = |(position, event): &(u64, Event)| {
            let Event::MessageReacted(reacted) = event else { panic!("not a reaction") };
            let Reacted { emoji, user, active, count, changes, .. } = &**reacted;
            let changes: String = changes.iter().map(|one| format!(" {}={}", one.user, one.active)).collect();
            format!("{position}: {emoji} {user} {active} {count}{changes}")
        };
        events.iter().map(event).collect()
    }

    #[test]
    fn the_first_is_told_at_once_and_the_others_together() {
        let (mut reactions, mut timers, now) = (Reactions::default(), Timers::default(), Instant::now());
        assert_eq!(take(&mut reactions, &mut timers, &reaction(10, "+1", "ada", true), now), Turn::Now);
        assert_eq!(reactions.told_up_to(), None);
        for entry in [
            reaction(11, "+1", "bob", true),
            reaction(12, "-1", "eve", true),
            reaction(14, "+1", "ada", false),
            reaction(15, "+1", "bob", false),
        ] {
            assert_eq!(take(&mut reactions, &mut timers, &entry, now), Turn::Waits);
        }
        assert_eq!(reactions.told_up_to(), Some(10));
        assert_eq!(timers.next(), Some(now + SHARE), "one timer for the message");
        let message = MessageId::trusted("m");
        let due = reactions.due(&message, now + SHARE);
        assert_eq!(told(&due), ["12: -1 eve true 12", "15: +1 bob false 15 ada=false bob=false"]);
        assert_eq!((reactions.told_up_to(), reactions.held), (None, 0));
        // Two events took two shares.
        let later = now + SHARE * 3;
        assert_eq!(take(&mut reactions, &mut timers, &reaction(20, "+1", "ada", true), later - SHARE / 2), Turn::Waits);
        assert_eq!(told(&reactions.due(&message, later)), ["20: +1 ada true 20"]);
        let quiet = later + SHARE;
        assert_eq!(take(&mut reactions, &mut timers, &reaction(21, "+1", "eve", true), quiet), Turn::Now);
    }

    #[test]
    fn a_message_that_is_deleted_leaves_nothing() {
        let (mut reactions, mut timers, now) = (Reactions::default(), Timers::default(), Instant::now());
        for position in 1..5 {
            take(&mut reactions, &mut timers, &reaction(position, "+1", "ada", position % 2 == 0), now);
        }
        reactions.forget(&MessageId::trusted("m"));
        assert_eq!((reactions.told_up_to(), reactions.held), (None, 0));
        assert!(reactions.due(&MessageId::trusted("m"), now).is_empty());
    }

    #[test]
    fn what_waits_is_bounded() {
        let (mut reactions, mut timers, now) = (Reactions::default(), Timers::default(), Instant::now());
        let turns: Vec<Turn> = (0..=REACTION_CHANGES_TOLD_MAX as u64)
            .map(|n| take(&mut reactions, &mut timers, &reaction(n + 1, "+1", &format!("user-{n}"), true), now))
            .collect();
        assert_eq!((turns[0], turns[1]), (Turn::Now, Turn::Waits));
        assert_eq!(turns.last(), Some(&Turn::MessageIsFull));
    }
}
