//! The task that feeds a node: it brings what its writer commits and what other nodes tell into one order, for the hub,
//! and tells the others what its writer has committed.
//!
//! What must stay true: the order is decided by [`Feed`] alone, which is the one of a real node; a node tells of its own
//! entries only, and asks the store once until it is answered.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use quintet_bus::Bus;
use quintet_cluster::{Envelope, Feed, GroupNotice, Message};
use quintet_domain::{Barrier, Commit, Ephemeral};
use quintet_store::{Delivered, Group, MemoryStore, ReplyTo, Store};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::wire::{Arrival, End};
use crate::bus::SlowBus;
use crate::random::Random;
use crate::sim::Sim;

/// The part of the order: there is one.
const PART: u16 = 1;
/// The time between two looks at the newest position.
const LOOKS: Duration = Duration::from_secs(1);
/// Looks of a thousand that fail.
const LOOKS_FAIL: u64 = 80;

/// What a node hears of.
#[derive(Debug)]
pub(crate) enum Input {
    /// A group of its own writer.
    Own(Group),
    /// Something from the wire.
    Wire(Arrival),
}

/// What feeds a node.
pub(crate) struct Feeding {
    pub(crate) sim: Rc<Sim>,
    pub(crate) random: Random,
    pub(crate) feed: Feed,
    pub(crate) identity: String,
    pub(crate) delivered: Delivered,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) bus: Arc<SlowBus>,
    pub(crate) end: Arc<End>,
    /// Whether the store was asked for what is missing and has not answered.
    pub(crate) asked: bool,
}

impl Feeding {
    /// Feeds the node for as long as it lives.
    pub(crate) async fn run(mut self, mut inputs: UnboundedReceiver<Input>) {
        let mut looks = interval(LOOKS);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let asks_at = self.feed.asks_at().filter(|_| !self.asked);
            tokio::select! {
                biased;
                input = inputs.recv() => match input {
                    Some(Input::Own(group)) => self.own(group),
                    Some(Input::Wire(Arrival::Message(envelope))) => self.told(envelope),
                    Some(Input::Wire(Arrival::Interrupted)) => self.look(),
                    None => return,
                },
                () = until(asks_at) => self.ask().await,
                _ = looks.tick() => self.look(),
            }
        }
    }

    fn own(&mut self, group: Group) {
        self.asked = false;
        let Group { missed, begun_at, commit, .. } = group;
        if !commit.entries.is_empty() {
            self.sim.count("groups told to other nodes");
            self.end.publish(Message::Group(GroupNotice {
                identity: self.identity.clone(),
                part: PART,
                after: begun_at,
                last: commit.position,
                entries: Some(commit.entries.clone()),
                traced: commit.traced.clone(),
            }));
        }
        let delivered = self.feed.own(missed, begun_at, commit, Instant::now());
        self.deliver(delivered);
    }

    fn told(&mut self, envelope: Envelope) {
        if self.end.is_own(&envelope) {
            return;
        }
        match envelope.message {
            Message::Group(notice) => {
                if notice.identity != self.identity || notice.part != PART {
                    return;
                }
                let delivered = self.feed.notice(notice, Instant::now());
                if !delivered.is_empty() {
                    self.sim.count("groups of other nodes delivered as they came");
                }
                self.deliver(delivered);
            }
            // What the hub has no room for is lost, as it may be on the wire.
            Message::Passing(event) => drop(self.bus.ephemeral(Ephemeral::Event(event))),
            Message::Came { .. }
            | Message::Left { .. }
            | Message::Present { .. }
            | Message::PresentWanted { .. }
            | Message::Alive { .. } => {}
        }
    }

    fn deliver(&self, commits: Vec<Commit>) {
        self.delivered.advance(self.feed.applied());
        for commit in commits {
            self.bus.committed(commit);
        }
    }

    /// Looks for the newest position.
    fn look(&mut self) {
        if !self.sim.is_calm() && self.random.per_mille(LOOKS_FAIL) {
            return;
        }
        if let Ok(newest) = self.store.newest_position() {
            self.feed.newest(newest, Instant::now());
        }
    }

    /// Asks the own writer for what is missing: it catches up before every group.
    async fn ask(&mut self) {
        self.sim.count("times that a node asked for what was missing");
        self.asked = self.store.submit(Barrier.into(), ReplyTo::Nobody).await.is_ok();
        if !self.asked {
            // The process is about to end.
            std::future::pending::<()>().await;
        }
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
