//! The cookie in which a token may come, if the operator says so (`[auth] cookie`).
//!
//! A browser adds the cookie to requests of any page, so a request counts as its user's only if no foreign page sent it
//! (cross-site request forgery, and the hijacking of WebSockets across sites). Requests without any sign of a page come
//! from programs, which send the cookie with purpose: browsers name the origin in whatever can change something. Without
//! TLS, a page can hide behind what it embeds, so a browser that names no page opens no connection by the cookie.
//!
//! What must stay true: the cookie of a request that a foreign page sent is not looked at, and a foreign page can
//! neither change anything nor open a connection; the name of a cookie is compared as the browser sent it, because its
//! prefix (`__Host-`) is what browsers check.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};

use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, Method, header};
use percent_encoding::percent_decode_str;
use quintet_domain::Timestamp;
use quintet_domain::limits::TOKEN_BYTES_MAX;
use quintet_input::{authorization, query};
use quintet_rest::CookieChange;
use quintet_service::CookieToken;
use quintet_socketio::{Origin, Origins, SEC_FETCH_SITE, Sender};

/// The cookie of a server, and the pages that may use it.
pub(crate) struct TokenCookie {
    name: String,
    origins: Origins,
    /// Whether it was logged that browsers drop the cookie.
    drop_logged: AtomicBool,
}

/// A request, as far as the cookie is concerned.
pub(crate) struct Visit {
    sender: Sender,
    /// Whether the request came over TLS, as far as this server knows.
    https: bool,
    /// Whether the page is of another site than this server, which browsers allow only with a `Secure` cookie.
    cross_site: bool,
    /// Whether its path is one of connections.
    connects: bool,
    /// Whether it opens a connection, rather than going on with one.
    opens: bool,
    /// The tokens, unless a foreign page sent the request.
    token: Option<CookieToken>,
}

impl TokenCookie {
    pub(crate) fn new(name: String, origins: Origins) -> Self {
        Self { name, origins, drop_logged: AtomicBool::new(false) }
    }

    /// Reads what a request says about itself. `https` says whether it is known to have come over TLS, `connects`
    /// whether its path is one of connections.
    pub(crate) fn visit(&self, headers: &HeaderMap, query: Option<&str>, https: bool, connects: bool) -> Visit {
        let query = query.unwrap_or_default();
        let sender = self.origins.sender(headers, https);
        let token = match sender {
            Sender::Other => None,
            // A script of any page can read the answer, and older browsers say nothing of the page.
            Sender::NoPage if is_jsonp(query) => None,
            // Any page can embed the address, and hide itself.
            Sender::NoPage if connects && is_silent_browser(headers) => None,
            Sender::NoPage | Sender::Own | Sender::Listed => self.token(headers),
        };
        let cross_site = sender == Sender::Listed && is_cross_site(headers);
        let opens = connects && query::first(query, "sid").is_none();
        Visit { sender, https, cross_site, connects, opens, token }
    }

    /// Returns the tokens of the cookies of the name. Values may be percent-encoded, and begin with `Bearer`.
    fn token(&self, headers: &HeaderMap) -> Option<CookieToken> {
        let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        // Names are not decoded: `__%48ost-` is a name that any host of the domain can set.
        let named = values.flat_map(Cookie::split_parse).filter_map(Result::ok).filter(|one| one.name() == self.name);
        CookieToken::of(named.filter_map(|cookie| {
            let value = percent_decode_str(cookie.value()).decode_utf8().ok()?;
            let token = authorization::without_scheme(&value).trim();
            (!token.is_empty() && token.len() <= TOKEN_BYTES_MAX).then(|| token.into())
        }))
    }

    /// Sets or clears the cookie as an answer says, or as the check of its token did.
    pub(crate) fn complete(
        &self,
        visit: &Visit,
        now: Timestamp,
        change: Option<&CookieChange>,
        answer: &mut HeaderMap,
    ) {
        if visit.token.is_some() {
            // Caches keep answers to requests without an `Authorization` for everybody.
            answer.append(header::VARY, HeaderValue::from_static("Cookie"));
            answer.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
        }
        let stale = visit.token.as_ref().is_some_and(CookieToken::is_stale);
        let cookie = match change {
            Some(CookieChange::Set(token)) => {
                self.log_if_dropped(visit);
                self.made(visit, &token.text, token.expires_at.0 - now.0)
            }
            Some(CookieChange::Replace(token)) if visit.token.is_some() => {
                self.made(visit, &token.text, token.expires_at.0 - now.0)
            }
            Some(CookieChange::Clear) => self.cleared(visit),
            Some(CookieChange::Replace(_)) | None if stale => self.cleared(visit),
            Some(CookieChange::Replace(_)) | None => return,
        };
        if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
            answer.append(header::SET_COOKIE, value);
        }
    }

    /// Returns the cookie with a token that is valid for a number of milliseconds.
    fn made<'c>(&'c self, visit: &Visit, token: &'c str, valid_ms: i64) -> Cookie<'c> {
        // `None` makes a browser send the cookie with requests of all pages, which only a listed page of another site
        // needs; and browsers take such a cookie over TLS alone.
        let same_site = if visit.cross_site && visit.https { SameSite::None } else { SameSite::Lax };
        Cookie::build((Cow::Borrowed(self.name.as_str()), Cow::Borrowed(token)))
            .path("/")
            .http_only(true)
            .same_site(same_site)
            .secure(visit.https)
            .max_age(Duration::milliseconds(valid_ms.max(0)))
            .build()
    }

    /// Logs once that browsers drop the cookie that is being set: its name asks for TLS, and the request is not known to
    /// have come over it.
    fn log_if_dropped(&self, visit: &Visit) {
        let asks = |prefix: &str| self.name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        if !visit.https && (asks("__Host-") || asks("__Secure-")) && !self.drop_logged.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                cookie = self.name,
                "browsers drop this cookie, because the log-in is not known to have come over TLS: serve TLS, or list the \
                 proxy in [limits] trusted_proxies and let it send X-Forwarded-Proto; this is logged once"
            );
        }
    }

    /// Returns the cookie that removes an earlier one. It has the same attributes, without which browsers ignore it.
    fn cleared(&self, visit: &Visit) -> Cookie<'_> {
        let mut cookie = self.made(visit, "", 0);
        cookie.make_removal();
        cookie
    }
}

impl Visit {
    /// Returns whether the request is refused: a foreign page sent it, and it could change something or open a
    /// connection.
    pub(crate) fn is_refused(&self, method: &Method) -> bool {
        self.sender == Sender::Other && *method != Method::OPTIONS && (self.connects || !method.is_safe())
    }

    /// Whether the request opens a connection, rather than going on with one.
    pub(crate) fn opens(&self) -> bool {
        self.opens
    }

    /// Returns the token of the cookie, if the request may use it.
    pub(crate) fn token(&self) -> Option<&CookieToken> {
        self.token.as_ref()
    }
}

/// Returns whether a request asks for a script as its answer, as the polling of old clients does.
fn is_jsonp(query: &str) -> bool {
    query::first(query, "j").is_some()
}

/// Returns whether a browser sent a request, by the name that all of them begin with, and says nothing of the page.
fn is_silent_browser(headers: &HeaderMap) -> bool {
    let is_browser = headers.get(header::USER_AGENT).is_some_and(|agent| agent.as_bytes().starts_with(b"Mozilla/"));
    let names_page = [header::ORIGIN.as_str(), SEC_FETCH_SITE].iter().any(|name| headers.contains_key(*name));
    is_browser && !names_page && headers.get(header::REFERER).is_none_or(HeaderValue::is_empty)
}

/// Returns whether a page is of another site than the host that it calls. Older browsers do not say so: then the hosts
/// are compared, and those of one site that differ count as two, which costs nothing but a wider cookie.
fn is_cross_site(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return site == "cross-site";
    }
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let page = text(header::ORIGIN).and_then(|origin| origin.parse::<Origin>().ok());
    let own = text(header::HOST).and_then(|host| format!("http://{host}").parse::<Origin>().ok());
    page.as_ref().map(Origin::host) != own.as_ref().map(Origin::host)
}

#[cfg(test)]
mod tests {
    use quintet_rest::Token;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let named = |name: &&'static str| header::HeaderName::from_static(name);
        pairs.iter().map(|(name, value)| (named(name), HeaderValue::from_static(value))).collect()
    }

    fn token_cookie() -> TokenCookie {
        let listed = ["https://chat.example", "http://localhost:5173"];
        let listed = listed.iter().map(|origin| origin.parse().expect("an origin")).collect();
        TokenCookie::new("token".to_owned(), Origins::Listed(listed))
    }

    const LISTED: (&str, &str) = ("origin", "https://chat.example");
    const OTHER: (&str, &str) = ("origin", "https://evil.example");

    #[test]
    fn the_token_of_a_foreign_page_is_not_looked_at() {
        let cookie = token_cookie();
        let found = |pairs: &[_]| {
            cookie.visit(&headers(pairs), None, false, false).token().map(|token| token.token().to_owned())
        };
        let sent = ("cookie", "a=b; tok%65n=bad; token=; token=x.y.z; token=other");
        assert_eq!(found(&[sent]).as_deref(), Some("x.y.z"));
        assert_eq!(found(&[sent, LISTED]).as_deref(), Some("x.y.z"));
        assert_eq!(found(&[sent, ("sec-fetch-site", "same-origin")]).as_deref(), Some("x.y.z"));
        assert_eq!(found(&[("cookie", "token=Bearer%20x.y.z")]).as_deref(), Some("x.y.z"));
        for pairs in [
            &[sent, OTHER][..],
            &[sent, ("origin", "null")],
            &[sent, ("sec-fetch-site", "cross-site")],
            &[sent, ("sec-fetch-site", "same-site")],
            &[("cookie", "token=; other=x")],
            &[("cookie", "tokens=x")],
            &[],
        ] {
            assert_eq!(found(pairs), None, "{pairs:?}");
        }
        let as_script =
            |query: &str, pairs: &[_]| cookie.visit(&headers(pairs), Some(query), false, true).token().is_some();
        for query in ["EIO=3&j=0&t=x", "EIO=3&%6a=0", "j"] {
            assert!(!as_script(query, &[sent]), "{query}: an older browser may have sent it for any page");
            assert!(as_script(query, &[sent, ("sec-fetch-site", "same-origin")]));
        }
        let connects = |pairs: &[_]| cookie.visit(&headers(pairs), None, false, true).token().is_some();
        let browser = ("user-agent", "Mozilla/5.0 (X11)");
        assert!(!connects(&[sent, browser]), "a page may have embedded it and hidden itself");
        assert!(connects(&[sent, browser, ("referer", "https://chat.example/")]));
        assert!(connects(&[sent, browser, LISTED]) && connects(&[sent, ("user-agent", "node")]));
    }

    #[test]
    fn foreign_pages_change_nothing_and_open_nothing() {
        let refused = |pairs: &[_], method: &Method, connects| {
            token_cookie().visit(&headers(pairs), None, false, connects).is_refused(method)
        };
        for foreign in [
            OTHER,
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("referer", "http://evil.example/"),
        ] {
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                assert!(refused(&[foreign], &method, false), "{foreign:?} {method}");
            }
            assert!(refused(&[foreign], &Method::GET, true), "a handshake");
            assert!(!refused(&[foreign], &Method::GET, false) && !refused(&[foreign], &Method::OPTIONS, true));
        }
        for own in [&[LISTED][..], &[("origin", "http://own.example"), ("host", "own.example")], &[]] {
            assert!(!refused(own, &Method::POST, false) && !refused(own, &Method::GET, true), "{own:?}");
        }
    }

    /// Returns the header that an answer sets, for a request with these headers.
    fn set(pairs: &[(&'static str, &'static str)], https: bool, change: Option<&CookieChange>) -> Option<String> {
        let (cookie, mut answer) = (token_cookie(), HeaderMap::new());
        cookie.complete(&cookie.visit(&headers(pairs), None, https, false), Timestamp(0), change, &mut answer);
        answer.get(header::SET_COOKIE).map(|value| value.to_str().expect("text").to_owned())
    }

    #[test]
    fn the_attributes_fit_the_page() {
        let token = || Token { text: "x.y.z".to_owned(), expires_at: Timestamp(60_000) };
        let change = CookieChange::Set(token());
        let made = |pairs: &[_], https| set(pairs, https, Some(&change)).expect("set");
        let near = "token=x.y.z; HttpOnly; SameSite=Lax; Path=/; Max-Age=60";
        let near_by_tls = "token=x.y.z; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60";
        let far = "token=x.y.z; HttpOnly; SameSite=None; Secure; Path=/; Max-Age=60";
        let host = ("host", "api.example");
        assert_eq!(made(&[], false), near);
        assert_eq!(made(&[host, LISTED], true), far);
        assert_eq!(made(&[host, LISTED, ("sec-fetch-site", "cross-site")], true), far);
        assert_eq!(made(&[host, LISTED, ("sec-fetch-site", "same-site")], true), near_by_tls);
        assert_eq!(made(&[("host", "chat.example:8443"), LISTED], true), near_by_tls);
        assert_eq!(made(&[host, LISTED, ("sec-fetch-site", "cross-site")], false), near, "without TLS");
        assert_eq!(
            made(&[host, ("origin", "https://api.example"), ("sec-fetch-site", "same-origin")], true),
            near_by_tls
        );

        let replace = CookieChange::Replace(token());
        assert_eq!(set(&[], false, Some(&replace)), None, "a client that has its token elsewhere");
        assert_eq!(set(&[("cookie", "token=old")], false, Some(&replace)).as_deref(), Some(near));
        let cleared = set(&[host, LISTED], true, Some(&CookieChange::Clear)).expect("cleared");
        assert!(
            cleared.starts_with("token=; HttpOnly; SameSite=None; Secure; Path=/; Max-Age=0; Expires="),
            "{cleared}"
        );
        assert_eq!(set(&[("cookie", "token=old")], false, None), None);
    }

    #[test]
    fn answers_to_a_cookie_are_not_kept_for_others() {
        let (cookie, mut answer) = (token_cookie(), HeaderMap::new());
        cookie.complete(
            &cookie.visit(&headers(&[("cookie", "token=x")]), None, false, false),
            Timestamp(0),
            None,
            &mut answer,
        );
        assert_eq!(answer, headers(&[("vary", "Cookie"), ("cache-control", "private, no-cache")]));
    }
}
