//! The division of the server's capacity among connections.
//!
//! # The design
//! The scarce resource is descriptors. An HTTP connection counts two, its socket and a file that its request may open,
//! and a WebSocket counts one. All descriptors of the process are divided once, at the start ([`Room::of`]): a reserve
//! for the store, the listeners and the like; a few *triage* places; a share for known users; and the rest, the
//! *ordinary* places. No share is ever exceeded, so the process never runs out of descriptors.
//!
//! A new connection gets an ordinary place as long as there is one. When few are left, connections are closed whose
//! loss affects only their client: those that for a second or more were idle between two requests, in a handshake, a
//! head or a body, or had an answer that was not read. Connections of the address with the most of them are closed
//! first, idle ones before others and older ones before newer. So an address that opens many displaces its own
//! connections, and others find room. If that frees too few places, WebSockets of clients without a token are closed,
//! in the gateway's order ([`Places::evicts_by`]).
//!
//! An address (for IPv6 a network of 64 bits) may have a limited number of HTTP connections. Only those older than
//! [`SETTLED_AFTER`](super::tally::SETTLED_AFTER) count, because a storm of reconnecting clients, which soon are
//! WebSockets, is not abuse. If an address has too many, its own are closed by the same rule, followed by those to
//! which something is being written, oldest first. If none can be closed, or only an eighth of all places is left, it
//! gets no ordinary place. A trusted proxy has no limit; each of its requests counts for the client that it names. A
//! trusting listener has no limit either, because a back end may bring all its clients from one address.
//!
//! A connection without an ordinary place gets a triage place for [`TRIAGE_TIMEOUT`]. There, only health checks and
//! requests with a valid token are answered, and the latter are moved to the share of known users, of which one user
//! may have a part. All other requests are answered with 503. When all triage places are taken, the oldest connection
//! of the address with the most is closed, but not before it had
//! [`TRIAGE_GUARANTEED`](super::tally::TRIAGE_GUARANTEED). While there is no ordinary place either, no new connection
//! is accepted until then; new ones wait in the kernel's backlog.
//!
//! An address may have an eighth of triage, with the same rule among its own connections: a further connection takes
//! the place of the oldest, or is closed at once while that one still has its guaranteed time. So others do not wait
//! for an address that opens many, but clients that share the address may have to retry.
//!
//! The time of each step is bounded as well ([`super::http_state`]): once a second [`Places::tend`] closes overdue
//! connections.
//!
//! # What it costs
//! A connection takes one lock twice for a short time. A sweep for connections to close is linear in the number of HTTP
//! connections; it happens at most every [`SWEEP_EVERY`] and frees a sixteenth of all places.

use std::net::IpAddr;
use std::sync::{Arc, MutexGuard, OnceLock};
use std::time::Duration;

use tokio::task::AbortHandle;

use super::http_state::{HttpState, Step};
use super::place::{Peer, Place};
use super::room::{HTTP_COSTS, Room};
use super::tally::{Class, Entry, SharedTally, Tally, millis};

/// The time that a connection may have a triage place.
const TRIAGE_TIMEOUT: Duration = Duration::from_secs(5);
/// The time between two checks whether triage has a free place.
const TRIAGE_LOOK_EVERY: Duration = Duration::from_millis(5);
/// The minimum time between two sweeps for connections that may be closed.
const SWEEP_EVERY: Duration = Duration::from_millis(100);
/// The time between two sweeps for overdue connections.
pub(crate) const TEND_EVERY: Duration = Duration::from_secs(1);

/// Closes up to the given number of WebSockets of clients without a token. Returns how many were closed.
type Evict = Box<dyn Fn(usize) -> usize + Send + Sync>;

/// The places of all connections.
pub(crate) struct Places {
    tally: Arc<SharedTally>,
    evict: OnceLock<Evict>,
}

impl std::fmt::Debug for Places {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Places").field("room", &self.tally.room).finish_non_exhaustive()
    }
}

impl Places {
    pub(crate) fn new(room: Room) -> Arc<Self> {
        Arc::new(Self { tally: Arc::new(SharedTally::new(room)), evict: OnceLock::new() })
    }

    /// Sets the function that closes WebSockets of clients without a token when few places are left.
    pub(crate) fn evicts_by(&self, evict: impl Fn(usize) -> usize + Send + Sync + 'static) {
        // Set only once, when the server is composed.
        let _ = self.evict.set(Box::new(evict));
    }

    fn now(&self) -> u64 {
        self.tally.now()
    }

    fn inner(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock()
    }

    /// Waits until another connection can be accepted.
    pub(crate) async fn ready(&self) {
        while self.inner().is_busy(&self.tally.room, self.now()) {
            tokio::time::sleep(TRIAGE_LOOK_EVERY).await;
        }
    }

    /// Gives a place to an accepted connection, which starts at `step`. Returns `None` if the connection has to be
    /// closed at once.
    pub(crate) fn admit(&self, peer: IpAddr, kind: Peer, step: Step) -> Option<Arc<Place>> {
        let bounded = kind == Peer::Stranger;
        let now = self.now();
        let mut inner = self.inner();
        let heavy = bounded && inner.counts.get(&peer).is_some_and(|count| count.now >= self.tally.room.per_address);
        let mut closed = Vec::new();
        let mut evicted = 0;
        let few_left = inner.has_left_at_most(&self.tally.room, 16);
        if (heavy || few_left) && now.saturating_sub(inner.swept_at) >= millis(SWEEP_EVERY) {
            inner.swept_at = now;
            closed = inner.sweep(&self.tally.room, now, true);
            if few_left {
                evicted = (self.tally.room.connections / 16).max(1).saturating_sub(closed.len());
            }
        }
        let settled = inner.counts.get(&peer).map_or(0, |count| count.settled);
        let refused = heavy && (settled >= self.tally.room.per_address || inner.has_left_at_most(&self.tally.room, 8));
        let class = if !refused && inner.has_room(&self.tally.room, 0) { Class::Ordinary } else { Class::Triage };
        let admitted = match class {
            Class::Ordinary | Class::WebSocket => {
                inner.descriptors += HTTP_COSTS;
                inner.connections += 1;
                inner.counts.entry(peer).or_default().now += 1;
                true
            }
            Class::Triage => {
                let own = inner.triage_counts.get(&peer).copied().unwrap_or_default();
                if inner.triage.len() >= 2 * self.tally.room.triage {
                    closed.extend(inner.oldest_of_triage(now, None));
                    false
                } else if bounded && own >= self.tally.room.triage_per_address {
                    let displaced = if own < 2 * self.tally.room.triage_per_address {
                        inner.oldest_of_triage(now, Some(peer))
                    } else {
                        None
                    };
                    let displaces = displaced.is_some();
                    closed.extend(displaced);
                    displaces
                } else {
                    if inner.triage.len() >= self.tally.room.triage {
                        closed.extend(inner.oldest_of_triage(now, None));
                    }
                    true
                }
            }
        };
        let place = admitted.then(|| {
            let key = inner.next_key;
            inner.next_key += 1;
            let state = Arc::new(HttpState::new(step, now));
            let state_kept = Arc::clone(&state);
            let entry = Entry { state: state_kept, address: peer, peer, bounded, accepted_at: now, task: None };
            match class {
                Class::Triage => {
                    *inner.triage_counts.entry(peer).or_default() += 1;
                    inner.triage.insert(key, entry)
                }
                Class::Ordinary | Class::WebSocket => inner.entries.insert(key, entry),
            };
            Arc::new(Place::new(Arc::clone(&self.tally), state, key, class, kind == Peer::Proxy))
        });
        drop(inner);
        close(closed);
        if let Some(evict) = self.evict.get().filter(|_| evicted > 0) {
            evict(evicted);
        }
        place
    }

    /// Sets the task that serves a connection, so that the connection can be closed.
    pub(crate) fn served_by(&self, key: u64, task: AbortHandle) {
        let mut inner = self.inner();
        let inner = &mut *inner;
        if let Some(entry) = inner.entries.get_mut(&key).or_else(|| inner.triage.get_mut(&key)) {
            entry.task = Some(task);
        }
    }

    /// Closes all connections that are overdue, and those of addresses that exceed their limit. A burst can exceed the
    /// limit, because new connections do not count yet.
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
        closed.extend(inner.sweep(&self.tally.room, now, false));
        drop(inner);
        close(closed);
    }

    /// Returns the largest number of connections, except those in triage.
    pub(crate) fn room(&self) -> usize {
        self.tally.room.connections
    }

    /// Returns the number of places taken: those outside triage, and those in triage.
    pub(crate) fn taken(&self) -> (usize, usize) {
        let inner = self.inner();
        (inner.connections, inner.triage.len())
    }

    /// Returns the largest number of connections without a token.
    pub(crate) fn unidentified_max(&self) -> usize {
        self.tally.room.unidentified_max()
    }
}

/// Ends the tasks of connections, whose places are given back when they are dropped.
fn close(tasks: Vec<AbortHandle>) {
    for task in tasks {
        task.abort();
    }
}

#[cfg(test)]
mod tests {
    use quintet_domain::UserId;

    use super::super::room::WEBSOCKET_COSTS;
    use super::super::tally::{SETTLED_AFTER, TRIAGE_GUARANTEED};
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    /// Opens a connection whose task waits for ever, and gives its place back when it is aborted.
    fn open(places: &Arc<Places>, from: u8) -> Option<(u64, tokio::task::JoinHandle<()>)> {
        let place = places.admit(address(from), Peer::Stranger, Step::Head)?;
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

    /// Lets aborted tasks drop their places.
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
            assert!(descriptors <= places.tally.room.ordinary, "{descriptors} descriptors");
            assert!(triage <= 2 * places.tally.room.triage, "{triage} in triage");
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
    async fn nobody_waits_for_an_address_that_opens_many() {
        let places = Places::new(Room::of(1_024, None, 512));
        for _ in 0..2_000 {
            let accepts = tokio::time::timeout(Duration::ZERO, places.ready()).await;
            assert!(accepts.is_ok(), "{} in triage", places.inner().triage.len());
            drop(open(&places, 2));
        }
        let room = places.tally.room;
        assert_eq!(places.inner().triage.len(), room.triage_per_address);
        let (key, _) = open(&places, 3).expect("a place");
        assert!(ordinary(&places, key), "there is room for others");
        // The address's oldest connection makes room for the next one, after its guaranteed time.
        tokio::time::advance(TRIAGE_GUARANTEED).await;
        assert!(open(&places, 2).is_some());
        settle().await;
        assert_eq!(places.inner().triage.len(), room.triage_per_address);
        // A trusted proxy has no limit, because others are behind it.
        let proxy = |_| places.admit(address(4), Peer::Proxy, Step::Head);
        let held: Vec<_> = (0..room.ordinary).map_while(proxy).collect();
        assert!(held.iter().filter(|place| place.is_triage()).count() > room.triage / 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_user_has_a_part_of_the_share_of_known_users() {
        let places = Places::new(Room::of(1_024, Some(16), 512));
        let full: Vec<_> = (0..16).map_while(|n| places.admit(address(n), Peer::Stranger, Step::Head)).collect();
        let (mallory, ada) = (UserId::trusted("mallory"), UserId::trusted("ada"));
        let promoted = |from: u8, user: &UserId| {
            let place = places.admit(address(from), Peer::Stranger, Step::Head).expect("triage");
            place.promote(user).then_some(place)
        };
        let mut held: Vec<_> = (100..200).map_while(|from| promoted(from, &mallory)).collect();
        assert_eq!(held.len(), places.tally.room.known_per_user);
        assert!(promoted(3, &ada).is_some(), "another has a part of its own");
        // As a WebSocket it still counts for the user.
        let one = held.pop().expect("one of them");
        one.switches();
        one.http_ended();
        assert!(promoted(3, &mallory).is_none());
        drop(one);
        assert!(promoted(3, &mallory).is_some(), "and given back it is free");
        drop((held, full));
        assert!(places.inner().known.is_empty() && places.inner().triage_counts.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_beyond_its_bound_is_cut_whatever_it_reads() {
        let places = Places::new(Room::of(1_024, None, 100));
        let mut held = Vec::new();
        for from in [2, 3] {
            for _ in 0..if from == 2 { 150 } else { 100 } {
                let (key, task) = open(&places, from).expect("a place");
                held.push((key, task));
            }
        }
        let drips = |now: u64| {
            for entry in places.inner().entries.values() {
                entry.state.answers(now);
                entry.state.wrote(Some(10), now);
            }
        };
        drips(0);
        places.tend();
        settle().await;
        assert_eq!(places.taken().0, 250, "a burst is let in");
        tokio::time::advance(SETTLED_AFTER).await;
        drips(places.now());
        places.tend();
        settle().await;
        let gone = held.iter().position(|(key, _)| ordinary(&places, *key));
        assert_eq!((places.taken().0, gone), (200, Some(50)), "the oldest of the one address");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_answered_is_not_closed_for_others() {
        let places = Places::new(Room::of(256, Some(16), 512));
        let mut held = Vec::new();
        for from in 100..116 {
            let place = places.admit(address(from), Peer::Stranger, Step::Head).expect("a place");
            place.answers();
            held.push(place);
        }
        let (key, _) = open(&places, 2).expect("triage");
        assert!(!ordinary(&places, key));
        // The oldest connection in triage makes room for the newest, after its guaranteed time.
        for from in 10..50 {
            places.ready().await;
            assert!(places.inner().triage.len() < 2 * places.tally.room.triage);
            assert!(open(&places, from).is_some());
            settle().await;
        }
        assert!(!places.inner().triage.contains_key(&key));
        let known = places.admit(address(3), Peer::Stranger, Step::Head).expect("triage");
        let ada = UserId::trusted("ada");
        assert!(known.is_triage() && known.promote(&ada) && !known.is_triage(), "who is known has a share of its own");
        known.switches();
        known.http_ended();
        let descriptors = places.inner().descriptors;
        assert_eq!(descriptors, 16 * HTTP_COSTS + WEBSOCKET_COSTS);
        drop((held, known));
        assert_eq!(places.inner().descriptors, 0);
        assert_eq!(places.taken().0, 0);
    }
}
