//! The budget of bytes held of unfinished packets over all connections.
//!
//! What must stay true: the bytes held exceed the budget by no more than those being released; a packet that is not
//! finished in time is dropped, and its connection closed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use crate::CloseReason;

/// Bytes that a transport may hold of a message before they are counted. Messages of the usual size are bounded by the
/// number of connections.
pub(crate) const UNCOUNTED_BYTES_MAX: usize = 4_096;

/// Each party may use one part in this many of the budget.
const PARTIES: usize = 8;

/// Bytes that one party may use in any case, if the budget has them: twice an event with all its attachments.
const PARTY_BYTES_MIN: usize = 2_000_000;

/// The party that pays for the bytes a connection holds. Connections of one party share a part of the budget.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    // The order of the variants matters: of two parties that hold as much, the greater one has to release first.
    /// A client whose identity is known, by a name that is unique to that identity.
    Known(Arc<str>),
    /// All clients of one network whose identity is not known.
    Network(IpAddr),
    /// All clients of which neither is known.
    #[default]
    Unknown,
}

/// A connection that holds bytes of an unfinished packet.
pub trait Holder: Send + Sync {
    /// Returns the party that pays for the bytes. Called when a packet begins; the answer holds for all of the packet.
    fn party(&self) -> Party;

    /// Closes the connection, which releases what it holds.
    fn give_up(self: Arc<Self>, reason: CloseReason);
}

/// The budget for unfinished packets. Clones share it.
///
/// No [`Party`] holds more than an eighth of it, or 2,000,000 bytes if that is more: beyond that, connections of the
/// party are closed. When the whole budget is used up, connections of the party that holds the most are closed. In both
/// cases the connection with the oldest packet is closed first.
#[derive(Clone)]
pub struct Unfinished(Arc<Budget>);

struct Budget {
    bytes_max: usize,
    party_bytes_max: usize,
    time_max: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    bytes: usize,
    next: u64,
    /// The parties that hold packets.
    shares: HashMap<Party, Share>,
    /// The parties that hold counted bytes, ordered by how many.
    by_bytes: BTreeSet<(usize, Party)>,
}

/// The packets and bytes held by one party.
#[derive(Default)]
struct Share {
    bytes: usize,
    /// The party's packets by number, oldest first.
    packets: BTreeMap<u64, Packet>,
}

/// The key of a packet: its party, and its number among all packets.
#[derive(Clone)]
struct Key {
    party: Party,
    number: u64,
}

struct Packet {
    bytes: usize,
    /// When the packet began, or `None` once it has arrived and is being handled.
    since: Option<Instant>,
    holder: Weak<dyn Holder>,
}

impl State {
    fn insert(&mut self, party: Party, holder: &Arc<dyn Holder>) -> Key {
        self.next += 1;
        let packet = Packet { bytes: 0, since: Some(Instant::now()), holder: Arc::downgrade(holder) };
        self.shares.entry(party.clone()).or_default().packets.insert(self.next, packet);
        Key { party, number: self.next }
    }

    fn packet(&mut self, key: &Key) -> Option<&mut Packet> {
        self.shares.get_mut(&key.party)?.packets.get_mut(&key.number)
    }

    /// Sets the number of bytes held of a packet. Returns whether the packet is still registered.
    fn set_bytes(&mut self, key: &Key, bytes: usize) -> bool {
        let Some(packet) = self.packet(key) else { return false };
        let before = std::mem::replace(&mut packet.bytes, bytes);
        self.recount(&key.party, before, bytes);
        true
    }

    fn remove(&mut self, key: &Key) -> Option<Packet> {
        let share = self.shares.get_mut(&key.party)?;
        let packet = share.packets.remove(&key.number)?;
        let is_last = share.packets.is_empty();
        self.recount(&key.party, packet.bytes, 0);
        if is_last {
            self.shares.remove(&key.party);
        }
        Some(packet)
    }

    /// Updates the sums after a packet of a party went from `before` to `bytes` bytes.
    fn recount(&mut self, party: &Party, before: usize, bytes: usize) {
        let Some(share) = self.shares.get_mut(party).filter(|_| before != bytes) else { return };
        let now = share.bytes - before + bytes;
        self.by_bytes.remove(&(share.bytes, party.clone()));
        if now > 0 {
            self.by_bytes.insert((now, party.clone()));
        }
        share.bytes = now;
        self.bytes = self.bytes - before + bytes;
    }

    /// Returns the packet to give up next, if the party `own` or the whole budget exceeds its bound.
    fn next_to_give_up(&self, own: &Party, party_bytes_max: usize, bytes_max: usize) -> Option<Key> {
        let beyond = self.shares.get(own).is_some_and(|share| share.bytes > party_bytes_max);
        let party = match beyond {
            true => own,
            false if self.bytes > bytes_max => &self.by_bytes.last()?.1,
            false => return None,
        };
        // Packets of which no bytes are counted would release nothing.
        let (number, _) = self.shares.get(party)?.packets.iter().find(|(_, packet)| packet.bytes > 0)?;
        Some(Key { party: party.clone(), number: *number })
    }
}

/// The bytes that one connection holds of one packet. Dropping it releases them.
pub(crate) struct Reservation {
    of: Unfinished,
    key: Key,
}

impl Reservation {
    /// Marks the packet as arrived: it is still counted, but the time limit no longer applies while it is handled.
    pub(crate) fn mark_arrived(&self) {
        if let Some(packet) = self.of.state().packet(&self.key) {
            packet.since = None;
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.of.state().remove(&self.key);
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reservation").finish_non_exhaustive()
    }
}

impl Default for Unfinished {
    /// A budget of 64 MB, with 30 seconds for each packet.
    fn default() -> Self {
        Self::new(64_000_000, Duration::from_secs(30))
    }
}

impl Unfinished {
    /// Creates a budget of `bytes_max` bytes over all packets, each of which has to be finished within `time_max`.
    #[must_use]
    pub fn new(bytes_max: usize, time_max: Duration) -> Self {
        let party_bytes_max = (bytes_max / PARTIES).max(PARTY_BYTES_MIN);
        Self(Arc::new(Budget { bytes_max, party_bytes_max, time_max, state: Mutex::default() }))
    }

    /// Returns the sum of the bytes held now.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.state().bytes
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the number of bytes held of a packet. If the packet's party or all parties together hold too much,
    /// connections are closed until the rest fits, as described at [`Unfinished`].
    ///
    /// # Errors
    /// The reason to close this connection, if it is the one that has to give up its packet.
    pub(crate) fn hold(
        &self,
        held: &mut Option<Box<Reservation>>,
        bytes: usize,
        holder: impl FnOnce() -> Arc<dyn Holder>,
    ) -> Result<(), CloseReason> {
        let held = match held {
            Some(held) => held,
            None => {
                // Called outside the lock because it calls the application.
                let holder = holder();
                let party = holder.party();
                let key = self.state().insert(party, &holder);
                held.insert(Box::new(Reservation { of: self.clone(), key }))
            }
        };
        let mut given_up = Vec::new();
        let result = {
            let mut state = self.state();
            // A packet that is missing was given up meanwhile; its connection has not noticed yet.
            let mut result = if state.set_bytes(&held.key, bytes) { Ok(()) } else { Err(CloseReason::Pressure) };
            while let Some(first) = state.next_to_give_up(&held.key.party, self.0.party_bytes_max, self.0.bytes_max) {
                let packet = state.remove(&first);
                if first.number == held.key.number {
                    result = Err(CloseReason::Pressure);
                } else {
                    given_up.extend(packet);
                }
            }
            result
        };
        // Called outside the lock because the end of a connection releases what it holds.
        close_all(given_up, CloseReason::Pressure);
        result
    }

    /// Closes the connections whose packets have exceeded their time.
    pub(crate) fn expire(&self) {
        let late = {
            let mut state = self.state();
            let is_late = |packet: &Packet| packet.since.is_some_and(|since| since.elapsed() >= self.0.time_max);
            let keys = state.shares.iter().flat_map(|(party, share)| {
                let late = share.packets.iter().filter(|(_, packet)| is_late(packet));
                late.map(|(number, _)| Key { party: party.clone(), number: *number })
            });
            let late: Vec<Key> = keys.collect();
            late.iter().filter_map(|key| state.remove(key)).collect()
        };
        close_all(late, CloseReason::Unfinished);
    }

    /// Starts the task that closes overdue connections. It ends when the budget is dropped.
    pub(crate) fn spawn(&self) {
        let budget = Arc::downgrade(&self.0);
        let every = (self.0.time_max / 10).clamp(Duration::from_millis(20), Duration::from_secs(1));
        tokio::spawn(async move {
            let mut interval = tokio::time::interval(every);
            loop {
                interval.tick().await;
                let Some(budget) = budget.upgrade() else { return };
                Self(budget).expire();
            }
        });
    }
}

fn close_all(packets: Vec<Packet>, reason: CloseReason) {
    for holder in packets.into_iter().filter_map(|packet| packet.holder.upgrade()) {
        holder.give_up(reason);
    }
}

impl fmt::Debug for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unfinished").field("bytes_max", &self.0.bytes_max).field("held", &self.held_bytes()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Client(Party, Mutex<Option<CloseReason>>);

    impl Holder for Client {
        fn party(&self) -> Party {
            self.0.clone()
        }

        fn give_up(self: Arc<Self>, reason: CloseReason) {
            *self.1.lock().expect("a lock") = Some(reason);
        }
    }

    fn client(party: &Party) -> Arc<Client> {
        Arc::new(Client(party.clone(), Mutex::new(None)))
    }

    fn known(name: &str) -> Party {
        Party::Known(name.into())
    }

    fn closed(client: &Client) -> Option<CloseReason> {
        *client.1.lock().expect("a lock")
    }

    fn budget(bytes_max: usize, party_bytes_max: usize, time_max: Duration) -> Unfinished {
        Unfinished(Arc::new(Budget { bytes_max, party_bytes_max, time_max, state: Mutex::default() }))
    }

    fn hold(
        budget: &Unfinished,
        client: &Arc<Client>,
        held: &mut Option<Box<Reservation>>,
        bytes: usize,
    ) -> Result<(), CloseReason> {
        budget.hold(held, bytes, || Arc::clone(client) as Arc<dyn Holder>)
    }

    const GONE: Option<CloseReason> = Some(CloseReason::Pressure);

    #[test]
    fn a_party_has_its_share_and_gives_up_its_own_oldest() {
        let budget = budget(1_000, 100, Duration::from_secs(30));
        let clients = [known("a"), known("b"), known("a"), known("a")].map(|party| client(&party));
        let mut held = [const { None }; 4];
        for index in 0..3 {
            hold(&budget, &clients[index], &mut held[index], 40).expect("room");
        }
        hold(&budget, &clients[3], &mut held[3], 0).expect("what does not count");
        hold(&budget, &clients[3], &mut held[3], 60).expect("room, once the oldest of the party is gone");
        assert_eq!(clients.each_ref().map(|client| closed(client)), [GONE, None, None, None]);
        assert_eq!(budget.held_bytes(), 140);
        assert_eq!(hold(&budget, &clients[0], &mut held[0], 1), Err(CloseReason::Pressure), "it is closing");
        assert_eq!(hold(&budget, &clients[2], &mut held[2], 101), Err(CloseReason::Pressure), "too large alone");
        assert_eq!(closed(&clients[3]), None);
        drop(held);
        let state = budget.state();
        assert_eq!((state.bytes, state.shares.len(), state.by_bytes.len()), (0, 0, 0));
    }

    #[test]
    fn where_there_is_no_room_the_party_that_holds_most_makes_it() {
        let budget = budget(100, 60, Duration::from_secs(30));
        let network = Party::Network("192.0.2.1".parse().expect("an address"));
        let clients = [network.clone(), known("a"), known("a"), network, known("b")].map(|party| client(&party));
        let mut held = [const { None }; 5];
        for (index, bytes) in [20, 30, 25, 0].into_iter().enumerate() {
            hold(&budget, &clients[index], &mut held[index], bytes).expect("room");
        }
        hold(&budget, &clients[4], &mut held[4], 30).expect("room, once the oldest of the largest is gone");
        let all = || clients.each_ref().map(|client| closed(client));
        assert_eq!(all(), [None, GONE, None, None, None]);
        // Of two parties that hold as much, the unknown one has to release first, starting with its oldest packet.
        hold(&budget, &clients[2], &mut held[2], 40).expect("room: 20, 40 and 30");
        hold(&budget, &clients[3], &mut held[3], 20).expect("room, once the network is back to 20");
        assert_eq!(all(), [GONE, GONE, None, None, None]);
        assert_eq!(budget.held_bytes(), 90);
    }

    #[test]
    fn what_takes_too_long_is_given_up() {
        let budget = Unfinished::new(100, Duration::ZERO);
        let (slow, small, handled) = (client(&known("a")), client(&Party::Unknown), client(&known("b")));
        let (mut held, mut little, mut arrived) = (None, None, None);
        hold(&budget, &slow, &mut held, 30).expect("room");
        hold(&budget, &small, &mut little, 0).expect("room");
        hold(&budget, &handled, &mut arrived, 30).expect("room");
        arrived.iter().for_each(|reservation| reservation.mark_arrived());
        budget.expire();
        assert_eq!((closed(&handled), budget.held_bytes()), (None, 30), "it has arrived");
        drop(arrived);
        let late = Some(CloseReason::Unfinished);
        assert_eq!((closed(&slow), closed(&small), budget.held_bytes()), (late, late, 0));
    }
}
