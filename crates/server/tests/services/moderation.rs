//! Moderation as other back ends and admins of the server see it: the audit log, roles on the whole server, and what is
//! heard of a ban.

use serde_json::{Value, json};

use crate::services::receiver::Receiver;
use crate::services::socket::{hear, listen};
use crate::services::{Stage, key, refused, stage};
use crate::support::{Server, Wire};

/// A service reads the audit log, filters it by each field, and is told which field of a query is invalid.
#[tokio::test]
async fn a_service_reads_the_audit_log() {
    let Stage { server, http, shop, alice, bob } = stage().await;
    let body = json!({ "kind": "group", "name": "Team", "memberIds": [bob.0] });
    let id = http.api(&alice.1, "POST", "/conversations", body).await.expect(201)["id"].clone();
    let id = id.as_str().unwrap();
    let ban = format!("/conversations/{id}/bans/{}", bob.0);
    http.api(&alice.1, "PUT", &ban, json!({ "reason": "spam" })).await.expect(200);
    http.api(&shop, "DELETE", &format!("{ban}?reason=a%20mistake"), Value::Null).await.expect(204);
    let acts = http.api(&shop, "GET", "/audit?limit=2", Value::Null).await.expect(200);
    let why = [&acts["items"][0]["reason"], &acts["items"][1]["reason"]];
    assert_eq!(why, [&json!("a mistake"), &json!("spam")]);
    // What was said about a person goes with it.
    http.api(&shop, "DELETE", &format!("/users/{}", bob.0), Value::Null).await.expect(204);
    let me = http.api(&shop, "GET", "/me", Value::Null).await.expect(200)["id"].clone();

    let acts = http.api(&shop, "GET", "/audit", Value::Null).await.expect(200);
    let brief: Vec<Value> = acts["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|act| json!([act["act"], act["by"], act["userId"], act["conversationId"], act["reason"], act["until"]]))
        .collect();
    let expected = [
        json!(["erase_user", me, bob.0, null, null, null]),
        json!(["lift_ban", me, bob.0, id, null, null]),
        json!(["ban", alice.0, bob.0, id, null, null]),
        json!(["add_key", null, me, null, null, null]),
    ];
    assert_eq!(brief, expected);
    assert_eq!(acts["next"], Value::Null);
    for (query, found) in [
        ("act=ban".to_owned(), 1),
        (format!("by={}", alice.0), 1),
        (format!("user={}&conversation={id}", bob.0), 2),
        ("since=2020-01-01T00:00:00Z&before=2099-01-01T00:00:00Z".to_owned(), 4),
        ("before=2020-01-01T00:00:00Z".to_owned(), 0),
        ("limit=2".to_owned(), 2),
    ] {
        let page = http.api(&shop, "GET", &format!("/audit?{query}"), Value::Null).await.expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), found, "{query}");
    }
    for (query, part) in [
        ("act=praise", "`act` must be one of `ban`"),
        ("since=yesterday", "`since` must"),
        ("cursor=x", "`cursor` must be the `next` of an earlier page."),
    ] {
        refused(http.api(&shop, "GET", &format!("/audit?{query}"), Value::Null).await, 422, part);
    }
    refused(http.api(&alice.1, "GET", "/audit", Value::Null).await, 403, "only for services");
    let (_, reader) = key(&server, &["add", "reader", "--scope", "read,moderate"]);
    refused(http.api(&reader, "GET", "/audit", Value::Null).await, 403, "lacks the scope `admin`");
}

fn give(server: &Server, role: &str) {
    let (done, said) = server.run(&["user", "role", "alice", role]);
    assert!(done, "{said}");
}

/// An admin of the server reads the audit log, from the moment at which the operator makes it one to that at which it does
/// not any more, by the token that it had before. A moderator does not.
/// Whatever is undone or given can have a reason, as what is done to somebody can.
#[tokio::test]
async fn what_is_undone_has_a_reason_too() {
    let Stage { server: _server, http, shop, alice, bob } = stage().await;
    let group = http.group(&alice.1, &[&bob.0]).await;
    let path = format!("/conversations/{}", group.as_str().expect("an id"));
    let [silence, ban, member] = ["silences", "bans", "members"].map(|list| format!("{path}/{list}/{}", bob.0));
    let members = format!("{path}/members");
    let role = |reason: &str| json!({ "userId": bob.0, "role": "admin", "reason": reason });
    let until = json!({ "until": "2099-01-01T00:00:00Z" });
    http.api(&alice.1, "PUT", &silence, until).await.expect(200);
    let long = "x".repeat(513);
    let proposal = json!({ "activity": "Chess", "location": "Park", "startsAt": "2099-01-01T00:00:00Z" });
    let meetup = http.api(&alice.1, "POST", "/meetups", proposal).await.expect(201);
    let meetup = format!("/meetups/{}", meetup["id"].as_str().expect("an id"));
    http.api(&bob.1, "POST", &format!("{meetup}/requests"), json!({})).await.expect(201);
    http.api(&alice.1, "POST", &format!("{meetup}/requests/{}/accept", bob.0), json!({})).await.expect(200);
    let participant = format!("{meetup}/participants/{}", bob.0);
    for path in [&silence, &ban, &member, &participant] {
        let answer = http.api(&alice.1, "DELETE", &format!("{path}?reason={long}"), Value::Null).await;
        refused(answer, 413, "`reason` has at most 512 bytes");
    }
    refused(http.api(&alice.1, "POST", &members, role(&long)).await, 413, "`reason` has at most 512 bytes");

    http.api(&alice.1, "DELETE", &format!("{silence}?reason=he%20was%20sorry"), Value::Null).await.expect(204);
    http.api(&alice.1, "POST", &members, role("he helps")).await.expect(200);
    http.api(&alice.1, "DELETE", &format!("{member}?reason=he%20helps%20no%20more"), Value::Null).await.expect(204);
    let late = format!("{participant}?reason=always%20late");
    let left = http.api(&alice.1, "DELETE", &late, Value::Null).await.expect(200);
    assert_eq!(left["participants"], json!([]));
    let acts = http.api(&shop, "GET", "/audit?limit=5", Value::Null).await.expect(200);
    let acts: Vec<_> =
        acts["items"].as_array().expect("acts").iter().map(|act| (&act["act"], &act["reason"])).collect();
    let expected = [
        (&json!("remove_member"), &json!("always late")),
        (&json!("remove_member"), &json!("he helps no more")),
        (&json!("change_role"), &json!("he helps")),
        (&json!("lift_silence"), &json!("he was sorry")),
        (&json!("silence"), &Value::Null),
    ];
    assert_eq!(acts, expected);
}

#[tokio::test]
async fn an_admin_of_the_server_reads_the_audit_log() {
    let Stage { server, http, shop, alice, bob } = stage().await;
    let me = async || http.api(&alice.1, "GET", "/me", Value::Null).await.expect(200)["serverRole"].clone();
    assert_eq!(me().await, Value::Null);
    let mut wire = Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await;
    wire.next("users:online").await;
    for (role, status) in [("moderator", 403), ("admin", 200), ("moderator", 403), ("admin", 200), ("user", 403)] {
        for _ in 0..2 {
            give(&server, role);
        }
        let shown = if role == "user" { Value::Null } else { json!(role) };
        assert_eq!(me().await, shown);
        http.api(&alice.1, "GET", "/audit", Value::Null).await.expect(status);
        // Nobody else is shown it.
        let seen = http.api(&bob.1, "GET", &format!("/users/{}", alice.0), Value::Null).await.expect(200);
        assert_eq!(seen.get("serverRole"), None, "{seen}");
    }
    // The sessions go on.
    http.group(&bob.1, &[&alice.0]).await;
    wire.next("chat:created").await;
    let acts = http.api(&shop, "GET", "/audit?act=change_server_role", Value::Null).await.expect(200);
    let acts = acts["items"].as_array().unwrap();
    let roles: Vec<&Value> = acts.iter().map(|act| &act["detail"]).collect();
    assert_eq!(roles, ["user", "admin", "moderator", "admin", "moderator"]);
    assert!(acts.iter().all(|act| act["byOperator"] == json!(true) && act["userId"] == json!(alice.0)), "{acts:?}");
}

/// Only the operator gives roles: neither the person itself, nor an admin of the server, nor a service does, whatever they
/// write into a profile.
#[tokio::test]
async fn nobody_but_the_operator_gives_a_role() {
    let Stage { server, http, shop, alice, bob } = stage().await;
    give(&server, "admin");
    let wish = json!({ "name": "Bob", "serverRole": "admin", "server_role": "admin", "role": "admin" });
    http.api(&bob.1, "PATCH", "/me", wish.clone()).await.expect(200);
    http.api(&shop, "PATCH", &format!("/users/{}", bob.0), wish.clone()).await.expect(200);
    let mut new = wish;
    new["username"] = json!("carol");
    let made = http.api(&shop, "POST", "/users", new).await.expect(201);
    assert_eq!(made.get("serverRole"), None, "{made}");
    refused(
        http.api(&alice.1, "PATCH", &format!("/users/{}", bob.0), json!({ "serverRole": "admin" })).await,
        403,
        "for services",
    );
    assert_eq!(http.api(&bob.1, "GET", "/me", Value::Null).await.expect(200).get("serverRole"), None);
    http.api(&bob.1, "GET", "/audit", Value::Null).await.expect(403);
    for (user, why) in [("shop", "Only people with an account have a role"), ("nobody", "nobody")] {
        let (done, said) = server.run(&["user", "role", user, "admin"]);
        assert!(!done && said.contains(why), "{said}");
    }
    http.api(&shop, "GET", "/me", Value::Null).await.expect(200);
}

/// An erasure takes the role of a person away: a new account with the same name has none. A disabled person cannot use its
/// role until it is enabled again.
#[tokio::test]
async fn a_role_goes_with_the_erasure_of_a_person() {
    let Stage { server, http, alice, .. } = stage().await;
    give(&server, "admin");
    assert!(server.run(&["user", "disable", "alice"]).0);
    http.api(&alice.1, "GET", "/audit", Value::Null).await.expect(401);
    assert!(server.run(&["user", "enable", "alice"]).0);
    let account = json!({ "username": "alice", "password": "correct horse" });
    let session = http.api("", "POST", "/auth/login", account).await.expect(200);
    assert_eq!(session["user"]["serverRole"], "admin", "{session}");
    let token = session["token"].as_str().expect("a token").to_owned();
    http.api(&token, "GET", "/audit", Value::Null).await.expect(200);
    http.api(&token, "DELETE", "/me", json!({ "currentPassword": "correct horse" })).await.expect(204);
    http.api(&token, "GET", "/audit", Value::Null).await.expect(401);
    let (_, listed) = server.run(&["user", "list"]);
    assert!(!listed.contains("(admin)"), "{listed}");
    let next = http.register("alice").await;
    assert_eq!(http.api(&next.1, "GET", "/me", Value::Null).await.expect(200).get("serverRole"), None);
    http.api(&next.1, "GET", "/audit", Value::Null).await.expect(403);
}

/// Other back ends hear of a ban as a departure, with the reason, and of limits in the conversation, over the socket and by
/// webhooks.
#[tokio::test]
async fn other_back_ends_hear_of_a_ban_and_of_limits() {
    let server = Server::with().env("QUINTET_OUTBOUND_ALLOW", "127.0.0.0/8").run();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let (_, shop) = key(&server, &["add", "shop"]);
    let group = http.group(&alice.1, &[&bob.0]).await;
    let place = format!("/conversations/{}", group.as_str().expect("an id"));
    let receiver = Receiver::start().await;
    let events = json!(["conversation.updated", "member.left"]);
    http.api(&shop, "POST", "/webhooks", json!({ "url": receiver.url(), "events": events })).await.expect(201);
    let mut ear = listen(&server, &shop).await;
    http.api(&alice.1, "PATCH", &place, json!({ "slowModeS": 30 })).await.expect(200);
    let ban = format!("{place}/bans/{}", bob.0);
    http.api(&alice.1, "PUT", &ban, json!({ "reason": "spam" })).await.expect(200);
    let limits = json!({ "slowModeS": 30, "onlyAdminsWrite": false });
    let (kind, _, data) = hear(&mut ear).await;
    assert_eq!((kind.as_str(), &data["conversation"]["moderation"]), ("conversation.updated", &limits));
    let (kind, _, left) = hear(&mut ear).await;
    assert_eq!((kind.as_str(), &left["user"]["id"]), ("member.left", &json!(bob.0)));
    let told = receiver.until(|all| all.len() == 2).await;
    assert_eq!(told[0].json["data"]["conversation"]["moderation"], limits);
    for data in [&left, &told[1].json["data"]] {
        assert_eq!((&data["departure"], &data["reason"]), (&json!("banned"), &json!("spam")), "{data}");
    }
}

/// Who leads a conversation shortens the time for which the server keeps messages, and admins of the server and services
/// whose key is for that decide any; each is in the audit log.
#[tokio::test]
async fn a_conversation_keeps_messages_for_days_of_its_own() {
    let server = Server::with().env("QUINTET_RETENTION_GROUP_DAYS", "30").run();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let (_, shop) = key(&server, &["add", "shop"]);
    let (_, moderator) = key(&server, &["add", "helper", "--scope", "read,moderate"]);
    let group = http.group(&alice.1, &[]).await;
    let place = format!("/conversations/{}/retention", group.as_str().expect("an id"));
    let kept = async |token: &str| http.api(token, "GET", &place, Value::Null).await.expect(200);
    let put = async |token: &str, body: Value| http.api(token, "PUT", &place, body).await;
    assert_eq!(kept(&alice.1).await, json!({ "keptDays": 30, "days": null, "byServer": false }));
    refused(put(&alice.1, json!({ "days": 31 })).await, 422, "`days` must be a number of days from 1 to 30");
    refused(put(&alice.1, json!({})).await, 422, "days");
    put(&alice.1, json!({ "days": 7, "reason": "tidy" })).await.expect(204);
    assert_eq!(kept(&moderator).await, json!({ "keptDays": 7, "days": 7, "byServer": false }));
    refused(put(&moderator, json!({ "days": 90 })).await, 403, "lacks the scope `admin`");
    put(&bob.1, json!({ "days": 90 })).await.expect(404);
    give(&server, "admin");
    put(&alice.1, json!({ "days": 90 })).await.expect(204);
    assert_eq!(kept(&shop).await, json!({ "keptDays": 90, "days": 90, "byServer": true }));
    put(&shop, json!({ "days": null })).await.expect(204);
    assert_eq!(kept(&alice.1).await, json!({ "keptDays": 30, "days": null, "byServer": false }));
    let acts = http.api(&shop, "GET", "/audit?act=change_retention", Value::Null).await.expect(200);
    let details: Vec<&Value> = acts["items"].as_array().expect("a list").iter().map(|act| &act["detail"]).collect();
    assert_eq!(details, ["none", "90", "7"]);
}
