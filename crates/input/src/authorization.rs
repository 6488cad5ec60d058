//! Bearer tokens in requests (RFC 6750, section 2.1).
//!
//! What must stay true: the name of the scheme is compared without regard to case (RFC 9110, section 11.1).

use http::{HeaderMap, header};

/// Returns the token in `Authorization: Bearer`, without the spaces around it. It may be empty.
#[must_use]
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Returns a token without the name of the scheme, which some clients write in front of it in a query, a cookie or a
/// CONNECT as well.
#[must_use]
pub fn without_scheme(token: &str) -> &str {
    token.strip_prefix("Bearer ").unwrap_or(token)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_token_follows_the_name_of_the_scheme() {
        let cases = [
            ("Bearer x.y.z", Some("x.y.z")),
            ("bearer x.y.z", Some("x.y.z")),
            ("BEARER   x.y.z ", Some("x.y.z")),
            ("Bearer ", Some("")),
            ("Bearer", None),
            ("Basic x.y.z", None),
            ("x.y.z", None),
        ];
        for (value, token) in cases {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(value))]);
            assert_eq!(bearer(&headers), token, "{value:?}");
        }
        assert_eq!(bearer(&HeaderMap::new()), None);
        assert_eq!([without_scheme("Bearer x"), without_scheme("x")], ["x", "x"]);
    }
}
