//! The addresses by which clients reach this server, which stand in front of the links that they are told.
//!
//! What must stay true: a client is told only the address that it uses itself, or the one that the operator names;
//! the number of addresses is bounded, and no user, no network, and none of those who have not shown who they are can use
//! all of the room; the number of an address is never given to another one, because connections keep it.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use quintet_domain::{AVATARS_PATH, FILES_PATH, FileLink, Links, UserId, network};

/// Maximum number of addresses that clients of one listener teach. Each broadcast is encoded once for each address in
/// use.
pub const BASES_OF_LISTENER_MAX: usize = 8;

/// Maximum number of addresses that clients of one listener teach without a token, such as guests.
const BASES_OF_UNIDENTIFIED_MAX: usize = BASES_OF_LISTENER_MAX / 2;

/// Maximum number of addresses that clients of one network teach at one listener.
const BASES_OF_NETWORK_MAX: usize = BASES_OF_LISTENER_MAX / 2;

/// Maximum number of addresses that one user teaches at one listener, and one network without a token.
const BASES_OF_USER_MAX: usize = 2;

/// Maximum number of addresses of all listeners.
const BASES_MAX: usize = 200;

/// Seconds after which an address that nobody uses is forgotten, if there is no room for another one.
const UNUSED_SECONDS: u64 = 60 * 60;

/// An address of this server, as a number: connections keep it, and each byte of an idle connection counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Base(u16);

impl Base {
    /// Links and pictures as they are stored, as `/api/v1` has them.
    pub const STORED: Self = Self(0);
    /// Links without an address.
    pub const RELATIVE: Self = Self(1);

    /// The number of the first address.
    const FIRST: u16 = 2;
}

/// The address of a request, as its head has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// The listener that took the request, by the address that it is configured with.
    pub listener: Option<SocketAddr>,
    /// The scheme, host and port, such as `https://chat.example.org`; `None` if the request has no valid host.
    pub base: Option<Box<str>>,
}

/// The client that an address is learnt from.
#[derive(Clone, Copy, Debug)]
pub struct Source<'t> {
    /// The user, if the client has shown who it is.
    pub user: Option<&'t UserId>,
    /// The IP address of the client.
    pub address: IpAddr,
}

/// An address that is known, and whom it was learnt from.
#[derive(Debug)]
struct Entry {
    number: Base,
    address: Arc<str>,
    listener: Option<SocketAddr>,
    user: Option<UserId>,
    network: IpAddr,
    /// The moment of the last use, in seconds since the start.
    used_at: AtomicU64,
}

#[derive(Debug)]
struct Known {
    entries: Vec<Entry>,
    /// The number of the next address; `None` once there are no more numbers.
    next: Option<u16>,
}

/// The addresses that are known.
#[derive(Debug)]
pub struct Bases {
    /// The address that the operator names, which is then the only one.
    fixed: Option<Arc<str>>,
    /// Whether users without a picture are shown with one that is made of their initials.
    pictures: bool,
    start: Instant,
    /// Whether it was logged that there is no room.
    logged: AtomicBool,
    known: RwLock<Known>,
}

impl Bases {
    /// Creates the table. `public_url` is the address that the operator names; without it, addresses are learnt.
    #[must_use]
    pub fn new(public_url: Option<&str>, pictures: bool) -> Self {
        let fixed = public_url.map(|url| Arc::from(url.trim_end_matches('/')));
        let known = Known { entries: Vec::new(), next: Some(Base::FIRST) };
        Self { fixed, pictures, start: Instant::now(), logged: AtomicBool::new(false), known: RwLock::new(known) }
    }

    /// Returns whether pictures are made for users who have none.
    #[must_use]
    pub fn makes_pictures(&self) -> bool {
        self.pictures
    }

    /// Returns links with the address that the operator names, if it names one, for a reader that has come by none.
    #[must_use]
    pub fn public_links(&self) -> Links {
        self.links(self.find(&Address::default()).unwrap_or(Base::RELATIVE))
    }

    /// Returns the base of an address that is known; `None` if the address could be learnt.
    #[must_use]
    pub fn find(&self, address: &Address) -> Option<Base> {
        self.find_at(address, self.seconds())
    }

    fn find_at(&self, address: &Address, now: u64) -> Option<Base> {
        if self.fixed.is_some() {
            return Some(Base(Base::FIRST));
        }
        let Some(base) = &address.base else { return Some(Base::RELATIVE) };
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.find(base, now) {
            return Some(found);
        }
        let has_room = known.has_room(address.listener, now);
        drop(known);
        if !has_room {
            self.log();
        }
        (!has_room).then_some(Base::RELATIVE)
    }

    /// Returns the base of an address, which is learnt if it is not known and there is room for it.
    #[must_use]
    pub fn learn(&self, address: &Address, source: Source<'_>) -> Base {
        self.learn_at(address, source, self.seconds())
    }

    fn learn_at(&self, address: &Address, source: Source<'_>, now: u64) -> Base {
        if let Some(found) = self.find_at(address, now) {
            return found;
        }
        let Some(base) = &address.base else { return Base::RELATIVE };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.find(base, now) {
            return found;
        }
        let network = network(source.address);
        let accepts = |known: &Known| {
            known.has_room(address.listener, now) && known.accepts_from(address.listener, source.user, network, now)
        };
        let Some(number) = known.next.filter(|_| accepts(&known)) else {
            drop(known);
            if source.user.is_some() {
                self.log();
            }
            return Base::RELATIVE;
        };
        // There is room among those in use. The others stay as long as they are in nobody's way.
        if known.of_listener(address.listener).count() >= BASES_OF_LISTENER_MAX || known.entries.len() >= BASES_MAX {
            known.entries.retain(|entry| entry.is_used(now));
        }
        known.next = number.checked_add(1);
        known.entries.push(Entry {
            number: Base(number),
            address: Arc::from(&**base),
            listener: address.listener,
            user: source.user.cloned(),
            network,
            used_at: AtomicU64::new(now),
        });
        Base(number)
    }

    /// Returns the links for readers at an address. They are relative if the address was forgotten.
    #[must_use]
    pub fn links(&self, base: Base) -> Links {
        self.links_at(base, self.seconds())
    }

    fn links_at(&self, base: Base, now: u64) -> Links {
        match base {
            Base::STORED => Links::STORED,
            Base::RELATIVE => Links::new(None, self.pictures),
            Base(_) if self.fixed.is_some() => Links::new(self.fixed.clone(), self.pictures),
            Base(_) => {
                let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
                let entry = known.entries.iter().find(|entry| entry.number == base);
                Links::new(entry.map(|entry| entry.used(now).address.clone()), self.pictures)
            }
        }
    }

    /// Returns the number of seconds since the start.
    fn seconds(&self) -> u64 {
        self.start.elapsed().as_secs()
    }

    /// Logs once that an address is not learnt.
    fn log(&self) {
        if !self.logged.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "clients use more addresses of this server than it learns, and get relative links at the others: name the \
                 address in [server] public_url; this is logged once"
            );
        }
    }

    /// Returns a link without the address in front of it, if that is an address of this server.
    fn without_address<'u>(&self, url: &'u str) -> Option<&'u str> {
        if !url.starts_with("http") {
            return None;
        }
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let addresses = self.fixed.iter().chain(known.entries.iter().map(|entry| &entry.address));
        let mut paths = addresses.filter_map(|address| url.strip_prefix(&**address));
        paths.find(|path| path.starts_with(FILES_PATH) || path.starts_with(AVATARS_PATH))
    }

    /// Returns the link to a file as it is stored: without an address of this server.
    #[must_use]
    pub fn stored(&self, url: String) -> String {
        self.without_address(&url).map(str::to_owned).unwrap_or(url)
    }

    /// Returns a message's file as it is stored.
    #[must_use]
    pub fn stored_file(&self, file: FileLink) -> FileLink {
        FileLink { url: self.stored(file.url), ..file }
    }

    /// Returns a user's picture as it is stored: without an address of this server, and none if the server made it.
    #[must_use]
    pub fn stored_picture(&self, avatar: Option<String>) -> Option<String> {
        avatar.map(|url| self.stored(url)).filter(|url| !url.starts_with(AVATARS_PATH))
    }
}

impl Entry {
    /// Notes that the address is used, and returns it.
    fn used(&self, now: u64) -> &Self {
        self.used_at.fetch_max(now, Ordering::Relaxed);
        self
    }

    fn is_used(&self, now: u64) -> bool {
        now.saturating_sub(self.used_at.load(Ordering::Relaxed)) < UNUSED_SECONDS
    }
}

impl Known {
    fn find(&self, address: &str, now: u64) -> Option<Base> {
        self.entries.iter().find(|entry| *entry.address == *address).map(|entry| entry.used(now).number)
    }

    fn of_listener(&self, listener: Option<SocketAddr>) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.listener == listener)
    }

    /// Returns whether there is room for another address, if those that nobody uses are forgotten.
    fn has_room(&self, listener: Option<SocketAddr>, now: u64) -> bool {
        let used = |entry: &&Entry| entry.is_used(now);
        self.next.is_some()
            && self.of_listener(listener).filter(used).count() < BASES_OF_LISTENER_MAX
            && self.entries.iter().filter(used).count() < BASES_MAX
    }

    /// Returns whether another address may be learnt from a client, by how many were learnt from it and from those like it.
    fn accepts_from(&self, listener: Option<SocketAddr>, user: Option<&UserId>, network: IpAddr, now: u64) -> bool {
        let count = |is_meant: &dyn Fn(&Entry) -> bool| {
            self.of_listener(listener).filter(|entry| entry.is_used(now) && is_meant(entry)).count()
        };
        let of_network = count(&|entry| entry.network == network);
        match user {
            Some(user) => {
                of_network < BASES_OF_NETWORK_MAX
                    && count(&|entry| entry.user.as_ref() == Some(user)) < BASES_OF_USER_MAX
            }
            None => of_network < BASES_OF_USER_MAX && count(&|entry| entry.user.is_none()) < BASES_OF_UNIDENTIFIED_MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(listener: u8, base: &str) -> Address {
        let listener = Some(SocketAddr::from(([127, 0, 0, 1], listener.into())));
        Address { listener, base: Some(base.into()) }
    }

    /// A client of a network of its own.
    fn client(number: u8, user: Option<&UserId>) -> Source<'_> {
        Source { user, address: IpAddr::from([10, 0, 0, number]) }
    }

    fn user(number: u8) -> UserId {
        UserId::trusted(&format!("u-{number}"))
    }

    fn avatar_for(bases: &Bases, base: Base) -> String {
        bases.links(base).link("/files/f/s").into_owned()
    }

    #[test]
    fn a_listener_learns_eight_addresses_and_strangers_teach_half() {
        let bases = Bases::new(None, true);
        let taught = |listener, host: u8, identified: bool| {
            let user = identified.then(|| user(host));
            let base = bases.learn(&at(listener, &format!("http://h{host}")), client(host, user.as_ref()));
            avatar_for(&bases, base)
        };
        for host in 0..4 {
            assert_eq!(taught(0, host, false), format!("http://h{host}/files/f/s"));
        }
        assert_eq!(taught(0, 4, false), "/files/f/s", "strangers cannot teach more");
        assert_eq!(bases.find(&at(0, "http://h4")), None, "others can");
        for host in 4..8 {
            assert_eq!(taught(0, host, true), format!("http://h{host}/files/f/s"));
        }
        assert_eq!(taught(0, 8, true), "/files/f/s", "there is no more room");
        assert_eq!(bases.find(&at(0, "http://h8")), Some(Base::RELATIVE));
        assert_eq!(taught(0, 0, false), "http://h0/files/f/s", "what is known stays known");
        assert_eq!(taught(1, 8, false), "http://h8/files/f/s", "another listener has its own room");
        assert_eq!(taught(0, 8, true), "http://h8/files/f/s", "and what one has learnt all know");
    }

    #[test]
    fn nobody_takes_the_room_of_others() {
        let bases = Bases::new(None, true);
        let learns = |number: u8, user: u8, host: &str| {
            let user = self::user(user);
            bases.learn(&at(0, &format!("http://{host}")), client(number, Some(&user))) != Base::RELATIVE
        };
        let of_user: Vec<_> = (0..5).map(|number| learns(number, 0, &format!("a{number}"))).collect();
        assert_eq!(of_user, [true, true, false, false, false], "a user of many networks");
        let of_network: Vec<_> = (0..6).map(|number| learns(9, 10 + number, &format!("b{number}"))).collect();
        assert_eq!(of_network, [true, true, true, true, false, false], "many users of a network");
        assert!(learns(20, 20, "chat.example"), "others have room");
    }

    #[test]
    fn what_nobody_uses_is_forgotten_when_room_is_needed() {
        let bases = Bases::new(None, true);
        let learn = |number: u8, host: u8, now| {
            let user = user(number);
            bases.learn_at(&at(0, &format!("http://h{host}")), client(number, Some(&user)), now)
        };
        let first: Vec<Base> = (0..8).map(|number| learn(number, number, 0)).collect();
        assert_eq!(learn(8, 8, UNUSED_SECONDS - 1), Base::RELATIVE, "all may be in use");
        // A broadcast to the connections of one address, and a request at another one.
        let _ = bases.links_at(first[3], UNUSED_SECONDS - 1);
        assert_eq!(learn(20, 4, UNUSED_SECONDS - 1), first[4]);
        let new = learn(8, 8, UNUSED_SECONDS);
        assert!(new != Base::RELATIVE && !first.contains(&new), "no number is used again");
        for (number, base) in first.iter().enumerate() {
            let kept = if matches!(number, 3 | 4) { format!("http://h{number}") } else { String::new() };
            assert_eq!(avatar_for(&bases, *base), format!("{kept}/files/f/s"));
        }
        assert!(learn(0, 0, UNUSED_SECONDS) != Base::RELATIVE, "what its user taught before does not count");
    }

    #[test]
    fn all_listeners_together_are_bounded() {
        let bases = Bases::new(None, true);
        for host in 0..u8::MAX {
            let _ = bases.learn(&at(host, &format!("http://h{host}")), client(host, None));
        }
        assert_eq!(bases.known.read().expect("readable").entries.len(), BASES_MAX);
        assert_eq!(bases.learn(&at(7, "http://one-more"), client(7, None)), Base::RELATIVE);
    }

    #[test]
    fn an_address_of_the_operator_is_the_only_one() {
        let bases = Bases::new(Some("https://chat.example.org/quintet/"), true);
        let base = bases.learn(&at(0, "http://evil.example"), client(0, None));
        assert_eq!(avatar_for(&bases, base), "https://chat.example.org/quintet/files/f/s");
        assert_eq!(bases.learn(&Address::default(), client(0, None)), base);
        assert_eq!(bases.stored("http://evil.example/files/f/s".to_owned()), "http://evil.example/files/f/s");
    }

    #[test]
    fn addresses_are_taken_off_again() {
        let bases = Bases::new(None, true);
        let _ = bases.learn(&at(0, "http://chat.example.org:3000"), client(0, None));
        for (sent, stored) in [
            ("http://chat.example.org:3000/files/f/s", "/files/f/s"),
            ("/files/f/s", "/files/f/s"),
            ("https://chat.example.org:3000/files/f/s", "https://chat.example.org:3000/files/f/s"),
            ("http://chat.example.org/files/f/s", "http://chat.example.org/files/f/s"),
            (
                "http://chat.example.org:3000.evil.example/files/f/s",
                "http://chat.example.org:3000.evil.example/files/f/s",
            ),
            ("http://chat.example.org:3000/other", "http://chat.example.org:3000/other"),
        ] {
            assert_eq!(bases.stored(sent.to_owned()), stored);
        }
        for (sent, stored) in [
            ("http://chat.example.org:3000/avatars/u-1?i=A", None),
            ("/avatars/u-1", None),
            ("https://example.org/avatars/u-1", Some("https://example.org/avatars/u-1")),
            ("http://chat.example.org:3000/files/f/s", Some("/files/f/s")),
        ] {
            assert_eq!(bases.stored_picture(Some(sent.to_owned())).as_deref(), stored, "{sent}");
        }
    }
}
