//! What a node is given to do by its own store and its own hub.
//!
//! What must stay true: groups are never dropped, because replies are in them, so that a writer waits while too many are
//! not delivered yet; a hub never waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use quintet_bus::LocalPresence;
use quintet_domain::Event;
use quintet_store::Group;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// Maximum number of groups that wait to be delivered.
const GROUPS_MAX: usize = 64;
/// Maximum number of things that a hub has told and that wait to be sent to the other nodes.
const TOLD_MAX: usize = 4_096;

/// What a hub tells the other nodes.
#[derive(Debug)]
pub(crate) enum Told {
    /// An event that is not stored, which was delivered here.
    Passing(Event),
    /// A change of who is connected here.
    Presence(LocalPresence),
}

/// The receiving end of a node's own groups, and of what its hub tells the others. It is made before the store is
/// opened, and given to [`Cluster::start`](crate::Cluster::start).
#[derive(Debug)]
pub struct Inbox {
    pub(crate) groups: mpsc::Receiver<Group>,
    pub(crate) told: mpsc::Receiver<Told>,
    pub(crate) missed: Missed,
}

/// Whether a change of who is connected here was dropped, because too much waited. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Missed(Arc<AtomicBool>);

impl Missed {
    /// Whether a change was dropped since this was last called.
    pub(crate) fn take(&self) -> bool {
        self.0.load(Ordering::Relaxed) && self.0.swap(false, Ordering::AcqRel)
    }
}

impl Inbox {
    /// An inbox, the end into which the store puts its groups, and the end into which a bus puts what its hub tells.
    #[must_use]
    pub fn new() -> (Self, GroupSender, Teller) {
        let (to_groups, groups) = mpsc::channel(GROUPS_MAX);
        let (to_told, told) = mpsc::channel(TOLD_MAX);
        let missed = Missed::default();
        let teller = Teller { told: to_told, missed: missed.clone() };
        (Self { groups, told, missed }, GroupSender(to_groups), teller)
    }
}

/// Puts groups into the inbox of their node.
#[derive(Debug)]
pub struct GroupSender(mpsc::Sender<Group>);

impl GroupSender {
    /// Hands over a group, whether it was committed or not. Blocks while too many wait, so it is called on the thread of
    /// the writer, and never where asynchronous code runs.
    pub fn send(&self, group: Group) {
        if self.0.blocking_send(group).is_err() {
            tracing::error!("a group is not delivered, because the feed of this node has ended");
        }
    }
}

/// Puts what a hub tells the other nodes into the inbox of its own node.
#[derive(Clone, Debug)]
pub struct Teller {
    told: mpsc::Sender<Told>,
    missed: Missed,
}

impl Teller {
    /// Tells the other nodes of an event that is not stored. It is dropped if too much waits.
    pub(crate) fn passing(&self, event: Event) {
        match self.told.try_send(Told::Passing(event)) {
            Ok(()) | Err(TrySendError::Closed(_)) => {}
            Err(TrySendError::Full(_)) => tracing::debug!("an event is not told to the other nodes: too many wait"),
        }
    }

    /// Tells the other nodes of a change of who is connected here. If too much waits, the hub is asked for all later.
    pub(crate) fn presence(&self, change: LocalPresence) {
        if let Err(TrySendError::Full(_)) = self.told.try_send(Told::Presence(change)) {
            self.missed.0.store(true, Ordering::Release);
        }
    }
}
