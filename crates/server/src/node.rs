//! This process as one of several nodes: where others reach it, what it passes on to them, and its heartbeat.
//!
//! What must stay true: without a database that others can use, nothing of this is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use quintet_cluster::{Neighbours, TellNodes};
use quintet_domain::NodeId;
use quintet_gateway::Gateway;
use quintet_socketio::{Engine, SessionIds};
use quintet_store::PostgresStore;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use crate::cluster::{self, Own};
use crate::config::Config;
use crate::edge::hop::{self, Door, Hop, Internal};
use crate::failure::Failure;

/// Maximum time to learn of other nodes before clients are served.
const FIRST_WITHIN: Duration = Duration::from_secs(8);
/// Maximum time to say that this process ends.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);

/// This process as one of several nodes.
pub(crate) struct Node {
    id: NodeId,
    internal: Option<Internal>,
    hop: Option<Arc<Hop>>,
    /// The number of connections of other nodes, and of those to them.
    room: usize,
    /// Told after the first heartbeat.
    first: Arc<Notify>,
    /// Whether other nodes are to be warned of once they are heard of: where this one has started, and is not about to
    /// refuse to.
    warns: Arc<AtomicBool>,
}

/// What runs for other nodes.
pub(crate) struct Running {
    hop: Option<Arc<Hop>>,
    accepting: Option<JoinHandle<()>>,
    /// Asks others whether they reach the database, while this node does not.
    asking: Option<JoinHandle<()>>,
    id: NodeId,
    /// The database and the node over it, where the data is in one.
    clustered: Option<(Arc<PostgresStore>, cluster::Node)>,
}

/// Returns how many of the open files are left for clients.
pub(crate) fn left_for_clients(config: &Config, descriptors: u64) -> u64 {
    match config.cluster.reached() {
        None => descriptors,
        Some(_) => descriptors.saturating_sub(2 * hop::room(descriptors) as u64),
    }
}

impl Node {
    /// Makes a node with another number than any before, and listens for other nodes if the configuration says so.
    ///
    /// # Errors
    /// A sentence, if it cannot listen.
    pub(crate) async fn of(config: &Config, descriptors: u64) -> Result<Self, Failure> {
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes).map_err(|error| format!("the operating system gives no random bytes: {error}"))?;
        let (id, room) = (NodeId(u64::from_be_bytes(bytes)), hop::room(descriptors));
        let internal = Internal::bind(&config.cluster).await?;
        let hop = config.cluster.reached().map(|(_, _, secret)| Arc::new(Hop::new(id, secret, room)));
        Ok(Self { id, internal, hop, room, first: Arc::default(), warns: Arc::default() })
    }

    /// The id of the node.
    pub(crate) fn id(&self) -> NodeId {
        self.id
    }

    /// How the ids of sessions are made.
    pub(crate) fn session_ids(&self) -> SessionIds {
        match &self.hop {
            None => SessionIds::default(),
            Some(hop) => {
                let ids = hop.session_ids().clone();
                SessionIds::by(move || ids.make())
            }
        }
    }

    /// What passes requests on to other nodes, if anything does.
    pub(crate) fn hop(&self) -> Option<Arc<Hop>> {
        self.hop.clone()
    }

    /// What the node is to others. Its heartbeats tell which requests can be passed on to whom.
    pub(crate) fn own(&self) -> Own {
        let wanted = self.hop.as_ref().map(|hop| hop.wanted()).unwrap_or_default();
        let told = Some(told(self.hop.clone(), Arc::clone(&self.first), Arc::clone(&self.warns)));
        let address = self.internal.as_ref().map(Internal::reach);
        Own { id: self.id, address, neighbours: Neighbours { told, wanted } }
    }

    /// The line of the start that says where other nodes reach this one.
    pub(crate) fn start_line(&self) -> Option<String> {
        self.internal.as_ref().map(|internal| format!("  other nodes reach this one at {}", internal.shown()))
    }

    /// Begins to answer other nodes.
    pub(crate) async fn start(
        self,
        config: &Config,
        clustered: Option<(Arc<PostgresStore>, cluster::Node)>,
        engine: &Engine<Gateway>,
        connections: &TaskTracker,
        stopping: &watch::Receiver<bool>,
    ) -> Running {
        let Self { id, internal, hop, room, first, warns } = self;
        warns.store(!config.cluster.sticky, Ordering::Relaxed);
        let secret = config.cluster.secret.as_deref().unwrap_or_default();
        let mut accepting = None;
        if let (Some(internal), Some((_, node))) = (internal, &clustered) {
            let reaches = Box::new(node.reaches_database());
            let door = Door::new(id, secret, engine.clone(), reaches, room, connections.clone(), stopping.clone());
            accepting = Some(tokio::spawn(internal.serve(Arc::new(door))));
        }
        let mut asking = None;
        if let (Some(hop), Some((_, node))) = (&hop, &clustered) {
            asking = Some(tokio::spawn(node.clone().asks_others(Arc::clone(hop))));
        }
        if clustered.is_some() && tokio::time::timeout(FIRST_WITHIN, first.notified()).await.is_err() {
            tracing::warn!("the database has not told in time which other nodes there are");
        }
        Running { hop, accepting, asking, id, clustered }
    }
}

/// What is done with the nodes that are alive.
fn told(hop: Option<Arc<Hop>>, first: Arc<Notify>, warns: Arc<AtomicBool>) -> TellNodes {
    Box::new(move |others| {
        match &hop {
            Some(hop) => hop.update(others),
            None if others.is_empty() || !warns.swap(false, Ordering::Relaxed) => {}
            None => tracing::warn!(
                "other nodes use this database, and this one passes no requests on: set [cluster] advertise, or let the \
                 load balancer send all requests of a client to one node and set [cluster] sticky = true"
            ),
        }
        first.notify_one();
    })
}

impl Running {
    /// Ends what is passed on, and takes nothing more from other nodes.
    pub(crate) async fn stop_passing(&mut self) {
        if let Some(hop) = &self.hop {
            hop.stop();
        }
        for task in [self.accepting.take(), self.asking.take()].into_iter().flatten() {
            task.abort();
            let _ = task.await;
        }
    }

    /// Says that this node ends.
    pub(crate) async fn leave(self) {
        let Some((store, node)) = self.clustered else { return };
        let leave = async {
            // A heartbeat that came later would bring the node back.
            node.ended().await;
            store.leave(self.id).await
        };
        match tokio::time::timeout(LEAVE_WITHIN, leave).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the other nodes were not told that this one ends"),
            Err(_) => tracing::debug!("the other nodes could not be told in time that this one ends"),
        }
    }
}
