//! The heartbeat of this process among those that share the database: it says every second that it lives, and learns who
//! else does.
//!
//! What must stay true: what is known of other nodes stays as it is while the database cannot be asked, because then
//! nobody knows better.

use std::sync::Arc;
use std::time::Duration;

use quintet_domain::NodeId;
use quintet_store::{FreshNode, Heartbeat, PostgresStore};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

/// The time between two heartbeats.
const BEAT_EVERY: Duration = Duration::from_secs(1);
/// The shortest time between two heartbeats, if somebody asks for nodes.
const BEAT_APART: Duration = Duration::from_millis(100);
/// The time to say that this process ends.
const LEAVE_WITHIN: Duration = Duration::from_secs(1);

/// What is done with the nodes that are alive, after each heartbeat.
pub(crate) type Told = Box<dyn Fn(&[FreshNode]) + Send>;

/// Says that this process lives, for as long as it does.
pub(crate) struct Heart {
    store: Arc<PostgresStore>,
    node: NodeId,
    task: JoinHandle<()>,
}

impl Heart {
    /// Says for the first time that a node lives, and how others reach it, and goes on by itself: every second, and when
    /// `wanted` is told that somebody asks for nodes.
    pub(crate) async fn start(
        store: Arc<PostgresStore>,
        node: NodeId,
        address: Option<String>,
        wanted: Arc<Notify>,
        told: Told,
    ) -> Self {
        let mut beating = Beating { store: Arc::clone(&store), node, address, told, is_failing: false };
        beating.beat().await;
        let task = tokio::spawn(async move {
            let mut tick = tokio::time::interval(BEAT_EVERY);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            tick.tick().await;
            loop {
                tokio::select! {
                    _ = tick.tick() => {}
                    () = wanted.notified() => {}
                }
                beating.beat().await;
                tokio::time::sleep(BEAT_APART).await;
            }
        });
        Self { store, node, task }
    }

    /// Says that the node ends.
    pub(crate) async fn stop(self) {
        self.task.abort();
        // A heartbeat that was underway must not come after that.
        let _ = self.task.await;
        match tokio::time::timeout(LEAVE_WITHIN, self.store.leave(self.node)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the other nodes were not told that this one ends"),
            Err(_) => tracing::debug!("the other nodes could not be told in time that this one ends"),
        }
    }
}

/// A node that says again and again that it lives.
struct Beating {
    store: Arc<PostgresStore>,
    node: NodeId,
    address: Option<String>,
    told: Told,
    /// Whether the last heartbeat failed.
    is_failing: bool,
}

impl Beating {
    async fn beat(&mut self) {
        match self.store.heartbeat(self.node, self.address.clone()).await {
            Ok(Heartbeat { others, .. }) => {
                self.is_failing = false;
                (self.told)(&others);
            }
            // Once for each time that the database is away.
            Err(error) if !self.is_failing => {
                self.is_failing = true;
                tracing::warn!(%error, "the database cannot be told that this node lives");
            }
            Err(_) => {}
        }
    }
}
