//! The addresses by which clients reach this server, which stand in front of the links that they are told.
//!
//! What must stay true: a client is told only the address that it uses itself, or the one that the operator names;
//! the number of addresses is bounded, and those who have not shown who they are cannot use all of the room.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};

use quintet_domain::{AVATARS_PATH, FILES_PATH, FileLink, Links};

/// Maximum number of addresses that clients of one listener teach. Each broadcast is encoded once for each address in
/// use.
pub const BASES_OF_LISTENER_MAX: usize = 8;

/// Maximum number of addresses that clients of one listener teach without a token, such as guests.
const BASES_OF_STRANGERS_MAX: usize = BASES_OF_LISTENER_MAX / 2;

/// Maximum number of addresses of all listeners, so that their numbers fit one byte.
const BASES_MAX: usize = 200;

/// An address of this server, as a number: connections keep it, and each byte of an idle connection counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Base(u8);

impl Base {
    /// Links and pictures as they are stored, as `/api/v1` has them.
    pub const STORED: Self = Self(0);
    /// Links without an address.
    pub const RELATIVE: Self = Self(1);

    /// The number of bases that stand for no address.
    const WITHOUT_ADDRESS: usize = 2;

    fn of_address(at: usize) -> Self {
        u8::try_from(at + Self::WITHOUT_ADDRESS).map_or(Self::RELATIVE, Self)
    }
}

/// The address of a request, as its head has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// The listener that took the request, by the address that it is configured with.
    pub listener: Option<SocketAddr>,
    /// The scheme, host and port, such as `https://chat.example.org`; `None` if the request has no valid host.
    pub base: Option<Box<str>>,
}

#[derive(Debug, Default)]
struct Known {
    addresses: Vec<Arc<str>>,
    /// The number of addresses that clients of each listener taught.
    taught: HashMap<Option<SocketAddr>, usize>,
}

/// The addresses that are known.
#[derive(Debug)]
pub struct Bases {
    /// Whether the operator names the one address that counts.
    fixed: bool,
    /// Whether users without a picture are shown with one that is made of their initials.
    pictures: bool,
    known: RwLock<Known>,
}

impl Bases {
    /// Creates the table. `public_url` is the address that the operator names; without it, addresses are learnt.
    #[must_use]
    pub fn new(public_url: Option<&str>, pictures: bool) -> Self {
        let addresses = public_url.map(|url| Arc::from(url.trim_end_matches('/'))).into_iter().collect();
        let known = Known { addresses, taught: HashMap::new() };
        Self { fixed: public_url.is_some(), pictures, known: RwLock::new(known) }
    }

    /// Returns whether pictures are made for users who have none.
    #[must_use]
    pub fn makes_pictures(&self) -> bool {
        self.pictures
    }

    /// Returns the base of an address that is known; `None` if the address could be learnt.
    #[must_use]
    pub fn find(&self, address: &Address) -> Option<Base> {
        if self.fixed {
            return Some(Base::of_address(0));
        }
        let Some(base) = &address.base else { return Some(Base::RELATIVE) };
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        match known.addresses.iter().position(|one| **one == **base) {
            Some(at) => Some(Base::of_address(at)),
            None if known.has_room(address.listener, true) => None,
            None => Some(Base::RELATIVE),
        }
    }

    /// Returns the base of an address, which is learnt if it is not known and there is room for it. `identified` says
    /// whether the client has shown who it is.
    #[must_use]
    pub fn learn(&self, address: &Address, identified: bool) -> Base {
        if let Some(found) = self.find(address) {
            return found;
        }
        let Some(base) = &address.base else { return Base::RELATIVE };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = known.addresses.iter().position(|one| **one == **base) {
            return Base::of_address(at);
        }
        if !known.has_room(address.listener, identified) {
            return Base::RELATIVE;
        }
        *known.taught.entry(address.listener).or_default() += 1;
        known.addresses.push(Arc::from(&**base));
        Base::of_address(known.addresses.len() - 1)
    }

    /// Returns the links for readers at an address.
    #[must_use]
    pub fn links(&self, base: Base) -> Links {
        if base == Base::STORED {
            return Links::STORED;
        }
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let address = usize::from(base.0).checked_sub(Base::WITHOUT_ADDRESS).and_then(|at| known.addresses.get(at));
        Links::new(address.cloned(), self.pictures)
    }

    /// Returns a link without the address in front of it, if that is an address of this server.
    fn without_address<'u>(&self, url: &'u str) -> Option<&'u str> {
        if !url.starts_with("http") {
            return None;
        }
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let paths = known.addresses.iter().filter_map(|address| url.strip_prefix(&**address));
        paths.into_iter().find(|path| path.starts_with(FILES_PATH) || path.starts_with(AVATARS_PATH))
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

impl Known {
    fn has_room(&self, listener: Option<SocketAddr>, identified: bool) -> bool {
        let most = if identified { BASES_OF_LISTENER_MAX } else { BASES_OF_STRANGERS_MAX };
        self.addresses.len() < BASES_MAX && self.taught.get(&listener).copied().unwrap_or_default() < most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(listener: u8, base: &str) -> Address {
        let listener = Some(SocketAddr::from(([127, 0, 0, 1], listener.into())));
        Address { listener, base: Some(base.into()) }
    }

    fn avatar_for(bases: &Bases, base: Base) -> String {
        bases.links(base).link("/files/f/s").into_owned()
    }

    #[test]
    fn a_listener_learns_eight_addresses_and_strangers_teach_half() {
        let bases = Bases::new(None, true);
        let taught = |listener, host: usize, identified| {
            let base = bases.learn(&at(listener, &format!("http://h{host}")), identified);
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
    fn all_listeners_together_are_bounded() {
        let bases = Bases::new(None, true);
        for host in 0..u8::MAX {
            let _ = bases.learn(&at(host, &format!("http://h{host}")), true);
        }
        assert_eq!(bases.known.read().expect("readable").addresses.len(), BASES_MAX);
        assert_eq!(bases.learn(&at(7, "http://one-more"), true), Base::RELATIVE);
    }

    #[test]
    fn an_address_of_the_operator_is_the_only_one() {
        let bases = Bases::new(Some("https://chat.example.org/quintet/"), true);
        let base = bases.learn(&at(0, "http://evil.example"), true);
        assert_eq!(avatar_for(&bases, base), "https://chat.example.org/quintet/files/f/s");
        assert_eq!(bases.learn(&Address::default(), false), base);
        assert_eq!(bases.stored("http://evil.example/files/f/s".to_owned()), "http://evil.example/files/f/s");
    }

    #[test]
    fn addresses_are_taken_off_again() {
        let bases = Bases::new(None, true);
        let _ = bases.learn(&at(0, "http://chat.example.org:3000"), true);
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
