//! Attacks on the places of connections, and crowds that are not attacks: answers that are read slowly, all clients of
//! a back end from one address, all requests of a service at once.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::task::JoinSet;

use crate::attack::bystander::Bystander;
use crate::support::{Server, Wire};

/// The time within which anything awaited has to happen.
const PATIENCE: Duration = Duration::from_secs(60);
/// The time between two reads.
const DRIP: Duration = Duration::from_millis(100);

const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// Requests large answers, one after another, and reads a few kilobytes of them ten times a second, until the
/// connection is closed.
async fn drip(to: SocketAddr) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::new(ELSEWHERE, 0)).expect("an address of this machine");
    socket.set_recv_buffer_size(8_192).expect("a small buffer");
    let Ok(mut stream) = socket.connect(to).await else { return };
    let row = "GET /api/v1/docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: a\r\n\r\n".repeat(50);
    if stream.write_all(row.as_bytes()).await.is_err() {
        return;
    }
    let mut tick = tokio::time::interval(DRIP);
    let mut bytes = vec![0; 16_384];
    while stream.read(&mut bytes).await.is_ok_and(|count| count > 0) {
        tick.tick().await;
    }
}

/// A burst of connections, each with an endless answer: those beyond the limit of their address are closed, even though
/// no other client needs their places.
#[tokio::test]
async fn a_burst_of_slowly_read_answers() {
    const BURST: usize = 100;
    const BOUND: usize = 40;
    let bound = BOUND.to_string();
    let server = Server::with().env("QUINTET_LIMITS_CONNECTIONS_PER_ADDRESS", &bound).run();
    let mut bystander = Bystander::of(&server).await;
    let mut open = JoinSet::new();
    for _ in 0..BURST {
        open.spawn(drip(server.address()));
    }
    let cut = async {
        for _ in BOUND..BURST {
            open.join_next().await;
        }
    };
    bystander.beside(async { tokio::time::timeout(PATIENCE, cut).await.expect("the address is cut") }).await;
}

/// A back end brings all its clients at once to a trusting listener, with rates on.
#[tokio::test]
async fn all_clients_of_a_back_end_come_at_once() {
    const CLIENTS: usize = 600;
    let server = Server::with().listen(&["0", "0=meetup,trust"]).env("QUINTET_LIMITS_RATES", "true").run();
    let address = server.addresses[1];
    let mut crowd = JoinSet::new();
    for n in 0..CLIENTS {
        crowd.spawn(async move { Wire::connect(address, "/", &json!({ "userId": format!("client{n}") })).await });
    }
    assert_eq!(crowd.join_all().await.len(), CLIENTS);
}

/// Keys have no rate, and all requests that a service makes at once are answered, one after another.
#[tokio::test]
async fn a_service_asks_for_much_at_once() {
    const REQUESTS: usize = 600;
    let server = Server::with().env("QUINTET_LIMITS_RATES", "true").run();
    let (_, key) = server.run(&["key", "add", "backend"]);
    for path in ["/api/v1/me", "/api/v1/conversations"] {
        let mut asked = JoinSet::new();
        for _ in 0..REQUESTS {
            let (http, bearer) = (server.http(), format!("Bearer {}", key.trim()));
            asked.spawn(async move { http.send("GET", path, &[("authorization", &bearer)], "").await });
        }
        for answer in asked.join_all().await {
            assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        }
    }
}
