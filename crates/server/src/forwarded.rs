//! The address of a client: that of the peer or, behind trusted proxies, the one that they forward.
//!
//! What must stay true: an entry counts only if a trusted proxy wrote it, so that no client chooses its own address;
//! where it is not certain what a proxy meant, its client counts as the proxy. One header is read, the one that the
//! operator names, because proxies pass on the others as clients wrote them.

mod header;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

use http::HeaderMap;
use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};

pub(crate) use self::header::ForwardedHeader;
use self::header::Node;

/// The number of bytes of an unreadable value that the log shows.
const SHOWN_BYTES_MAX: usize = 64;

/// The name of proxies that are reached over Unix sockets.
const UNIX: &str = "unix";

/// A trusted proxy, as the configuration names it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum Proxy {
    /// An address, or a range of addresses in CIDR notation (`10.0.0.0/8`).
    Network(IpNet),
    /// Proxies that are reached over a Unix socket, which have no address. Others write `unix:` for them.
    Unix,
}

impl FromStr for Proxy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` is neither an IP address, nor a network such as 10.0.0.0/8, nor `unix`");
        if text.strip_suffix(':').unwrap_or(text) == UNIX {
            return Ok(Self::Unix);
        }
        let network = match text.contains('/') {
            true => text.parse().map_err(|_| bad())?,
            false => IpNet::from(text.parse::<IpAddr>().map_err(|_| bad())?),
        };
        Ok(Self::Network(canonical(network)))
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

impl TryFrom<String> for Proxy {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(network) if network.prefix_len() == network.max_prefix_len() => {
                write!(f, "{}", network.addr())
            }
            Self::Network(network) => write!(f, "{network}"),
            Self::Unix => f.write_str(UNIX),
        }
    }
}

impl From<Proxy> for String {
    fn from(proxy: Proxy) -> Self {
        proxy.to_string()
    }
}

/// The proxies whose header is trusted, and the name of the header.
#[derive(Debug)]
pub(crate) struct TrustedProxies {
    header: ForwardedHeader,
    networks: Vec<IpNet>,
    /// Whether proxies over Unix sockets are trusted.
    unix: bool,
    /// Whether a value that could not be used was logged.
    logged: AtomicBool,
}

impl TrustedProxies {
    pub(crate) fn new(proxies: &[Proxy], header: ForwardedHeader) -> Self {
        let networks = proxies.iter().filter_map(|proxy| match proxy {
            Proxy::Network(network) => Some(*network),
            Proxy::Unix => None,
        });
        let unix = proxies.contains(&Proxy::Unix);
        Self { header, networks: networks.collect(), unix, logged: AtomicBool::new(false) }
    }

    /// Returns whether an address is that of a trusted proxy.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// Returns whether a peer is a trusted proxy that says that its client came by HTTPS.
    pub(crate) fn is_https(&self, headers: &HeaderMap, peer: IpAddr) -> bool {
        self.contains(peer) && header::is_https(headers, self.header)
    }

    /// Returns the client's address. The header is read from its end, as far as trusted proxies wrote them. If what
    /// they wrote cannot be used, the address of the proxy is, and the first such case is logged.
    pub(crate) fn client_address(&self, headers: &HeaderMap, peer: SocketAddr) -> SocketAddr {
        let (address, unusable) = self.forwarded(headers, peer.ip().to_canonical());
        if let Some(unusable) = unusable
            && !self.logged.swap(true, Ordering::Relaxed)
        {
            log(address, &unusable);
        }
        SocketAddr::new(address, peer.port())
    }

    /// Returns the client's address, and the entry that could not be used, if there is one.
    fn forwarded(&self, headers: &HeaderMap, peer: IpAddr) -> (IpAddr, Option<Unusable>) {
        if !self.contains(peer) {
            return (peer, None);
        }
        match self.header {
            ForwardedHeader::XForwardedFor => self.walk(header::x_forwarded_for(headers), peer),
            ForwardedHeader::Forwarded => self.walk(header::forwarded(headers), peer),
        }
    }

    /// Follows nodes from the one that the peer wrote, as far as trusted proxies wrote them.
    fn walk(&self, nodes: impl Iterator<Item = Node>, peer: IpAddr) -> (IpAddr, Option<Unusable>) {
        let mut address = peer;
        for node in nodes {
            match node {
                Node::Address(next) => address = next.to_canonical(),
                Node::Unix if self.unix => continue,
                Node::Unix => return (address, Some(Unusable::Unix)),
                Node::Unreadable(text) => return (address, Some(Unusable::Unreadable(text))),
            }
            if !self.contains(address) {
                break;
            }
        }
        (address, None)
    }
}

/// What a trusted proxy forwards and no client's address can be taken from.
#[derive(Debug, PartialEq, Eq)]
enum Unusable {
    /// A proxy that was reached over a Unix socket, which is not trusted.
    Unix,
    /// Text that is not an address.
    Unreadable(Vec<u8>),
}

/// Logs that what a trusted proxy forwards is of no use.
fn log(proxy: IpAddr, unusable: &Unusable) {
    let unusable = match unusable {
        Unusable::Unix => {
            tracing::warn!(
                %proxy,
                "a trusted proxy forwards for a proxy over a Unix socket; add `unix` to trusted_proxies if that one is \
                 trusted as well: until then, clients behind it share the rates and bounds of one address; this is logged \
                 once"
            );
            return;
        }
        Unusable::Unreadable(text) => text.as_slice(),
    };
    let shown = String::from_utf8_lossy(unusable.get(..SHOWN_BYTES_MAX).unwrap_or(unusable));
    tracing::warn!(
        %proxy, value = ?shown,
        "a trusted proxy forwards an address that cannot be read: clients that it names so share the rates and bounds of \
         the proxy's own address; this is logged once"
    );
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn proxies(header: ForwardedHeader, trusted: &[&str]) -> TrustedProxies {
        let proxies: Vec<Proxy> = trusted.iter().map(|text| text.parse().expect("a proxy")).collect();
        TrustedProxies::new(&proxies, header)
    }

    fn check(peer: &str, header: &str, trusted: &[&str], expected: &str) {
        check_of(ForwardedHeader::XForwardedFor, peer, header, trusted, expected);
    }

    fn check_of(read: ForwardedHeader, peer: &str, header: &str, trusted: &[&str], expected: &str) {
        let name = match read {
            ForwardedHeader::XForwardedFor => "x-forwarded-for",
            ForwardedHeader::Forwarded => "forwarded",
        };
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_bytes(header.as_bytes()).expect("a header"));
        let peer = SocketAddr::new(peer.parse().expect("an address"), 1);
        let found = proxies(read, trusted).client_address(&headers, peer).ip().to_string();
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
        let shown = |text: &str| text.parse::<Proxy>().map(|proxy| proxy.to_string());
        assert_eq!(shown("10.0.0.0/8").as_deref(), Ok("10.0.0.0/8"));
        assert_eq!(shown("10.0.0.1").as_deref(), Ok("10.0.0.1"));
        assert_eq!((shown("unix").as_deref(), shown("unix:").as_deref()), (Ok("unix"), Ok("unix")));
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
    fn proxies_over_unix_sockets() {
        check("127.0.0.1", "1.1.1.1, unix:", &["127.0.0.1", "unix"], "1.1.1.1");
        check("127.0.0.1", "6.6.6.6, 1.1.1.1, unix:, unix:", &["127.0.0.1", "unix"], "1.1.1.1");
        check("127.0.0.1", "unix:", &["127.0.0.1", "unix"], "127.0.0.1");
        check("127.0.0.1", "1.1.1.1, unix:", &["127.0.0.1"], "127.0.0.1");
    }

    #[test]
    fn the_header_of_rfc_7239() {
        let check = |header: &str, expected: &str| {
            check_of(ForwardedHeader::Forwarded, "127.0.0.1", header, &["127.0.0.1", "10.0.0.0/8"], expected);
        };
        check("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60");
        check("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17");
        check("for=192.0.2.43, for=198.51.100.17", "198.51.100.17");
        check("for=192.0.2.43, for=198.51.100.17;by=10.1.1.1, for=10.1.1.1", "198.51.100.17");
        check("for=unknown", "127.0.0.1");
        check("proto=https", "127.0.0.1");
        // What a client wrote before does not hide what the proxy wrote.
        check("for=_hidden, for=192.0.2.43", "192.0.2.43");
        check_of(ForwardedHeader::Forwarded, "9.9.9.9", "for=192.0.2.43", &["127.0.0.1"], "9.9.9.9");
    }

    #[test]
    fn only_the_named_header_is_read() {
        let headers = [("x-forwarded-for", "1.1.1.1"), ("forwarded", "for=2.2.2.2"), ("x-real-ip", "3.3.3.3")];
        let named = |(name, value): (&str, &'static str)| {
            (name.parse::<http::HeaderName>().expect("a name"), HeaderValue::from_static(value))
        };
        let found = |read, headers: &[(&'static str, &'static str)]| {
            let headers = headers.iter().copied().map(named).collect();
            let (address, unusable) = proxies(read, &["127.0.0.1"]).forwarded(&headers, IpAddr::from([127, 0, 0, 1]));
            (address.to_string(), unusable)
        };
        assert_eq!(found(ForwardedHeader::XForwardedFor, &headers), ("1.1.1.1".to_owned(), None));
        assert_eq!(found(ForwardedHeader::Forwarded, &headers), ("2.2.2.2".to_owned(), None));
        assert_eq!(found(ForwardedHeader::XForwardedFor, &headers[1..]), ("127.0.0.1".to_owned(), None));
        assert_eq!(found(ForwardedHeader::Forwarded, &headers[..1]), ("127.0.0.1".to_owned(), None));
    }

    #[test]
    fn what_cannot_be_read_is_noticed_where_a_proxy_wrote_it() {
        let found = |header: &'static str| {
            let name = "x-forwarded-for".parse().expect("a name");
            let headers = HeaderMap::from_iter([(name, HeaderValue::from_static(header))]);
            let proxies = proxies(ForwardedHeader::XForwardedFor, &["127.0.0.1"]);
            let (_, unusable) = proxies.forwarded(&headers, IpAddr::from([127, 0, 0, 1]));
            unusable
        };
        assert_eq!(found("192.0.2.11, unknown"), Some(Unusable::Unreadable(b"unknown".to_vec())));
        assert_eq!(found("192.0.2.11, unix:"), Some(Unusable::Unix));
        assert_eq!(found("unknown, 192.0.2.11"), None, "the client wrote that");
        assert_eq!(found(""), None);
    }
}
