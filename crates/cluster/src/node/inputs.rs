//! Everything that a node waits for.
//!
//! What must stay true: nothing is lost if a wait for something else ends first; what the store was asked is asked
//! beside the wait for its groups, because the store may be waiting for them to be taken.

use std::pin::Pin;
use std::sync::Arc;

use quintet_store::{Group, Heartbeat, StoreError};
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep_until};

use crate::WireEvent;
use crate::inbox::{Inbox, Told};

/// An answer of the store that is waited for.
pub(super) type Answer<T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send>>;

/// What a node has waited for.
#[derive(Debug)]
pub(super) enum Input {
    /// A group of this node's writer.
    Own(Group),
    /// Something that the wire has brought.
    Wire(WireEvent),
    /// What the hub of this node tells the others.
    Told(Told),
    /// The newest position, and the other nodes.
    Heartbeat(Result<Heartbeat, StoreError>),
    /// Somebody needs the next heartbeat at once.
    Wanted,
    /// The writer has caught up, or failed to.
    CaughtUp(Result<(), StoreError>),
    /// A time was reached.
    Time,
    /// The writer has ended, and all of its groups were taken.
    End,
}

/// The ends on which a node receives, and what it has asked the store.
pub(super) struct Inputs {
    groups: mpsc::Receiver<Group>,
    told: Option<mpsc::Receiver<Told>>,
    events: Option<mpsc::Receiver<WireEvent>>,
    wanted: Arc<Notify>,
    /// The heartbeat that is on its way.
    pub(super) heartbeat: Option<Answer<Heartbeat>>,
    /// The question to the writer that is on its way. There is one at a time.
    pub(super) catch_up: Option<Answer<()>>,
}

impl Inputs {
    pub(super) fn new(inbox: Inbox, events: mpsc::Receiver<WireEvent>, wanted: Arc<Notify>) -> Self {
        let Inbox { groups, told, .. } = inbox;
        Self { groups, told: Some(told), events: Some(events), wanted, heartbeat: None, catch_up: None }
    }

    /// Waits for the next input, at most until a time.
    pub(super) async fn next(&mut self, until: Instant) -> Input {
        tokio::select! {
            group = self.groups.recv() => group.map_or(Input::End, Input::Own),
            event = received(&mut self.events) => Input::Wire(event),
            told = received(&mut self.told) => Input::Told(told),
            () = self.wanted.notified() => Input::Wanted,
            answer = answered(&mut self.heartbeat) => Input::Heartbeat(answer),
            answer = answered(&mut self.catch_up) => Input::CaughtUp(answer),
            () = sleep_until(until) => Input::Time,
        }
    }
}

/// Receives the next item. Waits for ever once nobody can send one any more.
async fn received<T>(receiver: &mut Option<mpsc::Receiver<T>>) -> T {
    if let Some(open) = receiver
        && let Some(item) = open.recv().await
    {
        return item;
    }
    *receiver = None;
    std::future::pending().await
}

/// Waits for an answer. Waits for ever if nothing was asked.
async fn answered<T>(asked: &mut Option<Answer<T>>) -> Result<T, StoreError> {
    let Some(answer) = asked else { return std::future::pending().await };
    let answer = answer.await;
    *asked = None;
    answer
}
