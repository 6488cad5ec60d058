//! Push messages, from the subscription of a browser to what a push service is handed.

mod service;

use std::time::Duration;

use crate::database::TestDatabase;
use crate::support::{Answer, Http, Server, Start, Wire};
use serde_json::{Value, json};
use service::{Browser, PATIENCE, PushService, claims};

type User = (String, String);

struct Stage {
    server: Server,
    http: Http,
    push: PushService,
    alice: User,
    bob: User,
    carol: User,
    /// A group of the three.
    group: String,
}

fn allowed() -> Start {
    Server::with().env("QUINTET_OUTBOUND_ALLOW", "127.0.0.1")
}

async fn stage() -> Stage {
    let server = allowed().env("QUINTET_PUSH_CONTACT", "mailto:admin@example.org").run();
    let (http, push) = (server.http(), PushService::start().await);
    let (alice, bob, carol) = (http.register("alice").await, http.register("bob").await, http.register("carol").await);
    let group = http.group(&alice.1, &[&bob.0, &carol.0]).await.as_str().expect("an id").to_owned();
    Stage { server, http, push, alice, bob, carol, group }
}

async fn subscribe(http: &Http, user: &User, browser: &Browser) {
    http.api(&user.1, "POST", "/me/push", browser.subscription()).await.expect(204);
}

async fn send(http: &Http, user: &User, conversation: &str, body: Value) -> Value {
    http.api(&user.1, "POST", &format!("/conversations/{conversation}/messages"), body).await.expect(201)
}

async fn endpoints(http: &Http, user: &User) -> Vec<String> {
    let found = http.api(&user.1, "GET", "/me/push", Value::Null).await.expect(200);
    let items = found["items"].as_array().expect("a list").clone();
    assert!(items.iter().all(|one| one.get("keys").is_none() && one["createdAt"].is_string()), "{items:?}");
    items.iter().map(|one| one["endpoint"].as_str().expect("a URL").to_owned()).collect()
}

/// Waits until the server has counted an outcome, which it does once a push service has answered.
async fn counted(server: &Server, outcome: &str, count: u32) {
    let wanted = format!("quintet_push_messages_total{{outcome=\"{outcome}\"}} {count}\n");
    let mut every = tokio::time::interval(Duration::from_millis(50));
    let waits = async {
        while !server.metrics().send("GET", "/metrics", &[], "").await.text.contains(&wanted) {
            every.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, waits).await.unwrap_or_else(|_| panic!("{wanted}"));
}

fn refused(answer: Answer, status: u16, expected: &str) {
    assert_eq!(answer.expect(status)["detail"], expected);
}

#[tokio::test]
async fn a_message_reaches_each_browser_of_those_who_are_away() {
    let Stage { server, http, mut push, alice, bob, group, .. } = stage().await;
    let browsers = [push.browser("/ok/phone"), push.browser("/ok/laptop"), push.browser("/ok/alice")];
    for (browser, user) in browsers.iter().zip([&bob, &bob, &alice]) {
        subscribe(&http, user, browser).await;
    }
    let key = http.api(&bob.1, "GET", "/push/key", Value::Null).await.expect(200)["publicKey"].clone();
    let key = key.as_str().expect("a key");
    let message = send(&http, &alice, &group, json!({ "content": "Lunch?" })).await;
    let mut topics = Vec::new();
    for _ in 0..2 {
        let received = push.next().await;
        let browser = browsers.iter().find(|one| one.endpoint.ends_with(&received.path)).expect("one of them");
        let said = browser.read(&received);
        assert_eq!(said["type"], "message");
        assert_eq!((&said["conversationId"], &said["messageId"]), (&json!(group), &message["id"]));
        assert_eq!((&said["body"], &said["tag"]), (&json!("Lunch?"), &json!(format!("#/c/{group}"))));
        let claims = claims(&received, key);
        assert_eq!((&claims["aud"], &claims["sub"]), (&json!(browser.origin()), &json!("mailto:admin@example.org")));
        for (name, expected) in [("content-encoding", "aes128gcm"), ("urgency", "high"), ("ttl", "86400")] {
            assert_eq!(received.headers.get(name).map(String::as_str), Some(expected), "{name}");
        }
        topics.push((received.path, received.headers["topic"].clone()));
    }
    topics.sort();
    assert_eq!(topics.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["/ok/laptop", "/ok/phone"]);
    // A later message replaces the one that waits at the push service; its author is sent nothing.
    send(&http, &alice, &group, json!({ "content": "Or dinner?" })).await;
    for _ in 0..2 {
        let received = push.next().await;
        assert!(topics.contains(&(received.path.clone(), received.headers["topic"].clone())), "{received:?}");
    }
    assert_eq!(push.others().len(), 0);
    counted(&server, "sent", 4).await;
}

/// All 64 places may be taken by one endpoint that does not answer, but only until it is known not to.
#[tokio::test]
async fn an_endpoint_that_never_answers_holds_up_nobody_for_long() {
    let Stage { server, http, mut push, bob, carol, .. } = stage().await;
    let (made, key) = server.run(&["key", "add", "shop"]);
    assert!(made, "{key}");
    subscribe(&http, &bob, &push.browser("/never/bob")).await;
    subscribe(&http, &carol, &push.browser("/ok/carol")).await;
    let notify = async |user: &User| {
        let notice = json!({ "userId": user.0, "title": "Hello", "message": "World" });
        http.api(&key, "POST", "/notifications", notice).await.expect(201);
    };
    for _ in 0..200 {
        notify(&bob).await;
    }
    for _ in 0..64 {
        assert_eq!(push.next().await.path, "/never/bob");
    }
    notify(&carol).await;
    let paths = push.until(&["/ok/carol"]).await;
    assert!(paths.len() <= 2, "of those that waited, at most the one that noticed asks again: {paths:?}");
}

#[tokio::test]
async fn nobody_is_disturbed_who_does_not_want_to_be() {
    let Stage { server, http, mut push, alice, bob, carol, group } = stage().await;
    let (dave, eve) = (http.register("dave").await, http.register("eve").await);
    for user in [&dave, &eve] {
        let path = format!("/conversations/{group}/members");
        http.api(&alice.1, "POST", &path, json!({ "userId": user.0 })).await.expect(201);
    }
    for (user, name) in [(&alice, "alice"), (&bob, "bob"), (&carol, "carol"), (&dave, "dave"), (&eve, "eve")] {
        subscribe(&http, user, &push.browser(&format!("/ok/{name}"))).await;
    }
    let settings = format!("/conversations/{group}/settings");
    http.api(&bob.1, "PATCH", &settings, json!({ "muted": true })).await.expect(200);
    http.api(&carol.1, "PATCH", &settings, json!({ "notify": "mentions" })).await.expect(200);
    // Dave is there: one of his connections has sent an event.
    let mut wire = Wire::connect(server.address(), "/chat", &json!({ "token": dave.1 })).await;
    wire.call("typing:start", &json!({ "chatId": group })).await;
    // Eve is away, and shows that the others had their turn.
    for text in ["one", "two"] {
        send(&http, &alice, &group, json!({ "content": text })).await;
        assert_eq!(push.next().await.path, "/ok/eve");
    }
    let message = send(&http, &alice, &group, json!({ "content": "@carol, three" })).await;
    let mut paths = [push.next().await.path, push.next().await.path];
    paths.sort();
    assert_eq!(paths, ["/ok/carol", "/ok/eve"]);
    // What has reached a device is no sign of anybody.
    let mut other = Wire::connect(server.address(), "/chat", &json!({ "token": eve.1 })).await;
    let delivered = json!({ "messageId": message["id"], "chatId": group });
    assert_eq!(other.call("message:delivered", &delivered).await["success"], true);
    send(&http, &alice, &group, json!({ "content": "four" })).await;
    assert_eq!(push.next().await.path, "/ok/eve");
    assert_eq!(push.others().len(), 0);
}

#[tokio::test]
async fn a_notification_is_pushed() {
    let Stage { server, http, mut push, bob, .. } = stage().await;
    let browser = push.browser("/ok/bob");
    subscribe(&http, &bob, &browser).await;
    let (_, key) = server.run(&["key", "add", "shop"]);
    let body = json!({ "userId": bob.0, "title": "Order", "message": "It is on its way." });
    let made = http.api(&key, "POST", "/notifications", body).await.expect(201);
    let said = browser.read(&push.next().await);
    let expected = json!({
        "type": "notification", "notificationId": made["id"], "title": "Order", "body": "It is on its way.",
        "tag": "#/notifications"
    });
    assert_eq!(said, expected);
}

#[tokio::test]
async fn a_push_service_that_fails_delays_no_other() {
    let Stage { server, http, mut push, alice, bob, group, .. } = stage().await;
    for path in ["/never/1", "/elsewhere/1", "/flaky/1", "/gone/1", "/ok/1"] {
        subscribe(&http, &bob, &push.browser(path)).await;
    }
    send(&http, &alice, &group, json!({ "content": "hello" })).await;
    // The one that failed once is asked again, and the others do not wait for the one that does not answer.
    let paths = push.until(&["/elsewhere/1", "/flaky/1", "/flaky/1", "/gone/1", "/never/1", "/ok/1"]).await;
    assert_eq!(paths.last().map(String::as_str), Some("/flaky/1"), "{paths:?}");
    // The browser that is gone is forgotten, and those that have failed rest.
    let left = endpoints(&http, &bob).await;
    assert!(left.len() == 4 && left.iter().all(|one| !one.contains("gone")), "{left:?}");
    send(&http, &alice, &group, json!({ "content": "again" })).await;
    let paths = push.until(&["/flaky/1", "/ok/1"]).await;
    assert!(!paths.contains(&"/elsewhere/1".to_owned()) && !paths.contains(&"/gone/1".to_owned()), "{paths:?}");
    counted(&server, "removed", 1).await;
}

#[tokio::test]
async fn a_browser_is_subscribed_for_one_user_until_its_sessions_end() {
    let Stage { server, http, push, alice, bob, .. } = stage().await;
    let (first, second) = (push.browser("/ok/1"), push.browser("/ok/2"));
    for browser in [&first, &second, &first] {
        subscribe(&http, &alice, browser).await;
    }
    assert_eq!(endpoints(&http, &alice).await, [&*second.endpoint, &*first.endpoint]);
    subscribe(&http, &bob, &first).await;
    assert_eq!((endpoints(&http, &alice).await, endpoints(&http, &bob).await).0, [&*second.endpoint]);
    // Ending what is another's, or ended, changes nothing.
    for body in [json!({ "endpoint": first.endpoint }), json!({ "endpoint": "https://push.example.org/" })] {
        http.api(&alice.1, "DELETE", "/me/push", body).await.expect(204);
    }
    assert_eq!(endpoints(&http, &bob).await, [&*first.endpoint]);
    http.api(&bob.1, "DELETE", "/me/push", json!({ "endpoint": first.endpoint })).await.expect(204);
    assert_eq!(endpoints(&http, &bob).await, [""; 0]);
    http.api(&alice.1, "POST", "/auth/revoke", Value::Null).await;
    let again = json!({ "username": "alice", "password": "correct horse" });
    let session = http.api("", "POST", "/auth/login", again).await.expect(200);
    let again = (alice.0.clone(), session["token"].as_str().expect("a token").to_owned());
    assert_eq!(endpoints(&http, &again).await, [""; 0], "its sessions have ended everywhere");
    drop(server);
}

#[tokio::test]
async fn what_is_no_subscription_is_refused() {
    let server = Server::start();
    let (http, push) = (server.http(), PushService::start().await);
    let alice = http.register("alice").await;
    let good = push.browser("/ok/1").subscription();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut changed = good.clone();
        changed["endpoint"] = json!("https://push.example.org/1");
        change(&mut changed);
        changed
    };
    let endpoint = |url: &str| with(&|body| body["endpoint"] = json!(url));
    let private = |address: &str, class: &str| {
        format!(
            "{address} is {class}, which is not on the public internet; the operator can allow it with \
             [outbound] allow."
        )
    };
    for (body, status, said) in [
        (endpoint("push"), 422, "`endpoint` must be an absolute URL.".to_owned()),
        (endpoint("http://push.example.org/"), 422, "`endpoint` must be an https URL.".to_owned()),
        (endpoint("http://93.184.216.34/"), 422, "`endpoint` must be an https URL.".to_owned()),
        (endpoint("https://10.0.0.1/"), 422, private("10.0.0.1", "a private address")),
        (endpoint("http://127.0.0.1/"), 422, private("127.0.0.1", "a loopback address")),
        (endpoint("https://169.254.169.254/"), 422, private("169.254.169.254", "a link-local address")),
        (with(&|body| body["keys"]["auth"] = json!("AAAA")), 422, "`keys.auth` must have 16 bytes.".to_owned()),
        (with(&|body| body["keys"]["p256dh"] = json!("AAAA")), 422, "`keys.p256dh` must have 65 bytes.".to_owned()),
        (
            endpoint(&format!("https://push.example.org/{}", "a".repeat(2_048))),
            413,
            "`endpoint` has at most 2048 bytes.".to_owned(),
        ),
    ] {
        refused(http.api(&alice.1, "POST", "/me/push", body).await, status, &said);
    }
    let missing = http.api(&alice.1, "POST", "/me/push", json!({ "endpoint": "https://push.example.org/" })).await;
    assert!(missing.expect(422)["detail"].as_str().is_some_and(|detail| detail.contains("missing field `keys`")));
    assert_eq!(endpoints(&http, &alice).await, [""; 0]);
    http.api(&alice.1, "POST", "/me/push", with(&|_| ())).await.expect(204);
}

/// Settings that say nothing are refused at the start, each with a sentence.
#[test]
fn settings_are_checked_at_the_start() {
    let said = Server::with().env("QUINTET_PUSH_CONTACT", "admin@example.org").fail();
    assert!(said.contains("QUINTET_PUSH_CONTACT") && said.contains("mailto:admin@example.org"), "{said}");
    let said = Server::with().env("QUINTET_OUTBOUND_ALLOW", "10.0.0.0/8 nowhere").fail();
    assert!(
        said.contains("QUINTET_OUTBOUND_ALLOW") && said.contains("`nowhere` is neither an IP address nor a network"),
        "{said}"
    );
}

/// The key outlasts the process, and is private.
#[tokio::test]
async fn the_key_is_made_once() {
    let server = Server::start();
    let alice = server.http().register("alice").await;
    let key = async |server: &Server| server.http().api(&alice.1, "GET", "/push/key", Value::Null).await.expect(200);
    let made = key(&server).await;
    let file = std::fs::metadata(server.data().join("push-key")).expect("a file");
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o777, 0o600);
    let server = Server::start_after(server);
    assert_eq!(key(&server).await, made);
}

/// Any node sends, all of them have one key, and who is there on one node is there for all.
#[tokio::test]
async fn nodes_push_together() {
    let database = TestDatabase::new();
    let node = || {
        let start = allowed().env("QUINTET_DATABASE_URL", &database.url());
        start.env("QUINTET_FILES_SHARED", "true").run()
    };
    let here = node();
    let (http, mut push) = (here.http(), PushService::start().await);
    let (alice, bob, carol) = (http.register("alice").await, http.register("bob").await, http.register("carol").await);
    let group = http.group(&alice.1, &[&bob.0, &carol.0]).await.as_str().expect("an id").to_owned();
    subscribe(&http, &bob, &push.browser("/ok/bob")).await;
    subscribe(&http, &carol, &push.browser("/ok/carol")).await;
    let there = node();
    let key = async |http: &Http| http.api(&bob.1, "GET", "/push/key", Value::Null).await.expect(200);
    assert_eq!(key(&http).await, key(&there.http()).await);
    assert_eq!(database.number("SELECT count(*) FROM installation_key WHERE name = 'push'"), 1);
    send(&there.http(), &alice, &group, json!({ "content": "one" })).await;
    let mut paths = [push.next().await.path, push.next().await.path];
    paths.sort();
    assert_eq!(paths, ["/ok/bob", "/ok/carol"]);
    // Bob is there, on one of the nodes.
    let mut wire = Wire::connect(there.address(), "/chat", &json!({ "token": bob.1 })).await;
    let mut every = tokio::time::interval(Duration::from_millis(100));
    while database.number("SELECT count(*) FROM push_subscriber WHERE active_at > 0") == 0 {
        every.tick().await;
        wire.call("typing:start", &json!({ "chatId": group })).await;
    }
    for text in ["two", "three"] {
        send(&http, &alice, &group, json!({ "content": text })).await;
        assert_eq!(push.next().await.path, "/ok/carol");
    }
    assert_eq!(push.others().len(), 0);
}
