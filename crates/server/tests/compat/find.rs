//! The search for rooms.

use serde_json::{Value, json};

use crate::support::Server;
use crate::{fields, text};

#[tokio::test]
async fn rooms_to_find() {
    let server = Server::start();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    for (kind, name, open) in [("room", "Alpha", true), ("group", "alps", true), ("group", "Alone", false)] {
        let body = json!({ "kind": kind, "name": name, "open": open, "description": "about it" });
        http.api(&alice.1, "POST", "/conversations", body).await.expect(201);
    }
    let found = http.api(&bob.1, "GET", "/rooms?q=Lp&limit=1", Value::Null).await.expect(200);
    fields(&found["items"][0], "id kind name description ownerId memberCount isMember createdAt updatedAt");
    assert_eq!((&found["items"][0]["name"], &found["items"][0]["isMember"]), (&json!("alps"), &json!(false)));
    let next = text(&found["next"]);
    let rest = http.api(&bob.1, "GET", &format!("/rooms?q=lp&cursor={next}"), Value::Null).await.expect(200);
    assert_eq!((&rest["items"][0]["name"], &rest["next"]), (&json!("Alpha"), &Value::Null));
    assert_eq!(rest["items"].as_array().map(Vec::len), Some(1), "what is closed is not found");
    http.api(&bob.1, "GET", "/rooms?cursor=nonsense", Value::Null).await.expect(422);
}
