//! Pictures of conversations: told in every dialect, and given and changed by the clients of existing backends.

use crate::support::{Http, Server, Wire};
use serde_json::{Value, json};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x20\x08\x06\0\0\0";
/// The address that the clients use.
const HOST: &str = "chat.example.org";

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// Opens a connection in a dialect.
async fn connect(server: &Server, token: &str, dialect: &str) -> Wire {
    let mut wire = Wire::open_by(server.address(), "", &[("host", HOST)]).await;
    let answer = wire.enter(&format!("/{dialect}"), &json!({ "token": token })).await;
    assert!(answer.starts_with("40"), "{answer}");
    wire
}

/// Calls the HTTP API of existing front ends.
async fn call(http: &Http, token: &str, method: &str, path: &str, body: Value) -> Value {
    let bearer = format!("Bearer {token}");
    let headers = [("host", HOST), ("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = http.send(method, path, &headers, &body).await;
    assert!((200..300).contains(&answer.status), "{path}: {}", answer.text);
    answer.json()
}

/// The event of each dialect about a changed conversation, and where its object has the picture.
const CHANGES: [(&str, &str, &str); 5] = [
    ("meetup", "chatUpdated", "/chat/picture"),
    ("messenger", "groupUpdated", "/group/picture"),
    ("rooms", "room_updated", "/picture"),
    ("conversations", "conversation_updated", "/conversation/picture"),
    ("chat", "chat:updated", "/chat/picture"),
];

#[tokio::test]
async fn each_client_hears_of_it_at_its_own_address() {
    let server = Server::start();
    let http = server.http();
    let (ada, bob) = (http.register("ada").await, http.register("bob").await);
    let group = http.group(&ada.1, &[&bob.0]).await;
    let file = text(&http.upload(&ada.1, "dot.png", PNG).await.expect(201)["url"]);
    let path = format!("/conversations/{}", text(&group));
    for (dialect, heard, at) in CHANGES {
        let mut wire = connect(&server, &bob.1, dialect).await;
        http.api(&ada.1, "PATCH", &path, json!({ "picture": file })).await.expect(200);
        let payload = wire.next(heard).await;
        assert_eq!(payload.pointer(at), Some(&json!(format!("http://{HOST}{file}"))), "{dialect} {payload}");
        http.api(&ada.1, "PATCH", &path, json!({ "picture": null })).await.expect(200);
        let payload = wire.next(heard).await;
        assert_eq!(payload.pointer(at), None, "{dialect} {payload}");
    }
}

#[tokio::test]
async fn clients_of_existing_backends_give_and_change_it() {
    let server = Server::start();
    let http = server.http();
    let ada = http.register("ada").await;
    let file = text(&http.upload(&ada.1, "dot.png", PNG).await.expect(201)["url"]);
    // These clients send the absolute link that the server has told them.
    let link = format!("http://{HOST}{file}");
    let call = async |method, path: &str, body| call(&http, &ada.1, method, path, body).await;
    call("GET", "/chat/api/auth/me", Value::Null).await;
    let made = call("POST", "/chat/api/chats", json!({ "name": "H", "type": "group", "picture": link })).await;
    assert_eq!(made["data"]["picture"], json!(link), "{made}");
    let chat = format!("/chat/api/chats/{}", text(&made["data"]["id"]));
    let changed = call("PUT", &chat, json!({ "picture": "https://example.org/a.png" })).await;
    assert_eq!(changed["data"]["picture"], "https://example.org/a.png");
    let removed = call("PUT", &chat, json!({ "picture": null })).await;
    assert_eq!((removed["data"].get("picture"), &removed["data"]["name"]), (None, &json!("H")), "{removed}");
    let made = call("POST", "/messenger/api/groups", json!({ "name": "I", "picture": link })).await;
    let group = format!("/messenger/api/groups/{}", text(&made["group"]["_id"]));
    assert_eq!(call("GET", &group, Value::Null).await["picture"], json!(link));
    // A room has it from the start.
    let mut wire = connect(&server, &ada.1, "rooms").await;
    wire.emit("create_room", &json!({ "name": "R", "userId": ada.0, "picture": link })).await;
    let room = text(&wire.next("room_created").await["id"]);
    let stored = http.api(&ada.1, "GET", &format!("/rooms/{room}"), Value::Null).await.expect(200);
    assert_eq!(stored["picture"], json!(file));
    for picture in ["http://example.org/a.png", "javascript:alert(1)"] {
        wire.emit("create_room", &json!({ "name": "R", "userId": ada.0, "picture": picture })).await;
        let refused = wire.next("error").await;
        assert!(text(&refused["message"]).contains("`picture`"), "{refused}");
    }
}
