//! Decodes any bytes as a WebSocket stream, split at any point: the messages do not depend on the split, and none exceeds
//! its bound.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quintet_socketio::websocket::{BinaryBound, DecodeError, Decoder, HEAD_BYTES_MAX, Message, MessageBounds};

const MESSAGE_BYTES_MAX: usize = 4_096;

const BOUNDS: MessageBounds =
    MessageBounds { text: MESSAGE_BYTES_MAX, binary: BinaryBound::UpTo(MESSAGE_BYTES_MAX), inflates: true, skipped: 8 * MESSAGE_BYTES_MAX };

fn decode(pieces: &[&[u8]], deflate: bool) -> (Vec<Message>, Option<DecodeError>) {
    let mut decoder = Decoder::new(deflate);
    let mut messages = Vec::new();
    for piece in pieces {
        decoder.feed(piece);
        loop {
            match decoder.next_message(BOUNDS) {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(error) => return (messages, Some(error)),
            }
        }
    }
    (messages, None)
}

fuzz_target!(|input: (bool, Vec<u8>, u16)| {
    let (deflate, bytes, cut) = input;
    let whole = decode(&[&bytes], deflate);
    let cut = usize::from(cut) % (bytes.len() + 1);
    let (before, after) = bytes.split_at(cut);
    assert_eq!(decode(&[before, after], deflate), whole);
    for message in whole.0 {
        let length = match message {
            Message::Text(text) => text.len(),
            Message::Binary(bytes) => bytes.len(),
            Message::Ping(bytes) | Message::Pong(bytes) => {
                assert!(bytes.len() <= 125);
                0
            }
            Message::Close(_) => 0,
            Message::Skipped(skipped) => {
                assert!(skipped.head.len() <= HEAD_BYTES_MAX);
                0
            }
        };
        assert!(length <= MESSAGE_BYTES_MAX);
    }
});
