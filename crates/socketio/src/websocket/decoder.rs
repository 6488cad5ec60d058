//! Frames in, messages out (RFC 6455 section 5, RFC 7692 section 7.2). Sans-IO: bytes are fed, messages are taken.
//!
//! What must stay true: a message is whole before anybody sees it, and nothing is allocated by a length that a peer
//! claimed: only what has arrived is held.

use std::fmt;

use bytes::{Buf, Bytes, BytesMut};

use crate::deflate::{self, InflateError};

/// A whole message or a control frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// UTF-8 text.
    Text(String),
    /// Bytes.
    Binary(Bytes),
    /// To be answered by a pong with the same payload.
    Ping(Bytes),
    /// The answer to a ping.
    Pong(Bytes),
    /// The peer closes, perhaps with a code.
    Close(Option<u16>),
}

/// What is wrong with the stream. The connection closes with [`DecodeError::code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// A reserved bit is set where no extension that was agreed on says so.
    ReservedBits,
    /// The opcode is unknown.
    Opcode,
    /// A client's frame must be masked.
    Unmasked,
    /// A control frame is fragmented or longer than 125 bytes.
    Control,
    /// A continuation without a start, or a start within a message.
    Fragmentation,
    /// A close frame with half a code, or a code that may not be sent.
    CloseCode,
    /// Text or a close reason is not UTF-8.
    Utf8,
    /// The message is larger than allowed.
    TooLarge,
    /// A compressed message is no DEFLATE stream.
    Compression,
}

impl DecodeError {
    /// The close code (RFC 6455 section 7.4.1).
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::Utf8 | Self::Compression => 1007,
            Self::TooLarge => 1009,
            _ => 1002,
        }
    }

    /// The reason in words.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::ReservedBits => "reserved bits are set",
            Self::Opcode => "unknown opcode",
            Self::Unmasked => "client frames must be masked",
            Self::Control => "bad control frame",
            Self::Fragmentation => "bad fragmentation",
            Self::CloseCode => "bad close code",
            Self::Utf8 => "text is not UTF-8",
            Self::TooLarge => "message too large",
            Self::Compression => "bad compression",
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl std::error::Error for DecodeError {}

/// The reading half of a WebSocket.
#[derive(Debug)]
pub struct Decoder {
    buffer: BytesMut,
    /// What came of a fragmented message.
    fragments: Option<Box<Fragments>>,
    message_bytes_max: usize,
    deflate: bool,
}

#[derive(Debug)]
struct Fragments {
    kind: Kind,
    held: BytesMut,
}

/// What the first frame of a message says of all of it.
#[derive(Clone, Copy, Debug)]
struct Kind {
    binary: bool,
    deflated: bool,
}

struct Header {
    fin: bool,
    deflated: bool,
    opcode: u8,
    mask: [u8; 4],
    header_bytes: usize,
    payload_bytes: usize,
}

impl Decoder {
    /// A decoder for messages of at most `message_bytes_max` bytes, inflated. `deflate` says whether
    /// permessage-deflate was agreed on, without context takeover.
    #[must_use]
    pub fn new(message_bytes_max: usize, deflate: bool) -> Self {
        Self { buffer: BytesMut::new(), fragments: None, message_bytes_max, deflate }
    }

    /// Takes bytes as they came.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole message, if it has arrived.
    ///
    /// # Errors
    /// [`DecodeError`]; the decoder is not to be used after one.
    pub fn next_message(&mut self) -> Result<Option<Message>, DecodeError> {
        loop {
            let Some(header) = self.header()? else {
                if self.buffer.is_empty() {
                    // An idle connection owns no buffer.
                    self.buffer = BytesMut::new();
                }
                return Ok(None);
            };
            if self.buffer.len() < header.header_bytes + header.payload_bytes {
                return Ok(None);
            }
            self.buffer.advance(header.header_bytes);
            let mut payload = self.buffer.split_to(header.payload_bytes);
            unmask(&mut payload, header.mask);
            if let Some(message) = self.take_frame(&header, payload)? {
                return Ok(Some(message));
            }
        }
    }

    fn header(&self) -> Result<Option<Header>, DecodeError> {
        let bytes = &self.buffer[..];
        let [first, second, ..] = *bytes else {
            return Ok(None);
        };
        let (fin, opcode) = (first & 0x80 != 0, first & 0x0F);
        // Only the first frame of a message says that it is compressed (RFC 7692 section 6.1).
        let deflated = first & 0x40 != 0;
        if first & 0x30 != 0 || (deflated && !(self.deflate && matches!(opcode, 0x1 | 0x2))) {
            return Err(DecodeError::ReservedBits);
        }
        if second & 0x80 == 0 {
            return Err(DecodeError::Unmasked);
        }
        let short = second & 0x7F;
        if opcode >= 0x8 && (!fin || short > 125) {
            return Err(DecodeError::Control);
        }
        match opcode {
            0x0 if self.fragments.is_none() => return Err(DecodeError::Fragmentation),
            0x1 | 0x2 if self.fragments.is_some() => return Err(DecodeError::Fragmentation),
            0x0..=0x2 | 0x8..=0xA => {}
            _ => return Err(DecodeError::Opcode),
        }
        let (length, length_end) = match short {
            126 => match bytes.get(2..4) {
                Some(b) => (u64::from(u16::from_be_bytes([b[0], b[1]])), 4),
                None => return Ok(None),
            },
            127 => match bytes.get(2..10).and_then(|b| <[u8; 8]>::try_from(b).ok()) {
                Some(b) => (u64::from_be_bytes(b), 10),
                None => return Ok(None),
            },
            n => (u64::from(n), 2),
        };
        let held = self.fragments.as_ref().map_or(0, |fragments| fragments.held.len());
        if opcode < 0x8 && length.saturating_add(held as u64) > self.message_bytes_max as u64 {
            return Err(DecodeError::TooLarge);
        }
        let Some(mask) = bytes.get(length_end..length_end + 4).and_then(|b| <[u8; 4]>::try_from(b).ok()) else {
            return Ok(None);
        };
        Ok(Some(Header { fin, deflated, opcode, mask, header_bytes: length_end + 4, payload_bytes: length as usize }))
    }

    fn take_frame(&mut self, header: &Header, payload: BytesMut) -> Result<Option<Message>, DecodeError> {
        match header.opcode {
            0x8 => return close(&payload).map(Some),
            0x9 => return Ok(Some(Message::Ping(payload.freeze()))),
            0xA => return Ok(Some(Message::Pong(payload.freeze()))),
            _ => {}
        }
        let (kind, whole) = match self.fragments.take() {
            None => (Kind { binary: header.opcode == 0x2, deflated: header.deflated }, payload),
            Some(mut fragments) => {
                fragments.held.extend_from_slice(&payload);
                (fragments.kind, fragments.held)
            }
        };
        if !header.fin {
            self.fragments = Some(Box::new(Fragments { kind, held: whole }));
            return Ok(None);
        }
        let whole = if kind.deflated {
            deflate::decompress(&whole, self.message_bytes_max).map_err(|error| match error {
                InflateError::Invalid => DecodeError::Compression,
                InflateError::TooLarge => DecodeError::TooLarge,
            })?
        } else {
            whole.into()
        };
        if kind.binary {
            return Ok(Some(Message::Binary(whole.into())));
        }
        String::from_utf8(whole).map(|text| Some(Message::Text(text))).map_err(|_| DecodeError::Utf8)
    }
}

fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let wide = u64::from_ne_bytes([mask[0], mask[1], mask[2], mask[3], mask[0], mask[1], mask[2], mask[3]]);
    let (chunks, tail) = payload.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, key) in tail.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
}

fn close(payload: &[u8]) -> Result<Message, DecodeError> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return if payload.is_empty() { Ok(Message::Close(None)) } else { Err(DecodeError::CloseCode) };
    };
    let code = u16::from_be_bytes(*code);
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(DecodeError::CloseCode);
    }
    if std::str::from_utf8(reason).is_err() {
        return Err(DecodeError::Utf8);
    }
    Ok(Message::Close(Some(code)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A client's frame: first byte, then the masked payload.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![first];
        match payload.len() {
            n @ 0..=125 => bytes.push(0x80 | n as u8),
            n @ 126..=0xFFFF => {
                bytes.push(0x80 | 126);
                bytes.extend((n as u16).to_be_bytes());
            }
            n => {
                bytes.push(0x80 | 127);
                bytes.extend((n as u64).to_be_bytes());
            }
        }
        let mask = [1, 2, 3, 4];
        bytes.extend(mask);
        bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key));
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<Vec<Message>, DecodeError> {
        let mut decoder = Decoder::new(1_000, false);
        decoder.feed(bytes);
        let mut messages = Vec::new();
        while let Some(message) = decoder.next_message()? {
            messages.push(message);
        }
        Ok(messages)
    }

    #[test]
    fn messages_of_rfc_6455() {
        let text = |text: &str| Message::Text(text.to_owned());
        assert_eq!(decode(&frame(0x81, b"Hello")), Ok(vec![text("Hello")]));
        assert_eq!(decode(&frame(0x82, &[7; 256])), Ok(vec![Message::Binary(vec![7; 256].into())]));
        assert_eq!(decode(&frame(0x88, b"")), Ok(vec![Message::Close(None)]));
        assert_eq!(decode(&frame(0x88, &[0x03, 0xE8])), Ok(vec![Message::Close(Some(1000))]));
        // A ping between the fragments of a text whose character is split over them.
        let euro = "€".as_bytes();
        let bytes = [frame(0x01, &euro[..1]), frame(0x89, b"p"), frame(0x00, &euro[1..2]), frame(0x80, &euro[2..])];
        assert_eq!(decode(&bytes.concat()), Ok(vec![Message::Ping(Bytes::from_static(b"p")), text("€")]));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let long = frame(0x82, &[0; 1_001]);
        let cases: [(&[u8], DecodeError, u16); 14] = [
            (&frame(0xC1, b"x"), DecodeError::ReservedBits, 1002),
            (&frame(0x83, b"x"), DecodeError::Opcode, 1002),
            (&frame(0x8B, b"x"), DecodeError::Opcode, 1002),
            (&[0x81, 0x01, b'x'], DecodeError::Unmasked, 1002),
            (&frame(0x09, b""), DecodeError::Control, 1002),
            (&frame(0x89, &[0; 126]), DecodeError::Control, 1002),
            (&frame(0x80, b"x"), DecodeError::Fragmentation, 1002),
            (&[frame(0x01, b"x"), frame(0x81, b"y")].concat(), DecodeError::Fragmentation, 1002),
            (&frame(0x88, &[3]), DecodeError::CloseCode, 1002),
            (&frame(0x88, &[0x03, 0xED]), DecodeError::CloseCode, 1002),
            (&frame(0x88, &[0x03, 0xE8, 0xFF]), DecodeError::Utf8, 1007),
            (&frame(0x81, &[0xC0, 0x80]), DecodeError::Utf8, 1007),
            (&long[..8], DecodeError::TooLarge, 1009),
            (&[frame(0x02, &[0; 600]), frame(0x80, &[0; 600])].concat(), DecodeError::TooLarge, 1009),
        ];
        for (bytes, error, code) in cases {
            assert_eq!(decode(bytes), Err(error), "{bytes:x?}");
            assert_eq!(error.code(), code);
        }
    }

    #[test]
    fn a_claimed_length_allocates_nothing() {
        let mut decoder = Decoder::new(usize::MAX, false);
        decoder.feed(&[0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4]);
        assert_eq!(decoder.next_message(), Ok(None));
        assert!(decoder.buffer.capacity() < 1_024);
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_messages(
            payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 1..5),
            cuts in proptest::collection::vec(1usize..40, 1..60),
        ) {
            let bytes: Vec<u8> = payloads.iter().flat_map(|payload| frame(0x82, payload)).collect();
            let mut decoder = Decoder::new(1_000, false);
            let (mut at, mut messages) = (0, Vec::new());
            for cut in cuts.into_iter().cycle() {
                let end = (at + cut).min(bytes.len());
                decoder.feed(&bytes[at..end]);
                at = end;
                while let Some(message) = decoder.next_message().expect("valid") {
                    messages.push(message);
                }
                if at == bytes.len() { break; }
            }
            let expected: Vec<_> = payloads.into_iter().map(|payload| Message::Binary(payload.into())).collect();
            prop_assert_eq!(messages, expected);
            prop_assert_eq!(decoder.buffer.capacity(), 0);
        }

        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = decode(&bytes);
        }
    }
}
