//! Sessions of front ends that were written for existing backends: over HTTP and sockets together, with their formats
//! checked, and with nothing but their addresses configured. Each session runs three times: under `/DIALECT/api`, under
//! `/api` of a listener of the dialect, and under `/api` of a listener for all dialects.

mod access;
mod auto;
mod chat;
mod conversations;
mod find;
mod invitations;
mod meetup;
mod messenger;
mod rooms;

use crate::support::{Answer, Http, Server, Wire};
use serde_json::{Value, json};

/// The address at which a front end of a dialect finds its API.
struct Place {
    server: Server,
    base: String,
    /// Whether answers may also have fields that the clients of other dialects read.
    is_shared: bool,
}

impl Place {
    fn app(&self) -> App {
        App { http: self.server.http(), base: self.base.clone(), token: String::new() }
    }

    /// Connects a socket to the default namespace, as the dialect's document does.
    async fn socket(&self, app: &App) -> Wire {
        Wire::connect(self.server.address(), "/", &json!({ "token": app.token })).await
    }

    /// Asserts that an object has these fields, in any order: exactly these, if only one dialect is answered.
    #[track_caller]
    fn fields(&self, value: &Value, expected: &str) {
        if !self.is_shared {
            return fields(value, expected);
        }
        for field in expected.split(' ') {
            assert!(value.get(field).is_some(), "`{field}` is missing in {value}");
        }
    }
}

fn places(dialect: &str) -> [Place; 3] {
    let own = Server::with().listen(&[&format!("0={dialect}")]).run();
    [
        Place { server: Server::start(), base: format!("/{dialect}/api"), is_shared: false },
        Place { server: own, base: "/api".to_owned(), is_shared: false },
        Place { server: Server::start(), base: "/api".to_owned(), is_shared: true },
    ]
}

/// A front end: the address of its API, and its token.
struct App {
    http: Http,
    base: String,
    token: String,
}

impl App {
    async fn call(&self, method: &str, path: &str, body: Value) -> Answer {
        self.http.call(&self.token, method, &format!("{}{path}", self.base), body).await
    }

    async fn get(&self, path: &str) -> Value {
        self.call("GET", path, Value::Null).await.expect(200)
    }

    async fn post(&self, path: &str, status: u16, body: Value) -> Value {
        self.call("POST", path, body).await.expect(status)
    }

    async fn put(&self, path: &str, status: u16, body: Value) -> Value {
        self.call("PUT", path, body).await.expect(status)
    }

    async fn delete(&self, path: &str, status: u16) -> Value {
        self.call("DELETE", path, Value::Null).await.expect(status)
    }
}

/// Asserts that an object has exactly these fields, in any order.
#[track_caller]
fn fields(value: &Value, expected: &str) {
    let mut found: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    let mut expected: Vec<&str> = expected.split(' ').collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected, "{value}");
}

#[track_caller]
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// Returns the texts of the messages in a list.
#[track_caller]
fn contents(messages: &Value) -> Vec<String> {
    messages.as_array().expect("messages").iter().map(|message| text(&message["content"])).collect()
}

fn person(username: &str) -> Value {
    json!({ "username": username, "email": format!("{username}@example.org"), "password": "correct horse" })
}

fn login(email: &str) -> Value {
    json!({ "email": email, "password": "correct horse" })
}

/// As in events, the text is read under any of three names, and two that contradict each other are refused.
#[tokio::test]
async fn the_text_of_a_message_has_three_names() {
    let server = Server::start();
    let http = server.http();
    let (ada, bob) = (http.register("ada").await, http.register("bob").await);
    let group = json!({ "kind": "group", "name": "G", "memberIds": [bob.0] });
    let made = http.api(&ada.1, "POST", "/conversations", group).await.expect(201);
    let id = text(&made["id"]);
    for path in [
        format!("/conversations/api/messages/{id}"),
        format!("/chat/api/chats/{id}/messages"),
        format!("/messenger/api/users/{}/messages", bob.0),
        format!("/messenger/api/groups/{id}/messages"),
    ] {
        for (body, expected) in [
            (json!({ "content": "a" }), Some("a")),
            (json!({ "message": "b" }), Some("b")),
            (json!({ "text": "c" }), Some("c")),
            (json!({ "message": "d", "text": "d" }), Some("d")),
            (json!({ "content": "e", "message": "other" }), Some("e")),
            (json!({ "message": "f", "text": "other" }), None),
            (json!({ "message": 7 }), None),
        ] {
            let answer = http.call(&ada.1, "POST", &path, body.clone()).await;
            let Some(expected) = expected else {
                assert_eq!(answer.status, 400, "{path} {body}");
                continue;
            };
            let sent = answer.expect(201);
            let message = [&sent["data"], &sent["message"], &sent].into_iter().find(|one| one["content"].is_string());
            assert_eq!(message.expect("a message")["content"], expected, "{path} {body}");
        }
    }
}
