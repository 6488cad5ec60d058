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
//! over those that are older than [`SETTLED_AFTER`](super::tally::SETTLED_AFTER): a storm of clients that come back, and are WebSockets in a moment, is
//! no abuse. Where an address has too many, its own are closed by the same rule, and then those to which something is just
//! being written, the oldest first. Where none can be closed, or an eighth of all places is left and no more, it gets no
//! ordinary place. A proxy that is trusted has no such bound; each of its requests counts for the client that it names.
//! Nor has a listener that trusts, to which a back end may bring all its clients from one address.
//!
//! A connection without an ordinary place gets a triage place for [`TRIAGE_TIMEOUT`]. There only health checks are
//! answered and requests with a token that verifies; the latter are moved to the share of known users. Everything else is
//! answered with 503. One user has a part of the share of known users. Where all triage places are taken, the oldest of
//! the address that has the most is closed, but none before it had [`TRIAGE_GUARANTEED`](super::tally::TRIAGE_GUARANTEED).
//! Where there is no ordinary place either, no new connection is accepted for that long; new ones wait in the kernel's
//! backlog.
//!
//! An address may have an eighth of triage, with the same rule for its own: a further connection takes the place of its
//! oldest one, or is closed at once while that has its time. So nobody else waits for an address that opens many, and
//! whoever shares the address may have to try again.
//!
//! The time of every step is bounded too ([`super::place`]): once a second [`Places::tend`] closes what is overdue.
//!
//! # What it costs
//! A connection costs two short holds of one lock. A look for connections to be closed is linear in the connections over
//! which HTTP is spoken; it happens at most every [`SWEEP_EVERY`] and frees a sixteenth of all places.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use quintet_domain::UserId;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::place::{Class, Peer, Place, State, Step};
use super::room::{HTTP_COSTS, Room, WEBSOCKET_COSTS};
use super::tally::{Entry, Inner, count_down, millis};

/// Time that a connection has in a triage place.
const TRIAGE_TIMEOUT: Duration = Duration::from_secs(5);
/// Time between two checks whether a full triage has a place again.
const TRIAGE_LOOK_EVERY: Duration = Duration::from_millis(5);
/// Minimum time between two sweeps for connections that may be closed.
const SWEEP_EVERY: Duration = Duration::from_millis(100);
/// Time between two sweeps for connections that are overdue.
pub(crate) const TEND_EVERY: Duration = Duration::from_secs(1);

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
        while self.inner().is_busy(&self.room, self.now()) {
            tokio::time::sleep(TRIAGE_LOOK_EVERY).await;
        }
    }

    /// Gives a place to a connection that was accepted, or none where it is to be closed at once. `step` is what comes
    /// first.
    pub(crate) fn admit(self: &Arc<Self>, peer: IpAddr, kind: Peer, step: Step) -> Option<Arc<Place>> {
        let bounded = kind == Peer::Stranger;
        let now = self.now();
        let mut inner = self.inner();
        let heavy = bounded && inner.counts.get(&peer).is_some_and(|count| count.now >= self.room.per_address);
        let mut closed = Vec::new();
        let mut evicted = 0;
        let few_left = inner.has_left_at_most(&self.room, 16);
        if (heavy || few_left) && now.saturating_sub(inner.swept_at) >= millis(SWEEP_EVERY) {
            inner.swept_at = now;
            closed = inner.sweep(&self.room, now, true);
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
                let own = inner.triage_counts.get(&peer).copied().unwrap_or_default();
                if inner.triage.len() >= 2 * self.room.triage {
                    closed.extend(inner.oldest_of_triage(now, None));
                    false
                } else if bounded && own >= self.room.triage_per_address {
                    let displaced = if own < 2 * self.room.triage_per_address {
                        inner.oldest_of_triage(now, Some(peer))
                    } else {
                        None
                    };
                    let displaces = displaced.is_some();
                    closed.extend(displaced);
                    displaces
                } else {
                    if inner.triage.len() >= self.room.triage {
                        closed.extend(inner.oldest_of_triage(now, None));
                    }
                    true
                }
            }
        };
        let place = admitted.then(|| {
            let key = inner.next_key;
            inner.next_key += 1;
            let state = Arc::new(State::new(step, now));
            let state_kept = Arc::clone(&state);
            let entry = Entry { state: state_kept, address: peer, peer, bounded, accepted_at: now, task: None };
            match class {
                Class::Triage => {
                    *inner.triage_counts.entry(peer).or_default() += 1;
                    inner.triage.insert(key, entry)
                }
                Class::Ordinary | Class::WebSocket => inner.entries.insert(key, entry),
            };
            Arc::new(Place::new(Arc::clone(self), state, key, class, kind == Peer::Proxy))
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

    /// Closes every connection that is overdue at its step, and those that an address has beyond its bound: they may have
    /// come in a burst, before any of them counted.
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
        closed.extend(inner.sweep(&self.room, now, false));
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

    /// The most connections without a token.
    pub(crate) fn unidentified_max(&self) -> usize {
        self.room.unidentified_max()
    }

    /// Moves a connection from triage to the share of known users, if there is room and the user has not its part of it
    /// yet.
    pub(super) fn promote(&self, place: &Place, user: &UserId) -> bool {
        let mut inner = self.inner();
        let inner = &mut *inner;
        let own = inner.known.get(user).copied().unwrap_or_default();
        if own >= self.room.known_per_user || !inner.has_room(&self.room, self.room.known) {
            return false;
        }
        let Some(entry) = inner.take_from_triage(place.key) else { return false };
        inner.known.insert(user.clone(), own + 1);
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
        if let Some(user) = place.known.get() {
            count_down(&mut inner.known, user);
        }
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
                inner.take_from_triage(place.key);
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

#[cfg(test)]
mod tests {
    use super::super::tally::{SETTLED_AFTER, TRIAGE_GUARANTEED};
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    /// A connection whose task waits for ever, and gives its place back when it is ended.
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
    async fn nobody_waits_for_an_address_that_opens_many() {
        let places = Places::new(Room::of(1_024, None, 512));
        for _ in 0..2_000 {
            let accepts = tokio::time::timeout(Duration::ZERO, places.ready()).await;
            assert!(accepts.is_ok(), "{} in triage", places.inner().triage.len());
            drop(open(&places, 2));
        }
        let room = places.room;
        assert_eq!(places.inner().triage.len(), room.triage_per_address);
        let (key, _) = open(&places, 3).expect("a place");
        assert!(ordinary(&places, key), "there is room for others");
        // Its own oldest one goes for the next, once it had its time.
        tokio::time::advance(TRIAGE_GUARANTEED).await;
        assert!(open(&places, 2).is_some());
        settle().await;
        assert_eq!(places.inner().triage.len(), room.triage_per_address);
        // A proxy that is trusted has no such bound: others are behind it.
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
        assert_eq!(held.len(), places.room.known_per_user);
        assert!(promoted(3, &ada).is_some(), "another has a part of its own");
        // As a WebSocket it is still one of the user's.
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
        // The oldest in triage goes for the newest, once it had its time.
        for from in 10..50 {
            places.ready().await;
            assert!(places.inner().triage.len() < 2 * places.room.triage);
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
