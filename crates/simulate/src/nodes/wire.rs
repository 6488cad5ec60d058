//! The wire between the nodes: it loses, doubles, delays and reorders what they tell each other, and is cut now and then.
//!
//! What must stay true: it gives no guarantee that a real wire does not give; once nothing fails any more, everything
//! arrives.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use quintet_cluster::{Envelope, Message};
use quintet_domain::NodeId;

use crate::random::Random;
use crate::sim::Sim;

/// Milliseconds that a message usually takes, at most.
const USUAL_MS: u64 = 6;
/// Milliseconds that a message seldom takes, at most.
const RARE_MS: u64 = 500;
/// Messages of a thousand that are lost.
const LOST: u64 = 100;
/// Messages of a thousand that arrive twice.
const DOUBLED: u64 = 60;
/// Groups of a thousand that are too large for the wire, so that their entries stay away.
const TOO_LARGE: u64 = 30;
/// Messages of a thousand with which a node is cut off.
const CUTS: u64 = 6;
/// Milliseconds for which a node is cut off, at most.
const CUT_MS: u64 = 2_500;
/// Cuts of a thousand that the wire notices.
const NOTICED: u64 = 700;

/// What arrives at a node.
#[derive(Clone, Debug)]
pub(crate) enum Arrival {
    /// A message of a node, perhaps its own.
    Message(Envelope),
    /// Messages may have been lost.
    Interrupted,
}

/// What nodes have published and the wire has not taken yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Published(Arc<Mutex<VecDeque<(usize, Envelope)>>>);

impl Published {
    fn push(&self, from: usize, envelope: Envelope) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back((from, envelope));
    }

    fn take(&self) -> VecDeque<(usize, Envelope)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The end of one life of a node.
#[derive(Debug)]
pub(crate) struct End {
    node: usize,
    from: NodeId,
    number: AtomicU64,
    published: Published,
}

impl End {
    pub(crate) fn new(node: usize, from: NodeId, published: Published) -> Self {
        Self { node, from, number: AtomicU64::new(0), published }
    }

    /// Tells the other nodes something.
    pub(crate) fn publish(&self, message: Message) {
        let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
        self.published.push(self.node, Envelope { from: self.from, number, message });
    }

    /// Whether a message comes from this end.
    pub(crate) fn is_own(&self, envelope: &Envelope) -> bool {
        envelope.from == self.from
    }
}

/// The wire.
pub(crate) struct SimulatedWire {
    sim: Rc<Sim>,
    random: Random,
    published: Published,
    /// What is on its way, by the milliseconds at which it arrives and a number.
    on_the_way: BTreeMap<(u64, u64), (usize, Arrival)>,
    sent: u64,
    /// Milliseconds until which each node is cut off.
    cut_until_ms: Vec<u64>,
}

impl SimulatedWire {
    pub(crate) fn new(sim: &Rc<Sim>, nodes: usize, published: Published) -> Self {
        Self {
            sim: Rc::clone(sim),
            random: Random::new(sim.seed, "wire"),
            published,
            on_the_way: BTreeMap::new(),
            sent: 0,
            cut_until_ms: vec![0; nodes],
        }
    }

    /// Takes what was published, and delivers what arrives by now.
    pub(crate) fn step(&mut self, now_ms: u64, mut deliver: impl FnMut(usize, Arrival)) {
        for (from, envelope) in self.published.take() {
            for to in 0..self.cut_until_ms.len() {
                // A wire gives a node its own messages back, or does not.
                if to != from || self.random.per_mille(500) {
                    self.send(now_ms, to, envelope.clone());
                }
            }
        }
        while let Some(first) = self.on_the_way.first_entry()
            && first.key().0 <= now_ms
        {
            let (to, arrival) = first.remove();
            deliver(to, arrival);
        }
    }

    /// Whether nothing is on its way.
    pub(crate) fn is_idle(&self) -> bool {
        self.on_the_way.is_empty()
    }

    fn send(&mut self, now_ms: u64, to: usize, mut envelope: Envelope) {
        let mut copies = 1;
        if !self.sim.is_calm() {
            if self.random.per_mille(CUTS) {
                self.cut(now_ms, to);
            }
            if self.cut_until_ms.get(to).is_some_and(|until_ms| now_ms < *until_ms) || self.random.per_mille(LOST) {
                self.sim.count("messages between nodes lost");
                return;
            }
            if self.random.per_mille(DOUBLED) {
                self.sim.count("messages between nodes doubled");
                copies = 2;
            }
            if let Message::Group(notice) = &mut envelope.message
                && self.random.per_mille(TOO_LARGE)
            {
                notice.entries = None;
            }
        }
        for _ in 0..copies {
            let delay_ms = self.random.delay_ms(USUAL_MS, RARE_MS);
            self.push(now_ms + delay_ms, to, Arrival::Message(envelope.clone()));
        }
    }

    fn cut(&mut self, now_ms: u64, to: usize) {
        let until_ms = now_ms + self.random.below(CUT_MS);
        self.sim.note(format!("node {to} is cut off from the others until {until_ms}"));
        self.sim.count("nodes cut off from the others");
        if let Some(until) = self.cut_until_ms.get_mut(to) {
            *until = until_ms;
        }
        if self.random.per_mille(NOTICED) {
            self.push(until_ms, to, Arrival::Interrupted);
        }
    }

    fn push(&mut self, at_ms: u64, to: usize, arrival: Arrival) {
        self.sent += 1;
        self.on_the_way.insert((at_ms, self.sent), (to, arrival));
    }
}
