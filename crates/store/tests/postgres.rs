//! What a store on PostgreSQL does when connections are lost: nothing that was acknowledged is lost or doubled.

#![allow(clippy::unwrap_used, clippy::cloned_ref_to_slice_refs, reason = "a panic is how a test fails")]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use crate::support::postgres::TestDatabase;
use crate::support::{Bench, Home, Opening, message};
use quintet_domain::{
    Barrier, ConversationId, ConversationKind, CreateConversation, Event, NewConversation, Quotas, RemoveMember, UserId,
};
use quintet_store::{Clock, PageOf, Party, PostgresStore, PostgresTarget, ReplyTo, Store};

/// What a proxy does with the writer's next COMMIT.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Fault {
    None,
    /// The connection is lost before the server gets it.
    Before,
    /// The server gets it, and its answer is lost.
    After,
}

/// A proxy before the database, which loses connections when it is told to.
struct Proxy {
    port: u16,
    fault: Arc<AtomicU8>,
}

impl Proxy {
    fn start(database: &TestDatabase) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, fault) = (listener.local_addr().unwrap().port(), Arc::<AtomicU8>::default());
        let (socket, told) = (database.socket(), Arc::clone(&fault));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, server) = (client.unwrap(), UnixStream::connect(&socket).unwrap());
                let (answers, to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let requests = Connection { fault: Arc::clone(&told), is_writer: Arc::default() };
                let replies = requests.clone();
                std::thread::spawn(move || forward_answers(answers, to_client, &replies));
                std::thread::spawn(move || forward_requests(client, server, &requests));
            }
        });
        Self { port, fault }
    }

    fn tell(&self, fault: Fault) {
        self.fault.store(fault as u8, Ordering::SeqCst);
    }
}

/// The statement that only the writer runs. Connections that do other work commit, too.
const LOCKS: &[u8] = b"FROM part WHERE id = 1 FOR UPDATE";
/// The end of the simple query, and of the tag that the server answers it with.
const COMMIT: &[u8] = b"COMMIT\0";

/// A connection through the proxy.
#[derive(Clone)]
struct Connection {
    fault: Arc<AtomicU8>,
    is_writer: Arc<AtomicBool>,
}

impl Connection {
    /// Whether the writer's COMMIT is among the bytes, and what is to happen with it is `fault`, which happens once.
    fn is_hit(&self, bytes: &[u8], fault: Fault) -> bool {
        let (fault, none) = (fault as u8, Fault::None as u8);
        contains(bytes, COMMIT)
            && self.is_writer.load(Ordering::SeqCst)
            && self.fault.compare_exchange(fault, none, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn forward_requests(mut client: TcpStream, mut server: UnixStream, connection: &Connection) {
    let mut bytes = [0; 65_536];
    while let Ok(read @ 1..) = client.read(&mut bytes) {
        if contains(&bytes[..read], LOCKS) {
            connection.is_writer.store(true, Ordering::SeqCst);
        }
        if connection.is_hit(&bytes[..read], Fault::Before) || server.write_all(&bytes[..read]).is_err() {
            break;
        }
    }
    let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
}

fn forward_answers(mut server: UnixStream, mut client: TcpStream, connection: &Connection) {
    let mut bytes = [0; 65_536];
    while let Ok(read @ 1..) = server.read(&mut bytes) {
        if connection.is_hit(&bytes[..read], Fault::After) || client.write_all(&bytes[..read]).is_err() {
            break;
        }
    }
    let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
}

fn bench_on(target: PostgresTarget) -> Bench {
    let open = |Opening { environment, quotas, on_commit }| {
        let opened = PostgresStore::open(target, Clock::Environment, environment, quotas, on_commit).unwrap();
        (Arc::new(opened) as Arc<dyn Store>, Home::Memory)
    };
    Bench::with(Arc::default(), Quotas::default(), Box::new(|| {}), open)
}

fn sent(bench: &Bench) -> Vec<String> {
    let entries = bench.entries.lock().unwrap();
    let contents = entries.iter().filter_map(|entry| match &entry.event {
        Event::MessageCreated(message) => Some(message.content.clone()),
        _ => None,
    });
    contents.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_outcome_of_a_commit_is_found_out() {
    let database = TestDatabase::new();
    let proxy = Proxy::start(&database);
    let url = format!("postgres://postgres@127.0.0.1:{}/{}?sslmode=disable", proxy.port, database.name());
    let bench = bench_on(PostgresTarget::parse(&url, None).unwrap());
    let a = bench.user("a").await;
    let group = bench.conversation(&a, ConversationKind::Group, false, &[]).await;
    let before = bench.write(Barrier).await.unwrap();

    proxy.tell(Fault::After);
    let first = bench.write(message(&a, &group, "kept", Some("1"))).await.expect("it was committed");
    proxy.tell(Fault::Before);
    bench.write(message(&a, &group, "lost", Some("2"))).await.expect_err("it was not committed");
    assert_eq!(bench.write(Barrier).await.unwrap(), before + 1);
    // The cache is right, and positions go on without a gap.
    let again = bench.write(message(&a, &group, "kept", Some("1"))).await.unwrap();
    assert!(again.repeated && again.message == first.message);
    let next = bench.write(message(&a, &group, "lost", Some("2"))).await.unwrap();
    assert_eq!((next.repeated, next.message.sequence), (false, first.message.sequence + 1));
    assert_eq!(bench.settled().await, before + 2);
    assert_eq!(sent(&bench), ["kept", "lost"], "each is handed on once");
    assert_eq!(database.number("SELECT count(*) FROM message"), 2);
    bench.store.close().await;
}

/// What a send asks for is read with the lock of the order, whatever the cache has.
#[tokio::test]
async fn sends_wait_for_no_statement() {
    let database = TestDatabase::new();
    let bench = bench_on(database.target());
    let mut users = Vec::new();
    for name in ["a", "b", "c"] {
        users.push(bench.user(name).await);
    }
    let group = bench.conversation(&users[0], ConversationKind::Group, false, &users[1..]).await;
    bench.send(&users[0], &group, "first").await.unwrap();
    bench.store.close().await;
    let opened = PostgresStore::open(
        database.target(),
        Clock::Environment,
        Arc::clone(&bench.environment) as Arc<dyn quintet_domain::Environment>,
        Quotas::default(),
        Box::new(|_| {}),
    );
    let store = opened.unwrap();
    for number in 0..30 {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let id = format!("id {}", number / 2);
        let send = message(&users[number % 3], &group, "more", Some(&id));
        store.submit(send.into(), ReplyTo::Caller(sender)).await.unwrap();
        receiver.await.unwrap().unwrap();
    }
    // Each of the two who had sent nothing yet is an author from now on; that nobody knew is foreseen as well, but only
    // the presence of a row is kept.
    assert!(store.waited_for() <= 2, "{}", store.waited_for());
    store.close().await;
}

/// While somebody has a transaction open, old versions of rows stay where they are, and each lookup of a row passes all of
/// its versions. So the row of a conversation that is written to all the time is not updated, and what messages change
/// of it is read from the newest one: by lists, and by a process that begins with an empty cache.
#[tokio::test]
async fn messages_update_no_row_of_their_conversation() {
    let database = TestDatabase::new();
    let bench = bench_on(database.target());
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let group = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    let other = bench.conversation(&a, ConversationKind::Group, false, &[]).await;
    let versions = || database.text("SELECT string_agg(xmin::text, ',' ORDER BY pk) FROM conversation");
    let before = versions();
    for number in 0..40 {
        bench.send(&a, &group, &number.to_string()).await.unwrap();
    }
    assert_eq!(versions(), before);

    bench.environment.pass_ms(1_000);
    let last = bench.send(&a, &other, "newest").await.unwrap().message;
    let (items, sequence) = listed(&*bench.store, &a).await;
    assert_eq!(items, [other.clone(), group.clone()], "by what was said last");
    assert_eq!(sequence, last.sequence);
    // A change that is no message writes the row, and the messages behind it do not.
    bench
        .write(RemoveMember { actor: crate::support::actor(&a), conversation: group.clone(), user: b, reason: None })
        .await
        .unwrap();
    let changed = versions();
    assert_ne!(changed, before);
    let said = bench.send(&a, &group, "after it").await.unwrap().message;
    assert_eq!(versions(), changed);
    bench.store.close().await;

    let again = bench_on(database.target());
    let (items, sequence) = listed(&*again.store, &a).await;
    assert_eq!((items, sequence), (vec![group.clone(), other], said.sequence));
    let next = again.send(&a, &group, "goes on").await.unwrap().message;
    assert_eq!(next.sequence, said.sequence + 1);
    again.store.close().await;
}

/// The conversations of a user in the order of their list, and the sequence number of the first.
async fn listed(store: &dyn Store, user: &UserId) -> (Vec<ConversationId>, u64) {
    let items = store.conversations(user.clone(), None, 10).await.unwrap().items;
    let sequence = items[0].sequence;
    assert_eq!(items[0].last_message.as_ref().map(|message| message.sequence), Some(sequence));
    (items.into_iter().map(|item| item.conversation.id.clone()).collect(), sequence)
}

/// A statement that fails refuses its own write, and no other of the group; one that was left for the end of the group
/// refuses the group.
#[tokio::test]
async fn statements_that_fail() {
    let database = TestDatabase::new();
    let bench = bench_on(database.target());
    let a = bench.user("a").await;
    let group = bench.conversation(&a, ConversationKind::Group, false, &[]).await;
    database.run(
        "CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
         CREATE TRIGGER bad BEFORE INSERT ON conversation FOR EACH ROW WHEN (NEW.name = 'bad') EXECUTE FUNCTION fails();
         CREATE TRIGGER bad BEFORE INSERT ON message FOR EACH ROW WHEN (NEW.content = 'bad') EXECUTE FUNCTION fails()",
    );
    let before = bench.write(Barrier).await.unwrap();
    let bad = || {
        let new = NewConversation {
            name: Some("bad".to_owned()),
            ..crate::support::new_conversation(ConversationKind::Room, true, &[])
        };
        CreateConversation { actor: crate::support::actor(&a), new }
    };
    for round in 0..3 {
        let first = bench.start(message(&a, &group, "1", None)).await;
        let (failed, last) = (bench.start(bad()).await, bench.start(message(&a, &group, "2", None)).await);
        assert!(
            first.await.unwrap().is_ok() && failed.await.unwrap().is_err() && last.await.unwrap().is_ok(),
            "{round}"
        );
    }
    bench.write(message(&a, &group, "bad", None)).await.expect_err("the group was not committed");
    let sent = bench.write(message(&a, &group, "3", None)).await.unwrap();
    assert_eq!(sent.message.sequence, 7);
    assert_eq!(bench.settled().await, before + 7);
    assert_eq!(database.number("SELECT count(*) FROM message"), 7);
    bench.store.close().await;
}

/// The server ends all connections again and again while messages are sent. Whatever was refused is sent again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_the_server_ends() {
    const MESSAGES: usize = 300;
    let database = TestDatabase::new();
    let bench = bench_on(database.target());
    let a = bench.user("a").await;
    let group = bench.conversation(&a, ConversationKind::Group, false, &[]).await;
    for number in 0..MESSAGES {
        if number % 60 == 30 {
            database.run(&format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = '{}' AND application_name = 'quintet'",
                database.name()
            ));
        }
        let send = || message(&a, &group, &number.to_string(), Some(&number.to_string()));
        while bench.write(send()).await.is_err() {}
        // Reads connect again as well.
        let page = bench.store.messages(Party::Server, a.clone(), group.clone(), PageOf::Newest, 1).await.unwrap();
        assert_eq!(page.items[0].content, number.to_string());
    }
    bench.settled().await;
    let expected: Vec<String> = (0..MESSAGES).map(|number| number.to_string()).collect();
    assert_eq!(sent(&bench), expected);
    assert_eq!(database.number("SELECT count(*) FROM message"), MESSAGES as i64);
    bench.store.close().await;
}
