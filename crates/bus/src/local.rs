//! The bus of one process, with a bounded channel for each subscriber.
//!
//! What must stay true: the channels of all subscribers hold the same publications in the same order.

use std::sync::{Mutex, MutexGuard, PoisonError};

use quintet_domain::{Commit, Ephemeral, NodeId};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::{Bus, Publication, RemotePresence, Subscription};

/// Maximum number of publications that wait for one subscriber.
const QUEUE: usize = 4_096;

/// The bus of one process.
#[derive(Debug, Default)]
pub struct LocalBus {
    subscribers: Mutex<Vec<mpsc::Sender<Publication>>>,
}

impl LocalBus {
    /// A bus without subscribers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Passes on a change of who is connected to another node, in order with the commits. It may block as
    /// [`Bus::committed`] does.
    pub fn remote(&self, node: NodeId, presence: RemotePresence) {
        self.pass_on(Publication::Remote { node, presence });
    }

    /// Passes something on to all subscribers, and waits for those who are behind.
    fn pass_on(&self, publication: Publication) {
        let subscribers = self.subscribers().clone();
        let Some((last, others)) = subscribers.split_last() else { return };
        for subscriber in others {
            send(subscriber, publication.clone());
        }
        send(last, publication);
    }

    fn subscribers(&self) -> MutexGuard<'_, Vec<mpsc::Sender<Publication>>> {
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends without blocking while the channel has space, because a store that runs on an async thread, as in tests,
/// cannot block.
fn send(subscriber: &mpsc::Sender<Publication>, publication: Publication) {
    match subscriber.try_send(publication) {
        // A closed subscriber needs nothing.
        Ok(()) | Err(TrySendError::Closed(_)) => {}
        Err(TrySendError::Full(publication)) => {
            let _ = subscriber.blocking_send(publication);
        }
    }
}

impl Bus for LocalBus {
    fn committed(&self, commit: Commit) {
        self.pass_on(Publication::Committed(commit));
    }

    fn ephemeral(&self, ephemeral: Ephemeral) -> Result<(), Ephemeral> {
        let subscribers = self.subscribers();
        // Space in every channel is reserved first, so that either all subscribers receive the event or none does.
        let permits: Result<Vec<_>, _> =
            subscribers.iter().filter(|subscriber| !subscriber.is_closed()).map(mpsc::Sender::try_reserve).collect();
        match permits {
            Ok(permits) => {
                permits.into_iter().for_each(|permit| permit.send(Publication::Ephemeral(ephemeral.clone())));
                Ok(())
            }
            Err(TrySendError::Full(()) | TrySendError::Closed(())) => Err(ephemeral),
        }
    }

    fn subscribe(&self) -> Subscription {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let mut subscribers = self.subscribers();
        subscribers.retain(|subscriber| !subscriber.is_closed());
        subscribers.push(sender);
        Subscription(receiver)
    }
}
