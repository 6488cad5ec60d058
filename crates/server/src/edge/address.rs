//! The address by which a client reached this server, from the head of its request.
//!
//! What must stay true: whatever a client writes into its head, the address is well-formed and short.

use http::{HeaderMap, Uri, header};
use quintet_domain::limits::PUBLIC_URL_BYTES_MAX;
use quintet_service::Address;
use quintet_socketio::Origin;

use crate::listen::Listen;

/// Returns the address by which a client reached this server. `https` says whether its request is known to have come over
/// TLS.
pub(crate) fn address(listen: Listen, uri: &Uri, headers: &HeaderMap, https: bool) -> Address {
    let scheme = if https { "https" } else { "http" };
    let base = host(uri, headers).map(|host| {
        let default = if scheme == "https" { ":443" } else { ":80" };
        format!("{scheme}://{}", host.strip_suffix(default).unwrap_or(&host)).into()
    });
    Address { listener: Some(listen.address), base }
}

/// Returns the host of a request in lower case; `None` if there is none, or not exactly one, or if it is malformed.
fn host(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let mut named = headers.get_all(header::HOST).iter();
    let text = match uri.authority() {
        // RFC 9112, section 3.2.2: the target of a request comes before its `Host`.
        Some(authority) => authority.as_str(),
        None => named.next().filter(|_| named.next().is_none())?.to_str().ok()?,
    };
    let text = text.to_ascii_lowercase();
    is_host(&text).then_some(text)
}

/// Checks the address under which clients reach this server: links are made by putting it in front of a path.
pub(crate) fn check_public_url(url: &str) -> Result<(), String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let plain = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte));
    if is_host(host) && plain && url.len() <= PUBLIC_URL_BYTES_MAX {
        return Ok(());
    }
    Err(format!(
        "public_url `{url}` is not an address; write it like `https://chat.example.org`, in lower case, with a path if a \
         proxy adds one, and without `?` and `#`"
    ))
}

/// Returns whether a text is a host in lower case: a name or an IP address, and a port if there is one.
fn is_host(text: &str) -> bool {
    let is_short = text.len() <= PUBLIC_URL_BYTES_MAX / 2;
    let is_lower = !text.starts_with('.') && !text.bytes().any(|byte| byte.is_ascii_uppercase());
    is_short && is_lower && format!("http://{text}").parse::<Origin>().is_ok_and(|origin| origin.port() != Some(0))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn base(headers: &[(&'static str, &str)], https: bool) -> Option<String> {
        let headers = headers.iter().map(|(name, value)| {
            (name.parse().expect("a name"), HeaderValue::from_bytes(value.as_bytes()).expect("a value"))
        });
        let mut map = HeaderMap::new();
        headers.for_each(|(name, value): (http::HeaderName, _)| {
            map.append(name, value);
        });
        address(Listen::default(), &Uri::from_static("/"), &map, https).base.map(String::from)
    }

    #[test]
    fn the_host_of_a_request_is_its_address() {
        for (host, expected) in [
            ("chat.example.org", Some("http://chat.example.org")),
            ("Chat.Example.ORG:8080", Some("http://chat.example.org:8080")),
            ("chat.example.org:80", Some("http://chat.example.org")),
            ("chat.example.org:443", Some("http://chat.example.org:443")),
            ("127.0.0.1:3000", Some("http://127.0.0.1:3000")),
            ("[::1]:3000", Some("http://[::1]:3000")),
            ("[::1]", Some("http://[::1]")),
            ("chat_1:3000", Some("http://chat_1:3000")),
            ("", None),
            (":80", None),
            ("a b", None),
            ("a/b", None),
            ("a@b", None),
            ("a?b", None),
            ("a\"b", None),
            ("a<b", None),
            ("\u{e4}", None),
            ("a:b", None),
            ("a:0", None),
            ("a:+1", None),
            ("a:65536", None),
            ("a:1:2", None),
            ("[::1", None),
            ("[::1]x", None),
            ("[x]", None),
            (".a", None),
        ] {
            assert_eq!(base(&[("host", host)], false).as_deref(), expected, "{host}");
        }
        assert_eq!(base(&[("host", &"a".repeat(300))], false), None);
        assert_eq!(base(&[], false), None);
        assert_eq!(base(&[("host", "a"), ("host", "b")], false), None);
    }

    #[test]
    fn the_scheme_is_that_of_the_request() {
        for (host, https, expected) in [
            ("a:443", true, "https://a"),
            ("a:443", false, "http://a:443"),
            ("a:80", true, "https://a:80"),
            ("a:80", false, "http://a"),
        ] {
            assert_eq!(base(&[("host", host)], https).as_deref(), Some(expected), "{host}");
        }
    }
}
