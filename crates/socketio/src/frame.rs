//! A message that is encoded once and shared by all connections that it is sent to.
//!
//! What must stay true: cloning copies no bytes; a message is compressed at most once, however many receive it.

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::deflate;

/// The longest header of an unmasked WebSocket frame: two bytes and a 64-bit length (RFC 6455 section 5.2).
const HEADER_BYTES_MAX: usize = 10;

const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

/// One outgoing WebSocket message with its header, ready to be written. Clones share the bytes.
#[derive(Clone)]
pub struct Frame(Arc<Shared>);

struct Shared {
    wire: Box<[u8]>,
    body_at: u8,
    /// The message compressed with permessage-deflate, with its header, or `None` if that is not shorter. Computed when
    /// first needed.
    deflated: OnceLock<Option<Box<[u8]>>>,
}

impl Frame {
    /// Creates a text message. For Engine.IO the text starts with the packet type.
    #[must_use]
    pub fn text(body: &str) -> Self {
        Self::of_parts(TEXT, &[body.as_bytes()])
    }

    /// Creates a text message from parts, without joining them first.
    #[must_use]
    pub fn text_parts(parts: &[&str]) -> Self {
        let mut bytes = [&b""[..]; 12];
        if parts.len() > bytes.len() {
            return Self::text(&parts.concat());
        }
        for (slot, part) in bytes.iter_mut().zip(parts) {
            *slot = part.as_bytes();
        }
        Self::of_parts(TEXT, &bytes[..parts.len()])
    }

    /// Creates a binary message.
    #[must_use]
    pub fn binary(body: &[u8]) -> Self {
        Self::of_parts(BINARY, &[body])
    }

    /// Creates a binary message with the packet type as its first byte, as Engine.IO 3 has it.
    #[must_use]
    pub(crate) fn typed_binary(kind: u8, body: &[u8]) -> Self {
        Self::of_parts(BINARY, &[&[kind], body])
    }

    /// Creates a WebSocket ping (RFC 6455 section 5.5.2).
    #[must_use]
    pub fn ping() -> Self {
        Self::of_parts(PING, &[])
    }

    /// Creates the answer to a WebSocket ping, which repeats its payload (RFC 6455 section 5.5.3).
    #[must_use]
    pub fn pong(body: &[u8]) -> Self {
        Self::of_parts(PONG, &[body])
    }

    /// Creates a WebSocket close frame with a code and a reason (RFC 6455 section 7.4). The reason is cut to 123 bytes.
    #[must_use]
    pub fn close(code: u16, reason: &str) -> Self {
        let end = reason.floor_char_boundary(123);
        Self::of_parts(CLOSE, &[&code.to_be_bytes(), &reason.as_bytes()[..end]])
    }

    fn of_parts(opcode: u8, parts: &[&[u8]]) -> Self {
        let (wire, body_at) = write(FIN | opcode, parts);
        Self(Arc::new(Shared { wire, body_at, deflated: OnceLock::new() }))
    }

    /// Returns the bytes of the WebSocket frame, header included.
    #[must_use]
    pub fn wire(&self) -> &[u8] {
        &self.0.wire
    }

    /// Returns the bytes of the frame for a WebSocket that negotiated permessage-deflate: compressed if the message has
    /// at least `threshold` bytes and becomes shorter (RFC 7692 section 7.2.1, without context takeover).
    #[must_use]
    pub fn deflated_wire(&self, threshold: usize) -> &[u8] {
        let data = matches!(self.0.wire[0] & 0x0F, TEXT | BINARY);
        if !data || self.body().len() < threshold {
            return self.wire();
        }
        let deflated = self.0.deflated.get_or_init(|| {
            let body = deflate::compress(self.body());
            let (wire, _) = write(self.0.wire[0] | RSV1, &[&body]);
            (wire.len() < self.0.wire.len()).then_some(wire)
        });
        deflated.as_deref().unwrap_or_else(|| self.wire())
    }

    /// Returns the message without the frame's header.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.0.wire[usize::from(self.0.body_at)..]
    }

    /// Returns whether the message is binary.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        self.0.wire[0] & 0x0F == BINARY
    }
}

fn write(first: u8, parts: &[&[u8]]) -> (Box<[u8]>, u8) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut header = [0; HEADER_BYTES_MAX];
    header[0] = first;
    let body_at = match length {
        0..=125 => {
            header[1] = length as u8;
            2
        }
        126..=0xFFFF => {
            header[1] = 126;
            header[2..4].copy_from_slice(&(length as u16).to_be_bytes());
            4
        }
        _ => {
            header[1] = 127;
            header[2..].copy_from_slice(&(length as u64).to_be_bytes());
            10
        }
    };
    // The capacity is exact, so that turning the vector into a box copies nothing.
    let mut wire = Vec::with_capacity(body_at + length);
    wire.extend_from_slice(&header[..body_at]);
    for part in parts {
        wire.extend_from_slice(part);
    }
    (wire.into_boxed_slice(), body_at as u8)
}

impl PartialEq for Frame {
    fn eq(&self, other: &Self) -> bool {
        self.wire() == other.wire()
    }
}

impl Eq for Frame {}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match std::str::from_utf8(self.body()) {
            Ok(text) if !self.is_binary() => write!(f, "Frame({text:?})"),
            _ => write!(f, "Frame({:x?})", self.wire()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(frame: &Frame, head: &[u8], body_len: usize) {
        assert_eq!(&frame.wire()[..head.len()], head);
        assert_eq!(frame.body().len(), body_len);
        assert_eq!(frame.wire().len(), head.len() + body_len);
    }

    #[test]
    fn headers_follow_rfc_6455() {
        check(&Frame::text("4hi"), &[0x81, 3], 3);
        check(&Frame::text(&"a".repeat(125)), &[0x81, 125], 125);
        check(&Frame::text(&"a".repeat(126)), &[0x81, 126, 0, 126], 126);
        check(&Frame::text(&"a".repeat(65_535)), &[0x81, 126, 0xFF, 0xFF], 65_535);
        check(&Frame::text(&"a".repeat(65_536)), &[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0], 65_536);
        check(&Frame::binary(&[1, 2]), &[0x82, 2], 2);
        check(&Frame::close(1013, "later"), &[0x88, 7], 7);
        check(&Frame::close(1000, &"€".repeat(50)), &[0x88, 125], 125);
    }

    #[test]
    fn parts_are_joined() {
        assert_eq!(Frame::text_parts(&["4", "2", "[]"]), Frame::text("42[]"));
        assert_eq!(Frame::text_parts(&["1"; 13]).body(), b"1111111111111");
        assert_eq!(Frame::typed_binary(4, &[1]), Frame::binary(&[4, 1]));
    }

    #[test]
    fn a_message_is_compressed_once_and_only_if_that_pays() {
        let long = Frame::text(&"hello ".repeat(400));
        let copy = long.clone();
        let wire = long.deflated_wire(1_024);
        assert_eq!(wire[0], 0xC1);
        assert!(wire.len() < 100);
        assert_eq!(wire.as_ptr(), copy.deflated_wire(1_024).as_ptr(), "the copy shares the compressed bytes");
        assert_eq!(long.deflated_wire(10_000), long.wire(), "below the threshold");
        let mut noise = [0; 2_000];
        getrandom::fill(&mut noise).expect("random bytes");
        let noise = Frame::binary(&noise);
        assert!(noise.deflated_wire(1_024) == noise.wire(), "it would grow");
        assert_eq!(Frame::ping().deflated_wire(0), Frame::ping().wire(), "control frames stay as they are");
    }
}
