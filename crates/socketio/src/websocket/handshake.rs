//! The opening handshake (RFC 6455 section 4.2) and the negotiation of permessage-deflate (RFC 7692 section 7.1).

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header, request};
use http_body_util::Full;
use sha1::{Digest, Sha1};

/// The GUID that is appended to the client's key (RFC 6455 section 1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The reason why a request is not a WebSocket handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandshakeError {
    /// The request is not a GET with `Connection: Upgrade` and `Upgrade: websocket`.
    NotAnUpgrade,
    /// The version is not 13.
    Version,
    /// The key is missing, or is not 16 bytes in base64.
    Key,
    /// The first subprotocol that is offered is not a token (RFC 9110 section 5.6.2).
    Subprotocol,
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAnUpgrade => "the request does not ask for a WebSocket",
            Self::Version => "Sec-WebSocket-Version must be 13",
            Self::Key => "Sec-WebSocket-Key must be 16 bytes in base64",
            Self::Subprotocol => "Sec-WebSocket-Protocol must be a list of tokens",
        })
    }
}

impl std::error::Error for HandshakeError {}

/// An accepted handshake.
#[derive(Debug)]
pub struct Accepted {
    /// The response that switches protocols.
    pub response: Response<Full<Bytes>>,
    /// Whether permessage-deflate was negotiated, without context takeover on either side.
    pub deflate: bool,
}

/// Checks a request, and returns the response that switches protocols. `deflate` says whether permessage-deflate is
/// accepted if the client offers it. If the client offers subprotocols the first one is chosen, as by official servers:
/// a browser closes the WebSocket if none is.
///
/// # Errors
/// [`HandshakeError`] if the request is not a valid handshake.
pub fn accept(request: &request::Parts, deflate: bool) -> Result<Accepted, HandshakeError> {
    let headers = &request.headers;
    if request.method != Method::GET
        || !has_token(headers, &header::CONNECTION, "upgrade")
        || !has_token(headers, &header::UPGRADE, "websocket")
    {
        return Err(HandshakeError::NotAnUpgrade);
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(HandshakeError::Version);
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).ok_or(HandshakeError::Key)?.as_bytes();
    if BASE64_STANDARD.decode(key).map_or(0, |key| key.len()) != 16 {
        return Err(HandshakeError::Key);
    }
    let subprotocol = first_subprotocol(headers)?;
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let answer = response.headers_mut();
    answer.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    answer.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(value) = HeaderValue::from_str(&BASE64_STANDARD.encode(digest)) {
        answer.insert(header::SEC_WEBSOCKET_ACCEPT, value);
    }
    if let Some(subprotocol) = subprotocol {
        answer.insert(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
    }
    let agreed = if deflate { agree(headers) } else { None };
    if let Some(agreed) = agreed {
        answer.insert(header::SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static(agreed));
    }
    Ok(Accepted { response, deflate: agreed.is_some() })
}

/// Returns the first subprotocol that the client offers, or `None` if it offers none.
fn first_subprotocol(headers: &HeaderMap) -> Result<Option<HeaderValue>, HandshakeError> {
    let lines = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let mut offers = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    let Some(first) = offers.find(|offer| !offer.is_empty()) else { return Ok(None) };
    let is_token = first.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte));
    // Copied, because a part of the header would keep the whole head of the request.
    match HeaderValue::from_bytes(first) {
        Ok(first) if is_token => Ok(Some(first)),
        Ok(_) | Err(_) => Err(HandshakeError::Subprotocol),
    }
}

/// Returns the answer to the first acceptable offer of permessage-deflate. Offers that ask the server for a window size
/// are not acceptable. Without context takeover neither side has to keep a window (RFC 7692 sections 7.1.1 and 7.1.2).
fn agree(headers: &HeaderMap) -> Option<&'static str> {
    let offers = headers.get_all(header::SEC_WEBSOCKET_EXTENSIONS).iter().filter_map(|value| value.to_str().ok());
    let mut offers = offers.flat_map(|value| value.split(','));
    offers
        .find(|offer| can_meet(offer))
        .map(|_| "permessage-deflate; server_no_context_takeover; client_no_context_takeover")
}

fn can_meet(offer: &str) -> bool {
    let mut parts = offer.split(';').map(str::trim);
    if parts.next() != Some("permessage-deflate") {
        return false;
    }
    let mut seen = Vec::new();
    parts.all(|parameter| {
        let (name, value) = parameter.split_once('=').map_or((parameter, None), |(n, v)| (n.trim(), Some(v.trim())));
        let once = !seen.contains(&name);
        seen.push(name);
        let bits = |text: &str| text.trim_matches('"').parse::<u8>().ok();
        once && match (name, value) {
            ("server_no_context_takeover" | "client_no_context_takeover" | "client_max_window_bits", None) => true,
            ("client_max_window_bits", Some(value)) => bits(value).is_some_and(|bits| (8..=15).contains(&bits)),
            _ => false,
        }
    })
}

fn has_token(headers: &HeaderMap, name: &header::HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(changes: &[(&str, &str)]) -> request::Parts {
        let mut builder = http::Request::get("/ws");
        let defaults = [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        for (name, value) in defaults {
            let value = changes.iter().find(|change| change.0 == name).map_or(value, |change| change.1);
            builder = builder.header(name, value);
        }
        builder.body(()).expect("a request").into_parts().0
    }

    #[test]
    fn the_example_of_the_rfc() {
        let accepted = accept(&request(&[]), true).expect("accepted");
        assert_eq!(accepted.response.status(), 101);
        assert_eq!(accepted.response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert!(!accepted.deflate, "it was not offered");
        assert!(!accepted.response.headers().contains_key("sec-websocket-extensions"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let refused = |name, value| accept(&request(&[(name, value)]), false).err();
        assert_eq!(refused("upgrade", "h2c"), Some(HandshakeError::NotAnUpgrade));
        assert_eq!(refused("connection", "close"), Some(HandshakeError::NotAnUpgrade));
        assert_eq!(refused("sec-websocket-version", "8"), Some(HandshakeError::Version));
        assert_eq!(refused("sec-websocket-key", "short"), Some(HandshakeError::Key));
    }

    #[test]
    fn the_first_subprotocol_is_chosen() {
        let chosen = |offers: &[&'static str]| {
            let mut request = request(&[]);
            for offer in offers {
                request.headers.append(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(offer));
            }
            let accepted = accept(&request, false)?;
            let answer = accepted.response.headers().get(header::SEC_WEBSOCKET_PROTOCOL);
            Ok(answer.map(|answer| answer.to_str().expect("text").to_owned()))
        };
        let some = |name: &str| Ok(Some(name.to_owned()));
        assert_eq!(chosen(&[]), Ok(None));
        assert_eq!(chosen(&["x"]), some("x"));
        assert_eq!(chosen(&["chat.v1 , x"]), some("chat.v1"));
        assert_eq!(chosen(&["access_token", "eyJ.x.y"]), some("access_token"));
        assert_eq!(chosen(&[" , "]), Ok(None));
        assert_eq!(chosen(&["a b"]), Err(HandshakeError::Subprotocol));
        assert_eq!(chosen(&["a/b, c"]), Err(HandshakeError::Subprotocol));
    }

    #[test]
    fn compression_is_agreed_on_where_it_can_be_met() {
        let agreed = |offer: &str| {
            let mut request = request(&[]);
            request.headers.insert(header::SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_str(offer).expect("a header"));
            assert!(!accept(&request, false).expect("accepted").deflate, "not where it is off");
            let accepted = accept(&request, true).expect("accepted");
            let answer = accepted.response.headers().get(header::SEC_WEBSOCKET_EXTENSIONS);
            assert_eq!(accepted.deflate, answer.is_some());
            answer.is_some_and(|answer| {
                answer == "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
            })
        };
        for offer in [
            "permessage-deflate",
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; server_no_context_takeover; client_max_window_bits=12",
            "x-webkit-deflate-frame, permessage-deflate; client_max_window_bits",
            "permessage-deflate; server_max_window_bits=10, permessage-deflate",
        ] {
            assert!(agreed(offer), "{offer}");
        }
        for offer in [
            "x-webkit-deflate-frame",
            "permessage-deflate; server_max_window_bits=10",
            "permessage-deflate; server_max_window_bits=15",
            "permessage-deflate; client_max_window_bits=7",
            "permessage-deflate; unknown",
            "permessage-deflate; client_max_window_bits; client_max_window_bits",
            "permessage-deflate; server_no_context_takeover=1",
        ] {
            assert!(!agreed(offer), "{offer}");
        }
    }
}
