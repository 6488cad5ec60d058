//! Recognises the type of a file by its first bytes.
//!
//! What must stay true: the bytes are examined at most twice, however small the pieces are in which they arrive.

use crate::Kind;

/// Bytes at the start of a file that are examined for its type and, if it is an image, for its dimensions.
const HEAD_BYTES: usize = 64 * 1024;
/// Bytes that are examined for an image whose dimensions come later: cameras and editors put long metadata before
/// them.
const LONG_HEAD_BYTES: usize = 1024 * 1024;

/// The first bytes of a file, which are buffered until its type is recognised.
#[derive(Debug)]
pub(crate) struct Head {
    bytes: Vec<u8>,
    /// The number of bytes to buffer before they are examined.
    wanted: usize,
    known: Option<Kind>,
    /// How many times the bytes were examined.
    examined: usize,
}

impl Default for Head {
    fn default() -> Self {
        Self { bytes: Vec::new(), wanted: HEAD_BYTES, known: None, examined: 0 }
    }
}

impl Head {
    /// Adds the next piece of the file.
    pub(crate) fn add(&mut self, next: &[u8]) {
        if self.known.is_some() {
            return;
        }
        let mut next = next;
        while !next.is_empty() && self.known.is_none() {
            let (taken, rest) = next.split_at(next.len().min(self.wanted - self.bytes.len()));
            self.bytes.extend(taken);
            next = rest;
            if self.bytes.len() == self.wanted {
                self.examine();
            }
        }
    }

    fn examine(&mut self) {
        self.examined += 1;
        let kind = Kind::of(&self.bytes);
        if kind.lacks_dimensions() && self.wanted == HEAD_BYTES {
            self.wanted = LONG_HEAD_BYTES;
        } else {
            self.known = Some(kind);
            self.bytes = Vec::new();
        }
    }

    /// Returns the type of the file, once it has arrived completely.
    pub(crate) fn kind(self) -> Kind {
        self.known.unwrap_or_else(|| Kind::of(&self.bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The start of a JPEG with endless metadata, so that its dimensions never come.
    fn endless_metadata(bytes: usize) -> Vec<u8> {
        [0xff, 0xd8].into_iter().chain([0xff, 0xe1, 0, 2].into_iter().cycle()).take(bytes).collect()
    }

    #[test]
    fn small_pieces_are_examined_no_more_often_than_large_ones() {
        for piece in [64, 10_000, 4_000_000] {
            let mut head = Head::default();
            let mut held = 0;
            for part in endless_metadata(4_000_000).chunks(piece) {
                head.add(part);
                held = held.max(head.bytes.len());
            }
            assert_eq!((head.examined, held <= LONG_HEAD_BYTES), (2, true), "{piece}");
            assert_eq!(head.kind(), Kind { mime: "image/jpeg", image: None }, "{piece}");
        }
        let mut head = Head::default();
        std::iter::repeat_n([b'x'; 64], 10_000).for_each(|part| head.add(&part));
        assert_eq!((head.examined, head.bytes.capacity()), (1, 0), "other files are recognised by their first bytes");
    }
}
