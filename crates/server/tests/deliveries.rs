//! What has reached the devices of members, at the wire, in what the stories do not play: the end of the server, guests,
//! connections that do not listen, and what counts as delivered because it was written to a connection.

use crate::support::{Server, Wire};
use serde_json::{Value, json};

async fn sent(server: &Server, token: &str, group: &Value) -> Value {
    let path = format!("/conversations/{}/messages", group.as_str().expect("an id"));
    server.http().api(token, "POST", &path, json!({ "content": "hello" })).await.expect(201)["id"].clone()
}

/// The status of the one message of a group, as a user's front end reads it.
async fn status(server: &Server, token: &str, group: &Value) -> Value {
    let path = format!("/conversations/api/messages/{}", group.as_str().expect("an id"));
    let answer = server.http().call(token, "GET", &path, Value::Null).await.expect(200);
    let messages = answer.as_array().or_else(|| answer["messages"].as_array()).or_else(|| answer["data"].as_array());
    messages.unwrap_or_else(|| panic!("{answer}"))[0]["status"].clone()
}

#[tokio::test]
async fn the_end_of_the_server_keeps_what_was_delivered_and_its_author_sees_it() {
    let server = Server::start();
    let (alice, bob) = (server.http().register("alice").await, server.http().register("bob").await);
    let group = server.http().group(&alice.1, &[&bob.0]).await;
    let message = sent(&server, &alice.1, &group).await;
    assert_eq!(status(&server, &alice.1, &group).await, "sent");
    let path = format!("/conversations/{}/delivered", group.as_str().expect("an id"));
    server.http().api(&bob.1, "PUT", &path, json!({ "messageId": message })).await.expect(204);
    let server = Server::start_after(server);
    assert_eq!(status(&server, &alice.1, &group).await, "delivered");
    assert_eq!(status(&server, &bob.1, &group).await, "sent", "others are told what they have read themselves");
    let path = format!("/conversations/{}/read", group.as_str().expect("an id"));
    server.http().api(&bob.1, "PUT", &path, json!({ "messageId": message })).await.expect(204);
    assert_eq!(status(&server, &alice.1, &group).await, "read");
}

#[tokio::test]
async fn a_guest_says_what_has_reached_it() {
    let server = Server::start();
    let mut guest = Wire::connect(server.address(), "/rooms", &json!({ "userId": "g-1" })).await;
    guest.emit("create_room", &json!({ "name": "Hall", "userId": "g-1" })).await;
    let room = guest.next("room_created").await["id"].clone();
    let alice = server.http().register("alice").await;
    let mut author = Wire::connect(server.address(), "/rooms", &json!({ "token": alice.1 })).await;
    author.call("join_room", &json!({ "roomId": room })).await;
    let message = sent(&server, &alice.1, &room).await;
    let received = json!({ "roomId": room, "messageIds": [message] });
    let refused = guest.call("deliver_messages", &received).await;
    assert_eq!(refused["code"], "ERR_FORBIDDEN", "its maker is in it only after joining: {refused}");
    guest.call("join_room", &json!({ "roomId": room, "userId": "g-1", "username": "Gil" })).await;
    // What was there before it joined counts as read.
    assert_eq!(guest.call("deliver_messages", &received).await, json!({ "ok": true }));
    let later = sent(&server, &alice.1, &room).await;
    let received = json!({ "roomId": room, "messageIds": [later] });
    assert_eq!(guest.call("deliver_messages", &received).await, json!({ "ok": true }));
    let expected = json!({ "roomId": room, "messageIds": [later], "userId": "g-1" });
    assert_eq!(author.next("messages_arrived").await, expected);
}

#[tokio::test]
async fn a_connection_that_does_not_listen_to_a_chat_is_not_told() {
    let server = Server::start();
    let (alice, bob) = (server.http().register("alice").await, server.http().register("bob").await);
    let (quiet, heard) =
        (server.http().group(&alice.1, &[&bob.0]).await, server.http().group(&alice.1, &[&bob.0]).await);
    let mut author = Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await;
    author.call("chat:leave", &json!({ "chatId": quiet })).await;
    for group in [&quiet, &heard] {
        let message = sent(&server, &alice.1, group).await;
        let path = format!("/conversations/{}/delivered", group.as_str().expect("an id"));
        server.http().api(&bob.1, "PUT", &path, json!({ "messageId": message })).await.expect(204);
    }
    assert_eq!(author.next("message:delivered").await["chatId"], heard);
}

// --- what was written to a connection ---

/// Creates a group with a number of members who never connect.
async fn group_of_strangers(server: &Server, owner: &str, others: &[&str], strangers: usize) -> Value {
    let mut members: Vec<String> = others.iter().map(|id| (*id).to_owned()).collect();
    for number in 0..strangers {
        members.push(server.http().register(&format!("stranger-{number}")).await.0);
    }
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    server.http().group(owner, &members).await
}

fn reached(conversation: &Value, user: &str, messages: &[&Value]) -> Value {
    let newest = messages.last().expect("a message");
    json!({ "messageId": newest, "messageIds": messages, "userId": user, "chatId": conversation })
}

#[tokio::test]
async fn what_is_written_to_a_connection_is_delivered_in_small_conversations_alone() {
    let server = Server::start();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let small = http.group(&alice.1, &[&bob.0]).await;
    let full = group_of_strangers(&server, &alice.1, &[&bob.0], 18).await;
    let one_more = http.register("one-more").await;
    let large = {
        let path = format!("/conversations/{}", full.as_str().expect("an id"));
        let group = http.api(&alice.1, "GET", &path, Value::Null).await.expect(200);
        let members = group["members"].as_array().expect("members").clone();
        let ids = members.iter().map(|member| member["user"]["id"].as_str().expect("an id"));
        let ids: Vec<&str> = ids.filter(|id| *id != alice.0).chain([one_more.0.as_str()]).collect();
        http.group(&alice.1, &ids).await
    };
    let room = json!({ "kind": "room", "name": "Hall" });
    let room = http.api(&alice.1, "POST", "/conversations", room).await.expect(201)["id"].clone();
    let mut author = Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await;
    let mut other = Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await;
    let mut receiver = Wire::connect(server.address(), "/rooms", &json!({ "token": bob.1 })).await;
    receiver.call("join_room", &json!({ "roomId": room })).await;
    // In these nothing is noted: had it been, it would have been told before what follows.
    for conversation in [&large, &room] {
        sent(&server, &alice.1, conversation).await;
    }
    for conversation in [&full, &small] {
        let message = sent(&server, &alice.1, conversation).await;
        for wire in [&mut author, &mut other] {
            assert_eq!(wire.next("message:delivered").await, reached(conversation, &bob.0, &[&message]));
        }
    }
    // The receiver's own messages are not told as delivered to it; those before and behind them are.
    let before = sent(&server, &alice.1, &small).await;
    sent(&server, &bob.1, &small).await;
    let behind = sent(&server, &alice.1, &small).await;
    let mut told = Vec::new();
    while told.last() != Some(&behind) {
        let event = author.next("message:delivered").await;
        assert_eq!((&event["userId"], &event["chatId"]), (&json!(bob.0), &small), "{event}");
        told.extend(event["messageIds"].as_array().expect("ids").iter().cloned());
    }
    assert_eq!(told, [before, behind]);
}

#[tokio::test]
async fn a_direct_message_goes_from_sent_to_delivered_to_read_by_itself() {
    let server = Server::start();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let mut author = Wire::connect(server.address(), "/conversations", &json!({ "token": alice.1 })).await;
    let body = json!({ "kind": "direct", "memberIds": [bob.0] });
    let direct = http.api(&alice.1, "POST", "/conversations", body).await.expect(201)["id"].clone();
    let first = sent(&server, &alice.1, &direct).await;
    assert_eq!(status(&server, &alice.1, &direct).await, "sent");
    let mut receiver = Wire::connect(server.address(), "/conversations", &json!({ "token": bob.1 })).await;
    let second = sent(&server, &alice.1, &direct).await;
    let told = author.next("messages_delivered").await;
    // What was there before has arrived as well: a front end reads it when it connects.
    let expected = json!({ "conversationId": direct, "messageIds": [first, second], "deliveredTo": bob.0 });
    assert_eq!(told, expected);
    // Cursors are saved a little later.
    while status(&server, &alice.1, &direct).await != "delivered" {}
    receiver.call("mark_read", &json!({ "conversationId": direct })).await;
    while status(&server, &alice.1, &direct).await != "read" {}
}

#[tokio::test]
async fn what_an_undecided_connection_was_sent_is_not_delivered() {
    let server = Server::start();
    let http = server.http();
    let (alice, bob, carol) = (http.register("alice").await, http.register("bob").await, http.register("carol").await);
    let group = http.group(&alice.1, &[&bob.0, &carol.0]).await;
    let mut author = Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await;
    let mut undecided = Wire::connect(server.address(), "/", &json!({ "token": bob.1 })).await;
    let decided = Wire::connect(server.address(), "/messenger", &json!({ "token": carol.1 })).await;
    let first = sent(&server, &alice.1, &group).await;
    undecided.next("message:new").await;
    assert_eq!(author.next("message:delivered").await, reached(&group, &carol.0, &[&first]));
    undecided.call("message:read", &json!({ "chatId": group, "messageIds": [] })).await;
    drop(decided);
    let second = sent(&server, &alice.1, &group).await;
    loop {
        let told = author.next("message:delivered").await;
        if told["userId"] == json!(bob.0) {
            assert_eq!(told, reached(&group, &bob.0, &[&first, &second]));
            break;
        }
    }
}

#[tokio::test]
async fn what_a_client_polls_is_delivered_when_it_has_polled() {
    let server = Server::start();
    let http = server.http();
    let (alice, bob, carol) = (http.register("alice").await, http.register("bob").await, http.register("carol").await);
    let group = http.group(&alice.1, &[&bob.0, &carol.0]).await;
    let mut author = Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await;
    let _there = Wire::connect(server.address(), "/chat", &json!({ "token": carol.1 })).await;
    let opened = http.send("GET", "/socket.io/?EIO=4&transport=polling", &[], "").await.text;
    let opened: Value = serde_json::from_str(&opened[1..]).expect("an open packet");
    let path = format!("/socket.io/?EIO=4&transport=polling&sid={}", opened["sid"].as_str().expect("an id"));
    let connect = format!("40/chat,{}", json!({ "token": bob.1 }));
    assert_eq!(http.send("POST", &path, &[], &connect).await.text, "ok");
    let mut polled = http.send("GET", &path, &[], "").await.text;
    while !polled.contains("40/chat,{") {
        polled += &http.send("GET", &path, &[], "").await.text;
    }
    let message = sent(&server, &alice.1, &group).await;
    // It waits in the queue of the session that nobody polls.
    assert_eq!(author.next("message:delivered").await, reached(&group, &carol.0, &[&message]));
    let id = message.as_str().expect("an id");
    let mut polled = String::new();
    while !polled.contains(id) {
        polled += &http.send("GET", &path, &[], "").await.text;
    }
    assert_eq!(author.next("message:delivered").await, reached(&group, &bob.0, &[&message]));
}

#[tokio::test]
async fn what_is_sent_to_a_connection_that_comes_back_is_delivered() {
    let server = Server::start();
    let (alice, bob) = (server.http().register("alice").await, server.http().register("bob").await);
    let group = server.http().group(&alice.1, &[&bob.0]).await;
    let mut author = Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await;
    let (wire, pid) = Wire::recoverable(server.address(), "/chat", json!({ "token": bob.1 })).await;
    let first = sent(&server, &alice.1, &group).await;
    assert_eq!(author.next("message:delivered").await, reached(&group, &bob.0, &[&first]));
    drop(wire);
    author.next("user:status").await;
    let missed = sent(&server, &alice.1, &group).await;
    let (_back, same) = Wire::recoverable(server.address(), "/chat", json!({ "token": bob.1, "pid": pid })).await;
    assert_eq!(same, pid);
    assert_eq!(author.next("message:delivered").await, reached(&group, &bob.0, &[&missed]));
}

#[tokio::test]
async fn an_operator_can_leave_it_to_clients() {
    let server = Server::with().env("QUINTET_PRESENCE_DELIVERED", "false").run();
    let (alice, bob) = (server.http().register("alice").await, server.http().register("bob").await);
    let group = server.http().group(&alice.1, &[&bob.0]).await;
    let mut author = Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await;
    let mut receiver = Wire::connect(server.address(), "/chat", &json!({ "token": bob.1 })).await;
    let first = sent(&server, &alice.1, &group).await;
    receiver.next("message:new").await;
    let second = sent(&server, &alice.1, &group).await;
    receiver.call("message:delivered", &json!({ "chatId": group, "messageId": second })).await;
    // Had the first been noted by itself, it would have been told alone.
    assert_eq!(author.next("message:delivered").await, reached(&group, &bob.0, &[&first, &second]));
}
