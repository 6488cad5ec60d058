//! The node of a cluster within the server: how it is started, measured and checked.
//!
//! What must stay true: it runs wherever the data is in a PostgreSQL database, and nowhere else. A node that does not
//! reach the database sends its clients away only while another node does reach it.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use quintet_bus::LocalBus;
use quintet_cluster::{
    Backing, Cluster, GroupSender, Health, Inbox, Neighbours, PART, Parts, Status, Teller, Wire, postgres_wire,
    redis_wire,
};
use quintet_domain::NodeId;
use quintet_gateway::Gateway;
use quintet_socketio::{CloseReason, Engine};
use quintet_store::{Delivered, PostgresStore, PostgresTarget, Store};
use tokio::runtime::Handle;
use tokio::time::MissedTickBehavior;

use crate::config::{BusName, Config};
use crate::edge::hop::Hop;
use crate::failure::Failure;
use crate::metrics::gauge;

/// The time between two looks whether clients must be sent away.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// The time without an answer of the database after which other nodes are asked whether they reach it; it is shorter than
/// the time after which this one is not ready, so that there is an answer by then.
const ASK_AFTER: Duration = Duration::from_secs(5);
/// The time between two questions to other nodes.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// Maximum time in which connections are closed before the next look.
const CLOSE_WITHIN: Duration = Duration::from_secs(4);

/// What is made for a node before its store is opened.
#[derive(Debug)]
pub(crate) struct Prepared {
    inbox: Inbox,
    /// Tells the node what its hub tells others.
    pub(crate) teller: Teller,
    /// What the writer of the store need not read.
    pub(crate) delivered: Delivered,
}

/// What a node is to others.
pub(crate) struct Own {
    /// The id of the node.
    pub(crate) id: NodeId,
    /// How other nodes reach it; `None` if they cannot.
    pub(crate) address: Option<String>,
    /// Who else wants to know which nodes are alive.
    pub(crate) neighbours: Neighbours,
}

/// What a node that runs hears of others.
#[derive(Clone)]
pub(crate) struct Node {
    status: Arc<Status>,
    cluster: Cluster,
    wire: Arc<dyn Wire>,
}

impl Prepared {
    /// What is made before the store is opened, and the end into which the store puts its groups.
    pub(crate) fn new() -> (Self, GroupSender) {
        let (inbox, groups, teller) = Inbox::new();
        (Self { inbox, teller, delivered: Delivered::default() }, groups)
    }

    /// Starts the node. Until then nothing that its store commits is delivered.
    pub(crate) async fn start(
        self,
        config: &Config,
        own: Own,
        store: &Arc<PostgresStore>,
        bus: Arc<LocalBus>,
    ) -> Result<Node, Failure> {
        let identity = store.identity().await.map_err(|error| error.to_string())?;
        let (wire, events) = match &config.cluster.bus {
            BusName::Postgres => {
                let url = config.database.url.as_deref().unwrap_or_default();
                let target = PostgresTarget::parse(url, config.database.password.as_deref());
                let target = target.map_err(|error| error.to_string())?;
                postgres_wire(target, &identity, PART, &Handle::current())
            }
            BusName::Redis(url) => redis_wire(url, &identity, PART, &Handle::current())
                .map_err(|error| format!("[cluster] bus cannot be used: {error}"))?,
        };
        let store: Weak<PostgresStore> = Arc::downgrade(store);
        let parts = Parts {
            node: own.id,
            address: own.address,
            identity,
            secret: config.cluster.secret.clone(),
            wire: Arc::clone(&wire),
            events,
            bus,
            store: store as Weak<dyn Backing>,
            delivered: self.delivered,
            inbox: self.inbox,
            neighbours: own.neighbours,
        };
        let cluster = Cluster::start(parts).map_err(|error| format!("the node cannot be started: {error}"))?;
        Ok(Node { status: Arc::clone(cluster.status()), cluster, wire })
    }
}

impl Node {
    /// Says in a sentence why this node does not hear what others commit; `None` if it does.
    pub(crate) fn why_not_ready(&self) -> Option<&'static str> {
        match (self.status.health(), self.wire.is_connected()) {
            (Health::Ready, _) => None,
            (Health::NoDatabase, _) => Some("The database cannot be reached."),
            (Health::Behind, true) => Some("The feed is behind: what other nodes commit is not delivered in time."),
            (Health::Behind, false) => {
                Some("The wire is down and the feed is behind: what other nodes commit is not delivered in time.")
            }
        }
    }

    /// Waits until the node has ended, after its store. It sends no heartbeat from then on.
    pub(crate) async fn ended(&self) {
        self.cluster.ended().await;
    }

    /// What says whether this node reaches the database.
    pub(crate) fn reaches_database(&self) -> impl Fn() -> bool + Send + Sync + 'static {
        let status = Arc::clone(&self.status);
        move || status.reaches_database()
    }

    /// Asks other nodes whether they reach the database, again and again, while this one does not.
    pub(crate) async fn asks_others(self, hop: Arc<Hop>) {
        let mut pace = tokio::time::interval(ASK_EVERY);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            pace.tick().await;
            if self.status.cut_off_for() >= ASK_AFTER && hop.does_another_reach_the_database().await {
                self.status.another_reaches_database();
            }
        }
    }

    /// Closes all connections, again and again, while this node does not reach the database and another one does.
    pub(crate) async fn sends_clients_away(self, engine: Engine<Gateway>, gateway: Gateway) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        let mut leaves = false;
        loop {
            look.tick().await;
            let left = std::mem::replace(&mut leaves, self.status.must_leave());
            if !leaves {
                continue;
            }
            if !left {
                tracing::error!(
                    "this node does not reach the database, and another one does: all clients are sent away"
                );
            }
            let close = async { tokio::join!(engine.close(CloseReason::Shutdown), gateway.close()) };
            let _ = tokio::time::timeout(CLOSE_WITHIN, close).await;
        }
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Encodes a counter without labels.
fn counter(encoder: &mut DescriptorEncoder<'_>, (name, help): (&str, &str), value: u64) -> fmt::Result {
    let value = ConstCounter::new(value);
    value.encode(encoder.encode_descriptor(name, help, None, value.metric_type())?)
}

impl Collector for Node {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let (encoder, status) = (&mut encoder, &self.status);
        let lag = "Positions that the database had when it was last asked, and that were not delivered yet";
        gauge(encoder, ("feed_lag", lag), status.lag())?;
        let gaps = "Times that the store was asked for what no wire had brought";
        counter(encoder, ("feed_gaps", gaps), status.gaps())?;
        let published = "Messages about groups of writes that were sent to other nodes";
        counter(encoder, ("wire_published", published), status.published())?;
        let received = "Messages about groups of writes that came from other nodes";
        counter(encoder, ("wire_received", received), status.received())?;
        let unreadable = "Messages of other nodes that are damaged, or of a newer version";
        counter(encoder, ("wire_unreadable", unreadable), status.unreadable())?;
        let forged = "Messages that were dropped because no node with this cluster's secret has sent them";
        counter(encoder, ("wire_forged", forged), status.forged())?;
        let repeated =
            "Messages about what passes that were dropped because they had come before, or are of no node alive";
        counter(encoder, ("wire_repeated", repeated), status.repeated())?;
        let interruptions = "Times that the wire may have lost messages, the beginning included";
        counter(encoder, ("wire_interruptions", interruptions), status.interruptions())?;
        let connected = u64::from(self.wire.is_connected());
        gauge(encoder, ("wire_connected", "Whether the wire receives what other nodes publish"), connected)
    }
}
