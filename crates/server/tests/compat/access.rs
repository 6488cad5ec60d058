//! Access control for the calls of existing clients: the status of every endpoint for no token, a stranger, a member
//! and the owner.

use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::support::{Http, Server, is_of};

const SECRET: &str = "a secret of the tests, of 32 bytes and more";

fn token(user: &str) -> String {
    let claims = json!({ "sub": user, "username": user, "exp": 4_102_444_800_u64 });
    encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes())).expect("a token")
}

/// A closed group, an open group and a room of `owner` and `member`, and their direct conversation, each with a message
/// of the owner; and a meetup of the owner.
struct Stage {
    closed: String,
    open: String,
    room: String,
    direct: String,
    message: String,
    meetup: String,
}

async fn stage(http: &Http) -> Stage {
    let (owner, member) = (token("owner"), token("member"));
    let id = |made: Value| made["id"].as_str().expect("an id").to_owned();
    for user in [&owner, &member, &token("asker")] {
        http.api(user, "GET", "/me", Value::Null).await.expect(200);
    }
    let made = |body: Value| async { id(http.api(&owner, "POST", "/conversations", body).await.expect(201)) };
    let closed = made(json!({ "kind": "group", "name": "G", "memberIds": ["member"] })).await;
    let open = made(json!({ "kind": "group", "name": "O", "memberIds": ["member"], "open": true })).await;
    let room = made(json!({ "kind": "room", "name": "R" })).await;
    http.api(&member, "POST", &format!("/conversations/{room}/members"), json!({})).await.expect(201);
    let direct = http.api(&owner, "POST", "/conversations", json!({ "kind": "direct", "memberIds": ["member"] })).await;
    let direct = id(direct.json());
    let path = format!("/conversations/{closed}/messages");
    let message = id(http.api(&owner, "POST", &path, json!({ "content": "hello" })).await.expect(201));
    let proposal = json!({ "activity": "Chess", "location": "Park", "startsAt": "2099-01-01T00:00:00Z" });
    let meetup = id(http.api(&owner, "POST", "/meetups", proposal).await.expect(201));
    http.api(&member, "POST", &format!("/meetups/{meetup}/requests"), json!({})).await.expect(201);
    Stage { closed, open, room, direct, message, meetup }
}

/// One row per endpoint: the statuses for no token, a stranger, a member and the owner.
#[rustfmt::skip]
fn table() -> Vec<(&'static str, &'static str, Value, [u16; 4])> {
    let none = || Value::Null;
    let say = || json!({ "content": "hi" });
    let everybody = |status: u16| [status; 4];
    let known = |status: u16| [401, status, status, status];
    vec![
        ("POST",   "/meetup/api/auth/register",                json!({}),                          everybody(400)),
        ("POST",   "/meetup/api/auth/login",                   json!({ "email": "x", "password": "y" }), everybody(400)),
        ("POST",   "/meetup/api/auth/logout",                  none(),                             everybody(200)),
        ("GET",    "/meetup/api/broadcasts",                   none(),                             known(200)),
        ("POST",   "/meetup/api/broadcasts", json!({ "date": "2099-01-01", "time": "10:00", "location": "L", "activity": "A" }), known(200)),
        ("POST",   "/meetup/api/broadcasts/join",              json!({ "broadcastId": "{t}" }),    [401, 200, 400, 400]),
        ("POST",   "/meetup/api/broadcasts/joinBroadcast",     json!({ "broadcastId": "{t}" }),    [401, 200, 400, 400]),
        ("POST",   "/meetup/api/joinBroadcast",                json!({ "broadcastId": "{t}" }),    [401, 200, 400, 400]),

        ("POST",   "/messenger/api/auth/signup",               json!({}),                          everybody(400)),
        ("POST",   "/messenger/api/auth/login",                json!({ "email": "x", "password": "y" }), everybody(401)),
        ("POST",   "/messenger/api/auth/logout",               none(),                             everybody(200)),
        ("GET",    "/messenger/api/users",                     none(),                             known(200)),
        ("GET",    "/messenger/api/users/profile",             none(),                             known(200)),
        ("PUT",    "/messenger/api/users/profile",             json!({ "country": "Norway" }),     known(200)),
        ("PUT",    "/messenger/api/users/change-password", json!({ "currentPassword": "x", "newPassword": "correct horse" }), known(403)),
        ("GET",    "/messenger/api/users/owner/messages",      none(),                             known(200)),
        ("POST",   "/messenger/api/users/owner/messages",      say(),                              [401, 201, 201, 400]),
        ("GET",    "/messenger/api/groups",                    none(),                             known(200)),
        ("POST",   "/messenger/api/groups",                    json!({ "name": "N" }),             known(201)),
        ("GET",    "/messenger/api/groups/{c}",                none(),                             [401, 404, 200, 200]),
        ("GET",    "/messenger/api/groups/{o}",                none(),                             known(200)),
        ("POST",   "/messenger/api/groups/{c}/join",           none(),                             [401, 404, 200, 200]),
        ("POST",   "/messenger/api/groups/{o}/join",           none(),                             known(200)),
        ("POST",   "/messenger/api/groups/{c}/leave",          none(),                             [401, 404, 200, 200]),
        ("GET",    "/messenger/api/groups/{c}/messages",       none(),                             [401, 404, 200, 200]),
        ("GET",    "/messenger/api/groups/{o}/messages",       none(),                             [401, 403, 200, 200]),
        ("POST",   "/messenger/api/groups/{c}/messages",       say(),                              [401, 404, 201, 201]),

        ("GET",    "/",                                        none(),                             everybody(200)),
        ("GET",    "/rooms/{r}/messages",                      none(),                             [401, 403, 200, 200]),
        ("GET",    "/rooms/{c}/messages",                      none(),                             [401, 404, 200, 200]),
        ("GET",    "/rooms/api/rooms/{r}/messages",            none(),                             [401, 403, 200, 200]),

        ("POST",   "/conversations/api/auth/register",         json!({}),                          everybody(400)),
        ("POST",   "/conversations/api/auth/login",            json!({ "email": "x", "password": "y" }), everybody(401)),
        ("POST",   "/conversations/api/auth/logout",           none(),                             everybody(200)),
        ("GET",    "/conversations/api/auth/me",               none(),                             known(200)),
        ("GET",    "/conversations/api/users",                 none(),                             known(200)),
        ("GET",    "/conversations/api/users/search",          none(),                             known(200)),
        ("PUT",    "/conversations/api/users/profile",         json!({ "avatar": null }),          known(200)),
        ("GET",    "/conversations/api/conversations",         none(),                             known(200)),
        ("POST",   "/conversations/api/conversations",         json!({ "participantId": "asker" }), known(201)),
        ("GET",    "/conversations/api/conversations/{c}",     none(),                             [401, 404, 200, 200]),
        ("GET",    "/conversations/api/conversations/{d}",     none(),                             [401, 404, 200, 200]),
        ("DELETE", "/conversations/api/conversations/{c}",     none(),                             [401, 404, 403, 200]),
        ("DELETE", "/conversations/api/conversations/{d}",     none(),                             [401, 404, 200, 200]),
        ("GET",    "/conversations/api/messages/{c}",          none(),                             [401, 404, 200, 200]),
        ("POST",   "/conversations/api/messages/{c}",          say(),                              [401, 404, 201, 201]),
        ("PUT",    "/conversations/api/messages/{m}",          say(),                              [401, 404, 403, 200]),
        ("DELETE", "/conversations/api/messages/{m}",          none(),                             [401, 404, 403, 200]),

        ("POST",   "/chat/api/auth/register",                  json!({}),                          everybody(400)),
        ("POST",   "/chat/api/auth/login",                     json!({ "email": "x", "password": "y" }), everybody(401)),
        ("POST",   "/chat/api/auth/logout",                    none(),                             everybody(200)),
        ("GET",    "/chat/api/auth/me",                        none(),                             known(200)),
        ("GET",    "/chat/api/users/search",                   none(),                             known(200)),
        ("GET",    "/chat/api/users/owner",                    none(),                             known(200)),
        ("GET",    "/chat/api/chats",                          none(),                             known(200)),
        ("POST",   "/chat/api/chats",                          json!({ "name": "N", "type": "group" }), known(201)),
        ("GET",    "/chat/api/chats/{c}",                      none(),                             [401, 404, 200, 200]),
        ("PUT",    "/chat/api/chats/{c}",                      json!({ "name": "N" }),             [401, 404, 403, 200]),
        ("DELETE", "/chat/api/chats/{c}",                      none(),                             [401, 404, 403, 200]),
        ("POST",   "/chat/api/chats/{c}/participants",         json!({ "userId": "asker" }),       [401, 404, 403, 200]),
        ("DELETE", "/chat/api/chats/{c}/participants/member",  none(),                             [401, 404, 200, 200]),
        ("DELETE", "/chat/api/chats/{c}/participants/owner",   none(),                             [401, 404, 403, 200]),
        ("GET",    "/chat/api/chats/{c}/messages",             none(),                             [401, 404, 200, 200]),
        ("POST",   "/chat/api/chats/{c}/messages",             say(),                              [401, 404, 201, 201]),
        ("PUT",    "/chat/api/messages/{m}",                   say(),                              [401, 404, 403, 200]),
        ("DELETE", "/chat/api/messages/{m}",                   none(),                             [401, 404, 403, 200]),
        ("POST",   "/chat/api/messages/{m}/read",              none(),                             [401, 404, 200, 200]),
    ]
}

#[tokio::test]
async fn the_table_has_every_endpoint() {
    let server = Server::start();
    // `/api/v1` has its own table. Under `/api` each call goes to a dialect, or to what all clients share.
    let elsewhere = ["/api/", "/files/", "/avatars/", "/healthz", "/readyz"];
    let mut missing = server.http().operations().await;
    missing.retain(|(method, path)| {
        let is_elsewhere = elsewhere.iter().any(|place| path.starts_with(place));
        !is_elsewhere && !table().iter().any(|(tested, with, ..)| tested == method && is_of(with, path))
    });
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn every_endpoint_for_every_caller() {
    let server = Server::with().env("QUINTET_JWT_SECRET", SECRET).run();
    let http = server.http();
    let tokens = [String::new(), token("stranger"), token("member"), token("owner")];
    let mut wrong = Vec::new();
    for (method, path, body, expected) in table() {
        for (who, status) in expected.into_iter().enumerate() {
            let Stage { closed, open, room, direct, message, meetup } = stage(&http).await;
            let filled = |text: &str| {
                let text = text.replace("{c}", &closed).replace("{o}", &open).replace("{r}", &room);
                text.replace("{d}", &direct).replace("{m}", &message).replace("{t}", &meetup)
            };
            let body = serde_json::from_str(&filled(&body.to_string())).expect("JSON");
            let answer = http.call(&tokens[who], method, &filled(path), body).await;
            if answer.status != status {
                let asker = ["nobody", "a stranger", "a member", "the owner"][who];
                wrong.push(format!("{method} {path} by {asker}: {}, not {status}: {}", answer.status, answer.text));
            }
            // A refused caller has changed nothing.
            if matches!(answer.status, 401 | 403 | 404) {
                let owner = &tokens[3];
                let kept = http.api(owner, "GET", &format!("/conversations/{closed}"), Value::Null).await.expect(200);
                let said = (&kept["name"], &kept["lastMessage"]["content"], &kept["members"].as_array().map(Vec::len));
                assert_eq!(said, (&json!("G"), &json!("hello"), &Some(2)), "{method} {path}");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
