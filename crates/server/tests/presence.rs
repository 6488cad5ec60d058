//! Who hears that somebody came or went.

mod support;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Server, Wire};

/// How long a user is away before that is told.
const OFFLINE_AFTER: Duration = Duration::from_secs(2);
/// How long a start of typing that shows already is not told again.
const REPEAT_AFTER: Duration = Duration::from_secs(1);

const SECRET: &str = "a secret of the tests, of 32 bytes and more";

/// What a user of an existing backend connects with.
fn issued(user: &str) -> Value {
    let claims = json!({ "sub": user, "username": user, "exp": 4_102_444_800_u64 });
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    json!({ "token": jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).expect("a token") })
}

/// Everything that a connection heard up to now.
async fn heard(wire: &mut Wire) -> Vec<(String, Value)> {
    // Twice round the writer and the hub: what was published before has been delivered.
    for _ in 0..2 {
        wire.call("stopTyping", &json!({ "groupId": "any" })).await;
    }
    wire.events.drain(..).collect()
}

#[tokio::test]
async fn a_reload_is_no_absence_and_a_going_is_told_once() {
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
        let told = heard(&mut watcher).await;
        // A machine that is too busy to come back in time shows nothing of what a reload is.
        if back_in_time {
            assert_eq!(told, []);
            reloads += 1;
        }
    }
    drop(last);
    assert_eq!(watcher.event().await, ("userOffline".to_owned(), json!(bob.0)));
    // Kept in its own time, behind the word.
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
    assert_eq!(heard(&mut watcher).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_storm_everybody_is_shown_to_everybody_once() {
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
        let mut told = std::collections::BTreeSet::new();
        while shown != all {
            let one = wire.next("userOnline").await;
            let one = one.as_str().expect("a user").to_owned();
            assert!(told.insert(one.clone()), "{name} is told twice that {one} came");
            shown.insert(one);
        }
    }
}

#[tokio::test]
async fn contacts_only_where_the_operator_or_the_crowd_wants_it() {
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
        assert_eq!(heard(&mut watcher).await, [], "{name}");
    }
}

#[tokio::test]
async fn guests_are_seen_in_their_rooms_alone() {
    let server = Server::start();
    let alice = server.http().register("alice").await;
    let mut watcher = Wire::connect(server.address(), "/messenger", &json!({ "token": alice.1 })).await;
    watcher.next("onlineUsers").await;
    let mut guest = Wire::connect(server.address(), "/rooms", &json!({ "userId": "g" })).await;
    guest.emit("create_room", &json!({ "name": "R", "userId": "g" })).await;
    guest.next("room_created").await;
    let bob = server.http().register("bob").await;
    let _other = Wire::connect(server.address(), "/chat", &json!({ "token": bob.1 })).await;
    // The watcher heard of bob, and not of the guest, who came before; the guest of neither. A coming is told in its own
    // time, in no order with what is asked: it is waited for.
    let (name, who) = watcher.event().await;
    assert_eq!((name.as_str(), &who), ("userOnline", &json!(bob.0)));
    assert_eq!(heard(&mut watcher).await, []);
    guest.call("no such event", &Value::Null).await;
    assert!(guest.events.is_empty(), "{:?}", guest.events);
}

#[tokio::test]
async fn typing_shows_once_and_ends() {
    let server = Server::start();
    let (alice, bob) = (server.http().register("alice").await, server.http().register("bob").await);
    let body = json!({ "kind": "group", "name": "G", "memberIds": [bob.0] });
    let place = server.http().api(&alice.1, "POST", "/conversations", body).await.expect(201)["id"].clone();
    let mut watcher = Wire::connect(server.address(), "/messenger", &json!({ "token": alice.1 })).await;
    watcher.next("onlineUsers").await;
    let mut typist = Wire::connect(server.address(), "/chat", &json!({ "token": bob.1 })).await;
    let chat = json!({ "chatId": place });
    assert_eq!(watcher.event().await, ("userOnline".to_owned(), json!(bob.0)));
    // A start that shows already is not told again at once; a start after a stop is.
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
        let told: Vec<String> = heard(&mut watcher).await.into_iter().map(|(name, _)| name).collect();
        // On a machine that is too busy for that a repeated start may be told again.
        if at_once {
            assert_eq!(told, ["typingStarted", "typingStopped", "typingStarted"]);
            break;
        }
        assert_eq!(typist.call("typing:stop", &chat).await["success"], true);
        heard(&mut watcher).await;
    }
    // It ends with its connection.
    drop(typist);
    assert_eq!(watcher.next("typingStopped").await["userId"], bob.0.as_str());
}
