//! What exceeds the limits of a replay is not replayed in part.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use crate::support::{Bench, actor, quick_stores};
use quintet_domain::limits::RECOVERY_CHANGES_MAX;
use quintet_domain::{ChangeConversation, ConversationKind};

#[tokio::test]
async fn too_many_changes() {
    let bench = Bench::of(quick_stores()[0].1);
    let (alice, bob) = (bench.user("alice").await, bench.user("bob").await);
    let start = bench.settled().await;
    let conversations = [
        bench.conversation(&alice, ConversationKind::Group, false, std::slice::from_ref(&bob)).await,
        bench.conversation(&alice, ConversationKind::Direct, false, std::slice::from_ref(&bob)).await,
    ];
    let made = bench.settled().await;
    for n in 0..RECOVERY_CHANGES_MAX {
        bench.send(&alice, &conversations[n % 2], "text").await.expect("sent");
    }
    let missed = bench.store.replay_since(bob.clone(), false, start.into()).await.expect("read");
    assert!(missed.entries.is_none(), "the two conversations were joined, too");
    let missed = bench.store.replay_since(bob, false, made.into()).await.expect("read");
    assert_eq!(missed.entries.map(|entries| entries.len()), Some(RECOVERY_CHANGES_MAX));
}

/// Each change of a conversation is replayed with the conversation whole, and so with its newest message.
#[tokio::test]
async fn too_many_bytes() {
    const RENAMES: usize = 1_600;
    let bench = Bench::of(quick_stores()[0].1);
    let (alice, bob) = (bench.user("alice").await, bench.user("bob").await);
    let group = bench.conversation(&alice, ConversationKind::Group, false, std::slice::from_ref(&bob)).await;
    let after = bench.settled().await;
    for n in 0..RENAMES {
        let (actor, conversation, name) = (actor(&alice), group.clone(), Some(format!("name {n}")));
        bench
            .write(ChangeConversation {
                actor,
                conversation,
                name,
                open: None,
                picture: None,
                metadata: None,
                moderation: Default::default(),
            })
            .await
            .expect("renamed");
    }
    let missed = async || bench.store.replay_since(bob.clone(), false, after.into()).await.expect("read").entries;
    assert_eq!(missed().await.map(|entries| entries.len()), Some(RENAMES));
    bench.send(&alice, &group, &"x".repeat(5_000)).await.expect("sent");
    assert!(missed().await.is_none(), "{} bytes", RENAMES * 5_000);
}
