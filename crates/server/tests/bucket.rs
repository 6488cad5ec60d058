//! Files in a bucket of an S3 service that verifies every signature.

use std::path::Path;
use std::time::Duration;

use crate::support::{Http, Server};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Starts a service with one bucket on a free port. Returns its address.
async fn s3(folder: &Path) -> std::net::SocketAddr {
    std::fs::create_dir(folder.join("chat")).expect("a bucket");
    let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder).expect("a folder"));
    builder.set_auth(SimpleAuth::from_single("quintet", "a secret"));
    let service = builder.build();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            let service = service.clone();
            tokio::spawn(async move {
                Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await
            });
        }
    });
    address
}

/// Counts objects and parts of uploads below a folder, without the service's own files.
fn objects(folder: &Path) -> usize {
    let noted = |name: &str| name.ends_with(".metadata.json") || name.ends_with(".internal.json");
    let below = |entry: std::fs::DirEntry| match entry.path() {
        path if path.is_dir() => objects(&path),
        path => usize::from(!noted(&path.to_string_lossy())),
    };
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(below).sum()
}

async fn until_empty(bucket: &Path) {
    let gone = async {
        let mut look = tokio::time::interval(Duration::from_millis(50));
        while objects(bucket) != 0 {
            look.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone).await.expect("the objects go");
}

fn server(service: std::net::SocketAddr, secret: &str) -> crate::support::Start {
    let environment = [
        ("QUINTET_FILES_BUCKET", "chat"),
        ("QUINTET_FILES_ENDPOINT", &format!("http://{service}")),
        ("QUINTET_FILES_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "quintet"),
        ("AWS_SECRET_ACCESS_KEY", secret),
    ];
    environment.into_iter().fold(Server::with(), |server, (name, value)| server.env(name, value))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_follows_a_signed_link() {
    let folder = tempfile::tempdir().expect("a folder");
    let service = s3(folder.path()).await;
    let bucket = folder.path().join("chat");
    let server = server(service, "a secret").run();
    let http = server.http();
    let alice = http.register("alice").await;
    // Large enough for several parts.
    let bytes: Vec<u8> = (0..6_000_000_u32).map(|n| n as u8).collect();
    let made = http.upload(&alice.1, "a b.bin", &bytes).await.expect(201);
    assert_eq!((&made["size"], &made["name"]), (&json!(6_000_000), &json!("a b.bin")));
    assert_eq!(objects(&bucket), 1);
    assert!(!server.data().join("files").exists(), "nothing is kept here");

    let url = made["url"].as_str().expect("a link");
    let (status, head, _) = http.send_bytes("GET", url, &[]).await;
    assert_eq!(status, 307, "{head}");
    let location = http.header("GET", url, "location").await;
    let place = location.strip_prefix(&format!("http://{service}")).unwrap_or_else(|| panic!("{location}"));
    let (status, head, found) = Http::new(service).send_bytes("GET", place, &[]).await;
    assert_eq!((status, found.len()), (200, bytes.len()), "{head}");
    assert!(found == bytes && head.contains("attachment; filename*=utf-8''a%20b%2ebin"), "{head}");
    assert_eq!(http.send_bytes("HEAD", url, &[]).await.0, 200, "what is signed is signed for GET");
    // A changed link is not signed.
    let changed = place.replace("attachment", "inline");
    assert_eq!(Http::new(service).send_bytes("GET", &changed, &[]).await.0, 403);

    let place = http.api(&alice.1, "POST", "/conversations", json!({ "kind": "group", "name": "G" })).await.expect(201);
    let path = format!("/conversations/{}/messages", place["id"].as_str().expect("an id"));
    let sent = http.api(&alice.1, "POST", &path, json!({ "type": "file", "fileUrl": url })).await.expect(201);
    let message = format!("/messages/{}", sent["id"].as_str().expect("an id"));
    http.api(&alice.1, "DELETE", &message, Value::Null).await.expect(204);
    assert_eq!(http.send_bytes("GET", url, &[]).await.0, 404);
    until_empty(&bucket).await;

    // Short enough for a single object.
    let short = http.upload(&alice.1, "short", b"bytes").await.expect(201);
    let location = http.header("GET", short["url"].as_str().expect("a link"), "location").await;
    let place = location.strip_prefix(&format!("http://{service}")).unwrap_or_else(|| panic!("{location}"));
    assert_eq!(Http::new(service).send_bytes("GET", place, &[]).await.2, b"bytes");
    http.api(&alice.1, "DELETE", "/me", json!({ "currentPassword": "correct horse" })).await.expect(204);
    until_empty(&bucket).await;

    // A file that is too large leaves no parts behind.
    let bob = http.register("bob").await;
    http.upload(&bob.1, "large", &vec![7; 25_000_001]).await.expect(413);
    until_empty(folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unusable_bucket_prevents_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let service = s3(folder.path()).await;
    for server in [server(service, "another secret"), server(service, "a secret").env("AWS_ACCESS_KEY_ID", "nobody")] {
        let said = server.fail();
        assert!(said.contains("files cannot be stored as [files] configures"), "{said}");
    }
}
