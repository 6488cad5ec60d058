//! Comings and goings are told at once while there are few, and together while there are many: when everybody comes
//! back after a restart, each newcomer is news to everybody who shares a conversation with it, and a write for each
//! would be the square of the users.
//!
//! What must stay true: they are told in the order in which they happened, each once, to those who were here when they
//! happened; nobody is forgotten before its going was told; what else the hub has to tell never waits for long.

use std::collections::VecDeque;
use std::time::Duration;

use quintet_domain::{Event, User};
use tokio::time::Instant;

use super::Hub;
use super::timers::Timer;

/// How long each user that is gone through keeps the next one back.
const EACH: Duration = Duration::from_micros(10);

/// How long the first of several is kept back at most.
const LATEST: Duration = Duration::from_secs(1);

/// So many users are gone through in one turn of the hub: some hundredths of a second.
const VISITED_AT_ONCE: usize = 200_000;

/// Then the connections write and others are heard, before more of it is told.
const BREATH: Duration = Duration::from_millis(10);

/// Who is to hear of a coming or going: known when it happens, whenever it is told.
#[derive(Clone, Copy)]
pub(super) struct Hearers {
    /// The number of the last user who had come by then: whoever came later was greeted with it.
    pub(super) came: u64,
    /// Whether everybody is told, not only those who share a conversation.
    pub(super) everybody: bool,
}

impl Hearers {
    /// For events that do not depend on it.
    pub(super) const ALL: Self = Self { came: u64::MAX, everybody: false };
}

struct Waiting {
    event: Event,
    hearers: Hearers,
}

/// What waits to be told together.
#[derive(Default)]
pub(super) struct Comings {
    waiting: VecDeque<Waiting>,
    /// Handed to the bus, and not heard from it yet: in order, with who was to hear it when it happened.
    on_the_way: VecDeque<Hearers>,
    /// Users who came so far.
    came: u64,
    /// From when on the next is told at once.
    free_at: Option<Instant>,
}

impl Comings {
    /// Counts a user who comes; gives the user's number.
    pub(super) fn count(&mut self) -> u64 {
        self.came += 1;
        self.came
    }
}

impl Hub {
    /// Notes that some of a user's comings or goings are being handed to the bus, and who is to hear of them.
    pub(super) fn sent_coming(&mut self, user: &User, count: usize) {
        let resident = self.state.holder(user);
        let everybody = resident.is_some_and(|resident| {
            resident.untold += count;
            resident.told_everybody
        });
        let hearers = Hearers { came: self.comings.came, everybody };
        self.comings.on_the_way.extend(std::iter::repeat_n(hearers, count));
    }

    /// Hears from the bus that somebody came or went: tells it, or leaves it for a moment that tells several.
    pub(super) fn tell_coming(&mut self, event: Event) {
        let hearers = self.comings.on_the_way.pop_front().unwrap_or(Hearers::ALL);
        let waiting = Waiting { event, hearers };
        match self.comings.free_at.filter(|free_at| Instant::now() < *free_at) {
            None if self.comings.waiting.is_empty() => {
                let visited = self.tell(&waiting);
                self.comings.free_at = Some(Instant::now() + kept_back(visited));
            }
            free_at => {
                if self.comings.waiting.is_empty() {
                    self.timers.add(free_at.unwrap_or_else(Instant::now), Timer::Comings);
                }
                self.comings.waiting.push_back(waiting);
            }
        }
    }

    /// Tells what waited, as much as is good at once.
    pub(super) fn tell_comings(&mut self) {
        let mut visited = 0;
        while visited < VISITED_AT_ONCE
            && let Some(waiting) = self.comings.waiting.pop_front()
        {
            visited += 1 + self.tell(&waiting);
        }
        if self.comings.waiting.is_empty() {
            self.comings.waiting = VecDeque::new();
            self.comings.free_at = Some(Instant::now() + kept_back(visited));
        } else {
            self.timers.add(Instant::now() + BREATH, Timer::Comings);
        }
    }

    fn tell(&mut self, waiting: &Waiting) -> usize {
        let visited = match &waiting.event {
            // It left meanwhile, and that was told.
            Event::RoomPresence { conversation, user, .. }
                if self.state.holder(user).is_none() || !self.state.is_member(&user.id, &conversation.id) =>
            {
                0
            }
            event => self.deliver_to(event, None, waiting.hearers),
        };
        let (Event::Presence { user, .. } | Event::RoomPresence { user, .. }) = &waiting.event else { return visited };
        if let Some(resident) = self.state.holder(user) {
            resident.untold = resident.untold.saturating_sub(1);
        }
        visited
    }
}

fn kept_back(visited: usize) -> Duration {
    EACH.saturating_mul(u32::try_from(visited).unwrap_or(u32::MAX)).min(LATEST)
}
