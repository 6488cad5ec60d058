//! The endpoint `/metrics`, on a listener of its own, or with a secret on the ordinary listeners.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use quintet_input::authorization::bearer;
use quintet_service::Service;
use subtle::ConstantTimeEq;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::policy;

/// The path of the metrics.
pub(crate) const PATH: &str = "/metrics";

/// The largest number of connections to the metrics listener: enough for a few scrapers and a browser.
const CONNECTIONS_MAX: usize = 8;
/// The time that a connection to the metrics listener may take in total.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10);

/// The secret that a scraper must send on ordinary listeners.
#[derive(Clone)]
pub(crate) struct Secret(pub(crate) String);

impl Secret {
    /// Returns whether a request has this secret. Compares in constant time.
    pub(super) fn opens(&self, headers: &HeaderMap) -> bool {
        bearer(headers).is_some_and(|given| self.0.as_bytes().ct_eq(given.as_bytes()).into())
    }
}

/// Answers a request for the metrics: in OpenMetrics if `Accept` asks for it, otherwise in the text format of
/// Prometheus.
pub(super) fn answer(service: &Service, headers: &HeaderMap, secret: Option<&Secret>) -> Response<Full<Bytes>> {
    let plain = |status: StatusCode, text: &'static str| {
        let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        response
    };
    if secret.is_some_and(|secret| !secret.opens(headers)) {
        let mut response = plain(StatusCode::UNAUTHORIZED, "the secret of [metrics] is needed\n");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        return response;
    }
    let Ok(text) = service.metrics().text() else {
        return plain(StatusCode::INTERNAL_SERVER_ERROR, "the metrics cannot be written\n");
    };
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let (kind, text) = if accept.contains("application/openmetrics-text") {
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", text)
    } else {
        ("text/plain; version=0.0.4; charset=utf-8", older(&text))
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    response
}

/// Serves the metrics listener until the future is dropped. Any path other than [`PATH`] is 404.
pub(crate) async fn serve(listener: Arc<TcpListener>, service: Service) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        let (stream, _) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection for the metrics could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let service = service.clone();
        tokio::spawn(async move {
            let handler = service_fn(move |request: Request<Incoming>| {
                let service = service.clone();
                async move { Ok::<_, Infallible>(respond(&service, &request)) }
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), handler);
            let _ = tokio::time::timeout(CONNECTION_TIMEOUT, connection).await;
            drop(permit);
        });
    }
}

fn respond(service: &Service, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let mut response = if request.uri().path() != PATH {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::NOT_FOUND;
        response
    } else if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        response
    } else {
        answer(service, request.headers(), None)
    };
    policy::apply(PATH, false, response.status(), response.headers_mut());
    response
}

/// Listens for scrapers. If the default address is in use, logs a warning and returns `None`.
///
/// # Errors
/// A sentence, if the address is configured (`asked`) and cannot be bound.
pub(crate) async fn bind(address: SocketAddr, asked: bool) -> Result<Option<TcpListener>, String> {
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if asked => Err(format!("cannot listen for [metrics] on {address}: {error}")),
        Err(error) => {
            tracing::warn!("no listener for metrics: cannot bind {address}: {error}");
            Ok(None)
        }
    }
}

/// Converts OpenMetrics to the older text format of Prometheus, in which counters are named after their samples and
/// there is no `# EOF`.
fn older(text: &str) -> String {
    let counters: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter")).collect();
    let mut written = String::with_capacity(text.len());
    for line in text.lines().filter(|line| *line != "# EOF") {
        let parts = line.strip_prefix("# ").and_then(|line| {
            let (what, line) = line.split_once(' ')?;
            let (name, rest) = line.split_once(' ')?;
            counters.contains(&name).then_some((what, name, rest))
        });
        match parts {
            Some((what, name, rest)) => written += &format!("# {what} {name}_total {rest}\n"),
            None => written.extend([line, "\n"]),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    #[test]
    fn metrics_as_older_text() {
        let open = "# HELP a_b What.\n# TYPE a_b counter\na_b_total{c=\"d\"} 1\n# TYPE e gauge\ne 2\n# EOF\n";
        let older = "# HELP a_b_total What.\n# TYPE a_b_total counter\na_b_total{c=\"d\"} 1\n# TYPE e gauge\ne 2\n";
        assert_eq!(super::older(open), older);
    }
}
