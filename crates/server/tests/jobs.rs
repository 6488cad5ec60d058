//! Periodic work of two nodes over one database: it is done, and once.

use std::time::Duration;

use crate::database::TestDatabase;
use crate::support::{Server, Wire};
use serde_json::json;

#[tokio::test]
async fn a_meetup_expires_once() {
    let database = TestDatabase::new();
    let start =
        || Server::with().env("QUINTET_DATABASE_URL", &database.url()).env("QUINTET_FILES_SHARED", "true").run();
    let (here, there) = (start(), start());
    let (_, alice) = here.http().register("alice").await;
    let mut hears = Wire::connect(there.address(), "/meetup", &json!({ "token": alice })).await;
    let meetup = json!({ "activity": "walk", "location": "park", "startsAt": "2030-01-01T10:00:00Z" });
    here.http().api(&alice, "POST", "/meetups", meetup).await.expect(201);
    database.run("UPDATE meetup SET expires_at = 1");
    let expired = || database.number("SELECT count(*) FROM meetup WHERE status = 'expired'");
    let waiting = async {
        let mut look = tokio::time::interval(Duration::from_millis(50));
        while expired() == 0 {
            look.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("a node does it");
    assert_eq!(database.number("SELECT count(*) FROM change WHERE data LIKE '%\"expired\"%'"), 1);
    // All jobs but that of guests, who have a time to come back, have been taken.
    assert!(database.number("SELECT count(*) FROM job") >= 4);
    // The node to which the client is connected has gone on delivering.
    let event = hears.next("meetupStatusUpdate").await;
    assert_eq!(event["status"], "expired", "{event}");
}

/// Messages that are not kept any longer are removed by one of the nodes, and the clients of both hear nothing of it but go
/// on.
#[tokio::test]
async fn messages_that_are_not_kept_go() {
    let database = TestDatabase::new();
    let start = || {
        let server = Server::with().env("QUINTET_DATABASE_URL", &database.url()).env("QUINTET_FILES_SHARED", "true");
        server.env("QUINTET_RETENTION_GROUP_DAYS", "30").run()
    };
    let here = start();
    let (_, alice) = here.http().register("alice").await;
    let group = here.http().group(&alice, &[]).await;
    let place = format!("/conversations/{}/messages", group.as_str().expect("an id"));
    for content in ["old", "new"] {
        here.http().api(&alice, "POST", &place, json!({ "content": content })).await.expect(201);
    }
    database.run("UPDATE message SET created_at = created_at - 40 * 86400000::bigint WHERE content = 'old'");
    let there = start();
    let mut hears = Wire::connect(there.address(), "/chat", &json!({ "token": alice })).await;
    database.run("UPDATE job SET due_at = clock_timestamp() WHERE name = 'retention'");
    let waiting = async {
        let mut look = tokio::time::interval(Duration::from_millis(50));
        while database.number("SELECT count(*) FROM message") == 2 {
            look.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("a node does it");
    here.http().api(&alice, "POST", &place, json!({ "content": "newest" })).await.expect(201);
    assert_eq!(hears.next("message:new").await["content"], "newest");
    let left = there.http().api(&alice, "GET", &place, serde_json::Value::Null).await.expect(200);
    let texts: Vec<_> = left["items"].as_array().expect("a list").iter().map(|message| &message["content"]).collect();
    assert_eq!(texts, ["new", "newest"]);
    assert_eq!(database.number("SELECT count(*) FROM change WHERE data LIKE '%messages_purged%'"), 1);
}
