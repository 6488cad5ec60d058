//! The connections over which HTTP is spoken: how many there are, and which of them are closed for others.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use quintet_domain::UserId;
use tokio::task::AbortHandle;

use super::place::{State, Step};
use super::room::{HTTP_COSTS, Room};

/// Age from which on a connection counts for the bound of its address.
pub(super) const SETTLED_AFTER: Duration = Duration::from_secs(2);
/// The part of that in which it is not closed for another.
pub(super) const TRIAGE_GUARANTEED: Duration = Duration::from_millis(100);

/// A connection over which HTTP is spoken.
pub(super) struct Entry {
    pub(super) state: Arc<State>,
    /// Whom it counts for: the peer, or the client that a proxy names.
    pub(super) address: IpAddr,
    pub(super) peer: IpAddr,
    /// Whether it counts for the bound of its address.
    pub(super) bounded: bool,
    pub(super) accepted_at: u64,
    /// Ends its task; none while the task is not known yet, and once it was ended.
    pub(super) task: Option<AbortHandle>,
}

impl Entry {
    pub(super) fn is_settled(&self, now: u64) -> bool {
        now.saturating_sub(self.accepted_at) >= millis(SETTLED_AFTER)
    }
}

/// The connections of one address over which HTTP is spoken.
#[derive(Default)]
pub(super) struct Count {
    pub(super) now: usize,
    /// Of them, those that were settled at the last look.
    pub(super) settled: usize,
}

/// A connection that may be closed, the first one being the greatest: whether it is not idle, since when it is at its
/// step, and its key.
type Candidate = Reverse<(bool, u64, u64)>;

#[derive(Default)]
pub(super) struct Inner {
    /// Ordinary connections over which HTTP is spoken.
    pub(super) entries: HashMap<u64, Entry>,
    /// Those in triage, the oldest first.
    pub(super) triage: BTreeMap<u64, Entry>,
    /// How many of them each address has.
    pub(super) triage_counts: HashMap<IpAddr, usize>,
    /// Connections that users have in the share of known users.
    pub(super) known: HashMap<UserId, usize>,
    pub(super) counts: HashMap<IpAddr, Count>,
    pub(super) next_key: u64,
    pub(super) descriptors: usize,
    pub(super) connections: usize,
    pub(super) swept_at: u64,
}

/// Counts one of a key less, and forgets a key that has none.
pub(super) fn count_down<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Inner {
    /// Whether one more connection fits, if `more` descriptors are added to the ordinary ones.
    pub(super) fn has_room(&self, room: &Room, more: usize) -> bool {
        self.descriptors + HTTP_COSTS <= room.ordinary + more && self.connections < room.connections + more
    }

    /// Whether no more than a part of the ordinary places is left: one of so many.
    pub(super) fn has_left_at_most(&self, room: &Room, of: usize) -> bool {
        let left = (room.ordinary.saturating_sub(self.descriptors) / HTTP_COSTS)
            .min(room.connections.saturating_sub(self.connections));
        left <= room.connections.min(room.ordinary / HTTP_COSTS) / of
    }

    pub(super) fn count_out(&mut self, address: IpAddr) {
        if let Some(count) = self.counts.get_mut(&address) {
            count.now -= 1;
            count.settled = count.settled.min(count.now);
            if count.now == 0 {
                self.counts.remove(&address);
            }
        }
    }

    /// Forgets a connection that is not in triage.
    pub(super) fn forget(&mut self, key: u64) {
        if let Some(entry) = self.entries.remove(&key) {
            self.count_out(entry.address);
        }
    }

    pub(super) fn move_to(&mut self, key: u64, address: IpAddr) {
        let Some(entry) = self.entries.get_mut(&key).filter(|entry| entry.address != address) else { return };
        let from = std::mem::replace(&mut entry.address, address);
        self.counts.entry(address).or_default().now += 1;
        self.count_out(from);
    }

    pub(super) fn take_from_triage(&mut self, key: u64) -> Option<Entry> {
        let entry = self.triage.remove(&key)?;
        count_down(&mut self.triage_counts, &entry.address);
        Some(entry)
    }

    /// Chooses one in triage to be closed: of an address, or else of the one that has the most there, the oldest that had
    /// its time, and rather one that is not being answered.
    pub(super) fn oldest_of_triage(&mut self, now: u64, of: Option<IpAddr>) -> Option<AbortHandle> {
        let open = |entry: &&mut Entry| {
            entry.task.is_some()
                && of.is_none_or(|address| entry.address == address)
                && now.saturating_sub(entry.accepted_at) >= millis(TRIAGE_GUARANTEED)
        };
        let counts = &self.triage_counts;
        let weight = |entry: &Entry| counts.get(&entry.address).copied().unwrap_or_default();
        let chosen =
            self.triage.values_mut().filter(open).min_by_key(|entry| {
                (Reverse(weight(entry)), entry.state.step().0 == Step::Answering, entry.accepted_at)
            });
        chosen?.task.take()
    }

    /// Whether there is no ordinary place, and triage is full, and none there has had its time. An address alone has not
    /// enough of triage for that.
    pub(super) fn is_busy(&self, room: &Room, now: u64) -> bool {
        let had_time =
            |entry: &Entry| entry.task.is_some() && now.saturating_sub(entry.accepted_at) >= millis(TRIAGE_GUARANTEED);
        let full = self.triage.len() >= room.triage && !self.has_room(room, 0);
        full && (self.triage.len() >= 2 * room.triage || !self.triage.values().any(had_time))
    }

    /// Chooses connections to be closed: of addresses that have too many, and, where another one comes while few places
    /// are left, of those that have the most.
    pub(super) fn sweep(&mut self, room: &Room, now: u64, another: bool) -> Vec<AbortHandle> {
        for count in self.counts.values_mut() {
            count.settled = 0;
        }
        // By address, what may be closed: idle connections first, then the oldest.
        let mut closable: HashMap<IpAddr, Vec<Candidate>> = HashMap::new();
        // By address, those to which something is just being written. Keys grow with time.
        let mut written: HashMap<IpAddr, Vec<u64>> = HashMap::new();
        for (key, entry) in &self.entries {
            let counts = entry.bounded && entry.is_settled(now);
            if counts && let Some(count) = self.counts.get_mut(&entry.address) {
                count.settled += 1;
            }
            if entry.task.is_none() {
                continue;
            }
            if entry.state.is_closable(now) {
                let (step, since) = entry.state.step();
                closable.entry(entry.address).or_default().push(Reverse((step != Step::Idle, since, *key)));
            } else if counts && entry.state.is_written_to(now) {
                written.entry(entry.address).or_default().push(*key);
            }
        }
        let coming = usize::from(another);
        let mut chosen = Vec::new();
        for (address, list) in &mut closable {
            list.sort_unstable();
            let Some(count) = self.counts.get_mut(address) else { continue };
            let mut excess = (count.settled + coming).saturating_sub(room.per_address);
            if excess == 0 {
                continue;
            }
            // A few more, so that the next one that comes needs no look.
            excess += coming * room.per_address / 16;
            let entries = &self.entries;
            let mut young = Vec::new();
            while excess > 0
                && let Some(Reverse((later, since, key))) = list.pop()
            {
                if entries.get(&key).is_some_and(|entry| entry.bounded && entry.is_settled(now)) {
                    chosen.push(key);
                    count.settled = count.settled.saturating_sub(1);
                    excess -= 1;
                } else {
                    young.push(Reverse((later, since, key)));
                }
            }
            list.extend(young.into_iter().rev());
        }
        for (address, mut keys) in written {
            let Some(count) = self.counts.get_mut(&address) else { continue };
            let excess = (count.settled + coming).saturating_sub(room.per_address).min(keys.len());
            keys.sort_unstable();
            chosen.extend(keys.into_iter().take(excess));
            count.settled -= excess;
        }
        if another && self.has_left_at_most(room, 16) {
            let wanted = (room.connections / 16).max(1) + 1;
            let mut heaviest: BinaryHeap<(usize, IpAddr)> =
                closable.iter().map(|(address, list)| (list.len(), *address)).collect();
            while chosen.len() < wanted
                && let Some((_, address)) = heaviest.pop()
            {
                let Some(list) = closable.get_mut(&address) else { continue };
                if let Some(Reverse((.., key))) = list.pop() {
                    chosen.push(key);
                    heaviest.push((list.len(), address));
                }
            }
        }
        chosen.iter().filter_map(|key| self.entries.get_mut(key)?.task.take()).collect()
    }
}
