//! Whose address counts: the peer's, or, behind a proxy that is trusted, the one that it forwards.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::HeaderMap;

/// The client's address. `X-Forwarded-For` is read from its end, as far as trusted proxies wrote it.
pub(crate) fn client_address(headers: &HeaderMap, peer: SocketAddr, trusted: &[IpAddr]) -> SocketAddr {
    let mut address = peer.ip().to_canonical();
    let values = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
    for hop in hops.iter().rev() {
        if !trusted.contains(&address) {
            break;
        }
        let Ok(next) = hop.parse::<IpAddr>() else { break };
        address = next.to_canonical();
    }
    SocketAddr::new(address, peer.port())
}

/// The first 64 bits of an IPv6 address.
const NETWORK: Ipv6Addr = Ipv6Addr::new(0xffff, 0xffff, 0xffff, 0xffff, 0, 0, 0, 0);

/// What counts as one client: an address of IPv4, and of IPv6 the network that a household has (RFC 6177).
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => (six & NETWORK).into(),
        four => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(peer: &str, header: &str, trusted: &[&str], expected: &str) {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", header.parse().expect("a header"));
        let trusted: Vec<IpAddr> = trusted.iter().map(|ip| ip.parse().expect("an address")).collect();
        let peer = SocketAddr::new(peer.parse().expect("an address"), 1);
        assert_eq!(client_address(&headers, peer, &trusted).ip().to_string(), expected);
    }

    #[test]
    fn a_household_is_one_client() {
        let client = |text: &str| network(text.parse().expect("an address")).to_string();
        assert_eq!(client("192.0.2.7"), "192.0.2.7");
        assert_eq!(client("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(client("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }

    #[test]
    fn only_what_a_trusted_proxy_wrote_counts() {
        check("9.9.9.9", "1.1.1.1", &[], "9.9.9.9");
        check("127.0.0.1", "1.1.1.1", &["127.0.0.1"], "1.1.1.1");
        check("127.0.0.1", "6.6.6.6, 1.1.1.1", &["127.0.0.1"], "1.1.1.1");
        check("127.0.0.1", "1.1.1.1, 10.0.0.1", &["127.0.0.1", "10.0.0.1"], "1.1.1.1");
        check("::ffff:127.0.0.1", "1.1.1.1", &["127.0.0.1"], "1.1.1.1");
        check("127.0.0.1", "nonsense", &["127.0.0.1"], "127.0.0.1");
    }
}
