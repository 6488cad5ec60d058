//! Access control: the status of every endpoint for a caller without a token, a stranger, a member, the owner and a
//! service.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::{Http, Server, is_of};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

const SECRET: &str = "a secret of the tests, of 32 bytes and more";

fn token(user: &str) -> String {
    // Issued now, because erasing an account without a password needs a recent token.
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs();
    let claims = json!({ "sub": user, "username": user, "iat": now_s, "exp": 4_102_444_800_u64 });
    jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes())).expect("a token")
}

/// A closed group of `owner` and `member`, a message of the owner, and a meetup that the member takes part in and that
/// `asker` requests to join.
struct Stage {
    conversation: String,
    message: String,
    meetup: String,
}

async fn stage(http: &Http) -> Stage {
    let (owner, member, asker) = (token("owner"), token("member"), token("asker"));
    let id = |made: Value| made["id"].as_str().expect("an id").to_owned();
    for user in [&member, &asker, &token("blocked")] {
        http.api(user, "GET", "/me", Value::Null).await.expect(200);
    }
    let group = json!({ "kind": "group", "name": "G", "memberIds": ["member"] });
    let conversation = id(http.api(&owner, "POST", "/conversations", group).await.expect(201));
    let path = format!("/conversations/{conversation}/messages");
    let message = id(http.api(&owner, "POST", &path, json!({ "content": "hello" })).await.expect(201));
    let proposal = json!({ "activity": "Chess", "location": "Park", "startsAt": "2099-01-01T00:00:00Z" });
    let meetup = id(http.api(&owner, "POST", "/meetups", proposal).await.expect(201));
    for user in [&member, &asker] {
        http.api(user, "POST", &format!("/meetups/{meetup}/requests"), json!({})).await.expect(201);
    }
    http.api(&owner, "POST", &format!("/meetups/{meetup}/requests/member/accept"), json!({})).await.expect(200);
    Stage { conversation, message, meetup }
}

/// Lets `member` leave a group, and the owner invite it again. Returns the id of the request to `member`.
async fn invited_again(http: &Http, group: &str) -> String {
    let (owner, member) = (token("owner"), token("member"));
    let members = format!("/conversations/{group}/members");
    http.api(&member, "DELETE", &format!("{members}/member"), Value::Null).await.expect(204);
    http.api(&owner, "POST", &members, json!({ "userId": "member" })).await.expect(201);
    let requests = http.api(&member, "GET", "/me/requests", Value::Null).await.expect(200);
    requests["items"][0]["id"].as_str().expect("a request").to_owned()
}

/// A browser as it subscribes; its keys are those of RFC 8291, section 5.
fn subscription() -> Value {
    let p256dh = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    let keys = json!({ "p256dh": p256dh, "auth": "BTBZMqHH6r4Tts7J_aSIgg" });
    json!({ "endpoint": "https://push.example.org/1", "keys": keys })
}

/// One row per endpoint: the statuses for no token, a stranger, a member, the owner and a service.
#[rustfmt::skip]
fn table() -> Vec<(&'static str, &'static str, Value, [u16; 5])> {
    let none = || Value::Null;
    vec![
        ("GET",    "/server",                            none(),                                   [200, 200, 200, 200, 200]),
        ("GET",    "/me",                                none(),                                   [401, 200, 200, 200, 200]),
        ("PATCH",  "/me",                                json!({ "name": "New" }),                 [401, 200, 200, 200, 403]),
        ("GET",    "/push/key",                          none(),                                   [401, 200, 200, 200, 200]),
        ("GET",    "/me/push",                           none(),                                   [401, 200, 200, 200, 403]),
        ("POST",   "/me/push",                           subscription(),                           [401, 204, 204, 204, 403]),
        ("DELETE", "/me/push",                           json!({}),                                [401, 204, 204, 204, 403]),
        ("GET",    "/me/sessions",                       none(),                                   [401, 200, 200, 200, 403]),
        ("DELETE", "/me/sessions/nothing",               none(),                                   [401, 404, 404, 404, 403]),
        ("POST",   "/auth/logout",                       none(),                                   [401, 204, 204, 204, 403]),
        ("GET",    "/me/blocks",                         none(),                                   [401, 200, 200, 200, 403]),
        ("PUT",    "/me/blocks/blocked",                 none(),                                   [401, 204, 204, 204, 403]),
        ("DELETE", "/me/blocks/blocked",                 none(),                                   [401, 204, 204, 204, 403]),
        ("GET",    "/me/requests",                       none(),                                   [401, 200, 200, 200, 403]),
        ("POST",   "/me/requests/{r}/accept",            none(),                                   [401, 404, 200, 404, 403]),
        ("POST",   "/me/requests/{r}/decline",           none(),                                   [401, 404, 204, 404, 403]),
        ("GET",    "/users",                             none(),                                   [401, 200, 200, 200, 200]),
        ("GET",    "/users/owner",                       none(),                                   [401, 200, 200, 200, 200]),
        ("POST",   "/users",                             json!({ "id": "{n}", "username": "{n}" }), [401, 403, 403, 403, 201]),
        ("PATCH",  "/users/{n}",                         json!({ "name": "New" }),                 [401, 403, 403, 403, 200]),
        ("DELETE", "/users/{n}",                         none(),                                   [401, 403, 403, 403, 204]),
        ("POST",   "/notifications", json!({ "userId": "owner", "title": "T", "message": "M" }),   [401, 403, 403, 403, 201]),
        ("GET",    "/rooms",                             none(),                                   [401, 200, 200, 200, 200]),
        ("GET",    "/rooms/{c}",                         none(),                                   [401, 404, 200, 200, 404]),
        ("GET",    "/notifications",                     none(),                                   [401, 200, 200, 200, 200]),
        ("PUT",    "/notifications/read",                none(),                                   [401, 204, 204, 204, 204]),
        ("GET",    "/conversations",                     none(),                                   [401, 200, 200, 200, 200]),
        ("POST",   "/conversations",                     json!({ "kind": "group", "name": "H" }),  [401, 201, 201, 201, 201]),
        ("GET",    "/conversations/{c}",                 none(),                                   [401, 404, 200, 200, 200]),
        ("PATCH",  "/conversations/{c}",                 json!({ "name": "H" }),                   [401, 404, 403, 200, 200]),
        ("DELETE", "/conversations/{c}",                 none(),                                   [401, 404, 403, 204, 204]),
        ("GET",    "/conversations/{c}/members",         none(),                                   [401, 404, 200, 200, 200]),
        ("POST",   "/conversations/{c}/members",         json!({ "userId": "asker" }),             [401, 404, 403, 201, 201]),
        ("POST",   "/conversations/{c}/members",         json!({}),                                [401, 404, 200, 200, 201]),
        ("DELETE", "/conversations/{c}/members/member",  none(),                                   [401, 404, 204, 204, 204]),
        ("DELETE", "/conversations/{c}/members/owner",   none(),                                   [401, 404, 403, 204, 204]),
        ("POST",   "/conversations/{c}/invitations",     json!({}),                                [401, 404, 403, 201, 201]),
        ("GET",    "/invitations",                       none(),                                   [401, 200, 200, 200, 200]),
        ("POST",   "/invitations",                       json!({}),                                [401, 403, 403, 403, 201]),
        ("DELETE", "/invitations/nothing",               none(),                                   [401, 404, 404, 404, 404]),
        ("GET",    "/invitations/nothing/accept",        none(),                                   [404, 404, 404, 404, 404]),
        ("POST",   "/invitations/nothing/accept",        none(),                                   [401, 404, 404, 404, 403]),
        ("PATCH",  "/conversations/{c}",                 json!({ "slowModeS": 5 }),                [401, 404, 403, 200, 200]),
        ("PUT",    "/conversations/{c}/bans/member",     json!({ "reason": "spam" }),              [401, 404, 403, 200, 200]),
        ("PUT",    "/conversations/{c}/bans/owner",      json!({}),                                [401, 404, 403, 403, 403]),
        ("DELETE", "/conversations/{c}/bans/asker",      none(),                                   [401, 404, 403, 204, 204]),
        ("GET",    "/conversations/{c}/bans",            none(),                                   [401, 404, 403, 200, 200]),
        ("PUT",    "/conversations/{c}/silences/member", json!({ "until": "2099-01-01T00:00:00Z" }), [401, 404, 403, 200, 200]),
        ("DELETE", "/conversations/{c}/silences/member", none(),                                   [401, 404, 403, 204, 204]),
        ("GET",    "/conversations/{c}/silences",        none(),                                   [401, 404, 403, 200, 200]),
        ("GET",    "/conversations/{c}/retention",       none(),                                   [401, 404, 200, 200, 200]),
        ("PUT",    "/conversations/{c}/retention",       json!({ "days": 30 }),                    [401, 404, 403, 204, 204]),
        ("GET",    "/audit",                             none(),                                   [401, 403, 403, 403, 200]),
        ("PATCH",  "/conversations/{c}/settings",        json!({ "pinned": true }),                [401, 404, 200, 200, 404]),
        ("PUT",    "/conversations/{c}/delivered",       json!({ "messageId": "{m}" }),            [401, 404, 204, 204, 404]),
        ("PUT",    "/conversations/{c}/read",            json!({ "messageId": "{m}" }),            [401, 404, 204, 204, 404]),
        ("GET",    "/conversations/{c}/messages",        none(),                                   [401, 404, 200, 200, 200]),
        ("POST",   "/conversations/{c}/messages",        json!({ "content": "hi" }),               [401, 404, 201, 201, 201]),
        ("GET",    "/messages/{m}",                      none(),                                   [401, 404, 200, 200, 200]),
        ("GET",    "/messages/{m}/thread",               none(),                                   [401, 404, 200, 200, 200]),
        ("PATCH",  "/messages/{m}",                      json!({ "content": "hi" }),               [401, 404, 403, 200, 403]),
        ("DELETE", "/messages/{m}",                      none(),                                   [401, 404, 403, 204, 204]),
        ("PUT",    "/messages/{m}/reactions/+1",         none(),                                   [401, 404, 204, 204, 204]),
        ("DELETE", "/messages/{m}/reactions/+1",         none(),                                   [401, 404, 204, 204, 204]),
        ("GET",    "/messages/{m}/reactions",            none(),                                   [401, 404, 200, 200, 200]),
        ("PUT",    "/messages/{m}/pin",                  none(),                                   [401, 404, 403, 204, 204]),
        ("DELETE", "/messages/{m}/pin",                  none(),                                   [401, 404, 403, 204, 204]),
        ("GET",    "/conversations/{c}/pins",            none(),                                   [401, 404, 200, 200, 200]),
        ("POST",   "/messages/{m}/reports",              json!({ "reason": "rude" }),              [401, 404, 204, 204, 204]),
        ("GET",    "/reports",                           none(),                                   [401, 403, 403, 403, 200]),
        ("PATCH",  "/reports/999999",  json!({ "status": "resolved", "action": "dismiss" }),       [401, 403, 403, 403, 404]),
        ("GET",    "/search/messages?q=hello",           none(),                                   [401, 200, 200, 200, 200]),
        ("GET",    "/search/messages?q=hello&conversation={c}", none(),                            [401, 404, 200, 200, 200]),
        ("GET",    "/meetups",                           none(),                                   [401, 200, 200, 200, 200]),
        ("POST",   "/meetups", json!({ "activity": "Go", "location": "Hill", "startsAt": "2099-01-01T00:00:00Z" }),
                                                                                                   [401, 201, 201, 201, 201]),
        ("GET",    "/meetups/{t}",                       none(),                                   [401, 200, 200, 200, 200]),
        ("PATCH",  "/meetups/{t}",                       json!({ "location": "Hill" }),            [401, 403, 403, 200, 200]),
        ("DELETE", "/meetups/{t}",                       none(),                                   [401, 403, 403, 204, 204]),
        ("POST",   "/meetups/{t}/requests",              none(),                                   [401, 201, 409, 409, 201]),
        ("POST",   "/meetups/{t}/requests/asker/accept", none(),                                   [401, 403, 403, 200, 200]),
        ("POST",   "/meetups/{t}/requests/asker/decline", none(),                                  [401, 403, 403, 200, 200]),
        ("DELETE", "/meetups/{t}/participants/member",   none(),                                   [401, 404, 200, 200, 200]),
        ("GET",    "/webhooks",                          none(),                                   [401, 403, 403, 403, 200]),
        ("POST",   "/webhooks", json!({ "url": "https://example.invalid/hook" }),                  [401, 403, 403, 403, 201]),
        ("GET",    "/webhooks/{w}",                      none(),                                   [401, 403, 403, 403, 200]),
        ("PATCH",  "/webhooks/{w}",                      json!({ "enabled": false }),              [401, 403, 403, 403, 200]),
        ("GET",    "/webhooks/{w}/deliveries",           none(),                                   [401, 403, 403, 403, 200]),
        ("POST",   "/webhooks/{w}/replay",               json!({ "from": 1 }),                     [401, 403, 403, 403, 200]),
        ("DELETE", "/webhooks/{w}",                      none(),                                   [401, 403, 403, 403, 204]),
        // These tokens come from another back end, and only that one can refresh them.
        ("POST",   "/auth/refresh",                      none(),                                   [401, 403, 403, 403, 403]),
        // Ends the sessions of these users, so the row comes last.
        ("PUT",    "/me/password", json!({ "currentPassword": "", "newPassword": "correct horse" }), [401, 403, 403, 403, 403]),
    ]
}

/// The endpoints that the table leaves out: those that need no token, and those that end the callers' sessions.
const ELSEWHERE: [&str; 7] = [
    "POST /auth/register",
    "POST /auth/login",
    "POST /auth/revoke",
    "DELETE /me",
    "POST /files",
    "GET /openapi.json",
    "GET /types/{file}",
];

#[tokio::test]
async fn the_table_has_every_endpoint() {
    let server = Server::start();
    let mut missing = Vec::new();
    for (method, path) in server.http().operations().await {
        let Some(path) = path.strip_prefix("/api/v1") else { continue };
        let tested = table().iter().any(|(tested, with, ..)| *tested == method && is_of(with, path));
        if !tested && !ELSEWHERE.contains(&format!("{method} {path}").as_str()) {
            missing.push(format!("{method} {path}"));
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn every_endpoint_for_every_caller() {
    let server = Server::with().env("QUINTET_JWT_SECRET", SECRET).run();
    let http = server.http();
    let (made, key) = server.run(&["key", "add", "shop"]);
    assert!(made, "{key}");
    let mut tokens = [String::new(), token("stranger"), token("member"), token("owner"), key.clone()];
    let mut wrong = Vec::new();
    let mut number = 0;
    for (method, path, body, expected) in table() {
        for (who, status) in expected.into_iter().enumerate() {
            let Stage { conversation, message, meetup } = stage(&http).await;
            number += 1;
            let new = format!("new-{number}");
            if path.contains("{n}") {
                let user = json!({ "id": new, "username": new });
                http.api(&key, "POST", "/users", user).await.expect(201);
            }
            let hooks = http.api(&key, "GET", "/webhooks", Value::Null).await.expect(200);
            let hook = hooks["items"][0]["id"].as_str().unwrap_or("none").to_owned();
            let filled = |text: &str| {
                let text = text.replace("{w}", &hook).replace("{c}", &conversation).replace("{m}", &message);
                text.replace("{t}", &meetup).replace("{n}", &new)
            };
            let path = match path.contains("{r}") {
                true => path.replace("{r}", &invited_again(&http, &conversation).await),
                false => path.to_owned(),
            };
            let body = serde_json::from_str(&filled(&body.to_string())).expect("JSON");
            let answer = http.api(&tokens[who], method, &filled(&path), body).await;
            if answer.status != status {
                let asker = ["nobody", "a stranger", "a member", "the owner", "a service"][who];
                wrong.push(format!("{method} {path} by {asker}: {}, not {status}: {}", answer.status, answer.text));
            }
        }
    }
    // The endpoints that end the caller's sessions: only for users, and by their own tokens.
    for (method, path) in [("POST", "/auth/revoke"), ("DELETE", "/me")] {
        for (token, status) in [(&tokens[0], 401), (&key, 403), (&tokens[1], 204), (&tokens[1], 401)] {
            http.api(token, method, path, Value::Null).await.expect(status);
        }
        tokens[1] = self::token(&format!("stranger-after-{}", method.to_lowercase()));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
