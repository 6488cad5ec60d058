//! Attacks before any request is answered: connections, heads, bodies, and answers that are not read.
//!
//! The server has 512 descriptors here, enough for 184 HTTP connections, and is attacked with 600 at once. The attacker
//! is at 127.0.0.2 or, where the test says so, at the address of the bystander.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use crate::attack::bystander::Bystander;
use crate::support::{Http, Server, Start, Wire};

/// The number of connections of an attack.
const CONNECTIONS: usize = 600;
/// The number of connections that the server has to close in favour of others, so that the rest fits into its places.
const CLOSED: usize = 350;
/// The time within which anything awaited has to happen.
const PATIENCE: Duration = Duration::from_secs(60);

const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
const SAME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A server that may have 512 descriptors.
fn small() -> Start {
    Server::with().under(&["prlimit", "--nofile=512:512"])
}

/// Connects from an address. Returns `None` if the server is too busy closing other connections.
async fn from(address: IpAddr, to: SocketAddr) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::new(address, 0)).expect("an address of this machine");
    socket.connect(to).await.ok()
}

/// Opens connections that each send something and then nothing. Returns once the server has closed most of them.
async fn hang(address: IpAddr, to: SocketAddr, sent: String) {
    let mut open = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let sent = sent.clone();
        open.spawn(async move {
            let Some(mut stream) = from(address, to).await else { return };
            if stream.write_all(sent.as_bytes()).await.is_ok() {
                // The connection may end in any way.
                let _ = stream.read_to_end(&mut Vec::new()).await;
            }
        });
    }
    let most = async {
        for _ in 0..CLOSED {
            open.join_next().await;
        }
    };
    tokio::time::timeout(PATIENCE, most).await.expect("the server makes room");
}

/// Returns the value of a metric.
async fn number(metrics: &Http, series: &str) -> usize {
    let text = metrics.send("GET", "/metrics", &[], "").await.text;
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in {text}")).trim().parse().expect("a number")
}

fn body(path: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 900000\r\n\r\n{{")
}

#[tokio::test]
async fn bodies_that_hang() {
    let server = small().run();
    let mut bystander = Bystander::of(&server).await;
    bystander.beside(hang(ELSEWHERE, server.address(), body("/api/v1/auth/login"))).await;
    let mut bystander = bystander.into_neighbour();
    bystander.beside(hang(SAME, server.address(), body("/api/v1/auth/login"))).await;
}

#[tokio::test]
async fn heads_that_hang() {
    let server = small().run();
    let mut bystander = Bystander::of(&server).await;
    let head = "GET /healthz HTTP/1.1\r\nhost: a\r\nx-slow: ".to_owned();
    bystander.beside(hang(ELSEWHERE, server.address(), head.clone())).await;
    let mut bystander = bystander.into_neighbour();
    bystander.beside(hang(SAME, server.address(), head)).await;
    bystander.beside(hang(SAME, server.address(), String::new())).await;
}

/// Polling sessions, each with a POST that announces a large body and sends one byte.
#[tokio::test]
async fn posts_of_polling_that_hang() {
    let server = small().run();
    let mut bystander = Bystander::of(&server).await;
    let http = server.http();
    let mut paths = Vec::new();
    for _ in 0..CONNECTIONS {
        let opened = http.send("GET", "/socket.io/?EIO=4&transport=polling", &[], "").await.text;
        let opened: Value = serde_json::from_str(&opened[1..]).expect("an open packet");
        paths.push(format!("/socket.io/?EIO=4&transport=polling&sid={}", opened["sid"].as_str().expect("an id")));
    }
    let address = server.address();
    let attack = async {
        let mut open = JoinSet::new();
        for path in paths {
            open.spawn(async move {
                let Some(mut stream) = from(ELSEWHERE, address).await else { return };
                let head = format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 900000\r\n\r\n4");
                if stream.write_all(head.as_bytes()).await.is_ok() {
                    let _ = stream.read_to_end(&mut Vec::new()).await;
                }
            });
        }
        // All of them: those not closed in favour of others are closed by the time limit of their bodies.
        while open.join_next().await.is_some() {}
    };
    bystander.beside(async { tokio::time::timeout(PATIENCE, attack).await.expect("every body has an end") }).await;
}

/// Pipelined requests whose answers are never read are not processed further, and the connection is closed.
#[tokio::test]
async fn answers_that_are_never_read() {
    const ROW: usize = 2_000;
    let server = small().run();
    let mut bystander = Bystander::of(&server).await.into_neighbour();
    let (address, metrics) = (server.address(), server.metrics());
    let row = "GET /api/v1/openapi.json HTTP/1.1\r\nhost: a\r\n\r\n".repeat(ROW);
    let answered = "quintet_http_requests_total{status=\"200\"}";
    let mut unread = Vec::new();
    let opening = async {
        for n in 0..CONNECTIONS {
            if let Some(stream) = from(if n % 2 == 0 { ELSEWHERE } else { SAME }, address).await {
                // The system buffers what the server does not read, or refuses it.
                let _ = stream.try_write(row.as_bytes());
                unread.push(stream);
            }
        }
    };
    bystander.beside(opening).await;
    let gone = async {
        while number(&metrics, "quintet_places{of=\"ordinary\"}").await > 1 {
            tokio::task::yield_now().await;
        }
    };
    // Only the bystander's connection is left, although no attacker closed one.
    let gone = async { tokio::time::timeout(PATIENCE, gone).await.expect("what is not read is closed") };
    bystander.beside(gone).await;
    let handled = number(&metrics, answered).await;
    assert!(handled < CONNECTIONS * ROW / 10, "{handled} requests were answered for nobody");
    drop(unread);
}

#[tokio::test]
async fn handshakes_of_tls_that_hang() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    std::fs::write(&cert, made.cert.pem()).expect("written");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("written");
    let (cert_path, key_path) = (cert.to_str().expect("a path"), key.to_str().expect("a path"));
    let server = small().args(&["--tls-cert", cert_path, "--tls-key", key_path]).run();
    let calm = small().args(&["--tls-cert", cert_path, "--tls-key", key_path]).run();
    let address = server.address();
    // The beginning of a ClientHello, and then nothing.
    let attack = hang(ELSEWHERE, address, "\u{16}\u{3}\u{1}".to_owned());
    let mut attack = std::pin::pin!(attack);
    let connector = connector(made.cert.der());
    let (mut served, mut slowest, mut slowest_calm) = (0, Duration::ZERO, Duration::ZERO);
    loop {
        let began = tokio::time::Instant::now();
        assert!(healthz(&connector, calm.address()).await.starts_with("HTTP/1.1 200"));
        slowest_calm = slowest_calm.max(began.elapsed());
        let began = tokio::time::Instant::now();
        let asked = healthz(&connector, address);
        let mut asked = std::pin::pin!(asked);
        let ended = tokio::select! {
            status = &mut asked => { assert!(status.starts_with("HTTP/1.1 200"), "{status}"); false }
            () = &mut attack => true,
        };
        if ended {
            break;
        }
        slowest = slowest.max(began.elapsed());
        served += 1;
    }
    let most = crate::attack::bystander::longest_wait(slowest_calm);
    assert!(slowest < most, "a handshake took {slowest:?}, and {slowest_calm:?} at a server that is not attacked");
    assert!(healthz(&connector, address).await.starts_with("HTTP/1.1 200"));
    assert!(served > 0, "nobody asked meanwhile");
}

fn connector(cert: &tokio_rustls::rustls::pki_types::CertificateDer<'static>) -> tokio_rustls::TlsConnector {
    use tokio_rustls::rustls;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(cert.clone()).expect("a root");
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    tokio_rustls::TlsConnector::from(std::sync::Arc::new(config))
}

/// Requests `/healthz` over TLS. Returns the first line of the answer.
async fn healthz(connector: &tokio_rustls::TlsConnector, address: SocketAddr) -> String {
    let name = tokio_rustls::rustls::pki_types::ServerName::try_from("localhost").expect("a name");
    let stream = TcpStream::connect(address).await.expect("the server listens");
    let mut stream = connector.connect(name, stream).await.expect("a handshake");
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.expect("sent");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
}

/// 25 accounts with 8 stalled uploads each: others can upload meanwhile, and the time limit ends them all.
#[tokio::test]
async fn uploads_that_hang() {
    let server = Server::start();
    let mut bystander = Bystander::of(&server).await;
    let http = server.http();
    let (_, token) = http.register("painter").await;
    let mut accounts = Vec::new();
    for n in 0..25 {
        accounts.push(http.register(&format!("account{n}")).await.1);
    }
    let address = server.address();
    let attack = async {
        let mut open = JoinSet::new();
        for token in accounts.into_iter().flat_map(|token| vec![token; 8]) {
            open.spawn(async move {
                let mut stream = from(ELSEWHERE, address).await.expect("there is room");
                let head = format!(
                    "POST /api/v1/files HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\ncontent-type: \
                     multipart/form-data; boundary=b\r\ncontent-length: 9000000\r\n\r\n--b\r\ncontent-disposition: \
                     form-data; name=\"file\"; filename=\"a\"\r\n\r\nx"
                );
                stream.write_all(head.as_bytes()).await.expect("sent");
                let mut answer = Vec::new();
                let _ = stream.read_to_end(&mut answer).await;
                let answer = String::from_utf8_lossy(&answer).into_owned();
                let status = answer.split(' ').nth(1).unwrap_or_default().to_owned();
                assert!(answer.contains("content-type: application/problem+json"), "{answer}");
                assert!(status != "408" || answer.contains("`body` came too slowly."), "{answer}");
                status
            });
        }
        let mut statuses = Vec::new();
        while let Some(status) = open.join_next().await {
            statuses.push(status.expect("no panic"));
            if statuses.len() == 150 {
                // Uploads beyond the share of one address are already refused; the others are stalled.
                let uploaded = http.upload(&token, "a.txt", b"calm").await;
                assert_eq!(uploaded.status, 201, "{}", uploaded.text);
            }
        }
        statuses
    };
    let attack = async { tokio::time::timeout(PATIENCE, attack).await.expect("every upload has an end") };
    let statuses = bystander.beside(attack).await;
    let count = |status: &str| statuses.iter().filter(|found| *found == status).count();
    assert_eq!((count("408"), count("429")), (50, 150), "{statuses:?}");
    for (series, expected) in [
        ("quintet_http_requests_total{status=\"408\"}", 50),
        ("quintet_http_requests_total{status=\"429\"}", 150),
        ("quintet_refusals_total{of=\"http\",reason=\"ERR_RATE_LIMITED\"}", 150),
        ("quintet_refusals_total{of=\"http\",reason=\"ERR_INVALID_PAYLOAD\"}", 50),
    ] {
        assert_eq!(number(&server.metrics(), series).await, expected, "{series}");
    }
}

/// A storm is not an attack: clients that all reconnect at once from one address are all admitted.
#[tokio::test]
async fn a_storm_from_one_address_is_admitted() {
    const CLIENTS: usize = 700;
    // One account stands in for all of them.
    let server = Server::with().env("QUINTET_LIMITS_CONNECTIONS_PER_USER", "0").run();
    let (_, token) = server.http().register("crowd").await;
    let address = server.address();
    let mut storm = JoinSet::new();
    for _ in 0..CLIENTS {
        let auth = json!({ "token": token });
        storm.spawn(async move { Wire::connect(address, "/chat", &auth).await });
    }
    let wires = storm.join_all().await;
    assert_eq!(
        number(&server.metrics(), "quintet_transports{dialect=\"chat\",transport=\"websocket\"}").await,
        wires.len()
    );
    assert_eq!(number(&server.metrics(), "quintet_places{of=\"ordinary\"}").await, CLIENTS);
}
