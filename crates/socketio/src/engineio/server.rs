//! The Engine.IO server: handshakes, polling and WebSocket upgrades at one path, and refusals of all other requests.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Method, Request, Response, header, request};
use http_body_util::Full;
use hyper::body::Body;
use hyper::upgrade::OnUpgrade;
use quintet_input::{codings, query};
use tokio_util::task::TaskTracker;

use super::answers::{self, Refusal, respond};
use super::jsonp::{self, Callback};
use super::packet::Revision;
use super::post::{Format, PostError};
use super::session::{ById, Inner};
use super::state::State;
use super::upgrade::{Probe, RejectUpgrade, Rejection, RunSession, SocketOptions, Upgrading, with_stream};
use super::{Protocol, Session, encode_payload};
use crate::cors::{self, Cors};
use crate::websocket::{self, Deflate};
use crate::wheel::Wheel;
use crate::{CloseReason, Config, Frame};

/// The open sessions of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Number of sessions on a WebSocket.
    pub websocket: usize,
    /// Number of sessions on polling.
    pub polling: usize,
    /// Bytes queued for all clients.
    pub queued_bytes: usize,
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

/// The query parameters that Engine.IO defines.
#[derive(Default)]
struct Query<'q> {
    version: Cow<'q, str>,
    transport: Cow<'q, str>,
    sid: Option<Cow<'q, str>>,
    base64: bool,
    callback: Option<Callback>,
}

impl<'q> Query<'q> {
    fn of(request: &'q request::Parts) -> Self {
        let mut query = Self::default();
        for (name, value) in query::pairs(request.uri.query().unwrap_or_default()) {
            match &*name {
                "EIO" => query.version = value,
                "transport" => query.transport = value,
                "sid" => query.sid = Some(value),
                "b64" => query.base64 = !value.is_empty(),
                "j" => query.callback = Some(Callback::of(&value)),
                _ => {}
            }
        }
        query
    }

    fn revision(&self) -> Result<Revision, Refusal> {
        match &*self.version {
            "3" => Ok(Revision::V3),
            "4" => Ok(Revision::V4),
            _ => Err(Refusal::Version),
        }
    }
}

impl<P: Protocol> Server<P> {
    /// Starts a server. Must be called within a tokio runtime.
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

    /// Returns the protocol that was given to [`Server::new`].
    #[must_use]
    pub fn protocol(&self) -> &P {
        &self.0.protocol
    }

    /// Returns whether a request's path belongs to the server.
    #[must_use]
    pub fn serves(&self, path: &str) -> bool {
        self.0.config.paths.iter().any(|own| path == own || path == own.trim_end_matches('/'))
    }

    /// Returns what is open now, summed over all sessions.
    #[must_use]
    pub fn load(&self) -> Load {
        let mut load = Load::default();
        for ById(session) in self.0.sessions().iter() {
            *(if session.state().is_polling() { &mut load.polling } else { &mut load.websocket }) += 1;
            load.queued_bytes += session.outbox().queued_bytes();
        }
        load
    }

    /// Calls `visit` for each open session, including closing ones, with whether it is on polling.
    pub fn visit(&self, mut visit: impl FnMut(&Session<P>, bool)) {
        for ById(session) in self.0.sessions().iter() {
            visit(session, session.state().is_polling());
        }
    }

    /// Returns the number of open sessions, including closing ones.
    #[must_use]
    pub fn session_count(&self) -> usize {
        self.0.sessions().len()
    }

    /// Closes every session, and returns when the protocol was informed of the end of each.
    pub async fn close(&self, reason: CloseReason) {
        let sessions: Vec<_> = self.0.sessions().iter().map(|ById(session)| Arc::clone(session)).collect();
        for session in sessions {
            session.end(reason);
        }
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// Answers an HTTP request at the server's path.
    pub async fn handle<B>(&self, request: Request<B>, remote: SocketAddr) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (mut parts, body) = request.into_parts();
        let upgrade = parts.extensions.remove::<OnUpgrade>();
        let upgrades = upgrade.is_some();
        let cors = Cors::of(&self.0.config.origins, &parts.headers);
        let mut response = if parts.method == Method::OPTIONS {
            cors::preflight(&parts.headers)
        } else {
            let answered = match self.dispatch(parts, upgrade, remote) {
                Ok(Step::Answered(response)) => Ok(response),
                Ok(Step::Poll(session, gzip, callback)) => match session.poll(callback.is_none()).await {
                    Ok(payload) => {
                        let threshold = self.0.config.compression_threshold.filter(|_| gzip);
                        Ok(answers::payload(payload, callback.as_ref(), threshold))
                    }
                    Err(_) => Err(Refusal::Request),
                },
                Ok(Step::Post(session, format)) => post(&session, format, body).await,
                Err(refusal) => Err(refusal),
            };
            answered.unwrap_or_else(|refusal| refusal.response(upgrades))
        };
        cors.apply(response.headers_mut());
        response
    }

    /// Decides what a request asks for, and answers it if that needs no waiting. Drops the head of the request.
    fn dispatch(
        &self,
        mut parts: request::Parts,
        upgrade: Option<OnUpgrade>,
        remote: SocketAddr,
    ) -> Result<Step<P>, Refusal> {
        let query = Query::of(&parts);
        let websocket = match &*query.transport {
            "websocket" => true,
            "polling" => false,
            _ => return Err(Refusal::Transport),
        };
        let Some(sid) = &query.sid else {
            if parts.method != Method::GET {
                return Err(Refusal::Method);
            }
            let (revision, base64, callback) = (query.revision()?, query.base64, query.callback.clone());
            let opened = if websocket {
                self.open_websocket(&parts, upgrade.ok_or(Refusal::Request)?, remote, revision, base64)
            } else {
                if callback.is_some() {
                    jsonp::name_origin(&mut parts.headers);
                }
                self.open_polling(&parts, remote, revision, base64, callback.as_ref())
            };
            return opened.map(Step::Answered);
        };
        let session = self.0.sessions().get(&**sid).map(|ById(session)| Arc::clone(session)).ok_or(Refusal::Session)?;
        if websocket {
            return self.upgrade(&parts, upgrade.ok_or(Refusal::Request)?, session).map(Step::Answered);
        }
        match parts.method {
            Method::GET => Ok(Step::Poll(session, codings::takes(&parts.headers, "gzip"), query.callback)),
            Method::POST => {
                let kind = parts.headers.get(header::CONTENT_TYPE);
                let is_binary = kind.is_some_and(|value| value == "application/octet-stream");
                Ok(Step::Post(session, Format::of(query.callback.is_some(), is_binary)))
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

    /// Opens a session and queues its first packet, which on polling is the response to the request.
    fn open(&self, kept: P::State, state: State, base64: bool) -> Arc<Session<P>> {
        let polling = state.is_polling();
        let session = Session::open(&self.0, kept, state, base64);
        self.0.sessions().insert(ById(Arc::clone(&session)));
        let config = &self.0.config;
        let open = format!(
            "0{{\"sid\":\"{}\",\"upgrades\":{},\"pingInterval\":{},\"pingTimeout\":{},\"maxPayload\":{}}}",
            session.id.as_str(),
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
        callback: Option<&Callback>,
    ) -> Result<Response<Full<Bytes>>, Refusal> {
        let kept = self.arrive(parts, remote)?;
        // A script cannot carry bytes.
        let session = self.open(kept, State::open(revision, true), base64 || callback.is_some());
        let open = encode_payload(&session.outbox().take_up_to(usize::MAX), revision, false);
        self.0.protocol.opened(&session);
        Ok(answers::payload(open, callback, None))
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
        let run = RunSession { session, options: self.options(accepted.deflate) };
        self.0.tasks.spawn(with_stream(upgrade, run));
        Ok(accepted.response)
    }

    fn options(&self, deflate: bool) -> SocketOptions {
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
            // Like official servers, opens the WebSocket and closes it at once, while the session goes on. Such a
            // WebSocket is not counted anywhere, and so a session may have only one at a time.
            let rejecting = Rejection::start(session).map_err(|_| Refusal::Request)?;
            self.0.tasks.spawn(with_stream(upgrade, RejectUpgrade(rejecting)));
            return Ok(accepted.response);
        }
        let probe = Probe {
            upgrading: Upgrading::new(session),
            options: self.options(accepted.deflate),
            timeout: self.0.config.upgrade_timeout,
        };
        self.0.tasks.spawn(with_stream(upgrade, probe));
        Ok(accepted.response)
    }
}

/// The next step for a request.
enum Step<P: Protocol> {
    /// The request is answered with this response.
    Answered(Response<Full<Bytes>>),
    /// Wait for frames of the session. The flag says whether the client accepts gzip; the answer is a script if a
    /// callback is given.
    Poll(Arc<Session<P>>, bool, Option<Callback>),
    /// Read packets for the session from the body.
    Post(Arc<Session<P>>, Format),
}

async fn post<P, B>(session: &Arc<Session<P>>, format: Format, body: B) -> Result<Response<Full<Bytes>>, Refusal>
where
    P: Protocol,
    B: Body<Data = Bytes> + Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match session.post(body, format).await {
        Ok(()) => Ok(answers::posted(format)),
        Err(PostError::Body(status)) => Ok(respond(status, "text/plain", Bytes::new())),
        Err(PostError::Conflict) => Err(Refusal::Request),
    }
}
