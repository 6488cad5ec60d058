//! Names, tokens and passwords that are meant to cost the server time.

use serde_json::{Value, json};

use crate::attack::bystander::Bystander;
use crate::support::{Http, Server};

/// The number of requests that one attacker sends at once.
const AT_ONCE: usize = 8;

/// A character that becomes eighteen by NFKC.
const EXPANDING: char = '\u{FDFA}';

/// A size in bytes just under that of the largest body.
const LARGE: usize = 900_000;

fn large() -> String {
    EXPANDING.to_string().repeat(LARGE / EXPANDING.len_utf8())
}

/// Sends the same request several times at once, and returns the status of each.
async fn at_once(http: &Http, token: &str, method: &str, path: &str, body: &Value) -> Vec<u16> {
    let requests = (0..AT_ONCE).map(|_| async { http.api(token, method, path, body.clone()).await.status });
    futures_util::future::join_all(requests).await
}

/// A megabyte of characters that expand when they are compared is not a name, and is refused before it is compared.
#[tokio::test]
async fn names_that_grow_when_they_are_compared() {
    let server = Server::start();
    let http = server.http();
    let (_, mallory) = http.register("mallory").await;
    let mut bystander = Bystander::of(&server).await;
    let large = large();
    let password = "correct horse";
    let account = json!({ "username": large, "email": "m@example.org", "password": password });
    let by_name = json!({ "username": large, "password": password });
    let named = json!({ "name": large });
    let renamed = json!({ "username": large });
    let group = json!({ "kind": "group", "name": large });
    bystander
        .beside(async {
            for (token, method, path, body, status) in [
                ("", "POST", "/auth/register", &account, 413),
                ("", "POST", "/auth/login", &by_name, 401),
                (&mallory, "PATCH", "/me", &named, 413),
                (&mallory, "PATCH", "/me", &renamed, 413),
                (&mallory, "POST", "/conversations", &group, 413),
            ] {
                let found = at_once(&http, token, method, path, body).await;
                assert_eq!(found, [status; AT_ONCE], "{method} {path}");
            }
        })
        .await;
}

/// Names at the length limit, which expand as far as possible, are compared while others are served.
#[tokio::test]
async fn many_of_the_longest_names() {
    let server = Server::with().env("QUINTET_JWT_SECRET", "a secret of two back ends, of 32 bytes and more").run();
    let http = server.http();
    let mut bystander = Bystander::of(&server).await;
    let longest = EXPANDING.to_string().repeat(100);
    let key = jsonwebtoken::EncodingKey::from_secret(b"a secret of two back ends, of 32 bytes and more");
    bystander
        .beside(async {
            for user in 0..40 {
                let claims = json!({ "sub": format!("u-{user}"), "username": longest });
                let token = jsonwebtoken::encode(&Default::default(), &claims, &key).expect("a token");
                http.api(&token, "GET", "/me", Value::Null).await.expect(200);
            }
        })
        .await;
}
