//! Limits on what a client may send and from where: the refusals and their texts, and what closes a connection.

use crate::support::raw::{Raw, deflated, frame};
use crate::support::{Server, Wire};
use serde_json::{Value, json};

/// A size in bytes a little above the limit of an event.
const TOO_LARGE: usize = 66_000;

fn parsed(frame: &str) -> Value {
    serde_json::from_str(&frame[frame.find(['[', '{']).expect("JSON")..]).expect("JSON")
}

#[tokio::test]
async fn an_event_beyond_its_bound_is_refused_and_the_connection_stays() {
    let server = Server::start();
    let alice = server.http().register("alice").await;
    let mut wire = Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await;
    let large = "x".repeat(TOO_LARGE);
    let ack = wire.call("message:send", &json!({ "chatId": "c", "content": large })).await;
    assert_eq!((&ack["success"], &ack["code"]), (&json!(false), &json!("ERR_TOO_LARGE")), "{ack}");
    assert!(ack["message"].as_str().is_some_and(|message| message.contains("65536 bytes")), "{ack}");
    wire.emit("message:send", &json!({ "chatId": "c", "content": large })).await;
    let error = wire.next("error").await;
    assert_eq!((&error["event"], &error["code"]), (&json!("message:send"), &json!("ERR_TOO_LARGE")), "{error}");
    // An unknown field counts like any other; a name that does not end is unknown.
    let ack = wire.call("typing:start", &json!({ "chatId": "c", "unknown": large })).await;
    assert_eq!(ack["code"], "ERR_TOO_LARGE");
    wire.emit(&large, &Value::Null).await;
    let error = wire.next("error").await;
    assert_eq!((&error["event"], &error["code"]), (&Value::Null, &json!("ERR_TOO_LARGE")), "{error}");
    // A thousand ids of the usual length fit.
    let ids = vec!["0193a5b0-7c3e-7d4f-8a9b-0c1d2e3f4a5b"; 1_000];
    let mut other = Wire::connect(server.address(), "/conversations", &json!({ "token": alice.1 })).await;
    let ack = other.call("mark_read", &json!({ "conversationId": "none", "messageIds": ids })).await;
    assert_eq!(ack["code"], "ERR_NOT_FOUND", "{ack}");
    let ack = wire.call("message:send", &json!({ "chatId": "none", "content": "still here" })).await;
    assert_eq!(ack["code"], "ERR_NOT_FOUND", "{ack}");
}

#[tokio::test]
async fn what_inflates_beyond_the_bound_is_refused_in_every_dialect() {
    let server = Server::start();
    let token = server.http().register("alice").await.1;
    for (place, shape) in [("meetup", "status"), ("messenger", "success"), ("rooms", "ok"), ("chat", "success")] {
        let mut raw = Raw::enter(server.address(), &format!("40/{place},{}", json!({ "token": token }))).await;
        let bomb = format!("42/{place},17[\"x\",\"{}\"]", "a".repeat(900_000));
        raw.send(0xC1, &deflated(bomb.as_bytes())).await;
        let ack = loop {
            let frame = raw.text().await.expect("an acknowledgement, not the end");
            if frame.starts_with(&format!("43/{place},17[")) {
                break parsed(frame.trim_start_matches(|c| c != '[')).take();
            }
        };
        assert_eq!(ack[0]["code"], "ERR_TOO_LARGE", "{place}: {ack}");
        assert!(ack[0].get(shape).is_some(), "{place}: {ack}");
    }
    let mut nobody = Raw::enter(server.address(), "40").await;
    let bomb = deflated(format!("42[\"send_message\",\"{}\"]", "a".repeat(900_000)).as_bytes());
    for _ in 0..3 {
        nobody.send(0xC1, &bomb).await;
        let error = nobody.text().await.expect("an error");
        assert!(error.starts_with("42[\"error\","), "{error}");
        assert_eq!(parsed(&error)[1]["code"], "ERR_TOO_LARGE");
    }
    let refused = format!("40/chat,{}", json!({ "token": "x".repeat(TOO_LARGE) }));
    nobody.send(0x81, refused.as_bytes()).await;
    let error = nobody.text().await.expect("an error");
    assert!(error.starts_with("44/chat,"), "{error}");
    assert_eq!(parsed(&error)["data"]["code"], "ERR_TOO_LARGE");
}

#[tokio::test]
async fn the_same_over_polling_and_the_plain_websocket() {
    let server = Server::start();
    let http = server.http();
    let opened = http.send("GET", "/socket.io/?EIO=4&transport=polling", &[], "").await.text;
    let path = format!("/socket.io/?EIO=4&transport=polling&sid={}", parsed(&opened)["sid"].as_str().expect("an id"));
    let body = format!("40/rooms,{{\"userId\":\"g\"}}\x1e42/rooms,1[\"typing\",\"{}\"]", "x".repeat(TOO_LARGE));
    assert_eq!(http.send("POST", &path, &[], &body).await.text, "ok");
    let mut polled = http.send("GET", &path, &[], "").await.text;
    while !polled.contains("43/rooms,1[") {
        polled += &http.send("GET", &path, &[], "").await.text;
    }
    assert!(polled.contains("ERR_TOO_LARGE"), "{polled}");

    let mut plain = Raw::open(server.address(), "/ws?dialect=rooms&userId=g", &[]).await.expect("a WebSocket");
    let data = "x".repeat(TOO_LARGE);
    for (frame, ack) in [
        (format!("{{\"event\":\"typing\",\"id\":7,\"data\":\"{data}\"}}"), true),
        (format!("{{\"data\":\"{data}\",\"event\":\"typing\",\"id\":7}}"), false),
    ] {
        plain.send(0x81, frame.as_bytes()).await;
        let answer = parsed(&plain.text().await.expect("an answer"));
        if ack {
            assert_eq!((&answer["ack"], &answer["data"]["code"]), (&json!(7), &json!("ERR_TOO_LARGE")), "{answer}");
        } else {
            assert_eq!((&answer["event"], &answer["data"]["code"]), (&json!("error"), &json!("ERR_TOO_LARGE")));
        }
    }
    plain.send(0x82, &[0; 900_000]).await;
    let answer = parsed(&plain.text().await.expect("an answer"));
    assert_eq!(answer["data"]["code"], "ERR_INVALID_PAYLOAD", "{answer}");
    plain.send(0x81, b"{\"event\":\"nonsense\",\"id\":8}").await;
    assert_eq!(parsed(&plain.text().await.expect("an answer"))["ack"], 8);
}

#[tokio::test]
async fn bytes_have_a_rate_and_exceeding_it_closes_the_connection() {
    let server = Server::with().env("QUINTET_LIMITS_RATES", "true").run();
    let alice = server.http().register("alice").await;
    let mut wire = Wire::connect(server.address(), "/conversations", &json!({ "token": alice.1 })).await;
    let event = json!({ "conversationId": "none", "content": "x", "unknown": "x".repeat(60_000) });
    let mut taken = 0;
    let refused = loop {
        let ack = wire.call("send_message", &event).await;
        match ack["code"].as_str() {
            Some("ERR_NOT_FOUND") => taken += 1,
            _ => break ack,
        }
        assert!(taken < 100, "60 kB each, and never too much");
    };
    assert_eq!(refused["code"], "ERR_RATE_LIMITED", "{refused}");
    assert!(refused["retryAfterMs"].as_u64().is_some_and(|ms| ms > 0), "{refused}");
    assert!(taken >= 16, "a burst of a megabyte was to be taken, not {taken} events");
    // A client that continues, here with attachments, is closed.
    let mut raw = Raw::enter(server.address(), &format!("40/conversations,{}", json!({ "token": alice.1 }))).await;
    let packet = "451-/conversations,9[\"upload_file\",{\"data\":{\"_placeholder\":true,\"num\":0}}]";
    let pair = [frame(0x81, packet.as_bytes()), frame(0x82, &[0; 10])].concat();
    raw.send_bytes(&pair.repeat(1_000)).await;
    assert_eq!(raw.close_code().await, Some(1008));
    // The counter is updated shortly after the client notices.
    let counted = async {
        let closes = "quintet_closes_total{reason=\"flooding\"} 1\n";
        while !server.metrics().send("GET", "/metrics", &[], "").await.text.contains(closes) {}
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), counted).await.expect("the end is counted by its reason");
}

#[tokio::test]
async fn events_beyond_the_rate_are_refused_without_being_inflated() {
    let server = Server::with().env("QUINTET_LIMITS_RATES", "true").run();
    let mut raw = Raw::enter(server.address(), "40/rooms,{\"userId\":\"g\"}").await;
    let event = deflated(format!("42/rooms,5[\"typing\",{{\"x\":\"{}\"}}]", "a".repeat(60_000)).as_bytes());
    assert!(event.len() < 200, "sixty thousand bytes by two hundred");
    let mut codes = Vec::new();
    for _ in 0..40 {
        raw.send(0xC1, &event).await;
        let ack = raw.text().await.expect("an acknowledgement, not the end");
        assert!(ack.starts_with("43/rooms,5["), "{ack}");
        codes.push(parsed(&ack[9..])[0]["code"].as_str().expect("a code").to_owned());
    }
    let read = codes.iter().take_while(|code| *code == "ERR_INVALID_PAYLOAD").count();
    assert!((16..40).contains(&read), "a burst of a megabyte is read: {codes:?}");
    assert_eq!(codes[read], "ERR_RATE_LIMITED", "{codes:?}");
}

#[tokio::test]
async fn pings_without_end_are_a_flood_as_well() {
    let server = Server::with().env("QUINTET_LIMITS_RATES", "true").run();
    let mut raw = Raw::enter(server.address(), "40").await;
    for _ in 0..1_000 {
        raw.send(0x89, b"").await;
    }
    assert_eq!(raw.close_code().await, Some(1008));
}

/// Returns the status of a handshake on each transport from a page of an origin.
async fn doors(address: std::net::SocketAddr, headers: &[&str]) -> [u16; 3] {
    let http = crate::support::Http::new(address);
    let pairs: Vec<(&str, &str)> = headers.iter().filter_map(|header| header.split_once(": ")).collect();
    let polling = http.send("GET", "/socket.io/?EIO=4&transport=polling", &pairs, "").await.status;
    let mut statuses = [polling, 101, 101];
    for (status, path) in statuses[1..].iter_mut().zip(["/socket.io/?EIO=4&transport=websocket", "/ws?dialect=rooms"]) {
        if let Err(refused) = Raw::open(address, path, headers).await {
            *status = refused;
        }
    }
    statuses
}

#[tokio::test]
async fn every_transport_has_the_same_origin_policy() {
    const OPEN: [u16; 3] = [200, 101, 101];
    const SHUT: [u16; 3] = [403, 400, 403];
    let (listed, other) = ("Origin: https://chat.example", "Origin: https://evil.example");
    let server = Server::with().listen(&["0", "0=meetup,trust"]).run();
    let [open, trusting] = server.addresses[..] else { panic!("two listeners") };
    assert_eq!(doors(open, &[other]).await, OPEN, "any may come");
    assert_eq!(doors(trusting, &[other]).await, SHUT, "a client's word is not a page's");
    // A host name that an attacker made resolve to the listener.
    let own = format!("Origin: http://{trusting}");
    assert_eq!(doors(trusting, &[&own]).await, SHUT);
    assert_eq!(doors(trusting, &["Sec-Fetch-Site: cross-site"]).await, SHUT);
    assert_eq!(doors(trusting, &[]).await, OPEN, "back ends name no origin");

    let server =
        Server::with().listen(&["0", "0=meetup,trust"]).env("QUINTET_HTTP_ORIGINS", "https://chat.example").run();
    for address in &server.addresses {
        assert_eq!(doors(*address, &[listed]).await, OPEN);
        assert_eq!(doors(*address, &[other]).await, SHUT);
        assert_eq!(doors(*address, &[]).await, OPEN);
    }
}
