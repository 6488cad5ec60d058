//! Files are stored completely or not at all, and kept while something carries them.

use std::path::Path;
use std::time::Duration;

use crate::support::{Answer, Server, Wire};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x20\x08\x06\0\0\0";

fn form(field: &str, name: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!("--b\r\ncontent-disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\r\n");
    [head.as_bytes(), bytes, b"\r\n--b--\r\n"].concat()
}

fn request(token: &str, body: &[u8], length: usize) -> Vec<u8> {
    let head = format!(
        "POST /api/v1/files HTTP/1.1\r\nhost: test\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
         content-type: multipart/form-data; boundary=b\r\ncontent-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

async fn upload(server: &Server, token: &str, name: &str, bytes: &[u8]) -> Answer {
    server.http().upload(token, name, bytes).await
}

/// Counts the files below a folder, complete or not.
fn kept(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.flatten().map(|entry| if entry.path().is_dir() { kept(&entry.path()) } else { 1 }).sum()
}

/// Waits until `count` files are stored. The server checks once a second.
async fn until_kept(server: &Server, count: usize) {
    let waiting = async {
        let mut look = tokio::time::interval(Duration::from_millis(50));
        while kept(&server.data().join("files")) != count {
            look.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("files that are over are removed");
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

#[tokio::test]
async fn a_file_lives_as_long_as_the_message_that_carries_it() {
    let server = Server::start();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let made = upload(&server, &alice.1, "dot.png", PNG).await.expect(201);
    for (field, value) in [("name", json!("dot.png")), ("mime", json!("image/png")), ("size", json!(PNG.len()))] {
        assert_eq!(made[field], value);
    }
    assert_eq!((&made["width"], &made["height"]), (&json!(16), &json!(32)));
    let url = text(&made["url"]).to_owned();
    let get = |headers: &'static [(&'static str, &'static str)]| {
        let (http, url) = (http.clone(), url.clone());
        async move { http.send_bytes("GET", &url, headers).await }
    };
    // The link alone gives access: before a message carries the file, and without a token.
    let (status, head, body) = get(&[]).await;
    assert_eq!((status, &body[..]), (200, PNG));
    for header in [
        "content-type: image/png",
        "content-disposition: inline; filename*=utf-8''dot%2epng",
        "x-content-type-options: nosniff",
        "content-security-policy: default-src 'none'; sandbox",
        "cache-control: private, no-cache",
    ] {
        assert!(head.contains(header), "{header} is missing in {head}");
    }
    let etag = head.lines().find_map(|line| line.strip_prefix("etag: ")).expect("an ETag").to_owned();
    let again = http.send("GET", &url, &[("if-none-match", &etag)], "").await;
    assert_eq!((again.status, again.text.as_str()), (304, ""));

    let place = http.api(&alice.1, "POST", "/conversations", json!({ "kind": "direct", "memberIds": [bob.0] })).await;
    let path = format!("/conversations/{}/messages", text(&place.expect(201)["id"]));
    let mut wire = Wire::connect(server.address(), "/chat", &json!({ "token": bob.1 })).await;
    let message = json!({ "type": "image", "fileUrl": url, "fileName": "dot.png" });
    let sent = http.api(&alice.1, "POST", &path, message).await.expect(201);
    assert_eq!(wire.next("message:new").await["fileUrl"], json!(format!("http://{}{url}", server.address())));
    assert_eq!(get(&[]).await.0, 200);
    http.api(&alice.1, "DELETE", &format!("/messages/{}", text(&sent["id"])), Value::Null).await.expect(204);
    assert_eq!(get(&[]).await.0, 404, "it dies with the message, at once");
    until_kept(&server, 0).await;

    // A link that is not a file cannot be sent, nor can a file whose secret is not known.
    let other = upload(&server, &alice.1, "b", b"bytes").await.expect(201);
    let guessed = format!("/files/{}/{}", text(&other["id"]), "0".repeat(32));
    assert_eq!(http.send("GET", &guessed, &[], "").await.status, 404);
    for url in [&url, &guessed, "/files/x"] {
        let answer = http.api(&alice.1, "POST", &path, json!({ "type": "file", "fileUrl": url })).await.expect(422);
        assert!(text(&answer["detail"]).contains("fileUrl"), "{answer}");
    }
    // Erasing a user removes the files that nothing carries.
    http.api(&alice.1, "DELETE", "/me", json!({ "currentPassword": "correct horse" })).await.expect(204);
    assert_eq!(http.send("GET", text(&other["url"]), &[], "").await.status, 404);
    until_kept(&server, 0).await;
}

#[tokio::test]
async fn a_profile_carries_its_picture() {
    let server = Server::start();
    let http = server.http();
    let alice = http.register("alice").await;
    let made = upload(&server, &alice.1, "me.png", PNG).await.expect(201);
    http.api(&alice.1, "PATCH", "/me", json!({ "avatar": made["url"] })).await.expect(200);
    let place = http.api(&alice.1, "POST", "/conversations", json!({ "kind": "group", "name": "G" })).await.expect(201);
    let path = format!("/conversations/{}/messages", text(&place["id"]));
    let sent = http.api(&alice.1, "POST", &path, json!({ "type": "image", "fileUrl": made["url"] })).await.expect(201);
    http.api(&alice.1, "DELETE", &format!("/messages/{}", text(&sent["id"])), Value::Null).await.expect(204);
    assert_eq!(http.send_bytes("GET", text(&made["url"]), &[]).await.0, 200, "the profile still has it");
    http.api(&alice.1, "PATCH", "/me", json!({ "avatar": null })).await.expect(200);
    assert_eq!(http.send("GET", text(&made["url"]), &[], "").await.status, 404);

    // Another user's profile does not keep a file alive, nor does a link that only ends like the file's.
    let made = upload(&server, &alice.1, "me.png", PNG).await.expect(201);
    let sent = http.api(&alice.1, "POST", &path, json!({ "type": "image", "fileUrl": made["url"] })).await.expect(201);
    let bob = http.register("bob").await;
    http.api(&bob.1, "PATCH", "/me", json!({ "avatar": made["url"] })).await.expect(200);
    let elsewhere = format!("https://evil.example{}", text(&made["url"]));
    http.api(&alice.1, "PATCH", "/me", json!({ "avatar": elsewhere })).await.expect(200);
    let beside = json!({ "type": "image", "fileUrl": elsewhere });
    http.api(&alice.1, "POST", &path, beside).await.expect(201);
    http.api(&alice.1, "DELETE", &format!("/messages/{}", text(&sent["id"])), Value::Null).await.expect(204);
    assert_eq!(http.send("GET", text(&made["url"]), &[], "").await.status, 404, "none of these keeps it");
    http.api(&alice.1, "PATCH", "/me", json!({ "avatar": null })).await.expect(200);

    // A picture that a service set for a user belongs to that user.
    let (_, shop) = server.run(&["key", "add", "shop"]);
    let made = upload(&server, &shop, "face.png", PNG).await.expect(201);
    http.api(&shop, "PATCH", &format!("/users/{}", alice.0), json!({ "avatar": made["url"] })).await.expect(200);
    let let_go = async |url: &Value| {
        let message = json!({ "type": "image", "fileUrl": url });
        let sent = http.api(&alice.1, "POST", &path, message).await.expect(201);
        http.api(&alice.1, "DELETE", &format!("/messages/{}", text(&sent["id"])), Value::Null).await.expect(204);
        http.send_bytes("GET", text(url), &[]).await.0
    };
    assert_eq!(let_go(&made["url"]).await, 200);
    // The same when a user is created with a picture, whether the service gives its id or not.
    for id in [Value::Null, json!("u-1")] {
        let made = upload(&server, &shop, "face.png", PNG).await.expect(201);
        let name = if id.is_null() { "carol" } else { "dave" };
        let user = json!({ "id": id, "username": name, "avatar": made["url"] });
        http.api(&shop, "POST", "/users", user).await.expect(201);
        assert_eq!(let_go(&made["url"]).await, 200, "{name}");
    }
}

#[tokio::test]
async fn a_conversation_carries_its_picture() {
    let server = Server::start();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let made = upload(&server, &alice.1, "group.png", PNG).await.expect(201);
    let new = json!({ "kind": "group", "name": "G", "memberIds": [bob.0], "picture": made["url"] });
    let group = http.api(&alice.1, "POST", "/conversations", new).await.expect(201);
    assert_eq!(group["picture"], made["url"]);
    let path = format!("/conversations/{}", text(&group["id"]));
    // Once a message has carried a file, nothing but its picture keeps it.
    let let_go = async |url: &Value| {
        let message = json!({ "type": "image", "fileUrl": url });
        let sent = http.api(&alice.1, "POST", &format!("{path}/messages"), message).await.expect(201);
        http.api(&alice.1, "DELETE", &format!("/messages/{}", text(&sent["id"])), Value::Null).await.expect(204);
        http.send_bytes("GET", text(url), &[]).await.0
    };
    assert_eq!(let_go(&made["url"]).await, 200);
    assert_eq!(http.api(&bob.1, "GET", &path, Value::Null).await.expect(200)["picture"], made["url"]);
    // Who may not change the name may not change the picture, and each refusal names the field.
    http.api(&bob.1, "PATCH", &path, json!({ "picture": null })).await.expect(403);
    let of_bob = text(&upload(&server, &bob.1, "bob.png", PNG).await.expect(201)["url"]).to_owned();
    let other_secret = format!("{of_bob}0");
    let at_this_server = format!("http://{}/files/x/y", server.address());
    for picture in [
        "",
        "http://example.org/a.png",
        "data:image/png;base64,AA",
        "/files/x",
        "/files/x/y",
        &at_this_server,
        &other_secret,
        &of_bob,
    ] {
        let refused = http.api(&alice.1, "PATCH", &path, json!({ "picture": picture })).await.expect(422);
        assert_eq!(refused["field"], "picture", "{picture}: {refused}");
        let new = json!({ "kind": "room", "name": "R", "picture": picture });
        let refused = http.api(&alice.1, "POST", "/conversations", new).await.expect(422);
        assert_eq!(refused["field"], "picture", "{picture}: {refused}");
    }
    let long = format!("https://example.org/{}", "a".repeat(2_048));
    let refused = http.api(&alice.1, "PATCH", &path, json!({ "picture": long })).await.expect(413);
    assert_eq!(refused["field"], "picture", "{refused}");
    let direct = json!({ "kind": "direct", "memberIds": [bob.0], "picture": made["url"] });
    let refused = http.api(&alice.1, "POST", "/conversations", direct).await.expect(422);
    assert_eq!(refused["detail"], "`picture` cannot be given to a direct conversation.");
    // Another picture takes its place, by its address on this server too, and is removed.
    let other = upload(&server, &alice.1, "other.png", PNG).await.expect(201);
    let absolute = format!("http://{}{}", server.address(), text(&other["url"]));
    let changed = http.api(&alice.1, "PATCH", &path, json!({ "picture": absolute })).await.expect(200);
    assert_eq!(changed["picture"], other["url"]);
    assert_eq!(http.send("GET", text(&made["url"]), &[], "").await.status, 404, "nothing carries the first");
    assert_eq!(let_go(&other["url"]).await, 200);
    let renamed = http.api(&alice.1, "PATCH", &path, json!({ "name": "H" })).await.expect(200);
    assert_eq!(renamed["picture"], other["url"], "another change leaves it");
    let removed = http.api(&alice.1, "PATCH", &path, json!({ "picture": null })).await.expect(200);
    assert_eq!(removed.get("picture"), None);
    assert_eq!(http.send("GET", text(&other["url"]), &[], "").await.status, 404);
    // It goes with the conversation. Those who may join an open one see it before.
    let last = upload(&server, &alice.1, "last.png", PNG).await.expect(201);
    let opened = json!({ "open": true, "picture": last["url"] });
    http.api(&alice.1, "PATCH", &path, opened).await.expect(200);
    assert_eq!(let_go(&last["url"]).await, 200);
    let carol = http.register("carol").await;
    let room = format!("/rooms/{}", text(&group["id"]));
    assert_eq!(http.api(&carol.1, "GET", &room, Value::Null).await.expect(200)["picture"], last["url"]);
    http.api(&alice.1, "DELETE", &path, Value::Null).await.expect(204);
    assert_eq!(http.send("GET", text(&last["url"]), &[], "").await.status, 404);
    // Bob's, which was refused, waits for its day.
    until_kept(&server, 1).await;
}

#[tokio::test]
async fn failed_uploads_leave_nothing_behind() {
    let server = Server::start();
    let http = server.http();
    let alice = http.register("alice").await;
    let folder = server.data().join("files");
    let refused = |answer: Answer, status: u16, word: &str| {
        let problem = answer.expect(status);
        assert!(text(&problem["detail"]).contains(word), "{problem}");
    };
    refused(upload(&server, "", "a", b"bytes").await, 401, "");
    refused(upload(&server, &alice.1, "a", b"").await, 422, "empty");
    refused(upload(&server, &alice.1, "a", &vec![7; 25_000_001]).await, 413, "25000000");
    let other = form("photo", "a", b"bytes");
    refused(http.raw(&request(&alice.1, &other, other.len())).await, 422, "`file`");
    let no_form = http.api(&alice.1, "POST", "/files", json!({ "file": "bytes" })).await;
    refused(no_form, 422, "multipart/form-data");
    assert_eq!(kept(&folder), 0);

    // Cut off in the middle of the file.
    let whole = form("file", "a", &vec![7; 2_000_000]);
    let mut stream = TcpStream::connect(server.address()).await.expect("connected");
    stream.write_all(&request(&alice.1, &whole[..1_500_000], whole.len())).await.expect("written");
    // As soon as a part of it has arrived, that part is stored under another name until the file is complete.
    until_kept(&server, 1).await;
    drop(stream);
    until_kept(&server, 0).await;

    // More uploads at once than one user may have: the last is refused, and nothing of any is left.
    let mut answers = Vec::new();
    for _ in 0..9 {
        let mut stream = TcpStream::connect(server.address()).await.expect("connected");
        stream.write_all(&request(&alice.1, &whole[..300_000], whole.len())).await.expect("written");
        answers.push(Box::pin(async move {
            let mut head = [0; 12];
            stream.read_exact(&mut head).await.expect("an answer");
            String::from_utf8_lossy(&head).into_owned()
        }));
    }
    let (first, _, others) = futures_util::future::select_all(answers).await;
    assert_eq!(first, "HTTP/1.1 429");
    drop(others);
    // The server notices the ends one by one, after which there is room again.
    let mut look = tokio::time::interval(Duration::from_millis(20));
    while upload(&server, &alice.1, "a", b"").await.status == 429 {
        look.tick().await;
    }
    until_kept(&server, 0).await;

    // A name is not used as a path, and markup is never served to be run, whatever its name.
    let made = upload(&server, &alice.1, "../../escape.txt", b"bytes").await.expect(201);
    assert_eq!(made["name"], "escape.txt");
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    let html = b"<!doctype html><script>alert(1)</script>";
    // The declared type does not matter either.
    for (name, said, bytes) in [
        ("a.svg", "image/svg+xml", &svg[..]),
        ("a.png", "image/png", svg),
        ("b.png", "image/png", html),
        ("b.html", "text/html", html),
    ] {
        let head =
            format!("content-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: {said}");
        let body = [b"--b\r\n", head.as_bytes(), b"\r\n\r\n", bytes, b"\r\n--b--\r\n"].concat();
        let made = http.raw(&request(&alice.1, &body, body.len())).await.expect(201);
        assert_eq!((&made["mime"], &made["width"]), (&json!("application/octet-stream"), &Value::Null), "{name}");
        let shown = http.send("GET", text(&made["url"]), &[], "").await;
        for word in ["content-disposition: attachment", "x-content-type-options: nosniff", "sandbox"] {
            assert!(shown.head.contains(word), "{name}: {}", shown.head);
        }
    }
    // Other parts of the form, before or behind the file, are read within limits.
    let long = form("other", "a", &vec![7; 27_000_000]);
    refused(http.raw(&request(&alice.1, &long, long.len())).await, 413, "26000000");

    // Two uploads at once do not mix.
    let (left, right) = (vec![1; 300_000], vec![2; 300_000]);
    let (a, b) = tokio::join!(upload(&server, &alice.1, "l", &left), upload(&server, &alice.1, "r", &right));
    for (made, bytes) in [(a.expect(201), left), (b.expect(201), right)] {
        assert_eq!(http.send_bytes("GET", text(&made["url"]), &[]).await.2, bytes);
    }
    assert_eq!(kept(&folder), 7);

    // When the folder fails, the error is clear, and the server continues.
    std::fs::remove_dir_all(&folder).expect("removed");
    std::fs::write(&folder, b"in the way").expect("written");
    refused(upload(&server, &alice.1, "a", b"bytes").await, 500, "nothing was stored");
    std::fs::remove_file(&folder).expect("removed");
    upload(&server, &alice.1, "a", b"bytes").await.expect(201);
}

#[tokio::test]
async fn a_file_over_the_socket() {
    let server = Server::start();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let body = json!({ "kind": "direct", "memberIds": [bob.0] });
    let place = http.api(&alice.1, "POST", "/conversations", body).await.expect(201);
    let group = json!({ "kind": "group", "name": "not alice's" });
    let other = http.api(&bob.1, "POST", "/conversations", group).await.expect(201);
    let mut wire = Wire::connect(server.address(), "/conversations", &json!({ "token": alice.1 })).await;
    let data = json!({ "_placeholder": true, "num": 0 });
    let asked = json!({ "conversationId": place["id"], "fileName": "../dot.png", "data": data });
    let made = wire.call_binary("upload_file", &asked, PNG).await;
    assert_eq!((&made["success"], &made["fileName"]), (&json!(true), &json!("dot.png")));
    let sent = json!({
        "conversationId": place["id"], "content": "", "type": "image", "fileUrl": made["fileUrl"], "fileName": "dot.png",
    });
    assert_eq!(wire.call("send_message", &sent).await["message"]["fileUrl"], made["fileUrl"]);
    let path = text(&made["fileUrl"]).strip_prefix(&format!("http://{}", server.address())).expect("an address");
    assert_eq!(http.send_bytes("GET", path, &[]).await.2, PNG);
    // Not a member, no bytes, and no such attachment.
    for (asked, bytes, code) in [
        (json!({ "conversationId": other["id"], "fileName": "a", "data": data }), PNG, "ERR_NOT_FOUND"),
        (json!({ "conversationId": place["id"], "fileName": "a", "data": data }), b"", "ERR_INVALID_PAYLOAD"),
    ] {
        let refused = wire.call_binary("upload_file", &asked, bytes).await;
        assert_eq!((&refused["success"], &refused["code"]), (&json!(false), &json!(code)), "{refused}");
    }
    for data in [json!("text"), json!({ "_placeholder": true, "num": 0 })] {
        let asked = json!({ "conversationId": place["id"], "fileName": "a", "data": data });
        assert_eq!(wire.call("upload_file", &asked).await["code"], "ERR_INVALID_PAYLOAD");
    }
    // Nor what no message could carry there.
    http.api(&bob.1, "PUT", &format!("/me/blocks/{}", alice.0), Value::Null).await.expect(204);
    let asked = json!({ "conversationId": place["id"], "fileName": "a", "data": data });
    let refused = wire.call_binary("upload_file", &asked, PNG).await;
    assert_eq!(
        (&refused["code"], text(&refused["message"])),
        (&json!("ERR_FORBIDDEN"), "You cannot write to this user.")
    );
    http.api(&bob.1, "DELETE", &format!("/me/blocks/{}", alice.0), Value::Null).await.expect(204);
    assert_eq!(kept(&server.data().join("files")), 1);
    assert_eq!(wire.call_binary("upload_file", &asked, PNG).await["success"], true);
}

/// The disk becomes full in the middle of a file.
#[tokio::test]
async fn no_room_for_a_part_leaves_nothing_behind() {
    let server = Server::with().under(&["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"]).run();
    let http = server.http();
    let alice = http.register("alice").await;
    let log = std::fs::metadata(server.data().join("quintet.sqlite3-wal")).expect("a log").len();
    server.limit_files(Some(log + 200_000));
    let refused = upload(&server, &alice.1, "a", &vec![7; 2_000_000]).await.expect(507);
    assert!(text(&refused["detail"]).contains("no room"), "{refused}");
    until_kept(&server, 0).await;
    server.limit_files(None);
    upload(&server, &alice.1, "a", &vec![7; 2_000_000]).await.expect(201);
}

#[tokio::test]
async fn a_full_disk_is_reported_and_leaves_nothing_behind() {
    // The kernel's error for a folder without room for another name.
    let full = ["strace", "-f", "-qq", "-e", "trace=rename,renameat,renameat2", "-o", "/dev/null"];
    let inject = ["-e", "inject=rename,renameat,renameat2:error=ENOSPC"];
    let server = Server::with().under(&[&full[..], &inject].concat()).run();
    let http = server.http();
    let alice = http.register("alice").await;
    for _ in 0..2 {
        let refused = upload(&server, &alice.1, "a", &vec![7; 300_000]).await.expect(507);
        assert!(text(&refused["detail"]).contains("no room"), "{refused}");
    }
    assert_eq!(kept(&server.data().join("files")), 0);
    // Everything else continues.
    let place = http.api(&alice.1, "POST", "/conversations", json!({ "kind": "group", "name": "G" })).await.expect(201);
    let path = format!("/conversations/{}/messages", text(&place["id"]));
    http.api(&alice.1, "POST", &path, json!({ "content": "still here" })).await.expect(201);
}

/// A client writes its whole request before it reads the answer. A connection that was closed before would be reset, and
/// the answer lost.
#[tokio::test]
async fn a_refused_upload_is_taken_to_its_end() {
    let server = Server::start();
    let (_, token) = server.http().register("alice").await;
    // More than the buffers of the system hold, and, in the second case, just more than a file may have.
    let head = b"--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n";
    for (token, status, bytes) in [("bad", "401", 12_000_000), (token.as_str(), "413", 27_000_000)] {
        let mut stream = TcpStream::connect(server.address()).await.expect("connected");
        stream.write_all(&request(token, head, head.len() + bytes)).await.expect("the head");
        let part = vec![b'x'; 1_000_000];
        for sent in 0..bytes / part.len() {
            stream.write_all(&part).await.unwrap_or_else(|error| panic!("{status} after {sent} MB: {error}"));
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("the answer, and the end");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
}
