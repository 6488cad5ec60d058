//! Engine.IO 3 and 4 on the wire: requests and messages, and the responses expected for them.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};

use quintet_socketio::{Config, SessionIds};
use support::{Ws, calm, echo, field, get, post, request, serve};

const V4: &str = "/engine.io/?EIO=4&transport=polling";
const V3: &str = "/engine.io/?EIO=3&transport=polling";

/// Opens a polling session and returns the target of its requests.
async fn session(address: SocketAddr, target: &str) -> String {
    let open = get(address, target).await;
    assert_eq!(open.status, 200);
    format!("{target}&sid={}", field(open.text(), "sid"))
}

#[tokio::test]
async fn a_session_opens() {
    let address = serve(echo::config()).await;
    let open = get(address, V4).await;
    assert_eq!(open.status, 200);
    assert!(open.head.contains("content-type: text/plain; charset=utf-8"));
    let sid = field(open.text(), "sid");
    let rest = "\"upgrades\":[\"websocket\"],\"pingInterval\":300,\"pingTimeout\":200,\"maxPayload\":1000000}";
    assert_eq!(open.text(), format!("0{{\"sid\":\"{sid}\",{rest}"));
    let open = get(address, V3).await;
    let (length, packet) = open.text().split_once(':').unwrap();
    assert_eq!(length, packet.len().to_string());
    assert!(packet.starts_with("0{\"sid\""));
    for version in [3, 4] {
        let (_, open) = Ws::session(address, &format!("/engine.io/?EIO={version}&transport=websocket")).await;
        assert!(open.ends_with("\"upgrades\":[],\"pingInterval\":300,\"pingTimeout\":200,\"maxPayload\":1000000}"));
    }
}

#[tokio::test]
async fn the_application_makes_the_ids_of_sessions() {
    let number = AtomicU32::new(0);
    let session_ids = SessionIds::by(move || format!("node-7_{}", number.fetch_add(1, Ordering::Relaxed)));
    let address = serve(Config { session_ids, ..calm() }).await;
    for number in 0..3 {
        let target = session(address, V4).await;
        assert!(target.ends_with(&format!("&sid=node-7_{number}")), "{target}");
        assert_eq!(post(address, &target, "4hello").await.text(), "ok");
        assert_eq!(get(address, &target).await.text(), "4hello");
    }
    assert_eq!(get(address, &format!("{V4}&sid=node-7_3")).await.status, 400);
}

#[tokio::test]
async fn refusals_have_the_texts_of_official_servers() {
    let address = serve(calm()).await;
    for (method, query, body) in [
        ("GET", "EIO=4", r#"{"code":0,"message":"Transport unknown"}"#),
        ("GET", "EIO=4&transport=abc", r#"{"code":0,"message":"Transport unknown"}"#),
        ("GET", "EIO=4&transport=polling&sid=unknown", r#"{"code":1,"message":"Session ID unknown"}"#),
        ("POST", "EIO=4&transport=polling", r#"{"code":2,"message":"Bad handshake method"}"#),
        ("PUT", "EIO=4&transport=polling", r#"{"code":2,"message":"Bad handshake method"}"#),
        ("GET", "EIO=4&transport=websocket", r#"{"code":3,"message":"Bad request"}"#),
        ("GET", "transport=polling", r#"{"code":5,"message":"Unsupported protocol version"}"#),
        ("GET", "EIO=abc&transport=polling", r#"{"code":5,"message":"Unsupported protocol version"}"#),
    ] {
        let answer = request(address, method, &format!("/engine.io/?{query}"), &[], b"").await;
        assert_eq!((answer.status, answer.text()), (400, body), "{method} {query}");
    }
    for query in ["transport=websocket", "EIO=abc&transport=websocket", "EIO=4", "EIO=4&transport=abc"] {
        let refused = Ws::open(address, &format!("/engine.io/?{query}"), &[]).await.err().expect("refused");
        assert!(refused.starts_with("http/1.1 400"), "{query}: {refused}");
    }
}

#[tokio::test]
async fn packets_come_back_by_polling() {
    let address = serve(calm()).await;
    let binary = [&[0, 6, 255][..], b"4hello", &[1, 5, 255, 4, 1, 2, 3, 4]].concat();
    for (open, body, back) in [
        (V4.to_owned(), "4hello", &b"4hello"[..]),
        (V4.to_owned(), "4a\x1e4b\x1e4\u{20ac}", "4a\x1e4b\x1e4\u{20ac}".as_bytes()),
        (V4.to_owned(), "4hello\x1ebAQIDBA==", b"4hello\x1ebAQIDBA=="),
        (format!("{V3}&b64=1"), "6:4hello", b"6:4hello"),
        (format!("{V3}&b64=1"), "6:4test16:4test26:4test3", b"6:4test16:4test26:4test3"),
        (format!("{V3}&b64=1"), "6:4hello10:b4AQIDBA==", b"6:4hello10:b4AQIDBA=="),
        (V3.to_owned(), "6:4hello10:b4AQIDBA==", &binary),
    ] {
        let target = session(address, &open).await;
        let posted = post(address, &target, body).await;
        assert_eq!((posted.status, posted.text()), (200, "ok"), "{open} {body}");
        let polled = get(address, &target).await;
        assert_eq!((polled.status, &polled.body[..]), (200, back), "{open} {body}");
    }
}

#[tokio::test]
async fn revision_3_takes_a_payload_of_bytes() {
    let address = serve(calm()).await;
    let target = session(address, V3).await;
    let payload = [&[0, 6, 255][..], b"4hello", &[1, 3, 255, 4, 7, 8]].concat();
    let bytes = &["Content-Type: application/octet-stream"];
    assert_eq!(request(address, "POST", &target, bytes, &payload).await.text(), "ok");
    assert_eq!(get(address, &target).await.body, payload);
    let target = session(address, V4).await;
    assert_eq!(
        request(address, "POST", &target, bytes, &payload).await.status,
        400,
        "revision 4 has no binary payloads"
    );
}

#[tokio::test]
async fn packets_come_back_by_websocket() {
    let address = serve(calm()).await;
    for (query, first, sent, back) in [
        ("EIO=4", 0x81, &b"4hello"[..], (0x81, &b"4hello"[..])),
        ("EIO=4", 0x82, &[1, 2, 3], (0x82, &[1, 2, 3])),
        ("EIO=3", 0x81, b"4hello", (0x81, b"4hello")),
        ("EIO=3", 0x82, &[4, 1, 2, 3], (0x82, &[4, 1, 2, 3])),
        ("EIO=3&b64=1", 0x81, b"b4AQIDBA==", (0x81, b"b4AQIDBA==")),
        ("EIO=4&b64=1", 0x81, b"bAQIDBA==", (0x81, b"bAQIDBA==")),
        // Bytes are taken from any client, and base64 as well.
        ("EIO=4&b64=1", 0x82, &[1, 2, 3, 4], (0x81, b"bAQIDBA==")),
        ("EIO=4", 0x81, b"bAQIDBA==", (0x82, &[1, 2, 3, 4])),
    ] {
        let (mut ws, _) = Ws::session(address, &format!("/engine.io/?{query}&transport=websocket")).await;
        ws.send_frame(first, sent).await;
        let (kind, payload) = ws.frame().await.expect("an echo");
        assert_eq!((kind, &payload[..]), back, "{query}");
    }
}

#[tokio::test]
async fn an_invalid_packet_ends_the_session() {
    let address = serve(calm()).await;
    for (open, body) in [(V4, "abc"), (V4, ""), (V4, "2"), (V3, "abc"), (V3, "6:4hell"), (V3, "1:3")] {
        let target = session(address, open).await;
        assert_eq!(post(address, &target, body).await.status, 400, "{open} {body:?}");
        assert_eq!(get(address, &target).await.status, 400, "{open} {body:?}");
    }
    // The answers to the packets before it are still delivered, followed by the close.
    let target = session(address, V4).await;
    assert_eq!(post(address, &target, "4a\x1e").await.status, 400);
    assert_eq!(get(address, &target).await.text(), "4a\x1e1");
    assert_eq!(get(address, &target).await.status, 400);
    for (version, message) in [(4, "abc"), (4, "2"), (3, "abc"), (3, "3"), (4, "b!"), (3, "b4!")] {
        let (mut ws, _) = Ws::session(address, &format!("/engine.io/?EIO={version}&transport=websocket")).await;
        ws.send(message).await;
        assert_eq!(ws.close_code().await, Some(1002), "{version} {message}");
    }
}

#[tokio::test]
async fn a_payload_beyond_the_bound_is_not_read() {
    let address = serve(quintet_socketio::Config { payload_bytes_max: 1_000, ..calm() }).await;
    let target = session(address, V4).await;
    assert_eq!(post(address, &target, &"4".repeat(1_001)).await.status, 413);
    assert_eq!(get(address, &target).await.status, 400, "the session is over");
    let (mut ws, _) = Ws::session(address, "/engine.io/?EIO=4&transport=websocket").await;
    ws.send(&"4".repeat(1_001)).await;
    assert_eq!(ws.close_code().await, Some(1009));
}

#[tokio::test]
async fn a_second_poll_at_the_same_time_ends_the_session() {
    let address = serve(calm()).await;
    let target = session(address, V4).await;
    let (one, two) = tokio::join!(get(address, &target), get(address, &target));
    let (held, second) = if one.status == 200 { (one, two) } else { (two, one) };
    assert_eq!((held.text(), second.status), ("1", 400), "one is answered with a close, the other refused");
    assert_eq!(get(address, &target).await.status, 400);
}

#[tokio::test]
async fn revision_4_is_pinged_and_has_to_answer() {
    let address = serve(echo::config()).await;
    let target = session(address, V4).await;
    for _ in 0..3 {
        assert_eq!(get(address, &target).await.text(), "2");
        assert_eq!(post(address, &target, "3").await.text(), "ok");
    }
    let (mut ws, _) = Ws::session(address, "/engine.io/?EIO=4&transport=websocket").await;
    for _ in 0..3 {
        assert_eq!(ws.text().await, "2");
        ws.send("3").await;
    }
    assert_eq!(ws.text().await, "2");
    assert_eq!(ws.close_code().await, Some(1001), "unanswered");
}

#[tokio::test]
async fn revision_3_pings_by_itself_and_is_answered() {
    let address = serve(echo::config()).await;
    let target = session(address, &format!("{V3}&b64=1")).await;
    for _ in 0..3 {
        assert_eq!(post(address, &target, "1:2").await.text(), "ok");
        assert_eq!(get(address, &target).await.text(), "1:3");
    }
    let (mut ws, _) = Ws::session(address, "/engine.io/?EIO=3&transport=websocket").await;
    for _ in 0..3 {
        ws.send("2").await;
        assert_eq!(ws.text().await, "3");
    }
    assert_eq!(ws.close_code().await, Some(1001), "silent");
}

#[tokio::test]
async fn the_client_closes() {
    let address = serve(calm()).await;
    for (open, close, noop) in [(V4, "1", "6"), (V3, "1:1", "1:6")] {
        let target = session(address, open).await;
        let (polled, posted) = tokio::join!(get(address, &target), post(address, &target, close));
        assert_eq!((polled.text(), posted.text()), (noop, "ok"));
        assert_eq!(get(address, &target).await.status, 400);
    }
    let (mut ws, _) = Ws::session(address, "/engine.io/?EIO=4&transport=websocket").await;
    ws.send("1").await;
    assert_eq!(ws.close_code().await, None);
}

#[tokio::test]
async fn a_websocket_takes_over_with_nothing_lost_and_nothing_doubled() {
    let address = serve(calm()).await;
    for (version, noop) in [(4, "6"), (3, "1:6")] {
        let target = session(address, &format!("/engine.io/?EIO={version}&transport=polling&b64=1")).await;
        let upgrade = target.replace("polling", "websocket");
        // A frame that is queued when the WebSocket opens goes to the transport that asks first.
        let frame = |text: &str| if version == 4 { text.to_owned() } else { format!("{}:{text}", text.len()) };
        assert_eq!(post(address, &target, &frame("4before")).await.text(), "ok");
        let mut ws = Ws::open(address, &upgrade, &[]).await.expect("a WebSocket");
        ws.send("2probe").await;
        assert_eq!(ws.text().await, "3probe");
        assert_eq!(get(address, &target).await.text(), frame("4before"));
        assert_eq!(get(address, &target).await.text(), noop, "released, so that the client can stop polling");
        assert_eq!(post(address, &target, &frame("4between")).await.text(), "ok");
        ws.send("5").await;
        assert_eq!(ws.text().await, "4between");
        ws.send("4after").await;
        assert_eq!(ws.text().await, "4after");
        assert_eq!(get(address, &target).await.status, 400, "it is polled no more");
        assert_eq!(post(address, &target, &frame("4late")).await.status, 400);
        let mut second = Ws::open(address, &upgrade, &[]).await.expect("it opens");
        assert_eq!(second.close_code().await, Some(1000), "and is closed at once");
        ws.send("4still").await;
        assert_eq!(ws.text().await, "4still");
    }
}

#[tokio::test]
async fn the_id_of_a_session_opens_few_websockets() {
    const SURPLUS: usize = 50;
    let address = serve(calm()).await;
    let target = session(address, V4).await;
    let upgrade = target.replace("polling", "websocket");
    let mut probe = Ws::open(address, &upgrade, &[]).await.expect("a WebSocket");
    let (mut open, mut refused) = (Vec::new(), 0);
    let began = std::time::Instant::now();
    for _ in 0..SURPLUS {
        match Ws::open(address, &upgrade, &[]).await {
            Ok(surplus) => open.push(surplus),
            Err(answer) => {
                assert!(answer.contains(" 400 "), "{answer}");
                refused += 1;
            }
        }
    }
    // Rejected one at a time; the server waits up to two seconds for each to close.
    let most = 1 + began.elapsed().as_secs() as usize / 2;
    assert!((1..=most).contains(&open.len()), "{} are open, and {refused} were refused", open.len());
    assert_eq!(open[0].close_code().await, Some(1000));
    probe.send("2probe").await;
    assert_eq!(probe.text().await, "3probe");
    probe.send("5").await;
    probe.send("4hello").await;
    assert_eq!(probe.text().await, "4hello", "the session is not affected");
}

#[tokio::test]
async fn polling_goes_on_when_the_websocket_fails() {
    let address = serve(calm()).await;
    let target = session(address, V4).await;
    for probe in ["hello", "5"] {
        let mut ws = Ws::open(address, &target.replace("polling", "websocket"), &[]).await.expect("a WebSocket");
        ws.send(probe).await;
        assert_eq!(ws.close_code().await, Some(1002), "{probe}");
        assert_eq!(post(address, &target, "4hello").await.text(), "ok");
        assert_eq!(get(address, &target).await.text(), "4hello");
    }
}

#[tokio::test]
async fn pages_of_other_origins_are_admitted_by_configuration() {
    let address = serve(calm()).await;
    let page = "Origin: https://page.example";
    let answer = request(address, "GET", V4, &[page], b"").await;
    for line in
        ["access-control-allow-origin: https://page.example", "access-control-allow-credentials: true", "vary: origin"]
    {
        assert!(answer.head.to_lowercase().contains(line), "{line} in {}", answer.head);
    }
    let preflight = &[page, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: x-own"];
    let answer = request(address, "OPTIONS", V4, preflight, b"").await;
    assert_eq!(answer.status, 204);
    assert!(answer.head.contains("access-control-allow-headers: x-own"), "{}", answer.head);

    let origins = quintet_socketio::Origins::Listed(vec!["https://page.example:443".parse().expect("an origin")]);
    let address = serve(quintet_socketio::Config { origins, ..calm() }).await;
    let answer = request(address, "GET", V4, &[page], b"").await;
    assert!(answer.status == 200 && answer.head.contains("access-control-allow-origin: https://page.example"));
    let answer = request(address, "GET", V4, &["Origin: https://other.example"], b"").await;
    assert_eq!((answer.status, answer.text()), (403, r#"{"code":4,"message":"Forbidden"}"#));
    let websocket = V4.replace("polling", "websocket");
    assert!(Ws::open(address, &websocket, &["Origin: https://other.example"]).await.is_err());
    assert!(Ws::open(address, &websocket, &[page]).await.is_ok());
    assert_eq!(get(address, V4).await.status, 200, "a client that is not a page has no origin");
}

#[tokio::test]
async fn large_payloads_are_compressed_for_clients_that_accept_it() {
    let address = serve(calm()).await;
    let target = session(address, V4).await;
    let message = format!("4{}", "hello ".repeat(1_000));
    assert_eq!(post(address, &target, &message).await.text(), "ok");
    let polled = request(address, "GET", &target, &["Accept-Encoding: gzip, deflate"], b"").await;
    assert!(polled.head.contains("content-encoding: gzip") && polled.body.len() < 200);
    for (accepts, is_compressed) in [
        ("gzip;q=0", false),
        ("gzippy", false),
        ("*", true),
        ("*, gzip;q=0", false),
        ("deflate;q=1, x-gzip;q=0.1", true),
    ] {
        assert_eq!(post(address, &target, &message).await.text(), "ok");
        let polled = request(address, "GET", &target, &[&format!("Accept-Encoding: {accepts}")], b"").await;
        assert_eq!(polled.head.contains("content-encoding: gzip"), is_compressed, "{accepts}: {}", polled.head);
    }

    let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits";
    let mut ws = Ws::open(address, "/engine.io/?EIO=4&transport=websocket", &[offer]).await.expect("a WebSocket");
    assert!(ws.head.contains("server_no_context_takeover; client_no_context_takeover"));
    assert_eq!(ws.frame().await.expect("the open packet").0, 0x81, "small: as it is");
    // "4Hello" twice, each compressed by itself, to check that no context is kept.
    for _ in 0..2 {
        ws.send_frame(0xC1, &[0x32, 0xF1, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]).await;
        assert_eq!(ws.text().await, "4Hello");
    }
    ws.send(&message).await;
    let (first, payload) = ws.frame().await.expect("an echo");
    assert!(first == 0xC1 && payload.len() < 200, "large: compressed");
}
