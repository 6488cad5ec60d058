//! The two headers in which proxies forward the addresses of their clients: `X-Forwarded-For`, a list that is defined
//! nowhere and has `X-Forwarded-Proto` beside it, and `Forwarded` (RFC 7239).
//!
//! What must stay true: entries are returned from the last one on, because each proxy appends its own; what a client wrote
//! before does not change how a proxy's entry is read, unless both are in one value and the client opened a quote.

use std::net::{IpAddr, Ipv4Addr};

use http::{HeaderMap, HeaderName, header};
use serde::{Deserialize, Serialize};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The header in which trusted proxies forward who their clients are. The other one is not read at all.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ForwardedHeader {
    /// `X-Forwarded-For`, with `X-Forwarded-Proto` beside it.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// The client of a proxy, as the proxy names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// The client has this address.
    Address(IpAddr),
    /// The client came over a Unix socket.
    Unix,
    /// The text is neither, such as the name that RFC 7239 allows in place of an address.
    Unreadable(Vec<u8>),
}

impl Node {
    fn parse(text: &[u8]) -> Self {
        let read = std::str::from_utf8(text).ok();
        match read {
            Some("unix:" | "unix") => Self::Unix,
            Some(read) => parse_address(read).map_or_else(|| Self::Unreadable(text.to_vec()), Self::Address),
            None => Self::Unreadable(text.to_vec()),
        }
    }
}

/// Parses an address as proxies write it: alone, in brackets, or with a port.
fn parse_address(text: &str) -> Option<IpAddr> {
    // A zone, as in `fe80::1%eth0`, means something on the proxy's machine only.
    let address = |text: &str| text.split('%').next().and_then(|text| text.parse::<IpAddr>().ok());
    if let Some(rest) = text.strip_prefix('[') {
        let (inside, behind) = rest.split_once(']')?;
        return address(inside).filter(|_| behind.is_empty() || behind.strip_prefix(':').is_some_and(is_port));
    }
    address(text).or_else(|| {
        let (before, port) = text.split_once(':')?;
        before.parse::<Ipv4Addr>().ok().filter(|_| is_port(port)).map(IpAddr::V4)
    })
}

/// Returns whether a text is a port, or a name in place of one (RFC 7239, section 6).
fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok() || text.starts_with('_')
}

/// Returns the entries of `X-Forwarded-For`, from the last one on. Empty entries are left out.
pub(super) fn x_forwarded_for(headers: &HeaderMap) -> impl Iterator<Item = Node> + '_ {
    // Read as bytes, because what a client wrote before a proxy's entry need not be text.
    let values = headers.get_all(X_FORWARDED_FOR).iter().rev();
    let entries = values.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    entries.filter(|entry| !entry.is_empty()).map(Node::parse)
}

/// Returns the clients in the elements of `Forwarded`, from the last element on. An element without `for` is unreadable,
/// and so is a value that breaks the grammar.
pub(super) fn forwarded(headers: &HeaderMap) -> impl Iterator<Item = Node> + '_ {
    let values = headers.get_all(header::FORWARDED).iter().rev();
    values.flat_map(|value| {
        let value = value.as_bytes().trim_ascii();
        let nodes = elements(value).unwrap_or_else(|| vec![Node::Unreadable(value.to_vec())]);
        nodes.into_iter().rev()
    })
}

/// Returns whether a proxy says that its client came by HTTPS. With several proxies the first value is that of the proxy
/// that clients reach. A client can write it as well, and then it lies to itself alone.
pub(super) fn is_https(headers: &HeaderMap, read: ForwardedHeader) -> bool {
    let first = |name: HeaderName| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.and_then(|text| text.split(',').next()).map(str::trim)
    };
    let proto = match read {
        ForwardedHeader::XForwardedFor => first(X_FORWARDED_PROTO),
        ForwardedHeader::Forwarded => first(header::FORWARDED).and_then(|element| {
            let mut pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
            let (_, proto) = pairs.find(|(name, _)| name.eq_ignore_ascii_case("proto"))?;
            Some(proto.trim_matches('"'))
        }),
    };
    proto.is_some_and(|proto| proto.eq_ignore_ascii_case("https") || proto.eq_ignore_ascii_case("wss"))
}

/// Returns the clients in the elements of one value, in order, or `None` if the value breaks the grammar.
fn elements(value: &[u8]) -> Option<Vec<Node>> {
    let mut nodes = Vec::new();
    for element in split(value, b',')? {
        let element = element.trim_ascii();
        if element.is_empty() {
            continue;
        }
        let mut node = None;
        for pair in split(element, b';')? {
            let pair = pair.trim_ascii();
            if pair.is_empty() {
                continue;
            }
            let at = pair.iter().position(|byte| *byte == b'=')?;
            let (name, text) = (pair[..at].trim_ascii(), pair[at + 1..].trim_ascii());
            if name.eq_ignore_ascii_case(b"for") && node.replace(Node::parse(&unquoted(text))).is_some() {
                return None;
            }
        }
        nodes.push(node.unwrap_or_else(|| Node::Unreadable(element.to_vec())));
    }
    Some(nodes)
}

/// Splits at a separator that is not within quotes. Returns `None` if a quote is not closed.
fn split(value: &[u8], separator: u8) -> Option<Vec<&[u8]>> {
    let (mut parts, mut start, mut is_quoted, mut is_escaped) = (Vec::new(), 0, false, false);
    for (at, byte) in value.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            _ if *byte == separator && !is_quoted => {
                parts.push(&value[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&value[start..]);
    (!is_quoted).then_some(parts)
}

/// Returns the text within quotes, without the backslashes that escape in it, or a text without quotes as it is.
fn unquoted(text: &[u8]) -> Vec<u8> {
    let Some(inside) = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")) else { return text.to_vec() };
    let mut bytes = inside.iter();
    let mut plain = Vec::with_capacity(inside.len());
    while let Some(byte) = bytes.next() {
        plain.push(if *byte == b'\\' { *bytes.next().unwrap_or(byte) } else { *byte });
    }
    plain
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(values: &[&'static str]) -> Vec<Node> {
        let lines = values.iter().map(|value| (header::FORWARDED, HeaderValue::from_static(value)));
        forwarded(&lines.collect()).collect()
    }

    fn address(text: &str) -> Node {
        Node::Address(text.parse().expect("an address"))
    }

    fn unreadable(text: &str) -> Node {
        Node::Unreadable(text.as_bytes().to_vec())
    }

    #[test]
    fn elements_are_read_from_the_last_one_on() {
        assert_eq!(of(&["for=1.1.1.1, for=2.2.2.2", "for=3.3.3.3"]), ["3.3.3.3", "2.2.2.2", "1.1.1.1"].map(address));
        assert_eq!(of(&[r#"by="a,b;for=6.6.6.6";FOR="[2001:db8::1]:80""#]), [address("2001:db8::1")]);
        assert_eq!(of(&[r#"for="1.1.\1.1:_p""#, "for=[2001:db8::1]", ", ,"]), ["2001:db8::1", "1.1.1.1"].map(address));
        assert_eq!(of(&["for=\"unix:\""]), [Node::Unix]);
        for bad in ["for=unknown", "for=\"_gazonk\"", "for=\"1.1.1.1"] {
            assert!(matches!(of(&[bad])[..], [Node::Unreadable(_)]), "{bad}");
        }
        assert_eq!(of(&["for=1.1.1.1;for=2.2.2.2"]), [unreadable("for=1.1.1.1;for=2.2.2.2")]);
        assert_eq!(of(&["nonsense"]), [unreadable("nonsense")]);
        assert_eq!(of(&["for=\"6.6.6.6", "for=1.1.1.1"])[0], address("1.1.1.1"), "each value is read alone");
    }

    #[test]
    fn a_proxy_says_how_its_client_came() {
        use ForwardedHeader::{Forwarded, XForwardedFor};
        for (read, name, value, expected) in [
            (XForwardedFor, X_FORWARDED_PROTO, "https", true),
            (XForwardedFor, X_FORWARDED_PROTO, "HTTPS, http", true),
            (XForwardedFor, X_FORWARDED_PROTO, "wss", true),
            (XForwardedFor, X_FORWARDED_PROTO, "http", false),
            (XForwardedFor, X_FORWARDED_PROTO, "nonsense", false),
            (XForwardedFor, header::FORWARDED, "proto=https", false),
            (Forwarded, X_FORWARDED_PROTO, "https", false),
            (Forwarded, header::FORWARDED, "for=192.0.2.1;proto=https", true),
            (Forwarded, header::FORWARDED, "Proto=\"HTTPS\"; for=192.0.2.1, proto=http", true),
            (Forwarded, header::FORWARDED, "for=192.0.2.1;proto=http, proto=https", false),
            (Forwarded, header::FORWARDED, "for=192.0.2.1", false),
        ] {
            let headers = HeaderMap::from_iter([(name, HeaderValue::from_static(value))]);
            assert_eq!(is_https(&headers, read), expected, "{read:?} {value}");
        }
    }

    #[test]
    fn addresses() {
        for (text, expected) in [
            ("192.0.2.11:4444", "192.0.2.11"),
            ("[2001:db8::1]:55", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%eth0]:1", "fe80::1"),
        ] {
            assert_eq!(Node::parse(text.as_bytes()), address(expected), "{text}");
        }
        for text in
            ["192.0.2.11:", "192.0.2.11:99999", "[2001:db8::1", "[2001:db8::1]x", "example.org", "1.1.1.1 2.2.2.2"]
        {
            assert_eq!(Node::parse(text.as_bytes()), unreadable(text), "{text}");
        }
    }
}
