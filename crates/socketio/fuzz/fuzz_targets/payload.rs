//! Decodes any body as a polling payload of either revision: decoding never panics, and decoded packets survive encoding
//! and decoding.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use quintet_socketio::Frame;
use quintet_socketio::engineio::{
    Packet, Payload, Revision, decode_binary_payload, decode_payload, encode_payload,
};

/// Returns the messages among packets as frames of revision 4.
fn frames<'a>(packets: impl Iterator<Item = Packet<'a>>) -> Vec<Frame> {
    packets
        .filter_map(|packet| match packet {
            Packet::Message(text) => Some(Frame::text(&format!("4{text}"))),
            Packet::Binary(bytes) => Some(Frame::binary(&bytes)),
            _ => None,
        })
        .collect()
}

fuzz_target!(|body: &[u8]| {
    if let Ok(packets) = decode_binary_payload(&Bytes::copy_from_slice(body)) {
        for packet in &packets {
            let _ = packet.decode();
        }
    }
    let Ok(text) = std::str::from_utf8(body) else { return };
    let _ = decode_payload(text, Revision::V3).count();
    let read = frames(decode_payload(text, Revision::V4).flatten());
    if read.is_empty() {
        return;
    }
    let Payload::Text(written) = encode_payload(&read, Revision::V4, false) else { panic!("revision 4 is text") };
    assert_eq!(frames(decode_payload(&written, Revision::V4).flatten()), read);
});
