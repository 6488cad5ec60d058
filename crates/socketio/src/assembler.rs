//! Joins packets with the binary attachments that follow them. Sans-IO.
//!
//! What must stay true: a packet is handed on only when it is complete; nothing comes between a packet and its
//! attachments.

use bytes::Bytes;

use crate::packet::{self, InvalidPacket, Packet};
use crate::websocket::BinaryBound;

/// Joins packets with their attachments.
#[derive(Debug, Default)]
pub struct Assembler {
    /// A packet that waits for its attachments. Most connections never have one.
    partial: Option<Box<Partial>>,
}

#[derive(Debug)]
struct Partial {
    text: String,
    attachments: Vec<Bytes>,
    expected: usize,
    arrived: usize,
    bytes: usize,
    /// Whether the packet was refused. Its attachments are counted, so that the connection can go on, but not kept.
    refused: bool,
}

/// A packet whose attachments have all arrived.
#[derive(Debug)]
pub struct Assembled {
    /// The packet's text, which [`packet::decode`] has already accepted once.
    pub text: String,
    /// The attachments, in the order of their placeholders.
    pub attachments: Vec<Bytes>,
}

/// The limits on the attachments of one packet.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The largest number of attachments.
    pub attachments_max: usize,
    /// The largest sum of their sizes, in bytes.
    pub bytes_max: usize,
}

impl Assembler {
    /// Takes a text message. Returns the packet if no attachments follow.
    ///
    /// # Errors
    /// [`InvalidPacket`] if the text is not a packet, or if attachments of the packet before it are missing.
    pub fn text<'a>(&mut self, text: &'a str, bounds: Bounds) -> Result<Option<Packet<'a>>, InvalidPacket> {
        if self.partial.is_some() {
            return Err(InvalidPacket::Attachments);
        }
        let packet = packet::decode(text, bounds.attachments_max)?;
        match packet {
            Packet::Event { attachments: expected @ 1.., .. } | Packet::Ack { attachments: expected @ 1.., .. } => {
                self.wait(text.to_owned(), expected, false);
                Ok(None)
            }
            whole => Ok(Some(whole)),
        }
    }

    /// Skips the attachments of a packet that was refused.
    pub(crate) fn refuse(&mut self, expected: usize) {
        self.wait(String::new(), expected, true);
    }

    fn wait(&mut self, text: String, expected: usize, refused: bool) {
        let partial = Partial { text, attachments: Vec::new(), expected, arrived: 0, bytes: 0, refused };
        self.partial = Some(Box::new(partial));
    }

    /// Returns how the next binary message is handled: refused, skipped, or taken up to what is left of the bound.
    pub(crate) fn expects(&self, bounds: Bounds) -> BinaryBound {
        match &self.partial {
            None => BinaryBound::Refuse,
            Some(partial) if partial.refused => BinaryBound::Skip,
            Some(partial) => BinaryBound::UpTo(bounds.bytes_max - partial.bytes),
        }
    }

    /// Returns the number of bytes held of a packet that waits for attachments, or `None` if no packet waits.
    pub(crate) fn held_bytes(&self) -> Option<usize> {
        self.partial.as_ref().map(|partial| partial.text.len() + partial.bytes)
    }

    /// Counts an attachment that was skipped.
    ///
    /// # Errors
    /// [`InvalidPacket::Attachments`] if no refused packet waits for one.
    pub(crate) fn skipped(&mut self) -> Result<(), InvalidPacket> {
        let partial = self.partial.as_mut().filter(|partial| partial.refused).ok_or(InvalidPacket::Attachments)?;
        partial.arrived += 1;
        if partial.arrived == partial.expected {
            self.partial = None;
        }
        Ok(())
    }

    /// Takes an attachment. Returns the packet if it was the last one.
    ///
    /// # Errors
    /// [`InvalidPacket::Attachments`] if no packet waits for one, or if they are too large together.
    pub fn binary(&mut self, bytes: Bytes, bounds: Bounds) -> Result<Option<Assembled>, InvalidPacket> {
        let mut partial = self.partial.take().ok_or(InvalidPacket::Attachments)?;
        partial.bytes += bytes.len();
        if partial.refused || partial.bytes > bounds.bytes_max {
            return Err(InvalidPacket::Attachments);
        }
        partial.attachments.push(bytes);
        partial.arrived += 1;
        if partial.arrived < partial.expected {
            self.partial = Some(partial);
            return Ok(None);
        }
        Ok(Some(Assembled { text: partial.text, attachments: partial.attachments }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { attachments_max: 3, bytes_max: 10 };

    #[test]
    fn a_packet_waits_for_its_attachments() {
        let mut assembler = Assembler::default();
        assert!(assembler.text("2[\"plain\"]", BOUNDS).expect("valid").is_some());
        assert!(assembler.text("52-[\"a\",{}]", BOUNDS).expect("valid").is_none());
        assert!(assembler.binary(Bytes::from_static(b"one"), BOUNDS).expect("valid").is_none());
        let whole = assembler.binary(Bytes::from_static(b"two"), BOUNDS).expect("valid").expect("whole");
        assert_eq!(
            (whole.text.as_str(), &whole.attachments[..]),
            ("52-[\"a\",{}]", &[&b"one"[..], b"two"].map(Bytes::from_static)[..])
        );
        assert!(assembler.text("2[\"next\"]", BOUNDS).expect("valid").is_some());
    }

    #[test]
    fn the_attachments_of_a_refused_packet_are_passed_over() {
        let mut assembler = Assembler::default();
        assert_eq!(assembler.expects(BOUNDS), BinaryBound::Refuse);
        assert!(assembler.text("51-[\"a\"]", BOUNDS).expect("valid").is_none());
        assert_eq!((assembler.expects(BOUNDS), assembler.held_bytes()), (BinaryBound::UpTo(10), Some(8)));
        assert!(assembler.binary(Bytes::from_static(b"one"), BOUNDS).expect("valid").is_some());
        assert_eq!((assembler.expects(BOUNDS), assembler.held_bytes()), (BinaryBound::Refuse, None));
        assembler.refuse(2);
        assert_eq!(assembler.expects(BOUNDS), BinaryBound::Skip);
        assert_eq!(assembler.text("2[\"between\"]", BOUNDS).err(), Some(InvalidPacket::Attachments));
        assert_eq!((assembler.skipped(), assembler.skipped()), (Ok(()), Ok(())));
        assert_eq!(assembler.skipped(), Err(InvalidPacket::Attachments));
        assert!(assembler.text("2[\"next\"]", BOUNDS).expect("valid").is_some());
    }

    #[test]
    fn what_does_not_belong_is_refused() {
        let mut assembler = Assembler::default();
        assert_eq!(assembler.binary(Bytes::new(), BOUNDS).err(), Some(InvalidPacket::Attachments));
        assert!(assembler.text("51-[\"a\"]", BOUNDS).expect("valid").is_none());
        assert_eq!(assembler.text("2[\"between\"]", BOUNDS).err(), Some(InvalidPacket::Attachments));
        let mut assembler = Assembler::default();
        assert!(assembler.text("53-[\"a\"]", BOUNDS).expect("valid").is_none());
        assert!(assembler.binary(Bytes::from_static(&[0; 6]), BOUNDS).expect("valid").is_none());
        assert_eq!(assembler.binary(Bytes::from_static(&[0; 6]), BOUNDS).err(), Some(InvalidPacket::Attachments));
        assert_eq!(Assembler::default().text("54-[\"a\"]", BOUNDS).err(), Some(InvalidPacket::Attachments));
    }
}
