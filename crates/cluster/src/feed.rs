//! The feed: brings the commits of all nodes into the one order in which they were committed.
//!
//! Commits reach it in two ways. Those of this node come from its writer, which reads what other nodes have committed
//! before, as far as the feed has not delivered it by then. Those of other nodes come over a wire, which may lose, repeat
//! and reorder them. What is missing is not read by the feed: it says when the writer is to be asked
//! ([`Feed::asks_at`]), and the answer comes as an own group, in its place among the others.
//!
//! What must stay true: each position is delivered once, in order, without a gap; replies are never dropped, and stay in
//! the order in which the writer gave them; what waits is bounded.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use quintet_domain::{Commit, Entry, TracedWrite};
use quintet_store::Missed;
use tokio::time::Instant;

use crate::GroupNotice;
use crate::weight::weight_bytes;

/// The time for which a group that came before its predecessor waits for it, before the store is asked.
pub const GAP_WAIT: Duration = Duration::from_millis(25);
/// Maximum number of groups that wait for their predecessors. What comes beyond it is read from the store later.
const WAITING_GROUPS_MAX: usize = 1_024;
/// Maximum size in bytes of what waits, roughly.
const WAITING_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The time after which a position that only other nodes have told of is doubted, if the store has not reached it.
const DOUBTED_AFTER: Duration = Duration::from_secs(5);

/// A group of another node that came before its predecessor.
#[derive(Debug)]
struct Waiting {
    last: u64,
    entries: Vec<Entry>,
    traced: Vec<TracedWrite>,
    bytes: usize,
    since: Instant,
}

/// What is known to be committed, and neither delivered nor waiting here.
#[derive(Clone, Copy, Debug)]
struct Missing {
    up_to: u64,
    /// When `up_to` became known.
    since: Instant,
    /// When the store must be asked.
    due: Instant,
}

/// The commits of all nodes, in order.
#[derive(Debug)]
pub struct Feed {
    applied: u64,
    /// Groups of other nodes that came before their predecessors, by the positions after which they begin.
    waiting: BTreeMap<u64, Waiting>,
    waiting_bytes: usize,
    /// Own commits that begin beyond what was delivered, with the positions at which they begin. They wait where the writer
    /// could not read what is before them, and each group that it commits tries to read that again.
    own: VecDeque<(u64, Commit)>,
    missing: Option<Missing>,
}

impl Feed {
    /// A feed that has delivered everything up to a position.
    #[must_use]
    pub fn new(applied: u64) -> Self {
        Self { applied, waiting: BTreeMap::new(), waiting_bytes: 0, own: VecDeque::new(), missing: None }
    }

    /// The position up to which everything was delivered.
    #[must_use]
    pub fn applied(&self) -> u64 {
        self.applied
    }

    /// Takes a commit of this node, which begins at a position, with what the writer has read of the commits before it.
    /// Returns what is delivered now.
    pub fn own(&mut self, missed: Vec<Missed>, begun_at: u64, commit: Commit, now: Instant) -> Vec<Commit> {
        let mut delivered = Vec::new();
        for Missed { after, last, entries } in missed {
            if after > self.applied {
                // The writer reads from what was delivered on.
                tracing::error!(after, applied = self.applied, "what was read begins beyond what was delivered");
            }
            if last > self.applied {
                self.wait(after, last, (entries, Vec::new()), now);
                delivered.extend(self.deliver());
            }
        }
        self.own.push_back((begun_at, commit));
        delivered.extend(self.deliver());
        if begun_at > self.applied {
            self.miss(begun_at, now, now);
        }
        delivered
    }

    /// Takes a group of another node. Returns what is delivered now.
    pub fn notice(&mut self, notice: GroupNotice, now: Instant) -> Vec<Commit> {
        let GroupNotice { after, last, entries, traced, .. } = notice;
        if last <= self.applied {
            return Vec::new();
        }
        // What was delivered ends where some message or own commit ends. A message that begins before that and ends behind
        // it tells of another history, which the writer notices.
        let is_split = after < self.applied;
        match entries.filter(|entries| !is_split && fit(entries, after, last)) {
            None => self.miss(last, now, now),
            Some(entries) => self.wait(after, last, (entries, traced), now),
        }
        self.deliver()
    }

    /// Takes the newest position that the store has.
    pub fn newest(&mut self, position: u64, now: Instant) {
        // Other nodes tell of groups after these were committed. What the store has not reached long after that is not
        // of this history, and would be asked for again and again.
        let doubted = |last: u64, since: Instant| last > position && now.duration_since(since) >= DOUBTED_AFTER;
        if self.missing.is_some_and(|missing| doubted(missing.up_to, missing.since)) {
            self.missing = None;
        }
        let mut dropped_bytes = 0;
        self.waiting.retain(|_, waiting| {
            let doubted = doubted(waiting.last, waiting.since);
            dropped_bytes += if doubted { waiting.bytes } else { 0 };
            !doubted
        });
        self.waiting_bytes -= dropped_bytes;
        if position > self.applied {
            self.miss(position, now, now + GAP_WAIT);
        }
    }

    /// The time at which the store must be asked for what is missing, if anything is. The answer is a commit of
    /// this node. The time stays in the past until the answer has come, so that the caller must remember that it has asked.
    #[must_use]
    pub fn asks_at(&self) -> Option<Instant> {
        let waiting = self.waiting.values().map(|waiting| waiting.since + GAP_WAIT).min();
        let missing = self.missing.map(|missing| missing.due);
        waiting.into_iter().chain(missing).min()
    }

    /// Notes that something up to a position is missing, and when the store must be asked for it.
    fn miss(&mut self, up_to: u64, now: Instant, due: Instant) {
        let missing = self.missing.get_or_insert(Missing { up_to, since: now, due });
        if up_to > missing.up_to {
            (missing.up_to, missing.since) = (up_to, now);
        }
        missing.due = missing.due.min(due);
    }

    /// Keeps a group until it is its turn, or notes that it is missing if too much waits.
    fn wait(&mut self, after: u64, last: u64, (entries, traced): (Vec<Entry>, Vec<TracedWrite>), now: Instant) {
        if self.waiting.get(&after).is_some_and(|known| known.last >= last) {
            return;
        }
        let bytes = entries.iter().map(weight_bytes).sum::<usize>() + traced.len() * size_of::<TracedWrite>();
        let full = self.waiting.len() >= WAITING_GROUPS_MAX || self.waiting_bytes + bytes > WAITING_BYTES_MAX;
        // A group whose turn it is does not wait.
        if full && after > self.applied {
            self.miss(last, now, now);
            return;
        }
        self.waiting_bytes += bytes;
        if let Some(shorter) = self.waiting.insert(after, Waiting { last, entries, traced, bytes, since: now }) {
            self.waiting_bytes -= shorter.bytes;
        }
    }

    /// Takes everything whose turn it is.
    fn deliver(&mut self) -> Vec<Commit> {
        let mut delivered = Vec::new();
        loop {
            if self.own.front().is_some_and(|(after, _)| *after <= self.applied) {
                let own = self.own.pop_front().map(|(_, commit)| self.advance(commit));
                delivered.extend(own.flatten());
            } else if let Some(first) = self.waiting.first_entry().filter(|first| *first.key() <= self.applied) {
                let Waiting { last, entries, traced, bytes, .. } = first.remove();
                self.waiting_bytes -= bytes;
                delivered.extend(self.advance(Commit { position: last, replies: Vec::new(), entries, traced }));
            } else {
                break;
            }
        }
        if self.missing.is_some_and(|missing| missing.up_to <= self.applied) {
            self.missing = None;
        }
        delivered
    }

    /// Advances to the end of a commit that begins at or before what was delivered, and takes from it what was delivered
    /// already. Returns it unless nothing is left.
    fn advance(&mut self, mut commit: Commit) -> Option<Commit> {
        let applied = self.applied;
        let repeated = commit.entries.partition_point(|entry| entry.position <= applied);
        if repeated > 0 {
            commit.entries.drain(..repeated);
        }
        self.applied = applied.max(commit.position);
        commit.position = self.applied;
        let is_empty = commit.entries.is_empty() && commit.replies.is_empty();
        (!is_empty || self.applied > applied).then_some(commit)
    }
}

/// Whether entries are those of a group, as far as can be seen: in order, and within its positions.
fn fit(entries: &[Entry], after: u64, last: u64) -> bool {
    let mut before = after;
    let increase = entries.iter().all(|entry| {
        let increases = entry.position > before;
        before = entry.position;
        increases
    });
    increase && before <= last && after < last
}
