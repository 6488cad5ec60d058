//! Several hubs over one store in memory, with what nodes tell each other passed on at once, or lost.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use quintet_bus::{Bus, LocalBus, LocalPresence, Subscription};
use quintet_cluster::{Nodes, NodesOutput};
use quintet_dialect::Dialect;
use quintet_domain::{
    Actor, Commit, ConnectionId, ConversationId, ConversationKind, CreateConversation, Environment, Ephemeral, Event,
    JoinConversation, LocalCommand, NewConversation, NewUser, NodeId, Profile, Quotas, RegisterUser, Request, Target,
    Timestamp, User, UserId, UserKind,
};
use quintet_files::Files;
use quintet_service::{
    Base, Identity, Keys, Memberships, Metrics, PendingNotifications, ReadAhead, Service, TokenSettings, Tokens,
};
use quintet_socketio::Outbox;
use quintet_store::{MemoryStore, MemoryWriter, Party, ReplyTo, Store};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::census::Census;
use crate::client::{Clients, UnidentifiedMax};
use crate::connection::{Connection, Out, Resumption};
use crate::hub::attach_reply::Attached;
use crate::hub::message::Attach;
use crate::hub::{ClientMessage, Hub, HubContext, HubMessage};
use crate::pending_commands::PendingCommands;
use crate::settings::{Audience, Echo, Settings};

/// The size in bytes of the largest message between nodes.
const MESSAGE_BYTES_MAX: usize = 6_000;

/// Rounds in which nothing happens, after which everything has come to rest.
const QUIET_ROUNDS: u32 = 5;

/// The clock of the paused runtime, and ids that count up.
struct TestEnvironment {
    began: Instant,
    ids: AtomicU64,
}

impl Environment for TestEnvironment {
    fn now(&self) -> Timestamp {
        Timestamp(1_700_000_000_000 + i64::try_from(self.began.elapsed().as_millis()).expect("short"))
    }

    fn new_id(&self) -> String {
        format!("id-{:06}", self.ids.fetch_add(1, Ordering::Relaxed))
    }

    fn secret(&self) -> u128 {
        u128::from(self.ids.fetch_add(1, Ordering::Relaxed))
    }
}

/// The bus of one node, which keeps what other nodes are to be told.
#[derive(Default)]
pub(super) struct TestBus {
    pub(super) bus: LocalBus,
    told: Mutex<Vec<LocalPresence>>,
    typing: Mutex<Vec<Event>>,
}

impl Bus for TestBus {
    fn committed(&self, commit: Commit) {
        self.bus.committed(commit);
    }

    fn ephemeral(&self, ephemeral: Ephemeral) -> Result<(), Ephemeral> {
        self.bus.ephemeral(ephemeral.clone())?;
        if let Ephemeral::Event(event @ Event::Typing { .. }) = ephemeral {
            self.typing.lock().expect("no panic").push(event);
        }
        Ok(())
    }

    fn tell_nodes(&self, change: LocalPresence) {
        self.told.lock().expect("no panic").push(change);
    }

    fn subscribe(&self) -> Subscription {
        self.bus.subscribe()
    }
}

/// A node: its hub, and what it knows of the others.
pub(super) struct Node {
    pub(super) id: NodeId,
    pub(super) hub: Hub,
    pub(super) bus: Arc<TestBus>,
    pub(super) service: Service,
    nodes: Nodes,
    sent: u64,
    inbox: mpsc::Receiver<ClientMessage>,
    _inbox_sender: mpsc::Sender<ClientMessage>,
    subscription: Subscription,
    census: Arc<Census>,
    pub(super) alive: bool,
}

impl Node {
    async fn start(id: NodeId, store: &Arc<MemoryStore>, environment: &Arc<TestEnvironment>, position: u64) -> Self {
        let bus = Arc::new(TestBus::default());
        let subscription = bus.subscribe();
        let keys = Keys { own: vec![7; 32], own_made_s: 0, shared: None, retired: None };
        let settings = quintet_service::Settings {
            guests: true,
            registration: quintet_service::Registration::Open,
            contact: quintet_domain::Contact::default(),
            rates: false,
            password_chars_min: 8,
            public_url: None,
            pictures: false,
            outbound: quintet_service::Networks::default(),
            lists: None,
            retention: quintet_domain::Retention::default(),
        };
        let service = Service::new(
            store.clone(),
            bus.clone(),
            environment.clone(),
            Files::in_memory(),
            Tokens::new(keys, TokenSettings::default()),
            Arc::new(Metrics::default()),
            settings,
        );
        let census = Arc::new(Census::default());
        let (sender, inbox) = mpsc::channel(4_096);
        let context = HubContext {
            service: service.clone(),
            settings: Settings {
                deliveries: true,
                echo: Echo::Always,
                audience: Audience::Everyone,
                everyone_limit: 1_000,
                frame_bytes_max: 1_000_000,
                queue_bytes_max: 1_000_000,
                recovery: false,
                compression_threshold: None,
            },
            resume_tokens: service.resume_tokens().await.expect("tokens"),
            census: Arc::clone(&census),
            pending_commands: Arc::new(PendingCommands::default()),
        };
        let hub = Hub::new(context, sender.downgrade(), position);
        let nodes = Nodes::new(id, MESSAGE_BYTES_MAX);
        let (sent, alive) = (0, true);
        Self { id, hub, bus, service, nodes, sent, inbox, _inbox_sender: sender, subscription, census, alive }
    }

    /// Handles everything that is there. Returns whether there was anything.
    fn step(&mut self) -> bool {
        let mut active = false;
        loop {
            let now = Instant::now();
            if let Some(publication) = self.subscription.try_next() {
                self.hub.handle(publication.into(), now);
            } else if let Ok(message) = self.inbox.try_recv() {
                self.hub.handle(HubMessage::Client(message), now);
            } else if self.hub.next_timer().is_some_and(|at| at <= now) {
                self.hub.handle(HubMessage::Timer, now);
            } else {
                return active;
            }
            active = true;
        }
    }
}

/// A connection of a user to a node.
pub(super) struct Conn {
    at: usize,
    id: ConnectionId,
    user: UserId,
    outbox: Arc<Outbox>,
    pub(super) attached: oneshot::Receiver<Attached>,
}

impl Conn {
    /// Takes the events that the connection has received.
    pub(super) fn heard(&self) -> Vec<(String, Value)> {
        let frames = self.outbox.take_up_to(usize::MAX);
        let event = |frame: quintet_socketio::Frame| {
            let value: Value = serde_json::from_slice(frame.body()).expect("JSON");
            (value["event"].as_str().expect("a name").to_owned(), value["data"].clone())
        };
        frames.into_iter().map(event).collect()
    }

    /// Takes the names of the events that the connection has received.
    pub(super) fn names(&self) -> Vec<String> {
        self.heard().into_iter().map(|(name, _)| name).collect()
    }
}

/// Several nodes over one store.
pub(super) struct World {
    pub(super) store: Arc<MemoryStore>,
    writer: MemoryWriter,
    pub(super) nodes: Vec<Node>,
    /// Whether nodes hear nothing of each other.
    pub(super) cut: bool,
    /// The number of writes so far.
    pub(super) writes: usize,
    clients: Arc<Clients>,
    next_connection: u64,
}

impl World {
    pub(super) async fn new(count: u64) -> Self {
        let environment = Arc::new(TestEnvironment { began: Instant::now(), ids: AtomicU64::new(0) });
        let (store, writer) = MemoryStore::manual(environment.clone(), Quotas::default());
        let mut nodes = Vec::new();
        for id in 1..=count {
            nodes.push(Node::start(NodeId(id), &store, &environment, writer.position()).await);
        }
        let clients = Clients::new(UnidentifiedMax::default(), 0);
        Self { store, writer, nodes, cut: false, writes: 0, clients, next_connection: 0 }
    }

    // --- time ---

    /// Lets everything happen that is under way.
    pub(super) async fn settle(&mut self) {
        let mut quiet = 0;
        while quiet < QUIET_ROUNDS {
            // The tasks of the hubs run, and what waits for some milliseconds is due.
            tokio::time::advance(Duration::from_millis(1)).await;
            for _ in 0..4 {
                tokio::task::yield_now().await;
            }
            let mut active = false;
            while let Some(group) = self.writer.commit(64) {
                active = true;
                self.writes += group.writes;
                let alive = self.nodes.iter().filter(|node| node.alive);
                alive.for_each(|node| node.bus.committed(group.commit.clone()));
            }
            for node in self.nodes.iter_mut().filter(|node| node.alive) {
                active |= node.step();
            }
            active |= self.carry();
            quiet = if active { 0 } else { quiet + 1 };
        }
    }

    /// Lets seconds pass, with the heartbeats of the nodes.
    pub(super) async fn seconds(&mut self, count: u32) {
        for _ in 0..count {
            tokio::time::advance(Duration::from_secs(1)).await;
            let now = Instant::now();
            let fresh: Vec<NodeId> = self.nodes.iter().filter(|node| node.alive).map(|node| node.id).collect();
            for at in 0..self.nodes.len() {
                if self.nodes[at].alive {
                    self.nodes[at].nodes.fresh_in_store(&fresh, now);
                    let outputs = self.nodes[at].nodes.tick(now);
                    self.handle(at, outputs);
                }
            }
            self.settle().await;
        }
    }

    /// Passes on what the hubs tell other nodes.
    fn carry(&mut self) -> bool {
        let mut active = false;
        for at in 0..self.nodes.len() {
            let bus = Arc::clone(&self.nodes[at].bus);
            for change in std::mem::take(&mut *bus.told.lock().expect("no panic")) {
                active = true;
                let outputs = self.nodes[at].nodes.local(change);
                self.handle(at, outputs);
            }
            for event in std::mem::take(&mut *bus.typing.lock().expect("no panic")) {
                active = true;
                for other in self.hearing(at) {
                    let passed_on = self.nodes[other].bus.bus.ephemeral(Ephemeral::Event(event.clone()));
                    passed_on.expect("room on the bus");
                }
            }
        }
        active
    }

    /// The nodes that hear another one.
    fn hearing(&self, from: usize) -> Vec<usize> {
        let heard = !self.cut && self.nodes[from].alive;
        let others = (0..self.nodes.len()).filter(|at| heard && *at != from && self.nodes[*at].alive);
        others.collect()
    }

    fn handle(&mut self, at: usize, outputs: Vec<NodesOutput>) {
        for output in outputs {
            match output {
                NodesOutput::Hub(node, presence) => self.nodes[at].bus.bus.remote(node, presence),
                NodesOutput::Send(message) => {
                    self.nodes[at].sent += 1;
                    let (from, number) = (self.nodes[at].id, self.nodes[at].sent);
                    for other in self.hearing(at) {
                        let now = Instant::now();
                        let outputs = self.nodes[other].nodes.received(from, number, message.clone(), now);
                        self.handle(other, outputs);
                    }
                }
            }
        }
    }

    // --- writes ---

    /// Makes a write, and returns its result.
    pub(super) async fn write<R: Request>(&mut self, request: R) -> R::Output {
        let (sender, receiver) = oneshot::channel();
        self.store.submit(request.into(), ReplyTo::Caller(sender)).await.expect("queued");
        self.settle().await;
        let written = receiver.await.expect("answered").expect("not refused");
        R::output(written).expect("of its kind")
    }

    /// Registers a user.
    pub(super) async fn register(&mut self, id: &str) -> Arc<User> {
        let id = UserId::trusted(id);
        let new = NewUser { id: Some(id.clone()), username: id.to_string(), ..NewUser::default() };
        self.write(RegisterUser { new }).await;
        self.stored(&id).await
    }

    /// The profile of a user as it is stored.
    pub(super) async fn stored(&self, id: &UserId) -> Arc<User> {
        self.store.account(Party::Server, id.clone()).await.expect("a read").expect("an account").user
    }

    /// Creates a conversation of some users.
    pub(super) async fn create(&mut self, by: &User, kind: ConversationKind, members: &[&Arc<User>]) -> ConversationId {
        let new = NewConversation {
            kind,
            name: Some("Together".to_owned()),
            description: None,
            picture: None,
            metadata: None,
            open: kind == ConversationKind::Room,
            members: members.iter().map(|user| user.id.clone()).collect(),
            owner: None,
            join: true,
            profile: Profile::default(),
        };
        let created = self.write(CreateConversation { actor: Actor::user(by.id.clone()), new }).await;
        created.conversation.id.clone()
    }

    /// Lets a guest join a room.
    pub(super) async fn join_as_guest(&mut self, guest: &User, room: &ConversationId) {
        let actor = Actor { guest: true, ..Actor::user(guest.id.clone()) };
        let conversation = room.clone();
        self.write(JoinConversation { actor, conversation, profile: Profile::default(), history: false }).await;
    }

    /// Whether a user is a member of a conversation, as it is stored.
    pub(super) async fn is_member(&self, user: &User, conversation: &ConversationId) -> bool {
        let memberships = self.store.memberships(user.id.clone()).await.expect("a read");
        memberships.conversations.iter().any(|(one, _)| one.id == *conversation)
    }

    // --- connections ---

    /// Connects a user to a node.
    pub(super) async fn connect(&mut self, at: usize, user: &Arc<User>, dialect: Dialect) -> Conn {
        self.connect_with(at, user, dialect, None).await
    }

    /// Connects a user whose state was read when the store was at a position.
    pub(super) async fn connect_with(
        &mut self,
        at: usize,
        user: &Arc<User>,
        dialect: Dialect,
        read_at: Option<u64>,
    ) -> Conn {
        self.next_connection += 1;
        let id = ConnectionId(self.next_connection);
        let outbox = Arc::new(Outbox::new(1_000_000));
        let out = Out::Plain(Arc::clone(&outbox));
        let client = self.clients.arrive([127, 0, 0, 1].into());
        let census = Arc::clone(&self.nodes[at].census);
        let resumption = Resumption::default();
        let connection = Connection::new(id, (out, Base::default()), client, false, Some(dialect), resumption, census);
        connection.set_identity(Identity { user: Arc::clone(user), expires_at: None, generation: 0, session: None });
        let (reply, attached) = oneshot::channel();
        let ahead = read_at.map(|position| {
            let memberships = Memberships { position, registered: true, ..Memberships::default() };
            Box::new(ReadAhead { memberships, pending: PendingNotifications { position, ..Default::default() } })
        });
        let attach = Attach { connection, user: Arc::clone(user), ahead, reply };
        self.tell(at, ClientMessage::Attach(Box::new(attach))).await;
        Conn { at, id, user: user.id.clone(), outbox, attached }
    }

    /// Ends a connection.
    pub(super) async fn disconnect(&mut self, conn: Conn) {
        let Conn { at, id, user, .. } = conn;
        self.tell(at, ClientMessage::Detach { connection: id, user }).await;
    }

    /// Sends a message to the hub of a node.
    pub(super) async fn tell(&mut self, at: usize, message: ClientMessage) {
        self.nodes[at].hub.handle(HubMessage::Client(message), Instant::now());
        self.settle().await;
    }

    /// Starts or stops typing on a connection.
    pub(super) async fn type_in(&mut self, conn: &Conn, conversation: &ConversationId, typing: bool) {
        let command = LocalCommand::Typing { target: Target::Conversation(conversation.clone()), typing };
        let outcome = self.nodes[conn.at].hub.local((conn.id, &conn.user), command, Instant::now());
        outcome.expect("carried out");
        self.settle().await;
    }
}

/// A guest who was never stored.
pub(super) fn guest(id: &str) -> Arc<User> {
    let id = UserId::trusted(id);
    Arc::new(User {
        username: User::guest_name(&id),
        name: User::guest_name(&id),
        last_name: None,
        avatar: None,
        kind: UserKind::Guest,
        last_seen: None,
        created_at: Timestamp(0),
        id,
    })
}
