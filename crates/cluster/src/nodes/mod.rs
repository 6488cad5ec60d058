//! Which users are connected to which node, as far as this node knows.
//!
//! What lives here: the messages about the users of this node, and what is known of the users of other nodes. It is a state
//! machine without clock and IO: its owner passes messages and moments in, sends what it returns, and calls
//! [`Nodes::tick`] every second.
//!
//! A change is sent as soon as it happens. Every second each node sends the number of its users and a hash of them, so that
//! a node that has missed a change notices it, and asks. The answer names all users in parts. Each part is complete by
//! itself: it names the users between two ids, so that the loss of a part does not make another one useless.
//!
//! What must stay true: the hub receives each difference of what is known here once, so that no user comes or leaves
//! twice; a message about users takes no effect behind a newer one of the same node; a node whose
//! heartbeats are missing only on the wire, or only in the store, is not dead, but the hub is told that its users may not be
//! known.

mod pass;
mod present;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use quintet_bus::{LocalPresence, RemotePresence};
use quintet_domain::{NodeId, Timestamp, User, UserId};
use tokio::time::Instant;

use self::pass::Pass;
use self::present::Present;
use crate::Message;

/// The time for which a node must be silent on the wire before it counts as dead. The store must miss it as well.
const SILENT_FOR: Duration = Duration::from_secs(12);

/// The store counts as answering while less than this time has passed since its last answer. Only an answer of a store
/// that has been answering for this time says that a node is missing: after a failure of the store, the other nodes need
/// some time to be heard of there again.
const STORE_ANSWERS: Duration = Duration::from_secs(5);

/// A node that was heard on the wire within this time is there for certain.
const HEARD_OF_LATE: Duration = Duration::from_secs(5);

/// The shortest time between two questions to one node; it doubles with each question that did not help.
const ASK_AGAIN_MIN: Duration = Duration::from_secs(2);

/// The longest time between two questions to one node while its users are not known.
const ASK_AGAIN_MAX: Duration = Duration::from_secs(8);

/// The time for which a dead node is remembered, so that late messages of it are recognised.
const REMEMBERED_FOR: Duration = Duration::from_secs(600);

/// Maximum number of other nodes that are known. Messages of further ones are ignored.
const NODES_MAX: usize = 1_000;

/// Maximum number of users of one node that are known. Further ones count as not connected to it.
const USERS_OF_NODE_MAX: usize = 2_000_000;

/// What is to be done after something was handled, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodesOutput {
    /// A message is to be sent to all nodes.
    Send(Message),
    /// The hub of this node is to be told of a change on a node.
    Hub(NodeId, RemotePresence),
}

/// What is known of another node.
#[derive(Debug)]
struct Node {
    /// The users who are connected to it, as the hub was told; each with whether it is a guest.
    present: Present<bool>,
    /// The number of the newest message about users that took effect.
    newest: u64,
    /// When a message of it arrived last.
    heard_at: Instant,
    /// Whether it counts as dead.
    gone: bool,
    /// When it was asked for its users last, or sent a part of them.
    asked_at: Option<Instant>,
    /// How often it was asked since its users were known.
    asked: u32,
}

impl Node {
    fn new(now: Instant) -> Self {
        Self { present: Present::default(), newest: 0, heard_at: now, gone: false, asked_at: None, asked: 0 }
    }

    /// Whether a message of it arrived a moment ago.
    fn is_heard(&self, now: Instant) -> bool {
        !self.gone && now.duration_since(self.heard_at) < HEARD_OF_LATE
    }

    /// Whether it may be asked for its users now; notes the question if so.
    fn ask(&mut self, now: Instant) -> bool {
        let pause = ASK_AGAIN_MIN.saturating_mul(1 << self.asked.saturating_sub(1).min(8)).min(ASK_AGAIN_MAX);
        if self.asked_at.is_some_and(|at| now < at + pause) {
            return false;
        }
        self.asked_at = Some(now);
        self.asked = self.asked.saturating_add(1);
        true
    }

    /// Takes a user who is connected to the node. Returns what the hub is told; nothing if it knows.
    fn came(&mut self, user: Arc<User>) -> Option<RemotePresence> {
        let guest = user.is_guest();
        if self.present.get(&user.id) == Some(&guest) {
            return None;
        }
        if self.present.len() >= USERS_OF_NODE_MAX && self.present.get(&user.id).is_none() {
            return None;
        }
        self.present.insert(&user.id, guest);
        Some(RemotePresence::Came(user))
    }

    /// Takes a user who is not connected to the node. Returns what the hub is told; nothing if it knows.
    fn left(&mut self, user: UserId, last_seen: Option<Timestamp>) -> Option<RemotePresence> {
        self.present.remove(&user)?;
        Some(RemotePresence::Left { user, last_seen })
    }

    /// Takes a part of all users of the node: all who are connected to it between two ids. Returns the differences.
    fn part(&mut self, users: Vec<Arc<User>>, after: Option<UserId>, last: bool) -> Vec<RemotePresence> {
        let in_order = users.is_sorted_by(|one, next| one.id < next.id);
        let begins_behind = users.first().is_none_or(|first| after.as_ref().is_none_or(|after| *after < first.id));
        let to = users.last().map(|user| user.id.clone());
        if !in_order || !begins_behind || (to.is_none() && !last) {
            tracing::warn!("a part of another node's users is out of order, and is ignored");
            return Vec::new();
        }
        let known = self.present.between(after.as_ref(), to.as_ref().filter(|_| !last));
        let missing = known.filter(|id| users.binary_search_by(|user| user.id.cmp(id)).is_err());
        let missing: Vec<UserId> = missing.cloned().collect();
        let mut told: Vec<RemotePresence> = missing.into_iter().filter_map(|id| self.left(id, None)).collect();
        told.extend(users.into_iter().filter_map(|user| self.came(user)));
        told
    }
}

/// What the store has said of the nodes.
#[derive(Debug, Default)]
struct InStore {
    /// The nodes that its last answer named.
    nodes: BTreeSet<NodeId>,
    /// When it answered for the first time since it was last away, and when it answered last; `None` before the first
    /// answer.
    answers: Option<(Instant, Instant)>,
}

impl InStore {
    /// Whether the store says, and can know, that a node is not there.
    fn misses(&self, node: NodeId, now: Instant) -> bool {
        let certain = self.answers.is_some_and(|(first, last)| {
            now.duration_since(last) < STORE_ANSWERS && last.duration_since(first) >= STORE_ANSWERS
        });
        certain && !self.nodes.contains(&node)
    }
}

/// The users of this node and of all others.
#[derive(Debug)]
pub struct Nodes {
    own: NodeId,
    present: Present<Arc<User>>,
    pass: Pass,
    others: BTreeMap<NodeId, Node>,
    in_store: InStore,
    /// Whether the hub was told that users of some node are not known.
    incomplete: bool,
}

impl Nodes {
    /// What a node without users knows: nothing. `message_bytes_max` is the size in bytes of the largest message that the
    /// wire carries.
    #[must_use]
    pub fn new(own: NodeId, message_bytes_max: usize) -> Self {
        Self {
            own,
            present: Present::default(),
            pass: Pass::new(message_bytes_max),
            others: BTreeMap::new(),
            in_store: InStore::default(),
            incomplete: false,
        }
    }

    /// The number of other nodes that were heard on the wire a moment ago.
    #[must_use]
    pub fn others_heard(&self, now: Instant) -> usize {
        self.heard_of_late(now).count()
    }

    fn heard_of_late(&self, now: Instant) -> impl Iterator<Item = NodeId> + '_ {
        let heard = self.others.iter().filter(move |(_, node)| node.is_heard(now));
        heard.map(|(id, _)| *id)
    }

    /// Whether users of some node may not be known: of one that is not heard, or has told of a difference.
    fn is_incomplete(&self, now: Instant) -> bool {
        let known = |node: &Node| node.is_heard(now) && node.asked == 0;
        let unheard = |id: &NodeId| *id != self.own && !self.others.get(id).is_some_and(|node| node.is_heard(now));
        self.others.values().any(|node| !node.gone && !known(node)) || self.in_store.nodes.iter().any(unheard)
    }

    /// Takes a change of who is connected to this node.
    pub fn local(&mut self, change: LocalPresence) -> Vec<NodesOutput> {
        match change {
            LocalPresence::Came(user) => {
                let id = user.id.clone();
                let before = self.present.insert(&id, Arc::clone(&user));
                // A changed profile is kept for those who ask; others learn of it by the stream of commits.
                let known = before.is_some_and(|before| before.is_guest() == user.is_guest());
                if known { Vec::new() } else { vec![NodesOutput::Send(Message::Came { user })] }
            }
            LocalPresence::Left { user, last_seen } => match self.present.remove(&user) {
                Some(_) => vec![NodesOutput::Send(Message::Left { user, last_seen })],
                None => Vec::new(),
            },
            LocalPresence::All(users) => {
                let before = self.present.hash();
                self.present = Present::default();
                for user in users {
                    self.present.insert(&user.id.clone(), user);
                }
                if self.present.hash() != before {
                    self.pass.want();
                }
                Vec::new()
            }
        }
    }

    /// Notes that changes of who is connected to this node were lost before they came here: the hub is asked for all.
    #[must_use]
    pub fn local_missed(&self) -> Vec<NodesOutput> {
        vec![NodesOutput::Hub(self.own, RemotePresence::AllWanted)]
    }

    /// Takes a message of a node, with its number among the messages of that node. Messages that are not about users are
    /// taken as a sign of life, and older ones about users as nothing.
    pub fn received(&mut self, from: NodeId, number: u64, message: Message, now: Instant) -> Vec<NodesOutput> {
        if from == self.own || (self.others.len() >= NODES_MAX && !self.others.contains_key(&from)) {
            return Vec::new();
        }
        let node = self.others.entry(from).or_insert_with(|| Node::new(now));
        let about_users = match &message {
            Message::Came { .. } | Message::Left { .. } | Message::Present { .. } | Message::Alive { .. } => true,
            Message::Group(_) | Message::Passing(_) | Message::PresentWanted { .. } => false,
        };
        if about_users {
            if number <= node.newest {
                return Vec::new();
            }
            node.newest = number;
        }
        node.heard_at = now;
        node.gone = false;
        let told: Vec<RemotePresence> = match message {
            Message::Came { user } => node.came(user).into_iter().collect(),
            Message::Left { user, last_seen } => node.left(user, Some(last_seen)).into_iter().collect(),
            Message::Present { users, after, last } => {
                node.asked_at = Some(now);
                node.part(users, after, last)
            }
            Message::Alive { users, hash } => {
                if node.present.is_like(users, hash) {
                    (node.asked_at, node.asked) = (None, 0);
                } else if node.ask(now) {
                    return vec![NodesOutput::Send(Message::PresentWanted { of: from })];
                }
                Vec::new()
            }
            Message::PresentWanted { of } => {
                if of == self.own {
                    self.pass.want();
                }
                Vec::new()
            }
            Message::Group(_) | Message::Passing(_) => Vec::new(),
        };
        told.into_iter().map(|told| NodesOutput::Hub(from, told)).collect()
    }

    /// Takes the nodes that the store has heard of lately. The store is to be asked about every second; while it does not
    /// answer, no node counts as dead.
    pub fn fresh_in_store(&mut self, nodes: &[NodeId], now: Instant) {
        self.in_store.nodes = nodes.iter().copied().collect();
        let first = match self.in_store.answers {
            Some((first, last)) if now.duration_since(last) < STORE_ANSWERS => first,
            _ => now,
        };
        self.in_store.answers = Some((first, now));
    }

    /// Does what is done every second: tells that this node is alive, goes on with an answer, and finds dead nodes.
    pub fn tick(&mut self, now: Instant) -> Vec<NodesOutput> {
        let mut outputs = Vec::new();
        for part in self.pass.next_parts(&self.present) {
            outputs.push(NodesOutput::Send(part));
        }
        let (users, hash) = (self.present.len() as u64, self.present.hash());
        outputs.push(NodesOutput::Send(Message::Alive { users, hash }));
        let dead: Vec<NodeId> = self.dead(now).collect();
        for id in dead {
            // Among those who notice it, the first settles what is done once.
            let settles = self.heard_of_late(now).all(|other| self.own < other);
            let Some(node) = self.others.get_mut(&id) else { continue };
            node.gone = true;
            (node.asked_at, node.asked) = (None, 0);
            let silent_for = now.duration_since(node.heard_at);
            if std::mem::take(&mut node.present).len() > 0 {
                outputs.push(NodesOutput::Hub(id, RemotePresence::NodeGone { silent_for, settles }));
            }
        }
        let incomplete = self.is_incomplete(now);
        if std::mem::replace(&mut self.incomplete, incomplete) != incomplete {
            outputs.push(NodesOutput::Hub(self.own, RemotePresence::Incomplete(incomplete)));
        }
        self.others.retain(|_, node| !node.gone || now.duration_since(node.heard_at) < REMEMBERED_FOR);
        outputs
    }

    fn dead(&self, now: Instant) -> impl Iterator<Item = NodeId> + '_ {
        let silent =
            self.others.iter().filter(move |(_, node)| !node.gone && now.duration_since(node.heard_at) >= SILENT_FOR);
        silent.map(|(id, _)| *id).filter(move |id| self.in_store.misses(*id, now))
    }
}
