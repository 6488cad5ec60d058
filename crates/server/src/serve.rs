//! Runs the server: listening, serving, and stopping.

use std::convert::Infallible;
use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use quintet_domain::Code;
use quintet_service::Refused;
use quintet_socketio::CloseReason;
use quintet_socketio::upgrade::Watched;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::admin::Admin;
use crate::compose::{self, Parts};
use crate::config::{Config, Limits, MetricsListen, RegistrationName};
use crate::control::server::Control;
use crate::edge::exposition::{self, Secret};
use crate::edge::fullness::Fullness;
use crate::edge::http_state::{IDLE_TIMEOUT, Step};
use crate::edge::place::{Peer, Place};
use crate::edge::places::{self, Places};
use crate::edge::respond::{Forms, HEADERS_MAX, Shared, respond};
use crate::edge::room::DESCRIPTORS_MIN;
use crate::edge::token_cookie::TokenCookie;
use crate::failure::Failure;
use crate::forwarded::TrustedProxies;
use crate::listen::Listen;
use crate::node::{Node, left_for_clients};
use crate::tls::Tls;
use crate::{housekeeping, process};

/// The time that requests in progress have when the server stops.
const REQUESTS_TIMEOUT: Duration = Duration::from_secs(3);
/// The time to record when users were last seen.
const LAST_SEEN_TIMEOUT: Duration = Duration::from_secs(1);
/// The time that connections have to close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(4);
/// The time that the store has to commit queued writes and to close.
const STORE_TIMEOUT: Duration = Duration::from_secs(10);

/// The number of connections that may wait to be accepted. The system has its own limit (`net.core.somaxconn`).
const BACKLOG: i32 = 16_384;

/// The largest head of a request in bytes, including its first line.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// The largest number of headers that are parsed, more than a request may have: one with too many of them is answered with
/// a sentence, and one with even more by its status alone.
const HEADERS_PARSED_MAX: usize = 2 * HEADERS_MAX;
/// The largest number of bytes buffered of one connection's input, and of its output.
const BUFFER_BYTES_MAX: usize = 64 * 1024;

/// Runs the server until a signal stops it.
pub(crate) async fn serve(config: Config) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let tls = Tls::of(&config)?;
    let mut listeners = Vec::new();
    for listen in &config.server.listen {
        let beside_ipv4 = config.server.listen.iter().any(|other| {
            other.address.is_ipv4() && other.address.port() == listen.address.port() && listen.address.port() != 0
        });
        let listener = bind(listen.address, beside_ipv4)
            .map_err(|error| format!("cannot listen on {}: {error}", listen.address))?;
        listeners.push((listener, *listen));
    }
    let metrics = match &config.metrics.listen {
        MetricsListen::Off => None,
        MetricsListen::Default => exposition::bind(MetricsListen::DEFAULT, false).await?,
        MetricsListen::At(address) => exposition::bind(*address, true).await?,
    };
    let descriptors = process::raise_descriptors();
    if descriptors < DESCRIPTORS_MIN {
        return Err(format!(
            "the open-file limit is {descriptors}; Quintet needs at least {DESCRIPTORS_MIN} (`ulimit -n`)"
        ));
    }
    let node = Node::of(&config, descriptors).await?;
    let descriptors = left_for_clients(&config, descriptors);
    let places = Places::new(config.limits.room(descriptors));
    let fullness = Arc::new(Fullness::default());
    let parts = compose::parts(&config, &places, &node).await?;
    let Parts { service, database, postgres, gateway, engine, rest, cluster } = parts;
    // Over PostgreSQL the command line writes by itself, as any node does.
    let admin = database.map(|database| Admin { service: service.clone(), database: Some(database) });
    let control = admin.and_then(|admin| listen_for_commands(&config.server.data, admin));
    let mut addresses = Vec::new();
    for (listener, listen) in &listeners {
        addresses.push((listener.local_addr().unwrap_or(listen.address), *listen));
    }
    let metrics_address = metrics.as_ref().and_then(|metrics| metrics.local_addr().ok());
    let mut lines = start_lines(&config, &addresses, metrics_address, tls.is_some(), descriptors);
    // The last line stays the last, by which others know that the server runs.
    lines.splice(lines.len() - 1..lines.len() - 1, node.start_line());
    let lines = lines.join("\n") + "\n";
    // The server also runs if standard output is closed.
    let mut stdout = std::io::stdout();
    let _ = stdout.write_all(lines.as_bytes()).and_then(|()| stdout.flush());

    let shared = Arc::new(Shared {
        service: service.clone(),
        engine: engine.clone(),
        gateway: gateway.clone(),
        rest,
        trusted_proxies: TrustedProxies::new(&config.limits.trusted_proxies, config.limits.forwarded_header),
        pictures: config.files.source(),
        body_bytes_per_second: config.limits.body_bytes_per_second,
        tls: tls.is_some(),
        metrics_secret: config.metrics.secret.clone().map(Secret),
        forms: Arc::new(Forms::default()),
        socket_paths: config.server.socket_path.clone(),
        origins: config.http.allowed_origins(),
        cookie: config.auth.cookie.clone().map(|name| TokenCookie::new(name, config.http.allowed_origins())),
        hop: node.hop(),
    });
    if let Some(hop) = &shared.hop {
        service.metrics().add(Box::new(hop.metrics()));
    }
    let (stop, stopping) = watch::channel(false);
    let connections = TaskTracker::new();
    let clustered = postgres.zip(cluster.clone());
    let mut running = node.start(&config, clustered, &engine, &connections, &stopping).await;
    let mut accepting = Vec::new();
    for (listener, listen) in listeners {
        let accepted = Accepted {
            listen,
            shared: Arc::clone(&shared),
            places: Arc::clone(&places),
            fullness: Arc::clone(&fullness),
            tls: tls.clone(),
            connections: connections.clone(),
            stopping: stopping.clone(),
        };
        accepting.push(tokio::spawn(accept(listener, accepted)));
    }
    if let Some(listener) = metrics {
        accepting.push(tokio::spawn(exposition::serve(listener, service.clone())));
    }
    let housekeeping = tokio::spawn(housekeeping::run(service.clone()));
    let tending = tokio::spawn(tend(places, fullness));
    let leaving = cluster.map(|node| tokio::spawn(node.sends_clients_away(engine.clone(), gateway.clone())));

    signals.until_stopped(tls.as_deref()).await;

    tracing::info!("stopping");
    tokio::spawn(async move {
        // A second signal ends the process at once. Nothing that was acknowledged is lost.
        signals.until_stopped(None).await;
        std::process::exit(1);
    });
    for task in accepting {
        task.abort();
        let _ = task.await;
    }
    if let Some(control) = control {
        let _ = tokio::time::timeout(REQUESTS_TIMEOUT, control.close()).await;
    }
    housekeeping.abort();
    tending.abort();
    if let Some(leaving) = leaving {
        leaving.abort();
    }
    running.stop_passing().await;
    // A stuck hub must not delay the end.
    let _ = tokio::time::timeout(LAST_SEEN_TIMEOUT, gateway.before_close()).await;
    let _ = stop.send(true);
    let close = async { tokio::join!(engine.close(CloseReason::Shutdown), gateway.close()) };
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, close).await;
    connections.close();
    let _ = tokio::time::timeout(REQUESTS_TIMEOUT, connections.wait()).await;
    let closed = tokio::time::timeout(STORE_TIMEOUT, service.close()).await;
    running.leave().await;
    match closed {
        Ok(()) => Ok(()),
        // Nothing that was acknowledged is lost: it was committed before.
        Err(_) => Err(format!("the store did not close within {} s", STORE_TIMEOUT.as_secs())),
    }
}

/// Makes the control socket of the data folder. Without one, the server serves its clients all the same.
fn listen_for_commands(folder: &Path, admin: Admin) -> Option<Control> {
    match Control::listen(folder, admin) {
        Ok(control) => Some(control),
        Err(error) => {
            tracing::warn!(
                %error,
                "no control socket can be made in {}; `quintet user`, `key` and `backup` do not work while this server runs",
                folder.display()
            );
            None
        }
    }
}

/// Binds a listener with a long backlog. If the backlog is full, the system drops a new connection, and its client
/// retries only after a second. `beside_ipv4` says whether an IPv4 address is listened on at the same port: an IPv6
/// listener then leaves IPv4 alone, which it would otherwise take as well.
fn bind(address: SocketAddr, beside_ipv4: bool) -> std::io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() && beside_ipv4 {
        socket.set_only_v6(true)?;
    }
    // A restart must not wait for remains of earlier connections.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Returns the lines that are printed at the start. `descriptors` is the open-file limit.
fn start_lines(
    config: &Config,
    listeners: &[(SocketAddr, Listen)],
    metrics: Option<SocketAddr>,
    tls: bool,
    descriptors: u64,
) -> Vec<String> {
    let mut lines = vec![format!("Quintet {}", env!("CARGO_PKG_VERSION"))];
    let scheme = if tls { "https" } else { "http" };
    for (address, listen) in listeners {
        let speaks = match listen.dialect {
            None => "meetup, messenger, rooms, conversations and chat".to_owned(),
            Some(dialect) => format!("{} unless a client names another", dialect.as_str()),
        };
        lines.push(format!("  listening on {scheme}://{address}, speaking {speaks}"));
        if listen.trust {
            let warning = "trusts what clients say about their identity; use it only in a closed network";
            lines.push(format!("  warning: {address} {warning}"));
        }
    }
    let addresses: Vec<IpAddr> = listeners.iter().map(|(address, _)| address.ip()).collect();
    if is_open_to_strangers(&addresses, config.auth.registration) {
        let warning =
            "anyone who can reach this server can register; set [auth] registration = \"closed\" to prevent that";
        lines.push(format!("  warning: {warning}"));
    }
    lines.push(match (config.server.ephemeral, &config.database.url) {
        (true, _) => "  data in memory, lost when this process ends".to_owned(),
        (false, None) => format!("  data in {}", config.server.data.display()),
        (false, Some(url)) => {
            let database = crate::postgres::name(url);
            format!("  data in the PostgreSQL database {database}, files in {}", config.server.data.display())
        }
    });
    if let Some(address) = metrics {
        lines.push(format!("  metrics on http://{address}{}", exposition::PATH));
    }
    lines.push(format!("  room for {} connections", config.limits.room(descriptors).connections));
    if let Some(shortfall) = config.limits.shortfall(descriptors) {
        lines.push(format!("  warning: {shortfall}"));
    }
    let (set, most) = (config.limits.unidentified, config.limits.room(descriptors).unidentified_max());
    if set > most && set != Limits::default().unidentified {
        lines.push(format!(
            "  warning: [limits] unidentified is {set}, but at most {most} are allowed, half of the connections that there is room for"
        ));
    }
    lines.push(format!("  guests are {}", if config.auth.guests { "admitted to open rooms" } else { "not admitted" }));
    lines
}

/// Returns the effective limits on connections under this process's open-file limit, as a TOML comment.
pub(crate) fn room_comment(config: &Config) -> String {
    let descriptors = left_for_clients(config, process::raise_descriptors());
    let room = config.limits.room(descriptors);
    format!(
        "# With the {descriptors} open files that this process may have, connections comes to {} and \
         connections_per_address to {}.",
        room.connections, room.per_address
    )
}

/// Returns whether people whom the operator does not know can reach the server and register.
fn is_open_to_strangers(addresses: &[IpAddr], registration: RegistrationName) -> bool {
    let reachable = addresses.iter().any(|address| !address.to_canonical().is_loopback());
    reachable && registration == RegistrationName::Open
}

/// The signals that the server handles.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// Starts to listen for signals. Called before the server reports that it runs, because until then a signal has the
    /// system's default effect.
    fn listen() -> Result<Self, Failure> {
        let failed = |error: std::io::Error| format!("cannot listen for signals: {error}");
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(failed)?,
            interrupt: signal(SignalKind::interrupt()).map_err(failed)?,
            hangup: signal(SignalKind::hangup()).map_err(failed)?,
        })
    }

    /// Waits for SIGTERM or Ctrl-C. SIGHUP reloads the TLS files meanwhile.
    async fn until_stopped(&mut self, tls: Option<&Tls>) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hangup.recv() => match tls.map(Tls::reload) {
                    Some(Ok(())) => tracing::info!("the certificate was reloaded"),
                    Some(Err(why)) => tracing::error!("{why}; the old certificate stays in use"),
                    None => {}
                },
            }
        }
    }
}

/// The state shared by all connections of a listener.
#[derive(Clone)]
struct Accepted {
    listen: Listen,
    shared: Arc<Shared>,
    places: Arc<Places>,
    fullness: Arc<Fullness>,
    tls: Option<Arc<Tls>>,
    connections: TaskTracker,
    stopping: watch::Receiver<bool>,
}

/// Closes overdue connections once a second, until the future is dropped.
async fn tend(places: Arc<Places>, fullness: Arc<Fullness>) {
    let mut tick = tokio::time::interval(places::TEND_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        places.tend();
        fullness.look(&places);
    }
}

async fn accept(listener: TcpListener, accepted: Accepted) {
    loop {
        accepted.places.ready().await;
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(process::ACCEPT_PAUSE).await;
                continue;
            }
        };
        let kind = match accepted.shared.trusted_proxies.contains(peer.ip()) {
            true => Peer::Proxy,
            false if accepted.listen.trust => Peer::Trusted,
            false => Peer::Stranger,
        };
        let step = if accepted.tls.is_some() { Step::Handshake } else { Step::Head };
        let place = accepted.places.admit(quintet_domain::network(peer.ip()), kind, step);
        if place.as_ref().is_none_or(|place| place.is_triage()) {
            accepted.fullness.found_none(peer.ip(), &accepted.places);
        }
        let Some(place) = place else {
            accepted.shared.service.metrics().refused(Refused::Connect, Code::Busy);
            continue;
        };
        let _ = stream.set_nodelay(true);
        let key = place.key();
        let served = accepted.clone();
        let task = accepted.connections.spawn(async move {
            let Accepted { listen, shared, tls, stopping, .. } = served;
            match tls {
                None => connection(stream, peer, listen, shared, place, stopping).await,
                Some(tls) => match tls.acceptor().accept(stream).await {
                    Ok(stream) => {
                        place.awaits_head();
                        connection(stream, peer, listen, shared, place, stopping).await;
                    }
                    Err(error) => tracing::debug!(%error, "a TLS handshake failed"),
                },
            }
        });
        accepted.places.served_by(key, task.abort_handle());
    }
}

/// Serves the requests of one connection. After an upgrade, the engine or gateway drives the WebSocket.
async fn connection<S>(
    stream: S,
    peer: SocketAddr,
    listen: Listen,
    shared: Arc<Shared>,
    place: Arc<Place>,
    mut stopping: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = Watched::new(stream, Arc::clone(&place) as _);
    let served = Arc::clone(&place);
    let service = service_fn(move |request| {
        let (shared, place) = (Arc::clone(&shared), Arc::clone(&served));
        async move { Ok::<_, Infallible>(respond(&shared, listen, peer, &place, request).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        // The connection's place bounds the time of a head. This setting makes hyper wait for the next head.
        .header_read_timeout(IDLE_TIMEOUT)
        .max_headers(HEADERS_PARSED_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .max_buf_size(BUFFER_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        result = &mut connection => Some(result),
        _ = stopping.wait_for(|stopping| *stopping) => None,
    };
    let result = match ended {
        Some(result) => result,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    match result {
        Ok(()) => place.http_ended(),
        Err(error) => tracing::debug!(%error, "a connection ended with an error"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registration_beyond_loopback_is_warned_of_while_it_is_open() {
        let warned = |addresses: &[&str], registration| {
            let addresses: Vec<IpAddr> = addresses.iter().map(|text| text.parse().expect("an address")).collect();
            is_open_to_strangers(&addresses, registration)
        };
        assert!(!warned(&["127.0.0.1", "::1", "::ffff:127.0.0.1"], RegistrationName::Open));
        assert!(warned(&["127.0.0.1", "0.0.0.0"], RegistrationName::Open));
        assert!(warned(&["::"], RegistrationName::Open));
        assert!(!warned(&["0.0.0.0"], RegistrationName::Closed));
    }

    #[test]
    fn the_start_warns_of_open_registration_once() {
        let listeners = [("127.0.0.1:3000", Listen::default()), ("0.0.0.0:3001", Listen::default())];
        let listeners = listeners.map(|(address, listen)| (address.parse().expect("an address"), listen));
        let lines = start_lines(&Config::default(), &listeners, None, false, 1_024);
        let warnings: Vec<&String> = lines.iter().filter(|line| line.contains("warning")).collect();
        let expected = "  warning: anyone who can reach this server can register; set [auth] registration = \"closed\" to prevent that";
        assert_eq!(warnings, [expected]);
    }
}
