//! Two nodes in one process over one PostgreSQL database: whatever becomes of the messages between them, both deliver the
//! same entries in the same order, and each the replies to its own commands.

#![allow(clippy::unwrap_used, clippy::cloned_ref_to_slice_refs, reason = "a panic is how a test fails")]

#[allow(dead_code, reason = "the tests of the store use the rest")]
#[path = "../../store/tests/support/postgres.rs"]
mod database;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use database::TestDatabase;
use quintet_bus::{Bus, LocalBus, Publication, Subscription};
use quintet_cluster::{Backing, Cluster, ClusterBus, Fate, Inbox, MemoryNetwork, Neighbours, Parts};
use quintet_domain::{
    Actor, Barrier, CommandReply, ConversationId, ConversationKind, ConversationRef, CreateConversation, Entry,
    Environment, Ephemeral, Event, MessageKind, NewConversation, NewText, NewUser, NodeId, Profile, Quotas,
    RegisterUser, Request, SendMessage, Target, Ticket, Timestamp, User, UserId, UserKind,
};
use quintet_store::{Clock, Delivered, PostgresStore, ReplyTo, Store};
use tokio::sync::oneshot;

/// The time within which anything that is awaited has to come.
const PATIENCE: Duration = Duration::from_secs(60);
/// The secret that both nodes share.
const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// The number of messages that each node sends.
const MESSAGES: u64 = 60;

/// The clock of the system, and ids of which no two nodes make the same.
struct NodeEnvironment {
    node: u64,
    ids: AtomicU64,
}

impl Environment for NodeEnvironment {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Timestamp(i64::try_from(since.as_millis()).unwrap())
    }

    fn new_id(&self) -> String {
        format!("id-{}-{}", self.node, self.ids.fetch_add(1, Ordering::Relaxed))
    }

    fn secret(&self) -> u128 {
        u128::from(self.node) << 64 | u128::from(self.ids.fetch_add(1, Ordering::Relaxed))
    }
}

/// A node, with everything that its hub would receive.
struct Node {
    store: Arc<PostgresStore>,
    bus: ClusterBus,
    cluster: Cluster,
    subscription: Subscription,
    entries: Vec<Entry>,
    replies: Vec<CommandReply>,
    /// Typing that other nodes have told of.
    typing: Vec<Event>,
    reached: u64,
}

impl Node {
    async fn start(node: u64, database: &TestDatabase, network: &MemoryNetwork) -> Self {
        let (inbox, groups, teller) = Inbox::new();
        let (delivered, local) = (Delivered::default(), Arc::new(LocalBus::new()));
        let environment = Arc::new(NodeEnvironment { node, ids: AtomicU64::new(0) });
        let on_commit = Box::new(move |group| groups.send(group));
        let (target, quotas, given) = (database.target(), Quotas::default(), delivered.clone());
        let store = PostgresStore::open_with(target, Clock::Database, environment, quotas, given, on_commit);
        let store = Arc::new(store.unwrap());
        let weak: Weak<PostgresStore> = Arc::downgrade(&store);
        let (wire, events) = network.end();
        let subscription = local.subscribe();
        let parts = Parts {
            node: NodeId(node),
            address: None,
            identity: store.identity().await.unwrap(),
            secret: Some(SECRET.to_owned()),
            wire,
            events,
            bus: Arc::clone(&local),
            store: weak as Weak<dyn Backing>,
            delivered,
            inbox,
            neighbours: Neighbours::default(),
        };
        let (cluster, bus) = (Cluster::start(parts).unwrap(), ClusterBus::new(local, teller));
        let (entries, replies, typing) = (Vec::new(), Vec::new(), Vec::new());
        Self { store, bus, cluster, subscription, entries, replies, typing, reached: 0 }
    }

    async fn write<R: Request + 'static>(&self, request: R) -> R::Output
    where
        R::Output: Send,
    {
        let (sender, receiver) = oneshot::channel();
        self.store.submit(request.into(), ReplyTo::Caller(sender)).await.unwrap();
        R::output(receiver.await.unwrap().unwrap()).unwrap()
    }

    /// Sends a message as a command of a connection, whose reply comes with the commits.
    async fn sends(&self, ticket: u64, user: &UserId, conversation: &ConversationId) {
        let text = NewText {
            target: Target::Conversation(conversation.clone()),
            kind: MessageKind::Text,
            content: format!("message {ticket}"),
            file: None,
            client_message_id: None,
            details: None,
        };
        let send = SendMessage { actor: actor(user), text, screening: None };
        self.store.submit(send.into(), ReplyTo::Ticket(Ticket(ticket))).await.unwrap();
    }

    /// Takes the next publication, and checks its place.
    async fn takes(&mut self) {
        let next = tokio::time::timeout(PATIENCE, self.subscription.next()).await;
        match next.unwrap_or_else(|_| panic!("nothing comes after {}", self.reached)).unwrap() {
            Publication::Committed(commit) => {
                for entry in &commit.entries {
                    assert!(entry.position > self.reached, "{} after {}", entry.position, self.reached);
                    self.reached = entry.position;
                }
                assert!(commit.position >= self.reached);
                self.reached = commit.position;
                self.entries.extend(commit.entries);
                self.replies.extend(commit.replies);
            }
            Publication::Ephemeral(Ephemeral::Event(event)) => self.typing.push(event),
            Publication::Remote { .. } => {}
            Publication::Ephemeral(Ephemeral::RoomPresence { .. }) => panic!("no node tells of presence in rooms"),
        }
    }

    async fn reaches(&mut self, position: u64) {
        while self.reached < position {
            self.takes().await;
        }
    }
}

fn actor(user: &UserId) -> Actor {
    Actor { user: user.clone(), guest: false, guest_proof: None, address: None, origin: None, acked: false }
}

async fn user(node: &Node, name: &str) -> UserId {
    let new = NewUser { username: name.to_owned(), email: Some(format!("{name}@example.org")), ..NewUser::default() };
    node.write(RegisterUser { new }).await.user.id.clone()
}

async fn group(node: &Node, owner: &UserId, members: &[UserId]) -> ConversationId {
    let new = NewConversation {
        kind: ConversationKind::Group,
        name: Some("group".to_owned()),
        description: None,
        picture: None,
        metadata: None,
        open: false,
        members: members.to_vec(),
        owner: None,
        join: true,
        profile: Profile::default(),
    };
    node.write(CreateConversation { actor: actor(owner), new }).await.conversation.id.clone()
}

/// The messages that a node has delivered: position, number in the conversation, text.
fn messages(node: &Node) -> Vec<(u64, Option<u64>, String)> {
    let message = |entry: &Entry| match &entry.event {
        Event::MessageCreated(message) => Some((entry.position, entry.sequence, message.content.clone())),
        _ => None,
    };
    node.entries.iter().filter_map(message).collect()
}

/// Both nodes send at once, over a network that decides the fate of each message by its number.
async fn both_send(fate: fn(u64) -> Fate) {
    let database = TestDatabase::new();
    let mut number = 0;
    let network = MemoryNetwork::new(8_000, move |_| {
        number += 1;
        fate(number)
    });
    let mut here = Node::start(1, &database, &network).await;
    let mut there = Node::start(2, &database, &network).await;
    let (a, b) = (user(&here, "a").await, user(&there, "b").await);
    let group = group(&here, &a, &[b.clone()]).await;
    for number in 0..MESSAGES {
        here.sends(number, &a, &group).await;
        there.sends(1_000 + number, &b, &group).await;
        if number % 5 == 0 {
            // Groups of different sizes.
            there.write(Barrier).await;
        }
    }
    here.write(Barrier).await;
    let newest = there.write(Barrier).await;
    here.reaches(newest).await;
    there.reaches(newest).await;
    let positions = |node: &Node| node.entries.iter().map(|entry| entry.position).collect::<Vec<_>>();
    assert_eq!(positions(&here), positions(&there));
    assert_eq!(positions(&here), (1..=newest).collect::<Vec<_>>(), "each position once, in order");
    assert_eq!(messages(&here), messages(&there));
    assert_eq!(messages(&here).len() as u64, 2 * MESSAGES);
    // Each reply comes once, on the node of its command.
    for (node, first) in [(&here, 0), (&there, 1_000)] {
        let tickets: Vec<Ticket> = node.replies.iter().map(|reply| reply.ticket).collect();
        assert_eq!(tickets, (first..first + MESSAGES).map(Ticket).collect::<Vec<_>>());
        assert!(node.replies.iter().all(|reply| reply.outcome.is_ok()));
    }
    here.store.close().await;
    there.store.close().await;
}

macro_rules! networks {
    ($($name:ident: $fate:expr),* $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            both_send($fate).await;
        }
    )*};
}

networks! {
    everything_arrives: |_| Fate::Arrives,
    everything_is_lost: |_| Fate::Lost,
    every_second_message_is_lost: |number| if number % 2 == 0 { Fate::Lost } else { Fate::Arrives },
    everything_comes_twice: |_| Fate::Twice,
    much_is_late_lost_or_doubled: |number| match number * 7 % 11 {
        0 | 1 => Fate::Lost,
        2 | 3 => Fate::Twice,
        4 => Fate::Behind(3),
        5 => Fate::Behind(1),
        _ => Fate::Arrives,
    },
}

/// A node that writes nothing hears what the other one commits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quiet_node_hears_everything() {
    let database = TestDatabase::new();
    let network = MemoryNetwork::new(8_000, |_| Fate::Lost);
    let mut here = Node::start(1, &database, &network).await;
    let mut there = Node::start(2, &database, &network).await;
    let a = user(&here, "a").await;
    let group = group(&here, &a, &[]).await;
    for number in 0..10 {
        here.sends(number, &a, &group).await;
        let newest = here.write(Barrier).await;
        there.reaches(newest).await;
        here.reaches(newest).await;
    }
    assert_eq!(messages(&there), messages(&here));
    assert!(there.replies.is_empty() && there.cluster.status().gaps() > 0);
    assert_eq!(there.cluster.status().lag(), 0);
    here.store.close().await;
    there.store.close().await;
}

/// Who types is told to the other node, and who is online is not told as an event.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn typing_passes() {
    let database = TestDatabase::new();
    let network = MemoryNetwork::reliable(8_000);
    let here = Node::start(1, &database, &network).await;
    let mut there = Node::start(2, &database, &network).await;
    let ada = Arc::new(User {
        id: UserId::trusted("ada"),
        username: "ada".to_owned(),
        name: "Ada".to_owned(),
        last_name: None,
        avatar: None,
        kind: UserKind::Registered,
        last_seen: None,
        created_at: Timestamp(0),
    });
    let (id, kind) = (ConversationId::trusted("team"), ConversationKind::Group);
    let conversation = Arc::new(ConversationRef { id, kind, name: None, pair: None });
    let typing = Event::Typing { conversation, user: Arc::clone(&ada), typing: true };
    let presence = Event::Presence { user: ada, online: true, last_seen: Timestamp(0) };
    // A node tells nothing until it knows that there is another one.
    while there.typing.is_empty() {
        here.bus.ephemeral(Ephemeral::Event(presence.clone())).unwrap();
        here.bus.ephemeral(Ephemeral::Event(typing.clone())).unwrap();
        let _ = tokio::time::timeout(Duration::from_millis(50), there.takes()).await;
    }
    assert!(there.typing.iter().all(|event| *event == typing));
    here.store.close().await;
    there.store.close().await;
}
