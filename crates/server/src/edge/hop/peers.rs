//! The other nodes that are alive, as the table of nodes has them, each with its connections.
//!
//! What must stay true: whatever waits for a node stops waiting when the node is gone from the table, or this process
//! stops.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use quintet_domain::NodeId;
use quintet_store::FreshNode;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::reach::{Connector, Reach};
use crate::edge::body::Paced;

/// The largest number of idle connections to one node.
const IDLE_MAX: usize = 32;
/// The time for which a connection stays idle; shorter than the other node's, so that no request meets its end.
const IDLE_FOR: Duration = Duration::from_secs(30);
/// Maximum time to learn which nodes are alive, for a request to a node that is not known.
const LEARNT_WITHIN: Duration = Duration::from_secs(1);
/// The largest head of an answer, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Another node that is alive and can be reached.
pub(super) struct Peer {
    pub(super) id: NodeId,
    pub(super) reach: Reach,
    pub(super) client: Client<Connector, Paced>,
    /// Sends questions, which have no body.
    pub(super) asks: Client<Connector, Empty<Bytes>>,
    /// Cancelled when the node is gone, or this process stops.
    pub(super) over: CancellationToken,
}

/// The other nodes that are alive.
#[derive(Default)]
pub(super) struct Peers {
    known: Mutex<HashMap<NodeId, Arc<Peer>>>,
    /// Changed with each update.
    updates: watch::Sender<()>,
    /// Told when somebody asks for a node that is not known.
    wanted: Arc<Notify>,
    stopping: CancellationToken,
    /// Where the next ones begin that are taken in turn.
    turn: AtomicUsize,
}

impl Peers {
    fn known(&self) -> MutexGuard<'_, HashMap<NodeId, Arc<Peer>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the nodes that are alive.
    pub(super) fn update(&self, alive: &[FreshNode]) {
        let reached = |node: &FreshNode| Some((node.id, Reach::parse(node.address.as_deref()?)?));
        let mut alive: HashMap<NodeId, Reach> = alive.iter().filter_map(reached).collect();
        let mut known = self.known();
        known.retain(|id, peer| {
            // A node that is known stays as it is, unless its address has changed.
            let stays = alive.get(id) == Some(&peer.reach);
            match stays {
                true => drop(alive.remove(id)),
                false => peer.over.cancel(),
            }
            stays
        });
        for (id, reach) in alive {
            if let Some(connector) = Connector::to(&reach) {
                let client = Client::builder(TokioExecutor::new())
                    .pool_timer(TokioTimer::new())
                    .pool_idle_timeout(IDLE_FOR)
                    .pool_max_idle_per_host(IDLE_MAX)
                    .http1_max_buf_size(HEAD_BYTES_MAX)
                    .build(connector.clone());
                let asks = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
                let peer = Peer { id, reach, client, asks, over: self.stopping.child_token() };
                known.insert(id, Arc::new(peer));
            }
        }
        drop(known);
        self.updates.send_replace(());
    }

    /// Returns some of the nodes that are known: all, or as many as asked for, not the same ones each time.
    pub(super) fn some(&self, most: usize) -> Vec<Arc<Peer>> {
        let known = self.known();
        let from = self.turn.fetch_add(most, Ordering::Relaxed) % known.len().max(1);
        known.values().cycle().skip(from).take(most.min(known.len())).cloned().collect()
    }

    /// Returns a node, if it is known.
    fn get(&self, id: NodeId) -> Option<Arc<Peer>> {
        self.known().get(&id).cloned()
    }

    /// Returns a node, if it is alive and can be reached. If it is not known, it may have come since the last update, and
    /// the next one is waited for.
    pub(super) async fn find(&self, id: NodeId) -> Option<Arc<Peer>> {
        if let Some(peer) = self.get(id) {
            return Some(peer);
        }
        let mut updates = self.updates.subscribe();
        self.wanted.notify_one();
        let _ = tokio::time::timeout(LEARNT_WITHIN, updates.changed()).await;
        self.get(id)
    }

    /// What is told when somebody asks for a node that is not known.
    pub(super) fn wanted(&self) -> Arc<Notify> {
        Arc::clone(&self.wanted)
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }

    /// Ends everything that waits for another node.
    pub(super) fn stop(&self) {
        self.stopping.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(id: u64, address: &str) -> FreshNode {
        FreshNode { id: NodeId(id), address: Some(address.to_owned()) }
    }

    #[tokio::test]
    async fn a_node_is_known_while_it_is_alive() {
        let peers = Peers::default();
        let (first, second) = (node(1, "http://127.0.0.1:7000"), node(2, "http://127.0.0.1:7001"));
        peers.update(&[first.clone(), FreshNode { id: NodeId(3), address: None }, node(4, "carrier pigeon")]);
        let one = peers.get(NodeId(1)).expect("known");
        assert!([2, 3, 4].iter().all(|id| peers.get(NodeId(*id)).is_none()));
        // Heartbeats that say nothing new change nothing.
        peers.update(&[second.clone(), first]);
        assert!(Arc::ptr_eq(&one, &peers.get(NodeId(1)).expect("known")) && !one.over.is_cancelled());
        // Another address is another way to the node.
        peers.update(&[node(1, "http://127.0.0.1:7002"), second.clone()]);
        assert!(one.over.is_cancelled());
        let (one, two) = (peers.get(NodeId(1)).expect("known"), peers.get(NodeId(2)).expect("known"));
        peers.update(&[second]);
        assert!(one.over.is_cancelled() && peers.get(NodeId(1)).is_none() && !two.over.is_cancelled());
        peers.stop();
        assert!(two.over.is_cancelled() && peers.is_stopping());
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_that_is_not_known_is_asked_for() {
        let peers = Arc::new(Peers::default());
        let (asking, wanted) = (Arc::clone(&peers), peers.wanted());
        let found = tokio::spawn(async move { asking.find(NodeId(1)).await.is_some() });
        wanted.notified().await;
        peers.update(&[node(1, "http://127.0.0.1:7000")]);
        assert!(found.await.expect("no panic"));
        let began = tokio::time::Instant::now();
        assert!(peers.find(NodeId(1)).await.is_some() && began.elapsed().is_zero(), "it is known");
        assert!(peers.find(NodeId(2)).await.is_none());
        assert_eq!(began.elapsed(), LEARNT_WITHIN, "nobody answers");
    }
}
