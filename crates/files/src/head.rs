//! Recognises a file by its first bytes. They are examined at most twice, however small the pieces are that arrive.

use crate::Kind;

/// Bytes at the start of a file from which its type, and usually the size of an image, are read.
const HEAD_BYTES: usize = 64 * 1024;
/// Bytes for an image whose size comes later, since cameras and editors put long metadata before it.
const LONG_HEAD_BYTES: usize = 1024 * 1024;

/// The first bytes of a file, until its type is known.
#[derive(Debug)]
pub(crate) struct Head {
    bytes: Vec<u8>,
    /// Bytes to collect before they are examined.
    wanted: usize,
    known: Option<Kind>,
    /// How often the bytes were examined.
    looks: usize,
}

impl Default for Head {
    fn default() -> Self {
        Self { bytes: Vec::new(), wanted: HEAD_BYTES, known: None, looks: 0 }
    }
}

impl Head {
    /// Takes the next piece of the file.
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
                self.look();
            }
        }
    }

    fn look(&mut self) {
        self.looks += 1;
        let kind = Kind::of(&self.bytes);
        if kind.lacks_size() && self.wanted == HEAD_BYTES {
            self.wanted = LONG_HEAD_BYTES;
        } else {
            self.known = Some(kind);
            self.bytes = Vec::new();
        }
    }

    /// The type of the file, once all of it has arrived.
    pub(crate) fn kind(self) -> Kind {
        self.known.unwrap_or_else(|| Kind::of(&self.bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The start of a JPEG that never says its size: notes without end.
    fn endless(bytes: usize) -> Vec<u8> {
        [0xff, 0xd8].into_iter().chain([0xff, 0xe1, 0, 2].into_iter().cycle()).take(bytes).collect()
    }

    #[test]
    fn tiny_pieces_are_looked_at_no_more_often_than_large_ones() {
        for piece in [64, 10_000, 4_000_000] {
            let mut head = Head::default();
            let mut held = 0;
            for part in endless(4_000_000).chunks(piece) {
                head.add(part);
                held = held.max(head.bytes.len());
            }
            assert_eq!((head.looks, held <= LONG_HEAD_BYTES), (2, true), "{piece}");
            assert_eq!(head.kind(), Kind { mime: "image/jpeg", image: None }, "{piece}");
        }
        let mut head = Head::default();
        std::iter::repeat_n([b'x'; 64], 10_000).for_each(|part| head.add(&part));
        assert_eq!((head.looks, head.bytes.capacity()), (1, 0), "what is no image is known after its first bytes");
    }
}
