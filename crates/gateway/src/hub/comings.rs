//! Comings and goings are told at once while there are few, and together while there are many: when everybody comes
//! back after a restart, each newcomer is news to everybody who shares a conversation with it, and a write for each
//! would be the square of the users.
//!
//! What must stay true: they are told in the order in which they happened, each once, to those who were here when they
//! happened; nobody is forgotten before its going was told; what else the hub has to tell never waits for long.

use std::collections::VecDeque;
use std::time::Duration;

use quintet_domain::Event;
use tokio::time::Instant;

use super::Hub;
use super::timers::Timer;

/// How long telling it to one connection keeps the next one back.
const EACH: Duration = Duration::from_micros(10);

/// How long the first of several is kept back at most.
const LATEST: Duration = Duration::from_secs(1);

/// So much is told in one turn of the hub: some hundredths of a second.
const TOLD_AT_ONCE: usize = 200_000;

/// Then the connections write and others are heard, before more of it is told.
const BREATH: Duration = Duration::from_millis(10);

/// What waits to be told together.
#[derive(Default)]
pub(super) struct Comings {
    waiting: VecDeque<(Event, u64)>,
    /// Users who came so far: whoever came later than the event was greeted with what it tells.
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

    /// Whether some have still to be told.
    pub(super) fn are_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }
}

impl Hub {
    /// Tells that somebody came or went, or leaves it for a moment that tells several.
    pub(super) fn tell_coming(&mut self, event: Event) {
        let now = Instant::now();
        match self.comings.free_at.filter(|free_at| now < *free_at) {
            None if !self.comings.are_waiting() => {
                let told = self.deliver(&event, None);
                self.comings.free_at = Some(now + kept_back(told));
            }
            free_at => {
                if !self.comings.are_waiting() {
                    self.timers.add(free_at.unwrap_or(now), Timer::Comings);
                }
                self.comings.waiting.push_back((event, self.comings.came));
            }
        }
    }

    /// Tells what waited, as much as is good at once.
    pub(super) fn tell_comings(&mut self, now: Instant) {
        let mut told = 0;
        while told < TOLD_AT_ONCE
            && let Some((event, came)) = self.comings.waiting.pop_front()
        {
            told += self.deliver_to(&event, None, came);
        }
        if self.comings.are_waiting() {
            self.timers.add(Instant::now() + BREATH, Timer::Comings);
        } else {
            self.comings.waiting = VecDeque::new();
            self.comings.free_at = Some(now + kept_back(told));
        }
    }
}

fn kept_back(told: usize) -> Duration {
    EACH.saturating_mul(u32::try_from(told).unwrap_or(u32::MAX)).min(LATEST)
}
