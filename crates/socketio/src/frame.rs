//! A message that is encoded once and shared by every connection that it goes to.

use bytes::{BufMut, Bytes, BytesMut};

/// The longest header of an unmasked WebSocket frame: two bytes and a 64-bit length (RFC 6455 section 5.2).
const HEADER_BYTES_MAX: usize = 10;

/// One outgoing WebSocket message, header included, ready to be written as it is. Cloning shares the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    wire: Bytes,
    body_at: u8,
    binary: bool,
}

impl Frame {
    /// A text message. For Engine.IO the text starts with the packet type.
    #[must_use]
    pub fn text(body: &str) -> Self {
        Self::of_parts(0x1, &[body.as_bytes()])
    }

    /// A text message made of parts, without joining them first.
    #[must_use]
    pub fn text_parts(parts: &[&str]) -> Self {
        let mut bytes = [&b""[..]; 8];
        if parts.len() > bytes.len() {
            return Self::text(&parts.concat());
        }
        for (slot, part) in bytes.iter_mut().zip(parts) {
            *slot = part.as_bytes();
        }
        Self::of_parts(0x1, &bytes[..parts.len()])
    }

    /// A binary message.
    #[must_use]
    pub fn binary(body: &[u8]) -> Self {
        Self::of_parts(0x2, &[body])
    }

    /// A WebSocket ping (RFC 6455 section 5.5.2).
    #[must_use]
    pub fn ping() -> Self {
        Self::of_parts(0x9, &[])
    }

    /// The answer to a WebSocket ping, with its payload.
    #[must_use]
    pub fn pong(body: &[u8]) -> Self {
        Self::of_parts(0xA, &[body])
    }

    /// A WebSocket close with a code and a reason (RFC 6455 section 7.4).
    #[must_use]
    pub fn close(code: u16, reason: &str) -> Self {
        let reason = &reason.as_bytes()[..reason.len().min(123)];
        Self::of_parts(0x8, &[&code.to_be_bytes(), reason])
    }

    fn of_parts(opcode: u8, parts: &[&[u8]]) -> Self {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let mut wire = BytesMut::with_capacity(HEADER_BYTES_MAX + length);
        wire.put_u8(0x80 | opcode);
        match length {
            0..=125 => wire.put_u8(length as u8),
            126..=0xFFFF => {
                wire.put_u8(126);
                wire.put_u16(length as u16);
            }
            _ => {
                wire.put_u8(127);
                wire.put_u64(length as u64);
            }
        }
        let body_at = wire.len() as u8;
        for part in parts {
            wire.put_slice(part);
        }
        Self { wire: wire.freeze(), body_at, binary: opcode == 0x2 }
    }

    /// The bytes as they go over a WebSocket, header included.
    #[must_use]
    pub fn wire(&self) -> &Bytes {
        &self.wire
    }

    /// The message alone.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.wire[usize::from(self.body_at)..]
    }

    /// Whether the message is binary.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        self.binary
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
        check(&Frame::text(&"a".repeat(126)), &[0x81, 126, 0, 126], 126);
        check(&Frame::text(&"a".repeat(65_536)), &[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0], 65_536);
        check(&Frame::binary(&[1, 2]), &[0x82, 2], 2);
        check(&Frame::close(1013, "later"), &[0x88, 7], 7);
    }

    #[test]
    fn parts_are_joined() {
        assert_eq!(Frame::text_parts(&["4", "2", "[]"]), Frame::text("42[]"));
        assert_eq!(Frame::text_parts(&["1"; 9]).body(), b"111111111");
    }
}
