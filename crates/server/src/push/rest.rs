//! Push services that fail rest for a while, in which they are not asked.
//!
//! What must stay true: from the first failure on, only the delivery that noticed it asks the endpoint, so that one that does
//! not answer takes one place among those that are asked, and seldom.

use std::collections::HashMap;
use std::time::Duration;

use quintet_domain::Timestamp;

/// The time for which an endpoint rests after its first failure, in milliseconds. Each further one doubles it.
const FIRST_MS: i64 = 30_000;
/// The longest time for which one rests, in milliseconds.
const LONGEST_MS: i64 = Duration::from_secs(60 * 60).as_millis() as i64;
/// Maximum endpoints of which that is known.
const KNOWN_MAX: usize = 10_000;

/// The endpoints that have failed.
#[derive(Debug, Default)]
pub(super) struct Resting(HashMap<String, (u32, Timestamp)>);

impl Resting {
    /// Whether an endpoint rests.
    pub(super) fn has(&self, endpoint: &str, now: Timestamp) -> bool {
        self.0.get(endpoint).is_some_and(|(_, until)| *until > now)
    }

    /// Records that an endpoint has failed.
    pub(super) fn failed(&mut self, endpoint: &str, now: Timestamp) {
        if self.0.len() >= KNOWN_MAX {
            // Those that have rested for long enough fail again if they still do.
            self.0.retain(|_, (_, until)| *until > now);
        }
        if self.0.len() < KNOWN_MAX || self.0.contains_key(endpoint) {
            let (failures, until) = self.0.entry(endpoint.to_owned()).or_insert((0, now));
            let pause = FIRST_MS.saturating_mul(1 << (*failures).min(16)).min(LONGEST_MS);
            (*failures, *until) = (failures.saturating_add(1), now.plus_ms(pause));
        }
    }

    /// Records that an endpoint has answered.
    pub(super) fn answered(&mut self, endpoint: &str) {
        self.0.remove(endpoint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_makes_the_rest_longer_and_an_answer_ends_it() {
        let mut resting = Resting::default();
        let (mut now, mut rests) = (Timestamp(0), Vec::new());
        for _ in 0..9 {
            resting.failed("e", now);
            let began = now;
            while resting.has("e", now) {
                now = now.plus_ms(1_000);
            }
            rests.push((now.0 - began.0) / 1_000);
        }
        assert_eq!(rests, [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
        resting.failed("e", now);
        resting.answered("e");
        assert!(!resting.has("e", now));
        resting.failed("e", now);
        assert!(!resting.has("e", now.plus_ms(FIRST_MS)), "it begins anew");
    }

    #[test]
    fn what_is_known_is_bounded() {
        let mut resting = Resting::default();
        for number in 0..KNOWN_MAX + 10 {
            resting.failed(&number.to_string(), Timestamp(0));
        }
        assert_eq!(resting.0.len(), KNOWN_MAX);
        resting.failed("later", Timestamp(FIRST_MS));
        assert!(resting.has("later", Timestamp(FIRST_MS)), "those that have rested make room");
    }
}
