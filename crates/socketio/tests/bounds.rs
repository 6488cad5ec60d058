//! Limits on what a client can make the engine hold, inflate and wait for, tested at the byte level.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::net::SocketAddr;
use std::time::Duration;

use flate2::{Compress, Compression, FlushCompress};
use quintet_socketio::{Config, Unfinished};
use support::{PATIENCE, Ws, calm, field, get, masked, post, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const V5: &str = "/socket.io/?EIO=4&transport=websocket";
const DEFLATE: &str = "Sec-WebSocket-Extensions: permessage-deflate";
const BINARY_EVENT: &str = "451-[\"message\",{\"_placeholder\":true,\"num\":0}]";

async fn enter(ws: &mut Ws) {
    ws.send("40").await;
    assert!(ws.text().await.starts_with("40{\"sid\":"));
    assert_eq!(ws.text().await, "42[\"auth\",{}]");
}

async fn connected(address: SocketAddr) -> Ws {
    let (mut ws, _) = Ws::session(address, V5).await;
    enter(&mut ws).await;
    ws
}

/// Compresses a message for permessage-deflate.
fn deflated(message: &str) -> Vec<u8> {
    let mut compress = Compress::new(Compression::best(), false);
    let mut out = Vec::with_capacity(message.len() + 1_000);
    compress.compress_vec(message.as_bytes(), &mut out, FlushCompress::Sync).unwrap();
    assert_eq!(compress.total_in() as usize, message.len());
    out.truncate(out.len() - 4);
    out
}

#[tokio::test]
async fn a_namespace_with_a_long_name_is_not_repeated() {
    let address = serve(calm()).await;
    let (mut ws, _) = Ws::session(address, V5).await;
    let longest = "n".repeat(127);
    ws.send(&format!("40/{longest},")).await;
    assert_eq!(ws.text().await, format!("44/{longest},{{\"message\":\"Invalid namespace\"}}"));
    ws.send(&format!("40/{longest}n,")).await;
    let (kind, payload) = ws.frame().await.expect("a close");
    assert_eq!((kind, &payload[2..]), (0x88, &b"protocol error"[..]));
}

#[tokio::test]
async fn a_connect_beyond_its_bound_is_refused_and_the_connection_stays() {
    let address = serve(calm()).await;
    let refused = "44/custom,{\"message\":\"The CONNECT is too large\"}";
    let (mut ws, _) = Ws::session(address, V5).await;
    ws.send(&format!("40/custom,{{\"x\":\"{}\"}}", "a".repeat(66_000))).await;
    assert_eq!(ws.text().await, refused);
    enter(&mut ws).await;
    // The same as a compression bomb, whole and in fragments.
    let mut ws = Ws::open(address, V5, &[DEFLATE]).await.expect("a WebSocket");
    assert!(ws.text().await.starts_with("0{"));
    let bomb = deflated(&format!("40/custom,{{\"x\":\"{}\"}}", "a".repeat(900_000)));
    assert!(bomb.len() < 2_000);
    ws.send_frame(0xC1, &bomb).await;
    assert_eq!(ws.text().await, refused);
    ws.send_frame(0x41, &bomb[..500]).await;
    ws.send_frame(0x80, &bomb[500..]).await;
    assert_eq!(ws.text().await, refused);
    enter(&mut ws).await;
    // The same by polling, where the packets behind it are still handled.
    let open = get(address, "/socket.io/?EIO=4&transport=polling").await;
    let target = format!("/socket.io/?EIO=4&transport=polling&sid={}", field(open.text(), "sid"));
    let body = format!("40/custom,{{\"x\":\"{}\"}}\x1e40/custom,", "a".repeat(66_000));
    assert_eq!(post(address, &target, &body).await.text(), "ok");
    let polled = get(address, &target).await;
    assert!(polled.text().starts_with(&format!("{refused}\x1e40/custom,{{\"sid\"")), "{}", polled.text());
}

#[tokio::test]
async fn an_event_beyond_its_bound_is_answered_by_the_application() {
    // The application of this test does not answer it, so the connection is closed.
    let mut ws = connected(serve(calm()).await).await;
    let fits = "a".repeat(60_000);
    ws.send(&format!("421[\"message-with-ack\",\"{fits}\"]")).await;
    assert_eq!(ws.text().await, format!("431[\"{fits}\"]"));
    ws.send(&format!("421[\"message-with-ack\",\"{}\"]", "a".repeat(66_000))).await;
    assert_eq!(ws.close_code().await, Some(1009));
    let mut ws = connected(serve(calm()).await).await;
    ws.send(&format!("42[\"message\"{}]", ",1".repeat(300))).await;
    assert_eq!(ws.close_code().await, Some(1002), "too many arguments");
}

#[tokio::test]
async fn binary_messages_are_taken_where_an_attachment_is_expected() {
    let address = serve(calm()).await;
    let mut ws = connected(address).await;
    // The header of a message of 1 MB: it is refused before its payload arrives.
    ws.send_bytes(&[&[0x82, 0xFF][..], &1_000_000_u64.to_be_bytes(), &[0; 4]].concat()).await;
    assert_eq!(ws.close_code().await, Some(1002));
    let (mut outside, _) = Ws::session(address, V5).await;
    outside.send(BINARY_EVENT).await;
    assert_eq!(outside.close_code().await, Some(1002), "in no namespace");
    let open = get(address, "/socket.io/?EIO=4&transport=polling").await;
    let target = format!("/socket.io/?EIO=4&transport=polling&sid={}", field(open.text(), "sid"));
    assert_eq!(post(address, &target, "40\x1ebAQID").await.status, 400);
}

#[tokio::test]
async fn a_packet_has_to_be_finished_in_time() {
    let config = || Config { unfinished: Unfinished::new(1_000_000, Duration::from_millis(300)), ..calm() };
    let mut ws = connected(serve(config()).await).await;
    ws.send(BINARY_EVENT).await;
    assert_eq!(ws.close_code().await, Some(1008), "its attachment never comes");
    let mut ws = connected(serve(config()).await).await;
    let frame = masked(0x81, &[b'x'; 20_000]);
    ws.send_bytes(&frame[..10_000]).await;
    assert_eq!(ws.close_code().await, Some(1008), "the rest of it never comes");
    let mut ws = connected(serve(config()).await).await;
    ws.send_frame(0x01, &[b'x'; 10_000]).await;
    assert_eq!(ws.close_code().await, Some(1008), "its last fragment never comes");
}

#[tokio::test]
async fn a_small_packet_has_no_more_time_than_a_large_one() {
    let unfinished = Unfinished::new(1_000_000, Duration::from_millis(300));
    let address = serve(Config { unfinished: unfinished.clone(), ..calm() }).await;
    // A ping that arrives in two parts is not an unfinished message.
    let mut calm = connected(address).await;
    let ping = masked(0x89, b"ping");
    calm.send_bytes(&ping[..3]).await;
    calm.send_bytes(&ping[3..]).await;
    assert_eq!(calm.frame().await, Some((0x8A, b"ping".to_vec())));
    let mut fragment = connected(address).await;
    fragment.send_frame(0x01, b"42[").await;
    let mut half = connected(address).await;
    half.send_bytes(&masked(0x81, b"42[\"message\"]")[..9]).await;
    assert_eq!(fragment.close_code().await, Some(1008), "its last fragment never comes");
    assert_eq!(half.close_code().await, Some(1008), "the rest of it never comes");
    let mut pinging = connected(address).await;
    pinging.send_frame(0x01, b"42[").await;
    let pings = async {
        loop {
            pinging.send_frame(0x89, b"").await;
            if !matches!(pinging.frame().await, Some((0x8A, _))) {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, pings).await.expect("pings in its middle give it no more time");
    calm.send("421[\"message-with-ack\",1]").await;
    assert_eq!(calm.text().await, "431[1]");
    assert_eq!(unfinished.held_bytes(), 0, "only the time limit applies to them");
}

#[tokio::test]
async fn fragments_without_end_or_content_end_the_connection() {
    let address = serve(calm()).await;
    for middle in [&b""[..], b"x"] {
        let mut ws = connected(address).await;
        let fragments = [masked(0x01, b"42[\"x"), masked(0x00, middle).repeat(2_000)].concat();
        ws.send_bytes(&fragments).await;
        assert_eq!(ws.close_code().await, Some(1002));
    }
}

#[tokio::test]
async fn unfinished_packets_share_a_budget() {
    let unfinished = Unfinished::new(100_000, PATIENCE);
    let address = serve(Config { unfinished: unfinished.clone(), ..calm() }).await;
    let (mut first, mut second) = (connected(address).await, connected(address).await);
    let frame = masked(0x82, &[7; 80_000]);
    first.send(BINARY_EVENT).await;
    first.send_bytes(&frame[..60_000]).await;
    let held = async {
        while unfinished.held_bytes() < 60_000 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, held).await.expect("it is counted");
    second.send(BINARY_EVENT).await;
    second.send_bytes(&frame[..60_000]).await;
    assert_eq!(first.close_code().await, Some(1013), "the older one makes room");
    second.send_bytes(&frame[60_000..]).await;
    assert!(second.text().await.starts_with("451-[\"message-back\""));
    assert_eq!(second.frame().await, Some((0x82, vec![7; 80_000])));
    assert_eq!(unfinished.held_bytes(), 0);
}

#[tokio::test]
async fn a_post_is_read_no_longer_than_its_session_lives() {
    let address = serve(Config { connect_timeout: Duration::from_millis(300), ..calm() }).await;
    let open = get(address, "/socket.io/?EIO=4&transport=polling").await;
    let target = format!("/socket.io/?EIO=4&transport=polling&sid={}", field(open.text(), "sid"));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n4");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    tokio::time::timeout(PATIENCE, stream.read_exact(&mut answer)).await.expect("an answer").unwrap();
    assert_eq!(&answer, b"HTTP/1.1 400");
}

#[tokio::test]
async fn a_client_that_left_its_last_namespace_has_time_to_enter_another() {
    let mut ws = connected(serve(Config { connect_timeout: Duration::from_millis(300), ..calm() }).await).await;
    ws.send("40/custom,").await;
    assert!(ws.text().await.starts_with("40/custom,"));
    assert_eq!(ws.text().await, "42/custom,[\"auth\",{}]");
    ws.send("41").await;
    ws.send("41/custom,").await;
    assert_eq!(ws.close_code().await, Some(1000));
}
