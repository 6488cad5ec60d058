//! What front ends are told beside messages, in cases that no story plays: people who are away, clients that repeat a
//! change, connections that resume, and notifications in any dialect.

use crate::support::{Server, Wire};
use serde_json::{Value, json};

async fn rename(server: &Server, token: &str, name: &str) {
    server.http().api(token, "PATCH", "/me", json!({ "name": name })).await.expect(200);
}

#[tokio::test]
async fn a_profile_that_is_changed_without_a_connection_is_told_to_contacts_alone() {
    let server = Server::start();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let stranger = http.register("carol").await;
    server.http().group(&alice.1, &[&bob.0]).await;
    let mut contact = Wire::connect(server.address(), "/meetup", &json!({ "token": alice.1 })).await;
    let mut other = Wire::connect(server.address(), "/meetup", &json!({ "token": stranger.1 })).await;
    // Bob has no connection.
    rename(&server, &bob.1, "Bobby").await;
    assert_eq!(contact.next("userUpdated").await["user"]["name"], "Bobby");
    rename(&server, &bob.1, "Robert").await;
    assert_eq!(contact.next("userUpdated").await["user"]["name"], "Robert");
    other.call("no such event", &Value::Null).await;
    assert!(other.events.iter().all(|(name, _)| name != "userUpdated"), "{:?}", other.events);
}

#[tokio::test]
async fn a_profile_that_changes_again_and_again_is_told_seldom_and_last_as_it_is() {
    const CHANGES: usize = 40;
    let server = Server::with().env("QUINTET_LIMITS_RATES", "false").run();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    server.http().group(&alice.1, &[&bob.0]).await;
    let mut contact = Wire::connect(server.address(), "/meetup", &json!({ "token": alice.1 })).await;
    let connected = Wire::connect(server.address(), "/chat", &json!({ "token": bob.1 })).await;
    let started = std::time::Instant::now();
    for number in 1..=CHANGES {
        rename(&server, &bob.1, &format!("Bob the {number}th")).await;
    }
    let mut told = 0;
    loop {
        told += 1;
        if contact.next("userUpdated").await["user"]["name"] == format!("Bob the {CHANGES}th") {
            break;
        }
    }
    // Ten a second, and one at each end.
    let most = started.elapsed().as_millis() / 100 + 2;
    assert!(u128::from(u32::try_from(told).expect("few")) <= most, "{told} tellings, at most {most}");
    drop(connected);
}

#[tokio::test]
async fn what_happened_to_conversations_and_people_is_told_after_a_loss() {
    let server = Server::start();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let old = server.http().group(&alice.1, &[&bob.0]).await;
    let (wire, pid) = Wire::recoverable(server.address(), "/conversations", json!({ "token": bob.1 })).await;
    drop(wire);
    let new = server.http().group(&alice.1, &[&bob.0]).await;
    let path = format!("/conversations/{}", old.as_str().expect("an id"));
    http.api(&alice.1, "PATCH", &path, json!({ "name": "Renamed" })).await.expect(200);
    http.api(&alice.1, "DELETE", &path, Value::Null).await.expect(204);
    rename(&server, &alice.1, "Alicia").await;
    http.api(&alice.1, "PATCH", "/me", json!({ "avatar": "https://example.org/a.png" })).await.expect(200);
    let (mut back, same) =
        Wire::recoverable(server.address(), "/conversations", json!({ "token": bob.1, "pid": pid })).await;
    assert_eq!(same, pid);
    assert_eq!(back.next("conversation_created").await["conversation"]["id"], new);
    assert_eq!(back.event().await.0, "member_joined");
    let renamed = back.next("conversation_updated").await;
    assert_eq!((&renamed["conversation"]["id"], &renamed["conversation"]["name"]), (&old, &json!("Renamed")));
    assert_eq!(back.event().await, ("conversation_deleted".to_owned(), json!({ "conversationId": old })));
    assert_eq!(back.event().await.0, "member_left");
    loop {
        let profile = back.next("profile_updated").await;
        assert_eq!(profile["_id"], json!(alice.0));
        if profile["avatar"] == "https://example.org/a.png" {
            break;
        }
    }
}

#[tokio::test]
async fn a_notification_is_pending_until_a_decided_connection_was_sent_it() {
    let server = Server::start();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let meetup = json!({ "activity": "walk", "location": "park", "startsAt": "2030-01-01T10:00:00Z" });
    let made = http.api(&alice.1, "POST", "/meetups", meetup).await.expect(201);
    let path = format!("/meetups/{}/requests", made["id"].as_str().expect("an id"));
    http.api(&bob.1, "POST", &path, json!({})).await.expect(201);
    let names = [
        "newNotification",
        "notificationReceived",
        "notification_received",
        "notification_created",
        "notification:new",
    ];
    // One that hears all dialects is sent it in all of them, and leaves it pending.
    for _ in 0..2 {
        let mut undecided = Wire::connect(server.address(), "/", &json!({ "token": alice.1 })).await;
        for name in names {
            assert_eq!(undecided.next(name).await["notification"]["title"], "New Meetup Request", "{name}");
        }
    }
    // One that has decided is sent it for the last time, whatever its dialect.
    let mut decided = Wire::connect(server.address(), "/rooms", &json!({ "token": alice.1 })).await;
    decided.next("notification_received").await;
    // The delivery is recorded behind the event; a connection that comes too early is sent it again.
    let silent = async {
        loop {
            let mut later = Wire::connect(server.address(), "/meetup", &json!({ "token": alice.1 })).await;
            later.call("authenticate", &json!({ "token": alice.1 })).await;
            later.call("authenticate", &json!({ "token": alice.1 })).await;
            if later.events.iter().all(|(name, _)| name != "newNotification") {
                return;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), silent).await.expect("it is pending no more");
}

#[tokio::test]
async fn of_many_changes_of_a_profile_only_the_newest_is_told_after_a_loss() {
    let server = Server::start();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    server.http().group(&alice.1, &[&bob.0]).await;
    let (wire, pid) = Wire::recoverable(server.address(), "/conversations", json!({ "token": bob.1 })).await;
    drop(wire);
    let mut own = Wire::connect(server.address(), "/conversations", &json!({ "token": alice.1 })).await;
    let avatar = |number: usize| format!("https://example.org/{number}/{}.png", "x".repeat(1_800));
    for number in 0..10 {
        http.api(&alice.1, "PATCH", "/me", json!({ "avatar": avatar(number) })).await.expect(200);
        // Each is told by itself, because the next one waits for it.
        assert_eq!(own.next("profile_updated").await["avatar"], avatar(number));
    }
    let (mut back, same) =
        Wire::recoverable(server.address(), "/conversations", json!({ "token": bob.1, "pid": pid })).await;
    assert_eq!(same, pid);
    back.call("authenticate", &json!({ "token": bob.1 })).await;
    let told: Vec<_> = back.events.iter().filter(|(name, _)| name == "profile_updated").collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].1["avatar"], avatar(9));
}

/// The offset of a client says nothing of profiles that were announced after the entry that has it.
#[tokio::test]
async fn a_profile_whose_announcement_waits_is_not_lost_with_the_connection() {
    let server = Server::start();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let place = http.group(&alice.1, &[&bob.0]).await;
    let mut own = Wire::connect(server.address(), "/conversations", &json!({ "token": alice.1 })).await;
    let (mut wire, pid) = Wire::recoverable(server.address(), "/conversations", json!({ "token": bob.1 })).await;
    rename(&server, &alice.1, "First").await;
    assert_eq!(own.next("profile_updated").await["user"]["username"], "alice");
    // The pause after the first announcement holds the second one back, but not the message.
    http.api(&alice.1, "PATCH", "/me", json!({ "avatar": "https://example.org/second.png" })).await.expect(200);
    let path = format!("/conversations/{}/messages", place.as_str().expect("an id"));
    http.api(&alice.1, "POST", &path, json!({ "content": "later" })).await.expect(201);
    wire.next("receive_message").await;
    let offset = wire.offset.clone().expect("an offset");
    let before = wire.events.clone();
    drop(wire);
    assert_eq!(own.next("profile_updated").await["user"]["avatar"], "https://example.org/second.png");
    let auth = json!({ "token": bob.1, "pid": pid, "offset": offset });
    let (mut back, same) = Wire::recoverable(server.address(), "/conversations", auth).await;
    assert_eq!(same, pid);
    back.call("authenticate", &json!({ "token": bob.1 })).await;
    let avatar = |(_, payload): &(String, Value)| payload["user"]["avatar"] == "https://example.org/second.png";
    assert!(before.iter().chain(&back.events).any(avatar), "{before:?} {:?}", back.events);
}
