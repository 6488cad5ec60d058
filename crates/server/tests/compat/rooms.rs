//! A session of a rooms front end: its users are guests, and the dialect consists of socket events.

use serde_json::{Value, json};

use crate::compat::{contents, fields, places, text};
use crate::support::Wire;

#[tokio::test]
async fn session() {
    for place in places("rooms") {
        let app = place.app();
        assert_eq!(app.http.send("GET", "/", &[], "").await.status, 200);
        let mut ada = Wire::connect(place.server.address(), "/", &json!({ "userId": "ada", "dialect": "rooms" })).await;
        let mut bob = Wire::connect(place.server.address(), "/", &json!({ "userId": "bob", "dialect": "rooms" })).await;
        ada.emit("create_room", &json!({ "name": "Lobby", "userId": "ada", "username": "Ada" })).await;
        let room = ada.next("room_created").await;
        fields(&room, "id name createdAt guestSecret");
        let id = text(&room["id"]);
        for (wire, user) in [(&mut ada, "ada"), (&mut bob, "bob")] {
            wire.emit("join_room", &json!({ "roomId": id, "userId": user, "username": user })).await;
            assert_eq!(wire.next("history").await, json!([]));
        }
        for content in ["one", "two", "three"] {
            ada.emit("send_message", &json!({ "roomId": id, "userId": "ada", "content": content })).await;
        }
        let received = bob.next("message_received").await;
        fields(&received, "id roomId content type userId user createdAt sequence");
        fields(&received["user"], "id username avatar guest");
        bob.next("message_received").await;
        bob.next("message_received").await;

        // The history can be read over HTTP by those in the room, and by nobody else.
        for history in [format!("{}/rooms/{id}/messages", app.base), format!("/rooms/{id}/messages")] {
            let get = |query: &str| {
                let (http, path) = (app.http.clone(), format!("{history}{query}"));
                async move { http.call("", "GET", &path, Value::Null).await }
            };
            let all = get("?userId=bob").await.expect(200);
            fields(&all, "roomId messages");
            assert_eq!((&all["roomId"], &all["messages"][0]), (&json!(id), &received));
            assert_eq!(contents(&get("?userId=ada&limit=2").await.expect(200)["messages"]), ["two", "three"]);
            fields(&get("").await.expect(401), "ok message code");
            fields(&get("?userId=eve").await.expect(404), "ok message code");
            get("?userId=bob&limit=0").await.expect(422);
        }
        // The id of an account cannot be used without its token.
        let (alice, token) = app.http.register("alice").await;
        let path = format!("{}/rooms/{id}/messages", app.base);
        app.http.call("", "GET", &format!("{path}?userId={alice}"), Value::Null).await.expect(401);
        app.http.call(&token, "GET", &path, Value::Null).await.expect(403);
        app.http.api(&token, "POST", &format!("/conversations/{id}/members"), json!({})).await.expect(201);
        assert_eq!(contents(&app.http.call(&token, "GET", &path, Value::Null).await.expect(200)["messages"]).len(), 3);

        // She leaves, and he is notified.
        bob.next("user_joined").await;
        ada.emit("leave_room", &json!({ "roomId": id, "userId": "ada" })).await;
        assert_eq!(bob.next("user_left").await, json!({ "userId": "ada", "roomId": id }));
        app.http.call("", "GET", &format!("{path}?userId=ada"), Value::Null).await.expect(403);
    }
}
