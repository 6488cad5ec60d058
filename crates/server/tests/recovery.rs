//! Recovery of a lost connection on the wire, in cases that the official client cannot produce.

use crate::support::{Server, Wire};
use serde_json::{Value, json};

async fn say(server: &Server, token: &str, place: &Value, content: &str) {
    let path = format!("/conversations/{}/messages", place.as_str().expect("an id"));
    server.http().api(token, "POST", &path, json!({ "content": content })).await.expect(201);
}

#[tokio::test]
async fn muting_survives_recovery() {
    let server = Server::start();
    let (alice, bob) = (server.http().register("alice").await, server.http().register("bob").await);
    let quiet = server.http().group(&alice.1, &[&bob.0]).await;
    let loud = server.http().group(&alice.1, &[&bob.0]).await;
    let (mut wire, pid) = Wire::recoverable(server.address(), "/chat", json!({ "token": bob.1 })).await;
    let ack = wire.call("chat:leave", &json!({ "chatId": quiet })).await;
    assert_eq!(ack["success"], true, "{ack}");
    drop(wire);
    say(&server, &alice.1, &quiet, "unheard").await;
    say(&server, &alice.1, &loud, "heard").await;
    let (mut back, same) = Wire::recoverable(server.address(), "/chat", json!({ "token": bob.1, "pid": pid })).await;
    assert_eq!(same, pid);
    assert_eq!(back.next("message:new").await["content"], "heard");
    say(&server, &alice.1, &quiet, "unheard").await;
    say(&server, &alice.1, &loud, "heard as well").await;
    assert_eq!(back.next("message:new").await["content"], "heard as well");
}

#[tokio::test]
async fn a_revoked_token_ends_a_recovery_in_progress() {
    let server = Server::start();
    let (alice, bob) = (server.http().register("alice").await, server.http().register("bob").await);
    let place = server.http().group(&alice.1, &[&bob.0]).await;
    let (wire, pid) = Wire::recoverable(server.address(), "/chat", json!({ "token": bob.1 })).await;
    drop(wire);
    // More than the queue and the system's buffers hold, so that the rest waits for a reader.
    for _ in 0..1_500 {
        say(&server, &alice.1, &place, &"x".repeat(5_000)).await;
    }
    let (mut back, same) = Wire::recoverable(server.address(), "/chat", json!({ "token": bob.1, "pid": pid })).await;
    assert_eq!(same, pid);
    server.http().api(&bob.1, "POST", "/auth/revoke", json!({})).await.expect(204);
    let mut received = 0;
    while let Some(frame) = back.frame().await {
        received += usize::from(frame.starts_with("42/chat,[\"message:new\""));
    }
    assert!(received < 1_500, "it received all of it, though its token was revoked in the middle");
}

#[tokio::test]
async fn a_pending_notification_is_delivered_after_a_broken_connection() {
    let server = Server::start();
    let (alice, bob) = (server.http().register("alice").await, server.http().register("bob").await);
    let meetup = json!({ "activity": "walk", "location": "park", "startsAt": "2030-01-01T10:00:00Z" });
    let made = server.http().api(&alice.1, "POST", "/meetups", meetup).await.expect(201);
    let (wire, pid) = Wire::recoverable(server.address(), "/meetup", json!({ "token": alice.1 })).await;
    drop(wire);
    let path = format!("/meetups/{}/requests", made["id"].as_str().expect("an id"));
    server.http().api(&bob.1, "POST", &path, json!({})).await.expect(201);
    let (mut back, same) =
        Wire::recoverable(server.address(), "/meetup", json!({ "token": alice.1, "pid": pid })).await;
    assert_eq!(same, pid);
    let delivered = back.next("newNotification").await;
    assert_eq!(delivered["notification"]["title"], "New Meetup Request", "{delivered}");
    // Delivered only once: the next event is a different one.
    let place = server.http().group(&bob.1, &[&alice.0]).await;
    say(&server, &bob.1, &place, "next").await;
    let next = loop {
        let (name, payload) = back.event().await;
        if name == "newNotification" || name == "receiveMessage" {
            break (name, payload);
        }
    };
    assert_eq!(next.0, "receiveMessage", "{next:?}");
}

/// Opens connections of a user and drops them. Then sends so much to the user that each recovery of one waits for a
/// reader, because it is more than the queue and the system's buffers hold. Returns the recovery secrets.
async fn lost(server: &Server, alice: &str, bob: &str, place: &Value, connections: usize) -> Vec<String> {
    let mut secrets = Vec::new();
    for _ in 0..connections {
        secrets.push(Wire::recoverable(server.address(), "/chat", json!({ "token": bob })).await.1);
    }
    let mut sender = Wire::connect(server.address(), "/chat", &json!({ "token": alice })).await;
    for _ in 0..1_500 {
        sender.call("message:send", &json!({ "chatId": place, "content": "x".repeat(5_000) })).await;
    }
    secrets
}

#[tokio::test]
async fn recoveries_of_one_user_are_limited() {
    const OF_USER: usize = 8;
    let server = Server::start();
    let (alice, bob) = (server.http().register("alice").await, server.http().register("bob").await);
    let place = server.http().group(&alice.1, &[&bob.0]).await;
    let secrets = lost(&server, &alice.1, &bob.1, &place, OF_USER + 1).await;
    let mut reading = Vec::new();
    for pid in &secrets[..OF_USER] {
        let back = json!({ "token": bob.1, "pid": pid });
        let (wire, same) = Wire::recoverable(server.address(), "/chat", back).await;
        assert_eq!(same, *pid);
        reading.push(wire);
    }
    let back = json!({ "token": bob.1, "pid": secrets[OF_USER] });
    let (mut another, fresh) = Wire::recoverable(server.address(), "/chat", back).await;
    assert_ne!(fresh, secrets[OF_USER], "another one starts afresh");
    say(&server, &alice.1, &place, "now").await;
    assert_eq!(another.next("message:new").await["content"], "now", "and receives what happens from there on");
}

/// On a network that breaks again and again, a client resumes its session many times before the server notices the end of
/// one of the connections. Their replays do not use up those of the user.
#[tokio::test]
async fn a_session_is_resumed_however_often_its_network_breaks() {
    let server = Server::start();
    let (alice, bob) = (server.http().register("alice").await, server.http().register("bob").await);
    let place = server.http().group(&alice.1, &[&bob.0]).await;
    let pid = lost(&server, &alice.1, &bob.1, &place, 1).await.remove(0);
    let mut broken = Vec::new();
    for attempt in 0..20 {
        let back = json!({ "token": bob.1, "pid": pid });
        let (wire, same) = Wire::recoverable(server.address(), "/chat", back).await;
        assert_eq!(same, pid, "attempt {attempt} resumes the session");
        broken.push(wire);
    }
    let mut heard = Vec::new();
    let code = until_closed(&mut broken[0], &mut heard).await;
    assert_eq!(code, Some(4409), "a connection ends when a newer one resumes its session");
    assert!(heard.len() < 1_500, "its replay ended in the middle");
    let mut alive = broken.pop().expect("twenty connections");
    for _ in 0..1_500 {
        alive.next("message:new").await;
    }
    say(&server, &alice.1, &place, "now").await;
    assert_eq!(alive.next("message:new").await["content"], "now");
}

/// Reads the messages of a connection, and returns the code with which it is closed.
async fn until_closed(wire: &mut Wire, heard: &mut Vec<String>) -> Option<u16> {
    loop {
        match wire.frame_or_code().await {
            Ok(frame) => heard.extend(message(&frame)),
            Err(code) => return code,
        }
    }
}

/// Returns the text of a frame that is a message of the dialect `chat`.
fn message(frame: &str) -> Option<String> {
    let event: Value = serde_json::from_str(frame.strip_prefix("42/chat,")?).expect("JSON");
    (event[0] == "message:new").then(|| event[1]["content"].as_str().expect("text").to_owned())
}

/// A client that loses its network may connect twice before it notices: the newest connection stays and hears
/// everything, and the older one is closed with a code.
#[tokio::test]
async fn of_two_connections_with_one_secret_one_stays() {
    let server = Server::start();
    let (alice, bob) = (server.http().register("alice").await, server.http().register("bob").await);
    let place = server.http().group(&alice.1, &[&bob.0]).await;
    for pair in 0..25 {
        let (wire, pid) = Wire::recoverable(server.address(), "/chat", json!({ "token": bob.1 })).await;
        drop(wire);
        let (missed, next) = (format!("missed {pair}"), format!("next {pair}"));
        say(&server, &alice.1, &place, &missed).await;
        let (mut one, mut other) = tokio::join!(Wire::open(server.address(), ""), Wire::open(server.address(), ""));
        let packet = format!("40/chat,{}", json!({ "token": bob.1, "pid": pid, "recover": true }));
        tokio::join!(one.send(&packet), other.send(&packet));
        let (mut heard_by_one, mut heard_by_other) = (Vec::new(), Vec::new());
        let (code, mut stays, mut heard) = tokio::select! {
            code = until_closed(&mut one, &mut heard_by_one) => (code, other, heard_by_other),
            code = until_closed(&mut other, &mut heard_by_other) => (code, one, heard_by_one),
        };
        assert_eq!(code, Some(4_409), "pair {pair}");
        say(&server, &alice.1, &place, &next).await;
        while heard.last() != Some(&next) {
            let frame = stays.frame().await.unwrap_or_else(|| panic!("pair {pair}: each closed the other"));
            heard.extend(message(&frame));
        }
        assert_eq!(heard, [missed, next], "pair {pair}");
    }
}
