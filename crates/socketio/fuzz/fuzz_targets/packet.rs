//! Decodes any text as a Socket.IO packet: decoding never panics, and a decoded packet is consistent.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quintet_socketio::packet::{self, Packet};

const ATTACHMENTS_MAX: usize = 10;

fuzz_target!(|text: &str| {
    let Ok(packet) = packet::decode(text, ATTACHMENTS_MAX) else { return };
    let (namespace, attachments) = match packet {
        Packet::Connect { namespace, .. } | Packet::Disconnect { namespace } => (namespace, 0),
        Packet::Event { namespace, data, attachments, .. } => {
            if let Ok(event) = packet::event_data(data) {
                assert!(!packet::RESERVED_EVENTS.contains(&&*event.name));
            }
            (namespace, attachments)
        }
        Packet::Ack { namespace, id, data, attachments } => {
            // A decoded acknowledgement encodes to one with the same id.
            let frames = packet::encode_ack(namespace, id, data, &[]);
            let written = std::str::from_utf8(frames[0].body()).expect("text");
            let again = packet::decode(&written[1..], ATTACHMENTS_MAX).expect("what was written is read");
            assert!(matches!(again, Packet::Ack { id: same, .. } if same == id));
            (namespace, attachments)
        }
    };
    assert!(namespace.starts_with('/') && !namespace.contains('?'));
    assert!(attachments <= ATTACHMENTS_MAX);
});
