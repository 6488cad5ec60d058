//! Answers requests: admits them, dispatches them to the engine, the gateway, the API or the web client, and completes
//! the answers.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use quintet_domain::UserId;
use quintet_domain::limits::UPLOADS_AT_ONCE;
use quintet_domain::{Code, Refusal};
use quintet_gateway::{Gateway, Listener};
use quintet_input::{authorization, query};
use quintet_rest::{ClientAddress, CookieChange, ListenerDialect, RefusedFor};
use quintet_service::{CookieToken, Metrics, Refused, Service, is_token};
use quintet_socketio::cors::{self, Cors};
use quintet_socketio::{Engine, Origins};
use quintet_telemetry::{RequestId, Scope, scoped};
use tower::ServiceExt;

use super::address::address;
use super::body::{Answered, BoxError, Boxed, Late, Over, Paced};
use super::exposition::{self, Secret};
use super::hop::{Hop, Introduction, NotPassed};
use super::place::Place;
use super::token_cookie::{TokenCookie, Visit};
use super::traced::RequestSpan;
use super::{policy, request_id};
use crate::forwarded::TrustedProxies;
use crate::listen::Listen;
use crate::socket_paths::SocketPaths;

/// The largest number of multipart forms that one address may be uploading: a quarter of all uploads, so that others
/// find room.
const FORMS_OF_ADDRESS: usize = UPLOADS_AT_ONCE / 4;

/// The largest number of headers of a request. Chains of proxies add dozens to those of a browser.
pub(crate) const HEADERS_MAX: usize = 256;
/// The path of the plain WebSocket.
const PLAIN_PATH: &str = "/ws";

/// The start of the paths of the API, where nobody is shown a page.
const API: &str = "/api/";

/// Time in milliseconds after which a client that was refused for lack of room may retry.
const RETRY_AFTER_MS: u64 = 1_000;

/// The state shared by all connections.
pub(crate) struct Shared {
    pub(crate) service: Service,
    pub(crate) engine: Engine<Gateway>,
    pub(crate) gateway: Gateway,
    pub(crate) rest: axum::Router,
    pub(crate) trusted_proxies: TrustedProxies,
    /// The source outside this server that links to files redirect to, for the Content-Security-Policy.
    pub(crate) pictures: Option<String>,
    /// The lowest accepted rate of a request's body, in bytes per second.
    pub(crate) body_bytes_per_second: u64,
    /// Whether this server terminates TLS itself.
    pub(crate) tls: bool,
    /// The secret that `/metrics` requires on ordinary listeners. Without a secret they do not serve it.
    pub(crate) metrics_secret: Option<Secret>,
    pub(crate) forms: Arc<Forms>,
    pub(crate) socket_paths: SocketPaths,
    /// The origins of pages that may read answers.
    pub(crate) origins: Origins,
    /// The cookie in which a token may come, if the operator says so.
    pub(crate) cookie: Option<TokenCookie>,
    /// What passes requests on to the nodes that have their sessions, if there are several nodes.
    pub(crate) hop: Option<Arc<Hop>>,
}

/// The number of forms being uploaded, by the address that sends them.
#[derive(Default)]
pub(crate) struct Forms(Mutex<HashMap<IpAddr, usize>>);

/// A form that is being uploaded, counted until it is dropped.
struct Form(Arc<Forms>, IpAddr);

impl Forms {
    fn begin(self: &Arc<Self>, address: IpAddr) -> Option<Form> {
        let mut underway = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = underway.entry(address).or_default();
        if *own >= FORMS_OF_ADDRESS {
            return None;
        }
        *own += 1;
        Some(Form(Arc::clone(self), address))
    }
}

impl Drop for Form {
    fn drop(&mut self) {
        let mut underway = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = underway.get_mut(&self.1) {
            *own -= 1;
            if *own == 0 {
                underway.remove(&self.1);
            }
        }
    }
}

/// Answers a request of a connection, under the id that the request has from a trusted proxy, or a new one.
pub(crate) async fn respond(
    shared: &Shared,
    listen: Listen,
    peer: SocketAddr,
    place: &Arc<Place>,
    request: Request<Incoming>,
) -> Response<Answered> {
    let forwarded = shared.trusted_proxies.contains(peer.ip());
    let id = if forwarded { request_id::of(request.headers()) } else { RequestId::new() };
    let span = RequestSpan::begin(shared.service.tracer(), &request, forwarded, &id);
    let context = span.as_ref().map(RequestSpan::context);
    let scope = Scope { request: Some(id.clone()), span: context, ..Scope::default() };
    let mut response = scoped(scope, answer(shared, listen, peer, place, request)).await;
    if let Some(span) = span {
        span.end(&response);
    }
    request_id::set(response.headers_mut(), &id);
    response
}

/// Answers a request that has an id.
async fn answer(
    shared: &Shared,
    listen: Listen,
    peer: SocketAddr,
    place: &Arc<Place>,
    request: Request<Incoming>,
) -> Response<Answered> {
    let again = place.answers();
    // Created before the next await, because the request may be dropped at any await.
    let mut over = Over { place: Arc::clone(place), held: None };
    if again {
        // Yields between the requests of one connection, so that pipelined requests do not delay others.
        tokio::task::yield_now().await;
    }
    let began = Instant::now();
    let remote = shared.trusted_proxies.client_address(request.headers(), peer);
    let (path, triage) = (request.uri().path().to_owned(), place.is_triage());
    let cors = Cors::of(&shared.origins, request.headers());
    let cookie = shared.cookie.as_ref();
    let https = shared.tls || shared.trusted_proxies.is_https(request.headers(), peer.ip());
    let visit =
        cookie.map(|cookie| cookie.visit(request.headers(), request.uri().query(), https, connects(shared, &request)));
    let token = visit.as_ref().and_then(Visit::token);
    let admitted = match admit(shared, remote.ip(), place, &request, token, &mut over).await {
        Ok(()) => admit_page(shared, visit.as_ref(), request).await,
        Err(refusal) => Err(refusal),
    };
    let (mut response, counts) = match admitted {
        Ok(request) => {
            let came_to = address(listen, request.uri(), request.headers(), https);
            let (mut body, late) = split(request, place, shared.body_bytes_per_second);
            body.extensions_mut().insert(came_to);
            let answered = dispatch(shared, &Introduction { client: remote, listen, https }, body).await;
            if late.is_late() { (too_slow(), true) } else { answered }
        }
        Err(refusal) => (refusal, true),
    };
    if counts {
        count(shared.service.metrics(), &response, began);
    }
    if let Some((cookie, visit)) = cookie.zip(visit) {
        let change = response.extensions_mut().remove::<CookieChange>();
        cookie.complete(&visit, shared.service.environment().now(), change.as_ref(), response.headers_mut());
    }
    cors.apply(response.headers_mut());
    policy::apply(&path, shared.tls, response.status(), response.headers_mut());
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        place.switches();
    } else if triage {
        // A triage place serves one request, because others wait for it.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response.map(|inner| Answered { inner, _over: over })
}

/// Counts an answer by its status and, if it is a refusal, by its code.
fn count(metrics: &Metrics, response: &Response<Boxed>, began: Instant) {
    metrics.answered(response.status().as_u16(), began.elapsed());
    if let Some(RefusedFor(code)) = response.extensions().get() {
        metrics.refused(Refused::Http, *code);
    }
}

/// Returns whether the path of a request is one of connections.
fn connects(shared: &Shared, request: &Request<Incoming>) -> bool {
    let path = request.uri().path();
    path == PLAIN_PATH || shared.engine.serves(path)
}

/// Refuses what a foreign page asks for on a server with a cookie for tokens, and adds the token of the cookie to any
/// other request. A token that opens a connection is checked first, because only this answer can clear the cookie.
///
/// # Errors
/// The answer to a request that is refused.
async fn admit_page(
    shared: &Shared,
    visit: Option<&Visit>,
    mut request: Request<Incoming>,
) -> Result<Request<Incoming>, Response<Boxed>> {
    let Some(visit) = visit else { return Ok(request) };
    if visit.is_refused(request.method()) {
        let message = "Pages of this origin may not do this; `[http] origins` lists those that may.";
        return Err(problem(StatusCode::FORBIDDEN, Code::Forbidden, message, None));
    }
    let Some(token) = visit.token() else { return Ok(request) };
    // If the check fails for another reason, the connection tries it again.
    if !visit.opens() || !matches!(shared.service.verify_cookie(token).await, Ok(None)) {
        request.extensions_mut().insert(token.clone());
    }
    Ok(request)
}

fn split(request: Request<Incoming>, place: &Arc<Place>, bytes_per_second: u64) -> (Request<Paced>, Late) {
    let (parts, body) = request.into_parts();
    let (body, late) = Paced::new(body, &parts, Arc::clone(place), bytes_per_second);
    (Request::from_parts(parts, body), late)
}

/// Admits a request if there is room for it and, without an ordinary place, if it is a health check or its user is
/// known.
///
/// # Errors
/// The answer to a request that is not admitted.
async fn admit(
    shared: &Shared,
    client: IpAddr,
    place: &Arc<Place>,
    request: &Request<Incoming>,
    cookie: Option<&CookieToken>,
    over: &mut Over,
) -> Result<(), Response<Boxed>> {
    if request.headers().len() > HEADERS_MAX {
        let message = format!("A request has at most {HEADERS_MAX} headers.");
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Err(closing(problem(status, Code::TooLarge, &message, None)));
    }
    let address = quintet_domain::network(client);
    if !place.counts_for(address) {
        return Err(no_room());
    }
    if place.is_triage() && !is_operators(shared, request) {
        let known = known(&shared.service, request, cookie, client).await;
        if !known.is_some_and(|user| place.promote(&user)) {
            return Err(no_room());
        }
    }
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("multipart/")) {
        let form = shared.forms.begin(address).ok_or_else(|| {
            let message = "Too many files are being uploaded from this address.";
            problem(StatusCode::TOO_MANY_REQUESTS, Code::RateLimited, message, Some(RETRY_AFTER_MS))
        })?;
        over.held = Some(Box::new(form));
    }
    Ok(())
}

/// Returns whether a request is a health check, or a scrape of the metrics with the right secret.
fn is_operators(shared: &Shared, request: &Request<Incoming>) -> bool {
    match request.uri().path() {
        "/healthz" | "/readyz" => true,
        exposition::PATH => shared.metrics_secret.as_ref().is_some_and(|secret| secret.opens(request.headers())),
        _ => false,
    }
}

/// Returns the user of a request's valid token or service key.
async fn known(
    service: &Service,
    request: &Request<Incoming>,
    cookie: Option<&CookieToken>,
    client: IpAddr,
) -> Option<UserId> {
    let Some(token) = token(request.headers(), request.uri().query()) else {
        let verified = service.verify_cookie(cookie?).await.ok()??;
        return Some(verified.account.user.id.clone());
    };
    let account = match service.verify_key(&token, client).await.ok()? {
        Some(service) => service.account,
        None => service.verify(&token).await.ok()?.account,
    };
    Some(account.user.id.clone())
}

/// Returns the token of a request: from its header or, for Socket.IO clients, from its query.
fn token(headers: &HeaderMap, query: Option<&str>) -> Option<String> {
    if let Some(token) = authorization::bearer(headers).filter(|token| is_token(token)) {
        return Some(token.to_owned());
    }
    let token = query::first(query.unwrap_or_default(), "token")?;
    let token = authorization::without_scheme(&token);
    is_token(token).then(|| token.to_owned())
}

/// Dispatches a request by its path. Returns the answer, and whether it counts in the metrics of the API and the web
/// client. Requests of socket transports and of the metrics do not count.
async fn dispatch(
    shared: &Shared,
    introduction: &Introduction,
    mut request: Request<Paced>,
) -> (Response<Boxed>, bool) {
    let Introduction { client: remote, listen, .. } = *introduction;
    if cors::is_preflight(request.method(), request.headers()) {
        return (boxed(cors::preflight::<Full<Bytes>>(request.headers())), true);
    }
    let path = request.uri().path();
    // Checked before the engine, because the official client script has one of the engine's paths.
    let file = {
        let path = shared.socket_paths.at_default(path);
        quintet_web::respond(request.method(), &path, request.headers(), shared.pictures.as_deref())
    };
    if let Some(file) = file {
        return (boxed(file.map(Full::new)), true);
    }
    if shared.engine.serves(path) {
        if let Some((hop, owner)) = shared.hop.as_ref().and_then(|hop| Some((hop, hop.owner(&request)?))) {
            let answer = match hop.pass_on(owner, request, introduction).await {
                Ok(answer) => answer,
                // The engine's own answer about a session that it does not know.
                Err(NotPassed::Gone(request)) => boxed(shared.engine.handle(*request, remote).await),
                Err(NotPassed::Slow) => too_late(),
                Err(NotPassed::Full) => no_room(),
            };
            return (answer, false);
        }
        request.extensions_mut().insert(Listener { dialect: listen.dialect, trust: listen.trust });
        return (boxed(shared.engine.handle(request, remote).await), false);
    }
    if path == PLAIN_PATH {
        request.extensions_mut().insert(Listener { dialect: listen.dialect, trust: listen.trust });
        return (boxed(shared.gateway.plain(request, remote)), false);
    }
    if path == exposition::PATH
        && let Some(secret) = &shared.metrics_secret
    {
        return (boxed(exposition::answer(&shared.service, request.headers(), Some(secret))), false);
    }
    // People who follow a wrong link see a page; whatever asks for the API is answered by the API.
    let lost = if path.starts_with(API) { None } else { quintet_web::lost(request.method(), request.headers()) };
    request.extensions_mut().insert(ClientAddress(remote.ip()));
    request.extensions_mut().insert(ListenerDialect(listen.dialect));
    match shared.rest.clone().oneshot(request.map(axum::body::Body::new)).await {
        Ok(response) => match lost.filter(|_| is_lost(&response)) {
            Some(page) => (boxed(page.map(Full::new)), true),
            None => (boxed(response), true),
        },
        Err(never) => match never {},
    }
}

/// Whether there is nothing at the path of a request, for which nobody was asked.
fn is_lost<B>(response: &Response<B>) -> bool {
    response.extensions().get::<quintet_rest::NoSuchPath>().is_some()
}

fn no_room() -> Response<Boxed> {
    let message = "The server has no capacity for this request now.";
    closing(problem(StatusCode::SERVICE_UNAVAILABLE, Code::Busy, message, Some(RETRY_AFTER_MS)))
}

fn too_late() -> Response<Boxed> {
    let message = "The part of the server that has this session does not answer now.";
    closing(problem(StatusCode::GATEWAY_TIMEOUT, Code::Busy, message, Some(RETRY_AFTER_MS)))
}

fn too_slow() -> Response<Boxed> {
    closing(problem(StatusCode::REQUEST_TIMEOUT, Code::InvalidPayload, "`body` came too slowly.", None))
}

/// Makes an answer the last one on its connection.
fn closing(mut response: Response<Boxed>) -> Response<Boxed> {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Returns a refusal in the format of the HTTP API. `retry_after_ms` is in milliseconds.
fn problem(status: StatusCode, code: Code, message: &str, retry_after_ms: Option<u64>) -> Response<Boxed> {
    let refusal = Refusal { retry_after_ms, ..Refusal::new(code, message) };
    boxed(quintet_rest::problem(status, refusal))
}

fn boxed<B>(response: Response<B>) -> Response<Boxed>
where
    B: hyper::body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    response.map(|body| body.map_err(Into::into).boxed_unsync())
}
