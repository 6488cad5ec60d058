//! Presence and typing over two processes with one PostgreSQL database, at the wire.

use std::time::Duration;

use crate::database::TestDatabase;
use crate::support::{Server, Wire};
use serde_json::{Value, json};

/// The time within which the death of a node is told.
const PATIENCE: Duration = Duration::from_secs(60);

/// A key for tokens that both processes share, as the file of a data folder has it.
const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 1700000000\n";

fn node(database: &TestDatabase) -> Server {
    Server::with()
        .env("QUINTET_DATABASE_URL", &database.url())
        .env("QUINTET_FILES_SHARED", "true")
        .file("token-key", KEY)
        .run()
}

async fn connected(server: &Server, namespace: &str, user: &(String, String)) -> Wire {
    Wire::connect(server.address(), namespace, &json!({ "token": user.1 })).await
}

/// Waits for an event longer than a connection is silent in a test: a dead node is noticed after a quarter of a minute.
async fn awaited(wire: &mut Wire, name: &str) -> Value {
    let mut every = tokio::time::interval(Duration::from_millis(250));
    let found = async {
        loop {
            if let Some(at) = wire.events.iter().position(|(one, _)| one == name) {
                return wire.events.remove(at).expect("it is there").1;
            }
            every.tick().await;
            wire.call("no such event", &Value::Null).await;
        }
    };
    tokio::time::timeout(PATIENCE, found).await.expect("the event comes")
}

#[tokio::test]
async fn presence_and_typing_are_those_of_all_nodes() {
    let database = TestDatabase::new();
    let (here, mut there) = (node(&database), node(&database));
    let http = here.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let carol = http.register("carol").await;
    let body = json!({ "kind": "group", "name": "Team", "memberIds": [bob.0] });
    let group = http.api(&alice.1, "POST", "/conversations", body).await.expect(201)["id"].clone();
    let mut watcher = connected(&here, "/messenger", &alice).await;
    watcher.next("onlineUsers").await;
    // A user of the other node comes online, and is shown to who comes here.
    let mut first = connected(&there, "/chat", &bob).await;
    assert_eq!(watcher.next("userOnline").await, json!(bob.0));
    let mut newcomer = connected(&here, "/messenger", &carol).await;
    let shown = newcomer.next("onlineUsers").await;
    assert!(shown.as_array().expect("a list").contains(&json!(bob.0)), "{shown}");
    assert_eq!(watcher.next("userOnline").await, json!(carol.0));
    let seen = http.api(&alice.1, "GET", &format!("/users/{}", bob.0), Value::Null).await.expect(200);
    assert_eq!(seen["online"], true);
    // Typing is passed on.
    assert_eq!(first.call("typing:start", &json!({ "chatId": group })).await["success"], true);
    assert_eq!(watcher.next("typingStarted").await["userId"], json!(bob.0));
    assert_eq!(first.call("typing:stop", &json!({ "chatId": group })).await["success"], true);
    assert_eq!(watcher.next("typingStopped").await["userId"], json!(bob.0));
    // While the user is connected to any node it is online; afterwards it is offline, once.
    let second = connected(&here, "/chat", &bob).await;
    drop(first);
    drop(second);
    assert_eq!(watcher.event().await, ("userOffline".to_owned(), json!(bob.0)));
    // The users of a node that dies go offline.
    let mut dies_with_it = connected(&there, "/chat", &bob).await;
    assert_eq!(watcher.event().await, ("userOnline".to_owned(), json!(bob.0)));
    assert_eq!(dies_with_it.call("typing:start", &json!({ "chatId": group })).await["success"], true);
    assert_eq!(watcher.next("typingStarted").await["userId"], json!(bob.0));
    there.signal(9);
    there.wait();
    assert_eq!(awaited(&mut watcher, "typingStopped").await["userId"], json!(bob.0));
    assert_eq!(awaited(&mut watcher, "userOffline").await, json!(bob.0));
    let seen = http.api(&alice.1, "GET", &format!("/users/{}", bob.0), Value::Null).await.expect(200);
    assert_eq!(seen["online"], false);
}
