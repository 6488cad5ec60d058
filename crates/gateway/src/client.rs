//! The clients of all transports, and limits on how many of them are not identified. Such clients are limited by
//! address and in total, and are closed first when the server is out of room.
//!
//! A client *arrives* when its transport opens. It is *identified* once a token, or an id sent through a trusted
//! listener, says which user it belongs to. A client that enters a namespace without that is *anonymous*: it has no
//! user yet, or it is a guest, whose id is only claimed. Arriving clients are limited by the rate of new connections
//! and by the time in which they must enter a namespace. Anonymous clients, which may stay, are limited by a number for
//! each address. Identified clients are limited by a number for each user, whichever namespaces they enter and leave.
//!
//! What must stay true: a client that is not identified can always be found and closed. The oldest is closed first,
//! guests after the others, and clients that have just arrived last, since they may be about to send a token.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use quintet_domain::{Code, Refusal, UserId};
use quintet_service::{EventRate, RefusalRate};
use quintet_socketio::{CloseReason, Outbox, Party, Transport};

/// Limits on clients that are not identified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnidentifiedMax {
    /// Maximum number of anonymous clients of one address: an IPv4 address, or an IPv6 network of 64 bits.
    pub of_address: usize,
    /// Maximum number of clients that are not identified, arriving ones included. Beyond it, each new client closes the
    /// oldest.
    pub in_total: usize,
}

impl Default for UnidentifiedMax {
    fn default() -> Self {
        Self { of_address: 500, in_total: 20_000 }
    }
}

/// Time in milliseconds after which a client of an address with too many anonymous clients may retry.
const RETRY_AFTER_MS: u64 = 10_000;

/// Time after its arrival in which a client is not closed to make room, unless all others are as new. Most clients send
/// their token at once.
const ARRIVING: Duration = Duration::from_secs(2);

/// The handle by which a client's transport is closed.
#[derive(Debug)]
pub(crate) enum TransportHandle {
    SocketIo(Transport),
    Plain(Weak<Outbox>),
}

impl TransportHandle {
    fn close(self, reason: CloseReason) {
        match self {
            Self::SocketIo(transport) => transport.close(reason),
            Self::Plain(outbox) => {
                if let Some(outbox) = outbox.upgrade() {
                    outbox.close(reason);
                }
            }
        }
    }
}

/// The order in which clients are closed: guests last, then by arrival number.
type Key = (bool, u64);

#[derive(Debug)]
struct Entry {
    handle: Option<TransportHandle>,
    arrived_at: Instant,
    /// The network against which an anonymous client is counted; `None` while it is not anonymous.
    anonymous: Option<IpAddr>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    entries: BTreeMap<Key, Entry>,
    anonymous: HashMap<IpAddr, usize>,
    /// The number of identified clients of each user, without those of trusted listeners.
    of_user: HashMap<UserId, usize>,
}

impl State {
    /// The client to close next, except `spared`: the oldest that had time to identify itself, else the oldest guest,
    /// else the oldest.
    fn next_to_close(&self, now: Instant, spared: Option<Key>) -> Option<Key> {
        let had_time = |entry: &Entry| now.saturating_duration_since(entry.arrived_at) >= ARRIVING;
        // Sorted by arrival: if the first client did not have enough time, no later one did.
        let oldest = self.entries.range(..(true, 0)).next().filter(|(_, entry)| had_time(entry));
        let guest = || self.entries.range((true, 0)..).next();
        let any = || self.entries.iter().find(|(key, _)| Some(**key) != spared);
        oldest.or_else(guest).or_else(any).map(|(key, _)| *key)
    }

    /// Decrements the number of a user's clients.
    fn release(&mut self, user: &UserId) {
        if let Some(count) = self.of_user.get_mut(user) {
            *count -= 1;
            if *count == 0 {
                self.of_user.remove(user);
            }
        }
    }

    /// Removes a client. Returns its transport, so that the caller can close it outside the lock.
    fn remove(&mut self, key: Key) -> Option<TransportHandle> {
        let entry = self.entries.remove(&key)?;
        if let Some(network) = entry.anonymous
            && let Some(count) = self.anonymous.get_mut(&network)
        {
            *count -= 1;
            if *count == 0 {
                self.anonymous.remove(&network);
            }
        }
        entry.handle
    }
}

/// All clients that are not identified, and the number of identified clients of each user.
#[derive(Debug)]
pub(crate) struct Clients {
    max: UnidentifiedMax,
    /// Maximum number of clients of one user; 0 means no limit.
    of_user_max: usize,
    state: Mutex<State>,
}

impl Clients {
    pub(crate) fn new(max: UnidentifiedMax, of_user_max: usize) -> Arc<Self> {
        Arc::new(Self { max, of_user_max, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a client whose transport has opened. Closes the oldest client if there are too many.
    pub(crate) fn arrive(self: &Arc<Self>, address: IpAddr) -> Arc<Client> {
        self.arrive_at(address, Instant::now())
    }

    fn arrive_at(self: &Arc<Self>, address: IpAddr, now: Instant) -> Arc<Client> {
        let mut state = self.state();
        state.next += 1;
        let key = (false, state.next);
        state.entries.insert(key, Entry { handle: None, arrived_at: now, anonymous: None });
        let beyond = state.entries.len().saturating_sub(self.max.in_total);
        drop(state);
        self.close_at(beyond, now, Some(key));
        Arc::new(Client {
            clients: Arc::clone(self),
            owner: Mutex::new(Owner::Unidentified(key)),
            address: match address {
                IpAddr::V4(address) => address.to_ipv6_mapped(),
                IpAddr::V6(address) => address,
            },
            rate: EventRate::default(),
            refusals: RefusalRate::default(),
        })
    }

    /// Closes up to `count` clients that are not identified, in the order of [`State::next_to_close`]. Returns how many
    /// were closed.
    pub(crate) fn close(&self, count: usize) -> usize {
        self.close_at(count, Instant::now(), None)
    }

    fn close_at(&self, count: usize, now: Instant, spared: Option<Key>) -> usize {
        let mut doors = Vec::new();
        let mut closed = 0;
        {
            let mut state = self.state();
            while closed < count {
                let Some(first) = state.next_to_close(now, spared) else { break };
                doors.extend(state.remove(first));
                closed += 1;
            }
        }
        for handle in doors {
            handle.close(CloseReason::Pressure);
        }
        closed
    }

    /// The number of clients that are not identified.
    pub(crate) fn count(&self) -> usize {
        self.state().entries.len()
    }
}

/// The user that a client belongs to.
#[derive(Clone, Debug)]
enum Owner {
    /// The client is not identified.
    Unidentified(Key),
    /// The client belongs to a user; the flag says whether it counts towards the user's limit.
    User(UserId, bool),
}

impl Owner {
    fn key(&self) -> Option<Key> {
        match self {
            Self::Unidentified(key) => Some(*key),
            Self::User(..) => None,
        }
    }
}

/// The client of one transport, as the limits see it.
#[derive(Debug)]
pub(crate) struct Client {
    clients: Arc<Clients>,
    owner: Mutex<Owner>,
    /// The address; one of IPv4 is mapped, which takes a byte less than a choice of the two.
    address: Ipv6Addr,
    pub(crate) rate: EventRate,
    pub(crate) refusals: RefusalRate,
}

impl Client {
    fn owner(&self) -> MutexGuard<'_, Owner> {
        self.owner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The address that the client connected from.
    pub(crate) fn address(&self) -> IpAddr {
        IpAddr::V6(self.address).to_canonical()
    }

    /// Sets the handle that closes the transport. If the client was evicted meanwhile, the transport is closed at once.
    pub(crate) fn open(&self, handle: TransportHandle) {
        let refused = {
            let owner = self.owner();
            let key = owner.key();
            let mut state = self.clients.state();
            match key.and_then(|key| state.entries.get_mut(&key)) {
                Some(entry) => {
                    entry.handle = Some(handle);
                    None
                }
                None => key.map(|_| handle),
            }
        };
        if let Some(handle) = refused {
            handle.close(CloseReason::Pressure);
        }
    }

    /// Counts the client against its address, because it enters a namespace without being identified.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED` if the address has too many such clients.
    pub(crate) fn enter_anonymously(&self) -> Result<(), Refusal> {
        let Some(key) = self.owner().key() else { return Ok(()) };
        let network = quintet_domain::network(self.address());
        let mut state = self.clients.state();
        let State { entries, anonymous, .. } = &mut *state;
        let Some(entry) = entries.get_mut(&key) else { return Err(too_many("the server is full")) };
        if entry.anonymous.is_some() {
            return Ok(());
        }
        let count = anonymous.entry(network).or_default();
        if *count >= self.clients.max.of_address {
            return Err(too_many("too many connections without a token come from this address"));
        }
        *count += 1;
        entry.anonymous = Some(network);
        Ok(())
    }

    /// Marks the client as a guest. Clients without a user are closed before it.
    pub(crate) fn become_guest(&self) {
        let mut owner = self.owner();
        let Some(number) = owner.key().filter(|(guest, _)| !guest).map(|(_, number)| number) else { return };
        let mut state = self.clients.state();
        if let Some(entry) = state.entries.remove(&(false, number)) {
            state.entries.insert((true, number), entry);
        }
        *owner = Owner::Unidentified((true, number));
    }

    /// Reserves one of the user's clients for this client, which is about to be identified. The reservation is released
    /// unless [`Claim::identify`] is called. A client that is identified already needs no other reservation. If
    /// `counted` is false, the user may have any number of such clients.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED` if the user has reached the maximum number of clients.
    pub(crate) fn claim(self: &Arc<Self>, user: &UserId, counted: bool) -> Result<Claim, Refusal> {
        let max = self.clients.of_user_max;
        let counted = counted && max > 0 && !self.is_identified();
        if counted {
            let mut state = self.clients.state();
            let count = state.of_user.entry(user.clone()).or_default();
            if *count >= max {
                let message =
                    format!("This user has {max} connections already, which is the limit. Close one, or come later.");
                return Err(Refusal {
                    retry_after_ms: Some(RETRY_AFTER_MS),
                    ..Refusal::new(Code::RateLimited, message)
                });
            }
            *count += 1;
        }
        Ok(Claim { client: Arc::clone(self), user: user.clone(), counted })
    }

    /// Whether the client is identified.
    pub(crate) fn is_identified(&self) -> bool {
        self.owner().key().is_none()
    }

    /// The party that the client's bytes of unfinished messages are charged to.
    pub(crate) fn party(&self) -> Party {
        match &*self.owner() {
            Owner::Unidentified(_) => Party::Network(quintet_domain::network(self.address())),
            Owner::User(user, _) => Party::Known(user.as_str().into()),
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let owner = self.owner.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.clients.state();
        match owner {
            Owner::Unidentified(key) => drop(state.remove(*key)),
            Owner::User(user, true) => state.release(user),
            Owner::User(_, false) => {}
        }
    }
}

/// A reservation among a user's clients, for a client that is about to be identified.
#[derive(Debug)]
pub(crate) struct Claim {
    client: Arc<Client>,
    user: UserId,
    counted: bool,
}

impl Claim {
    /// Identifies the client as the user's, unless it is identified already.
    pub(crate) fn identify(mut self) {
        let mut owner = self.client.owner();
        if let Some(key) = owner.key() {
            *owner = Owner::User(self.user.clone(), self.counted);
            let _ = self.client.clients.state().remove(key);
            drop(owner);
            self.counted = false;
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.counted {
            self.client.clients.state().release(&self.user);
        }
    }
}

fn too_many(why: &str) -> Refusal {
    let message = format!("No more connections are taken now: {why}. Connect with a token, or try again later.");
    Refusal { retry_after_ms: Some(RETRY_AFTER_MS), ..Refusal::new(Code::RateLimited, message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn clients(of_address: usize, in_total: usize) -> Arc<Clients> {
        Clients::new(UnidentifiedMax { of_address, in_total }, 2)
    }

    fn identify(client: &Arc<Client>, user: &str) {
        client.claim(&UserId::trusted(user), true).expect("room").identify();
    }

    fn plain(client: &Client) -> Arc<Outbox> {
        let outbox = Arc::new(Outbox::new(1_000));
        client.open(TransportHandle::Plain(Arc::downgrade(&outbox)));
        outbox
    }

    #[test]
    fn an_address_has_so_many_anonymous_clients() {
        let clients = clients(2, 100);
        let [first, second, third] = [(); 3].map(|()| clients.arrive(address("2001:db8::1")));
        first.enter_anonymously().expect("room");
        first.enter_anonymously().expect("another namespace of the same client");
        second.enter_anonymously().expect("room");
        assert!(third.enter_anonymously().is_err_and(|refusal| refusal.code == Code::RateLimited));
        assert!(clients.arrive(address("2001:db8::2")).enter_anonymously().is_err(), "the same network");
        assert!(clients.arrive(address("2001:db8:0:1::1")).enter_anonymously().is_ok(), "another network");
        identify(&first, "a");
        third.enter_anonymously().expect("the reservation of the identified client");
        drop(second);
        assert_eq!(clients.count(), 1);
        drop(third);
        assert_eq!(clients.state().anonymous.len(), 0);
    }

    #[test]
    fn a_user_has_so_many_clients() {
        let clients = clients(10, 100);
        let [first, second, third] = [(); 3].map(|()| clients.arrive(address("192.0.2.1")));
        let user = UserId::trusted("a");
        let refused = |client: &Arc<Client>| client.claim(&user, true).err().map(|refusal| refusal.code);
        identify(&first, "a");
        drop(second.claim(&user, true).expect("a reservation, which is released"));
        identify(&second, "a");
        assert_eq!(refused(&third), Some(Code::RateLimited));
        assert_eq!(refused(&first), None, "another namespace of the same client");
        identify(&second, "b");
        assert_eq!(refused(&third), Some(Code::RateLimited), "it stays the first user's");
        third.claim(&user, false).expect("one that does not count").identify();
        assert_eq!(third.party(), Party::Known("a".into()));
        let fourth = clients.arrive(address("2001:db8::1"));
        assert_eq!(fourth.party(), Party::Network(address("2001:db8::")));
        drop(third);
        assert_eq!(refused(&fourth), Some(Code::RateLimited));
        drop(first);
        identify(&fourth, "a");
        drop((second, fourth));
        assert_eq!((clients.count(), clients.state().of_user.len()), (0, 0));
    }

    #[test]
    fn the_oldest_go_first_and_guests_last() {
        let clients = clients(10, 3);
        let [guest, known, nobody, late] = [(); 4].map(|()| clients.arrive(address("192.0.2.1")));
        // The fourth arrival evicted the first client, whose transport was not open yet.
        assert_eq!(plain(&guest).closed(), Some(CloseReason::Pressure));
        let guest = known;
        let doors = [&guest, &nobody, &late].map(|client| plain(client));
        guest.become_guest();
        let later = Instant::now() + ARRIVING;
        assert_eq!(clients.close_at(1, later, None), 1);
        let closed = || doors.each_ref().map(|handle| handle.closed());
        assert_eq!(closed(), [None, Some(CloseReason::Pressure), None]);
        let known = clients.arrive(address("192.0.2.2"));
        let handle = plain(&known);
        identify(&known, "a");
        assert_eq!(clients.close(10), 2);
        assert_eq!(closed(), [Some(CloseReason::Pressure); 3]);
        assert_eq!((handle.closed(), clients.count()), (None, 0));
    }

    /// Guests that use all the room do not keep others out: a client that has just arrived may be about to send a
    /// token.
    #[test]
    fn the_oldest_guest_goes_for_a_client_that_comes() {
        let clients = clients(10, 2);
        let guests = [(); 2].map(|()| clients.arrive(address("192.0.2.1")));
        let doors = guests.each_ref().map(|guest| plain(guest));
        guests.iter().for_each(|guest| guest.become_guest());
        let comes = clients.arrive(address("192.0.2.2"));
        let handle = plain(&comes);
        assert_eq!(doors.each_ref().map(|handle| handle.closed()), [Some(CloseReason::Pressure), None]);
        assert_eq!(handle.closed(), None);
        // A client that has not identified itself for a while is closed before guests are.
        let later = Instant::now() + ARRIVING;
        assert_eq!(clients.close_at(1, later, None), 1);
        assert_eq!((doors[1].closed(), handle.closed()), (None, Some(CloseReason::Pressure)));
    }
}
