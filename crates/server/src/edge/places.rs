//! How many connections there is room for, and who gets it.
//!
//! # The design
//! The scarce thing is descriptors. A connection over which HTTP is spoken counts two, its socket and a file that its
//! request may have open, and a WebSocket counts one. All descriptors of the process are divided once, at the start
//! ([`Room::of`]): a reserve for the store, the listeners and the like; a few *triage* places; a share for users that are
//! known; and the rest, the *ordinary* places. What is counted never exceeds its share, so the process never runs out.
//!
//! A new connection gets an ordinary place while there is one. As soon as few are left, connections are closed that
//! nobody but their client would miss (for a second or more idle between two requests, in a handshake, a head or a body, or
//! with an answer that is not read): first those of the address that has the most of them, and there first the idle and then
//! the oldest. So an address that opens many displaces itself, and others find room. Where that frees too few,
//! WebSockets of clients without a token are closed, in the gateway's order ([`Places::evicts_by`]).
//!
//! An address (of IPv6 a network of 64 bits) may have a number of connections over which HTTP is spoken. It is counted
//! over those that are older than [`SETTLED_AFTER`]: a storm of clients that come back, and are WebSockets in a moment, is
//! no abuse. Where an address has too many, its own are closed by the same rule, and where none can be closed, or an
//! eighth of all places is left and no more, it gets no ordinary place. A proxy that is trusted has no such bound; each of
//! its requests counts for the client that it names.
//!
//! A connection without an ordinary place gets a triage place for [`TRIAGE_TIMEOUT`]. There only health checks are
//! answered and requests with a token that verifies; the latter are moved to the share of known users. Everything else is
//! answered with 503. Where all triage places are taken, the oldest of the address that has the most is closed, but none
//! before it had [`TRIAGE_GUARANTEED`]. For that long no new connection is accepted; new ones wait in the kernel's
//! backlog. A client that sends its request at once is served, however many come beside it.
//!
//! The time of every step is bounded too ([`super::place`]): once a second [`Places::tend`] closes what is overdue.
//!
//! # What it costs
//! A connection costs two short holds of one lock. A look for connections to be closed is linear in the connections over
//! which HTTP is spoken; it happens at most every [`SWEEP_EVERY`] and frees a sixteenth of all places.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::place::{Class, Place, State, Step};
use super::room::{HTTP_COSTS, Room, WEBSOCKET_COSTS};

/// Age from which on a connection counts against the limit of its address.
const SETTLED_AFTER: Duration = Duration::from_secs(2);
/// Time that a connection has in a triage place.
const TRIAGE_TIMEOUT: Duration = Duration::from_secs(5);
/// The first part of [`TRIAGE_TIMEOUT`], in which the connection is not closed for another.
const TRIAGE_GUARANTEED: Duration = Duration::from_millis(100);
/// Time between two checks whether a full triage has a place again.
const TRIAGE_LOOK_EVERY: Duration = Duration::from_millis(5);
/// Minimum time between two sweeps for connections that may be closed.
const SWEEP_EVERY: Duration = Duration::from_millis(100);
/// Time between two sweeps for connections that are overdue.
pub(crate) const TEND_EVERY: Duration = Duration::from_secs(1);

/// A connection that still speaks HTTP, not WebSocket.
struct Entry {
    state: Arc<State>,
    /// The address this connection is counted against: the peer's, or the client's that a trusted proxy names.
    address: IpAddr,
    peer: IpAddr,
    proxied: bool,
    accepted_at: u64,
    /// Aborts the connection's task; none before the task is known, and after it was aborted.
    task: Option<AbortHandle>,
}

impl Entry {
    fn is_settled(&self, now: u64) -> bool {
        now.saturating_sub(self.accepted_at) >= millis(SETTLED_AFTER)
    }
}

/// The connections of one address over which HTTP is spoken.
#[derive(Default)]
struct Count {
    now: usize,
    /// Of them, those that were settled at the last look.
    settled: usize,
}

/// A connection that may be closed, the first one being the greatest: whether it is not idle, since when it is at its
/// step, and its key.
type Candidate = Reverse<(bool, u64, u64)>;

#[derive(Default)]
struct Inner {
    /// Ordinary connections over which HTTP is spoken.
    entries: HashMap<u64, Entry>,
    /// Those in triage, the oldest first.
    triage: BTreeMap<u64, Entry>,
    counts: HashMap<IpAddr, Count>,
    next_key: u64,
    descriptors: usize,
    connections: usize,
    swept_at: u64,
}

/// Closes a number of WebSockets of clients that nobody vouches for; gives how many there were.
type Evict = Box<dyn Fn(usize) -> usize + Send + Sync>;

/// All places.
pub(crate) struct Places {
    room: Room,
    evict: OnceLock<Evict>,
    start: Instant,
    inner: Mutex<Inner>,
}

impl std::fmt::Debug for Places {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Places").field("room", &self.room).finish_non_exhaustive()
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Places {
    pub(crate) fn new(room: Room) -> Arc<Self> {
        Arc::new(Self { room, evict: OnceLock::new(), start: Instant::now(), inner: Mutex::default() })
    }

    /// Says how WebSockets of clients that nobody vouches for are closed where too few places are left.
    pub(crate) fn evicts_by(&self, evict: impl Fn(usize) -> usize + Send + Sync + 'static) {
        // It is said once, when the server is put together.
        let _ = self.evict.set(Box::new(evict));
    }

    /// Milliseconds since the start.
    pub(super) fn now(&self) -> u64 {
        millis(self.start.elapsed())
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is a place for another connection.
    pub(crate) async fn ready(&self) {
        while self.inner().is_triage_busy(&self.room, self.now()) {
            tokio::time::sleep(TRIAGE_LOOK_EVERY).await;
        }
    }

    /// Gives a place to a connection that was accepted, or none where it is to be closed at once. `proxied` says that the
    /// peer is a proxy that is trusted; `step` is what comes first.
    pub(crate) fn admit(self: &Arc<Self>, peer: IpAddr, proxied: bool, step: Step) -> Option<Arc<Place>> {
        let now = self.now();
        let mut inner = self.inner();
        let heavy = !proxied && inner.counts.get(&peer).is_some_and(|count| count.now >= self.room.per_address);
        let mut closed = Vec::new();
        let mut evicted = 0;
        let few_left = inner.has_left_at_most(&self.room, 16);
        if (heavy || few_left) && now.saturating_sub(inner.swept_at) >= millis(SWEEP_EVERY) {
            closed = inner.sweep(&self.room, now);
            if few_left {
                evicted = (self.room.connections / 16).max(1).saturating_sub(closed.len());
            }
        }
        let settled = inner.counts.get(&peer).map_or(0, |count| count.settled);
        let refused = heavy && (settled >= self.room.per_address || inner.has_left_at_most(&self.room, 8));
        let class = if !refused && inner.has_room(&self.room, 0) { Class::Ordinary } else { Class::Triage };
        let admitted = match class {
            Class::Ordinary | Class::WebSocket => {
                inner.descriptors += HTTP_COSTS;
                inner.connections += 1;
                inner.counts.entry(peer).or_default().now += 1;
                true
            }
            Class::Triage => {
                if inner.triage.len() >= self.room.triage {
                    closed.extend(inner.oldest_of_triage(now));
                }
                inner.triage.len() < 2 * self.room.triage
            }
        };
        let place = admitted.then(|| {
            let key = inner.next_key;
            inner.next_key += 1;
            let state = Arc::new(State::new(step, now));
            let state_kept = Arc::clone(&state);
            let entry = Entry { state: state_kept, address: peer, peer, proxied, accepted_at: now, task: None };
            match class {
                Class::Triage => inner.triage.insert(key, entry),
                Class::Ordinary | Class::WebSocket => inner.entries.insert(key, entry),
            };
            Arc::new(Place::new(Arc::clone(self), state, key, class, proxied))
        });
        drop(inner);
        close(closed);
        if let Some(evict) = self.evict.get().filter(|_| evicted > 0) {
            evict(evicted);
        }
        place
    }

    /// Sets the task that serves a connection, so that it can be aborted.
    pub(crate) fn served_by(&self, key: u64, task: AbortHandle) {
        let mut inner = self.inner();
        let inner = &mut *inner;
        if let Some(entry) = inner.entries.get_mut(&key).or_else(|| inner.triage.get_mut(&key)) {
            entry.task = Some(task);
        }
    }

    /// Closes every connection that is overdue at its step.
    pub(crate) fn tend(&self) {
        let now = self.now();
        let mut inner = self.inner();
        let waited = |entry: &Entry| now.saturating_sub(entry.accepted_at) >= millis(TRIAGE_TIMEOUT);
        let mut closed = Vec::new();
        for entry in inner.entries.values_mut().filter(|entry| entry.state.is_overdue(now)) {
            closed.extend(entry.task.take());
        }
        for entry in inner.triage.values_mut().filter(|entry| waited(entry) && entry.state.is_closable(now)) {
            closed.extend(entry.task.take());
        }
        drop(inner);
        close(closed);
    }

    /// Connections at once, beside those in triage.
    pub(crate) fn room(&self) -> usize {
        self.room.connections
    }

    /// Places taken, beside those in triage, and those in triage.
    pub(crate) fn taken(&self) -> (usize, usize) {
        let inner = self.inner();
        (inner.connections, inner.triage.len())
    }

    pub(super) fn promote(&self, place: &Place) -> bool {
        let mut inner = self.inner();
        let inner = &mut *inner;
        if !inner.has_room(&self.room, self.room.known) {
            return false;
        }
        let Some(entry) = inner.triage.remove(&place.key) else { return false };
        inner.counts.entry(entry.address).or_default().now += 1;
        inner.entries.insert(place.key, entry);
        inner.descriptors += HTTP_COSTS;
        inner.connections += 1;
        true
    }

    pub(super) fn switched(&self, place: &Place) {
        let mut inner = self.inner();
        inner.forget(place.key);
        inner.descriptors -= HTTP_COSTS - WEBSOCKET_COSTS;
    }

    pub(super) fn leave(&self, place: &Place) {
        let mut inner = self.inner();
        match place.class() {
            Class::Ordinary => {
                inner.forget(place.key);
                inner.descriptors -= HTTP_COSTS;
                inner.connections -= 1;
            }
            Class::WebSocket => {
                inner.descriptors -= WEBSOCKET_COSTS;
                inner.connections -= 1;
            }
            Class::Triage => {
                inner.triage.remove(&place.key);
            }
        }
    }

    pub(super) fn count_for(&self, place: &Place, client: IpAddr) -> bool {
        let mut inner = self.inner();
        inner.move_to(place.key, client);
        inner.counts.get(&client).is_none_or(|count| count.now <= self.room.per_address)
    }

    pub(super) fn count_for_proxy(&self, place: &Place) {
        let mut inner = self.inner();
        if let Some(peer) = inner.entries.get(&place.key).map(|entry| entry.peer) {
            inner.move_to(place.key, peer);
        }
    }
}

/// Ends tasks; what they hold is given back by their places.
fn close(tasks: Vec<AbortHandle>) {
    for task in tasks {
        task.abort();
    }
}

impl Inner {
    /// Whether one more connection fits, if `more` descriptors are added to the ordinary ones.
    fn has_room(&self, room: &Room, more: usize) -> bool {
        self.descriptors + HTTP_COSTS <= room.ordinary + more && self.connections < room.connections + more
    }

    /// Whether at most one in `of` of the ordinary places is free.
    fn has_left_at_most(&self, room: &Room, of: usize) -> bool {
        let left = (room.ordinary.saturating_sub(self.descriptors) / HTTP_COSTS)
            .min(room.connections.saturating_sub(self.connections));
        left <= room.connections.min(room.ordinary / HTTP_COSTS) / of
    }

    fn count_out(&mut self, address: IpAddr) {
        if let Some(count) = self.counts.get_mut(&address) {
            count.now -= 1;
            count.settled = count.settled.min(count.now);
            if count.now == 0 {
                self.counts.remove(&address);
            }
        }
    }

    /// Forgets a connection that is not in triage.
    fn forget(&mut self, key: u64) {
        if let Some(entry) = self.entries.remove(&key) {
            self.count_out(entry.address);
        }
    }

    fn move_to(&mut self, key: u64, address: IpAddr) {
        let Some(entry) = self.entries.get_mut(&key).filter(|entry| entry.address != address) else { return };
        let from = std::mem::replace(&mut entry.address, address);
        self.counts.entry(address).or_default().now += 1;
        self.count_out(from);
    }

    /// Chooses the triage connection to close: the oldest of the address with the most, preferring one without a
    /// request in progress.
    fn oldest_of_triage(&mut self, now: u64) -> Option<AbortHandle> {
        let open = |entry: &&mut Entry| {
            entry.task.is_some() && now.saturating_sub(entry.accepted_at) >= millis(TRIAGE_GUARANTEED)
        };
        let mut counts: HashMap<IpAddr, usize> = HashMap::new();
        for entry in self.triage.values() {
            *counts.entry(entry.address).or_default() += 1;
        }
        let weight = |entry: &Entry| counts.get(&entry.address).copied().unwrap_or_default();
        let chosen =
            self.triage.values_mut().filter(open).min_by_key(|entry| {
                (Reverse(weight(entry)), entry.state.step().0 == Step::Answering, entry.accepted_at)
            });
        chosen?.task.take()
    }

    /// Whether triage is full, and none there has had its time.
    fn is_triage_busy(&self, room: &Room, now: u64) -> bool {
        let had_time =
            |entry: &Entry| entry.task.is_some() && now.saturating_sub(entry.accepted_at) >= millis(TRIAGE_GUARANTEED);
        let full = self.triage.len() >= room.triage;
        full && (self.triage.len() >= 2 * room.triage || !self.triage.values().any(had_time))
    }

    /// Chooses connections to be closed: of addresses that have too many, and, while few places are left, of those that
    /// have the most.
    fn sweep(&mut self, room: &Room, now: u64) -> Vec<AbortHandle> {
        self.swept_at = now;
        for count in self.counts.values_mut() {
            count.settled = 0;
        }
        // By address, what may be closed: idle connections first, then the oldest.
        let mut closable: HashMap<IpAddr, Vec<Candidate>> = HashMap::new();
        for (key, entry) in &self.entries {
            if entry.is_settled(now)
                && let Some(count) = self.counts.get_mut(&entry.address)
            {
                count.settled += 1;
            }
            if entry.task.is_some() && entry.state.is_closable(now) {
                let (step, since) = entry.state.step();
                closable.entry(entry.address).or_default().push(Reverse((step != Step::Idle, since, *key)));
            }
        }
        let mut chosen = Vec::new();
        for (address, list) in &mut closable {
            list.sort_unstable();
            let Some(count) = self.counts.get_mut(address) else { continue };
            let proxy = list.iter().any(|Reverse((.., key))| self.entries.get(key).is_some_and(|entry| entry.proxied));
            let mut excess = (count.settled + 1).saturating_sub(room.per_address);
            if proxy || excess == 0 {
                continue;
            }
            // A few more, so that the next one that comes needs no look.
            excess += room.per_address / 16;
            let entries = &self.entries;
            let mut young = Vec::new();
            while excess > 0
                && let Some(Reverse((later, since, key))) = list.pop()
            {
                if entries.get(&key).is_some_and(|entry| entry.is_settled(now)) {
                    chosen.push(key);
                    count.settled = count.settled.saturating_sub(1);
                    excess -= 1;
                } else {
                    young.push(Reverse((later, since, key)));
                }
            }
            list.extend(young.into_iter().rev());
        }
        if self.has_left_at_most(room, 16) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    /// A connection whose task waits for ever, and gives its place back when it is ended.
    fn open(places: &Arc<Places>, from: u8) -> Option<(u64, tokio::task::JoinHandle<()>)> {
        let place = places.admit(address(from), false, Step::Head)?;
        let key = place.key();
        let task = tokio::spawn(async move {
            let _place = place;
            std::future::pending::<()>().await;
        });
        places.served_by(key, task.abort_handle());
        Some((key, task))
    }

    fn ordinary(places: &Places, key: u64) -> bool {
        places.inner().entries.contains_key(&key)
    }

    /// Lets the tasks that were ended give back what they hold.
    async fn settle() {
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_floods_displaces_itself() {
        let places = Places::new(Room::of(256, None, 512));
        let (quiet, task) = open(&places, 1).expect("a place");
        for _ in 0..2_000 {
            places.ready().await;
            drop(open(&places, 2));
            let (descriptors, triage) = {
                let inner = places.inner();
                (inner.descriptors, inner.triage.len())
            };
            assert!(descriptors <= places.room.ordinary, "{descriptors} descriptors");
            assert!(triage <= 2 * places.room.triage, "{triage} in triage");
            settle().await;
        }
        assert!(ordinary(&places, quiet), "who opened one connection keeps it");
        let (key, _) = open(&places, 3).expect("a place");
        assert!(ordinary(&places, key), "an address that has the most leaves some to others");
        let before = places.taken().0;
        tokio::time::advance(SETTLED_AFTER).await;
        drop(open(&places, 2));
        settle().await;
        assert!(places.taken().0 < before, "its own are closed once they had their time");
        assert!(ordinary(&places, quiet) && ordinary(&places, key), "and nobody else's");
        task.abort();
        settle().await;
        assert!(!ordinary(&places, quiet), "what ended has no place");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_answered_is_not_closed_for_others() {
        let places = Places::new(Room::of(256, Some(16), 512));
        let mut held = Vec::new();
        for from in 100..116 {
            let place = places.admit(address(from), false, Step::Head).expect("a place");
            place.answers();
            held.push(place);
        }
        let (key, _) = open(&places, 2).expect("triage");
        assert!(!ordinary(&places, key));
        // The oldest in triage goes for the newest, once it had its time.
        for _ in 0..40 {
            places.ready().await;
            assert!(places.inner().triage.len() < 2 * places.room.triage);
            assert!(open(&places, 2).is_some());
            settle().await;
        }
        assert!(!places.inner().triage.contains_key(&key));
        let known = places.admit(address(3), false, Step::Head).expect("triage");
        assert!(known.is_triage() && known.promote() && !known.is_triage(), "who is known has a share of its own");
        known.switches();
        known.http_ended();
        let descriptors = places.inner().descriptors;
        assert_eq!(descriptors, 16 * HTTP_COSTS + WEBSOCKET_COSTS);
        drop((held, known));
        assert_eq!(places.inner().descriptors, 0);
        assert_eq!(places.taken().0, 0);
    }
}
