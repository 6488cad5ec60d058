//! Acknowledged messages are on disk, which the system calls show, even when the disk is full.

use crate::support::trace::Trace;
use crate::support::{Server, Wire};
use serde_json::{Value, json};

/// A relevant call in a trace: the log is synced, or text goes to a socket.
#[derive(Debug, PartialEq)]
enum Call {
    Synced,
    Delivered(String),
}

fn read(trace: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    for line in trace.lines() {
        let synced = line.contains("fdatasync") || line.contains("fsync");
        // A call that another thread interrupted ends where it is resumed.
        let done = line.contains("= 0") && !line.contains("<unfinished");
        if synced && done {
            calls.push(Call::Synced);
        } else if line.contains("writev(") || line.contains("sendto(") || line.contains("write(") {
            calls.push(Call::Delivered(line.to_owned()));
        }
    }
    calls
}

#[tokio::test]
async fn the_log_is_synced_before_delivery() {
    let Some(trace) = Trace::new() else { return };
    let mut server = trace.of(Server::with(), &["fdatasync", "fsync", "write", "writev", "sendto"]).run();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let body = json!({ "kind": "direct", "memberIds": [bob.0] });
    let place = http.api(&alice.1, "POST", "/conversations", body).await.expect(201)["id"].clone();
    let mut sender = Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await;
    let mut receiver = Wire::connect(server.address(), "/chat", &json!({ "token": bob.1 })).await;
    for n in 0..20 {
        let content = format!("message-number-{n:02}");
        let ack = sender.call("message:send", &json!({ "chatId": place, "content": content })).await;
        assert_eq!(ack["success"], true);
        assert_eq!(receiver.next("message:new").await["content"], content);
    }

    let trace = trace.end(&mut server);
    let calls = read(&trace);
    let mut delivered_before = 0;
    for n in 0..20 {
        let content = format!("message-number-{n:02}");
        let first = calls.iter().position(|call| matches!(call, Call::Delivered(line) if line.contains(&content)));
        let first = first.unwrap_or_else(|| panic!("{content} was not delivered"));
        // Between the last delivery of the previous message and the first of this one, the log was synced.
        assert!(
            calls[delivered_before..first].contains(&Call::Synced),
            "{content} was delivered before a sync:\n{trace}"
        );
        let last = calls.iter().rposition(|call| matches!(call, Call::Delivered(line) if line.contains(&content)));
        delivered_before = last.unwrap_or(first);
    }
}

#[tokio::test]
async fn a_full_disk_is_reported_and_loses_nothing() {
    // With the signal ignored, a write beyond the limit fails like any other. The log is on the same disk.
    let logs = tempfile::tempdir().expect("a folder");
    let run = format!("trap '' XFSZ; exec \"$@\" 2>>{}", logs.path().join("log").display());
    let server = Server::with().under(&["sh", "-c", &run, "sh"]).run();
    let http = server.http();
    let alice = http.register("alice").await;
    let place = http.api(&alice.1, "POST", "/conversations", json!({ "kind": "group", "name": "G" })).await.expect(201);
    let path = format!("/conversations/{}/messages", place["id"].as_str().expect("an id"));
    let ready = async || http.send("GET", "/readyz", &[], "").await.status;
    assert_eq!(ready().await, 200);
    let log = std::fs::metadata(server.data().join("quintet.sqlite3-wal")).expect("a log").len();
    server.limit_files(Some(log + 100_000));
    let mut acknowledged = Vec::new();
    let refused = loop {
        let content = format!("{} {}", acknowledged.len(), "x".repeat(4_500));
        let answer = http.api(&alice.1, "POST", &path, json!({ "content": content })).await;
        if answer.status != 201 {
            break answer;
        }
        acknowledged.push(content);
        assert!(acknowledged.len() < 2_000, "the log has grown by far less than 40 MB, and is full by then");
    };
    assert!(!acknowledged.is_empty());
    let refused = refused.expect(500);
    assert_eq!(refused["code"], "ERR_INTERNAL");
    // Readiness fails when there is no room for even one page, and reading goes on.
    server.limit_files(Some(0));
    assert_eq!(ready().await, 503);
    let metrics = server.metrics().send("GET", "/metrics", &[], "").await.text;
    let failures = metrics.lines().find_map(|line| line.strip_prefix("quintet_commit_failures_total "));
    assert!(failures.is_some_and(|count| count.parse().is_ok_and(|count: u64| count > 0)), "{metrics}");
    let said = async || {
        let (mut texts, mut after) = (Vec::new(), 0_u64);
        loop {
            let page = format!("{path}?limit=200&after={after}");
            let page = http.api(&alice.1, "GET", &page, Value::Null).await.expect(200);
            let items = page["items"].as_array().expect("items");
            texts.extend(items.iter().map(|item| item["content"].as_str().expect("text").to_owned()));
            match page["next"].as_u64() {
                Some(next) => after = next,
                None => return texts,
            }
        }
    };
    assert_eq!(said().await, acknowledged);

    // With room again, the server becomes ready by itself and continues.
    server.limit_files(None);
    assert_eq!(ready().await, 200);
    http.api(&alice.1, "POST", &path, json!({ "content": "there is room" })).await.expect(201);
    acknowledged.push("there is room".to_owned());
    assert_eq!(said().await, acknowledged);
}
