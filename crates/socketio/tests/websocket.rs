//! WebSocket (RFC 6455) on the wire, tested against the Engine.IO echo server.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use support::{Ws, calm, masked, serve};

async fn open() -> Ws {
    let address = serve(calm()).await;
    Ws::session(address, "/engine.io/?EIO=4&transport=websocket").await.0
}

#[tokio::test]
async fn a_message_comes_in_pieces_with_control_frames_between() {
    let mut ws = open().await;
    let euro = "4\u{20ac}".as_bytes();
    // Split in the middle of a character, and in the middle of a frame.
    ws.send_frame(0x01, &euro[..2]).await;
    ws.send_frame(0x89, b"are you there").await;
    assert_eq!(ws.frame().await, Some((0x8A, b"are you there".to_vec())));
    ws.send_frame(0x00, &euro[2..3]).await;
    ws.send_frame(0x8A, b"unasked").await;
    let last = masked(0x80, &euro[3..]);
    ws.send_bytes(&last[..3]).await;
    ws.send_bytes(&last[3..]).await;
    assert_eq!(ws.text().await, "4\u{20ac}");
}

#[tokio::test]
async fn many_messages_in_one_write_come_back_in_order() {
    let mut ws = open().await;
    let all: Vec<u8> = (0..1_000).flat_map(|n| masked(0x81, format!("4{n}").as_bytes())).collect();
    ws.send_bytes(&all).await;
    for n in 0..1_000 {
        assert_eq!(ws.text().await, format!("4{n}"));
    }
}

#[tokio::test]
async fn every_length_of_payload() {
    let mut ws = open().await;
    for length in [0, 1, 124, 125, 126, 127, 65_534, 65_535, 65_536, 200_000] {
        let message = format!("4{}", "x".repeat(length));
        ws.send(&message).await;
        assert_eq!(ws.text().await, message);
    }
}

#[tokio::test]
async fn a_close_is_answered_with_its_code() {
    for (sent, answered) in [(&[][..], 1000), (&[0x03, 0xE8], 1000), (&[0x0F, 0xA0], 4000), (&[0x03, 0xE9, b'b'], 1001)]
    {
        let mut ws = open().await;
        ws.send_frame(0x88, sent).await;
        assert_eq!(ws.close_code().await, Some(answered));
        assert_eq!(ws.frame().await, None, "and the stream ends");
    }
}

#[tokio::test]
async fn protocol_errors_close_with_their_code() {
    let unmasked = [0x81, 0x02, b'4', b'x'];
    let cases: [(&[u8], u16); 12] = [
        (&unmasked, 1002),
        (&masked(0xC1, b"4x"), 1002),
        (&masked(0xA1, b"4x"), 1002),
        (&masked(0x83, b"4x"), 1002),
        (&masked(0x8F, b""), 1002),
        (&masked(0x09, b""), 1002),
        (&masked(0x89, &[0; 126]), 1002),
        (&masked(0x80, b"x"), 1002),
        (&masked(0x88, &[0x03]), 1002),
        (&masked(0x88, &[0x03, 0xED]), 1002),
        (&masked(0x81, &[b'4', 0xFF]), 1007),
        (&[0x81, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0], 1009),
    ];
    for (bytes, code) in cases {
        let mut ws = open().await;
        ws.send_bytes(bytes).await;
        assert_eq!(ws.close_code().await, Some(code), "{bytes:x?}");
    }
}

#[tokio::test]
async fn messages_before_an_error_are_answered() {
    let mut ws = open().await;
    ws.send_bytes(&[masked(0x81, b"4one"), masked(0x81, b"4two"), masked(0x83, b"")].concat()).await;
    assert_eq!(ws.text().await, "4one");
    assert_eq!(ws.text().await, "4two");
    assert_eq!(ws.close_code().await, Some(1002));
}
