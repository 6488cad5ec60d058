//! The wires: in memory, and on real PostgreSQL and Redis servers.
//!
//! What must stay true: nothing is asserted about delivery that a wire does not promise, except where nothing disturbs it.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

#[allow(dead_code, clippy::unwrap_used, reason = "the tests of the store use the rest")]
#[path = "../../store/tests/support/postgres.rs"]
mod database;
#[path = "support/redis.rs"]
mod server;

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use database::TestDatabase;
use quintet_cluster::{Fate, MemoryNetwork, Wire, WireError, WireEvent, WireEvents, postgres_wire, redis_wire};
use server::TestRedis;
use tokio::runtime::Handle;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::time::{Instant, interval, timeout};

/// Far more than any event takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// One end of a wire.
struct End {
    wire: Arc<dyn Wire>,
    events: WireEvents,
}

impl End {
    fn new((wire, events): (Arc<dyn Wire>, WireEvents)) -> Self {
        Self { wire, events }
    }

    /// An end that receives by now.
    async fn ready(end: (Arc<dyn Wire>, WireEvents)) -> Self {
        let mut end = Self::new(end);
        assert_eq!(end.next().await, WireEvent::Interrupted);
        assert!(end.wire.is_connected());
        end
    }

    async fn next(&mut self) -> WireEvent {
        timeout(PATIENCE, self.events.recv()).await.expect("an event comes").expect("the wire is kept up")
    }

    /// The next message, past what is told of interruptions.
    async fn message(&mut self) -> Bytes {
        loop {
            if let WireEvent::Message(message) = self.next().await {
                return message;
            }
        }
    }

    /// Waits until messages may have been lost, past all messages.
    async fn interrupted(&mut self) {
        while self.next().await != WireEvent::Interrupted {}
    }

    /// Waits for a message, past all others.
    async fn hears(&mut self, wanted: &'static [u8]) {
        while self.message().await != wanted {}
    }

    fn says(&self, message: &'static [u8]) {
        self.wire.publish(Bytes::from_static(message));
    }
}

/// Looks until something is true of which nothing tells.
async fn until(mut is_true: impl FnMut() -> bool) {
    let wait = async {
        let mut looks = interval(Duration::from_millis(10));
        while !is_true() {
            looks.tick().await;
        }
    };
    timeout(PATIENCE, wait).await.expect("it becomes true");
}

/// An identity that no other test has.
fn identity() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    format!("{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// Messages come to the other ends whole and in their order, up to the size that a wire names.
async fn carries(mut ends: [End; 3]) {
    let max = ends[0].wire.message_bytes_max();
    let largest = Bytes::from((0..max).map(|at| (at % 251) as u8).collect::<Vec<_>>());
    ends[0].says(b"first");
    ends[0].wire.publish(Bytes::from(vec![0; max + 1]));
    ends[0].wire.publish(largest.clone());
    ends[0].says(b"");
    ends[0].says(b"last");
    for end in &mut ends[1..] {
        assert_eq!(end.next().await, WireEvent::Message(Bytes::from_static(b"first")));
        assert_eq!(end.next().await, WireEvent::Message(largest.clone()));
        assert_eq!(end.next().await, WireEvent::Message(Bytes::new()));
        assert_eq!(end.next().await, WireEvent::Message(Bytes::from_static(b"last")));
    }
    ends[1].says(b"back");
    ends[0].hears(b"back").await;
    ends[2].hears(b"back").await;
}

/// A receiver that does not take what comes is told so, and hears what comes later.
async fn survives_a_slow_receiver(sender: End, mut slow: End, mut paced: End) {
    let mut number = 0_u64;
    let mut says = async |count: usize| {
        for _ in 0..count {
            number += 1;
            sender.wire.publish(Bytes::copy_from_slice(&number.to_be_bytes()));
        }
        while paced.message().await != number.to_be_bytes()[..] {}
    };
    let places = slow.events.max_capacity();
    loop {
        // Until its queue is full, and then some, which may or may not have come by when the queue is read.
        while slow.events.len() < places {
            says(100).await;
        }
        says(100).await;
        let mut taken = Vec::new();
        while let Ok(event) = slow.events.try_recv() {
            taken.push(event);
        }
        assert!(taken.len() <= places + 200, "{} events in a queue of {places}", taken.len());
        if taken.contains(&WireEvent::Interrupted) {
            break;
        }
        if slow.events.is_empty()
            && let Ok(WireEvent::Interrupted) = timeout(Duration::from_millis(10), slow.next()).await
        {
            break;
        }
    }
    sender.says(b"later");
    slow.hears(b"later").await;
}

#[tokio::test]
async fn in_memory() {
    let network = MemoryNetwork::reliable(1_000);
    carries([End::ready(network.end()).await, End::ready(network.end()).await, End::ready(network.end()).await]).await;
}

#[tokio::test]
async fn in_memory_with_every_fate() {
    let network = MemoryNetwork::new(1_000, |passage| match (passage.to, passage.message) {
        (1, b"lost") => Fate::Lost,
        (1, b"twice") => Fate::Twice,
        (1, b"late") => Fate::Behind(2),
        (1, b"never") => Fate::Behind(100),
        _ => Fate::Arrives,
    });
    let mut ends = [End::ready(network.end()).await, End::ready(network.end()).await, End::ready(network.end()).await];
    for message in [&b"late"[..], b"lost", b"twice", b"never", b"last"] {
        ends[0].says(message);
    }
    network.interrupt(1);
    network.release();
    for wanted in [&b"late"[..], b"lost", b"twice", b"never", b"last"] {
        assert_eq!(ends[2].next().await, WireEvent::Message(Bytes::from_static(wanted)));
    }
    for wanted in [&b"twice"[..], b"twice", b"late", b"last"] {
        assert_eq!(ends[1].next().await, WireEvent::Message(Bytes::from_static(wanted)));
    }
    assert_eq!(ends[1].next().await, WireEvent::Interrupted);
    assert_eq!(ends[1].next().await, WireEvent::Message(Bytes::from_static(b"never")));
    // An end that is slow is told.
    for _ in 0..2 * ends[1].events.max_capacity() {
        ends[2].says(b"more");
    }
    for _ in 0..ends[1].events.max_capacity() {
        assert_eq!(ends[1].next().await, WireEvent::Message(Bytes::from_static(b"more")));
    }
    ends[2].says(b"later");
    assert_eq!(ends[1].next().await, WireEvent::Interrupted);
    assert_eq!(ends[1].next().await, WireEvent::Message(Bytes::from_static(b"later")));
}

#[tokio::test]
async fn on_postgres() {
    let database = TestDatabase::new();
    let end = || End::ready(postgres_wire(database.target(), "one", 0, &Handle::current()));
    let other = |identity, part| End::ready(postgres_wire(database.target(), identity, part, &Handle::current()));
    let mut others = [other("other", 0).await, other("one", 1).await];
    carries([end().await, end().await, end().await]).await;
    for other in &mut others {
        assert!(other.events.try_recv().is_err(), "the other channel is another's");
    }
}

#[tokio::test]
async fn on_postgres_with_a_slow_receiver() {
    let database = TestDatabase::new();
    let end = || End::ready(postgres_wire(database.target(), "one", 0, &Handle::current()));
    survives_a_slow_receiver(end().await, end().await, end().await).await;
}

/// Connections that the server ends are made again, and both sides are told.
#[tokio::test]
async fn on_postgres_with_cut_connections() {
    let database = TestDatabase::new();
    let end = || End::ready(postgres_wire(database.target(), "one", 0, &Handle::current()));
    let (mut one, mut other) = (end().await, end().await);
    for _ in 0..3 {
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        database.run(cut);
        one.interrupted().await;
        other.interrupted().await;
        one.says(b"again");
        other.hears(b"again").await;
        other.says(b"as well");
        one.hears(b"as well").await;
    }
}

#[tokio::test]
async fn on_redis() {
    let identity = identity();
    let wire = |identity: &str, part| redis_wire(server::shared(), identity, part, &Handle::current()).unwrap();
    let end = || End::ready(wire(&identity, 0));
    let mut others = [End::ready(wire("other", 0)).await, End::ready(wire(&identity, 1)).await];
    carries([end().await, end().await, end().await]).await;
    for other in &mut others {
        assert!(other.events.try_recv().is_err(), "the other channel is another's");
    }
}

#[tokio::test]
async fn on_redis_with_a_slow_receiver() {
    let identity = identity();
    let end = || End::ready(redis_wire(server::shared(), &identity, 0, &Handle::current()).unwrap());
    survives_a_slow_receiver(end().await, end().await, end().await).await;
}

#[tokio::test]
async fn on_redis_with_cut_connections() {
    let server = TestRedis::start();
    let end = || End::ready(redis_wire(server.url(), "one", 0, &Handle::current()).unwrap());
    let (mut one, mut other) = (end().await, end().await);
    for _ in 0..3 {
        server.run(&["CLIENT", "KILL", "TYPE", "pubsub"]).await;
        one.interrupted().await;
        other.interrupted().await;
        one.says(b"again");
        other.hears(b"again").await;
        other.says(b"as well");
        one.hears(b"as well").await;
    }
}

/// A server that is stopped holds nobody up: messages are kept for it, as many as there is room for, and the connection is
/// made again once it goes on.
#[tokio::test]
async fn on_redis_that_is_stopped() {
    let server = TestRedis::start();
    let end = || End::ready(redis_wire(server.url(), "one", 0, &Handle::current()).unwrap());
    let (one, mut other) = (end().await, end().await);
    let process = server.process().await;
    let signal = |name: &str| assert!(Command::new("kill").args([name, &process]).status().unwrap().success());
    signal("-STOP");
    let begun = Instant::now();
    for _ in 0..100_000 {
        one.wire.publish(Bytes::from_static(&[7; 1_000]));
    }
    // Each takes less than a microsecond on an idle machine; a single wait for the server would take seconds.
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    other.says(b"as well");
    until(|| !one.wire.is_connected() && !other.wire.is_connected()).await;
    signal("-CONT");
    other.interrupted().await;
    until(|| one.wire.is_connected()).await;
    one.says(b"again");
    other.hears(b"again").await;
}

/// A server that comes later, and goes for good, is nothing that a wire ends by.
#[tokio::test]
async fn on_redis_that_is_not_there() {
    let gone = TestRedis::start();
    let url = gone.url().to_owned();
    let mut end = End::ready(redis_wire(&url, "one", 0, &Handle::current()).unwrap()).await;
    drop(gone);
    until(|| !end.wire.is_connected()).await;
    end.says(b"to nobody");
    assert_eq!(end.events.try_recv(), Err(TryRecvError::Empty));
}

#[tokio::test]
async fn on_redis_with_a_wrong_url() {
    for url in ["http://:secret@localhost", "redis://:secret@localhost:port", "redis:///", "not a url with secret"] {
        let Some(WireError::Url(why)) = redis_wire(url, "one", 0, &Handle::current()).err() else { panic!("{url}") };
        assert!(!why.is_empty() && !why.contains("secret"), "{why}");
    }
}

/// With a wrong password nothing is heard.
#[tokio::test]
async fn on_redis_with_a_wrong_password() {
    let server = TestRedis::start();
    let (_, address) = server.url().split_once('@').unwrap();
    let url = format!("redis://:wrong@{address}");
    let mut wrong = End::new(redis_wire(&url, "one", 0, &Handle::current()).unwrap());
    let right = End::ready(redis_wire(server.url(), "one", 0, &Handle::current()).unwrap()).await;
    right.says(b"in secret");
    assert!(!wrong.wire.is_connected());
    assert_eq!(wrong.events.try_recv(), Err(TryRecvError::Empty));
}

/// The certificate is checked: the authorities are those of the operating system, or of `SSL_CERT_FILE`. A process has one
/// environment, so that this test runs itself again in one that trusts the authority of the test.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_redis_with_tls() {
    const TRUSTED: &str = "TEST_REDIS_TRUSTED_URL";
    if let Ok(url) = std::env::var(TRUSTED) {
        let end = || End::ready(redis_wire(&url, "one", 0, &Handle::current()).unwrap());
        let (one, mut other) = (end().await, end().await);
        one.says(b"in secret");
        return other.hears(b"in secret").await;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(path("certificate"), certified.cert.pem()).unwrap();
    std::fs::write(path("key"), certified.signing_key.serialize_pem()).unwrap();
    let server = TestRedis::start_with(&[&path("certificate"), &path("key")]);
    assert!(server.url().starts_with("rediss://"));
    let mut stranger = End::new(redis_wire(server.url(), "one", 0, &Handle::current()).unwrap());
    let again = || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "on_redis_with_tls"])
            .env("SSL_CERT_FILE", path("certificate"))
            .env(TRUSTED, server.url())
            .output()
            .unwrap()
    };
    // Meanwhile the stranger tries to connect.
    let trusted = tokio::task::block_in_place(again);
    assert!(trusted.status.success(), "{}", String::from_utf8_lossy(&trusted.stdout));
    assert!(String::from_utf8_lossy(&trusted.stdout).contains("1 passed"));
    assert!(!stranger.wire.is_connected());
    assert_eq!(stranger.events.try_recv(), Err(TryRecvError::Empty));
}
