//! What a store on PostgreSQL does when the database has lost commits: the next incarnation begins, once, and what belongs
//! to the one before is refused.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::Arc;
use std::time::Duration;

use crate::support::postgres::TestDatabase;
use crate::support::{Bench, Home, Opening};
use quintet_domain::{Barrier, Environment, NodeId, Quotas};
use quintet_store::{Clock, PostgresStore, ReplyTo, Store, StoreError};
use tokio::sync::oneshot;

/// The columns of the row of a group that are not looked at.
const REST: &str = "0, '{}', '{}', '{}', '{}'";

fn open(database: &TestDatabase) -> (Bench, Arc<PostgresStore>) {
    let mut store = None;
    let bench = Bench::with(Arc::default(), Quotas::default(), Box::new(|| {}), |opening| {
        let Opening { environment, quotas, on_commit } = opening;
        let opened = PostgresStore::open(database.target(), Clock::Environment, environment, quotas, on_commit);
        let opened = Arc::new(opened.unwrap());
        store = Some(Arc::clone(&opened));
        (opened as Arc<dyn Store>, Home::Memory)
    });
    (bench, store.unwrap())
}

/// Lets the writer look at the database. Returns whether it could commit.
async fn look(store: &PostgresStore) -> Result<(), StoreError> {
    let (sender, answer) = oneshot::channel();
    store.submit(Barrier.into(), ReplyTo::Caller(sender)).await?;
    answer.await.unwrap().map(|_| ())
}

async fn is_over(store: &PostgresStore) -> bool {
    tokio::time::timeout(Duration::ZERO, store.over()).await.is_ok()
}

fn incarnation(database: &TestDatabase) -> i64 {
    database.number("SELECT incarnation FROM part")
}

/// Removes the newest groups, as a standby that lagged lacks them.
fn lose(database: &TestDatabase, groups: i64) {
    database.run(&format!(
        "DELETE FROM commit_group WHERE number > (SELECT max(number) FROM commit_group) - {groups};
         DELETE FROM change WHERE position > (SELECT max(position) FROM commit_group);
         DELETE FROM message WHERE position > (SELECT max(position) FROM commit_group)"
    ));
}

/// Commits a group as another process does that begins where this database ends.
fn other_group(database: &TestDatabase, mark: &str, positions: i64) {
    database.run(&format!(
        "INSERT INTO commit_group (part, number, position, mark, at, users, conversations, member_conversations, member_users)
         SELECT 1, max(number) + 1, max(position) + {positions}, '{mark}', {REST} FROM commit_group"
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newest_position_that_fell_begins_the_next_incarnation_once() {
    let database = TestDatabase::new();
    let (a, first) = open(&database);
    let (_b, second) = open(&database);
    for name in ["alice", "bob", "carol"] {
        a.user(name).await;
    }
    look(&second).await.unwrap();
    let before = first.identity().await.unwrap();
    lose(&database, 1);
    assert!(look(&first).await.is_err());
    let begun = incarnation(&database);
    assert!(begun > 0 && is_over(&first).await);
    // The second one knows what was lost as well, and begins no other.
    assert!(!is_over(&second).await);
    assert!(look(&second).await.is_err());
    assert!(is_over(&second).await);
    assert_eq!(incarnation(&database), begun);
    // What is over refuses everything, and a store that is opened again goes on.
    assert!(look(&first).await.is_err());
    let (again, third) = open(&database);
    look(&third).await.unwrap();
    // The new process would count its ids from the beginning.
    (0..10).for_each(|_| drop(again.environment.new_id()));
    again.user("dave").await;
    let after = third.identity().await.unwrap();
    assert!(after != before && after.starts_with(&before), "{after}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_mark_at_the_position_that_is_known_begins_the_next_incarnation() {
    for groups_since in [0, 3] {
        let database = TestDatabase::new();
        let (a, first) = open(&database);
        a.user("alice").await;
        a.user("bob").await;
        let newest = || database.number("SELECT max(position) FROM commit_group");
        let before = newest();
        lose(&database, 1);
        // The other history has as many positions, or more.
        other_group(&database, "another", before - newest());
        (0..groups_since).for_each(|_| other_group(&database, "later", 1));
        assert!(look(&first).await.is_err());
        assert!(incarnation(&database) > 0 && is_over(&first).await, "{groups_since} groups later");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_learns_by_its_heartbeat_and_by_its_reads() {
    let database = TestDatabase::new();
    let (a, first) = open(&database);
    let user = a.user("alice").await;
    let (b, second) = open(&database);
    database.run("UPDATE part SET incarnation = 7");
    first.heartbeat(NodeId(1), None).await.unwrap();
    assert!(is_over(&first).await);
    assert!(second.replay_since(user, false, 0.into()).await.is_err());
    assert!(is_over(&second).await);
    drop((a, b));
}

/// A backup from before an incarnation began has an older number; what begins then is newer than both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incarnation_that_was_lost_is_not_gone_back_to() {
    let database = TestDatabase::new();
    let (a, _first) = open(&database);
    a.user("alice").await;
    database.run("UPDATE part SET incarnation = 7");
    let (_b, second) = open(&database);
    look(&second).await.unwrap();
    database.run("UPDATE part SET incarnation = 3");
    assert!(look(&second).await.is_err());
    assert!(incarnation(&database) > 7 && is_over(&second).await);
}

/// No process that runs remembers anything; only the server's history tells that something may be lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_begins_on_another_timeline_begins_the_next_incarnation() {
    let database = TestDatabase::new();
    let (a, first) = open(&database);
    a.user("alice").await;
    let history = database.text("SELECT history FROM part");
    assert!(history.contains('/'), "{history}");
    // A process that knows the newest groups finds that nothing was lost, and notes that.
    database.run("UPDATE part SET history = 'another'");
    look(&first).await.unwrap();
    assert_eq!((database.text("SELECT history FROM part"), incarnation(&database)), (history.clone(), 0));
    // One that begins cannot know.
    database.run("UPDATE part SET history = 'another'");
    let (_b, second) = open(&database);
    assert!(incarnation(&database) > 0);
    assert_eq!(database.text("SELECT history FROM part"), history);
    look(&second).await.unwrap();
    assert!(!is_over(&second).await);
    assert!(look(&first).await.is_err());
    assert!(is_over(&first).await);
}
