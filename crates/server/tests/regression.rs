//! Regression tests for past bugs. Each comment describes the wrong behaviour that was fixed, or the right one.

use crate::support::{Server, Wire};
use serde_json::{Value, json};

const SECRET: &str = "a secret of two back ends, of 32 bytes and more";

/// A queue that overflowed while the writer answered ended the connection from the writer's thread, which panicked.
#[tokio::test]
async fn a_stopped_reader_affects_nobody_else() {
    let server = Server::with().env("QUINTET_LIMITS_QUEUE_BYTES", "65536").run();
    let (alice, bob) = (server.http().register("alice").await, server.http().register("bob").await);
    let place = server.http().group(&alice.1, &[&bob.0]).await;
    let mut slow = Wire::connect(server.address(), "/rooms", &json!({ "userId": "guest" })).await;
    let refused = json!({ "roomId": "no-such-room", "userId": "guest", "content": "x".repeat(5_000) });
    // Nothing of this is read: the errors fill the socket and then the queue, and the connection is closed.
    let flood = tokio::spawn(async move {
        let packet = format!("42/rooms,{}", json!(["send_message", refused]));
        while slow.try_send(&packet).await {}
    });
    tokio::time::timeout(std::time::Duration::from_secs(60), flood).await.expect("it is closed").expect("no panic");
    let mut other = Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await;
    for _ in 0..10 {
        let ack = other.call("message:send", &json!({ "chatId": place, "content": "served" })).await;
        assert_eq!(ack["success"], true, "{ack}");
    }
}

/// A guest that held the id of another backend's user, before that user was first seen, received what was meant for it.
#[tokio::test]
async fn a_token_takes_an_id_over_from_a_guest() {
    let server = Server::with().args(&["--jwt-secret", SECRET]).run();
    let alice = server.http().register("alice").await;
    let mut watcher = Wire::connect(server.address(), "/messenger", &json!({ "token": alice.1 })).await;
    watcher.next("onlineUsers").await;
    let mut squatter = Wire::connect(server.address(), "/meetup", &json!({ "userId": "42" })).await;
    squatter.next("connected").await;

    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    let token = jsonwebtoken::encode(&Default::default(), &json!({ "sub": "42", "name": "Real" }), &key).expect("one");
    let mut real = Wire::connect(server.address(), "/messenger", &json!({ "token": token })).await;
    assert_eq!(watcher.next("userOnline").await, "42");
    assert!(real.next("onlineUsers").await.as_array().is_some_and(|ids| ids.contains(&json!("42"))));
    // The guest's connection got the reason and a DISCONNECT, and nothing else.
    assert!(squatter.frame().await.is_some_and(|frame| frame.starts_with("42/meetup,[\"error\",")));
    assert_eq!(squatter.frame().await.as_deref(), Some("41/meetup,"));
    let ack = watcher.call("privateMessage", &json!({ "recipientId": "42", "content": "for 42 alone" })).await;
    assert_eq!(ack["success"], true, "{ack}");
    assert_eq!(real.next("privateMessage").await["content"], "for 42 alone");
    // From now on the id needs its token.
    let mut late = Wire::open(server.address(), "").await;
    assert!(late.enter("/meetup", &json!({ "userId": "42" })).await.starts_with("44/meetup,"));
}

/// A guest in `auto` chose a dialect that serves users only.
#[tokio::test]
async fn guests_choose_dialects_that_serve_guests() {
    let server = Server::start();
    let mut wire = Wire::connect(server.address(), "/", &json!({ "userId": "guest" })).await;
    wire.next("connected").await;
    let ack = wire.call("joinGroup", &json!({ "groupId": "any" })).await;
    assert_eq!(ack["code"], "ERR_UNAUTHENTICATED", "{ack}");
    // This did not decide its dialect.
    wire.emit("create_room", &json!({ "name": "R", "userId": "guest" })).await;
    assert!(wire.next("room_created").await["id"].is_string());
}

/// A connection was notified of its token's expiry only if the token had one when it connected.
#[tokio::test]
async fn an_expired_token_is_notified() {
    let server = Server::with().args(&["--jwt-secret", SECRET]).run();
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    let token = |claims: Value| jsonwebtoken::encode(&Default::default(), &claims, &key).expect("a token");
    let mut wire = Wire::connect(server.address(), "/chat", &json!({ "token": token(json!({ "sub": "9" })) })).await;
    let soon = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock").as_secs() + 3;
    let ack = wire.call("authenticate", &json!({ "token": token(json!({ "sub": "9", "exp": soon })) })).await;
    assert_eq!(ack["success"], true, "{ack}");
    let error = wire.next("error").await;
    assert_eq!(error["code"], "ERR_TOKEN_EXPIRED");
    assert_eq!(error["message"], "Authentication error: token expired");
    let ack = wire.call("chat:join", &json!({ "chatId": "any" })).await;
    assert_eq!(ack["code"], "ERR_TOKEN_EXPIRED", "{ack}");
    // With a token that is refreshed in time, the connection continues.
    let ack = wire.call("authenticate", &json!({ "token": token(json!({ "sub": "9" })) })).await;
    assert_eq!(ack["success"], true, "{ack}");
    let ack = wire.call("chat:join", &json!({ "chatId": "any" })).await;
    assert_eq!(ack["code"], "ERR_NOT_FOUND", "{ack}");
}

/// The confirmation of a leave overtook messages before it, and the confirmation of the join.
#[tokio::test]
async fn requests_are_confirmed_in_order() {
    let server = Server::start();
    let (alice, bob) = (server.http().register("alice").await, server.http().register("bob").await);
    let body = json!({ "kind": "group", "name": "G", "open": true });
    let place = server.http().api(&alice.1, "POST", "/conversations", body).await.expect(201)["id"].clone();
    let mut wire = Wire::connect(server.address(), "/messenger", &json!({ "token": bob.1 })).await;
    wire.next("onlineUsers").await;
    wire.emit("privateMessage", &json!({ "recipientId": alice.0, "content": "1" })).await;
    wire.emit("joinGroup", &json!({ "groupId": place })).await;
    wire.emit("groupMessage", &json!({ "groupId": place, "content": "2" })).await;
    wire.emit("leaveGroup", &json!({ "groupId": place })).await;
    wire.emit("privateMessage", &json!({ "recipientId": alice.0, "content": "3" })).await;
    for expected in ["messageSent", "joinedGroup", "groupMessage", "leftGroup", "messageSent"] {
        assert_eq!(wire.event().await.0, expected);
    }
}

/// A removal in the middle of a stream of messages: those numbered before it are received, those behind it are not.
#[tokio::test]
async fn a_removal_in_the_middle_of_sends() {
    let server = Server::start();
    let (alice, bob) = (server.http().register("alice").await, server.http().register("bob").await);
    for round in 0..10 {
        let place = server.http().group(&alice.1, &[&bob.0]).await;
        let mut sender = Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await;
        let mut removed = Wire::connect(server.address(), "/chat", &json!({ "token": bob.1 })).await;
        let mut asked = Vec::new();
        for n in 0..60 {
            if n == 20 + round {
                let (http, token, bob) = (server.http(), alice.1.clone(), bob.0.clone());
                let path = format!("/conversations/{}/members/{bob}", place.as_str().expect("an id"));
                tokio::spawn(async move { http.api(&token, "DELETE", &path, Value::Null).await.expect(204) });
            }
            asked.push(sender.ask("message:send", &json!({ "chatId": place, "content": n.to_string() })).await);
        }
        for id in asked {
            assert_eq!(sender.acked(id).await["success"], true);
        }
        // The sender receives the removal in its position among the messages; bob receives exactly the messages before
        // it.
        let mut before = Vec::new();
        loop {
            let (name, payload) = sender.event().await;
            match name.as_str() {
                "message:new" => before.push(payload["content"].clone()),
                "member:left" => break,
                _ => {}
            }
        }
        let mut received = Vec::new();
        loop {
            let (name, payload) = removed.event().await;
            match name.as_str() {
                "message:new" => received.push(payload["content"].clone()),
                "member:left" => break,
                _ => {}
            }
        }
        assert_eq!(received, before, "round {round}");
        let ack = removed.call("message:send", &json!({ "chatId": place, "content": "late" })).await;
        assert_eq!(ack["code"], "ERR_NOT_FOUND", "{ack}");
        let late: Vec<_> = removed.events.iter().filter(|(name, _)| name == "message:new").collect();
        assert!(late.is_empty(), "received after the removal: {late:?}");
    }
}

/// Three dialects have no event for the end of a conversation, and were not notified of it.
#[tokio::test]
async fn a_deleted_conversation_is_notified_in_every_dialect() {
    let server = Server::start();
    let (alice, bob) = (server.http().register("alice").await, server.http().register("bob").await);
    let place = server.http().group(&alice.1, &[&bob.0]).await;
    let mut wires = Vec::new();
    for dialect in ["meetup", "messenger", "rooms", "conversations", "chat"] {
        let token = json!({ "token": bob.1 });
        wires.push((dialect, Wire::connect(server.address(), &format!("/{dialect}"), &token).await));
    }
    let path = format!("/conversations/{}", place.as_str().expect("an id"));
    server.http().api(&alice.1, "DELETE", &path, Value::Null).await.expect(204);
    for (dialect, mut wire) in wires {
        let (name, payload) = match dialect {
            "meetup" => ("memberLeft", json!({ "chatId": place, "userId": bob.0 })),
            "messenger" => ("leftGroup", json!({ "groupId": place, "name": "G" })),
            "rooms" => ("user_left", json!({ "userId": bob.0, "roomId": place })),
            "conversations" => ("member_left", json!({ "conversationId": place, "userId": bob.0 })),
            _ => ("chat:left", json!({ "chatId": place })),
        };
        assert_eq!(wire.next(name).await, payload, "{dialect}");
    }
}

/// A guest's id becomes a user's over REST, without a socket of that user.
#[tokio::test]
async fn a_token_over_rest_ends_the_guest() {
    let server = Server::with().args(&["--jwt-secret", SECRET]).run();
    let mut watcher = Wire::connect(server.address(), "/rooms", &json!({ "userId": "watcher" })).await;
    watcher.emit("create_room", &json!({ "name": "R", "userId": "watcher" })).await;
    let room = watcher.next("room_created").await["id"].clone();
    let join = |id: &str| json!({ "roomId": room, "userId": id, "username": id });
    watcher.call("join_room", &join("watcher")).await;
    let mut squatter = Wire::connect(server.address(), "/rooms", &json!({ "userId": "42" })).await;
    squatter.call("join_room", &join("42")).await;
    assert_eq!(watcher.next("user_joined").await["userId"], "42");
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    let token = jsonwebtoken::encode(&Default::default(), &json!({ "sub": "42" }), &key).expect("a token");
    server.http().api(&token, "GET", "/me", Value::Null).await.expect(200);
    // The others in the room see it leave, and its connection ends.
    assert_eq!(watcher.next("user_left").await["userId"], "42");
    while let Some(frame) = squatter.frame().await {
        if frame == "41/rooms," {
            return;
        }
    }
    panic!("the guest was closed without a DISCONNECT");
}
