//! Copies of an installation from SQLite to PostgreSQL and back.

#![allow(clippy::unwrap_used, clippy::cloned_ref_to_slice_refs, reason = "a panic is how a test fails")]

mod filled;

use std::path::Path;
use std::sync::Arc;

use crate::support::postgres::TestDatabase;
use crate::support::{Bench, Counting, Home, message};
use filled::{dump, fill, unfilled};
use quintet_domain::{Barrier, ConversationKind, Quotas};
use quintet_store::{
    Clock, Copied, CopyError, CopyProgress, Location, OpenError, PageOf, Party, Place, PostgresStore, SqliteStore, copy,
};

/// The tables that were begun, and the rows that were copied.
#[derive(Default)]
struct Seen {
    tables: Vec<(String, u64)>,
    rows: u64,
}

impl CopyProgress for Seen {
    fn begins(&mut self, table: &str, rows: u64) {
        self.tables.push((table.to_owned(), rows));
    }

    fn copied(&mut self, rows: u64) {
        self.rows += rows;
    }
}

fn folder_of(folder: &Path) -> Place {
    Place::Folder(folder.to_owned())
}

fn database_of(database: &TestDatabase) -> Place {
    Place::Database(Box::new(database.target()))
}

/// Copies, outside of the test's runtime, as a copy has runtimes of its own.
fn try_copy(from: &Place, to: &Place, rest: Result<(), String>) -> Result<(Copied, Seen), CopyError> {
    let work = || {
        let mut seen = Seen::default();
        copy(from, to, &mut seen, |_| rest).map(|copied| (copied, seen))
    };
    std::thread::scope(|scope| scope.spawn(work).join().unwrap())
}

fn copied(from: &Place, to: &Place) -> (Copied, Seen) {
    try_copy(from, to, Ok(())).unwrap()
}

/// An empty database of SQLite in a folder.
fn empty() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    drop(SqliteStore::database(&Location::Folder(folder.path().to_owned())).unwrap());
    folder
}

/// Every column of every table comes back as it was. A column that is added to the schema and not to the list of what is
/// copied fails here.
#[test]
fn every_column_there_and_back() {
    let (folder, database, back) = (empty(), TestDatabase::new(), tempfile::tempdir().unwrap());
    fill(folder.path());
    let original = dump(folder.path());
    let (there, seen) = copied(&folder_of(folder.path()), &database_of(&database));
    assert_eq!(there.position, 2);
    assert_eq!((seen.rows, seen.tables.len()), (there.rows, there.tables));
    assert!(seen.tables.iter().any(|table| *table == ("user".to_owned(), 2)), "{:?}", seen.tables);
    assert_eq!(unfilled(&database), Vec::<String>::new(), "columns of PostgreSQL to which nothing is copied");
    let (again, _) = copied(&database_of(&database), &folder_of(back.path()));
    assert_eq!(again, there);
    for (original, back) in original.iter().zip(&dump(back.path())) {
        assert_eq!(original, back);
    }
    // Both ends stay usable.
    assert_eq!(database.number("SELECT count(*) FROM incomplete_copy"), 0);
    drop(SqliteStore::database(&Location::Existing(back.path().to_owned())).unwrap());
}

/// What PostgreSQL cannot store in a text is replaced, and counted.
#[test]
fn characters_that_cannot_be_stored() {
    let (folder, database) = (empty(), TestDatabase::new());
    fill(folder.path());
    let sql = "UPDATE message SET content = 'a' || char(0) || 'b' || char(0) WHERE position = 1";
    rusqlite::Connection::open(folder.path().join("quintet.sqlite3")).unwrap().execute(sql, []).unwrap();
    let (there, _) = copied(&folder_of(folder.path()), &database_of(&database));
    assert_eq!(there.replaced, 2);
    let sql = "SELECT count(*) FROM message WHERE content = 'a' || chr(65533) || 'b' || chr(65533)";
    assert_eq!(database.number(sql), 1);
}

fn on_postgres(database: &TestDatabase, environment: Arc<Counting>) -> Bench {
    Bench::with(environment, Quotas::default(), Box::new(|| {}), |opening| {
        let (environment, quotas) = (opening.environment, opening.quotas);
        let store = PostgresStore::open(database.target(), Clock::Environment, environment, quotas, opening.on_commit);
        (Arc::new(store.unwrap()), Home::Memory)
    })
}

/// A store goes on where the other one was: with its identity, its positions, and for whoever comes back with an offset.
#[tokio::test]
async fn a_store_goes_on_in_the_other_database() {
    let (bench, folder) = Bench::in_file();
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let group = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    bench.send(&a, &group, "before").await.unwrap();
    let offset = bench.settled().await;
    bench.write(message(&a, &group, "missed", Some("mine"))).await.unwrap();
    let (position, identity) = (bench.settled().await, bench.store.identity().await.unwrap());
    bench.store.close().await;
    let environment = Arc::clone(&bench.environment);
    drop(bench);

    let (database, back) = (TestDatabase::new(), tempfile::tempdir().unwrap());
    // A database without tables is as good as one with empty ones.
    database.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    let (there, _) = copied(&folder_of(folder.path()), &database_of(&database));
    assert_eq!(there.position, position);
    let bench = on_postgres(&database, Arc::clone(&environment));
    assert_eq!(bench.store.identity().await.unwrap(), identity);
    let replayed = bench.store.replay_since(b.clone(), false, offset.into()).await.unwrap();
    assert_eq!(replayed.entries.as_ref().map(Vec::len), Some(1), "{replayed:?}");
    let again = bench.write(message(&a, &group, "missed", Some("mine"))).await.unwrap();
    assert!(again.repeated, "a repeated send is known");
    bench.send(&b, &group, "after").await.unwrap();
    assert_eq!(bench.settled().await, position + 1);
    bench.store.close().await;
    drop(bench);

    let (home, _) = copied(&database_of(&database), &folder_of(back.path()));
    assert_eq!(home.position, position + 1);
    let bench = Bench::open(&Location::Existing(back.path().to_owned()), environment, Quotas::default());
    assert_eq!(bench.store.identity().await.unwrap(), identity);
    assert_eq!(bench.write(Barrier).await.unwrap(), position + 1);
    let page = bench.store.messages(Party::Server, a, group, PageOf::Newest, 10).await.unwrap();
    let texts: Vec<&str> = page.items.iter().map(|message| message.content.as_str()).collect();
    assert_eq!(texts, ["before", "missed", "after"]);
    bench.store.close().await;
}

/// A copy that did not end is opened by no server, and is made anew by another copy.
#[test]
fn a_copy_that_failed_says_so() {
    let (folder, database, back) = (empty(), TestDatabase::new(), tempfile::tempdir().unwrap());
    fill(folder.path());
    let (from, to, home) = (folder_of(folder.path()), database_of(&database), folder_of(back.path()));
    let failed =
        |from: &Place, to: &Place| try_copy(from, to, Err("no files".to_owned())).map(|_| ()).unwrap_err().to_string();
    assert_eq!(failed(&from, &to), "no files");
    let opened = PostgresStore::open(
        database.target(),
        Clock::Environment,
        Arc::<Counting>::default(),
        Quotas::default(),
        Box::new(|_| {}),
    );
    assert!(matches!(opened.map(|_| ()), Err(OpenError::Incomplete(_))));
    let refused = try_copy(&to, &home, Ok(())).map(|_| ());
    assert!(matches!(refused, Err(CopyError::Open(OpenError::Incomplete(_)))), "{refused:?}");
    copied(&from, &to);
    assert_eq!(failed(&to, &home), "no files");
    let location = Location::Folder(back.path().to_owned());
    let opened = SqliteStore::database(&location).map(|_| ());
    assert!(matches!(opened, Err(OpenError::Incomplete(_))), "{opened:?}");
    copied(&to, &home);
    assert_eq!(dump(folder.path()), dump(back.path()));
    // Which brings the keys of names up to date.
    drop(SqliteStore::database(&location).unwrap());
}

/// Nothing is replaced, and nothing is copied that somebody uses.
#[tokio::test]
async fn what_is_refused() {
    let (folder, database) = (empty(), TestDatabase::new());
    fill(folder.path());
    let (from, to) = (folder_of(folder.path()), database_of(&database));
    let refused = |from: &Place, to: &Place| try_copy(from, to, Ok(())).map(|_| ()).unwrap_err();
    assert!(matches!(refused(&from, &from), CopyError::SameKind));
    let bench = Bench::open(&Location::Existing(folder.path().to_owned()), Arc::default(), Quotas::default());
    assert!(matches!(refused(&from, &to), CopyError::Open(OpenError::Locked(_))));
    bench.store.close().await;
    drop(bench);
    let bench = on_postgres(&database, Arc::default());
    assert!(matches!(refused(&from, &to), CopyError::InUse(_)));
    bench.user("a").await;
    bench.store.close().await;
    drop(bench);
    assert!(matches!(refused(&from, &to), CopyError::NotEmpty(_)));
    assert!(matches!(refused(&to, &from), CopyError::NotEmpty(_)));
    assert_eq!(database.number("SELECT count(*) FROM chat_user"), 1);
    database
        .run("DELETE FROM refinery_schema_history WHERE version = (SELECT max(version) FROM refinery_schema_history)");
    assert!(matches!(refused(&to, &folder_of(&folder.path().join("new"))), CopyError::Older { .. }));
}
