//! Nodes that have a session and are gone, stop, or do not answer.

use serde_json::json;
use tokio::io::AsyncReadExt;

use crate::database::TestDatabase;
use crate::hop::played::Played;
use crate::hop::{OPEN, is_unknown, node, opened, people, two};
use crate::support::Wire;
use crate::support::raw::Raw;

/// The signal that stops a process.
const STOP: i32 = 19;
/// The signal that lets a stopped process go on.
const CONTINUE: i32 = 18;

#[tokio::test]
async fn a_dead_owner_is_an_unknown_session() {
    let database = TestDatabase::new();
    let (mut here, there) = two(|| node(&database)).await;
    let (alice, _, chat) = people(&here).await;
    let polling = opened(&here.http().send("GET", OPEN, &[], "").await);
    assert_eq!(there.http().send("POST", &polling, &[], "3").await.text, "ok");
    // A poll that waits at the other node, and a WebSocket through it.
    let (waits, path) = (there.http(), polling.clone());
    let poll = tokio::spawn(async move { waits.send("GET", &path, &[], "").await });
    let upgraded = opened(&here.http().send("GET", OPEN, &[], "").await).replace("polling", "websocket");
    let mut socket = Raw::open(there.address(), &upgraded, &[]).await.expect("a WebSocket");
    socket.send(0x81, b"2probe").await;
    assert_eq!(socket.text().await.as_deref(), Some("3probe"));
    socket.send(0x81, b"5").await;
    // The poll has reached its node.
    while !there.metrics().send("GET", "/metrics", &[], "").await.text.contains("quintet_hops{of=\"request\"} 1\n") {}
    here.signal(9);
    here.wait();
    assert!(is_unknown(&poll.await.expect("no panic")));
    assert_eq!(socket.frame().await, None);
    assert!(is_unknown(&there.http().send("POST", &polling, &[], "3").await));
    assert_eq!(Raw::open(there.address(), &upgraded, &[]).await.err(), Some(400));
    // A client comes back by opening another session.
    let mut wire = Wire::connect(there.address(), "/chat", &json!({ "token": alice })).await;
    let said = json!({ "chatId": chat, "content": "back", "messageType": "text" });
    assert_eq!(wire.call("message:send", &said).await["success"], true);
}

/// A node that leaves is gone from the table at once, and what waits for it ends.
#[tokio::test]
async fn a_node_that_stops_leaves() {
    let database = TestDatabase::new();
    let (mut here, mut there) = two(|| node(&database)).await;
    let polling = opened(&here.http().send("GET", OPEN, &[], "").await);
    assert_eq!(there.http().send("POST", &polling, &[], "3").await.text, "ok");
    assert_eq!(database.number("SELECT count(*) FROM node"), 2);
    here.signal(15);
    assert!(here.wait().success());
    assert_eq!(database.number("SELECT count(*) FROM node"), 1);
    assert!(is_unknown(&there.http().send("POST", &polling, &[], "3").await));
    // One that stops while it waits for another node says so.
    let played = Played::start(&database, 7).await;
    let (_asked, answer) = played.asked(&there, &[]).await;
    there.signal(15);
    assert_eq!(answer.await.expect("no panic").status, 503);
    assert!(there.wait().success());
}

#[tokio::test]
async fn a_slow_owner_holds_nobody_up_for_ever() {
    let database = TestDatabase::new();
    let (here, there) = two(|| node(&database)).await;
    let played = Played::start(&database, 7).await;
    // A client that goes away ends what was passed on for it.
    let (mut asked, answer) = played.asked(&there, &[]).await;
    answer.abort();
    assert_eq!(asked.stream.read(&mut [0; 1]).await.unwrap_or(0), 0);
    // A node whose heartbeat is too old is gone, whatever its connections do.
    let (_asked, answer) = played.asked(&there, &[]).await;
    database.run("UPDATE node SET seen_at = now() - interval '16 seconds' WHERE id = 7");
    assert!(is_unknown(&answer.await.expect("no panic")));

    let polling = opened(&here.http().send("GET", OPEN, &[], "").await);
    let later = opened(&here.http().send("GET", OPEN, &[], "").await);
    let upgraded = opened(&here.http().send("GET", OPEN, &[], "").await).replace("polling", "websocket");
    let mut socket = Raw::open(there.address(), &upgraded, &[]).await.expect("a WebSocket");
    socket.send(0x81, b"2probe").await;
    assert_eq!(socket.text().await.as_deref(), Some("3probe"));
    here.signal(STOP);
    let (asks, path) = (there.http(), polling.clone());
    let waits = tokio::spawn(async move { asks.send("POST", &path, &[], "3").await });
    while !there.metrics().send("GET", "/metrics", &[], "").await.text.contains("quintet_hops{of=\"request\"} 1\n") {}
    database.run("UPDATE node SET seen_at = now() - interval '16 seconds'");
    assert!(is_unknown(&waits.await.expect("no panic")));
    assert_eq!(socket.frame().await, None);
    // Others are served meanwhile, and the node is back once it goes on.
    there.http().register("carol").await;
    here.signal(CONTINUE);
    while there.http().send("POST", &later, &[], "3").await.text != "ok" {}
}
