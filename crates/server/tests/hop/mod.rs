//! Two processes over one database, behind a load balancer that sends each request to any of them: long-polling, upgrades
//! to WebSocket, and what happens if the node that has a session is gone, slow, or made up.

mod conversation;
mod forged;
mod owners;
mod played;
mod polling;

use std::net::SocketAddr;

use crate::database::TestDatabase;
use crate::support::{Answer, Server, Start};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The secret that the nodes share.
const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// The target of a request that opens a session.
const OPEN: &str = "/socket.io/?EIO=4&transport=polling";

/// A node that passes requests on.
fn node(database: &TestDatabase) -> Start {
    Server::with()
        .env("QUINTET_DATABASE_URL", &database.url())
        .env("QUINTET_FILES_SHARED", "true")
        .env("QUINTET_JWT_SECRET", SECRET)
        .env("QUINTET_AUTH_SIGN_WITH", "shared")
        .env("QUINTET_CLUSTER_SECRET", SECRET)
        .env("QUINTET_CLUSTER_ADVERTISE", "127.0.0.1:0")
        // Told when it comes to it, in the middle of what the tests expect.
        .env("QUINTET_PRESENCE_DELIVERED", "false")
}

/// Starts two nodes that reach each other.
async fn two(start: impl Fn() -> Start) -> (Server, Server) {
    let (here, there) = (start().run(), start().run());
    // The second one knows the first from its first heartbeat on; the first one asks for the second.
    let path = opened(&there.http().send("GET", OPEN, &[], "").await);
    assert_eq!(here.http().send("POST", &path, &[], "3").await.text, "ok");
    (here, there)
}

/// The path of a session, from the answer that opens it.
fn opened(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let open: Value = serde_json::from_str(answer.text.strip_prefix('0').expect("an open packet")).expect("JSON");
    format!("{OPEN}&sid={}", open["sid"].as_str().expect("an id"))
}

/// Where other nodes reach a server.
fn internal(server: &Server) -> SocketAddr {
    let line = server.output.iter().find_map(|line| line.strip_prefix("other nodes reach this one at "));
    line.and_then(|line| line.split("://").nth(1)?.parse().ok()).expect("an address for other nodes")
}

fn is_unknown(answer: &Answer) -> bool {
    answer.status == 400 && answer.text == r#"{"code":1,"message":"Session ID unknown"}"#
}

/// What a node counts of the requests that it passes on.
async fn count(server: &Server, result: &str) -> u64 {
    let text = server.metrics().send("GET", "/metrics", &[], "").await.text;
    let series = format!("quintet_hop_requests_total{{result=\"{result}\"}} ");
    text.lines().find_map(|line| line.strip_prefix(&series)?.parse().ok()).expect("a number")
}

/// Two people in a group, and its id.
async fn people(server: &Server) -> (String, String, String) {
    let (_, alice) = server.http().register("alice").await;
    let (bob_id, bob) = server.http().register("bob").await;
    let group = json!({ "kind": "group", "name": "Team", "memberIds": [bob_id] });
    let group = server.http().api(&alice, "POST", "/conversations", group).await.expect(201);
    (alice, bob, group["id"].as_str().expect("an id").to_owned())
}

#[tokio::test]
async fn nothing_is_passed_on_where_requests_stick() {
    let database = TestDatabase::new();
    let start = || node(&database).env("QUINTET_CLUSTER_STICKY", "true").run();
    let (here, there) = (start(), start());
    let path = opened(&here.http().send("GET", OPEN, &[], "").await);
    assert_eq!(path.rsplit_once('=').expect("an id").1.len(), 20);
    assert!(is_unknown(&there.http().send("POST", &path, &[], "3").await));
    assert_eq!(here.http().send("POST", &path, &[], "3").await.text, "ok");
    assert!(!here.output.iter().any(|line| line.contains("other nodes")), "{:?}", here.output);
    assert_eq!(database.number("SELECT count(*) FROM node WHERE address IS NULL"), 2);
}

/// What is missing is said in one sentence.
#[tokio::test]
async fn what_belongs_together_is_said() {
    let database = TestDatabase::new();
    let failed = |start: Start, why: &str| {
        let said = start.fail();
        assert!(said.contains(why) && said.trim().lines().count() == 1, "{said}");
    };
    failed(node(&database).env("QUINTET_CLUSTER_SECRET", ""), "needs a secret of at least 32 bytes");
    failed(node(&database).env("QUINTET_CLUSTER_SECRET", "short"), "has 5 bytes");
    failed(node(&database).env("QUINTET_DATABASE_URL", ""), "[database] url names none");
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("bound");
    let taken = listener.local_addr().expect("an address").to_string();
    failed(node(&database).env("QUINTET_CLUSTER_ADVERTISE", &taken), "cannot listen for other nodes");
}
