//! The contents of a SQLite store's file after its process has ended.

#![allow(clippy::unwrap_used, clippy::cloned_ref_to_slice_refs, reason = "a panic is how a test fails")]

use std::sync::Arc;

use crate::support::{Bench, message};
use quintet_domain::{Barrier, ContinueErasure, ConversationKind, EraseUser, Quotas, SetDisabled};
use quintet_store::{Location, PageOf, Party, StoreError};

/// What was committed is there after the process has ended, and positions continue where they were.
#[tokio::test]
async fn opened_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let location = Location::Folder(folder.path().into());
    let bench = Bench::open(&location, Arc::default(), Quotas::default());
    let a = bench.user("a").await;
    let conversation = bench.conversation(&a, ConversationKind::Group, false, &[]).await;
    bench.send(&a, &conversation, "kept").await.expect("sent");
    let before = bench.write(Barrier).await.expect("position");
    bench.store.close().await;
    let refused = bench.start(Barrier).await.await.expect("an answer");
    assert!(matches!(refused, Err(StoreError::Closed)));
    let environment = Arc::clone(&bench.environment);
    drop(bench);
    let bench = Bench::open(&location, environment, Quotas::default());
    assert_eq!(bench.write(Barrier).await.expect("position"), before);
    bench.send(&a, &conversation, "more").await.expect("sent");
    assert_eq!(bench.write(Barrier).await.expect("position"), before + 1);
    let page = bench.store.messages(Party::Server, a, conversation, PageOf::Newest, 10).await.expect("read");
    assert_eq!(page.items.len(), 2);
}

/// Very many messages are deleted in portions: others write in between, and the end of the process loses none.
#[tokio::test]
async fn erasure_takes_turns() {
    let (bench, folder) = Bench::in_file();
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let conversation = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    for number in 0..450 {
        let send = message(&b, &conversation, &format!("whisper {number}"), Some(&format!("mine-{number}")));
        bench.write(send).await.expect("sent");
    }
    let user = b.clone();
    bench.write(EraseUser { user: user.clone(), by: None }).await.expect("erased");
    assert!(bench.write(ContinueErasure { user: user.clone() }).await.expect("erased on"));
    bench.send(&a, &conversation, "in between").await.expect("sent");
    drop(bench);
    let bench = Bench::open(&Location::Folder(folder.path().to_owned()), Arc::default(), Quotas::default());
    assert_eq!(bench.store.erasing().await.expect("read"), std::slice::from_ref(&b));
    let mut turns = 1;
    while bench.write(ContinueErasure { user: b.clone() }).await.expect("erased on") {
        turns += 1;
    }
    // 200 before the end of the process, 200 and 50 after it.
    assert_eq!(turns, 2);
    assert!(bench.write(SetDisabled { user: b.clone(), disabled: false }).await.is_err(), "gone for good");
    assert!(bench.store.erasing().await.expect("read").is_empty());
    let mut after = 0;
    let mut said = Vec::new();
    loop {
        let page = bench
            .store
            .messages(Party::Server, a.clone(), conversation.clone(), PageOf::After(after), 200)
            .await
            .expect("read");
        assert!(page.items.iter().all(|message| message.client_message_id.is_none()));
        said.extend(page.items.iter().map(|message| message.content.clone()));
        let Some(last) = page.items.last().filter(|_| page.more) else { break };
        after = last.sequence;
    }
    assert_eq!(said.len(), 451);
    assert_eq!(
        said.iter().filter(|content| *content != "This message was deleted").collect::<Vec<_>>(),
        ["in between"]
    );
    // The file does not contain the deleted texts either.
    bench.store.close().await;
    let bytes = std::fs::read(folder.path().join("quintet.sqlite3")).expect("the file");
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert_eq!((holds("in between"), holds("whisper ")), (true, false));
}
