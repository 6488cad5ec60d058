//! What really happened in simulations, counted: a simulation that covers nothing shows nothing.
//!
//! What must stay true: each count in [`NEEDED`] is above 0 after the seeds of CI, and with several nodes each in
//! [`NEEDED_OF_NODES`] as well.

use std::collections::BTreeMap;

/// What has to happen in a run of many seeds.
pub(crate) const NEEDED: [&str; 58] = [
    "events heard by accounts",
    "blocks ended",
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
    "invitations to groups accepted",
    "joins acknowledged",
    "joins of others heard",
    "leaves acknowledged",
    "listens acknowledged",
    "members added",
    "members removed",
    "messages heard that had waited",
    "messages purged",
    "messages withheld by a mute",
    "mutes acknowledged",
    "pins acknowledged",
    "pinned messages kept",
    "pins heard",
    "presence heard",
    "purges",
    "reactions acknowledged",
    "reactions heard",
    "reactions replayed",
    "reactions told late",
    "reactions told together",
    "readings acknowledged",
    "recoveries",
    "refusals",
    "repeated sends acknowledged",
    "replies heard",
    "requests accepted",
    "requests declined",
    "requests lost",
    "responses lost",
    "sends acknowledged",
    "settings changed",
    "times that days passed",
    "typing heard",
    "users blocked",
];

/// What has to happen besides in a run of several nodes.
const NEEDED_OF_NODES: [&str; 9] = [
    "changes behind the log",
    "entries that a node caught up with",
    "groups of other nodes delivered as they came",
    "groups told to other nodes",
    "messages between nodes doubled",
    "messages between nodes lost",
    "nodes cut off from the others",
    "recoveries by another process",
    "times that a node asked for what was missing",
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

    /// What had to happen and did not. `many` is whether there were several nodes.
    #[must_use]
    pub fn missing(&self, many: bool) -> Vec<&'static str> {
        let of_nodes = NEEDED_OF_NODES.into_iter().filter(|_| many);
        let needed = NEEDED.into_iter().chain(of_nodes);
        needed.filter(|what| self.0.get(what).is_none_or(|times| *times == 0)).collect()
    }
}
