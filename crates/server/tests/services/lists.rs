//! Lists of words and links, through every door to a message.

use serde_json::{Value, json};

use crate::services::{key, refused};
use crate::support::{Http, Server, Wire};

/// How a dialect sends a message to a group, edits it, and tells of a new one.
struct Words {
    dialect: &'static str,
    send: (&'static str, &'static str, &'static str),
    edit: (&'static str, &'static str),
    told: &'static str,
}

const WORDS: [Words; 5] = [
    Words {
        dialect: "meetup",
        send: ("sendMessage", "chatId", "message"),
        edit: ("editMessage", "message"),
        told: "receiveMessage",
    },
    Words {
        dialect: "messenger",
        send: ("groupMessage", "groupId", "content"),
        edit: ("updateMessage", "content"),
        told: "groupMessage",
    },
    Words {
        dialect: "rooms",
        send: ("send_message", "roomId", "content"),
        edit: ("update_message", "content"),
        told: "message_received",
    },
    Words {
        dialect: "conversations",
        send: ("send_message", "conversationId", "content"),
        edit: ("edit_message", "newContent"),
        told: "receive_message",
    },
    Words {
        dialect: "chat",
        send: ("message:send", "chatId", "content"),
        edit: ("message:edit", "content"),
        told: "message:new",
    },
];

const CONFIG: &str = r#"
[moderation]
file = "FOLDER/lists.txt"
words = [{ pattern = "fool*", action = "refuse" }, { pattern = "darn", action = "mask" }]

[moderation.links]
action = "refuse"
"#;
const LIST: &str = "# What sellers say\nflag cheap pills\n\ndeny spam.example\n";

/// A server with lists, in a folder that is removed with the second value.
fn start(config: &str, list: &str) -> (Server, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let config = config.replace("FOLDER", folder.path().to_str().expect("a name"));
    std::fs::write(folder.path().join("quintet.toml"), config).expect("written");
    std::fs::write(folder.path().join("lists.txt"), list).expect("written");
    let file = folder.path().join("quintet.toml");
    let server = Server::with().args(&["--config", file.to_str().expect("a name")]).run();
    (server, folder)
}

/// The texts of a conversation, the oldest first.
async fn texts(http: &Http, token: &str, place: &str) -> Vec<String> {
    let page = http.api(token, "GET", &format!("/conversations/{place}/messages"), Value::Null).await.expect(200);
    let items = page["items"].as_array().expect("a list").iter();
    items.map(|message| message["content"].as_str().expect("a text").to_owned()).collect()
}

#[tokio::test]
async fn every_dialect_is_held_to_the_lists() {
    let (server, _folder) = start(CONFIG, LIST);
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let (_, shop) = key(&server, &["add", "shop"]);
    let mut flagged = 0;
    for Words { dialect, send: (send, place_field, text_field), edit: (edit, edit_field), told } in WORDS {
        let group = http.group(&alice.1, &[&bob.0]).await;
        let place = group.as_str().expect("an id").to_owned();
        let entered = format!("/{dialect}");
        let mut wire = Wire::connect(server.address(), &entered, &json!({ "token": alice.1 })).await;
        let mut ear = Wire::connect(server.address(), &entered, &json!({ "token": bob.1 })).await;
        let text = |text: &str, id: &str| json!({ place_field: place, text_field: text, "senderId": alice.0, "clientMessageId": id });
        for (id, bad, part) in
            [("c-1", "what Fools!", "Fool"), ("c-2", "see http://www.Spam.example/x", "http://www.Spam.example/x")]
        {
            let said = wire.call(send, &text(bad, id)).await.to_string();
            let why = format!("The message has `{part}`, which is not allowed on this server.");
            assert!(said.contains(&why), "{dialect}: {said}");
        }
        // What is acknowledged and told is the masked text, and the same again is the same message.
        let sent = wire.call(send, &text("Oh DÀRN, bob", "c-3")).await.to_string();
        assert!(sent.contains("essage") && !sent.contains("DÀRN"), "{dialect}: {sent}");
        let heard = ear.next(told).await.to_string();
        assert!(heard.contains("Oh ****, bob") && !heard.contains("DÀRN"), "{dialect}: {heard}");
        let again = wire.call(send, &text("Oh DÀRN, bob", "c-3")).await.to_string();
        assert!(again.contains("essage") && !again.contains("DÀRN"), "{dialect}: {again}");
        assert_eq!(texts(&http, &bob.1, &place).await, ["Oh ****, bob"], "{dialect}");

        let page = http.api(&bob.1, "GET", &format!("/conversations/{place}/messages"), Value::Null).await.expect(200);
        let id = &page["items"][0]["id"];
        let said = wire.call(edit, &json!({ "messageId": id, edit_field: "you fool" })).await.to_string();
        assert!(said.contains("The message has `fool`"), "{dialect}: {said}");
        let said = wire.call(edit, &json!({ "messageId": id, edit_field: "cheap pills, darn" })).await.to_string();
        assert!(!said.contains("darn"), "{dialect}: {said}");
        assert_eq!(texts(&http, &bob.1, &place).await, ["cheap pills, ****"], "{dialect}");
        flagged += 1;
        let reports = http.api(&shop, "GET", "/reports?status=open", Value::Null).await.expect(200);
        let items = reports["items"].as_array().expect("a list");
        assert_eq!(items.len(), flagged, "{dialect}");
        assert_eq!((&items[0]["byServer"], &items[0]["messageId"]), (&json!(true), id), "{dialect}");
        assert_eq!(items[0]["reason"], "The list of words has `cheap pills`.");
        assert_eq!(items[0]["snapshot"]["content"], "cheap pills, ****");
    }
}

#[tokio::test]
async fn http_and_the_calls_of_other_back_ends_are_held_to_them_and_services_are_not() {
    let (server, _folder) = start(CONFIG, LIST);
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let (_, shop) = key(&server, &["add", "shop"]);
    let group = http.group(&alice.1, &[&bob.0]).await;
    let path = format!("/conversations/{}/messages", group.as_str().expect("an id"));
    refused(http.api(&alice.1, "POST", &path, json!({ "content": "foolish" })).await, 403, "`fool`");
    let file = json!({ "content": "look", "fileUrl": "https://cdn.spam.example/a.png" });
    refused(http.api(&alice.1, "POST", &path, file).await, 403, "`https://cdn.spam.example/a.png`");
    let sent = http.api(&alice.1, "POST", &path, json!({ "content": "darn" })).await.expect(201);
    assert_eq!(sent["content"], "****");
    let message = format!("/messages/{}", sent["id"].as_str().expect("an id"));
    refused(http.api(&alice.1, "PATCH", &message, json!({ "content": "fool" })).await, 403, "`fool`");
    let edited = http.api(&alice.1, "PATCH", &message, json!({ "content": "darn, darned" })).await.expect(200);
    assert_eq!(edited["content"], "****, darned", "another word");

    let direct = format!("/messenger/api/users/{}/messages", bob.0);
    let said = http.call(&alice.1, "POST", &direct, json!({ "content": "you fool" })).await;
    assert!(said.status == 403 && said.text.contains("The message has `fool`"), "{}", said.text);
    let said = http.call(&alice.1, "POST", &direct, json!({ "content": "darn" })).await;
    assert!(said.text.contains("****") && !said.text.contains("darn"), "{}", said.text);

    let sent = http.api(&shop, "POST", &path, json!({ "content": "darn fools, cheap pills" })).await.expect(201);
    assert_eq!(sent["content"], "darn fools, cheap pills");
    let reports = http.api(&shop, "GET", "/reports", Value::Null).await.expect(200);
    assert_eq!(reports["items"], json!([]));

    // The names of files are texts as well, which are not masked.
    let named = |name: &str| json!({ "content": "look", "fileUrl": "https://cdn.example/a", "fileName": name });
    for (name, part) in [("for fools.pdf", "fool"), ("darn.pdf", "darn"), ("get spam.example now", "spam.example")] {
        let why = format!("The message has `{part}`, which is not allowed on this server.");
        refused(http.api(&alice.1, "POST", &path, named(name)).await, 403, &why);
        let mut wire = Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await;
        let files =
            json!([{ "url": "https://cdn.example/b", "name": "b" }, { "url": "https://cdn.example/a", "name": name }]);
        let said = wire.call("message:send", &json!({ "chatId": group, "content": "look", "files": files })).await;
        assert_eq!((&said["code"], &said["message"]), (&json!("ERR_FORBIDDEN"), &json!(why)), "{said}");
        let why = format!("The name of the file has `{part}`, which is not allowed on this server.");
        refused(http.upload(&alice.1, name, b"text").await, 403, &why);
        http.upload(&shop, name, b"text").await.expect(201);
    }
    http.upload(&alice.1, "cheap pills.pdf", b"text").await.expect(201);
    let sent = http.api(&alice.1, "POST", &path, named("cheap pills.pdf")).await.expect(201);
    let reports = http.api(&shop, "GET", "/reports", Value::Null).await.expect(200);
    assert_eq!(reports["items"][0]["messageId"], sent["id"], "{reports}");
    assert_eq!(reports["items"][0]["reason"], "The list of words has `cheap pills`.");
    http.api(&shop, "POST", &path, named("darn.pdf")).await.expect(201);
}

#[test]
fn a_list_that_cannot_be_read_is_named_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("quintet.toml");
    let list = folder.path().join("lists.txt");
    let (config, named) = (file.to_str().expect("a name"), list.to_str().expect("a name"));
    for (text, lines, parts) in [
        (
            "words = [{ pattern = 'a' }, { pattern = '*' }]",
            "",
            vec!["quintet.toml: [moderation]", "pattern `*` has no words"],
        ),
        ("words = [{ pattern = 'a', action = 'shoot' }]", "", vec!["shoot", "refuse"]),
        ("words = ['a']", "", vec!["words"]),
        ("links = { deny = ['https://a.example/x'] }", "", vec!["`https://a.example/x` is not the name of a host"]),
        ("links = { deny = ['a.example'], allow = ['b.example'] }", "", vec!["exclude each other"]),
        ("file = 'LIST'", "refuse a\nshoot b", vec!["lists.txt", "line 2: `shoot` is no action"]),
        ("file = 'LIST'", "deny a", vec!["lists.txt", "line 1: ", "`a` is not the name of a host"]),
        ("file = 'LIST.none'", "", vec!["lists.txt.none", "No such file"]),
    ] {
        std::fs::write(&file, format!("[moderation]\n{}\n", text.replace("LIST", named))).expect("written");
        std::fs::write(&list, lines).expect("written");
        let said = Server::with().args(&["--config", config]).fail();
        assert!(parts.iter().all(|part| said.contains(part)), "{text}: {said}");
    }
}
