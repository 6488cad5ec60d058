//! What has reached the devices of members, at the wire, in what the stories do not play: the end of the server, guests,
//! and connections that do not listen.

mod support;

use serde_json::{Value, json};
use support::{Server, Wire};

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
