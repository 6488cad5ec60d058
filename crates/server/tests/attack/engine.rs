//! Attacks over the transports: compression bombs, unfinished packets, floods, and silent connections.

use std::time::Duration;

use serde_json::{Value, json};

use crate::attack::bystander::Bystander;
use crate::support::raw::{Raw, deflated, frame};
use crate::support::{Http, Server, Wire};

/// The time within which anything awaited has to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// Returns the value of a metric, or 0 if it does not exist.
async fn number(metrics: &Http, series: &str) -> usize {
    let text = metrics.send("GET", "/metrics", &[], "").await.text;
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0, |number| number.trim().parse().expect("a number"))
}

/// Waits until the value of a metric fits.
async fn until(metrics: &Http, series: &str, fits: impl Fn(usize) -> bool) {
    let wait = async { while !fits(number(metrics, series).await) {} };
    if tokio::time::timeout(PATIENCE, wait).await.is_err() {
        panic!("{series} is {}", number(metrics, series).await);
    }
}

fn resident_kb(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("a process");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("its memory");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

/// A thousand bytes each, a megabyte inflated. Inflating one used to take 20 ms, twice as long for an undecided
/// dialect; now it stops at the bound.
#[tokio::test]
async fn bombs_of_many_anonymous_sockets() {
    const SOCKETS: usize = 20;
    const BOMBS: usize = 40;
    let server = Server::start();
    let mut bystander = Bystander::of(&server).await;
    let bomb = deflated(format!("42[\"send_message\",{{\"x\":[{}1]}}]", "1,".repeat(450_000)).as_bytes());
    assert!(bomb.len() < 2_000);
    let attack = async {
        let mut sockets = tokio::task::JoinSet::new();
        for _ in 0..SOCKETS {
            let (address, bomb) = (server.address(), bomb.clone());
            sockets.spawn(async move {
                let mut raw = Raw::enter(address, "40").await;
                for _ in 0..BOMBS {
                    raw.send(0xC1, &bomb).await;
                }
                for _ in 0..BOMBS {
                    let error = raw.text().await.expect("an error, not the end");
                    assert!(error.contains("ERR_TOO_LARGE"), "{error}");
                }
            });
        }
        while let Some(socket) = sockets.join_next().await {
            socket.expect("a socket");
        }
    };
    bystander.beside(attack).await;
}

/// Packets that lack an attachment or their end hold no more than the budget together.
#[tokio::test]
async fn unfinished_packets_of_many_sockets() {
    const BUDGET: usize = 8_000_000;
    const SOCKETS: usize = 60;
    let server = Server::with().env("QUINTET_LIMITS_UNFINISHED_BYTES", &BUDGET.to_string()).run();
    let mut bystander = Bystander::of(&server).await;
    let before = resident_kb(&server);
    let two = "452-/rooms,[\"x\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]";
    let bytes = frame(0x82, &[7; 900_000]);
    let attack = async {
        let (mut sockets, mut peak) = (Vec::new(), before);
        for number in 0..SOCKETS {
            let mut raw = Raw::enter(server.address(), &format!("40/rooms,{{\"userId\":\"g{number}\"}}")).await;
            raw.send(0x81, two.as_bytes()).await;
            // Half of them have sent the first attachment completely, the others most of it.
            raw.send_bytes(&bytes[..bytes.len() - number % 2 * 1_000]).await;
            sockets.push(raw);
            peak = peak.max(resident_kb(&server));
        }
        // The oldest one made room for the others.
        assert_eq!(sockets[0].close_code().await, Some(1013));
        peak.max(resident_kb(&server))
    };
    let peak = bystander.beside(attack).await;
    let bound = (BUDGET / 1_000) as u64 * 2 + 24_000;
    assert!(peak - before < bound, "grew by {} kB, the bound is {bound} kB", peak - before);
}

/// A client that sends as fast as it can is closed, and others are served meanwhile.
#[tokio::test]
async fn floods_beyond_the_rate() {
    let server = Server::with().env("QUINTET_LIMITS_RATES", "true").run();
    let mut bystander = Bystander::of(&server).await;
    let attack = async {
        for place in ["40", "40/rooms,{\"userId\":\"g\"}", "40/meetup,{\"userId\":\"h\"}"] {
            let mut raw = Raw::enter(server.address(), place).await;
            let namespace = place.trim_start_matches("40").split_inclusive(',').next().unwrap_or_default();
            let flood = frame(0x81, format!("42{namespace}[\"typing\",{{\"roomId\":\"none\"}}]").as_bytes());
            raw.send_bytes(&flood.repeat(2_000)).await;
            assert_eq!(raw.close_code().await, Some(1008), "{place}");
            // Small on the wire, large when inflated.
            let mut raw = Raw::enter(server.address(), place).await;
            let bomb = format!("42{namespace}[\"typing\",{{\"x\":\"{}\"}}]", "a".repeat(60_000));
            raw.send_bytes(&frame(0xC1, &deflated(bomb.as_bytes())).repeat(2_000)).await;
            assert_eq!(raw.close_code().await, Some(1008), "{place}");
        }
    };
    bystander.beside(attack).await;
}

/// Transports that never enter a namespace are closed, even if they answer pings.
#[tokio::test]
async fn sockets_that_never_connect() {
    const SOCKETS: usize = 50;
    let server = Server::start();
    let mut bystander = Bystander::of(&server).await;
    let http = server.http();
    let attack = async {
        let (mut sockets, mut polling) = (Vec::new(), Vec::new());
        for _ in 0..SOCKETS {
            sockets.push(Raw::session(server.address()).await);
            let opened = http.send("GET", "/socket.io/?EIO=4&transport=polling", &[], "").await.text;
            let opened: Value = serde_json::from_str(&opened[1..]).expect("an open packet");
            let sid = opened["sid"].as_str().expect("an id");
            polling.push(format!("/socket.io/?EIO=4&transport=polling&sid={sid}"));
        }
        // This one entered a namespace once, and left it.
        sockets.push(Raw::enter(server.address(), "40").await);
        if let Some(last) = sockets.last_mut() {
            last.send(0x81, b"41").await;
        }
        for mut raw in sockets {
            assert_eq!(raw.close_code().await, Some(1000));
        }
        for path in polling {
            // A poll of a session that still exists waits for its end.
            while http.send("GET", &path, &[], "").await.status == 200 {}
        }
    };
    tokio::time::timeout(Duration::from_secs(120), bystander.beside(attack)).await.expect("they end in time");
}

/// An address may have a limited number of connections without a token; a client with a token connects nevertheless.
#[tokio::test]
async fn thousands_of_anonymous_connections_from_one_address() {
    const MAX: usize = 50;
    const SOCKETS: usize = 400;
    let server = Server::with().env("QUINTET_LIMITS_UNIDENTIFIED_PER_ADDRESS", &MAX.to_string()).run();
    let mut bystander = Bystander::of(&server).await;
    let alice = server.http().register("alice").await;
    let attack = async {
        let (mut sockets, mut let_in) = (Vec::new(), 0);
        for number in 0..SOCKETS {
            let mut raw = Raw::session(server.address()).await;
            // Neither these connections nor those of guests have a token.
            let connect =
                if number % 2 == 0 { "40".to_owned() } else { format!("40/rooms,{{\"userId\":\"g{number}\"}}") };
            raw.send(0x81, connect.as_bytes()).await;
            let answer = raw.text().await.expect("an answer");
            match answer.starts_with("40") {
                true => let_in += 1,
                false => assert!(answer.starts_with("44") && answer.contains("ERR_RATE_LIMITED"), "{answer}"),
            }
            sockets.push(raw);
        }
        assert_eq!(let_in, MAX);
        let mut wire = Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await;
        assert_eq!(wire.call("typing:stop", &json!({ "chatId": "none" })).await["code"], "ERR_NOT_FOUND");
        sockets
    };
    bystander.beside(attack).await;
}

/// When there are too many connections without a token in total, the oldest of them are closed, and no others.
#[tokio::test]
async fn the_oldest_unidentified_connections_make_room() {
    const MAX: usize = 30;
    let server = Server::with().env("QUINTET_LIMITS_UNIDENTIFIED", &MAX.to_string()).run();
    let mut bystander = Bystander::of(&server).await;
    let attack = async {
        let mut sockets = Vec::new();
        for _ in 0..3 * MAX {
            sockets.push(Raw::enter(server.address(), "40").await);
        }
        for raw in &mut sockets[..2 * MAX] {
            assert_eq!(raw.close_code().await, Some(1013));
        }
        let last = &mut sockets[3 * MAX - 1];
        last.send(0x81, b"421[\"nonsense\"]").await;
        assert!(last.text().await.is_some_and(|answer| answer.starts_with("431[")), "the newest stay");
    };
    bystander.beside(attack).await;
}

/// The id of one session does not open an unlimited number of WebSockets: those that do not take over are refused.
#[tokio::test]
async fn many_websockets_with_the_id_of_one_session() {
    const SOCKETS: usize = 400;
    let server = Server::with().env("QUINTET_LIMITS_RATES", "true").run();
    let mut bystander = Bystander::of(&server).await;
    let opened = server.http().send("GET", "/socket.io/?EIO=4&transport=polling", &[], "").await.text;
    let opened: Value = serde_json::from_str(&opened[1..]).expect("an open packet");
    let path = format!("/socket.io/?EIO=4&transport=websocket&sid={}", opened["sid"].as_str().expect("an id"));
    let attack = async {
        let mut open = Vec::new();
        for _ in 0..SOCKETS {
            match Raw::open(server.address(), &path, &[]).await {
                Ok(raw) => open.push(raw),
                Err(status) => assert_eq!(status, 400),
            }
        }
        open
    };
    let began = std::time::Instant::now();
    let open = bystander.beside(attack).await.len();
    // A probe may take ten seconds and a rejected WebSocket two, after which the next one may come.
    let most = 2 + began.elapsed().as_secs() as usize;
    assert!(open <= most, "{open} of {SOCKETS} were let in, where {most} are the most");
}

/// One account pays for its unfinished packets alone: guests send as before.
#[tokio::test]
async fn unfinished_packets_of_one_account() {
    const SOCKETS: usize = 20;
    // Of this budget, an account may use two million bytes.
    let server = Server::with().env("QUINTET_LIMITS_UNFINISHED_BYTES", "16000000").run();
    let mut bystander = Bystander::of(&server).await;
    let mallory = server.http().register("mallory").await;
    let (metrics, held) = (server.metrics(), "quintet_unfinished_bytes");
    let connect = format!("40/chat,{}", json!({ "token": mallory.1 }));
    let bytes = frame(0x82, &[7; 900_000]);
    let attack = async {
        let mut sockets = Vec::new();
        for _ in 0..SOCKETS {
            let mut raw = Raw::enter(server.address(), &connect).await;
            raw.send(0x81, b"451-/chat,[\"x\",{\"_placeholder\":true,\"num\":0}]").await;
            raw.send_bytes(&bytes[..bytes.len() - 1_000]).await;
            sockets.push(raw);
        }
        // All but two made room for these two.
        until(&metrics, "quintet_closes_total{reason=\"pressure\"}", |closes| closes == SOCKETS - 2).await;
        until(&metrics, held, |bytes| bytes <= 2_000_000).await;
        let mut guest = Raw::enter(server.address(), "40/rooms,{\"userId\":\"g\"}").await;
        let event = format!("42/rooms,1[\"send_message\",{{\"x\":\"{}\"}}]", "x".repeat(9_000));
        let (first, rest) = event.as_bytes().split_at(8_000);
        guest.send(0x01, first).await;
        guest.send(0x89, b"ping").await;
        // The pong shows that the first part was counted.
        while guest.frame().await.expect("a pong, not the end").0 != 0x8A {}
        guest.send(0x80, rest).await;
        let answer = guest.text().await.expect("an answer, not the end");
        assert!(answer.starts_with("43/rooms,1["), "{answer}");
        sockets
    };
    bystander.beside(attack).await;
}

/// An account may have a limited number of connections, whatever they enter and leave; others connect as before.
#[tokio::test]
async fn many_connections_of_one_account() {
    const MAX: usize = 10;
    const SOCKETS: usize = 60;
    let max = MAX.to_string();
    let server = Server::with().listen(&["0", "0=meetup,trust"]).env("QUINTET_LIMITS_CONNECTIONS_PER_USER", &max).run();
    let mut bystander = Bystander::of(&server).await;
    let mallory = server.http().register("mallory").await;
    let connect = format!("40/chat,{}", json!({ "token": mallory.1 }));
    let attack = async {
        let mut sockets = Vec::new();
        for _ in 0..SOCKETS {
            let mut raw = Raw::session(server.address()).await;
            raw.send(0x81, connect.as_bytes()).await;
            let answer = raw.text().await.expect("an answer");
            let let_in = sockets.len() < MAX;
            assert_eq!(answer.starts_with("40/chat,"), let_in, "{answer}");
            assert!(let_in || (answer.starts_with("44/chat,") && answer.contains("ERR_RATE_LIMITED")), "{answer}");
            if !let_in {
                // This connection has no user yet, and may become a guest's.
                raw.send(0x81, b"40/rooms,{\"userId\":\"g\"}").await;
                assert!(raw.text().await.is_some_and(|answer| answer.starts_with("40/rooms,")));
            }
            sockets.push(raw);
        }
        let plain = format!("/ws?dialect=chat&token={}", mallory.1);
        let mut plain = Raw::open(server.address(), &plain, &[]).await.expect("a WebSocket");
        assert_eq!(plain.close_code().await, Some(4401));
        // A connection that leaves one namespace but is in another still counts.
        sockets[0].send(0x81, b"40").await;
        while !sockets[0].text().await.expect("an answer").starts_with("40{") {}
        sockets[0].send(0x81, b"41/chat,").await;
        sockets[0].send(0x81, b"421[\"nonsense\"]").await;
        while !sockets[0].text().await.expect("an answer").starts_with("431[") {}
        let mut another = Raw::session(server.address()).await;
        another.send(0x81, connect.as_bytes()).await;
        assert!(another.text().await.is_some_and(|answer| answer.contains("ERR_RATE_LIMITED")));
        // One that ends makes room for another one.
        sockets.swap_remove(1);
        let again = async {
            loop {
                another.send(0x81, connect.as_bytes()).await;
                if another.text().await.expect("an answer").starts_with("40/chat,") {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, again).await.expect("room");
        // A trusted back end may bring any number of connections of its users.
        for _ in 0..2 * MAX {
            sockets.push(Raw::enter(server.addresses[1], "40/meetup,{\"userId\":\"u\"}").await);
        }
        sockets
    };
    bystander.beside(attack).await;
}
