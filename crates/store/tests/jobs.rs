//! Periodic work that one node at a time does.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::Arc;
use std::time::Duration;

use crate::support::Counting;
use crate::support::postgres::TestDatabase;
use quintet_domain::Quotas;
use quintet_store::{Clock, Job, Jobs, PostgresStore, Store};

fn node(database: &TestDatabase) -> PostgresStore {
    let environment = Arc::<Counting>::default();
    PostgresStore::open(database.target(), Clock::Database, environment, Quotas::default(), Box::new(|_| {})).unwrap()
}

fn jobs(store: &PostgresStore) -> &dyn Jobs {
    store.jobs().unwrap()
}

#[tokio::test]
async fn a_job_is_done_by_one_node_at_a_time() {
    let database = TestDatabase::new();
    let nodes = [node(&database), node(&database), node(&database)];
    let take = async |at: usize, some: &[Job]| jobs(&nodes[at]).take(some.to_vec()).await.unwrap();
    // All nodes ask at the same moment.
    let asked = futures_util::future::join_all((0..3).map(|at| take(at, &Job::ALL))).await;
    let mut taken: Vec<&str> = asked.iter().flatten().map(|(job, _)| job.name()).collect();
    taken.sort_unstable();
    assert_eq!(taken, ["erasure", "files", "guests", "meetups", "prune", "push", "retention"]);
    assert_eq!(take(0, &Job::ALL).await, [], "they are being done");
    // It is done, and due again at once; the next node goes on where it ended.
    jobs(&nodes[0]).done(Job::Files, 42, Duration::ZERO).await.unwrap();
    jobs(&nodes[0]).done(Job::Prune, 7, Duration::from_secs(3_600)).await.unwrap();
    assert_eq!(take(1, &[Job::Meetups]).await, []);
    assert_eq!(take(1, &Job::ALL).await, [(Job::Files, 42)]);
    assert_eq!(take(2, &Job::ALL).await, []);
    // A node that took it and is gone is replaced.
    database.run("UPDATE job SET due_at = due_at - interval '61 seconds' WHERE name = 'files'");
    assert_eq!(take(2, &Job::ALL).await, [(Job::Files, 42)]);
    for node in nodes {
        node.close().await;
    }
}

#[tokio::test]
async fn a_webhook_has_one_holder_at_a_time() {
    let database = TestDatabase::new();
    let nodes = [node(&database), node(&database)];
    let hold = async |at: usize, id: &str| jobs(&nodes[at]).hold(id.to_owned(), at as u64 + 7).await.unwrap();
    assert!(hold(0, "a").await && hold(1, "b").await);
    assert!(!hold(1, "a").await && !hold(0, "b").await, "others have them");
    assert!(hold(0, "a").await, "a holder says it again");
    // One that gives it up is followed at once, and one that is gone after a time.
    jobs(&nodes[0]).give_up("a".to_owned(), 7).await.unwrap();
    jobs(&nodes[0]).give_up("b".to_owned(), 7).await.unwrap();
    assert!(hold(1, "a").await && !hold(0, "b").await, "nobody gives up what others have");
    database.run("UPDATE job SET due_at = due_at - interval '16 seconds' WHERE name = 'webhook b'");
    assert!(hold(0, "b").await && !hold(1, "b").await);
    for node in nodes {
        node.close().await;
    }
}
