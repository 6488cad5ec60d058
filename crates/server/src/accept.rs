//! Accepting connections: from a listener to the requests of each connection.
//!
//! What must stay true: no connection is served without a place.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use quintet_domain::Code;
use quintet_service::Refused;
use quintet_socketio::upgrade::Watched;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::edge::fullness::Fullness;
use crate::edge::http_state::{IDLE_TIMEOUT, Step};
use crate::edge::place::{Peer, Place};
use crate::edge::places::{self, Places};
use crate::edge::respond::{HEADERS_MAX, Shared, respond};
use crate::listen::Listen;
use crate::process;
use crate::tls::Tls;

/// The number of connections that may wait to be accepted. The system has its own limit (`net.core.somaxconn`).
const BACKLOG: i32 = 16_384;

/// The largest head of a request in bytes, including its first line.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// The largest number of headers that are parsed, more than a request may have: one with too many of them is answered with
/// a sentence, and one with even more by its status alone.
const HEADERS_PARSED_MAX: usize = 2 * HEADERS_MAX;
/// The largest number of bytes buffered of one connection's input, and of its output.
const BUFFER_BYTES_MAX: usize = 64 * 1024;

/// Binds a listener with a long backlog. If the backlog is full, the system drops a new connection, and its client
/// retries only after a second. `beside_ipv4` says whether an IPv4 address is listened on at the same port: an IPv6
/// listener then leaves IPv4 alone, which it would otherwise take as well.
pub(crate) fn bind(address: SocketAddr, beside_ipv4: bool) -> std::io::Result<TcpListener> {
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

/// The state shared by all connections of a listener.
#[derive(Clone)]
pub(crate) struct Accepted {
    pub(crate) listen: Listen,
    pub(crate) shared: Arc<Shared>,
    pub(crate) places: Arc<Places>,
    pub(crate) fullness: Arc<Fullness>,
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) connections: TaskTracker,
    pub(crate) stopping: watch::Receiver<bool>,
}

/// Closes overdue connections once a second, until the future is dropped.
pub(crate) async fn tend(places: Arc<Places>, fullness: Arc<Fullness>) {
    let mut tick = tokio::time::interval(places::TEND_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        places.tend();
        fullness.look(&places);
    }
}

/// Accepts the connections of a listener, until the future is dropped.
pub(crate) async fn accept(listener: Arc<TcpListener>, accepted: Accepted) {
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
