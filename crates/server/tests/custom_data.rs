//! Custom data of profiles and conversations over HTTP, and after a loss.

use crate::support::{Answer, Server, Wire};
use serde_json::{Value, json};

/// Returns the sentence of a refusal.
fn refusal(answer: &Answer) -> String {
    let problem: Value = serde_json::from_str(&answer.text).expect("JSON");
    problem["detail"].as_str().unwrap_or_else(|| panic!("{problem}")).to_owned()
}

/// JSON of an object of exactly `bytes` bytes.
fn filled(bytes: usize) -> Value {
    json!({ "a": "x".repeat(bytes - 8) })
}

/// Objects within each other, `depth` of them.
fn nested(depth: usize) -> Value {
    (1..depth).fold(json!({}), |inner, _| json!({ "a": inner }))
}

#[tokio::test]
async fn custom_data_is_bounded_and_every_refusal_names_the_limit() {
    let server = Server::start();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let group = http.group(&alice.1, &[&bob.0]).await;
    let path = format!("/conversations/{}", group.as_str().expect("an id"));
    let new = |metadata: Value| json!({ "kind": "group", "name": "Team", "metadata": metadata });
    let large = |bytes: usize, most: usize| format!("`metadata` has {bytes} bytes; at most {most} are allowed.");
    let deep = "`metadata` has objects or lists nested more than 32 deep.".to_owned();
    let kind = "`metadata` must be an object.".to_owned();
    for (method, path, body, message) in [
        ("PATCH", "/me", json!({ "metadata": filled(4_097) }), large(4_097, 4_096)),
        ("PATCH", "/me", json!({ "metadata": nested(33) }), deep.clone()),
        ("PATCH", "/me", json!({ "metadata": [] }), kind.clone()),
        ("PATCH", &path, json!({ "metadata": filled(16_385) }), large(16_385, 16_384)),
        ("PATCH", &path, json!({ "metadata": nested(33) }), deep.clone()),
        ("PATCH", &path, json!({ "metadata": "text" }), kind.clone()),
        ("POST", "/conversations", new(filled(16_385)), large(16_385, 16_384)),
        ("POST", "/conversations", new(nested(33)), deep),
        ("POST", "/conversations", new(json!(1)), kind),
    ] {
        assert_eq!(refusal(&http.api(&alice.1, method, path, body).await), message, "{method} {path}");
    }
    let direct = json!({ "kind": "direct", "memberIds": [bob.0], "metadata": { "a": 1 } });
    let refused = http.api(&alice.1, "POST", "/conversations", direct).await;
    assert_eq!(refusal(&refused), "`metadata` cannot be given to a direct conversation.");
    // The largest and the deepest are kept as they are.
    for metadata in [filled(4_096), nested(32)] {
        let me = http.api(&alice.1, "PATCH", "/me", json!({ "metadata": metadata })).await.expect(200);
        assert_eq!(me["metadata"], metadata);
    }
    for metadata in [filled(16_384), nested(32)] {
        let made = http.api(&alice.1, "POST", "/conversations", new(metadata.clone())).await.expect(201);
        assert_eq!(made["metadata"], metadata);
    }
}

#[tokio::test]
async fn the_custom_data_of_a_profile_is_shown_with_the_profile_alone() {
    let server = Server::start();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let group = http.group(&alice.1, &[&bob.0]).await;
    let data = json!({ "team": "north" });
    let me = http.api(&alice.1, "PATCH", "/me", json!({ "metadata": data })).await.expect(200);
    assert_eq!(me["metadata"], data);
    // Other changes leave it as it is.
    http.api(&alice.1, "PATCH", "/me", json!({ "name": "Alice A." })).await.expect(200);
    assert_eq!(http.api(&alice.1, "GET", "/me", Value::Null).await.expect(200)["metadata"], data);
    let path = format!("/users/{}", alice.0);
    assert_eq!(http.api(&bob.1, "GET", &path, Value::Null).await.expect(200)["metadata"], data);
    let messages = format!("/conversations/{}/messages", group.as_str().expect("an id"));
    let sent = http.api(&alice.1, "POST", &messages, json!({ "content": "hi" })).await.expect(201);
    assert_eq!(sent["sender"].get("metadata"), None, "{sent}");
    let listed = http.api(&bob.1, "GET", "/users", Value::Null).await.expect(200);
    assert!(!listed.to_string().contains("metadata"), "{listed}");
    let listed = http.api(&bob.1, "GET", "/conversations", Value::Null).await.expect(200);
    assert!(!listed.to_string().contains("metadata"), "{listed}");
    // Null removes it.
    let me = http.api(&alice.1, "PATCH", "/me", json!({ "metadata": null })).await.expect(200);
    assert_eq!(me.get("metadata"), None, "{me}");
    assert_eq!(http.api(&bob.1, "GET", &path, Value::Null).await.expect(200).get("metadata"), None);
}

#[tokio::test]
async fn it_is_kept_as_it_was_written() {
    let server = Server::start();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let mut wire = Wire::connect(server.address(), "/rooms", &json!({ "token": bob.1 })).await;
    let written = r#"{"z":1.50,"a":{"é":"\u0000","n":12345678901234567890}}"#;
    let body = format!(r#"{{"kind":"group","name":"Team","memberIds":["{}"],"metadata":{written}}}"#, bob.0);
    let bearer = format!("Bearer {}", alice.1);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let answer = http.send("POST", "/api/v1/conversations", &headers, &body).await.text;
    assert!(answer.contains(&format!(r#""metadata":{written}"#)), "{answer}");
    loop {
        let frame = wire.frame().await.expect("a frame");
        if frame.contains("room_added") {
            assert!(frame.contains(&format!(r#""metadata":{written}"#)), "{frame}");
            break;
        }
    }
}

#[tokio::test]
async fn what_was_changed_is_told_after_a_loss() {
    let server = Server::start();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let group = http.group(&alice.1, &[&bob.0]).await;
    let path = format!("/conversations/{}", group.as_str().expect("an id"));
    let (wire, pid) = Wire::recoverable(server.address(), "/chat", json!({ "token": bob.1 })).await;
    drop(wire);
    http.api(&alice.1, "PATCH", &path, json!({ "metadata": { "color": "green" } })).await.expect(200);
    http.api(&alice.1, "PATCH", &path, json!({ "metadata": { "color": "red" } })).await.expect(200);
    http.api(&alice.1, "PATCH", "/me", json!({ "metadata": { "team": "north" } })).await.expect(200);
    let (mut back, same) = Wire::recoverable(server.address(), "/chat", json!({ "token": bob.1, "pid": pid })).await;
    assert_eq!(same, pid);
    // Both changes, each with the state of now.
    for _ in 0..2 {
        let changed = back.next("chat:updated").await;
        let chat = &changed["chat"];
        assert_eq!((&chat["id"], &chat["metadata"]), (&group, &json!({ "color": "red" })), "{changed}");
    }
    let profile = back.next("user:updated").await;
    assert_eq!((&profile["id"], &profile["metadata"]), (&json!(alice.0), &json!({ "team": "north" })), "{profile}");
}

#[tokio::test]
async fn clients_of_other_back_ends_give_and_read_it() {
    let server = Server::start();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let call = async |method: &str, path: &str, body: Value, status: u16| {
        http.call(&alice.1, method, path, body).await.expect(status)
    };
    let data = |number: u64| json!({ "n": number });
    // Messenger.
    let group = json!({ "name": "Hikers", "metadata": data(1) });
    let made = call("POST", "/messenger/api/groups", group, 201).await;
    assert_eq!(made["group"]["metadata"], data(1), "{made}");
    let listed = call("GET", "/messenger/api/groups", Value::Null, 200).await;
    assert_eq!(listed[0]["metadata"], data(1), "{listed}");
    let profile = json!({ "metadata": data(2) });
    let changed = call("PUT", "/messenger/api/users/profile", profile, 200).await;
    assert_eq!(changed["user"]["metadata"], data(2), "{changed}");
    // Chat.
    let me = call("GET", "/chat/api/auth/me", Value::Null, 200).await;
    assert_eq!(me["user"]["metadata"], data(2), "{me}");
    let chat = json!({ "type": "group", "name": "Team", "participantIds": [bob.0], "metadata": data(3) });
    let made = call("POST", "/chat/api/chats", chat, 201).await["data"].clone();
    assert_eq!(made["metadata"], data(3), "{made}");
    let path = format!("/chat/api/chats/{}", made["id"].as_str().expect("an id"));
    let changed = call("PUT", &path, json!({ "metadata": data(4) }), 200).await["data"].clone();
    assert_eq!((&changed["name"], &changed["metadata"]), (&json!("Team"), &data(4)), "{changed}");
    let one = call("GET", &path, Value::Null, 200).await;
    assert_eq!((&one["metadata"], &one["chat"]["metadata"]), (&data(4), &data(4)), "{one}");
    call("PUT", &path, json!({}), 400).await;
    // Conversations.
    let changed = call("PUT", "/conversations/api/users/profile", json!({ "metadata": {} }), 200).await;
    assert_eq!(changed["user"].get("metadata"), None, "{changed}");
}
