//! Rates: how much at once, per connection, user and address.
//!
//! The generic cell rate algorithm (ITU-T I.371): one number a key, the moment at which its burst is used up. Our own,
//! since a connection can afford eight bytes for it and no more.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use quintet_domain::limits::{
    ANONYMOUS_READS_BURST, ANONYMOUS_READS_PER_SECOND, CONNECTIONS_PER_SECOND, EVENT_BYTES_BURST,
    EVENT_BYTES_PER_SECOND, EVENTS_BURST, EVENTS_PER_SECOND, GUEST_EVENTS_BURST, GUEST_EVENTS_PER_SECOND,
    GUEST_ROOMS_PER_MINUTE, LOGINS_PER_MINUTE, NETWORKS_OF_SITE, READS_BURST, READS_PER_SECOND, REFUSED_EVENTS_BURST,
    REFUSED_EVENTS_SECONDS, UNIDENTIFIED_BYTES_BURST, UNIDENTIFIED_BYTES_PER_SECOND,
};
use quintet_domain::{Refusal, UserId, network, site};

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

    /// This rate, `factor` times as high.
    const fn times(self, factor: u64) -> Self {
        Self { interval_us: self.interval_us / factor, burst: self.burst * factor }
    }

    /// Admits one event: gives the new moment at which the burst is used up, or the microseconds to wait.
    fn admit(self, used_up_at: u64, now: u64) -> Result<u64, u64> {
        self.admit_many(used_up_at, now, 1)
    }

    /// Like [`Self::admit`], for an event that counts as `many`, at most a burst.
    fn admit_many(self, used_up_at: u64, now: u64, many: u32) -> Result<u64, u64> {
        let next = used_up_at.max(now) + self.interval_us * u64::from(many);
        let allowed = now + self.burst * self.interval_us;
        if next > allowed { Err(next - allowed) } else { Ok(next) }
    }
}

const EVENTS: Rate = Rate::new(EVENTS_PER_SECOND, 1, EVENTS_BURST);

const REFUSED_EVENTS: Rate = Rate::new(REFUSED_EVENTS_BURST, REFUSED_EVENTS_SECONDS, REFUSED_EVENTS_BURST);

/// A rate of bytes. A message that exceeds the burst is taken once, and its excess is waited for afterwards, so that a
/// message of any size fits.
#[derive(Clone, Copy, Debug)]
struct ByteRate {
    per_second: u64,
    burst_us: u64,
}

impl ByteRate {
    const fn new(per_second: u32, burst: u32) -> Self {
        Self { per_second: per_second as u64, burst_us: burst as u64 * 1_000_000 / per_second as u64 }
    }

    fn cost_us(self, bytes: usize) -> u64 {
        (bytes as u64).saturating_mul(1_000_000) / self.per_second
    }

    /// Admits a message: gives the new moment at which the burst is used up, or the microseconds to wait.
    fn admit(self, used_up_at: u64, now: u64, bytes: usize) -> Result<u64, u64> {
        let allowed = now + self.burst_us;
        if used_up_at > allowed { Err(used_up_at - allowed) } else { Ok(self.charge(used_up_at, now, bytes)) }
    }

    fn charge(self, used_up_at: u64, now: u64, bytes: usize) -> u64 {
        used_up_at.max(now).saturating_add(self.cost_us(bytes))
    }
}

const EVENT_BYTES: ByteRate = ByteRate::new(EVENT_BYTES_PER_SECOND, EVENT_BYTES_BURST);
const UNIDENTIFIED_BYTES: ByteRate = ByteRate::new(UNIDENTIFIED_BYTES_PER_SECOND, UNIDENTIFIED_BYTES_BURST);

/// The events of one connection, or of one user: how many, and of how many bytes.
#[derive(Debug, Default)]
pub struct EventRate {
    events: AtomicU64,
    bytes: AtomicU64,
}

/// The events of one connection that were refused.
#[derive(Debug, Default)]
pub struct RefusalRate(AtomicU64);

/// A rate of bytes for each of many addresses.
#[derive(Debug)]
struct KeyedBytes {
    rate: ByteRate,
    used_up: Mutex<(HashMap<IpAddr, u64>, usize)>,
}

impl KeyedBytes {
    fn new(rate: ByteRate) -> Self {
        Self { rate, used_up: Mutex::new((HashMap::new(), KEYS_KEPT)) }
    }

    fn admit(&self, key: IpAddr, now: u64, bytes: usize) -> Result<(), u64> {
        let mut used_up = self.used_up.lock().unwrap_or_else(PoisonError::into_inner);
        let (moments, looked_at) = &mut *used_up;
        if moments.len() >= *looked_at {
            moments.retain(|_, moment| *moment > now);
            // If few keys could be dropped, wait until the table doubles before looking again.
            *looked_at = KEYS_KEPT.max(moments.len() * 2);
        }
        let moment = moments.entry(key).or_default();
        *moment = self.rate.admit(*moment, now, bytes)?;
        Ok(())
    }
}

/// The rates of addresses, and the clock of all rates.
#[derive(Debug)]
pub struct Rates {
    on: bool,
    start: Instant,
    connections: Networks,
    logins: Networks,
    guest_rooms: Networks,
    guest_events: Networks,
    changes: Keyed<UserId>,
    reads: Keyed<UserId>,
    anonymous_reads: Networks,
    unidentified: KeyedBytes,
}

/// A rate for each network, and a higher one for each site: whoever has 48 bits of IPv6 has 65,536 networks.
#[derive(Debug)]
struct Networks {
    networks: Keyed<IpAddr>,
    sites: Keyed<IpAddr>,
}

impl Networks {
    fn new(rate: Rate) -> Self {
        Self { networks: Keyed::new(rate), sites: Keyed::new(rate.times(NETWORKS_OF_SITE)) }
    }

    fn admit(&self, address: IpAddr, now: u64) -> Result<(), u64> {
        self.networks.admit(network(address), now, 1)?;
        site(address).map_or(Ok(()), |site| self.sites.admit(site, now, 1))
    }
}

/// A rate for each of many keys, such as addresses or users.
#[derive(Debug)]
struct Keyed<K> {
    rate: Rate,
    used_up: Mutex<UsedUp<K>>,
}

/// The moments at which the bursts of some keys are used up.
#[derive(Debug)]
struct UsedUp<K> {
    moments: HashMap<K, u64>,
    /// The number of keys from which on keys whose burst is full again are dropped.
    tidy_at: usize,
}

impl<K: Eq + Hash> Keyed<K> {
    fn new(rate: Rate) -> Self {
        Self { rate, used_up: Mutex::new(UsedUp { moments: HashMap::new(), tidy_at: KEYS_KEPT }) }
    }

    fn admit(&self, key: K, now: u64, many: u32) -> Result<(), u64> {
        let mut used_up = self.used_up.lock().unwrap_or_else(PoisonError::into_inner);
        if used_up.moments.len() >= used_up.tidy_at {
            used_up.moments.retain(|_, moment| *moment > now);
            // If few keys could be dropped, wait until the table doubles before looking again.
            used_up.tidy_at = KEYS_KEPT.max(used_up.moments.len() * 2);
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
    /// The rates of a server; with `on` false nothing is ever refused.
    #[must_use]
    pub fn new(on: bool) -> Self {
        Self {
            on,
            start: Instant::now(),
            connections: Networks::new(Rate::new(CONNECTIONS_PER_SECOND, 1, CONNECTIONS_PER_SECOND)),
            logins: Networks::new(Rate::new(LOGINS_PER_MINUTE, 60, LOGINS_PER_MINUTE)),
            guest_rooms: Networks::new(Rate::new(GUEST_ROOMS_PER_MINUTE, 60, GUEST_ROOMS_PER_MINUTE)),
            guest_events: Networks::new(Rate::new(GUEST_EVENTS_PER_SECOND, 1, GUEST_EVENTS_BURST)),
            changes: Keyed::new(EVENTS),
            unidentified: KeyedBytes::new(UNIDENTIFIED_BYTES),
            reads: Keyed::new(Rate::new(READS_PER_SECOND, 1, READS_BURST)),
            anonymous_reads: Networks::new(Rate::new(ANONYMOUS_READS_PER_SECOND, 1, ANONYMOUS_READS_BURST)),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn of_network(&self, of: &Networks, address: IpAddr) -> Result<(), Refusal> {
        if self.on { of.admit(address, self.now()).map_err(refusal) } else { Ok(()) }
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
        self.of_network(&self.connections, address)
    }

    /// A log-in or registration from an address.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED`.
    pub fn login(&self, address: IpAddr) -> Result<(), Refusal> {
        self.of_network(&self.logins, address)
    }

    /// A room made by a guest from an address.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED`.
    pub fn guest_room(&self, address: IpAddr) -> Result<(), Refusal> {
        self.of_network(&self.guest_rooms, address)
    }

    /// An event of a guest from an address: all guests of a network have one rate, whatever ids they say.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED`.
    pub fn guest_event(&self, address: IpAddr) -> Result<(), Refusal> {
        self.of_network(&self.guest_events, address)
    }

    /// A change that a user asks for over HTTP: as many as it may send events.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED`.
    pub fn change(&self, user: UserId) -> Result<(), Refusal> {
        self.one_of(&self.changes, user)
    }

    /// A read of a user over HTTP that counts as `counts_as` reads.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED`.
    pub fn read(&self, user: UserId, counts_as: u32) -> Result<(), Refusal> {
        self.many_of(&self.reads, user, counts_as)
    }

    /// A read over HTTP without a token from an address.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED`.
    pub fn anonymous_read(&self, address: IpAddr) -> Result<(), Refusal> {
        self.of_network(&self.anonymous_reads, address)
    }

    /// An event of a connection or user, of `bytes` bytes, inflated.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED`.
    pub fn event(&self, of: &EventRate, bytes: usize) -> Result<(), Refusal> {
        if !self.on {
            return Ok(());
        }
        let now = self.now();
        update(&of.events, |moment| EVENTS.admit(moment, now))?;
        update(&of.bytes, |moment| EVENT_BYTES.admit(moment, now, bytes))
    }

    /// Whether another event would be admitted.
    #[must_use]
    pub fn has_room(&self, of: &EventRate) -> bool {
        let now = self.now();
        !self.on
            || (EVENTS.admit(of.events.load(Ordering::Relaxed), now).is_ok()
                && EVENT_BYTES.admit(of.bytes.load(Ordering::Relaxed), now, 0).is_ok())
    }

    /// Charges further bytes of an event that was admitted already, such as its attachments.
    pub fn charge(&self, of: &EventRate, bytes: usize) {
        if self.on {
            let now = self.now();
            let _ = update(&of.bytes, |moment| Ok(EVENT_BYTES.charge(moment, now, bytes)));
        }
    }

    /// An event of `bytes` bytes, inflated, of a connection without a token: all those of one address share a rate.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED`.
    pub fn unidentified(&self, address: IpAddr, bytes: usize) -> Result<(), Refusal> {
        if !self.on {
            return Ok(());
        }
        self.unidentified.admit(network(address), self.now(), bytes).map_err(refusal)
    }

    /// Counts a refused event of a connection. Returns whether the connection has sent too many of them.
    #[must_use]
    pub fn is_flooding(&self, of: &RefusalRate) -> bool {
        let now = self.now();
        self.on && update(&of.0, |moment| REFUSED_EVENTS.admit(moment, now)).is_err()
    }
}

/// Moves the moment at which a burst is used up.
fn update(moment: &AtomicU64, admit: impl Fn(u64) -> Result<u64, u64>) -> Result<(), Refusal> {
    let mut wait = 0;
    let admitted =
        moment.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |moment| admit(moment).map_err(|us| wait = us).ok());
    if admitted.is_ok() { Ok(()) } else { Err(refusal(wait)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_one() {
        let rates = Rates::new(true);
        for host in 1..=LOGINS_PER_MINUTE {
            rates.login(format!("2001:db8::{host:x}").parse().expect("an address")).expect("admitted");
        }
        assert!(rates.login("2001:db8::ffff".parse().expect("an address")).is_err());
        assert!(rates.login("2001:db8:0:1::1".parse().expect("an address")).is_ok());
        // Another network each time, and yet one site.
        let admitted = (2..1_000).filter(|network| {
            let address = format!("2001:db8:0:{network:x}::1").parse().expect("an address");
            rates.login(address).is_ok()
        });
        let most = u64::from(LOGINS_PER_MINUTE) * NETWORKS_OF_SITE;
        assert!((admitted.count() as u64) < most);
        assert!(rates.login("2001:db8:1::1".parse().expect("an address")).is_ok());
    }

    #[test]
    fn keys_that_are_all_busy_are_not_looked_through_for_each_that_comes() {
        let keyed = Keyed::new(Rate::new(1, 1, 1));
        for key in 0..KEYS_KEPT {
            keyed.admit(key, 0, 1).expect("admitted");
        }
        keyed.admit(KEYS_KEPT, 0, 1).expect("admitted");
        assert_eq!(keyed.used_up.lock().expect("unlocked").tidy_at, 2 * KEYS_KEPT);
        for key in KEYS_KEPT..2 * KEYS_KEPT + 2 {
            let _ = keyed.admit(key, 2_000_000, 1);
        }
        assert!(
            keyed.used_up.lock().expect("unlocked").moments.len() <= KEYS_KEPT + 2,
            "those that are quiet are gone"
        );
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
        // Without a token reads count by address.
        let address = |last: u8| IpAddr::from([192, 0, 2, last]);
        let served = (0..2 * ANONYMOUS_READS_BURST).filter(|_| rates.anonymous_read(address(1)).is_ok()).count();
        assert!(served < 2 * ANONYMOUS_READS_BURST as usize, "an address reads as much as it likes");
        rates.anonymous_read(address(2)).expect("another's rate is another");
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

    #[test]
    fn bytes_count_as_well_as_events() {
        let rate = ByteRate::new(1_000, 10_000);
        let first = rate.admit(0, 0, 10_000).expect("the burst");
        let second = rate.admit(first, 0, 64_000).expect("one that exceeds it");
        assert_eq!(rate.admit(second, 0, 1), Err(64_000_000), "until what was taken beyond the burst is made up for");
        assert!(rate.admit(second, 64_000_000, 1).is_ok());
        let (rates, events) = (Rates::new(true), EventRate::default());
        rates.event(&events, 10).expect("admitted");
        rates.charge(&events, 2_000_000);
        let refused = rates.event(&events, 10).expect_err("its attachments used the bytes up");
        assert!(refused.retry_after_ms.is_some_and(|ms| ms > 3_000), "{refused:?}");
        assert!(!rates.has_room(&events) && rates.has_room(&EventRate::default()));
        let off = Rates::new(false);
        off.charge(&events, 2_000_000);
        assert!(off.event(&events, 10).is_ok(), "where rates are off none counts");
    }

    #[test]
    fn who_goes_on_beyond_the_rate_is_found_out() {
        let (rates, refused) = (Rates::new(true), RefusalRate::default());
        let few = (0..REFUSED_EVENTS_BURST).any(|_| rates.is_flooding(&refused));
        assert!(!few, "a burst is not a flood");
        // Some are forgotten while these are counted.
        assert!((0..REFUSED_EVENTS_BURST).any(|_| rates.is_flooding(&refused)));
        let off = Rates::new(false);
        assert!((0..1_000).all(|_| !off.is_flooding(&refused)));
    }
}
