//! The hook that is asked before a message is sent or edited: what it decides, who waits for it, and what its failures mean.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;

use super::receiver::{Receiver, Reply};
use crate::support::{Http, Server, Start, Wire};

/// A secret in the form of Standard Webhooks.
const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

/// The event of each dialect that sends a message to a place, with the names of its place and its text.
const SENDING: [(&str, &str, &str, &str); 5] = [
    ("meetup", "sendMessage", "chatId", "message"),
    ("messenger", "groupMessage", "groupId", "content"),
    ("rooms", "send_message", "roomId", "content"),
    ("conversations", "send_message", "conversationId", "content"),
    ("chat", "message:send", "chatId", "content"),
];

/// A server that asks a hook.
fn server(url: &str) -> Start {
    Server::with()
        .env("QUINTET_HOOKS_BEFORE_SEND", url)
        .env("QUINTET_HOOKS_SECRET", SECRET)
        .env("QUINTET_HOOKS_TIMEOUT_MS", "5000")
        .env("QUINTET_OUTBOUND_ALLOW", "127.0.0.0/8")
}

fn allow() -> Value {
    json!({ "action": "allow" })
}

/// What the hook is asked about.
fn asked(question: &Value) -> &str {
    question["data"]["message"]["content"].as_str().expect("a text")
}

/// Refuses what contains `spam`, stars out what contains `secret`, and allows the rest.
fn moderating(question: &Value) -> Reply {
    let text = asked(question);
    Reply::Json(match text {
        _ if text.contains("spam") => json!({ "action": "refuse", "message": "No spam, please." }),
        _ if text.contains("secret") => json!({ "action": "rewrite", "content": text.replace("secret", "******") }),
        _ => allow(),
    })
}

struct Stage {
    server: Server,
    http: Http,
    hook: Receiver,
    alice: (String, String),
    bob: (String, String),
    group: Value,
}

impl Stage {
    async fn of(start: impl FnOnce(&Receiver) -> Start) -> Self {
        let hook = Receiver::start().await;
        let server = start(&hook).run();
        let http = server.http();
        let (alice, bob) = (http.register("alice").await, http.register("bob").await);
        let group = http.group(&alice.1, &[&bob.0]).await;
        Self { server, http, hook, alice, bob, group }
    }

    async fn new() -> Self {
        Self::of(|hook| server(&hook.url())).await
    }

    async fn wire(&self, dialect: &str, who: &(String, String)) -> Wire {
        Wire::connect(self.server.address(), &format!("/{dialect}"), &json!({ "token": who.1 })).await
    }

    fn path(&self) -> String {
        format!("/conversations/{}/messages", self.group.as_str().expect("an id"))
    }

    fn message(&self, text: &str) -> Value {
        json!({ "chatId": self.group, "content": text })
    }

    /// The texts of the group's messages, the oldest first.
    async fn stored(&self) -> Vec<String> {
        let page = self.http.api(&self.alice.1, "GET", &self.path(), Value::Null).await.expect(200);
        let texts = page["items"].as_array().expect("a list").iter();
        texts.map(|message| message["content"].as_str().expect("a text").to_owned()).collect()
    }

    /// Lets the hook hold its answers about texts. Returns what lets them go.
    fn hold(&self, holds: impl Fn(&str) -> bool + Send + Sync + 'static) -> watch::Sender<bool> {
        let (release, held) = watch::channel(false);
        self.hook.answer(move |question| match holds(asked(question)) {
            true => Reply::Held(held.clone(), allow()),
            false => Reply::Json(allow()),
        });
        release
    }
}

#[tokio::test]
async fn it_allows_refuses_and_rewrites_in_every_vocabulary() {
    let stage = Stage::new().await;
    stage.hook.answer(moderating);
    let mut ear = stage.wire("chat", &stage.bob).await;
    for (dialect, event, place, text) in SENDING {
        let mut wire = stage.wire(dialect, &stage.alice).await;
        let payload = |said: &str| json!({ place: stage.group, text: format!("{said} from {dialect}") });
        let refused = wire.call(event, &payload("spam")).await;
        assert_eq!(refused["message"], "No spam, please.", "{dialect}: {refused}");
        assert_eq!(refused["code"], "ERR_FORBIDDEN", "{dialect}: {refused}");
        wire.call(event, &payload("hello")).await;
        wire.call(event, &payload("a secret")).await;
        assert_eq!(ear.next_message().await.0, format!("hello from {dialect}"));
        assert_eq!(ear.next_message().await.0, format!("a ****** from {dialect}"));
    }
    // The HTTP API, and the calls of an existing client.
    let compat = format!("/conversations/api/messages/{}", stage.group.as_str().expect("an id"));
    for path in [format!("/api/v1{}", stage.path()), compat] {
        let post = async |text: &str| stage.http.call(&stage.alice.1, "POST", &path, json!({ "content": text })).await;
        let refused = post("spam").await;
        assert!(refused.status == 403 && refused.text.contains("No spam, please."), "{refused:?}");
        post("my secret").await.expect(201);
        assert_eq!(ear.next_message().await.0, "my ******");
    }
    // The first message between two asks before there is a conversation.
    let mut wire = stage.wire("messenger", &stage.alice).await;
    let direct = |text: &str| json!({ "recipientId": stage.bob.0, "content": text });
    assert_eq!(wire.call("privateMessage", &direct("spam")).await["message"], "No spam, please.");
    let listed = stage.http.api(&stage.bob.1, "GET", "/conversations", Value::Null).await.expect(200);
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1), "nothing was created: {listed}");
    wire.call("privateMessage", &direct("hello")).await;
    assert_eq!(ear.next_message().await.0, "hello");

    let metrics = stage.server.metrics().send("GET", "/metrics", &[], "").await.text;
    for count in ["allowed\"} 6", "refused\"} 8", "rewritten\"} 7", "failed\"} 0"] {
        assert!(metrics.contains(&format!("quintet_hook_requests_total{{outcome=\"{count}")), "{count}: {metrics}");
    }
    assert!(metrics.contains("quintet_hook_request_seconds_count 21"), "{metrics}");
}

#[tokio::test]
async fn a_question_is_signed_and_says_what_is_to_be_written() {
    let stage = Stage::new().await;
    stage.hook.answer(|question| match question["type"].as_str() {
        Some("message.before_edit") => {
            Reply::Json(json!({ "action": "rewrite", "content": "checked", "metadata": { "checked": true } }))
        }
        _ => Reply::Json(allow()),
    });
    let (alice, bob, http) = (&stage.alice, &stage.bob, &stage.http);
    let first = http.api(&alice.1, "POST", &stage.path(), json!({ "content": "first" })).await.expect(201);
    let message = json!({
        "content": "hello", "clientMessageId": "c-1", "metadata": { "order": 7 }, "replyTo": first["id"],
        "mentions": [bob.0], "mentionAll": true, "fileUrl": "https://example.org/a.png", "fileName": "a.png",
    });
    let sent = http.api(&alice.1, "POST", &stage.path(), message).await.expect(201);
    let id = sent["id"].as_str().expect("an id");
    let edited = json!({ "content": "hello, bob" });
    let edited = http.api(&alice.1, "PATCH", &format!("/messages/{id}"), edited).await.expect(200);
    assert_eq!((&edited["content"], &edited["metadata"]), (&json!("checked"), &json!({ "checked": true })));

    let questions = stage.hook.requests();
    assert_eq!(questions.len(), 3);
    for question in &questions {
        assert!(question.is_signed_with(SECRET), "{question:?}");
        assert_eq!(
            (question.header("webhook-id"), &question.json["version"]),
            (question.json["id"].as_str().expect("an id"), &json!(1))
        );
    }
    let data = &questions[1].json["data"];
    assert_eq!(questions[1].kind(), "message.before_send");
    assert_eq!(data["conversation"], json!({ "id": stage.group, "kind": "group", "name": "G" }));
    assert_eq!((&data["sender"]["id"], &data["sender"]["username"]), (&json!(alice.0), &json!("alice")));
    let expected = json!({
        "type": "text", "content": "hello", "files": [{ "url": "https://example.org/a.png", "name": "a.png" }],
        "metadata": { "order": 7 }, "replyTo": first["id"], "mentions": [bob.0], "mentionAll": true,
        "clientMessageId": "c-1",
    });
    assert_eq!(data["message"], expected);
    assert_eq!(questions[2].kind(), "message.before_edit");
    assert_eq!(questions[2].json["data"]["message"], json!({ "id": id, "type": "text", "content": "hello, bob" }));

    // Nobody is asked about what services write, nor about what could not be written anyway.
    let (_, shop) = stage.server.run(&["key", "add", "shop"]);
    http.api(&shop, "POST", &stage.path(), json!({ "content": "from a service" })).await.expect(201);
    let carol = http.register("carol").await;
    http.api(&carol.1, "POST", &stage.path(), json!({ "content": "not a member" })).await.expect(404);
    http.api(&bob.1, "PATCH", &format!("/messages/{id}"), json!({ "content": "not mine" })).await.expect(403);
    assert_eq!(stage.hook.requests().len(), 3);
}

/// A repeat is told by what its client sent, whatever the hook has made of it.
#[tokio::test]
async fn a_repeat_is_not_asked_about_and_gets_the_first_result() {
    let stage = Stage::new().await;
    stage.hook.answer(moderating);
    let mut wire = stage.wire("chat", &stage.alice).await;
    for (id, text, stored) in [("c-1", "a secret", "a ******"), ("c-2", "hello", "hello")] {
        let payload = json!({ "chatId": stage.group, "content": text, "clientMessageId": id });
        let first = wire.call("message:send", &payload).await;
        assert_eq!(first["message"]["content"], stored, "{first}");
        let questions = stage.hook.requests().len();
        let again = wire.call("message:send", &payload).await;
        assert_eq!(again["message"]["id"], first["message"]["id"], "{again}");
        let over_http = json!({ "content": text, "clientMessageId": id });
        let again = stage.http.api(&stage.alice.1, "POST", &stage.path(), over_http).await.expect(200);
        assert_eq!((&again["id"], &again["content"]), (&first["message"]["id"], &json!(stored)));
        assert_eq!(stage.hook.requests().len(), questions, "a repeat is no question");
        // What is stored is not what was sent: the text of another message, which the id was not used for.
        let other = json!({ "content": "a ******", "clientMessageId": id });
        stage.http.api(&stage.alice.1, "POST", &stage.path(), other).await.expect(409);
    }
    assert_eq!(stage.stored().await, ["a ******", "hello"]);
    // Without a hook it is the same.
    let Stage { server: before, http: _, hook: _hook, alice, group, .. } = stage;
    let server = Server::with().run_after(before, |_| {});
    let path = format!("/conversations/{}/messages", group.as_str().expect("an id"));
    let repeat = json!({ "content": "a secret", "clientMessageId": "c-1" });
    let again = server.http().api(&alice.1, "POST", &path, repeat).await.expect(200);
    assert_eq!(again["content"], "a ******");
}

/// A first message to a stranger waits as any other message is stored: it is asked about when it is written, and that is all.
#[tokio::test]
async fn a_message_that_waits_is_asked_about_once() {
    let stage = Stage::of(|hook| server(&hook.url()).env("QUINTET_PEOPLE_CONTACT", "requests")).await;
    stage.hook.answer(moderating);
    let (http, alice, bob) = (&stage.http, &stage.alice, &stage.bob);
    let mut wire = stage.wire("messenger", alice).await;
    let to = |who: &str, text: &str, id: &str| json!({ "recipientId": who, "content": text, "clientMessageId": id });
    let waiting = async || {
        let requests = http.api(&bob.1, "GET", "/me/requests", Value::Null).await.expect(200);
        let items = requests["items"].as_array().expect("a list").iter();
        items.filter(|request| request["type"] == "message").cloned().collect::<Vec<_>>()
    };
    let questions = || stage.hook.requests().len();
    // What the hook refuses does not wait.
    assert_eq!(wire.call("privateMessage", &to(&bob.0, "spam", "c-1")).await["message"], "No spam, please.");
    assert_eq!((waiting().await, questions()), (vec![], 1));
    let listed = http.api(&alice.1, "GET", "/conversations", Value::Null).await.expect(200);
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1), "the group alone: {listed}");
    // What it makes of a message waits, and a repeat is no question.
    for _ in 0..2 {
        let sent = wire.call("privateMessage", &to(&bob.0, "a secret", "c-2")).await;
        assert_eq!(sent["success"], true, "{sent}");
        assert_eq!(questions(), 2);
    }
    let requests = waiting().await;
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(request["message"]["content"], "a ******");
    // What is refused because it waits is no question either, and neither is the decision.
    let refused = wire.call("privateMessage", &to(&bob.0, "are you there?", "c-3")).await;
    assert_eq!(refused["message"], "Your first message waits until this user has accepted it.", "{refused}");
    let mut ear = stage.wire("chat", bob).await;
    let accept = format!("/me/requests/{}/accept", request["id"].as_str().expect("an id"));
    http.api(&bob.1, "POST", &accept, Value::Null).await.expect(200);
    assert_eq!(ear.next_message().await.0, "a ******");
    assert_eq!(questions(), 2);
    wire.call("privateMessage", &to(&bob.0, "there you are", "c-4")).await;
    assert_eq!((ear.next_message().await.0, questions()), ("there you are".to_owned(), 3));

    // Nor is one that cannot begin a conversation.
    let carol = http.register("carol").await;
    http.api(&carol.1, "PUT", &format!("/me/blocks/{}", alice.0), Value::Null).await.expect(204);
    let refused = wire.call("privateMessage", &to(&carol.0, "hello", "c-5")).await;
    assert_eq!((&refused["code"], questions()), (&json!("ERR_FORBIDDEN"), 3), "{refused}");
}

/// Lists of words have the last word: they are compared with what the hook gives back.
#[tokio::test]
async fn lists_hold_for_what_the_hook_gives_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let list = folder.path().join("lists.txt");
    std::fs::write(&list, "mask darn\nrefuse fool\nrefuse rogue\n").expect("written");
    let stage = Stage::of(|hook| server(&hook.url()).env("QUINTET_MODERATION_FILE", &list.to_string_lossy())).await;
    stage.hook.answer(|question| {
        let text = asked(question).replace("secret", "darn").replace("fool", "friend");
        Reply::Json(json!({ "action": "rewrite", "content": text }))
    });
    let mut wire = stage.wire("chat", &stage.alice).await;
    let post = async |message: Value| stage.http.api(&stage.alice.1, "POST", &stage.path(), message).await;
    for id in ["c-1", "c-2"] {
        let payload = json!({ "chatId": stage.group, "content": "a secret", "clientMessageId": id });
        let first = wire.call("message:send", &payload).await;
        assert_eq!(first["message"]["content"], "a ****", "{first}");
        let questions = stage.hook.requests().len();
        let again = post(json!({ "content": "a secret", "clientMessageId": id })).await.expect(200);
        assert_eq!((&again["id"], &again["content"]), (&first["message"]["id"], &json!("a ****")));
        assert_eq!(stage.hook.requests().len(), questions, "a repeat is no question");
        // Neither what the hook made of it nor what is stored was sent.
        for other in ["a darn", "a ****"] {
            post(json!({ "content": other, "clientMessageId": id })).await.expect(409);
        }
    }
    let sent = post(json!({ "content": "you fool" })).await.expect(201);
    assert_eq!(sent["content"], "you friend", "nothing is left that the list refuses");
    let refused = post(json!({ "content": "you rogue" })).await;
    assert!(refused.status == 403 && refused.text.contains("The message has `rogue`"), "{refused:?}");
    let path = format!("/messages/{}", sent["id"].as_str().expect("an id"));
    let edit = async |text: &str| stage.http.api(&stage.alice.1, "PATCH", &path, json!({ "content": text })).await;
    assert_eq!(edit("my secret, fool").await.expect(200)["content"], "my ****, friend");
    let refused = edit("rogue").await;
    assert!(refused.status == 403 && refused.text.contains("The message has `rogue`"), "{refused:?}");
    assert_eq!(stage.stored().await, ["a ****", "a ****", "my ****, friend"]);
}

/// Two sends of one connection keep their order, and nobody else waits.
#[tokio::test]
async fn only_the_connection_that_sends_waits() {
    let stage = Stage::new().await;
    let release = stage.hold(|text| text == "held");
    let (mut waits, mut goes) = (stage.wire("chat", &stage.alice).await, stage.wire("chat", &stage.bob).await);
    let mut elsewhere = stage.wire("chat", &stage.alice).await;
    let held = waits.ask("message:send", &stage.message("held")).await;
    let behind = waits.ask("message:send", &stage.message("behind it")).await;
    stage.hook.until(|all| all.iter().any(|question| asked(&question.json) == "held")).await;
    // Another connection of another user, one of the same user, and a call of the same user.
    goes.call("message:send", &stage.message("by bob")).await;
    elsewhere.call("message:send", &stage.message("by alice elsewhere")).await;
    stage.http.api(&stage.alice.1, "POST", &stage.path(), json!({ "content": "over http" })).await.expect(201);
    // The connection that waits hears of it meanwhile.
    assert_eq!(waits.next_message().await.0, "by bob");
    assert_eq!(stage.hook.requests().iter().filter(|question| asked(&question.json) == "behind it").count(), 0);
    release.send_replace(true);
    let (held, behind) = (waits.acked(held).await, waits.acked(behind).await);
    assert_eq!((&held["message"]["content"], &behind["message"]["content"]), (&json!("held"), &json!("behind it")));
    let expected = ["by bob", "by alice elsewhere", "over http", "held", "behind it"];
    assert_eq!(stage.stored().await, expected);
}

/// Whoever leaves meanwhile has left; whoever is gone meanwhile has sent it.
#[tokio::test]
async fn what_changes_while_the_hook_is_asked() {
    let stage = Stage::new().await;
    let release = stage.hold(|_| true);
    let (mut leaves, mut goes) = (stage.wire("chat", &stage.bob).await, stage.wire("chat", &stage.alice).await);
    let left = leaves.ask("message:send", &stage.message("from a former member")).await;
    goes.emit("message:send", &stage.message("the last words")).await;
    stage.hook.until(|all| all.len() == 2).await;
    let member = format!("/conversations/{}/members/{}", stage.group.as_str().expect("an id"), stage.bob.0);
    stage.http.api(&stage.bob.1, "DELETE", &member, Value::Null).await.expect(204);
    drop(goes);
    let mut ear = stage.wire("chat", &stage.alice).await;
    release.send_replace(true);
    assert_eq!(leaves.acked(left).await["code"], "ERR_NOT_FOUND");
    assert_eq!(ear.next_message().await.0, "the last words");
    assert_eq!(stage.stored().await, ["the last words"]);
}

/// A server that is told to stop writes what the hook was asked about before.
#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_server_waits_for_the_hook() {
    let stage = Stage::new().await;
    let (release, held) = watch::channel(false);
    stage.hook.answer(move |_| Reply::Held(held.clone(), json!({ "action": "rewrite", "content": "checked" })));
    let mut wire = stage.wire("chat", &stage.alice).await;
    wire.emit("message:send", &stage.message("in time")).await;
    stage.hook.until(|all| all.len() == 1).await;
    // The hook answers once the server has begun to stop.
    tokio::spawn(async move {
        wire.until_closed(Duration::from_secs(10)).await;
        release.send_replace(true);
    });
    let Stage { server: before, hook, alice, group, .. } = stage;
    let after = server(&hook.url()).run_after(before, |_| {});
    let path = format!("/conversations/{}/messages", group.as_str().expect("an id"));
    let page = after.http().api(&alice.1, "GET", &path, Value::Null).await.expect(200);
    assert_eq!(page["items"][0]["content"], "checked", "{page}");
}

/// What is not an answer. A connection whose answer is complete is closed, because the receiver reads nothing more from it.
/// Whether the message is written then is for the operator to say.
fn failures() -> Vec<(&'static str, Reply)> {
    let raw = |text: &str| Reply::Raw(text.as_bytes().to_vec());
    let huge = format!("{{\"action\":\"allow\",\"more\":\"{}\"}}", "x".repeat(70_000));
    let rewrite = |content: &str| Reply::Json(json!({ "action": "rewrite", "content": content }));
    vec![
        ("a status", Reply::Status(500)),
        ("nothing", Reply::Status(204)),
        (
            "a redirect",
            raw("HTTP/1.1 307 X\r\nlocation: http://10.1.2.3/\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"),
        ),
        (
            "a huge body",
            Reply::Raw(
                format!("HTTP/1.1 200 X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{huge}", huge.len()).into(),
            ),
        ),
        ("a body that does not end", raw("HTTP/1.1 200 X\r\ncontent-length: 100\r\n\r\n{\"action\":\"allow\"}")),
        ("no JSON", raw("HTTP/1.1 200 X\r\nconnection: close\r\ncontent-length: 2\r\n\r\nOK")),
        ("no HTTP", raw("220 mail.example.org\r\n\r\n")),
        ("silence", Reply::Nothing),
        ("a long rewrite", rewrite(&"x".repeat(5_121))),
        ("a blank rewrite", rewrite(" ")),
        ("no action", Reply::Json(json!({ "message": "?" }))),
        ("bad metadata", Reply::Json(json!({ "action": "rewrite", "metadata": [] }))),
    ]
}

#[tokio::test]
async fn failures_are_open_or_closed_as_the_operator_says() {
    for (on_failure, status) in [("allow", 201), ("refuse", 503)] {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("log");
        let start = |hook: &Receiver| {
            let start = server(&hook.url()).env("QUINTET_HOOKS_TIMEOUT_MS", "300").log(&log);
            start.env("QUINTET_HOOKS_ON_FAILURE", on_failure)
        };
        let stage = Stage::of(start).await;
        let mut expected = Vec::new();
        for (what, reply) in failures() {
            stage.hook.answer(move |_| reply.clone());
            let message = json!({ "content": what });
            let answer = stage.http.api(&stage.alice.1, "POST", &stage.path(), message).await;
            assert_eq!(answer.status, status, "{what}: {answer:?}");
            if status == 201 {
                expected.push(what);
            } else {
                assert!(answer.text.contains("ERR_BUSY") && answer.text.contains("cannot be checked"), "{answer:?}");
            }
        }
        assert_eq!(stage.stored().await, expected);
        assert_eq!(stage.hook.requests().len(), failures().len(), "each was asked about once");
        let mut wire = stage.wire("chat", &stage.alice).await;
        let ack = wire.call("message:send", &stage.message("again")).await;
        assert_eq!(ack["code"].as_str(), (status == 503).then_some("ERR_BUSY"), "{ack}");
        let metrics = stage.server.metrics().send("GET", "/metrics", &[], "").await.text;
        let count = format!("quintet_hook_requests_total{{outcome=\"failed\"}} {}", failures().len() + 1);
        assert!(metrics.contains(&count), "{metrics}");
        let log = std::fs::read_to_string(&log).expect("a log");
        let lines = log.lines().filter(|line| line.contains("the hook before messages has failed")).count();
        assert!((1..=2).contains(&lines), "a few lines for many failures: {log}");
    }
}

/// Nobody listens, or the address became a private one: the server goes on.
#[tokio::test]
async fn a_hook_that_cannot_be_reached_is_a_failure() {
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        format!("http://{}/", listener.local_addr().expect("an address"))
    };
    // `localhost` is no address, so that only the look-up tells where it leads; it is not among those that are allowed.
    for (url, allowed) in [(gone.as_str(), "127.0.0.0/8"), ("http://localhost:9/", "10.0.0.0/8")] {
        let start = server(url).env("QUINTET_OUTBOUND_ALLOW", allowed).env("QUINTET_HOOKS_ON_FAILURE", "refuse");
        let server = start.run();
        let http = server.http();
        let alice = http.register("alice").await;
        let group = http.group(&alice.1, &[]).await;
        let path = format!("/conversations/{}/messages", group.as_str().expect("an id"));
        let answer = http.api(&alice.1, "POST", &path, json!({ "content": "hello" })).await;
        assert_eq!(answer.status, 503, "{url}: {answer:?}");
    }
    let refused = server("https://10.1.2.3/").env("QUINTET_OUTBOUND_ALLOW", "127.0.0.0/8").fail();
    assert!(refused.contains("[hooks] before_send: 10.1.2.3 is a private address"), "{refused}");
}
