//! Engine.IO 4 packets and polling payloads (Engine.IO protocol, revision 4). Pure functions.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;

use crate::Frame;

/// What separates the packets of a polling payload (protocol, "HTTP long-polling").
pub const SEPARATOR: char = '\x1e';

/// A packet as a client sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// `1`: the client closes the session.
    Close,
    /// `2`: a ping; clients of revision 4 send it as a probe only.
    Ping(&'a str),
    /// `3`: the answer to a ping.
    Pong(&'a str),
    /// `4`: a message.
    Message(&'a str),
    /// A binary message.
    Binary(Bytes),
    /// `5`: the WebSocket takes over.
    Upgrade,
    /// `6`: nothing.
    Noop,
}

/// The text is no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidPacket;

impl fmt::Display for InvalidPacket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an Engine.IO packet")
    }
}

impl std::error::Error for InvalidPacket {}

impl<'a> Packet<'a> {
    /// Reads one text packet.
    ///
    /// # Errors
    /// [`InvalidPacket`] when the first character is no type that a client may send.
    pub fn decode(text: &'a str) -> Result<Self, InvalidPacket> {
        let mut chars = text.chars();
        let kind = chars.next().ok_or(InvalidPacket)?;
        let rest = chars.as_str();
        match kind {
            '1' => Ok(Self::Close),
            '2' => Ok(Self::Ping(rest)),
            '3' => Ok(Self::Pong(rest)),
            '4' => Ok(Self::Message(rest)),
            '5' => Ok(Self::Upgrade),
            '6' => Ok(Self::Noop),
            _ => Err(InvalidPacket),
        }
    }
}

/// Reads a polling payload, packet by packet.
pub fn decode_payload(payload: &str) -> impl Iterator<Item = Result<Packet<'_>, InvalidPacket>> {
    payload.split(SEPARATOR).map(|part| match part.strip_prefix('b') {
        Some(encoded) => {
            BASE64_STANDARD.decode(encoded).map(|bytes| Packet::Binary(bytes.into())).map_err(|_| InvalidPacket)
        }
        None => Packet::decode(part),
    })
}

/// Writes queued frames as a polling payload.
#[must_use]
pub fn encode_payload<'f>(frames: impl IntoIterator<Item = &'f Frame>) -> String {
    let mut payload = String::new();
    for (index, frame) in frames.into_iter().enumerate() {
        if index > 0 {
            payload.push(SEPARATOR);
        }
        if frame.is_binary() {
            payload.push('b');
            BASE64_STANDARD.encode_string(frame.body(), &mut payload);
        } else {
            // Text frames are made from `str`, so nothing is lost here.
            payload.push_str(&String::from_utf8_lossy(frame.body()));
        }
    }
    payload
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<Packet<'_>, InvalidPacket>) {
        assert_eq!(Packet::decode(text), expected, "{text:?}");
    }

    #[test]
    fn packets() {
        check("1", Ok(Packet::Close));
        check("2probe", Ok(Packet::Ping("probe")));
        check("3", Ok(Packet::Pong("")));
        check("4hello", Ok(Packet::Message("hello")));
        check("4€", Ok(Packet::Message("€")));
        check("5", Ok(Packet::Upgrade));
        check("6", Ok(Packet::Noop));
        check("", Err(InvalidPacket));
        check("0{}", Err(InvalidPacket));
        check("abc", Err(InvalidPacket));
        check("€4", Err(InvalidPacket));
    }

    #[test]
    fn payloads() {
        let parts: Vec<_> = decode_payload("4a\x1ebAQID\x1e2").collect();
        assert_eq!(
            parts,
            [Ok(Packet::Message("a")), Ok(Packet::Binary(Bytes::from_static(&[1, 2, 3]))), Ok(Packet::Ping(""))]
        );
        assert_eq!(decode_payload("b!").next(), Some(Err(InvalidPacket)));
        assert_eq!(encode_payload(&[Frame::text("4a"), Frame::binary(&[1, 2, 3, 4])]), "4a\x1ebAQIDBA==");
    }
}
