//! The origin policy that all transports and the API share.

use http::{HeaderMap, HeaderValue, header};

/// The header in which browsers describe where a request without an origin comes from (Fetch Metadata, section 2.3).
const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// The origins of pages that may connect to an engine. Browsers name the origin of the page in each request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origins {
    /// Pages of any origin may connect.
    #[default]
    Any,
    /// Pages of the engine's own host may connect, and those of these origins, such as `https://chat.example`, without
    /// a path.
    Listed(Vec<String>),
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
            Self::Listed(listed) => {
                let is_listed = listed.iter().any(|listed| listed.as_bytes() == origin.as_bytes());
                is_listed || (!strict && is_own(headers, origin.as_bytes()))
            }
        }
    }
}

/// Returns whether an origin is that of the host that the request is for.
fn is_own(headers: &HeaderMap, origin: &[u8]) -> bool {
    let host = headers.get(header::HOST).map(HeaderValue::as_bytes);
    let own = origin.strip_prefix(b"https://").or_else(|| origin.strip_prefix(b"http://"));
    own.is_some() && own == host
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let named = |name: &&'static str| header::HeaderName::from_static(name);
        pairs.iter().map(|(name, value)| (named(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_strict_listener_serves_listed_origins_alone() {
        let listed = Origins::Listed(vec!["https://chat.example".to_owned()]);
        let of = |origin| headers(&[("origin", origin), ("host", "own.example:3000")]);
        for (origin, any, lists, strict) in [
            ("https://chat.example", true, true, true),
            ("http://own.example:3000", true, true, false),
            ("https://evil.example", true, false, false),
            ("null", true, false, false),
        ] {
            assert_eq!(Origins::Any.admit(&of(origin), false), any, "{origin}");
            assert!(!Origins::Any.admit(&of(origin), true), "{origin}: nothing is listed");
            assert_eq!(listed.admit(&of(origin), false), lists, "{origin}");
            assert_eq!(listed.admit(&of(origin), true), strict, "{origin}");
        }
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
}
