//! Nodes that are cut off from the database: one alone sends its clients away, and all together keep theirs; over the
//! database itself as the wire, and over Redis.

mod support;

#[allow(dead_code, clippy::unwrap_used, reason = "the tests of the store use the rest")]
#[path = "../../store/tests/support/postgres.rs"]
mod database;
#[path = "../../cluster/tests/support/redis.rs"]
mod redis_server;
#[path = "support/road.rs"]
mod road;

use std::time::{Duration, Instant};

use database::TestDatabase;
use redis_server::TestRedis;
use road::Road;
use serde_json::{Value, json};
use support::{Server, Start, Wire};

/// The time within which a node that is cut off has to send its clients away.
const PATIENCE: Duration = Duration::from_secs(120);
/// What a node says that has not heard of the database for ten seconds.
const AWAY: &str = "The database cannot be reached.";
/// The secret that the nodes share.
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A node that others reach, over one wire or the other.
fn node(url: &str, redis: Option<&TestRedis>) -> Start {
    let start = Server::with()
        .env("QUINTET_DATABASE_URL", url)
        .env("QUINTET_FILES_SHARED", "true")
        .env("QUINTET_CLUSTER_SECRET", SECRET);
    match redis {
        // What is heard over Redis is enough.
        Some(redis) => start.env("QUINTET_CLUSTER_BUS", redis.url()),
        None => start.env("QUINTET_CLUSTER_ADVERTISE", "127.0.0.1:0"),
    }
}

async fn two_in_a_group(server: &Server) -> (String, String, Value) {
    let http = server.http();
    let ((_, alice), bob) = (http.register("alice").await, http.register("bob").await);
    let group = http.group(&alice, &[&bob.0]).await;
    (alice, bob.1, group)
}

/// A node that is cut off alone sends its clients away, and they recover on another one.
async fn one_alone(redis: Option<TestRedis>) {
    let database = TestDatabase::new();
    let road = Road::to(&database);
    let there = node(&database.url(), redis.as_ref()).run();
    let here = node(&road.url(&database), redis.as_ref()).run();
    let (alice, bob, group) = two_in_a_group(&there).await;
    let (mut hears, pid) = Wire::recoverable(here.address(), "/chat", json!({ "token": bob })).await;
    let mut says = Wire::connect(there.address(), "/chat", &json!({ "token": alice })).await;
    let message = |content: &str| json!({ "chatId": group, "content": content });
    says.call("message:send", &message("before")).await;
    let (content, offset) = hears.next_message().await;
    assert_eq!(content, "before");
    road.cut();
    hears.until_closed(PATIENCE).await;
    here.http().until_ready_says(503, AWAY).await;
    there.http().until_ready_says(200, "").await;
    for content in ["meanwhile", "and more"] {
        assert_eq!(says.call("message:send", &message(content)).await["success"], true);
    }
    let resumes = json!({ "token": bob, "pid": pid, "offset": offset });
    let (mut back, same) = Wire::recoverable(there.address(), "/chat", resumes).await;
    assert_eq!(same, pid, "it is recovered");
    for expected in ["meanwhile", "and more"] {
        assert_eq!(back.next_message().await.0, expected);
    }
    road.mend();
    here.http().until_ready_says(200, "").await;
}

/// Where no node reaches the database, clients stay, and go on once it is back.
async fn all_together(redis: Option<TestRedis>) {
    let database = TestDatabase::new();
    let road = Road::to(&database);
    let there = node(&road.url(&database), redis.as_ref()).run();
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let here = node(&road.url(&database), redis.as_ref()).log(&log).run();
    let (alice, bob, group) = two_in_a_group(&there).await;
    let mut hears = Wire::connect(here.address(), "/chat", &json!({ "token": bob })).await;
    let begun = Instant::now();
    road.cut();
    here.http().until_ready_says(503, AWAY).await;
    there.http().until_ready_says(503, AWAY).await;
    // Longer than a node asks, and than it takes to send everybody away.
    let stays = async { while hears.frame().await.is_some() {} };
    assert!(tokio::time::timeout(Duration::from_secs(6), stays).await.is_err(), "the connection was closed");
    road.mend();
    here.http().until_ready_says(200, "").await;
    there.http().until_ready_says(200, "").await;
    let away = begun.elapsed();
    let mut says = Wire::connect(there.address(), "/chat", &json!({ "token": alice })).await;
    let sent = says.call("message:send", &json!({ "chatId": group, "content": "again" })).await;
    assert_eq!(sent["success"], true, "{sent}");
    assert_eq!(hears.next("message:new").await["content"], "again");
    // What failed is logged once, and then once in a while.
    let log = std::fs::read_to_string(&log).expect("a log");
    let lines = |text: &str| log.lines().filter(|line| line.contains(text)).count() as u64;
    assert!((1..=2 + away.as_secs() / 10).contains(&lines("a request failed in the store")), "{log}");
    assert_eq!((lines("has lost PostgreSQL"), lines("reaches PostgreSQL again")), (1, 1), "{log}");
    assert_eq!((lines("does not reach the database"), lines("reaches the database again")), (1, 1), "{log}");
}

#[tokio::test]
async fn one_alone_over_redis() {
    one_alone(Some(TestRedis::start())).await;
}

#[tokio::test]
async fn one_alone_over_the_database() {
    one_alone(None).await;
}

#[tokio::test]
async fn all_together_over_redis() {
    all_together(Some(TestRedis::start())).await;
}

#[tokio::test]
async fn all_together_over_the_database() {
    all_together(None).await;
}
