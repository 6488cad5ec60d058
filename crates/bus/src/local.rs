//! The bus of one process: a bounded channel for each subscriber.

use std::sync::{Mutex, MutexGuard, PoisonError};

use quintet_domain::{Entry, Ephemeral};
use tokio::sync::mpsc;

use crate::{Bus, Publication, Subscription};

/// Publications that may wait for one subscriber.
const QUEUE: usize = 4_096;

/// The bus of one process.
#[derive(Debug, Default)]
pub struct LocalBus {
    subscribers: Mutex<Vec<mpsc::Sender<Publication>>>,
}

impl LocalBus {
    /// A bus that nobody listens to yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn subscribers(&self) -> MutexGuard<'_, Vec<mpsc::Sender<Publication>>> {
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bus for LocalBus {
    fn committed(&self, entries: Vec<Entry>) {
        let subscribers = self.subscribers().clone();
        let Some((last, others)) = subscribers.split_last() else { return };
        for subscriber in others {
            // A closed subscriber is one that went away.
            let _ = subscriber.blocking_send(Publication::Committed(entries.clone()));
        }
        let _ = last.blocking_send(Publication::Committed(entries));
    }

    fn ephemeral(&self, ephemeral: Ephemeral) -> Result<(), Ephemeral> {
        let subscribers = self.subscribers();
        // A place with each of them first, so that none hears what another did not.
        let places: Result<Vec<_>, _> =
            subscribers.iter().filter(|subscriber| !subscriber.is_closed()).map(mpsc::Sender::try_reserve).collect();
        match places {
            Ok(places) => {
                places.into_iter().for_each(|place| place.send(Publication::Ephemeral(ephemeral.clone())));
                Ok(())
            }
            Err(_) => Err(ephemeral),
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
