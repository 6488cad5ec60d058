//! The clients of all transports, and how many of them nobody vouches for: those are bounded by address and in total,
//! and are the first to go where there is no room.
//!
//! A client *arrives* when its transport opens. It is *identified* once a token, or its word to a listener that trusts,
//! says whose it is. A client that enters a namespace without that is *anonymous*: it may be nobody's yet, or a guest's,
//! whose id is what it says. Arriving clients are bounded by the rate of new connections and the time that they have to
//! enter a namespace; anonymous ones, which may stay, by a number for each address; identified ones by a number for each
//! user, whichever namespaces they enter and leave.
//!
//! What must stay true: a client that is not identified can always be found and closed, the oldest first, guests after
//! the others, and those that have only just come last: they may be about to show a token.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use quintet_domain::{Code, Refusal, UserId};
use quintet_service::{EventRate, RefusalRate};
use quintet_socketio::{CloseReason, Outbox, Party, Transport};

/// How many clients that are not identified there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnidentifiedMax {
    /// Anonymous clients of one address: one of IPv4, or a network of 64 bits of IPv6.
    pub of_address: usize,
    /// Clients of all addresses, arriving ones included. Beyond this number each new one closes the oldest.
    pub in_total: usize,
}

impl Default for UnidentifiedMax {
    fn default() -> Self {
        Self { of_address: 500, in_total: 20_000 }
    }
}

/// Milliseconds after which an address with too many anonymous clients may retry.
const RETRY_AFTER_MS: u64 = 10_000;

/// Time in which a client that has come is not closed for others, unless there are only such: most show a token at once.
const ARRIVING: Duration = Duration::from_secs(2);

/// The handle by which a client's transport is closed.
#[derive(Debug)]
pub(crate) enum Door {
    SocketIo(Transport),
    Plain(Weak<Outbox>),
}

impl Door {
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

/// Sort key for eviction: whether a guest, then arrival number.
type Key = (bool, u64);

#[derive(Debug)]
struct Entry {
    door: Option<Door>,
    arrived_at: Instant,
    /// The network against which an anonymous client is counted; none while it is not anonymous.
    anonymous: Option<IpAddr>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    entries: BTreeMap<Key, Entry>,
    anonymous: HashMap<IpAddr, usize>,
    /// The identified clients of each user, but for those of listeners that trust.
    of_user: HashMap<UserId, usize>,
}

impl State {
    /// The client to close next, of all but one: the oldest that had time to say who it is, else the oldest guest, else
    /// the oldest.
    fn next_to_close(&self, now: Instant, spared: Option<Key>) -> Option<Key> {
        let had_time = |entry: &Entry| now.saturating_duration_since(entry.arrived_at) >= ARRIVING;
        // In the order in which they came, so that where the first had no time, none had.
        let oldest = self.entries.range(..(true, 0)).next().filter(|(_, entry)| had_time(entry));
        let guest = || self.entries.range((true, 0)..).next();
        let any = || self.entries.iter().find(|(key, _)| Some(**key) != spared);
        oldest.or_else(guest).or_else(any).map(|(key, _)| *key)
    }

    /// Gives back a place among a user's clients.
    fn release(&mut self, user: &UserId) {
        if let Some(count) = self.of_user.get_mut(user) {
            *count -= 1;
            if *count == 0 {
                self.of_user.remove(user);
            }
        }
    }

    /// Removes a client. Returns its door, so that the caller can close it outside the lock.
    fn remove(&mut self, key: Key) -> Option<Door> {
        let entry = self.entries.remove(&key)?;
        if let Some(network) = entry.anonymous
            && let Some(count) = self.anonymous.get_mut(&network)
        {
            *count -= 1;
            if *count == 0 {
                self.anonymous.remove(&network);
            }
        }
        entry.door
    }
}

/// The clients that are not identified, and how many there are of each user.
#[derive(Debug)]
pub(crate) struct Clients {
    max: UnidentifiedMax,
    /// Clients that one user may have at once; 0 for any number.
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

    /// Registers a client whose transport has opened. Closes the oldest where there are too many.
    pub(crate) fn arrive(self: &Arc<Self>, address: IpAddr) -> Arc<Client> {
        self.arrive_at(address, Instant::now())
    }

    fn arrive_at(self: &Arc<Self>, address: IpAddr, now: Instant) -> Arc<Client> {
        let mut state = self.state();
        state.next += 1;
        let key = (false, state.next);
        state.entries.insert(key, Entry { door: None, arrived_at: now, anonymous: None });
        let beyond = state.entries.len().saturating_sub(self.max.in_total);
        drop(state);
        self.close_at(beyond, now, Some(key));
        Arc::new(Client {
            clients: Arc::clone(self),
            whose: Mutex::new(Whose::Unidentified(key)),
            address,
            rate: EventRate::default(),
            refusals: RefusalRate::default(),
        })
    }

    /// Closes a number of clients that are not identified, in the order of [`State::next_to_close`]. Gives how many there
    /// were.
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
        for door in doors {
            door.close(CloseReason::Pressure);
        }
        closed
    }

    /// How many clients are not identified.
    pub(crate) fn count(&self) -> usize {
        self.state().entries.len()
    }
}

/// Who a client is.
#[derive(Clone, Debug)]
enum Whose {
    /// Nobody vouches for it.
    Unidentified(Key),
    /// A user's, and whether it counts among the user's clients.
    Of(UserId, bool),
}

impl Whose {
    fn key(&self) -> Option<Key> {
        match self {
            Self::Unidentified(key) => Some(*key),
            Self::Of(..) => None,
        }
    }
}

/// The client of one transport, as limits see it.
#[derive(Debug)]
pub(crate) struct Client {
    clients: Arc<Clients>,
    whose: Mutex<Whose>,
    pub(crate) address: IpAddr,
    pub(crate) rate: EventRate,
    pub(crate) refusals: RefusalRate,
}

impl Client {
    fn whose(&self) -> MutexGuard<'_, Whose> {
        self.whose.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets how to close the transport; closes it at once if the client was already evicted.
    pub(crate) fn open(&self, door: Door) {
        let refused = {
            let whose = self.whose();
            let key = whose.key();
            let mut state = self.clients.state();
            match key.and_then(|key| state.entries.get_mut(&key)) {
                Some(entry) => {
                    entry.door = Some(door);
                    None
                }
                None => key.map(|_| door),
            }
        };
        if let Some(door) = refused {
            door.close(CloseReason::Pressure);
        }
    }

    /// Counts the client against its address, since it enters a namespace without being identified.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED` when its address has too many such clients.
    pub(crate) fn enter_anonymously(&self) -> Result<(), Refusal> {
        let Some(key) = self.whose().key() else { return Ok(()) };
        let network = quintet_domain::network(self.address);
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

    /// Marks the client as a guest's: clients that are nobody's are closed before it.
    pub(crate) fn become_guest(&self) {
        let mut whose = self.whose();
        let Some(number) = whose.key().filter(|(guest, _)| !guest).map(|(_, number)| number) else { return };
        let mut state = self.clients.state();
        if let Some(entry) = state.entries.remove(&(false, number)) {
            state.entries.insert((true, number), entry);
        }
        *whose = Whose::Unidentified((true, number));
    }

    /// It is about to be a user's: takes a place among the user's clients, which is given back unless
    /// [`Claim::identify`] is called. A client that is a user's already, this one's or another's, needs no other place.
    /// Where it is not `counted` the user may have any number of such clients.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED` when the user has as many clients as it may have.
    pub(crate) fn claim(self: &Arc<Self>, user: &UserId, counted: bool) -> Result<Claim, Refusal> {
        let max = self.clients.of_user_max;
        let counted = counted && max > 0 && !self.is_identified();
        if counted {
            let mut state = self.clients.state();
            let count = state.of_user.entry(user.clone()).or_default();
            if *count >= max {
                let message =
                    format!("This user has {max} connections already, which is the limit. Close one, or come later.");
                return Err(Refusal { code: Code::RateLimited, message, retry_after_ms: Some(RETRY_AFTER_MS) });
            }
            *count += 1;
        }
        Ok(Claim { client: Arc::clone(self), user: user.clone(), counted })
    }

    /// Whether it is known whose it is.
    pub(crate) fn is_identified(&self) -> bool {
        self.whose().key().is_none()
    }

    /// Who pays for what its transport holds of unfinished messages.
    pub(crate) fn party(&self) -> Party {
        match &*self.whose() {
            Whose::Unidentified(_) => Party::Network(quintet_domain::network(self.address)),
            Whose::Of(user, _) => Party::Known(user.as_str().into()),
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let whose = self.whose.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.clients.state();
        match whose {
            Whose::Unidentified(key) => drop(state.remove(*key)),
            Whose::Of(user, true) => state.release(user),
            Whose::Of(_, false) => {}
        }
    }
}

/// A place among the clients of a user, for a client that is about to be the user's.
#[derive(Debug)]
pub(crate) struct Claim {
    client: Arc<Client>,
    user: UserId,
    counted: bool,
}

impl Claim {
    /// The client is the user's from here on, unless it is one's already.
    pub(crate) fn identify(mut self) {
        let mut whose = self.client.whose();
        if let Some(key) = whose.key() {
            *whose = Whose::Of(self.user.clone(), self.counted);
            let _ = self.client.clients.state().remove(key);
            drop(whose);
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
    Refusal { code: Code::RateLimited, message, retry_after_ms: Some(RETRY_AFTER_MS) }
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
        client.open(Door::Plain(Arc::downgrade(&outbox)));
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
        third.enter_anonymously().expect("the place of the one that is known now");
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
        drop(second.claim(&user, true).expect("a place, which is given back"));
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
        // The fourth that came made the first go, which had no door yet.
        assert_eq!(plain(&guest).closed(), Some(CloseReason::Pressure));
        let guest = known;
        let doors = [&guest, &nobody, &late].map(|client| plain(client));
        guest.become_guest();
        let later = Instant::now() + ARRIVING;
        assert_eq!(clients.close_at(1, later, None), 1);
        let closed = || doors.each_ref().map(|door| door.closed());
        assert_eq!(closed(), [None, Some(CloseReason::Pressure), None]);
        let known = clients.arrive(address("192.0.2.2"));
        let door = plain(&known);
        identify(&known, "a");
        assert_eq!(clients.close(10), 2);
        assert_eq!(closed(), [Some(CloseReason::Pressure); 3]);
        assert_eq!((door.closed(), clients.count()), (None, 0));
    }

    /// Guests that fill all places keep nobody out: a client that has just come may be about to show a token.
    #[test]
    fn the_oldest_guest_goes_for_a_client_that_comes() {
        let clients = clients(10, 2);
        let guests = [(); 2].map(|()| clients.arrive(address("192.0.2.1")));
        let doors = guests.each_ref().map(|guest| plain(guest));
        guests.iter().for_each(|guest| guest.become_guest());
        let comes = clients.arrive(address("192.0.2.2"));
        let door = plain(&comes);
        assert_eq!(doors.each_ref().map(|door| door.closed()), [Some(CloseReason::Pressure), None]);
        assert_eq!(door.closed(), None);
        // One that said nothing for a while goes before guests do.
        let later = Instant::now() + ARRIVING;
        assert_eq!(clients.close_at(1, later, None), 1);
        assert_eq!((doors[1].closed(), door.closed()), (None, Some(CloseReason::Pressure)));
    }
}
