//! The network between a client and the server: requests that take their time, and requests and responses that are
//! lost.
//!
//! What must stay true: a request is answered once, never twice; a lost request never reaches the server; of a lost
//! response the server knows nothing.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use quintet_gateway::{Gateway, Listener};
use quintet_socketio::Engine;

use crate::nodes::Nodes;
use crate::random::Random;
use crate::sim::Sim;

/// Milliseconds that one way usually takes, at most.
const USUAL_MS: u64 = 25;
/// Milliseconds that one way seldom takes, at most.
const RARE_MS: u64 = 700;
/// Requests of a thousand that are lost.
const REQUESTS_LOST: u64 = 12;
/// Responses of a thousand that are lost.
const RESPONSES_LOST: u64 = 25;
/// Milliseconds after which a client gives up on a request, at most.
const PATIENCE_MS: u64 = 3_000;

/// The request or its response was lost, or the server does not know the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lost;

/// Who gave an answer, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given {
    /// The newest position that was committed by then.
    pub(crate) position: u64,
    /// The life of the process.
    pub(crate) life: u32,
}

/// A response.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The body of the response.
    pub(crate) body: String,
    pub(crate) given: Given,
}

/// Where the requests of a connection go.
#[derive(Clone)]
pub(crate) enum Door {
    /// To the only server, in the same runtime.
    Only(Engine<Gateway>),
    /// To one of several nodes.
    Node(Rc<Nodes>, usize),
}

impl Door {
    /// What the server answers; none if it is not there, or ends before it has answered.
    async fn ask(
        &self,
        sim: &Rc<Sim>,
        request: Request<Full<Bytes>>,
        remote: SocketAddr,
    ) -> Option<(Response<Full<Bytes>>, Given)> {
        match self {
            Self::Only(engine) => {
                let response = engine.handle(request, remote).await;
                Some((response, Given { position: sim.newest(), life: sim.life() }))
            }
            Self::Node(nodes, node) => {
                let sim = Rc::clone(sim);
                let (life, response) = nodes.spawn(*node, |server| {
                    let engine = server.engine.clone();
                    async move {
                        let response = engine.handle(request, remote).await;
                        (response, sim.newest())
                    }
                })?;
                let (response, position) = response.await.ok()?;
                Some((response, Given { position, life }))
            }
        }
    }
}

/// The way of one client to the server.
#[derive(Clone)]
pub(crate) struct Wire {
    pub(crate) sim: Rc<Sim>,
    pub(crate) door: Door,
    /// The number of the client, from which its address is made.
    pub(crate) client: usize,
    /// Whether the client has given up what it sends here.
    pub(crate) is_abandoned: bool,
}

impl Wire {
    /// The way of the next connection: it leads to any node.
    pub(crate) fn to_any_node(&self) -> Self {
        let mut wire = self.clone();
        if let Door::Node(nodes, node) = &mut wire.door {
            let node_count = nodes.count() as u64;
            *node = usize::try_from(self.random().below(node_count)).unwrap_or_default();
        }
        wire
    }

    fn random(&self) -> &Random {
        if self.is_abandoned { &self.sim.abandoned } else { &self.sim.network }
    }

    /// Sends a request, and waits for its response.
    pub(crate) async fn exchange(&self, method: Method, query: &str, body: String) -> Result<Answer, Lost> {
        let sim = &self.sim;
        let calm = sim.is_calm();
        let random = self.random();
        let (request_lost, response_lost) = (random.per_mille(REQUESTS_LOST), random.per_mille(RESPONSES_LOST));
        let (there_ms, back_ms) = (random.delay_ms(USUAL_MS, RARE_MS), random.delay_ms(USUAL_MS, RARE_MS));
        let patience = Duration::from_millis(random.below(PATIENCE_MS));
        tokio::time::sleep(Duration::from_millis(there_ms)).await;
        if request_lost && !calm {
            sim.count("requests lost");
            tokio::time::sleep(patience).await;
            return Err(Lost);
        }
        let address = u8::try_from(self.client + 1).unwrap_or(u8::MAX);
        let remote = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, address)), 40_000);
        let mut request = Request::builder().method(method).uri(format!("/socket.io/?EIO=4&transport=polling{query}"));
        if let Some(extensions) = request.extensions_mut() {
            extensions.insert(Listener { dialect: None, trust: true });
        }
        let request = request.body(Full::new(Bytes::from(body))).map_err(|_| Lost)?;
        let (response, given) = self.door.ask(sim, request, remote).await.ok_or(Lost)?;
        if response_lost && !calm {
            sim.count("responses lost");
            tokio::time::sleep(patience).await;
            return Err(Lost);
        }
        tokio::time::sleep(Duration::from_millis(back_ms)).await;
        if response.status() != StatusCode::OK {
            return Err(Lost);
        }
        let Ok(body) = response.into_body().collect().await;
        let body = String::from_utf8(body.to_bytes().to_vec()).map_err(|_| Lost)?;
        Ok(Answer { body, given })
    }
}
