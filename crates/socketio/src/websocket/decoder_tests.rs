//! Tests of the decoder: messages cut at any byte, and messages beyond their bounds.

use proptest::prelude::*;

use super::*;

const BOUNDS: MessageBounds = MessageBounds::up_to(1_000);

/// Returns a client's frame: the first byte, then the masked payload.
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
    let mut decoder = Decoder::new(false);
    decoder.feed(bytes);
    let mut messages = Vec::new();
    while let Some(message) = decoder.next_message(BOUNDS)? {
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
fn a_message_has_so_many_frames_and_none_is_empty_in_its_middle() {
    let frames = FRAMES_MAX as usize;
    let in_frames = |count: usize| {
        let middle = frame(0x00, b"x").repeat(count - 2);
        [frame(0x02, b"x"), middle, frame(0x80, b"x")].concat()
    };
    assert_eq!(decode(&in_frames(600)), Ok(vec![Message::Binary(vec![b'x'; 600].into())]));
    let decode_to_end = |bytes: &[u8]| decode_events(bytes, usize::MAX, events(BinaryBound::UpTo(2_000)));
    assert_eq!(decode_to_end(&in_frames(frames)).map(|messages| messages.len()), Ok(1));
    assert_eq!(decode_to_end(&in_frames(frames + 1)), Err(DecodeError::Fragmentation));
    // The limit holds for text that is skipped as well.
    let text = |count: usize| [frame(0x01, b"x"), frame(0x00, b"x").repeat(count - 2), frame(0x80, b"x")].concat();
    let skipped = decode_to_end(&text(frames));
    assert!(matches!(skipped.as_deref(), Ok([Message::Skipped(skipped)]) if skipped.bytes == frames), "{skipped:?}");
    assert_eq!(decode_to_end(&text(frames + 1)), Err(DecodeError::Fragmentation));
    // The first and the last frame may be empty, as streaming clients send them.
    let empty = [frame(0x02, b""), frame(0x00, b"x"), frame(0x80, b"")].concat();
    assert_eq!(decode(&empty), Ok(vec![Message::Binary(b"x"[..].into())]));
    assert_eq!(decode(&[frame(0x02, b"x"), frame(0x00, b"")].concat()), Err(DecodeError::Fragmentation));
}

#[test]
fn a_claimed_length_allocates_nothing() {
    let mut decoder = Decoder::new(false);
    decoder.feed(&[0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4]);
    assert_eq!(decoder.next_message(MessageBounds::up_to(usize::MAX)), Ok(None));
    assert!(decoder.buffer.capacity() < 1_024);
}

proptest! {
    #[test]
    fn any_split_gives_the_same_messages(
        payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 1..5),
        cuts in proptest::collection::vec(1usize..40, 1..60),
    ) {
        let bytes: Vec<u8> = payloads.iter().flat_map(|payload| frame(0x82, payload)).collect();
        let mut decoder = Decoder::new(false);
        let (mut at, mut messages) = (0, Vec::new());
        for cut in cuts.into_iter().cycle() {
            let end = (at + cut).min(bytes.len());
            decoder.feed(&bytes[at..end]);
            at = end;
            while let Some(message) = decoder.next_message(BOUNDS).expect("valid") {
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

/// Accepts text of 100 bytes and binary messages as given, and skips up to 100,000 bytes.
fn events(binary: BinaryBound) -> MessageBounds {
    MessageBounds { text: 100, binary, inflates: true, skipped: 100_000 }
}

fn decode_events(bytes: &[u8], cut: usize, bounds: MessageBounds) -> Result<Vec<Message>, DecodeError> {
    let mut decoder = Decoder::new(true);
    let mut messages = Vec::new();
    for piece in bytes.chunks(cut) {
        decoder.feed(piece);
        while let Some(message) = decoder.next_message(bounds)? {
            messages.push(message);
        }
        assert!(decoder.held_bytes() <= cut.saturating_add(100 + HEAD_BYTES_MAX), "holds {}", decoder.held_bytes());
    }
    assert_eq!(decoder.held_bytes(), 0);
    Ok(messages)
}

#[test]
fn text_beyond_its_bound_is_passed_over_and_its_beginning_is_known() {
    let large = "x".repeat(50_000);
    let skipped = |bytes| {
        let head = large.as_bytes()[..HEAD_BYTES_MAX].to_vec();
        Message::Skipped(Skipped { binary: false, why: PassedOver::TooLarge, head, bytes })
    };
    let after = frame(0x81, b"after");
    let whole = [frame(0x81, large.as_bytes()), after.clone()].concat();
    // A message that starts within the bound and ends beyond it, with a ping in between.
    let (first, rest) = large.as_bytes().split_at(60);
    let fragmented =
        [frame(0x01, first), frame(0x00, rest), frame(0x89, b""), frame(0x80, b""), after.clone()].concat();
    let expected = [skipped(50_000), Message::Text("after".to_owned())];
    for cut in [1, 7, 1_000, usize::MAX] {
        let decoded = decode_events(&whole, cut, events(BinaryBound::Refuse)).expect("no error");
        assert_eq!(decoded, expected);
        let decoded = decode_events(&fragmented, cut, events(BinaryBound::Refuse)).expect("no error");
        assert_eq!(decoded, [Message::Ping(Bytes::new()), expected[0].clone(), expected[1].clone()]);
    }
    let beyond = frame(0x81, "x".repeat(100_001).as_bytes());
    assert_eq!(decode_events(&beyond[..14], 20, events(BinaryBound::Refuse)), Err(DecodeError::TooLarge));
}

#[test]
fn a_bomb_is_inflated_to_the_bound_and_no_further() {
    let bomb = deflate::compress("x".repeat(1_000_000).as_bytes());
    assert!(bomb.len() > 100 + 64 + HEAD_BYTES_MAX, "it is passed over on the wire, not inflated");
    let bytes = [frame(0xC1, &bomb), frame(0x81, b"after")].concat();
    let decoded = decode_events(&bytes, 100, events(BinaryBound::Refuse)).expect("no error");
    let Message::Skipped(skipped) = &decoded[0] else { panic!("{decoded:?}") };
    assert_eq!((skipped.head_text(), skipped.bytes), ("x".repeat(HEAD_BYTES_MAX).as_str(), bomb.len()));
    let small = frame(0xC1, &deflate::compress("x".repeat(10_000).as_bytes()));
    let decoded = decode_events(&small, 100, events(BinaryBound::Refuse)).expect("no error");
    let Message::Skipped(skipped) = &decoded[0] else { panic!("{decoded:?}") };
    assert_eq!((skipped.head_text(), skipped.bytes), ("x".repeat(101).as_str(), 101));
    let fits = frame(0xC1, &deflate::compress("x".repeat(100).as_bytes()));
    let decoded = decode_events(&fits, 100, events(BinaryBound::Refuse)).expect("no error");
    assert_eq!(decoded, [Message::Text("x".repeat(100))]);
}

#[test]
fn binary_messages_are_held_only_where_they_are_expected() {
    let bytes = frame(0x82, &[7; 5_000]);
    assert_eq!(decode_events(&bytes[..8], 100, events(BinaryBound::Refuse)), Err(DecodeError::Unexpected));
    assert_eq!(decode_events(&bytes[..8], 100, events(BinaryBound::UpTo(4_999))), Err(DecodeError::TooLarge));
    let why = PassedOver::Unwanted;
    let skipped = Skipped { binary: true, why, head: vec![7; HEAD_BYTES_MAX], bytes: 5_000 };
    assert_eq!(decode_events(&bytes, 100, events(BinaryBound::Skip)), Ok(vec![Message::Skipped(skipped)]));
}

#[test]
fn the_beginning_of_a_message_keeps_no_memory_of_those_before_it() {
    let mut decoder = Decoder::new(false);
    decoder.feed(&[frame(0x82, &[7; 60_000]), vec![0x82]].concat());
    assert!(decoder.next_message(MessageBounds::up_to(60_000)).is_ok_and(|message| message.is_some()));
    assert_eq!(decoder.next_message(MessageBounds::up_to(60_000)), Ok(None));
    assert!(decoder.buffer.capacity() < 1_024);
}

#[test]
fn compressed_text_is_not_inflated_where_it_is_not_wanted() {
    let bounds = MessageBounds { inflates: false, ..events(BinaryBound::Refuse) };
    let compressed = deflate::compress(b"a message");
    let bytes = [frame(0xC1, &compressed), frame(0x81, b"not compressed")].concat();
    let skipped =
        Skipped { binary: false, why: PassedOver::Unwanted, head: b"a message".to_vec(), bytes: compressed.len() };
    let expected = vec![Message::Skipped(skipped), Message::Text("not compressed".to_owned())];
    assert_eq!(decode_events(&bytes, 3, bounds), Ok(expected));
}
