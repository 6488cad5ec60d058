//! Attacks with a few requests that cause many writes or deliveries.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::attack::Bystander;
use crate::support::{Http, Server, Wire};

/// Creates users without a password through a service, which is fast.
async fn crowd(server: &Server, count: usize) -> Vec<String> {
    let (_, key) = server.run(&["key", "add", "maker"]);
    let http = server.http();
    let mut ids = Vec::new();
    for number in 0..count {
        let user = json!({ "id": format!("crowd-{number}"), "username": format!("crowd-{number}") });
        ids.push(http.api(&key, "POST", "/users", user).await.expect(201)["id"].as_str().expect("an id").to_owned());
    }
    ids
}

fn count(server: &Server, sql: &str) -> i64 {
    server.copy().query_row(sql, [], |row| row.get(0)).expect("a number")
}

/// Groups of many members, one after the other: 597 of 1,000 members were possible in twelve seconds, which is 598,600
/// rows.
#[tokio::test]
async fn a_flood_of_groups() {
    let server = Server::with().env("QUINTET_LIMITS_RATES", "true").env("QUINTET_PEOPLE_ADDED_PER_DAY", "0").run();
    let members = crowd(&server, 200).await;
    let mut bystander = Bystander::of(&server).await;
    let http = server.http();
    let (_, token) = http.register("flooder").await;
    let before = count(&server, "SELECT count(*) FROM member");
    let began = Instant::now();
    let flood = async {
        let mut refused = 0;
        for _ in 0..10 {
            let group = json!({ "kind": "group", "name": "Flood", "memberIds": members });
            let asked = (0..10).map(|_| http.api(&token, "POST", "/conversations", group.clone()));
            for answer in join_all(asked).await {
                if answer.status == 429 {
                    assert!(answer.json()["retryAfterMs"].as_u64().is_some_and(|ms| ms > 0), "{}", answer.text);
                    refused += 1;
                }
            }
        }
        refused
    };
    let refused = bystander.beside(flood).await;
    let rows = count(&server, "SELECT count(*) FROM member") - before;
    // A burst of 4,000, then 150 a second, and one group that began within the rate.
    let most = 4_000 + 150 * (began.elapsed().as_secs() as i64 + 1) + 202;
    assert!(rows <= most && refused > 20, "{rows} rows, {most} at most; {refused} of 100 refused");
}

/// Large messages to a large room: small requests, large deliveries.
#[tokio::test]
async fn a_flood_of_messages_over_a_large_room() {
    let server = Server::with().env("QUINTET_LIMITS_RATES", "true").env("QUINTET_PEOPLE_ADDED_PER_DAY", "0").run();
    let members = crowd(&server, 300).await;
    let mut bystander = Bystander::of(&server).await;
    let http = server.http();
    let (_, token) = http.register("flooder").await;
    let group = json!({ "kind": "group", "name": "Large", "memberIds": members });
    let place = http.api(&token, "POST", "/conversations", group).await.expect(201)["id"].clone();
    let mut wire = Wire::connect(server.address(), "/chat", &json!({ "token": token })).await;
    let began = Instant::now();
    let flood = async {
        let (mut sent, mut refused) = (0_u64, 0_u64);
        for _ in 0..10 {
            let say = json!({ "chatId": place, "content": "x".repeat(5_000) });
            let mut asked = Vec::new();
            for _ in 0..10 {
                asked.push(wire.ask("message:send", &say).await);
            }
            for id in asked {
                let ack = wire.acked(id).await;
                if ack["success"] == true {
                    sent += 1;
                } else {
                    assert_eq!(ack["code"], "ERR_RATE_LIMITED", "{ack}");
                    assert!(ack["retryAfterMs"].as_u64().is_some_and(|ms| ms > 0), "{ack}");
                    refused += 1;
                }
            }
            wire.events.clear();
        }
        (sent, refused)
    };
    let (sent, refused) = bystander.beside(flood).await;
    // About 1.6 MB each: a burst of 32 MB, then 1 MB a second.
    let most = (32_000_000 + 1_000_000 * (began.elapsed().as_secs() + 1)) / (5_000 * 301) + 1;
    assert!(sent <= most && sent >= 15 && refused > 0, "{sent} sent, {most} at most, {refused} refused");
}

/// More log-ins than there are cores for passwords: some wait, and the rest are refused at once.
#[tokio::test]
async fn a_flood_of_log_ins() {
    let server = Server::start();
    let mut bystander = Bystander::of(&server).await;
    let http = server.http();
    http.register("victim").await;
    let flood = async {
        let asked = (0..150).map(|number| {
            let name = if number % 2 == 0 { "victim".to_owned() } else { format!("nobody-{number}") };
            let (http, body) = (http.clone(), json!({ "username": name, "password": "wrong" }));
            async move { http.api("", "POST", "/auth/login", body).await }
        });
        let answers = join_all(asked).await;
        for answer in &answers {
            assert!(matches!(answer.status, 401 | 503), "{}: {}", answer.status, answer.text);
            if answer.status == 503 {
                assert_eq!(answer.json()["code"], "ERR_BUSY");
                assert!(answer.head.contains("retry-after: "), "{}", answer.head);
            }
        }
        answers.iter().filter(|answer| answer.status == 503).count()
    };
    let busy = bystander.beside(flood).await;
    assert!(busy > 0, "all of them waited");
    // A log-in afterwards succeeds.
    let log_in = json!({ "username": "victim", "password": "correct horse" });
    http.api("", "POST", "/auth/login", log_in).await.expect(200);
}

/// Sends a form in chunks of a given size, and returns the whole answer.
async fn upload_in_pieces(http_address: std::net::SocketAddr, token: &str, body: &[u8], piece: usize) -> String {
    let mut stream = TcpStream::connect(http_address).await.expect("the server listens");
    let head = format!(
        "POST /api/v1/files HTTP/1.1\r\nhost: test\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
         content-type: multipart/form-data; boundary=b\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("written");
    let mut chunks = Vec::with_capacity(body.len() + body.len() / piece * 8);
    for chunk in body.chunks(piece) {
        chunks.extend(format!("{:x}\r\n", chunk.len()).as_bytes());
        chunks.extend(chunk);
        chunks.extend(b"\r\n");
    }
    chunks.extend(b"0\r\n\r\n");
    stream.write_all(&chunks).await.expect("written");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an answer");
    String::from_utf8(answer).expect("text")
}

/// A JPEG without a size, in chunks of 64 bytes. Each chunk used to search all chunks before it again.
#[tokio::test]
async fn a_picture_in_tiny_pieces() {
    let server = Server::start();
    let mut bystander = Bystander::of(&server).await;
    let (_, token) = server.http().register("flooder").await;
    // Empty segments, as many as fit: each is a step in the search for the size.
    let notes = [0xff, 0xe1, 0, 2].into_iter().cycle();
    let picture: Vec<u8> = [0xff, 0xd8].into_iter().chain(notes).take(2_000_000).collect();
    let head = b"--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\n\r\n";
    let form = [&head[..], &picture, b"\r\n--b--\r\n"].concat();
    let uploads = async {
        let all = (0..2).map(|_| upload_in_pieces(server.address(), &token, &form, 64));
        tokio::time::timeout(Duration::from_secs(60), join_all(all))
            .await
            .expect("an upload takes no more than its bytes")
    };
    for answer in bystander.beside(uploads).await {
        assert!(answer.starts_with("HTTP/1.1 201") && answer.contains("image/jpeg"), "{answer}");
    }
    let me = Http::new(server.address()).api(&token, "GET", "/me", Value::Null).await;
    me.expect(200);
}
