//! The opening handshake (RFC 6455 section 4.2).

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode, header, request};
use http_body_util::Full;
use sha1::{Digest, Sha1};

/// What is appended to the client's key (RFC 6455 section 1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The request is no WebSocket handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandshakeError {
    /// It is not a GET with `Connection: Upgrade` and `Upgrade: websocket`.
    NotAnUpgrade,
    /// Its version is not 13.
    Version,
    /// Its key is missing or no 16 bytes in base64.
    Key,
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAnUpgrade => "the request does not ask for a WebSocket",
            Self::Version => "Sec-WebSocket-Version must be 13",
            Self::Key => "Sec-WebSocket-Key must be 16 bytes in base64",
        })
    }
}

impl std::error::Error for HandshakeError {}

/// Checks the request and makes the answer that switches protocols.
///
/// # Errors
/// [`HandshakeError`] says what is missing.
pub fn accept(request: &request::Parts) -> Result<Response<Full<Bytes>>, HandshakeError> {
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
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let answer = response.headers_mut();
    answer.insert(header::CONNECTION, header::HeaderValue::from_static("Upgrade"));
    answer.insert(header::UPGRADE, header::HeaderValue::from_static("websocket"));
    if let Ok(value) = header::HeaderValue::from_str(&BASE64_STANDARD.encode(digest)) {
        answer.insert(header::SEC_WEBSOCKET_ACCEPT, value);
    }
    Ok(response)
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
        let response = accept(&request(&[])).expect("accepted");
        assert_eq!(response.status(), 101);
        assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn what_is_missing_is_named() {
        let refused = |name, value| accept(&request(&[(name, value)])).err();
        assert_eq!(refused("upgrade", "h2c"), Some(HandshakeError::NotAnUpgrade));
        assert_eq!(refused("connection", "close"), Some(HandshakeError::NotAnUpgrade));
        assert_eq!(refused("sec-websocket-version", "8"), Some(HandshakeError::Version));
        assert_eq!(refused("sec-websocket-key", "short"), Some(HandshakeError::Key));
    }
}
