//! What all nodes over one database count together.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::Arc;

use crate::support::Counting;
use crate::support::postgres::TestDatabase;
use quintet_domain::Quotas;
use quintet_domain::limits::{LOGIN_BACKOFF_SECONDS, LOGIN_FAILURES_MAX};
use quintet_store::{Clock, PostgresStore, SharedCounts, SharedRate, Store};

fn node(database: &TestDatabase) -> PostgresStore {
    let environment = Arc::<Counting>::default();
    PostgresStore::open(database.target(), Clock::Database, environment, Quotas::default(), Box::new(|_| {})).unwrap()
}

fn counts(store: &PostgresStore) -> &dyn SharedCounts {
    store.shared_counts().unwrap()
}

/// A rate that refills once an hour.
fn hourly(key: &str, burst: u64) -> SharedRate {
    SharedRate { key: key.to_owned(), interval_us: 3_600_000_000, burst }
}

#[tokio::test]
async fn a_burst_is_one_for_all_nodes() {
    let database = TestDatabase::new();
    let (here, there) = (node(&database), node(&database));
    for turn in 0..10 {
        let store = if turn % 2 == 0 { &here } else { &there };
        assert_eq!(counts(store).admit(vec![hourly("a", 10)]).await.unwrap(), None, "{turn}");
    }
    for store in [&here, &there] {
        let wait = counts(store).admit(vec![hourly("a", 10)]).await.unwrap().unwrap();
        assert!((3_500_000_000..=3_600_000_000).contains(&wait), "{wait}");
        assert_eq!(counts(store).admit(vec![hourly("b", 10)]).await.unwrap(), None, "another key has its own burst");
    }
    // Of several keys each one may refuse.
    let both = || vec![hourly("c", 1), hourly("a", 10)];
    assert!(counts(&here).admit(both()).await.unwrap().is_some());
    here.close().await;
    there.close().await;
}

/// However many nodes count at the same moment, exactly a burst is admitted.
#[tokio::test]
async fn attempts_at_one_moment() {
    let database = TestDatabase::new();
    let nodes = [node(&database), node(&database), node(&database)];
    let attempts = (0..60).map(|number| counts(&nodes[number % 3]).admit(vec![hourly("a", 20)]));
    let answers = futures_util::future::join_all(attempts).await;
    assert_eq!(answers.into_iter().filter(|answer| matches!(answer, Ok(None))).count(), 20);
}

#[tokio::test]
async fn failures_are_waited_for_on_all_nodes() {
    let database = TestDatabase::new();
    let nodes = [node(&database), node(&database)];
    let attempt = async |at: usize| counts(&nodes[at % 2]).attempt("alice".to_owned()).await.unwrap();
    for at in 0..LOGIN_FAILURES_MAX as usize {
        assert_eq!(attempt(at).await, None, "{at}");
    }
    let first_ms = LOGIN_BACKOFF_SECONDS * 1_000;
    for at in 0..2 {
        let wait = attempt(at).await.unwrap();
        assert!((1..=first_ms).contains(&wait), "{wait}");
    }
    // Once that time is over, the next attempt is made, and the one after it waits twice as long.
    database.run("UPDATE login_failure SET last_ms = last_ms - 6000");
    assert_eq!(attempt(0).await, None);
    let wait = attempt(1).await.unwrap();
    assert!((first_ms..=2 * first_ms).contains(&wait), "{wait}");
    // An attempt that was not checked does not count.
    counts(&nodes[0]).uncount("alice".to_owned()).await.unwrap();
    assert!(attempt(1).await.unwrap() <= first_ms);
    database.run("UPDATE login_failure SET last_ms = last_ms - 3600001");
    assert_eq!(attempt(1).await, None, "forgotten after an hour");
    assert_eq!(database.number("SELECT count FROM login_failure"), 1);
    for _ in 0..LOGIN_FAILURES_MAX {
        attempt(0).await;
    }
    assert!(attempt(1).await.is_some());
    counts(&nodes[1]).succeeded("alice".to_owned()).await.unwrap();
    assert_eq!(attempt(0).await, None);
    // The connection is made again when it was lost.
    database.run(&format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = '{}' AND application_name = 'quintet'",
        database.name()
    ));
    assert_eq!(attempt(0).await, None);
}

/// What does not count any more is removed, and of very many rows the older half.
#[tokio::test]
async fn the_tables_are_bounded() {
    let database = TestDatabase::new();
    let store = node(&database);
    let rows = |table: &str| database.number(&format!("SELECT count(*) FROM {table}"));
    let sweep = async || counts(&store).sweep().await.unwrap();
    counts(&store).admit(vec![hourly("a", 10), SharedRate { interval_us: 1, ..hourly("b", 1) }]).await.unwrap();
    counts(&store).attempt("a".to_owned()).await.unwrap();
    database.run("INSERT INTO login_failure SELECT 'old', 3, last_ms - 3600001 FROM login_failure");
    sweep().await;
    assert_eq!((rows("shared_rate"), rows("login_failure")), (1, 1));
    database.run(
        "INSERT INTO shared_rate SELECT 'r' || n, r.used_up_us + n FROM shared_rate r, generate_series(1, 100000) n;
         INSERT INTO login_failure SELECT 'f' || n, 1, f.last_ms + n FROM login_failure f, generate_series(1, 100000) n",
    );
    sweep().await;
    assert_eq!((rows("shared_rate"), rows("login_failure")), (50_000, 50_000));
    assert_eq!(database.number("SELECT count(*) FROM shared_rate WHERE key = 'r100000'"), 1, "the newer half stays");
    sweep().await;
    assert_eq!((rows("shared_rate"), rows("login_failure")), (50_000, 50_000));
}
