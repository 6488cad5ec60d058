//! Rates: how much at once, per connection, user and address.
//!
//! The generic cell rate algorithm (ITU-T I.371): one number a key, the moment at which its burst is used up. Our own,
//! since a connection can afford eight bytes for it and no more.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use quintet_domain::limits::{
    ANONYMOUS_READS_BURST, ANONYMOUS_READS_PER_SECOND, CONNECTIONS_PER_SECOND, EVENTS_BURST, EVENTS_PER_SECOND,
    GUEST_ROOMS_PER_MINUTE, LOGINS_PER_MINUTE, READS_BURST, READS_PER_SECOND,
};
use quintet_domain::{Refusal, UserId};

/// Addresses, or users, that are remembered before those that have been quiet are forgotten.
const KEYS_KEPT: usize = 10_000;

/// A rate: how far apart events may be on average, and how many may come at once.
#[derive(Clone, Copy, Debug)]
struct Rate {
    interval_us: u64,
    burst: u64,
}

impl Rate {
    const fn new(events: u32, seconds: u64, burst: u32) -> Self {
        Self { interval_us: seconds * 1_000_000 / events as u64, burst: burst as u64 }
    }

    /// The new moment, or the microseconds to wait.
    fn admit(self, used_up_at: u64, now: u64) -> Result<u64, u64> {
        self.admit_many(used_up_at, now, 1)
    }

    /// The same for what counts as so many, which is at most a burst.
    fn admit_many(self, used_up_at: u64, now: u64, many: u32) -> Result<u64, u64> {
        let next = used_up_at.max(now) + self.interval_us * u64::from(many);
        let allowed = now + self.burst * self.interval_us;
        if next > allowed { Err(next - allowed) } else { Ok(next) }
    }
}

/// The first 64 bits of an IPv6 address.
const NETWORK: Ipv6Addr = Ipv6Addr::new(0xffff, 0xffff, 0xffff, 0xffff, 0, 0, 0, 0);

const EVENTS: Rate = Rate::new(EVENTS_PER_SECOND, 1, EVENTS_BURST);

/// The events of one connection, or of one user.
#[derive(Debug, Default)]
pub struct EventRate(AtomicU64);

/// The rates of addresses, and the clock of all rates.
#[derive(Debug)]
pub struct Rates {
    on: bool,
    start: Instant,
    connections: Keyed<IpAddr>,
    logins: Keyed<IpAddr>,
    guest_rooms: Keyed<IpAddr>,
    changes: Keyed<UserId>,
    reads: Keyed<UserId>,
    anonymous_reads: Keyed<IpAddr>,
}

/// A rate for each of many.
#[derive(Debug)]
struct Keyed<K> {
    rate: Rate,
    used_up: Mutex<UsedUp<K>>,
}

/// When the burst of each is used up.
#[derive(Debug)]
struct UsedUp<K> {
    moments: HashMap<K, u64>,
    /// How many are kept before those that have been quiet are looked for. Where few are, more are kept the next time:
    /// looking at all of them for each that comes would be dear while very many come.
    sweep_at: usize,
}

impl<K: Eq + Hash> Keyed<K> {
    fn new(rate: Rate) -> Self {
        Self { rate, used_up: Mutex::new(UsedUp { moments: HashMap::new(), sweep_at: KEYS_KEPT }) }
    }

    fn admit(&self, key: K, now: u64, many: u32) -> Result<(), u64> {
        let mut used_up = self.used_up.lock().unwrap_or_else(PoisonError::into_inner);
        if used_up.moments.len() >= used_up.sweep_at {
            used_up.moments.retain(|_, moment| *moment > now);
            used_up.sweep_at = KEYS_KEPT.max(2 * used_up.moments.len());
        }
        let moment = used_up.moments.entry(key).or_default();
        *moment = self.rate.admit_many(*moment, now, many)?;
        Ok(())
    }
}

fn refusal(wait_us: u64) -> Refusal {
    Refusal::rate_limited(wait_us.div_ceil(1_000))
}

impl Rates {
    /// All rates, or none.
    #[must_use]
    pub fn new(on: bool) -> Self {
        Self {
            on,
            start: Instant::now(),
            connections: Keyed::new(Rate::new(CONNECTIONS_PER_SECOND, 1, CONNECTIONS_PER_SECOND)),
            logins: Keyed::new(Rate::new(LOGINS_PER_MINUTE, 60, LOGINS_PER_MINUTE)),
            guest_rooms: Keyed::new(Rate::new(GUEST_ROOMS_PER_MINUTE, 60, GUEST_ROOMS_PER_MINUTE)),
            changes: Keyed::new(EVENTS),
            reads: Keyed::new(Rate::new(READS_PER_SECOND, 1, READS_BURST)),
            anonymous_reads: Keyed::new(Rate::new(ANONYMOUS_READS_PER_SECOND, 1, ANONYMOUS_READS_BURST)),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// What stands for whoever sends from an address: of IPv6 a household has a whole network (RFC 6177).
    fn network(address: IpAddr) -> IpAddr {
        match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(six) => match six.to_ipv4_mapped() {
                Some(four) => four.into(),
                None => (six & NETWORK).into(),
            },
        }
    }

    fn one_of<K: Eq + Hash>(&self, of: &Keyed<K>, key: K) -> Result<(), Refusal> {
        self.many_of(of, key, 1)
    }

    fn many_of<K: Eq + Hash>(&self, of: &Keyed<K>, key: K, many: u32) -> Result<(), Refusal> {
        if self.on { of.admit(key, self.now(), many).map_err(refusal) } else { Ok(()) }
    }

    /// A new connection from an address.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED`.
    pub fn connection(&self, address: IpAddr) -> Result<(), Refusal> {
        self.one_of(&self.connections, Self::network(address))
    }

    /// A log-in or registration from an address.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED`.
    pub fn login(&self, address: IpAddr) -> Result<(), Refusal> {
        self.one_of(&self.logins, Self::network(address))
    }

    /// A room made by a guest from an address.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED`.
    pub fn guest_room(&self, address: IpAddr) -> Result<(), Refusal> {
        self.one_of(&self.guest_rooms, Self::network(address))
    }

    /// A change that a user asks for over HTTP: as many as it may send events.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED`.
    pub fn change(&self, user: UserId) -> Result<(), Refusal> {
        self.one_of(&self.changes, user)
    }

    /// Something that a user reads over HTTP, and as how many reads it counts.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED`.
    pub fn read(&self, user: UserId, counts_as: u32) -> Result<(), Refusal> {
        self.many_of(&self.reads, user, counts_as)
    }

    /// Something that is read over HTTP from an address without a token.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED`.
    pub fn anonymous_read(&self, address: IpAddr) -> Result<(), Refusal> {
        self.one_of(&self.anonymous_reads, Self::network(address))
    }

    /// An event of a connection or user.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED`.
    pub fn event(&self, of: &EventRate) -> Result<(), Refusal> {
        if !self.on {
            return Ok(());
        }
        let now = self.now();
        let mut wait = 0;
        let admitted = of.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |moment| {
            EVENTS.admit(moment, now).map_err(|us| wait = us).ok()
        });
        if admitted.is_ok() { Ok(()) } else { Err(refusal(wait)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_one() {
        let network = |text: &str| Rates::network(text.parse().expect("an address")).to_string();
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        let rates = Rates::new(true);
        for host in 1..=LOGINS_PER_MINUTE {
            rates.login(format!("2001:db8::{host:x}").parse().expect("an address")).expect("admitted");
        }
        assert!(rates.login("2001:db8::ffff".parse().expect("an address")).is_err());
        assert!(rates.login("2001:db8:0:1::1".parse().expect("an address")).is_ok());
    }

    #[test]
    fn what_counts_as_many_uses_up_as_many() {
        let rates = Rates::new(true);
        let ada = || UserId::trusted("ada");
        for _ in 0..READS_BURST / 10 {
            rates.read(ada(), 10).expect("admitted");
        }
        let refused = rates.read(ada(), 10).expect_err("the burst is used up");
        assert!(refused.retry_after_ms.is_some_and(|ms| ms > 0 && ms <= 1_000), "{refused:?}");
        rates.read(UserId::trusted("bob"), 10).expect("another's rate is another");
        // What nobody proved who it is for counts by its address.
        let address = |last: u8| IpAddr::from([192, 0, 2, last]);
        let served = (0..2 * ANONYMOUS_READS_BURST).filter(|_| rates.anonymous_read(address(1)).is_ok()).count();
        assert!(served < 2 * ANONYMOUS_READS_BURST as usize, "an address reads as much as it likes");
        rates.anonymous_read(address(2)).expect("another's rate is another");
    }

    /// While very many come at once, each costs no look at all the others.
    #[test]
    fn those_that_are_quiet_are_forgotten_in_time() {
        let keyed = Keyed::new(Rate::new(1, 1, 10));
        for key in 0..3 * KEYS_KEPT {
            keyed.admit(key, 0, 1).expect("admitted");
        }
        assert_eq!(keyed.used_up.lock().expect("no panic").moments.len(), 3 * KEYS_KEPT, "all are busy");
        for key in 0..2 * KEYS_KEPT {
            keyed.admit(3 * KEYS_KEPT + key, 10_000_000, 1).expect("admitted");
        }
        let kept = keyed.used_up.lock().expect("no panic").moments.len();
        assert!(kept < 3 * KEYS_KEPT, "{kept} are kept, and most of them are quiet");
    }

    #[test]
    fn a_burst_and_then_the_rate() {
        let rate = Rate::new(50, 1, 100);
        let (mut moment, mut admitted) = (0, 0);
        while let Ok(next) = rate.admit(moment, 1_000_000) {
            moment = next;
            admitted += 1;
        }
        assert_eq!(admitted, 100);
        assert_eq!(rate.admit(moment, 1_000_000), Err(20_000));
        assert!(rate.admit(moment, 1_020_000).is_ok());
    }
}
