//! What the writer keeps of its lookups is never older than what was written since, by whomever.

#![allow(clippy::unwrap_used, clippy::cloned_ref_to_slice_refs, reason = "a panic is how a test fails")]

mod support;

use std::sync::Arc;

use quintet_domain::{
    AddMember, ChangeProfile, Code, ConversationKind, Departure, EditMessage, LeaveConversation, MarkRead,
    ProfileChange, RevokeTokens, SetDisabled,
};
use quintet_store::{Location, ReplyTo, SqliteStore, Store};
use support::{Bench, actor, message};

#[tokio::test]
async fn a_new_name_is_told_with_the_next_message() {
    let (bench, _folder) = Bench::in_file();
    let a = bench.user("a").await;
    let conversation = bench.conversation(&a, ConversationKind::Group, false, &[]).await;
    bench.send(&a, &conversation, "one").await.unwrap();
    let change = ProfileChange { name: Some("Ada".to_owned()), ..ProfileChange::default() };
    bench.write(ChangeProfile { user: a.clone(), change }).await.unwrap();
    assert_eq!(bench.send(&a, &conversation, "two").await.unwrap().message.sender.name, "Ada");
}

#[tokio::test]
async fn who_left_or_came_back_is_known_at_once() {
    let (bench, _folder) = Bench::in_file();
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let conversation = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    bench.send(&b, &conversation, "one").await.unwrap();
    // In one group with sends before and after it: the answer is as of its place in the order.
    let before = bench.start(message(&b, &conversation, "two", None)).await;
    let left = bench
        .start(LeaveConversation { actor: actor(&b), conversation: conversation.clone(), departure: Departure::Left })
        .await;
    let after = bench.start(message(&b, &conversation, "three", None)).await;
    before.await.unwrap().unwrap();
    left.await.unwrap().unwrap();
    assert!(after.await.unwrap().is_err(), "who left says nothing more");
    bench
        .write(AddMember { actor: actor(&a), conversation: conversation.clone(), user: b.clone(), role: None })
        .await
        .unwrap();
    bench.send(&b, &conversation, "four").await.unwrap();
}

#[tokio::test]
async fn numbers_go_on_over_edits_refusals_and_receipts() {
    let (bench, _folder) = Bench::in_file();
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let conversation = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    let first = bench.send(&a, &conversation, "one").await.unwrap().message;
    bench.write(EditMessage { actor: actor(&a), message: first.id.clone(), content: "uno".to_owned() }).await.unwrap();
    let ids = vec![first.id.clone()];
    bench
        .write(MarkRead { actor: actor(&b), conversation: Some(conversation.clone()), messages: ids.clone() })
        .await
        .unwrap();
    let third = bench.send(&b, &conversation, "three").await.unwrap().message;
    assert_eq!(third.sequence, first.sequence + 2);
    // A second receipt of the same message moves nothing, and is told to nobody.
    bench.settled().await;
    let told = bench.entries.lock().unwrap().len();
    bench.write(MarkRead { actor: actor(&b), conversation: Some(conversation.clone()), messages: ids }).await.unwrap();
    bench.settled().await;
    assert_eq!(bench.entries.lock().unwrap().len(), told);
    // The same client message id for something else is refused, and takes no number.
    bench.write(message(&a, &conversation, "four", Some("m"))).await.unwrap();
    let other = bench.write(message(&a, &conversation, "other", Some("m"))).await;
    assert_eq!(other.unwrap_err().code, Code::Conflict);
    assert_eq!(bench.send(&a, &conversation, "five").await.unwrap().message.sequence, third.sequence + 2);
}

/// What is issued after a revocation counts from its very second, so the next one within that second ends it as well.
#[tokio::test]
async fn each_revocation_is_later_than_the_one_before() {
    let (bench, _folder) = Bench::in_file();
    let user = bench.user("a").await;
    let revoked = async || {
        let user = user.clone();
        bench.write(RevokeTokens { user }).await.unwrap().tokens_from_s
    };
    // The clock of these tests passes a millisecond at each look.
    let first = revoked().await;
    assert_eq!([revoked().await, revoked().await], [first + 1, first + 2]);
    bench.environment.pass_ms(60_000);
    assert_eq!(revoked().await, first + 60);
}

#[tokio::test]
async fn what_another_process_wrote_counts() {
    let (bench, folder) = Bench::in_file();
    let a = bench.user("a").await;
    let conversation = bench.conversation(&a, ConversationKind::Group, false, &[]).await;
    bench.send(&a, &conversation, "one").await.unwrap();
    let environment = Arc::clone(&bench.environment);
    let shared = Location::Shared { folder: folder.path().into(), make: false };
    let other = SqliteStore::open(&shared, environment, Box::new(|_| {})).unwrap();
    let (done, disabled) = tokio::sync::oneshot::channel();
    let write = SetDisabled { user: a.clone(), disabled: true };
    other.submit(write.into(), ReplyTo::Caller(done)).await.unwrap();
    disabled.await.unwrap().unwrap();
    assert_eq!(bench.send(&a, &conversation, "two").await.unwrap_err().code, Code::Unauthenticated);
}
