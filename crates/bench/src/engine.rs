//! The Socket.IO engine alone, as a server of rooms. The difference to Quintet is the cost of everything above the
//! engine.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use quintet_socketio::{Application, CloseReason, Config, ConnectError, Engine, Event, Frame, Handshake, Link, packet};

/// The connections in each room.
#[derive(Default)]
struct Rooms(Mutex<HashMap<String, Vec<Link>>>);

struct Peer {
    link: Link,
    room: Arc<str>,
}

impl Application for Rooms {
    type Visitor = Arc<str>;
    type Peer = Peer;

    fn arrive(&self, request: &http::request::Parts, _: SocketAddr) -> Result<Arc<str>, String> {
        let query = request.uri.query().unwrap_or_default();
        Ok(query.split('&').find_map(|pair| pair.strip_prefix("room=")).unwrap_or_default().into())
    }

    async fn connect(&self, room: &Arc<str>, link: &Link, _: Handshake<'_>) -> Result<Peer, ConnectError> {
        let mut rooms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rooms.entry(room.to_string()).or_default().push(link.clone());
        Ok(Peer { link: link.clone(), room: Arc::clone(room) })
    }

    async fn event(&self, peer: &Peer, event: Event<'_>) {
        let (Some(id), Some(message)) = (event.ack, event.args.first()) else { return };
        // As many bytes as Quintet writes for a message in the `conversations` dialect.
        let payload = format!("{{\"message\":{message},\"conversationId\":\"{}\",\"rest\":\"{:300}\"}}", peer.room, "");
        let frame: Frame = packet::encode_event("/", "receive_message", &payload);
        {
            let rooms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for link in rooms.get(&*peer.room).into_iter().flatten() {
                let _ = link.send(frame.clone());
            }
        }
        let _ = peer.link.ack(id, "[{\"success\":true}]", &[]);
    }

    async fn disconnected(&self, peer: Peer, _: CloseReason) {
        let mut rooms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(links) = rooms.get_mut(&*peer.room) {
            links.retain(|link| link.id() != peer.link.id());
        }
    }
}

/// Serves until the process is ended.
pub(crate) fn serve(port: u16) -> std::io::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let engine = Engine::new(Config::default(), Rooms::default());
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
        let listener = socket.listen(16_384)?;
        loop {
            let (stream, remote) = listener.accept().await?;
            let _ = stream.set_nodelay(true);
            let engine = engine.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                    let engine = engine.clone();
                    async move { Ok::<_, Infallible>(answer(&engine, request, remote).await) }
                });
                let connection = hyper::server::conn::http1::Builder::new();
                let _ = connection.serve_connection(TokioIo::new(stream), service).with_upgrades().await;
            });
        }
    })
}

async fn answer(
    engine: &Engine<Rooms>,
    request: http::Request<hyper::body::Incoming>,
    remote: SocketAddr,
) -> http::Response<Full<bytes::Bytes>> {
    if engine.serves(request.uri().path()) {
        return engine.handle(request, remote).await;
    }
    let mut missing = http::Response::new(Full::default());
    *missing.status_mut() = http::StatusCode::NOT_FOUND;
    missing
}
