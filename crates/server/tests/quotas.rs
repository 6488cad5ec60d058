//! Quotas and limits of users on the wire: people per day, files, a full disk, guests of one network, log-ins,
//! registration, and what links and names may contain.

use std::path::Path;
use std::time::Duration;

use crate::support::{Answer, Http, Server, Start, Wire};
use serde_json::{Value, json};

const SECRET: &str = "a secret of the tests, of 32 bytes and more";

/// Returns the settings of a server with rates on.
fn with_rates() -> Start {
    Server::with().env("QUINTET_LIMITS_RATES", "true")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

#[track_caller]
fn refused(answer: Answer, status: u16, code: &str, part: &str) -> Value {
    let body = answer.expect(status);
    assert_eq!(body["code"], code, "{body}");
    let said = body["detail"].as_str().or(body["message"].as_str()).unwrap_or_default();
    assert!(said.contains(part), "{body}");
    body
}

fn database(data: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(data.join("quintet.sqlite3")).expect("the database")
}

async fn group(http: &Http, token: &str, members: &[&str]) -> Answer {
    let body = json!({ "kind": "group", "name": "G", "memberIds": members });
    http.api(token, "POST", "/conversations", body).await
}

#[tokio::test]
async fn people_per_day_are_counted_at_every_endpoint_and_over_a_restart() {
    let start = || with_rates().env("QUINTET_PEOPLE_ADDED_PER_DAY", "3").env("QUINTET_PEOPLE_DIRECT_PER_DAY", "2");
    let server = start().run();
    let http = server.http();
    let alice = http.register("alice").await;
    let mut others = Vec::new();
    for name in ["bob", "carol", "dave", "erin", "frank", "grace"] {
        others.push(http.register(name).await.0);
    }
    let made = group(&http, &alice.1, &[&others[0], &others[1], &others[2]]).await.expect(201);
    let too_many = "at most 3 people a day";
    let add = format!("/conversations/{}/members", text(&made["id"]));
    let fourth = json!({ "userId": others[3] });
    let answer = http.api(&alice.1, "POST", &add, fourth.clone()).await;
    let wait = refused(answer, 429, "ERR_RATE_LIMITED", too_many)["retryAfterMs"].as_u64().expect("a wait");
    assert!(wait > 0 && wait <= 24 * 60 * 60 * 1_000, "{wait}");
    let chat = json!({ "type": "group", "name": "G", "participantIds": [others[3]] });
    refused(http.call(&alice.1, "POST", "/chat/api/chats", chat).await, 429, "ERR_RATE_LIMITED", too_many);

    // Strangers, over the socket and over HTTP. Members of her group are not strangers.
    let mut wire = Wire::connect(server.address(), "/messenger", &json!({ "token": alice.1 })).await;
    let mut say = async |to: &str| wire.call("privateMessage", &json!({ "recipientId": to, "content": "hi" })).await;
    for to in [&others[3], &others[4], &others[0]] {
        let ack = say(to).await;
        assert_eq!(ack["success"], true, "{ack}");
    }
    let ack = say(&others[5]).await;
    assert_eq!((&ack["success"], &ack["code"]), (&json!(false), &json!("ERR_RATE_LIMITED")), "{ack}");
    assert!(ack["retryAfterMs"].as_u64().is_some_and(|ms| ms > 0), "{ack}");
    let direct = json!({ "kind": "direct", "memberIds": [others[5]] });
    let (_, shop) = server.run(&["key", "add", "shop"]);
    let server = start().run_after(server, |_| {});
    let http = server.http();
    let answer = http.api(&alice.1, "POST", "/conversations", direct.clone()).await;
    refused(answer, 429, "ERR_RATE_LIMITED", "at most 2 people a day");
    refused(http.api(&alice.1, "POST", &add, fourth).await, 429, "ERR_RATE_LIMITED", too_many);
    // Services belong to the operator and have no quota, and without rates nobody has one.
    let all: Vec<&str> = others.iter().map(String::as_str).collect();
    group(&http, &shop, &all).await.expect(201);
    http.api(&shop, "POST", "/conversations", direct.clone()).await.expect(201);
    let server = Server::with().env("QUINTET_PEOPLE_DIRECT_PER_DAY", "2").run_after(server, |_| {});
    server.http().api(&alice.1, "POST", "/conversations", direct).await.expect(201);
}

#[tokio::test]
async fn a_registered_users_rooms_have_a_rate_at_every_endpoint() {
    let server = with_rates().run();
    let http = server.http();
    let alice = http.register("alice").await;
    let mut wire = Wire::connect(server.address(), "/rooms", &json!({ "token": alice.1 })).await;
    let mut made = 0;
    let refusal = loop {
        let room = json!({ "name": "R", "userId": alice.0 });
        let ack = wire.call("create_room", &room).await;
        if ack["ok"] != true {
            break ack;
        }
        made += 1;
        assert!(made < 60, "no rate");
    };
    assert!(made >= 20 && refusal["code"] == "ERR_RATE_LIMITED", "{made} made, {refusal}");
    let room = json!({ "kind": "room", "name": "R" });
    refused(http.api(&alice.1, "POST", "/conversations", room).await, 429, "ERR_RATE_LIMITED", "try again");
}

#[tokio::test]
async fn files_have_quotas() {
    let user_bytes = 25_000_000;
    let start = || {
        Server::with()
            .env("QUINTET_FILES_USER_BYTES", &user_bytes.to_string())
            .env("QUINTET_FILES_TOTAL_BYTES", "60000000")
    };
    let server = start().run();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let after = |server: Server, sql: &str| {
        start().run_after(server, |data| database(data).execute_batch(sql).expect("written"))
    };
    let used = |bytes: i64| format!("UPDATE user SET file_bytes = {bytes} WHERE username = 'alice'");
    let server = after(server, &used(user_bytes - 100));
    let http = server.http();
    refused(
        http.upload(&alice.1, "a", &[b'x'; 101]).await,
        413,
        "ERR_TOO_LARGE",
        "100 bytes that your files may still",
    );
    let kept = http.upload(&alice.1, "a", &[b'x'; 90]).await.expect(201);
    let server = after(server, &used(user_bytes));
    let http = server.http();
    refused(http.upload(&alice.1, "a", b"x").await, 413, "ERR_TOO_LARGE", "delete some first");
    http.upload(&bob.1, "b", b"another's").await.expect(201);
    let server = after(server, "UPDATE file_total SET bytes = 60000000");
    let http = server.http();
    refused(http.upload(&bob.1, "b", b"x").await, 507, "ERR_STORAGE_FULL", "all the room");
    assert_eq!(http.send("GET", text(&kept["url"]), &[], "").await.status, 200, "what is there stays");
    let fails = |name: &str, value: &str| Server::with().env(name, value).fail();
    assert!(fails("QUINTET_FILES_USER_BYTES", "1000").contains("[files] user_bytes must be at least 25000000"));
    assert!(fails("QUINTET_LOG_KEEP_DAYS", "40000").contains("[log] keep_days"));
    assert!(fails("QUINTET_AUTH_REGISTRATION", "maybe").contains("registration"));
}

/// Files are refused while there is still room for messages.
#[tokio::test]
async fn uploads_leave_room_for_messages() {
    let server = Server::start();
    let alice = server.http().register("alice").await;
    let disk = std::process::Command::new("df").args(["--output=avail", "-B1"]).arg(server.data()).output();
    let disk = String::from_utf8(disk.expect("df runs").stdout).expect("text");
    let free: u64 = disk.lines().nth(1).and_then(|line| line.trim().parse().ok()).expect("a number");
    let limit = (free / 3 * 2).to_string();
    let server = Server::with().env("QUINTET_LIMITS_FREE_BYTES_MIN", &limit).run_after(server, |_| {});
    let http = server.http();
    refused(http.upload(&alice.1, "a", b"x").await, 507, "ERR_STORAGE_FULL", "no room left");
    let place = text(&group(&http, &alice.1, &[]).await.expect(201)["id"]).to_owned();
    let path = format!("/conversations/{place}/messages");
    http.api(&alice.1, "POST", &path, json!({ "content": "there is room" })).await.expect(201);
}

/// While the disk is full nothing is stored, but deleting and reading go on.
#[tokio::test]
async fn a_full_disk_accepts_only_deletions() {
    let server = Server::start();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let place = text(&group(&http, &alice.1, &[&bob.0]).await.expect(201)["id"]).to_owned();
    let path = format!("/conversations/{place}/messages");
    let sent = http.api(&alice.1, "POST", &path, json!({ "content": "before" })).await.expect(201);
    let kept = http.upload(&alice.1, "a", b"bytes").await.expect(201);
    let direct = format!("/messenger/api/users/{}/messages", bob.0);
    http.call(&alice.1, "POST", &direct, json!({ "content": "unread" })).await.expect(201);

    let (log_folder, most) = (tempfile::tempdir().expect("a folder"), i64::MAX.to_string());
    let log = log_folder.path().join("log");
    let server = Server::with().env("QUINTET_LIMITS_FREE_BYTES_MIN", &most).log(&log).run_after(server, |_| {});
    let http = server.http();
    let full = "no room left";
    let code = "ERR_STORAGE_FULL";
    refused(http.api(&alice.1, "POST", &path, json!({ "content": "x" })).await, 507, code, full);
    refused(http.upload(&alice.1, "a", b"x").await, 507, code, full);
    refused(group(&http, &alice.1, &[]).await, 507, code, full);
    refused(http.api(&alice.1, "PATCH", "/me", json!({ "name": "New" })).await, 507, code, full);
    let new = json!({ "username": "carol", "email": "carol@example.org", "password": "correct horse" });
    refused(http.api("", "POST", "/auth/register", new.clone()).await, 507, code, full);
    refused(http.call("", "POST", "/chat/api/auth/register", new).await, 507, code, full);
    let mut wire = Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await;
    let ack = wire.call("message:send", &json!({ "chatId": place, "content": "x" })).await;
    assert_eq!((&ack["success"], &ack["code"]), (&json!(false), &json!(code)), "{ack}");
    let ready = http.send("GET", "/readyz", &[], "").await;
    refused(ready, 503, code, full);
    let said = std::fs::read_to_string(&log).expect("a log");
    let why = format!("less than [limits] free_bytes_min ({most} bytes) is free");
    assert_eq!(said.matches(&why).count(), 1, "{said}");
    assert_eq!(http.send("GET", "/healthz", &[], "").await.status, 200);
    let metrics = server.metrics().send("GET", "/metrics", &[], "").await.text;
    assert!(metrics.contains("quintet_disk_full 1\n") && metrics.contains("quintet_disk_free_bytes "), "{metrics}");

    let read = http.api(&bob.1, "GET", &path, Value::Null).await.expect(200);
    assert_eq!(read["items"][0]["content"], "before");
    // A call that reads messages and marks them as read.
    let read = http.call(&bob.1, "GET", &format!("/messenger/api/users/{}/messages", alice.0), Value::Null).await;
    assert_eq!(read.expect(200)[0]["content"], "unread");
    assert_eq!(http.send("GET", text(&kept["url"]), &[], "").await.status, 200);
    http.api("", "POST", "/auth/login", json!({ "username": "bob", "password": "correct horse" })).await.expect(200);
    let ack = wire.call("message:delete", &json!({ "messageId": sent["id"] })).await;
    assert_eq!(ack["success"], true, "{ack}");
    let left = http.api(&bob.1, "DELETE", &format!("/conversations/{place}/members/{}", bob.0), Value::Null).await;
    left.expect(204);
    http.api(&bob.1, "POST", "/auth/revoke", json!({})).await.expect(204);
    http.api(&alice.1, "DELETE", &format!("/conversations/{place}"), Value::Null).await.expect(204);
    http.api(&alice.1, "DELETE", "/me", json!({ "currentPassword": "correct horse" })).await.expect(204);
    // With room again, everything works.
    let server = Server::start_after(server);
    server.http().register("carol").await;
    assert_eq!(server.http().send("GET", "/readyz", &[], "").await.status, 200);
}

/// A thousand ids of one network share one rate as guests; registered users of that network do not.
#[tokio::test]
async fn guests_of_a_network_share_their_rate() {
    let server = with_rates().env("QUINTET_LIMITS_TRUSTED_PROXIES", "127.0.0.1").run();
    let http = server.http();
    let alice = http.register("alice").await;
    let room = http.api(&alice.1, "POST", "/conversations", json!({ "kind": "room", "name": "R" })).await.expect(201);
    let mut guests = Vec::new();
    for number in 0..30 {
        let mut wire = Wire::connect(server.address(), "/rooms", &json!({ "userId": format!("g-{number}") })).await;
        let join = json!({ "roomId": room["id"], "userId": format!("g-{number}"), "username": "Guest" });
        let ack = wire.call("join_room", &join).await;
        assert_eq!(ack["ok"], true, "{ack}");
        guests.push(wire);
    }
    // All at once, and from each connection no more than it may send at once.
    let mut asked = Vec::new();
    for (number, wire) in guests.iter_mut().enumerate() {
        let say = json!({ "roomId": room["id"], "userId": format!("g-{number}"), "content": "x" });
        for _ in 0..60 {
            asked.push((number, wire.ask("send_message", &say).await));
        }
    }
    let mut refused = 0;
    for (number, id) in asked {
        let ack = guests[number].acked(id).await;
        if ack["ok"] != true {
            assert_eq!(ack["code"], "ERR_RATE_LIMITED", "{ack}");
            refused += 1;
        }
        guests[number].events.clear();
    }
    assert!(refused > 0, "none of 1,800 events of thirty guests was refused, though each had asked for few");
    let mut wire = Wire::connect(server.address(), "/rooms", &json!({ "token": alice.1 })).await;
    let say = json!({ "roomId": room["id"], "userId": alice.0, "content": "calm" });
    let ack = wire.call("send_message", &say).await;
    assert_eq!(ack["ok"], true, "a registered user has a rate of its own: {ack}");
}

/// A client that guesses passwords has to wait, from any address; the owner can log in from a known address.
#[tokio::test]
async fn guessing_a_password_is_slowed_and_locks_nobody_out() {
    let server = with_rates().env("QUINTET_LIMITS_TRUSTED_PROXIES", "127.0.0.1").run();
    let http = server.http();
    http.register("alice").await;
    let log_in = async |name: &str, password: &str, from: &str| {
        let field = if name.contains('@') { "email" } else { "username" };
        let body = json!({ field: name, "password": password }).to_string();
        let headers = [("x-forwarded-for", from), ("content-type", "application/json")];
        http.send("POST", "/api/v1/auth/login", &headers, &body).await
    };
    log_in("alice", "correct horse", "192.0.2.1").await.expect(200);
    let mut tried = 0;
    let slow = loop {
        let answer = log_in("alice", "wrong", &format!("198.51.100.{tried}")).await;
        if answer.status == 429 {
            break answer;
        }
        answer.expect(401);
        tried += 1;
        assert!(tried < 30, "no end");
    };
    assert!((10..=20).contains(&tried), "{tried}");
    assert!(slow.head.contains("retry-after: "), "{}", slow.head);
    refused(log_in("ALICE", "wrong", "203.0.113.9").await, 429, "ERR_RATE_LIMITED", "try again");
    // The wait does not reveal whose address it is, and delays nobody else.
    log_in("alice@example.org", "wrong", "203.0.113.9").await.expect(401);
    log_in("bob", "wrong", "203.0.113.9").await.expect(401);
    // The owner can log in from a known address, even after a restart, and can change her password.
    log_in("alice", "correct horse", "192.0.2.1").await.expect(200);
    let server = with_rates().env("QUINTET_LIMITS_TRUSTED_PROXIES", "127.0.0.1").run_after(server, |_| {});
    let http = server.http();
    let log_in = async |password: &str, from: &str| {
        let body = json!({ "username": "alice", "password": password }).to_string();
        let headers = [("x-forwarded-for", from), ("content-type", "application/json")];
        http.send("POST", "/api/v1/auth/login", &headers, &body).await
    };
    let mut tried = 0;
    while log_in("wrong", &format!("198.51.100.{tried}")).await.status != 429 {
        tried += 1;
        assert!(tried < 30, "no end");
    }
    let session = log_in("correct horse", "192.0.2.1").await.expect(200);
    while log_in("wrong", &format!("198.51.100.{tried}")).await.status != 429 {
        tried += 1;
        assert!(tried < 60, "no end");
    }
    let change = json!({ "currentPassword": "correct horse", "newPassword": "another horse" });
    http.api(session["token"].as_str().expect("a token"), "PUT", "/me/password", change).await.expect(200);
}

#[tokio::test]
async fn a_closed_server_refuses_registrations() {
    let server = Server::with()
        .env("QUINTET_AUTH_REGISTRATION", "closed")
        .env("QUINTET_JWT_SECRET", SECRET)
        .listen(&["0", "0=chat"])
        .run();
    let http = server.http();
    let facts = json!({ "registration": "closed", "guests": true, "passwordLengthMin": 8, "contact": "everyone" });
    assert_eq!(http.api("", "GET", "/server", Value::Null).await.expect(200), facts);
    let new = json!({
        "username": "eve", "name": "Eve", "email": "eve@example.org", "password": "correct horse",
        "firstName": "Eve", "lastName": "Example",
    });
    let doors = [
        "/api/v1/auth/register",
        "/api/auth/register",
        "/meetup/api/auth/register",
        "/messenger/api/auth/signup",
        "/conversations/api/auth/register",
        "/chat/api/auth/register",
    ];
    for door in doors {
        let answer = http.call("", "POST", door, new.clone()).await;
        refused(answer, 403, "ERR_FORBIDDEN", "Registration is closed");
    }
    let chat = Http::new(server.addresses[1]);
    refused(chat.call("", "POST", "/api/auth/register", new).await, 403, "ERR_FORBIDDEN", "Registration is closed");

    // The operator's own ways to create accounts stay open.
    let (_, shop) = server.run(&["key", "add", "shop"]);
    let made = json!({ "username": "carol", "password": "correct horse" });
    http.api(&shop, "POST", "/users", made).await.expect(201);
    let words = ["user", "add", "dave", "--email", "dave@example.org", "--password", "correct horse"];
    let (added, said) = server.run(&words);
    assert!(added, "{said}");
    for name in ["carol", "dave"] {
        let login = json!({ "username": name, "password": "correct horse" });
        http.api("", "POST", "/auth/login", login).await.expect(200);
    }
    let claims = json!({ "sub": "42", "username": "frank", "exp": 4_102_444_800_u64 });
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    let token = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).expect("a token");
    assert_eq!(http.api(&token, "GET", "/me", Value::Null).await.expect(200)["id"], "42");
    let open = Server::start();
    let said = open.http().api("", "GET", "/server", Value::Null).await.expect(200);
    assert_eq!(said["registration"], "open");
}

#[tokio::test]
async fn misleading_links_and_names_are_refused() {
    let server = Server::start();
    let http = server.http();
    let alice = http.register("alice").await;
    let place = text(&group(&http, &alice.1, &[]).await.expect(201)["id"]).to_owned();
    let path = format!("/conversations/{place}/messages");
    let made = http.upload(&alice.1, "\u{202E}gnp.exe", b"bytes").await.expect(201);
    assert_eq!(made["name"], "gnp.exe", "an upload is called what it is");
    let own = text(&made["url"]);
    let mut wire = Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await;
    let above = format!("/x{own}");
    let behind = format!("{own}/x");
    let query = format!("{own}?x");
    for url in
        ["http://example.org/a", "javascript:alert(1)", "data:text/html,x", "//example.org", &above, &behind, &query]
    {
        let avatar = http.api(&alice.1, "PATCH", "/me", json!({ "avatar": url })).await;
        refused(avatar, 422, "ERR_INVALID_PAYLOAD", "`avatar`");
        let profile = http.call(&alice.1, "PUT", "/conversations/api/users/profile", json!({ "avatar": url })).await;
        refused(profile, 400, "ERR_INVALID_PAYLOAD", "`avatar`");
        let file = json!({ "type": "file", "fileUrl": url });
        refused(http.api(&alice.1, "POST", &path, file).await, 422, "ERR_INVALID_PAYLOAD", "`fileUrl`");
        let ack = wire.call("message:send", &json!({ "chatId": place, "content": "", "fileUrl": url })).await;
        assert_eq!((&ack["success"], &ack["code"]), (&json!(false), &json!("ERR_INVALID_PAYLOAD")), "{url}: {ack}");
    }
    let mut guest = Wire::connect(server.address(), "/rooms", &json!({ "userId": "g-1" })).await;
    let room = json!({ "name": "R", "userId": "g-1", "avatar": "javascript:alert(1)" });
    let ack = guest.call("create_room", &room).await;
    assert_eq!(ack["code"], "ERR_INVALID_PAYLOAD", "{ack}");
    for url in ["https://example.org/a.png", own] {
        http.api(&alice.1, "PATCH", "/me", json!({ "avatar": url })).await.expect(200);
        http.api(&alice.1, "POST", &path, json!({ "type": "file", "fileUrl": url })).await.expect(201);
    }
    for name in ["\u{202E}fdp.exe", "a\u{200B}.pdf", "a\r\n.pdf", "\u{2066}a\u{2069}.pdf"] {
        let file = json!({ "type": "file", "fileUrl": "https://example.org/a", "fileName": name });
        refused(http.api(&alice.1, "POST", &path, file).await, 422, "ERR_INVALID_PAYLOAD", "`fileName`");
    }
    let file = json!({ "type": "file", "fileUrl": "https://example.org/a", "fileName": "Résumé (1).pdf" });
    http.api(&alice.1, "POST", &path, file).await.expect(201);
}

/// An email address is shown to its owner only, at every endpoint.
#[tokio::test]
async fn an_email_is_shown_only_to_its_owner() {
    let server = Server::start();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let place = text(&group(&http, &alice.1, &[&bob.0]).await.expect(201)["id"]).to_owned();
    let direct = json!({ "kind": "direct", "memberIds": [bob.0] });
    http.api(&alice.1, "POST", "/conversations", direct).await.expect(201);
    let mut wires = Vec::new();
    for dialect in ["meetup", "messenger", "rooms", "conversations", "chat"] {
        wires.push(Wire::connect(server.address(), &format!("/{dialect}"), &json!({ "token": alice.1 })).await);
    }
    let own = http.api(&bob.1, "GET", "/me", Value::Null).await.expect(200);
    assert_eq!(own["email"], "bob@example.org");
    let seen = [
        "/api/v1/users",
        "/api/v1/users?q=bob",
        "/api/v1/conversations",
        "/chat/api/chats",
        "/chat/api/users/search?q=bob",
        "/messenger/api/users",
        "/conversations/api/users",
        "/conversations/api/users/search?q=bob",
        "/conversations/api/conversations",
        "/api/users/search?q=bob",
    ];
    let mut paths: Vec<String> = seen.map(str::to_owned).to_vec();
    paths.extend([
        format!("/api/v1/users/{}", bob.0),
        format!("/api/v1/conversations/{place}"),
        format!("/chat/api/chats/{place}"),
        format!("/chat/api/users/{}", bob.0),
        format!("/conversations/api/conversations/{place}"),
    ]);
    for path in paths {
        let answer = http.call(&alice.1, "GET", &path, Value::Null).await;
        assert!(answer.status == 200 && answer.text.to_lowercase().contains("bob"), "{path}: {}", answer.text);
        assert!(!answer.text.contains("bob@example.org"), "{path}: {}", answer.text);
    }
    for path in ["/api/v1/users?q=bob@example", "/chat/api/users/search?q=example.org"] {
        let found = http.call(&alice.1, "GET", path, Value::Null).await;
        assert!(found.status == 200 && !found.text.contains(&bob.0), "{path}: {}", found.text);
    }
    http.api(&bob.1, "POST", &format!("/conversations/{place}/messages"), json!({ "content": "hi" })).await.expect(201);
    for wire in &mut wires {
        loop {
            let (_, payload) = wire.event().await;
            let received = payload.to_string();
            assert!(!received.contains("bob@example.org"), "{received}");
            if received.contains("\"hi\"") {
                break;
            }
        }
    }
}

/// The server removes old changes by itself, and a client from before that starts afresh.
#[tokio::test]
async fn old_changes_are_pruned() {
    let server = Server::start();
    let http = server.http();
    let alice = http.register("alice").await;
    let place = text(&group(&http, &alice.1, &[]).await.expect(201)["id"]).to_owned();
    let path = format!("/conversations/{place}/messages");
    let enter = async |server: &Server, pid: Option<&str>| {
        let mut wire = Wire::open(server.address(), "").await;
        let answer = wire.enter("/chat", &json!({ "token": alice.1, "recover": true, "pid": pid })).await;
        let accepted: Value = serde_json::from_str(&answer[answer.find('{').expect("accepted")..]).expect("JSON");
        accepted["pid"].as_str().expect("a secret").to_owned()
    };
    let pid = enter(&server, None).await;
    for _ in 0..10 {
        http.api(&alice.1, "POST", &path, json!({ "content": "x" })).await.expect(201);
    }
    assert_eq!(enter(&server, Some(&pid)).await, pid, "all that was missed is there");
    let age = |data: &Path| {
        let old = "UPDATE change SET at = at - 8 * 86400000;
            UPDATE message SET created_at = created_at - 8 * 86400000;
            INSERT INTO user (id, kind, username, name, created_at) VALUES
                ('g-old', 'guest', 'g', 'g', 0), ('later', 'registered', 'later', 'later', 0);";
        database(data).execute_batch(old).expect("written");
    };
    let server = Server::with().run_after(server, age);
    let left = || -> (i64, i64) {
        let sql = "SELECT (SELECT count(*) FROM change), (SELECT count(*) FROM user WHERE kind = 'guest')";
        server.copy().query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).expect("read")
    };
    let pruned = async {
        while left() != (0, 0) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), pruned).await.expect("what is old goes");
    let read = server.http().api(&alice.1, "GET", &path, Value::Null).await.expect(200);
    assert_eq!(read["items"].as_array().map(Vec::len), Some(10), "messages stay");
    assert_ne!(enter(&server, Some(&pid)).await, pid, "what was missed is in the log no more: afresh");
    server.http().api(&alice.1, "POST", &path, json!({ "content": "on" })).await.expect(201);
}
