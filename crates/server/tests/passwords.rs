//! Passwords and names that are the same on every keyboard, and the minimum of a password.

use crate::support::raw::Raw;
use crate::support::{Answer, Http, Server};
use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse";

async fn post(http: &Http, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
    let headers = [&[("content-type", "application/json")], headers].concat();
    http.send("POST", path, &headers, &body.to_string()).await
}

/// Returns a registered user's token.
async fn token(http: &Http, name: &str) -> String {
    http.register(name).await.1
}

#[tokio::test]
async fn the_minimum_of_a_password_is_a_setting_and_is_named() {
    for (setting, short, message) in [
        (None, "1234567", "`password` must have at least 8 characters."),
        (Some("6"), "12345", "`password` must have at least 6 characters."),
    ] {
        let start = Server::with();
        let start = setting.map_or(Server::with(), |least| start.env("QUINTET_AUTH_PASSWORD_LENGTH_MIN", least));
        let server = start.run();
        let http = server.http();
        for (path, more) in [
            ("/api/v1/auth/register", json!({ "username": "ada" })),
            ("/meetup/api/auth/register", json!({ "name": "Ada" })),
            ("/messenger/api/auth/signup", json!({ "firstName": "Ada", "lastName": "K", "country": "Norway" })),
            ("/conversations/api/auth/register", json!({ "username": "ada" })),
            ("/chat/api/auth/register", json!({ "username": "ada" })),
            ("/api/auth/register", json!({ "username": "ada" })),
        ] {
            let mut body = json!({ "email": "ada@example.org", "password": short });
            body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            let refused = post(&http, path, &[], body).await;
            assert!(refused.status == 400 || refused.status == 422, "{path}: {}", refused.text);
            assert!(refused.text.contains(message), "{path}: {}", refused.text);
        }
        if setting.is_some() {
            let new = json!({ "username": "ada", "email": "ada@example.org", "password": "123456" });
            post(&http, "/chat/api/auth/register", &[], new).await.expect(201);
            let facts = http.api("", "GET", "/server", Value::Null).await.expect(200);
            assert_eq!(facts["passwordLengthMin"], 6);
            let document = http.api("", "GET", "/openapi.json", Value::Null).await.expect(200);
            let password = &document["components"]["schemas"]["Registration"]["properties"]["password"];
            assert_eq!(password["minLength"], 6, "{password}");
        }
    }
    let said = Server::with().env("QUINTET_AUTH_PASSWORD_LENGTH_MIN", "5").fail();
    assert!(said.contains("QUINTET_AUTH_PASSWORD_LENGTH_MIN") && said.contains("from 6 to 64"), "{said}");
}

#[tokio::test]
async fn passwords_and_ids_that_cannot_be_read_are_refused() {
    let server = Server::start();
    let http = server.http();
    let json = [("content-type", "application/json")];
    for (password, message) in [
        (r"correct horse \ud83c", "`password` must not contain U+FFFD"),
        (r"correct horse \udf89", "`password` must not contain U+FFFD"),
        (r"correct horse \u0000", "`password` must not contain the character U+0000"),
    ] {
        let body = format!(r#"{{"username":"ada","email":"ada@example.org","password":"{password}"}}"#);
        for path in ["/api/v1/auth/register", "/chat/api/auth/register"] {
            let refused = http.send("POST", path, &json, &body).await;
            assert!(matches!(refused.status, 400 | 422), "{path}: {}", refused.text);
            assert!(refused.text.contains(message), "{path}: {}", refused.text);
        }
    }
    let mut raw = Raw::open(server.address(), "/socket.io/?EIO=4&transport=websocket", &[]).await.expect("open");
    assert!(raw.text().await.is_some_and(|open| open.starts_with("0{")));
    raw.send(0x81, br#"40/rooms,{"userId":"g\ud83c"}"#).await;
    let answer = raw.text().await.expect("an answer");
    assert!(answer.starts_with("44/rooms,") && answer.contains("U+FFFD"), "{answer}");
}

#[tokio::test]
async fn one_person_on_two_keyboards() {
    let server = Server::start();
    let http = server.http();
    let new =
        json!({ "username": " Zoe\u{308} ", "email": " Zoe\u{308}@example.org", "password": "cafe\u{301} au lait" });
    let session = http.api("", "POST", "/auth/register", new).await.expect(201);
    assert_eq!((&session["user"]["username"], &session["user"]["email"]), (&json!("Zoë"), &json!("Zoë@example.org")));
    for (field, login) in [
        ("username", "zoë"),
        ("username", "ZOE\u{308} "),
        ("email", "zoë@example.org"),
        ("email", "ZOE\u{308}@Example.org\n"),
    ] {
        for (password, status) in [("café au lait", 200), ("cafe\u{301} au\u{A0}lait", 200), ("café au lait ", 401)] {
            let body = json!({ field: login, "password": password });
            let answer = http.api("", "POST", "/auth/login", body).await;
            assert_eq!(answer.status, status, "{login:?} {password:?}: {}", answer.text);
        }
    }
    let taken = json!({ "username": "zoe", "email": "ZOË@EXAMPLE.ORG", "password": PASSWORD });
    assert_eq!(http.api("", "POST", "/auth/register", taken).await.status, 409);
}

#[tokio::test]
async fn a_hash_of_an_earlier_version_is_renewed() {
    const TYPED: &str = "cafe\u{301} au lait";
    let server = Server::start();
    server.http().register("ada").await;
    let hash = Argon2::default().hash_password(TYPED.as_bytes()).expect("hashed").to_string();
    let server = Server::with().run_after(server, |data| {
        let database = rusqlite::Connection::open(data.join("quintet.sqlite3")).expect("a database");
        database.execute("UPDATE user SET password_hash = ?1", [&hash]).expect("written");
    });
    let http = server.http();
    let log_in = async |password: &str| {
        http.api("", "POST", "/auth/login", json!({ "username": "ada", "password": password })).await
    };
    assert_eq!(log_in("café au lait").await.status, 401, "the old hash is of what was typed");
    let session = log_in(TYPED).await.expect(200);
    log_in("café au lait").await.expect(200);
    log_in(TYPED).await.expect(200);
    // The renewal ends no session.
    let token = session["token"].as_str().expect("a token");
    http.api(token, "GET", "/me", Value::Null).await.expect(200);
}

#[tokio::test]
async fn names_are_found_as_people_type_them() {
    for args in [&[][..], &["--ephemeral"]] {
        let server = Server::with().args(args).run();
        let http = server.http();
        let ada = token(&http, "ada").await;
        let user =
            json!({ "username": "gross", "email": "g@example.org", "password": PASSWORD, "name": "Große Straße" });
        http.api("", "POST", "/auth/register", user).await.expect(201);
        let room = json!({ "kind": "room", "name": "Οδυσσεύς Café" });
        http.api(&ada, "POST", "/conversations", room).await.expect(201);
        for query in ["STRASSE", "gro%C3%9Fe", "strasse"] {
            let found = http.api(&ada, "GET", &format!("/users?q={query}"), Value::Null).await.expect(200);
            assert_eq!(found["items"][0]["username"], "gross", "{query}");
            let path = format!("/conversations/api/users/search?q={query}");
            let found = http.call(&ada, "GET", &path, Value::Null).await.expect(200);
            assert_eq!(found["users"][0]["username"], "gross", "{query}");
        }
        // The last is `CAFÉ` with an accent of its own.
        for query in ["%CE%9F%CE%94%CE%A5%CE%A3%CE%A3%CE%95%CE%A5%CE%A3", "cafe", "CAFE%CC%81"] {
            let found = http.api(&ada, "GET", &format!("/rooms?q={query}"), Value::Null).await.expect(200);
            assert_eq!(found["items"].as_array().map(Vec::len), Some(1), "{query}: {found}");
        }
    }
}
