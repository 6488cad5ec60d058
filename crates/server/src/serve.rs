//! Runs the server: listening, serving, and stopping.
//!
//! What must stay true: where the database has lost commits, nothing that was worked out from it is kept: all parts end,
//! and others are composed behind the same listeners.

use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use quintet_socketio::CloseReason;
use quintet_store::PostgresStore;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accept::{Accepted, accept, bind, tend};
use crate::admin::Admin;
use crate::compose::{self, Parts};
use crate::config::{Config, Limits, MetricsListen, RegistrationName};
use crate::control::server::Control;
use crate::edge::exposition::{self, Secret};
use crate::edge::fullness::Fullness;
use crate::edge::places::Places;
use crate::edge::respond::{Forms, Shared};
use crate::edge::room::DESCRIPTORS_MIN;
use crate::edge::token_cookie::TokenCookie;
use crate::failure::Failure;
use crate::forwarded::TrustedProxies;
use crate::listen::{Listen, is_reachable};
use crate::node::{Node, left_for_clients};
use crate::tls::Tls;
use crate::{housekeeping, process, push};

/// The time that requests in progress have when the server stops.
const REQUESTS_TIMEOUT: Duration = Duration::from_secs(3);
/// The time to record when users were last seen.
const LAST_SEEN_TIMEOUT: Duration = Duration::from_secs(1);
/// The time to note what was delivered to webhooks.
const DELIVERIES_TIMEOUT: Duration = Duration::from_secs(1);
/// The time that connections have to close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(4);
/// The time to send the last traces and metrics.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(3);
/// The time that the store has to commit queued writes and to close.
const STORE_TIMEOUT: Duration = Duration::from_secs(10);

/// The time between two tries to compose the parts again.
const COMPOSE_EVERY: Duration = Duration::from_millis(500);

/// What the process has for as long as it lives.
struct Base {
    config: Config,
    tls: Option<Arc<Tls>>,
    listeners: Vec<(Arc<TcpListener>, Listen)>,
    metrics: Option<Arc<TcpListener>>,
    /// The open-file limit.
    descriptors: u64,
}

/// Why the parts of the server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// A signal stops the process.
    Stopped,
    /// The database has lost commits.
    Afresh,
}

/// Runs the server until a signal stops it.
pub(crate) async fn serve(config: Config) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let base = Base::of(config).await?;
    let mut has_started = false;
    loop {
        match Composed::of(&base).await {
            Ok(composed) => {
                if !std::mem::replace(&mut has_started, true) {
                    base.say_started(&composed.node);
                }
                if composed.run(&base, &mut signals).await? == Ended::Stopped {
                    return Ok(());
                }
            }
            Err(failure) if !has_started => return Err(failure),
            Err(failure) => {
                tracing::warn!(failure, "the server cannot begin afresh yet");
                tokio::select! {
                    () = signals.until_stopped(base.tls.as_deref()) => return Ok(()),
                    () = tokio::time::sleep(COMPOSE_EVERY) => {}
                }
            }
        }
    }
}

impl Base {
    async fn of(config: Config) -> Result<Self, Failure> {
        let tls = Tls::of(&config)?;
        let mut listeners = Vec::new();
        for listen in &config.server.listen {
            let beside_ipv4 = config.server.listen.iter().any(|other| {
                other.address.is_ipv4() && other.address.port() == listen.address.port() && listen.address.port() != 0
            });
            let listener = bind(listen.address, beside_ipv4)
                .map_err(|error| format!("cannot listen on {}: {error}", listen.address))?;
            listeners.push((Arc::new(listener), *listen));
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
        Ok(Self { config, tls, listeners, metrics: metrics.map(Arc::new), descriptors })
    }

    /// Prints what the server does.
    fn say_started(&self, node: &Node) {
        let mut addresses = Vec::new();
        for (listener, listen) in &self.listeners {
            addresses.push((listener.local_addr().unwrap_or(listen.address), *listen));
        }
        let metrics_address = self.metrics.as_ref().and_then(|metrics| metrics.local_addr().ok());
        let descriptors = left_for_clients(&self.config, self.descriptors);
        let mut lines = start_lines(&self.config, &addresses, metrics_address, self.tls.is_some(), descriptors);
        // The last line stays the last, by which others know that the server runs.
        lines.splice(lines.len() - 1..lines.len() - 1, node.start_line());
        let lines = lines.join("\n") + "\n";
        // The server also runs if standard output is closed.
        let mut stdout = std::io::stdout();
        let _ = stdout.write_all(lines.as_bytes()).and_then(|()| stdout.flush());
    }
}

/// Everything that holds what was worked out from the database.
struct Composed {
    node: Node,
    places: Arc<Places>,
    parts: Parts,
    control: Option<Control>,
}

impl Composed {
    async fn of(base: &Base) -> Result<Self, Failure> {
        let node = Node::of(&base.config, base.descriptors).await?;
        let descriptors = left_for_clients(&base.config, base.descriptors);
        let places = Places::new(base.config.limits.room(descriptors));
        let parts = compose::parts(&base.config, &places, &node).await?;
        // Over PostgreSQL the command line writes by itself, as any node does.
        let admin = parts.database.clone().map(|database| Admin {
            service: parts.service.clone(),
            database: Some(database),
            outbound: parts.outbound.clone(),
            // Clients hear the present.
            clock: None,
        });
        let control = admin.and_then(|admin| listen_for_commands(&base.config.server.data, admin));
        Ok(Self { node, places, parts, control })
    }

    /// Serves clients until a signal stops the process, or until the database has lost commits that clients have seen.
    async fn run(self, base: &Base, signals: &mut Signals) -> Result<Ended, Failure> {
        let Self { node, places, parts, control } = self;
        let Parts { service, database: _, postgres, gateway, engine, rest, outbound, webhooks, cluster, push, export } =
            parts;
        let Base { config, tls, listeners, metrics, .. } = base;
        let fullness = Arc::new(Fullness::default());
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
        let clustered = postgres.clone().zip(cluster.clone());
        let mut running = node.start(config, clustered, &engine, &connections, &stopping).await;
        let mut accepting = Vec::new();
        for (listener, listen) in listeners {
            let accepted = Accepted {
                listen: *listen,
                shared: Arc::clone(&shared),
                places: Arc::clone(&places),
                fullness: Arc::clone(&fullness),
                tls: tls.clone(),
                connections: connections.clone(),
                stopping: stopping.clone(),
            };
            accepting.push(tokio::spawn(accept(Arc::clone(listener), accepted)));
        }
        if let Some(listener) = metrics {
            accepting.push(tokio::spawn(exposition::serve(Arc::clone(listener), service.clone())));
        }
        let housekeeping = tokio::spawn(housekeeping::run(service.clone()));
        let pushing = tokio::spawn(push::run(push, service.clone()));
        let delivering = CancellationToken::new();
        let deliveries = quintet_webhooks::run(service.clone(), outbound, webhooks, delivering.clone());
        let deliveries = tokio::spawn(deliveries);
        let telling = CancellationToken::new();
        let exporting = export.map(|export| tokio::spawn(export.run(service.clone(), telling.clone())));
        let tending = tokio::spawn(tend(places, fullness));
        let leaving = cluster.map(|node| tokio::spawn(node.sends_clients_away(engine.clone(), gateway.clone())));

        let ended = tokio::select! {
            () = signals.until_stopped(tls.as_deref()) => Ended::Stopped,
            () = over(postgres) => Ended::Afresh,
        };

        let close = async move {
            for task in accepting {
                task.abort();
                let _ = task.await;
            }
            if let Some(control) = control {
                let _ = tokio::time::timeout(REQUESTS_TIMEOUT, control.close()).await;
            }
            housekeeping.abort();
            pushing.abort();
            tending.abort();
            // What was delivered is noted while the store still takes writes.
            delivering.cancel();
            let _ = tokio::time::timeout(DELIVERIES_TIMEOUT, deliveries).await;
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
            if let Some(exporting) = exporting {
                telling.cancel();
                let _ = tokio::time::timeout(EXPORT_TIMEOUT, exporting).await;
            }
            // Nothing that was acknowledged is lost: it was committed before.
            closed.map_err(|_| format!("the store did not close within {} s", STORE_TIMEOUT.as_secs()))
        };
        match ended {
            Ended::Stopped => {
                tracing::info!("stopping");
                tokio::select! {
                    closed = close => closed?,
                    // A second signal ends the process at once. Nothing that was acknowledged is lost.
                    () = signals.until_stopped(None) => std::process::exit(1),
                }
            }
            Ended::Afresh => {
                tracing::warn!("all connections are closed, and the server begins afresh");
                if let Err(failure) = close.await {
                    tracing::error!(failure, "what belongs to the lost history has not ended");
                }
            }
        }
        Ok(ended)
    }
}

/// Waits until a store that other processes write to is over; for ever if it is none.
async fn over(postgres: Option<Arc<PostgresStore>>) {
    match postgres {
        Some(store) => store.over().await,
        None => std::future::pending().await,
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
    is_reachable(addresses.iter().copied()) && registration == RegistrationName::Open
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
