//! The places for sockets of services, and what wakes the tasks that tell them what happens.
//!
//! What must stay true: users pay nothing for them, because nothing subscribes to the bus while no service is connected.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use quintet_bus::Publication;
use quintet_domain::limits::SERVICE_SOCKETS_MAX;
use quintet_domain::{Code, Refusal};
use quintet_service::Service;
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// The time in milliseconds after which a service that found no place may try again.
const RETRY_AFTER_MS: u64 = 10_000;

/// The places of service sockets, and what wakes them.
#[derive(Debug, Default)]
pub(crate) struct ServiceSockets(Mutex<Places>);

#[derive(Debug, Default)]
struct Places {
    taken: usize,
    /// The newest position, while there is a socket that waits for it.
    newest: Option<(watch::Receiver<u64>, AbortHandle)>,
}

impl ServiceSockets {
    fn places(&self) -> MutexGuard<'_, Places> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place. From here on the receiver changes with every commit that has entries.
    ///
    /// # Errors
    /// `ERR_BUSY` if all places are taken.
    pub(crate) fn take(self: &Arc<Self>, service: &Service) -> Result<(Place, watch::Receiver<u64>), Refusal> {
        let mut places = self.places();
        if places.taken >= SERVICE_SOCKETS_MAX {
            let message = format!("{SERVICE_SOCKETS_MAX} services are connected already, which is the limit.");
            return Err(Refusal { retry_after_ms: Some(RETRY_AFTER_MS), ..Refusal::new(Code::Busy, message) });
        }
        places.taken += 1;
        let (newest, _) = places.newest.get_or_insert_with(|| follow(service));
        let newest = newest.clone();
        drop(places);
        Ok((Place(Arc::clone(self)), newest))
    }
}

/// Follows the commits in a task, until that is aborted.
fn follow(service: &Service) -> (watch::Receiver<u64>, AbortHandle) {
    let (sender, receiver) = watch::channel(0);
    // Subscribed before anything is read, so that no commit is missed between the two.
    let mut commits = service.bus().subscribe();
    let task = tokio::spawn(async move {
        while let Some(publication) = commits.next().await {
            if let Publication::Committed(commit) = publication
                && !commit.entries.is_empty()
            {
                sender.send_replace(commit.position);
            }
        }
    });
    (receiver, task.abort_handle())
}

/// A place that is taken until it is dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<ServiceSockets>);

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.0.places();
        places.taken -= 1;
        if places.taken == 0
            && let Some((_, task)) = places.newest.take()
        {
            task.abort();
        }
    }
}
