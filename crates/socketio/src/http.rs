//! The engine at its path: handshakes, polling, WebSocket upgrades, and the answers to what is none of these.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header, request};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Body;
use tokio_util::task::TaskTracker;

use crate::session::Session;
use crate::upgrade::{Probe, Run, Turned, Upgrading, with_stream};
use crate::wheel::Wheel;
use crate::{Application, CloseReason, Config, Frame, websocket};

/// An error of the handshake, with the code and the words of official servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    Transport,
    Session,
    Method,
    Request,
    Version,
}

impl Refusal {
    fn response(self) -> Response<Full<Bytes>> {
        let (code, message) = match self {
            Self::Transport => (0, "Transport unknown"),
            Self::Session => (1, "Session ID unknown"),
            Self::Method => (2, "Bad handshake method"),
            Self::Request => (3, "Bad request"),
            Self::Version => (5, "Unsupported protocol version"),
        };
        refused(StatusCode::BAD_REQUEST, code, message)
    }
}

fn refused(status: StatusCode, code: u8, message: &str) -> Response<Full<Bytes>> {
    let body = format!("{{\"code\":{code},\"message\":{}}}", serde_json::Value::from(message));
    respond(status, "application/json", body)
}

fn respond(status: StatusCode, content_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub(crate) struct Inner<A: Application> {
    pub(crate) config: Config,
    pub(crate) application: A,
    pub(crate) wheel: Arc<Wheel>,
    /// Sessions end from any thread, those of the application included.
    pub(crate) runtime: tokio::runtime::Handle,
    pub(crate) tasks: TaskTracker,
    pub(crate) root: Arc<str>,
    sessions: Mutex<HashMap<Arc<str>, Arc<Session<A>>>>,
}

impl<A: Application> Inner<A> {
    /// A secret id: 15 bytes of the operating system's generator.
    pub(crate) fn new_id(&self) -> Arc<str> {
        let mut bytes = [0; 15];
        if let Err(error) = getrandom::fill(&mut bytes) {
            // Without randomness there is no secret, and so no session.
            panic!("the operating system gives no random bytes: {error}");
        }
        BASE64_URL_SAFE_NO_PAD.encode(bytes).into()
    }

    fn sessions(&self) -> std::sync::MutexGuard<'_, HashMap<Arc<str>, Arc<Session<A>>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn forget(&self, sid: &str) {
        self.sessions().remove(sid);
    }
}

/// A Socket.IO server engine. Cheap to clone.
pub struct Engine<A: Application>(Arc<Inner<A>>);

impl<A: Application> Clone for Engine<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A: Application> std::fmt::Debug for Engine<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("config", &self.0.config).finish_non_exhaustive()
    }
}

/// The query parameters that the protocol names.
#[derive(Default)]
struct Query<'q> {
    version: &'q str,
    transport: &'q str,
    sid: Option<&'q str>,
}

impl<'q> Query<'q> {
    fn of(request: &'q request::Parts) -> Self {
        let mut query = Self::default();
        for pair in request.uri.query().unwrap_or_default().split('&') {
            match pair.split_once('=') {
                Some(("EIO", value)) => query.version = value,
                Some(("transport", value)) => query.transport = value,
                Some(("sid", value)) => query.sid = Some(value),
                _ => {}
            }
        }
        query
    }
}

impl<A: Application> Engine<A> {
    /// Starts an engine; needs a running tokio runtime.
    pub fn new(config: Config, application: A) -> Self {
        let wheel = Wheel::new(config.ping_interval.min(config.ping_timeout).min(config.connect_timeout));
        wheel.spawn();
        Self(Arc::new(Inner {
            config,
            application,
            wheel,
            runtime: tokio::runtime::Handle::current(),
            tasks: TaskTracker::new(),
            root: "/".into(),
            sessions: Mutex::default(),
        }))
    }

    /// The application that was given to [`Engine::new`].
    #[must_use]
    pub fn application(&self) -> &A {
        &self.0.application
    }

    /// Whether a request's path is the engine's.
    #[must_use]
    pub fn serves(&self, path: &str) -> bool {
        path == self.0.config.path || path == self.0.config.path.trim_end_matches('/')
    }

    /// Open sessions, closing ones included.
    #[must_use]
    pub fn session_count(&self) -> usize {
        self.0.sessions().len()
    }

    /// Closes every session without a DISCONNECT, and returns when each has told its application.
    pub async fn close(&self, reason: CloseReason) {
        let sessions: Vec<_> = self.0.sessions().values().cloned().collect();
        for session in sessions {
            session.end(reason);
        }
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// Answers a request at the engine's path.
    pub async fn handle<B>(&self, request: Request<B>, remote: SocketAddr) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (mut parts, body) = request.into_parts();
        if parts.method == Method::OPTIONS {
            return respond(StatusCode::NO_CONTENT, "text/plain", String::new());
        }
        let upgrade = parts.extensions.remove::<hyper::upgrade::OnUpgrade>();
        match self.dispatch(parts, upgrade, body, remote).await {
            Ok(response) => response,
            Err(refusal) => refusal.response(),
        }
    }

    async fn dispatch<B>(
        &self,
        parts: request::Parts,
        upgrade: Option<hyper::upgrade::OnUpgrade>,
        body: B,
        remote: SocketAddr,
    ) -> Result<Response<Full<Bytes>>, Refusal>
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
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
            if query.version != "4" {
                return Err(Refusal::Version);
            }
            return if websocket {
                self.open_websocket(&parts, upgrade.ok_or(Refusal::Request)?, remote)
            } else {
                Ok(self.open_polling(&parts, remote))
            };
        };
        let session = self.0.sessions().get(sid).cloned().ok_or(Refusal::Session)?;
        if websocket {
            return self.upgrade(&parts, upgrade.ok_or(Refusal::Request)?, session);
        }
        if !session.is_polling() {
            return Err(Refusal::Request);
        }
        match parts.method {
            Method::GET => {
                let payload = session.poll().await.map_err(|_| Refusal::Request)?;
                Ok(respond(StatusCode::OK, "text/plain; charset=UTF-8", payload))
            }
            Method::POST => self.post(&session, body).await,
            _ => Err(Refusal::Request),
        }
    }

    fn arrive(&self, parts: &request::Parts, remote: SocketAddr) -> Result<A::Visitor, String> {
        self.0.application.arrive(parts, remote)
    }

    fn open(&self, visitor: A::Visitor, polling: bool) -> (Arc<Session<A>>, String) {
        let session = Session::open(&self.0, self.0.new_id(), visitor, polling);
        self.0.sessions().insert(Arc::clone(&session.sid), Arc::clone(&session));
        let upgrades = if polling { "[\"websocket\"]" } else { "[]" };
        let config = &self.0.config;
        let open = format!(
            "0{{\"sid\":\"{}\",\"upgrades\":{upgrades},\"pingInterval\":{},\"pingTimeout\":{},\"maxPayload\":{}}}",
            session.sid,
            config.ping_interval.as_millis(),
            config.ping_timeout.as_millis(),
            config.payload_bytes_max
        );
        (session, open)
    }

    fn open_polling(&self, parts: &request::Parts, remote: SocketAddr) -> Response<Full<Bytes>> {
        match self.arrive(parts, remote) {
            Ok(visitor) => respond(StatusCode::OK, "text/plain; charset=UTF-8", self.open(visitor, true).1),
            Err(why) => refused(StatusCode::FORBIDDEN, 4, &why),
        }
    }

    fn open_websocket(
        &self,
        parts: &request::Parts,
        upgrade: hyper::upgrade::OnUpgrade,
        remote: SocketAddr,
    ) -> Result<Response<Full<Bytes>>, Refusal> {
        let response = websocket::accept(parts).map_err(|_| Refusal::Request)?;
        let visitor = match self.arrive(parts, remote) {
            Ok(visitor) => visitor,
            Err(why) => return Ok(refused(StatusCode::FORBIDDEN, 4, &why)),
        };
        let (session, open) = self.open(visitor, false);
        let _ = session.outbox().push(Frame::text(&open));
        let run = Run { session, payload_bytes_max: self.0.config.payload_bytes_max };
        self.0.tasks.spawn(with_stream(upgrade, run));
        Ok(response)
    }

    fn upgrade(
        &self,
        parts: &request::Parts,
        upgrade: hyper::upgrade::OnUpgrade,
        session: Arc<Session<A>>,
    ) -> Result<Response<Full<Bytes>>, Refusal> {
        let response = websocket::accept(parts).map_err(|_| Refusal::Request)?;
        if session.start_upgrade().is_err() {
            // As official servers do: the WebSocket opens and is closed at once, the session goes on.
            self.0.tasks.spawn(with_stream(upgrade, Turned));
            return Ok(response);
        }
        let config = &self.0.config;
        let upgrading = Upgrading::new(session);
        let probe = Probe { upgrading, payload_bytes_max: config.payload_bytes_max, timeout: config.upgrade_timeout };
        self.0.tasks.spawn(with_stream(upgrade, probe));
        Ok(response)
    }

    async fn post<B>(&self, session: &Arc<Session<A>>, body: B) -> Result<Response<Full<Bytes>>, Refusal>
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let body = match body_text(body, self.0.config.payload_bytes_max).await {
            Ok(body) => body,
            Err(status) => {
                Arc::clone(session).end(CloseReason::ProtocolError);
                return Ok(respond(status, "text/plain", String::new()));
            }
        };
        session.post(&body).await.map_err(|_| Refusal::Request)?;
        Ok(respond(StatusCode::OK, "text/html", "ok".to_owned()))
    }
}

/// Reads a body of at most `bytes_max` bytes as UTF-8.
///
/// # Errors
/// 413 when it is longer, 400 when it breaks off or is not UTF-8.
pub async fn body_text<B>(body: B, bytes_max: usize) -> Result<String, StatusCode>
where
    B: Body<Data = Bytes> + Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let collected = Limited::new(std::pin::pin!(body), bytes_max).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST }
    })?;
    String::from_utf8(collected.to_bytes().into()).map_err(|_| StatusCode::BAD_REQUEST)
}
