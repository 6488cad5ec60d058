//! The payloads of HTTP long-polling, revisions 3 and 4: several packets in one body. Pure functions.

use base64::Engine as _;
use bytes::Bytes;

use super::packet::{BASE64, BINARY_MESSAGE, InvalidPacket, Packet, Revision};
use crate::Frame;

/// The separator between the packets of a payload of revision 4 (protocol 4, "HTTP long-polling").
pub const SEPARATOR: char = '\x1e';

/// The byte that ends a length in a binary payload of revision 3 (protocol 3, "Encoding").
const LENGTH_END: u8 = 0xFF;

/// The largest number of digits of a length.
const LENGTH_DIGITS_MAX: usize = 9;

/// The largest number of packets in a binary payload of revision 3. Each packet costs memory beside its bytes.
const BINARY_PACKETS_MAX: usize = 16_384;

/// An encoded payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Text, which is the usual case.
    Text(String),
    /// Bytes: a payload of revision 3 with binary packets, for a client that accepts bytes.
    Binary(Vec<u8>),
}

/// Decodes a text payload packet by packet. Packets after an invalid one are ignored.
#[must_use]
pub fn decode_payload(payload: &str, revision: Revision) -> Packets<'_> {
    Packets(split_payload(payload, revision))
}

/// Splits a text payload into the texts of its packets. Packets after an invalid one are ignored.
pub(super) fn split_payload(payload: &str, revision: Revision) -> PacketTexts<'_> {
    PacketTexts { rest: Some(payload), revision }
}

/// An iterator over the packets of a text payload.
#[derive(Clone, Debug)]
pub struct Packets<'a>(PacketTexts<'a>);

impl<'a> Iterator for Packets<'a> {
    type Item = Result<Packet<'a>, InvalidPacket>;

    fn next(&mut self) -> Option<Self::Item> {
        let revision = self.0.revision;
        let packet = self.0.next()?.and_then(|packet| Packet::decode(packet, revision));
        if packet.is_err() {
            self.0.rest = None;
        }
        Some(packet)
    }
}

/// An iterator over the packets of a text payload as text.
#[derive(Clone, Debug)]
pub(super) struct PacketTexts<'a> {
    rest: Option<&'a str>,
    revision: Revision,
}

impl<'a> Iterator for PacketTexts<'a> {
    type Item = Result<&'a str, InvalidPacket>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.take()?;
        let (packet, rest) = match self.revision {
            Revision::V4 => match rest.split_once(SEPARATOR) {
                Some((packet, rest)) => (Ok(packet), Some(rest)),
                None => (Ok(rest), None),
            },
            Revision::V3 => match split_length(rest) {
                Some((packet, rest)) => (Ok(packet), Some(rest).filter(|rest| !rest.is_empty())),
                None => (Err(InvalidPacket), None),
            },
        };
        self.rest = rest;
        Some(packet)
    }
}

/// Splits `length:packet` from the front. The length counts UTF-16 code units, as JavaScript does.
fn split_length(text: &str) -> Option<(&str, &str)> {
    let (length, rest) = text.split_once(':')?;
    if length.len() > LENGTH_DIGITS_MAX || !length.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let length: usize = length.parse().ok()?;
    let mut units = 0;
    let end = rest.char_indices().find_map(|(at, char)| {
        let here = (units == length).then_some(at);
        units += char.len_utf16();
        here
    });
    match end {
        Some(end) => Some(rest.split_at(end)),
        None => (units == length).then_some((rest, "")),
    }
}

/// Decodes a binary payload of revision 3. Each packet is preceded by a byte that says whether it is text (0) or binary
/// (1), its length in bytes as decimal digits of one byte each, and a byte of 255.
///
/// # Errors
/// [`InvalidPacket`] if any packet is malformed: a payload is decoded completely or not at all.
pub fn decode_binary_payload(payload: &Bytes) -> Result<Vec<OwnedPacket>, InvalidPacket> {
    let mut packets = Vec::new();
    let mut at = 0;
    while let Some(kind) = payload.get(at) {
        if packets.len() == BINARY_PACKETS_MAX {
            return Err(InvalidPacket);
        }
        let digits = payload[at + 1..].iter().take_while(|byte| **byte != LENGTH_END).count();
        let (start, digits) = (at + digits + 2, &payload[at + 1..at + 1 + digits]);
        if digits.is_empty() || digits.len() > LENGTH_DIGITS_MAX || digits.iter().any(|digit| *digit > 9) {
            return Err(InvalidPacket);
        }
        let length = digits.iter().fold(0, |length, digit| length * 10 + usize::from(*digit));
        if payload.len() < start || payload.len() - start < length {
            return Err(InvalidPacket);
        }
        let packet = payload.slice(start..start + length);
        at = start + length;
        packets.push(match kind {
            0 => OwnedPacket::Text(String::from_utf8(packet.into()).map_err(|_| InvalidPacket)?),
            1 => OwnedPacket::Binary(packet),
            _ => return Err(InvalidPacket),
        });
    }
    Ok(packets)
}

/// A packet of a binary payload that is not decoded yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnedPacket {
    /// Text for [`Packet::decode`], in the format of revision 3.
    Text(String),
    /// Bytes for [`Packet::decode_binary`], in the format of revision 3.
    Binary(Bytes),
}

impl OwnedPacket {
    /// Decodes the packet.
    ///
    /// # Errors
    /// See [`Packet::decode`].
    pub fn decode(&self) -> Result<Packet<'_>, InvalidPacket> {
        match self {
            Self::Text(text) => Packet::decode(text, Revision::V3),
            // Copied, because the packet may be kept for a while and would keep the whole payload.
            Self::Binary(bytes) => Packet::decode_binary(Bytes::copy_from_slice(bytes), Revision::V3),
        }
    }
}

/// Encodes frames as a payload. Binary frames of revision 3 start with their packet type. `binary` says whether the
/// client accepts a payload of bytes.
#[must_use]
pub fn encode_payload<'f>(frames: impl IntoIterator<Item = &'f Frame>, revision: Revision, binary: bool) -> Payload {
    let frames: Vec<&Frame> = frames.into_iter().collect();
    match revision {
        Revision::V4 => Payload::Text(encode_v4(&frames)),
        Revision::V3 if binary && frames.iter().any(|frame| frame.is_binary()) => {
            Payload::Binary(encode_v3_binary(&frames))
        }
        Revision::V3 => Payload::Text(encode_v3(&frames)),
    }
}

/// Returns a frame's text. Text frames are made from `str`, so that the conversion is lossless.
fn text(frame: &Frame) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(frame.body())
}

fn encode_v4(frames: &[&Frame]) -> String {
    let mut payload = String::with_capacity(frames.iter().map(|frame| frame.body().len() + 1).sum());
    for (index, frame) in frames.iter().enumerate() {
        if index > 0 {
            payload.push(SEPARATOR);
        }
        if frame.is_binary() {
            payload.push_str(&base64_packet(frame.body(), Revision::V4));
        } else {
            payload.push_str(&text(frame));
        }
    }
    payload
}

fn encode_v3(frames: &[&Frame]) -> String {
    let mut payload = String::new();
    for frame in frames {
        let packet = match frame.body().split_first() {
            Some((_, bytes)) if frame.is_binary() => base64_packet(bytes, Revision::V3).into(),
            _ => text(frame),
        };
        payload.push_str(&packet.encode_utf16().count().to_string());
        payload.push(':');
        payload.push_str(&packet);
    }
    payload
}

/// Encodes a binary message as a text packet.
pub(super) fn base64_packet(bytes: &[u8], revision: Revision) -> String {
    let mut packet = match revision {
        Revision::V3 => format!("b{BINARY_MESSAGE}"),
        Revision::V4 => "b".to_owned(),
    };
    BASE64.encode_string(bytes, &mut packet);
    packet
}

fn encode_v3_binary(frames: &[&Frame]) -> Vec<u8> {
    let mut payload = Vec::new();
    for frame in frames {
        let body = frame.body();
        payload.push(u8::from(frame.is_binary()));
        payload.extend(body.len().to_string().bytes().map(|digit| digit - b'0'));
        payload.push(LENGTH_END);
        payload.extend_from_slice(body);
    }
    payload
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(payload: &str, revision: Revision) -> Vec<Result<Packet<'_>, InvalidPacket>> {
        decode_payload(payload, revision).collect()
    }

    fn bytes(bytes: &'static [u8]) -> Packet<'static> {
        Packet::Binary(Bytes::from_static(bytes))
    }

    #[test]
    fn payloads_of_revision_4() {
        let v4 = |payload| shown(payload, Revision::V4);
        assert_eq!(v4("4a\x1ebAQID\x1e2"), [Ok(Packet::Message("a")), Ok(bytes(&[1, 2, 3])), Ok(Packet::Ping(""))]);
        assert_eq!(v4("b!"), [Err(InvalidPacket)]);
        assert_eq!(v4(""), [Err(InvalidPacket)]);
        assert_eq!(v4("4a\x1e"), [Ok(Packet::Message("a")), Err(InvalidPacket)]);
        assert_eq!(v4("x\x1e4a"), [Err(InvalidPacket)]);
        let frames = [Frame::text("4a"), Frame::binary(&[1, 2, 3, 4])];
        assert_eq!(encode_payload(&frames, Revision::V4, true), Payload::Text("4a\x1ebAQIDBA==".to_owned()));
    }

    #[test]
    fn payloads_of_revision_3() {
        let v3 = |payload| shown(payload, Revision::V3);
        assert_eq!(v3("6:4hello2:4€"), [Ok(Packet::Message("hello")), Ok(Packet::Message("€"))]);
        // A character outside the Basic Multilingual Plane counts as two UTF-16 code units.
        assert_eq!(v3("3:4😀1:2"), [Ok(Packet::Message("😀")), Ok(Packet::Ping(""))]);
        assert_eq!(v3("6:4hello10:b4AQIDBA=="), [Ok(Packet::Message("hello")), Ok(bytes(&[1, 2, 3, 4]))]);
        for bad in ["", "abc", ":", "1:", "2:4", "6:4hell", "-1:4", "1:x", "99999999999999999999:4", "2:4😀", "1.0:4"]
        {
            assert_eq!(v3(bad), [Err(InvalidPacket)], "{bad:?}");
        }
        assert_eq!(v3("1:2x"), [Ok(Packet::Ping("")), Err(InvalidPacket)]);
    }

    #[test]
    fn what_revision_3_is_sent() {
        let frames = [Frame::text("4hello"), Frame::text("4😀"), Frame::typed_binary(4, &[1, 2, 3, 4])];
        let text = "6:4hello3:4😀10:b4AQIDBA==".to_owned();
        assert_eq!(encode_payload(&frames, Revision::V3, false), Payload::Text(text));
        assert_eq!(encode_payload(&frames[..1], Revision::V3, true), Payload::Text("6:4hello".to_owned()));
        let frames = [Frame::text("4hello"), Frame::typed_binary(4, &[1, 2, 3, 4])];
        let binary = [&[0, 6, 255][..], b"4hello", &[1, 5, 255, 4, 1, 2, 3, 4]].concat();
        assert_eq!(encode_payload(&frames, Revision::V3, true), Payload::Binary(binary));
    }

    #[test]
    fn binary_payloads_of_revision_3() {
        let decode = |bytes: &[u8]| decode_binary_payload(&Bytes::copy_from_slice(bytes));
        let whole = [&[0, 1, 0, 255][..], b"4123456789", &[1, 3, 255, 4, 7, 8]].concat();
        let packets = decode(&whole).expect("two packets");
        assert_eq!(packets[0].decode(), Ok(Packet::Message("123456789")));
        assert_eq!(packets[1].decode(), Ok(bytes(&[7, 8])));
        for bad in [&[2, 1, 255, 52][..], &[0, 255, 52], &[0, 1, 52], &[0, 10, 255, 52], &[0, 2, 255, 52], &[0]] {
            assert_eq!(decode(bad), Err(InvalidPacket), "{bad:?}");
        }
        assert_eq!(decode(&[0, 2, 255, 52, 200]), Err(InvalidPacket), "not UTF-8");
        assert_eq!(decode(&[&[0][..], &[9; 10], &[255]].concat()), Err(InvalidPacket), "a length beyond reason");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            parts in proptest::collection::vec(
                prop_oneof![
                    "[^\u{1e}]{0,20}".prop_map(|text| Frame::text(&format!("4{text}"))),
                    proptest::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| Frame::binary(&bytes)),
                ],
                1..6,
            ),
            binary in any::<bool>(),
        ) {
            let frame_of = |packet: Packet<'_>| match packet {
                Packet::Message(text) => Frame::text(&format!("4{text}")),
                Packet::Binary(bytes) => Frame::binary(&bytes),
                other => panic!("{other:?}"),
            };
            let Payload::Text(text) = encode_payload(&parts, Revision::V4, binary) else { panic!("text") };
            let read: Vec<_> = decode_payload(&text, Revision::V4).map(|packet| frame_of(packet.expect("valid"))).collect();
            prop_assert_eq!(&read, &parts);

            let typed = |frame: &Frame| if frame.is_binary() { Frame::typed_binary(4, frame.body()) } else { frame.clone() };
            let typed: Vec<_> = parts.iter().map(typed).collect();
            let read: Vec<_> = match encode_payload(&typed, Revision::V3, binary) {
                Payload::Text(text) => {
                    decode_payload(&text, Revision::V3).map(|packet| frame_of(packet.expect("valid"))).collect()
                }
                Payload::Binary(bytes) => {
                    let packets = decode_binary_payload(&bytes.into()).expect("valid");
                    packets.iter().map(|packet| frame_of(packet.decode().expect("valid"))).collect()
                }
            };
            prop_assert_eq!(&read, &parts);
        }

        #[test]
        fn garbage_never_panics(text in ".{0,60}", bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            for revision in [Revision::V3, Revision::V4] {
                let _ = decode_payload(&text, revision).count();
            }
            let _ = decode_binary_payload(&bytes.into());
        }
    }
}
