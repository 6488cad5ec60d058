//! Back-pressure from end to end: stopped readers, floods, and their cost in memory.

use std::time::{Duration, Instant};

use crate::support::{Server, Wire};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

/// Bytes that may be queued for one connection here.
const QUEUE_BYTES: usize = 262_144;

/// Kilobytes that the process may grow by besides its queues: allocator, log, caches of the store.
const SLACK_KB: u64 = 24_000;

fn resident_kb(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("a process");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("its memory");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

fn start() -> Server {
    Server::with().env("QUINTET_LIMITS_QUEUE_BYTES", &QUEUE_BYTES.to_string()).run()
}

/// Twenty readers stop. Their queues fill and their connections are closed; the one that reads receives everything in
/// time.
#[tokio::test]
async fn readers_that_stop_cost_bounded_memory_and_slow_nobody() {
    const STOPPED: usize = 20;
    const MESSAGES: usize = 2_000;
    let server = start();
    let (alice, bob) = (server.http().register("alice").await, server.http().register("bob").await);
    let place = server.http().group(&alice.1, &[&bob.0]).await;
    let mut sender = Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await;
    let mut reader = Wire::connect(server.address(), "/chat", &json!({ "token": bob.1 })).await;
    let mut stopped = Vec::new();
    for _ in 0..STOPPED {
        stopped.push(Wire::connect(server.address(), "/chat", &json!({ "token": bob.1 })).await);
    }
    let before = resident_kb(&server);
    // Text that does not compress: 20 × 2,000 × 4 kB would be 160 MB.
    let mut peak = before;
    let mut slowest = Duration::ZERO;
    for n in 0..MESSAGES {
        let content = format!("{n} {}", "x".repeat(4_000));
        let began = Instant::now();
        let ack = sender.call("message:send", &json!({ "chatId": place, "content": content })).await;
        assert_eq!(ack["success"], true, "{ack}");
        let received = reader.next("message:new").await;
        slowest = slowest.max(began.elapsed());
        assert_eq!(received["content"], content);
        if n % 100 == 0 {
            peak = peak.max(resident_kb(&server));
        }
    }
    let bound = (STOPPED * QUEUE_BYTES / 1_024) as u64 + SLACK_KB;
    assert!(peak - before < bound, "grew by {} kB, the bound is {bound} kB", peak - before);
    assert!(slowest < Duration::from_secs(5), "a reader waited for {slowest:?} because of others");
    // Each was closed so that official clients reconnect: no DISCONNECT, only the end of the transport.
    for mut wire in stopped {
        while let Some(frame) = wire.frame().await {
            assert!(!frame.starts_with("41"), "{frame}");
        }
    }
}

/// A client that was closed for reading too slowly reconnects and gets what it missed.
#[tokio::test]
async fn a_slow_reader_recovers_what_it_missed() {
    const MESSAGES: usize = 1_500;
    let server = start();
    let (alice, bob) = (server.http().register("alice").await, server.http().register("bob").await);
    let place = server.http().group(&alice.1, &[&bob.0]).await;
    let mut sender = Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await;
    let mut slow = Wire::open(server.address(), "").await;
    let accepted = slow.enter("/chat", &json!({ "token": bob.1, "recover": true })).await;
    let accepted: Value = serde_json::from_str(accepted.trim_start_matches("40/chat,")).expect("JSON");
    let pid = accepted["pid"].as_str().expect("a secret").to_owned();
    for n in 0..MESSAGES {
        let content = format!("{n} {}", "x".repeat(4_000));
        let ack = sender.call("message:send", &json!({ "chatId": place, "content": content })).await;
        assert_eq!(ack["success"], true, "{ack}");
    }
    let mut next = 0;
    let mut offset: Option<String> = None;
    let mut count = |frame: &str| {
        let Some(event) = frame.strip_prefix("42/chat,") else { return };
        let parts: Vec<Value> = serde_json::from_str(event).expect("JSON");
        if parts[0] == "message:new" {
            let content = parts[1]["content"].as_str().expect("text");
            assert_eq!(content.split(' ').next(), Some(next.to_string().as_str()));
            next += 1;
            offset = parts.last().and_then(Value::as_str).map(str::to_owned);
        }
    };
    while let Some(frame) = slow.frame().await {
        count(&frame);
    }
    let (had, offset) = (next, offset.clone());
    assert!(had < MESSAGES, "it was let go before the end");
    let mut back = Wire::open(server.address(), "").await;
    let auth = json!({ "token": bob.1, "recover": true, "pid": pid, "offset": offset });
    assert!(back.enter("/chat", &auth).await.contains(&pid), "the same connection goes on");
    for n in had..MESSAGES {
        let message = back.next("message:new").await;
        assert!(message["content"].as_str().is_some_and(|content| content.starts_with(&format!("{n} "))), "{n}");
    }
}

/// A client that sends and never reads is read only as fast as the store commits; others are served meanwhile.
#[tokio::test]
async fn a_flood_is_read_no_faster_than_it_is_committed() {
    let server = start();
    let (alice, bob) = (server.http().register("alice").await, server.http().register("bob").await);
    let place = server.http().group(&alice.1, &[&bob.0]).await;
    let carol = server.http().register("carol").await;
    let mut other = Wire::connect(server.address(), "/chat", &json!({ "token": carol.1 })).await;
    let before = resident_kb(&server);
    // All connect before any of them sends, so each receives what the others send, and is closed if it does not read
    // that.
    let mut wires = Vec::new();
    for _ in 0..8 {
        wires.push(Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await);
    }
    let mut floods = Vec::new();
    for mut flood in wires {
        let place = place.clone();
        floods.push(tokio::spawn(async move {
            for n in 0_u32.. {
                let packet = json!(["message:send", { "chatId": place, "content": "x".repeat(1_000) }]);
                if !flood.try_send(&format!("42/chat,{n}{packet}")).await {
                    return;
                }
            }
        }));
    }
    let mut peak = before;
    for _ in 0..200 {
        let ack = other.call("message:send", &json!({ "chatId": place, "content": "not a member" })).await;
        assert_eq!(ack["code"], "ERR_NOT_FOUND", "{ack}");
        peak = peak.max(resident_kb(&server));
    }
    for flood in &floods {
        flood.abort();
    }
    let bound = (9 * QUEUE_BYTES / 1_024) as u64 + 2 * SLACK_KB;
    assert!(peak - before < bound, "grew by {} kB, the bound is {bound} kB", peak - before);
}

/// A message of which only the first half arrives affects only its sender.
#[tokio::test]
async fn half_a_frame_delays_nobody_else() {
    let server = start();
    let alice = server.http().register("alice").await;
    let mut half = Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await;
    half.send_message(Message::Frame(tokio_tungstenite::tungstenite::protocol::frame::Frame::message(
        "42/chat,[\"typ".as_bytes().to_vec(),
        tokio_tungstenite::tungstenite::protocol::frame::coding::OpCode::Data(
            tokio_tungstenite::tungstenite::protocol::frame::coding::Data::Text,
        ),
        false,
    )))
    .await;
    let mut other = Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await;
    for _ in 0..10 {
        let ack = other.call("message:read", &json!({})).await;
        assert_eq!(ack["success"], false, "{ack}");
    }
}
