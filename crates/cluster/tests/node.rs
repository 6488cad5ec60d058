//! A node over a store that only answers: when it is asked, how often, and what happens at the end.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use quintet_bus::{Bus, LocalBus, Publication, Subscription};
use quintet_cluster::{
    Backing, Cluster, Envelope, GroupSender, Inbox, MemoryNetwork, Message, Neighbours, Parts, WireEvent, encode,
};
use quintet_domain::{
    CommandReply, Commit, ConversationId, ConversationKind, ConversationRef, Entry, Ephemeral, Event, MessageId,
    NodeId, Refusal, Ticket, Timestamp, User, UserId, UserKind,
};
use quintet_store::{Delivered, FreshNode, Future, Group, Heartbeat, StoreError};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// The other node.
const OTHER: NodeId = NodeId(2);

/// What a store was asked.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Heartbeat,
    CatchUp(Instant),
}

/// A store that has a position and names one other node, and whose writer finds nothing.
struct Answers {
    position: AtomicU64,
    asked: mpsc::UnboundedSender<Asked>,
}

impl Backing for Answers {
    fn heartbeat(&self, _node: NodeId, _address: Option<String>) -> Future<'_, Result<Heartbeat, StoreError>> {
        drop(self.asked.send(Asked::Heartbeat));
        let position = self.position.load(Ordering::SeqCst);
        Box::pin(async move { Ok(Heartbeat { position, others: vec![FreshNode { id: OTHER, address: None }] }) })
    }

    fn catch_up(&self) -> Future<'_, Result<(), StoreError>> {
        drop(self.asked.send(Asked::CatchUp(Instant::now())));
        Box::pin(async { Ok(()) })
    }
}

/// A node, its store, and the ends that lead to it.
struct Rig {
    store: Arc<Answers>,
    asked: mpsc::UnboundedReceiver<Asked>,
    groups: GroupSender,
    bus: Arc<LocalBus>,
    events: mpsc::Sender<WireEvent>,
    cluster: Cluster,
}

fn rig() -> Rig {
    let (inbox, groups, _teller) = Inbox::new();
    let (to_asked, asked) = mpsc::unbounded_channel();
    let store = Arc::new(Answers { position: AtomicU64::new(0), asked: to_asked });
    let weak: Weak<Answers> = Arc::downgrade(&store);
    let (wire, _) = MemoryNetwork::reliable(8_000).end();
    let (to_events, events) = mpsc::channel(16);
    let bus = Arc::new(LocalBus::new());
    let parts = Parts {
        node: NodeId(1),
        address: None,
        identity: "data".to_owned(),
        secret: None,
        wire,
        events,
        bus: Arc::clone(&bus),
        store: weak as Weak<dyn Backing>,
        delivered: Delivered::default(),
        inbox,
        neighbours: Neighbours::default(),
    };
    let cluster = Cluster::start(parts).unwrap();
    Rig { store, asked, groups, bus, events: to_events, cluster }
}

/// An own group of one entry and its reply.
fn group(position: u64) -> Group {
    let event = Event::Revoked { user: UserId::trusted("ada"), generation: position };
    let entry = Entry { position, sequence: None, origin: None, acked: false, event, withheld: None };
    let (after, outcome) = (position - 1, Err(Refusal::internal()));
    let reply = CommandReply { ticket: Ticket(position), after, outcome };
    let commit = Commit { position, replies: vec![reply], entries: vec![entry], ..Commit::default() };
    Group {
        missed: Vec::new(),
        begun_at: after,
        commit,
        writes: 1,
        traces: Vec::new(),
        took: Duration::ZERO,
        committed: true,
    }
}

/// The next commit that a hub receives.
async fn next(subscription: &mut Subscription) -> Commit {
    loop {
        match subscription.next().await {
            Some(Publication::Committed(commit)) => return commit,
            Some(Publication::Ephemeral(_) | Publication::Remote { .. }) => {}
            None => panic!("a commit"),
        }
    }
}

/// While asking does not help, the writer is asked less and less often.
#[tokio::test]
async fn a_question_that_does_not_help_is_asked_less_often() {
    let mut rig = rig();
    rig.store.position.store(5, Ordering::SeqCst);
    let mut times = Vec::new();
    while times.len() < 6 {
        if let Asked::CatchUp(at) = rig.asked.recv().await.unwrap() {
            times.push(at);
        }
    }
    for (pair, at_least_ms) in times.windows(2).zip([25, 50, 100, 200, 400]) {
        let between = pair[1] - pair[0];
        assert!(between >= Duration::from_millis(at_least_ms), "{between:?} instead of {at_least_ms} ms");
    }
    assert!(rig.cluster.status().gaps() >= 6);
    assert_eq!(rig.cluster.status().lag(), 5);
}

/// A wire that may have lost something, and a message that is not understood, are reasons to look at once.
#[tokio::test]
async fn a_wire_that_lost_something_is_a_reason_to_look() {
    let mut rig = rig();
    while rig.cluster.status().unreadable() + rig.cluster.status().interruptions() < 40 {
        rig.events.send(WireEvent::Interrupted).await.unwrap();
        rig.events.send(WireEvent::Message("nonsense".into())).await.unwrap();
        while rig.asked.recv().await.unwrap() != Asked::Heartbeat {}
    }
}

/// A hub that is behind delays the writer and loses nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_hub_loses_nothing() {
    const GROUPS: u64 = 6_000;
    let rig = rig();
    let mut subscription = rig.bus.subscribe();
    let sent = Arc::new(AtomicU64::new(0));
    let (groups, counted) = (rig.groups, Arc::clone(&sent));
    let writer = std::thread::spawn(move || {
        for position in 1..=GROUPS {
            groups.send(group(position));
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    for position in 1..=GROUPS {
        let commit = next(&mut subscription).await;
        assert_eq!((commit.position, commit.entries.len(), commit.replies.len()), (position, 1, 1));
        // The bus holds 4,096 commits, the inbox 64, and each of the threads one.
        assert!(sent.load(Ordering::SeqCst) < position + 4_200, "what waits is bounded");
    }
    writer.join().unwrap();
    assert_eq!(sent.load(Ordering::SeqCst), GROUPS);
}

/// A node ends after its writer, once everything is delivered.
#[tokio::test]
async fn a_node_ends_with_its_writer() {
    let Rig { groups, bus, events, .. } = rig();
    let mut subscription = bus.subscribe();
    std::thread::spawn(move || (1..=3).for_each(|position| groups.send(group(position)))).join().unwrap();
    events.closed().await;
    for position in 1..=3 {
        assert_eq!(next(&mut subscription).await.position, position);
    }
}

/// An event of the other node that is not kept.
fn passing(number: u64, event: Event) -> WireEvent {
    WireEvent::Message(encode(&Envelope { from: OTHER, number, message: Message::Passing(event) }))
}

/// What was delivered is told in whatever order it comes; what is typed, only if nothing newer is known.
#[tokio::test]
async fn what_was_delivered_may_be_overtaken() {
    let rig = rig();
    let mut subscription = rig.bus.subscribe();
    let (id, kind) = (ConversationId::trusted("team"), ConversationKind::Group);
    let conversation = Arc::new(ConversationRef { id, kind, name: None, pair: None });
    let typing = |name: &str| {
        let user = User {
            id: UserId::trusted(name),
            username: name.to_owned(),
            name: name.to_owned(),
            last_name: None,
            avatar: None,
            kind: UserKind::Registered,
            last_seen: None,
            created_at: Timestamp(0),
        };
        Event::Typing { conversation: Arc::clone(&conversation), user: Arc::new(user), typing: true }
    };
    let delivered = |message: &str| Event::MessagesDelivered {
        conversation: Arc::clone(&conversation),
        user: UserId::trusted("ada"),
        messages: vec![MessageId::trusted(message)],
        author: UserId::trusted("bob"),
    };
    let mut heard = async || loop {
        if let Publication::Ephemeral(Ephemeral::Event(event)) = subscription.next().await.unwrap() {
            return event;
        }
    };
    // Nothing is heard before the store has named the node.
    let mut number = 0;
    loop {
        number += 1;
        rig.events.send(passing(number, typing("ada"))).await.unwrap();
        if tokio::time::timeout(Duration::from_millis(50), heard()).await.is_ok() {
            break;
        }
    }
    let late = [
        (5, typing("newest")),
        (3, delivered("m3")),
        (2, typing("older")),
        (4, delivered("m4")),
        (4, delivered("m4")),
        (6, typing("last")),
    ];
    for (behind, event) in late {
        rig.events.send(passing(number + behind, event)).await.unwrap();
    }
    for expected in [typing("newest"), delivered("m3"), delivered("m4"), typing("last")] {
        let mut next = heard().await;
        while next == typing("ada") {
            next = heard().await;
        }
        assert_eq!(next, expected);
    }
}
