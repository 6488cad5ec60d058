//! Webhooks: what a receiver is told, in which order, and what becomes of deliveries that fail.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::receiver::{Receiver, Reply, Request};
use crate::support::{Http, Server, Start};

/// A server that may deliver to receivers of the test.
fn server() -> Start {
    Server::with().env("QUINTET_OUTBOUND_ALLOW", "127.0.0.0/8")
}

struct Shop {
    http: Http,
    key: String,
}

impl Shop {
    fn of(server: &Server) -> Self {
        let (made, key) = server.run(&["key", "add", "shop"]);
        assert!(made, "{key}");
        Self { http: server.http(), key }
    }

    async fn call(&self, method: &str, path: &str, body: Value, status: u16) -> Value {
        self.http.api(&self.key, method, path, body).await.expect(status)
    }

    /// Creates a webhook. Returns its id and its secret.
    async fn hook(&self, body: Value) -> (String, String) {
        let made = self.call("POST", "/webhooks", body, 201).await;
        let text = |name: &str| made[name].as_str().expect("text").to_owned();
        (text("id"), text("secret"))
    }

    async fn deliveries(&self, id: &str) -> Vec<Value> {
        let found = self.call("GET", &format!("/webhooks/{id}/deliveries"), Value::Null, 200).await;
        found["items"].as_array().expect("a list").clone()
    }

    /// Waits until a delivery of a webhook is as a test wants it, and returns it.
    async fn delivery(&self, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let found = async {
            let mut pace = tokio::time::interval(std::time::Duration::from_millis(100));
            loop {
                pace.tick().await;
                if let Some(found) = self.deliveries(id).await.into_iter().find(|delivery| wanted(delivery)) {
                    return found;
                }
            }
        };
        let found = tokio::time::timeout(std::time::Duration::from_secs(60), found).await;
        found.expect("the delivery is noted")
    }
}

async fn say(http: &Http, token: &str, conversation: &Value, text: &str) -> Value {
    let path = format!("/conversations/{}/messages", conversation.as_str().expect("an id"));
    http.api(token, "POST", &path, json!({ "content": text })).await.expect(201)
}

/// The texts of created messages of a conversation, in the order in which they were accepted, each once.
fn accepted(requests: &[Request], conversation: &Value) -> Vec<String> {
    let mut seen = HashSet::new();
    let of = |request: &&Request| {
        let created = request.kind() == "message.created" && request.accepted;
        created && request.json["data"]["conversation"]["id"] == *conversation
    };
    let requests = requests.iter().filter(of).filter(|request| seen.insert(request.header("webhook-id").to_owned()));
    requests.map(|request| request.json["data"]["message"]["content"].as_str().expect("text").to_owned()).collect()
}

#[tokio::test]
async fn everything_that_happens_is_told_signed_and_in_order() {
    let server = server().run();
    let (shop, receiver) = (Shop::of(&server), Receiver::start().await);
    let http = shop.http.clone();
    let (id, secret) = shop.hook(json!({ "url": receiver.url(), "description": "A shop" })).await;
    let alice = http.register("alice").await;
    let bob = http.register("bob").await;
    // Who is erased before it is told is told as erased.
    receiver.until(|all| all.len() == 2).await;
    let group = http.group(&alice.1, &[&bob.0]).await;
    let message = say(&http, &alice.1, &group, "hello @bob").await["id"].as_str().expect("an id").to_owned();
    let conversation = group.as_str().expect("an id");
    let call = async |token: &str, method: &str, path: String, body: Value, status: u16| {
        http.api(token, method, &path, body).await.expect(status)
    };
    call(&alice.1, "PATCH", format!("/messages/{message}"), json!({ "content": "hello, @bob" }), 200).await;
    call(&bob.1, "PUT", format!("/messages/{message}/reactions/+1"), Value::Null, 204).await;
    call(&alice.1, "PUT", format!("/messages/{message}/pin"), Value::Null, 204).await;
    call(&bob.1, "PUT", format!("/conversations/{conversation}/read"), json!({ "messageId": message }), 204).await;
    call(&bob.1, "PATCH", format!("/conversations/{conversation}/settings"), json!({ "pinned": true }), 200).await;
    call(&alice.1, "PATCH", format!("/conversations/{conversation}"), json!({ "name": "Friends" }), 200).await;
    call(&alice.1, "DELETE", format!("/messages/{message}"), Value::Null, 204).await;
    call(&alice.1, "PATCH", "/me".to_owned(), json!({ "name": "Alice A." }), 200).await;
    call(&bob.1, "DELETE", format!("/conversations/{conversation}/members/{}", bob.0), Value::Null, 204).await;
    call(&shop.key, "DELETE", format!("/users/{}", bob.0), Value::Null, 204).await;
    call(&alice.1, "DELETE", format!("/conversations/{conversation}"), Value::Null, 204).await;

    let requests = receiver.until(|all| all.iter().any(|one| one.kind() == "conversation.deleted")).await;
    for request in &requests {
        assert!(request.is_signed_with(&secret), "{request:?}");
        assert_eq!(request.header("webhook-id"), request.json["id"], "{request:?}");
        assert_eq!(request.header("content-type"), "application/json");
        assert_eq!(request.json["version"], 1);
    }
    let ids: HashSet<&str> = requests.iter().map(|request| request.header("webhook-id")).collect();
    assert_eq!(ids.len(), requests.len(), "each once");
    let of = |conversation: bool| {
        let about = |request: &&Request| request.json["data"].get("conversation").is_some() == conversation;
        requests.iter().filter(about).map(Request::kind).collect::<Vec<_>>()
    };
    // One's own settings are nobody else's matter.
    let conversation_events = [
        "conversation.created",
        "member.joined",
        "message.created",
        "message.edited",
        "message.reacted",
        "message.pinned",
        "messages.read",
        "conversation.updated",
        "message.deleted",
        "member.left",
        "conversation.deleted",
    ];
    assert_eq!(of(true), conversation_events);
    let users = ["user.created", "user.created", "user.updated", "user.erased"];
    assert_eq!(of(false), users);
    let data = |kind: &str| &requests.iter().find(|one| one.kind() == kind).expect("told").json["data"];
    assert_eq!(data("message.created")["message"]["sender"]["username"], "alice");
    assert_eq!(data("message.reacted")["emoji"], "+1");
    assert_eq!(data("message.reacted")["userId"], json!(bob.0));
    assert_eq!(data("messages.read")["messageIds"], json!([message]));
    assert_eq!(data("messages.read")["userId"], json!(bob.0));
    assert_eq!(data("user.created")["user"]["username"], "alice");
    assert_eq!(data("user.erased"), &json!({ "userId": bob.0 }));
    assert_eq!((&data("member.left")["departure"], data("member.left").get("reason")), (&json!("left"), None));

    let shown = shop.call("GET", &format!("/webhooks/{id}"), Value::Null, 200).await;
    assert_eq!((&shown["description"], &shown["enabled"], shown.get("secret")), (&json!("A shop"), &json!(true), None));
    let last = &requests.last().expect("some").json["position"];
    let noted = shop.delivery(&id, |delivery| delivery["position"] == *last).await;
    assert_eq!((&noted["delivered"], &noted["status"], &noted["attempt"]), (&json!(true), &json!(204), &json!(1)));
    let metrics = server.metrics().send("GET", "/metrics", &[], "").await.text;
    assert!(metrics.contains("quintet_webhook_deliveries_total{outcome=\"delivered\"} 15"), "{metrics}");
    assert!(metrics.contains("quintet_webhook_lag 0"), "{metrics}");
}

#[tokio::test]
async fn a_filter_names_events_and_conversations() {
    let server = server().run();
    let (shop, receiver) = (Shop::of(&server), Receiver::start().await);
    let (alice, http) = (shop.http.register("alice").await, shop.http.clone());
    let (one, other) = (http.group(&alice.1, &[]).await, http.group(&alice.1, &[]).await);
    let filter = json!({ "url": receiver.url(), "events": ["message.created"], "conversations": [one] });
    let (id, _) = shop.hook(filter).await;
    for (group, text) in [(&other, "no"), (&one, "first"), (&other, "no"), (&one, "second")] {
        say(&http, &alice.1, group, text).await;
    }
    let requests = receiver.until(|all| all.len() == 2).await;
    assert_eq!(accepted(&requests, &one), ["first", "second"]);
    // A change takes effect behind what was told before it, once that is noted.
    let last = requests[1].json["position"].clone();
    shop.delivery(&id, |delivery| delivery["position"] == last).await;
    let path = format!("/webhooks/{id}");
    shop.call("PATCH", &path, json!({ "conversations": [], "events": ["message.created"] }), 200).await;
    say(&http, &alice.1, &other, "third").await;
    let requests = receiver.until(|all| accepted(all, &other).len() == 1).await;
    assert_eq!(accepted(&requests, &other), ["third"]);
    shop.call("PATCH", &path, json!({ "enabled": false }), 200).await;
    say(&http, &alice.1, &other, "later").await;
    shop.call("PATCH", &path, json!({ "enabled": true }), 200).await;
    receiver.until(|all| accepted(all, &other) == ["third", "later"]).await;
    shop.call("DELETE", &path, Value::Null, 204).await;
    shop.call("GET", &path, Value::Null, 404).await;

    for (body, part) in [
        (json!({ "url": "ftp://example.org" }), "begins with `ftp:`"),
        (json!({ "url": "http://10.0.0.1/" }), "10.0.0.1 is a private address"),
        (json!({ "url": receiver.url(), "events": ["message.seen"] }), "`message.seen`"),
        (json!({ "url": receiver.url(), "conversations": ["a b"] }), "`conversations`"),
        (json!({ "url": receiver.url(), "description": "x".repeat(201) }), "has 201 characters"),
    ] {
        let refused = shop.http.api(&shop.key, "POST", "/webhooks", body).await;
        assert!(matches!(refused.status, 413 | 422) && refused.text.contains(part), "{refused:?}");
    }
    let replay = json!({ "from": 0 });
    shop.call("POST", "/webhooks/none/replay", replay.clone(), 404).await;
    let (id, _) = shop.hook(json!({ "url": receiver.url() })).await;
    shop.call("POST", &format!("/webhooks/{id}/replay"), replay, 422).await;
}

/// What was edited while a delivery failed is told as it is when it gets through.
#[tokio::test]
async fn what_waited_is_told_as_it_is_now() {
    let server = server().run();
    let (shop, receiver) = (Shop::of(&server), Receiver::start().await);
    let (alice, http) = (shop.http.register("alice").await, shop.http.clone());
    let group = http.group(&alice.1, &[]).await;
    shop.hook(json!({ "url": receiver.url(), "events": ["message.created"] })).await;
    receiver.answer(|_| Reply::Status(500));
    let sent = say(&http, &alice.1, &group, "a secret").await;
    receiver.until(|all| !all.is_empty()).await;
    let path = format!("/messages/{}", sent["id"].as_str().expect("an id"));
    http.api(&alice.1, "DELETE", &path, Value::Null).await.expect(204);
    receiver.answer(|json| {
        let text = json["data"]["message"]["content"].as_str();
        if text == Some("a secret") { Reply::Status(500) } else { Reply::Status(200) }
    });
    let requests = receiver.until(|all| all.iter().any(|request| request.accepted)).await;
    let told = &requests.last().expect("one").json["data"]["message"];
    assert_eq!(told["content"], "This message was deleted", "{told}");
    assert!(told["deletedAt"].is_string(), "{told}");
    let ids: HashSet<&str> = requests.iter().map(|request| request.header("webhook-id")).collect();
    assert_eq!(ids.len(), 1, "it is the same event");
}

/// A key that may not hear something by itself has no webhook tell it.
#[tokio::test]
async fn a_webhook_needs_what_it_is_told() {
    let server = server().run();
    let http = server.http();
    let hook = json!({ "url": "https://example.org/hook" });
    for (scopes, lacks) in [("admin", Some("read")), ("admin,read", Some("users")), ("admin,read,users", None)] {
        let (made, key) = server.run(&["key", "add", &scopes.replace(',', "-"), "--scope", scopes]);
        assert!(made, "{key}");
        let answer = http.api(&key, "POST", "/webhooks", hook.clone()).await;
        match lacks {
            Some(scope) => {
                assert_eq!(answer.status, 403, "{}", answer.text);
                assert!(answer.text.contains(&format!("lacks the scope `{scope}`")), "{}", answer.text);
            }
            None => assert_eq!(answer.status, 201, "{}", answer.text),
        }
    }
}

/// A receiver that fails, dies and comes back gets everything, in the order of each conversation, over the death of the
/// server as well.
#[tokio::test]
async fn nothing_is_lost_over_failures_and_kills() {
    let before = server().run();
    let (shop, receiver) = (Shop::of(&before), Receiver::start().await);
    let (alice, http) = (shop.http.register("alice").await, shop.http.clone());
    let groups = [http.group(&alice.1, &[]).await, http.group(&alice.1, &[]).await];
    let (id, _) = shop.hook(json!({ "url": receiver.url(), "events": ["message.created"] })).await;
    // What contains a 7 is refused, so that its conversation waits there.
    receiver.answer(|json| {
        let text = json["data"]["message"]["content"].as_str().unwrap_or_default();
        if text.contains('7') { Reply::Status(500) } else { Reply::Status(200) }
    });
    for n in 0..20 {
        say(&http, &alice.1, &groups[n % 2], &n.to_string()).await;
    }
    let failed = shop.delivery(&id, |delivery| delivery["attempt"] == 2 && delivery["delivered"] == false).await;
    assert_eq!(failed["problem"], "The receiver answered with 500.");
    let shown = shop.call("GET", &format!("/webhooks/{id}"), Value::Null, 200).await;
    assert!(shown["failingSince"].is_string() && shown["enabled"] == true, "{shown}");
    let requests = receiver.requests();
    assert_eq!(accepted(&requests, &groups[1]), ["1", "3", "5"], "nothing overtakes what failed");

    before.signal(9);
    let server = server().run_after(before, |_| {});
    let http = server.http();
    for n in 20..26 {
        say(&http, &alice.1, &groups[n % 2], &n.to_string()).await;
    }
    receiver.answer(|_| Reply::Status(200));
    let requests = receiver.until(|all| groups.iter().all(|group| accepted(all, group).len() == 13)).await;
    for (at, group) in groups.iter().enumerate() {
        let expected: Vec<String> = (0..26).filter(|n| n % 2 == at).map(|n| n.to_string()).collect();
        assert_eq!(accepted(&requests, group), expected);
    }
    let shop = Shop { http, key: shop.key };
    let last = requests.iter().map(|request| request.json["position"].as_u64()).max().expect("some");
    shop.delivery(&id, |delivery| delivery["position"].as_u64() == last && delivery["delivered"] == true).await;
    let shown = shop.call("GET", &format!("/webhooks/{id}"), Value::Null, 200).await;
    assert_eq!(shown["failingSince"], Value::Null);
    // It is told again from where somebody asks.
    let count = receiver.requests().len();
    let first = requests.iter().map(|request| request.json["position"].as_u64()).min().expect("some");
    shop.call("POST", &format!("/webhooks/{id}/replay"), json!({ "from": first }), 200).await;
    let again = receiver.until(|all| all.len() >= count + 26).await;
    let repeats = |one: &Request| one.header("webhook-id") == requests[0].header("webhook-id");
    assert!(again[count..].iter().any(repeats), "a repeat has the same id");
}

/// Receivers that lead elsewhere, answer endlessly, or not at all: each has its sentence, and others notice nothing.
#[tokio::test]
async fn bad_receivers_have_sentences_and_disturb_nobody() {
    let server = server().run();
    let shop = Shop::of(&server);
    let (alice, http) = (shop.http.register("alice").await, shop.http.clone());
    let group = http.group(&alice.1, &[]).await;
    let huge = [b"HTTP/1.1 500 X\r\ncontent-length: 9000000\r\n\r\n".to_vec(), vec![b'x'; 9_000_000]].concat();
    let replies = [
        (
            Reply::Raw(b"HTTP/1.1 302 X\r\nlocation: http://10.1.2.3/\r\ncontent-length: 0\r\n\r\n".to_vec()),
            "127.0.0.1 answered with 302, a redirect to 10.1.2.3, and no redirect is followed.",
        ),
        (Reply::Raw(huge), &format!("The receiver answered with 500: {}", "x".repeat(100))),
        (Reply::Nothing, "127.0.0.1 has not answered within 15 s."),
    ];
    let good = Receiver::start().await;
    let mut bad = Vec::new();
    for (reply, sentence) in replies {
        let receiver = Receiver::start().await;
        receiver.answer(move |_| reply.clone());
        let (id, _) = shop.hook(json!({ "url": receiver.url(), "events": ["message.created"] })).await;
        bad.push((receiver, id, sentence.to_owned()));
    }
    let (closed, _) = shop.hook(json!({ "url": good.url(), "events": ["message.created"] })).await;
    for n in 0..5 {
        say(&http, &alice.1, &group, &n.to_string()).await;
    }
    good.until(|all| accepted(all, &group) == ["0", "1", "2", "3", "4"]).await;
    for (_, id, sentence) in &bad {
        let failed = shop.delivery(id, |delivery| delivery["delivered"] == false).await;
        assert_eq!(failed["problem"], *sentence);
    }
    let metrics = server.metrics().send("GET", "/metrics", &[], "").await.text;
    assert!(metrics.contains("quintet_webhook_deliveries_total{outcome=\"failed\"}"), "{metrics}");
    // A receiver that wants nothing any more is left alone.
    good.answer(|_| Reply::Status(410));
    say(&http, &alice.1, &group, "5").await;
    shop.delivery(&closed, |delivery| delivery["status"] == 410).await;
    let shown = shop.call("GET", &format!("/webhooks/{closed}"), Value::Null, 200).await;
    let because = "The receiver answered with 410, which says that it wants nothing any more.";
    assert_eq!((&shown["enabled"], &shown["disabledBecause"]), (&json!(false), &json!(because)));
}

/// The operator's commands, beside a server and without one. A command keeps a thread, and the receiver needs another one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_adds_tests_and_replays() {
    let mut server = server().run();
    let receiver = Receiver::start().await;
    let (added, said) = server.run(&["webhook", "add", &receiver.url(), "--event", "user.created"]);
    assert!(added, "{said}");
    let (id, secret) = said.split_once(' ').expect("an id and a secret");
    let (tested, said) = server.run(&["webhook", "test", id]);
    assert!(tested && said.starts_with("The receiver answered with 204 within "), "{said}");
    let requests = receiver.requests();
    assert!(requests[0].kind() == "webhook.test" && requests[0].is_signed_with(secret));
    receiver.answer(|_| Reply::Status(503));
    let (tested, said) = server.run(&["webhook", "test", id]);
    assert!(!tested && said.ends_with("The receiver answered with 503."), "{said}");
    receiver.answer(|_| Reply::Status(200));
    server.http().register("alice").await;
    let told = receiver.until(|all| all.iter().any(|one| one.kind() == "user.created")).await;
    let position = told.last().expect("some").json["position"].to_string();
    let (replayed, said) = server.run(&["webhook", "replay", id, "--from", &position]);
    assert!(replayed && said == format!("The webhook {id} is told everything from {position} on."), "{said}");
    receiver.until(|all| all.iter().filter(|one| one.kind() == "user.created").count() == 2).await;
    server.signal(15);
    server.wait();
    let (listed, said) = server.run(&["webhook", "list"]);
    assert!(listed && said.starts_with(&format!("{id} {} position ", receiver.url())), "{said}");
    let (replayed, said) = server.run(&["webhook", "replay", id, "--from", "0"]);
    assert!(!replayed && said.contains("`from` must be at least 1"), "{said}");
}

/// Direct conversations and notifications are told only where the operator says so, and to that address alone.
#[tokio::test]
async fn what_is_personal_is_told_where_the_operator_says_so() {
    let server = server().run();
    let (shop, http) = (Shop::of(&server), server.http());
    let (plain, personal) = (Receiver::start().await, Receiver::start().await);
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    shop.hook(json!({ "url": plain.url() })).await;
    let (added, said) = server.run(&["webhook", "add", &personal.url(), "--personal"]);
    assert!(added, "{said}");
    let direct = json!({ "kind": "direct", "memberIds": [bob.0] });
    let direct = http.api(&alice.1, "POST", "/conversations", direct).await.expect(201)["id"].clone();
    say(&http, &alice.1, &direct, "between us").await;
    let notice = json!({ "userId": alice.0, "title": "T", "message": "M" });
    shop.call("POST", "/notifications", notice, 201).await;
    let group = http.group(&alice.1, &[]).await;
    say(&http, &alice.1, &group, "among us").await;
    let told = plain.until(|all| accepted(all, &group).len() == 1).await;
    let kinds: Vec<&str> = told.iter().map(Request::kind).collect();
    assert_eq!(kinds, ["conversation.created", "message.created"], "of the group");
    let told = personal.until(|all| accepted(all, &group).len() == 1 && all.len() >= 5).await;
    assert_eq!(accepted(&told, &direct), ["between us"]);
    let notified = told.iter().find(|one| one.kind() == "notification.created").expect("told");
    assert_eq!(notified.json["data"]["notification"]["title"], "T");
    let (id, _) = said.split_once(' ').expect("an id");
    let shown = shop.call("GET", &format!("/webhooks/{id}"), Value::Null, 200).await;
    assert_eq!(shown["personal"], true);
    let turned = json!({ "url": plain.url() });
    shop.call("PATCH", &format!("/webhooks/{id}"), turned, 403).await;
}
