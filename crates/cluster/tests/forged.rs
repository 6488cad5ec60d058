//! What somebody can do who reads and writes the wire, and does not know the secret of the nodes: nothing that is heard.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use bytes::Bytes;
use quintet_bus::{Bus, LocalBus, LocalPresence, Publication, RemotePresence, Subscription};
use quintet_cluster::{
    Backing, Cluster, ClusterBus, Envelope, Fate, GroupNotice, GroupSender, Inbox, MemoryNetwork, Message, Neighbours,
    Parts, encode,
};
use quintet_domain::{
    ConversationId, ConversationKind, ConversationRef, Entry, Ephemeral, Event, NodeId, Timestamp, User, UserId,
    UserKind,
};
use quintet_store::{Delivered, FreshNode, Future, Heartbeat, StoreError};

/// The time within which anything that is awaited has to come.
const PATIENCE: Duration = Duration::from_secs(60);
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A store that names the nodes 1 and 2, unless it is away.
#[derive(Default)]
struct Names {
    is_away: AtomicBool,
}

impl Backing for Names {
    fn heartbeat(&self, node: NodeId, _address: Option<String>) -> Future<'_, Result<Heartbeat, StoreError>> {
        let others = [1, 2].map(NodeId).into_iter().filter(|id| *id != node);
        let others = others.map(|id| FreshNode { id, address: None }).collect();
        let answer = if self.is_away.load(Ordering::SeqCst) {
            Err(StoreError::TooSlow)
        } else {
            Ok(Heartbeat { position: 0, others })
        };
        Box::pin(async move { answer })
    }

    fn catch_up(&self) -> Future<'_, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }
}

struct Node {
    store: Arc<Names>,
    local: Arc<LocalBus>,
    bus: ClusterBus,
    cluster: Cluster,
    /// Kept because the node ends with it.
    _groups: GroupSender,
}

fn start(id: u64, secret: Option<&str>, network: &MemoryNetwork) -> Node {
    let (inbox, groups, teller) = Inbox::new();
    let (store, local) = (Arc::new(Names::default()), Arc::new(LocalBus::new()));
    let weak: Weak<Names> = Arc::downgrade(&store);
    let (wire, events) = network.end();
    let parts = Parts {
        node: NodeId(id),
        address: None,
        identity: "data".to_owned(),
        secret: secret.map(str::to_owned),
        wire,
        events,
        bus: Arc::clone(&local),
        store: weak as Weak<dyn Backing>,
        delivered: Delivered::default(),
        inbox,
        neighbours: Neighbours::default(),
    };
    let cluster = Cluster::start(parts).unwrap();
    Node { store, bus: ClusterBus::new(Arc::clone(&local), teller), local, cluster, _groups: groups }
}

fn user(id: &str) -> Arc<User> {
    Arc::new(User {
        id: UserId::trusted(id),
        username: id.to_owned(),
        name: id.to_owned(),
        last_name: None,
        avatar: None,
        kind: UserKind::Registered,
        last_seen: None,
        created_at: Timestamp(0),
    })
}

fn typing(id: &str) -> Event {
    let (team, kind) = (ConversationId::trusted("team"), ConversationKind::Group);
    let conversation = Arc::new(ConversationRef { id: team, kind, name: None, pair: None });
    Event::Typing { conversation, user: user(id), typing: true }
}

/// Everything that a hub hears until somebody types, that included, without what is said of other nodes in general.
async fn until_types(subscription: &mut Subscription, id: &str) -> Vec<Publication> {
    let mut heard = Vec::new();
    loop {
        let next = tokio::time::timeout(PATIENCE, subscription.next()).await.expect("it comes").unwrap();
        if matches!(next, Publication::Remote { presence: RemotePresence::Incomplete(_), .. }) {
            continue;
        }
        let is_last = next == Publication::Ephemeral(Ephemeral::Event(typing(id)));
        heard.push(next);
        if is_last {
            return heard;
        }
    }
}

/// Lets a user type at a node until the hub of another one hears of it. Returns what that hub heard meanwhile.
async fn heard_with(says: &Node, subscription: &mut Subscription, id: &str) -> Vec<Publication> {
    let repeats = async {
        let mut pace = tokio::time::interval(Duration::from_millis(50));
        loop {
            pace.tick().await;
            says.bus.ephemeral(Ephemeral::Event(typing(id))).unwrap();
        }
    };
    tokio::select! {
        () = repeats => unreachable!(),
        heard = until_types(subscription, id) => heard,
    }
}

async fn until(mut is_true: impl FnMut() -> bool) {
    let wait = async {
        let mut looks = tokio::time::interval(Duration::from_millis(10));
        while !is_true() {
            looks.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("it becomes true");
}

/// A network that keeps what its first end has sent, and somebody who writes to it.
fn tapped() -> (MemoryNetwork, Arc<Mutex<Vec<Bytes>>>) {
    let kept: Arc<Mutex<Vec<Bytes>>> = Arc::default();
    let keeps = Arc::clone(&kept);
    let network = MemoryNetwork::new(8_000, move |passage| {
        if passage.from == 0 && passage.to == 1 {
            keeps.lock().unwrap().push(Bytes::copy_from_slice(passage.message));
        }
        Fate::Arrives
    });
    (network, kept)
}

#[tokio::test]
async fn what_no_node_has_sent_is_not_heard() {
    let (network, _) = tapped();
    let (here, there) = (start(1, Some(SECRET), &network), start(2, Some(SECRET), &network));
    let mut heard = there.local.subscribe();
    heard_with(&here, &mut heard, "ada").await;
    let (intruder, _events) = network.end();
    let entry = Entry {
        position: 1,
        sequence: None,
        origin: None,
        acked: false,
        event: Event::Revoked { user: UserId::trusted("ada"), generation: 1 },
        withheld: None,
    };
    let notice = GroupNotice {
        identity: "data".to_owned(),
        part: 1,
        after: 0,
        last: 1,
        entries: Some(vec![entry]),
        traced: Vec::new(),
    };
    let forged = [
        Message::Group(notice),
        Message::Passing(typing("mallory")),
        Message::Came { user: user("mallory") },
        Message::Alive { users: 9, hash: 9 },
    ];
    let before = there.cluster.status().forged();
    for (number, message) in forged.iter().enumerate() {
        let envelope = Envelope { from: NodeId(1), number: 1_000 + number as u64, message: message.clone() };
        let plain = encode(&envelope);
        intruder.publish(plain.clone());
        intruder.publish([&[0x80], &plain[..], &[0; 16]].concat().into());
    }
    // A node with another secret.
    let stranger = start(1, Some("another secret of thirty-two bytes"), &network);
    stranger.bus.tell_nodes(LocalPresence::Came(user("mallory")));
    until(|| there.cluster.status().forged() > before + 8).await;
    let heard = heard_with(&here, &mut heard, "bob").await;
    let of_nodes = |one: &Publication| *one == Publication::Ephemeral(Ephemeral::Event(typing("ada")));
    assert!(heard[..heard.len() - 1].iter().all(of_nodes), "{heard:?}");
    assert_eq!(there.cluster.status().applied(), 0);
    assert_eq!(there.cluster.status().unreadable(), 0);
}

/// Messages that are sent again show nobody online or typing, and let nobody believe that a node reaches the database.
#[tokio::test]
async fn what_is_sent_again_is_not_heard() {
    let (network, kept) = tapped();
    let (here, there) = (start(1, Some(SECRET), &network), start(2, Some(SECRET), &network));
    let mut heard = there.local.subscribe();
    heard_with(&here, &mut heard, "ada").await;
    here.bus.tell_nodes(LocalPresence::Came(user("ada")));
    here.bus.tell_nodes(LocalPresence::Left { user: UserId::trusted("ada"), last_seen: Timestamp(1) });
    let heard_first = heard_with(&here, &mut heard, "bob").await;
    let is_ada = |one: &&Publication| matches!(one, Publication::Remote { node: NodeId(1), .. });
    assert_eq!(heard_first.iter().filter(is_ada).count(), 2, "she comes and goes: {heard_first:?}");
    // Nobody reaches the database, so that nobody says that he does.
    here.store.is_away.store(true, Ordering::SeqCst);
    there.store.is_away.store(true, Ordering::SeqCst);
    let recorded = kept.lock().unwrap().clone();
    let (intruder, _events) = network.end();
    let before = there.cluster.status().repeated();
    for message in &recorded {
        intruder.publish(message.clone());
    }
    until(|| there.cluster.status().repeated() >= before + recorded.len() as u64).await;
    let heard_again = heard_with(&here, &mut heard, "carol").await;
    let is_new = |one: &Publication| *one == Publication::Ephemeral(Ephemeral::Event(typing("ada")));
    assert!(!heard_again.iter().any(is_new), "{heard_again:?}");
    assert_eq!(heard_again.iter().filter(is_ada).count(), 0, "{heard_again:?}");
    assert_eq!(there.cluster.status().forged(), 0, "they are real");
}

/// A node without a secret does not understand those that have one, nor they it; each looks in the database instead.
#[tokio::test]
async fn a_node_without_a_secret_is_not_heard() {
    let (network, _) = tapped();
    let (with, without) = (start(1, Some(SECRET), &network), start(2, None, &network));
    until(|| with.cluster.status().forged() > 0 && without.cluster.status().unreadable() > 0).await;
}
