//! What really happened in simulations, counted: a simulation that covers nothing shows nothing.
//!
//! What must stay true: each count in [`NEEDED`] is above 0 after the seeds of CI.

use std::collections::BTreeMap;

/// What has to happen in a run of many seeds.
pub(crate) const NEEDED: [&str; 38] = [
    "events heard by accounts",
    "clients that vanished",
    "clients that left",
    "clients that started anew",
    "commits",
    "commits that failed",
    "commits that nobody heard of before a crash",
    "crashes",
    "connections abandoned",
    "conversations changed heard",
    "conversations deleted",
    "conversations deleted heard",
    "conversations joined heard",
    "conversations made heard",
    "deletions acknowledged",
    "edits acknowledged",
    "events heard",
    "events replayed",
    "fresh starts after a loss",
    "groups of several writes",
    "events heard by guests",
    "histories of joins",
    "joins acknowledged",
    "joins of others heard",
    "leaves acknowledged",
    "listens acknowledged",
    "members added",
    "members removed",
    "messages withheld by a mute",
    "mutes acknowledged",
    "readings acknowledged",
    "recoveries",
    "refusals",
    "repeated sends acknowledged",
    "requests lost",
    "responses lost",
    "sends acknowledged",
    "typing heard",
];

/// The counts of one or of many seeds.
#[derive(Clone, Debug, Default)]
pub struct Coverage(BTreeMap<&'static str, u64>);

impl Coverage {
    /// Counts something that happened.
    pub(crate) fn count(&mut self, what: &'static str) {
        self.add(what, 1);
    }

    /// Counts something that happened several times.
    pub(crate) fn add(&mut self, what: &'static str, times: u64) {
        *self.0.entry(what).or_default() += times;
    }

    /// Adds the counts of another seed.
    pub fn merge(&mut self, other: &Self) {
        for (what, times) in &other.0 {
            self.add(what, *times);
        }
    }

    /// All counts by their names.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(what, times)| (*what, *times))
    }

    /// What had to happen and did not.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        NEEDED.into_iter().filter(|what| self.0.get(what).is_none_or(|times| *times == 0)).collect()
    }
}
