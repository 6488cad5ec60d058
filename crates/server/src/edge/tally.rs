//! The tally of HTTP connections: how many there are, and which ones are closed in favour of others.
//!
//! What must stay true: a connection is in exactly one of `entries` and `triage` until it is a WebSocket, and each sum
//! counts exactly the connections in the tables.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quintet_domain::UserId;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::http_state::{HttpState, Step};
use super::room::{HTTP_COSTS, Room, WEBSOCKET_COSTS};

/// The age from which a connection counts for the limit of its address.
pub(super) const SETTLED_AFTER: Duration = Duration::from_secs(2);
/// The time for which a connection in triage is not closed in favour of another.
pub(super) const TRIAGE_GUARANTEED: Duration = Duration::from_millis(100);

/// The class of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// An ordinary place, which counts the descriptors of an HTTP connection.
    Ordinary,
    /// One of the few places for connections that found no ordinary place.
    Triage,
    /// The place of a WebSocket, which needs only one descriptor.
    WebSocket,
}

/// An HTTP connection in the tally.
pub(super) struct Entry {
    pub(super) state: Arc<HttpState>,
    /// The address that the connection counts for: the peer, or the client that a proxy names.
    pub(super) address: IpAddr,
    pub(super) peer: IpAddr,
    /// Whether the limit of its address applies to the connection.
    pub(super) bounded: bool,
    pub(super) accepted_at: u64,
    /// The handle that ends the connection's task, or `None` before the task is known and after it was ended.
    pub(super) task: Option<AbortHandle>,
}

impl Entry {
    pub(super) fn is_settled(&self, now: u64) -> bool {
        now.saturating_sub(self.accepted_at) >= millis(SETTLED_AFTER)
    }
}

/// The number of HTTP connections of one address.
#[derive(Default)]
pub(super) struct Count {
    pub(super) now: usize,
    /// The number of those that were settled at the last sweep.
    pub(super) settled: usize,
}

/// A connection that may be closed, as its place in the order of closing: whether it is not idle, since when it is at
/// its step, and its key.
type Candidate = Reverse<(bool, u64, u64)>;

#[derive(Default)]
pub(super) struct Tally {
    /// The HTTP connections outside triage, by key.
    pub(super) entries: HashMap<u64, Entry>,
    /// The connections in triage, oldest first.
    pub(super) triage: BTreeMap<u64, Entry>,
    /// The number of connections in triage, by address.
    pub(super) triage_counts: HashMap<IpAddr, usize>,
    /// The number of connections in the share of known users, by user.
    pub(super) known: HashMap<UserId, usize>,
    pub(super) counts: HashMap<IpAddr, Count>,
    pub(super) next_key: u64,
    pub(super) descriptors: usize,
    pub(super) connections: usize,
    pub(super) swept_at: u64,
}

/// Decrements the count of a key, and removes the key if the count is zero.
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

impl Tally {
    /// Returns whether one more connection fits if `more` descriptors are added to the ordinary ones.
    pub(super) fn has_room(&self, room: &Room, more: usize) -> bool {
        self.descriptors + HTTP_COSTS <= room.ordinary + more && self.connections < room.connections + more
    }

    /// Returns whether at most one part in `of` of the ordinary places is left.
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

    /// Removes a connection that is not in triage.
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

    /// Chooses a connection in triage to be closed: of the given address, or else of the one with the most. It is the
    /// oldest that had its guaranteed time, preferably one that is not being answered.
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

    /// Returns whether no connection can be accepted: there is no ordinary place, triage is full, and no connection
    /// there has had its guaranteed time. One address alone cannot fill triage.
    pub(super) fn is_busy(&self, room: &Room, now: u64) -> bool {
        let had_time =
            |entry: &Entry| entry.task.is_some() && now.saturating_sub(entry.accepted_at) >= millis(TRIAGE_GUARANTEED);
        let full = self.triage.len() >= room.triage && !self.has_room(room, 0);
        full && (self.triage.len() >= 2 * room.triage || !self.triage.values().any(had_time))
    }

    /// Chooses connections to be closed: those of addresses that exceed their limit and, if another connection comes
    /// while few places are left, those of addresses with the most.
    pub(super) fn sweep(&mut self, room: &Room, now: u64, another: bool) -> Vec<AbortHandle> {
        for count in self.counts.values_mut() {
            count.settled = 0;
        }
        // The connections that may be closed, by address: idle ones first, then the oldest.
        let mut closable: HashMap<IpAddr, Vec<Candidate>> = HashMap::new();
        // The connections to which something is being written, by address. Keys grow with time.
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
            // A few more are closed, so that the next connection needs no sweep.
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

/// The tally of all connections behind a lock, shared by all places.
pub(super) struct SharedTally {
    /// The shares that the descriptors are divided into.
    pub(super) room: Room,
    start: Instant,
    tally: Mutex<Tally>,
}

impl SharedTally {
    pub(super) fn new(room: Room) -> Self {
        Self { room, start: Instant::now(), tally: Mutex::default() }
    }

    /// Returns the time since the start, in milliseconds.
    pub(super) fn now(&self) -> u64 {
        millis(self.start.elapsed())
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves a connection from triage to the share of known users. Returns whether there was room and the user had not
    /// exhausted its part.
    pub(super) fn promote(&self, key: u64, user: &UserId) -> bool {
        let mut inner = self.lock();
        let inner = &mut *inner;
        let own = inner.known.get(user).copied().unwrap_or_default();
        if own >= self.room.known_per_user || !inner.has_room(&self.room, self.room.known) {
            return false;
        }
        let Some(entry) = inner.take_from_triage(key) else { return false };
        inner.known.insert(user.clone(), own + 1);
        inner.counts.entry(entry.address).or_default().now += 1;
        inner.entries.insert(key, entry);
        inner.descriptors += HTTP_COSTS;
        inner.connections += 1;
        true
    }

    pub(super) fn switched(&self, key: u64) {
        let mut inner = self.lock();
        inner.forget(key);
        inner.descriptors -= HTTP_COSTS - WEBSOCKET_COSTS;
    }

    pub(super) fn leave(&self, key: u64, class: Class, user: Option<&UserId>) {
        let mut inner = self.lock();
        if let Some(user) = user {
            count_down(&mut inner.known, user);
        }
        match class {
            Class::Ordinary => {
                inner.forget(key);
                inner.descriptors -= HTTP_COSTS;
                inner.connections -= 1;
            }
            Class::WebSocket => {
                inner.descriptors -= WEBSOCKET_COSTS;
                inner.connections -= 1;
            }
            Class::Triage => {
                inner.take_from_triage(key);
            }
        }
    }

    pub(super) fn count_for(&self, key: u64, client: IpAddr) -> bool {
        let mut inner = self.lock();
        inner.move_to(key, client);
        inner.counts.get(&client).is_none_or(|count| count.now <= self.room.per_address)
    }

    pub(super) fn count_for_proxy(&self, key: u64) {
        let mut inner = self.lock();
        if let Some(peer) = inner.entries.get(&key).map(|entry| entry.peer) {
            inner.move_to(key, peer);
        }
    }
}
