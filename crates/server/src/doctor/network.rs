//! Open files, listeners, encryption, and what stands in front of the server.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};

use super::finding::Finding;
use crate::config::{Config, MetricsListen, RegistrationName};
use crate::listen::is_reachable;
use crate::node::left_for_clients;
use crate::process;

/// The number of connections below which the operator is told.
const CONNECTIONS_LOW: usize = 4_096;

/// Looks at what clients need to reach the server.
pub(super) fn look(config: &Config, is_running: bool) -> Vec<Finding> {
    let mut findings = vec![open_files(config)];
    // The ports of a server that runs are taken, by itself.
    if !is_running {
        findings.extend(ports(config));
    }
    findings.extend(exposure(config));
    findings.extend(proxy(config));
    findings
}

fn open_files(config: &Config) -> Finding {
    let descriptors = left_for_clients(config, process::raise_descriptors());
    let room = config.limits.room(descriptors).connections;
    let said = format!("Clients may have {descriptors} files open, which is room for {room} connections");
    if config.limits.connections.is_none() && room < CONNECTIONS_LOW {
        return Finding::Advice(format!(
            "{said}. Raise the limit where the server is started: LimitNOFILE= in a unit of systemd, `ulimit -n` in a shell."
        ));
    }
    Finding::Good(format!("{said}."))
}

fn ports(config: &Config) -> Vec<Finding> {
    let clients = config.server.listen.iter().map(|listen| ("[server] listen", listen.address));
    let metrics = match config.metrics.listen {
        // The default is left out where it is taken.
        MetricsListen::Off | MetricsListen::Default => None,
        MetricsListen::At(address) => Some(("[metrics] listen", address)),
    };
    clients.chain(metrics).map(|(setting, address)| port(setting, address)).collect()
}

fn port(setting: &str, address: SocketAddr) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => Finding::Good(format!("{address} is free to listen on.")),
        Err(error) => match error.kind() {
            ErrorKind::AddrInUse => Finding::Fault(format!(
                "{address} is taken by another program. End that program, or choose another port in {setting}."
            )),
            ErrorKind::PermissionDenied => Finding::Fault(format!(
                "This user may not listen on {address}. Choose a port from 1024 on in {setting}, or give the process the \
                 capability CAP_NET_BIND_SERVICE."
            )),
            ErrorKind::AddrNotAvailable => Finding::Fault(format!(
                "{address} is no address of this machine. Choose one that is in {setting}, or 0.0.0.0 for all."
            )),
            _ => Finding::Fault(format!("{address} cannot be listened on: {error}. It is named in {setting}.")),
        },
    }
}

/// Whether other machines reach the server, and what they find there.
fn exposure(config: &Config) -> Vec<Finding> {
    if !is_reachable(config.server.listen.iter().map(|listen| listen.address.ip())) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    if config.tls.cert.is_none() && config.limits.trusted_proxies.is_empty() {
        let text = "Other machines reach the server without encryption, and passwords and tokens travel in the open. Name a \
                    certificate in [tls], or put a reverse proxy in front and name it in [limits] trusted_proxies.";
        findings.push(Finding::Advice(text.to_owned()));
    }
    if config.auth.registration == RegistrationName::Open {
        let text =
            "Everybody who reaches the server can register. If that is not meant, set [auth] registration to `invite`.";
        findings.push(Finding::Advice(text.to_owned()));
    }
    findings
}

/// Whether what the settings say of a reverse proxy fits together.
fn proxy(config: &Config) -> Option<Finding> {
    let url = config.server.public_url.as_ref()?;
    let is_behind = url.starts_with("https://") && config.tls.cert.is_none();
    (is_behind && config.limits.trusted_proxies.is_empty()).then(|| {
        Finding::Advice(format!(
            "People reach the server at {url}, so something in front of it speaks TLS; but [limits] trusted_proxies names \
             nothing. All clients seem to have one address then, and share one rate. Name the proxy's address there."
        ))
    })
}
