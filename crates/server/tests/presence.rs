//! Delivery of presence: who is notified of users coming online and going offline.

use std::time::{Duration, Instant};

use crate::support::{Server, Wire};
use serde_json::{Value, json};

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

/// The events that tell who comes and goes, and who has read or received what.
const TELLING: [&str; 18] = [
    "userPresence",
    "userOnline",
    "userOffline",
    "user_online",
    "user_offline",
    "user:status",
    "user_joined",
    "user_left",
    "messagesRead",
    "messagesSeen",
    "messages_seen",
    "messages_read",
    "message:read",
    "messagesDelivered",
    "messagesArrived",
    "messages_arrived",
    "messages_delivered",
    "message:delivered",
];

/// Says what in a payload shows that a user is there, was there, or has read something.
fn shows(found: &Value, user: &str) -> Option<String> {
    match found {
        Value::Object(fields) => {
            let is_user = ["id", "_id", "userId"].iter().any(|key| fields.get(*key) == Some(&json!(user)));
            let telling = |key: &str, value: &Value| match key {
                "status" => *value == json!("online"),
                "online" | "isOnline" => *value == json!(true),
                // The clients of one dialect expect a time for those who never were seen: that of the account.
                "lastSeen" => fields.get("createdAt") != Some(value) && !value.is_null(),
                "last_seen" | "last_read_at" | "lastReadAt" => !value.is_null(),
                "readSequence" => *value != json!(0),
                _ => false,
            };
            let own = fields.iter().find(|(key, value)| is_user && telling(key, value));
            let readers = fields.get("readBy").filter(|readers| readers.to_string().contains(user));
            own.map(|(key, value)| format!("{key}: {value}"))
                .or_else(|| readers.map(|readers| format!("readBy: {readers}")))
                .or_else(|| fields.values().find_map(|value| shows(value, user)))
        }
        Value::Array(items) => items.iter().find_map(|item| shows(item, user)),
        _ => None,
    }
}

/// Returns what a connection hears up to the message `end`.
async fn until_the_end(wire: &mut Wire) -> Vec<(String, Value)> {
    let mut heard = Vec::new();
    loop {
        let (name, payload) = wire.event().await;
        if payload.to_string().contains("\"end\"") {
            return heard;
        }
        heard.push((name, payload));
    }
}

#[tokio::test]
async fn who_is_blocked_sees_neither_presence_nor_receipts() {
    let server = Server::start();
    let http = server.http();
    let (ada, bob, eve) = (http.register("ada").await, http.register("bob").await, http.register("eve").await);
    let group = http.group(&ada.1, &[&bob.0, &eve.0]).await;
    let path = format!("/conversations/{}", group.as_str().expect("an id"));
    let (lost, pid) = Wire::recoverable(server.address(), "/chat", json!({ "token": bob.1 })).await;
    drop(lost);
    let mut wires = Vec::new();
    for namespace in ["/meetup", "/messenger", "/rooms", "/conversations", "/chat"] {
        wires.push((namespace, Wire::connect(server.address(), namespace, &json!({ "token": bob.1 })).await));
    }
    let mut witness = Wire::connect(server.address(), "/chat", &json!({ "token": eve.1 })).await;
    http.api(&ada.1, "PUT", &format!("/me/blocks/{}", bob.0), Value::Null).await.expect(204);

    // She comes, reads and receives what he writes, and is among those whom events and answers show.
    let said = http.api(&bob.1, "POST", &format!("{path}/messages"), json!({ "content": "hello" })).await.expect(201);
    let mut reader = Wire::connect(server.address(), "/chat", &json!({ "token": ada.1 })).await;
    reader.call("message:delivered", &json!({ "chatId": group })).await;
    reader.call("message:read", &json!({ "chatId": group })).await;
    let message = format!("/messages/{}", said["id"].as_str().expect("an id"));
    http.api(&bob.1, "PATCH", &message, json!({ "content": "hello again" })).await.expect(200);
    http.api(&ada.1, "PATCH", &path, json!({ "name": "Renamed" })).await.expect(200);
    http.api(&ada.1, "PATCH", "/me", json!({ "name": "Ada Lovelace" })).await.expect(200);
    while witness.next("user:updated").await["id"] != json!(ada.0) {}
    let user = format!("/users/{}", ada.0);
    for (token, sees) in [(&bob.1, false), (&eve.1, true)] {
        for read in
            [&user, &path, &"/users?q=ada".to_owned(), &"/conversations".to_owned(), &format!("{path}/messages")]
        {
            let answer = http.api(token, "GET", read, Value::Null).await.expect(200);
            let says = !read.ends_with("/messages") && sees;
            assert_eq!(shows(&answer, &ada.0).is_some(), says, "{read}: {answer}");
        }
        let found = http.call(token, "GET", "/api/users/search?q=ada", Value::Null).await.expect(200);
        assert_eq!(shows(&found, &ada.0).is_some(), sees, "{found}");
    }
    let joined = wires[2].1.call("join_room", &json!({ "roomId": group, "userId": bob.0 })).await;
    assert_eq!(joined["ok"], true, "{joined}");
    drop(reader);
    loop {
        let status = witness.next("user:status").await;
        if status == json!({ "userId": ada.0, "status": "offline" }) {
            break;
        }
    }
    http.api(&eve.1, "POST", &format!("{path}/messages"), json!({ "content": "end" })).await.expect(201);

    let back = json!({ "token": bob.1, "pid": pid });
    let (resumed, same) = Wire::recoverable(server.address(), "/chat", back).await;
    assert_eq!(same, pid);
    wires.push(("/chat, resumed", resumed));
    for (namespace, mut wire) in wires {
        let heard = until_the_end(&mut wire).await;
        assert!(!heard.is_empty(), "{namespace} hears the rest");
        for (name, payload) in heard {
            let told = TELLING.contains(&name.as_str()) && payload.to_string().contains(&ada.0);
            assert!(!told, "{namespace}: {name} {payload}");
            assert_eq!(shows(&payload, &ada.0), None, "{namespace}: {name} {payload}");
        }
    }
}

#[tokio::test]
async fn who_asks_sees_neither_presence_nor_receipts_until_it_is_accepted() {
    let server = Server::with().env("QUINTET_PEOPLE_CONTACT", "requests").run();
    let http = server.http();
    let (ada, bob, eve) = (http.register("ada").await, http.register("bob").await, http.register("eve").await);
    let (lost, pid) = Wire::recoverable(server.address(), "/chat", json!({ "token": ada.1 })).await;
    let (away, of_bob) = Wire::recoverable(server.address(), "/chat", json!({ "token": bob.1 })).await;
    drop((lost, away));
    let mut wires = Vec::new();
    for namespace in ["/meetup", "/messenger", "/rooms", "/conversations", "/chat"] {
        wires.push((namespace, Wire::connect(server.address(), namespace, &json!({ "token": ada.1 })).await));
    }
    let mut witness = Wire::connect(server.address(), "/chat", &json!({ "token": eve.1 })).await;
    // His first connection has ended: whatever was told of it was told before she asked.
    let gone = json!({ "userId": bob.0, "status": "offline" });
    while witness.next("user:status").await != gone {}
    for (_, wire) in &mut wires {
        wire.call("no such event", &Value::Null).await;
        wire.events.clear();
    }

    // She asks him by what clients of existing back ends call, in three vocabularies.
    let body = json!({ "participantId": bob.0 });
    let opened = http.call(&ada.1, "POST", "/conversations/api/conversations", body).await.expect(201);
    let said = json!({ "content": "hello" });
    let path = format!("/messenger/api/users/{}/messages", bob.0);
    http.call(&ada.1, "POST", &path, said).await.expect(201);
    let body = json!({ "participantIds": [bob.0], "type": "direct" });
    let made = http.call(&ada.1, "POST", "/chat/api/chats", body).await.expect(201);
    for answer in [&opened, &made] {
        assert!(answer.to_string().contains(&bob.0), "both are shown: {answer}");
    }
    let direct = http.api(&ada.1, "GET", "/conversations", Value::Null).await.expect(200)["items"][0]["id"].clone();
    let path = format!("/conversations/{}", direct.as_str().expect("an id"));

    // He is there, and cannot read what he has not accepted.
    let mut at_bob = Wire::connect(server.address(), "/chat", &json!({ "token": bob.1 })).await;
    while witness.next("user:status").await != json!({ "userId": bob.0, "status": "online" }) {}
    let answer = at_bob.call("message:read", &json!({ "chatId": direct })).await;
    assert_eq!(answer["code"], "ERR_NOT_FOUND", "{answer}");
    let user = format!("/users/{}", bob.0);
    let messages = format!("{path}/messages");
    for (token, sees) in [(&ada.1, false), (&eve.1, true)] {
        for read in [&user, &"/users?q=bob".to_owned()] {
            let answer = http.api(token, "GET", read, Value::Null).await.expect(200);
            assert_eq!(shows(&answer, &bob.0).is_some(), sees, "{read}: {answer}");
        }
    }
    for read in [&path, &"/conversations".to_owned(), &messages] {
        let answer = http.api(&ada.1, "GET", read, Value::Null).await.expect(200);
        assert_eq!(shows(&answer, &bob.0), None, "{read}: {answer}");
    }
    for read in ["/conversations/api/conversations", "/chat/api/chats", "/api/users/search?q=bob"] {
        let answer = http.call(&ada.1, "GET", read, Value::Null).await.expect(200);
        assert!(answer.to_string().contains(&bob.0), "{read}: {answer}");
        assert_eq!(shows(&answer, &bob.0), None, "{read}: {answer}");
    }
    let joined = wires[2].1.call("join_room", &json!({ "roomId": direct, "userId": ada.0 })).await;
    assert_eq!(joined["ok"], true, "{joined}");
    drop(at_bob);
    while witness.next("user:status").await != gone {}

    // He accepts, and answers, while he is away.
    let requests = http.api(&bob.1, "GET", "/me/requests", Value::Null).await.expect(200);
    assert_eq!(shows(&requests, &bob.0), None);
    let accept = format!("/me/requests/{}/accept", requests["items"][0]["id"].as_str().expect("a request"));
    http.api(&bob.1, "POST", &accept, Value::Null).await.expect(200);
    http.api(&bob.1, "POST", &messages, json!({ "content": "end" })).await.expect(201);
    let back = json!({ "token": ada.1, "pid": pid });
    let (mut resumed, same) = Wire::recoverable(server.address(), "/chat", back).await;
    assert_eq!(same, pid);
    // What is replayed shows the conversation as it is by now, with its newest message.
    let mut replayed = Vec::new();
    while replayed
        .last()
        .is_none_or(|(name, payload): &(String, Value)| name != "message:new" || payload["content"] != "end")
    {
        replayed.push(resumed.event().await);
    }
    let mut all = vec![("/chat, resumed", replayed)];
    for (namespace, mut wire) in wires {
        all.push((namespace, until_the_end(&mut wire).await));
    }
    for (namespace, heard) in all {
        assert!(!heard.is_empty(), "{namespace} hears the rest");
        for (name, payload) in heard {
            let told = TELLING.contains(&name.as_str()) && payload.to_string().contains(&bob.0);
            assert!(!told, "{namespace}: {name} {payload}");
            assert_eq!(shows(&payload, &bob.0), None, "{namespace}: {name} {payload}");
        }
    }

    // What he missed comes once and in order.
    let back = json!({ "token": bob.1, "pid": of_bob });
    let (mut resumed, same) = Wire::recoverable(server.address(), "/chat", back).await;
    assert_eq!(same, of_bob);
    let heard: Vec<String> =
        [resumed.event().await, resumed.event().await, resumed.event().await, resumed.event().await]
            .into_iter()
            .map(|(name, payload)| format!("{name} {}", payload["content"].as_str().unwrap_or_default()))
            .collect();
    assert_eq!(heard, ["notification:new ", "chat:created ", "message:new hello", "message:new end"]);
}

#[tokio::test]
async fn others_are_told_of_somebody_who_has_blocked_one_of_them() {
    let server = Server::start();
    let http = server.http();
    let (ada, bob, eve) = (http.register("ada").await, http.register("bob").await, http.register("eve").await);
    let group = http.group(&ada.1, &[&bob.0, &eve.0]).await;
    let path = format!("/conversations/{}/messages", group.as_str().expect("an id"));
    let read = format!("/conversations/{}/read", group.as_str().expect("an id"));
    let mut witness = Wire::connect(server.address(), "/conversations", &json!({ "token": eve.1 })).await;
    let mut blocked = Wire::connect(server.address(), "/conversations", &json!({ "token": bob.1 })).await;
    http.api(&ada.1, "PUT", &format!("/me/blocks/{}", bob.0), Value::Null).await.expect(204);
    http.api(&eve.1, "POST", &path, json!({ "content": "hello" })).await.expect(201);
    let mut reader = Wire::connect(server.address(), "/conversations", &json!({ "token": ada.1 })).await;
    while witness.next("user_online").await["userId"] != json!(ada.0) {}
    let said =
        reader.call("send_message", &json!({ "conversationId": group, "content": "I read", "type": "text" })).await;
    assert_eq!(said["success"], true, "a shared group goes on: {said}");
    http.api(&ada.1, "PUT", &read, json!({ "messageId": said["message"]["_id"] })).await.expect(204);
    assert_eq!(witness.next("messages_read").await["readBy"], json!(ada.0));
    // What the blocked one does is shown to her as ever, and he hears her messages.
    while blocked.next("receive_message").await["message"]["content"] != json!("I read") {}
    http.api(&bob.1, "PUT", &read, json!({ "messageId": said["message"]["_id"] })).await.expect(204);
    while reader.next("messages_read").await["readBy"] != json!(bob.0) {}
    // Once the block is over, he is told again.
    http.api(&ada.1, "DELETE", &format!("/me/blocks/{}", bob.0), Value::Null).await.expect(204);
    let said = http.api(&bob.1, "POST", &path, json!({ "content": "and now?" })).await.expect(201);
    http.api(&ada.1, "PUT", &read, json!({ "messageId": said["id"] })).await.expect(204);
    loop {
        // His own receipt comes first; hers about the time of the block does not.
        let read = blocked.next("messages_read").await;
        if read["readBy"] == json!(ada.0) {
            assert_eq!(read["messageIds"], json!([said["id"]]));
            break;
        }
    }
}
