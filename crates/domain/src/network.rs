//! The keys by which rates count addresses: the address itself for IPv4, the network of a household for IPv6.

use std::net::{IpAddr, Ipv6Addr};

/// The mask of the first 64 bits of an IPv6 address: the network of one household or server (RFC 6177).
const NETWORK: Ipv6Addr = Ipv6Addr::new(0xffff, 0xffff, 0xffff, 0xffff, 0, 0, 0, 0);
/// The mask of the first 48 bits of an IPv6 address: the network of one organisation, which anybody can rent.
const SITE: Ipv6Addr = Ipv6Addr::new(0xffff, 0xffff, 0xffff, 0, 0, 0, 0, 0);

/// Returns the network of an address: the address itself for IPv4, its first 64 bits for IPv6.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(four) => four.into(),
        IpAddr::V6(six) => (six & NETWORK).into(),
    }
}

/// Returns the site of an address: its first 48 bits for IPv6; none for IPv4.
#[must_use]
pub fn site(address: IpAddr) -> Option<IpAddr> {
    match address.to_canonical() {
        IpAddr::V4(_) => None,
        IpAddr::V6(six) => Some((six & SITE).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_household_are_one() {
        let networks = |text: &str| {
            let address = text.parse().expect("an address");
            (network(address).to_string(), site(address).map(|site| site.to_string()))
        };
        assert_eq!(networks("192.0.2.7"), ("192.0.2.7".to_owned(), None));
        assert_eq!(networks("::ffff:192.0.2.7"), ("192.0.2.7".to_owned(), None));
        assert_eq!(networks("2001:db8:1:2:3:4:5:6"), ("2001:db8:1:2::".to_owned(), Some("2001:db8:1::".to_owned())));
    }
}
