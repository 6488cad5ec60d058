//! Smoke tests of the store in memory: groups, faults, and what survives a crash.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use quintet_domain::{Actor, MessageKind, NewText};
use quintet_domain::{
    Barrier, Code, ConversationId, ConversationKind, CreateConversation, Departure, LeaveConversation, NewConversation,
    NewUser, Profile, Refusal, RegisterUser, Request, SendMessage, Sent, Target, Ticket, Timestamp, UserId, Write,
};
use tokio::sync::oneshot;

use super::*;
use crate::{Delivered, PageOf, Party, ReplyTo, Store};

struct Counted(AtomicU64);

impl Environment for Counted {
    fn now(&self) -> Timestamp {
        Timestamp(1_700_000_000_000 + i64::try_from(self.0.load(Ordering::Relaxed)).unwrap())
    }

    fn new_id(&self) -> String {
        format!("id-{}", self.0.fetch_add(1, Ordering::Relaxed))
    }

    fn secret(&self) -> u128 {
        u128::from(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

fn environment() -> Arc<dyn Environment> {
    Arc::new(Counted(AtomicU64::new(1)))
}

/// The output of a future that is ready at once, as all futures of a manually driven store are.
fn now<T>(future: impl std::future::Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("not ready"),
    }
}

type Reply = oneshot::Receiver<Result<quintet_domain::Written, StoreError>>;

/// A store with its writer.
struct Bench {
    store: Arc<MemoryStore>,
    writer: MemoryWriter,
}

impl Bench {
    fn new() -> Self {
        let (store, writer) = MemoryStore::manual(environment(), Quotas::default());
        Self { store, writer }
    }

    fn submit(&self, write: impl Into<Write>) -> Reply {
        let (reply, receiver) = oneshot::channel();
        now(self.store.submit(write.into(), ReplyTo::Caller(reply))).unwrap();
        receiver
    }

    fn write<R: Request>(&mut self, request: R) -> Result<R::Output, Refusal> {
        let mut reply = self.submit(request);
        assert!(self.writer.commit(1).unwrap().committed);
        reply.try_recv().unwrap().map(|written| R::output(written).unwrap()).map_err(Refusal::from)
    }

    fn register(&mut self, name: &str) -> UserId {
        let new = NewUser { username: name.to_owned(), ..NewUser::default() };
        self.write(RegisterUser { new }).unwrap().user.id.clone()
    }

    fn group(&mut self, owner: &UserId, members: &[&UserId]) -> ConversationId {
        let new = NewConversation {
            kind: ConversationKind::Group,
            name: Some("Group".to_owned()),
            description: None,
            picture: None,
            metadata: None,
            open: false,
            members: members.iter().copied().cloned().collect(),
            owner: None,
            join: true,
            profile: Profile::default(),
        };
        self.write(CreateConversation { actor: Actor::user(owner.clone()), new }).unwrap().conversation.id.clone()
    }

    fn texts(&self, user: &UserId, conversation: &ConversationId) -> Vec<String> {
        let page = self.store.messages(Party::Server, user.clone(), conversation.clone(), PageOf::Newest, 10);
        now(page).unwrap().items.iter().map(|message| message.content.clone()).collect()
    }
}

fn send(by: &UserId, to: &ConversationId, content: &str) -> SendMessage {
    let text = NewText {
        target: Target::Conversation(to.clone()),
        kind: MessageKind::Text,
        content: content.to_owned(),
        file: None,
        client_message_id: None,
        details: None,
    };
    SendMessage { actor: Actor::user(by.clone()), text, screening: None }
}

#[test]
fn a_message_is_committed_and_read() {
    let mut bench = Bench::new();
    let (ada, bob) = (bench.register("ada"), bench.register("bob"));
    let group = bench.group(&ada, &[&bob]);
    let before = bench.writer.position();
    let reply = bench.submit(send(&ada, &group, "first"));
    now(bench.store.submit(send(&bob, &group, "second").into(), ReplyTo::Ticket(Ticket(7)))).unwrap();
    assert_eq!((bench.store.waiting(), bench.texts(&ada, &group).len()), (2, 0), "nothing is seen before the commit");

    let committed = bench.writer.commit(512).unwrap();
    assert_eq!((committed.writes, committed.commit.position), (2, before + 2));
    assert_eq!(committed.commit.entries.len(), 2);
    let [second] = &committed.commit.replies[..] else { panic!("{:?}", committed.commit.replies) };
    assert_eq!((second.ticket, second.after), (Ticket(7), before + 1));
    drop(reply);
    assert_eq!(bench.texts(&bob, &group), ["first", "second"]);
    assert!(bench.writer.commit(512).is_none());

    let page = now(bench.store.conversations(bob.clone(), None, 10)).unwrap();
    assert_eq!((page.items.len(), page.items[0].unread_count, page.next), (1, 1, None));
    assert_eq!(page.items[0].members.len(), 2);
    let replayed = now(bench.store.replay_since(bob, false, before.into())).unwrap();
    assert_eq!(replayed.entries.unwrap(), committed.commit.entries);
}

#[test]
fn a_refusal_takes_no_other_along_and_leaves_nothing() {
    let mut bench = Bench::new();
    let (ada, eve) = (bench.register("ada"), bench.register("eve"));
    let group = bench.group(&ada, &[]);
    let mut replies = [
        bench.submit(send(&ada, &group, "first")),
        bench.submit(send(&eve, &group, "refused")),
        bench.submit(RegisterUser { new: NewUser { username: "ADA".to_owned(), ..NewUser::default() } }),
        bench.submit(send(&ada, &group, "second")),
    ];
    bench.writer.commit(512).unwrap();
    let codes = replies.each_mut().map(|reply| match reply.try_recv().unwrap() {
        Ok(_) => None,
        Err(error) => Some(Refusal::from(error).code),
    });
    assert_eq!(codes, [None, Some(Code::NotFound), Some(Code::Conflict), None]);
    assert_eq!(bench.texts(&ada, &group), ["first", "second"]);
}

#[test]
fn a_commit_that_fails_keeps_nothing_of_its_group() {
    let mut bench = Bench::new();
    let ada = bench.register("ada");
    let group = bench.group(&ada, &[]);
    let position = bench.writer.position();
    let mut reply = bench.submit(send(&ada, &group, "lost"));
    bench.writer.fail_next_commit();
    let failed = bench.writer.commit(512).unwrap();
    assert_eq!((failed.committed, failed.commit.position, failed.commit.entries.len()), (false, position, 0));
    assert!(matches!(reply.try_recv().unwrap(), Err(StoreError::Commit(_))));
    assert!(bench.texts(&ada, &group).is_empty());

    let sent: Sent = bench.write(send(&ada, &group, "kept")).unwrap();
    assert_eq!(bench.writer.position(), position + 1);
    assert_eq!(bench.texts(&ada, &group), ["kept"]);
    assert!(!sent.repeated);
}

#[test]
fn a_crash_keeps_what_was_committed() {
    let mut bench = Bench::new();
    let ada = bench.register("ada");
    let group = bench.group(&ada, &[]);
    bench.write(send(&ada, &group, "first")).unwrap();
    let identity = now(bench.store.identity()).unwrap();
    let mut unheard = bench.submit(send(&ada, &group, "second"));
    let mut lost = bench.submit(send(&ada, &group, "third"));
    let crashed = Arc::clone(&bench.store);
    let disk = bench.writer.crash_after_commit(1);
    assert!(unheard.try_recv().is_err() && lost.try_recv().is_err(), "nobody is replied to");
    assert!(matches!(now(crashed.account(Party::Server, ada.clone())), Err(StoreError::Closed)));
    assert!(matches!(now(crashed.submit(Barrier.into(), ReplyTo::Nobody)), Err(StoreError::Closed)));

    let (store, writer) = disk.open(Arc::new(Counted(AtomicU64::new(1_000))), Quotas::default());
    let mut bench = Bench { store, writer };
    assert_eq!(now(bench.store.identity()).unwrap(), identity);
    assert_eq!(bench.texts(&ada, &group), ["first", "second"]);
    let position = bench.writer.position();
    assert_eq!(bench.write(Barrier).unwrap(), position);
    bench.write(send(&ada, &group, "fourth")).unwrap();
    assert_eq!(bench.writer.position(), position + 1);
}

/// What a writer has read of other nodes with a group: after, last, and the number of entries.
fn read_by(group: &Group) -> Vec<(u64, u64, usize)> {
    group.missed.iter().map(|missed| (missed.after, missed.last, missed.entries.len())).collect()
}

/// What cannot be read with a group is read with a later one, and nothing that the node has committed itself.
#[test]
fn what_a_node_could_not_read_is_read_later() {
    let (disk, shared) = (MemoryDisk::new(&*environment()), environment());
    let node = || {
        let (store, writer) = disk.open_node(Arc::clone(&shared), Quotas::default(), Delivered::default());
        Bench { store, writer }
    };
    let (mut first, mut second) = (node(), node());
    let ada = first.register("ada");
    let group = first.group(&ada, &[]);
    let at = first.writer.position();
    let sends = |bench: &mut Bench, fails: bool| {
        drop(bench.submit(send(&ada, &group, "text")));
        if fails {
            bench.writer.fail_next_read();
        }
        let committed = bench.writer.commit(512).unwrap();
        (committed.begun_at, read_by(&committed))
    };
    assert_eq!(sends(&mut second, true), (at, vec![]));
    assert_eq!(sends(&mut first, false), (at + 1, vec![(at, at + 1, 1)]));
    assert_eq!(sends(&mut second, true), (at + 2, vec![]));
    let both = vec![(0, at, at as usize), (at + 1, at + 2, 1)];
    assert_eq!(sends(&mut second, false), (at + 3, both));
    assert_eq!(sends(&mut second, false), (at + 4, vec![]));
}

#[test]
fn a_node_is_told_once_what_another_has_committed() {
    let disk = MemoryDisk::new(&*environment());
    let shared = environment();
    let node = |delivered: &Delivered| {
        let (store, writer) = disk.open_node(Arc::clone(&shared), Quotas::default(), delivered.clone());
        Bench { store, writer }
    };
    let (delivered, unheard) = (Delivered::default(), Delivered::default());
    let (mut first, mut second) = (node(&delivered), node(&unheard));
    let ada = first.register("ada");
    let group = first.group(&ada, &[]);
    let made = first.writer.position();
    assert_eq!((second.writer.position(), second.store.newest_position().unwrap()), (0, made));

    // The cache of the second node is filled behind what it catches up with.
    drop(second.submit(send(&ada, &group, "second")));
    let caught_up = second.writer.commit(512).unwrap();
    assert_eq!(read_by(&caught_up), [(0, made, made as usize)]);
    assert_eq!((caught_up.begun_at, caught_up.commit.position), (made, made + 1));

    // The first one is told otherwise, and reads nothing again.
    delivered.advance(made + 1);
    let leave =
        LeaveConversation { actor: Actor::user(ada.clone()), conversation: group.clone(), departure: Departure::Left };
    drop(first.submit(leave));
    let left = first.writer.commit(512).unwrap();
    assert_eq!((read_by(&left), left.begun_at, left.commit.entries.len()), (vec![], made + 1, 1));
    let told = first.writer.position();

    // What another node has changed is forgotten before the next write is decided.
    let mut reply = second.submit(send(&ada, &group, "late"));
    let refused = second.writer.commit(512).unwrap();
    assert_eq!(reply.try_recv().unwrap().map_err(|error| Refusal::from(error).code), Err(Code::NotFound));
    assert_eq!(read_by(&refused), [(made + 1, told, 1)]);
    assert_eq!((refused.begun_at, refused.commit.entries.len()), (told, 0));
    assert_eq!(second.writer.stale_row(), None);

    // So is everything where rows were changed without a group.
    second.register("bob");
    disk.change_behind_the_log();
    assert!(second.writer.stale_row().is_some());
    second.register("cleo");
    assert_eq!(second.writer.stale_row(), None);
    let told = second.writer.position();

    // A node that crashes leaves the others what was committed.
    let _ = second.writer.crash();
    assert!(matches!(second.store.newest_position(), Err(StoreError::Closed)));
    assert_eq!(first.store.newest_position().unwrap(), told);
}

#[test]
fn a_full_disk_refuses_what_needs_room() {
    let mut bench = Bench::new();
    let ada = bench.register("ada");
    bench.writer.set_full(true);
    let refused = now(bench.store.submit(
        RegisterUser { new: NewUser { username: "bob".to_owned(), ..NewUser::default() } }.into(),
        ReplyTo::Nobody,
    ));
    assert_eq!(refused.map_err(|error| Refusal::from(error).code), Err(Code::StorageFull));
    assert!(bench.store.is_full());
    bench.write(quintet_domain::RevokeTokens { user: ada }).unwrap();
}

#[test]
fn a_thread_writes_too() {
    let (groups, mut handed_on) = tokio::sync::mpsc::unbounded_channel();
    let store = MemoryStore::start(environment(), Quotas::default(), Box::new(move |group| drop(groups.send(group))));
    let store = store.unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (reply, receiver) = oneshot::channel();
        let new = NewUser { username: "ada".to_owned(), ..NewUser::default() };
        store.submit(RegisterUser { new }.into(), ReplyTo::Caller(reply)).await.unwrap();
        assert!(receiver.await.unwrap().is_ok());
        assert!(handed_on.recv().await.unwrap().committed);
        assert_eq!(store.accounts().await.unwrap().len(), 1);
        store.close().await;
        assert!(matches!(store.submit(Barrier.into(), ReplyTo::Nobody).await, Err(StoreError::Closed)));
        assert!(handed_on.recv().await.is_none());
    });
}
