//! The search for rooms.

use serde_json::{Value, json};

use crate::compat::{fields, text};
use crate::support::Server;

#[tokio::test]
async fn rooms_to_find() {
    let server = Server::start();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let mut ids = Vec::new();
    for (kind, name, open) in [("room", "Alpha", true), ("group", "alps", true), ("group", "Alone", false)] {
        let body = json!({ "kind": kind, "name": name, "open": open, "description": "about it" });
        ids.push(text(&http.api(&alice.1, "POST", "/conversations", body).await.expect(201)["id"]));
    }
    let found = http.api(&bob.1, "GET", "/rooms?q=Lp&limit=1", Value::Null).await.expect(200);
    fields(&found["items"][0], "id kind name description ownerId memberCount isMember createdAt updatedAt");
    assert_eq!((&found["items"][0]["name"], &found["items"][0]["isMember"]), (&json!("alps"), &json!(false)));
    let next = text(&found["next"]);
    let rest = http.api(&bob.1, "GET", &format!("/rooms?q=lp&cursor={next}"), Value::Null).await.expect(200);
    assert_eq!((&rest["items"][0]["name"], &rest["next"]), (&json!("Alpha"), &Value::Null));
    assert_eq!(rest["items"].as_array().map(Vec::len), Some(1), "what is closed is not found");
    http.api(&bob.1, "GET", "/rooms?cursor=nonsense", Value::Null).await.expect(422);
    // By a link: those that he may join, and those that he is in.
    let room = |token: &str, id: &str| {
        let (path, token) = (format!("/rooms/{id}"), token.to_owned());
        let http = http.clone();
        async move { http.api(&token, "GET", &path, Value::Null).await }
    };
    let seen = room(&bob.1, &ids[0]).await.expect(200);
    assert_eq!((&seen["name"], &seen["memberCount"], &seen["isMember"]), (&json!("Alpha"), &json!(1), &json!(false)));
    assert_eq!(room(&alice.1, &ids[2]).await.expect(200)["isMember"], json!(true));
    room(&bob.1, &ids[2]).await.expect(404);
    room(&bob.1, "nothing").await.expect(404);
    let ban = format!("/conversations/{}/bans/{}", ids[0], bob.0);
    http.api(&alice.1, "PUT", &ban, json!({})).await.expect(200);
    room(&bob.1, &ids[0]).await.expect(404);
}
