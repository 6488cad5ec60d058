//! Decodes WebSocket frames into messages (RFC 6455 section 5, RFC 7692 section 7.2). Sans-IO: bytes are fed, messages
//! are taken.
//!
//! What must stay true: a message is handed out only when it is complete; a length claimed by a peer allocates nothing,
//! and only what has arrived is held.

use std::fmt;

use bytes::{Buf, Bytes, BytesMut};

use super::bounds::{BinaryBound, FRAMES_MAX, HEAD_BYTES_MAX, MessageBounds, PassedOver, Skipped};
use crate::deflate::{self, InflateError};

/// A complete message or a control frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A text message, in UTF-8.
    Text(String),
    /// A binary message.
    Binary(Bytes),
    /// A ping, which has to be answered by a pong with the same payload.
    Ping(Bytes),
    /// The answer to a ping.
    Pong(Bytes),
    /// The peer closes the WebSocket, with a code if it sent one.
    Close(Option<u16>),
    /// A message that was skipped because it was too large or not accepted at the moment.
    Skipped(Skipped),
}

/// An error in the stream. The connection is closed with [`DecodeError::code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// A reserved bit is set without an extension that allows it.
    ReservedBits,
    /// The opcode is not defined.
    Opcode,
    /// A frame of a client is not masked.
    Unmasked,
    /// A control frame is fragmented or longer than 125 bytes.
    Control,
    /// A continuation without a start, a start within a message, an empty continuation that is not the last one, or a
    /// message of more than [`FRAMES_MAX`] frames.
    Fragmentation,
    /// A close frame with an incomplete code, or with a code that may not be sent.
    CloseCode,
    /// A text message or a close reason is not UTF-8.
    Utf8,
    /// The message is larger than allowed.
    TooLarge,
    /// A binary message came where none is expected.
    Unexpected,
    /// A compressed message is not a DEFLATE stream.
    Compression,
}

impl DecodeError {
    /// Returns the close code (RFC 6455 section 7.4.1).
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::Utf8 | Self::Compression => 1007,
            Self::TooLarge => 1009,
            _ => 1002,
        }
    }

    /// Returns the reason for the close frame.
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
            Self::Unexpected => "no binary message is expected",
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
    /// The message that is fragmented or being skipped, as far as it has arrived.
    partial: Option<Box<Partial>>,
    /// Whether a message was taken out of the buffer, which still has that message's memory.
    taken: bool,
    deflate: bool,
}

#[derive(Debug)]
struct Partial {
    kind: Kind,
    /// The message so far, or the first bytes of a message that is skipped.
    held: BytesMut,
    /// Bytes of the message in its frames so far, including the current frame.
    bytes: u64,
    /// Number of frames of the message so far, including the current frame.
    frames: u32,
    /// Why the message is skipped, if it is.
    skipped: Option<PassedOver>,
    /// The current frame, if its payload is skipped as it arrives.
    skipping: Option<Skipping>,
}

/// A frame whose payload is skipped as it arrives.
#[derive(Clone, Copy, Debug)]
struct Skipping {
    fin: bool,
    mask: [u8; 4],
    at: usize,
    left: u64,
}

/// What the first frame of a message says about the whole message.
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
    payload_bytes: u64,
}

impl Header {
    fn is_data(&self) -> bool {
        self.opcode < 0x8
    }
}

impl Decoder {
    /// Creates a decoder. `deflate` says whether permessage-deflate was negotiated, without context takeover.
    #[must_use]
    pub fn new(deflate: bool) -> Self {
        Self { buffer: BytesMut::new(), partial: None, taken: false, deflate }
    }

    /// Appends received bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Returns the number of bytes held of messages that are not complete.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.buffer.len() + self.partial.as_ref().map_or(0, |partial| partial.held.len())
    }

    /// Returns whether a message or a control frame has begun to arrive and is not complete.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        self.is_within_message() || !self.buffer.is_empty()
    }

    /// Returns whether a frame of a message has arrived or is being skipped, and the message is not complete.
    #[must_use]
    pub fn is_within_message(&self) -> bool {
        self.partial.is_some()
    }

    /// Returns the next message, if it has arrived completely. The bounds may differ from message to message.
    ///
    /// # Errors
    /// [`DecodeError`]. The decoder must not be used after an error.
    pub fn next_message(&mut self, bounds: MessageBounds) -> Result<Option<Message>, DecodeError> {
        loop {
            if let Some(Partial { skipping: Some(_), .. }) = self.partial.as_deref() {
                if !self.skip() {
                    break;
                }
                self.taken = true;
                if let Some(skipped) = self.take_skipped() {
                    return Ok(Some(skipped));
                }
            }
            let Some(header) = self.header()? else { break };
            let passed_over = if header.is_data() { self.skip_reason(&header, bounds)? } else { None };
            if let Some(why) = passed_over {
                self.buffer.advance(header.header_bytes);
                self.start_skipping(&header, why);
                continue;
            }
            let Some(end) =
                header.header_bytes.checked_add(usize::try_from(header.payload_bytes).unwrap_or(usize::MAX))
            else {
                return Err(DecodeError::TooLarge);
            };
            if self.buffer.len() < end {
                break;
            }
            self.buffer.advance(header.header_bytes);
            let mut payload = self.buffer.split_to(end - header.header_bytes);
            unmask(&mut payload, header.mask);
            self.taken = true;
            if let Some(message) = self.take_frame(&header, payload, bounds)? {
                return Ok(Some(message));
            }
        }
        if self.buffer.is_empty() {
            // An idle connection owns no buffer.
            self.buffer = BytesMut::new();
        } else if self.taken {
            // The beginning of a message must not keep the memory of the messages before it.
            self.buffer = BytesMut::from(&self.buffer[..]);
        }
        self.taken = false;
        Ok(None)
    }

    fn header(&self) -> Result<Option<Header>, DecodeError> {
        let bytes = &self.buffer[..];
        let [first, second, ..] = *bytes else {
            return Ok(None);
        };
        let (fin, opcode) = (first & 0x80 != 0, first & 0x0F);
        // Only the first frame of a message has the compression bit (RFC 7692 section 6.1).
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
            0x0 if self.partial.is_none() => return Err(DecodeError::Fragmentation),
            0x1 | 0x2 if self.partial.is_some() => return Err(DecodeError::Fragmentation),
            0x0..=0x2 | 0x8..=0xA => {}
            _ => return Err(DecodeError::Opcode),
        }
        let (payload_bytes, length_end) = match short {
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
        if let (0x0, Some(partial)) = (opcode, &self.partial)
            && ((payload_bytes == 0 && !fin) || partial.frames >= FRAMES_MAX)
        {
            // Such frames cost work and do not bring the message closer to its end.
            return Err(DecodeError::Fragmentation);
        }
        // The header is complete only with its mask.
        let mask = bytes.get(length_end..length_end + 4).and_then(|b| <[u8; 4]>::try_from(b).ok());
        let Some(mask) = mask else { return Ok(None) };
        Ok(Some(Header { fin, deflated, opcode, mask, header_bytes: length_end + 4, payload_bytes }))
    }

    fn kind(&self, header: &Header) -> Kind {
        let first = Kind { binary: header.opcode == 0x2, deflated: header.deflated };
        self.partial.as_ref().map_or(first, |partial| partial.kind)
    }

    /// Returns why the frame's message is skipped, if it is. Decided by the claimed lengths, before any payload is
    /// held.
    fn skip_reason(&self, header: &Header, bounds: MessageBounds) -> Result<Option<PassedOver>, DecodeError> {
        let kind = self.kind(header);
        let (before, skipped) = self.partial.as_ref().map_or((0, None), |partial| (partial.bytes, partial.skipped));
        let total = before.saturating_add(header.payload_bytes);
        let (most, unwanted) = match (kind.binary, bounds.binary) {
            (false, _) => (bounds.text, kind.deflated && !bounds.inflates),
            (true, BinaryBound::UpTo(most)) => (most, false),
            (true, BinaryBound::Skip) => (0, true),
            (true, BinaryBound::Refuse) => return Err(DecodeError::Unexpected),
        };
        // Data that cannot be compressed grows by a few bytes (RFC 1951 section 3.2.4).
        let slack = if kind.deflated { most / 256 + 64 } else { 0 };
        let fits = total <= most.saturating_add(slack) as u64;
        let why = match skipped {
            Some(why) => why,
            None if unwanted => PassedOver::Unwanted,
            None if fits => return Ok(None),
            None if kind.binary => return Err(DecodeError::TooLarge),
            None => PassedOver::TooLarge,
        };
        if total <= bounds.skipped as u64 { Ok(Some(why)) } else { Err(DecodeError::TooLarge) }
    }

    fn start_skipping(&mut self, header: &Header, why: PassedOver) {
        let kind = self.kind(header);
        let partial = self.partial.get_or_insert_with(|| {
            Box::new(Partial { kind, held: BytesMut::new(), bytes: 0, frames: 0, skipped: Some(why), skipping: None })
        });
        partial.bytes += header.payload_bytes;
        partial.frames += 1;
        if partial.skipped.replace(why).is_none() {
            partial.held = BytesMut::from(&partial.held[..partial.held.len().min(HEAD_BYTES_MAX)]);
        }
        partial.skipping = Some(Skipping { fin: header.fin, mask: header.mask, at: 0, left: header.payload_bytes });
    }

    /// Skips what has arrived of the current frame. Returns whether that completes the frame.
    fn skip(&mut self) -> bool {
        let Some(partial) = self.partial.as_deref_mut() else { return true };
        let Some(skipping) = &mut partial.skipping else { return true };
        let here = usize::try_from(skipping.left).unwrap_or(usize::MAX).min(self.buffer.len());
        let kept = HEAD_BYTES_MAX.saturating_sub(partial.held.len()).min(here);
        let mask = skipping.mask.iter().cycle().skip(skipping.at % 4);
        partial.held.extend(self.buffer[..kept].iter().zip(mask).map(|(byte, key)| byte ^ key));
        self.buffer.advance(here);
        skipping.at += here;
        skipping.left -= here as u64;
        skipping.left == 0
    }

    /// Finishes a skipped frame. Returns the message if the frame was its last.
    fn take_skipped(&mut self) -> Option<Message> {
        let partial = self.partial.as_deref_mut()?;
        if !partial.skipping.take()?.fin {
            return None;
        }
        let Partial { kind, held, bytes, skipped, .. } = *self.partial.take()?;
        let head = if kind.deflated { deflate::beginning(&held, HEAD_BYTES_MAX) } else { held.to_vec() };
        Some(Message::Skipped(Skipped { binary: kind.binary, why: skipped?, head, bytes: bytes as usize }))
    }

    fn take_frame(
        &mut self,
        header: &Header,
        payload: BytesMut,
        bounds: MessageBounds,
    ) -> Result<Option<Message>, DecodeError> {
        match header.opcode {
            0x8 => return close(&payload).map(Some),
            0x9 => return Ok(Some(Message::Ping(Bytes::copy_from_slice(&payload)))),
            0xA => return Ok(Some(Message::Pong(Bytes::copy_from_slice(&payload)))),
            _ => {}
        }
        let kind = self.kind(header);
        let whole = match self.partial.take() {
            None if header.fin => payload,
            partial => {
                let mut partial = partial.unwrap_or_else(|| {
                    Box::new(Partial {
                        kind,
                        held: BytesMut::new(),
                        bytes: 0,
                        frames: 0,
                        skipped: None,
                        skipping: None,
                    })
                });
                partial.bytes += payload.len() as u64;
                partial.frames += 1;
                partial.held.extend_from_slice(&payload);
                if !header.fin {
                    self.partial = Some(partial);
                    return Ok(None);
                }
                partial.held
            }
        };
        let most = match (kind.binary, bounds.binary) {
            (true, BinaryBound::UpTo(most)) => most,
            (true, BinaryBound::Skip | BinaryBound::Refuse) => 0,
            (false, _) => bounds.text,
        };
        let whole = match if kind.deflated { deflate::decompress(&whole, most) } else { Ok(Vec::from(whole)) } {
            Ok(whole) => whole,
            Err(InflateError::Invalid) => return Err(DecodeError::Compression),
            // The work of inflating was bounded, and so the connection may go on.
            Err(InflateError::TooLarge(mut head)) if !kind.binary && most < bounds.skipped => {
                let bytes = head.len();
                head.truncate(HEAD_BYTES_MAX);
                head.shrink_to_fit();
                let why = PassedOver::TooLarge;
                return Ok(Some(Message::Skipped(Skipped { binary: false, why, head, bytes })));
            }
            Err(InflateError::TooLarge(_)) => return Err(DecodeError::TooLarge),
        };
        if kind.binary {
            // Boxed without spare capacity, because the message may be kept for a while.
            return Ok(Some(Message::Binary(whole.into_boxed_slice().into())));
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
#[path = "decoder_tests.rs"]
mod tests;
