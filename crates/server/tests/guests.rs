//! Guests on the wire: what a guest's id allows, what its secret proves, and what happens when an account gets the id.

use crate::support::{Server, Wire};
use serde_json::{Value, json};

/// The secret shared with another back end, whose tokens the server accepts.
const SECRET: &str = "shared with another back end, and long enough";

fn server() -> Server {
    Server::with().env("QUINTET_JWT_SECRET", SECRET).run()
}

/// Returns a token of the other back end.
fn token(user: &str) -> String {
    let claims = json!({ "sub": user, "username": format!("real-{user}"), "exp": 4_102_444_800_u64 });
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).expect("a token")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// Returns whether an id is one that the server gives to guests who lost theirs.
fn is_former(id: &Value) -> bool {
    let digits = id.as_str().and_then(|id| id.strip_prefix("guest-"));
    digits.is_some_and(|digits| digits.len() == 32 && digits.bytes().all(|c| c.is_ascii_hexdigit()))
}

async fn guest(server: &Server, id: &str) -> Wire {
    Wire::connect(server.address(), "/rooms", &json!({ "userId": id })).await
}

async fn guest_with(server: &Server, id: &str, secret: &str) -> Wire {
    Wire::connect(server.address(), "/rooms", &json!({ "userId": id, "guestSecret": secret })).await
}

/// Creates a room and joins it. Returns its id and the secret.
async fn room_of(wire: &mut Wire, id: &str) -> (String, String) {
    wire.emit("create_room", &json!({ "name": "R", "userId": id, "username": format!("Guest {id}") })).await;
    let made = wire.next("room_created").await;
    let room = text(&made["id"]);
    join(wire, id, &room).await;
    (room, text(&made["guestSecret"]))
}

async fn join(wire: &mut Wire, id: &str, room: &str) {
    let ack = wire.call("join_room", &json!({ "roomId": room, "userId": id, "username": format!("Guest {id}") })).await;
    assert_eq!(ack["ok"], true, "{ack}");
}

/// Sends a message. Returns its id.
async fn say(wire: &mut Wire, id: &str, room: &str, content: &str) -> String {
    let ack = wire.call("send_message", &json!({ "roomId": room, "userId": id, "content": content })).await;
    assert_eq!(ack["ok"], true, "{ack}");
    text(&ack["message"]["id"])
}

/// Reads until the server ends the namespace with a DISCONNECT. Returns the frames before it.
async fn ended(wire: &mut Wire, namespace: &str) -> Vec<String> {
    let mut frames = Vec::new();
    while let Some(frame) = wire.frame().await {
        if frame == format!("41{namespace},") {
            return frames;
        }
        frames.push(frame);
    }
    panic!("it was closed without a DISCONNECT, after {frames:?}");
}

/// An account that gets a guest's id inherits nothing: neither messages nor rooms nor the picture.
#[tokio::test]
async fn an_account_inherits_nothing() {
    let server = server();
    let http = server.http();
    let alice = http.register("alice").await;
    let mut squatter = guest(&server, "42").await;
    let (room, _) = room_of(&mut squatter, "42").await;
    let picture =
        json!({ "roomId": room, "userId": "42", "username": "Guest 42", "avatar": "https://example.org/a.png" });
    squatter.call("join_room", &picture).await;
    let message = say(&mut squatter, "42", &room, "I am 42").await;
    let members = format!("/conversations/{room}/members");
    http.api(&alice.1, "POST", &members, json!({})).await.expect(201);
    let mut rooms = Wire::connect(server.address(), "/rooms", &json!({ "token": alice.1 })).await;
    let mut chat = Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await;

    let me = http.api(&token("42"), "GET", "/me", Value::Null).await.expect(200);
    assert_eq!((&me["id"], &me["username"], &me["avatar"]), (&json!("42"), &json!("real-42"), &Value::Null));
    assert_eq!(me.get("guest"), None);
    // The guest gets the reason and is disconnected; those in its room see it leave, by the id that they know.
    let said = ended(&mut squatter, "/rooms").await;
    let last = said.last().expect("the reason");
    assert!(last.contains("\"error\"") && last.contains("ERR_UNAUTHENTICATED"), "{last}");
    assert!(last.contains("this id belongs to a registered user now"), "{last}");
    assert_eq!(rooms.next("user_left").await, json!({ "userId": "42", "roomId": room }));
    assert_eq!(chat.next("member:left").await, json!({ "chatId": room, "userId": "42" }));

    // Its messages and the room belong to a guest of an id that leads nowhere, at every endpoint.
    let page = http.api(&alice.1, "GET", &format!("/conversations/{room}/messages"), Value::Null).await.expect(200);
    let sender = &page["items"][0]["sender"];
    assert!(is_former(&sender["id"]) && sender["guest"] == true, "{sender}");
    let whole = http.api(&alice.1, "GET", &format!("/conversations/{room}"), Value::Null).await.expect(200);
    assert_eq!((&whole["ownerId"], whole["members"].as_array().map(Vec::len)), (&sender["id"], Some(1)), "{whole}");
    let shown = http.call(&alice.1, "GET", &format!("/rooms/{room}/messages"), Value::Null).await.expect(200);
    assert_eq!(
        (&shown["messages"][0]["userId"], &shown["messages"][0]["user"]["guest"]),
        (&sender["id"], &json!(true))
    );
    let shown = http.call(&alice.1, "GET", &format!("/chat/api/chats/{room}/messages"), Value::Null).await.expect(200);
    assert!(shown.to_string().contains(&text(&sender["id"])) && !shown.to_string().contains("\"42\""), "{shown}");
    let mut late = guest(&server, "late").await;
    late.call("join_room", &json!({ "roomId": room, "userId": "late", "username": "late" })).await;
    assert_eq!(late.next("history").await[0]["userId"], sender["id"]);

    // The account becomes an ordinary member when it joins.
    let list = http.api(&token("42"), "GET", "/conversations", Value::Null).await.expect(200);
    assert_eq!(list["items"], json!([]));
    http.api(&token("42"), "POST", &members, json!({})).await.expect(201);
    let whole = http.api(&token("42"), "GET", &format!("/conversations/{room}"), Value::Null).await.expect(200);
    let own = whole["members"].as_array().and_then(|all| all.iter().find(|member| member["user"]["id"] == "42"));
    assert_eq!(own.expect("a member")["role"], "member", "{whole}");
    http.api(&token("42"), "PATCH", &format!("/conversations/{room}"), json!({ "name": "mine" })).await.expect(403);
    let path = format!("/messages/{message}");
    http.api(&token("42"), "PATCH", &path, json!({ "content": "mine" })).await.expect(403);
    http.api(&token("42"), "DELETE", &path, Value::Null).await.expect(403);

    // Guests can claim neither id, and nobody can claim the one that the server gave.
    for id in ["42", sender["id"].as_str().expect("an id")] {
        let refusal = Wire::open(server.address(), "").await.enter("/rooms", &json!({ "userId": id })).await;
        assert!(refusal.starts_with("44/rooms,") && refusal.contains("ERR_UNAUTHENTICATED"), "{refusal}");
        let mut nobody = Wire::connect(server.address(), "/rooms", &json!({})).await;
        let ack = nobody.call("join_room", &json!({ "roomId": room, "userId": id, "username": "x" })).await;
        assert_eq!(ack["code"], "ERR_UNAUTHENTICATED", "{ack}");
    }
    http.api(&token(&text(&sender["id"])), "GET", "/me", Value::Null).await.expect(401);
}

/// The same when a service gives an account the id, and for connections that recover afterwards.
#[tokio::test]
async fn a_recovered_connection_is_notified_of_the_takeover() {
    let server = server();
    let http = server.http();
    let alice = http.register("alice").await;
    let (made, key) = server.run(&["key", "add", "shop"]);
    assert!(made, "{key}");
    let mut squatter = guest(&server, "7").await;
    let (room, _) = room_of(&mut squatter, "7").await;
    http.api(&alice.1, "POST", &format!("/conversations/{room}/members"), json!({})).await.expect(201);
    let mut away = Wire::open(server.address(), "").await;
    let accepted = away.enter("/chat", &json!({ "token": alice.1, "recover": true })).await;
    let accepted: Value = serde_json::from_str(&accepted[accepted.find('{').expect("accepted")..]).expect("JSON");
    drop(away);
    say(&mut squatter, "7", &room, "as a guest").await;
    http.api(
        key.lines().last().unwrap_or_default().trim(),
        "POST",
        "/users",
        json!({ "id": "7", "username": "seven" }),
    )
    .await
    .expect(201);
    ended(&mut squatter, "/rooms").await;
    let mut back = Wire::open(server.address(), "").await;
    let auth = json!({ "token": alice.1, "recover": true, "pid": accepted["pid"] });
    let again = back.enter("/chat", &auth).await;
    assert!(again.contains(accepted["pid"].as_str().expect("a secret")), "{again}");
    let missed = back.next("message:new").await;
    assert!(is_former(&missed["sender_id"]) && missed["sender"]["guest"] == true, "{missed}");
    assert_eq!(back.next("member:left").await, json!({ "chatId": room, "userId": "7" }));
}

/// A room belongs to the guest who has its secret.
#[tokio::test]
async fn a_guests_room_belongs_to_its_secret() {
    let server = Server::start();
    let mut maker = guest(&server, "joe").await;
    let (room, secret) = room_of(&mut maker, "joe").await;
    assert_eq!((secret.len(), secret.bytes().all(|c| c.is_ascii_hexdigit())), (64, true), "{secret}");
    let mut other = guest(&server, "jane").await;
    join(&mut other, "jane", &room).await;
    let mut messages = Vec::new();
    for n in 0..4 {
        messages.push(say(&mut other, "jane", &room, &n.to_string()).await);
    }
    let mut remove = async |wire: &mut Wire| {
        let message = messages.pop().expect("a message");
        wire.call("remove_message", &json!({ "messageId": message })).await
    };
    // The creator's own connection may remove messages; another one of the same id may not.
    assert_eq!(remove(&mut maker).await["ok"], true);
    let mut impostor = guest(&server, "joe").await;
    assert_eq!(remove(&mut impostor).await["code"], "ERR_FORBIDDEN");
    // The secret is shown on CONNECT or on a join.
    let mut back = guest_with(&server, "joe", &secret).await;
    assert_eq!(remove(&mut back).await["ok"], true);
    let mut later = guest(&server, "joe").await;
    let shown = json!({ "roomId": room, "userId": "joe", "username": "Joe", "guestSecret": secret });
    assert_eq!(later.call("join_room", &shown).await["ok"], true);
    assert_eq!(remove(&mut later).await["ok"], true);
    // A guest with the secret creates further rooms under it.
    back.emit("create_room", &json!({ "name": "Second", "userId": "joe" })).await;
    assert_eq!(back.next("room_created").await["guestSecret"], secret.as_str());
    impostor.emit("create_room", &json!({ "name": "Third", "userId": "joe" })).await;
    let third = impostor.next("room_created").await;
    assert!(third["guestSecret"].is_string() && third["guestSecret"] != secret.as_str(), "{third}");

    // A wrong secret is refused everywhere.
    let flipped = format!("{}{}", &secret[..63], if secret.ends_with('0') { '1' } else { '0' });
    for (id, wrong) in [("joe", flipped.as_str()), ("joe", "nonsense"), ("joe", &"0".repeat(64)), ("jane", &secret)] {
        let auth = json!({ "userId": id, "guestSecret": wrong });
        let refusal = Wire::open(server.address(), "").await.enter("/rooms", &auth).await;
        assert!(refusal.starts_with("44/rooms,") && refusal.contains("`guestSecret`"), "{id} {wrong}: {refusal}");
        let mut wire = guest(&server, id).await;
        let shown = json!({ "roomId": room, "userId": id, "username": id, "guestSecret": wrong });
        let ack = wire.call("join_room", &shown).await;
        assert_eq!((&ack["ok"], &ack["code"]), (&json!(false), &json!("ERR_UNAUTHENTICATED")), "{id} {wrong}: {ack}");
        // The connection is still that of an ordinary guest.
        join(&mut wire, id, &room).await;
    }
    for wrong in [json!(true), json!({}), json!([])] {
        let auth = json!({ "userId": "joe", "guestSecret": wrong });
        let refusal = Wire::open(server.address(), "").await.enter("/rooms", &auth).await;
        assert!(refusal.contains("`guestSecret` must be text"), "{refusal}");
    }
    let refusal = Wire::open(server.address(), "").await.enter("/rooms", &json!({ "guestSecret": secret })).await;
    assert!(refusal.contains("`guestSecret` needs the guest's `userId`"), "{refusal}");
}

/// A guest's message can be changed on the connection that sent it, or with the secret that the guest had then.
#[tokio::test]
async fn a_guests_messages_belong_to_its_connection() {
    let server = Server::start();
    let mut maker = guest(&server, "joe").await;
    let first = {
        // A message from before the guest had a secret.
        let mut keeper = guest(&server, "keeper").await;
        let (room, _) = room_of(&mut keeper, "keeper").await;
        join(&mut maker, "joe", &room).await;
        say(&mut maker, "joe", &room, "one").await
    };
    let (room, secret) = room_of(&mut maker, "joe").await;
    let second = say(&mut maker, "joe", &room, "two").await;
    let edit = async |wire: &mut Wire, message: &str| {
        wire.call("update_message", &json!({ "messageId": message, "content": "new" })).await["code"].clone()
    };
    assert_eq!((edit(&mut maker, &first).await, edit(&mut maker, &second).await), (Value::Null, Value::Null));
    let mut impostor = guest(&server, "joe").await;
    for message in [&first, &second] {
        assert_eq!(edit(&mut impostor, message).await, "ERR_FORBIDDEN");
        let ack = impostor.call("remove_message", &json!({ "messageId": message })).await;
        assert_eq!(ack["code"], "ERR_FORBIDDEN", "{ack}");
        assert!(ack["message"].as_str().is_some_and(|why| why.contains("guestSecret")), "{ack}");
    }
    let mut back = guest_with(&server, "joe", &secret).await;
    assert_eq!((edit(&mut back, &first).await, edit(&mut back, &second).await), (json!("ERR_FORBIDDEN"), Value::Null));
    // Another secret for the same id gives no access to the first one's messages.
    room_of(&mut impostor, "joe").await;
    assert_eq!(edit(&mut impostor, &second).await, "ERR_FORBIDDEN");
}

/// A guest who claims the owner's id can leave the room in its name, but cannot give the room away.
#[tokio::test]
async fn an_impostor_gives_no_room_away() {
    let server = Server::start();
    let http = server.http();
    let alice = http.register("alice").await;
    let mut maker = guest(&server, "joe").await;
    let (room, _) = room_of(&mut maker, "joe").await;
    http.api(&alice.1, "POST", &format!("/conversations/{room}/members"), json!({})).await.expect(201);
    let mut impostor = guest(&server, "joe").await;
    let leave = json!({ "roomId": room, "userId": "joe" });
    assert_eq!(impostor.call("leave_room", &leave).await["ok"], true);
    let owner = async || {
        let whole = http.api(&alice.1, "GET", &format!("/conversations/{room}"), Value::Null).await.expect(200);
        (text(&whole["ownerId"]), whole["members"].clone())
    };
    assert_eq!(owner().await.0, "joe");
    http.api(&alice.1, "PATCH", &format!("/conversations/{room}"), json!({ "name": "mine" })).await.expect(403);
    join(&mut impostor, "joe", &room).await;
    assert!(owner().await.1.as_array().expect("members").iter().all(|member| member["role"] == "member"));
    // After the owner has rejoined, it is shown as the owner, and passes the room on by leaving it.
    join(&mut maker, "joe", &room).await;
    let members = owner().await.1;
    let member = members.as_array().expect("members").iter().find(|member| member["user"]["id"] == "joe");
    assert_eq!(member.expect("a member")["role"], "owner", "{members}");
    assert_eq!(maker.call("leave_room", &leave).await["ok"], true);
    assert_eq!(owner().await.0, alice.0);
}

/// A guest's connection stays a guest's: a user with a token opens another.
#[tokio::test]
async fn a_guest_does_not_become_an_account() {
    let server = server();
    for shown in ["7", "8"] {
        let mut wire = guest(&server, "7").await;
        let ack = wire.call("authenticate", &json!({ "token": token(shown) })).await;
        assert_eq!((&ack["ok"], &ack["code"]), (&json!(false), &json!("ERR_FORBIDDEN")), "{ack}");
        assert!(ack["message"].as_str().is_some_and(|why| why.contains("open another one with the token")), "{ack}");
        // The token had no effect, and the guest continues.
        room_of(&mut wire, "7").await;
    }
    // A connection without a user becomes the token's user.
    let mut nobody = Wire::connect(server.address(), "/rooms", &json!({})).await;
    let ack = nobody.call("authenticate", &json!({ "token": token("7") })).await;
    assert_eq!(ack["userId"], "7", "{ack}");
}

/// What a guest requests before the account comes is done as the guest, and what it requests afterwards is refused, in
/// every order of the two. Its typing is never shown as the account's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_in_progress_are_done_as_the_guest() {
    let server = server();
    let http = server.http();
    let alice = http.register("alice").await;
    for round in 0..8 {
        let id = format!("user-{round}");
        let mut squatter = guest(&server, &id).await;
        let (room, _) = room_of(&mut squatter, &id).await;
        let members = format!("/conversations/{room}/members");
        http.api(&alice.1, "POST", &members, json!({})).await.expect(201);
        let mut watcher = Wire::connect(server.address(), "/rooms", &json!({ "token": alice.1 })).await;
        let (real, later) = (token(&id), http.clone());
        let address = server.address();
        let comes = tokio::spawn(async move {
            // The account comes by its first API call, or by a connection, which takes the id at once.
            if round % 2 == 0 {
                later.api(&real, "GET", "/me", Value::Null).await.expect(200);
            }
            let own = Wire::connect(address, "/rooms", &json!({ "token": real })).await;
            later.api(&real, "POST", &members, json!({})).await.expect(201);
            own
        });
        let mut sent = 0;
        for n in 0..400 {
            let packet = match n % 2 {
                0 => json!(["send_message", { "roomId": room, "userId": id, "content": n.to_string() }]),
                _ => json!(["typing", { "roomId": room, "userId": id, "isTyping": n % 4 == 1 }]),
            };
            if !squatter.try_send(&format!("42/rooms,{packet}")).await {
                break;
            }
            sent += 1;
        }
        let mut own = comes.await.expect("the account comes");
        ended(&mut squatter, "/rooms").await;
        assert!(sent > 0);
        // A last message of the account: everything before it was received.
        let real = token(&id);
        let path = format!("/conversations/{room}/messages");
        http.api(&real, "POST", &path, json!({ "content": "mine" })).await.expect(201);
        loop {
            let (name, payload) = watcher.event().await;
            match name.as_str() {
                "message_received" if payload["content"] == "mine" => {
                    assert_eq!((&payload["userId"], payload["user"].get("guest")), (&json!(id), None), "{payload}");
                    break;
                }
                "message_received" => assert_eq!(payload["user"]["guest"], true, "{payload}"),
                "user_typing" => assert_eq!(payload["guest"], true, "{payload}"),
                _ => {}
            }
        }
        // The account received the room's events from its own join on, and none that were for the guest.
        assert_eq!(own.event().await.0, "room_added");
        assert_eq!(own.event().await.0, "user_joined");
        let (name, payload) = own.event().await;
        assert_eq!((name.as_str(), &payload["content"]), ("message_received", &json!("mine")), "{payload}");
        let page = http.api(&alice.1, "GET", &format!("{path}?limit=200"), Value::Null).await.expect(200);
        for message in page["items"].as_array().expect("messages").iter().filter(|one| one["content"] != "mine") {
            assert!(is_former(&message["sender"]["id"]) && message["sender"]["guest"] == true, "{message}");
        }
    }
}

/// The secret with which a guest recovers a lost connection is useless for the account that gets its id.
#[tokio::test]
async fn a_guests_recovery_does_not_work_for_the_account() {
    let server = server();
    let enter = async |mut auth: Value| {
        auth["recover"] = json!(true);
        let mut wire = Wire::open(server.address(), "").await;
        let answer = wire.enter("/rooms", &auth).await;
        let accepted: Value = serde_json::from_str(&answer[answer.find('{').expect("accepted")..]).expect("JSON");
        (wire, text(&accepted["pid"]))
    };
    let (wire, pid) = enter(json!({ "userId": "9" })).await;
    drop(wire);
    let (wire, again) = enter(json!({ "userId": "9", "pid": pid })).await;
    assert_ne!(again, "", "a guest has a secret");
    drop(wire);
    let (_wire, real) = enter(json!({ "token": token("9"), "pid": pid })).await;
    assert_ne!(real, pid);
}

/// Guests are marked as guests in every dialect and over HTTP.
#[tokio::test]
async fn guests_are_marked_everywhere() {
    let server = Server::start();
    let http = server.http();
    let alice = http.register("alice").await;
    let mut maker = guest(&server, "joe").await;
    let (room, _) = room_of(&mut maker, "joe").await;
    http.api(&alice.1, "POST", &format!("/conversations/{room}/members"), json!({})).await.expect(201);
    let mut wires = Vec::new();
    for dialect in ["meetup", "messenger", "rooms", "conversations", "chat"] {
        let wire = Wire::connect(server.address(), &format!("/{dialect}"), &json!({ "token": alice.1 })).await;
        wires.push((dialect, wire));
    }
    let mut jane = guest(&server, "jane").await;
    join(&mut jane, "jane", &room).await;
    jane.call("typing", &json!({ "roomId": room, "userId": "jane", "isTyping": true })).await;
    say(&mut jane, "jane", &room, "hello").await;
    for (dialect, mut wire) in wires {
        let (joined, typing, sent) = match dialect {
            "meetup" => (("memberJoined", "/user/guest"), None, ("receiveMessage", "/message/guest")),
            "messenger" => {
                (("userJoinedGroup", "/user/guest"), Some("typingStarted"), ("groupMessage", "/sender/guest"))
            }
            "rooms" => (("user_joined", "/user/guest"), Some("user_typing"), ("message_received", "/user/guest")),
            "conversations" => {
                (("member_joined", "/user/guest"), Some("typing_status"), ("receive_message", "/message/sender/guest"))
            }
            _ => (("member:joined", "/user/guest"), Some("typing:start"), ("message:new", "/sender/guest")),
        };
        let joining = wire.next(joined.0).await;
        assert_eq!(joining.pointer(joined.1), Some(&json!(true)), "{dialect}: {joining}");
        if let Some(typing) = typing {
            let typing = wire.next(typing).await;
            assert_eq!(typing["guest"], true, "{dialect}: {typing}");
        }
        let said = wire.next(sent.0).await;
        assert_eq!(said.pointer(sent.1), Some(&json!(true)), "{dialect}: {said}");
    }
    // A page of messages, a list of members, and the same as other dialects' front ends read them.
    let whole = http.api(&alice.1, "GET", &format!("/conversations/{room}"), Value::Null).await.expect(200);
    for member in whole["members"].as_array().expect("members") {
        assert_eq!(member["user"].get("guest").is_some(), member["user"]["id"] != alice.0.as_str(), "{member}");
    }
    for (path, at) in [
        (format!("/chat/api/chats/{room}"), "participants"),
        (format!("/conversations/api/conversations/{room}"), "participants"),
        (format!("/messenger/api/groups/{room}"), "members"),
    ] {
        let answer = http.call(&alice.1, "GET", &path, Value::Null).await.expect(200);
        let answer = answer.get("conversation").or(answer.get("chat")).or(answer.get("group")).unwrap_or(&answer);
        let people = answer[at].as_array().unwrap_or_else(|| panic!("{path}: {answer}"));
        let marked = people.iter().filter(|one| one["guest"] == true).count();
        assert_eq!((people.len(), marked), (3, 2), "{path}: {answer}");
    }
}
