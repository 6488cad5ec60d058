//! What nodes know of each other's users: over a wire that loses, repeats and reorders, as a property; and the death of
//! nodes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use quintet_bus::{LocalPresence, RemotePresence};
use quintet_cluster::{Message, Nodes, NodesOutput};
use quintet_domain::{NodeId, Timestamp, User, UserId, UserKind};
use tokio::time::Instant;

/// The size in bytes of the largest message of the wire: so small that few users fit into a part.
const MESSAGE_BYTES_MAX: usize = 1_500;

/// The nodes of the property.
const NODES: usize = 3;

/// The users of the property.
const USERS: usize = 12;

/// The first users, who come to each node before anything is lost and never leave.
const STAYING: usize = 2;

/// Seconds without losses after which everybody knows everything.
const QUIET_S: u32 = 40;

const SECOND: Duration = Duration::from_secs(1);

fn id(number: usize) -> UserId {
    UserId::trusted(&format!("user-{number}"))
}

fn user(number: usize) -> Arc<User> {
    Arc::new(User {
        id: id(number),
        username: format!("user-{number}"),
        name: "N".repeat(100),
        last_name: None,
        avatar: None,
        kind: if number.is_multiple_of(4) { UserKind::Guest } else { UserKind::Registered },
        last_seen: None,
        created_at: Timestamp(0),
    })
}

fn node(index: usize) -> NodeId {
    NodeId(index as u64 + 1)
}

/// A node, and what its hub was told.
struct End {
    nodes: Nodes,
    sent: u64,
    /// The users of each other node.
    told: BTreeMap<NodeId, BTreeSet<UserId>>,
    gone: Vec<(NodeId, bool)>,
    asked_for_all: u32,
    incomplete: bool,
}

/// A message on its way to a node.
#[derive(Clone, Debug)]
struct OnItsWay {
    from: NodeId,
    number: u64,
    message: Message,
    to: usize,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Arrives,
    IsLost,
    IsRepeated,
    IsLate,
}

/// Several nodes, and a wire between them.
struct World {
    ends: Vec<End>,
    now: Instant,
    /// Messages that arrive later, in any order.
    late: Vec<OnItsWay>,
    /// What becomes of the next messages; all arrive if there are none.
    fates: Vec<Fate>,
    next_fate: usize,
}

impl World {
    fn new(count: usize) -> Self {
        let end = |index| End {
            nodes: Nodes::new(node(index), MESSAGE_BYTES_MAX),
            sent: 0,
            told: BTreeMap::new(),
            gone: Vec::new(),
            asked_for_all: 0,
            incomplete: false,
        };
        let ends = (0..count).map(end).collect();
        Self { ends, now: Instant::now(), late: Vec::new(), fates: Vec::new(), next_fate: 0 }
    }

    fn local(&mut self, at: usize, change: LocalPresence) {
        let outputs = self.ends[at].nodes.local(change);
        self.handle(at, outputs);
    }

    fn come(&mut self, at: usize, number: usize) {
        self.local(at, LocalPresence::Came(user(number)));
    }

    fn leave(&mut self, at: usize, number: usize) {
        self.local(at, LocalPresence::Left { user: id(number), last_seen: Timestamp(7) });
    }

    /// A second passes for some nodes.
    fn second(&mut self, alive: &[usize]) {
        self.now += SECOND;
        for at in alive {
            let outputs = self.ends[*at].nodes.tick(self.now);
            self.handle(*at, outputs);
        }
    }

    /// The store names some nodes to others.
    fn store_says(&mut self, to: &[usize], fresh: &[usize]) {
        let fresh: Vec<NodeId> = fresh.iter().map(|index| node(*index)).collect();
        to.iter().for_each(|at| self.ends[*at].nodes.fresh_in_store(&fresh, self.now));
    }

    fn handle(&mut self, at: usize, outputs: Vec<NodesOutput>) {
        for output in outputs {
            match output {
                NodesOutput::Send(message) => self.send(at, message),
                NodesOutput::Hub(from, presence) => self.tell(at, from, presence),
            }
        }
    }

    /// Checks and keeps what the hub of a node is told.
    fn tell(&mut self, at: usize, from: NodeId, presence: RemotePresence) {
        let end = &mut self.ends[at];
        let known = end.told.entry(from).or_default();
        match presence {
            RemotePresence::Came(user) => assert!(known.insert(user.id.clone()), "told twice that {} came", user.id),
            RemotePresence::Left { user, .. } => {
                assert!(known.remove(&user), "told that {user} left, who was not there");
                assert!((0..STAYING).all(|number| id(number) != user), "{user} never left");
            }
            RemotePresence::NodeGone { settles, .. } => {
                known.clear();
                end.gone.push((from, settles));
            }
            RemotePresence::AllWanted => end.asked_for_all += 1,
            RemotePresence::Incomplete(incomplete) => {
                assert_ne!(end.incomplete, incomplete);
                end.incomplete = incomplete;
            }
        }
    }

    fn send(&mut self, from: usize, message: Message) {
        self.ends[from].sent += 1;
        let number = self.ends[from].sent;
        for to in 0..self.ends.len() {
            let one = OnItsWay { from: node(from), number, message: message.clone(), to };
            match self.fate() {
                Fate::Arrives => self.arrive(one),
                Fate::IsLost => {}
                Fate::IsRepeated => {
                    self.late.push(one.clone());
                    self.arrive(one);
                }
                Fate::IsLate => self.late.push(one),
            }
        }
    }

    fn fate(&mut self) -> Fate {
        let fate = self.fates.get(self.next_fate).copied().unwrap_or(Fate::Arrives);
        self.next_fate = (self.next_fate + 1) % self.fates.len().max(1);
        fate
    }

    fn arrive(&mut self, one: OnItsWay) {
        let OnItsWay { from, number, message, to } = one;
        let outputs = self.ends[to].nodes.received(from, number, message, self.now);
        self.handle(to, outputs);
    }

    /// One of the late messages arrives.
    fn late_arrives(&mut self, which: usize) {
        if !self.late.is_empty() {
            let one = self.late.remove(which % self.late.len());
            self.arrive(one);
        }
    }

    fn knows(&self, at: usize, of: usize) -> BTreeSet<UserId> {
        self.ends[at].told.get(&node(of)).cloned().unwrap_or_default()
    }
}

#[derive(Clone, Debug)]
enum Step {
    Come(usize, usize),
    Leave(usize, usize),
    Second(usize),
    LateArrives(usize),
    /// A hub has to be asked again, because its changes were lost on the way to its own node.
    Missed(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let (any_node, any_user) = (0..NODES, STAYING..USERS);
    prop_oneof![
        4 => (any_node.clone(), any_user.clone()).prop_map(|(node, user)| Step::Come(node, user)),
        4 => (any_node.clone(), any_user).prop_map(|(node, user)| Step::Leave(node, user)),
        2 => any_node.clone().prop_map(Step::Second),
        4 => any::<usize>().prop_map(Step::LateArrives),
        1 => any_node.prop_map(Step::Missed),
    ]
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        3 => Just(Fate::Arrives),
        1 => Just(Fate::IsLost),
        1 => Just(Fate::IsRepeated),
        1 => Just(Fate::IsLate),
    ]
}

const ALL: [usize; NODES] = [0, 1, 2];

fn converges(steps: Vec<Step>, fates: Vec<Fate>) {
    let mut world = World::new(NODES);
    let mut here: Vec<BTreeSet<usize>> = vec![(0..STAYING).collect(); NODES];
    for at in ALL {
        (0..STAYING).for_each(|number| world.come(at, number));
    }
    world.fates = fates;
    for step in steps {
        match step {
            Step::Come(at, number) => {
                here[at].insert(number);
                world.come(at, number);
            }
            Step::Leave(at, number) => {
                here[at].remove(&number);
                world.leave(at, number);
            }
            Step::Second(at) => world.second(&[at]),
            Step::LateArrives(which) => world.late_arrives(which),
            Step::Missed(at) => {
                let (outputs, before) = (world.ends[at].nodes.local_missed(), world.ends[at].asked_for_all);
                world.handle(at, outputs);
                assert_eq!(world.ends[at].asked_for_all, before + 1);
                let all = here[at].iter().map(|number| user(*number)).collect();
                world.local(at, LocalPresence::All(all));
            }
        }
    }
    // What is late arrives at last, and nothing more is lost.
    world.fates.clear();
    while !world.late.is_empty() {
        world.late_arrives(world.late.len() / 2);
    }
    for _ in 0..QUIET_S {
        world.second(&ALL);
    }
    for (of, here) in here.iter().enumerate() {
        let here: BTreeSet<UserId> = here.iter().map(|number| id(*number)).collect();
        assert!(!world.ends[of].incomplete);
        for at in ALL.into_iter().filter(|at| *at != of) {
            assert_eq!(world.knows(at, of), here, "what node {at} knows of node {of}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn after_any_losses_every_node_knows_the_users_of_the_others(
        steps in proptest::collection::vec(step(), 0..120),
        fates in proptest::collection::vec(fate(), 1..60),
    ) {
        converges(steps, fates);
    }
}

#[test]
fn a_node_that_comes_learns_of_many_users_part_by_part() {
    const MANY: usize = 3_000;
    let mut world = World::new(2);
    // The newcomer hears of none of them.
    world.fates = vec![Fate::IsLost];
    (STAYING..MANY).for_each(|number| world.come(0, number));
    assert_eq!(world.knows(1, 0).len(), 0);
    world.fates.clear();
    let mut seconds = 0;
    while world.knows(1, 0).len() < MANY - STAYING {
        let before = world.ends[0].sent;
        world.second(&[0, 1]);
        assert!(world.ends[0].sent - before <= 100, "a bounded number of messages each second");
        seconds += 1;
        assert!(seconds < 100, "knows {} users", world.knows(1, 0).len());
    }
    // Nobody asks any more.
    world.second(&[0, 1]);
    let before = world.ends[0].sent;
    world.second(&[0, 1]);
    assert_eq!(world.ends[0].sent - before, 1, "a heartbeat alone");
}

#[test]
fn what_is_too_large_for_one_message_is_told_in_parts_that_fit() {
    let mut nodes = Nodes::new(node(0), MESSAGE_BYTES_MAX);
    let now = Instant::now();
    (0..50).for_each(|number| drop(nodes.local(LocalPresence::Came(user(number)))));
    drop(nodes.received(node(1), 1, Message::PresentWanted { of: node(0) }, now));
    let mut told = Vec::new();
    let mut expected_after = None;
    for output in nodes.tick(now) {
        match output {
            NodesOutput::Send(Message::Present { users, after, last }) => {
                assert_eq!(after, expected_after);
                let bytes: usize = users.iter().map(|user| user.id.as_str().len() + user.name.len()).sum();
                assert!(bytes < MESSAGE_BYTES_MAX && !users.is_empty());
                expected_after = users.last().map(|user| user.id.clone());
                told.extend(users.iter().map(|user| user.id.clone()));
                assert_eq!(last, told.len() == 50);
            }
            NodesOutput::Send(Message::Alive { users, .. }) => assert_eq!(users, 50),
            other => panic!("not expected: {other:?}"),
        }
    }
    assert!(told.is_sorted());
    assert_eq!(told.len(), 50);
    let changed = LocalPresence::Came(Arc::new(User { name: "changed".to_owned(), ..(*user(7)).clone() }));
    assert_eq!(nodes.local(changed), [], "whoever knows the user is told of its profile by a commit");
    drop(nodes.received(node(1), 2, Message::PresentWanted { of: node(0) }, now));
    let outputs = nodes.tick(now);
    let names = outputs.iter().filter_map(|output| match output {
        NodesOutput::Send(Message::Present { users, .. }) => Some(users.iter().map(|user| user.name.as_str())),
        _ => None,
    });
    assert!(names.flatten().any(|name| name == "changed"), "whoever asks is told the profile as it is");
}

/// Seconds within which a node is noticed to be dead, once the store does not name it any more.
const NOTICED_WITHIN_S: u32 = 15;

#[test]
fn a_dead_node_is_gone_once_and_one_other_settles_it() {
    let mut world = World::new(3);
    (0..5).for_each(|number| world.come(2, number));
    for _ in 0..10 {
        world.second(&ALL);
        world.store_says(&ALL, &ALL);
    }
    for _ in 0..NOTICED_WITHIN_S {
        world.second(&[0, 1]);
        world.store_says(&[0, 1], &[0, 1]);
    }
    assert_eq!((&*world.ends[0].gone, &*world.ends[1].gone), (&[(node(2), true)][..], &[(node(2), false)][..]));
    for _ in 0..NOTICED_WITHIN_S {
        world.second(&[0, 1]);
        world.store_says(&[0, 1], &[0, 1]);
    }
    assert_eq!(world.ends[0].gone.len(), 1);
    // It was only stopped, and goes on: everybody learns of its users again.
    for _ in 0..10 {
        world.second(&ALL);
    }
    assert_eq!(world.knows(0, 2).len(), 5);
    assert_eq!(world.knows(2, 2).len(), 0, "a node is told nothing of itself");
}

#[test]
fn a_node_that_is_missing_on_the_wire_or_in_the_store_alone_is_not_dead() {
    let mut world = World::new(2);
    world.come(1, 0);
    for _ in 0..60 {
        // The wire is cut; the store names both.
        world.second(&[0]);
        world.store_says(&[0], &[0, 1]);
    }
    assert_eq!(world.ends[0].gone, []);
    assert!(world.ends[0].incomplete, "what happens there is not known");
    for _ in 0..60 {
        // The store misses it; the wire carries its heartbeats.
        world.second(&[0, 1]);
        world.store_says(&[0], &[0]);
    }
    assert_eq!((&*world.ends[0].gone, world.ends[0].incomplete), (&[][..], false));
    assert_eq!(world.knows(0, 1).len(), 1);
}

#[test]
fn while_the_store_does_not_answer_nobody_is_dead_and_afterwards_not_at_once() {
    let mut world = World::new(2);
    world.come(1, 0);
    for _ in 0..5 {
        world.second(&[0, 1]);
        world.store_says(&[0, 1], &[0, 1]);
    }
    for _ in 0..60 {
        world.second(&[0]);
    }
    // The store is back, and the other node has not been heard of there yet.
    world.store_says(&[0], &[0]);
    for _ in 0..3 {
        world.second(&[0]);
        world.store_says(&[0], &[0]);
    }
    assert_eq!(world.ends[0].gone, []);
    for _ in 0..10 {
        world.second(&[0]);
        world.store_says(&[0], &[0, 1]);
    }
    assert_eq!(world.ends[0].gone, []);
}

#[test]
fn an_older_or_repeated_message_has_no_effect() {
    let mut nodes = Nodes::new(node(0), MESSAGE_BYTES_MAX);
    let now = Instant::now();
    let came = |number| Message::Came { user: user(number) };
    let left = |number| Message::Left { user: id(number), last_seen: Timestamp(7) };
    let told = |presence| vec![NodesOutput::Hub(node(1), presence)];
    assert_eq!(nodes.received(node(1), 5, came(1), now), told(RemotePresence::Came(user(1))));
    assert_eq!(nodes.received(node(1), 3, left(1), now), []);
    assert_eq!(nodes.received(node(1), 5, came(1), now), []);
    let gone = RemotePresence::Left { user: id(1), last_seen: Some(Timestamp(7)) };
    assert_eq!(nodes.received(node(1), 6, left(1), now), told(gone));
    assert_eq!(nodes.received(node(1), 5, came(1), now), []);
    let part =
        |users: Vec<usize>| Message::Present { users: users.into_iter().map(user).collect(), after: None, last: true };
    assert_eq!(nodes.received(node(1), 4, part(vec![1, 2]), now), []);
    assert_eq!(nodes.received(node(1), 7, part(vec![1, 2]), now).len(), 2);
    assert_eq!(nodes.received(node(1), 8, part(vec![2, 1]), now), [], "out of order");
    let gone = RemotePresence::Left { user: id(1), last_seen: None };
    assert_eq!(nodes.received(node(1), 9, part(vec![2]), now), told(gone));
    assert_eq!(nodes.received(node(0), 10, came(3), now), [], "a message of its own");
}
