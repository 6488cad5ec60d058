//! Rates of events, requests and bytes, for each connection, user and address.
//!
//! They use the generic cell rate algorithm (ITU-T I.371), which keeps one number for each key: the moment at which its
//! burst is used up. This is our own implementation, because a connection has only eight bytes for it.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use quintet_domain::limits::{
    ANONYMOUS_READS_BURST, ANONYMOUS_READS_PER_SECOND, CONNECTIONS_PER_SECOND, EVENT_BYTES_BURST,
    EVENT_BYTES_PER_SECOND, EVENTS_BURST, EVENTS_PER_SECOND, GUEST_EVENTS_BURST, GUEST_EVENTS_PER_SECOND,
    GUEST_REPORTS_PER_MINUTE, GUEST_ROOMS_PER_MINUTE, LOGINS_PER_MINUTE, NETWORKS_OF_SITE, READS_BURST,
    READS_PER_SECOND, REFUSED_EVENTS_BURST, REFUSED_EVENTS_SECONDS, UNIDENTIFIED_BYTES_BURST,
    UNIDENTIFIED_BYTES_PER_SECOND,
};
use quintet_domain::{Refusal, UserId, network, site};

/// Number of addresses or users in a table above which those with a full burst are removed.
const KEYS_KEPT: usize = 10_000;

/// A rate of events.
#[derive(Clone, Copy, Debug)]
struct Rate {
    /// The average interval between events, in microseconds.
    interval_us: u64,
    /// The number of events that may arrive at once.
    burst: u64,
}

impl Rate {
    const fn new(events: u32, seconds: u64, burst: u32) -> Self {
        Self { interval_us: seconds * 1_000_000 / events as u64, burst: burst as u64 }
    }

    /// Returns this rate, multiplied by `factor`.
    const fn times(self, factor: u64) -> Self {
        Self { interval_us: self.interval_us / factor, burst: self.burst * factor }
    }

    /// Admits one event. Returns the new moment at which the burst is used up, or the microseconds to wait.
    fn admit(self, used_up_at: u64, now: u64) -> Result<u64, u64> {
        self.admit_many(used_up_at, now, 1)
    }

    /// Like [`Self::admit`], for an event that counts as `many` events, at most a burst.
    fn admit_many(self, used_up_at: u64, now: u64, many: u32) -> Result<u64, u64> {
        let next = used_up_at.max(now) + self.interval_us * u64::from(many);
        let allowed = now + self.burst * self.interval_us;
        if next > allowed { Err(next - allowed) } else { Ok(next) }
    }
}

const EVENTS: Rate = Rate::new(EVENTS_PER_SECOND, 1, EVENTS_BURST);

const REFUSED_EVENTS: Rate = Rate::new(REFUSED_EVENTS_BURST, REFUSED_EVENTS_SECONDS, REFUSED_EVENTS_BURST);

/// A rate of bytes. A message that exceeds the burst is accepted once, and the rate makes up for the excess afterwards,
/// so that a message of any size fits.
#[derive(Clone, Copy, Debug)]
struct ByteRate {
    /// The average number of bytes per second.
    per_second: u64,
    /// The time in which the rate admits the bytes of a burst, in microseconds.
    burst_us: u64,
}

impl ByteRate {
    const fn new(per_second: u32, burst: u32) -> Self {
        Self { per_second: per_second as u64, burst_us: burst as u64 * 1_000_000 / per_second as u64 }
    }

    fn cost_us(self, bytes: usize) -> u64 {
        (bytes as u64).saturating_mul(1_000_000) / self.per_second
    }

    /// Admits a message. Returns the new moment at which the burst is used up, or the microseconds to wait.
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

/// The events of one connection or one user: their number and their bytes.
#[derive(Debug, Default)]
pub struct EventRate {
    events: AtomicU64,
    bytes: AtomicU64,
}

/// The refused events of one connection.
#[derive(Debug, Default)]
pub struct RefusalRate(AtomicU64);

/// A rate of bytes for each of many addresses.
#[derive(Debug)]
struct KeyedBytes {
    rate: ByteRate,
    used_up: Mutex<UsedUp<IpAddr>>,
}

impl KeyedBytes {
    fn new(rate: ByteRate) -> Self {
        Self { rate, used_up: Mutex::new(UsedUp { moments: HashMap::new(), tidy_at: KEYS_KEPT }) }
    }

    fn admit(&self, key: IpAddr, now: u64, bytes: usize) -> Result<(), u64> {
        let mut used_up = self.used_up.lock().unwrap_or_else(PoisonError::into_inner);
        if used_up.moments.len() >= used_up.tidy_at {
            used_up.moments.retain(|_, moment| *moment > now);
            // If few keys could be removed, the table may double before the next attempt.
            used_up.tidy_at = KEYS_KEPT.max(used_up.moments.len() * 2);
        }
        let moment = used_up.moments.entry(key).or_default();
        *moment = self.rate.admit(*moment, now, bytes)?;
        Ok(())
    }
}

/// The rates of users and addresses, and the clock of all rates.
#[derive(Debug)]
pub struct Rates {
    /// Whether anything is refused at all.
    on: bool,
    /// The start of the clock of all rates.
    start: Instant,
    connections: Networks,
    logins: Networks,
    guest_rooms: Networks,
    guest_reports: Networks,
    guest_events: Networks,
    changes: Keyed<UserId>,
    reads: Keyed<UserId>,
    anonymous_reads: Networks,
    unidentified: KeyedBytes,
}

/// A rate for each network, and a higher one for each site, because one site of 48 bits of IPv6 has 65,536 networks.
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
    /// The moments, in microseconds since the start of the clock.
    moments: HashMap<K, u64>,
    /// The number of keys above which keys with a full burst are removed.
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
            // If few keys could be removed, the table may double before the next attempt.
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
    /// Creates the rates of a server. If `on` is false, nothing is ever refused.
    #[must_use]
    pub fn new(on: bool) -> Self {
        Self {
            on,
            start: Instant::now(),
            connections: Networks::new(Rate::new(CONNECTIONS_PER_SECOND, 1, CONNECTIONS_PER_SECOND)),
            logins: Networks::new(Rate::new(LOGINS_PER_MINUTE, 60, LOGINS_PER_MINUTE)),
            guest_rooms: Networks::new(Rate::new(GUEST_ROOMS_PER_MINUTE, 60, GUEST_ROOMS_PER_MINUTE)),
            guest_reports: Networks::new(Rate::new(GUEST_REPORTS_PER_MINUTE, 60, GUEST_REPORTS_PER_MINUTE)),
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

    /// Counts a new connection from an address.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED`.
    pub fn connection(&self, address: IpAddr) -> Result<(), Refusal> {
        self.of_network(&self.connections, address)
    }

    /// Counts a log-in or registration from an address, on this node.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED`.
    pub(crate) fn login(&self, address: IpAddr) -> Result<(), Refusal> {
        self.of_network(&self.logins, address)
    }

    /// Counts a room that a guest creates from an address.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED`.
    pub fn guest_room(&self, address: IpAddr) -> Result<(), Refusal> {
        self.of_network(&self.guest_rooms, address)
    }

    /// Counts a report of a message that a guest makes from an address.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED`.
    pub fn guest_report(&self, address: IpAddr) -> Result<(), Refusal> {
        self.of_network(&self.guest_reports, address)
    }

    /// Counts an event of a guest from an address. All guests of a network share one rate, whatever ids they claim.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED`.
    pub fn guest_event(&self, address: IpAddr) -> Result<(), Refusal> {
        self.of_network(&self.guest_events, address)
    }

    /// Counts a change that a user makes over HTTP. The rate is the one of events.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED`.
    pub fn change(&self, user: UserId) -> Result<(), Refusal> {
        self.one_of(&self.changes, user)
    }

    /// Counts a read of a user over HTTP as `counts_as` reads.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED`.
    pub fn read(&self, user: UserId, counts_as: u32) -> Result<(), Refusal> {
        self.many_of(&self.reads, user, counts_as)
    }

    /// Counts a read over HTTP without a token from an address.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED`.
    pub fn anonymous_read(&self, address: IpAddr) -> Result<(), Refusal> {
        self.of_network(&self.anonymous_reads, address)
    }

    /// Counts an event of a connection or user, of `bytes` bytes after decompression.
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

    /// Returns whether another event would be admitted.
    #[must_use]
    pub fn has_room(&self, of: &EventRate) -> bool {
        let now = self.now();
        !self.on
            || (EVENTS.admit(of.events.load(Ordering::Relaxed), now).is_ok()
                && EVENT_BYTES.admit(of.bytes.load(Ordering::Relaxed), now, 0).is_ok())
    }

    /// Counts further bytes of an event that was already admitted, such as its attachments.
    pub fn charge(&self, of: &EventRate, bytes: usize) {
        if self.on {
            let now = self.now();
            let _ = update(&of.bytes, |moment| Ok(EVENT_BYTES.charge(moment, now, bytes)));
        }
    }

    /// Counts an event of a connection without a token, of `bytes` bytes after decompression. All connections of one
    /// address share a rate.
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

/// Updates the moment at which a burst is used up.
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
    fn addresses_of_one_network_share_a_rate() {
        let rates = Rates::new(true);
        for host in 1..=LOGINS_PER_MINUTE {
            rates.login(format!("2001:db8::{host:x}").parse().expect("an address")).expect("admitted");
        }
        assert!(rates.login("2001:db8::ffff".parse().expect("an address")).is_err());
        assert!(rates.login("2001:db8:0:1::1".parse().expect("an address")).is_ok());
        // These are different networks of the same site.
        let admitted = (2..1_000).filter(|network| {
            let address = format!("2001:db8:0:{network:x}::1").parse().expect("an address");
            rates.login(address).is_ok()
        });
        let most = u64::from(LOGINS_PER_MINUTE) * NETWORKS_OF_SITE;
        assert!((admitted.count() as u64) < most);
        assert!(rates.login("2001:db8:1::1".parse().expect("an address")).is_ok());
    }

    #[test]
    fn a_table_of_busy_keys_is_not_searched_for_each_new_key() {
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
            "keys with a full burst are removed"
        );
    }

    #[test]
    fn an_event_can_count_as_many() {
        let rates = Rates::new(true);
        let ada = || UserId::trusted("ada");
        for _ in 0..READS_BURST / 10 {
            rates.read(ada(), 10).expect("admitted");
        }
        let refused = rates.read(ada(), 10).expect_err("the burst is used up");
        assert!(refused.retry_after_ms.is_some_and(|ms| ms > 0 && ms <= 1_000), "{refused:?}");
        rates.read(UserId::trusted("bob"), 10).expect("another user or address has its own rate");
        // Without a token, reads are counted by address.
        let address = |last: u8| IpAddr::from([192, 0, 2, last]);
        let served = (0..2 * ANONYMOUS_READS_BURST).filter(|_| rates.anonymous_read(address(1)).is_ok()).count();
        assert!(served < 2 * ANONYMOUS_READS_BURST as usize, "the reads of an address are limited");
        rates.anonymous_read(address(2)).expect("another user or address has its own rate");
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
        let second = rate.admit(first, 0, 64_000).expect("a message that exceeds the burst");
        assert_eq!(rate.admit(second, 0, 1), Err(64_000_000), "the rate makes up for the excess first");
        assert!(rate.admit(second, 64_000_000, 1).is_ok());
        let (rates, events) = (Rates::new(true), EventRate::default());
        rates.event(&events, 10).expect("admitted");
        rates.charge(&events, 2_000_000);
        let refused = rates.event(&events, 10).expect_err("its attachments used up the bytes");
        assert!(refused.retry_after_ms.is_some_and(|ms| ms > 3_000), "{refused:?}");
        assert!(!rates.has_room(&events) && rates.has_room(&EventRate::default()));
        let off = Rates::new(false);
        off.charge(&events, 2_000_000);
        assert!(off.event(&events, 10).is_ok(), "nothing counts if rates are off");
    }

    #[test]
    fn a_connection_that_exceeds_the_rate_is_flooding() {
        let (rates, refused) = (Rates::new(true), RefusalRate::default());
        let few = (0..REFUSED_EVENTS_BURST).any(|_| rates.is_flooding(&refused));
        assert!(!few, "a burst is not a flood");
        // Some refusals no longer count by the time that these are counted.
        assert!((0..REFUSED_EVENTS_BURST).any(|_| rates.is_flooding(&refused)));
        let off = Rates::new(false);
        assert!((0..1_000).all(|_| !off.is_flooding(&refused)));
    }
}
