//! Links that work on front ends of other origins: absolute ones at the address of each client, pictures of initials, and
//! downloads of parts.

use crate::support::{Http, Server, Wire};
use serde_json::{Value, json};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x20\x08\x06\0\0\0";

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// Two users who share a group, and a file that the first of them has uploaded.
struct Pair {
    server: Server,
    http: Http,
    ids: [String; 2],
    tokens: [String; 2],
    group: String,
    file: String,
}

impl Pair {
    async fn of(server: Server) -> Self {
        let http = server.http();
        let (ada, bob) = (http.register("ada").await, http.register("bob").await);
        let made =
            http.api(&ada.1, "POST", "/conversations", json!({ "kind": "group", "name": "G", "memberIds": [bob.0] }));
        let group = text(&made.await.expect(201)["id"]);
        let file = text(&http.upload(&ada.1, "dot.png", PNG).await.expect(201)["url"]);
        Self { server, http, ids: [ada.0, bob.0], tokens: [ada.1, bob.1], group, file }
    }

    /// Opens a connection of one of the two in a dialect, with headers of the opening request.
    async fn wire(&self, who: usize, dialect: &str, headers: &[(&'static str, &str)]) -> Wire {
        let mut wire = Wire::open_by(self.server.address(), "", headers).await;
        let answer = wire.enter(&format!("/{dialect}"), &json!({ "token": self.tokens[who] })).await;
        assert!(answer.starts_with("40"), "{answer}");
        wire
    }

    /// Calls the HTTP API of existing front ends at an address.
    async fn call(&self, host: &str, method: &str, path: &str, body: Value) -> Value {
        let bearer = format!("Bearer {}", self.tokens[0]);
        let headers = [("host", host), ("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.http.send(method, path, &headers, &body).await;
        assert!((200..300).contains(&answer.status), "{path}: {}", answer.text);
        answer.json()
    }

    fn own(&self) -> String {
        format!("http://{}", self.server.address())
    }
}

/// What a client of each dialect sends to a group, what it hears, and where the heard payload has its links.
const SENDS: [(&str, &str, &str, &str, &str); 5] = [
    ("meetup", "sendMessage", "receiveMessage", "/message/fileUrl", ""),
    ("messenger", "groupMessage", "groupMessage", "/fileUrl", "/sender/avatar"),
    ("rooms", "send_message", "message_received", "/fileUrl", "/user/avatar"),
    ("conversations", "send_message", "receive_message", "/message/fileUrl", "/message/sender/avatar"),
    ("chat", "message:send", "message:new", "/fileUrl", "/sender/avatar_url"),
];

/// The payload by which the first user of a pair sends a file.
fn payload(pair: &Pair, dialect: &str, url: &str) -> Value {
    let mut payload = json!({ "content": "x", "fileUrl": url, "fileName": "dot.png" });
    let (key, sender) = match dialect {
        "meetup" => ("chatId", "senderId"),
        "messenger" => ("groupId", ""),
        "rooms" => ("roomId", "userId"),
        "conversations" => ("conversationId", ""),
        _ => ("chatId", ""),
    };
    payload[key] = json!(pair.group);
    if !sender.is_empty() {
        payload[sender] = json!(pair.ids[0]);
    }
    if dialect == "meetup" {
        payload["message"] = payload["content"].take();
    }
    payload
}

#[tokio::test]
async fn each_client_hears_the_address_that_it_uses() {
    let pair = Pair::of(Server::start()).await;
    for (dialect, send, heard, file_at, avatar_at) in SENDS {
        let mut ada = pair.wire(0, dialect, &[]).await;
        // Two connections at different addresses, and one whose head names no valid address.
        let hosts = ["chat.example.org", "CHAT.example.net:8443", "a<b"];
        let bases = ["http://chat.example.org", "http://chat.example.net:8443", ""];
        let mut others = Vec::new();
        for host in hosts {
            others.push(pair.wire(1, dialect, &[("host", host)]).await);
        }
        ada.emit(send, &payload(&pair, dialect, &pair.file)).await;
        for (wire, base) in others.iter_mut().zip(bases) {
            let payload = wire.next(heard).await;
            assert_eq!(payload.pointer(file_at), Some(&json!(format!("{base}{}", pair.file))), "{dialect} {payload}");
            if !avatar_at.is_empty() {
                let picture = format!("{base}/avatars/{}?i=AE", pair.ids[0]);
                assert_eq!(payload.pointer(avatar_at), Some(&json!(picture)), "{dialect} {payload}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_sent_back_is_this_servers_file() {
    let pair = Pair::of(Server::start()).await;
    for (dialect, send, heard, file_at, _) in SENDS {
        let mut bob = pair.wire(1, dialect, &[]).await;
        let mut ada = pair.wire(0, dialect, &[]).await;
        let absolute = format!("{}{}", pair.own(), pair.file);
        ada.emit(send, &payload(&pair, dialect, &absolute)).await;
        assert_eq!(bob.next(heard).await.pointer(file_at), Some(&json!(absolute)), "{dialect}");
        // It is stored without an address.
        let path = format!("/conversations/{}/messages", pair.group);
        let messages = pair.http.api(&pair.tokens[0], "GET", &path, Value::Null).await.expect(200);
        let last = messages["items"].as_array().and_then(|items| items.last()).expect("a message").clone();
        assert_eq!(last["file"]["url"], json!(pair.file), "{dialect}");
        assert_eq!(last["sender"]["avatar"], Value::Null, "{dialect}");
        // Another server's file by an address without encryption is refused, as before.
        let foreign = payload(&pair, dialect, &format!("http://elsewhere.example{}", pair.file));
        ada.emit(send, &foreign).await;
        let refused = ada.next("error").await;
        assert!(text(&refused["message"]).contains("fileUrl"), "{dialect} {refused}");
    }
    // The same over HTTP, with the conversation's picture of the file kept by the message.
    let absolute = json!({ "content": "", "type": "file", "fileUrl": format!("{}{}", pair.own(), pair.file) });
    let path = format!("/conversations/api/messages/{}", pair.group);
    let sent = pair.http.call(&pair.tokens[0], "POST", &path, absolute.clone()).await.expect(201);
    assert_eq!(sent["message"]["fileUrl"], absolute["fileUrl"]);
    let path = format!("/conversations/{}/messages", pair.group);
    let sent = pair.http.api(&pair.tokens[0], "POST", &path, absolute).await.expect(201);
    assert_eq!(sent["file"]["url"], json!(pair.file));
}

#[tokio::test]
async fn http_answers_have_the_address_of_the_request() {
    let pair = Pair::of(Server::start()).await;
    let base = "http://chat.example.org:8080";
    let host = "chat.example.org:8080";
    let [ada, bob] = &pair.ids;
    let group = &pair.group;
    let file = json!({ "content": "x", "fileUrl": pair.file, "fileName": "dot.png" });
    pair.call(host, "POST", &format!("/chat/api/chats/{group}/messages"), file).await;
    let (own, other) = (format!("{base}/avatars/{ada}?i=AE"), format!("{base}/avatars/{bob}?i=BE"));
    let link = format!("{base}{}", pair.file);
    for (path, pointer, expected) in [
        ("/chat/api/auth/me".to_owned(), "/user/avatar_url", &own),
        ("/chat/api/users/search?q=bob".to_owned(), "/users/0/avatar_url", &other),
        (format!("/chat/api/users/{bob}"), "/user/avatar_url", &other),
        ("/chat/api/chats".to_owned(), "/chats/0/participants/1/avatar_url", &other),
        ("/chat/api/chats".to_owned(), "/chats/0/last_message/sender/avatar_url", &own),
        ("/chat/api/chats".to_owned(), "/chats/0/last_message/fileUrl", &link),
        (format!("/chat/api/chats/{group}"), "/participants/0/avatar_url", &own),
        (format!("/chat/api/chats/{group}/messages"), "/messages/0/fileUrl", &link),
        (format!("/chat/api/chats/{group}/messages"), "/messages/0/sender/avatar_url", &own),
        ("/conversations/api/auth/me".to_owned(), "/user/avatar", &own),
        ("/conversations/api/users".to_owned(), "/users/0/avatar", &other),
        ("/conversations/api/users/search?q=bob".to_owned(), "/users/0/avatar", &other),
        ("/conversations/api/conversations".to_owned(), "/conversations/0/participants/1/avatar", &other),
        (format!("/conversations/api/conversations/{group}"), "/conversation/lastMessage/fileUrl", &link),
        (format!("/conversations/api/messages/{group}"), "/messages/0/sender/avatar", &own),
        ("/messenger/api/users/profile".to_owned(), "/avatar", &own),
        (format!("/messenger/api/groups/{group}/messages"), "/0/sender/avatar", &own),
        (format!("/messenger/api/groups/{group}/messages"), "/0/fileUrl", &link),
        (format!("/rooms/api/rooms/{group}/messages"), "/messages/0/user/avatar", &own),
        (format!("/rooms/{group}/messages"), "/messages/0/fileUrl", &link),
        ("/api/auth/me".to_owned(), "/user/avatar", &own),
        ("/api/auth/me".to_owned(), "/user/avatar_url", &own),
        ("/api/users/search?q=bob".to_owned(), "/users/0/avatar", &other),
    ] {
        let answer = pair.call(host, "GET", &path, Value::Null).await;
        assert_eq!(answer.pointer(pointer), Some(&json!(expected)), "{path} {answer}");
    }
    for (path, pointer, expected) in [
        ("/api/v1/me".to_owned(), "/avatar", Value::Null),
        (format!("/api/v1/conversations/{group}"), "/lastMessage/file/url", json!(pair.file)),
        (format!("/api/v1/conversations/{group}"), "/members/0/user/avatar", Value::Null),
    ] {
        let answer = pair.call(host, "GET", &path, Value::Null).await;
        assert_eq!(answer.pointer(pointer), Some(&expected), "{path} {answer}");
    }
    // Logging in and registering, where nobody is known yet.
    let person =
        |name: &str| json!({ "username": name, "email": format!("{name}@example.org"), "password": "correct horse" });
    for (path, body, pointer) in [
        ("/chat/api/auth/login", person("ada"), "/user/avatar_url"),
        ("/conversations/api/auth/login", person("ada"), "/user/avatar"),
        ("/messenger/api/auth/login", person("ada"), "/user/avatar"),
        ("/api/auth/login", person("ada"), "/user/avatar"),
        ("/chat/api/auth/register", person("eve1"), "/user/avatar_url"),
        ("/conversations/api/auth/register", person("eve2"), "/user/avatar"),
        ("/api/auth/register", person("eve3"), "/user/avatar"),
    ] {
        let answer = pair.call(host, "POST", path, body).await;
        let link = answer.pointer(pointer).map(text).unwrap_or_default();
        assert!(link.starts_with(&format!("{base}/avatars/")), "{path} {answer}");
    }
}

#[tokio::test]
async fn a_picture_of_initials_that_is_sent_back_means_none() {
    let pair = Pair::of(Server::start()).await;
    let own = pair.own();
    let host = pair.server.address().to_string();
    let stored = async || pair.http.api(&pair.tokens[0], "GET", "/me", Value::Null).await.expect(200)["avatar"].clone();
    for (sent, kept) in [
        (pair.file.clone(), json!(pair.file)),
        (format!("{own}/avatars/{}?i=AE", pair.ids[0]), Value::Null),
        (format!("{own}{}", pair.file), json!(pair.file)),
        (format!("/avatars/{}", pair.ids[0]), Value::Null),
        ("https://example.org/avatars/u-1".to_owned(), json!("https://example.org/avatars/u-1")),
    ] {
        let path = "/conversations/api/users/profile";
        let answer = pair.call(&host, "PUT", path, json!({ "avatar": sent })).await;
        assert!(answer["user"]["avatar"].is_string(), "{answer}");
        assert_eq!(stored().await, kept, "{sent}");
        pair.http.api(&pair.tokens[0], "PATCH", "/me", json!({ "avatar": sent })).await.expect(200);
        assert_eq!(stored().await, kept, "{sent}");
    }
    // A guest sends its own picture back when it joins again.
    let mut guest = Wire::connect(pair.server.address(), "/rooms", &json!({ "userId": "g-1" })).await;
    guest.emit("create_room", &json!({ "name": "R", "userId": "g-1" })).await;
    let room = guest.next("room_created").await["id"].clone();
    for avatar in [Value::Null, json!(format!("{own}/avatars/g-1?i=G")), json!("/avatars/g-1")] {
        let mut join = json!({ "roomId": room, "userId": "g-1", "username": "Gustav" });
        if !avatar.is_null() {
            join["avatar"] = avatar.clone();
        }
        guest.emit("join_room", &join).await;
        guest.next("history").await;
        guest.emit("send_message", &json!({ "roomId": room, "userId": "g-1", "content": "x" })).await;
        let heard = guest.next("message_received").await;
        assert_eq!(heard["user"]["avatar"], json!(format!("{own}/avatars/g-1?i=G")), "{avatar}");
    }
}

#[tokio::test]
async fn the_operator_names_the_address() {
    let named = "https://chat.example.org/quintet";
    let pair = Pair::of(Server::with().env("QUINTET_SERVER_PUBLIC_URL", &format!("{named}/")).run()).await;
    let mut bob = pair.wire(1, "chat", &[("host", "evil.example")]).await;
    let sent = payload(&pair, "chat", &format!("{named}{}", pair.file));
    pair.wire(0, "chat", &[]).await.emit("message:send", &sent).await;
    let heard = bob.next("message:new").await;
    assert_eq!(heard["fileUrl"], json!(format!("{named}{}", pair.file)));
    assert_eq!(heard["sender"]["avatar_url"], json!(format!("{named}/avatars/{}?i=AE", pair.ids[0])));
    let me = pair.call("evil.example", "GET", "/chat/api/auth/me", Value::Null).await;
    assert_eq!(me["user"]["avatar_url"], heard["sender"]["avatar_url"]);
    for url in ["chat.example.org", "ftp://chat.example.org", "https://a b", "https://a?b", "https://", "https://A"] {
        let said = Server::with().env("QUINTET_SERVER_PUBLIC_URL", url).fail();
        assert!(said.contains("QUINTET_SERVER_PUBLIC_URL") && said.contains("public_url"), "{url}: {said}");
    }
}

#[tokio::test]
async fn a_trusted_proxy_says_that_its_client_came_by_https() {
    for (trusted, expected) in [("127.0.0.1", "https"), ("192.0.2.1", "http")] {
        let pair = Pair::of(Server::with().env("QUINTET_LIMITS_TRUSTED_PROXIES", trusted).run()).await;
        let mut bob = pair.wire(1, "chat", &[("host", "chat.example.org"), ("x-forwarded-proto", "https")]).await;
        pair.wire(0, "chat", &[]).await.emit("message:send", &payload(&pair, "chat", &pair.file)).await;
        let link = format!("{expected}://chat.example.org{}", pair.file);
        assert_eq!(bob.next("message:new").await["fileUrl"], json!(link));
    }
}

/// A server whose clients forward their own addresses, and where its log goes.
fn behind_a_proxy() -> (Server, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    (Server::with().env("QUINTET_LIMITS_TRUSTED_PROXIES", "127.0.0.1").log(&log).run_in(folder, &data), log)
}

#[tokio::test]
async fn one_user_does_not_take_the_addresses_of_all() {
    let (server, log) = behind_a_proxy();
    let pair = Pair::of(server).await;
    let mut ada = pair.wire(0, "chat", &[("x-forwarded-for", "192.0.2.100")]).await;
    // One user at many addresses of the server, from a network of its own each time.
    let mut wires = Vec::new();
    for number in 0..12 {
        let (host, from) = (format!("h{number}.example.org"), format!("192.0.2.{number}"));
        wires.push(pair.wire(1, "chat", &[("host", &host), ("x-forwarded-for", &from)]).await);
    }
    ada.emit("message:send", &payload(&pair, "chat", &pair.file)).await;
    for (number, wire) in wires.iter_mut().enumerate() {
        let link = text(&wire.next("message:new").await["fileUrl"]);
        let base = if number < 2 { format!("http://h{number}.example.org") } else { String::new() };
        assert_eq!(link, format!("{base}{}", pair.file), "{number}");
    }
    // Others are still told the addresses that they use.
    let me = pair.call("chat.example.org", "GET", "/chat/api/auth/me", Value::Null).await;
    assert!(text(&me["user"]["avatar_url"]).starts_with("http://chat.example.org/"), "{me}");
    let said = std::fs::read_to_string(&log).expect("a log");
    assert_eq!(said.matches("[server] public_url").count(), 1, "{said}");
}

#[tokio::test]
async fn many_addresses_are_not_learnt() {
    let (server, _) = behind_a_proxy();
    let http = server.http();
    let mut relative = 0;
    for number in 0..12 {
        let (_, token) = http.register(&format!("user{number}")).await;
        let (host, from) = (format!("h{number}.example.org"), format!("192.0.2.{number}"));
        let (bearer, path) = (format!("Bearer {token}"), "/chat/api/auth/me");
        let headers = [("host", host.as_str()), ("authorization", &bearer), ("x-forwarded-for", &from)];
        let me = http.send("GET", path, &headers, "").await.expect(200);
        let link = text(&me["user"]["avatar_url"]);
        assert!(link.starts_with(&format!("http://{host}/avatars/")) || link.starts_with("/avatars/"), "{link}");
        relative += usize::from(link.starts_with('/'));
    }
    // The address of the registrations may be one of the eight.
    assert!(matches!(relative, 4 | 5), "{relative}");
}

#[tokio::test]
async fn strangers_do_not_use_up_the_addresses() {
    let pair = Pair::of(Server::start()).await;
    for number in 0..20 {
        let host = format!("stranger{number}.example.org");
        let mut guest = Wire::open_by(pair.server.address(), "", &[("host", &host)]).await;
        guest.enter("/rooms", &json!({ "userId": format!("g-{number}") })).await;
        let known = [("host", host.as_str()), ("content-type", "application/json")];
        let wrong = json!({ "email": "ada@example.org", "password": "wrong" }).to_string();
        pair.http.send("POST", "/chat/api/auth/login", &known, &wrong).await;
    }
    let me = pair.call("chat.example.org", "GET", "/chat/api/auth/me", Value::Null).await;
    assert!(text(&me["user"]["avatar_url"]).starts_with("http://chat.example.org/"), "{me}");
}

#[tokio::test]
async fn a_page_that_asks_for_it_has_links_as_they_are_stored() {
    let pair = Pair::of(Server::start()).await;
    let mut bob = Wire::open(pair.server.address(), "&links=stored").await;
    bob.enter("/chat", &json!({ "token": pair.tokens[1] })).await;
    let sent = pair.wire(0, "chat", &[]).await.call("message:send", &payload(&pair, "chat", &pair.file)).await;
    assert_eq!(sent["message"]["fileUrl"], json!(format!("{}{}", pair.own(), pair.file)));
    let heard = bob.next("message:new").await;
    assert_eq!((&heard["fileUrl"], &heard["sender"]["avatar_url"]), (&json!(pair.file), &Value::Null));
}

#[tokio::test]
async fn pictures_are_small_and_safe_images() {
    let pair = Pair::of(Server::start()).await;
    let get = async |path: &str| pair.http.send_bytes("GET", path, &[]).await;
    let path = format!("/avatars/{}?i=AE", pair.ids[0]);
    let (status, head, body) = get(&path).await;
    let svg = String::from_utf8(body).expect("text");
    assert_eq!(status, 200, "{svg}");
    assert!(svg.starts_with("<svg ") && svg.contains(">AE</text>") && svg.len() < 1_000, "{svg}");
    for header in [
        "content-type: image/svg+xml",
        "x-content-type-options: nosniff",
        "content-security-policy: default-src 'none'; sandbox",
        "cross-origin-resource-policy: cross-origin",
        "cache-control: public, max-age=604800",
    ] {
        assert!(head.contains(header), "{header} is missing in {head}");
    }
    let etag = head.lines().find_map(|line| line.strip_prefix("etag: ")).expect("an ETag").to_owned();
    let again = pair.http.send("GET", &path, &[("if-none-match", &etag)], "").await;
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    // Whether a user exists cannot be told from a picture.
    let neutral = get("/avatars/nobody").await.2;
    assert_eq!(get(&format!("/avatars/{}", pair.ids[0])).await.2, neutral);
    for (query, shown) in [
        ("%3Cscript%3Ealert(1)", Some(">SC</text>")),
        ("%26lt;", Some(">LT</text>")),
        ("%E2%80%AEab", Some(">AB</text>")),
        ("%F0%9F%91%A9%E2%80%8D%F0%9F%92%BB", Some(">\u{1F469}\u{200D}\u{1F4BB}</text>")),
        ("%00", None),
        ("", None),
    ] {
        let (status, _, body) = get(&format!("/avatars/nobody?i={query}")).await;
        let svg = String::from_utf8(body).expect("text");
        assert_eq!(status, 200, "{query}");
        match shown {
            Some(shown) => assert!(svg.contains(shown), "{query} {svg}"),
            None => assert_eq!(svg.as_bytes(), neutral, "{query}"),
        }
    }
}

#[tokio::test]
async fn without_pictures_users_have_none() {
    let pair = Pair::of(Server::with().env("QUINTET_PEOPLE_AVATARS", "false").run()).await;
    let me = pair.call("chat.example.org", "GET", "/chat/api/auth/me", Value::Null).await;
    assert_eq!(me["user"]["avatar_url"], Value::Null);
    let mut ada = pair.wire(0, "chat", &[]).await;
    let sent = ada.call("message:send", &payload(&pair, "chat", &pair.file)).await;
    assert_eq!(sent["message"]["sender"]["avatar_url"], Value::Null);
    assert_eq!(sent["message"]["fileUrl"], json!(format!("{}{}", pair.own(), pair.file)));
    assert_eq!(pair.http.send("GET", "/avatars/u-1?i=A", &[], "").await.status, 404);
}

#[tokio::test]
async fn files_are_downloaded_in_parts() {
    let server = Server::start();
    let http = server.http();
    let (_, token) = http.register("ada").await;
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let url = text(&http.upload(&token, "film.bin", &bytes).await.expect(201)["url"]);
    let whole = http.send_bytes("GET", &url, &[]).await;
    let etag = whole.1.lines().find_map(|line| line.strip_prefix("etag: ")).expect("an ETag").to_owned();
    assert!(whole.1.contains("accept-ranges: bytes"), "{}", whole.1);
    // Each case: headers of the request; the status, the `Content-Range` and the bytes of the answer.
    for (range, if_range, status, named, part) in [
        ("bytes=0-1", None, 206, "bytes 0-1/100000", &bytes[..2]),
        ("bytes=0-", None, 206, "bytes 0-99999/100000", &bytes[..]),
        ("bytes=99998-", None, 206, "bytes 99998-99999/100000", &bytes[99_998..]),
        ("bytes=-10", None, 206, "bytes 99990-99999/100000", &bytes[99_990..]),
        ("bytes=50000-200000", None, 206, "bytes 50000-99999/100000", &bytes[50_000..]),
        ("bytes=100000-", None, 416, "bytes */100000", &[]),
        ("bytes=-0", None, 200, "", &bytes[..]),
        ("bytes=0-1,5-6", None, 200, "", &bytes[..]),
        ("bytes=9-1", None, 200, "", &bytes[..]),
        ("seconds=1-2", None, 200, "", &bytes[..]),
        ("bytes=0-1", Some(etag.as_str()), 206, "bytes 0-1/100000", &bytes[..2]),
        ("bytes=0-1", Some("\"other\""), 200, "", &bytes[..]),
        ("bytes=0-1", Some("Wed, 21 Oct 2015 07:28:00 GMT"), 200, "", &bytes[..]),
    ] {
        let mut headers = vec![("range", range)];
        headers.extend(if_range.map(|known| ("if-range", known)));
        let (found, head, body) = http.send_bytes("GET", &url, &headers).await;
        assert_eq!(found, status, "{range} {head}");
        let range_line = head.lines().find_map(|line| line.strip_prefix("content-range: ")).unwrap_or_default();
        assert_eq!(range_line, named, "{range}");
        if status != 416 {
            assert!(body == part, "{range}: {} bytes", body.len());
            assert!(head.contains(&format!("content-length: {}", part.len())), "{range} {head}");
        }
    }
    let (status, head, body) = http.send_bytes("HEAD", &url, &[("range", "bytes=0-1")]).await;
    assert_eq!((status, body.len()), (200, 0), "{head}");
    for header in ["content-length: 100000", "accept-ranges: bytes", &format!("etag: {etag}")] {
        assert!(head.contains(header), "{header} is missing in {head}");
    }
}

#[tokio::test]
async fn a_long_file_name_keeps_its_extension() {
    let server = Server::start();
    let http = server.http();
    let (_, token) = http.register("ada").await;
    let made = http.upload(&token, &format!("{}.png", "x".repeat(300)), PNG).await.expect(201);
    assert_eq!(made["name"], json!(format!("{}.png", "x".repeat(124))));
    let (_, head, _) = http.send_bytes("GET", &text(&made["url"]), &[]).await;
    assert!(head.contains("x%2epng"), "{head}");
}

#[tokio::test]
async fn lists_show_who_is_online_at_this_moment() {
    let pair = Pair::of(Server::start()).await;
    let host = pair.server.address().to_string();
    let [_, bob] = &pair.ids;
    let lists = [
        ("/chat/api/users/search?q=bob".to_owned(), "/users/0"),
        ("/chat/api/chats".to_owned(), "/chats/0/participants/1"),
        ("/conversations/api/users".to_owned(), "/users/0"),
        ("/conversations/api/conversations".to_owned(), "/conversations/0/participants/1"),
        ("/api/users/search?q=bob".to_owned(), "/users/0"),
    ];
    let mut ada = pair.wire(0, "chat", &[]).await;
    let check = async |status: &str, seen_after: Option<&str>, seen_before: Option<&str>| {
        for (path, pointer) in &lists {
            let answer = pair.call(&host, "GET", path, Value::Null).await;
            let user = answer.pointer(pointer).unwrap_or_else(|| panic!("{path} {answer}")).clone();
            assert_eq!(user["status"], json!(status), "{path} {user}");
            let Some(seen) = user.get("lastSeen").map(text) else { continue };
            assert!(seen_after.is_none_or(|after| *seen >= *after), "{path} {user}");
            assert!(seen_before.is_none_or(|before| *seen <= *before), "{path} {user}");
        }
    };
    check("offline", None, None).await;
    let came = pair.wire(1, "chat", &[]).await;
    assert_eq!(ada.next("user:status").await, json!({ "userId": bob, "status": "online" }));
    // The moment of a message that was sent while the user is online lies before each later `lastSeen`.
    let moment = async |ada: &mut Wire| {
        let sent = ada.call("message:send", &json!({ "chatId": pair.group, "content": "now" })).await;
        text(&sent["message"]["created_at"])
    };
    let online = moment(&mut ada).await;
    check("online", Some(&online), None).await;
    drop(came);
    assert_eq!(ada.next("user:status").await, json!({ "userId": bob, "status": "offline" }));
    let gone = moment(&mut ada).await;
    // Shown before it is stored, as soon as the others have heard of it.
    check("offline", Some(&online), Some(&gone)).await;
}
