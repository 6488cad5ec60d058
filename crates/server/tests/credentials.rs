//! What front ends of other origins need: permission to read answers, and a token in a cookie. And the sessions that tokens
//! belong to.

use std::time::Duration;

use crate::support::raw::Raw;
use crate::support::{Answer, Http, Server, Wire};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse";
/// How long an event is waited for on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const LISTED: &str = "https://app.example.org";

/// Starts a server with the cookie `token`, which pages of [`LISTED`] may use.
fn with_cookie() -> Server {
    let server = Server::with().env("QUINTET_AUTH_COOKIE", "token").env("QUINTET_LIMITS_TRUSTED_PROXIES", "127.0.0.1");
    server.env("QUINTET_HTTP_ORIGINS", "https://app.example.org:443").run()
}

async fn post(http: &Http, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
    let headers = [&[("content-type", "application/json")], headers].concat();
    http.send("POST", path, &headers, &body.to_string()).await
}

/// Returns the value of a header of an answer, in lower case.
fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")))
}

/// Returns a registered user's token.
async fn token(http: &Http, name: &str) -> String {
    http.register(name).await.1
}

// --- CORS ---

/// Every kind of answer, by the path of a request.
const DOORS: [&str; 6] = [
    "/socket.io/?EIO=4&transport=polling",
    "/api/v1/me",
    "/chat/api/auth/me",
    "/api/auth/me",
    "/files/x/y",
    "/healthz",
];

#[tokio::test]
async fn pages_with_credentials_may_read_every_answer() {
    let (open, closed) = (Server::start(), Server::with().env("QUINTET_HTTP_ORIGINS", LISTED).run());
    for (server, origin) in [(&open, "https://any.example"), (&open, "null"), (&closed, LISTED)] {
        for path in DOORS {
            let answer = server.http().send("GET", path, &[("origin", origin)], "").await;
            assert_eq!(header(&answer, "access-control-allow-origin"), Some(origin), "{path}");
            assert_eq!(header(&answer, "access-control-allow-credentials"), Some("true"), "{path}");
            assert!(answer.head.lines().any(|line| line.starts_with("vary: ") && line.contains("origin")), "{path}");
            let asked = [
                ("origin", origin),
                ("access-control-request-method", "PATCH"),
                ("access-control-request-headers", "authorization,x-of-the-app"),
            ];
            let answer = server.http().send("OPTIONS", path, &asked, "").await;
            assert_eq!(answer.status, 204, "{path}");
            assert_eq!(header(&answer, "access-control-allow-origin"), Some(origin), "{path}");
            assert_eq!(header(&answer, "access-control-allow-credentials"), Some("true"), "{path}");
            assert_eq!(header(&answer, "access-control-allow-headers"), Some("authorization,x-of-the-app"), "{path}");
            assert!(header(&answer, "access-control-allow-methods").is_some_and(|methods| methods.contains("patch")));
            assert_eq!(header(&answer, "access-control-max-age"), Some("86400"), "{path}");
        }
    }
}

#[tokio::test]
async fn other_pages_may_read_nothing_where_origins_are_listed() {
    let server = Server::with().env("QUINTET_HTTP_ORIGINS", LISTED).run();
    for path in DOORS {
        for origin in ["https://evil.example", "null", "http://app.example.org", "https://app.example.org:8443"] {
            for method in ["GET", "OPTIONS"] {
                let answer = server.http().send(method, path, &[("origin", origin)], "").await;
                assert!(!answer.head.contains("access-control-allow-origin"), "{path} {origin}: {}", answer.head);
                assert!(!answer.head.contains("access-control-allow-credentials"), "{path} {origin}");
            }
        }
        // A proxy forwards a page of its own host like this. It needs no permission, and gets none for credentials.
        let answer = server.http().send("GET", path, &[("origin", "http://test")], "").await;
        assert!(!answer.head.contains("access-control-allow-credentials"), "{path}");
    }
}

#[tokio::test]
async fn refusals_can_be_read_too() {
    let http = Server::start();
    for (method, path) in [("PUT", "/api/v1/me"), ("POST", "/api/v1/auth/login"), ("GET", "/nothing")] {
        let answer = http.http().send(method, path, &[("origin", "https://any.example")], "{").await;
        assert!(answer.status >= 400);
        assert_eq!(header(&answer, "access-control-allow-origin"), Some("https://any.example"), "{method} {path}");
    }
}

#[tokio::test]
async fn an_origin_with_its_default_port_is_the_same() {
    let server = Server::with().env("QUINTET_HTTP_ORIGINS", "https://app.example.org:443 http://b.example:80").run();
    let path = "/socket.io/?EIO=4&transport=polling";
    for (origin, status) in [
        (LISTED, 200),
        ("https://app.example.org:443", 200),
        ("http://b.example", 200),
        ("http://app.example.org", 403),
        ("https://app.example.org:80", 403),
        ("https://b.example", 403),
    ] {
        assert_eq!(server.http().send("GET", path, &[("origin", origin)], "").await.status, status, "{origin}");
    }
}

// --- the cookie ---

/// Returns what `/api/v1/me` answers to a request with these headers.
async fn me(http: &Http, headers: &[(&str, &str)]) -> Answer {
    http.send("GET", "/api/v1/me", headers, "").await
}

/// Returns whether the server knows who opens a connection in the dialect `chat`, which takes no guests.
async fn enters(server: &Server, headers: &[&str]) -> Result<bool, u16> {
    let mut raw = Raw::open(server.address(), "/socket.io/?EIO=4&transport=websocket", headers).await?;
    assert!(raw.text().await.is_some_and(|open| open.starts_with("0{")));
    raw.send(0x81, b"40/chat,").await;
    Ok(raw.text().await.expect("an answer").starts_with("40/chat,"))
}

#[tokio::test]
async fn a_cookie_is_looked_at_last() {
    let server = with_cookie();
    let http = server.http();
    let (ada, bob) = (token(&http, "ada").await, token(&http, "bob").await);
    let (cookie, bearer) = (format!("a=b; token={ada}; c=d"), format!("Bearer {bob}"));
    assert_eq!(me(&http, &[("cookie", &cookie)]).await.expect(200)["username"], "ada");
    let both = [("cookie", cookie.as_str()), ("authorization", bearer.as_str())];
    assert_eq!(me(&http, &both).await.expect(200)["username"], "bob");
    let none = [("cookie", cookie.as_str()), ("authorization", "Bearer undefined")];
    assert_eq!(me(&http, &none).await.expect(200)["username"], "ada", "what front ends write without a token");
    let bad = [("cookie", cookie.as_str()), ("authorization", "Bearer x.y.z")];
    assert_eq!(me(&http, &bad).await.status, 401, "a token that was sent with purpose is not passed over");
    assert_eq!(
        http.send("GET", "/api/auth/me", &[("cookie", &cookie)], "").await.expect(200)["user"]["username"],
        "ada"
    );
    // Caches must not keep for others what one person's cookie gave.
    let answer = http.send("GET", "/chat/api/chats", &[("cookie", &cookie)], "").await;
    assert!(header(&answer, "cache-control").is_some_and(|control| control.contains("private")), "{}", answer.head);

    let cookie = format!("Cookie: token={ada}");
    assert_eq!(enters(&server, &[&cookie]).await, Ok(true));
    assert_eq!(enters(&server, &[]).await, Ok(false));
    assert_eq!(enters(&server, &[&cookie, "Authorization: Bearer null"]).await, Ok(true));
    let mut plain = Raw::open(server.address(), "/ws?dialect=chat", &[&cookie]).await.expect("open");
    plain.send(0x81, br#"{"event":"chat:join","data":{"chatId":"none"},"id":1}"#).await;
    assert!(plain.text().await.is_some(), "an answer, not the end");

    // Without the setting, a cookie is nothing.
    let server = Server::start();
    let token = token(&server.http(), "ada").await;
    assert_eq!(me(&server.http(), &[("cookie", &format!("token={token}"))]).await.status, 401);
    assert_eq!(enters(&server, &[&format!("Cookie: token={token}")]).await, Ok(false));
}

#[tokio::test]
async fn a_bad_cookie_counts_as_none_and_is_cleared() {
    let server = with_cookie();
    let http = server.http();
    let ada = token(&http, "ada").await;
    http.api(&ada, "POST", "/auth/revoke", Value::Null).await.expect(204);
    for bad in ["x.y.z", &ada, "%20"] {
        let cookie = format!("token={bad}");
        let answer = me(&http, &[("cookie", &cookie)]).await;
        assert_eq!(answer.status, 401);
        let polling = "/socket.io/?EIO=4&transport=polling";
        let handshake = http.send("GET", polling, &[("cookie", &cookie)], "").await;
        assert_eq!(handshake.status, 200, "a guest may connect");
        if bad != "%20" {
            for answer in [answer, handshake] {
                let cleared = header(&answer, "set-cookie").expect("cleared");
                assert!(cleared.starts_with("token=; httponly; samesite=lax; path=/; max-age=0"), "{cleared}");
            }
        }
        assert_eq!(enters(&server, &[&format!("Cookie: {cookie}")]).await, Ok(false));
    }
}

#[tokio::test]
async fn pages_of_other_origins_use_no_cookie() {
    let server = with_cookie();
    let http = server.http();
    let ada = token(&http, "ada").await;
    let cookie = format!("token={ada}");
    let own = format!("http://{}", server.address());
    let change = json!({ "name": "Ada" }).to_string();
    let send = async |method: &str, from: Option<(&str, &str)>| {
        let host = server.address().to_string();
        let mut request = format!("{method} /api/v1/me HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
        for (name, value) in [("cookie", cookie.as_str()), ("content-type", "application/json")].into_iter().chain(from)
        {
            request += &format!("{name}: {value}\r\n");
        }
        let body = if method == "GET" { "" } else { &change };
        http.raw(format!("{request}content-length: {}\r\n\r\n{body}", body.len()).as_bytes()).await.status
    };
    let foreign = [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://app.example.org"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ];
    for from in foreign {
        assert_eq!(send("PATCH", Some(from)).await, 403, "{from:?}");
        assert_eq!(send("GET", Some(from)).await, 401, "{from:?}: the cookie is not looked at");
        let line = format!("{}: {}", from.0, from.1);
        let refused = enters(&server, &[&format!("Cookie: {cookie}"), &line]).await;
        assert_eq!(refused, Err(403), "{from:?}: no WebSocket");
        let plain = Raw::open(server.address(), "/ws?dialect=chat", &[&format!("Cookie: {cookie}"), &line]).await;
        assert_eq!(plain.err(), Some(403), "{from:?}");
    }
    for from in
        [None, Some(("origin", LISTED)), Some(("origin", own.as_str())), Some(("sec-fetch-site", "same-origin"))]
    {
        assert_eq!(send("PATCH", from).await, 200, "{from:?}");
        assert_eq!(send("GET", from).await, 200, "{from:?}");
        let line = from.map(|(name, value)| format!("{name}: {value}"));
        let cookie = format!("Cookie: {cookie}");
        let lines: Vec<&str> = [Some(cookie.as_str()), line.as_deref()].into_iter().flatten().collect();
        assert_eq!(enters(&server, &lines).await, Ok(true), "{from:?}");
    }
    // Nobody is logged in by a page that the operator does not know, which could make people use another's account.
    let login = json!({ "email": "ada@example.org", "password": PASSWORD });
    let refused = post(&http, "/chat/api/auth/login", &[("origin", "https://evil.example")], login).await;
    assert!(refused.status == 403 && header(&refused, "set-cookie").is_none(), "{}", refused.head);
}

#[tokio::test]
async fn a_log_in_sets_the_cookie_and_a_log_out_clears_it() {
    let server = with_cookie();
    let http = server.http();
    let near = [("origin", LISTED), ("sec-fetch-site", "same-site")];
    let far = [("origin", LISTED), ("sec-fetch-site", "cross-site"), ("x-forwarded-proto", "https")];
    for (dialect, body) in [
        ("meetup", json!({ "name": "Ada", "email": "a@example.org", "password": PASSWORD })),
        ("conversations", json!({ "username": "bob", "email": "b@example.org", "password": PASSWORD })),
        ("chat", json!({ "username": "carol", "email": "c@example.org", "password": PASSWORD })),
    ] {
        let answer = post(&http, &format!("/{dialect}/api/auth/register"), &near, body).await;
        let set = header(&answer, "set-cookie").unwrap_or_else(|| panic!("{dialect}: {}", answer.head));
        let token = answer.json()["token"].as_str().expect("a token").to_lowercase();
        assert!(set.starts_with(&format!("token={token}; httponly; samesite=lax; path=/; max-age=")), "{set}");
    }
    let signed_up = json!({
        "firstName": "Dan", "lastName": "D", "email": "d@example.org", "country": "Norway", "password": PASSWORD,
    });
    let answer = post(&http, "/messenger/api/auth/signup", &near, signed_up).await;
    assert!(answer.status == 201 && header(&answer, "set-cookie").is_none(), "it gives no token");

    let login = json!({ "email": "b@example.org", "password": PASSWORD });
    for door in ["/messenger/api", "/conversations/api", "/chat/api", "/meetup/api", "/api"] {
        let answer = post(&http, &format!("{door}/auth/login"), &far, login.clone()).await;
        let set = header(&answer, "set-cookie").unwrap_or_else(|| panic!("{door}: {}", answer.head));
        assert!(set.contains("; httponly; samesite=none; secure; path=/; max-age="), "{set}");
        let wrong = json!({ "email": "b@example.org", "password": "wrong horse" });
        let refused = post(&http, &format!("{door}/auth/login"), &far, wrong).await;
        assert!(refused.status >= 400 && header(&refused, "set-cookie").is_none(), "{door}");
        let answer = post(&http, &format!("{door}/auth/logout"), &far, json!({})).await;
        assert_eq!(answer.json()["message"], "Logged out successfully", "{door}: {}", answer.text);
        let cleared = header(&answer, "set-cookie").expect("cleared");
        assert!(cleared.starts_with("token=; httponly; samesite=none; secure; path=/; max-age=0"), "{cleared}");
    }
    // Our own API hands its token to a program, which keeps it itself.
    let answer = post(&http, "/api/v1/auth/login", &near, login.clone()).await;
    assert!(answer.status == 200 && header(&answer, "set-cookie").is_none());
    // A browser that has its token in the cookie gets the one that replaces it there.
    let session = post(&http, "/conversations/api/auth/login", &near, login).await.json();
    let cookie = format!("token={}", session["token"].as_str().expect("a token"));
    let with_cookie = [near[0], ("cookie", cookie.as_str())];
    let refreshed = post(&http, "/api/v1/auth/refresh", &with_cookie, json!({})).await;
    assert!(header(&refreshed, "set-cookie").is_some_and(|set| set.starts_with("token=eyj")), "{}", refreshed.head);
    let revoked = post(&http, "/api/v1/auth/revoke", &with_cookie, json!({})).await;
    assert!(header(&revoked, "set-cookie").is_some_and(|set| set.starts_with("token=;")), "{}", revoked.head);
    assert_eq!(me(&http, &with_cookie).await.status, 401);

    // Without the setting, nothing is set.
    let server = Server::start();
    let new = json!({ "username": "bob", "email": "b@example.org", "password": PASSWORD });
    let answer = post(&server.http(), "/chat/api/auth/register", &[], new).await;
    assert!(answer.status == 201 && header(&answer, "set-cookie").is_none());
    assert_eq!(post(&server.http(), "/chat/api/auth/logout", &[], json!({})).await.status, 200);
}

#[test]
fn a_cookie_without_listed_origins_does_not_start() {
    let said = Server::with().env("QUINTET_AUTH_COOKIE", "token").fail();
    let expected = "the environment variable QUINTET_AUTH_COOKIE: [auth] cookie needs [http] origins";
    assert!(said.contains(expected), "{said}");
}

/// Starts a server with a cookie that browsers accept only from its own host, over TLS.
fn with_cookie_of_host(log: &std::path::Path, folder: tempfile::TempDir) -> Server {
    let server = Server::with().env("QUINTET_AUTH_COOKIE", "__Host-token").env("QUINTET_HTTP_ORIGINS", LISTED);
    let data = folder.path().join("data");
    server.env("QUINTET_LIMITS_TRUSTED_PROXIES", "127.0.0.1").log(log).run_in(folder, &data)
}

#[tokio::test]
async fn the_name_of_a_cookie_counts_as_it_is_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let server = with_cookie_of_host(&log, folder);
    let http = server.http();
    let (ada, mal) = (token(&http, "ada").await, token(&http, "mal").await);
    let cookie = format!("__%48ost-token={mal}; __Host-token={ada}");
    assert_eq!(me(&http, &[("cookie", &cookie)]).await.expect(200)["username"], "ada");
    assert_eq!(me(&http, &[("cookie", &format!("__%48ost-token={mal}"))]).await.status, 401);
    // Values are decoded as before.
    let cookie = format!("__Host-token=Bearer%20{ada}");
    assert_eq!(me(&http, &[("cookie", &cookie)]).await.expect(200)["username"], "ada");

    let login = json!({ "email": "ada@example.org", "password": PASSWORD });
    let far = [("origin", LISTED), ("x-forwarded-proto", "https")];
    post(&http, "/chat/api/auth/login", &far, login.clone()).await.expect(200);
    let warnings = || std::fs::read_to_string(&log).expect("a log").matches("browsers drop this cookie").count();
    assert_eq!(warnings(), 0);
    for _ in 0..2 {
        post(&http, "/chat/api/auth/login", &[], login.clone()).await.expect(200);
        assert_eq!(warnings(), 1, "it is said once");
    }
}

#[tokio::test]
async fn a_stale_cookie_does_not_hide_a_good_one() {
    let server = with_cookie();
    let http = server.http();
    let (old, ada) = (token(&http, "old").await, token(&http, "ada").await);
    http.api(&old, "POST", "/auth/revoke", Value::Null).await.expect(204);
    for stale in ["x.y.z", &old, "%20"] {
        let cookie = format!("token={stale}; token={ada}");
        let answer = me(&http, &[("cookie", &cookie)]).await;
        assert!(header(&answer, "set-cookie").is_none(), "{}", answer.head);
        assert_eq!(answer.expect(200)["username"], "ada", "{stale}");
        assert_eq!(enters(&server, &[&format!("Cookie: {cookie}")]).await, Ok(true), "{stale}");
    }
    let many = format!("{}token={ada}", "token=x.y.z; ".repeat(4));
    assert_eq!(me(&http, &[("cookie", &many)]).await.status, 401, "only so many are tried");
}

/// Without TLS, browsers say little about the page that embeds an address as an image.
#[tokio::test]
async fn what_a_page_embeds_without_tls_uses_no_cookie() {
    let server = with_cookie();
    let http = server.http();
    let cookie = format!("token={}", token(&http, "ada").await);
    let own = format!("http://{}/chat", server.address());
    let browser = ("user-agent", "Mozilla/5.0 (X11; Linux x86_64)");
    let (foreign, own) = (("referer", "http://evil.example/"), ("referer", own.as_str()));
    assert_eq!(me(&http, &[("cookie", &cookie), foreign]).await.status, 401);
    let socket = async |lines: &[(&str, &str)]| {
        let lines: Vec<String> = lines.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let cookie = format!("Cookie: {cookie}");
        let lines: Vec<&str> = [cookie.as_str()].into_iter().chain(lines.iter().map(String::as_str)).collect();
        enters(&server, &lines).await
    };
    for lines in [&[foreign][..], &[browser, foreign], &[("referer", "about:blank")]] {
        assert_eq!(socket(lines).await, Err(403), "{lines:?}");
    }
    assert_eq!(socket(&[browser]).await, Ok(false), "the page hides itself: the cookie is not looked at");
    for lines in [&[][..], &[own], &[browser, own], &[browser, ("origin", LISTED)], &[("user-agent", "node")]] {
        assert_eq!(socket(lines).await, Ok(true), "{lines:?}");
    }
    // An old browser on a page that the operator lists, with an API that it only reads.
    assert_eq!(me(&http, &[("cookie", &cookie), browser]).await.expect(200)["username"], "ada");
}

// --- sessions ---

/// Logs ada in with a client that says this of itself. Returns the token.
async fn logged_in(http: &Http, client: &str) -> String {
    let login = json!({ "email": "ada@example.org", "password": PASSWORD });
    let answer = post(http, "/api/v1/auth/login", &[("user-agent", client)], login).await.expect(200);
    answer["token"].as_str().expect("a token").to_owned()
}

async fn sessions(http: &Http, token: &str) -> Vec<Value> {
    let listed = http.api(token, "GET", "/me/sessions", Value::Null).await.expect(200);
    listed["items"].as_array().expect("sessions").clone()
}

/// Asserts that a token is refused everywhere because its session was ended.
async fn is_ended(server: &Server, token: &str) {
    let answer = server.http().api(token, "GET", "/me", Value::Null).await;
    assert!(answer.status == 401 && answer.text.contains("the session was ended"), "{}", answer.text);
    let entered = Wire::open(server.address(), "").await.enter("/chat", &json!({ "token": token })).await;
    assert!(entered.starts_with("44/chat,") && entered.contains("the session was ended"), "{entered}");
}

#[tokio::test]
async fn a_session_ends_with_its_token_and_its_sockets() {
    let server = Server::start();
    let http = server.http();
    let (first, bob) = (token(&http, "ada").await, token(&http, "bob").await);
    let desk = logged_in(&http, &format!("Desk/1.0 {}", "x".repeat(300))).await;
    let phone = logged_in(&http, "Phone/2.0").await;
    let listed = sessions(&http, &phone).await;
    assert_eq!(listed.len(), 3, "the registration and two log-ins: {listed:?}");
    let current: Vec<bool> = listed.iter().map(|one| one["current"] == true).collect();
    assert_eq!(current, [true, false, false], "the newest first: {listed:?}");
    assert_eq!(listed[0]["client"], "Phone/2.0");
    assert_eq!(listed[1]["client"].as_str().map(str::len), Some(200), "{listed:?}");

    let connect = async |token: &str| Wire::connect(server.address(), "/chat", &json!({ "token": token })).await;
    let (mut at_desk, mut on_phone) = (connect(&desk).await, connect(&phone).await);
    let at = format!("/me/sessions/{}", listed[1]["id"].as_str().expect("an id"));
    http.api(&bob, "DELETE", &at, Value::Null).await.expect(404);
    http.api(&phone, "DELETE", &at, Value::Null).await.expect(204);
    at_desk.until_closed(PATIENCE).await;
    is_ended(&server, &desk).await;
    http.api(&phone, "DELETE", &at, Value::Null).await.expect(404);
    // Nothing else has ended, and a connection cannot take up what has.
    assert_eq!(sessions(&http, &first).await.len(), 2);
    let taken = on_phone.call("authenticate", &json!({ "token": desk })).await;
    assert_eq!(taken["success"], false, "{taken}");
    let other = on_phone.call("authenticate", &json!({ "token": first })).await;
    assert_eq!(other["success"], true, "a connection may go over to another session of its user: {other}");

    // A new token belongs to the same session, and ends with it.
    let renewed = http.api(&phone, "POST", "/auth/refresh", Value::Null).await.expect(200);
    let renewed = renewed["token"].as_str().expect("a token").to_owned();
    assert_eq!(sessions(&http, &renewed).await.len(), 2);
    let mut again = connect(&renewed).await;
    http.api(&renewed, "POST", "/auth/logout", Value::Null).await.expect(204);
    again.until_closed(PATIENCE).await;
    is_ended(&server, &renewed).await;
    is_ended(&server, &phone).await;
    let still = on_phone.call("authenticate", &json!({ "token": first })).await;
    assert_eq!(still["success"], true, "it is of the other session now: {still}");

    // The clients of existing backends end theirs by their own calls.
    for door in ["/messenger/api", "/conversations/api", "/chat/api", "/meetup/api", "/api"] {
        let token = logged_in(&http, "Old").await;
        post(&http, &format!("{door}/auth/logout"), &[("authorization", &format!("Bearer {token}"))], json!({})).await;
        assert_eq!(http.api(&token, "GET", "/me", Value::Null).await.status, 401, "{door}");
    }
    // A new password ends all, and begins one.
    let change = json!({ "currentPassword": PASSWORD, "newPassword": "battery staple" });
    let changed = http.api(&first, "PUT", "/me/password", change).await.expect(200);
    on_phone.until_closed(PATIENCE).await;
    assert_eq!(http.api(&first, "GET", "/me", Value::Null).await.status, 401);
    let left = sessions(&http, changed["token"].as_str().expect("a token")).await;
    assert!(matches!(&left[..], [one] if one["current"] == true), "{left:?}");
}

#[tokio::test]
async fn a_session_that_is_used_is_seen() {
    let mut server = Server::start();
    let token = token(&server.http(), "ada").await;
    // A few minutes do not matter.
    for (minutes, is_noted) in [(5, false), (120, true)] {
        server = Server::with().run_after(server, |data| {
            let database = rusqlite::Connection::open(data.join("quintet.sqlite3")).expect("a database");
            let earlier = "UPDATE login_session SET seen_at = created_at - ?1";
            assert_eq!(database.execute(earlier, [minutes * 60_000]).expect("set back"), 1);
        });
        let http = server.http();
        let seen = async || {
            let listed = sessions(&http, &token).await;
            let time = |name: &str| listed[0][name].as_str().expect("a time").to_owned();
            time("lastSeenAt") >= time("createdAt")
        };
        let until_seen = async { while !seen().await {} };
        match is_noted {
            true => tokio::time::timeout(PATIENCE, until_seen).await.expect("noted"),
            false => assert!(!seen().await && !seen().await, "the first of the two has noted nothing"),
        }
    }
}
