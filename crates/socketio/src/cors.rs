//! Cross-origin resource sharing (CORS): which pages may read answers.
//!
//! An allowed origin is echoed, and credentials are allowed, because front ends with `withCredentials: true` accept no
//! other answer. That gives no page more than it could have without: identity is a token that a client sends with
//! purpose, not a cookie that a browser adds by itself. A server that lets cookies identify people must list origins, and
//! only those are allowed credentials then.
//!
//! What must stay true: there is no other place that decides about these headers.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Response, StatusCode};

use crate::Origins;

/// The time in seconds for which a browser may keep the answer to a preflight request: a day. Some keep it for less.
const MAX_AGE_SECONDS: &str = "86400";

/// The methods that pages may use.
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";

/// The headers of answers that pages may read beside those that every page may.
const EXPOSED: &str = "Accept-Ranges, Content-Disposition, Content-Range, ETag, Location, Retry-After, X-Request-Id";

/// The CORS headers of an answer. Computed before the request is handled, so that the request's head need not be kept
/// until then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// The origin of the page that may read the answer.
    allowed: Option<HeaderValue>,
    /// Whether a page that sent credentials may read it.
    credentials: bool,
}

impl Cors {
    /// Returns the headers for a request.
    #[must_use]
    pub fn of(origins: &Origins, request: &HeaderMap) -> Self {
        let Some(origin) = request.get(header::ORIGIN).filter(|_| origins.admit(request, false)) else {
            return Self { allowed: None, credentials: false };
        };
        // A page of the own host needs no permission. A proxy can make a page of any host look like one, so it gets no
        // credentials where origins are listed.
        let credentials = *origins == Origins::Any || origins.lists(origin);
        // Copied, because the header is a slice of the request's whole head.
        Self { allowed: HeaderValue::from_bytes(origin.as_bytes()).ok(), credentials }
    }

    /// Sets the headers of an answer. Setting them twice changes nothing.
    pub fn apply(self, answer: &mut HeaderMap) {
        vary(answer, "Origin");
        let Some(allowed) = self.allowed else { return };
        answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
        if self.credentials {
            answer.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }
}

/// Returns whether a request is a preflight request, by which a browser asks what a page may send.
#[must_use]
pub fn is_preflight(method: &Method, request: &HeaderMap) -> bool {
    method == Method::OPTIONS
        && (request.contains_key(header::ORIGIN) || request.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD))
}

/// Answers a preflight request: pages may use the method and the headers that it names. Whether the page may is decided
/// by [`Cors`].
pub fn preflight<B: Default>(request: &HeaderMap) -> Response<B> {
    let mut answer = Response::new(B::default());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    let headers = answer.headers_mut();
    let asked = |name: HeaderName| request.get(name).map(HeaderValue::as_bytes).unwrap_or_default();
    let method = asked(header::ACCESS_CONTROL_REQUEST_METHOD);
    let known = METHODS.split(", ").any(|known| known.as_bytes() == method);
    let methods = match method {
        [] => Bytes::from_static(METHODS.as_bytes()),
        _ if known => Bytes::from_static(METHODS.as_bytes()),
        method => [METHODS.as_bytes(), b", ", method].concat().into(),
    };
    if let Ok(methods) = HeaderValue::from_maybe_shared(methods) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    }
    let names = asked(header::ACCESS_CONTROL_REQUEST_HEADERS);
    let names = if names.is_empty() { b"Authorization, Content-Type" } else { names };
    if let Ok(names) = HeaderValue::from_bytes(names) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names);
    }
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE_SECONDS));
    vary(headers, "Access-Control-Request-Method");
    vary(headers, "Access-Control-Request-Headers");
    answer
}

/// Adds the name of a header that an answer depends on, unless it is there.
fn vary(answer: &mut HeaderMap, name: &'static str) {
    let known = answer.get_all(header::VARY).iter().filter_map(|value| value.to_str().ok());
    let mut names = known.flat_map(|value| value.split(',')).map(str::trim);
    if !names.any(|known| known == "*" || known.eq_ignore_ascii_case(name)) {
        answer.append(header::VARY, HeaderValue::from_static(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "own.example:3000";

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    /// Returns the allowed origin and whether credentials are allowed, for a page of an origin.
    fn allowed(origins: &Origins, origin: &'static str) -> Option<(String, bool)> {
        let request = headers(&[(header::ORIGIN, origin), (header::HOST, OWN)]);
        let mut answer = HeaderMap::new();
        for _ in 0..2 {
            Cors::of(origins, &request).apply(&mut answer);
        }
        assert_eq!(answer.get_all(header::VARY).iter().collect::<Vec<_>>(), ["Origin"]);
        let allowed = answer.get(header::ACCESS_CONTROL_ALLOW_ORIGIN)?.to_str().expect("text").to_owned();
        Some((allowed, answer.get(header::ACCESS_CONTROL_ALLOW_CREDENTIALS).is_some_and(|value| value == "true")))
    }

    #[test]
    fn allowed_origins_are_echoed() {
        let listed = Origins::Listed(vec!["https://chat.example:443".parse().expect("an origin")]);
        let echoed = |origin: &str, credentials| Some((origin.to_owned(), credentials));
        for origin in ["https://any.example", "null", "http://own.example:3000"] {
            assert_eq!(allowed(&Origins::Any, origin), echoed(origin, true));
        }
        for origin in ["https://chat.example", "https://chat.example:443"] {
            assert_eq!(allowed(&listed, origin), echoed(origin, true));
        }
        // What a proxy forwarded looks like this, whatever page it came from.
        assert_eq!(allowed(&listed, "http://own.example:3000"), echoed("http://own.example:3000", false));
        for other in ["https://chat.example.evil", "http://chat.example", "https://own.example", "null"] {
            assert_eq!(allowed(&listed, other), None, "{other}");
        }
        let mut answer = headers(&[(header::VARY, "Accept, origin")]);
        Cors::of(&Origins::Any, &HeaderMap::new()).apply(&mut answer);
        assert_eq!(answer, headers(&[(header::VARY, "Accept, origin")]), "what is no page needs no permission");
    }

    #[test]
    fn a_preflight_allows_what_it_names() {
        let asked = headers(&[
            (header::ORIGIN, "https://any.example"),
            (header::ACCESS_CONTROL_REQUEST_METHOD, "PATCH"),
            (header::ACCESS_CONTROL_REQUEST_HEADERS, "x-mine,authorization"),
        ]);
        assert!(is_preflight(&Method::OPTIONS, &asked) && !is_preflight(&Method::GET, &asked));
        assert!(!is_preflight(&Method::OPTIONS, &HeaderMap::new()));
        let answer = preflight::<String>(&asked);
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_METHODS], METHODS);
        assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_HEADERS], "x-mine,authorization");
        assert_eq!(answer.headers()[header::ACCESS_CONTROL_MAX_AGE], MAX_AGE_SECONDS);
        let asked = headers(&[(header::ACCESS_CONTROL_REQUEST_METHOD, "REPORT")]);
        let methods = &preflight::<String>(&asked).headers()[header::ACCESS_CONTROL_ALLOW_METHODS].clone();
        assert!(methods.to_str().expect("text").ends_with(", REPORT"));
    }
}
