//! Reactions that come faster than they are told: told together, and never lost by a connection that breaks meanwhile. And
//! which of them are the caller's own, in every answer that shows a message.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::support::{Server, Wire};
use serde_json::{Value, json};

/// The share of a second that each event about the reactions to one message takes.
const SHARE: Duration = Duration::from_millis(100);

async fn say(server: &Server, token: &str, place: &Value, content: &str) -> Value {
    let path = format!("/conversations/{}/messages", place.as_str().expect("an id"));
    server.http().api(token, "POST", &path, json!({ "content": content })).await.expect(201)["id"].clone()
}

/// Whose reactions an event tells, each with whether it is there.
fn people(event: &Value) -> Vec<(String, bool)> {
    let one =
        |one: &Value| (one["userId"].as_str().expect("an id").to_owned(), one["active"].as_bool().expect("a flag"));
    match event.get("changes") {
        Some(changes) => changes.as_array().expect("a list").iter().map(one).collect(),
        None => vec![one(event)],
    }
}

/// Everybody reacts at once. Those who watch are told of each once, in few events, and of the number in the end.
#[tokio::test]
async fn a_crowd_is_told_together() {
    const CROWD: usize = 15;
    let server = Server::start();
    let http = server.http();
    let owner = http.register("owner").await;
    let mut crowd = Vec::new();
    for n in 0..CROWD {
        crowd.push(http.register(&format!("user{n}")).await);
    }
    let members: Vec<&str> = crowd.iter().map(|(id, _)| id.as_str()).collect();
    let place = http.group(&owner.1, &members).await;
    let message = say(&server, &owner.1, &place, "hello").await;
    let mut watching = Wire::connect(server.address(), "/chat", &json!({ "token": owner.1 })).await;
    let mut wires = Vec::new();
    for (_, token) in &crowd {
        wires.push(Wire::connect(server.address(), "/chat", &json!({ "token": token })).await);
    }
    let (began, payload) = (Instant::now(), json!({ "messageId": message, "emoji": "👍" }));
    for wire in &mut wires {
        wire.emit("message:react", &payload).await;
    }
    let (mut events, mut told) = (0_u32, BTreeMap::new());
    while told.len() < CROWD {
        let event = watching.next("message:reaction").await;
        events += 1;
        let people = people(&event);
        assert_eq!(people.last().map(|(user, _)| json!(user)), Some(event["userId"].clone()), "{event}");
        for (user, active) in people {
            assert!(told.insert(user, active).is_none() && active, "told twice: {event}");
        }
        assert_eq!(event["count"], told.len(), "{event}");
    }
    assert!(members.iter().all(|user| told.contains_key(*user)));
    let shares = 2 + began.elapsed().as_millis() / SHARE.as_millis();
    assert!(u128::from(events) <= shares, "{events} events in {shares} shares");
    // The actors themselves hear of it too, and of nothing else.
    let mut heard = 0;
    while heard < CROWD {
        heard += people(&wires[0].next("message:reaction").await).len();
    }
    assert_eq!(heard, CROWD);
}

/// A message overtakes a reaction that waits. Whoever loses its connection right behind the message is told of the
/// reaction on its return, and of the message once.
#[tokio::test]
async fn a_reaction_that_waits_is_not_lost_with_the_connection() {
    let server = Server::start();
    let (alice, bob) = (server.http().register("alice").await, server.http().register("bob").await);
    let place = server.http().group(&alice.1, &[&bob.0]).await;
    let mut sender = Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await;
    for attempt in 0..200 {
        let message = say(&server, &alice.1, &place, "to react to").await;
        let (mut wire, pid) = Wire::recoverable(server.address(), "/chat", json!({ "token": bob.1 })).await;
        for emoji in ["👍", "👎"] {
            sender.emit("message:react", &json!({ "messageId": message, "emoji": emoji })).await;
        }
        sender.emit("message:send", &json!({ "chatId": place, "content": format!("overtakes {attempt}") })).await;
        let (mut told, mut offset) = (Vec::new(), None);
        while offset.is_none() {
            let (name, event) = wire.event().await;
            match name.as_str() {
                "message:reaction" => told.push(event["emoji"].clone()),
                "message:new" => offset = wire.offset.take(),
                _ => {}
            }
        }
        drop(wire);
        if told != ["👍"] {
            // The server took longer than the reaction waits, so that it was told before the message.
            continue;
        }
        let auth = json!({ "token": bob.1, "pid": pid, "offset": offset });
        let (mut back, same) = Wire::recoverable(server.address(), "/chat", auth).await;
        assert_eq!(same, pid, "{offset:?}");
        say(&server, &alice.1, &place, "afterwards").await;
        let mut heard = Vec::new();
        loop {
            let (name, event) = back.event().await;
            match name.as_str() {
                "message:reaction" => heard.push(event["emoji"].clone()),
                "message:new" if event["content"] == "afterwards" => break,
                "message:new" => panic!("told twice: {event}"),
                _ => {}
            }
        }
        assert_eq!(heard, ["👎"], "behind {offset:?}");
        return;
    }
    panic!("no message ever overtook a reaction that waits");
}

/// A message object says of each emoji whether the caller is among those who reacted, also if others came first.
#[tokio::test]
async fn messages_say_which_reactions_are_the_callers_own() {
    /// One more than are named.
    const CROWD: usize = 21;
    let server = Server::start();
    let http = server.http();
    let owner = http.register("owner").await;
    let mut crowd = Vec::new();
    for n in 0..CROWD {
        crowd.push(http.register(&format!("user{n}")).await);
    }
    let members: Vec<&str> = crowd.iter().map(|(id, _)| id.as_str()).collect();
    let place = http.group(&owner.1, &members).await;
    let place_path = format!("/conversations/{}", place.as_str().expect("an id"));
    say(&server, &owner.1, &place, "plain").await;
    let message = say(&server, &owner.1, &place, "to react to").await;
    let id = message.as_str().expect("an id");
    for (_, token) in &crowd {
        http.api(token, "PUT", &format!("/messages/{id}/reactions/%2B1"), Value::Null).await.expect(204);
    }
    let (first, last) = (&crowd[0], &crowd[CROWD - 1]);
    http.api(&first.1, "PUT", &format!("/messages/{id}/reactions/-1"), Value::Null).await.expect(204);
    http.api(&owner.1, "PUT", &format!("/messages/{id}/pin"), Value::Null).await.expect(204);

    let own = |message: &Value| {
        let reactions = message["reactions"].as_array().unwrap_or_else(|| panic!("{message}"));
        let own = |one: &Value| (one["emoji"].as_str().expect("text").to_owned(), one["mine"] == json!(true));
        assert!(reactions.iter().all(|one| one["mine"].is_boolean()), "{message}");
        reactions.iter().map(own).collect::<Vec<_>>()
    };
    let expected = |plus: bool, minus: bool| [("+1".to_owned(), plus), ("-1".to_owned(), minus)];
    let edited = json!({ "content": "edited and reacted to" });
    let edited = http.api(&owner.1, "PATCH", &format!("/messages/{id}"), edited).await.expect(200);
    assert_eq!(own(&edited), expected(false, false));
    for (token, expected) in
        [(&owner.1, expected(false, false)), (&first.1, expected(true, true)), (&last.1, expected(true, false))]
    {
        let get = async |path: &str| http.api(token, "GET", path, Value::Null).await.expect(200);
        let page = get(&format!("{place_path}/messages")).await;
        assert!(page["items"][0].get("reactions").is_none(), "{page}");
        assert_eq!(own(&page["items"][1]), expected);
        assert_eq!(page["items"][1]["reactions"][0]["userIds"].as_array().map(Vec::len), Some(CROWD - 1));
        assert_eq!(own(&get(&format!("/messages/{id}/thread")).await["root"]), expected);
        assert_eq!(own(&get(&format!("{place_path}/pins")).await["items"][0]["message"]), expected);
        assert_eq!(own(&get(&place_path).await["lastMessage"]), expected);
        assert_eq!(own(&get("/conversations").await["items"][0]["lastMessage"]), expected);
        assert_eq!(own(&json!({ "reactions": get(&format!("/messages/{id}/reactions")).await["items"] })), expected);
        let mut found = get("/search/messages?q=reacted").await;
        while found["items"].as_array().is_none_or(Vec::is_empty) {
            // The index comes a moment later.
            tokio::task::yield_now().await;
            found = get("/search/messages?q=reacted").await;
        }
        assert_eq!(own(&found["items"][0]), expected);
    }
}
