//! The sync comes before the acknowledgement: watched at the system calls.

mod support;

use std::process::Command;

use serde_json::json;
use support::{Server, Wire};

/// What matters of a trace: the log is synced, or text goes to a socket.
#[derive(Debug, PartialEq)]
enum Call {
    Synced,
    Told(String),
}

fn read(trace: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    for line in trace.lines() {
        let synced = line.contains("fdatasync") || line.contains("fsync");
        // A call that another thread interrupted is done where it is resumed.
        let done = line.contains("= 0") && !line.contains("<unfinished");
        if synced && done {
            calls.push(Call::Synced);
        } else if line.contains("writev(") || line.contains("sendto(") || line.contains("write(") {
            calls.push(Call::Told(line.to_owned()));
        }
    }
    calls
}

#[tokio::test]
async fn the_log_is_synced_before_anybody_is_told() {
    let strace = Command::new("strace").arg("--version").output();
    assert!(strace.is_ok_and(|output| output.status.success()), "strace is needed: `cargo xtask test` installs it");
    let traces = tempfile::tempdir().expect("a folder");
    let trace = traces.path().join("trace");
    let path = trace.to_str().expect("text");
    let calls = "trace=fdatasync,fsync,write,writev,sendto";
    let mut server = Server::with().under(&["strace", "-f", "-s", "400", "-e", calls, "-o", path]).run();
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
    // The server is the only child of strace.
    let children = format!("/proc/{0}/task/{0}/children", server.pid());
    let child = std::fs::read_to_string(children).expect("strace has a child");
    let ended = Command::new("kill").arg(child.trim()).status().expect("kill runs");
    assert!(ended.success());
    server.wait();

    let trace = std::fs::read_to_string(&trace).expect("a trace");
    let calls = read(&trace);
    let mut told_before = 0;
    for n in 0..20 {
        let content = format!("message-number-{n:02}");
        let first = calls.iter().position(|call| matches!(call, Call::Told(line) if line.contains(&content)));
        let first = first.unwrap_or_else(|| panic!("{content} was told to nobody"));
        // Between the last thing told of the message before and the first of this one, the log was synced.
        assert!(calls[told_before..first].contains(&Call::Synced), "{content} was told before a sync:\n{trace}");
        let last = calls.iter().rposition(|call| matches!(call, Call::Told(line) if line.contains(&content)));
        told_before = last.unwrap_or(first);
    }
}
