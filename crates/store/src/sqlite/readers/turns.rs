//! The order of reads: a queue for each class of read, in which parties take turns.
//!
//! What must stay true: a party has no more reads in progress than its limits allow; among waiting parties, each is
//! served once before any is served again; nothing here blocks or uses the database.

use std::collections::{HashMap, HashSet, VecDeque};

use quintet_domain::UserId;
use quintet_domain::limits::{
    HEAVY_READS_AT_ONCE_OF_PARTY, READS_AT_ONCE_OF_PARTY, READS_WAITING_OF_ADDRESS, READS_WAITING_OF_SERVICE,
    READS_WAITING_OF_USER, VITAL_READS_WAITING_OF_ADDRESS, VITAL_READS_WAITING_OF_USER,
};

use crate::Party;

/// The class of a read. Each class has its own database connections, so that none can use up those of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sqlite) enum Class {
    /// Reads that other work depends on: authentication, readiness checks, and the start of a session.
    Vital,
    /// A read of one object, or of one page of a conversation.
    Interactive,
    /// A list over everything of a user, a search, or a replay.
    Heavy,
}

impl Class {
    pub(in crate::sqlite) const ALL: [Self; 3] = [Self::Vital, Self::Interactive, Self::Heavy];

    /// The number of database connections for this class.
    pub(in crate::sqlite) fn connections(self) -> usize {
        match self {
            Self::Vital => 2,
            Self::Interactive => 4,
            // One more than a single party may use.
            Self::Heavy => HEAVY_READS_AT_ONCE_OF_PARTY + 1,
        }
    }

    /// Maximum number of waiting reads of one party; a further one is refused.
    fn waiting_max_of(self, party: &Party) -> usize {
        match (self, party) {
            (_, Party::Server) => usize::MAX,
            // All connections of a user reconnect at once after a restart of the server.
            (Self::Vital, Party::User(_)) => VITAL_READS_WAITING_OF_USER,
            // A backend may open the connections of all its clients from one address, and an office may share an
            // address.
            (Self::Vital, Party::Address(_)) => VITAL_READS_WAITING_OF_ADDRESS,
            (Self::Interactive | Self::Heavy, Party::Address(_)) => READS_WAITING_OF_ADDRESS,
            (Self::Interactive | Self::Heavy, Party::User(_)) => READS_WAITING_OF_USER,
        }
    }

    /// Maximum number of waiting reads of all parties; a further one is refused at once, because it would be answered
    /// too late.
    fn waiting_max(self) -> usize {
        match self {
            // After a restart all users of a server wait here, and none of them must be refused.
            Self::Vital => 65_536,
            Self::Interactive => 1_024,
            Self::Heavy => 256,
        }
    }
}

/// The reason why a read is refused instead of queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// Its party has too many waiting reads.
    Party,
    /// All parties together have too many waiting reads.
    All,
}

/// A read that may begin, with its connection and the waiter to notify.
#[derive(Debug)]
pub(super) struct Next<C, W> {
    pub(super) class: Class,
    pub(super) party: Party,
    pub(super) connection: C,
    pub(super) waiter: W,
}

/// The numbers of a party's reads in progress and waiting.
#[derive(Debug, Default)]
struct Standing {
    running: usize,
    heavy: usize,
    waiting: usize,
}

/// A waiting read.
#[derive(Debug)]
struct Waiting<W> {
    number: u64,
    /// Whether it counts towards the limit on waiting reads of all parties.
    counted: bool,
    waiter: W,
}

#[derive(Debug)]
struct Lane<C, W> {
    free: Vec<C>,
    /// Parties with waiting reads, the next one first.
    order: VecDeque<Party>,
    waiting: HashMap<Party, VecDeque<Waiting<W>>>,
    /// The number of waiting reads that count towards the limit.
    count: usize,
}

/// The queues of all classes, with their free connections.
#[derive(Debug)]
pub(super) struct Turns<C, W> {
    lanes: [Lane<C, W>; Class::ALL.len()],
    parties: HashMap<Party, Standing>,
    services: HashSet<UserId>,
    next_number: u64,
}

impl<C, W> Turns<C, W> {
    /// Distributes the connections among the classes.
    pub(super) fn new(connections: Vec<C>) -> Self {
        let mut connections = connections.into_iter();
        let lanes = Class::ALL.map(|class| Lane {
            free: connections.by_ref().take(class.connections()).collect(),
            order: VecDeque::new(),
            waiting: HashMap::new(),
            count: 0,
        });
        Self { lanes, parties: HashMap::new(), services: HashSet::new(), next_number: 0 }
    }

    /// Marks a user as a service: another backend, whose reads may be many and do not count towards the limit of all.
    pub(super) fn note_service(&mut self, service: &UserId) {
        if !self.services.contains(service) {
            self.services.insert(service.clone());
        }
    }

    fn is_service(&self, party: &Party) -> bool {
        matches!(party, Party::User(user) if self.services.contains(user))
    }

    /// Why another read of a party could not be queued; `None` if it could.
    pub(super) fn full(&self, class: Class, party: &Party) -> Option<Full> {
        let lane = &self.lanes[class as usize];
        let service = self.is_service(party);
        let most = if service { READS_WAITING_OF_SERVICE } else { class.waiting_max_of(party) };
        if lane.waiting.get(party).is_some_and(|own| own.len() >= most) {
            return Some(Full::Party);
        }
        // A service takes no room from others, and no others take room from it.
        (!service && lane.count >= class.waiting_max()).then_some(Full::All)
    }

    /// Queues a read. Returns the number by which it can be removed again.
    pub(super) fn enter(&mut self, class: Class, party: &Party, waiter: W) -> Result<u64, Full> {
        if let Some(full) = self.full(class, party) {
            return Err(full);
        }
        let counted = !self.is_service(party);
        let lane = &mut self.lanes[class as usize];
        let number = self.next_number;
        self.next_number += 1;
        lane.count += usize::from(counted);
        self.parties.entry(party.clone()).or_default().waiting += 1;
        let own = lane.waiting.entry(party.clone()).or_default();
        if own.is_empty() {
            lane.order.push_back(party.clone());
        }
        own.push_back(Waiting { number, counted, waiter });
        Ok(number)
    }

    /// Removes a read whose caller has gone away, if it is still queued.
    pub(super) fn give_up(&mut self, class: Class, party: &Party, number: u64) {
        let lane = &mut self.lanes[class as usize];
        let Some(own) = lane.waiting.get_mut(party) else { return };
        let Some(at) = own.iter().position(|waiting| waiting.number == number) else { return };
        let counted = own.remove(at).is_some_and(|waiting| waiting.counted);
        if own.is_empty() {
            lane.waiting.remove(party);
            lane.order.retain(|waiting| waiting != party);
        }
        lane.count -= usize::from(counted);
        self.settle(party, |standing| standing.waiting -= 1);
    }

    /// Takes the next read that may begin, and counts it as in progress.
    fn next(&mut self) -> Option<Next<C, W>> {
        Class::ALL.into_iter().find_map(|class| self.next_of(class))
    }

    /// Takes all reads that may begin.
    pub(super) fn all_that_may_begin(&mut self) -> Vec<Next<C, W>> {
        std::iter::from_fn(|| self.next()).collect()
    }

    /// Takes the next read of a class, like [`Self::next`].
    pub(super) fn next_of(&mut self, class: Class) -> Option<Next<C, W>> {
        let lane = &mut self.lanes[class as usize];
        if lane.free.is_empty() {
            return None;
        }
        // A party that has enough reads in progress keeps its place; there are no more such parties than connections.
        let parties = &self.parties;
        let at = lane.order.iter().position(|party| {
            let standing = parties.get(party);
            *party == Party::Server || standing.is_none_or(|standing| standing.has_room(class))
        })?;
        let party = lane.order.remove(at)?;
        let own = lane.waiting.get_mut(&party)?;
        let Waiting { counted, waiter, .. } = own.pop_front()?;
        if own.is_empty() {
            lane.waiting.remove(&party);
        } else {
            lane.order.push_back(party.clone());
        }
        lane.count -= usize::from(counted);
        let connection = lane.free.pop()?;
        self.settle(&party, |standing| {
            standing.waiting -= 1;
            standing.running += 1;
            standing.heavy += usize::from(class == Class::Heavy);
        });
        Some(Next { class, party, connection, waiter })
    }

    /// Records the end of a read, and takes its connection back.
    pub(super) fn end(&mut self, class: Class, party: &Party, connection: C) {
        self.lanes[class as usize].free.push(connection);
        self.settle(party, |standing| {
            standing.running -= 1;
            standing.heavy -= usize::from(class == Class::Heavy);
        });
    }

    /// Updates a party's counts, and removes a party without reads.
    fn settle(&mut self, party: &Party, change: impl FnOnce(&mut Standing)) {
        let Some(standing) = self.parties.get_mut(party) else { return };
        change(standing);
        if standing.running == 0 && standing.waiting == 0 {
            self.parties.remove(party);
        }
    }
}

impl Standing {
    fn has_room(&self, class: Class) -> bool {
        self.running < READS_AT_ONCE_OF_PARTY && (class != Class::Heavy || self.heavy < HEAVY_READS_AT_ONCE_OF_PARTY)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests {
    use quintet_domain::UserId;

    use super::*;

    fn turns() -> Turns<usize, &'static str> {
        Turns::new((0..Class::ALL.into_iter().map(Class::connections).sum()).collect())
    }

    fn user(name: &str) -> Party {
        Party::User(UserId::trusted(name))
    }

    /// However many reads of one user wait, another user waits for at most one of them.
    #[test]
    fn parties_take_turns() {
        let mut turns = turns();
        let (mallory, ada) = (user("mallory"), user("ada"));
        for _ in 0..READS_WAITING_OF_USER {
            turns.enter(Class::Heavy, &mallory, "mallory").unwrap();
        }
        let first: Vec<_> = std::iter::from_fn(|| turns.next()).collect();
        assert_eq!(first.len(), HEAVY_READS_AT_ONCE_OF_PARTY, "a connection stays free for others");
        turns.enter(Class::Heavy, &ada, "ada").unwrap();
        assert_eq!(turns.next().unwrap().waiter, "ada");
        turns.enter(Class::Heavy, &ada, "ada").unwrap();
        let over = &first[0];
        turns.end(over.class, &over.party, over.connection);
        let (one, more) = (turns.next().unwrap(), turns.next());
        assert!(more.is_none(), "no connection is free");
        assert_eq!(one.waiter, "mallory", "who waited longer is served first");
        turns.end(one.class, &one.party, one.connection);
        assert_eq!(turns.next().unwrap().waiter, "ada", "and then it is the other's turn");
    }

    #[test]
    fn kinds_do_not_take_each_others_connections() {
        let mut turns = turns();
        for n in 0..20 {
            turns.enter(Class::Heavy, &user(&format!("u{n}")), "heavy").unwrap();
            turns.enter(Class::Interactive, &user(&format!("u{n}")), "interactive").unwrap();
        }
        let begun = std::iter::from_fn(|| turns.next()).count();
        assert_eq!(begun, Class::Heavy.connections() + Class::Interactive.connections());
        turns.enter(Class::Vital, &user("ada"), "vital").unwrap();
        assert_eq!(turns.next().unwrap().waiter, "vital");
    }

    #[test]
    fn what_waits_is_bounded_for_each_and_for_all() {
        let mut turns = turns();
        let mallory = user("mallory");
        for _ in 0..READS_WAITING_OF_USER {
            turns.enter(Class::Interactive, &mallory, "").unwrap();
        }
        assert_eq!(turns.enter(Class::Interactive, &mallory, ""), Err(Full::Party));
        // All connections of a user reconnect at once.
        for _ in 0..VITAL_READS_WAITING_OF_USER {
            turns.enter(Class::Vital, &mallory, "").unwrap();
        }
        assert_eq!(turns.enter(Class::Vital, &mallory, ""), Err(Full::Party));
        let mut entered = 0;
        while turns.enter(Class::Heavy, &user(&format!("u{entered}")), "").is_ok() {
            entered += 1;
        }
        assert_eq!(entered, Class::Heavy.waiting_max());
        assert_eq!(turns.enter(Class::Heavy, &user("ada"), ""), Err(Full::All));
        turns.enter(Class::Vital, &user("ada"), "").unwrap();
    }

    /// All clients of a backend connect from one address, and all requests of a service are its own.
    #[test]
    fn a_back_end_and_a_service_wait_with_thousands() {
        let (mut turns, back_end) = (turns(), Party::Address([192, 0, 2, 1].into()));
        for _ in 0..VITAL_READS_WAITING_OF_ADDRESS {
            turns.enter(Class::Vital, &back_end, "client").unwrap();
        }
        assert_eq!(turns.enter(Class::Vital, &back_end, "client"), Err(Full::Party));
        let service = UserId::trusted("service");
        let party = Party::from(&service);
        // Until its key has been verified it is treated as any other user.
        let early = turns.enter(Class::Heavy, &party, "early").unwrap();
        turns.note_service(&service);
        for _ in 1..READS_WAITING_OF_SERVICE {
            turns.enter(Class::Heavy, &party, "request").unwrap();
        }
        assert_eq!(turns.enter(Class::Heavy, &party, "request"), Err(Full::Party));
        turns.give_up(Class::Heavy, &party, early);
        for n in 0..Class::Heavy.waiting_max() {
            turns.enter(Class::Heavy, &user(&format!("u{n}")), "user").unwrap();
        }
        assert_eq!(turns.enter(Class::Heavy, &user("ada"), "user"), Err(Full::All));
        turns.enter(Class::Heavy, &party, "request").unwrap();
    }

    #[test]
    fn what_gives_up_leaves_nothing_behind() {
        let mut turns = turns();
        let (ada, bob) = (user("ada"), user("bob"));
        let number = turns.enter(Class::Heavy, &ada, "ada").unwrap();
        turns.enter(Class::Heavy, &bob, "bob").unwrap();
        turns.give_up(Class::Heavy, &ada, number);
        let next = turns.next().unwrap();
        assert_eq!(next.waiter, "bob");
        turns.give_up(Class::Heavy, &bob, number + 1);
        turns.end(next.class, &next.party, next.connection);
        assert!(turns.next().is_none() && turns.parties.is_empty());
        assert!(turns.lanes.iter().all(|lane| lane.count == 0 && lane.order.is_empty() && lane.waiting.is_empty()));
    }
}
