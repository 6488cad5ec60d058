//! The socket of a service: what happens in all conversations, in the model's own words.

use serde_json::{Value, json};

use crate::services::{Stage, key, stage};
use crate::support::{Server, Wire};

/// Creates a key with a scope.
pub fn scoped(server: &Server, name: &str, scopes: &str) -> String {
    let (made, key) = key(server, &["add", name, "--scope", scopes]);
    assert!(made, "{key}");
    key
}

pub async fn listen(server: &Server, key: &str) -> Wire {
    Wire::connect(server.address(), "/services", &json!({ "token": key })).await
}

/// Hears the next event, whose name is also its type. Returns the type, the position and the data.
pub async fn hear(wire: &mut Wire) -> (String, u64, Value) {
    let (name, mut told) = wire.event().await;
    assert_eq!(told["type"], name.as_str(), "{told}");
    assert_eq!((told.as_object().expect("an object").len(), &told["version"]), (5, &json!(1)), "{told}");
    (name, told["position"].as_u64().expect("a position"), told["data"].take())
}

#[tokio::test]
async fn a_service_hears_all_conversations() {
    let Stage { server, http, alice, bob, .. } = stage().await;
    let reader = scoped(&server, "reader", "read");
    let mut ear = listen(&server, &reader).await;
    let group = http.group(&alice.1, &[&bob.0]).await;
    let path = format!("/conversations/{}", group.as_str().expect("an id"));
    let message = json!({ "content": "hello @bob", "clientMessageId": "c-1", "metadata": { "order": 7 } });
    let sent = http.api(&alice.1, "POST", &format!("{path}/messages"), message).await.expect(201);
    let at = format!("/messages/{}", sent["id"].as_str().expect("an id"));
    http.api(&alice.1, "PATCH", &at, json!({ "content": "hello, bob" })).await.expect(200);
    http.api(&bob.1, "PUT", &format!("{at}/reactions/+1"), Value::Null).await.expect(204);
    http.api(&alice.1, "PUT", &format!("{at}/pin"), Value::Null).await.expect(204);
    http.api(&bob.1, "PUT", &format!("{path}/read"), json!({ "messageId": sent["id"] })).await.expect(204);
    // What others do not see is not told: one's own settings.
    http.api(&bob.1, "PATCH", &format!("{path}/settings"), json!({ "pinned": true })).await.expect(200);
    http.api(&alice.1, "PATCH", &path, json!({ "name": "H" })).await.expect(200);
    http.api(&alice.1, "DELETE", &at, Value::Null).await.expect(204);
    http.api(&alice.1, "DELETE", &format!("{path}/members/{}", bob.0), Value::Null).await.expect(204);
    http.api(&alice.1, "POST", &format!("{path}/members"), json!({ "userId": bob.0 })).await.expect(201);
    http.api(&alice.1, "DELETE", &path, Value::Null).await.expect(204);
    // Those of others are their own matter, and so are their notifications. Its own direct conversation is told.
    let direct = |with: &str| json!({ "kind": "direct", "memberIds": [with] });
    let others = http.api(&alice.1, "POST", "/conversations", direct(&bob.0)).await.expect(201);
    let private = format!("/conversations/{}/messages", others["id"].as_str().expect("an id"));
    http.api(&alice.1, "POST", &private, json!({ "content": "between us" })).await.expect(201);
    let notice = json!({ "userId": bob.0, "title": "Hello", "message": "World" });
    http.api(&scoped(&server, "other", "post"), "POST", "/notifications", notice).await.expect(201);
    let own = http.api(&reader, "GET", "/me", Value::Null).await.expect(200);
    let direct = direct(own["id"].as_str().expect("an id"));
    let direct = http.api(&alice.1, "POST", "/conversations", direct).await.expect(201);

    let (kind, created, data) = hear(&mut ear).await;
    assert_eq!(kind, "conversation.created");
    assert_eq!((&data["conversation"]["id"], &data["conversation"]["kind"]), (&group, &json!("group")), "{data}");
    assert_eq!(data["conversation"]["members"][1]["user"]["username"], "bob");
    let (kind, _, data) = hear(&mut ear).await;
    assert_eq!((kind.as_str(), &data["user"]["username"]), ("member.joined", &json!("bob")));
    let (kind, said, data) = hear(&mut ear).await;
    assert_eq!(kind, "message.created");
    assert!(said > created);
    let told = &data["message"];
    for field in ["id", "conversationId", "sequence", "type", "clientMessageId", "metadata", "createdAt"] {
        assert_eq!(told[field], sent[field], "{field}");
    }
    assert_eq!((&told["sender"]["id"], &told["sender"]["username"]), (&json!(alice.0), &json!("alice")));
    assert_eq!(data["conversation"]["name"], "G", "{data}");
    let place = json!({ "conversation": data["conversation"], "messageId": sent["id"] });
    let (kind, _, data) = hear(&mut ear).await;
    assert_eq!((kind.as_str(), &data["message"]["content"]), ("message.edited", &json!("hello, bob")));
    let (kind, _, data) = hear(&mut ear).await;
    let mut reacted = place.clone();
    reacted["userId"] = json!(bob.0);
    reacted["emoji"] = json!("+1");
    reacted["active"] = json!(true);
    reacted["count"] = json!(1);
    assert_eq!((kind.as_str(), data), ("message.reacted", reacted));
    let (kind, _, data) = hear(&mut ear).await;
    let mut pinned = place.clone();
    pinned["userId"] = json!(alice.0);
    pinned["pinned"] = json!(true);
    assert_eq!((kind.as_str(), data), ("message.pinned", pinned));
    let (kind, _, data) = hear(&mut ear).await;
    let read = json!({ "conversation": place["conversation"], "userId": bob.0, "messageIds": [sent["id"]] });
    assert_eq!((kind.as_str(), data), ("messages.read", read));
    let mut rest = Vec::new();
    let mut last = said;
    while rest.len() < 6 {
        let (kind, position, data) = hear(&mut ear).await;
        assert!(position > last, "{kind} at {position} behind {last}");
        last = position;
        rest.push((kind, data));
    }
    let kinds: Vec<&str> = rest.iter().map(|(kind, _)| kind.as_str()).collect();
    let expected = [
        "conversation.updated",
        "message.deleted",
        "member.left",
        "member.joined",
        "conversation.deleted",
        "conversation.created",
    ];
    assert_eq!(kinds, expected);
    assert_eq!((&rest[2].1["departure"], &rest[2].1["user"]["id"]), (&json!("removed"), &json!(bob.0)));
    assert_eq!(rest[2].1.get("reason"), None);
    assert_eq!(rest[3].1["memberCount"], 2);
    assert_eq!(rest[5].1["conversation"]["id"], direct["id"]);
}

#[tokio::test]
async fn a_service_hears_what_its_scopes_allow() {
    let Stage { server, http, alice, bob, .. } = stage().await;
    let (reader, keeper) = (scoped(&server, "reader", "read"), scoped(&server, "keeper", "users"));
    let (mut reads, mut keeps) = (listen(&server, &reader).await, listen(&server, &keeper).await);
    let group = http.group(&alice.1, &[&bob.0]).await;
    http.api(&bob.1, "PATCH", "/me", json!({ "name": "Robert" })).await.expect(200);
    let path = format!("/conversations/{}/messages", group.as_str().expect("an id"));
    http.api(&alice.1, "POST", &path, json!({ "content": "hello" })).await.expect(201);
    let (kind, _, data) = hear(&mut keeps).await;
    assert_eq!((kind.as_str(), &data["user"]["name"]), ("user.updated", &json!("Robert")));
    assert_eq!(data["user"].get("email"), None, "private fields stay private");
    let heard = [hear(&mut reads).await.0, hear(&mut reads).await.0, hear(&mut reads).await.0];
    assert_eq!(heard, ["conversation.created", "member.joined", "message.created"]);
    // The other one is told nothing else: the next that it hears is another profile, and accounts that come and go.
    http.api(&alice.1, "PATCH", "/me", json!({ "name": "Alicia" })).await.expect(200);
    assert_eq!(hear(&mut keeps).await.2["user"]["name"], "Alicia");
    let carol = http.register("carol").await;
    let (kind, _, data) = hear(&mut keeps).await;
    assert_eq!((kind.as_str(), &data["user"]["username"]), ("user.created", &json!("carol")));
    http.api(&carol.1, "DELETE", "/me", json!({ "currentPassword": "correct horse" })).await.expect(204);
    let (kind, _, data) = hear(&mut keeps).await;
    assert_eq!((kind.as_str(), data), ("user.erased", json!({ "userId": carol.0 })));
}

#[tokio::test]
async fn who_may_not_listen() {
    let Stage { server, alice, shop, .. } = stage().await;
    let poster = scoped(&server, "poster", "post");
    let refusals = [
        (json!({}), "the key of a service is needed"),
        (json!({ "token": alice.1 }), "only the key of a service opens this"),
        (json!({ "token": "qk_0123456789abcdef0123456789abcdef" }), "the key is not known"),
        (json!({ "token": poster }), "This key lacks the scope `read`, which this needs; it has `post`."),
        (json!({ "token": shop, "after": "soon" }), "`after` must be a position of the log."),
        (json!({ "token": shop, "after": 1_000_000 }), "There is no position 1000000 yet"),
    ];
    for (auth, sentence) in refusals {
        let answer = Wire::open(server.address(), "").await.enter("/services", &auth).await;
        assert!(answer.starts_with("44/services,") && answer.contains(sentence), "{auth}: {answer}");
    }
    // It only listens.
    let mut ear = listen(&server, &shop).await;
    let ack = ear.call("message:send", &json!({ "chatId": "x", "content": "hi" })).await;
    let sentence = "A service only listens here; it acts over the HTTP API.";
    assert_eq!((&ack["code"], &ack["message"]), (&json!("ERR_FORBIDDEN"), &json!(sentence)), "{ack}");
    // The places are limited, and free again when a service leaves.
    let mut others = Vec::new();
    for _ in 1..32 {
        others.push(listen(&server, &shop).await);
    }
    let refused = Wire::open(server.address(), "").await.enter("/services", &json!({ "token": shop })).await;
    assert!(refused.contains("32 services are connected already") && refused.contains("ERR_BUSY"), "{refused}");
    drop(others);
    let mut tries = 0;
    while !Wire::open(server.address(), "").await.enter("/services", &json!({ "token": shop })).await.starts_with("40")
    {
        tries += 1;
        assert!(tries < 1_000, "the places are never free again");
    }
}

#[tokio::test]
async fn a_service_goes_on_where_it_left_off() {
    let Stage { server, http, alice, shop, .. } = stage().await;
    let group = http.group(&alice.1, &[]).await;
    let path = format!("/conversations/{}/messages", group.as_str().expect("an id"));
    let say = async |text: &str| {
        http.api(&alice.1, "POST", &path, json!({ "content": text })).await.expect(201);
    };
    let text = |data: &Value| data["message"]["content"].as_str().expect("text").to_owned();
    let (mut ear, pid) = Wire::recoverable(server.address(), "/services", json!({ "token": shop })).await;
    say("heard").await;
    let (_, position, data) = hear(&mut ear).await;
    assert_eq!(text(&data), "heard");
    let offset = ear.offset.clone().expect("an offset");
    drop(ear);
    for number in 0..600 {
        say(&format!("missed {number}")).await;
    }
    let auth = json!({ "token": shop, "pid": pid, "offset": offset });
    let (mut back, same) = Wire::recoverable(server.address(), "/services", auth).await;
    assert_eq!(same, pid);
    // A client that keeps the position itself hears the same.
    let mut own = Wire::connect(server.address(), "/services", &json!({ "token": shop, "after": position })).await;
    for wire in [&mut back, &mut own] {
        for number in 0..600 {
            assert_eq!(text(&hear(wire).await.2), format!("missed {number}"));
        }
    }
    say("live").await;
    assert_eq!(text(&hear(&mut back).await.2), "live");
    assert_eq!(text(&hear(&mut own).await.2), "live");
    // The secret of another key is worth nothing: that one starts afresh.
    let other = scoped(&server, "other", "read");
    let auth = json!({ "token": other, "pid": pid, "offset": offset });
    let (mut afresh, new) = Wire::recoverable(server.address(), "/services", auth).await;
    assert_ne!(new, pid);
    say("for all").await;
    assert_eq!(text(&hear(&mut afresh).await.2), "for all");
    // Without its key a service hears nothing more.
    assert!(key(&server, &["remove", "shop"]).0);
    while let Some(frame) = back.frame().await {
        if frame == "41/services," {
            return;
        }
        assert!(frame.contains("message.created"), "{frame}");
    }
    panic!("the connection breaks instead of ending");
}
