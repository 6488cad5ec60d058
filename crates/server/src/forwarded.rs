//! The address of a client: that of the peer or, behind a trusted proxy, the one that the proxy forwards.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

use http::HeaderMap;
use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};

/// The header in which proxies forward the addresses of their clients.
const HEADER: &str = "x-forwarded-for";
/// The number of bytes of an unreadable value that the log shows.
const SHOWN_BYTES_MAX: usize = 64;

/// The network of a proxy: an address, or a range of addresses in CIDR notation (`10.0.0.0/8`).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Network(IpNet);

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` is neither an IP address nor a network such as 10.0.0.0/8");
        let network = match text.contains('/') {
            true => text.parse().map_err(|_| bad())?,
            false => IpNet::from(text.parse::<IpAddr>().map_err(|_| bad())?),
        };
        Ok(Self(canonical(network)))
    }
}

/// Returns a network in canonical form, in which an IPv4 network written as IPv6 is IPv4. Addresses are compared in
/// canonical form.
fn canonical(network: IpNet) -> IpNet {
    let mapped = match network {
        IpNet::V4(_) => None,
        IpNet::V6(network) => network.addr().to_ipv4_mapped().zip(network.prefix_len().checked_sub(96)),
    };
    let mapped = mapped.and_then(|(address, prefix_len)| Ipv4Net::new(address, prefix_len).ok());
    mapped.map_or(network, IpNet::V4).trunc()
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.prefix_len() == self.0.max_prefix_len() {
            true => write!(f, "{}", self.0.addr()),
            false => write!(f, "{}", self.0),
        }
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

/// The proxies whose `X-Forwarded-For` is trusted.
#[derive(Debug)]
pub(crate) struct TrustedProxies {
    networks: Vec<Network>,
    /// Whether an unreadable value was logged.
    logged: AtomicBool,
}

impl TrustedProxies {
    pub(crate) fn new(networks: Vec<Network>) -> Self {
        Self { networks, logged: AtomicBool::new(false) }
    }

    /// Returns whether an address is that of a trusted proxy.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|Network(network)| network.contains(&address))
    }

    /// Returns the client's address. `X-Forwarded-For` is read from its end, as far as trusted proxies wrote it. If one
    /// of them wrote an unreadable value, the proxy's own address is used, and the first such value is logged.
    pub(crate) fn client_address(&self, headers: &HeaderMap, peer: SocketAddr) -> SocketAddr {
        let (address, unreadable) = self.forwarded(headers, peer.ip().to_canonical());
        if let Some(hop) = unreadable
            && !self.logged.swap(true, Ordering::Relaxed)
        {
            let shown = String::from_utf8_lossy(hop.get(..SHOWN_BYTES_MAX).unwrap_or(hop));
            tracing::warn!(
                proxy = %address,
                value = ?shown,
                "a trusted proxy sends an X-Forwarded-For that cannot be read: clients that it names so share the rates \
                 and bounds of the proxy's own address; this is logged once"
            );
        }
        SocketAddr::new(address, peer.port())
    }

    /// Returns the client's address, and the unreadable entry that ended the search, if any.
    fn forwarded<'h>(&self, headers: &'h HeaderMap, peer: IpAddr) -> (IpAddr, Option<&'h [u8]>) {
        let mut address = peer;
        // Read as bytes, because what a client wrote before a proxy's entry need not be text.
        let values = headers.get_all(HEADER).iter().rev();
        let hops = values.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
        for hop in hops.filter(|hop| !hop.is_empty()) {
            if !self.contains(address) {
                break;
            }
            let Some(next) = parse_hop(hop) else { return (address, Some(hop)) };
            address = next.to_canonical();
        }
        (address, None)
    }
}

/// Parses an address as proxies write it: alone, in brackets, or with a port.
fn parse_hop(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?;
    let alone = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    alone.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn proxies(trusted: &[&str]) -> TrustedProxies {
        TrustedProxies::new(trusted.iter().map(|text| text.parse().expect("a network")).collect())
    }

    fn check(peer: &str, header: &str, trusted: &[&str], expected: &str) {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::from_bytes(header.as_bytes()).expect("a header"));
        let peer = SocketAddr::new(peer.parse().expect("an address"), 1);
        let found = proxies(trusted).client_address(&headers, peer).ip().to_string();
        assert_eq!(found, expected, "{header}");
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

    #[test]
    fn networks_are_trusted_as_a_whole() {
        check("10.1.2.3", "1.1.1.1, 10.255.0.1", &["10.0.0.0/8"], "1.1.1.1");
        check("11.0.0.1", "1.1.1.1", &["10.0.0.0/8"], "11.0.0.1");
        check("2001:db8::7", "1.1.1.1", &["2001:db8::/32"], "1.1.1.1");
        check("10.1.2.3", "1.1.1.1", &["::ffff:10.0.0.0/104"], "1.1.1.1");
        check("10.1.2.3", "1.1.1.1", &["::ffff:10.1.2.3"], "1.1.1.1");
        let shown = |text: &str| text.parse::<Network>().map(|network| network.to_string());
        assert_eq!(shown("10.0.0.0/8").as_deref(), Ok("10.0.0.0/8"));
        assert_eq!(shown("10.0.0.1").as_deref(), Ok("10.0.0.1"));
        for bad in ["10.0.0.0/33", "10.0.0", "proxy.example.org", "/8", ""] {
            assert!(shown(bad).is_err_and(|why| why.contains(&format!("`{bad}`"))), "{bad}");
        }
    }

    #[test]
    fn addresses_may_have_ports() {
        for (header, expected) in [
            ("192.0.2.11:4444", "192.0.2.11"),
            ("[2001:db8::1]:55", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("192.0.2.11,", "192.0.2.11"),
            // An unreadable entry of the client does not hide the proxy's entry.
            ("\u{e4}, 192.0.2.11", "192.0.2.11"),
        ] {
            check("127.0.0.1", header, &["127.0.0.1"], expected);
        }
    }

    #[test]
    fn what_cannot_be_read_is_noticed_where_a_proxy_wrote_it() {
        let found = |header: &'static str| {
            let headers = HeaderMap::from_iter([(HEADER.parse().expect("a name"), HeaderValue::from_static(header))]);
            let (_, unreadable) = proxies(&["127.0.0.1"]).forwarded(&headers, IpAddr::from([127, 0, 0, 1]));
            unreadable.map(|hop| String::from_utf8_lossy(hop).into_owned())
        };
        assert_eq!(found("192.0.2.11, unknown").as_deref(), Some("unknown"));
        assert_eq!(found("unknown, 192.0.2.11"), None, "the client wrote that");
        assert_eq!(found(""), None);
    }
}
