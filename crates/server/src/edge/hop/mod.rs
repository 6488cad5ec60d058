//! Requests that belong to a session of another node: long-polling and upgrades to WebSocket, where the load balancer
//! sends the requests of one client to any node.
//!
//! What lives here: the session ids that name their node ([`session_ids`]); the other nodes and connections to them
//! ([`peers`], [`reach`], [`tls`]); how many requests may be underway ([`share`]); what is said of a request that is passed
//! on ([`introduction`]); the listener at which other nodes call ([`listener`]); and the question whether another node reaches
//! the database ([`question`]).
//!
//! What must stay true: a request is passed on at most once, because what comes from another node goes to this node's
//! engine and nowhere else; where to is decided by the table of nodes; and whatever is passed on is bounded in number and
//! in time.

mod counts;
mod introduction;
mod keys;
mod listener;
mod passed;
mod peers;
mod question;
mod reach;
mod session_ids;
mod share;
mod tls;
mod tunnel;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version, header};
use http_body_util::{BodyExt, Empty};
use hyper::upgrade::OnUpgrade;
use hyper_util::client::legacy::Error;
use quintet_domain::NodeId;
use quintet_input::query;
use quintet_socketio::upgrade::with_stream;
use quintet_store::FreshNode;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use self::counts::Counts;
use self::introduction::Introductions;
use self::passed::Passed;
use self::peers::{Peer, Peers};
use self::question::Questions;
use self::share::Shares;
use self::tunnel::Tunnel;
use super::body::{Boxed, Paced};
use super::request_id;

pub(crate) use self::counts::Collected;
pub(crate) use self::introduction::Introduction;
pub(crate) use self::listener::{Door, Internal};
pub(crate) use self::session_ids::NodeSessionIds;
pub(crate) use self::tls::{connector_to, name as tls_name};

/// The time in which another node begins to answer: longer than a poll waits for something to be sent.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// The largest number of nodes that are asked at once whether they reach the database.
const QUESTIONS_MAX: usize = 16;
/// The time in which a node answers whether it reaches the database.
const QUESTION_WITHIN: Duration = Duration::from_secs(2);

/// The headers that are about one connection, and not about what is passed on over it (RFC 9110, section 7.6.1), and those
/// that the next connection makes by itself.
static OF_A_CONNECTION: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Passes requests on to the nodes that have their sessions.
pub(crate) struct Hop {
    node: NodeId,
    ids: NodeSessionIds,
    introductions: Introductions,
    questions: Questions,
    peers: Peers,
    shares: Arc<Shares>,
    counts: Arc<Counts>,
    warned: Warned,
}

/// Whether something that looks like a wrong configuration was logged.
#[derive(Default)]
struct Warned {
    of_id: AtomicBool,
    of_address: AtomicBool,
}

/// The reason for which a request was not passed on, or not answered.
pub(crate) enum NotPassed {
    /// The node has ended, so that the session is unknown. The request comes back, without its body.
    Gone(Box<Request<Empty<Bytes>>>),
    /// The node does not answer in time.
    Slow,
    /// As many requests as possible are underway, or this process stops.
    Full,
}

/// Returns the number of requests and WebSockets that may be passed on at once, and that may come from other nodes, with
/// this open-file limit: a sixth of it each.
pub(crate) fn room(descriptors: u64) -> usize {
    usize::try_from(descriptors / 6).unwrap_or(usize::MAX).min(tokio::sync::Semaphore::MAX_PERMITS)
}

impl Hop {
    /// A node that passes requests on, at most `room` at once. It knows no other node yet.
    pub(crate) fn new(node: NodeId, secret: &str, room: usize) -> Self {
        Self {
            node,
            ids: NodeSessionIds::new(node, secret),
            introductions: Introductions::new(secret),
            questions: Questions::new(secret),
            peers: Peers::default(),
            shares: Shares::new(room),
            counts: Arc::default(),
            warned: Warned::default(),
        }
    }

    /// The ids of this node's sessions.
    pub(crate) fn session_ids(&self) -> &NodeSessionIds {
        &self.ids
    }

    /// The numbers of what is passed on, for the metrics.
    pub(crate) fn metrics(&self) -> Collected {
        Collected(Arc::clone(&self.counts))
    }

    /// Takes the other nodes that are alive.
    pub(crate) fn update(&self, alive: &[FreshNode]) {
        self.peers.update(alive);
    }

    /// Ends everything that is passed on.
    pub(crate) fn stop(&self) {
        self.peers.stop();
    }

    /// What is told when somebody asks for a node that is not known, so that the next update is to come at once.
    pub(crate) fn wanted(&self) -> Arc<Notify> {
        self.peers.wanted()
    }

    /// Asks other nodes, as far as this one knew them last, whether they reach the database. Returns whether one says so in
    /// time; where nobody answers, nobody does.
    pub(crate) async fn does_another_reach_the_database(&self) -> bool {
        let mut asked = JoinSet::new();
        for peer in self.peers.some(QUESTIONS_MAX) {
            let questions = self.questions.clone();
            asked.spawn(async move { tokio::time::timeout(QUESTION_WITHIN, ask(&questions, &peer)).await });
        }
        while let Some(answer) = asked.join_next().await {
            if matches!(answer, Ok(Ok(true))) {
                return true;
            }
        }
        false
    }

    /// Returns the node that has the session of a request, if it is another one.
    pub(crate) fn owner<B>(&self, request: &Request<B>) -> Option<NodeId> {
        // What a page may send is no question about a session.
        if *request.method() == Method::OPTIONS {
            return None;
        }
        // As the engine reads it: the last one counts.
        let (_, id) = query::pairs(request.uri().query()?).filter(|(name, _)| name == "sid").last()?;
        let node = self.ids.node_of(&id);
        if node.is_none() && NodeSessionIds::is_like(&id) && !self.warned.of_id.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "a client has the id of a session that no node of this [cluster] secret has made: somebody made it up, or the \
                 nodes have different secrets; this is logged once"
            );
        }
        node.filter(|node| *node != self.node)
    }

    /// Passes a request on to the node that has its session.
    ///
    /// # Errors
    /// [`NotPassed`], if there is no answer of that node.
    pub(crate) async fn pass_on(
        &self,
        owner: NodeId,
        request: Request<Paced>,
        introduction: &Introduction,
    ) -> Result<Response<Boxed>, NotPassed> {
        let Some(share) = self.shares.take(introduction.client.ip(), !introduction.listen.trust) else {
            self.counts.full();
            return Err(NotPassed::Full);
        };
        let (mut parts, body) = request.into_parts();
        let upgrade = parts.extensions.remove::<OnUpgrade>();
        let underway = self.counts.underway(upgrade.is_some(), share);
        // Kept for the answer of this node's engine, should the other node be gone.
        let kept = Kept { parts: parts.clone(), upgrade };
        let Some(peer) = self.peers.find(owner).await else { return Err(self.gone(kept)) };
        let Some(passed) = self.passed(&peer, parts, body, introduction, kept.upgrade.is_some()) else {
            return Err(self.gone(kept));
        };
        let answered = tokio::time::timeout(ANSWER_WITHIN, peer.client.request(passed));
        let mut response = tokio::select! {
            biased;
            () = peer.over.cancelled() => {
                return Err(if self.peers.is_stopping() { NotPassed::Full } else { self.gone(kept) });
            }
            answered = answered => match answered {
                Ok(Ok(response)) => response,
                Ok(Err(error)) if !is_timeout(&error) => {
                    tracing::debug!(error = %with_causes(&error), "another node did not answer");
                    return Err(self.gone(kept));
                }
                Ok(Err(_)) | Err(_) => {
                    self.counts.slow();
                    return Err(NotPassed::Slow);
                }
            },
        };
        if response.status() == StatusCode::FORBIDDEN {
            // The engine forbids nothing to a session that it knows.
            if !self.warned.of_address.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    address = %peer.reach,
                    "another node says in the database that it is at this address, and is not, or has another [cluster] \
                     secret; this is logged once"
                );
            }
            return Err(self.gone(kept));
        }
        self.counts.answered();
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            let Some(upgrade) = kept.upgrade else { return Err(NotPassed::Slow) };
            let to_node = hyper::upgrade::on(&mut response);
            tokio::spawn(with_stream(upgrade, Tunnel { to_node, over: peer.over.clone(), underway }));
            return Ok(response.map(|_| Empty::<Bytes>::new().map_err(|never| match never {}).boxed_unsync()));
        }
        strip(response.headers_mut());
        if kept.upgrade.is_some() {
            // As the engine refuses a WebSocket itself.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response.map(|body| Passed::new(body, underway).boxed_unsync()))
    }

    fn gone(&self, kept: Kept) -> NotPassed {
        self.counts.gone();
        NotPassed::Gone(Box::new(kept.into_request()))
    }

    /// Returns a request as it is sent to the node.
    fn passed(
        &self,
        peer: &Peer,
        mut parts: Parts,
        body: Paced,
        introduction: &Introduction,
        upgrades: bool,
    ) -> Option<Request<Paced>> {
        let introduced = self.introductions.write(peer.id, &parts.method, &parts.uri, introduction)?;
        parts.uri = peer.reach.uri(&parts.uri)?;
        parts.version = Version::HTTP_11;
        // A client's own host stays, because it is how the client reached the cluster.
        strip(&mut parts.headers);
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.remove(header::EXPECT);
        if upgrades {
            parts.headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
            parts.headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        }
        if let Some(id) = quintet_telemetry::current(|scope| scope.request.clone()) {
            request_id::set(&mut parts.headers, &id);
        }
        parts.headers.insert(introduction::HEADER.clone(), introduced);
        parts.extensions.clear();
        Some(Request::from_parts(parts, body))
    }
}

/// Asks a node whether it reaches the database.
async fn ask(questions: &Questions, peer: &Peer) -> bool {
    let Some((question, header)) = questions.ask(peer.id) else { return false };
    let uri = peer.reach.uri(&Uri::from_static(question::PATH));
    let request = uri.map(|uri| Request::get(uri).header(&question::HEADER, header).body(Empty::<Bytes>::new()));
    let Some(Ok(request)) = request else { return false };
    match peer.asks.request(request).await {
        Ok(response) => {
            response.headers().get(&question::HEADER).is_some_and(|answer| questions.says_yes(&question, answer))
        }
        Err(error) => {
            tracing::debug!(error = %with_causes(&error), "another node does not say whether it reaches the database");
            false
        }
    }
}

/// The head of a request that was passed on.
struct Kept {
    parts: Parts,
    upgrade: Option<OnUpgrade>,
}

impl Kept {
    fn into_request(self) -> Request<Empty<Bytes>> {
        let mut parts = self.parts;
        if let Some(upgrade) = self.upgrade {
            parts.extensions.insert(upgrade);
        }
        Request::from_parts(parts, Empty::new())
    }
}

/// Removes the headers that are about one connection.
fn strip(headers: &mut HeaderMap) {
    // Those that `Connection` names are about the connection as well.
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&OF_A_CONNECTION) {
        headers.remove(name);
    }
}

/// Returns whether the other node took too long to connect to.
fn is_timeout(error: &Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::TimedOut) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// The text of an error with all of its causes.
fn with_causes(error: &dyn std::error::Error) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(node: u64) -> Hop {
        Hop::new(NodeId(node), "0123456789abcdef0123456789abcdef", 8)
    }

    fn request(method: &str, query: &str) -> Request<()> {
        Request::builder().method(method).uri(format!("/socket.io/?{query}")).body(()).expect("a request")
    }

    #[test]
    fn what_belongs_to_another_node() {
        let (here, there) = (hop(1), hop(2));
        let (own, other) = (here.session_ids().make(), there.session_ids().make());
        let owner = |method: &str, query: &str| here.owner(&request(method, query));
        assert_eq!(owner("GET", &format!("EIO=4&sid={other}&t=x")), Some(NodeId(2)));
        assert_eq!(owner("POST", &format!("sid={other}")), Some(NodeId(2)));
        assert_eq!(owner("PUT", &format!("sid={other}")), Some(NodeId(2)), "so that it is refused alike");
        assert_eq!(owner("GET", &format!("sid=x&s%69d={other}")), Some(NodeId(2)), "as the engine reads it");
        assert_eq!(owner("GET", &format!("sid={other}&sid={own}")), None);
        assert_eq!(owner("GET", &format!("sid={own}")), None, "it is this node's");
        assert_eq!(owner("OPTIONS", &format!("sid={other}")), None);
        for none in ["", "sid=", "sid=x", "transport=polling"] {
            assert_eq!(owner("GET", none), None, "{none}");
        }
        let foreign = Hop::new(NodeId(2), "another secret of thirty-two bytes", 8).session_ids().make();
        assert_eq!(owner("GET", &format!("sid={foreign}")), None, "another cluster's");
    }

    #[test]
    fn what_is_about_a_connection_is_not_passed_on() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "keep-alive, X-Private"),
            ("connection", "upgrade"),
            ("x-private", "1"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "websocket"),
            ("host", "chat.example"),
            ("sec-websocket-key", "x"),
        ] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        strip(&mut headers);
        let mut left: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["host", "sec-websocket-key"]);
    }
}
