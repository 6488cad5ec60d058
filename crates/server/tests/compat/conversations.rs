//! A session of a conversations front end.

use serde_json::{Value, json};

use crate::compat::{contents, fields, login, person, places, text};

const USER: &str = "_id id username avatar status lastSeen createdAt";
const MESSAGE: &str =
    "_id id conversationId sender content type fileUrl fileName status edited deleted readBy createdAt sequence";

#[tokio::test]
async fn session() {
    for place in places("conversations") {
        let (mut ada, mut bob) = (place.app(), place.app());
        let session = ada.post("/auth/register", 201, person("ada")).await;
        place.fields(&session, "success token user");
        place.fields(&session["user"], &format!("{USER} email"));
        assert!(session["user"]["lastSeen"].is_string(), "clients format it");
        bob.post("/auth/register", 201, person("bob")).await;
        let session_of_bob = bob.post("/auth/login", 200, login("bob@example.org")).await;
        (ada.token, bob.token) = (text(&session["token"]), text(&session_of_bob["token"]));
        let me = bob.get("/auth/me").await;
        fields(&me, "success user");
        assert_eq!(me["user"], session_of_bob["user"]);

        let found = ada.get("/users/search?q=bo").await;
        fields(&found, "success count users");
        assert_eq!((&found["success"], &found["count"]), (&json!(true), &json!(1)));
        place.fields(&found["users"][0], &format!("{USER} email"));
        let bob_id = text(&found["users"][0]["_id"]);
        assert_eq!(found["users"][0]["email"], "");
        let opened = ada.post("/conversations", 201, json!({ "participantId": bob_id })).await;
        fields(&opened, "success conversation existed");
        assert_eq!(opened["existed"], false);
        assert_eq!(ada.post("/conversations", 200, json!({ "participantId": bob_id })).await["existed"], true);
        let id = text(&opened["conversation"]["_id"]);
        assert_eq!(ada.get("/users").await["users"][0]["email"], "", "his address is his alone, whatever they share");

        // Sent over HTTP and received over the socket, and the other way round.
        let (mut wire, mut ada_wire) = (place.socket(&bob).await, place.socket(&ada).await);
        let one = json!({ "content": "one", "type": "TEXT", "fileUrl": "", "fileName": "" });
        let sent = ada.post(&format!("/messages/{id}"), 201, one).await;
        fields(&sent, "success message");
        fields(&sent["message"], MESSAGE);
        fields(&sent["message"]["sender"], "_id id username avatar");
        let received = wire.next("receive_message").await;
        fields(&received, "message conversationId");
        assert_eq!(received["message"], sent["message"]);
        let ack = wire.call("send_message", &json!({ "conversationId": id, "content": "two" })).await;
        assert_eq!(ack["success"], true);
        ada_wire.next("receive_message").await;
        assert_eq!(ada_wire.next("receive_message").await["message"], ack["message"]);

        let listed = ada.get("/conversations").await;
        fields(&listed, "success count conversations");
        let listed = &listed["conversations"][0];
        fields(listed, "_id id type name participants lastMessage unreadCount createdAt updatedAt");
        assert_eq!((&listed["lastMessage"], &listed["unreadCount"]), (&ack["message"], &json!(1)));
        fields(&listed["participants"][0], &format!("{USER} role"));
        // Those who are online are seen at the moment of each answer.
        let alone = &ada.get(&format!("/conversations/{id}")).await["conversation"];
        let unseen = |conversation: &Value| {
            let mut unseen = conversation.clone();
            let people = unseen["participants"].as_array_mut().expect("people");
            people.iter_mut().for_each(|user| user["lastSeen"] = Value::Null);
            unseen
        };
        assert_eq!(unseen(alone), unseen(listed));
        // Pages count from the newest; each page has the oldest first.
        for number in 3..=7 {
            let content = format!("number {number}");
            ada.post(&format!("/messages/{id}"), 201, json!({ "content": content })).await;
        }
        for (page, expected) in [
            (1, vec!["number 5", "number 6", "number 7"]),
            (2, vec!["two", "number 3", "number 4"]),
            (3, vec!["one"]),
            (4, vec![]),
        ] {
            let got = ada.get(&format!("/messages/{id}?page={page}&limit=3")).await;
            fields(&got, "success messages pagination");
            assert_eq!(contents(&got["messages"]), expected, "page {page}");
            assert_eq!(got["pagination"], json!({ "page": page, "limit": 3, "total": 7, "pages": 3 }));
        }

        let message = text(&sent["message"]["_id"]);
        let edited = ada.put(&format!("/messages/{message}"), 200, json!({ "content": "uno" })).await;
        assert_eq!((&edited["message"]["content"], &edited["message"]["edited"]), (&json!("uno"), &json!(true)));
        assert_eq!(wire.next("message_edited").await["newContent"], "uno");
        bob.put(&format!("/messages/{message}"), 403, json!({ "content": "mine" })).await;
        ada.delete(&format!("/messages/{message}"), 200).await;
        assert_eq!(wire.next("message_deleted").await["messageId"], json!(message));
        let profile = json!({ "username": "ada2", "avatar": "https://example.org/a.png" });
        let profile = ada.put("/users/profile", 200, profile).await;
        fields(&profile, "success user");
        assert_eq!(profile["user"]["username"], "ada2");
        // A message sent twice with the same client id is stored once.
        let named = json!({ "content": "named", "clientMessageId": "n-1" });
        let first = ada.post(&format!("/messages/{id}"), 201, named.clone()).await;
        assert_eq!(ada.post(&format!("/messages/{id}"), 201, named).await, first);
        ada.delete(&format!("/conversations/{id}"), 200).await;
        assert_eq!(ada.get("/conversations").await["count"], 0);

        // To log out, her client drops the token and the socket.
        drop(ada_wire);
        let gone = wire.next("user_offline").await;
        fields(&gone, "userId username lastSeen");
        assert_eq!((&gone["userId"], &gone["username"]), (&session["user"]["_id"], &json!("ada2")));
        ada.token.clear();
        assert_eq!(ada.call("GET", "/conversations", Value::Null).await.expect(401)["success"], false);

        // Failures have the dialect's format.
        let taken = bob.post("/auth/register", 409, person("bob")).await;
        place.fields(&taken, "success message code");
        let invalid = bob.post("/auth/register", 400, json!({ "username": "x" })).await;
        place.fields(&invalid, "success message errors code");
        let wrong = json!({ "email": "bob@example.org", "password": "wrong" });
        assert_eq!(bob.post("/auth/login", 401, wrong).await["success"], false);
    }
}
