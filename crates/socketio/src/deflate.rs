//! permessage-deflate (RFC 7692) without context takeover. Each message is compressed by itself, so that a broadcast is
//! compressed once and no connection keeps a window.
//!
//! What must stay true: inflating a message stops at the bound that was given.

use std::cell::RefCell;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// The end of a compressed message, which is left out on the wire (RFC 7692 section 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// Bytes that the output buffer starts with. It doubles as long as more is inflated.
const STEP: usize = 4 * 1024;

thread_local! {
    // The two need some 300 kB each, and so there is one pair per thread instead of one per connection.
    static COMPRESS: RefCell<Compress> = RefCell::new(Compress::new(Compression::fast(), false));
    static DECOMPRESS: RefCell<Decompress> = RefCell::new(Decompress::new(false));
}

/// The reason why a message was not inflated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InflateError {
    /// The message is not a DEFLATE stream.
    Invalid,
    /// The message has more bytes than allowed. These are its first bytes, up to a little beyond the bound.
    TooLarge(Vec<u8>),
}

/// Compresses one message.
pub(crate) fn compress(message: &[u8]) -> Vec<u8> {
    COMPRESS.with_borrow_mut(|compress| {
        compress.reset();
        let mut out = Vec::with_capacity(message.len() / 2 + 64);
        loop {
            let at = compress.total_in() as usize;
            // Compressing into memory cannot fail. If it did, the output would not be shorter, and so would not be
            // used.
            let status = compress.compress_vec(&message[at..], &mut out, FlushCompress::Sync);
            let done = compress.total_in() as usize == message.len() && out.len() < out.capacity();
            match status {
                Ok(Status::Ok | Status::BufError) if !done => out.reserve(out.capacity().max(256)),
                _ => break,
            }
        }
        if out.ends_with(&TAIL) {
            out.truncate(out.len() - TAIL.len());
        }
        out
    })
}

/// Inflates one message of at most `bytes_max` bytes.
pub(crate) fn decompress(message: &[u8], bytes_max: usize) -> Result<Vec<u8>, InflateError> {
    let mut out = Vec::new();
    match inflate(&[message, &TAIL], bytes_max, &mut out) {
        Ok(()) => Ok(out),
        Err(Fault::Invalid) => Err(InflateError::Invalid),
        Err(Fault::TooLarge) => Err(InflateError::TooLarge(out)),
    }
}

/// Inflates the beginning of a message that is not complete. Returns at most `bytes_max` bytes.
pub(crate) fn beginning(message: &[u8], bytes_max: usize) -> Vec<u8> {
    let mut out = Vec::new();
    // The output before an error is valid.
    let _ = inflate(&[message], bytes_max, &mut out);
    out.truncate(bytes_max);
    out
}

enum Fault {
    Invalid,
    TooLarge,
}

fn inflate(parts: &[&[u8]], bytes_max: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
    DECOMPRESS.with_borrow_mut(|decompress| {
        decompress.reset(false);
        for part in parts {
            let mut part = *part;
            loop {
                if out.len() == out.capacity() {
                    // One byte beyond the bound is enough to see that the bound is exceeded.
                    let left = bytes_max.saturating_add(1) - out.len();
                    out.reserve_exact(out.len().max(STEP).min(left));
                }
                let (read, written) = (decompress.total_in(), out.len());
                let status = decompress.decompress_vec(part, out, FlushDecompress::Sync);
                part = &part[(decompress.total_in() - read) as usize..];
                if out.len() > bytes_max {
                    return Err(Fault::TooLarge);
                }
                match status {
                    // A final block is allowed (RFC 7692 section 7.2.3.4); the bytes after it carry no data.
                    Ok(Status::StreamEnd) => return Ok(()),
                    Err(_) => return Err(Fault::Invalid),
                    Ok(Status::Ok | Status::BufError) => {
                        let full = out.len() == out.capacity();
                        if part.is_empty() && !full {
                            break;
                        }
                        if !full && out.len() == written && decompress.total_in() == read {
                            return Err(Fault::Invalid);
                        }
                    }
                }
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_examples_of_the_rfc() {
        // RFC 7692 section 7.2.3: "Hello" with fixed codes, without compression, with a final block, in two blocks.
        for bytes in [
            &[0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00][..],
            &[0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00],
            &[0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00],
            &[0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00],
        ] {
            assert_eq!(decompress(bytes, 100).as_deref(), Ok(&b"Hello"[..]), "{bytes:x?}");
        }
        assert_eq!(compress(b"Hello"), [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]);
        // Section 7.2.3.6: an empty message.
        assert_eq!(decompress(&[0x00], 100).as_deref(), Ok(&b""[..]));
    }

    #[test]
    fn a_bomb_is_given_up_at_the_bound() {
        let bomb = compress(&vec![0; 50_000_000]);
        assert!(bomb.len() < 300_000);
        let Err(InflateError::TooLarge(first)) = decompress(&bomb, 1_000_000) else { panic!("it is too large") };
        assert_eq!((first.len(), first.capacity()), (1_000_001, 1_000_001));
        assert_eq!(beginning(&bomb[..100], 500), vec![0; 500]);
        assert_eq!(beginning(&compress(b"a message"), 500), b"a message");
        assert_eq!(beginning(&[0xFF; 20], 500), b"");
    }

    #[test]
    fn the_bound_itself_is_allowed() {
        let message = vec![7; 100_000];
        assert_eq!(decompress(&compress(&message), 100_000).map(|out| out.len()), Ok(100_000));
        assert!(matches!(decompress(&compress(&message), 99_999), Err(InflateError::TooLarge(_))));
    }

    #[test]
    fn what_is_no_stream_is_refused() {
        assert_eq!(decompress(&[0x06], 100), Err(InflateError::Invalid));
        assert_eq!(decompress(&[0xFF; 20], 100), Err(InflateError::Invalid));
    }

    proptest! {
        #[test]
        fn what_was_compressed_comes_back(
            unit in proptest::collection::vec(any::<u8>(), 0..200), times in 0usize..400,
        ) {
            let message = unit.repeat(times);
            prop_assert_eq!(decompress(&compress(&message), message.len().max(1)), Ok(message));
        }

        #[test]
        fn garbage_never_panics_nor_grows(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(out) = decompress(&bytes, 1_000) {
                prop_assert!(out.len() <= 1_000);
            }
        }
    }
}
