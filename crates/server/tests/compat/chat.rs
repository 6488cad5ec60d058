//! A session of a chat front end.

use serde_json::{Value, json};

use crate::compat::{contents, fields, login, person, places, text};

const USER: &str = "id username avatar_url status";
const MESSAGE: &str = "id chat_id chatId sender_id content message_type is_edited is_deleted created_at updated_at sender \
                       sequence";
const CHAT: &str = "id name type created_by created_at updated_at last_read_at unread_count last_message participants";

#[tokio::test]
async fn session() {
    for place in places("chat") {
        let (mut ada, mut bob) = (place.app(), place.app());
        let session = ada.post("/auth/register", 201, person("ada")).await;
        place.fields(&session, "message user token");
        place.fields(&session["user"], &format!("{USER} email"));
        ada.token = text(&session["token"]);
        bob.token = text(&bob.post("/auth/register", 201, person("bob")).await["token"]);
        let logged_in = ada.post("/auth/login", 200, login("ada@example.org")).await;
        place.fields(&logged_in, "message user token");
        let me = &ada.get("/auth/me").await["user"];
        place.fields(me, &format!("{USER} email created_at"));
        assert_eq!(me["email"], logged_in["user"]["email"]);
        let found = ada.get("/users/search?q=bob").await;
        place.fields(&found, "users count");
        place.fields(&found["users"][0], &format!("{USER} created_at"));
        let bob_id = text(&found["users"][0]["id"]);
        let one = ada.get(&format!("/users/{bob_id}")).await;
        fields(&one, "user");
        fields(&one["user"], &format!("{USER} created_at"));

        let (mut wire, ada_wire) = (place.socket(&bob).await, place.socket(&ada).await);
        let made = ada.post("/chats", 201, json!({ "name": "G", "type": "group", "participantIds": [bob_id] })).await;
        fields(&made, "message data");
        fields(&made["data"], CHAT);
        let participant = format!("{USER} email role joined_at last_read_at");
        fields(&made["data"]["participants"][0], &participant);
        // Events tell of the same object.
        let told = wire.next("chat:created").await;
        fields(&told["chat"], CHAT);
        fields(&told["chat"]["participants"][0], &participant);
        let shown = made["data"]["participants"].as_array().expect("participants");
        let emails: Vec<_> = shown.iter().map(|one| (text(&one["username"]), text(&one["email"]))).collect();
        assert!(emails.contains(&("bob".to_owned(), String::new())), "{emails:?}");
        assert!(emails.contains(&("ada".to_owned(), "ada@example.org".to_owned())), "{emails:?}");
        let id = text(&made["data"]["id"]);
        let sent = ada.post(&format!("/chats/{id}/messages"), 201, json!({ "content": "one" })).await;
        fields(&sent, "message data");
        fields(&sent["data"], MESSAGE);
        fields(&sent["data"]["sender"], "id username avatar_url status");
        // The change is committed when it is delivered: a list fetched afterwards shows it.
        assert_eq!(wire.next("message:new").await, sent["data"]);
        let listed = bob.get("/chats").await;
        fields(&listed, "chats count");
        fields(&listed["chats"][0], CHAT);
        assert_eq!(listed["chats"][0]["last_message"], sent["data"]);
        assert_eq!(listed["chats"][0]["updated_at"], sent["data"]["created_at"]);
        for number in 2..=5 {
            let say = json!({ "chatId": id, "content": format!("number {number}"), "messageType": "text" });
            wire.call("message:send", &say).await;
        }
        // Pages from the newest on; each page has the oldest first.
        for (offset, expected) in
            [(0, vec!["number 4", "number 5"]), (2, vec!["number 2", "number 3"]), (4, vec!["one"]), (6, vec![])]
        {
            let page = ada.get(&format!("/chats/{id}/messages?limit=2&offset={offset}")).await;
            fields(&page, "messages count");
            assert_eq!(
                (contents(&page["messages"]), &page["count"]),
                (expected.iter().map(|&word| word.into()).collect(), &json!(expected.len()))
            );
        }
        let message = text(&sent["data"]["id"]);
        bob.post(&format!("/messages/{message}/read"), 200, json!({})).await;
        assert!(bob.get("/chats").await["chats"][0]["last_read_at"].is_string());
        let edited = ada.put(&format!("/messages/{message}"), 200, json!({ "content": "uno" })).await;
        assert_eq!((&edited["data"]["is_edited"], &edited["data"]["content"]), (&json!(true), &json!("uno")));
        let not_his = bob.put(&format!("/messages/{message}"), 403, json!({ "content": "mine" })).await;
        place.fields(&not_his, "error message code");
        let not_his = bob.delete(&format!("/messages/{message}"), 403).await;
        place.fields(&not_his, "error message code");
        place.fields(&ada.delete(&format!("/messages/{message}"), 200).await, "message");
        assert_eq!(wire.next("message:deleted").await["messageId"], json!(message));
        let renamed = ada.put(&format!("/chats/{id}"), 200, json!({ "name": "H" })).await;
        assert_eq!(renamed["data"]["name"], "H");

        // A client that names no type means a direct chat.
        for direct in [json!({ "type": "direct", "participantIds": [bob_id] }), json!({ "participantIds": [bob_id] })] {
            assert_eq!(ada.post("/chats", 201, direct).await["data"]["type"], "direct");
        }
        assert_eq!(ada.get("/chats").await["count"], 2);
        ada.delete(&format!("/chats/{id}/participants/{bob_id}"), 200).await;
        let gone = bob.call("GET", &format!("/chats/{id}"), Value::Null).await.expect(404);
        fields(&gone, "error message code");
        let added = ada.post(&format!("/chats/{id}/participants"), 200, json!({ "userId": bob_id })).await;
        fields(&added, "message data");
        let chat = bob.get(&format!("/chats/{id}")).await;
        fields(&chat, &format!("{CHAT} chat"));
        assert_eq!(chat["participants"].as_array().map(Vec::len), Some(2));
        ada.delete(&format!("/chats/{id}"), 200).await;
        let invalid = ada.post("/chats", 400, json!({ "type": "crowd" })).await;
        assert_eq!(invalid["error"], "Bad Request");

        // To log out, her client drops the token and the socket.
        drop(ada_wire);
        loop {
            let status = wire.next("user:status").await;
            fields(&status, "userId status");
            if status == json!({ "userId": session["user"]["id"], "status": "offline" }) {
                break;
            }
        }
        ada.token.clear();
        fields(&ada.call("GET", "/chats", Value::Null).await.expect(401), "error message code");
    }
}
