//! Webhooks that are told whom to push to: the same people as browsers would be pushed to, with a subscription or without.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::receiver::{Receiver, Reply, Request};
use crate::support::{Http, Server, Start, Wire};

fn server() -> Start {
    Server::with().env("QUINTET_OUTBOUND_ALLOW", "127.0.0.0/8")
}

/// Creates a webhook that is told whom to push to, in direct conversations too if it is `personal`.
fn hook(server: &Server, receiver: &Receiver, personal: bool) -> String {
    let url = receiver.url();
    let mut words = vec!["webhook", "add", &url, "--event", "push.needed"];
    words.extend(personal.then_some("--personal"));
    let (made, said) = server.run(&words);
    assert!(made, "{said}");
    said.split_whitespace().nth(1).expect("a secret").to_owned()
}

async fn say(http: &Http, token: &str, conversation: &str, body: Value) -> Value {
    http.api(token, "POST", &format!("/conversations/{conversation}/messages"), body).await.expect(201)
}

/// Whom a request names, and what it is about.
fn told(request: &Request) -> (Vec<&str>, &str) {
    let data = &request.json["data"];
    let users = data["userIds"].as_array().expect("a list").iter().map(|id| id.as_str().expect("an id"));
    let about = data["message"]["content"].as_str().or(data["notification"]["title"].as_str());
    (users.collect(), about.expect("a text"))
}

#[tokio::test]
async fn those_who_are_away_are_told_of() {
    let server = server().run();
    let (all, groups_only) = (Receiver::start().await, Receiver::start().await);
    let secret = hook(&server, &all, true);
    hook(&server, &groups_only, false);
    let http = server.http();
    let names = ["alice", "bob", "carol", "dave", "eve"];
    let mut people = Vec::new();
    for name in names {
        people.push(http.register(name).await);
    }
    let [alice, bob, carol, dave, eve] = &people[..] else { panic!("five people") };
    let others = [bob, carol, dave, eve].map(|user| user.0.as_str());
    let group = http.group(&alice.1, &others).await.as_str().expect("an id").to_owned();
    let settings = format!("/conversations/{group}/settings");
    http.api(&carol.1, "PATCH", &settings, json!({ "muted": true })).await.expect(200);
    http.api(&dave.1, "PATCH", &settings, json!({ "notify": "mentions" })).await.expect(200);
    // Eve is there: one of her connections has sent an event.
    let mut wire = Wire::connect(server.address(), "/chat", &json!({ "token": eve.1 })).await;
    wire.call("typing:start", &json!({ "chatId": group })).await;
    let first = say(&http, &alice.1, &group, json!({ "content": "one" })).await;
    all.until(|all| all.len() == 1).await;
    say(&http, &alice.1, &group, json!({ "content": "@dave, two" })).await;
    all.until(|all| all.len() == 2).await;
    // Of a direct conversation and of a notification only the operator's own webhook is told.
    let body = json!({ "kind": "direct", "memberIds": [carol.0] });
    let direct = http.api(&bob.1, "POST", "/conversations", body).await.expect(201);
    say(&http, &bob.1, direct["id"].as_str().expect("an id"), json!({ "content": "three" })).await;
    all.until(|all| all.len() == 3).await;
    let (_, key) = server.run(&["key", "add", "shop"]);
    let notice = json!({ "userId": bob.0, "title": "Order", "message": "It is on its way." });
    http.api(&key, "POST", "/notifications", notice).await.expect(201);
    all.until(|all| all.len() == 4).await;
    let last = say(&http, &bob.1, &group, json!({ "content": "five" })).await;
    let requests = all.until(|all| all.len() == 5).await;
    let mut both = [bob.0.as_str(), dave.0.as_str()];
    both.sort_unstable();
    let expected = [
        (vec![bob.0.as_str()], "one"),
        (both.to_vec(), "@dave, two"),
        (vec![carol.0.as_str()], "three"),
        (vec![bob.0.as_str()], "Order"),
        (vec![alice.0.as_str()], "five"),
    ];
    assert_eq!(requests.iter().map(told).collect::<Vec<_>>(), expected);
    for request in &requests {
        assert!(request.kind() == "push.needed" && request.is_signed_with(&secret), "{request:?}");
    }
    let data = &requests[0].json["data"];
    assert_eq!((&data["message"]["id"], &data["message"]["sender"]["username"]), (&first["id"], &json!("alice")));
    assert_eq!(data["conversation"]["id"], json!(group));
    let told_of_groups = groups_only.until(|all| all.len() == 3).await;
    assert_eq!(told_of_groups[2].json["data"]["message"]["id"], last["id"]);

    // Whoever is told whom to push to is told nothing else.
    let both = json!({ "url": all.url(), "events": ["push.needed", "message.created"] });
    let refused = http.api(&key, "POST", "/webhooks", both).await;
    assert!(refused.status == 422 && refused.text.contains("`push.needed` beside others"), "{refused:?}");
}

/// What a receiver has refused is told again, by the server that comes next as well, unless it was read meanwhile.
#[tokio::test]
async fn they_are_told_of_at_least_once() {
    let before = server().run();
    let receiver = Receiver::start().await;
    hook(&before, &receiver, true);
    let http = before.http();
    let (alice, bob, carol) = (http.register("alice").await, http.register("bob").await, http.register("carol").await);
    let group = http.group(&alice.1, &[&bob.0, &carol.0]).await.as_str().expect("an id").to_owned();
    receiver.answer(|_| Reply::Status(500));
    let sent = say(&http, &alice.1, &group, json!({ "content": "one" })).await;
    receiver.until(|all| all.len() >= 2).await;
    let path = format!("/conversations/{group}/read");
    http.api(&bob.1, "PUT", &path, json!({ "messageId": sent["id"] })).await.expect(204);
    before.signal(9);
    let after = server().run_after(before, |_| {});
    receiver.answer(|_| Reply::Status(204));
    say(&after.http(), &alice.1, &group, json!({ "content": "two" })).await;
    let requests = receiver.until(|all| all.iter().any(|one| one.accepted && told(one).1 == "two")).await;
    let accepted: Vec<_> = requests.iter().filter(|one| one.accepted).collect();
    let mut both = [bob.0.as_str(), carol.0.as_str()];
    both.sort_unstable();
    let mut named: HashSet<&str> = HashSet::new();
    for request in accepted {
        let (users, about) = told(request);
        match about {
            // Bob has read it, and carol is told of the newest message alone if both had come when it was looked at.
            "one" => assert_eq!(users, [carol.0.as_str()]),
            "two" => named.extend(users),
            other => panic!("{other}"),
        }
    }
    assert_eq!(named, HashSet::from(both));
}
