//! `quintet import`: people, conversations and messages of another back end, as its clients find them afterwards.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::support::{Server, Wire};

const SECRET: &str = "the secret of the other back end, in 32 bytes or more";
/// Made by bcryptjs: the hash of "correct horse".
const BCRYPT: &str = "$2b$10$sR8LXVS.xDMgwrG747EOg.0mFIFhodxV9N.uTU1ZGuT141mnRgcrO";

/// A folder with the files of another back end.
struct Old {
    folder: tempfile::TempDir,
}

impl Old {
    fn new(lines: &[Value]) -> Self {
        let old = Self { folder: tempfile::tempdir().expect("a folder") };
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(old.path("old.jsonl"), text).expect("written");
        old
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn import(&self, words: &[&str]) -> Output {
        self.quintet(&[&["import", "old.jsonl"], words].concat()).output().expect("it runs")
    }

    fn quintet(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quintet"));
        command.arg("--data").arg(self.path("data")).args(words);
        command.current_dir(self.folder.path()).env_remove("QUINTET_DATABASE_URL");
        command
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

#[track_caller]
fn done(output: &Output) -> &str {
    assert!(output.status.success(), "{output:?}");
    text(&output.stdout)
}

#[track_caller]
fn failed(output: &Output) -> &str {
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    text(&output.stderr)
}

fn token(user: &str) -> String {
    let claims = json!({ "userId": user, "exp": 4_000_000_000_u64 });
    encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes())).expect("signed")
}

/// Two friends with a group, from which a third one has gone, two conversations of their own, and a room.
fn friends() -> Vec<Value> {
    let bob = json!({ "id": 17, "username": "Bob the Builder", "name": "Bob", "lastName": "the Builder",
        "email": "bob@example.org" });
    vec![
        json!({ "user": { "id": "u-1", "username": "alice", "name": "Alice Adams", "email": "Alice@example.org", "dialect": "chat",
            "passwordHash": BCRYPT, "avatar": "/faces/alice.png", "createdAt": "2021-03-01T09:00:00.000Z" } }),
        json!({ "user": bob }),
        json!({ "user": { "id": "u-3", "username": "ALICE" } }),
        json!({ "conversation": { "id": "c-lunch", "kind": "group", "name": "Lunch", "description": "At noon", "picture": "our office.png",
            "ownerId": "u-1", "memberIds": ["u-1", 17], "adminIds": [17], "createdAt": "2021-03-03T12:00:00Z" } }),
        json!({ "conversation": { "id": "c-pair", "kind": "direct", "memberIds": ["u-1", 17] } }),
        json!({ "conversation": { "id": "c-pair-2", "kind": "direct", "memberIds": [17, "u-1"] } }),
        json!({ "conversation": { "id": "lobby", "kind": "room", "name": "Lobby", "ownerId": "u-1", "memberIds": ["u-1", 17] } }),
        // The owner, who was its only admin, has left this group.
        json!({ "conversation": { "id": "c-old", "kind": "group", "name": "Old", "ownerId": "u-3", "adminIds": ["u-3"],
            "memberIds": [17, "u-1"] } }),
        // Not in the order of time; and one answers a message that was deleted.
        json!({ "message": { "id": "m-2", "conversationId": "c-lunch", "senderId": 17, "content": "Pizza.", "replyTo": "m-1",
            "createdAt": 1_614_773_100_000_u64 } }),
        json!({ "message": { "id": "m-1", "conversationId": "c-lunch", "senderId": "u-1", "content": "What do we eat?",
            "replyTo": "m-0", "createdAt": "2021-03-03T12:00:00Z" } }),
        json!({ "message": { "id": "m-3", "conversationId": "c-lunch", "senderId": "u-3", "content": "I have to go.",
            "createdAt": "2021-03-03T13:00:00+01:00" } }),
        json!({ "message": { "id": 4, "conversationId": "c-pair", "senderId": "u-1", "type": "IMAGE", "fileUrl": "our office.png",
            "createdAt": "2022-01-01T00:00:00Z" } }),
        json!({ "message": { "conversationId": "c-pair-2", "senderId": 17, "content": "Nice.", "type": "text",
            "fileUrl": "https://cdn.example.org/a", "fileName": "a.png", "createdAt": "2022-01-01T00:00:01Z" } }),
    ]
}

#[tokio::test]
async fn people_find_what_they_had_with_their_passwords_tokens_and_ids() {
    let old = Old::new(&friends());
    let picture = include_bytes!("../src/demo/poster.png");
    std::fs::create_dir_all(old.path("uploads/faces")).expect("made");
    std::fs::write(old.path("uploads/faces/alice.png"), picture).expect("written");
    std::fs::write(old.path("uploads/our office.png"), picture).expect("written");
    let what = "3 people, 4 conversations and 5 messages; further conversations of the same two people, which \
                became one with the first: 1";
    let checked = old.import(&["--files", "uploads", "--check"]);
    assert_eq!(done(&checked), format!("The files are good: {what}. Nothing was written.\n"));
    assert!(!old.path("data").exists());
    let imported = old.import(&["--files", "uploads"]);
    let renamed = "These usernames were taken, or are not allowed, and are others now:\n  \"Bob the Builder\": \
                   Bob.the.Builder\n  \"ALICE\": ALICE-2\n";
    assert_eq!(done(&imported), format!("Imported {what}.\n{renamed}"));
    // Nothing is imported twice.
    assert!(failed(&old.import(&["--files", "uploads"])).contains("has 3 accounts"));

    let data = old.path("data");
    let server = Server::with().env("QUINTET_JWT_SECRET", SECRET).run_in(old.folder, &data);
    let http = server.http();
    // A password is the one that it was, and its hash is replaced by the first log-in.
    for _ in 0..2 {
        let login = json!({ "email": "alice@example.org", "password": "correct horse" });
        assert_eq!(http.api("", "POST", "/auth/login", login).await.expect(200)["user"]["id"], "u-1");
    }
    let wrong = json!({ "email": "alice@example.org", "password": "correct horsf" });
    http.api("", "POST", "/auth/login", wrong).await.expect(401);

    // A token is that of the person that there is.
    let (alice, bob) = (token("u-1"), token("17"));
    let get = async |path: &str, token: &str| http.api(token, "GET", path, Value::Null).await.expect(200);
    let bytes = async |link: &Value| http.send_bytes("GET", link.as_str().expect("a link"), &[]).await.2;
    let me = get("/me", &alice).await;
    assert_eq!((&me["name"], &me["createdAt"]), (&json!("Alice Adams"), &json!("2021-03-01T09:00:00.000Z")));
    assert_eq!(bytes(&me["avatar"]).await, picture);
    assert_eq!(get("/me", &bob).await["name"], "Bob the Builder");

    // The group is as it was, and nothing in it is unread.
    let lunch = get("/conversations/c-lunch", &bob).await;
    let members: Vec<_> =
        lunch["members"].as_array().expect("members").iter().map(|one| (&one["user"]["id"], &one["role"])).collect();
    assert_eq!(members, [(&json!("u-1"), &json!("owner")), (&json!("17"), &json!("admin"))]);
    assert_eq!(bytes(&lunch["picture"]).await, picture);
    let facts = ["name", "open", "unreadCount", "createdAt", "updatedAt"].map(|field| lunch[field].clone());
    let (created, updated) = (json!("2021-03-03T12:00:00.000Z"), json!("2021-03-03T12:05:00.000Z"));
    assert_eq!(facts, [json!("Lunch"), json!(false), json!(0), created, updated]);
    let lunch = http.call(&bob, "GET", "/messenger/api/groups/c-lunch", Value::Null).await.expect(200);
    assert_eq!(lunch["description"], "At noon");
    let said = get("/conversations/c-lunch/messages", &bob).await;
    let said: Vec<_> = said["items"]
        .as_array()
        .expect("messages")
        .iter()
        .map(|one| json!([one["id"], one["sender"]["id"], one["content"], one["createdAt"], one["replyTo"]["id"]]))
        .collect();
    let noon = "2021-03-03T12:00:00.000Z";
    assert_eq!(
        Value::from(said),
        json!([
            ["m-1", "u-1", "What do we eat?", noon, null],
            ["m-3", "u-3", "I have to go.", noon, null],
            ["m-2", "17", "Pizza.", "2021-03-03T12:05:00.000Z", "m-1"],
        ])
    );
    // Who has gone sees nothing of it.
    let gone = token("u-3");
    assert_eq!(get("/conversations", &gone).await["items"], json!([]));
    assert_eq!(get("/me", &gone).await["name"], "ALICE");

    // Another one owns the group that its owner has left.
    assert_eq!(get("/conversations/c-old", &bob).await["ownerId"], "17");
    let profile = http.call(&bob, "GET", "/messenger/api/users/profile", Value::Null).await.expect(200);
    assert_eq!((&profile["firstName"], &profile["lastName"]), (&json!("Bob"), &json!("the Builder")));

    // Both conversations of two people are one.
    let pair = get("/conversations/c-pair/messages", &alice).await;
    let [photo, link] = &pair["items"].as_array().expect("messages")[..] else { panic!("{pair}") };
    assert_eq!(
        (&photo["id"], &photo["type"], &photo["file"]["name"]),
        (&json!("4"), &json!("image"), &json!("our office.png"))
    );
    assert_eq!(bytes(&photo["file"]["url"]).await, picture);
    assert_eq!(link["file"], json!({ "url": "https://cdn.example.org/a", "name": "a.png" }));

    // And a client goes on where it was.
    let mut client = Wire::connect(server.address(), "/chat", &json!({ "token": bob })).await;
    let sent = client.call("message:send", &json!({ "chatId": "c-lunch", "content": "And today?" })).await;
    assert_eq!((&sent["success"], &sent["message"]["sequence"]), (&json!(true), &json!(8)), "{sent}");
    let lunch = get("/conversations/c-lunch", &alice).await;
    assert_eq!((&lunch["unreadCount"], &lunch["lastMessage"]["content"]), (&json!(1), &json!("And today?")));
}

#[test]
fn every_line_that_cannot_be_imported_is_named_before_anything_is_written() {
    let user = |id: &str| json!({ "user": { "id": id, "username": id } });
    let message = |fields: Value| {
        let mut line =
            json!({ "conversationId": "c", "senderId": "a", "content": "x", "createdAt": "2021-03-03T12:00:00Z" });
        for (name, value) in fields.as_object().expect("fields") {
            line[name] = value.clone();
        }
        json!({ "message": line })
    };
    let group = |fields: Value| {
        let mut line = json!({ "id": "g", "kind": "group", "name": "G", "memberIds": ["a"] });
        for (name, value) in fields.as_object().expect("fields") {
            line[name] = value.clone();
        }
        json!({ "conversation": line })
    };
    let good =
        [user("a"), user("b"), user("c"), group(json!({ "id": "c", "kind": "direct", "memberIds": ["a", "b"] }))];
    let cases = [
        (json!({ "users": {} }), "unknown variant `users`"),
        (json!({ "user": { "id": "d", "password": "x" } }), "unknown field `password`"),
        (user("a"), "a user `a` stands further up"),
        (json!({ "user": { "id": "d", "email": "nowhere" } }), "`email` must be an email address."),
        (json!({ "user": { "id": "d", "passwordHash": "5f4dcc3b" } }), "`passwordHash` must be a hash of bcrypt"),
        (json!({ "user": { "id": "d", "dialect": "irc" } }), "`dialect` must be one of meetup, messenger"),
        (
            json!({ "user": { "id": "d", "avatar": "/a.png" } }),
            "`avatar` is a path: name the folder of the files by --files",
        ),
        (json!({ "user": { "id": {} } }), "an id has to be a text or a whole number"),
        (json!({ "user": { "id": 17.5 } }), "an id has to be a text or a whole number"),
        (json!({ "user": { "id": "d", "lastName": "x".repeat(200) } }), "`lastName` has at most 128 characters"),
        (json!({ "user": { "id": "d", "\u{1b}[2J": 1 } }), "unknown field `\\u{1b}[2J`"),
        (json!([user("d")]), "expected value; a line has the form {\"user\": {…}}"),
        (group(json!({ "kind": "meetup" })), "`kind` must be `direct`, `group` or `room`"),
        (group(json!({ "name": null })), "`name` is missing"),
        (group(json!({ "memberIds": ["d"] })), "`memberIds` names `d`, and no such user stands further up"),
        (group(json!({ "memberIds": [] })), "`ownerId` is missing"),
        (group(json!({ "kind": "direct" })), "`memberIds` of a direct conversation must name two users"),
        (message(json!({ "conversationId": "x" })), "no conversation `x` stands further up"),
        (message(json!({ "senderId": "d" })), "`senderId` names `d`, and no such user stands further up"),
        (message(json!({ "senderId": "c" })), "`c` is none of the two people of the conversation"),
        (message(json!({ "content": " " })), "`content` must not be blank."),
        (message(json!({ "content": "x".repeat(5_121) })), "`content` has 5121 bytes"),
        (message(json!({ "type": "poll" })), "`type` must be `text`, `image`"),
        (message(json!({ "createdAt": "2021-03-03 12:00" })), "`createdAt` must be a moment"),
        (message(json!({ "createdAt": "2999-01-01T00:00:00Z" })), "`createdAt` must be a moment"),
        (message(json!({ "createdAt": 1_614_773_100 })), "`createdAt` must be a moment"),
        (message(json!({ "createdAt": 1_614_773_100_000.5 })), "`createdAt` has to be a text or a whole number"),
        (message(json!({ "fileUrl": "http://old.example.org/a.png" })), "`fileUrl` must be an https link"),
    ];
    for (line, why) in cases {
        let mut lines = good.to_vec();
        lines.push(line.clone());
        let old = Old::new(&lines);
        let output = old.import(&[]);
        let said = failed(&output);
        assert!(said.contains(&format!("\n  old.jsonl:5: {why}")), "{line}: {said}");
        assert_eq!(said.trim().lines().count(), 2, "{said}");
        assert!(!old.path("data").exists());
    }
    // Lines that name something that is wrong are not named as well.
    let lines =
        [user("a"), group(json!({ "id": "c", "kind": "x" })), message(json!({})), message(json!({ "content": "" }))];
    let output = Old::new(&lines).import(&[]);
    assert_eq!(failed(&output).trim().lines().count(), 2, "{output:?}");
    assert!(failed(&Old::new(&[]).import(&[])).contains("no line of the files has a user"));
    let old =
        Old::new(&[user("a"), group(json!({})), message(json!({ "conversationId": "g", "fileUrl": "empty.txt" }))]);
    std::fs::write(old.path("empty.txt"), "").expect("written");
    assert!(failed(&old.import(&["--files", "."])).contains("old.jsonl:3: `fileUrl` names an empty file"));
    assert!(
        failed(&old.quintet(&["import", "/dev/null"]).output().expect("it runs")).contains("is not a file on a disk")
    );
    assert!(failed(&Old::new(&[]).import(&["--database", "postgres://x@127.0.0.1/x"])).contains("quintet copy --from"));
}

#[test]
fn no_server_starts_with_a_part_of_an_import() {
    let mut lines = vec![json!({ "user": { "id": "a" } })];
    lines.push(json!({ "conversation": { "id": "g", "kind": "group", "name": "G", "memberIds": ["a"] } }));
    let message =
        json!({ "conversationId": "g", "senderId": "a", "content": "x", "createdAt": "2021-03-03T12:00:00Z" });
    // The import takes many times as long as it takes to end it.
    lines.extend(std::iter::repeat_n(json!({ "message": message }), 50_000));
    let old = Old::new(&lines);
    let mut import =
        old.quintet(&["import", "old.jsonl"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
    while !old.path("data/quintet.incomplete").exists() {
        assert!(import.try_wait().expect("known").is_none(), "the import has ended");
        std::thread::yield_now();
    }
    import.kill().expect("killed");
    import.wait().expect("ended");
    for words in [&["--listen", "127.0.0.1:0"][..], &["user", "list"], &["import", "old.jsonl"]] {
        let said = old.quintet(words).output().expect("it runs");
        assert!(
            failed(&said).contains("is incomplete, because a copy or an import to it has stopped: remove it"),
            "{said:?}"
        );
    }
}
