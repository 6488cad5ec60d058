//! The table of nodes: who is alive by the clock of the database, whatever happens to connections.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::Arc;

use crate::support::Counting;
use crate::support::postgres::TestDatabase;
use quintet_domain::{Barrier, NodeId, Quotas};
use quintet_store::{Clock, FreshNode, PostgresStore, ReplyTo, Store};

fn store(database: &TestDatabase) -> PostgresStore {
    let environment = Arc::new(Counting::default());
    PostgresStore::open(database.target(), Clock::Database, environment, Quotas::default(), Box::new(|_| {})).unwrap()
}

fn fresh(id: u64, address: Option<&str>) -> FreshNode {
    FreshNode { id: NodeId(id), address: address.map(str::to_owned) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_know_of_each_other_while_they_are_alive() {
    let database = TestDatabase::new();
    let (here, there) = (store(&database), store(&database));
    // The numbers of nodes are random, and half of them are beyond what a signed number holds.
    let (a, b) = (NodeId(u64::MAX - 7), NodeId(7));
    let alone = here.heartbeat(a, None).await.unwrap();
    assert_eq!((alone.position, alone.others), (0, Vec::new()));
    let address = || Some("http://127.0.0.1:4000".to_owned());
    assert_eq!(there.heartbeat(b, address()).await.unwrap().others, [fresh(a.0, None)]);
    assert_eq!(here.heartbeat(a, None).await.unwrap().others, [fresh(b.0, address().as_deref())]);
    // An address is replaced by the next heartbeat.
    there.heartbeat(b, None).await.unwrap();
    assert_eq!(here.heartbeat(a, None).await.unwrap().others, [fresh(b.0, None)]);

    database.run("UPDATE node SET seen_at = seen_at - interval '16 seconds' WHERE id = 7");
    assert_eq!(here.heartbeat(a, None).await.unwrap().others, [], "its heartbeat is too old");
    assert_eq!(database.number("SELECT count(*) FROM node"), 2);
    database.run("UPDATE node SET seen_at = seen_at - interval '1 hour' WHERE id = 7");
    here.heartbeat(a, None).await.unwrap();
    assert_eq!(database.number("SELECT count(*) FROM node"), 1, "it ended long ago");
    // It lived all the same.
    there.heartbeat(b, None).await.unwrap();
    assert_eq!(here.heartbeat(a, None).await.unwrap().others, [fresh(b.0, None)]);

    there.leave(b).await.unwrap();
    there.leave(b).await.unwrap();
    assert_eq!(here.heartbeat(a, None).await.unwrap().others, []);
    here.close().await;
    there.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_heartbeat_tells_the_newest_position() {
    let database = TestDatabase::new();
    let store = store(&database);
    database.run(
        "INSERT INTO commit_group VALUES (1, 1, 41, '', 0, '{}', '{}', '{}', '{}'), (1, 2, 43, '', 0, '{}', '{}', '{}', '{}')",
    );
    assert_eq!(store.heartbeat(NodeId(1), None).await.unwrap().position, 43);
    store.close().await;
}

/// Connections that the server ends are made again, and writes and heartbeats do not wait for each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heartbeats_go_on() {
    let database = TestDatabase::new();
    let stores: Vec<Arc<PostgresStore>> = (0..4).map(|_| Arc::new(store(&database))).collect();
    // Rows that all of them remove at the same time.
    database.run("INSERT INTO node SELECT n, NULL, now() - interval '2 hours' FROM generate_series(100, 400) n");
    for _ in 0..3 {
        let beats = stores.iter().cloned().enumerate().map(|(number, store)| {
            tokio::spawn(async move {
                for _ in 0..20 {
                    store.heartbeat(NodeId(number as u64), None).await.unwrap();
                    store.submit(Barrier.into(), ReplyTo::Nobody).await.unwrap();
                }
            })
        });
        for beat in beats.collect::<Vec<_>>() {
            beat.await.unwrap();
        }
        database.run(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = '{}' AND application_name = 'quintet'",
            database.name()
        ));
    }
    assert_eq!(stores[0].heartbeat(NodeId(0), None).await.unwrap().others.len(), 3);
    assert_eq!(database.number("SELECT count(*) FROM node"), 4);
    for store in stores {
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_gone_is_said() {
    let database = TestDatabase::new();
    let store = store(&database);
    store.heartbeat(NodeId(1), None).await.unwrap();
    drop(database);
    store.heartbeat(NodeId(1), None).await.unwrap_err();
    store.leave(NodeId(1)).await.unwrap_err();
    store.close().await;
}
