//! Listening, serving, and the end.

use std::convert::Infallible;
use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use quintet_gateway::{Gateway, Listener};
use quintet_rest::{ClientAddress, ListenerDialect};
use quintet_service::Service;
use quintet_socketio::{CloseReason, Engine};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::compose::{self, Parts};
use crate::config::Config;
use crate::listen::Listen;
use crate::tls::Tls;
use crate::{Failure, forwarded, housekeeping};

/// Time that a client has to send the head of a request, and to finish the handshake of TLS.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// Time that requests under way have once the server stops.
const REQUESTS_TIMEOUT: Duration = Duration::from_secs(3);
/// Time to note when everybody was last seen.
const LAST_SEEN_TIMEOUT: Duration = Duration::from_secs(1);
/// Time that connections have to be told goodbye.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(4);
/// Time that the store has to commit what was queued, and to close.
const STORE_TIMEOUT: Duration = Duration::from_secs(10);
/// Time after a failed accept, which mostly means that the process has no file left to open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Connections that may wait to be accepted; the system has a bound of its own (`net.core.somaxconn`).
const BACKLOG: u32 = 16_384;

type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// What every connection needs.
struct Shared {
    service: Service,
    engine: Engine<Gateway>,
    gateway: Gateway,
    rest: axum::Router,
    trusted_proxies: Vec<IpAddr>,
    /// Where else links of files lead to, for the policy of pages.
    pictures: Option<String>,
}

/// Runs the server until it is told to stop.
pub(crate) async fn serve(config: Config) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let tls = Tls::of(&config)?;
    let mut listeners = Vec::new();
    for listen in &config.server.listen {
        let listener = bind(listen.address).map_err(|error| format!("cannot listen on {}: {error}", listen.address))?;
        listeners.push((listener, *listen));
    }
    let Parts { service, gateway, engine, rest } = compose::parts(&config).await?;
    say_hello(&config, &listeners, tls.is_some());

    let shared = Arc::new(Shared {
        service: service.clone(),
        engine: engine.clone(),
        gateway: gateway.clone(),
        rest,
        trusted_proxies: config.limits.trusted_proxies.clone(),
        pictures: config.files.source(),
    });
    let (stop, stopping) = watch::channel(false);
    let connections = TaskTracker::new();
    let mut accepting = Vec::new();
    for (listener, listen) in listeners {
        let accept = accept(listener, listen, Arc::clone(&shared), tls.clone(), connections.clone(), stopping.clone());
        accepting.push(tokio::spawn(accept));
    }
    let keeping = tokio::spawn(housekeeping::run(service.clone()));

    signals.until_told_to_stop(tls.as_deref()).await;

    tracing::info!("stopping");
    tokio::spawn(async move {
        // Whoever says it twice does not want to wait. Nothing that was acknowledged is in danger.
        signals.until_told_to_stop(None).await;
        std::process::exit(1);
    });
    for task in accepting {
        task.abort();
        let _ = task.await;
    }
    keeping.abort();
    // Whatever holds the hub up does not hold up the end.
    let _ = tokio::time::timeout(LAST_SEEN_TIMEOUT, gateway.before_close()).await;
    let _ = stop.send(true);
    let close = async { tokio::join!(engine.close(CloseReason::Shutdown), gateway.close()) };
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, close).await;
    connections.close();
    let _ = tokio::time::timeout(REQUESTS_TIMEOUT, connections.wait()).await;
    match tokio::time::timeout(STORE_TIMEOUT, service.close()).await {
        Ok(()) => Ok(()),
        // Nothing that was acknowledged is in danger: that was committed before.
        Err(_) => Err(format!("the store did not close within {} s", STORE_TIMEOUT.as_secs())),
    }
}

/// Listens with room for a storm: a connection that finds the queue full is dropped by the system, and its client
/// tries again only after a second.
fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restart does not wait for what is left of earlier connections.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// A few calm lines. Where they cannot be written the server does without.
fn say_hello(config: &Config, listeners: &[(TcpListener, Listen)], tls: bool) {
    let mut lines = vec![format!("Quintet {}", env!("CARGO_PKG_VERSION"))];
    let scheme = if tls { "https" } else { "http" };
    for (listener, listen) in listeners {
        let address = listener.local_addr().unwrap_or(listen.address);
        let speaks = match listen.dialect {
            None => "meetup, messenger, rooms, conversations and chat".to_owned(),
            Some(dialect) => format!("{} where a client names no other", dialect.as_str()),
        };
        lines.push(format!("  listening on {scheme}://{address}, speaking {speaks}"));
        if listen.trust {
            let warning = "takes every client's word for who it is; keep it in a closed network";
            lines.push(format!("  warning: {address} {warning}"));
        }
    }
    lines.push(match config.server.ephemeral {
        true => "  data in memory, gone with this process".to_owned(),
        false => format!("  data in {}", config.server.data.display()),
    });
    lines.push(format!("  guests are {}\n", if config.auth.guests { "let into open rooms" } else { "not let in" }));
    let mut stdout = std::io::stdout();
    let _ = stdout.write_all(lines.join("\n").as_bytes()).and_then(|()| stdout.flush());
}

/// The signals that are listened for.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// Starts to listen. Before that a signal ends the process as the system has it, so this comes before any word
    /// that the server is there.
    fn listen() -> Result<Self, Failure> {
        let failed = |error: std::io::Error| format!("cannot listen for signals: {error}");
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(failed)?,
            interrupt: signal(SignalKind::interrupt()).map_err(failed)?,
            hangup: signal(SignalKind::hangup()).map_err(failed)?,
        })
    }

    /// Waits for SIGTERM or Ctrl-C; SIGHUP reads the files of TLS again.
    async fn until_told_to_stop(&mut self, tls: Option<&Tls>) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hangup.recv() => match tls.map(Tls::reload) {
                    Some(Ok(())) => tracing::info!("the certificate was read again"),
                    Some(Err(why)) => tracing::error!("{why}; the old certificate stays in force"),
                    None => {}
                },
            }
        }
    }
}

async fn accept(
    listener: TcpListener,
    listen: Listen,
    shared: Arc<Shared>,
    tls: Option<Arc<Tls>>,
    connections: TaskTracker,
    stopping: watch::Receiver<bool>,
) {
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let (shared, tls, stopping) = (Arc::clone(&shared), tls.clone(), stopping.clone());
        connections.spawn(async move {
            match tls {
                None => connection(stream, peer, listen, shared, stopping).await,
                Some(tls) => {
                    let handshake = tls.acceptor().accept(stream);
                    match tokio::time::timeout(HEAD_TIMEOUT, handshake).await {
                        Ok(Ok(stream)) => connection(stream, peer, listen, shared, stopping).await,
                        Ok(Err(error)) => tracing::debug!(%error, "a handshake of TLS failed"),
                        Err(_) => tracing::debug!("a handshake of TLS took too long"),
                    }
                }
            }
        });
    }
}

/// Serves one connection's requests; a WebSocket goes its own way from the upgrade on.
async fn connection<S>(
    stream: S,
    peer: SocketAddr,
    listen: Listen,
    shared: Arc<Shared>,
    mut stopping: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(respond(&shared, listen, peer, request).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        result = &mut connection => {
            if let Err(error) = result {
                tracing::debug!(%error, "a connection ended in an error");
            }
            return;
        }
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

async fn respond(shared: &Shared, listen: Listen, peer: SocketAddr, mut request: Request<Incoming>) -> Response<Body> {
    let remote = forwarded::client_address(request.headers(), peer, &shared.trusted_proxies);
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
    request.extensions_mut().insert(ClientAddress(remote.ip()));
    request.extensions_mut().insert(ListenerDialect(listen.dialect));
    match shared.rest.clone().oneshot(request.map(axum::body::Body::new)).await {
        Ok(response) => boxed(response),
        Err(never) => match never {},
    }
}

fn boxed<B>(response: Response<B>) -> Response<Body>
where
    B: hyper::body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    response.map(|body| body.map_err(Into::into).boxed_unsync())
}
