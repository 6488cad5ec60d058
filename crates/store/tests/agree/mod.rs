//! The stores in memory, on SQLite and on PostgreSQL behave the same: any sequence of writes has the same results, entries
//! and replies in all of them, and all reads after it return the same. The same holds for a store in memory whose commits
//! sometimes fail, or that crashes and is opened again.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod step;
mod views;
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};

use crate::support::postgres::TestDatabase;
use proptest::prelude::*;
use quintet_domain::{Code, Commit, Contact, Environment, Quotas, Retention, SaveDeliveries, Ticket, Timestamp, Write};
use quintet_store::{
    Clock, Group, Location, MemoryDisk, MemoryStore, MemoryWriter, PostgresStore, ReplyTo, SqliteStore, Store,
};
use step::Step;
use world::World;

/// A clock that stands still until it is advanced, and ids that count up.
struct Fixed {
    now: AtomicI64,
    ids: AtomicU64,
    secrets: AtomicU64,
}

impl Fixed {
    /// `secrets` is the first secret that it returns.
    fn new(secrets: u64) -> Arc<Self> {
        let now = AtomicI64::new(1_700_000_000_000);
        Arc::new(Self { now, ids: AtomicU64::new(1), secrets: AtomicU64::new(secrets) })
    }
}

impl Environment for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::Relaxed))
    }

    fn new_id(&self) -> String {
        format!("id-{}", self.ids.fetch_add(1, Ordering::Relaxed))
    }

    fn secret(&self) -> u128 {
        u128::from(self.secrets.fetch_add(1, Ordering::Relaxed))
    }
}

/// A store and the groups that it hands on.
struct Side {
    store: Arc<dyn Store>,
    environment: Arc<Fixed>,
    groups: Receiver<Group>,
    /// The database of a store on PostgreSQL, which is dropped after the store.
    database: Option<TestDatabase>,
}

impl Side {
    fn memory(quotas: Quotas) -> Self {
        // One secret identifies the data.
        let (environment, (sender, groups)) = (Fixed::new(0), channel());
        let on_commit = Box::new(move |group| drop(sender.send(group)));
        let store = MemoryStore::start(environment.clone(), quotas, on_commit).unwrap();
        Self { store: Arc::new(store), environment, groups, database: None }
    }

    fn sqlite(quotas: Quotas) -> Self {
        let (environment, (sender, groups)) = (Fixed::new(1), channel());
        let on_commit = Box::new(move |group| drop(sender.send(group)));
        let store = SqliteStore::open_with(&Location::Memory, environment.clone(), quotas, on_commit).unwrap();
        Self { store: Arc::new(store), environment, groups, database: None }
    }

    fn postgres(quotas: Quotas) -> Self {
        let (environment, (sender, groups), database) = (Fixed::new(1), channel(), TestDatabase::new());
        let on_commit = Box::new(move |group| drop(sender.send(group)));
        let (target, clock) = (database.target(), Clock::Environment);
        let store = PostgresStore::open(target, clock, environment.clone(), quotas, on_commit).unwrap();
        Self { store: Arc::new(store), environment, groups, database: Some(database) }
    }

    async fn commit(&self, step: &Step, world: &World, ticket: u64) -> Commit {
        self.environment.now.fetch_add(step::ms_before(step), Ordering::Relaxed);
        let write = world.write(step, self.environment.now());
        self.store.submit(write, ReplyTo::Ticket(Ticket(ticket))).await.unwrap();
        let group = self.groups.recv().unwrap();
        assert!(group.committed, "{step:?}");
        group.commit
    }

    async fn save_deliveries(&self) {
        self.store.submit(SaveDeliveries.into(), ReplyTo::Nobody).await.unwrap();
        assert!(self.groups.recv().unwrap().committed);
    }
}

/// What the operator has set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    Nothing,
    Limits,
    Requests,
}

fn set() -> impl Strategy<Value = Set> {
    prop_oneof![Just(Set::Nothing), Just(Set::Limits), Just(Set::Requests)]
}

fn quotas(set: Set) -> Quotas {
    match set {
        Set::Nothing => {
            let retention = Retention { direct: 40, group: 1, room: 2, meetup: 1 };
            return Quotas { change_days: 2, audit_days: 1, retention, ..Quotas::default() };
        }
        Set::Requests => {
            return Quotas { change_days: 2, audit_days: 1, contact: Contact::Requests, ..Quotas::default() };
        }
        Set::Limits => {}
    }
    Quotas {
        rates: true,
        added_per_day: 4,
        direct_per_day: 2,
        contact: Contact::Shared,
        user_file_bytes: 100,
        total_file_bytes: 200,
        free_bytes_min: 0,
        change_days: 1,
        audit_days: 2,
        retention: Retention { group: 1, ..Retention::default() },
    }
}

async fn agree(sides: &[Side], steps: &[Step]) {
    let mut world = World::default();
    let beginning = step::beginning();
    for (ticket, step) in (0..).zip(beginning.iter().chain(steps)) {
        let mut commits = Vec::new();
        for side in sides {
            commits.push(side.commit(step, &world, ticket).await);
        }
        let memory = commits.swap_remove(0);
        for other in commits {
            assert_eq!(memory, other, "{:?}", world.write(step, sides[0].environment.now()));
        }
        // What a client says it has received is stored at once where there may be other nodes, and later elsewhere.
        let says_received = matches!(&world.write(step, sides[0].environment.now()), Write::NoteDelivery(_));
        if says_received && sides.iter().any(|side| side.database.is_some()) {
            for side in sides {
                side.save_deliveries().await;
            }
        }
        let [reply] = &memory.replies[..] else { panic!("{} replies", memory.replies.len()) };
        assert!(!matches!(&reply.outcome, Err(refusal) if refusal.code == Code::Internal), "{step:?}");
        world.learn(&memory);
        world.requests = views::requests(&*sides[0].store).await;
    }
    let memory = views::all(&*sides[0].store, &world).await;
    for side in &sides[1..] {
        let other = views::all(&*side.store, &world).await;
        for (memory, other) in memory.iter().zip(&other) {
            assert_eq!(memory, other);
        }
        assert_eq!(memory.len(), other.len());
    }
    for side in sides {
        side.store.close().await;
    }
}

/// A fault of a store in memory before, or during, a write.
#[derive(Clone, Copy, Debug)]
enum Fault {
    None,
    FailedCommit,
    CrashBefore,
    CrashAfter,
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        6 => Just(Fault::None),
        2 => Just(Fault::FailedCommit),
        1 => Just(Fault::CrashBefore),
        1 => Just(Fault::CrashAfter),
    ]
}

/// A store in memory that is driven manually.
struct Driven {
    store: Arc<MemoryStore>,
    writer: MemoryWriter,
    environment: Arc<Fixed>,
}

impl Driven {
    fn new() -> Self {
        let environment = Fixed::new(0);
        let (store, writer) = MemoryStore::manual(environment.clone(), quotas(Set::Requests));
        Self { store, writer, environment }
    }

    async fn submit(&self, write: Write, ticket: u64) {
        self.store.submit(write, ReplyTo::Ticket(Ticket(ticket))).await.unwrap();
    }

    /// Commits a write in the end; returns `None` if its result was lost.
    async fn commit(mut self, write: Write, ticket: u64, fault: Fault) -> (Self, Option<Commit>) {
        match fault {
            Fault::None => {}
            Fault::FailedCommit => {
                let used = [&self.environment.ids, &self.environment.secrets].map(|used| used.load(Ordering::Relaxed));
                self.submit(write.clone(), ticket).await;
                self.writer.fail_next_commit();
                let group = self.writer.commit(1).unwrap();
                assert!(!group.committed && group.commit.entries.is_empty());
                assert_eq!(group.commit.replies.len(), 1);
                // The ids that it used are returned once more, so that the results can be compared.
                let [ids, secrets] = used;
                self.environment.ids.store(ids, Ordering::Relaxed);
                self.environment.secrets.store(secrets, Ordering::Relaxed);
            }
            Fault::CrashBefore => {
                self.save_deliveries().await;
                self.submit(write.clone(), ticket).await;
                let Self { store, writer, environment } = self;
                let disk = writer.crash();
                self = Self::over(disk, store, environment);
            }
            Fault::CrashAfter => {
                self.save_deliveries().await;
                self.submit(write.clone(), ticket).await;
                let Self { store, writer, environment } = self;
                let disk = writer.crash_after_commit(1);
                self = Self::over(disk, store, environment);
                if matches!(write, Write::NoteDelivery(_)) {
                    self.submit(write, ticket).await;
                    self.writer.commit(1).unwrap();
                }
                return (self, None);
            }
        }
        self.submit(write, ticket).await;
        let group = self.writer.commit(1).unwrap();
        assert!(group.committed && self.writer.commit(1).is_none());
        (self, Some(group.commit))
    }

    /// Stores the delivery cursors that have moved, which a crash would lose.
    async fn save_deliveries(&mut self) {
        self.store.submit(SaveDeliveries.into(), ReplyTo::Nobody).await.unwrap();
        assert!(self.writer.commit(1).unwrap().committed);
    }

    fn over(disk: MemoryDisk, crashed: Arc<MemoryStore>, environment: Arc<Fixed>) -> Self {
        drop(crashed);
        let (store, writer) = disk.open(environment.clone(), quotas(Set::Requests));
        Self { store, writer, environment }
    }
}

async fn faults_leave_no_trace(steps: &[(Step, Fault)]) {
    let (calm, mut driven, mut world) = (Side::memory(quotas(Set::Requests)), Driven::new(), World::default());
    let beginning: Vec<_> = step::beginning().into_iter().map(|step| (step, Fault::None)).collect();
    for (ticket, (step, fault)) in (0..).zip(beginning.iter().chain(steps)) {
        if matches!(fault, Fault::CrashBefore | Fault::CrashAfter) {
            calm.save_deliveries().await;
        }
        let expected = calm.commit(step, &world, ticket).await;
        driven.environment.now.fetch_add(step::ms_before(step), Ordering::Relaxed);
        let write = world.write(step, driven.environment.now());
        let (next, commit) = driven.commit(write, ticket, *fault).await;
        driven = next;
        if let Some(commit) = commit {
            assert_eq!(commit, expected, "{step:?} {fault:?}");
        }
        world.learn(&expected);
        world.requests = views::requests(&*calm.store).await;
    }
    assert_eq!(driven.store.identity().await.unwrap(), calm.store.identity().await.unwrap());
    let [calm, driven] = [views::all(&*calm.store, &world).await, views::all(&*driven.store, &world).await];
    assert_eq!(calm, driven);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 512, ..ProptestConfig::default() })]

    #[test]
    fn equal_writes_give_equal_stores(set in set(), steps in proptest::collection::vec(step::step(), 1..120)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(agree(&[Side::memory(quotas(set)), Side::sqlite(quotas(set))], &steps));
    }

    #[test]
    fn postgres_gives_the_same(set in set(), steps in proptest::collection::vec(step::step(), 1..120)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(agree(&[Side::memory(quotas(set)), Side::postgres(quotas(set))], &steps));
    }

    #[test]
    fn a_store_that_fails_and_crashes_agrees_with_one_that_does_not(
        steps in proptest::collection::vec((step::step(), fault()), 1..120)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(faults_leave_no_trace(&steps));
    }
}
