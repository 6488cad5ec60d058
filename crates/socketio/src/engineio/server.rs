//! The server at its path: handshakes, polling, WebSocket upgrades, and the answers to what is none of these.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header, request};
use http_body_util::Full;
use hyper::body::Body;
use hyper::upgrade::OnUpgrade;
use tokio_util::task::TaskTracker;

use super::answers::{self, Refusal, respond};
use super::packet::Revision;
use super::post::BadPost;
use super::state::State;
use super::upgrade::{Farewell, Probe, RejectUpgrade, Run, SocketOptions, Upgrading, with_stream};
use super::{Protocol, Session, encode_payload};
use crate::id::Id;
use crate::websocket::{self, Deflate};
use crate::wheel::Wheel;
use crate::{CloseReason, Config, Frame};

/// What a server has open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Sessions on a WebSocket.
    pub websocket: usize,
    /// Sessions on polling.
    pub polling: usize,
    /// Bytes that wait for their clients.
    pub queued_bytes: usize,
}

pub(crate) struct Inner<P: Protocol> {
    pub(crate) config: Config,
    pub(crate) protocol: P,
    pub(super) wheel: Arc<Wheel>,
    /// Sessions end from any thread, those of the application included.
    pub(super) runtime: tokio::runtime::Handle,
    pub(super) tasks: TaskTracker,
    sessions: Mutex<HashMap<Id, Arc<Session<P>>>>,
}

impl<P: Protocol> Inner<P> {
    fn sessions(&self) -> MutexGuard<'_, HashMap<Id, Arc<Session<P>>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn forget(&self, id: &Id) {
        let forgotten = self.sessions().remove(id);
        // Dropped outside the lock: it may be the last to hold what the protocol keeps.
        drop(forgotten);
    }

    /// Time between two looks at a client of revision 3, which has to ping within interval and timeout.
    pub(super) fn look_every(&self) -> Duration {
        (self.config.ping_interval + self.config.ping_timeout) / State::looks()
    }
}

/// An Engine.IO server. Cheap to clone.
pub struct Server<P: Protocol>(Arc<Inner<P>>);

impl<P: Protocol> Clone for Server<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P: Protocol> std::fmt::Debug for Server<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("config", &self.0.config).finish_non_exhaustive()
    }
}

/// The query parameters that the protocol names.
#[derive(Default)]
struct Query<'q> {
    version: &'q str,
    transport: &'q str,
    sid: Option<&'q str>,
    base64: bool,
}

impl<'q> Query<'q> {
    fn of(request: &'q request::Parts) -> Self {
        let mut query = Self::default();
        for pair in request.uri.query().unwrap_or_default().split('&') {
            match pair.split_once('=') {
                Some(("EIO", value)) => query.version = value,
                Some(("transport", value)) => query.transport = value,
                Some(("sid", value)) => query.sid = Some(value),
                Some(("b64", value)) => query.base64 = !value.is_empty(),
                _ => {}
            }
        }
        query
    }

    fn revision(&self) -> Result<Revision, Refusal> {
        match self.version {
            "3" => Ok(Revision::V3),
            "4" => Ok(Revision::V4),
            _ => Err(Refusal::Version),
        }
    }
}

impl<P: Protocol> Server<P> {
    /// Starts a server; needs a running tokio runtime.
    pub fn new(config: Config, protocol: P) -> Self {
        let wheel = Wheel::new(config.ping_interval.min(config.ping_timeout).min(config.connect_timeout));
        wheel.spawn();
        config.unfinished.spawn();
        Self(Arc::new(Inner {
            config,
            protocol,
            wheel,
            runtime: tokio::runtime::Handle::current(),
            tasks: TaskTracker::new(),
            sessions: Mutex::default(),
        }))
    }

    /// The protocol that was given to [`Server::new`].
    #[must_use]
    pub fn protocol(&self) -> &P {
        &self.0.protocol
    }

    /// Whether a request's path is the server's.
    #[must_use]
    pub fn serves(&self, path: &str) -> bool {
        path == self.0.config.path || path == self.0.config.path.trim_end_matches('/')
    }

    /// What is open now, counted over all sessions.
    #[must_use]
    pub fn load(&self) -> Load {
        let mut load = Load::default();
        for session in self.0.sessions().values() {
            *(if session.state().is_polling() { &mut load.polling } else { &mut load.websocket }) += 1;
            load.queued_bytes += session.outbox().queued_bytes();
        }
        load
    }

    /// Visits every open session, closing ones included, and says whether it is on polling.
    pub fn visit(&self, mut visit: impl FnMut(&Session<P>, bool)) {
        for session in self.0.sessions().values() {
            visit(session, session.state().is_polling());
        }
    }

    /// Open sessions, closing ones included.
    #[must_use]
    pub fn session_count(&self) -> usize {
        self.0.sessions().len()
    }

    /// Closes every session, and returns when each has told its protocol.
    pub async fn close(&self, reason: CloseReason) {
        let sessions: Vec<_> = self.0.sessions().values().cloned().collect();
        for session in sessions {
            session.end(reason);
        }
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// Answers a request at the server's path.
    pub async fn handle<B>(&self, request: Request<B>, remote: SocketAddr) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (mut parts, body) = request.into_parts();
        let upgrade = parts.extensions.remove::<OnUpgrade>();
        let upgrades = upgrade.is_some();
        let readers = answers::Readers::of(&self.0.config.origins, &parts.headers);
        let mut response = if parts.method == Method::OPTIONS {
            answers::preflight(&parts.headers)
        } else {
            let answered = match self.dispatch(parts, upgrade, remote) {
                Ok(Next::Answered(response)) => Ok(response),
                Ok(Next::Poll(session, gzip)) => match session.poll().await {
                    Ok(payload) => Ok(answers::payload(payload, self.0.config.compression_threshold.filter(|_| gzip))),
                    Err(_) => Err(Refusal::Request),
                },
                Ok(Next::Post(session, binary)) => post(&session, binary, body).await,
                Err(refusal) => Err(refusal),
            };
            answered.unwrap_or_else(|refusal| refusal.response(upgrades))
        };
        readers.tell(response.headers_mut());
        response
    }

    /// Answers what can be answered at once. The head of the request is over then.
    fn dispatch(
        &self,
        parts: request::Parts,
        upgrade: Option<OnUpgrade>,
        remote: SocketAddr,
    ) -> Result<Next<P>, Refusal> {
        let query = Query::of(&parts);
        let websocket = match query.transport {
            "websocket" => true,
            "polling" => false,
            _ => return Err(Refusal::Transport),
        };
        let Some(sid) = query.sid else {
            if parts.method != Method::GET {
                return Err(Refusal::Method);
            }
            let revision = query.revision()?;
            let opened = if websocket {
                self.open_websocket(&parts, upgrade.ok_or(Refusal::Request)?, remote, revision, query.base64)
            } else {
                self.open_polling(&parts, remote, revision, query.base64)
            };
            return opened.map(Next::Answered);
        };
        let session = Id::parse(sid).and_then(|id| self.0.sessions().get(&id).cloned()).ok_or(Refusal::Session)?;
        if websocket {
            return self.upgrade(&parts, upgrade.ok_or(Refusal::Request)?, session).map(Next::Answered);
        }
        match parts.method {
            Method::GET => Ok(Next::Poll(session, answers::takes_gzip(&parts.headers))),
            Method::POST => {
                let kind = parts.headers.get(header::CONTENT_TYPE);
                Ok(Next::Post(session, kind.is_some_and(|value| value == "application/octet-stream")))
            }
            _ => Err(Refusal::Request),
        }
    }

    fn arrive(&self, parts: &request::Parts, remote: SocketAddr) -> Result<P::State, Refusal> {
        if !self.0.config.origins.admit(&parts.headers, false) {
            return Err(Refusal::Forbidden("Forbidden".to_owned()));
        }
        self.0.protocol.arrive(parts, remote).map_err(Refusal::Forbidden)
    }

    /// Opens a session and tells it so: its first packet, which on polling is the answer to the request.
    fn open(&self, kept: P::State, state: State, base64: bool) -> Arc<Session<P>> {
        let polling = state.is_polling();
        let session = Session::open(&self.0, kept, state, base64);
        self.0.sessions().insert(session.id, Arc::clone(&session));
        let config = &self.0.config;
        let open = format!(
            "0{{\"sid\":\"{}\",\"upgrades\":{},\"pingInterval\":{},\"pingTimeout\":{},\"maxPayload\":{}}}",
            session.id,
            if polling { "[\"websocket\"]" } else { "[]" },
            config.ping_interval.as_millis(),
            config.ping_timeout.as_millis(),
            config.payload_bytes_max
        );
        let _ = session.outbox().push(Frame::text(&open));
        session
    }

    fn open_polling(
        &self,
        parts: &request::Parts,
        remote: SocketAddr,
        revision: Revision,
        base64: bool,
    ) -> Result<Response<Full<Bytes>>, Refusal> {
        let kept = self.arrive(parts, remote)?;
        let session = self.open(kept, State::open(revision, true), base64);
        let open = encode_payload(&session.outbox().take_up_to(usize::MAX), revision, false);
        self.0.protocol.opened(&session);
        Ok(answers::payload(open, None))
    }

    fn open_websocket(
        &self,
        parts: &request::Parts,
        upgrade: OnUpgrade,
        remote: SocketAddr,
        revision: Revision,
        base64: bool,
    ) -> Result<Response<Full<Bytes>>, Refusal> {
        let deflate = self.0.config.compression_threshold.is_some();
        let accepted = websocket::accept(parts, deflate).map_err(|_| Refusal::Request)?;
        let kept = self.arrive(parts, remote)?;
        let session = self.open(kept, State::open(revision, false), base64);
        self.0.protocol.opened(&session);
        let run = Run { session, making: self.making(accepted.deflate) };
        self.0.tasks.spawn(with_stream(upgrade, run));
        Ok(accepted.response)
    }

    fn making(&self, deflate: bool) -> SocketOptions {
        let threshold = self.0.config.compression_threshold.filter(|_| deflate);
        SocketOptions { deflate: threshold.map(|threshold| Deflate { threshold }) }
    }

    fn upgrade(
        &self,
        parts: &request::Parts,
        upgrade: OnUpgrade,
        session: Arc<Session<P>>,
    ) -> Result<Response<Full<Bytes>>, Refusal> {
        let deflate = self.0.config.compression_threshold.is_some();
        let accepted = websocket::accept(parts, deflate).map_err(|_| Refusal::Request)?;
        let started = session.state().start_upgrade();
        if started.is_err() {
            // As official servers do: the WebSocket opens and is closed at once, the session goes on. Nothing counts
            // these WebSockets, so a client that asks for another one meanwhile is refused.
            let farewell = Farewell::start(session).map_err(|_| Refusal::Request)?;
            self.0.tasks.spawn(with_stream(upgrade, RejectUpgrade(farewell)));
            return Ok(accepted.response);
        }
        let probe = Probe {
            upgrading: Upgrading::new(session),
            making: self.making(accepted.deflate),
            timeout: self.0.config.upgrade_timeout,
        };
        self.0.tasks.spawn(with_stream(upgrade, probe));
        Ok(accepted.response)
    }
}

/// What is to be done for a request.
enum Next<P: Protocol> {
    /// Nothing: this is the answer.
    Answered(Response<Full<Bytes>>),
    /// To wait for frames; with whether the client takes gzip.
    Poll(Arc<Session<P>>, bool),
    /// To read packets; with whether they come as bytes.
    Post(Arc<Session<P>>, bool),
}

async fn post<P, B>(session: &Arc<Session<P>>, binary: bool, body: B) -> Result<Response<Full<Bytes>>, Refusal>
where
    P: Protocol,
    B: Body<Data = Bytes> + Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match session.post(body, binary).await {
        // Official servers say HTML, against a download dialog of some browsers.
        Ok(()) => Ok(respond(StatusCode::OK, "text/html", "ok")),
        Err(BadPost::Body(status)) => Ok(respond(status, "text/plain", Bytes::new())),
        Err(BadPost::Misplaced) => Err(Refusal::Request),
    }
}
