//! The budget of bytes of unfinished packets over all connections.
//!
//! What must stay true: the bytes held never exceed the budget by more than those being released; a packet that is not
//! finished in time is dropped, and its connection closed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use crate::CloseReason;

/// Bytes that a transport may hold of a message before they count: what a message of the usual size needs while it
/// arrives is bounded by the number of connections.
pub(crate) const UNCOUNTED_BYTES_MAX: usize = 4_096;

/// A connection that holds bytes of an unfinished packet.
pub trait Holder: Send + Sync {
    /// Whether it is known whose the connection is. Where there is no room, connections of unknown clients are closed
    /// first.
    fn is_identified(&self) -> bool;

    /// Closes the connection, which releases what it holds.
    fn give_up(self: Arc<Self>, reason: CloseReason);
}

/// The budget for unfinished packets. Clones share it.
#[derive(Clone)]
pub struct Unfinished(Arc<Budget>);

struct Budget {
    bytes_max: usize,
    time_max: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    bytes: usize,
    next: u64,
    /// By whether the client is identified, then by age: the order in which they are given up.
    packets: BTreeMap<Key, Packet>,
}

type Key = (bool, u64);

struct Packet {
    bytes: usize,
    /// When the packet began; none once it has arrived and is being handled.
    since: Option<Instant>,
    holder: Weak<dyn Holder>,
}

impl State {
    fn remove(&mut self, key: &Key) -> Option<Packet> {
        let packet = self.packets.remove(key)?;
        self.bytes -= packet.bytes;
        Some(packet)
    }
}

/// The bytes that one connection holds of one packet; released when dropped.
pub(crate) struct Held {
    of: Unfinished,
    key: Key,
}

impl Held {
    /// All of it has arrived: it is still held, and takes as long as it takes to be handled.
    pub(crate) fn arrived(&self) {
        if let Some(packet) = self.of.state().packets.get_mut(&self.key) {
            packet.since = None;
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.of.state().remove(&self.key);
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").finish_non_exhaustive()
    }
}

impl Default for Unfinished {
    /// 64 MB, and 30 seconds for each packet.
    fn default() -> Self {
        Self::new(64_000_000, Duration::from_secs(30))
    }
}

impl Unfinished {
    /// A budget of `bytes_max` bytes over all packets, each of which has `time_max` to be finished.
    #[must_use]
    pub fn new(bytes_max: usize, time_max: Duration) -> Self {
        Self(Arc::new(Budget { bytes_max, time_max, state: Mutex::default() }))
    }

    /// The sum of bytes held now.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.state().bytes
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets what a packet holds. Where the budget is used up, connections are given up until it fits: those of unknown
    /// clients first, the oldest packets first.
    ///
    /// # Errors
    /// The reason to close the connection with: it was the one to be given up.
    pub(crate) fn hold(
        &self,
        held: &mut Option<Box<Held>>,
        bytes: usize,
        holder: impl FnOnce() -> Arc<dyn Holder>,
    ) -> Result<(), CloseReason> {
        let mut given_up = Vec::new();
        let result = {
            let fresh = held.is_none().then(holder);
            let mut state = self.state();
            if let Some(holder) = &fresh {
                state.next += 1;
                let key = (holder.is_identified(), state.next);
                let packet = Packet { bytes: 0, since: Some(Instant::now()), holder: Arc::downgrade(holder) };
                state.packets.insert(key, packet);
                *held = Some(Box::new(Held { of: self.clone(), key }));
            }
            let own = held.as_ref().map_or((false, 0), |held| held.key);
            match state.packets.get_mut(&own) {
                // It was given up meanwhile, and its connection does not know yet.
                None => Err(CloseReason::Pressure),
                Some(packet) => {
                    let before = std::mem::replace(&mut packet.bytes, bytes);
                    state.bytes = state.bytes - before + bytes;
                    let mut result = Ok(());
                    while state.bytes > self.0.bytes_max {
                        let Some(first) = state.packets.keys().next().copied() else { break };
                        let packet = state.remove(&first);
                        if first == own {
                            result = Err(CloseReason::Pressure);
                        } else {
                            given_up.extend(packet);
                        }
                    }
                    result
                }
            }
        };
        // Outside the lock: the end of a connection releases what it holds.
        close_all(given_up, CloseReason::Pressure);
        result
    }

    /// Closes the connections whose packets have taken too long.
    pub(crate) fn expire(&self) {
        let late = {
            let mut state = self.state();
            let is_late = |packet: &Packet| packet.since.is_some_and(|since| since.elapsed() >= self.0.time_max);
            let late: Vec<Key> =
                state.packets.iter().filter(|(_, packet)| is_late(packet)).map(|(key, _)| *key).collect();
            late.iter().filter_map(|key| state.remove(key)).collect()
        };
        close_all(late, CloseReason::Unfinished);
    }

    /// Starts the task that closes overdue connections for as long as the budget is used.
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

    struct Client(bool, Mutex<Option<CloseReason>>);

    impl Holder for Client {
        fn is_identified(&self) -> bool {
            self.0
        }

        fn give_up(self: Arc<Self>, reason: CloseReason) {
            *self.1.lock().expect("a lock") = Some(reason);
        }
    }

    fn client(identified: bool) -> Arc<Client> {
        Arc::new(Client(identified, Mutex::new(None)))
    }

    fn closed(client: &Client) -> Option<CloseReason> {
        *client.1.lock().expect("a lock")
    }

    #[test]
    fn where_there_is_no_room_unknown_clients_go_first_and_then_the_oldest() {
        let budget = Unfinished::new(100, Duration::from_secs(30));
        let clients = [client(true), client(false), client(true), client(true)];
        let mut held = [const { None }; 4];
        for index in 0..3 {
            let holder = Arc::clone(&clients[index]);
            budget.hold(&mut held[index], 30, || holder).expect("room");
        }
        let holder = Arc::clone(&clients[3]);
        budget.hold(&mut held[3], 30, || holder).expect("room, once the unknown client is gone");
        assert_eq!(clients.each_ref().map(|client| closed(client)), [None, Some(CloseReason::Pressure), None, None]);
        budget.hold(&mut held[3], 60, || unreachable!()).expect("room, once the oldest is gone");
        assert_eq!(closed(&clients[0]), Some(CloseReason::Pressure));
        assert_eq!(budget.held_bytes(), 90);
        assert_eq!(budget.hold(&mut held[0], 1, || unreachable!()), Err(CloseReason::Pressure), "it is closing");
        held[3] = None;
        assert_eq!(budget.held_bytes(), 30);
        assert_eq!(budget.hold(&mut held[2], 101, || unreachable!()), Err(CloseReason::Pressure), "too large alone");
        assert_eq!(budget.held_bytes(), 0);
    }

    #[test]
    fn what_takes_too_long_is_given_up() {
        let budget = Unfinished::new(100, Duration::ZERO);
        let slow = client(true);
        let (mut held, holder) = (None, Arc::clone(&slow));
        budget.hold(&mut held, 30, || holder).expect("room");
        let handled = client(true);
        let (mut arrived, holder): (Option<Box<Held>>, _) = (None, Arc::clone(&handled));
        budget.hold(&mut arrived, 30, || holder).expect("room");
        arrived.iter().for_each(|held| held.arrived());
        budget.expire();
        assert_eq!((closed(&handled), budget.held_bytes()), (None, 30), "it has arrived");
        drop(arrived);
        assert_eq!((closed(&slow), budget.held_bytes()), (Some(CloseReason::Unfinished), 0));
    }
}
