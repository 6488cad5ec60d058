//! The HTTP API: its resources, its refusals, and the delivery of its changes to sockets.

use crate::support::{Http, Server, Wire};
use serde_json::{Value, json};

struct Stage {
    server: Server,
    http: Http,
    alice: (String, String),
    bob: (String, String),
    eve: (String, String),
}

async fn stage() -> Stage {
    let server = Server::start();
    let http = server.http();
    let (alice, bob, eve) = (http.register("alice").await, http.register("bob").await, http.register("eve").await);
    Stage { http, alice, bob, eve, server }
}

/// Asserts that an answer is a problem of RFC 9457 with this status and code.
fn problem(answer: crate::support::Answer, status: u16, code: &str) {
    assert!(answer.head.contains("content-type: application/problem+json"), "{}", answer.head);
    let body = answer.expect(status);
    assert_eq!((&body["status"], &body["code"]), (&json!(status), &json!(code)), "{body}");
    for field in ["type", "title", "detail"] {
        assert!(body[field].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    }
}

#[tokio::test]
async fn registering_and_logging_in() {
    let Stage { http, alice, server, .. } = stage().await;
    let body = |username: &str, email: &str, password: &str| json!({ "username": username, "email": email, "password": password });
    for (body, status, code, field) in [
        (body("ALICE", "new@example.org", "correct horse"), 409, "ERR_CONFLICT", "username"),
        (body("new", "ALICE@example.org", "correct horse"), 409, "ERR_CONFLICT", "email"),
        (body("new", "no address", "correct horse"), 422, "ERR_INVALID_PAYLOAD", "email"),
        (body("new", "new@example.org", "short"), 422, "ERR_INVALID_PAYLOAD", "password"),
        (body("n ew", "new@example.org", "correct horse"), 422, "ERR_INVALID_PAYLOAD", "username"),
        (body(&"n".repeat(129), "new@example.org", "correct horse"), 413, "ERR_TOO_LARGE", "username"),
        (json!({ "username": "new" }), 422, "ERR_INVALID_PAYLOAD", "body"),
        (json!(["new", "new@example.org", "correct horse", null, null]), 422, "ERR_INVALID_PAYLOAD", "body"),
    ] {
        let answer = http.api("", "POST", "/auth/register", body).await;
        assert_eq!(answer.json()["field"], field, "{}", answer.text);
        problem(answer, status, code);
    }
    let log_in = |body: Value| http.api("", "POST", "/auth/login", body);
    let session = log_in(json!({ "username": "Alice", "password": "correct horse" })).await.expect(200);
    assert_eq!(session["user"]["id"], alice.0.as_str());
    assert_eq!(session["user"]["email"], "alice@example.org");
    assert!(session["expiresAt"].as_str().is_some_and(|at| at.ends_with('Z')));
    log_in(json!({ "email": "alice@example.org", "password": "correct horse" })).await.expect(200);
    // An unknown user and a wrong password get the same answer.
    let wrong = log_in(json!({ "username": "alice", "password": "wrong horse" })).await;
    let unknown = log_in(json!({ "username": "nobody", "password": "wrong horse" })).await;
    let but_for_its_id = |answer: &crate::support::Answer| {
        let mut body = answer.json();
        body.as_object_mut().expect("an object").remove("requestId");
        body
    };
    assert_eq!(but_for_its_id(&wrong), but_for_its_id(&unknown));
    problem(wrong, 401, "ERR_UNAUTHENTICATED");

    let token = session["token"].as_str().expect("a token");
    let fresh = http.api(token, "POST", "/auth/refresh", Value::Null).await.expect(200);
    let mut wire = Wire::connect(server.address(), "/chat", &json!({ "token": token })).await;
    wire.next("users:online").await;
    http.api(token, "POST", "/auth/revoke", Value::Null).await.expect(204);
    assert_eq!(wire.frame().await.as_deref(), Some("41/chat,"));
    for token in [token, fresh["token"].as_str().expect("a token"), &alice.1, "bad", ""] {
        problem(http.api(token, "GET", "/me", Value::Null).await, 401, "ERR_UNAUTHENTICATED");
    }
    // The new password works at once.
    let session = log_in(json!({ "username": "alice", "password": "correct horse" })).await.expect(200);
    let token = session["token"].as_str().expect("a token");
    Wire::connect(server.address(), "/chat", &json!({ "token": token })).await;
}

#[tokio::test]
async fn own_account_and_other_users() {
    let Stage { http, alice, bob, server: _server, .. } = stage().await;
    let me = http.api(&alice.1, "GET", "/me", Value::Null).await.expect(200);
    let mut keys: Vec<&String> = me.as_object().expect("an object").keys().collect();
    keys.sort();
    assert_eq!(keys, ["avatar", "createdAt", "email", "id", "lastSeen", "name", "online", "username"]);
    let change = json!({ "name": "Alice A.", "avatar": "https://example.org/a.png" });
    let me = http.api(&alice.1, "PATCH", "/me", change).await.expect(200);
    assert_eq!((&me["name"], &me["avatar"]), (&json!("Alice A."), &json!("https://example.org/a.png")));
    let me = http.api(&alice.1, "PATCH", "/me", json!({ "avatar": null })).await.expect(200);
    assert_eq!((&me["name"], &me["avatar"]), (&json!("Alice A."), &Value::Null));
    problem(http.api(&alice.1, "PATCH", "/me", json!({ "username": "bob" })).await, 409, "ERR_CONFLICT");
    let other = http.api(&bob.1, "GET", &format!("/users/{}", alice.0), Value::Null).await.expect(200);
    assert_eq!(other["name"], "Alice A.");
    assert!(other.get("email").is_none());
    let unknown = http.api(&bob.1, "GET", "/users/nobody", Value::Null).await;
    assert_eq!(unknown.json().get("field"), None, "a path is no field");
    problem(unknown, 404, "ERR_NOT_FOUND");

    let page = http.api(&bob.1, "GET", "/users?limit=2", Value::Null).await.expect(200);
    assert_eq!(page["items"].as_array().map(Vec::len), Some(2));
    let next = format!("/users?limit=2&cursor={}", page["next"].as_str().expect("a cursor"));
    let page = http.api(&bob.1, "GET", &next, Value::Null).await.expect(200);
    assert_eq!((&page["items"][0]["username"], &page["next"]), (&json!("eve"), &Value::Null));
    let found = http.api(&bob.1, "GET", "/users?q=ALI", Value::Null).await.expect(200);
    assert_eq!(found["items"][0]["id"], alice.0.as_str());
    // Any part of either name matches, in any case and script; no character is a wildcard.
    http.api(&alice.1, "PATCH", "/me", json!({ "name": "Élodie ŽIŽEK" })).await.expect(200);
    for (part, is_found) in
        [("lic", true), ("%C3%89lo", true), ("%C3%A9LOD", true), ("%C5%BEi%C5%BE", true), ("%25", false), ("_", false)]
    {
        let found = http.api(&bob.1, "GET", &format!("/users?q={part}"), Value::Null).await.expect(200);
        let ids: Vec<_> = found["items"].as_array().into_iter().flatten().map(|user| user["id"].clone()).collect();
        assert_eq!(ids == [json!(alice.0)], is_found, "{part}: {found}");
    }

    let change = |current: &str| json!({ "currentPassword": current, "newPassword": "battery staple" });
    let wrong = http.api(&bob.1, "PUT", "/me/password", change("wrong")).await;
    assert_eq!(wrong.json()["field"], "currentPassword", "{}", wrong.text);
    problem(wrong, 403, "ERR_FORBIDDEN");
    let session = http.api(&bob.1, "PUT", "/me/password", change("correct horse")).await.expect(200);
    problem(http.api(&bob.1, "GET", "/me", Value::Null).await, 401, "ERR_UNAUTHENTICATED");
    let token = session["token"].as_str().expect("a token");
    let proof = json!({ "currentPassword": "battery staple" });
    http.api(token, "DELETE", "/me", proof).await.expect(204);
    problem(http.api(token, "GET", "/me", Value::Null).await, 401, "ERR_UNAUTHENTICATED");
    problem(http.api(&alice.1, "GET", &format!("/users/{}", bob.0), Value::Null).await, 404, "ERR_NOT_FOUND");
}

#[tokio::test]
async fn conversations_and_messages() {
    let Stage { http, alice, bob, eve, server } = stage().await;
    let group = json!({ "kind": "group", "name": "G", "memberIds": [bob.0] });
    let made = http.api(&alice.1, "POST", "/conversations", group).await.expect(201);
    let id = made["id"].as_str().expect("an id").to_owned();
    assert_eq!(made["members"][0]["role"], "owner");
    let path = |rest: &str| format!("/conversations/{id}{rest}");
    let mut ids = Vec::new();
    for n in 0..5 {
        let sent =
            http.api(&alice.1, "POST", &path("/messages"), json!({ "content": n.to_string() })).await.expect(201);
        ids.push(sent["id"].as_str().expect("an id").to_owned());
    }
    // Pages, by ascending sequence in either direction.
    let numbers = |page: &Value| -> Vec<u64> {
        page["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(|item| item["sequence"].as_u64().expect("a number"))
            .collect()
    };
    let page = http.api(&bob.1, "GET", &path("/messages?limit=2"), Value::Null).await.expect(200);
    assert_eq!((numbers(&page), &page["next"]), (vec![5, 6], &json!(5)));
    let page = http.api(&bob.1, "GET", &path("/messages?limit=2&before=5"), Value::Null).await.expect(200);
    assert_eq!((numbers(&page), &page["next"]), (vec![3, 4], &json!(3)));
    let page = http.api(&bob.1, "GET", &path("/messages?limit=4&after=2"), Value::Null).await.expect(200);
    assert_eq!((numbers(&page), &page["next"]), (vec![3, 4, 5, 6], &Value::Null));
    for bad in ["?limit=0", "?limit=201", "?limit=x", "?before=1&after=2"] {
        let answer = http.api(&bob.1, "GET", &path(&format!("/messages{bad}")), Value::Null).await;
        problem(answer, 422, "ERR_INVALID_PAYLOAD");
    }

    // The same Idempotency-Key gives the same message.
    let keyed = |content: &'static str| {
        let (http, path, bearer) = (http.clone(), path("/messages"), format!("Bearer {}", alice.1));
        async move {
            let headers = [("authorization", bearer.as_str()), ("idempotency-key", "k1")];
            http.send("POST", &format!("/api/v1{path}"), &headers, &json!({ "content": content }).to_string()).await
        }
    };
    let first = keyed("once").await.expect(201);
    assert_eq!(keyed("once").await.expect(200), first);
    problem(keyed("twice").await, 409, "ERR_CONFLICT");

    // Unread counts, reading, and the order by activity.
    let list = http.api(&bob.1, "GET", "/conversations", Value::Null).await.expect(200);
    assert_eq!(
        (&list["items"][0]["unreadCount"], &list["items"][0]["lastMessage"]["content"]),
        (&json!(6), &json!("once"))
    );
    http.api(&bob.1, "PUT", &path("/read"), json!({ "messageId": ids[4] })).await.expect(204);
    let whole = http.api(&bob.1, "GET", &path(""), Value::Null).await.expect(200);
    assert_eq!(whole["unreadCount"], 1);
    let direct = json!({ "kind": "direct", "memberIds": [bob.0] });
    let newer = http.api(&alice.1, "POST", "/conversations", direct.clone()).await.expect(201);
    http.api(&alice.1, "POST", "/conversations", direct).await.expect(200);
    let list = http.api(&bob.1, "GET", "/conversations?limit=1", Value::Null).await.expect(200);
    assert_eq!(list["items"][0]["id"], newer["id"]);
    let next = format!("/conversations?limit=1&cursor={}", list["next"].as_str().expect("a cursor"));
    assert_eq!(http.api(&bob.1, "GET", &next, Value::Null).await.expect(200)["items"][0]["id"], id.as_str());

    // Roles, names, and members.
    let mut wire = Wire::connect(server.address(), "/conversations", &json!({ "token": bob.1 })).await;
    problem(http.api(&bob.1, "PATCH", &path(""), json!({ "name": "B" })).await, 403, "ERR_FORBIDDEN");
    http.api(&alice.1, "POST", &path("/members"), json!({ "userId": bob.0, "role": "admin" })).await.expect(200);
    assert_eq!(http.api(&bob.1, "PATCH", &path(""), json!({ "name": "B" })).await.expect(200)["name"], "B");
    http.api(&bob.1, "POST", &path("/members"), json!({ "userId": eve.0 })).await.expect(201);
    assert_eq!(wire.next("member_joined").await["user"]["username"], "eve");
    http.api(&bob.1, "DELETE", &path(&format!("/members/{}", eve.0)), Value::Null).await.expect(204);
    assert_eq!(wire.next("member_left").await["userId"], eve.0.as_str());
    problem(
        http.api(&bob.1, "DELETE", &path(&format!("/members/{}", alice.0)), Value::Null).await,
        403,
        "ERR_FORBIDDEN",
    );
    problem(http.api(&bob.1, "DELETE", &path(""), Value::Null).await, 403, "ERR_FORBIDDEN");
    http.api(&alice.1, "PATCH", &format!("/messages/{}", ids[0]), json!({ "content": "new" })).await.expect(200);
    assert_eq!(wire.next("message_edited").await["newContent"], "new");
    http.api(&bob.1, "DELETE", &format!("/messages/{}", ids[0]), Value::Null).await.expect(204);
    assert_eq!(wire.next("message_deleted").await["messageId"], ids[0].as_str());
    http.api(&alice.1, "DELETE", &path(""), Value::Null).await.expect(204);
    problem(http.api(&alice.1, "GET", &path(""), Value::Null).await, 404, "ERR_NOT_FOUND");
}

/// Every endpoint of an owned resource, without a token and for a stranger.
#[tokio::test]
async fn refused_callers() {
    let Stage { http, alice, bob, eve, server: _server } = stage().await;
    let group = json!({ "kind": "group", "name": "G", "memberIds": [bob.0] });
    let group = http.api(&alice.1, "POST", "/conversations", group).await.expect(201)["id"].clone();
    let group = group.as_str().expect("an id");
    let content = json!({ "content": "x" });
    let sent =
        http.api(&alice.1, "POST", &format!("/conversations/{group}/messages"), content.clone()).await.expect(201);
    let message = sent["id"].as_str().expect("an id");
    let meetup = json!({ "activity": "Chess", "location": "Park", "startsAt": "2099-01-01T10:00:00Z" });
    let meetup = http.api(&alice.1, "POST", "/meetups", meetup).await.expect(201)["id"].clone();
    let meetup = meetup.as_str().expect("an id");
    let (own, of_bob) = (format!("/conversations/{group}"), format!("/conversations/{group}/members/{}", bob.0));
    // The method, the path, the body, and the status for a stranger.
    let rows: Vec<(&str, String, Value, u16)> = vec![
        ("GET", own.clone(), Value::Null, 404),
        ("PATCH", own.clone(), json!({ "name": "E" }), 404),
        ("DELETE", own.clone(), Value::Null, 404),
        ("POST", format!("{own}/members"), json!({}), 404),
        ("POST", format!("{own}/members"), json!({ "userId": eve.0 }), 404),
        ("DELETE", of_bob, Value::Null, 404),
        ("PUT", format!("{own}/read"), json!({ "messageId": message }), 404),
        ("GET", format!("{own}/messages"), Value::Null, 404),
        ("POST", format!("{own}/messages"), content.clone(), 404),
        ("PATCH", format!("/messages/{message}"), content, 404),
        ("DELETE", format!("/messages/{message}"), Value::Null, 404),
        ("PATCH", format!("/meetups/{meetup}"), json!({ "status": "cancelled" }), 403),
        ("DELETE", format!("/meetups/{meetup}"), Value::Null, 403),
        ("POST", format!("/meetups/{meetup}/requests/{}/accept", eve.0), Value::Null, 403),
        ("POST", format!("/meetups/{meetup}/requests/{}/decline", eve.0), Value::Null, 403),
        ("DELETE", format!("/meetups/{meetup}/participants/{}", alice.0), Value::Null, 404),
    ];
    for (method, path, body, status) in rows {
        let answer = http.api("", method, &path, body.clone()).await;
        assert_eq!(answer.status, 401, "nobody: {method} {path}");
        let answer = http.api(&eve.1, method, &path, body).await;
        assert_eq!(answer.status, status, "a stranger: {method} {path}: {}", answer.text);
    }
    for path in ["/me", "/users", "/conversations", "/meetups", "/notifications"] {
        problem(http.api("", "GET", path, Value::Null).await, 401, "ERR_UNAUTHENTICATED");
    }
    let whole = http.api(&alice.1, "GET", &own, Value::Null).await.expect(200);
    assert_eq!((&whole["name"], whole["members"].as_array().map(Vec::len)), (&json!("G"), Some(2)));
}

#[tokio::test]
async fn meetups_and_notifications() {
    let Stage { http, alice, bob, eve, server } = stage().await;
    let make = |body: Value| http.api(&alice.1, "POST", "/meetups", body);
    let good =
        json!({ "activity": "Chess", "location": "Park", "startsAt": "2099-01-01T12:00:00+02:00", "capacity": 1 });
    for (field, value) in [
        ("startsAt", json!("2001-01-01T00:00:00Z")),
        ("startsAt", json!("soon")),
        ("capacity", json!(0)),
        ("activity", json!(" ")),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        let answer = make(bad).await;
        assert!(answer.text.contains(field), "{}", answer.text);
        problem(answer, 422, "ERR_INVALID_PAYLOAD");
    }
    let meetup = make(good).await.expect(201);
    assert_eq!(meetup["startsAt"], "2099-01-01T10:00:00.000Z");
    let path = |rest: String| format!("/meetups/{}{rest}", meetup["id"].as_str().expect("an id"));
    for user in [&bob, &eve] {
        http.api(&user.1, "POST", &path("/requests".into()), Value::Null).await.expect(201);
    }
    // Only the host sees all requests.
    let seen = |token: &String| {
        let (http, token, path) = (http.clone(), token.clone(), path(String::new()));
        async move { http.api(&token, "GET", &path, Value::Null).await }
    };
    let count = |meetup: &Value| meetup["requests"].as_array().map(Vec::len);
    assert_eq!(count(&seen(&alice.1).await.expect(200)), Some(2));
    assert_eq!(count(&seen(&bob.1).await.expect(200)), Some(1));
    // A full meetup accepts nobody, and the request stays.
    http.api(&alice.1, "POST", &path(format!("/requests/{}/accept", bob.0)), Value::Null).await.expect(200);
    let full = http.api(&alice.1, "POST", &path(format!("/requests/{}/accept", eve.0)), Value::Null).await;
    problem(full, 409, "ERR_CONFLICT");
    assert_eq!(count(&seen(&alice.1).await.expect(200)), Some(1));
    http.api(&alice.1, "POST", &path(format!("/requests/{}/decline", eve.0)), Value::Null).await.expect(200);
    let delivered = http.api(&eve.1, "GET", "/notifications", Value::Null).await.expect(200);
    assert_eq!(delivered["items"][0]["title"], "Meetup Request Declined");
    assert_eq!(delivered["items"][0]["readAt"], Value::Null);
    http.api(&eve.1, "PUT", "/notifications/read", Value::Null).await.expect(204);
    let delivered = http.api(&eve.1, "GET", "/notifications", Value::Null).await.expect(200);
    assert!(delivered["items"][0]["readAt"].is_string());

    // A change of the location is delivered to the participant. A cancelled meetup stays as it is.
    let mut wire = Wire::connect(server.address(), "/meetup", &json!({ "token": bob.1 })).await;
    wire.next("newNotification").await;
    http.api(&alice.1, "PATCH", &path(String::new()), json!({ "location": "Hall" })).await.expect(200);
    let notification = wire.next("newNotification").await;
    assert_eq!(notification["notification"]["message"], "The meetup \"Chess\" is now at Hall.");
    http.api(&alice.1, "PATCH", &path(String::new()), json!({ "status": "cancelled" })).await.expect(200);
    assert_eq!(wire.next("meetupStatusUpdate").await["status"], "cancelled");
    let late = http.api(&alice.1, "PATCH", &path(String::new()), json!({ "status": "confirmed" })).await;
    problem(late, 409, "ERR_CONFLICT");
    let late = http.api(&alice.1, "PATCH", &path(String::new()), json!({ "location": "Elsewhere" })).await;
    problem(late, 409, "ERR_CONFLICT");
    http.api(&alice.1, "DELETE", &path(String::new()), Value::Null).await.expect(204);
    problem(seen(&bob.1).await, 404, "ERR_NOT_FOUND");
}

#[tokio::test]
async fn a_meetup_whose_time_passes_expires() {
    let Stage { http, alice, server, .. } = stage().await;
    let mut wire = Wire::connect(server.address(), "/meetup", &json!({ "token": alice.1 })).await;
    // Two seconds from now, by the server's clock.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock").as_secs() + 2;
    let starts_at = {
        let (days, rest) = (now / 86_400, now % 86_400);
        // The civil date from days since 1970 (the proleptic Gregorian calendar).
        let (z, era_days) = (days + 719_468, 146_097);
        let (era, doe) = (z / era_days, z % era_days);
        let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
        let year = yoe + era * 400 + u64::from(month <= 2);
        format!("{year}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3_600, rest / 60 % 60, rest % 60)
    };
    let body = json!({ "activity": "Now", "location": "Here", "startsAt": starts_at });
    let meetup = http.api(&alice.1, "POST", "/meetups", body).await.expect(201);
    let update = wire.next("meetupStatusUpdate").await;
    assert_eq!(update, json!({ "meetupId": meetup["id"], "status": "expired", "updatedBy": "system" }));
}

#[tokio::test]
async fn the_edges_of_http() {
    let Stage { http, alice, server, .. } = stage().await;
    assert_eq!(http.send("GET", "/healthz", &[], "").await.expect(200)["status"], "ok");
    assert_eq!(http.send("GET", "/readyz", &[], "").await.expect(200)["status"], "ready");
    problem(http.send("GET", "/nothing", &[], "").await, 404, "ERR_NOT_FOUND");
    problem(http.send("GET", "/api/v1/docs/nothing", &[], "").await, 404, "ERR_NOT_FOUND");
    problem(http.send("PUT", "/api/v1/me", &[], "").await, 405, "ERR_INVALID_PAYLOAD");
    problem(http.send("POST", "/api/v1/auth/login", &[], "{").await, 400, "ERR_INVALID_PAYLOAD");
    problem(http.send("POST", "/api/v1/auth/login", &[], &"x".repeat(1_000_001)).await, 413, "ERR_TOO_LARGE");
    problem(http.api(&alice.1, "GET", "/users/%FF", Value::Null).await, 400, "ERR_INVALID_PAYLOAD");
    // The header and the field are the same key, so they cannot differ.
    let id = http.api(&alice.1, "POST", "/conversations", json!({ "kind": "group", "name": "G" })).await.expect(201);
    let path = format!("/api/v1/conversations/{}/messages", id["id"].as_str().expect("an id"));
    let bearer = format!("Bearer {}", alice.1);
    for (id, status) in [("one", 201), ("two", 422)] {
        let body = json!({ "content": "x", "clientMessageId": id, "fileUrl": "" }).to_string();
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", "one")];
        http.send("POST", &path, &headers, &body).await.expect(status);
    }
    drop(server);

    // Log-ins are limited per address, and a trusted proxy may forward the address.
    let server =
        Server::with().env("QUINTET_LIMITS_RATES", "true").env("QUINTET_LIMITS_TRUSTED_PROXIES", "127.0.0.1").run();
    let http = server.http();
    let log_in = |name: &str, from: &'static str| {
        let http = http.clone();
        let body = json!({ "username": name, "password": "x" }).to_string();
        async move { http.send("POST", "/api/v1/auth/login", &[("x-forwarded-for", from)], &body).await }
    };
    let mut refused = None;
    // Each for another account, because those for one account have a rate of their own.
    for number in 0..30 {
        let answer = log_in(&format!("x-{number}"), "10.0.0.1").await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("too many log-ins are refused");
    assert!(refused.head.contains("retry-after: "), "{}", refused.head);
    problem(refused, 429, "ERR_RATE_LIMITED");
    assert_eq!(log_in("y", "10.0.0.2").await.status, 401);

    // Changes are limited per user, and so are reads; services are not limited.
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let (_, shop) = server.run(&["key", "add", "shop"]);
    let refused = async |token: &str, method: &str, path: &str| {
        let calls = (0..150).map(|_| http.api(token, method, path, Value::Null));
        let answers = futures_util::future::join_all(calls).await;
        answers.iter().filter(|answer| answer.status == 429).count()
    };
    assert!(refused(&alice.1, "PUT", "/notifications/read").await > 0);
    assert!(refused(&alice.1, "GET", "/notifications").await > 0);
    assert_eq!(refused(&shop, "PUT", "/notifications/read").await, 0);
    http.api(&bob.1, "PUT", "/notifications/read", Value::Null).await.expect(204);
}

#[tokio::test]
async fn unchanged_content_is_304_and_requests_have_ids() {
    let Stage { server: _server, http, alice, .. } = stage().await;
    let bearer = format!("Bearer {}", alice.1);
    let get = |tag: &str| {
        let (http, bearer, tag) = (http.clone(), bearer.clone(), tag.to_owned());
        async move {
            let headers = [("authorization", bearer.as_str()), ("if-none-match", tag.as_str())];
            http.send("GET", "/api/v1/conversations", &headers, "").await
        }
    };
    let tag_of = |answer: &crate::support::Answer| {
        let line = answer.head.lines().find_map(|line| line.strip_prefix("etag: "));
        line.expect("an ETag").to_owned()
    };
    let first = get("\"none\"").await;
    let tag = tag_of(&first);
    let again = get(&tag).await;
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    let body = json!({ "kind": "group", "name": "G" });
    http.api(&alice.1, "POST", "/conversations", body).await.expect(201);
    let changed = get(&tag).await;
    assert_eq!(changed.status, 200);
    assert_ne!(tag_of(&changed), tag);
}
