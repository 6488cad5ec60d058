//! Which pages may use a server: origins, how they are compared, and the policy that all transports and APIs share.
//!
//! What must stay true: an origin is compared by its scheme, host and effective port (RFC 6454, section 5), never as
//! text.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use http::{HeaderMap, HeaderValue, header};

/// The name of the header in which browsers say how the site of a page and that of a request are related (Fetch Metadata,
/// section 2.3).
pub const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// The origin of pages, such as `https://chat.example`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    host: String,
    /// The port, also if it is the default of the scheme; none for schemes without ports, which apps use.
    port: Option<u16>,
}

impl Origin {
    /// Returns the host, in lower case; an IPv6 address in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port, also if it is the default of the scheme; none for schemes without ports.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }
}

/// The error of a text that is not an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnOrigin;

impl fmt::Display for NotAnOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an origin, which is a scheme, a host and perhaps a port, without a path")
    }
}

impl std::error::Error for NotAnOrigin {}

impl FromStr for Origin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let (scheme, authority) = text.split_once("://").ok_or(NotAnOrigin)?;
        let in_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.chars().all(in_scheme) {
            return Err(NotAnOrigin);
        }
        let scheme = scheme.to_ascii_lowercase();
        let (host, port) = host_and_port(authority).ok_or(NotAnOrigin)?;
        let port = port.or(default_port(&scheme));
        Ok(Self { scheme, host, port })
    }
}

/// Returns the port of a scheme that an origin does not write.
fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    }
}

/// Returns the host of an authority in its canonical form, and its port if it has one.
fn host_and_port(authority: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            (format!("[{}]", address.parse::<Ipv6Addr>().ok()?), port)
        }
        None => {
            let (host, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
            let in_host = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
            if host.is_empty() || !host.chars().all(in_host) {
                return None;
            }
            (host.to_ascii_lowercase(), port)
        }
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => None,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits.parse().ok()?),
        _ => return None,
    };
    Some((host, port))
}

/// The origins of pages that may connect to an engine. Browsers name the origin of the page in each request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origins {
    /// Pages of any origin may connect.
    #[default]
    Any,
    /// Pages of the engine's own host may connect, and those of these origins.
    Listed(Vec<Origin>),
}

/// Who sent a request, as far as a browser says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// No page: a program that is no browser, or a person who entered the address.
    NoPage,
    /// A page of a listed origin.
    Listed,
    /// A page of the host that the request is for.
    Own,
    /// A page of any other origin.
    Other,
}

impl Origins {
    /// Returns whether a request may be served: it comes from a page of an allowed origin, or from no page at all.
    ///
    /// `strict` is for a listener that trusts what a client says about its identity. There the origin of a page has to
    /// be listed. A page of the listener's own host is not enough, since any name can be made to resolve to the
    /// listener's address.
    #[must_use]
    pub fn admit(&self, headers: &HeaderMap, strict: bool) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else {
            // A page can send a GET without an origin, but not without this header.
            let site = headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes);
            return !strict || matches!(site, None | Some(b"none"));
        };
        match self {
            Self::Any => !strict,
            Self::Listed(_) => self.lists(origin) || (!strict && is_own(headers, origin, false)),
        }
    }

    /// Returns whether an origin is one of those that are listed. Where any may connect, none is listed.
    #[must_use]
    pub fn lists(&self, origin: &HeaderValue) -> bool {
        match self {
            Self::Any => false,
            Self::Listed(listed) => parsed(origin).is_some_and(|origin| listed.contains(&origin)),
        }
    }

    /// Returns who sent a request. It is decided by the origin, and by `Sec-Fetch-Site` only where there is none:
    /// browsers send an origin with every request that can change something, and with every WebSocket. Without TLS,
    /// browsers send neither with what a page embeds, such as an image; then a `Referer` of a page that may not use the
    /// server counts. One of a page that may says no more than none, because programs write it as well.
    ///
    /// `https` says whether the request is known to have come over TLS. A page that came without TLS, which anybody on
    /// the way may have written, is then not one of the own host.
    #[must_use]
    pub fn sender(&self, headers: &HeaderMap, https: bool) -> Sender {
        if let Some(origin) = headers.get(header::ORIGIN) {
            return match () {
                () if self.lists(origin) => Sender::Listed,
                () if is_own(headers, origin, https) => Sender::Own,
                () => Sender::Other,
            };
        }
        match headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes) {
            None => match referer(headers) {
                Some(page) if !self.lists(&page) && !is_own(headers, &page, https) => Sender::Other,
                Some(_) | None => Sender::NoPage,
            },
            Some(b"none") => Sender::NoPage,
            Some(b"same-origin") => Sender::Own,
            Some(_) => Sender::Other,
        }
    }
}

/// Returns the origin of the page that a request's `Referer` names, as a browser would write it: `null` if it has none.
/// Returns `None` if the request names no page.
pub(crate) fn referer(headers: &HeaderMap) -> Option<HeaderValue> {
    let value = headers.get(header::REFERER).filter(|value| !value.is_empty())?;
    let origin = value.to_str().ok().and_then(|url| {
        let (scheme, rest) = url.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        HeaderValue::try_from(format!("{scheme}://{authority}")).ok()
    });
    Some(origin.unwrap_or(HeaderValue::from_static("null")))
}

fn parsed(origin: &HeaderValue) -> Option<Origin> {
    origin.to_str().ok()?.parse().ok()
}

/// Returns whether an origin is that of the host that a request is for.
fn is_own(headers: &HeaderMap, origin: &HeaderValue, https: bool) -> bool {
    let Some(Origin { scheme, host, port }) = parsed(origin) else { return false };
    let of_web = if https { scheme == "https" } else { matches!(scheme.as_str(), "http" | "https") };
    let own = headers.get(header::HOST).and_then(|own| host_and_port(own.to_str().ok()?));
    of_web && own.is_some_and(|(own, own_port)| own == host && own_port.or(default_port(&scheme)) == port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let named = |name: &&'static str| header::HeaderName::from_static(name);
        pairs.iter().map(|(name, value)| (named(name), HeaderValue::from_static(value))).collect()
    }

    fn listed(origins: &[&str]) -> Origins {
        Origins::Listed(origins.iter().map(|origin| origin.parse().expect("an origin")).collect())
    }

    #[test]
    fn origins_are_compared_by_what_they_mean() {
        let same = |one: &str, other: &str| one.parse::<Origin>().expect(one) == other.parse::<Origin>().expect(other);
        for (one, other) in [
            ("https://chat.example:443", "https://chat.example"),
            ("http://chat.example:80", "http://chat.example"),
            ("HTTPS://Chat.Example", "https://chat.example"),
            ("http://[::1]:3000", "http://[0:0:0:0:0:0:0:1]:3000"),
            ("capacitor://localhost", "capacitor://localhost"),
        ] {
            assert!(same(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("https://chat.example:80", "https://chat.example"),
            ("http://chat.example", "https://chat.example"),
            ("https://chat.example:8443", "https://chat.example"),
            ("capacitor://localhost:443", "capacitor://localhost"),
        ] {
            assert!(!same(one, other), "{one} {other}");
        }
        for bad in [
            "",
            "*",
            "null",
            "chat.example",
            "https://",
            "https://chat.example/",
            "https://a b",
            "https://a@b",
            "https://chat.example:",
            "https://chat.example:x",
            "https://chat.example:65536",
            "https://[::1",
            "://a",
            "https://[a]",
            "1://a",
            "https://b\u{fc}cher.example",
            "https://a:+1",
        ] {
            assert!(bad.parse::<Origin>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_strict_listener_serves_listed_origins_alone() {
        let listed = listed(&["https://chat.example:443"]);
        let of = |origin| headers(&[("origin", origin), ("host", "own.example:3000")]);
        for (origin, any, lists, strict) in [
            ("https://chat.example", true, true, true),
            ("https://chat.example:443", true, true, true),
            ("http://own.example:3000", true, true, false),
            ("https://evil.example", true, false, false),
            ("null", true, false, false),
        ] {
            assert_eq!(Origins::Any.admit(&of(origin), false), any, "{origin}");
            assert!(!Origins::Any.admit(&of(origin), true), "{origin}: nothing is listed");
            assert_eq!(listed.admit(&of(origin), false), lists, "{origin}");
            assert_eq!(listed.admit(&of(origin), true), strict, "{origin}");
        }
        assert!(listed.admit(&headers(&[("origin", "https://own.example"), ("host", "own.example:443")]), false));
    }

    #[test]
    fn what_is_no_page_names_no_origin() {
        for strict in [false, true] {
            assert!(Origins::Any.admit(&HeaderMap::new(), strict));
            assert!(Origins::Any.admit(&headers(&[("sec-fetch-site", "none")]), strict), "typed by its user");
            let hidden = headers(&[("sec-fetch-site", "cross-site")]);
            assert_eq!(Origins::Any.admit(&hidden, strict), !strict, "an image of a page");
        }
    }

    #[test]
    fn who_sent_a_request() {
        let origins = listed(&["https://chat.example"]);
        for (pairs, https, sender) in [
            (&[][..], true, Sender::NoPage),
            (&[("sec-fetch-site", "none")], true, Sender::NoPage),
            (&[("sec-fetch-site", "same-origin")], true, Sender::Own),
            (&[("sec-fetch-site", "same-site")], true, Sender::Other),
            (&[("sec-fetch-site", "cross-site")], true, Sender::Other),
            (&[("origin", "https://chat.example"), ("sec-fetch-site", "cross-site")], true, Sender::Listed),
            (&[("origin", "https://own.example"), ("host", "own.example")], true, Sender::Own),
            (&[("origin", "http://own.example"), ("host", "own.example")], false, Sender::Own),
            (&[("origin", "https://own.example"), ("host", "own.example")], false, Sender::Own),
            (&[("origin", "http://own.example"), ("host", "own.example")], true, Sender::Other),
            (&[("origin", "https://own.example"), ("host", "own.example:8443")], true, Sender::Other),
            // What a page embeds without TLS.
            (&[("referer", "http://evil.example/a?b")], false, Sender::Other),
            (&[("referer", "http://evil.example/http://own.example/"), ("host", "own.example")], false, Sender::Other),
            (&[("referer", "about:blank")], false, Sender::Other),
            (&[("referer", "http://own.example/a"), ("host", "own.example")], true, Sender::Other),
            (&[("referer", "http://own.example/a"), ("host", "own.example")], false, Sender::NoPage),
            (&[("referer", "https://chat.example/a")], false, Sender::NoPage),
            (&[("referer", "")], false, Sender::NoPage),
            (&[("referer", "http://evil.example/"), ("sec-fetch-site", "none")], false, Sender::NoPage),
            (&[("referer", "http://evil.example/"), ("origin", "https://chat.example")], false, Sender::Listed),
            // The origin counts, whatever a proxy in between makes of the rest.
            (&[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")], true, Sender::Other),
            (&[("origin", "null"), ("host", "null")], false, Sender::Other),
        ] {
            assert_eq!(origins.sender(&headers(pairs), https), sender, "{pairs:?}");
        }
    }
}
