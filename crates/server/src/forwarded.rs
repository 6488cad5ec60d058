//! Whose address counts: the peer's, or, behind a proxy that is trusted, the one that it forwards.

use std::net::{IpAddr, SocketAddr};

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
    fn only_what_a_trusted_proxy_wrote_counts() {
        check("9.9.9.9", "1.1.1.1", &[], "9.9.9.9");
        check("127.0.0.1", "1.1.1.1", &["127.0.0.1"], "1.1.1.1");
        check("127.0.0.1", "6.6.6.6, 1.1.1.1", &["127.0.0.1"], "1.1.1.1");
        check("127.0.0.1", "1.1.1.1, 10.0.0.1", &["127.0.0.1", "10.0.0.1"], "1.1.1.1");
        check("::ffff:127.0.0.1", "1.1.1.1", &["127.0.0.1"], "1.1.1.1");
        check("127.0.0.1", "nonsense", &["127.0.0.1"], "127.0.0.1");
    }
}
