//! The metrics and log lines for operators.

use crate::support::{Server, Wire};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn the_metrics_of_an_operator() {
    let server = Server::start();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let value = |text: &str, series: &str| -> Option<f64> {
        text.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok())
    };
    let body = json!({ "kind": "direct", "memberIds": [bob.0] });
    let place = http.api(&alice.1, "POST", "/conversations", body).await.expect(201);
    let before = server.metrics().send("GET", "/metrics", &[], "").await;
    assert!(before.head.contains("content-type: text/plain; version=0.0.4"), "{}", before.head);
    let open =
        server.metrics().send("GET", "/metrics", &[("accept", "application/openmetrics-text;version=1.0.0")], "").await;
    assert!(open.head.contains("content-type: application/openmetrics-text"), "{}", open.head);
    assert!(open.text.ends_with("# EOF\n"));
    let mut wire = Wire::connect(server.address(), "/chat", &json!({ "token": bob.1 })).await;
    let mut nobody = Wire::open(server.address(), "").await;
    assert!(nobody.enter("/chat", &json!({ "token": "bad" })).await.starts_with("44/chat,"));
    // In the format of `/api/v1` and in those of existing clients.
    http.api("", "GET", "/me", Value::Null).await.expect(401);
    http.api(&alice.1, "GET", "/me", Value::Null).await.expect(200);
    http.call("", "GET", "/chat/api/auth/me", Value::Null).await.expect(401);
    let mut gone = Wire::connect(server.address(), "/chat", &json!({ "token": bob.1 })).await;
    gone.send("41/chat,").await;
    let _undecided = Wire::connect(server.address(), "/", &json!({ "token": alice.1 })).await;
    // One connection on polling that keeps polling, and a plain WebSocket.
    let eve = http.register("eve").await;
    let opened = http.send("GET", "/socket.io/?EIO=4&transport=polling", &[], "").await.text;
    let opened: Value = serde_json::from_str(&opened[1..]).expect("an open packet");
    let path = format!("/socket.io/?EIO=4&transport=polling&sid={}", opened["sid"].as_str().expect("an id"));
    let connect = format!("40/messenger,{}", json!({ "token": eve.1 }));
    assert_eq!(http.send("POST", &path, &[], &connect).await.text, "ok");
    assert!(http.send("GET", &path, &[], "").await.text.starts_with("40/messenger,"));
    let polling = http.clone();
    let polls = tokio::spawn(async move {
        loop {
            polling.send("GET", &path, &[], "").await;
        }
    });
    let url = format!("ws://{}/ws?dialect=rooms&userId=guest", server.address());
    let (mut plain, _) = tokio_tungstenite::connect_async(url).await.expect("a WebSocket");
    // A connection is admitted once it is answered.
    let asked = json!({ "event": "leave_room", "data": { "roomId": "none", "userId": "guest" }, "id": 1 });
    plain.send(Message::text(asked.to_string())).await.expect("sent");
    plain.next().await.expect("an answer").expect("no error");
    wire.call("message:send", &json!({ "chatId": place["id"], "content": "hello" })).await;
    wire.call("message:send", &json!({ "chatId": "nowhere", "content": "hello" })).await;
    // The last queued frames may still be on their way to a client.
    let quiet = async {
        loop {
            let text = server.metrics().send("GET", "/metrics", &[], "").await.text;
            let closed = value(&text, "quintet_closes_total{reason=\"client\"}");
            if value(&text, "quintet_queued_bytes{of=\"socketio\"}") == Some(0.0) && closed.is_some() {
                return text;
            }
        }
    };
    let after = tokio::time::timeout(std::time::Duration::from_secs(20), quiet).await.expect("all is written");
    polls.abort();
    for (series, expected) in [
        ("quintet_connections{dialect=\"chat\"}", 1.0),
        ("quintet_connections{dialect=\"undecided\"}", 1.0),
        ("quintet_connections{dialect=\"rooms\"}", 1.0),
        ("quintet_connections{dialect=\"meetup\"}", 0.0),
        ("quintet_transports{dialect=\"chat\",transport=\"websocket\"}", 2.0),
        // One of them was refused.
        ("quintet_transports{dialect=\"undecided\",transport=\"websocket\"}", 2.0),
        ("quintet_transports{dialect=\"messenger\",transport=\"polling\"}", 1.0),
        ("quintet_transports{dialect=\"rooms\",transport=\"plain\"}", 1.0),
        ("quintet_transports{dialect=\"rooms\",transport=\"polling\"}", 0.0),
        ("quintet_queued_bytes{of=\"socketio\"}", 0.0),
        ("quintet_events_total{dialect=\"chat\"}", 2.0),
        // Three registrations and a conversation.
        ("quintet_http_requests_total{status=\"201\"}", 4.0),
        ("quintet_queued_bytes{of=\"plain\"}", 0.0),
        ("quintet_queued_commands{of=\"store\"}", 0.0),
        ("quintet_commit_failures_total", 0.0),
        ("quintet_messages_purged_total", 0.0),
        ("quintet_refusals_total{of=\"event\",reason=\"ERR_NOT_FOUND\"}", 1.0),
        ("quintet_refusals_total{of=\"connect\",reason=\"ERR_UNAUTHENTICATED\"}", 1.0),
        ("quintet_refusals_total{of=\"http\",reason=\"ERR_UNAUTHENTICATED\"}", 2.0),
        ("quintet_closes_total{reason=\"client\"}", 1.0),
    ] {
        assert_eq!(value(&after, series), Some(expected), "{series} in {after}");
    }
    for series in [
        "quintet_deliveries_total",
        "quintet_commit_seconds_count",
        "quintet_commit_seconds_sum",
        "quintet_commit_commands_count",
        "quintet_http_requests_total{status=\"200\"}",
        "quintet_http_request_seconds_count",
    ] {
        let grown = value(&after, series).unwrap_or(0.0) - value(&before.text, series).unwrap_or(0.0);
        assert!(grown > 0.0, "{series} in {after}");
    }
    assert!(after.contains("# TYPE quintet_events_total counter\n"), "{after}");
    // What every program tells of itself, under names without a prefix.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs_f64();
    let (fds, limit) = (value(&after, "process_open_fds"), value(&after, "process_max_fds"));
    assert!(fds > Some(9.0) && fds < limit, "{fds:?} of {limit:?} in {after}");
    for (series, least, most) in [
        ("process_cpu_seconds_total", 0.01, 600.0),
        ("process_resident_memory_bytes", 8e6, 2e9),
        ("process_virtual_memory_bytes", 8e6, 1e15),
        ("process_threads", 3.0, 1_000.0),
        ("process_start_time_seconds", now - 600.0, now),
    ] {
        assert!(value(&after, series).is_some_and(|found| (least..=most).contains(&found)), "{series} in {after}");
    }
    let build = format!("quintet_build_info{{version=\"{}\",features=\"", env!("CARGO_PKG_VERSION"));
    assert!(after.contains(&build), "{build} in {after}");
    assert_eq!(after.matches("# EOF").count(), 0);
    assert_eq!(open.text.matches("# EOF").count(), 1);
}
