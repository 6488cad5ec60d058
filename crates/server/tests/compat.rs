//! The lives of front ends that were written for existing backends: over HTTP and sockets together, shape by shape.

mod support;

use serde_json::{Value, json};
use support::{Answer, Http, Server, Wire};

const SECRET: &str = "a secret of two backends";

/// A front end: where its API is, and its token.
struct App {
    http: Http,
    base: String,
    token: String,
}

impl App {
    fn new(server: &Server, base: &str) -> Self {
        Self { http: server.http(), base: base.to_owned(), token: String::new() }
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> Answer {
        self.http.call(&self.token, method, &format!("{}{path}", self.base), body).await
    }

    async fn get(&self, path: &str) -> Value {
        self.call("GET", path, Value::Null).await.expect(200)
    }

    async fn post(&self, path: &str, status: u16, body: Value) -> Value {
        self.call("POST", path, body).await.expect(status)
    }
}

/// Fails unless a value has exactly these fields, in any order.
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

fn person(username: &str) -> Value {
    json!({ "username": username, "email": format!("{username}@example.org"), "password": "correct horse" })
}

/// Where a front end of a dialect may find its API: on any listener, and on one of its own.
async fn places(dialect: &str) -> [(Server, String); 2] {
    let own = Server::with().listen(&[&format!("0={dialect}")]).run();
    [(Server::start(), format!("/{dialect}/api")), (own, "/api".to_owned())]
}

#[tokio::test]
async fn conversations() {
    for (server, base) in places("conversations").await {
        let (mut ada, mut bob) = (App::new(&server, &base), App::new(&server, &base));
        let session = ada.post("/auth/register", 201, person("ada")).await;
        fields(&session, "success token user");
        fields(&session["user"], "_id id username email avatar status lastSeen createdAt");
        assert!(session["user"]["lastSeen"].is_string(), "clients format it");
        bob.post("/auth/register", 201, person("bob")).await;
        let login = json!({ "email": "bob@example.org", "password": "correct horse" });
        let session_of_bob = bob.post("/auth/login", 200, login).await;
        (ada.token, bob.token) = (text(&session["token"]), text(&session_of_bob["token"]));
        assert_eq!(bob.get("/auth/me").await["user"], session_of_bob["user"]);

        let found = ada.get("/users/search?q=bo").await;
        assert_eq!((&found["success"], &found["count"]), (&json!(true), &json!(1)));
        let bob_id = text(&found["users"][0]["_id"]);
        assert!(found["users"][0].get("email").is_none(), "nothing is shared yet");
        let opened = ada.post("/conversations", 201, json!({ "participantId": bob_id })).await;
        fields(&opened, "success conversation existed");
        assert_eq!(opened["existed"], false);
        assert_eq!(ada.post("/conversations", 200, json!({ "participantId": bob_id })).await["existed"], true);
        let id = text(&opened["conversation"]["_id"]);
        assert_eq!(ada.get("/users").await["users"][0]["email"], "bob@example.org");

        // Sent over HTTP, heard over the socket, and the other way round.
        let mut wire = Wire::connect(server.address(), "/conversations", &json!({ "token": bob.token })).await;
        let sent = ada.post(&format!("/messages/{id}"), 201, json!({ "content": "one", "type": "TEXT" })).await;
        let heard = wire.next("receive_message").await;
        assert_eq!(heard["message"], sent["message"]);
        let ack = wire.call("send_message", &json!({ "conversationId": id, "content": "two" })).await;
        assert_eq!(ack["success"], true);

        let listed = ada.get("/conversations").await;
        fields(&listed, "success count conversations");
        let listed = &listed["conversations"][0];
        assert_eq!((&listed["lastMessage"]["content"], &listed["unreadCount"]), (&json!("two"), &json!(1)));
        fields(&listed["participants"][0], "_id id username avatar status lastSeen createdAt");
        // Pages count from the newest, and each is oldest first.
        for number in 3..=7 {
            let content = format!("number {number}");
            ada.post(&format!("/messages/{id}"), 201, json!({ "content": content })).await;
        }
        let contents = |page: &Value| -> Vec<String> {
            page["messages"].as_array().expect("messages").iter().map(|message| text(&message["content"])).collect()
        };
        let first = ada.get(&format!("/messages/{id}?page=1&limit=3")).await;
        assert_eq!(contents(&first), ["number 5", "number 6", "number 7"]);
        assert_eq!(first["pagination"], json!({ "page": 1, "limit": 3, "total": 7, "pages": 3 }));
        assert_eq!(contents(&ada.get(&format!("/messages/{id}?page=3&limit=3")).await), ["one"]);

        let message = text(&sent["message"]["_id"]);
        let edited = ada.call("PUT", &format!("/messages/{message}"), json!({ "content": "uno" })).await.expect(200);
        assert_eq!((&edited["message"]["content"], &edited["message"]["edited"]), (&json!("uno"), &json!(true)));
        assert_eq!(wire.next("message_edited").await["newContent"], "uno");
        ada.call("DELETE", &format!("/messages/{message}"), Value::Null).await.expect(200);
        assert_eq!(wire.next("message_deleted").await["messageId"], json!(message));
        let profile = json!({ "username": "ada2", "avatar": "https://example.org/a.png" });
        let profile = ada.call("PUT", "/users/profile", profile).await.expect(200);
        assert_eq!(profile["user"]["username"], "ada2");
        ada.call("DELETE", &format!("/conversations/{id}"), Value::Null).await.expect(200);
        assert_eq!(ada.get("/conversations").await["count"], 0);

        // Failures.
        let taken = bob.post("/auth/register", 409, person("bob")).await;
        fields(&taken, "success message code");
        let invalid = bob.post("/auth/register", 400, json!({ "username": "x" })).await;
        fields(&invalid, "success message errors code");
        let wrong = json!({ "email": "bob@example.org", "password": "wrong" });
        assert_eq!(bob.post("/auth/login", 401, wrong).await["success"], false);
        bob.token.clear();
        let nobody = bob.call("GET", "/conversations", Value::Null).await.expect(401);
        assert_eq!(nobody["success"], false);
    }
}

#[tokio::test]
async fn chat() {
    for (server, base) in places("chat").await {
        let (mut ada, mut bob) = (App::new(&server, &base), App::new(&server, &base));
        let session = ada.post("/auth/register", 201, person("ada")).await;
        fields(&session, "message user token");
        fields(&session["user"], "id username email avatar_url status");
        ada.token = text(&session["token"]);
        bob.token = text(&bob.post("/auth/register", 201, person("bob")).await["token"]);
        let login = json!({ "email": "ada@example.org", "password": "correct horse" });
        fields(&ada.post("/auth/login", 200, login).await, "message user token");
        assert_eq!(ada.get("/auth/me").await["user"], session["user"]);
        let found = ada.get("/users/search?q=bob").await;
        fields(&found, "users count");
        fields(&found["users"][0], "id username avatar_url status");
        let bob_id = text(&found["users"][0]["id"]);
        assert_eq!(ada.get(&format!("/users/{bob_id}")).await["user"], found["users"][0]);

        let mut wire = Wire::connect(server.address(), "/chat", &json!({ "token": bob.token })).await;
        let made = ada.post("/chats", 201, json!({ "name": "G", "type": "group", "participantIds": [bob_id] })).await;
        fields(&made, "message data");
        fields(
            &made["data"],
            "id name type created_by created_at updated_at last_read_at unread_count last_message participants",
        );
        fields(&made["data"]["participants"][0], "id username email avatar_url status joined_at last_read_at");
        let id = text(&made["data"]["id"]);
        let sent = ada.post(&format!("/chats/{id}/messages"), 201, json!({ "content": "one" })).await;
        // The change is committed when it is told: a list that is fetched again shows it.
        assert_eq!(wire.next("message:new").await, sent["data"]);
        assert_eq!(bob.get("/chats").await["chats"][0]["last_message"]["content"], "one");
        wire.call("message:send", &json!({ "chatId": id, "content": "two" })).await;
        let history = ada.get(&format!("/chats/{id}/messages?limit=1&offset=1")).await;
        assert_eq!((&history["messages"][0]["content"], &history["count"]), (&json!("one"), &json!(1)));
        let message = text(&sent["data"]["id"]);
        bob.post(&format!("/messages/{message}/read"), 200, json!({})).await;
        assert!(bob.get("/chats").await["chats"][0]["last_read_at"].is_string());
        let edited = ada.call("PUT", &format!("/messages/{message}"), json!({ "content": "uno" })).await.expect(200);
        assert_eq!(edited["data"]["is_edited"], true);
        bob.call("PUT", &format!("/messages/{message}"), json!({ "content": "mine" })).await.expect(403);
        ada.call("DELETE", &format!("/messages/{message}"), Value::Null).await.expect(200);
        let renamed = ada.call("PUT", &format!("/chats/{id}"), json!({ "name": "H" })).await.expect(200);
        assert_eq!(renamed["data"]["name"], "H");

        let direct = json!({ "type": "direct", "participantIds": [bob_id] });
        assert_eq!(ada.post("/chats", 201, direct).await["data"]["type"], "direct");
        assert_eq!(ada.get("/chats").await["count"], 2);
        ada.call("DELETE", &format!("/chats/{id}/participants/{bob_id}"), Value::Null).await.expect(200);
        let gone = bob.call("GET", &format!("/chats/{id}"), Value::Null).await.expect(404);
        fields(&gone, "error message code");
        ada.post(&format!("/chats/{id}/participants"), 201, json!({ "userId": bob_id })).await;
        fields(&bob.get(&format!("/chats/{id}")).await, "chat");
        ada.call("DELETE", &format!("/chats/{id}"), Value::Null).await.expect(200);
        let invalid = ada.post("/chats", 400, json!({ "type": "crowd" })).await;
        assert_eq!(invalid["error"], "Bad Request");
    }
}

#[tokio::test]
async fn messenger() {
    for (server, base) in places("messenger").await {
        let (mut ada, mut bob) = (App::new(&server, &base), App::new(&server, &base));
        let mut ids = Vec::new();
        for (app, first) in [(&mut ada, "Ada"), (&mut bob, "Bob")] {
            let email = format!("{first}@example.org");
            let up = json!({ "firstName": first, "lastName": "Example", "email": email, "country": "Norway", "password": "correct horse" });
            let made = app.post("/auth/signup", 201, up).await;
            fields(&made, "message userId");
            let session = app.post("/auth/login", 200, json!({ "email": email, "password": "correct horse" })).await;
            fields(&session, "message token user");
            assert_eq!((&session["user"]["firstName"], &session["user"]["id"]), (&json!(first), &made["userId"]));
            app.token = text(&session["token"]);
            ids.push(text(&made["userId"]));
        }
        assert_eq!(ada.get("/users/profile").await["country"], "Norway");
        let people = ada.get("/users").await;
        assert_eq!(people, json!([{ "_id": ids[1], "firstName": "Bob", "lastName": "Example", "email": "" }]));
        let with_bob = format!("/users/{}/messages", ids[1]);
        assert_eq!(ada.get(&with_bob).await, json!([]));
        let mut wire = Wire::connect(server.address(), "/messenger", &json!({ "token": bob.token })).await;
        let sent = ada.post(&with_bob, 201, json!({ "content": "hello" })).await;
        assert_eq!(wire.next("privateMessage").await, sent);
        assert_eq!(ada.get("/users").await[0]["email"], "Bob@example.org");
        // To read the list is to read the messages.
        let mut ada_hears = Wire::connect(server.address(), "/messenger", &json!({ "token": ada.token })).await;
        assert_eq!(bob.get(&format!("/users/{}/messages", ids[0])).await[0]["content"], "hello");
        assert_eq!(ada_hears.next("messagesSeen").await["messageIds"], json!([sent["_id"]]));

        let group = ada.post("/groups", 201, json!({ "name": "Hikers", "description": "We walk." })).await;
        fields(&group["group"], "_id name description creator memberCount isMember createdAt members");
        let id = text(&group["group"]["_id"]);
        let seen_by_bob = bob.get("/groups").await;
        fields(&seen_by_bob[0], "_id name description creator memberCount isMember createdAt");
        assert_eq!((&seen_by_bob[0]["isMember"], &seen_by_bob[0]["description"]), (&json!(false), &json!("We walk.")));
        let before_joining = bob.get(&format!("/groups/{id}")).await;
        assert_eq!((&before_joining["memberCount"], &before_joining["members"]), (&json!(1), &Value::Null));
        bob.post(&format!("/groups/{id}/join"), 200, json!({})).await;
        ada.post(&format!("/groups/{id}/messages"), 201, json!({ "content": "up?" })).await;
        assert_eq!(wire.next("groupMessage").await["content"], "up?");
        assert_eq!(bob.get(&format!("/groups/{id}/messages")).await[0]["group"], json!(id));
        assert_eq!(bob.get(&format!("/groups/{id}")).await["memberCount"], 2);
        bob.post(&format!("/groups/{id}/leave"), 200, json!({})).await;
        assert_eq!(bob.get("/groups").await[0]["memberCount"], 1);

        let profile = ada.call("PUT", "/users/profile", json!({ "lastName": "Lovelace" })).await.expect(200);
        assert_eq!((&profile["user"]["firstName"], &profile["user"]["lastName"]), (&json!("Ada"), &json!("Lovelace")));
        let change = json!({ "currentPassword": "correct horse", "newPassword": "battery staple" });
        ada.token = text(&ada.call("PUT", "/users/change-password", change).await.expect(200)["token"]);
        ada.get("/users/profile").await;
        let invalid = bob.post("/auth/signup", 400, json!({ "firstName": "X" })).await;
        assert!(invalid["errors"].as_array().is_some_and(|errors| errors.len() == 1), "{invalid}");
        fields(
            &bob.post("/auth/login", 401, json!({ "email": "x@example.org", "password": "x" })).await,
            "message code",
        );
    }
}

#[tokio::test]
async fn meetup() {
    for (server, base) in places("meetup").await {
        let (mut ada, mut bob) = (App::new(&server, &base), App::new(&server, &base));
        let register = |name: &str, email: &str| json!({ "name": name, "email": email, "password": "correct horse" });
        let made = ada.post("/auth/register", 200, register("Ada", "ada@example.org")).await;
        fields(&made, "message userId token");
        ada.token = text(&made["token"]);
        // Another of the same name is no conflict: this client knows no usernames.
        bob.post("/auth/register", 200, register("Ada", "bob@example.org")).await;
        let login = json!({ "email": "bob@example.org", "password": "correct horse" });
        let session = bob.post("/auth/login", 200, login).await;
        fields(&session, "token userId");
        bob.token = text(&session["token"]);
        let mut wire = Wire::connect(server.address(), "/meetup", &json!({ "token": ada.token })).await;
        let proposal = json!({ "userId": made["userId"], "date": "2030-01-05", "time": "18:30", "location": "Park", "activity": "Chess" });
        let broadcast = ada.post("/broadcasts", 200, proposal.clone()).await;
        fields(&broadcast, "_id userId date time location activity requests expiresAt __v chatId");
        assert_eq!((&broadcast["date"], &broadcast["time"]), (&json!("2030-01-05"), &json!("18:30")));
        assert_eq!(bob.get("/broadcasts").await.as_array().map(Vec::len), Some(1));
        let join = json!({ "broadcastId": broadcast["_id"] });
        fields(&bob.post("/broadcasts/join", 200, join.clone()).await, "message broadcastId");
        assert_eq!(ada.get("/broadcasts").await[0]["requests"], json!([session["userId"]]));
        assert!(wire.next("newNotification").await["notification"]["message"].is_string());
        // Twice, unknown, and somebody else's name.
        assert!(bob.post("/joinBroadcast", 400, join).await["message"].is_string());
        bob.post("/broadcasts/join", 400, json!({})).await;
        bob.post("/broadcasts/join", 404, json!({ "broadcastId": "nowhere" })).await;
        bob.post("/broadcasts", 403, proposal).await;
        let taken = bob.post("/auth/register", 400, register("Ada", "ada@example.org")).await;
        assert!(taken["error"].is_string());
        let wrong = json!({ "email": "ada@example.org", "password": "wrong" });
        assert!(bob.post("/auth/login", 400, wrong).await["error"].is_string());
        bob.token.clear();
        assert!(bob.call("GET", "/broadcasts", Value::Null).await.expect(401)["message"].is_string());
        bob.token = "bad".to_owned();
        bob.call("GET", "/broadcasts", Value::Null).await.expect(403);
    }
}

#[tokio::test]
async fn rooms() {
    for (server, base) in places("rooms").await {
        let http = server.http();
        assert_eq!(http.send("GET", "/", &[], "").await.status, 200);
        let alice = http.register("alice").await;
        let body = json!({ "kind": "room", "name": "Lobby" });
        let id = text(&http.api(&alice.1, "POST", "/conversations", body).await.expect(201)["id"]);
        let path = format!("/conversations/{id}/messages");
        http.api(&alice.1, "POST", &path, json!({ "content": "hi" })).await.expect(201);
        let app = App { http, base, token: alice.1 };
        let history = app.get(&format!("/rooms/{id}/messages")).await;
        assert_eq!((&history["roomId"], &history["messages"][0]["content"]), (&json!(id), &json!("hi")));
        assert_eq!(
            app.http.call(&app.token, "GET", &format!("/rooms/{id}/messages"), Value::Null).await.json(),
            history
        );
    }
}

#[tokio::test]
async fn one_listener_serves_all_of_them() {
    let server = Server::with().env("QUINTET_JWT_SECRET", SECRET).run();
    let http = server.http();
    let call = |token: &str, method: &'static str, path: &'static str, body: Value| {
        let (http, token) = (http.clone(), token.to_owned());
        async move { http.call(&token, method, &format!("/api{path}"), body).await }
    };
    // What registers says whose client it is, as far as that can be.
    let both = call("", "POST", "/auth/register", person("ada")).await.expect(201);
    fields(&both, "success message token userId user");
    for field in ["_id", "id", "username", "email", "avatar", "avatar_url", "status", "lastSeen", "firstName", "role"] {
        assert!(both["user"].get(field).is_some(), "{field} is missing in {both}");
    }
    let meetup = json!({ "name": "Bob", "email": "bob@example.org", "password": "correct horse" });
    fields(&call("", "POST", "/auth/register", meetup).await.expect(200), "message userId token");
    let up = json!({ "firstName": "Eve", "lastName": "E", "email": "eve@example.org", "password": "correct horse" });
    call("", "POST", "/auth/signup", up).await.expect(201);
    let login = json!({ "email": "eve@example.org", "password": "correct horse" });
    let eve = call("", "POST", "/auth/login", login).await.expect(200);
    fields(&eve, "success message token userId user");
    // The token carries where the user is at home: it is answered in that shape, and its socket speaks that dialect.
    let eve = text(&eve["token"]);
    assert!(call(&eve, "GET", "/users", Value::Null).await.expect(200).is_array());
    let mut wire = Wire::connect(server.address(), "/", &json!({ "token": eve })).await;
    assert!(wire.next("onlineUsers").await.is_array());
    // A path that one dialect alone has is answered in its shape; where nothing decides, the answer says so.
    let ada = text(&both["token"]);
    fields(&call(&ada, "GET", "/chats", Value::Null).await.expect(200), "chats count");
    fields(&call(&ada, "GET", "/conversations", Value::Null).await.expect(200), "success count conversations");
    fields(&call(&ada, "GET", "/auth/me", Value::Null).await.expect(200), "success user");
    // Whoever registered by a username is a client of one of two, and some answers are for both.
    fields(&call(&ada, "GET", "/users", Value::Null).await.expect(200), "success count users");
    let found = call(&ada, "GET", "/users/search?q=eve", Value::Null).await.expect(200);
    fields(&found["users"][0], "_id id username avatar avatar_url status lastSeen createdAt");
    let direct = json!({ "participantId": found["users"][0]["_id"] });
    let place = text(&call(&ada, "POST", "/conversations", direct).await.expect(201)["conversation"]["_id"]);
    let sent = http.call(&ada, "POST", &format!("/api/messages/{place}"), json!({ "content": "one" })).await;
    let path = format!("/api/messages/{}", text(&sent.expect(201)["message"]["_id"]));
    let edited = http.call(&ada, "PUT", &path, json!({ "content": "uno" })).await.expect(200);
    assert_eq!((&edited["message"]["content"], &edited["data"]["is_edited"]), (&json!("uno"), &json!(true)));
    // A token of another backend decides nothing: where the path does not either, the answer says so.
    let claims = json!({ "sub": "elsewhere", "exp": 4_102_444_800_u64 });
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    let foreign = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).expect("a token");
    let unclear = call(&foreign, "GET", "/users", Value::Null).await.expect(409);
    assert!(text(&unclear["detail"]).contains("/messenger/api"), "{unclear}");
    // Failures are read by all of them, and a registration by name is answered in its own words.
    let wrong = json!({ "email": "eve@example.org", "password": "wrong" });
    fields(&call("", "POST", "/auth/login", wrong).await.expect(401), "success message error detail code");
    let taken = json!({ "name": "Bob", "email": "bob@example.org", "password": "correct horse" });
    fields(&call("", "POST", "/auth/register", taken).await.expect(400), "message error code");
    assert_eq!(call("", "POST", "/api/auth/login", json!({})).await.status, 401, "a prefix counts once");
    assert_eq!(call(&ada, "DELETE", "/auth/me", Value::Null).await.status, 405);
    call("", "GET", "/users", Value::Null).await.expect(401);
    assert_eq!(call(&ada, "GET", "/chats/none", Value::Null).await.status, 404);
    assert_eq!(call(&eve, "GET", "/nothing", Value::Null).await.status, 404);
    assert_eq!(call(&ada, "GET", "/v1/nothing", Value::Null).await.status, 404);
}

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
