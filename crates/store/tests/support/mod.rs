//! A store under test, what it handed on, and short ways to write to it.
#![allow(dead_code, clippy::unwrap_used, reason = "each test file uses its part, and panics to fail")]

pub mod stage;

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use quintet_domain::{
    ClientMessageId, ConnectionId, ConversationId, ConversationKind, Entry, Environment, MessageKind, NewText, Profile,
    Refusal, Target, Timestamp, UserId,
};
use quintet_store::{
    Account, Actor, Created, Done, Future, Group, Location, NewConversation, NewUser, SendMessage, Sent, SqliteStore,
    Store, StoreError,
};

/// A clock that ticks with every look, and ids that count.
#[derive(Default)]
pub struct Counting {
    now: AtomicI64,
    ids: AtomicU64,
}

impl Counting {
    /// Lets time pass.
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

/// What happened at the seam, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    Answered(&'static str),
    HandedOn(Vec<u64>),
}

pub struct Bench {
    pub store: Arc<dyn Store>,
    pub entries: Arc<Mutex<Vec<Entry>>>,
    pub seen: Arc<Mutex<Vec<Seen>>>,
    pub environment: Arc<Counting>,
}

pub type Gate = Box<dyn Fn() + Send>;

impl Bench {
    pub fn open(location: &Location) -> Self {
        Self::gated(location, Arc::default(), Box::new(|| {}))
    }

    /// A store whose handing on waits at a gate.
    pub fn gated(location: &Location, environment: Arc<Counting>, gate: Gate) -> Self {
        let entries: Arc<Mutex<Vec<Entry>>> = Arc::default();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (to_entries, to_seen) = (Arc::clone(&entries), Arc::clone(&seen));
        let on_commit = Box::new(move |group: Group| {
            let group = group.entries;
            if group.is_empty() {
                return;
            }
            to_seen.lock().unwrap().push(Seen::HandedOn(group.iter().map(|entry| entry.position).collect()));
            to_entries.lock().unwrap().extend(group);
            gate();
        });
        let store = SqliteStore::open(location, environment.clone(), on_commit).expect("opens");
        Self { store: Arc::new(store), entries, seen, environment }
    }

    pub fn in_file() -> (Self, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        let bench = Self::open(&Location::Folder(PathBuf::from(folder.path())));
        (bench, folder)
    }

    /// Queues a write and waits for its answer.
    pub async fn write<T: Send + 'static>(
        &self,
        queue: impl for<'s> FnOnce(&'s dyn Store, Done<T>) -> Future<'s, ()>,
    ) -> Result<T, Refusal> {
        self.start(queue).await.await.expect("an answer").map_err(Refusal::from)
    }

    /// Queues a write; its answer comes later.
    pub async fn start<T: Send + 'static>(
        &self,
        queue: impl for<'s> FnOnce(&'s dyn Store, Done<T>) -> Future<'s, ()>,
    ) -> tokio::sync::oneshot::Receiver<Result<T, StoreError>> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let done = Box::new(move |result| {
            let _ = sender.send(result);
        });
        queue(&*self.store, done).await;
        receiver
    }

    /// Ready when everything that was written has been handed on: what comes second is run after the first was.
    pub async fn settled(&self) -> u64 {
        self.write(|store, done| store.barrier(done)).await.expect("position");
        self.write(|store, done| store.barrier(done)).await.expect("position")
    }

    pub async fn user(&self, name: &str) -> UserId {
        let new =
            NewUser { username: name.to_owned(), email: Some(format!("{name}@example.org")), ..NewUser::default() };
        let account: Account = self.write(|store, done| store.register(new, done)).await.expect("registered");
        account.user.id.clone()
    }

    /// Erases somebody, turn by turn.
    pub async fn erase(&self, user: &UserId) {
        self.write(|store, done| store.erase(user.clone(), done)).await.expect("erased");
        while self.write(|store, done| store.continue_erasure(user.clone(), done)).await.expect("erased on") {}
    }

    pub async fn conversation(
        &self,
        owner: &UserId,
        kind: ConversationKind,
        open: bool,
        members: &[UserId],
    ) -> ConversationId {
        let new = NewConversation {
            kind,
            name: (kind != ConversationKind::Direct).then(|| "name".to_owned()),
            description: None,
            open,
            members: members.to_vec(),
            owner: None,
            join: true,
            profile: Profile::default(),
        };
        let actor = actor(owner);
        let created: Created =
            self.write(|store, done| store.create_conversation(actor, new, done)).await.expect("created");
        created.conversation.id.clone()
    }

    pub async fn send(&self, from: &UserId, conversation: &ConversationId, text: &str) -> Result<Sent, Refusal> {
        let send = message(from, conversation, text, None);
        self.write(|store, done| store.send(send, done)).await
    }
}

/// Runs one history of a property test.
pub fn block_on<T>(history: impl std::future::Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(history)
}

pub fn actor(user: &UserId) -> Actor {
    let guest = user.as_str().starts_with("guest");
    // A guest's messages are its own on one connection alone: each has one.
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
        },
    }
}
