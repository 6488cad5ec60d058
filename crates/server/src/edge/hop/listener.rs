//! The listener at which other nodes call, with requests of their clients that belong to sessions of this node.
//!
//! A node that does not reach the database also asks here whether this one does.
//!
//! What must stay true: only requests that a node of this cluster has introduced reach the engine; those who cannot
//! introduce themselves are few at a time, and have little time.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use quintet_domain::NodeId;
use quintet_gateway::{Gateway, Listener};
use quintet_socketio::Engine;
use quintet_socketio::upgrade::{Watch, Watched};
use quintet_telemetry::{Scope, scoped};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

use super::introduction::{self, Introduction, Introductions};
use super::question::{self, Questions};
use super::reach::Reach;
use super::tls;
use crate::config::Cluster;
use crate::edge::address::address;
use crate::edge::body::OfNode;
use crate::edge::request_id;
use crate::failure::Failure;
use crate::process::ACCEPT_PAUSE;

/// The largest number of connections that have not sent an introduced request yet.
const STRANGERS_MAX: usize = 64;
/// The time in which a connection has to send its first introduced request, with its TLS handshake.
const INTRODUCED_WITHIN: Duration = Duration::from_secs(10);
/// The time for which a connection may be idle; longer than other nodes keep theirs.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);
/// The largest head of a request in bytes, with what the other node has added to it.
const HEAD_BYTES_MAX: usize = 40 * 1024;
/// The largest number of headers of a request, with those that the other node has added.
const HEADERS_MAX: usize = 600;
/// The largest number of bytes buffered of one connection's input, and of its output.
const BUFFER_BYTES_MAX: usize = 64 * 1024;

/// The listener for other nodes.
pub(crate) struct Internal {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    reach: Reach,
}

impl Internal {
    /// Listens as the configuration says; `None` if other nodes are not to reach this one.
    ///
    /// # Errors
    /// A sentence, if the address cannot be listened at.
    pub(crate) async fn bind(cluster: &Cluster) -> Result<Option<Self>, Failure> {
        let Some((advertise, listen, _)) = cluster.reached() else { return Ok(None) };
        let failed = |error: std::io::Error| format!("cannot listen for other nodes ([cluster]) on {listen}: {error}");
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let mut endpoint = advertise.clone();
        if endpoint.port == 0 {
            endpoint.port = listener.local_addr().map_err(failed)?.port();
        }
        let (tls, certificate) = match endpoint.is_loopback() {
            true => (None, None),
            false => tls::make().map(|(tls, certificate)| (Some(tls), Some(certificate)))?,
        };
        Ok(Some(Self { listener, tls, reach: Reach { endpoint, certificate } }))
    }

    /// How other nodes reach this one, for the table of nodes.
    pub(crate) fn reach(&self) -> String {
        self.reach.to_string()
    }

    /// Where other nodes reach this one, for people.
    pub(crate) fn shown(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.reach.endpoint)
    }

    /// Answers other nodes until the future is dropped. Connections go on by themselves.
    pub(crate) async fn serve(self, door: Arc<Door>) {
        loop {
            let Ok(stranger) = Arc::clone(&door.strangers).acquire_owned().await else { return };
            let stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a connection of another node could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let _ = stream.set_nodelay(true);
            let caller = Arc::new(Caller { stranger: Mutex::new(Some(stranger)), place: OnceLock::new() });
            let (served, tls) = (Arc::clone(&door), self.tls.clone());
            door.connections.spawn(async move {
                match tls {
                    None => connection(stream, served, caller).await,
                    Some(tls) => match tokio::time::timeout(INTRODUCED_WITHIN, tls.accept(stream)).await {
                        Ok(Ok(stream)) => connection(stream, served, caller).await,
                        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake of another node failed"),
                        Err(_) => {}
                    },
                }
            });
        }
    }
}

/// Says whether this node reaches the database.
pub(crate) type Reaches = Box<dyn Fn() -> bool + Send + Sync>;

/// What the connections of other nodes share.
pub(crate) struct Door {
    node: NodeId,
    introductions: Introductions,
    questions: Questions,
    engine: Engine<Gateway>,
    /// Whether this node reaches the database.
    reaches: Reaches,
    room: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    connections: TaskTracker,
    stopping: watch::Receiver<bool>,
}

impl Door {
    /// The way for other nodes to the engine of a node, for at most `room` connections.
    pub(crate) fn new(
        node: NodeId,
        secret: &str,
        engine: Engine<Gateway>,
        reaches: Reaches,
        room: usize,
        connections: TaskTracker,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        let (introductions, questions) = (Introductions::new(secret), Questions::new(secret));
        let (room, strangers) = (Arc::new(Semaphore::new(room)), Arc::new(Semaphore::new(STRANGERS_MAX.min(room))));
        Self { node, introductions, questions, engine, reaches, room, strangers, connections, stopping }
    }

    /// Answers a request of another node.
    async fn answer(&self, caller: &Caller, mut request: Request<Incoming>) -> Response<Full<Bytes>> {
        if request.uri().path() == question::PATH {
            return self.answer_question(&request);
        }
        let introduced = request.headers_mut().remove(&introduction::HEADER);
        let introduced =
            introduced.and_then(|value| self.introductions.read(self.node, request.method(), request.uri(), &value));
        let Some(introduction) = introduced else {
            return not_for_strangers();
        };
        if !caller.is_let_in(&self.room) {
            return refusal(StatusCode::SERVICE_UNAVAILABLE, "the node has no capacity for this request now\n");
        }
        if !self.engine.serves(request.uri().path()) {
            return refusal(StatusCode::NOT_FOUND, "only requests of sessions are passed on\n");
        }
        let Introduction { client, listen, https } = introduction;
        let came_to = address(listen, request.uri(), request.headers(), https);
        let scope = Scope { request: Some(request_id::of(request.headers())), ..Scope::default() };
        let extensions = request.extensions_mut();
        extensions.insert(came_to);
        extensions.insert(Listener { dialect: listen.dialect, trust: listen.trust });
        scoped(scope, self.engine.handle(request.map(OfNode::new), client)).await
    }

    /// Answers whether this node reaches the database. The connection stays among the few that have passed on no request
    /// yet, and is closed after the answer.
    fn answer_question(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let question = request.headers().get(&question::HEADER);
        let answer = question.and_then(|question| self.questions.answer(self.node, question, (self.reaches)()));
        let Some(answer) = answer else {
            return not_for_strangers();
        };
        let mut response = Response::new(Full::default());
        response.headers_mut().insert(question::HEADER.clone(), answer);
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        response
    }
}

/// The answer to a caller that has not proved to be a node of this cluster.
fn not_for_strangers() -> Response<Full<Bytes>> {
    refusal(StatusCode::FORBIDDEN, "this address is for other nodes of the cluster\n")
}

fn refusal(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A connection to the listener, as long as it is open, also as a WebSocket.
struct Caller {
    /// The place among those who have not introduced themselves, until that is done.
    stranger: Mutex<Option<OwnedSemaphorePermit>>,
    /// The place of a node's connection.
    place: OnceLock<OwnedSemaphorePermit>,
}

impl Caller {
    fn is_known(&self) -> bool {
        self.place.get().is_some()
    }

    /// Gives a connection a place among those of nodes, once. Returns whether it has one.
    fn is_let_in(&self, room: &Arc<Semaphore>) -> bool {
        if self.is_known() {
            return true;
        }
        let Ok(permit) = Arc::clone(room).try_acquire_owned() else { return false };
        // Requests of one connection come one after the other.
        let _ = self.place.set(permit);
        drop(self.stranger.lock().unwrap_or_else(PoisonError::into_inner).take());
        true
    }
}

impl Watch for Caller {
    fn read(&self) {}

    fn wrote(&self, _bytes: Option<usize>) {}
}

/// Serves the requests of one connection. After an upgrade, the engine drives the WebSocket.
async fn connection<S>(stream: S, door: Arc<Door>, caller: Arc<Caller>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut stopping = door.stopping.clone();
    // The stream keeps the caller's place, also as a WebSocket.
    let stream = Watched::new(stream, Arc::clone(&caller) as Arc<dyn Watch>);
    let served = Arc::clone(&caller);
    let service = service_fn(move |request| {
        let (door, caller) = (Arc::clone(&door), Arc::clone(&served));
        async move { Ok::<_, Infallible>(door.answer(&caller, request).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE_TIMEOUT)
        .max_headers(HEADERS_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .max_buf_size(BUFFER_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let mut in_time = std::pin::pin!(tokio::time::sleep(INTRODUCED_WITHIN));
    let (mut is_judged, mut is_stopping) = (false, false);
    let result = loop {
        tokio::select! {
            result = &mut connection => break result,
            () = &mut in_time, if !is_judged => {
                is_judged = true;
                if !caller.is_known() {
                    return;
                }
            }
            _ = stopping.wait_for(|stopping| *stopping), if !is_stopping => {
                is_stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection of another node ended with an error");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_caller_leaves_the_strangers_once_it_is_let_in() {
        let (room, strangers) = (Arc::new(Semaphore::new(1)), Arc::new(Semaphore::new(2)));
        let caller = || {
            let stranger = Arc::clone(&strangers).try_acquire_owned().expect("a place");
            Caller { stranger: Mutex::new(Some(stranger)), place: OnceLock::new() }
        };
        let (first, second) = (caller(), caller());
        assert!(first.is_let_in(&room) && first.is_let_in(&room) && first.is_known());
        assert!(!second.is_let_in(&room) && !second.is_known());
        assert_eq!((room.available_permits(), strangers.available_permits()), (0, 1));
        drop(first);
        assert!(second.is_let_in(&room));
        drop(second);
        assert_eq!((room.available_permits(), strangers.available_permits()), (1, 2));
    }

    #[tokio::test]
    async fn what_is_advertised() {
        let endpoint = |text: &str| Some(text.to_owned().try_into().expect("an endpoint"));
        let cluster =
            |advertise, listen| Cluster { advertise, listen, secret: Some("s".repeat(32)), ..Cluster::default() };
        let bound = Internal::bind(&cluster(endpoint("127.0.0.1:0"), None)).await.expect("bound").expect("a listener");
        assert_eq!(bound.reach(), format!("http://{}", bound.listener.local_addr().expect("an address")));
        let taken = bound.listener.local_addr().expect("an address").to_string();
        let named = cluster(endpoint("localhost:0"), endpoint("127.0.0.1:0"));
        let named = Internal::bind(&named).await.expect("bound").expect("a listener");
        let port = named.listener.local_addr().expect("an address").port();
        assert_eq!(named.shown(), format!("https://localhost:{port}"));
        assert!(named.reach().starts_with(&format!("https://localhost:{port}#")), "{}", named.reach());
        let why = Internal::bind(&cluster(endpoint(&taken), None)).await.err().expect("taken");
        assert!(why.contains(&taken) && why.contains("[cluster]"), "{why}");
        assert!(Internal::bind(&Cluster::default()).await.expect("nothing").is_none());
        let sticky = Cluster { sticky: true, ..cluster(endpoint("127.0.0.1:0"), None) };
        assert!(Internal::bind(&sticky).await.expect("nothing").is_none());
    }
}
