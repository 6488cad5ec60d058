//! Answers requests: admits them, hands them to whom they are for, and completes the answers.

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
use quintet_gateway::{Gateway, Listener};
use quintet_rest::{ClientAddress, ListenerDialect};
use quintet_service::Service;
use quintet_socketio::Engine;
use tower::ServiceExt;

use super::body::{Answered, BoxError, Boxed, Late, Over, Paced};
use super::exposition::{self, Secret};
use super::place::Place;
use super::policy;
use crate::forwarded;
use crate::listen::Listen;

/// Forms that one address may be sending at once: a part of all uploads, so that others find room.
const FORMS_OF_ADDRESS: usize = UPLOADS_AT_ONCE / 4;

/// Time after which a client that found no room may come again, in seconds.
const RETRY_AFTER_SECONDS: u64 = 1;

/// What every connection needs.
pub(crate) struct Shared {
    pub(crate) service: Service,
    pub(crate) engine: Engine<Gateway>,
    pub(crate) gateway: Gateway,
    pub(crate) rest: axum::Router,
    pub(crate) trusted_proxies: Vec<IpAddr>,
    /// Where else links of files lead to, for the policy of pages.
    pub(crate) pictures: Option<String>,
    /// The fewest bytes a second of a body.
    pub(crate) body_bytes_per_second: u64,
    /// Whether this server ends TLS itself.
    pub(crate) tls: bool,
    /// What opens `/metrics` on the ordinary listeners; it is not there without.
    pub(crate) metrics_secret: Option<Secret>,
    pub(crate) forms: Arc<Forms>,
}

/// Forms under way, by the address that sends them.
#[derive(Default)]
pub(crate) struct Forms(Mutex<HashMap<IpAddr, usize>>);

/// One of them, until it is dropped.
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

/// Answers a request of a connection.
pub(crate) async fn respond(
    shared: &Shared,
    listen: Listen,
    peer: SocketAddr,
    place: &Arc<Place>,
    request: Request<Incoming>,
) -> Response<Answered> {
    let again = place.answers();
    // From here on, for the request may be given up at every await.
    let mut over = Over { place: Arc::clone(place), held: None };
    if again {
        // Requests in a row are taken one at a time, between those of others.
        tokio::task::yield_now().await;
    }
    let remote = forwarded::client_address(request.headers(), peer, &shared.trusted_proxies);
    let (path, triage) = (request.uri().path().to_owned(), place.is_triage());
    let mut response = match admit(shared, remote.ip(), place, &request, &mut over).await {
        Ok(()) => {
            let (body, late) = split(request, place, shared.body_bytes_per_second);
            let response = dispatch(shared, listen, remote, body).await;
            if late.is_late() { too_slow() } else { response }
        }
        Err(refusal) => refusal,
    };
    policy::apply(&path, shared.tls, response.status(), response.headers_mut());
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        place.switches();
    } else if triage {
        // One request: others wait for the place.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response.map(|inner| Answered { inner, _over: over })
}

fn split(request: Request<Incoming>, place: &Arc<Place>, bytes_per_second: u64) -> (Request<Paced<Incoming>>, Late) {
    let (parts, body) = request.into_parts();
    let (body, late) = Paced::new(body, Arc::clone(place), bytes_per_second);
    (Request::from_parts(parts, body), late)
}

/// Whether there is room for a request, and, where it came without an ordinary place, whether it may go on.
async fn admit(
    shared: &Shared,
    client: IpAddr,
    place: &Arc<Place>,
    request: &Request<Incoming>,
    over: &mut Over,
) -> Result<(), Response<Boxed>> {
    let address = quintet_domain::network(client);
    if !place.counts_for(address) {
        return Err(no_room());
    }
    if place.is_triage() && !is_operators(shared, request) {
        let known = known(&shared.service, request, client).await;
        if !known.is_some_and(|user| place.promote(&user)) {
            return Err(no_room());
        }
    }
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("multipart/")) {
        let form = shared.forms.begin(address).ok_or_else(|| {
            problem(StatusCode::TOO_MANY_REQUESTS, "ERR_RATE_LIMITED", "Too many files are uploaded from here at once.")
        })?;
        over.held = Some(Box::new(form));
    }
    Ok(())
}

/// Whether a request is one of those by which an operator sees how the server is.
fn is_operators(shared: &Shared, request: &Request<Incoming>) -> bool {
    match request.uri().path() {
        "/healthz" | "/readyz" => true,
        exposition::PATH => shared.metrics_secret.as_ref().is_some_and(|secret| secret.opens(request.headers())),
        _ => false,
    }
}

/// Whose token or key a request brings, where it is good.
async fn known(service: &Service, request: &Request<Incoming>, client: IpAddr) -> Option<UserId> {
    let token = token(request.headers(), request.uri().query())?;
    let account = match service.verify_key(&token, client).await.ok()? {
        Some(account) => account,
        None => service.verify(&token).await.ok()?.account,
    };
    Some(account.user.id.clone())
}

/// The token of a request: in its header, or, as clients of Socket.IO can send it, in its query.
fn token(headers: &HeaderMap, query: Option<&str>) -> Option<String> {
    if let Some(token) = exposition::bearer(headers) {
        return Some(token.to_owned());
    }
    let pairs = query.unwrap_or_default().split('&');
    pairs.filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == "token").map(|(_, value)| value.to_owned())
}

/// Hands a request to whom it is for.
async fn dispatch(
    shared: &Shared,
    listen: Listen,
    remote: SocketAddr,
    mut request: Request<Paced<Incoming>>,
) -> Response<Boxed> {
    let began = Instant::now();
    let path = request.uri().path();
    // Before the engine: the official client stands among its paths.
    if let Some(file) = quintet_web::respond(request.method(), path, request.headers(), shared.pictures.as_deref()) {
        shared.service.metrics().answered(file.status().as_u16(), began.elapsed());
        return boxed(file.map(Full::new));
    }
    if shared.engine.serves(path) {
        request.extensions_mut().insert(Listener { dialect: listen.dialect, trust: listen.trust });
        return boxed(shared.engine.handle(request, remote).await);
    }
    if path == "/ws" {
        request.extensions_mut().insert(Listener { dialect: listen.dialect, trust: listen.trust });
        return boxed(shared.gateway.plain(request, remote));
    }
    if path == exposition::PATH
        && let Some(secret) = &shared.metrics_secret
    {
        return boxed(exposition::answer(&shared.service, request.headers(), Some(secret)));
    }
    request.extensions_mut().insert(ClientAddress(remote.ip()));
    request.extensions_mut().insert(ListenerDialect(listen.dialect));
    match shared.rest.clone().oneshot(request.map(axum::body::Body::new)).await {
        Ok(response) => boxed(response),
        Err(never) => match never {},
    }
}

fn no_room() -> Response<Boxed> {
    let mut response =
        problem(StatusCode::SERVICE_UNAVAILABLE, "ERR_RATE_LIMITED", "The server has no room for this now.");
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn too_slow() -> Response<Boxed> {
    let mut response = problem(StatusCode::REQUEST_TIMEOUT, "ERR_INVALID_PAYLOAD", "`body` came too slowly.");
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A refusal of the edge as problem details (RFC 9457), in the shape that the HTTP API gives.
fn problem(status: StatusCode, code: &str, detail: &str) -> Response<Boxed> {
    let (title, number) = (status.canonical_reason().unwrap_or("Error"), status.as_u16());
    let again = status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::TOO_MANY_REQUESTS;
    let wait = if again { format!(",\"retryAfterMs\":{}", RETRY_AFTER_SECONDS * 1_000) } else { String::new() };
    let text = format!(
        "{{\"type\":\"about:blank\",\"title\":\"{title}\",\"status\":{number},\"detail\":\"{detail}\",\"code\":\"{code}\"{wait}}}"
    );
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if again {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
    }
    boxed(response)
}

fn boxed<B>(response: Response<B>) -> Response<Boxed>
where
    B: hyper::body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    response.map(|body| body.map_err(Into::into).boxed_unsync())
}
