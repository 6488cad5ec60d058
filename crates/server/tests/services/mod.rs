//! Services: what a key allows, and the delivery of a service's changes in its name.

mod before_send;
mod lists;
mod moderation;
mod pushes;
pub mod receiver;
mod reports;
mod scopes;
mod socket;
mod webhooks;

use crate::support::{Answer, Http, Server, Wire};
use serde_json::{Value, json};

fn key(server: &Server, words: &[&str]) -> (bool, String) {
    server.run(&[&["key"], words].concat())
}

struct Stage {
    server: Server,
    http: Http,
    shop: String,
    alice: (String, String),
    bob: (String, String),
}

async fn stage() -> Stage {
    let server = Server::start();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let (_, shop) = key(&server, &["add", "shop"]);
    Stage { server, http, shop, alice, bob }
}

fn refused(answer: Answer, status: u16, part: &str) {
    let body = answer.expect(status);
    assert!(body["detail"].as_str().is_some_and(|detail| detail.contains(part)), "{body}");
}

#[tokio::test]
async fn keys_come_and_go_beside_a_running_server() {
    let Stage { server, http, shop, .. } = stage().await;
    assert!(shop.starts_with("qk_"), "{shop}");
    let me = http.api(&shop, "GET", "/me", Value::Null).await.expect(200);
    assert_eq!((&me["username"], &me["service"]), (&json!("shop"), &json!(true)));
    let (listed, keys) = key(&server, &["list"]);
    assert!(listed && keys.ends_with(" shop") && keys.lines().count() == 1, "{keys}");
    let (again, said) = key(&server, &["add", "SHOP"]);
    assert!(!again && said.contains("has a key already"), "{said}");
    let (taken, said) = key(&server, &["add", "alice"]);
    assert!(!taken && said.contains("`alice` is a user's"), "{said}");

    let (removed, _) = key(&server, &["remove", "shop"]);
    assert!(removed);
    http.api(&shop, "GET", "/me", Value::Null).await.expect(401);
    let (twice, said) = key(&server, &["remove", "shop"]);
    assert!(!twice && said.contains("no key `shop`"), "{said}");
    let (_, second) = key(&server, &["add", "shop"]);
    assert_ne!(second, shop);
    http.api(&shop, "GET", "/me", Value::Null).await.expect(401);
    let same = http.api(&second, "GET", "/me", Value::Null).await.expect(200);
    assert_eq!(same["id"], me["id"], "what it wrote before stays its own");
}

#[tokio::test]
async fn a_service_is_not_a_user() {
    let Stage { http, shop, alice, server, .. } = stage().await;
    let password = json!({ "currentPassword": "x", "newPassword": "correct horse" });
    for (method, path, body) in [
        ("POST", "/auth/refresh", Value::Null),
        ("POST", "/auth/revoke", Value::Null),
        ("PUT", "/me/password", password),
        ("PATCH", "/me", json!({ "name": "Another" })),
        ("DELETE", "/me", Value::Null),
    ] {
        refused(http.api(&shop, method, path, body).await, 403, "for users");
    }
    for (path, body) in [
        ("/conversations/api/users/profile", json!({ "username": "billing" })),
        ("/messenger/api/users/profile", json!({ "email": "b@example.org" })),
        ("/messenger/api/users/change-password", json!({ "currentPassword": "x", "newPassword": "correct horse" })),
    ] {
        http.call(&shop, "PUT", path, body).await.expect(403);
    }
    let user = json!({ "username": "new" });
    let note = json!({ "userId": alice.0, "title": "T", "message": "M" });
    let person = format!("/users/{}", alice.0);
    for (method, path, body) in [
        ("POST", "/users", user),
        ("POST", "/notifications", note),
        ("PATCH", person.as_str(), json!({ "name": "X" })),
        ("DELETE", person.as_str(), Value::Null),
    ] {
        refused(http.api(&alice.1, method, path, body).await, 403, "for services");
    }
    http.api("qk_00000000000000000000000000000000", "GET", "/me", Value::Null).await.expect(401);
    // A service is not found among users, and cannot connect over a socket.
    let found = http.api(&alice.1, "GET", "/users?q=shop", Value::Null).await.expect(200);
    assert_eq!(found["items"], json!([]));
    let me = http.api(&shop, "GET", "/me", Value::Null).await.expect(200);
    let own = format!("/users/{}", me["id"].as_str().expect("an id"));
    http.api(&shop, "DELETE", &own, Value::Null).await.expect(404);
    let refusal = Wire::open(server.address(), "").await.enter("/chat", &json!({ "token": shop })).await;
    assert!(refusal.starts_with("44/chat,") && refusal.contains("Authentication error"), "{refusal}");
}

#[tokio::test]
async fn users_and_conversations_of_another_backend() {
    let Stage { http, shop, alice, bob, server: _server } = stage().await;
    let new = json!({ "id": "42", "username": "carol", "email": "carol@example.org", "name": "Carol" });
    let carol = http.api(&shop, "POST", "/users", new.clone()).await.expect(201);
    assert_eq!((&carol["id"], &carol["email"]), (&json!("42"), &json!("carol@example.org")));
    refused(http.api(&shop, "POST", "/users", new).await, 409, "`carol` is taken");
    let twin = json!({ "id": "42", "username": "another" });
    refused(http.api(&shop, "POST", "/users", twin).await, 409, "id `42` is taken");
    let renamed = http.api(&shop, "PATCH", "/users/42", json!({ "name": "Carol C." })).await.expect(200);
    assert_eq!(renamed["name"], "Carol C.");

    // A conversation made on behalf of a user belongs to that user, and the service is not a member.
    let group = json!({ "kind": "group", "name": "Order 7", "ownerId": alice.0, "memberIds": ["42"] });
    let group = http.api(&shop, "POST", "/conversations", group).await.expect(201);
    assert_eq!(group["ownerId"], alice.0.as_str());
    let members: Vec<&str> =
        group["members"].as_array().expect("members").iter().filter_map(|m| m["user"]["username"].as_str()).collect();
    assert_eq!(members, ["alice", "carol"]);
    let path = format!("/conversations/{}", group["id"].as_str().expect("an id"));
    let stolen = json!({ "kind": "group", "name": "G", "ownerId": alice.0 });
    refused(http.api(&bob.1, "POST", "/conversations", stolen).await, 403, "Only a service");
    let direct = json!({ "kind": "direct", "memberIds": [bob.0] });
    let pair = http.api(&alice.1, "POST", "/conversations", direct.clone()).await.expect(201);
    let spy = json!({ "kind": "direct", "ownerId": alice.0, "memberIds": [bob.0] });
    refused(http.api(&shop, "POST", "/conversations", spy).await, 422, "`ownerId`");
    let me = http.api(&shop, "GET", "/me", Value::Null).await.expect(200);
    let odd = json!({ "kind": "group", "name": "G", "ownerId": me["id"] });
    http.api(&shop, "POST", "/conversations", odd).await.expect(404);

    // The service may change what it made and what others made, except a conversation of two.
    http.api(&shop, "PATCH", &path, json!({ "name": "Order 8" })).await.expect(200);
    http.api(&shop, "POST", &format!("{path}/members"), json!({ "userId": bob.0, "role": "admin" })).await.expect(201);
    http.api(&shop, "DELETE", &format!("{path}/members/{}", alice.0), Value::Null).await.expect(204);
    let seen = http.api(&bob.1, "GET", &path, Value::Null).await.expect(200);
    assert_eq!((&seen["name"], &seen["ownerId"]), (&json!("Order 8"), &json!(bob.0)), "the owner's place passed on");
    let pair = format!("/conversations/{}", pair["id"].as_str().expect("an id"));
    for (method, path) in [("GET", pair.clone()), ("GET", format!("{pair}/messages")), ("DELETE", pair.clone())] {
        http.api(&shop, method, &path, Value::Null).await.expect(404);
    }
    http.api(&shop, "POST", &format!("{pair}/messages"), json!({ "content": "psst" })).await.expect(404);
    http.api(&shop, "DELETE", &path, Value::Null).await.expect(204);
    http.api(&bob.1, "GET", &path, Value::Null).await.expect(404);

    // The service has no access to the messages of two users.
    let path = format!("{pair}/messages");
    let sent = http.api(&alice.1, "POST", &path, json!({ "content": "psst" })).await.expect(201);
    let message = format!("/messages/{}", sent["id"].as_str().expect("an id"));
    refused(http.api(&shop, "PATCH", &message, json!({ "content": "x" })).await, 404, "no message");

    http.api(&shop, "DELETE", "/users/42", Value::Null).await.expect(204);
    http.api(&alice.1, "GET", "/users/42", Value::Null).await.expect(404);
}

#[tokio::test]
async fn sockets_receive_a_services_changes_in_its_name() {
    let Stage { http, shop, alice, bob, server } = stage().await;
    let group = json!({ "kind": "group", "name": "Order 7", "ownerId": alice.0 });
    let group = http.api(&shop, "POST", "/conversations", group).await.expect(201);
    let path = format!("/conversations/{}", group["id"].as_str().expect("an id"));
    let proposal = json!({ "activity": "Chess", "location": "Park", "startsAt": "2099-01-01T00:00:00Z" });
    let meetup = http.api(&alice.1, "POST", "/meetups", proposal).await.expect(201);
    let meetup = format!("/meetups/{}", meetup["id"].as_str().expect("an id"));
    let mut ear = Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await;
    let mut host = Wire::connect(server.address(), "/meetup", &json!({ "token": alice.1 })).await;

    let sent = http.api(&shop, "POST", &format!("{path}/messages"), json!({ "content": "Paid." })).await.expect(201);
    assert_eq!(sent["sender"]["username"], "shop");
    let received = ear.next("message:new").await;
    assert_eq!(
        (&received["content"], &received["sender"]["username"]),
        (&json!("Paid."), &json!("shop")),
        "{received}"
    );
    let message = format!("/messages/{}", sent["id"].as_str().expect("an id"));
    http.api(&shop, "PATCH", &message, json!({ "content": "Paid in full." })).await.expect(200);

    let note = json!({ "userId": alice.0, "title": "Order 7", "message": "It is on its way." });
    let note = http.api(&shop, "POST", "/notifications", note).await.expect(201);
    let received = host.next("newNotification").await;
    assert_eq!(received["notification"]["message"], "It is on its way.");
    let listed = http.api(&alice.1, "GET", "/notifications", Value::Null).await.expect(200);
    assert_eq!(listed["items"][0]["id"], note["id"]);
    for (body, status, part) in [
        (json!({ "userId": "nobody", "title": "T", "message": "M" }), 404, "user `nobody`"),
        (json!({ "userId": bob.0, "title": " ", "message": "M" }), 422, "`title`"),
        (json!({ "userId": bob.0, "title": "T", "message": "" }), 422, "`message`"),
        (json!({ "userId": bob.0, "title": "t".repeat(129), "message": "M" }), 413, "`title`"),
        (json!({ "title": "T", "message": "M" }), 422, "userId"),
    ] {
        refused(http.api(&shop, "POST", "/notifications", body).await, status, part);
    }

    http.api(&shop, "PATCH", &meetup, json!({ "status": "confirmed" })).await.expect(200);
    let received = host.next("meetupStatusUpdate").await;
    assert_eq!((&received["status"], &received["updatedBy"]), (&json!("confirmed"), &json!("shop")));
    let received = host.next("newNotification").await;
    assert_eq!(received["notification"]["title"], "Meetup Confirmed", "the host did not do it");
    http.api(&bob.1, "PATCH", &meetup, json!({ "status": "cancelled" })).await.expect(403);
}

#[tokio::test]
async fn an_id_that_a_guest_had_is_taken_over() {
    let Stage { http, shop, alice, server, .. } = stage().await;
    // One guest that was stored, and one that only claimed its id.
    let room = http.api(&alice.1, "POST", "/conversations", json!({ "kind": "room", "name": "R" })).await.expect(201);
    let mut joined = Wire::connect(server.address(), "/rooms", &json!({ "userId": "g1" })).await;
    joined.call("join_room", &json!({ "roomId": room["id"] })).await;
    let mut idle = Wire::connect(server.address(), "/rooms", &json!({ "userId": "g2" })).await;
    for id in ["g1", "g2"] {
        http.api(&shop, "POST", "/users", json!({ "id": id, "username": id })).await.expect(201);
    }
    for wire in [&mut joined, &mut idle] {
        while let Some(frame) = wire.frame().await {
            if frame.starts_with("41") {
                break;
            }
        }
    }
    let refusal = Wire::open(server.address(), "").await.enter("/rooms", &json!({ "userId": "g1" })).await;
    assert!(refusal.starts_with("44"), "the id is no guest's any more: {refusal}");
}

#[tokio::test]
async fn a_service_in_a_meetup() {
    let Stage { http, shop, alice, server: _server, .. } = stage().await;
    let proposal = json!({ "activity": "Chess", "location": "Park", "startsAt": "2099-01-01T00:00:00Z" });
    let made = http.api(&alice.1, "POST", "/meetups", proposal).await.expect(201);
    let meetup = format!("/meetups/{}", made["id"].as_str().expect("an id"));
    let seat = format!("/conversations/{}/members/{}", made["chatId"].as_str().expect("an id"), alice.0);
    for path in [format!("{meetup}/participants/{}", alice.0), seat] {
        http.api(&shop, "DELETE", &path, Value::Null).await.expect(403);
    }
    let me = http.api(&shop, "GET", "/me", Value::Null).await.expect(200);
    let me = me["id"].as_str().expect("an id");
    http.api(&shop, "POST", &format!("{meetup}/requests"), Value::Null).await.expect(201);
    http.api(&alice.1, "POST", &format!("{meetup}/requests/{me}/accept"), Value::Null).await.expect(200);
    let left = http.api(&shop, "DELETE", &format!("{meetup}/participants/{me}"), Value::Null).await.expect(200);
    assert_eq!(left["participants"], json!([]));
}
