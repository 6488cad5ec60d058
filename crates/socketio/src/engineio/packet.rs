//! Engine.IO packets, revisions 3 and 4. Pure functions: text or bytes in, values out.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

/// Base64 as clients write it: some leave the padding out.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The packet type of a message, as the first byte of a binary packet of revision 3.
pub(super) const BINARY_MESSAGE: u8 = 4;

/// The Engine.IO revision that a client speaks: the `EIO` parameter of its URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Revision {
    /// Engine.IO 3, spoken by socket.io 2.x clients. The client sends the pings, and binary packets carry their type.
    V3,
    /// Engine.IO 4, spoken by socket.io 3.x and 4.x clients. The server sends the pings.
    V4,
}

/// A packet sent by a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// `1`: the client closes the session.
    Close,
    /// `2`: a ping. Clients of revision 4 send it only as the probe of an upgrade.
    Ping(&'a str),
    /// `3`: the answer to a ping.
    Pong(&'a str),
    /// `4`: a text message.
    Message(&'a str),
    /// A binary message.
    Binary(Bytes),
    /// `5`: the WebSocket takes over the session.
    Upgrade,
    /// `6`: a packet without content.
    Noop,
}

/// The text or bytes are not a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidPacket;

impl fmt::Display for InvalidPacket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an Engine.IO packet")
    }
}

impl std::error::Error for InvalidPacket {}

impl<'a> Packet<'a> {
    /// Decodes a packet that came as text. A binary packet starts with `b` and is in base64, as in a polling payload and
    /// from clients that are told to send no bytes over a WebSocket.
    ///
    /// # Errors
    /// [`InvalidPacket`] if the first character is not a type that a client may send, or if the base64 is not valid.
    pub fn decode(text: &'a str, revision: Revision) -> Result<Self, InvalidPacket> {
        let mut chars = text.chars();
        let kind = chars.next().ok_or(InvalidPacket)?;
        let rest = chars.as_str();
        match (kind, revision) {
            ('1', _) => Ok(Self::Close),
            ('2', _) => Ok(Self::Ping(rest)),
            ('3', _) => Ok(Self::Pong(rest)),
            ('4', _) => Ok(Self::Message(rest)),
            ('5', _) => Ok(Self::Upgrade),
            ('6', _) => Ok(Self::Noop),
            ('b', Revision::V4) => base64(rest),
            ('b', Revision::V3) => base64(rest.strip_prefix('4').ok_or(InvalidPacket)?),
            _ => Err(InvalidPacket),
        }
    }

    /// Decodes a packet that came as a binary message.
    ///
    /// # Errors
    /// [`InvalidPacket`] if a packet of revision 3 has another type than a message.
    pub fn decode_binary(mut bytes: Bytes, revision: Revision) -> Result<Packet<'static>, InvalidPacket> {
        if revision == Revision::V3 {
            if bytes.first() != Some(&BINARY_MESSAGE) {
                return Err(InvalidPacket);
            }
            bytes = bytes.slice(1..);
        }
        Ok(Packet::Binary(bytes))
    }
}

fn base64(text: &str) -> Result<Packet<'static>, InvalidPacket> {
    BASE64.decode(text).map(|bytes| Packet::Binary(bytes.into())).map_err(|_| InvalidPacket)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<Packet<'_>, InvalidPacket>) {
        for revision in [Revision::V3, Revision::V4] {
            assert_eq!(Packet::decode(text, revision), expected, "{text:?} {revision:?}");
        }
    }

    #[test]
    fn packets() {
        check("1", Ok(Packet::Close));
        check("2", Ok(Packet::Ping("")));
        check("2probe", Ok(Packet::Ping("probe")));
        check("3", Ok(Packet::Pong("")));
        check("4hello", Ok(Packet::Message("hello")));
        check("4€", Ok(Packet::Message("€")));
        check("5", Ok(Packet::Upgrade));
        check("6", Ok(Packet::Noop));
        check("", Err(InvalidPacket));
        check("0{}", Err(InvalidPacket));
        check("7", Err(InvalidPacket));
        check("abc", Err(InvalidPacket));
        check("€4", Err(InvalidPacket));
        check("b!", Err(InvalidPacket));
    }

    #[test]
    fn binary_packets() {
        let bytes = Ok(Packet::Binary(Bytes::from_static(&[1, 2, 3, 4])));
        assert_eq!(Packet::decode("bAQIDBA==", Revision::V4), bytes);
        assert_eq!(Packet::decode("bAQIDBA", Revision::V4), bytes);
        assert_eq!(Packet::decode("b4AQIDBA==", Revision::V3), bytes);
        assert_eq!(Packet::decode("bAQIDBA==", Revision::V3), Err(InvalidPacket));
        assert_eq!(Packet::decode_binary(Bytes::from_static(&[1, 2, 3, 4]), Revision::V4), bytes);
        assert_eq!(Packet::decode_binary(Bytes::from_static(&[4, 1, 2, 3, 4]), Revision::V3), bytes);
        assert_eq!(Packet::decode_binary(Bytes::from_static(&[2]), Revision::V3), Err(InvalidPacket));
        assert_eq!(Packet::decode_binary(Bytes::new(), Revision::V3), Err(InvalidPacket));
    }
}
