//! The index of messages beside a database of SQLite: it is made anew whenever it cannot be used, and forgets.

#![allow(clippy::unwrap_used, clippy::cloned_ref_to_slice_refs, reason = "a panic is how a test fails")]

use std::path::Path;
use std::sync::Arc;

use crate::support::{Bench, Counting, actor};
use quintet_domain::{
    Barrier, ConversationKind, DeleteMessage, EditMessage, MessageSearch, PurgeCursor, PurgeMessages, Quotas,
    Retention, SearchText, UserId,
};
use quintet_store::Location;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

fn open(folder: &Path, environment: &Arc<Counting>) -> Bench {
    Bench::open(&Location::Folder(folder.to_owned()), Arc::clone(environment), Quotas::default())
}

async fn indexed(bench: &Bench) {
    let position = bench.write(Barrier).await.unwrap();
    bench.store.searchable(position).await.unwrap();
}

/// The texts of the messages that a user finds.
async fn found(bench: &Bench, user: &UserId, text: &str) -> Vec<String> {
    indexed(bench).await;
    let search = MessageSearch::of(SearchText::parse("q", text).unwrap());
    let page = bench.store.search_messages(user.clone(), search, None, 50).await.unwrap();
    assert_eq!(page.next, None);
    page.items.iter().map(|message| message.content.clone()).collect()
}

/// Whether a file of the folder has a text. Words of an index are written as they are, but for those whose beginning
/// the word before has.
fn has(folder: &Path, text: &str) -> bool {
    ["search.sqlite3", "search.sqlite3-wal"].iter().any(|name| {
        let bytes = std::fs::read(folder.join(name)).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[tokio::test]
async fn an_index_that_cannot_be_used_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let environment = Arc::<Counting>::default();
    let bench = open(folder.path(), &environment);
    let a = bench.user("a").await;
    let group = bench.conversation(&a, ConversationKind::Group, false, &[]).await;
    let edited = bench.send(&a, &group, "apple one").await.unwrap().message.id.clone();
    bench.send(&a, &group, "apple two").await.unwrap();
    bench
        .write(EditMessage {
            actor: actor(&a),
            message: edited,
            content: "apple three".into(),
            details: None,
            screening: None,
        })
        .await
        .unwrap();
    assert_eq!(found(&bench, &a, "apple").await, ["apple two", "apple three"]);
    drop(bench);
    let file = folder.path().join("search.sqlite3");
    let kept = std::fs::read(&file).unwrap();
    // An index that is behind, as after a crash, goes on where it was.
    let bench = open(folder.path(), &environment);
    bench.send(&a, &group, "apple four").await.unwrap();
    indexed(&bench).await;
    drop(bench);
    std::fs::write(&file, &kept).unwrap();
    let bench = open(folder.path(), &environment);
    assert_eq!(found(&bench, &a, "apple").await, ["apple four", "apple two", "apple three"]);
    drop(bench);
    let damages: [fn(&Path); 4] = [
        |file| std::fs::remove_file(file).unwrap(),
        |file| std::fs::write(file, "no database").unwrap(),
        |file| std::fs::write(file, "").unwrap(),
        // That of another database, or of a state that was restored from a backup.
        |file| {
            let index = rusqlite::Connection::open(file).unwrap();
            index.execute_batch("DROP TABLE words_0; UPDATE progress SET position = 1000").unwrap();
        },
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        damage(&file);
        let bench = open(folder.path(), &environment);
        let texts = found(&bench, &a, "apple").await;
        assert_eq!(texts, ["apple four", "apple two", "apple three"], "{number}");
        assert_eq!(found(&bench, &a, "one").await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn the_words_of_a_deleted_message_leave_the_index() {
    let folder = tempfile::tempdir().unwrap();
    let environment = Arc::<Counting>::default();
    let bench = open(folder.path(), &environment);
    let a = bench.user("a").await;
    let group = bench.conversation(&a, ConversationKind::Group, false, &[]).await;
    let deleted = bench.send(&a, &group, "whisper").await.unwrap().message.id.clone();
    bench.send(&a, &group, "zebra").await.unwrap();
    indexed(&bench).await;
    bench.write(DeleteMessage { actor: actor(&a), message: deleted }).await.unwrap();
    indexed(&bench).await;
    drop(bench);
    assert!(has(folder.path(), "whisper"), "the test finds words in the file");
    environment.pass_ms(DAY_MS + 1);
    let bench = open(folder.path(), &environment);
    assert_eq!(found(&bench, &a, "zebra").await, ["zebra"]);
    bench.store.close().await;
    // The thread of the index ends what it does.
    drop(bench);
    assert!(!has(folder.path(), "whisper"));
    assert!(has(folder.path(), "zebra"));
}

#[tokio::test]
async fn the_words_of_what_is_not_kept_leave_the_index() {
    let folder = tempfile::tempdir().unwrap();
    let environment = Arc::<Counting>::default();
    let quotas = Quotas { retention: Retention { group: 1, ..Retention::default() }, ..Quotas::default() };
    let open = || Bench::open(&Location::Folder(folder.path().into()), Arc::clone(&environment), quotas.clone());
    let bench = open();
    let a = bench.user("a").await;
    let group = bench.conversation(&a, ConversationKind::Group, false, &[]).await;
    bench.send(&a, &group, "whisper").await.unwrap();
    indexed(&bench).await;
    environment.pass_ms(DAY_MS + 1);
    bench.send(&a, &group, "zebra").await.unwrap();
    assert_eq!(found(&bench, &a, "whisper").await, ["whisper"]);
    let purged = bench.write(PurgeMessages { from: PurgeCursor::default() }).await.unwrap();
    assert_eq!(purged.removed, 1);
    assert_eq!(found(&bench, &a, "whisper").await, Vec::<String>::new());
    drop(bench);
    assert!(has(folder.path(), "whisper"), "the test finds words in the file");
    environment.pass_ms(DAY_MS + 1);
    let bench = open();
    assert_eq!(found(&bench, &a, "zebra").await, ["zebra"]);
    bench.store.close().await;
    // The thread of the index ends what it does.
    drop(bench);
    assert!(!has(folder.path(), "whisper"));
    assert!(has(folder.path(), "zebra"));
}
