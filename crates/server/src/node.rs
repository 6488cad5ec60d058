//! This process as one of several nodes: where others reach it, what it passes on to them, and its heartbeat.
//!
//! What must stay true: without a database that others can use, nothing of this is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use quintet_domain::NodeId;
use quintet_gateway::Gateway;
use quintet_socketio::{Engine, SessionIds};
use quintet_store::PostgresStore;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::edge::hop::{self, Door, Hop, Internal};
use crate::failure::Failure;
use crate::heart::{Heart, Told};

/// This process as one of several nodes.
pub(crate) struct Node {
    id: NodeId,
    internal: Option<Internal>,
    hop: Option<Arc<Hop>>,
    /// The number of connections of other nodes, and of those to them.
    room: usize,
}

/// What runs for other nodes.
pub(crate) struct Running {
    hop: Option<Arc<Hop>>,
    accepting: Option<JoinHandle<()>>,
    heart: Option<Heart>,
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
        Ok(Self { id, internal, hop, room })
    }

    /// The id of the node.
    pub(crate) fn id(&self) -> NodeId {
        self.id
    }

    /// How other nodes reach this one; `None` if they cannot.
    pub(crate) fn reach(&self) -> Option<String> {
        self.internal.as_ref().map(Internal::reach)
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

    /// The line of the start that says where other nodes reach this one.
    pub(crate) fn start_line(&self) -> Option<String> {
        self.internal.as_ref().map(|internal| format!("  other nodes reach this one at {}", internal.shown()))
    }

    /// Begins to answer other nodes, and to say that this one lives.
    pub(crate) async fn start(
        self,
        config: &Config,
        store: Option<Arc<PostgresStore>>,
        engine: &Engine<Gateway>,
        connections: &TaskTracker,
        stopping: &watch::Receiver<bool>,
    ) -> Running {
        let reach = self.reach();
        let Self { id, internal, hop, room } = self;
        let secret = config.cluster.secret.as_deref().unwrap_or_default();
        let accepting = internal.map(|internal| {
            let door = Door::new(id, secret, engine.clone(), room, connections.clone(), stopping.clone());
            tokio::spawn(internal.serve(Arc::new(door)))
        });
        let heart = match store {
            None => None,
            Some(store) => {
                let wanted = hop.as_ref().map(|hop| hop.wanted()).unwrap_or_default();
                Some(Heart::start(store, id, reach, wanted, told(hop.clone(), config.cluster.sticky)).await)
            }
        };
        Running { hop, accepting, heart }
    }
}

/// What is done with the nodes that are alive.
fn told(hop: Option<Arc<Hop>>, sticky: bool) -> Told {
    let is_warned = AtomicBool::new(sticky);
    Box::new(move |others| match &hop {
        Some(hop) => hop.update(others),
        None if others.is_empty() || is_warned.swap(true, Ordering::Relaxed) => {}
        None => tracing::warn!(
            "other nodes use this database, and this one passes no requests on: set [cluster] advertise, or let the load \
             balancer send all requests of a client to one node and set [cluster] sticky = true"
        ),
    })
}

impl Running {
    /// Ends what is passed on, and takes nothing more from other nodes.
    pub(crate) async fn stop_passing(&mut self) {
        if let Some(hop) = &self.hop {
            hop.stop();
        }
        if let Some(task) = self.accepting.take() {
            task.abort();
            let _ = task.await;
        }
    }

    /// Says that this node ends.
    pub(crate) async fn leave(self) {
        if let Some(heart) = self.heart {
            heart.stop().await;
        }
    }
}
