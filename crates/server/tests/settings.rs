//! One's own settings of a conversation at the wire, in what the stories do not play: guests, lost connections, and the
//! lists of existing front ends.

use crate::support::{Server, Wire};
use serde_json::{Value, json};

async fn patched(server: &Server, token: &str, group: &Value, change: Value) -> Value {
    let path = format!("/conversations/{}/settings", group.as_str().expect("an id"));
    server.http().api(token, "PATCH", &path, change).await.expect(200)
}

#[tokio::test]
async fn what_was_set_meanwhile_is_told_once_after_a_lost_connection() {
    let server = Server::start();
    let (alice, bob) = (server.http().register("alice").await, server.http().register("bob").await);
    let group = server.http().group(&alice.1, &[&bob.0]).await;
    let (wire, pid) = Wire::recoverable(server.address(), "/chat", json!({ "token": alice.1 })).await;
    let (others, other_pid) = Wire::recoverable(server.address(), "/chat", json!({ "token": bob.1 })).await;
    drop((wire, others));
    for pinned in [true, false, true] {
        patched(&server, &alice.1, &group, json!({ "pinned": pinned, "archived": true })).await;
    }
    let path = format!("/conversations/{}/messages", group.as_str().expect("an id"));
    server.http().api(&bob.1, "POST", &path, json!({ "content": "hello" })).await.expect(201);

    let heard = async |token: &str, pid: &str| {
        let back = json!({ "token": token, "pid": pid });
        let (mut wire, same) = Wire::recoverable(server.address(), "/chat", back).await;
        assert_eq!(same, pid);
        let mut settings = Vec::new();
        loop {
            match wire.event().await {
                (name, payload) if name == "chat:configured" => settings.push(payload),
                (name, _) if name == "message:new" => return settings,
                _ => {}
            }
        }
    };
    // As they are now: the message has ended the archive.
    let settings = json!({
        "chatId": group, "muted": false, "pinned": true, "archived": false, "notify": "all", "markedUnread": false
    });
    assert_eq!(heard(&alice.1, &pid).await, [settings]);
    assert!(heard(&bob.1, &other_pid).await.is_empty());
}

#[tokio::test]
async fn a_guest_has_settings_in_its_rooms() {
    let server = Server::start();
    let mut guest = Wire::connect(server.address(), "/rooms", &json!({ "userId": "g-1" })).await;
    guest.emit("create_room", &json!({ "name": "Hall", "userId": "g-1" })).await;
    let room = guest.next("room_created").await["id"].clone();
    let set = json!({ "roomId": room, "muted": true });
    let refused = guest.call("update_room_settings", &set).await;
    assert_eq!(refused["code"], "ERR_FORBIDDEN", "its maker is in it only after joining: {refused}");
    guest.call("join_room", &json!({ "roomId": room, "userId": "g-1", "username": "Gil" })).await;
    assert_eq!(guest.call("update_room_settings", &set).await, json!({ "ok": true }));
    assert_eq!(guest.next("room_settings_updated").await["muted"], true);
}

#[tokio::test]
async fn lists_of_existing_front_ends_have_them_where_one_differs() {
    let server = Server::start();
    let (alice, bob) = (server.http().register("alice").await, server.http().register("bob").await);
    let group = server.http().group(&alice.1, &[&bob.0]).await;
    let plain = server.http().group(&alice.1, &[&bob.0]).await;
    patched(&server, &alice.1, &group, json!({ "muted": "2099-01-01T00:00:00Z", "notify": "none" })).await;
    let expected = json!({
        "muted": "2099-01-01T00:00:00.000Z", "pinned": false, "archived": false, "notify": "none", "markedUnread": false
    });
    for (path, list) in [("/chat/api/chats", "chats"), ("/conversations/api/conversations", "conversations")] {
        let answer = server.http().call(&alice.1, "GET", path, Value::Null).await.expect(200);
        let items = answer.as_array().or_else(|| answer[list].as_array()).or_else(|| answer["data"].as_array());
        let items = items.unwrap_or_else(|| panic!("{path}: {answer}"));
        let of = |id: &Value| items.iter().find(|item| item["id"] == *id).unwrap_or_else(|| panic!("{path}: {answer}"));
        assert_eq!(of(&group)["settings"], expected, "{path}");
        assert!(of(&plain).get("settings").is_none(), "{path}");
    }
    // What is over says nothing.
    patched(&server, &alice.1, &group, json!({ "muted": "2001-01-01T00:00:00Z", "notify": "all" })).await;
    let path = format!("/conversations/{}", group.as_str().expect("an id"));
    let shown = server.http().api(&alice.1, "GET", &path, Value::Null).await.expect(200);
    assert!(shown.get("settings").is_none(), "{shown}");
}

#[tokio::test]
async fn nothing_named_is_nothing_changed() {
    let server = Server::start();
    let (alice, bob) = (server.http().register("alice").await, server.http().register("bob").await);
    let group = server.http().group(&alice.1, &[&bob.0]).await;
    let unchanged = patched(&server, &alice.1, &group, json!({})).await;
    let all = json!({ "muted": false, "pinned": false, "archived": false, "notify": "all", "markedUnread": false });
    assert_eq!(unchanged, all);
    for (wrong, why) in [
        (json!({ "muted": "later" }), "`muted` must be true, false, or the moment until which it is muted."),
        (json!({ "notify": "some" }), "`notify` must be `all`, `mentions` or `none`."),
    ] {
        let path = format!("/conversations/{}/settings", group.as_str().expect("an id"));
        let refused = server.http().api(&alice.1, "PATCH", &path, wrong).await.expect(422);
        assert!(refused.to_string().contains(why), "{refused}");
    }
}
