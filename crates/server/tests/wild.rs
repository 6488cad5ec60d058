//! What front ends and proxies that exist really send: JSON as JavaScript makes it, encoded queries, JSONP, subprotocols,
//! paths of their own, many headers, and addresses in several headers. Each case is one that a strict reader refuses.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::support::{Http, Server, Wire};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use futures_util::{SinkExt, StreamExt};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const SECRET: &str = "a secret of two back ends, long enough";

/// Percent-encodes every byte of a text.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// A server on which bob reads in the dialect `chat` what alice writes in a group.
struct Stage {
    server: Server,
    alice: String,
    place: String,
    bob: Wire,
}

impl Stage {
    async fn set() -> Self {
        let server = Server::with().env("QUINTET_JWT_SECRET", SECRET).run();
        let (alice, bob) = (server.http().register("alice").await, server.http().register("bob").await);
        let group = json!({ "kind": "group", "name": "G", "memberIds": [bob.0] });
        let made = server.http().api(&alice.1, "POST", "/conversations", group).await.expect(201);
        let bob = Wire::connect(server.address(), "/chat", &json!({ "token": bob.1 })).await;
        Self { place: made["id"].as_str().expect("an id").to_owned(), server, alice: alice.1, bob }
    }

    async fn heard(&mut self) -> String {
        self.bob.next("message:new").await["content"].as_str().expect("text").to_owned()
    }
}

/// A text that was cut inside an emoji, as `JSON.stringify` writes it, and as it is read.
const CUT: (&str, &str) = (r"party \ud83c", "party \u{fffd}");

#[tokio::test]
async fn a_text_cut_inside_an_emoji_is_read_over_sockets() {
    let mut stage = Stage::set().await;
    let (token, place) = (stage.alice.clone(), stage.place.clone());
    let mut wire = Wire::open(stage.server.address(), "").await;
    // In the CONNECT: in a field that nobody reads, and in a name.
    wire.send(&format!(r#"40/chat,{{"token":"{token}","nickname":"\uD83C","\udf89":1}}"#)).await;
    let answer = wire.frame().await.expect("an answer");
    assert!(answer.starts_with("40/chat,{"), "{answer}");
    for (fields, expected) in [
        (format!(r#""content":"{}""#, CUT.0), CUT.1),
        (r#""content":"\uDF89 late""#.to_owned(), "\u{fffd} late"),
        (r#""content":"whole \ud83c\uDF89""#.to_owned(), "whole \u{1f389}"),
        (r#""content":"\\ud83c""#.to_owned(), r"\ud83c"),
        (r#""content":"unread","local":{"draft":["\ud83c"],"\ud83c":0}"#.to_owned(), "unread"),
    ] {
        wire.send(&format!(r#"42/chat,["message:send",{{"chatId":"{place}",{fields}}}]"#)).await;
        assert_eq!(stage.heard().await, expected, "{fields}");
    }
    let query = format!("dialect=chat&token={token}");
    let (mut plain, _) = connect_async(format!("ws://{}/ws?{query}", stage.server.address())).await.expect("open");
    let frame = format!(
        r#"{{"event":"message:send","note":"\ud83c","data":{{"chatId":"{place}","content":"{}"}},"id":1}}"#,
        CUT.0
    );
    plain.send(Message::text(frame)).await.expect("sent");
    assert_eq!(stage.heard().await, CUT.1);
}

#[tokio::test]
async fn a_text_cut_inside_an_emoji_is_read_over_http() {
    let mut stage = Stage::set().await;
    let http = stage.server.http();
    let bearer = format!("Bearer {}", stage.alice);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    for path in
        [format!("/api/v1/conversations/{}/messages", stage.place), format!("/chat/api/chats/{}/messages", stage.place)]
    {
        let body = format!(r#"{{"content":"{}","unread":["\ud83c"],"\udf89":1}}"#, CUT.0);
        let answer = http.send("POST", &path, &headers, &body).await;
        assert!(matches!(answer.status, 200 | 201), "{path}: {} {}", answer.status, answer.text);
        assert_eq!(stage.heard().await, CUT.1, "{path}");
    }
    let path = format!("/api/v1/conversations/{}/messages", stage.place);
    let bad = http.send("POST", &path, &headers, r#"{"a":"\ud8"#).await;
    assert_eq!(bad.status, 400, "malformed JSON stays malformed");
}

#[tokio::test]
async fn a_text_cut_inside_an_emoji_is_read_in_tokens() {
    let stage = Stage::set().await;
    let part = |json: &str| BASE64_URL_SAFE_NO_PAD.encode(json);
    let token = |header: &str, claims: &str| {
        let message = format!("{}.{}", part(header), part(claims));
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).expect("signed");
        format!("{message}.{signature}")
    };
    let header = r#"{"alg":"HS256","typ":"JWT","note":"\ud83c"}"#;
    for (id, claims) in [
        ("u-1", r#"{"sub":"u-1","name":"Ada \ud83c"}"#),
        ("u-2", r#"{"sub":"u-2","bio":{"text":"\udf89"},"\ud83c":1}"#),
        ("u-3", r#"{"sub":"u-3","iss":"\ud83c","aud":["\ud83c"]}"#),
    ] {
        let me = stage.server.http().api(&token(header, claims), "GET", "/me", Value::Null).await.expect(200);
        assert_eq!(me["id"], id, "{claims}");
    }
    // Ids that differ only in what cannot be read would be one.
    let cut = token(header, r#"{"sub":"u\ud83c"}"#);
    assert_eq!(stage.server.http().api(&cut, "GET", "/me", Value::Null).await.status, 401);
    let forged = token(header, r#"{"sub":"u-1"}"#).replace(&part(r#"{"sub":"u-1"}"#), &part(r#"{"sub":"u-9"}"#));
    stage.server.http().api(&forged, "GET", "/me", Value::Null).await.expect(401);
    let none = token(r#"{"alg":"none"}"#, r#"{"sub":"u-1"}"#);
    stage.server.http().api(&none, "GET", "/me", Value::Null).await.expect(401);
}

#[tokio::test]
async fn values_of_a_query_are_decoded() {
    let server = Server::start();
    let (id, token) = server.http().register("alice").await;
    for query in [
        format!("&token={}&dialect={}", encoded(&token), encoded("messenger")),
        format!("&{}={token}&dialect=messenger", encoded("token")),
        format!("&token=Bearer+{token}&dialect=messenger"),
        format!("&token=Bearer%20{}&dialect=messenger&x=%zz", encoded(&token)),
    ] {
        let mut wire = Wire::open(server.address(), &query).await;
        assert!(wire.enter("/", &Value::Null).await.starts_with("40{"), "{query}");
        assert_eq!(wire.next("onlineUsers").await, json!([id]), "{query}");
    }
    // A guest's id: another one in a payload would be refused.
    let url = format!("ws://{}/ws?dialect={}&userId=Zo%C3%AB", server.address(), encoded("meetup"));
    let (mut plain, _) = connect_async(url).await.expect("open");
    let frame = json!({ "event": "connect", "data": { "userId": "Zoë" }, "id": 1 });
    plain.send(Message::text(frame.to_string())).await.expect("sent");
    loop {
        let frame = plain.next().await.expect("a frame").expect("no error").into_text().expect("text");
        let frame: Value = serde_json::from_str(&frame).expect("JSON");
        if frame["ack"] == 1 {
            assert_eq!(frame["data"]["userId"], "Zoë", "{frame}");
            break;
        }
    }
}

/// A life of a socket.io 2.x client that polls by JSONP, as `e2e/test/wild.test.mjs` has it in a real browser.
#[tokio::test]
async fn jsonp_polling() {
    let mut stage = Stage::set().await;
    let http = stage.server.http();
    let base = format!("/socket.io/?EIO=3&transport=polling&j=0&token={}&dialect=chat", encoded(&stage.alice));
    let script = async |target: &str| {
        let answer = http.send("GET", target, &[("referer", "https://page.example/")], "").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(answer.head.contains("content-type: text/javascript; charset=utf-8"), "{}", answer.head);
        let call = answer.text.strip_prefix("___eio[0](").and_then(|text| text.strip_suffix(");")).map(str::to_owned);
        serde_json::from_str::<String>(&call.expect("a call")).expect("a string")
    };
    let open = script(&format!("{base}&b64=1")).await;
    let sid = open.split("\"sid\":\"").nth(1).and_then(|rest| rest.split('"').next()).expect("an id").to_owned();
    let target = format!("{base}&sid={sid}");
    assert!(script(&target).await.contains("2:40"), "in the default namespace without a CONNECT");
    let packet =
        format!(r#"421["message:send",{{"chatId":"{}","content":"two\nlines, 1 + 1, \u00e9 é"}}]"#, stage.place);
    let payload = format!("{}:{packet}", packet.encode_utf16().count()).replace("\\n", "\\\\n");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let posted = http.send("POST", &target, &form, &format!("d={}", encoded(&payload))).await;
    assert_eq!((posted.status, posted.text.as_str()), (200, "ok"));
    assert_eq!(stage.heard().await, "two\nlines, 1 + 1, é é");
    let mut answered = script(&target).await;
    while !answered.contains("431[{\"success\":true") {
        answered = script(&target).await;
    }
}

#[tokio::test]
async fn the_first_subprotocol_is_chosen() {
    let server = Server::start();
    for path in ["/socket.io/?EIO=4&transport=websocket", "/socket.io/?EIO=3&transport=websocket", "/ws?dialect=rooms"]
    {
        let mut request = format!("ws://{}{path}", server.address()).into_client_request().expect("a request");
        request.headers_mut().insert("sec-websocket-protocol", "chat.v1, x".parse().expect("a header"));
        let (_, answer) = connect_async(request).await.expect("a WebSocket");
        assert_eq!(answer.headers()["sec-websocket-protocol"], "chat.v1", "{path}");
        let (_, answer) = connect_async(format!("ws://{}{path}", server.address())).await.expect("a WebSocket");
        assert!(!answer.headers().contains_key("sec-websocket-protocol"), "{path}: none was offered");
    }
}

#[tokio::test]
async fn socket_io_has_further_paths() {
    let server = Server::with().env("QUINTET_SERVER_SOCKET_PATH", "/api/socket/io /legacy/").run();
    let get = async |path: &str| server.http().send("GET", path, &[], "").await;
    for path in ["/socket.io/", "/socket.io", "/api/socket/io/", "/api/socket/io", "/legacy/", "/legacy"] {
        let open = get(&format!("{path}?EIO=4&transport=polling")).await;
        assert!(open.status == 200 && open.text.starts_with("0{\"sid\""), "{path}: {}", open.text);
    }
    assert_eq!(get("/legacyx/?EIO=4&transport=polling").await.status, 404);
    for path in ["/legacy/socket.io.js", "/api/socket/io/socket.io.min.js", "/socket.io/socket.io.js"] {
        assert!(get(path).await.text.contains("Socket.IO v4"), "{path}");
    }
    for bad in ["/ws", "legacy", "/a?b"] {
        let why = Server::with().env("QUINTET_SERVER_SOCKET_PATH", bad).fail();
        assert!(why.contains("QUINTET_SERVER_SOCKET_PATH") && why.contains(&format!("`{bad}`")), "{why}");
    }
}

#[tokio::test]
async fn accepted_codings_are_read_by_their_grammar() {
    let server = Server::start();
    let coding = async |accepted: &str| {
        let headers = [("accept-encoding", accepted)];
        let (_, head, _) = server.http().send_bytes("GET", "/socket.io/socket.io.js", &headers).await;
        head.lines().find_map(|line| line.strip_prefix("content-encoding: ")).unwrap_or("none").to_owned()
    };
    for (accepted, expected) in [
        ("gzip", "gzip"),
        ("gzip;q=0", "none"),
        ("gzippy", "none"),
        ("x-gzip", "gzip"),
        ("*", "br"),
        ("*;q=0", "none"),
        ("*, br;q=0", "gzip"),
        ("br;q=0.2, gzip;q=0.8", "gzip"),
        ("GZIP ; Q=0.5", "gzip"),
    ] {
        assert_eq!(coding(accepted).await, expected, "{accepted}");
    }
}

#[tokio::test]
async fn requests_may_have_more_than_a_hundred_headers() {
    let server = Server::start();
    for (count, status) in [(120, 201), (240, 201), (300, 431), (600, 431)] {
        let names: Vec<String> = (0..count).map(|n| format!("x-proxy-{n}")).collect();
        let mut headers: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
        headers.push(("content-type", "application/json"));
        let body = json!({ "username": format!("user{count}"), "email": format!("u{count}@example.org"),
            "password": "correct horse", "name": "A User" });
        let answer = server.http().send("POST", "/api/v1/auth/register", &headers, &body.to_string()).await;
        assert_eq!(answer.status, status, "{count}: {}", answer.text);
        if count == 300 {
            assert_eq!(answer.json()["code"], "ERR_TOO_LARGE", "{}", answer.text);
            assert!(answer.text.contains("at most 256 headers"), "{}", answer.text);
        }
    }
}

/// Checks the addresses that the log of failed log-ins shows for requests with these headers: each is its name, its value
/// and the address. Returns the log.
async fn check_addresses(header: Option<&str>, cases: &[(&str, &str, &str)]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let proxies = "127.0.0.1 10.0.0.0/8 2001:db8:1::/48 unix";
    let server = Server::with().env("QUINTET_LIMITS_TRUSTED_PROXIES", proxies).log(&log);
    let server = match header {
        Some(header) => server.env("QUINTET_LIMITS_FORWARDED_HEADER", header),
        None => server,
    };
    let server = server.run_in(folder, &data);
    let http: Http = server.http();
    for (number, (name, value, expected)) in cases.iter().enumerate() {
        let body = json!({ "username": format!("login-{number}"), "password": "wrong horse" }).to_string();
        let headers = [("content-type", "application/json"), (*name, *value)];
        assert_eq!(http.send("POST", "/api/v1/auth/login", &headers, &body).await.status, 401, "{value}");
        let said = std::fs::read_to_string(&log).expect("a log");
        let line = said.lines().find(|line| line.ends_with(&format!("login=\"login-{number}\""))).expect("a line");
        assert!(line.contains(&format!(" address={expected} ")), "{name}: {value}: {line}");
    }
    std::fs::read_to_string(&log).expect("a log")
}

#[tokio::test]
async fn addresses_are_read_as_proxies_write_them() {
    let cases = [
        ("x-forwarded-for", "192.0.2.1", "192.0.2.1"),
        ("x-forwarded-for", "192.0.2.2:5678", "192.0.2.2"),
        ("x-forwarded-for", "[2001:db8::3]:5678", "2001:db8::3"),
        ("x-forwarded-for", "6.6.6.6, 192.0.2.4, 10.1.2.3, 2001:db8:1::5", "192.0.2.4"),
        ("x-forwarded-for", "192.0.2.5, unix:", "192.0.2.5"),
        ("x-forwarded-for", "10.0.0.7, 10.0.0.8", "10.0.0.7"),
        ("x-real-ip", "192.0.2.9", "127.0.0.1"),
        // The client wrote `Forwarded`, and cannot be taken for the proxy by it.
        ("x-forwarded-for", "192.0.2.10\r\nforwarded: for=6.6.6.6", "192.0.2.10"),
        ("x-forwarded-for", "192.0.2.11, 10.0.0.1\r\nforwarded: for=\"6.6.6.6", "192.0.2.11"),
        ("forwarded", "for=6.6.6.6", "127.0.0.1"),
    ];
    for header in [None, Some("x-forwarded-for")] {
        let said = check_addresses(header, &cases).await;
        assert!(!said.contains("a trusted proxy forwards"), "{said}");
    }
    let unreadable = [("x-forwarded-for", "who knows", "127.0.0.1"), ("x-forwarded-for", "192.0.2.1, ?", "127.0.0.1")];
    let said = check_addresses(None, &unreadable).await;
    assert_eq!(said.matches("a trusted proxy forwards").count(), 1, "{said}");
}

#[tokio::test]
async fn addresses_are_read_by_the_grammar_of_forwarded() {
    let cases = [
        ("forwarded", "for=192.0.2.6;proto=https;by=10.0.0.1", "192.0.2.6"),
        ("Forwarded", "For=\"[2001:db8::7]:4711\"", "2001:db8::7"),
        ("forwarded", "for=6.6.6.6, for=\"192.0.2.8:80\", for=10.1.1.1", "192.0.2.8"),
        ("forwarded", "for=unknown", "127.0.0.1"),
        ("forwarded", "for=192.0.2.9\r\nx-forwarded-for: 6.6.6.6", "192.0.2.9"),
        ("x-forwarded-for", "6.6.6.6", "127.0.0.1"),
    ];
    let said = check_addresses(Some("forwarded"), &cases).await;
    assert_eq!(said.matches("a trusted proxy forwards").count(), 1, "{said}");
}

#[tokio::test]
async fn ipv6_is_listened_on_beside_ipv4() {
    let port = {
        let free = std::net::TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)).expect("a free port");
        free.local_addr().expect("an address").port()
    };
    let listen = [format!("0.0.0.0:{port}"), format!("[::]:{port}")];
    for listen in [[&listen[0], &listen[1]], [&listen[1], &listen[0]]] {
        let server = Server::with().listen(&[listen[0], listen[1]]).run();
        assert_eq!(server.addresses.len(), 2);
        for address in [SocketAddr::from((Ipv4Addr::LOCALHOST, port)), SocketAddr::from((Ipv6Addr::LOCALHOST, port))] {
            Http::new(address).send("GET", "/healthz", &[], "").await.expect(200);
        }
    }
    // Alone, it takes IPv4 as well.
    let server = Server::with().listen(&["[::]:0"]).run();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, server.address().port()));
    Http::new(address).send("GET", "/healthz", &[], "").await.expect(200);
}
