//! Runs requests, packets, probes, alarms and ends of a session in any order: its invariants hold, and attachments stay
//! within their packet's bounds.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use quintet_socketio::engineio::{HeartbeatAction, PacketAction, Packet, Revision, State};
use quintet_socketio::{Assembler, Bounds};

const BOUNDS: Bounds = Bounds { attachments_max: 4, bytes_max: 1_000 };

fuzz_target!(|input: (bool, bool, Vec<(u8, Vec<u8>)>)| {
    let (v3, polling, steps) = input;
    let revision = if v3 { Revision::V3 } else { Revision::V4 };
    let mut state = State::open(revision, polling);
    let mut assembler = Assembler::default();
    let (mut on_websocket, mut over, mut awaited) = (!polling, false, false);
    for (step, bytes) in steps {
        match step % 12 {
            0 => drop(state.start_poll()),
            1 => state.end_poll(),
            2 => drop(state.start_post()),
            3 => state.end_post(),
            4 => assert!(state.start_upgrade().is_err() || !(on_websocket || over)),
            5 => state.probed(),
            6 => state.cancel_upgrade(),
            7 => on_websocket |= state.finish_upgrade(),
            8 => match state.on_heartbeat() {
                // An unanswered ping is followed by the end, never by another ping.
                HeartbeatAction::Ping => assert!(!std::mem::replace(&mut awaited, true)),
                HeartbeatAction::Wait => awaited = false,
                HeartbeatAction::WaitForPing => assert!(v3),
                HeartbeatAction::Timeout => assert!(v3 || awaited),
            },
            9 => {
                assert_eq!(state.end(), !over);
                over = true;
            }
            10 => {
                let Ok(text) = std::str::from_utf8(&bytes) else { continue };
                let Ok(packet) = Packet::decode(text, revision) else { continue };
                let action = state.on_packet(&packet);
                assert!(action != PacketAction::Pong || v3);
                if let (PacketAction::Message, Packet::Message(text)) = (action, packet) {
                    let _ = assembler.text(text, BOUNDS);
                }
            }
            _ => {
                if let Ok(Some(whole)) = assembler.binary(Bytes::from(bytes), BOUNDS) {
                    let size: usize = whole.attachments.iter().map(Bytes::len).sum();
                    assert!(whole.attachments.len() <= BOUNDS.attachments_max && size <= BOUNDS.bytes_max);
                }
            }
        }
        assert_eq!(state.is_polling(), !on_websocket);
        assert_eq!(state.ended(), over);
    }
});
