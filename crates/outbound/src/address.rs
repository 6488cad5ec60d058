//! Which addresses are not on the public internet.
//!
//! The table follows the special-purpose registries of IANA for IPv4 and IPv6 (RFC 6890 and its updates). What is global
//! there and leads to no server that a webhook could be for is refused as well.
//!
//! What must stay true: an IPv6 address that stands for an IPv4 address is refused where that one is.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A class of addresses that are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressClass {
    /// No address at all, or "this network".
    Unspecified,
    /// The machine itself.
    Loopback,
    /// A private network.
    Private,
    /// Addresses that providers share among their customers.
    CarrierGrade,
    /// The local link, where clouds have their metadata service.
    LinkLocal,
    /// Addresses for documentation.
    Documentation,
    /// Addresses for measurements between networks.
    Benchmarking,
    /// Several receivers at once.
    Multicast,
    /// All receivers of the link.
    Broadcast,
    /// Addresses that packets are thrown away at.
    Discard,
    /// Addresses that lead through a translator or a tunnel to others that cannot be told.
    Translated,
    /// Reserved for protocols or for later.
    Reserved,
}

impl fmt::Display for AddressClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unspecified => "an unspecified address",
            Self::Loopback => "a loopback address",
            Self::Private => "a private address",
            Self::CarrierGrade => "an address of carrier-grade NAT",
            Self::LinkLocal => "a link-local address",
            Self::Documentation => "an address for documentation",
            Self::Benchmarking => "an address for benchmarks",
            Self::Multicast => "a multicast address",
            Self::Broadcast => "the broadcast address",
            Self::Discard => "an address that discards",
            Self::Translated => "an address of a tunnel or translator",
            Self::Reserved => "a reserved address",
        })
    }
}

use AddressClass::{
    Benchmarking, Broadcast, CarrierGrade, Discard, Documentation, LinkLocal, Loopback, Multicast, Private, Reserved,
    Translated, Unspecified,
};

/// Networks of IPv4: the first address, the length of the prefix, and the class. The first that fits counts.
const IPV4: &[(Ipv4Addr, u32, AddressClass)] = &[
    // RFC 791, section 3.2.
    (Ipv4Addr::new(0, 0, 0, 0), 8, Unspecified),
    // RFC 1918.
    (Ipv4Addr::new(10, 0, 0, 0), 8, Private),
    // RFC 6598.
    (Ipv4Addr::new(100, 64, 0, 0), 10, CarrierGrade),
    // RFC 1122, section 3.2.1.3.
    (Ipv4Addr::new(127, 0, 0, 0), 8, Loopback),
    // RFC 3927.
    (Ipv4Addr::new(169, 254, 0, 0), 16, LinkLocal),
    // RFC 1918.
    (Ipv4Addr::new(172, 16, 0, 0), 12, Private),
    // RFC 5737. It stands in a reserved network.
    (Ipv4Addr::new(192, 0, 2, 0), 24, Documentation),
    // RFC 6890, section 2.1.
    (Ipv4Addr::new(192, 0, 0, 0), 24, Reserved),
    // RFC 7526: the deprecated relays of 6to4.
    (Ipv4Addr::new(192, 88, 99, 0), 24, Translated),
    // RFC 1918.
    (Ipv4Addr::new(192, 168, 0, 0), 16, Private),
    // RFC 2544.
    (Ipv4Addr::new(198, 18, 0, 0), 15, Benchmarking),
    // RFC 5737.
    (Ipv4Addr::new(198, 51, 100, 0), 24, Documentation),
    (Ipv4Addr::new(203, 0, 113, 0), 24, Documentation),
    // RFC 5771.
    (Ipv4Addr::new(224, 0, 0, 0), 4, Multicast),
    // RFC 919.
    (Ipv4Addr::new(255, 255, 255, 255), 32, Broadcast),
    // RFC 1112, section 4.
    (Ipv4Addr::new(240, 0, 0, 0), 4, Reserved),
];

const fn v6(a: u16, b: u16, c: u16) -> Ipv6Addr {
    Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)
}

/// Networks of IPv6, as [`IPV4`]. Those that contain IPv4 addresses are looked at before.
const IPV6: &[(Ipv6Addr, u32, AddressClass)] = &[
    // RFC 4291, section 2.5.
    (Ipv6Addr::UNSPECIFIED, 128, Unspecified),
    (Ipv6Addr::LOCALHOST, 128, Loopback),
    // RFC 8215: a translator of the local network, whose prefix may have any length.
    (v6(0x64, 0xff9b, 1), 48, Translated),
    // RFC 6666.
    (v6(0x100, 0, 0), 64, Discard),
    // RFC 5180.
    (v6(0x2001, 2, 0), 48, Benchmarking),
    // RFC 4380: Teredo.
    (v6(0x2001, 0, 0), 32, Translated),
    // RFC 2928.
    (v6(0x2001, 0, 0), 23, Reserved),
    // RFC 3849.
    (v6(0x2001, 0xdb8, 0), 32, Documentation),
    // RFC 9637.
    (v6(0x3fff, 0, 0), 20, Documentation),
    // RFC 4193.
    (v6(0xfc00, 0, 0), 7, Private),
    // RFC 4291, section 2.5.6.
    (v6(0xfe80, 0, 0), 10, LinkLocal),
    // RFC 3879: the deprecated site-local addresses.
    (v6(0xfec0, 0, 0), 10, Private),
    // RFC 4291, section 2.7.
    (v6(0xff00, 0, 0), 8, Multicast),
];

/// The global unicast addresses of IPv6 (RFC 4291, section 2.4). Everything else is reserved.
const GLOBAL_IPV6: (Ipv6Addr, u32) = (v6(0x2000, 0, 0), 3);

fn is_in_v6(address: Ipv6Addr, (network, prefix): (Ipv6Addr, u32)) -> bool {
    let shift = 128 - prefix;
    address.to_bits() >> shift == network.to_bits() >> shift
}

/// Returns the IPv4 address that an IPv6 address stands for.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = address.to_bits();
    // The bits are cut to those of an IPv4 address on purpose.
    let ending = Ipv4Addr::from_bits(bits as u32);
    // RFC 4291, section 2.5.5: mapped addresses, and the deprecated compatible ones.
    let is_mapped = is_in_v6(address, (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96));
    let is_compatible = is_in_v6(address, (Ipv6Addr::UNSPECIFIED, 96)) && bits > 0xffff;
    // RFC 6052: NAT64. A network without IPv4 reaches the rest of the internet by it.
    let is_nat64 = is_in_v6(address, (v6(0x64, 0xff9b, 0), 96));
    // RFC 3056: 6to4.
    let is_6to4 = is_in_v6(address, (v6(0x2002, 0, 0), 16));
    match (is_mapped || is_compatible || is_nat64, is_6to4) {
        (true, _) => Some(ending),
        (false, true) => Some(Ipv4Addr::from_bits((bits >> 80) as u32)),
        (false, false) => None,
    }
}

/// Returns why an address is refused; `None` if it is one of the public internet.
#[must_use]
pub fn refused(address: IpAddr) -> Option<AddressClass> {
    match address {
        IpAddr::V4(address) => {
            let is_in = |network: Ipv4Addr, prefix: u32| {
                let shift = 32 - prefix;
                address.to_bits() >> shift == network.to_bits() >> shift
            };
            IPV4.iter().find(|(network, prefix, _)| is_in(*network, *prefix)).map(|(.., class)| *class)
        }
        IpAddr::V6(address) => {
            if let Some(address) = embedded(address) {
                return refused(IpAddr::V4(address));
            }
            let found = IPV6.iter().find(|(network, prefix, _)| is_in_v6(address, (*network, *prefix)));
            let class = found.map(|(.., class)| *class);
            class.or_else(|| (!is_in_v6(address, GLOBAL_IPV6)).then_some(Reserved))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first and the last address of each class, and the addresses right beside them.
    #[test]
    fn every_class_of_ipv4_from_its_first_to_its_last_address() {
        for (text, class) in [
            ("0.0.0.0", Some(Unspecified)),
            ("0.255.255.255", Some(Unspecified)),
            ("1.0.0.0", None),
            ("9.255.255.255", None),
            ("10.0.0.0", Some(Private)),
            ("10.255.255.255", Some(Private)),
            ("11.0.0.0", None),
            ("100.63.255.255", None),
            ("100.64.0.0", Some(CarrierGrade)),
            ("100.127.255.255", Some(CarrierGrade)),
            ("100.128.0.0", None),
            ("126.255.255.255", None),
            ("127.0.0.0", Some(Loopback)),
            ("127.255.255.255", Some(Loopback)),
            ("128.0.0.0", None),
            ("169.253.255.255", None),
            ("169.254.0.0", Some(LinkLocal)),
            ("169.254.169.254", Some(LinkLocal)),
            ("169.254.255.255", Some(LinkLocal)),
            ("169.255.0.0", None),
            ("172.15.255.255", None),
            ("172.16.0.0", Some(Private)),
            ("172.31.255.255", Some(Private)),
            ("172.32.0.0", None),
            ("191.255.255.255", None),
            ("192.0.0.0", Some(Reserved)),
            ("192.0.0.255", Some(Reserved)),
            ("192.0.1.0", None),
            ("192.0.2.0", Some(Documentation)),
            ("192.0.2.255", Some(Documentation)),
            ("192.0.3.0", None),
            ("192.88.99.1", Some(Translated)),
            ("192.88.100.0", None),
            ("192.167.255.255", None),
            ("192.168.0.0", Some(Private)),
            ("192.168.255.255", Some(Private)),
            ("192.169.0.0", None),
            ("198.17.255.255", None),
            ("198.18.0.0", Some(Benchmarking)),
            ("198.19.255.255", Some(Benchmarking)),
            ("198.20.0.0", None),
            ("198.51.100.0", Some(Documentation)),
            ("198.51.101.0", None),
            ("203.0.113.255", Some(Documentation)),
            ("203.0.114.0", None),
            ("223.255.255.255", None),
            ("224.0.0.0", Some(Multicast)),
            ("239.255.255.255", Some(Multicast)),
            ("240.0.0.0", Some(Reserved)),
            ("255.255.255.254", Some(Reserved)),
            ("255.255.255.255", Some(Broadcast)),
        ] {
            assert_eq!(refused(text.parse().expect("an address")), class, "{text}");
        }
    }

    #[test]
    fn every_class_of_ipv6() {
        for (text, class) in [
            ("::", Some(Unspecified)),
            ("::1", Some(Loopback)),
            ("::2", Some(Reserved)),
            ("64:ff9b:1::1", Some(Translated)),
            ("64:ff9b:2::1", Some(Reserved)),
            ("100::1", Some(Discard)),
            ("100:0:0:1::1", Some(Reserved)),
            ("1fff:ffff::1", Some(Reserved)),
            ("2000::1", None),
            ("2001::1", Some(Translated)),
            ("2001:1::1", Some(Reserved)),
            ("2001:2::1", Some(Benchmarking)),
            ("2001:1ff::1", Some(Reserved)),
            ("2001:200::1", None),
            ("2001:db7::1", None),
            ("2001:db8::1", Some(Documentation)),
            ("2001:db9::1", None),
            ("2606:4700:4700::1111", None),
            ("3ffe::1", None),
            ("3fff::1", Some(Documentation)),
            ("3fff:1000::1", None),
            ("4000::1", Some(Reserved)),
            ("5f00::1", Some(Reserved)),
            ("fbff::1", Some(Reserved)),
            ("fc00::1", Some(Private)),
            ("fdff::1", Some(Private)),
            ("fe80::1", Some(LinkLocal)),
            ("febf::1", Some(LinkLocal)),
            ("fec0::1", Some(Private)),
            ("ff02::1", Some(Multicast)),
        ] {
            assert_eq!(refused(text.parse().expect("an address")), class, "{text}");
        }
    }

    #[test]
    fn an_ipv6_address_that_stands_for_an_ipv4_address_is_judged_by_that() {
        for form in ["::ffff:{}", "::{}", "64:ff9b::{}"] {
            for (ipv4, class) in [
                ("127.0.0.1", Some(Loopback)),
                ("10.0.0.1", Some(Private)),
                ("169.254.169.254", Some(LinkLocal)),
                ("224.0.0.1", Some(Multicast)),
                ("93.184.216.34", None),
            ] {
                let text = form.replace("{}", ipv4);
                assert_eq!(refused(text.parse().expect("an address")), class, "{text}");
            }
        }
        for (text, class) in
            [("2002:7f00:1::1", Some(Loopback)), ("2002:a00:1::1", Some(Private)), ("2002:5db8:d822::1", None)]
        {
            assert_eq!(refused(text.parse().expect("an address")), class, "{text}");
        }
    }
}
