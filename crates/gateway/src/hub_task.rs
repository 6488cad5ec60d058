//! The task that runs the hub: it takes one message at a time from the bus, the connections and the clock.
//!
//! What must stay true: publications of the bus come first, because the hub publishes too and must not run ahead of its
//! own publications; connections and timers are served under any load.

use quintet_bus::Subscription;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::hub::{ClientMessage, Hub, HubContext, HubHandle, HubMessage};

/// Maximum number of messages of connections that wait for the hub.
const INBOX: usize = 16_384;

/// Maximum number of messages of connections that are handled between two publications.
const CLIENT_MESSAGES_BETWEEN: usize = 16;

/// The hub with the queues from which it receives its messages.
pub struct HubTask {
    hub: Hub,
    inbox: mpsc::Receiver<ClientMessage>,
    subscription: Subscription,
}

impl std::fmt::Debug for HubTask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HubTask").finish_non_exhaustive()
    }
}

impl HubTask {
    /// Creates a hub. `position` must have been committed after `subscription` was created.
    pub(crate) fn new(context: HubContext, subscription: Subscription, position: u64) -> (HubHandle, Self) {
        let (sender, inbox) = mpsc::channel(INBOX);
        let hub = Hub::new(context, sender.downgrade(), position);
        (HubHandle::new(sender), Self { hub, inbox, subscription })
    }

    /// Runs until the bus or all connections are gone.
    pub async fn run(mut self) {
        loop {
            let message = tokio::select! {
                biased;
                publication = self.subscription.next() => publication.map(HubMessage::from),
                message = self.inbox.recv() => message.map(HubMessage::Client),
                () = sleep_until(self.hub.next_timer()) => Some(HubMessage::Timer),
            };
            let Some(message) = message else { return };
            let published = match &message {
                HubMessage::Commit(_) | HubMessage::Ephemeral(_) | HubMessage::Remote { .. } => true,
                HubMessage::Client(_) | HubMessage::Timer => false,
            };
            self.hub.handle(message, Instant::now());
            if published {
                for _ in 0..CLIENT_MESSAGES_BETWEEN {
                    if !self.handle_client_message() {
                        break;
                    }
                }
                self.handle_timers();
            }
        }
    }

    /// Handles one message that is already there: a publication, else a message of a connection, else the timers that
    /// are due. Returns whether there was one. Simulations use it to decide the order of everything.
    pub fn step(&mut self) -> bool {
        if let Some(publication) = self.subscription.try_next() {
            self.hub.handle(publication.into(), Instant::now());
            return true;
        }
        self.handle_client_message() || self.handle_timers()
    }

    fn handle_client_message(&mut self) -> bool {
        let Ok(message) = self.inbox.try_recv() else { return false };
        self.hub.handle(HubMessage::Client(message), Instant::now());
        true
    }

    fn handle_timers(&mut self) -> bool {
        let now = Instant::now();
        let due = self.hub.next_timer().is_some_and(|at| at <= now);
        if due {
            self.hub.handle(HubMessage::Timer, now);
        }
        due
    }
}

async fn sleep_until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
