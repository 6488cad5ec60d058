//! What a node says of a request that it passes on: who sent it, and by which listener it came.
//!
//! What must stay true: only who knows the cluster's secret can introduce a request, and an introduction is good for that
//! request to that node alone. Nothing of it comes from what the client has written into such a header.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use http::{HeaderName, HeaderValue, Method, Uri};
use quintet_domain::NodeId;
use sha2::Sha256;

use super::keys::keyed;
use crate::listen::Listen;

/// The header of an introduction.
pub(super) static HEADER: HeaderName = HeaderName::from_static("x-quintet-introduction");

/// Who sent a request, and by which listener it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Introduction {
    /// The address of the client.
    pub(crate) client: SocketAddr,
    /// The listener that the request came to, with its dialect.
    pub(crate) listen: Listen,
    /// Whether the client is known to have sent the request over TLS.
    pub(crate) https: bool,
}

/// Writes and reads introductions.
#[derive(Clone)]
pub(super) struct Introductions(Hmac<Sha256>);

impl Introductions {
    pub(super) fn new(secret: &str) -> Self {
        Self(keyed(secret, b"quintet request\0"))
    }

    /// Writes the introduction of a request to a node.
    pub(super) fn write(
        &self,
        to: NodeId,
        method: &Method,
        uri: &Uri,
        introduction: &Introduction,
    ) -> Option<HeaderValue> {
        let Introduction { client, listen, https } = introduction;
        let said = format!("{client} {listen} {}", if *https { "https" } else { "http" });
        let proof = BASE64_URL_SAFE_NO_PAD.encode(self.proof(to, method, uri, &said).finalize().into_bytes());
        HeaderValue::from_str(&format!("{said} {proof}")).ok()
    }

    /// Reads the introduction of a request to a node; `None` if no node of this cluster has written it for that request.
    pub(super) fn read(&self, to: NodeId, method: &Method, uri: &Uri, value: &HeaderValue) -> Option<Introduction> {
        let (said, proof) = value.to_str().ok()?.rsplit_once(' ')?;
        let proof = BASE64_URL_SAFE_NO_PAD.decode(proof).ok()?;
        self.proof(to, method, uri, said).verify_slice(&proof).ok()?;
        let mut parts = said.split(' ');
        let (client, listen) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(Introduction { client, listen, https: parts.next()? == "https" })
    }

    fn proof(&self, to: NodeId, method: &Method, uri: &Uri, said: &str) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(&to.0.to_be_bytes());
        // None of the parts has a zero byte, so that it separates them unambiguously.
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        for part in [method.as_str(), path, said] {
            mac.update(part.as_bytes());
            mac.update(b"\0");
        }
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_introduction_is_for_one_request_to_one_node() {
        let (ours, theirs) = (Introductions::new("secret"), Introductions::new("another"));
        let (to, uri) = (NodeId(7), Uri::from_static("http://chat.example/socket.io/?sid=a&EIO=4"));
        for (client, listen, https) in [
            ("203.0.113.7:4242", "0.0.0.0:3000", true),
            ("[2001:db8::1]:1", "[::]:443=chat,trust", false),
            ("[::ffff:1.2.3.4]:0", "127.0.0.1:80=meetup", false),
        ] {
            // The port alone is how a listener at 127.0.0.1 is written.
            let listen = listen.parse().expect("a listener");
            let introduction = Introduction { client: client.parse().expect("an address"), listen, https };
            let value = ours.write(to, &Method::GET, &uri, &introduction).expect("a value");
            // The owner sees the path alone.
            let path = Uri::from_static("/socket.io/?sid=a&EIO=4");
            assert_eq!(ours.read(to, &Method::GET, &path, &value), Some(introduction));
            assert_eq!(theirs.read(to, &Method::GET, &path, &value), None, "another secret");
            assert_eq!(ours.read(NodeId(8), &Method::GET, &path, &value), None, "another node");
            assert_eq!(ours.read(to, &Method::POST, &path, &value), None, "another method");
            let other = Uri::from_static("/socket.io/?sid=b&EIO=4");
            assert_eq!(ours.read(to, &Method::GET, &other, &value), None, "another session");
            let text = value.to_str().expect("text");
            let forged = [
                text.replacen("203.0.113.7", "203.0.113.8", 1),
                text.replacen(" http", "  http", 1),
                text.rsplit_once(' ').expect("a proof").0.to_owned(),
                format!("{text}A"),
            ];
            for forged in forged.iter().filter(|forged| *forged != text) {
                let value = HeaderValue::from_str(forged).expect("a value");
                assert_eq!(ours.read(to, &Method::GET, &path, &value), None, "{forged}");
            }
        }
        for nothing in ["", " ", "x", "a b c d"] {
            let value = HeaderValue::from_static(nothing);
            assert_eq!(ours.read(to, &Method::GET, &uri, &value), None);
        }
    }
}
