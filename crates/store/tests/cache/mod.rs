//! The row cache is never older than what was written since: with and without it, random histories have the
//! same results.

#![allow(clippy::unwrap_used, clippy::cloned_ref_to_slice_refs, reason = "a panic is how a test fails")]

mod steps;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::mem::{Discriminant, discriminant};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;

use crate::support::postgres::TestDatabase;
use crate::support::{Bench, Counting, actor, message};
use quintet_domain::{
    AddMember, ChangeProfile, Code, Commit, Contact, ConversationKind, DecideContact, Departure, EditMessage, Entry,
    Event, LeaveConversation, MarkRead, MessageId, NewUser, ProfileChange, Quotas, Reading, RegisterUser, RevokeTokens,
    Ticket, UserId, Write,
};
use quintet_rules::WriterState;
use quintet_store::{
    Clock, Committer, Database, Delivered, Group, Location, MemoryDisk, MemoryStore, MemoryWriter, PostgresStore,
    ReplyTo, SqliteStore, Store, Submission,
};
use steps::{ACCOUNTS, Chosen, Made, USERS, step, user};

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
    // In one group with sends before and after it: the answer depends on its place in the order.
    let before = bench.start(message(&b, &conversation, "two", None)).await;
    let left = bench
        .start(LeaveConversation { actor: actor(&b), conversation: conversation.clone(), departure: Departure::Left })
        .await;
    let after = bench.start(message(&b, &conversation, "three", None)).await;
    before.await.unwrap().unwrap();
    left.await.unwrap().unwrap();
    assert!(after.await.unwrap().is_err(), "who left says nothing more");
    let (by, user) = (actor(&a), b.clone());
    bench
        .write(AddMember { actor: by, conversation: conversation.clone(), user, role: None, reason: None })
        .await
        .unwrap();
    // Whoever left is asked.
    assert!(bench.send(&b, &conversation, "four").await.is_err());
    let request = bench.store.contact_requests(b.clone()).await.unwrap().remove(0).id;
    bench.write(DecideContact { actor: actor(&b), request, accept: true }).await.unwrap();
    bench.send(&b, &conversation, "four").await.unwrap();
}

#[tokio::test]
async fn numbers_go_on_over_edits_refusals_and_receipts() {
    let (bench, _folder) = Bench::in_file();
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let conversation = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    let first = bench.send(&a, &conversation, "one").await.unwrap().message;
    bench
        .write(EditMessage {
            actor: actor(&a),
            message: first.id.clone(),
            content: "uno".to_owned(),
            details: None,
            screening: None,
        })
        .await
        .unwrap();
    let ids = vec![first.id.clone()];
    bench
        .write(MarkRead {
            actor: actor(&b),
            reading: Reading::Messages { conversation: Some(conversation.clone()), messages: ids.clone() },
        })
        .await
        .unwrap();
    let third = bench.send(&b, &conversation, "three").await.unwrap().message;
    assert_eq!(third.sequence, first.sequence + 2);
    // A second receipt of the same message moves nothing, and is not delivered.
    bench.settled().await;
    let delivered = bench.entries.lock().unwrap().len();
    bench
        .write(MarkRead {
            actor: actor(&b),
            reading: Reading::Messages { conversation: Some(conversation.clone()), messages: ids },
        })
        .await
        .unwrap();
    bench.settled().await;
    assert_eq!(bench.entries.lock().unwrap().len(), delivered);
    // The same client message id for another message is refused, and uses no sequence number.
    bench.write(message(&a, &conversation, "four", Some("m"))).await.unwrap();
    let other = bench.write(message(&a, &conversation, "other", Some("m"))).await;
    assert_eq!(other.unwrap_err().code, Code::Conflict);
    assert_eq!(bench.send(&a, &conversation, "five").await.unwrap().message.sequence, third.sequence + 2);
}

/// A token that is issued after a revocation may carry its very second, so the next revocation within that second
/// revokes it as well.
#[tokio::test]
async fn each_revocation_is_later_than_the_one_before() {
    let (bench, _folder) = Bench::in_file();
    let user = bench.user("a").await;
    let revoked = async || {
        let user = user.clone();
        bench.write(RevokeTokens { user }).await.unwrap().tokens_from_s
    };
    // The clock of these tests advances by a millisecond each time it is read.
    let first = revoked().await;
    assert_eq!([revoked().await, revoked().await], [first + 1, first + 2]);
    bench.environment.pass_ms(60_000);
    assert_eq!(revoked().await, first + 60);
}

// --- with the cache and without it ---

/// What the operator has set: where strangers ask, more writes change rows that other rules read.
fn quotas() -> Quotas {
    Quotas { contact: Contact::Requests, ..Quotas::default() }
}

/// A committer with its own database and clock.
struct Side<D> {
    database: D,
    committer: Committer,
    environment: Arc<Counting>,
}

impl<D: Database> Side<D> {
    fn new(database: D, without_cache: bool) -> Self {
        Self::with(database, without_cache, Arc::default())
    }

    fn with(database: D, without_cache: bool, environment: Arc<Counting>) -> Self {
        let state = WriterState { without_cache, quotas: quotas(), ..WriterState::default() };
        Self { database, committer: Committer::new(state, 0), environment }
    }

    fn commit(&mut self, writes: &[Write]) -> Commit {
        let submissions = writes
            .iter()
            .enumerate()
            .map(|(n, write)| Submission::new(write.clone(), ReplyTo::Ticket(Ticket(n as u64))));
        told(self.committer.commit_group(&mut self.database, &*self.environment, submissions.collect(), &mut |_| ()))
    }
}

/// What a node is told with a group: what others have committed before, and the commit.
fn told(group: Group) -> Commit {
    assert!(group.committed);
    let mut commit = group.commit;
    let missed = group.missed.into_iter().flat_map(|missed| missed.entries);
    commit.entries = missed.chain(commit.entries).collect();
    commit
}

fn same_with_cache_and_without<D: Database>(open: impl Fn() -> D, groups: &[Vec<Chosen>]) {
    let (mut with, mut without) = (Side::new(open(), false), Side::new(open(), true));
    let mut made = Made::default();
    let registered = (0..ACCOUNTS).map(|number| {
        let new = NewUser { id: Some(user(number)), username: format!("name{number}"), ..NewUser::default() };
        RegisterUser { new }.into()
    });
    let mut writes: Vec<Write> = registered.collect();
    for group in groups {
        let commit = with.commit(&writes);
        assert_eq!(commit, without.commit(&writes), "{writes:?}");
        assert_eq!(with.committer.state().cache.find_stale(&with.database).unwrap(), None, "{writes:?}");
        commit.replies.iter().filter_map(|reply| reply.outcome.as_ref().ok()).for_each(|written| made.note(written));
        writes = group.iter().filter_map(|chosen| made.write(*chosen)).collect();
    }
}

/// What tells an entry from others, whatever the texts and names are by now.
fn marks(entries: &[Entry]) -> Vec<(u64, Option<u64>, Discriminant<Event>)> {
    entries.iter().map(|entry| (entry.position, entry.sequence, discriminant(&entry.event))).collect()
}

/// Entries without those whose rows are gone by the end, of which another node that reads them only then is not told:
/// reactions to messages and pins of messages that were deleted, and notifications, which go with the account of whoever has
/// them and of whomever they name.
fn lasting(entries: &[Entry]) -> Vec<Entry> {
    let (mut deleted, mut ended): (BTreeSet<&MessageId>, BTreeSet<&UserId>) = Default::default();
    for entry in entries {
        match &entry.event {
            Event::MessageDeleted(message) => drop(deleted.insert(&message.id)),
            // The end of an account ends its connections.
            Event::Revoked { user, .. } => drop(ended.insert(user)),
            _ => {}
        }
    }
    let lasts = |entry: &&Entry| match &entry.event {
        Event::MessageReacted(reacted) => !deleted.contains(&reacted.message),
        Event::MessagePinned { message, .. } => !deleted.contains(message),
        Event::Notified { .. } => ended.is_empty(),
        _ => true,
    };
    entries.iter().filter(lasts).cloned().collect()
}

/// One of several nodes over one database.
trait Node {
    /// Commits a group of writes.
    fn commit(&mut self, writes: &[Write]) -> Commit;
    /// A cached row that is not the stored one.
    fn stale_row(&self) -> Option<String>;
}

impl<D: Database> Node for Side<D> {
    fn commit(&mut self, writes: &[Write]) -> Commit {
        Side::commit(self, writes)
    }

    fn stale_row(&self) -> Option<String> {
        self.committer.state().cache.find_stale(&self.database).unwrap()
    }
}

/// A node over maps in memory.
struct InMemory {
    store: Arc<MemoryStore>,
    writer: MemoryWriter,
}

impl Node for InMemory {
    fn commit(&mut self, writes: &[Write]) -> Commit {
        let queue = |write: Write, reply_to: ReplyTo| {
            let queued = self.store.submit(write, reply_to).as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(queued, Poll::Ready(Ok(()))), "the queue has room");
        };
        for (n, write) in writes.iter().enumerate() {
            queue(write.clone(), ReplyTo::Ticket(Ticket(n as u64)));
        }
        told(self.writer.commit(usize::MAX).expect("writes are queued"))
    }

    fn stale_row(&self) -> Option<String> {
        self.writer.stale_row()
    }
}

/// Two nodes over one database decide as one does, whoever of them writes, and each is told what the other wrote.
fn two_nodes_are_as_one(mut nodes: [impl Node; 2], groups: &[(bool, Vec<Chosen>)]) {
    let mut one = Side::new(MemoryStore::database(), false);
    let (mut made, mut told, mut all) = (Made::default(), [0, 0], Vec::new());
    let registered = (0..ACCOUNTS).map(|number| {
        let new = NewUser { id: Some(user(number)), username: format!("name{number}"), ..NewUser::default() };
        RegisterUser { new }.into()
    });
    let mut writes: Vec<Write> = registered.collect();
    for (first, group) in groups {
        if writes.is_empty() {
            // Nothing of the group before could be asked for.
            writes = group.iter().filter_map(|chosen| made.write(*chosen)).collect();
            continue;
        }
        let at = usize::from(*first);
        let (expected, found) = (one.commit(&writes), nodes[at].commit(&writes));
        assert_eq!(found.replies, expected.replies, "{writes:?}");
        assert!(found.entries.ends_with(&expected.entries), "{writes:?}");
        all.extend(expected.entries);
        let (found_entries, expected_entries) = (lasting(&found.entries), lasting(&all[told[at]..]));
        assert_eq!(marks(&found_entries), marks(&expected_entries), "everything is told once, in order");
        told[at] = all.len();
        assert_eq!(nodes[at].stale_row(), None, "{writes:?}");
        found.replies.iter().filter_map(|reply| reply.outcome.as_ref().ok()).for_each(|written| made.note(written));
        writes = group.iter().filter_map(|chosen| made.write(*chosen)).collect();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn the_cache_changes_nothing(
        groups in proptest::collection::vec(
            proptest::collection::vec((step(), 0..USERS, 0..USERS, 0..64usize), 1..6), 2..40)
    ) {
        same_with_cache_and_without(|| SqliteStore::database(&Location::Memory).unwrap(), &groups);
        same_with_cache_and_without(MemoryStore::database, &groups);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_cache_changes_nothing_on_postgres(
        groups in proptest::collection::vec(
            proptest::collection::vec((step(), 0..USERS, 0..USERS, 0..64usize), 1..6), 2..40)
    ) {
        let (databases, opened) = ([TestDatabase::new(), TestDatabase::new()], Cell::new(0));
        let open = || {
            let database = &databases[opened.replace(opened.get() + 1)];
            PostgresStore::database(database.target(), Clock::Environment).unwrap()
        };
        same_with_cache_and_without(open, &groups);
    }

    #[test]
    fn two_nodes_on_postgres_are_as_one(
        groups in proptest::collection::vec(
            (any::<bool>(), proptest::collection::vec((step(), 0..USERS, 0..USERS, 0..64usize), 1..6)), 2..40)
    ) {
        let (database, environment) = (TestDatabase::new(), Arc::<Counting>::default());
        let node = || {
            let opened = PostgresStore::database(database.target(), Clock::Environment).unwrap();
            Side::with(opened, false, Arc::clone(&environment))
        };
        two_nodes_are_as_one([node(), node()], &groups);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn two_nodes_in_memory_are_as_one(
        groups in proptest::collection::vec(
            (any::<bool>(), proptest::collection::vec((step(), 0..USERS, 0..USERS, 0..64usize), 1..6)), 2..40)
    ) {
        let (disk, environment) = (MemoryDisk::new(&Counting::default()), Arc::<Counting>::default());
        let node = || {
            let (store, writer) = disk.open_node(environment.clone(), quotas(), Delivered::default());
            InMemory { store, writer }
        };
        two_nodes_are_as_one([node(), node()], &groups);
    }
}
