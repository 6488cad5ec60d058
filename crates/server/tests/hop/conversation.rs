//! Conversations of clients whose requests go to both nodes, and the answers that they get.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::database::TestDatabase;
use crate::hop::polling::Polling;
use crate::hop::{OPEN, is_unknown, node, opened, people, two};
use crate::support::raw::Raw;
use crate::support::{Start, Wire};

fn message(chat: &str, content: &str, ack: usize) -> String {
    let message = json!({ "chatId": chat, "content": content, "messageType": "text" });
    format!("42/chat,{ack}{}", json!(["message:send", message]))
}

/// A conversation of a client on polling whose requests go to both nodes, up to its WebSocket at the other node.
async fn converse(start: impl Fn() -> Start) {
    let (here, there) = two(start).await;
    let (alice, bob, chat) = people(&here).await;
    let mut hears = Wire::connect(here.address(), "/chat", &json!({ "token": bob })).await;
    let mut polling = Polling::connect([&here, &there], &alice).await;
    for number in 0..6 {
        polling.post(&message(&chat, &number.to_string(), number)).await;
        let ack = polling.next(&format!("43/chat,{number}")).await;
        assert_eq!(ack[0]["success"], true, "{ack}");
        assert_eq!(hears.next("message:new").await["content"], number.to_string());
    }
    // Many packets in one body, and many in one answer.
    let long = "x".repeat(5_000);
    let packets: Vec<String> = (10..30).map(|ack| message(&chat, &format!("{ack} {long}"), ack)).collect();
    for at in [0, 10] {
        polling.post(&packets[at..at + 10].join("\u{1e}")).await;
    }
    for ack in 10..30 {
        let answer = polling.next(&format!("43/chat,{ack}")).await;
        assert_eq!(answer[0]["success"], true, "{answer}");
        let heard = hears.next("message:new").await;
        assert!(heard["content"].as_str().expect("text").starts_with(&format!("{ack} ")), "{heard}");
    }
    // The other way.
    let said = json!({ "chatId": chat, "content": "hello", "messageType": "text" });
    assert_eq!(hears.call("message:send", &said).await["success"], true);
    assert_eq!(hears.next("message:new").await["content"], "hello", "its own");
    loop {
        let event = polling.next("42/chat,").await;
        if event[0] == "message:new" && event[1]["content"] == "hello" {
            break;
        }
    }

    // An upgrade at the other node, while a poll waits at this one.
    let path = polling.path.clone();
    let (waits, waiting) = (here.http(), path.clone());
    let poll = tokio::spawn(async move { waits.send("GET", &waiting, &[], "").await });
    let websocket = path.replace("polling", "websocket");
    let mut socket = Raw::open(there.address(), &websocket, &[]).await.expect("a WebSocket");
    socket.send(0x81, b"2probe").await;
    assert_eq!(socket.text().await.as_deref(), Some("3probe"));
    let released = poll.await.expect("no panic");
    assert_eq!((released.status, released.text.as_str()), (200, "6"));
    socket.send(0x81, b"5").await;
    for ack in 40..45 {
        socket.send(0x81, message(&chat, &ack.to_string(), ack).as_bytes()).await;
        let expected = format!("43/chat,{ack}");
        loop {
            let packet = socket.text().await.expect("an acknowledgement, not the end");
            if let Some(answer) = packet.strip_prefix(&expected) {
                let answer: Value = serde_json::from_str(answer).expect("JSON");
                assert_eq!(answer[0]["success"], true, "{answer}");
                break;
            }
        }
        assert_eq!(hears.next("message:new").await["content"], ack.to_string());
    }
    let text = there.metrics().send("GET", "/metrics", &[], "").await.text;
    assert!(text.contains("quintet_hops{of=\"websocket\"} 1\n"), "{text}");
    // Polling is over, and so is the session once its WebSocket is closed.
    for server in [&here, &there] {
        let answer = server.http().send("POST", &path, &[], "3").await;
        assert_eq!((answer.status, answer.json()["code"].clone()), (400, json!(3)), "{}", answer.text);
    }
    assert_eq!(Raw::open(there.address(), &websocket, &[]).await.expect("opened").close_code().await, Some(1000));
    socket.send(0x81, b"1").await;
    while socket.text().await.is_some() {}
    while !is_unknown(&there.http().send("POST", &path, &[], "3").await) {}
}

#[tokio::test]
async fn polling_and_upgrades_over_two_nodes() {
    let database = TestDatabase::new();
    converse(|| node(&database)).await;
}

#[tokio::test]
async fn polling_and_upgrades_over_tls() {
    let database = TestDatabase::new();
    // A name may stand for another machine.
    let start =
        || node(&database).env("QUINTET_CLUSTER_ADVERTISE", "localhost:0").env("QUINTET_CLUSTER_LISTEN", "127.0.0.1:0");
    converse(start).await;
    assert_eq!(database.number("SELECT count(*) FROM node WHERE address LIKE 'https://localhost:%#%'"), 2);
}

/// An answer is the same whichever node is asked.
#[tokio::test]
async fn answers_are_the_same_at_both_nodes() {
    let database = TestDatabase::new();
    let (here, there) = two(|| node(&database)).await;
    let head = |status: u16, head: &str, body: &str| {
        let mut lines: Vec<String> = head.lines().map(str::to_owned).collect();
        lines.retain(|line| !line.starts_with("date: ") && !line.starts_with("x-request-id: "));
        lines.sort_unstable();
        (status, lines, body.to_owned())
    };
    let (large, nowhere) = ("x".repeat(1_000_001), format!("40/{},", "n".repeat(100)));
    for (method, suffix, body) in [
        ("POST", "", "3"),
        ("POST", "", &nowhere),
        ("POST", "", "not a packet"),
        ("POST", "", &large),
        ("POST", "x", "3"),
        ("PUT", "", "3"),
        ("OPTIONS", "", ""),
    ] {
        let mut answers = Vec::new();
        for server in [&here, &there] {
            let path = opened(&here.http().send("GET", OPEN, &[], "").await) + suffix;
            let headers = [("origin", "https://chat.example"), ("connection", "x-private"), ("x-private", "1")];
            let answer = server.http().send(method, &path, &headers, body).await;
            answers.push(head(answer.status, &answer.head, &answer.text));
        }
        assert_eq!(answers[0], answers[1], "{method} {} {suffix}", &body[..body.len().min(20)]);
    }
    // The answer of a poll, compressed and not.
    for encoding in ["gzip", "identity"] {
        let mut answers = Vec::new();
        for server in [&here, &there] {
            let path = opened(&here.http().send("GET", OPEN, &[], "").await);
            let refused = [nowhere.as_str(); 20].join("\u{1e}");
            assert_eq!(here.http().send("POST", &path, &[], &refused).await.text, "ok");
            let headers = [("accept-encoding", encoding), ("origin", "https://chat.example")];
            let (status, lines, body) = server.http().send_bytes("GET", &path, &headers).await;
            answers.push(head(status, &lines, &BASE64_URL_SAFE_NO_PAD.encode(body)));
        }
        assert_eq!(answers[0].1.iter().any(|line| line == "content-encoding: gzip"), encoding == "gzip");
        assert_eq!(answers[0], answers[1], "{encoding}");
    }
}
