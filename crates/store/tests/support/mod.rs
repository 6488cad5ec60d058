//! A store under test, what it has handed on, and helpers that write to it.
//!
//! What must stay true: a suite that is not about one store runs for each of [`stores`], or of [`quick_stores`].
#![allow(dead_code, clippy::unwrap_used, reason = "each test file uses its part, and panics to fail")]

pub mod postgres;
pub mod stage;
pub mod told;

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use postgres::TestDatabase;
use quintet_domain::{
    Actor, Barrier, ClientMessageId, CommandReply, ConnectionId, ContinueErasure, ConversationId, ConversationKind,
    CreateConversation, Entry, Environment, EraseUser, MessageKind, NewConversation, NewText, NewUser, Profile, Quotas,
    Refusal, RegisterUser, Request, SendMessage, Sent, Target, Timestamp, UserId,
};
use quintet_store::{
    Clock, Group, Location, MemoryStore, OnCommit, PostgresStore, ReplyTo, SqliteStore, Store, StoreError,
};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// A clock that advances each time it is read, and ids that count up.
#[derive(Default)]
pub struct Counting {
    now: AtomicI64,
    ids: AtomicU64,
}

impl Counting {
    /// Lets a time pass.
    pub fn pass_ms(&self, ms: i64) {
        self.now.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Environment for Counting {
    fn now(&self) -> Timestamp {
        Timestamp(1_700_000_000_000 + self.now.fetch_add(1, Ordering::Relaxed))
    }

    fn new_id(&self) -> String {
        format!("id-{}", self.ids.fetch_add(1, Ordering::Relaxed))
    }

    fn secret(&self) -> u128 {
        u128::from(self.ids.fetch_add(1, Ordering::Relaxed))
    }
}

/// The parameters with which a store is opened.
pub struct Opening {
    pub environment: Arc<Counting>,
    pub quotas: Quotas,
    pub on_commit: OnCommit,
}

/// Where the data of a store is; it is removed when this is dropped.
pub enum Home {
    Memory,
    Folder(TempDir),
    Database(TestDatabase),
}

/// Opens a new store.
pub type Factory = fn(Opening) -> (Arc<dyn Store>, Home);

fn sqlite_in_file(opening: Opening) -> (Arc<dyn Store>, Home) {
    let folder = tempfile::tempdir().expect("a folder");
    let location = Location::Folder(PathBuf::from(folder.path()));
    (sqlite_at(&location, opening), Home::Folder(folder))
}

fn sqlite_in_memory(opening: Opening) -> (Arc<dyn Store>, Home) {
    (sqlite_at(&Location::Memory, opening), Home::Memory)
}

fn on_postgres(opening: Opening) -> (Arc<dyn Store>, Home) {
    let database = TestDatabase::new();
    (postgres_at(&database, opening), Home::Database(database))
}

/// A store on a PostgreSQL database that may have been used before.
fn postgres_at(database: &TestDatabase, opening: Opening) -> Arc<dyn Store> {
    let Opening { environment, quotas, on_commit } = opening;
    let opened = PostgresStore::open(database.target(), Clock::Environment, environment, quotas, on_commit);
    Arc::new(opened.expect("opens"))
}

/// A store on SQLite at a location that may have been used before.
fn sqlite_at(location: &Location, opening: Opening) -> Arc<dyn Store> {
    let Opening { environment, quotas, on_commit } = opening;
    Arc::new(SqliteStore::open_with(location, environment, quotas, on_commit).expect("opens"))
}

fn in_memory(opening: Opening) -> (Arc<dyn Store>, Home) {
    let Opening { environment, quotas, on_commit } = opening;
    (Arc::new(MemoryStore::start(environment, quotas, on_commit).expect("starts")), Home::Memory)
}

/// All stores, each with a name for the messages of tests.
pub fn stores() -> Vec<(&'static str, Factory)> {
    let mut stores: Vec<(&'static str, Factory)> =
        vec![("SQLite in a file", sqlite_in_file), ("PostgreSQL", on_postgres)];
    stores.extend(quick_stores());
    stores
}

/// The stores that write to no disk, for suites with very many histories.
pub fn quick_stores() -> Vec<(&'static str, Factory)> {
    vec![("SQLite in memory", sqlite_in_memory), ("maps in memory", in_memory)]
}

/// The store on PostgreSQL, for suites with very many histories: few of them, because each needs a database.
pub fn postgres_store() -> Factory {
    on_postgres
}

/// Makes a test of each case, an async function of a [`Bench`], that runs for every store.
#[allow(unused_macros, reason = "not every test file has cases")]
macro_rules! every_store {
    ($($case:ident),* $(,)?) => {
        mod every_store {
            $(#[tokio::test] async fn $case() {
                for (name, factory) in crate::support::stores() {
                    eprintln!("{name}");
                    super::$case(super::Bench::of(factory)).await;
                }
            })*
        }
    };
}
#[allow(unused_imports, reason = "not every test file has cases")]
pub(crate) use every_store;

/// What a store has done that its user can see, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    Answered(&'static str),
    HandedOn(Vec<u64>),
}

/// A store under test, and what it has handed on.
pub struct Bench {
    pub store: Arc<dyn Store>,
    pub entries: Arc<Mutex<Vec<Entry>>>,
    pub replies: Arc<Mutex<Vec<CommandReply>>>,
    pub seen: Arc<Mutex<Vec<Seen>>>,
    pub environment: Arc<Counting>,
    /// Where the data of the store is, unless the test keeps it.
    pub home: Home,
}

/// A function that is called with each group that is handed on, before it is recorded.
pub type Gate = Box<dyn Fn() + Send>;

/// The result of a write that was queued.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<Result<T, StoreError>, oneshot::error::RecvError>> + Send>>;

impl Bench {
    /// A new store of a factory.
    pub fn of(factory: Factory) -> Self {
        Self::gated(factory, Box::new(|| {}))
    }

    /// A new store that waits at a gate before it hands a group on.
    pub fn gated(factory: Factory, gate: Gate) -> Self {
        Self::with(Arc::default(), Quotas::default(), gate, factory)
    }

    /// A store on SQLite at a location that may have been used before.
    pub fn open(location: &Location, environment: Arc<Counting>, quotas: Quotas) -> Self {
        Self::with(environment, quotas, Box::new(|| {}), |opening| (sqlite_at(location, opening), Home::Memory))
    }

    /// A store on SQLite in a folder, for tests that read its file or open it again.
    pub fn in_file() -> (Self, TempDir) {
        let mut bench = Self::of(sqlite_in_file);
        let Home::Folder(folder) = std::mem::replace(&mut bench.home, Home::Memory) else { panic!("no folder") };
        (bench, folder)
    }

    /// A store that a function opens.
    pub fn with(
        environment: Arc<Counting>,
        quotas: Quotas,
        gate: Gate,
        open: impl FnOnce(Opening) -> (Arc<dyn Store>, Home),
    ) -> Self {
        let entries: Arc<Mutex<Vec<Entry>>> = Arc::default();
        let replies: Arc<Mutex<Vec<CommandReply>>> = Arc::default();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (to_entries, to_replies, to_seen) = (Arc::clone(&entries), Arc::clone(&replies), Arc::clone(&seen));
        let on_commit = Box::new(move |group: Group| {
            let Group { missed, commit, .. } = group;
            // What other nodes have committed comes before.
            to_entries.lock().unwrap().extend(missed.into_iter().flat_map(|missed| missed.entries));
            to_replies.lock().unwrap().extend(commit.replies);
            if commit.entries.is_empty() {
                return;
            }
            gate();
            to_seen.lock().unwrap().push(Seen::HandedOn(commit.entries.iter().map(|entry| entry.position).collect()));
            to_entries.lock().unwrap().extend(commit.entries);
        });
        let (store, home) = open(Opening { environment: Arc::clone(&environment), quotas, on_commit });
        Self { store, entries, replies, seen, environment, home }
    }

    /// Queues a write and waits for its result.
    pub async fn write<R: Request + 'static>(&self, request: R) -> Result<R::Output, Refusal>
    where
        R::Output: Send,
    {
        self.start(request).await.await.expect("an answer").map_err(Refusal::from)
    }

    /// Queues a write. Its result comes later.
    pub async fn start<R: Request + 'static>(&self, request: R) -> Answer<R::Output>
    where
        R::Output: Send,
    {
        let (sender, receiver) = oneshot::channel();
        let queued = self.store.submit(request.into(), ReplyTo::Caller(sender)).await;
        Box::pin(async move {
            match queued {
                Ok(()) => {
                    receiver.await.map(|result| result.map(|written| R::output(written).expect("its own result")))
                }
                Err(error) => Ok(Err(error)),
            }
        })
    }

    /// Waits until everything that was written has been handed on: the second barrier runs after the first one's commit
    /// was.
    pub async fn settled(&self) -> u64 {
        self.write(Barrier).await.expect("position");
        self.write(Barrier).await.expect("position")
    }

    pub async fn user(&self, name: &str) -> UserId {
        let new =
            NewUser { username: name.to_owned(), email: Some(format!("{name}@example.org")), ..NewUser::default() };
        self.write(RegisterUser { new }).await.expect("registered").user.id.clone()
    }

    /// Erases a user, portion by portion.
    pub async fn erase(&self, user: &UserId) {
        self.write(EraseUser { user: user.clone(), by: None }).await.expect("erased");
        while self.write(ContinueErasure { user: user.clone() }).await.expect("erased on") {}
    }

    pub async fn conversation(
        &self,
        owner: &UserId,
        kind: ConversationKind,
        open: bool,
        members: &[UserId],
    ) -> ConversationId {
        let write = CreateConversation { actor: actor(owner), new: new_conversation(kind, open, members) };
        self.write(write).await.expect("created").conversation.id.clone()
    }

    pub async fn send(&self, from: &UserId, conversation: &ConversationId, text: &str) -> Result<Sent, Refusal> {
        self.write(message(from, conversation, text, None)).await
    }
}

/// Runs one history of a property test.
pub fn block_on<T>(history: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(history)
}

/// A conversation that is to be created, with its owner as a member.
pub fn new_conversation(kind: ConversationKind, open: bool, members: &[UserId]) -> NewConversation {
    NewConversation {
        kind,
        name: (kind != ConversationKind::Direct).then(|| "name".to_owned()),
        description: None,
        picture: None,
        metadata: None,
        open,
        members: members.to_vec(),
        owner: None,
        join: true,
        profile: Profile::default(),
    }
}

pub fn actor(user: &UserId) -> Actor {
    let guest = user.as_str().starts_with("guest");
    // A guest owns its messages only on one connection, so that each guest has one of its own.
    let origin = guest.then(|| ConnectionId(user.as_str().bytes().map(u64::from).sum()));
    Actor { user: user.clone(), guest, guest_proof: None, address: None, origin, acked: false }
}

pub fn message(
    from: &UserId,
    conversation: &ConversationId,
    text: &str,
    client_message_id: Option<&str>,
) -> SendMessage {
    SendMessage {
        actor: actor(from),
        text: NewText {
            target: Target::Conversation(conversation.clone()),
            kind: MessageKind::Text,
            content: text.to_owned(),
            file: None,
            client_message_id: client_message_id.map(ClientMessageId::trusted),
            details: None,
        },
        screening: None,
    }
}
