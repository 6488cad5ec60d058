//! Several nodes over one PostgreSQL database, at the wire: one order for all, nothing acknowledged lost, recovery on any
//! node, and what a node says that is cut off.

use std::collections::HashSet;
use std::time::Duration;

use crate::database::TestDatabase;
use crate::road::Road;
use crate::services::receiver::{Receiver, Reply, Request};
use crate::support::{Server, Start, Wire};
use serde_json::{Value, json};

/// The time within which a node has to say what is awaited.
const PATIENCE: Duration = Duration::from_secs(120);
/// A key for tokens that all nodes share, as the file of a data folder has it.
const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 1700000000\n";

pub fn node_at(url: &str) -> Start {
    Server::with().env("QUINTET_DATABASE_URL", url).env("QUINTET_FILES_SHARED", "true").file("token-key", KEY)
}

fn two_nodes(database: &TestDatabase) -> (Server, Server) {
    (node_at(&database.url()).run(), node_at(&database.url()).run())
}

/// Two users, each with the id and the token, and the id of a group of both.
async fn two_in_a_group(server: &Server) -> ((String, String), (String, String), Value) {
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let group = http.group(&alice.1, &[&bob.0]).await;
    (alice, bob, group)
}

async fn connected(server: &Server, token: &str) -> Wire {
    Wire::connect(server.address(), "/chat", &json!({ "token": token })).await
}

fn message(group: &Value, content: &str) -> Value {
    json!({ "chatId": group, "content": content })
}

#[tokio::test]
async fn everybody_hears_one_order() {
    const EACH: usize = 60;
    let database = TestDatabase::new();
    let (here, there) = two_nodes(&database);
    let (alice, bob, group) = two_in_a_group(&here).await;
    let (mut at_here, mut at_there) = (connected(&here, &alice.1).await, connected(&there, &bob.1).await);
    let mut watches = connected(&there, &alice.1).await;
    for number in 0..EACH {
        at_here.ask("message:send", &message(&group, &format!("alice {number}"))).await;
        at_there.ask("message:send", &message(&group, &format!("bob {number}"))).await;
    }
    let mut heard: Vec<Vec<String>> = Vec::new();
    for wire in [&mut at_here, &mut at_there, &mut watches] {
        let mut texts = Vec::new();
        while texts.len() < 2 * EACH {
            texts.push(wire.next("message:new").await["content"].as_str().expect("text").to_owned());
        }
        heard.push(texts);
    }
    assert_eq!(heard[0], heard[1]);
    assert_eq!(heard[0], heard[2]);
    for name in ["alice", "bob"] {
        let of_one: Vec<&String> = heard[0].iter().filter(|text| text.starts_with(name)).collect();
        let expected: Vec<String> = (0..EACH).map(|number| format!("{name} {number}")).collect();
        assert_eq!(of_one, expected.iter().collect::<Vec<_>>(), "each sender's own order");
    }
    // What each node has done to hear of it.
    for server in [&here, &there] {
        let text = server.metrics().send("GET", "/metrics", &[], "").await.text;
        for series in ["quintet_feed_lag ", "quintet_feed_gaps_total ", "quintet_wire_received_total "] {
            assert!(text.contains(series), "{series} in {text}");
        }
        server.http().send("GET", "/readyz", &[], "").await.expect(200);
    }
}

#[tokio::test]
async fn settings_are_told_on_every_node_to_their_user_alone() {
    let database = TestDatabase::new();
    let (here, there) = two_nodes(&database);
    let (alice, bob, group) = two_in_a_group(&here).await;
    let (mut at_here, mut at_there) = (connected(&here, &alice.1).await, connected(&there, &alice.1).await);
    let mut other = connected(&there, &bob.1).await;
    let set = json!({ "chatId": group, "pinned": true, "muted": true });
    let answer = at_here.call("chat:configure", &set).await;
    assert_eq!(answer["success"], true, "{answer}");
    let told = at_there.next("chat:configured").await;
    assert_eq!((&told["pinned"], &told["muted"], &told["archived"]), (&json!(true), &json!(true), &json!(false)));
    assert_eq!(at_here.next("chat:configured").await, told);
    // The other node decides the next change beside the settings as they are by now.
    at_there.call("chat:configure", &json!({ "chatId": group, "muted": false })).await;
    let told = at_here.next("chat:configured").await;
    assert_eq!((&told["pinned"], &told["muted"]), (&json!(true), &json!(false)));
    at_here.call("message:send", &message(&group, "after it")).await;
    loop {
        match other.event().await {
            (name, told) if name == "chat:configured" => panic!("{told} is nobody else's"),
            (name, _) if name == "message:new" => break,
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_request_is_heard_of_on_every_node() {
    let database = TestDatabase::new();
    let node = || node_at(&database.url()).env("QUINTET_PEOPLE_CONTACT", "requests").run();
    let (here, there) = (node(), node());
    let (alice, bob) = (here.http().register("alice").await, here.http().register("bob").await);
    let eve = here.http().register("eve").await;
    let (mut at_here, mut witness) = (connected(&here, &alice.1).await, connected(&here, &eve.1).await);
    let body = json!({ "kind": "direct", "memberIds": [bob.0] });
    let direct = here.http().api(&alice.1, "POST", "/conversations", body).await.expect(201)["id"].clone();
    // Another server says who comes there, and she is not told.
    let mut at_there = connected(&there, &bob.1).await;
    while witness.next("user:status").await != json!({ "userId": bob.0, "status": "online" }) {}
    let sent = at_here.call("message:send", &message(&direct, "hello")).await;
    assert_eq!(sent["success"], true, "{sent}");
    let told = at_there.next("notification:new").await;
    assert_eq!(told["notification"]["title"], "New Message Request", "{told}");
    let requests = there.http().api(&bob.1, "GET", "/me/requests", Value::Null).await.expect(200);
    let accept = format!("/me/requests/{}/accept", requests["items"][0]["id"].as_str().expect("a request"));
    there.http().api(&bob.1, "POST", &accept, Value::Null).await.expect(200);
    assert_eq!(at_there.event().await.0, "chat:created");
    assert_eq!(at_there.event().await.1["content"], "hello");
    at_there.call("message:send", &message(&direct, "hi")).await;
    loop {
        match at_here.event().await {
            (name, told) if name == "user:status" => assert_ne!(told["userId"], json!(bob.0), "{told}"),
            (name, told) if name == "message:new" && told["content"] == "hi" => {
                assert_eq!(told["sender"]["status"], "online", "{told}");
                break;
            }
            (_, told) => assert_ne!(told["content"], "hello again", "{told}"),
        }
    }
    at_here.call("message:send", &message(&direct, "well")).await;
    while at_there.next("message:new").await["content"] != "well" {}
    // The other node lists nothing any more, and tells her again who comes and goes.
    let requests = here.http().api(&bob.1, "GET", "/me/requests", Value::Null).await.expect(200);
    assert_eq!(requests["items"], json!([]));
    drop(at_there);
    while at_here.next("user:status").await != json!({ "userId": bob.0, "status": "offline" }) {}
}

#[tokio::test]
async fn a_block_holds_on_every_node() {
    let database = TestDatabase::new();
    let (here, there) = two_nodes(&database);
    let (alice, bob, group) = two_in_a_group(&here).await;
    let eve = here.http().register("eve").await;
    let body = json!({ "kind": "direct", "memberIds": [bob.0] });
    let direct = here.http().api(&alice.1, "POST", "/conversations", body).await.expect(201)["id"].clone();
    let (mut other, mut witness) = (connected(&there, &bob.1).await, connected(&there, &eve.1).await);
    // The other node has the rows of both in its cache.
    other.call("message:send", &message(&direct, "before it")).await;
    here.http().api(&alice.1, "PUT", &format!("/me/blocks/{}", bob.0), Value::Null).await.expect(204);
    let refused = other.call("message:send", &message(&direct, "after it")).await;
    assert_eq!(refused["message"], "You cannot write to this user.", "{refused}");
    let mut at_here = connected(&here, &alice.1).await;
    while witness.next("user:status").await != json!({ "userId": alice.0, "status": "online" }) {}
    at_here.call("message:send", &message(&group, "to the group")).await;
    loop {
        match other.event().await {
            (name, told) if name == "user:status" => assert_ne!(told["userId"], json!(alice.0), "{told}"),
            (name, told) if name == "message:new" && told["content"] == "to the group" => {
                assert_eq!(told["sender"]["status"], "offline", "{told}");
                break;
            }
            _ => {}
        }
    }
    // Once it is over on one node, it is over on the other.
    let unblocked = at_here.call("user:unblock", &json!({ "userId": bob.0 })).await;
    assert_eq!(unblocked["success"], true, "{unblocked}");
    let sent = other.call("message:send", &message(&direct, "and now")).await;
    assert_eq!(sent["success"], true, "{sent}");
}

#[tokio::test]
async fn what_was_delivered_is_told_on_every_node_to_its_author() {
    let database = TestDatabase::new();
    let node = || node_at(&database.url()).env("QUINTET_PRESENCE_DELIVERED", "false").run();
    let (here, there) = (node(), node());
    let (alice, bob, group) = two_in_a_group(&here).await;
    let (mut at_here, mut at_there) = (connected(&here, &alice.1).await, connected(&there, &alice.1).await);
    let (mut bob_here, mut bob_there) = (connected(&here, &bob.1).await, connected(&there, &bob.1).await);
    let mut ids = Vec::new();
    for (receiver, text) in [(&mut bob_here, "first"), (&mut bob_there, "second")] {
        at_here.call("message:send", &message(&group, text)).await;
        let id = loop {
            let heard = receiver.next("message:new").await;
            if heard["content"] == text {
                break heard["id"].clone();
            }
        };
        let answer = receiver.call("message:delivered", &json!({ "chatId": group, "messageId": id })).await;
        assert_eq!(answer["success"], true, "{answer}");
        ids.push(id);
        // Whatever node heard of the one before, each message is told once.
        for author in [&mut at_here, &mut at_there] {
            let told = author.next("message:delivered").await;
            assert_eq!((&told["messageIds"], &told["userId"]), (&json!([ids[ids.len() - 1]]), &json!(bob.0)), "{told}");
        }
    }
}

#[tokio::test]
async fn what_one_node_has_written_is_told_on_every_node_to_its_author() {
    let database = TestDatabase::new();
    let (here, there) = two_nodes(&database);
    let (alice, bob, group) = two_in_a_group(&here).await;
    let (mut at_here, mut at_there) = (connected(&here, &alice.1).await, connected(&there, &alice.1).await);
    let mut receiver = connected(&there, &bob.1).await;
    for text in ["first", "second"] {
        at_here.call("message:send", &message(&group, text)).await;
        let heard = receiver.next("message:new").await;
        for author in [&mut at_here, &mut at_there] {
            let told = author.next("message:delivered").await;
            assert_eq!((&told["messageId"], &told["userId"]), (&heard["id"], &json!(bob.0)), "{told}");
        }
    }
}

#[tokio::test]
async fn a_connection_recovers_on_another_node() {
    let database = TestDatabase::new();
    let (here, there) = two_nodes(&database);
    let (alice, bob, group) = two_in_a_group(&here).await;
    let mut says = connected(&there, &alice.1).await;
    let (mut wire, mut pid) = Wire::recoverable(here.address(), "/chat", json!({ "token": bob.1 })).await;
    let mut number = 0;
    let mut expected = 0;
    for round in 0..6 {
        let heard = says.call("message:send", &message(&group, &format!("{number}"))).await;
        assert_eq!(heard["success"], true, "{heard}");
        number += 1;
        let (content, offset) = wire.next_message().await;
        assert_eq!(content, format!("{expected}"));
        expected += 1;
        drop(wire);
        for _ in 0..round {
            says.call("message:send", &message(&group, &format!("{number}"))).await;
            number += 1;
        }
        let to = if round % 2 == 0 { &there } else { &here };
        let same;
        let resumes = json!({ "token": bob.1, "pid": pid, "offset": offset });
        (wire, same) = Wire::recoverable(to.address(), "/chat", resumes).await;
        assert_eq!(same, pid, "it is recovered");
        pid = same;
        while expected < number {
            assert_eq!(wire.next_message().await.0, format!("{expected}"), "exactly once, in order");
            expected += 1;
        }
    }
}

#[tokio::test]
async fn what_a_node_has_acknowledged_outlives_it() {
    let database = TestDatabase::new();
    let (here, there) = two_nodes(&database);
    let (alice, bob, group) = two_in_a_group(&there).await;
    let mut hears = connected(&there, &bob.1).await;
    let mut says = connected(&here, &alice.1).await;
    let send = json!({ "chatId": group, "content": "last words", "clientMessageId": "1" });
    let first = says.call("message:send", &send).await;
    here.signal(9);
    assert_eq!(first["success"], true, "{first}");
    assert_eq!(hears.next("message:new").await["content"], "last words");
    // Whoever was not sure sends again, and gets the first answer.
    let mut says = connected(&there, &alice.1).await;
    let again = says.call("message:send", &send).await;
    for field in ["id", "sequence", "created_at"] {
        assert_eq!(again["message"][field], first["message"][field], "{field}");
    }
    let next = says.call("message:send", &message(&group, "first words")).await;
    assert_eq!(next["success"], true, "{next}");
    assert_eq!(hears.next("message:new").await["content"], "first words", "nothing is heard twice");
}

#[tokio::test]
async fn what_ends_on_one_node_ends_on_all() {
    let database = TestDatabase::new();
    let (here, there) = two_nodes(&database);
    let (alice, bob, group) = two_in_a_group(&here).await;
    let mut bob_there = connected(&there, &bob.1).await;
    assert_eq!(bob_there.call("message:send", &message(&group, "mine")).await["success"], true);
    // The other node has the membership in its cache.
    let path = format!("/conversations/{}/members/{}", group.as_str().expect("an id"), bob.0);
    here.http().api(&alice.1, "DELETE", &path, json!({})).await;
    assert_eq!(bob_there.call("message:send", &message(&group, "mine")).await["success"], false);
    // A session ends alone: another one of the same user stays.
    let login = json!({ "username": "bob", "password": "correct horse" });
    let session = here.http().api("", "POST", "/auth/login", login).await.expect(200);
    let session = session["token"].as_str().expect("a token");
    let mut other_there = connected(&there, session).await;
    here.http().api(session, "POST", "/auth/logout", json!({})).await.expect(204);
    other_there.until_closed(PATIENCE).await;
    let answer = there.http().api(session, "GET", "/me", Value::Null).await;
    assert_eq!(answer.status, 401, "{}", answer.text);
    there.http().api(&bob.1, "GET", "/me", Value::Null).await.expect(200);
    here.http().api(&bob.1, "POST", "/auth/revoke", json!({})).await.expect(204);
    bob_there.until_closed(PATIENCE).await;
    let answer = there.http().api(&bob.1, "GET", "/me", Value::Null).await;
    assert_eq!(answer.status, 401, "{}", answer.text);
}

#[tokio::test]
async fn a_node_that_does_not_reach_the_database_says_so() {
    let database = TestDatabase::new();
    let road = Road::to(&database);
    let (here, there) = (node_at(&road.url(&database)).run(), node_at(&database.url()).run());
    let (alice, bob, group) = two_in_a_group(&there).await;
    let mut hears = connected(&here, &bob.1).await;
    let mut says = connected(&there, &alice.1).await;
    here.http().until_ready_says(200, "ready").await;
    road.cut();
    here.http().until_ready_says(503, "The database cannot be reached.").await;
    there.http().until_ready_says(200, "ready").await;
    assert_eq!(says.call("message:send", &message(&group, "unheard for a while")).await["success"], true);
    road.mend();
    // Where its clients stayed, they hear what they have missed; where they were sent away, they would recover.
    while let Some(frame) = hears.frame().await {
        if frame.contains("unheard for a while") {
            break;
        }
    }
    here.http().until_ready_says(200, "ready").await;
}

/// Waits for an event, and keeps the connection busy meanwhile.
async fn hears_at_last(wire: &mut Wire, name: &str, payload: &Value) {
    let heard = async {
        let mut pace = tokio::time::interval(Duration::from_millis(200));
        loop {
            pace.tick().await;
            wire.call("stopTyping", &json!({ "groupId": "any" })).await;
            while let Some((found, with)) = wire.events.pop_front() {
                if found == name && with == *payload {
                    return;
                }
            }
        }
    };
    tokio::time::timeout(PATIENCE, heard).await.unwrap_or_else(|_| panic!("{name} {payload} never comes"));
}

/// Who is online on any node is shown online on all, and goes offline with its last connection, or with its node.
#[tokio::test]
async fn users_are_shown_online_on_all_nodes() {
    let database = TestDatabase::new();
    let (here, there) = two_nodes(&database);
    let (alice, bob, _) = two_in_a_group(&there).await;
    let mut watches = Wire::connect(there.address(), "/messenger", &json!({ "token": alice.1 })).await;
    let first = connected(&here, &bob.1).await;
    hears_at_last(&mut watches, "userOnline", &json!(bob.0)).await;
    let online = there.http().api(&alice.1, "GET", &format!("/users/{}", bob.0), Value::Null).await.expect(200);
    assert_eq!(online["online"], true, "{online}");
    drop(first);
    hears_at_last(&mut watches, "userOffline", &json!(bob.0)).await;
    let _second = connected(&here, &bob.1).await;
    hears_at_last(&mut watches, "userOnline", &json!(bob.0)).await;
    here.signal(9);
    hears_at_last(&mut watches, "userOffline", &json!(bob.0)).await;
}

/// The texts of a conversation's messages that a receiver has accepted, each event once.
fn accepted(requests: &[Request], conversation: &Value) -> Vec<String> {
    let mut seen = HashSet::new();
    let of = requests.iter().filter(|one| one.accepted && one.json["data"]["conversation"]["id"] == *conversation);
    let firsts = of.filter(|one| seen.insert(one.header("webhook-id").to_owned()));
    firsts.map(|one| one.json["data"]["message"]["content"].as_str().expect("text").to_owned()).collect()
}

/// The deliveries that a node has made.
async fn deliveries(node: &Server) -> u64 {
    let text = node.metrics().send("GET", "/metrics", &[], "").await.text;
    let count = |outcome: &str| {
        let start = format!("quintet_webhook_deliveries_total{{outcome=\"{outcome}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&start)?.parse::<u64>().ok()).expect("a count")
    };
    count("delivered") + count("failed")
}

/// Of two nodes one delivers to a webhook, whichever of them commits; when it is killed, the other one goes on behind what was
/// noted.
#[tokio::test]
async fn one_node_delivers_to_a_webhook_and_the_other_takes_over() {
    const EACH: usize = 20;
    let database = TestDatabase::new();
    let receiver = Receiver::start().await;
    let start = || node_at(&database.url()).env("QUINTET_OUTBOUND_ALLOW", "127.0.0.0/8").run();
    let (here, there) = (start(), start());
    let (alice, bob, one) = two_in_a_group(&here).await;
    let other = here.http().group(&alice.1, &[&bob.0]).await;
    let (made, key) = here.run(&["--database", &database.url(), "key", "add", "shop"]);
    assert!(made, "{key}");
    let hook = json!({ "url": receiver.url(), "events": ["message.created"] });
    there.http().api(&key, "POST", "/webhooks", hook).await.expect(201);
    let mut wires = [connected(&here, &alice.1).await, connected(&there, &bob.1).await];
    let groups = [&one, &other];
    for number in 0..EACH {
        for wire in &mut wires {
            wire.call("message:send", &message(groups[number % 2], &number.to_string())).await;
        }
    }
    // Each node acknowledges its own messages: what both have sent of one number may come in either order.
    let expected = |group: usize, up_to: usize| {
        let numbers = (0..up_to).filter(|number| number % 2 == group);
        numbers.flat_map(|number| [number.to_string(), number.to_string()]).collect::<Vec<_>>()
    };
    let all_of = |up_to: usize| {
        move |all: &[Request]| (0..2).all(|at| accepted(all, groups[at]).len() == expected(at, up_to).len())
    };
    let requests = receiver.until(all_of(EACH)).await;
    for (at, group) in groups.into_iter().enumerate() {
        assert_eq!(accepted(&requests, group), expected(at, EACH));
    }
    let ids: HashSet<&str> = requests.iter().map(|request| request.header("webhook-id")).collect();
    assert_eq!(ids.len(), requests.len(), "nobody delivers beside the one who does");
    let made = [deliveries(&here).await, deliveries(&there).await];
    assert_eq!((made.iter().min(), made.iter().max()), (Some(&0), Some(&(2 * EACH as u64))), "{made:?}");

    // The node that delivers is killed while the receiver refuses, so that there is something left.
    receiver.answer(|_| Reply::Status(500));
    let survives = usize::from(made[0] > 0);
    for number in EACH..EACH + 4 {
        for wire in &mut wires {
            wire.call("message:send", &message(groups[number % 2], &number.to_string())).await;
        }
    }
    receiver.until(|all| all.len() > requests.len()).await;
    let nodes = [&here, &there];
    nodes[1 - survives].signal(9);
    receiver.answer(|_| Reply::Status(204));
    for number in EACH + 4..EACH + 8 {
        // In place of the one that is killed, so that the expectation stays the same.
        for _ in 0..2 {
            wires[survives].call("message:send", &message(groups[number % 2], &number.to_string())).await;
        }
    }
    let requests = receiver.until(all_of(EACH + 8)).await;
    for (at, group) in groups.into_iter().enumerate() {
        assert_eq!(accepted(&requests, group), expected(at, EACH + 8));
    }
    assert!(deliveries(nodes[survives]).await > 0, "the other one has taken over");
}
