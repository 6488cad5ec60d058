//! Calls under `/api` of a listener for all dialects: which dialect is chosen, and the answer if none can be.

use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::compat::{fields, login, person, text};
use crate::support::{Server, Wire};

const SECRET: &str = "a secret of two backends, of 32 bytes and more";

#[tokio::test]
async fn one_listener_serves_all_dialects() {
    let server = Server::with().env("QUINTET_JWT_SECRET", SECRET).run();
    let http = server.http();
    let call = |token: &str, method: &'static str, path: &str, body: Value| {
        let (http, token, path) = (http.clone(), token.to_owned(), format!("/api{path}"));
        async move { http.call(&token, method, &path, body).await }
    };
    // A registration decides the dialect as far as possible.
    let both = call("", "POST", "/auth/register", person("ada")).await.expect(201);
    fields(&both, "success message token userId user");
    for field in ["_id", "id", "username", "email", "avatar", "avatar_url", "status", "lastSeen", "firstName", "role"] {
        assert!(both["user"].get(field).is_some(), "{field} is missing in {both}");
    }
    let meetup = json!({ "name": "Bob", "email": "bob@example.org", "password": "correct horse" });
    let bob = call("", "POST", "/auth/register", meetup).await.expect(200);
    fields(&bob, "message userId token");
    let up = json!({ "firstName": "Eve", "lastName": "E", "email": "eve@example.org", "password": "correct horse" });
    call("", "POST", "/auth/signup", up).await.expect(201);
    let eve = call("", "POST", "/auth/login", login("eve@example.org")).await.expect(200);
    fields(&eve, "success message token userId user");
    // The token carries the user's home dialect: answers are in its format, and the socket speaks it.
    let eve = text(&eve["token"]);
    assert!(call(&eve, "GET", "/users", Value::Null).await.expect(200).is_array());
    let mut wire = Wire::connect(server.address(), "/", &json!({ "token": eve })).await;
    assert!(wire.next("onlineUsers").await.is_array());
    // A path that only one dialect has is answered in its format, whatever the caller's home dialect.
    let (ada, bob) = (text(&both["token"]), text(&bob["token"]));
    for token in [&ada, &bob, &eve] {
        fields(&call(token, "GET", "/chats", Value::Null).await.expect(200), "chats count");
        fields(&call(token, "GET", "/conversations/", Value::Null).await.expect(200), "success count conversations");
        assert!(call(token, "GET", "/broadcasts", Value::Null).await.expect(200).is_array());
        assert!(call(token, "GET", "/groups", Value::Null).await.expect(200).is_array());
        assert!(call(token, "GET", "/users/profile", Value::Null).await.expect(200)["firstName"].is_string());
        fields(&call(token, "GET", "/auth/me", Value::Null).await.expect(200), "success user");
        fields(&call(token, "GET", "/users/search?q=eve", Value::Null).await.expect(200), "success count users");
    }
    // A user who registered by username speaks one of two dialects, and some answers serve both.
    fields(&call(&ada, "GET", "/users", Value::Null).await.expect(200), "success count users");
    let found = call(&ada, "GET", "/users/search?q=eve", Value::Null).await.expect(200);
    fields(&found["users"][0], "_id id username email avatar avatar_url status lastSeen createdAt created_at");
    let eve_id = text(&found["users"][0]["_id"]);
    fields(&call(&ada, "GET", &format!("/users/{eve_id}"), Value::Null).await.expect(200), "user");
    assert!(call(&ada, "GET", &format!("/users/{eve_id}/messages"), Value::Null).await.expect(200).is_array());
    let direct = json!({ "participantId": eve_id });
    let place = text(&call(&ada, "POST", "/conversations", direct).await.expect(201)["conversation"]["_id"]);
    let sent = call(&ada, "POST", &format!("/messages/{place}"), json!({ "content": "one" })).await;
    let message = text(&sent.expect(201)["message"]["_id"]);
    call(&eve, "POST", &format!("/messages/{message}/read"), json!({})).await.expect(200);
    let path = format!("/messages/{message}");
    let edited = call(&ada, "PUT", &path, json!({ "content": "uno" })).await.expect(200);
    assert_eq!((&edited["message"]["content"], &edited["data"]["is_edited"]), (&json!("uno"), &json!(true)));
    // Deleting another user's message is refused in a format that serves both.
    let not_hers = call(&eve, "DELETE", &path, Value::Null).await.expect(403);
    fields(&not_hers, "success message error detail code");
    call(&ada, "DELETE", &path, Value::Null).await.expect(200);
    // If nothing decides the dialect, the answer says so: a home dialect without the call, a token of another backend.
    call(&bob, "GET", "/users", Value::Null).await.expect(409);
    let claims = json!({ "sub": "elsewhere", "exp": 4_102_444_800_u64 });
    let foreign = encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes())).expect("a token");
    let unclear = call(&foreign, "GET", "/users", Value::Null).await.expect(409);
    assert!(text(&unclear["detail"]).contains("/messenger/api"), "{unclear}");
    fields(&call(&foreign, "GET", "/chats", Value::Null).await.expect(200), "chats count");
    // Failures have the fields of all dialects, and a registration by name is answered in meetup's format.
    let wrong = json!({ "email": "eve@example.org", "password": "wrong" });
    fields(&call("", "POST", "/auth/login", wrong).await.expect(401), "success message error detail code");
    let taken = json!({ "name": "Bob", "email": "bob@example.org", "password": "correct horse" });
    fields(&call("", "POST", "/auth/register", taken).await.expect(400), "message error code");
    let neither = call("", "POST", "/auth/register", json!({ "email": "x@example.org" })).await.expect(400);
    fields(&neither, "success message errors error detail code");
    assert_eq!(call("", "POST", "/api/auth/login", json!({})).await.status, 404, "a prefix counts once");
    assert_eq!(call(&ada, "DELETE", "/auth/me", Value::Null).await.status, 405);
    call("", "GET", "/users", Value::Null).await.expect(401);
    assert_eq!(call(&ada, "GET", "/chats/none", Value::Null).await.status, 404);
    assert_eq!(call(&eve, "GET", "/nothing", Value::Null).await.status, 404);
    // A path that does not exist in `/api/v1` is answered with a problem, as there.
    for path in ["/v1/nothing", "/v1/me/"] {
        let answer = call(&ada, "GET", path, Value::Null).await;
        assert!(answer.head.contains("content-type: application/problem+json"), "{}", answer.head);
        fields(&answer.expect(404), "type title status detail code requestId");
    }
}

/// A user who logs in at a client of another dialect is answered and notified in that client's dialect.
#[tokio::test]
async fn a_log_in_through_a_dialect_uses_that_dialect() {
    let server = Server::with().listen(&["0", "0=chat"]).run();
    let http = server.http();
    let up = json!({ "firstName": "Eve", "lastName": "E", "email": "eve@example.org", "password": "correct horse" });
    http.call("", "POST", "/messenger/api/auth/signup", up).await.expect(201);
    let own = crate::support::Http::new(server.addresses[1]);
    for (http, path, address) in
        [(&http, "/chat/api/auth/login", server.address()), (&own, "/api/auth/login", server.addresses[1])]
    {
        let token = text(&http.call("", "POST", path, login("eve@example.org")).await.expect(200)["token"]);
        let refreshed = http.api(&token, "POST", "/auth/refresh", Value::Null).await.expect(200);
        for token in [token, text(&refreshed["token"])] {
            let mut wire = Wire::connect(address, "/", &json!({ "token": token })).await;
            let ack = wire.call("chat:join", &json!({ "chatId": "none" })).await;
            fields(&ack, "success code message");
            assert_eq!(ack["code"], "ERR_NOT_FOUND");
            fields(&server.http().call(&token, "GET", "/api/chats", Value::Null).await.expect(200), "chats count");
        }
    }
}
