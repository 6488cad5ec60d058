//! Reports of messages over HTTP, from the report to the decision.

use serde_json::{Value, json};

use crate::services::receiver::{Receiver, Request};
use crate::services::socket::{hear, listen, scoped};
use crate::services::{Stage, key, refused, stage};
use crate::support::{Server, Wire};

#[tokio::test]
async fn a_report_is_made_listed_and_resolved() {
    let Stage { server, http, shop, alice, bob } = stage().await;
    let carol = http.register("carol").await;
    let group = http.group(&alice.1, &[&bob.0]).await;
    let messages = format!("/conversations/{}/messages", group.as_str().expect("an id"));
    let file = json!({ "content": "look, you fool", "fileUrl": "https://cdn.example/a/b.png", "fileName": "b.png" });
    let said = http.api(&bob.1, "POST", &messages, file).await.expect(201);
    let message = format!("/messages/{}", said["id"].as_str().expect("an id"));
    let path = format!("{message}/reports");

    // What cannot be reported, and by whom.
    for (token, path, body, status, part) in [
        (&carol.1, path.as_str(), json!({ "reason": "rude" }), 404, "There is no message"),
        (&alice.1, "/messages/none/reports", json!({ "reason": "rude" }), 404, "There is no message `none`"),
        (&alice.1, path.as_str(), json!({}), 422, "reason"),
        (&alice.1, path.as_str(), json!({ "reason": " " }), 422, "`reason` must say why"),
        (&alice.1, path.as_str(), json!({ "reason": 1 }), 422, "expected a string"),
        (&alice.1, path.as_str(), json!({ "reason": "x".repeat(1_025) }), 413, "`reason` has at most 1024 bytes"),
    ] {
        refused(http.api(token, "POST", path, body).await, status, part);
    }
    for _ in 0..2 {
        http.api(&alice.1, "POST", &path, json!({ "reason": " rude " })).await.expect(204);
    }
    http.api(&bob.1, "PATCH", &message, json!({ "content": "look, friends" })).await.expect(200);

    for token in [&alice.1, &bob.1] {
        refused(http.api(token, "GET", "/reports", Value::Null).await, 403, "");
    }
    let listed = http.api(&shop, "GET", "/reports?status=open", Value::Null).await.expect(200);
    let [report] = listed["items"].as_array().expect("a list").as_slice() else { panic!("{listed}") };
    assert_eq!((&report["status"], &report["reason"]), (&json!("open"), &json!("rude")));
    assert_eq!((&report["byServer"], &report["reporter"]["username"]), (&json!(false), &json!("alice")));
    assert_eq!((&report["messageId"], &report["conversationId"]), (&said["id"], &group));
    assert_eq!(report["sender"]["id"], bob.0.as_str());
    let snapshot = &report["snapshot"];
    assert_eq!((&snapshot["content"], &snapshot["username"]), (&json!("look, you fool"), &json!("bob")));
    assert_eq!((&snapshot["files"], &snapshot["sentAt"]), (&json!(["b.png"]), &said["createdAt"]));
    assert_eq!((&report["resolution"], &snapshot["editedAt"]), (&Value::Null, &Value::Null));

    let one = format!("/reports/{}", report["id"]);
    let decided = |action: &str| json!({ "status": "resolved", "action": action });
    for (path, body, status, part) in [
        (one.as_str(), decided("shoot"), 422, "`action` must be one of `dismiss`, `delete`"),
        (one.as_str(), decided("silence"), 422, "`until` is missing"),
        (one.as_str(), json!({ "status": "resolved", "action": "silence", "until": "soon" }), 422, "`until`"),
        (one.as_str(), json!({ "status": "resolved", "action": "delete", "reason": "x".repeat(513) }), 413, "`reason`"),
        (one.as_str(), json!({ "status": "open", "action": "delete" }), 422, "`status` must be `resolved`"),
        (one.as_str(), json!({ "status": "resolved" }), 422, "action"),
        (one.as_str(), json!({}), 422, "status"),
        ("/reports/999", decided("delete"), 404, "There is no report `999`"),
        ("/reports/none", decided("delete"), 404, "There is no report `none`"),
    ] {
        refused(http.api(&shop, "PATCH", path, body).await, status, part);
    }
    refused(http.api(&shop, "GET", "/reports?status=lost", Value::Null).await, 422, "`status` must be `open`");
    refused(http.api(&shop, "GET", "/reports?cursor=x", Value::Null).await, 422, "`cursor`");
    refused(http.api(&bob.1, "PATCH", &one, decided("dismiss")).await, 403, "");

    // The members hear what is decided by the event of their dialect.
    let mut ear = Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await;
    let resolved = http.api(&shop, "PATCH", &one, decided("delete")).await.expect(200);
    assert_eq!((&resolved["status"], &resolved["snapshot"]), (&json!("resolved"), &Value::Null));
    assert_eq!(resolved["resolution"]["action"], "delete");
    assert_eq!(ear.next("message:deleted").await["messageId"], said["id"]);
    refused(http.api(&shop, "PATCH", &one, decided("dismiss")).await, 409, "was resolved before");
    refused(http.api(&alice.1, "POST", &path, json!({ "reason": "rude" })).await, 409, "deleted message");
    let open = http.api(&shop, "GET", "/reports?status=open", Value::Null).await.expect(200);
    assert_eq!(open["items"], json!([]));
    let all = http.api(&shop, "GET", "/reports", Value::Null).await.expect(200);
    assert_eq!(all["items"], json!([resolved]));

    // A moderator of the server does without a key, and without being there.
    let again = http.api(&bob.1, "POST", &messages, json!({ "content": "hi" })).await.expect(201);
    let path = format!("/messages/{}/reports", again["id"].as_str().expect("an id"));
    http.api(&alice.1, "POST", &path, json!({ "reason": "again" })).await.expect(204);
    refused(http.api(&carol.1, "GET", "/reports", Value::Null).await, 403, "moderators of the server");
    let (given, said) = server.run(&["user", "role", "carol", "moderator"]);
    assert!(given, "{said}");
    let open = http.api(&carol.1, "GET", "/reports?status=open", Value::Null).await.expect(200);
    assert_eq!(open["items"][0]["snapshot"]["content"], "hi");
    let path = format!("/reports/{}", open["items"][0]["id"]);
    let silence =
        json!({ "status": "resolved", "action": "silence", "until": "2099-01-01T00:00:00Z", "reason": "rude" });
    let resolved = http.api(&carol.1, "PATCH", &path, silence).await.expect(200);
    assert_eq!(
        (&resolved["resolution"]["action"], &resolved["resolution"]["by"]),
        (&json!("silence"), &json!(carol.0))
    );
    refused(http.api(&bob.1, "POST", &messages, json!({ "content": "ha" })).await, 403, "silenced");
    http.api(&carol.1, "GET", &messages, Value::Null).await.expect(404);
    let acts = http.api(&shop, "GET", "/audit", Value::Null).await.expect(200);
    let acts: Vec<_> =
        acts["items"].as_array().expect("acts").iter().map(|act| (&act["act"], &act["reason"])).collect();
    assert_eq!(acts[..2], [(&json!("resolve_report"), &json!("rude")), (&json!("silence"), &json!("rude"))]);

    // An account that is disabled is out at once.
    let lobby = http.api(&bob.1, "POST", "/conversations", json!({ "kind": "room", "name": "R" })).await.expect(201);
    let messages = format!("/conversations/{}/messages", lobby["id"].as_str().expect("an id"));
    let again = http.api(&bob.1, "POST", &messages, json!({ "content": "ha" })).await.expect(201);
    let path = format!("/messages/{}/reports", again["id"].as_str().expect("an id"));
    http.api(&shop, "POST", &path, json!({ "reason": "again" })).await.expect(204);
    let open = http.api(&shop, "GET", "/reports?status=open", Value::Null).await.expect(200);
    let two = format!("/reports/{}", open["items"][0]["id"]);
    http.api(&shop, "PATCH", &two, decided("disable")).await.expect(200);
    http.api(&bob.1, "GET", "/me", Value::Null).await.expect(401);
}

/// Other back ends are told that there is a report, if their key may look after reports.
#[tokio::test]
async fn back_ends_hear_of_reports() {
    let folder = tempfile::tempdir().expect("a folder");
    let list = folder.path().join("lists.txt");
    std::fs::write(&list, "flag cheap pills\n").expect("written");
    let start = Server::with().env("QUINTET_MODERATION_FILE", &list.to_string_lossy());
    let server = start.env("QUINTET_OUTBOUND_ALLOW", "127.0.0.0/8").run();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let (watch, reader) = (scoped(&server, "watch", "moderate"), scoped(&server, "reader", "read"));
    let ((_, shop), hooks) = (key(&server, &["add", "shop"]), scoped(&server, "hooks", "admin,read,users"));
    let mut ears = (listen(&server, &watch).await, listen(&server, &reader).await);

    // A webhook is told if it names the event, which takes the scope by which reports are read.
    let (told, told_others) = (Receiver::start().await, Receiver::start().await);
    let named = json!({ "url": told.url(), "events": ["report.created"] });
    refused(http.api(&hooks, "POST", "/webhooks", named.clone()).await, 403, "moderate");
    let hook = http.api(&shop, "POST", "/webhooks", named).await.expect(201);
    let hook = format!("/webhooks/{}", hook["id"].as_str().expect("an id"));
    for change in [json!({ "url": told_others.url() }), json!({ "enabled": true })] {
        refused(http.api(&hooks, "PATCH", &hook, change).await, 403, "moderate");
    }
    refused(http.api(&hooks, "POST", &format!("{hook}/replay"), json!({ "from": 1 })).await, 403, "moderate");
    let (all, change) = (json!({ "url": told_others.url() }), json!({ "events": ["report.created"] }));
    let others = http.api(&hooks, "POST", "/webhooks", all).await.expect(201);
    let others = format!("/webhooks/{}", others["id"].as_str().expect("an id"));
    refused(http.api(&hooks, "PATCH", &others, change).await, 403, "moderate");

    let direct = json!({ "kind": "direct", "memberIds": [bob.0] });
    let direct = http.api(&alice.1, "POST", "/conversations", direct).await.expect(201)["id"].take();
    let group = http.group(&alice.1, &[&bob.0]).await;
    let say = async |place: &Value, text: &str| {
        let path = format!("/conversations/{}/messages", place.as_str().expect("an id"));
        http.api(&bob.1, "POST", &path, json!({ "content": text })).await.expect(201)["id"].take()
    };
    let said = say(&direct, "psst").await;
    for _ in 0..2 {
        let path = format!("/messages/{}/reports", said.as_str().expect("an id"));
        http.api(&alice.1, "POST", &path, json!({ "reason": "rude" })).await.expect(204);
    }
    let flagged = say(&group, "cheap pills").await;
    say(&group, "done").await;

    let reports = http.api(&watch, "GET", "/reports", Value::Null).await.expect(200);
    let mut expected = Vec::new();
    for (report, place, message, by_server) in [(1, &direct, &said, false), (0, &group, &flagged, true)] {
        let (kind, _, data) = hear(&mut ears.0).await;
        assert_eq!((kind.as_str(), &data["conversation"]["id"]), ("report.created", place), "{data}");
        assert_eq!((&data["messageId"], &data["byServer"]), (message, &json!(by_server)), "{data}");
        assert_eq!(data["reportId"], reports["items"][report]["id"], "{data}");
        assert_eq!(data.as_object().map(serde_json::Map::len), Some(4), "nothing else: {data}");
        expected.push(data);
    }
    let mut requests = told.until(|all| all.len() == 2).await;
    requests.sort_by_key(|request| request.json["position"].as_u64());
    let delivered: Vec<_> = requests.iter().map(|one| (one.kind(), &one.json["data"])).collect();
    assert_eq!(delivered, [("report.created", &expected[0]), ("report.created", &expected[1])]);

    // Others hear what is said, and nothing of reports.
    let is_last = |kind: &str, data: &Value| kind == "message.created" && data["message"]["content"] == "done";
    loop {
        let (kind, _, data) = hear(&mut ears.1).await;
        assert_ne!(kind, "report.created", "{data}");
        if is_last(&kind, &data) {
            break;
        }
    }
    let ended = |one: &Request| is_last(one.kind(), &one.json["data"]);
    let requests = told_others.until(|all| all.iter().any(ended)).await;
    assert!(requests.iter().all(|one| one.kind() != "report.created"), "{requests:?}");
}

/// Clients report over their socket as well: members in every dialect, and guests, who have no token for HTTP.
#[tokio::test]
async fn a_socket_reports_too() {
    let server = Server::with().env("QUINTET_LIMITS_RATES", "true").run();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let (_, shop) = key(&server, &["add", "shop"]);
    let room = json!({ "kind": "room", "name": "Lobby" });
    let room = http.api(&alice.1, "POST", "/conversations", room).await.expect(201)["id"].take();
    let group = http.group(&alice.1, &[&bob.0]).await;
    let say = async |place: &Value, text: &str| {
        let path = format!("/conversations/{}/messages", place.as_str().expect("an id"));
        http.api(&alice.1, "POST", &path, json!({ "content": text })).await.expect(201)["id"].take()
    };
    let open = async || {
        let reports = http.api(&shop, "GET", "/reports?status=open&limit=50", Value::Null).await.expect(200);
        let shown = |report: &Value| {
            let text = report["snapshot"]["content"].as_str().expect("a text").to_owned();
            (text, report["reporter"]["id"].as_str().expect("an id").to_owned(), report["reason"].clone())
        };
        reports["items"].as_array().expect("a list").iter().rev().map(shown).collect::<Vec<_>>()
    };
    let names = [
        ("meetup", "reportMessage"),
        ("messenger", "submitReport"),
        ("rooms", "report_message"),
        ("conversations", "submit_report"),
        ("chat", "message:report"),
    ];
    let mut expected = Vec::new();
    for (dialect, event) in names {
        let said = say(&group, dialect).await;
        let mut wire = Wire::connect(server.address(), &format!("/{dialect}"), &json!({ "token": bob.1 })).await;
        for _ in 0..2 {
            let ack = wire.call(event, &json!({ "messageId": said, "reason": " rude " })).await;
            assert!(ack["success"] == true || ack["ok"] == true || ack["status"] == "ok", "{dialect}: {ack}");
        }
        expected.push((dialect.to_owned(), bob.0.clone(), json!("rude")));
    }
    assert_eq!(open().await, expected);

    // A guest reports what it reads in its room, in both vocabularies that guests speak, and nothing elsewhere.
    let (heard, also, elsewhere) = (say(&room, "hm").await, say(&room, "ho").await, say(&group, "psst").await);
    let mut guest = Wire::connect(server.address(), "/rooms", &json!({ "userId": "guest-7" })).await;
    let report = |message: &Value| json!({ "messageId": message, "reason": "rude" });
    for message in [&heard, &elsewhere] {
        let ack = guest.call("report_message", &report(message)).await;
        assert_eq!((&ack["ok"], &ack["code"]), (&json!(false), &json!("ERR_FORBIDDEN")), "it is nowhere: {ack}");
    }
    let join = json!({ "roomId": room, "userId": "guest-7", "username": "Guest" });
    assert_eq!(guest.call("join_room", &join).await["ok"], true);
    assert_eq!(guest.call("report_message", &report(&heard)).await, json!({ "ok": true }));
    assert_eq!(guest.call("report_message", &report(&elsewhere)).await["code"], "ERR_NOT_FOUND");
    let mut same = Wire::connect(server.address(), "/meetup", &json!({ "userId": "guest-7" })).await;
    assert_eq!(same.call("reportMessage", &report(&also)).await["code"], Value::Null);
    for text in ["hm", "ho"] {
        expected.push((text.to_owned(), "guest-7".to_owned(), json!("rude")));
    }
    assert_eq!(open().await, expected);

    // All guests of an address share one rate, whatever ids they claim.
    let mut another = Wire::connect(server.address(), "/rooms", &json!({ "userId": "guest-8" })).await;
    let mut acks = Vec::new();
    while acks.len() < 20 && acks.last().is_none_or(|ack: &Value| ack["code"] == "ERR_FORBIDDEN") {
        acks.push(another.call("report_message", &report(&elsewhere)).await);
    }
    let ack = acks.last().expect("an answer");
    assert_eq!(ack["code"], "ERR_RATE_LIMITED", "{ack}");
    assert!(ack["retryAfterMs"].as_u64().is_some_and(|wait| wait <= 6_000), "{ack}");
}
