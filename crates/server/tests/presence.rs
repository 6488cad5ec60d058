//! Delivery of presence: who is notified of users coming online and going offline.

mod support;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Server, Wire};

/// The time for which a user is away before it is shown as offline.
const OFFLINE_AFTER: Duration = Duration::from_secs(2);
/// The time for which a repeated start of typing is not delivered again.
const REPEAT_AFTER: Duration = Duration::from_secs(1);

const SECRET: &str = "a secret of the tests, of 32 bytes and more";

/// Returns the credentials of a user of an existing backend.
fn issued(user: &str) -> Value {
    let claims = json!({ "sub": user, "username": user, "exp": 4_102_444_800_u64 });
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    json!({ "token": jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).expect("a token") })
}

/// Returns all events that a connection has received so far.
async fn received(wire: &mut Wire) -> Vec<(String, Value)> {
    // Two round trips through the writer and the hub: everything published before has been delivered.
    for _ in 0..2 {
        wire.call("stopTyping", &json!({ "groupId": "any" })).await;
    }
    wire.events.drain(..).collect()
}

#[tokio::test]
async fn a_reload_is_not_delivered_and_going_offline_is_delivered_once() {
    let server = Server::start();
    let (alice, bob) = (server.http().register("alice").await, server.http().register("bob").await);
    let token = |user: &(String, String)| json!({ "token": user.1 });
    let mut watcher = Wire::connect(server.address(), "/messenger", &token(&alice)).await;
    watcher.next("onlineUsers").await;
    // Two devices, reloads of both, and the end of both.
    let first = Wire::connect(server.address(), "/chat", &token(&bob)).await;
    assert_eq!(watcher.event().await, ("userOnline".to_owned(), json!(bob.0)));
    let second = Wire::connect(server.address(), "/conversations", &token(&bob)).await;
    drop(first);
    let mut last = Wire::connect(server.address(), "/chat", &token(&bob)).await;
    drop(second);
    let mut reloads = 0;
    while reloads < 3 {
        let lost = Instant::now();
        drop(last);
        last = Wire::connect(server.address(), "/rooms", &token(&bob)).await;
        let back_in_time = lost.elapsed() < OFFLINE_AFTER;
        let delivered = received(&mut watcher).await;
        // On a machine too busy to reconnect in time, this is not a reload.
        if back_in_time {
            assert_eq!(delivered, []);
            reloads += 1;
        }
    }
    drop(last);
    assert_eq!(watcher.event().await, ("userOffline".to_owned(), json!(bob.0)));
    // The time last seen is stored asynchronously, after the event.
    let kept = async {
        let path = format!("/users/{}", bob.0);
        loop {
            let seen = server.http().api(&alice.1, "GET", &path, Value::Null).await.expect(200);
            assert_eq!(seen["online"], false);
            if seen["lastSeen"].is_string() {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), kept).await.expect("when it was last seen is kept");
    assert_eq!(received(&mut watcher).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_storm_everyone_is_shown_online_once() {
    const USERS: usize = 120;
    let server = Server::with().env("QUINTET_JWT_SECRET", SECRET).run();
    let mut watcher = Wire::connect(server.address(), "/messenger", &issued("watcher")).await;
    watcher.next("onlineUsers").await;
    let address = server.address();
    let connecting: Vec<_> = (0..USERS)
        .map(|number| {
            tokio::spawn(async move { Wire::connect(address, "/messenger", &issued(&format!("user-{number}"))).await })
        })
        .collect();
    let mut all = std::collections::BTreeSet::from(["watcher".to_owned()]);
    all.extend((0..USERS).map(|number| format!("user-{number}")));
    let mut wires = vec![("watcher".to_owned(), watcher, Vec::new())];
    for (number, connected) in connecting.into_iter().enumerate() {
        let mut wire = connected.await.expect("connected");
        let greeted: Vec<String> = serde_json::from_value(wire.next("onlineUsers").await).expect("a list of users");
        wires.push((format!("user-{number}"), wire, greeted));
    }
    for (name, mut wire, greeted) in wires {
        let mut shown: std::collections::BTreeSet<String> = greeted.into_iter().chain([name.clone()]).collect();
        let mut delivered = std::collections::BTreeSet::new();
        while shown != all {
            let one = wire.next("userOnline").await;
            let one = one.as_str().expect("a user").to_owned();
            assert!(delivered.insert(one.clone()), "{name} is notified twice that {one} came online");
            shown.insert(one);
        }
    }
}

#[tokio::test]
async fn presence_is_limited_to_contacts_by_setting_or_by_crowd() {
    for (name, value) in [("QUINTET_PRESENCE_AUDIENCE", "contacts"), ("QUINTET_PRESENCE_EVERYONE_LIMIT", "1")] {
        let server = Server::with().env(name, value).run();
        let http = server.http();
        let (alice, bob, eve) = (http.register("alice").await, http.register("bob").await, http.register("eve").await);
        let body = json!({ "kind": "direct", "memberIds": [bob.0] });
        http.api(&alice.1, "POST", "/conversations", body).await.expect(201);
        let mut watcher = Wire::connect(server.address(), "/messenger", &json!({ "token": alice.1 })).await;
        watcher.next("onlineUsers").await;
        let _stranger = Wire::connect(server.address(), "/chat", &json!({ "token": eve.1 })).await;
        let mut friend = Wire::connect(server.address(), "/messenger", &json!({ "token": bob.1 })).await;
        let shown = friend.next("onlineUsers").await;
        let mut shown: Vec<&str> = shown.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        shown.sort_unstable();
        assert_eq!(shown, [&alice.0, &bob.0], "{name}: who is not shown coming is not shown being there");
        assert_eq!(watcher.event().await, ("userOnline".to_owned(), json!(bob.0)), "{name}");
        assert_eq!(received(&mut watcher).await, [], "{name}");
    }
}

#[tokio::test]
async fn guests_are_shown_only_in_their_rooms() {
    let server = Server::start();
    let alice = server.http().register("alice").await;
    let mut watcher = Wire::connect(server.address(), "/messenger", &json!({ "token": alice.1 })).await;
    watcher.next("onlineUsers").await;
    let mut guest = Wire::connect(server.address(), "/rooms", &json!({ "userId": "g" })).await;
    guest.emit("create_room", &json!({ "name": "R", "userId": "g" })).await;
    guest.next("room_created").await;
    let bob = server.http().register("bob").await;
    let _other = Wire::connect(server.address(), "/chat", &json!({ "token": bob.1 })).await;
    // The watcher was notified of bob but not of the guest, who came before; the guest of neither. Presence is
    // delivered asynchronously, so it is awaited.
    let (name, who) = watcher.event().await;
    assert_eq!((name.as_str(), &who), ("userOnline", &json!(bob.0)));
    assert_eq!(received(&mut watcher).await, []);
    guest.call("no such event", &Value::Null).await;
    assert!(guest.events.is_empty(), "{:?}", guest.events);
}

#[tokio::test]
async fn typing_is_delivered_once_and_ends() {
    let server = Server::start();
    let (alice, bob) = (server.http().register("alice").await, server.http().register("bob").await);
    let body = json!({ "kind": "group", "name": "G", "memberIds": [bob.0] });
    let place = server.http().api(&alice.1, "POST", "/conversations", body).await.expect(201)["id"].clone();
    let mut watcher = Wire::connect(server.address(), "/messenger", &json!({ "token": alice.1 })).await;
    watcher.next("onlineUsers").await;
    let mut typist = Wire::connect(server.address(), "/chat", &json!({ "token": bob.1 })).await;
    let chat = json!({ "chatId": place });
    assert_eq!(watcher.event().await, ("userOnline".to_owned(), json!(bob.0)));
    // A repeated start is not delivered again at once; a start after a stop is.
    let asked = ["typing:start", "typing:start", "typing:start", "typing:stop", "typing:stop", "typing:start"];
    loop {
        let began = Instant::now();
        let mut acks = Vec::new();
        for event in asked {
            acks.push(typist.ask(event, &chat).await);
        }
        for ack in acks {
            assert_eq!(typist.acked(ack).await["success"], true);
        }
        let at_once = began.elapsed() < REPEAT_AFTER;
        let delivered: Vec<String> = received(&mut watcher).await.into_iter().map(|(name, _)| name).collect();
        // On a machine too busy for that, a repeated start may be delivered again.
        if at_once {
            assert_eq!(delivered, ["typingStarted", "typingStopped", "typingStarted"]);
            break;
        }
        assert_eq!(typist.call("typing:stop", &chat).await["success"], true);
        received(&mut watcher).await;
    }
    // Typing ends with its connection.
    drop(typist);
    assert_eq!(watcher.next("typingStopped").await["userId"], bob.0.as_str());
}
