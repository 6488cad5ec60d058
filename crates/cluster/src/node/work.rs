//! What a node does with what it receives.
//!
//! What must stay true: commits reach the bus in the order of the feed, and in no other way; what is published was
//! committed by this node; the store is asked for what is missing once at a time, and less often the longer that does not
//! help; with a secret, no message that another node has not sealed has any effect.

use std::sync::{Arc, Weak};
use std::time::Duration;

use quintet_bus::{Bus, LocalBus};
use quintet_domain::{Commit, Entry, Ephemeral, Event, NodeId};
use quintet_store::{Delivered, Group, Heartbeat, Seldom, StoreError};
use tokio::time::Instant;

use super::inputs::{Input, Inputs};
use super::neighbours::TellNodes;
use super::senders::{Senders, Standing};
use crate::PART;
use crate::backing::Backing;
use crate::codec;
use crate::envelope::{Envelope, GroupNotice, Message};
use crate::feed::{Feed, GAP_WAIT};
use crate::inbox::{Missed, Told};
use crate::nodes::{Nodes, NodesOutput};
use crate::seal::{Forged, Seals};
use crate::status::Status;
use crate::wire::{Wire, WireEvent};

/// The time between two messages that say that this node is alive.
const TICK_EVERY: Duration = Duration::from_secs(1);
/// The time between two heartbeats.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(1);
/// Minimum time between two heartbeats of which the second was asked for by an event.
const HEARTBEAT_PAUSE: Duration = Duration::from_millis(50);
/// Minimum time between two heartbeats of which the second is to tell who has sent a message.
const INTRODUCTION_PAUSE: Duration = Duration::from_millis(250);
/// Minimum time between two lines about messages that no node of this cluster has sent.
const FORGERIES_PAUSE: Duration = Duration::from_secs(60);
/// The time after which the writer is asked to look at the database, if it had nothing to write: it is the writer that
/// notices that the database has lost commits.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Maximum time between two questions to the writer while something is missing.
const ASK_PAUSE_MAX: Duration = Duration::from_secs(1);

/// The state of a node.
pub(super) struct Work {
    node: NodeId,
    /// How other nodes reach this one.
    address: Option<String>,
    /// The identity of the data.
    identity: String,
    /// Proves to the others who has sent a message, and the other way round.
    seals: Seals,
    wire: Arc<dyn Wire>,
    bus: Arc<LocalBus>,
    /// The store, which ends before the node does.
    store: Weak<dyn Backing>,
    feed: Feed,
    delivered: Delivered,
    status: Arc<Status>,
    /// The number of the last message that was sent.
    number: u64,
    senders: Senders,
    /// The line about messages that no node of this cluster has sent.
    forgeries: Seldom,
    /// Who is connected to which node.
    nodes: Nodes,
    missed: Missed,
    /// What is called with the nodes that a heartbeat has found.
    told: Option<TellNodes>,
    tick_at: Instant,
    heartbeat_at: Instant,
    heartbeat_began: Instant,
    /// The position that was delivered when the last heartbeat began.
    heartbeat_after: u64,
    /// Whether the last heartbeat failed.
    is_cut_off: bool,
    /// Whether no other node was alive at the last heartbeat, and none was heard since.
    is_alone: bool,
    /// A position that the store has told of and that is not delivered yet: the first since it all was.
    unconfirmed: Option<u64>,
    ask_pause: Duration,
    /// The time before which the writer is not asked again.
    ask_after: Instant,
    /// The position that was delivered when the writer was last asked.
    asked_at: Option<u64>,
    /// When the writer has to look at the database, if nothing else makes it.
    look_at: Instant,
}

/// What a node is made of.
pub(super) struct Made {
    pub(super) node: NodeId,
    pub(super) address: Option<String>,
    pub(super) identity: String,
    pub(super) seals: Seals,
    pub(super) wire: Arc<dyn Wire>,
    pub(super) bus: Arc<LocalBus>,
    pub(super) store: Weak<dyn Backing>,
    pub(super) delivered: Delivered,
    pub(super) status: Arc<Status>,
    pub(super) missed: Missed,
    pub(super) told: Option<TellNodes>,
}

impl Work {
    pub(super) fn new(made: Made, now: Instant) -> Self {
        let Made { node, address, identity, seals, wire, bus, store, delivered, status, missed, told } = made;
        let nodes = Nodes::new(node, wire.message_bytes_max().saturating_sub(seals.added_bytes()));
        Self {
            node,
            address,
            identity,
            seals,
            wire,
            bus,
            store,
            feed: Feed::new(delivered.position()),
            delivered,
            status,
            number: 0,
            senders: Senders::default(),
            forgeries: Seldom::new(FORGERIES_PAUSE),
            nodes,
            missed,
            told,
            tick_at: now,
            heartbeat_at: now,
            heartbeat_began: now,
            heartbeat_after: 0,
            is_cut_off: false,
            is_alone: false,
            unconfirmed: None,
            ask_pause: GAP_WAIT,
            ask_after: now,
            asked_at: None,
            look_at: now + LOOK_EVERY,
        }
    }

    /// Asks the store what it is time to ask.
    pub(super) fn ask_due(&mut self, inputs: &mut Inputs, now: Instant) {
        let beats = inputs.heartbeat.is_none() && self.heartbeat_at <= now;
        let asks = inputs.catch_up.is_none() && self.asks_at() <= now;
        if !beats && !asks {
            return;
        }
        let Some(store) = self.store.upgrade() else {
            // It is about to end.
            (self.heartbeat_at, self.ask_after) = (now + HEARTBEAT_EVERY, now + HEARTBEAT_EVERY);
            return;
        };
        if beats {
            (self.heartbeat_began, self.heartbeat_at) = (now, now + HEARTBEAT_EVERY);
            self.heartbeat_after = self.feed.applied();
            let (store, node, address) = (Arc::clone(&store), self.node, self.address.clone());
            inputs.heartbeat = Some(Box::pin(async move { store.heartbeat(node, address).await }));
        }
        if asks {
            if self.feed.asks_at().is_some_and(|at| at <= now) {
                let applied = self.feed.applied();
                let helped = self.asked_at != Some(applied);
                self.ask_pause = if helped { GAP_WAIT } else { (self.ask_pause * 2).min(ASK_PAUSE_MAX) };
                self.asked_at = Some(applied);
                self.status.count_gap();
            }
            self.look_at = now + LOOK_EVERY;
            inputs.catch_up = Some(Box::pin(async move { store.catch_up().await }));
        }
    }

    /// Does what is done every second.
    pub(super) fn tick_due(&mut self, now: Instant) {
        if self.missed.take() {
            let outputs = self.nodes.local_missed();
            self.put_out(outputs);
        }
        if self.tick_at <= now {
            self.tick_at = now + TICK_EVERY;
            let outputs = self.nodes.tick(now);
            self.put_out(outputs);
        }
    }

    /// The time until which nothing has to be asked or done.
    pub(super) fn next_time(&self, inputs: &Inputs) -> Instant {
        let heartbeat = inputs.heartbeat.is_none().then_some(self.heartbeat_at);
        let ask = inputs.catch_up.is_none().then(|| self.asks_at());
        heartbeat.into_iter().chain(ask).fold(self.tick_at, Instant::min)
    }

    /// When the writer is asked, at the latest.
    fn asks_at(&self) -> Instant {
        self.feed.asks_at().unwrap_or(self.look_at).min(self.look_at).max(self.ask_after)
    }

    /// Does what an input asks for. It blocks while a subscriber of the bus is far behind.
    pub(super) fn take(&mut self, input: Input, now: Instant) {
        match input {
            Input::Own(group) => self.own(group, now),
            // Some wires bring a node its own messages.
            Input::Wire(WireEvent::Message(bytes))
                if codec::sender(self.seals.unverified(&bytes)) == Some(self.node) => {}
            Input::Wire(WireEvent::Message(bytes)) => match self.seals.open(&bytes) {
                Ok(message) => self.opened(&message, now),
                Err(Forged) => {
                    // Nothing is looked up because of it, so that a stranger cannot make the database busy.
                    self.status.count_forged();
                    self.say_forged();
                }
            },
            Input::Wire(WireEvent::Interrupted) => {
                self.status.count_interruption();
                self.beat_soon(HEARTBEAT_PAUSE, now);
            }
            Input::Wanted => self.beat_soon(HEARTBEAT_PAUSE, now),
            Input::Told(Told::Passing(event)) => {
                if !self.is_alone {
                    self.publish(Message::Passing(event));
                }
            }
            Input::Told(Told::Presence(change)) => {
                let outputs = self.nodes.local(change);
                self.put_out(outputs);
            }
            Input::Heartbeat(answer) => self.beaten(answer, now),
            Input::CaughtUp(answer) => {
                if let Err(error) = answer {
                    tracing::debug!(%error, "the writer could not catch up with other nodes");
                }
                // What it has found is on its way.
                self.ask_after = now + self.ask_pause;
            }
            Input::Time | Input::End => {}
        }
    }

    /// Publishes what this node has committed, and delivers it.
    fn own(&mut self, group: Group, now: Instant) {
        let Group { missed, begun_at, commit, .. } = group;
        self.look_at = now + LOOK_EVERY;
        if !commit.entries.is_empty() && !self.is_alone {
            self.publish_group(&GroupNotice {
                identity: self.identity.clone(),
                part: PART,
                after: begun_at,
                last: commit.position,
                entries: Some(commit.entries.clone()),
                traced: commit.traced.clone(),
            });
        }
        let delivered = self.feed.own(missed, begun_at, commit, now);
        self.deliver(delivered, now);
    }

    /// Logs that a message was dropped, once in a while.
    fn say_forged(&self) {
        if let Some(left_out) = self.forgeries.due() {
            tracing::warn!(
                messages = left_out + 1,
                "messages on the wire were dropped, because no node with this [cluster] secret has sent them: a node has \
                 another secret, or none, or is of an older version, or somebody else writes to the wire"
            );
        }
    }

    /// Takes a message of another node, as far as it can be read.
    fn opened(&mut self, message: &[u8], now: Instant) {
        match codec::decode(message) {
            Ok(envelope) => self.received(envelope, now),
            Err(error) => {
                tracing::debug!(%error, "a message of another node is not understood");
                self.status.count_unreadable();
                // It may have told of a group.
                self.beat_soon(HEARTBEAT_PAUSE, now);
            }
        }
    }

    fn received(&mut self, envelope: Envelope, now: Instant) {
        let Envelope { from, number, message } = envelope;
        self.is_alone = false;
        let standing = self.senders.take(from, number);
        match (&message, standing) {
            // Whether a group is new is known by its position.
            (Message::Group(_), _) | (_, Standing::New) => {}
            (_, Standing::Old) => return self.status.count_repeated(),
            (_, Standing::Unknown) => {
                self.status.count_repeated();
                // It may be a node that has just begun.
                return self.beat_soon(INTRODUCTION_PAUSE, now);
            }
        }
        match message {
            Message::Group(notice) => {
                // Two installations may share a wire by mistake.
                if notice.identity == self.identity && notice.part == PART {
                    self.status.count_received();
                    let delivered = self.feed.notice(notice, now);
                    self.deliver(delivered, now);
                }
            }
            Message::Passing(event) => {
                let passes = if matches!(event, Event::Typing { .. }) {
                    self.senders.is_newer_typing(from, number)
                } else {
                    // Each says something of its own, in whatever order they come.
                    matches!(event, Event::MessagesDelivered { .. })
                };
                if passes {
                    // A subscriber that is far behind does without it.
                    drop(self.bus.ephemeral(Ephemeral::Event(event)));
                }
            }
            Message::Alive { .. }
            | Message::Came { .. }
            | Message::Left { .. }
            | Message::Present { .. }
            | Message::PresentWanted { .. } => {
                if matches!(message, Message::Alive { .. }) {
                    self.status.heard(now);
                }
                let outputs = self.nodes.received(from, number, message, now);
                self.put_out(outputs);
            }
        }
    }

    /// Sends and tells what follows from a change of who is connected where.
    fn put_out(&mut self, outputs: Vec<NodesOutput>) {
        for output in outputs {
            match output {
                // A node that does not reach the database is silent, so that others know who does.
                NodesOutput::Send(Message::Alive { .. }) if self.is_cut_off => {}
                NodesOutput::Send(message) => self.publish(message),
                NodesOutput::Hub(node, presence) => self.bus.remote(node, presence),
            }
        }
    }

    fn beaten(&mut self, answer: Result<Heartbeat, StoreError>, now: Instant) {
        let was_cut_off = std::mem::replace(&mut self.is_cut_off, answer.is_err());
        match answer {
            Ok(heartbeat) => {
                if was_cut_off {
                    tracing::warn!("this node reaches the database again");
                }
                if heartbeat.position < self.heartbeat_after {
                    // The database has lost commits. The writer looks, and begins the next incarnation.
                    self.look_at = now;
                }
                // A node that begins finds by its own heartbeats what it was not told.
                self.is_alone = heartbeat.others.is_empty();
                let others: Vec<NodeId> = heartbeat.others.iter().map(|other| other.id).collect();
                self.nodes.fresh_in_store(&others, now);
                self.senders.named(&others, now);
                if let Some(told) = &self.told {
                    told(&heartbeat.others);
                }
                self.status.told(heartbeat.position, now);
                self.feed.newest(heartbeat.position, now);
                self.unconfirmed.get_or_insert(heartbeat.position);
                self.confirm(now);
            }
            Err(error) if !was_cut_off => tracing::warn!(%error, "this node does not reach the database"),
            Err(_) => {}
        }
    }

    /// Lets the next heartbeat come at once, and not before a pause has passed since the last one.
    fn beat_soon(&mut self, pause: Duration, now: Instant) {
        self.heartbeat_at = self.heartbeat_at.min(now.max(self.heartbeat_began + pause));
    }

    fn confirm(&mut self, now: Instant) {
        if self.unconfirmed.is_some_and(|position| position <= self.feed.applied()) {
            self.unconfirmed = None;
            self.status.confirmed(now);
        }
    }

    fn deliver(&mut self, commits: Vec<Commit>, now: Instant) {
        let applied = self.feed.applied();
        if let Some(Entry { position, event: Event::MessageCreated(message), .. }) =
            commits.iter().rev().find_map(|commit| commit.entries.last())
        {
            self.delivered.note_message(*position, &message.id);
        }
        self.delivered.advance(applied);
        self.status.set_applied(applied);
        for commit in commits {
            self.bus.committed(commit);
        }
        self.confirm(now);
    }

    fn publish(&mut self, message: Message) {
        self.number += 1;
        let envelope = Envelope { from: self.node, number: self.number, message };
        let bytes = self.seals.seal(codec::encode(&envelope));
        if bytes.len() <= self.wire.message_bytes_max() {
            self.wire.publish(bytes);
        }
    }

    /// Publishes a group by as many messages as it needs.
    fn publish_group(&mut self, notice: &GroupNotice) {
        let bytes_max = self.wire.message_bytes_max().saturating_sub(self.seals.added_bytes());
        for bytes in codec::encode_group(self.node, self.number + 1, notice, bytes_max) {
            self.number += 1;
            self.status.count_published();
            self.wire.publish(self.seals.seal(bytes));
        }
    }
}
