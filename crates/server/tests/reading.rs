//! What clients really send, beside what the documents show: other names of fields, fields that are left out, bare values.

use crate::support::{Server, Wire};
use serde_json::{Value, json};

const DIALECTS: [&str; 5] = ["meetup", "messenger", "rooms", "conversations", "chat"];

/// Alice and bob with a direct conversation, a group and a room. Bob's connection in the chat dialect hears what happens.
struct Stage {
    server: Server,
    alice: (String, String),
    bob: (String, String),
    direct: String,
    group: String,
    room: String,
    hears: Wire,
}

async fn stage() -> Stage {
    stage_on(Server::start()).await
}

async fn stage_on(server: Server) -> Stage {
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let mut places = Vec::new();
    for body in [
        json!({ "kind": "direct", "memberIds": [bob.0] }),
        json!({ "kind": "group", "name": "G", "memberIds": [bob.0] }),
        json!({ "kind": "room", "name": "R" }),
    ] {
        let made = http.api(&alice.1, "POST", "/conversations", body).await.expect(201);
        places.push(made["id"].as_str().expect("an id").to_owned());
    }
    let [direct, group, room] = places.try_into().expect("three places");
    let mut hears = Wire::connect(server.address(), "/chat", &json!({ "token": bob.1 })).await;
    done(&mut hears, "chat:join", &json!({ "chatId": room })).await;
    Stage { server, alice, bob, direct, group, room, hears }
}

impl Stage {
    async fn alice(&self, dialect: &str) -> Wire {
        self.connect(dialect, &json!({ "token": self.alice.1 })).await
    }

    async fn connect(&self, dialect: &str, auth: &Value) -> Wire {
        let namespace = if dialect == "auto" { "/".to_owned() } else { format!("/{dialect}") };
        Wire::connect(self.server.address(), &namespace, auth).await
    }

    /// Sends a message as bob. Returns its id.
    async fn bob_says(&self, place: &str, content: &str) -> String {
        let path = format!("/conversations/{place}/messages");
        let sent = self.server.http().api(&self.bob.1, "POST", &path, json!({ "content": content })).await.expect(201);
        sent["id"].as_str().expect("an id").to_owned()
    }

    /// The number of messages in a place that alice has not read.
    async fn unread(&self, place: &str) -> u64 {
        let path = format!("/conversations/{place}");
        let shown = self.server.http().api(&self.alice.1, "GET", &path, Value::Null).await.expect(200);
        shown["unreadCount"].as_u64().expect("a number")
    }
}

/// Calls an event that must be carried out, whatever the dialect. Returns its acknowledgement.
async fn done(wire: &mut Wire, event: &str, payload: &Value) -> Value {
    let ack = wire.call(event, payload).await;
    let failed = ack["ok"] == false || ack["success"] == false || ack["status"] == "error";
    assert!(!failed, "{event} {payload}: {ack}");
    ack
}

/// Calls an event that must be refused with a code and a message that contains some words.
async fn refused(wire: &mut Wire, event: &str, payload: &Value, code: &str, words: &[&str]) {
    let ack = wire.call(event, payload).await;
    assert_eq!(ack["code"], code, "{event} {payload}: {ack}");
    for word in words {
        assert!(ack["message"].as_str().is_some_and(|message| message.contains(word)), "{event} {payload}: {ack}");
    }
}

/// The event of each dialect that sends a message to a place, with the names of its place and its text.
fn sending(dialect: &str) -> (&'static str, &'static str, &'static str) {
    match dialect {
        "meetup" => ("sendMessage", "chatId", "message"),
        "messenger" => ("groupMessage", "groupId", "content"),
        "rooms" => ("send_message", "roomId", "content"),
        "conversations" => ("send_message", "conversationId", "content"),
        _ => ("message:send", "chatId", "content"),
    }
}

#[tokio::test]
async fn a_token_says_who_one_is() {
    let stage = stage().await;
    let (place, room) = (&stage.group, &stage.room);
    let mut meetup = stage.alice("meetup").await;
    let mut rooms = stage.alice("rooms").await;
    for (event, payload) in [
        ("sendMessage", json!({ "chatId": place, "message": "x" })),
        ("sendMessage", json!({ "chatId": place, "message": "x", "senderId": null })),
        ("userTyping", json!({ "chatId": place })),
        ("userStoppedTyping", json!({ "chatId": place })),
        ("userTyping", json!(place)),
    ] {
        done(&mut meetup, event, &payload).await;
    }
    for (event, payload) in [
        ("create_room", json!({ "name": "Another" })),
        ("join_room", json!({ "roomId": room })),
        ("join_room", json!(room)),
        ("join_room", json!({ "roomId": room, "username": "\u{202E}\0", "avatar": { "not": "a link" } })),
        ("join_room", json!({ "roomId": room, "username": "x".repeat(1_000) })),
        ("send_message", json!({ "roomId": room, "content": "x" })),
        ("typing", json!({ "roomId": room, "isTyping": false })),
        ("typing", json!(room)),
        ("leave_room", json!(room)),
        ("join_room", json!({ "roomId": room, "userId": stage.alice.0 })),
    ] {
        done(&mut rooms, event, &payload).await;
    }
    // A present id is the connection's own under all of its names.
    for name in ["userId", "senderId", "user_id", "sender_id"] {
        let payload = json!({ "roomId": room, "content": "x", name: "somebody-else" });
        refused(&mut rooms, "send_message", &payload, "ERR_FORBIDDEN", &["somebody-else"]).await;
        let payload = json!({ "chatId": place, "message": "x", name: "somebody-else" });
        refused(&mut meetup, "sendMessage", &payload, "ERR_FORBIDDEN", &["somebody-else"]).await;
    }
    // The name of the account stays.
    let me = stage.server.http().api(&stage.alice.1, "GET", "/me", Value::Null).await.expect(200);
    assert_eq!(me["username"], "alice");
}

#[tokio::test]
async fn guests_say_who_they_are() {
    let stage = stage().await;
    let room = &stage.room;
    let mut guest = stage.connect("rooms", &json!({ "userId": "g" })).await;
    let bad = "ERR_INVALID_PAYLOAD";
    refused(&mut guest, "join_room", &json!(room), bad, &["`userId` is missing in join_room"]).await;
    let nameless = json!({ "roomId": room, "userId": "g" });
    refused(&mut guest, "join_room", &nameless, bad, &["`username` is missing in join_room"]).await;
    let hidden = json!({ "roomId": room, "userId": "g", "username": "G\u{202E}" });
    refused(&mut guest, "join_room", &hidden, bad, &["`username`", "U+202E"]).await;
    done(&mut guest, "join_room", &json!({ "room_id": room, "senderId": "g", "username": "Gus" })).await;
    let silent = json!({ "roomId": room, "content": "x" });
    refused(&mut guest, "send_message", &silent, bad, &["`userId` is missing in send_message"]).await;
    done(&mut guest, "send_message", &json!({ "roomId": room, "content": "x", "userId": "g" })).await;
}

#[tokio::test]
async fn clients_of_a_trusting_listener_say_who_they_are() {
    let stage = stage_on(Server::with().listen(&["0", "0=meetup,trust"]).run()).await;
    let mut trusted = Wire::connect(stage.server.addresses[1], "/", &json!({ "userId": stage.alice.0 })).await;
    let mut payload = json!({ "chatId": stage.group, "message": "x" });
    let missing = ["`senderId` is missing in sendMessage"];
    refused(&mut trusted, "sendMessage", &payload, "ERR_INVALID_PAYLOAD", &missing).await;
    payload["senderId"] = json!(stage.alice.0);
    done(&mut trusted, "sendMessage", &payload).await;
}

#[tokio::test]
async fn other_names_of_places_texts_and_users() {
    let mut stage = stage().await;
    let group = stage.group.clone();
    for dialect in DIALECTS {
        let (event, own_place, own_text) = sending(dialect);
        let mut alice = stage.alice(dialect).await;
        for place in ["chatId", "conversationId", "roomId", "groupId", "chat_id"] {
            for text in ["content", "message", "text"] {
                let content = format!("{dialect} {place} {text}");
                done(&mut alice, event, &json!({ place: group, text: content })).await;
                let heard = stage.hears.next("message:new").await;
                assert_eq!((&heard["content"], &heard["chatId"]), (&json!(content), &json!(group)));
            }
        }
        let mut payload = json!({ own_place: group, own_text: "own", "text": "other", "recipientId": "nobody" });
        done(&mut alice, event, &payload).await;
        assert_eq!(stage.hears.next("message:new").await["content"], "own");
        // Without its own name, names that differ say nothing.
        let object = payload.as_object_mut().expect("an object");
        object.remove(own_text);
        object.insert(if own_text == "content" { "message" } else { "content" }.to_owned(), "differs".into());
        let words = ["`text`", "differ", own_text, event];
        refused(&mut alice, event, &payload, "ERR_INVALID_PAYLOAD", &words).await;
        // The id of a user is no id of a place.
        let payload = json!({ "recipientId": group, own_text: "x" });
        let missing = format!("`{own_place}` is missing in {event}");
        refused(&mut alice, event, &payload, "ERR_INVALID_PAYLOAD", &[&missing]).await;
    }
    let mut alice = stage.alice("messenger").await;
    for name in ["recipientId", "receiverId", "receiver_id"] {
        done(&mut alice, "privateMessage", &json!({ name: stage.bob.0, "text": name })).await;
        let heard = stage.hears.next("message:new").await;
        assert_eq!((&heard["content"], &heard["chatId"]), (&json!(name), &json!(stage.direct)));
    }
    let elsewhere = json!({ "chatId": stage.direct, "text": "x" });
    let missing = ["`recipientId` is missing in privateMessage"];
    refused(&mut alice, "privateMessage", &elsewhere, "ERR_INVALID_PAYLOAD", &missing).await;
}

#[tokio::test]
async fn messages_are_changed_under_their_other_names() {
    let mut stage = stage().await;
    for (dialect, edit, delete, id) in [
        ("meetup", "editMessage", "deleteMessage", "message_id"),
        ("messenger", "updateMessage", "removeMessage", "_id"),
        ("rooms", "update_message", "remove_message", "id"),
        ("conversations", "edit_message", "delete_message", "_id"),
        ("chat", "message:edit", "message:delete", "id"),
    ] {
        let (event, place, text) = sending(dialect);
        let mut alice = stage.alice(dialect).await;
        done(&mut alice, event, &json!({ place: stage.group, text: "before" })).await;
        let message = stage.hears.next("message:new").await["id"].clone();
        for text in ["content", "message", "text", "newContent"] {
            done(&mut alice, edit, &json!({ id: message, text: text })).await;
            let edited = stage.hears.next("message:edited").await;
            assert_eq!((&edited["id"], &edited["content"]), (&message, &json!(text)), "{dialect}");
        }
        done(&mut alice, delete, &json!({ id: message })).await;
        assert_eq!(stage.hears.next("message:deleted").await["messageId"], message, "{dialect}");
    }
}

#[tokio::test]
async fn conversations_are_joined_in_any_shape() {
    let stage = stage().await;
    let (direct, group) = (&stage.direct, &stage.group);
    let mut alice = stage.alice("conversations").await;
    for (payload, joined) in [
        (json!([direct, group]), vec![direct, group]),
        (json!({ "conversationIds": [direct, group] }), vec![direct, group]),
        (json!({ "conversations": [group] }), vec![group]),
        (json!({ "conversationId": group }), vec![group]),
        (json!(direct), vec![direct]),
        (json!([]), vec![]),
        (json!({}), vec![direct, group, &stage.room]),
        (Value::Null, vec![direct, group, &stage.room]),
    ] {
        let ack = done(&mut alice, "join_conversations", &payload).await;
        let mut named: Vec<_> = ack["joined"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        let mut expected: Vec<_> = joined.into_iter().map(String::as_str).collect();
        named.sort_unstable();
        expected.sort_unstable();
        assert_eq!(named, expected, "{payload}");
        assert_eq!(ack["refused"], json!([]));
    }
    // No argument at all.
    alice.send("42/conversations,77[\"join_conversations\"]").await;
    assert_eq!(alice.acked(77).await["joined"].as_array().map(Vec::len), Some(3));
    let bad = json!({ "conversations": [{ "_id": group }] });
    refused(&mut alice, "join_conversations", &bad, "ERR_INVALID_PAYLOAD", &["`conversations` must be an id"]).await;
}

#[tokio::test]
async fn a_bare_token_authenticates() {
    let stage = stage().await;
    for dialect in ["auto", "rooms", "meetup"] {
        let mut wire = stage.connect(dialect, &Value::Null).await;
        let ack = done(&mut wire, "authenticate", &json!(stage.alice.1)).await;
        assert_eq!(ack["userId"], stage.alice.0, "{dialect}: {ack}");
    }
    let mut wire = stage.alice("conversations").await;
    done(&mut wire, "authenticate", &json!(stage.alice.1)).await;
    refused(&mut wire, "authenticate", &json!("no token"), "ERR_UNAUTHENTICATED", &["Authentication error"]).await;
}

#[tokio::test]
async fn without_a_list_everything_is_read() {
    let stage = stage().await;
    let (direct, group, bob) = (&stage.direct, &stage.group, &stage.bob.0);
    for (dialect, event, place, payload, none) in [
        ("meetup", "markRead", group, json!({ "chatId": group }), json!({ "chatId": group, "messageIds": [] })),
        ("messenger", "readMessages", group, json!({ "groupId": group }), json!({ "messageIds": [] })),
        ("messenger", "readMessages", direct, json!({ "receiverId": bob }), json!({ "messageIds": [] })),
        ("rooms", "read_messages", group, json!({ "roomId": group }), json!({ "roomId": group, "messageIds": [] })),
        ("conversations", "mark_read", group, json!({ "chatId": group }), json!({ "chatId": group, "messageIds": [] })),
        ("conversations", "mark_read", direct, json!(direct), json!({ "conversationId": direct, "messageIds": [] })),
        ("chat", "message:read", group, json!({ "chatId": group }), json!({ "chatId": group, "messageIds": [] })),
        ("chat", "message:read", direct, json!(direct), json!({ "chatId": direct, "messageIds": [] })),
    ] {
        let mut alice = stage.alice(dialect).await;
        stage.bob_says(place, "one").await;
        stage.bob_says(place, "two").await;
        done(&mut alice, event, &none).await;
        assert_eq!(stage.unread(place).await, 2, "{dialect} {none}");
        done(&mut alice, event, &payload).await;
        assert_eq!(stage.unread(place).await, 0, "{dialect} {payload}");
        // There is nothing left to read, which is confirmed as well.
        done(&mut alice, event, &payload).await;
    }
    // One id, or the message beside a list.
    let mut alice = stage.alice("chat").await;
    for name in ["messageId", "id", "messageIds"] {
        let message = stage.bob_says(group, name).await;
        done(&mut alice, "message:read", &json!({ "chatId": group, name: message })).await;
        assert_eq!(stage.unread(group).await, 0, "{name}");
    }
    // Nobody reads where others are, and nothing is known of it.
    let (_, token) = stage.server.http().register("stranger").await;
    let mut stranger = stage.connect("chat", &json!({ "token": token })).await;
    refused(&mut stranger, "message:read", &json!(group), "ERR_NOT_FOUND", &[group]).await;
    let mut messenger = stage.alice("messenger").await;
    let both = json!({ "recipientId": bob, "groupId": group });
    for payload in [json!({}), both] {
        refused(&mut messenger, "readMessages", &payload, "ERR_INVALID_PAYLOAD", &["`messageIds` is missing"]).await;
    }
    refused(&mut messenger, "readMessages", &json!({ "recipientId": "nobody" }), "ERR_NOT_FOUND", &["nobody"]).await;
    // A user with whom there is no conversation yet has written nothing.
    let carol = stage.server.http().register("carol").await;
    done(&mut messenger, "readMessages", &json!({ "recipientId": carol.0 })).await;
}

#[tokio::test]
async fn typing_starts_unless_it_stops() {
    let mut stage = stage().await;
    let (group, room) = (stage.group.clone(), stage.room.clone());
    for (dialect, place, start, stop) in [
        ("conversations", &group, json!({ "conversationId": group }), json!({ "chatId": group, "isTyping": false })),
        ("conversations", &group, json!(group), json!({ "chatId": group, "is_typing": false })),
        ("rooms", &room, json!({ "roomId": room }), json!({ "roomId": room, "typing": false })),
        ("rooms", &room, json!(room), json!({ "roomId": room, "isTyping": false })),
    ] {
        let mut alice = stage.alice(dialect).await;
        done(&mut alice, "typing", &start).await;
        assert_eq!(stage.hears.next("typing:start").await["chatId"], **place, "{dialect} {start}");
        done(&mut alice, "typing", &stop).await;
        assert_eq!(stage.hears.next("typing:stop").await["chatId"], **place, "{dialect} {stop}");
    }
}

#[tokio::test]
async fn kinds_in_any_case() {
    let mut stage = stage().await;
    let http = stage.server.http();
    let told = [
        ("TEXT", "text"),
        ("Image", "image"),
        ("file", "file"),
        ("AUDIO", "audio"),
        ("voice", "audio"),
        ("Voice", "audio"),
        ("video", "video"),
        ("Location", "location"),
        ("custom", "custom"),
    ];
    let known = ["`text`", "`image`", "`file`", "`audio`", "`video`", "`location`", "`custom`"];
    for dialect in DIALECTS {
        let (event, place, text) = sending(dialect);
        let mut alice = stage.alice(dialect).await;
        for (sent, told) in told {
            for name in ["type", "messageType", "message_type"] {
                done(&mut alice, event, &json!({ place: stage.group, text: "x", name: sent })).await;
                assert_eq!(stage.hears.next("message:new").await["message_type"], told, "{dialect} {name} {sent}");
            }
        }
        for unknown in [json!("sticker"), json!(7)] {
            let payload = json!({ place: stage.group, text: "x", "type": unknown });
            refused(&mut alice, event, &payload, "ERR_INVALID_PAYLOAD", &known).await;
        }
    }
    for (sent, told) in told {
        let api = format!("/api/v1/conversations/{}/messages", stage.group);
        let conversations = format!("/conversations/api/messages/{}", stage.group);
        let chat = format!("/chat/api/chats/{}/messages", stage.group);
        let messenger = format!("/messenger/api/groups/{}/messages", stage.group);
        for (path, name) in [
            (&api, "type"),
            (&conversations, "type"),
            (&messenger, "type"),
            (&chat, "message_type"),
            (&chat, "messageType"),
        ] {
            let answer = http.call(&stage.alice.1, "POST", path, json!({ "content": "x", name: sent })).await;
            assert_eq!(answer.status, 201, "{path}: {}", answer.text);
            assert_eq!(stage.hears.next("message:new").await["message_type"], told, "{path} {sent}");
        }
    }
    let path = format!("/conversations/{}/messages", stage.group);
    let refusal =
        http.api(&stage.alice.1, "POST", &path, json!({ "content": "x", "type": "sticker" })).await.expect(422);
    for kind in known {
        assert!(refusal["detail"].as_str().is_some_and(|detail| detail.contains(kind)), "{refusal}");
    }
    // What is stored is read back as it was told.
    let page = http.api(&stage.alice.1, "GET", &format!("{path}?limit=5"), Value::Null).await.expect(200);
    assert!(page["items"].as_array().is_some_and(|items| items.iter().all(|item| item["type"] == "custom")), "{page}");
}

#[tokio::test]
async fn no_text_has_the_character_u_0000() {
    let stage = stage().await;
    let http = stage.server.http();
    let sentence = |field: &str| format!("`{field}` must not contain the character U+0000.");
    let group = &stage.group;
    for (dialect, event, payload, field) in [
        ("meetup", "sendMessage", json!({ "chatId": group, "message": "a\0b" }), "message"),
        ("messenger", "groupMessage", json!({ "groupId": group, "text": "a\0b" }), "text"),
        ("rooms", "create_room", json!({ "name": "a\0b" }), "name"),
        ("conversations", "edit_message", json!({ "messageId": "m", "newContent": "\0" }), "newContent"),
        ("conversations", "send_message", json!({ "conversationId": "c\0", "content": "x" }), "conversationId"),
        (
            "chat",
            "message:send",
            json!({ "chatId": group, "content": "", "fileUrl": "https://example.org/a", "fileName": "a\0.png" }),
            "fileName",
        ),
    ] {
        let mut alice = stage.alice(dialect).await;
        refused(&mut alice, event, &payload, "ERR_INVALID_PAYLOAD", &[&sentence(field)]).await;
    }
    let messages = format!("/conversations/{group}/messages");
    let link = "https://example.org/a";
    for (method, path, body, field) in [
        ("POST", messages.as_str(), json!({ "content": "a\0b" }), "content"),
        ("POST", messages.as_str(), json!({ "content": "", "fileUrl": link, "fileName": "a\0b" }), "fileName"),
        ("POST", "/conversations", json!({ "kind": "room", "name": "a\0b" }), "name"),
        ("PATCH", "/me", json!({ "name": "a\0b" }), "name"),
        ("PATCH", "/me", json!({ "username": "a\0b" }), "username"),
        (
            "POST",
            "/meetups",
            json!({ "activity": "\0", "location": "x", "startsAt": "2999-01-01T00:00:00Z" }),
            "activity",
        ),
    ] {
        let refusal = http.api(&stage.alice.1, method, path, body).await.expect(422);
        assert_eq!(refusal["detail"], sentence(field), "{path}");
    }
}

#[tokio::test]
async fn an_undecided_connection_decides_by_what_is_certain() {
    let stage = stage().await;
    let ways = ["`roomId` or `conversationId`", "`rooms` or `conversations`", "`/rooms` or `/conversations`"];
    let mut wire = stage.alice("auto").await;
    for payload in [
        json!({ "chatId": stage.group, "content": "x" }),
        json!({ "roomId": stage.group, "conversationId": stage.group, "content": "x" }),
        json!(stage.group),
    ] {
        refused(&mut wire, "send_message", &payload, "ERR_INVALID_PAYLOAD", &ways).await;
    }
    refused(&mut wire, "typing", &json!({}), "ERR_INVALID_PAYLOAD", &ways).await;
    // Once the key has decided, other names are read.
    let ack = done(&mut wire, "send_message", &json!({ "conversation_id": stage.group, "content": "x" })).await;
    assert_eq!(ack["success"], true, "{ack}");
    done(&mut wire, "send_message", &json!({ "roomId": stage.group, "text": "x" })).await;
    let mut wire = stage.alice("auto").await;
    let ack = done(&mut wire, "typing", &json!({ "room_id": stage.group })).await;
    assert_eq!(ack["ok"], true, "{ack}");
}

#[tokio::test]
async fn the_operator_sees_unknown_events() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let stage = stage_on(Server::with().log(&log).run_in(folder, &data)).await;
    let mut chat = stage.alice("chat").await;
    let forged = "\u{1b}[2J\u{202E}x\n2026-01-01T00:00:00.000000Z  INFO quintet::login: log-in failed address=\"1\"";
    let cut = |name: &str| format!("event={:?}", name.chars().take(64).collect::<String>());
    for _ in 0..3 {
        // The first two are ignored, and the third is acknowledged with a failure.
        chat.emit("sendMessage", &json!({ "chatId": stage.group, "message": "x" })).await;
        chat.emit(forged, &Value::Null).await;
        chat.emit(&"long".repeat(10_000), &Value::Null).await;
        refused(&mut chat, "chat-join", &json!(stage.group), "ERR_INVALID_PAYLOAD", &["no event `chat-join`"]).await;
    }
    assert!(chat.events.iter().all(|(name, _)| name != "error"), "{:?}", chat.events);
    let mut auto = stage.alice("auto").await;
    auto.call("private_message", &json!({})).await;
    let said = std::fs::read_to_string(&log).expect("a log");
    let lines: Vec<&str> = said.lines().filter(|line| line.contains("INFO quintet::unknown_events: ")).collect();
    assert_eq!(lines.len(), 5, "{said}");
    for (line, end) in lines.iter().zip([
        "dialect=\"chat\" event=\"sendMessage\" nearest=\"sendMessage\" of=\"meetup\"",
        &cut(forged),
        &cut(&"long".repeat(16)),
        "event=\"chat-join\" nearest=\"chat:join\" of=\"chat\"",
        "dialect=\"undecided\" event=\"private_message\" nearest=\"privateMessage\" of=\"messenger\"",
    ]) {
        // Behind it stands the connection that the client has.
        let (event, connection) = line.rsplit_once(" connection.id=").expect("an id");
        assert_eq!(connection.len(), 16, "{line}");
        assert!(event.ends_with(end), "{line} does not end with {end}");
        assert!(line.chars().count() < 400, "{line}");
    }
    assert!(!said.contains('\u{1b}') && !said.contains('\u{202E}'), "{said}");
    let metrics = stage.server.metrics().send("GET", "/metrics", &[], "").await.text;
    for series in ["{dialect=\"chat\"} 12", "{dialect=\"undecided\"} 1"] {
        assert!(metrics.contains(&format!("quintet_unknown_events_total{series}\n")), "{metrics}");
    }
}
