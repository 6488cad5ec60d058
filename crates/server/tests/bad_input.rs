//! Bad input gets a clear error, or the close that the protocol prescribes, and does not affect others.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::{Server, Wire};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

const SECRET: &str = "the secret of the tests, of 32 bytes and more";

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs()
}

fn token(claims: &Value, secret: &str) -> String {
    jsonwebtoken::encode(&Header::default(), claims, &EncodingKey::from_secret(secret.as_bytes())).expect("a token")
}

struct Stage {
    server: Server,
    alice: (String, String),
    place: String,
    direct: String,
    watcher: Wire,
}

/// A group of alice and bob. Bob's connection checks that nothing is delivered.
async fn stage() -> Stage {
    let server = Server::with().args(&["--jwt-secret", SECRET]).run();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let body = json!({ "kind": "group", "name": "G", "memberIds": [bob.0] });
    let group = http.api(&alice.1, "POST", "/conversations", body).await.expect(201);
    let direct = http.api(&alice.1, "POST", "/conversations", json!({ "kind": "direct", "memberIds": [bob.0] })).await;
    let text = |value: &Value| value["id"].as_str().expect("an id").to_owned();
    let watcher = Wire::connect(server.address(), "/chat", &json!({ "token": bob.1 })).await;
    Stage { place: text(&group), direct: text(&direct.expect(201)), server, alice, watcher }
}

impl Stage {
    async fn connect(&self, dialect: &str) -> Wire {
        let mut wire =
            Wire::connect(self.server.address(), &format!("/{dialect}"), &json!({ "token": self.alice.1 })).await;
        // What is delivered at the connect is not an answer to anything.
        wire.call("no such event", &Value::Null).await;
        wire.events.clear();
        wire
    }

    /// Asserts that nothing was stored and that nothing but presence was delivered.
    async fn nothing_happened(mut self) {
        self.watcher.call("no such event", &Value::Null).await;
        self.watcher.call("typing:stop", &json!({ "chatId": self.place })).await;
        let received: Vec<_> = self
            .watcher
            .events
            .iter()
            .filter(|(name, _)| !["user:status", "users:online"].contains(&name.as_str()))
            .collect();
        assert!(received.is_empty(), "the others received {received:?}");
        for place in [&self.place, &self.direct] {
            let path = format!("/conversations/{place}/messages");
            let page = self.server.http().api(&self.alice.1, "GET", &path, Value::Null).await.expect(200);
            assert_eq!(page["items"], json!([]), "something was stored");
        }
    }
}

/// A valid payload for each event of a dialect, with `$alice` and `$place` replaced by ids.
fn good(dialect: &str, alice: &str, place: &str) -> Vec<(&'static str, Value)> {
    match dialect {
        "meetup" => vec![
            ("sendMessage", json!({ "chatId": place, "senderId": alice, "message": "x" })),
            ("userTyping", json!({ "chatId": place, "userId": alice })),
            ("userStoppedTyping", json!({ "chatId": place, "userId": alice })),
            ("editMessage", json!({ "messageId": "m", "message": "x" })),
            ("deleteMessage", json!({ "messageId": "m" })),
            ("markRead", json!({ "chatId": place, "messageIds": ["m"] })),
            ("addReaction", json!({ "messageId": "m", "emoji": "👍" })),
            ("removeReaction", json!({ "messageId": "m", "emoji": "👍" })),
            ("pinMessage", json!({ "messageId": "m" })),
            ("unpinMessage", json!({ "messageId": "m" })),
            ("markDelivered", json!({ "chatId": place, "messageIds": ["m"] })),
            ("updateSettings", json!({ "chatId": place })),
            ("blockUser", json!({ "userId": "nobody" })),
            ("unblockUser", json!({ "userId": "nobody" })),
            ("reportMessage", json!({ "messageId": "m", "reason": "x" })),
        ],
        "messenger" => vec![
            ("privateMessage", json!({ "recipientId": "nobody", "content": "x" })),
            ("groupMessage", json!({ "groupId": place, "content": "x" })),
            ("joinGroup", json!({ "groupId": place })),
            ("leaveGroup", json!({ "groupId": place })),
            ("updateMessage", json!({ "messageId": "m", "content": "x" })),
            ("removeMessage", json!({ "messageId": "m" })),
            ("readMessages", json!({ "messageIds": ["m"] })),
            ("startTyping", json!({ "groupId": place })),
            ("stopTyping", json!({ "groupId": place })),
            ("reactMessage", json!({ "messageId": "m", "emoji": "👍" })),
            ("unreactMessage", json!({ "messageId": "m", "emoji": "👍" })),
            ("setMessagePin", json!({ "messageId": "m" })),
            ("deliverMessages", json!({ "messageIds": ["m"] })),
            ("setPreferences", json!({ "groupId": place })),
            ("blockContact", json!({ "userId": "nobody" })),
            ("unblockContact", json!({ "userId": "nobody" })),
            ("submitReport", json!({ "messageId": "m", "reason": "x" })),
        ],
        "rooms" => vec![
            ("create_room", json!({ "name": "R", "userId": alice })),
            ("join_room", json!({ "roomId": place, "userId": alice, "username": "a" })),
            ("send_message", json!({ "roomId": place, "userId": alice, "content": "x" })),
            ("typing", json!({ "roomId": place, "userId": alice, "isTyping": true })),
            ("leave_room", json!({ "roomId": place, "userId": alice })),
            ("update_message", json!({ "messageId": "m", "content": "x" })),
            ("remove_message", json!({ "messageId": "m" })),
            ("read_messages", json!({ "roomId": place, "messageIds": ["m"] })),
            ("react_message", json!({ "messageId": "m", "emoji": "👍" })),
            ("unreact_message", json!({ "messageId": "m", "emoji": "👍" })),
            ("pin_message", json!({ "messageId": "m" })),
            ("unpin_message", json!({ "messageId": "m" })),
            ("deliver_messages", json!({ "roomId": place, "messageIds": ["m"] })),
            ("update_room_settings", json!({ "roomId": place })),
            ("block_user", json!({ "userId": "nobody" })),
            ("unblock_user", json!({ "userId": "nobody" })),
            ("report_message", json!({ "messageId": "m", "reason": "x" })),
        ],
        "conversations" => vec![
            ("send_message", json!({ "conversationId": place, "content": "x" })),
            ("typing", json!({ "conversationId": place, "isTyping": true })),
            ("mark_read", json!({ "conversationId": place, "messageIds": ["m"] })),
            ("edit_message", json!({ "messageId": "m", "newContent": "x" })),
            ("delete_message", json!({ "messageId": "m" })),
            ("add_reaction", json!({ "messageId": "m", "emoji": "👍" })),
            ("remove_reaction", json!({ "messageId": "m", "emoji": "👍" })),
            ("set_message_pin", json!({ "messageId": "m" })),
            ("mark_delivered", json!({ "conversationId": place, "messageIds": ["m"] })),
            ("update_conversation_settings", json!({ "conversationId": place })),
            ("set_block", json!({ "userId": "nobody" })),
            ("submit_report", json!({ "messageId": "m", "reason": "x" })),
        ],
        _ => vec![
            ("chat:join", json!({ "chatId": place })),
            ("chat:leave", json!({ "chatId": place })),
            ("message:send", json!({ "chatId": place, "content": "x" })),
            ("message:read", json!({ "messageId": "m", "chatId": place })),
            ("typing:start", json!({ "chatId": place })),
            ("typing:stop", json!({ "chatId": place })),
            ("message:edit", json!({ "messageId": "m", "content": "x" })),
            ("message:delete", json!({ "messageId": "m" })),
            ("message:react", json!({ "messageId": "m", "emoji": "👍" })),
            ("message:unreact", json!({ "messageId": "m", "emoji": "👍" })),
            ("message:pin", json!({ "messageId": "m" })),
            ("message:unpin", json!({ "messageId": "m" })),
            ("message:delivered", json!({ "messageId": "m", "chatId": place })),
            ("chat:configure", json!({ "chatId": place })),
            ("user:block", json!({ "userId": "nobody" })),
            ("user:unblock", json!({ "userId": "nobody" })),
            ("message:report", json!({ "messageId": "m", "reason": "x" })),
        ],
    }
}

const DIALECTS: [&str; 5] = ["meetup", "messenger", "rooms", "conversations", "chat"];
const TEXTS: [&str; 3] = ["content", "message", "newContent"];
/// Fields without which the events of a client that has a token are carried out; `reading.rs` shows how.
const MAY_BE_ABSENT: [&str; 7] = [
    "userId",
    "senderId",
    "username",
    "isTyping",
    "messageIds",
    "messageId of message:read",
    "messageId of message:delivered",
];
/// Events whose only fields may be absent one by one, and not all of them.
const NEEDS_ONE: [&str; 2] = ["readMessages", "deliverMessages"];
/// Events of clients that other tests send: they renew or confirm an identity, name several conversations, or carry bytes.
const ELSEWHERE: [&str; 4] = ["authenticate", "connect", "join_conversations", "upload_file"];

/// Returns the code of a failing acknowledgement, and checks its format in the dialect.
fn refused(dialect: &str, ack: &Value) -> String {
    let shaped = match dialect {
        "meetup" => ack["status"] == "error",
        "rooms" => ack["ok"] == false,
        _ => ack["success"] == false,
    };
    assert!(shaped, "{dialect}: no failure: {ack}");
    assert!(ack["message"].as_str().is_some_and(|message| message.len() > 5), "{ack}");
    ack["code"].as_str().expect("a code").to_owned()
}

#[test]
fn each_event_is_tried() {
    use quintet_dialect::{Dialect, catalogue::events};
    for dialect in Dialect::ALL {
        let tried: Vec<_> =
            good(dialect.as_str(), "", "").into_iter().map(|(event, _)| event).chain(ELSEWHERE).collect();
        for spec in events(dialect).iter().filter(|spec| spec.direction.is_to_server()) {
            assert!(tried.contains(&spec.name), "{dialect:?} {}", spec.name);
        }
    }
}

#[tokio::test]
async fn each_event_of_each_dialect() {
    let stage = stage().await;
    for dialect in DIALECTS {
        let mut wire = stage.connect(dialect).await;
        for (event, payload) in good(dialect, &stage.alice.0, &stage.place) {
            // In other events, `userId` is the sender's own.
            let blocks = event.to_lowercase().contains("block");
            let mut bad: Vec<(Value, &str, String)> = vec![
                (Value::Null, "ERR_INVALID_PAYLOAD", "payload".into()),
                (json!([1]), "ERR_INVALID_PAYLOAD", "payload".into()),
            ];
            for (key, value) in payload.as_object().expect("an object") {
                let with = |value: Option<Value>| {
                    let mut changed = payload.clone();
                    let object = changed.as_object_mut().expect("an object");
                    object.remove(key);
                    object.extend(value.map(|value| (key.clone(), value)));
                    changed
                };
                let named = format!("`{key}`");
                let may_be_absent =
                    [key.to_owned(), format!("{key} of {event}")].map(|name| MAY_BE_ABSENT.contains(&&*name));
                if !may_be_absent.contains(&true) || NEEDS_ONE.contains(&event) || (blocks && key == "userId") {
                    bad.push((with(None), "ERR_INVALID_PAYLOAD", named.clone()));
                }
                // The name of a user who has an account is ignored.
                if key != "username" {
                    bad.push((with(Some(json!({ "a": 1 }))), "ERR_INVALID_PAYLOAD", named.clone()));
                }
                if TEXTS.contains(&key.as_str()) {
                    // Whether an edit may be blank depends on the message, which does not exist here.
                    if !payload["messageId"].is_string() {
                        bad.push((with(Some("  \n ".into())), "ERR_INVALID_PAYLOAD", named.clone()));
                    }
                    bad.push((with(Some("x".repeat(5_121).into())), "ERR_TOO_LARGE", named.clone()));
                } else if key == "reason" {
                    bad.push((with(Some(" \u{200b}".into())), "ERR_INVALID_PAYLOAD", named.clone()));
                    bad.push((with(Some("x".repeat(1_025).into())), "ERR_TOO_LARGE", named));
                } else if (key == "senderId" || key == "userId") && !blocks {
                    bad.push((with(Some("somebody-else".into())), "ERR_FORBIDDEN", "somebody-else".into()));
                } else if key == "messageIds" {
                    bad.push((with(Some(json!(vec!["m"; 1_001]))), "ERR_TOO_LARGE", named.clone()));
                    bad.push((with(Some(json!(["no such"]))), "ERR_INVALID_PAYLOAD", named.clone()));
                } else if value.is_string() && !["name", "username"].contains(&key.as_str()) {
                    // Any text without spaces can be an emoji.
                    if key != "emoji" {
                        let unknown = if key == "recipientId" || blocks { "nobody" } else { "no-such-id" };
                        bad.push((with(Some(unknown.into())), "ERR_NOT_FOUND", unknown.into()));
                    }
                    bad.push((with(Some("x".repeat(129).into())), "ERR_TOO_LARGE", named.clone()));
                    bad.push((with(Some("a b".into())), "ERR_INVALID_PAYLOAD", named.clone()));
                    bad.push((with(Some("".into())), "ERR_INVALID_PAYLOAD", named));
                }
            }
            for (payload, code, named) in bad {
                let ack = wire.call(event, &payload).await;
                assert_eq!(refused(dialect, &ack), code, "{dialect} {event} {payload}: {ack}");
                assert!(ack.to_string().contains(&named), "{dialect} {event} {payload}: {ack} does not name {named}");
            }
        }
        // Without an acknowledgement, the same comes as an `error` event.
        let (event, _) = good(dialect, "", "")[0].clone();
        wire.events.clear();
        wire.emit(event, &json!({})).await;
        let error = wire.next("error").await;
        assert_eq!(error["event"], event);
        assert_eq!(error["code"], "ERR_INVALID_PAYLOAD");
    }
    stage.nothing_happened().await;
}

#[tokio::test]
async fn tokens() {
    let stage = stage().await;
    let (id, good) = stage.alice.clone();
    let claims = |expires_s: u64| json!({ "userId": id, "iat": now_s() - 100, "exp": expires_s });
    let none = {
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", part(&json!({ "alg": "none", "typ": "JWT" })), part(&claims(now_s() + 100)))
    };
    let other_algorithm = {
        let header = Header::new(jsonwebtoken::Algorithm::HS512);
        jsonwebtoken::encode(&header, &claims(now_s() + 100), &EncodingKey::from_secret(SECRET.as_bytes()))
            .expect("one")
    };
    let tampered = {
        let mut parts: Vec<&str> = good.split('.').collect();
        let forged = BASE64_URL_SAFE_NO_PAD.encode(json!({ "sub": "somebody", "exp": now_s() + 100 }).to_string());
        parts[1] = &forged;
        parts.join(".")
    };
    let refused = [
        (Value::Null, "ERR_UNAUTHENTICATED"),
        (json!("bad"), "ERR_UNAUTHENTICATED"),
        (json!({ "an": "object" }), "ERR_INVALID_PAYLOAD"),
        (json!(none), "ERR_UNAUTHENTICATED"),
        (json!(other_algorithm), "ERR_UNAUTHENTICATED"),
        (json!(tampered), "ERR_UNAUTHENTICATED"),
        (json!(token(&claims(now_s() + 100), "another secret")), "ERR_UNAUTHENTICATED"),
        (json!(token(&claims(now_s() - 1), SECRET)), "ERR_TOKEN_EXPIRED"),
        (json!(token(&json!({ "name": "nobody" }), SECRET)), "ERR_UNAUTHENTICATED"),
        (json!(token(&json!({ "userId": id, "exp": "1700000000" }), SECRET)), "ERR_UNAUTHENTICATED"),
        (json!(token(&json!({ "sub": "gh\u{200B}ost" }), SECRET)), "ERR_UNAUTHENTICATED"),
    ];
    for (token, code) in refused {
        for namespace in ["/messenger", "/conversations", "/chat"] {
            let mut wire = Wire::open(stage.server.address(), "").await;
            let answer = wire.enter(namespace, &json!({ "token": token })).await;
            let error: Value = serde_json::from_str(answer.trim_start_matches(|c| c != '{')).expect("JSON");
            assert!(answer.starts_with(&format!("44{namespace},")), "{answer}");
            assert_eq!(error["data"]["code"], code, "{token}: {answer}");
            if code != "ERR_INVALID_PAYLOAD" {
                assert!(error["message"].as_str().is_some_and(|m| m.starts_with("Authentication error")), "{answer}");
            }
        }
    }
    stage.nothing_happened().await;
}

#[tokio::test]
async fn tokens_of_an_existing_backend() {
    let stage = stage().await;
    for (claim, id) in
        [("sub", "u-sub"), ("userId", "u-userId"), ("id", "u-id"), ("user_id", "u-user_id"), ("_id", "u-_id")]
    {
        let foreign =
            token(&json!({ claim: id, "email": format!("{id}@example.org"), "name": "From Elsewhere" }), SECRET);
        let me = stage.server.http().api(&foreign, "GET", "/me", Value::Null).await.expect(200);
        assert_eq!(me["id"], id);
        assert_eq!(me["name"], "From Elsewhere");
    }
    // A taken username gets a suffix, a number becomes a string, and a missing name is made up.
    let again = token(&json!({ "sub": 42, "username": "alice" }), SECRET);
    let me = stage.server.http().api(&again, "GET", "/me", Value::Null).await.expect(200);
    assert_eq!((me["id"].as_str(), me["username"].as_str()), (Some("42"), Some("alice-2")));
    let nameless = token(&json!({ "sub": "0123456789" }), SECRET);
    let me = stage.server.http().api(&nameless, "GET", "/me", Value::Null).await.expect(200);
    assert_eq!(me["username"], "user-01234567");
    stage.nothing_happened().await;
}

#[tokio::test]
async fn protocol_errors_close_the_connection() {
    let stage = stage().await;
    let frames = [
        Message::text("42[\"message:send\",{\"chatId\""),
        Message::text("42{}"),
        Message::text("4abc"),
        Message::text("49[]"),
        Message::text("9"),
        Message::text("42/elsewhere,[\"x\"]"),
        Message::text("42/chat,[\"connect\",{}]"),
        Message::text("452-/chat,[\"x\"]"),
        Message::binary(vec![1, 2, 3]),
    ];
    for frame in frames {
        let shown = format!("{frame:?}");
        let mut wire = stage.connect("chat").await;
        wire.send_message(frame).await;
        if shown.contains("452-") {
            // A text message where an attachment is expected.
            wire.send("42/chat,[\"x\"]").await;
        }
        assert_eq!(wire.close_code().await, Some(1002), "{shown}");
    }
    let mut wire = stage.connect("chat").await;
    wire.send(&format!("42/chat,[\"x\",\"{}\"]", "a".repeat(1_000_001))).await;
    assert_eq!(wire.close_code().await, Some(1009), "1 MB + 1");
    stage.nothing_happened().await;
}

#[tokio::test]
async fn invalid_utf_8_closes_the_connection() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let stage = stage().await;
    let mut stream = tokio::net::TcpStream::connect(stage.server.address()).await.expect("connected");
    let head = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("written");
    // A masked text frame with two bytes that are not UTF-8.
    stream.write_all(&[0x81, 0x82, 0, 0, 0, 0, 0xC0, 0x80]).await.expect("written");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("closed");
    let close = answer.windows(4).any(|bytes| bytes[0] == 0x88 && bytes[2..4] == 1007u16.to_be_bytes());
    assert!(close, "no close with 1007: {answer:?}");
    stage.nothing_happened().await;
}

#[tokio::test]
async fn a_thousand_events_at_once() {
    // Rates are on here.
    let server = Server::with().env("QUINTET_LIMITS_RATES", "true").run();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let body = json!({ "kind": "group", "name": "G", "memberIds": [bob.0] });
    let place = http.api(&alice.1, "POST", "/conversations", body).await.expect(201)["id"].clone();
    let mut flooder = Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await;
    let mut other = Wire::connect(server.address(), "/chat", &json!({ "token": bob.1 })).await;
    let (mut sent, mut limited) = (0, 0);
    let flood = json!(["message:send", { "chatId": place, "content": "flood" }]);
    for id in 0..1_000 {
        if !flooder.try_send(&format!("42/chat,{id}{flood}")).await {
            break;
        }
    }
    // Refused events are answered, then the connection is closed without answers to those still being committed.
    while let Some(frame) = flooder.frame().await {
        let Some(ack) = frame.strip_prefix("43/chat,") else { continue };
        let ack: Value = serde_json::from_str(&ack[ack.find('[').expect("arguments")..]).expect("JSON");
        if ack[0]["success"] == true {
            sent += 1;
        } else {
            assert_eq!(ack[0]["code"], "ERR_RATE_LIMITED");
            assert!(ack[0]["retryAfterMs"].as_u64().is_some_and(|ms| ms > 0), "{ack}");
            limited += 1;
        }
    }
    assert!(sent > 0 && limited >= 200, "{sent} sent, {limited} refused");
    // The other connection is served as before, and received exactly the accepted messages.
    let ack = other.call("message:send", &json!({ "chatId": place, "content": "calm" })).await;
    assert_eq!(ack["success"], true, "{ack}");
    let mut received = 0;
    loop {
        let message = other.next("message:new").await;
        if message["content"] == "calm" {
            break;
        }
        received += 1;
    }
    // A burst of 100, of which the CONNECT takes one.
    assert!(
        received >= 99.max(sent) && received + limited < 1_000,
        "{received} received, {sent} sent, {limited} refused"
    );
}
