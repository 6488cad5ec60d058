//! Identity and its proofs: tokens of every issuer, passwords that are asked for again, names that look alike, and the
//! operator's commands about users.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::{Answer, Http, Server, Start, Wire};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

const SECRET: &str = "a secret of two back ends, of 32 bytes and more";
const PASSWORD: &str = "correct horse";

fn now_s() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs()).expect("a moment")
}

/// Returns a token of another back end.
fn foreign(claims: &Value) -> String {
    jsonwebtoken::encode(&Header::default(), claims, &EncodingKey::from_secret(SECRET.as_bytes())).expect("a token")
}

/// Returns a token that version 0.1 issued yesterday.
fn of_version_0_1(id: &str, generation: u64) -> String {
    let issued_s = now_s() - 24 * 3_600;
    foreign(&json!({
        "sub": id, "userId": id, "id": id, "username": "any", "gen": generation, "iat": issued_s,
        "exp": issued_s + 7 * 24 * 3_600,
    }))
}

fn sharing() -> Start {
    Server::with().env("QUINTET_JWT_SECRET", SECRET)
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

/// Asserts that an answer is a refusal with this status whose message contains `what`.
fn refused(answer: Answer, status: u16, what: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert!(answer.text.contains(what), "{} does not say `{what}`", answer.text);
}

async fn log_in(http: &Http, field: &str, login: &str) -> Answer {
    http.api("", "POST", "/auth/login", json!({ field: login, "password": PASSWORD })).await
}

async fn register(http: &Http, username: &str, email: &str) -> Answer {
    http.api("", "POST", "/auth/register", json!({ "username": username, "email": email, "password": PASSWORD })).await
}

#[tokio::test]
async fn each_kind_of_token_at_each_endpoint() {
    let server = sharing().run();
    let http = server.http();
    let (id, own) = http.register("alice").await;
    let refreshed = text(&http.api(&own, "POST", "/auth/refresh", Value::Null).await.expect(200)["token"]).to_owned();
    let kinds = [
        ("one of ours", own, 200),
        ("one of ours that was refreshed", refreshed, 200),
        ("one of version 0.1", of_version_0_1(&id, 0), 403),
        ("another back end's", foreign(&json!({ "sub": id, "iat": now_s() })), 403),
        (
            "another back end's with our claims",
            foreign(&json!({ "sub": id, "iat": now_s(), "gen": 0, "iss": "quintet" })),
            403,
        ),
        ("another back end's with a generation of its own", foreign(&json!({ "sub": id, "gen": 99 })), 403),
        ("another back end's with a session of its own", foreign(&json!({ "sub": id, "sid": "s-1" })), 403),
    ];
    for (kind, token, refresh) in &kinds {
        // Each of them can read and connect.
        let me = http.api(token, "GET", "/me", Value::Null).await.expect(200);
        assert_eq!(me["id"], id.as_str(), "{kind}");
        Wire::connect(server.address(), "/chat", &json!({ "token": token })).await;
        // Only the server's own tokens are refreshed.
        let answer = http.api(token, "POST", "/auth/refresh", Value::Null).await;
        assert_eq!(answer.status, *refresh, "{kind}: {}", answer.text);
        // None but the server's own belongs to a session, which a log-out ends.
        if *refresh == 403 {
            http.api(token, "POST", "/auth/logout", Value::Null).await.expect(204);
            http.api(token, "GET", "/me", Value::Null).await.expect(200);
        }
        // None of them is enough to take over or erase the account.
        let email = json!({ "email": "mallory@example.org" });
        let password = json!({ "newPassword": "battery staple" });
        for (method, path, body) in [
            ("PATCH", "/api/v1/me", email.clone()),
            ("PUT", "/api/v1/me/password", password.clone()),
            ("DELETE", "/api/v1/me", Value::Null),
            ("DELETE", "/api/v1/me", json!({})),
            ("PUT", "/messenger/api/users/profile", email),
            ("PUT", "/messenger/api/users/change-password", password),
        ] {
            let status = if path.starts_with("/messenger") { 400 } else { 422 };
            refused(http.call(token, method, path, body.clone()).await, status, "currentPassword");
            let mut guess = if body.is_null() { json!({}) } else { body };
            guess["currentPassword"] = "wrong horse".into();
            refused(http.call(token, method, path, guess).await, 403, "The current password is wrong.");
        }
    }
    // A revocation affects all of them.
    http.api(&kinds[0].1, "POST", "/auth/revoke", Value::Null).await.expect(204);
    for (kind, token, _) in &kinds {
        assert_eq!(http.api(token, "GET", "/me", Value::Null).await.status, 401, "{kind}");
    }
    // Version 0.1 issued no token for an unknown user, and another back end vouches for its own users.
    refused(http.api(&of_version_0_1("ghost", 0), "GET", "/me", Value::Null).await, 401, "not known");
    http.api(&foreign(&json!({ "sub": "ghost", "gen": 0 })), "GET", "/me", Value::Null).await.expect(200);
}

#[tokio::test]
async fn a_data_folder_of_version_0_1_keeps_its_sessions() {
    let server = Server::with().file("jwt-secret", SECRET).run();
    let http = server.http();
    let (id, _) = http.register("alice").await;
    let old = of_version_0_1(&id, 0);
    http.api(&old, "GET", "/me", Value::Null).await.expect(200);
    refused(http.api(&old, "POST", "/auth/refresh", Value::Null).await, 403, "log in again");
    // That secret was never shared, so no other token signed with it is accepted.
    refused(http.api(&foreign(&json!({ "sub": id })), "GET", "/me", Value::Null).await, 401, "issuer is not known");
    assert_eq!(http.api(&of_version_0_1(&id, 1), "GET", "/me", Value::Null).await.status, 401);
}

#[tokio::test]
async fn required_claims_of_foreign_tokens() {
    let server = sharing()
        .env("QUINTET_AUTH_ISSUER", "shop")
        .env("QUINTET_AUTH_AUDIENCE", "chat")
        .env("QUINTET_AUTH_REQUIRED_CLAIMS", "use=access tenant")
        .run();
    let http = server.http();
    let good = json!({ "sub": "42", "iss": "shop", "aud": ["chat"], "use": "access", "tenant": 1 });
    http.api(&foreign(&good), "GET", "/me", Value::Null).await.expect(200);
    for (claim, value) in
        [("iss", json!("mall")), ("aud", json!("mail")), ("use", json!("reset-password")), ("tenant", Value::Null)]
    {
        let mut bad = good.clone();
        bad[claim] = value;
        refused(http.api(&foreign(&bad), "GET", "/me", Value::Null).await, 401, "the token");
        let mut wire = Wire::open(server.address(), "").await;
        assert!(wire.enter("/chat", &json!({ "token": foreign(&bad) })).await.starts_with("44/chat,"), "{bad}");
    }
    // The server's own tokens do not need it.
    let (_, own) = http.register("alice").await;
    http.api(&own, "GET", "/me", Value::Null).await.expect(200);
}

#[tokio::test]
async fn signing_with_the_shared_secret() {
    let server = sharing().env("QUINTET_AUTH_SIGN_WITH", "shared").env("QUINTET_AUTH_AUDIENCE", "chat").run();
    let http = server.http();
    let (id, token) = http.register("alice").await;
    // Another back end of the team can verify the token with the shared secret.
    let mut validation = jsonwebtoken::Validation::default();
    validation.set_audience(&["chat"]);
    let key = jsonwebtoken::DecodingKey::from_secret(SECRET.as_bytes());
    let claims = jsonwebtoken::decode::<Value>(&token, &key, &validation).expect("verified").claims;
    assert_eq!(claims["sub"], id.as_str());
    refused(http.api(&token, "POST", "/auth/refresh", Value::Null).await, 403, "refreshes none");
    // A new password ends the old session, and the new session works at once.
    let change = json!({ "currentPassword": PASSWORD, "newPassword": PASSWORD });
    let session = http.api(&token, "PUT", "/me/password", change).await.expect(200);
    assert_eq!(http.api(&token, "GET", "/me", Value::Null).await.status, 401);
    http.api(text(&session["token"]), "GET", "/me", Value::Null).await.expect(200);
    // The same holds for several changes within a second.
    let mut token = text(&session["token"]).to_owned();
    for _ in 0..3 {
        http.api(&token, "POST", "/auth/revoke", Value::Null).await.expect(204);
        assert_eq!(http.api(&token, "GET", "/me", Value::Null).await.status, 401);
        token = text(&log_in(&http, "username", "alice").await.expect(200)["token"]).to_owned();
        http.api(&token, "GET", "/me", Value::Null).await.expect(200);
    }
    let said = Server::with().env("QUINTET_AUTH_SIGN_WITH", "shared").fail();
    assert!(said.contains("needs a jwt_secret"), "{said}");
}

#[tokio::test]
async fn a_short_secret_is_refused() {
    let said = Server::with().env("QUINTET_JWT_SECRET", "shared").fail();
    assert!(said.contains("has 6 bytes") && said.contains("allow_short_secret"), "{said}");
    assert_eq!(said.trim().lines().count(), 1, "{said}");
    Server::with().env("QUINTET_JWT_SECRET", "shared").env("QUINTET_AUTH_ALLOW_SHORT_SECRET", "true").run();
}

#[tokio::test]
async fn the_password_is_asked_for_again() {
    let server = Server::start();
    let http = server.http();
    let (id, token) = http.register("alice").await;
    http.register("bob").await;
    // Only changes of what identifies the account need the password.
    let same = json!({ "name": "Alice King", "username": "alice2", "email": "Alice@example.org" });
    let me = http.api(&token, "PATCH", "/me", same).await.expect(200);
    assert_eq!((&me["name"], &me["email"]), (&json!("Alice King"), &json!("alice@example.org")));
    let proven = |change: Value| {
        let mut change = change;
        change["currentPassword"] = PASSWORD.into();
        change
    };
    let taken = proven(json!({ "email": "bob@example.org" }));
    refused(http.api(&token, "PATCH", "/me", taken).await, 409, "registered already");
    let me = http.api(&token, "PATCH", "/me", proven(json!({ "email": "new@example.org" }))).await.expect(200);
    assert_eq!(me["email"], "new@example.org");
    let profile = proven(json!({ "email": "newer@example.org" }));
    http.call(&token, "PUT", "/messenger/api/users/profile", profile).await.expect(200);
    log_in(&http, "email", "newer@example.org").await.expect(200);
    assert_eq!(log_in(&http, "email", "alice@example.org").await.status, 401);
    http.api(&token, "DELETE", "/me", proven(json!({}))).await.expect(204);
    let (_, other) = http.register("carol").await;
    http.api(&other, "GET", &format!("/users/{id}"), Value::Null).await.expect(404);
}

#[tokio::test]
async fn guesses_of_the_current_password_count_as_log_ins() {
    let server = Server::with().env("QUINTET_LIMITS_RATES", "true").run();
    let http = server.http();
    let (_, token) = http.register("alice").await;
    let mut limited = false;
    for _ in 0..40 {
        let answer = http.api(&token, "DELETE", "/me", json!({ "currentPassword": "a guess" })).await;
        limited |= answer.status == 429;
        assert!([403, 429].contains(&answer.status), "{}", answer.text);
    }
    assert!(limited, "40 guesses were answered");
    assert_eq!(log_in(&http, "username", "alice").await.status, 429);
}

#[tokio::test]
async fn an_account_without_a_password_needs_a_recent_token() {
    let server = sharing().run();
    let http = server.http();
    let token = |issued_s: Option<i64>| foreign(&json!({ "sub": "42", "username": "carol", "iat": issued_s }));
    let fresh = token(Some(now_s()));
    for stale in [token(None), token(Some(now_s() - 700)), token(Some(now_s() + 3_600))] {
        http.api(&stale, "PATCH", "/me", json!({ "name": "Carol" })).await.expect(200);
        let email = json!({ "email": "carol@example.org" });
        refused(http.api(&stale, "PATCH", "/me", email).await, 403, "the last 10 minutes");
        refused(http.api(&stale, "DELETE", "/me", Value::Null).await, 403, "the last 10 minutes");
    }
    // A password would outlive the token of the issuer that vouches for the user.
    let first = json!({ "newPassword": PASSWORD });
    refused(http.api(&fresh, "PUT", "/me/password", first.clone()).await, 403, "set by the operator");
    refused(http.call(&fresh, "PUT", "/messenger/api/users/change-password", first).await, 403, "set by the operator");
    let me = http.api(&fresh, "PATCH", "/me", json!({ "email": "carol@example.org" })).await.expect(200);
    assert_eq!(me["email"], "carol@example.org");
    http.api(&fresh, "DELETE", "/me", Value::Null).await.expect(204);
    assert_eq!(http.api(&fresh, "GET", "/me", Value::Null).await.status, 401);
}

#[tokio::test]
async fn names_that_look_alike_are_refused() {
    let server = sharing().run();
    let http = server.http();
    let (_, alice) = http.register("alice").await;
    http.register("Ian").await;
    let twins = ["ALICE", "\u{430}lice", "AIice", "ａｌｉｃｅ", "\u{1D4EA}lice", "lan"];
    for (number, twin) in twins.iter().enumerate() {
        let answer = register(&http, twin, &format!("t{number}@example.org")).await;
        refused(answer, 409, "username");
        let (_, bob) = http.register(&format!("bob{number}")).await;
        refused(http.api(&bob, "PATCH", "/me", json!({ "username": twin })).await, 409, "username");
        let profile = json!({ "username": twin });
        assert_eq!(http.call(&bob, "PUT", "/conversations/api/users/profile", profile).await.status, 409, "{twin}");
    }
    for (bad, what) in [
        ("al\u{200B}ice", "U+200B"),
        ("\u{3164}", "U+3164"),
        ("\u{2800}", "U+2800"),
        ("a\u{FE0F}", "U+FE0F"),
        ("a b", "spaces"),
        ("", "empty"),
        ("alice@example.org", "`@`"),
        ("admin", "reserved"),
        ("\u{430}dmin", "reserved"),
        ("ADMlN", "reserved"),
        ("guest-7", "reserved"),
        ("deleted-7", "reserved"),
    ] {
        refused(register(&http, bad, "bad@example.org").await, 422, what);
        refused(http.api(&alice, "PATCH", "/me", json!({ "username": bad })).await, 422, what);
    }
    // The owner may change the spelling of its own name.
    http.api(&alice, "PATCH", "/me", json!({ "username": "AIice" })).await.expect(200);
    log_in(&http, "username", "AIICE").await.expect(200);

    // The users of another back end have no chance to choose another name.
    for (number, (wish, name)) in [
        ("\u{430}lice", "\u{430}lice-2"),
        ("admin", "admin-2"),
        ("guest-9", "user-f-2"),
        ("dora@example.org", "dora"),
        ("Eve  Example", "Eve.Example"),
        ("\u{3164}", "user-f-5"),
    ]
    .into_iter()
    .enumerate()
    {
        let token = foreign(&json!({ "sub": format!("f-{number}"), "username": wish }));
        let me = http.api(&token, "GET", "/me", Value::Null).await.expect(200);
        assert_eq!(me["username"], name, "{wish}");
    }
    let (made, key) = server.run(&["key", "add", "shop"]);
    assert!(made, "{key}");
    let user = http.api(&key, "POST", "/users", json!({ "id": "s-1", "username": "support" })).await.expect(201);
    assert_eq!(user["username"], "support-2");
    for (email, username) in [("a@example.org", "guest-.ada"), ("b@example.org", "system")] {
        let body = json!({ "name": username, "email": email, "password": PASSWORD });
        let token = http.call("", "POST", "/meetup/api/auth/register", body).await.expect(200)["token"].clone();
        let me = http.api(text(&token), "GET", "/me", Value::Null).await.expect(200);
        assert_eq!(me["username"], if username == "system" { "system-2" } else { "user" });
    }
    // The operator may give any name.
    let (added, said) = server.run(&["user", "add", "admin", "--email", "admin@example.org", "--password", PASSWORD]);
    assert!(added, "{said}");
    let admin = log_in(&http, "username", "admin").await.expect(200);
    let kept = json!({ "username": "admin", "name": "The operator" });
    let me = http.api(text(&admin["token"]), "PATCH", "/me", kept).await.expect(200);
    assert_eq!((&me["username"], &me["name"]), (&json!("admin"), &json!("The operator")));
}

/// Colliding names from version 0.1: the operator is informed of them, and their users can continue.
#[tokio::test]
async fn names_of_version_0_1_that_collide() {
    let server = Server::start();
    let http = server.http();
    let (alice, _) = http.register("alice").await;
    let (twin, _) = http.register("twin").await;
    http.register("bob").await;
    let (mut said, mut logged) = (String::new(), String::new());
    // The first process that opens the data after that version computes the keys of names.
    let server = Server::with().run_after(server, |data| {
        let database = rusqlite::Connection::open(data.join("quintet.sqlite3")).expect("a database");
        database
            .execute_batch(
                "UPDATE user SET username = '\u{430}lice', username_key = '\u{430}lice' WHERE username = 'twin';
                 UPDATE user SET name_key = NULL, name_look = NULL;
                 DELETE FROM name_keys;",
            )
            .expect("as version 0.1 left it");
        drop(database);
        let mut list = std::process::Command::new(env!("CARGO_BIN_EXE_quintet"));
        let output = list.arg("--data").arg(data).args(["user", "list"]).output().expect("it runs");
        said = String::from_utf8(output.stdout).expect("text");
        logged = String::from_utf8(output.stderr).expect("text");
    });
    let http = server.http();
    let line = |id: &str| said.lines().find(|line| line.starts_with(id)).unwrap_or_else(|| panic!("{id} in {said}"));
    assert!(line(&alice).ends_with(&format!("(its name looks like that of {twin})")), "{said}");
    assert!(line(&twin).ends_with(&format!("(its name looks like that of {alice})")), "{said}");
    assert_eq!(said.matches("looks like").count(), 2, "{said}");
    assert!(logged.contains(&alice) && logged.contains(&twin), "{logged}");
    assert_eq!(logged.lines().count(), 1, "{logged}");
    for (field, login, id) in [
        ("username", "alice", &alice),
        // A wide letter is the plain one in another width (RFC 8265), not one that only looks like it.
        ("username", "ａlice", &alice),
        ("username", "\u{430}lice", &twin),
        ("username", "\u{410}LICE", &twin),
        ("email", "twin@example.org", &twin),
    ] {
        assert_eq!(log_in(&http, field, login).await.expect(200)["user"]["id"], id.as_str(), "{login}");
    }
    assert_eq!(log_in(&http, "username", "al\u{456}ce").await.status, 401, "either may be meant");
    refused(register(&http, "al\u{456}ce", "third@example.org").await, 409, "looks like");
}

#[tokio::test]
async fn invisible_names_and_ids_are_refused() {
    let server = sharing().run();
    let http = server.http();
    let (_, alice) = http.register("alice").await;
    let named = |name: &str| json!({ "name": name });
    for (given, shown) in [
        (" Zoe\u{308} \u{3000} King\n", "Zoë King"),
        ("Müller 👩🏽\u{200D}💻", "Müller 👩🏽\u{200D}💻"),
        ("علی\u{200C}رضا", "علی\u{200C}رضا"),
    ] {
        let me = http.api(&alice, "PATCH", "/me", named(given)).await.expect(200);
        assert_eq!(me["name"], shown);
    }
    let group = |name: &str| json!({ "kind": "group", "name": name });
    for (name, what) in
        [("\u{200B}", "blank"), ("\u{3164} \u{2800}", "blank"), ("Bob\u{202E}", "U+202E"), ("B\u{200D}ob", "U+200D")]
    {
        refused(http.api(&alice, "PATCH", "/me", named(name)).await, 422, what);
        refused(http.api(&alice, "POST", "/conversations", group(name)).await, 422, what);
    }
    let place = http.api(&alice, "POST", "/conversations", group("  The\u{A0}group ")).await.expect(201);
    assert_eq!(place["name"], "The group");
    let messages = format!("/conversations/{}/messages", text(&place["id"]));
    let said = http.api(&alice, "POST", &messages, json!({ "content": "said" })).await.expect(201);
    let edit = format!("/messages/{}", text(&said["id"]));
    let mut wire = Wire::connect(server.address(), "/chat", &json!({ "token": alice })).await;
    for blank in ["\u{200B}", "\u{3164}", "\u{2800}\u{2800}", "\u{200D}\u{FE0F}", "\u{E0041}", " \u{2060}\n"] {
        refused(http.api(&alice, "POST", &messages, json!({ "content": blank })).await, 422, "blank");
        refused(http.api(&alice, "PATCH", &edit, json!({ "content": blank })).await, 422, "blank");
        let ack = wire.call("message:send", &json!({ "chatId": place["id"], "content": blank })).await;
        assert_eq!(ack["code"], "ERR_INVALID_PAYLOAD", "{ack}");
    }
    for content in ["👩‍👩‍👧", "❤️", "\u{2801}\u{2800}", "\u{200B}x"] {
        http.api(&alice, "POST", &messages, json!({ "content": content })).await.expect(201);
    }
    // Ids that look like another one, or are invisible, are refused.
    for id in ["42\u{200B}", "\u{2800}", "4\u{202E}2", "\u{3164}"] {
        let token = foreign(&json!({ "sub": id }));
        refused(http.api(&token, "GET", "/me", Value::Null).await, 401, "visible");
    }
}

#[tokio::test]
async fn a_log_in_uses_the_field_that_is_given() {
    let server = Server::start();
    let http = server.http();
    http.register("alice").await;
    for path in ["/api/v1", "/api", "/meetup/api", "/messenger/api", "/conversations/api", "/chat/api"] {
        for (field, login, fits) in [
            ("email", "Alice@example.org", true),
            ("username", "Alice", true),
            ("email", "alice", false),
            ("username", "alice@example.org", false),
        ] {
            let body = json!({ field: login, "password": PASSWORD });
            let answer = http.call("", "POST", &format!("{path}/auth/login"), body).await;
            assert_eq!(answer.status == 200, fits, "{path} {field} {login}: {}", answer.text);
        }
        let both = json!({ "email": "nobody@example.org", "username": "alice", "password": PASSWORD });
        assert_ne!(http.call("", "POST", &format!("{path}/auth/login"), both).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn the_operator_names_one_user() {
    let server = sharing().run();
    let http = server.http();
    // A user's username is the id that another back end uses for someone else.
    http.register("bob").await;
    http.api(&foreign(&json!({ "sub": "bob", "username": "robert" })), "GET", "/me", Value::Null).await.expect(200);
    for command in ["disable", "enable", "passwd"] {
        let words = ["user", command, "bob"];
        let given: &[&str] = if command == "passwd" { &["--password", "battery staple"] } else { &[] };
        let (done, said) = server.run(&[&words[..], given].concat());
        assert!(!done && said.contains("fits several users"), "{command}: {said}");
        assert!(
            said.contains("id bob, username robert") && said.contains("username bob, email bob@example.org"),
            "{said}"
        );
        assert!(said.contains("--id"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    log_in(&http, "username", "bob").await.expect(200);
    for (option, name, of) in
        [("--id", "bob", "robert"), ("--username", "bob", "bob"), ("--email", "bob@example.org", "bob")]
    {
        for command in ["disable", "enable"] {
            let (done, said) = server.run(&["user", command, option, name]);
            assert!(done && said.starts_with(&format!("{of} is ")), "{command} {option}: {said}");
        }
    }
    for wrong in [&["user", "disable"][..], &["user", "disable", "bob", "--id", "bob"], &["user", "disable", "nobody"]]
    {
        assert!(!server.run(wrong).0, "{wrong:?}");
    }
    // An unambiguous name works as before.
    let (done, said) = server.run(&["user", "disable", "robert"]);
    assert!(done, "{said}");
    log_in(&http, "username", "bob").await.expect(200);
}

#[tokio::test]
async fn an_unverified_email_has_no_effect() {
    let server = sharing().run();
    let http = server.http();
    let mallory = foreign(&json!({ "sub": "m", "username": "mallory", "email": "alice@example.org" }));
    let me = http.api(&mallory, "GET", "/me", Value::Null).await.expect(200);
    assert_eq!(me["email"], "alice@example.org", "it is shown to its owner");
    // The address keeps nobody from registering, does not work for a log-in, and is not shown to contacts.
    let (alice_id, alice) = http.register("alice").await;
    assert_eq!(log_in(&http, "email", "alice@example.org").await.expect(200)["user"]["id"], alice_id.as_str());
    let group = json!({ "kind": "group", "name": "G", "memberIds": ["m"] });
    http.api(&alice, "POST", "/conversations", group).await.expect(201);
    let people = http.call(&alice, "GET", "/messenger/api/users", Value::Null).await.expect(200);
    let shown = people.as_array().expect("a list").iter().find(|one| one["_id"] == "m").expect("mallory");
    assert_eq!(shown["email"], "");
    // A registered address cannot be claimed by anyone else.
    let late = foreign(&json!({ "sub": "l", "email": "ALICE@example.org", "email_verified": true }));
    assert_eq!(http.api(&late, "GET", "/me", Value::Null).await.expect(200)["email"], Value::Null);
    // An issuer that vouches for an address is trusted.
    let carol = foreign(&json!({ "sub": "c", "email": "carol@example.org", "email_verified": true }));
    http.api(&carol, "GET", "/me", Value::Null).await.expect(200);
    refused(register(&http, "carol", "carol@example.org").await, 409, "registered already");
}
