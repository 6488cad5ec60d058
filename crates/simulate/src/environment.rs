//! The clock and the ids of a simulated server.
//!
//! What must stay true: the clock is that of the paused runtime, or of whoever runs several of them in turn, and only
//! grows over the lives of a server; ids and secrets come from the seed.

use std::sync::{Mutex, PoisonError};

use quintet_domain::{Environment, Timestamp};
use tokio::time::Instant;

use crate::random::Random;

/// The moment at which every simulation begins, in milliseconds since 1970.
const BEGIN_MS: i64 = 1_750_000_000_000;

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Milliseconds that a server is down after a crash.
const DOWN_MS: i64 = 400;

/// When the present life of the server began, by both clocks.
#[derive(Debug)]
struct Life {
    runtime: Option<Instant>,
    at_ms: i64,
}

/// The environment of a simulated server.
#[derive(Debug)]
pub(crate) struct SimulatedEnvironment {
    random: Random,
    life: Mutex<Life>,
}

impl SimulatedEnvironment {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Random::new(seed, "environment"), life: Mutex::new(Life { runtime: None, at_ms: BEGIN_MS }) }
    }

    /// Begins a life of the server, in its runtime.
    pub(crate) fn begin(&self) {
        self.life.lock().unwrap_or_else(PoisonError::into_inner).runtime = Some(Instant::now());
    }

    /// Ends the life of the server; the next one begins a little later.
    pub(crate) fn end(&self) {
        let now = self.now().0;
        let mut life = self.life.lock().unwrap_or_else(PoisonError::into_inner);
        *life = Life { runtime: None, at_ms: now + DOWN_MS };
    }

    /// Lets time pass where no runtime has the clock, because there are several.
    pub(crate) fn pass_ms(&self, ms: u64) {
        let mut life = self.life.lock().unwrap_or_else(PoisonError::into_inner);
        life.at_ms += i64::try_from(ms).unwrap_or(i64::MAX);
    }

    /// Lets days pass at once: the clock of the day goes on, and nothing waits for it.
    pub(crate) fn pass_days(&self, days: i64) {
        let mut life = self.life.lock().unwrap_or_else(PoisonError::into_inner);
        life.at_ms += days * DAY_MS;
    }

    /// Milliseconds since the simulation began.
    pub(crate) fn elapsed_ms(&self) -> i64 {
        self.now().0 - BEGIN_MS
    }
}

impl Environment for SimulatedEnvironment {
    fn now(&self) -> Timestamp {
        let life = self.life.lock().unwrap_or_else(PoisonError::into_inner);
        let since = life.runtime.map_or(0, |began| i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX));
        Timestamp(life.at_ms + since)
    }

    fn new_id(&self) -> String {
        // In the form of a UUID, as real ids are, so that the store keeps them alike.
        let (high, low) = (self.random.next(), self.random.next());
        let (a, b, c) = (high >> 32, (high >> 16) & 0xFFFF, high & 0xFFF);
        format!("{a:08x}-{b:04x}-7{c:03x}-8{:03x}-{:012x}", (low >> 48) & 0xFFF, low & 0xFFFF_FFFF_FFFF)
    }

    fn secret(&self) -> u128 {
        u128::from(self.random.next()) << 64 | u128::from(self.random.next())
    }
}
