//! Two echo servers: Engine.IO alone, and Socket.IO with the namespaces `/` and `/custom`. The crate's own tests run
//! against them as well.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use quintet_socketio::engineio::{Protocol, Server, Session};
use quintet_socketio::{Application, CloseReason, Config, ConnectError, Engine, Event, Frame, Handshake, Link};
use serde_json::value::RawValue;
use tokio::net::TcpListener;

/// The Engine.IO server: every message is sent back.
struct Mirror;

impl Protocol for Mirror {
    type State = ();

    fn arrive(&self, _: &http::request::Parts, _: SocketAddr) -> Result<(), String> {
        Ok(())
    }

    async fn text(&self, session: &Arc<Session<Self>>, text: &str) -> Result<(), CloseReason> {
        session.send([Frame::text_parts(&["4", text])]).map_err(|error| error.0)
    }

    async fn binary(&self, session: &Arc<Session<Self>>, bytes: Bytes) -> Result<(), CloseReason> {
        session.send([Frame::binary(&bytes)]).map_err(|error| error.0)
    }

    async fn closed(&self, _: Arc<Session<Self>>, _: CloseReason) {}
}

/// The Socket.IO server with the namespaces `/` and `/custom`.
struct Echo;

impl Application for Echo {
    type Visitor = ();
    type Peer = (Link, String);

    fn arrive(&self, _: &http::request::Parts, _: SocketAddr) -> Result<(), String> {
        Ok(())
    }

    async fn connect(&self, (): &(), link: &Link, handshake: Handshake<'_>) -> Result<Self::Peer, ConnectError> {
        if !["/", "/custom"].contains(&link.namespace()) {
            return Err(ConnectError::invalid_namespace());
        }
        Ok((link.clone(), handshake.auth.map_or("{}", RawValue::get).to_owned()))
    }

    async fn connected(&self, (link, auth): &Self::Peer) {
        let _ = link.emit("auth", auth);
    }

    async fn event(&self, (link, _): &Self::Peer, event: Event<'_>) {
        let args: Vec<&str> = event.args.iter().map(|arg| arg.get()).collect();
        let _ = match (event.name, event.ack) {
            ("message", _) => {
                let data = [&["\"message-back\""], &args[..]].concat().join(",");
                link.emit_data(&format!("[{data}]"), &event.attachments)
            }
            // Sends an event to the client and reports its acknowledgement.
            ("ask-me", None) => {
                let link = link.clone();
                tokio::spawn(async move {
                    let result = match link.ask("[\"question\",42]", &[], Duration::from_millis(200)).await {
                        Ok(answer) => format!("[\"answered\",{}]", answer.args),
                        Err(error) => format!("[\"unanswered\",\"{error}\"]"),
                    };
                    let _ = link.emit_data(&result, &[]);
                });
                Ok(())
            }
            ("message-with-ack", Some(id)) => link.ack(id, &format!("[{}]", args.join(",")), &event.attachments),
            _ => Ok(()),
        };
    }

    async fn disconnected(&self, _: Self::Peer, _: CloseReason) {}
}

/// The timeouts and limits that the public test suites expect.
pub fn config() -> Config {
    Config {
        ping_interval: Duration::from_millis(300),
        ping_timeout: Duration::from_millis(200),
        // Long enough for the suites' sessions that wait for three pings without entering a namespace.
        connect_timeout: Duration::from_millis(1_000),
        payload_bytes_max: 1_000_000,
        ..Config::default()
    }
}

/// Runs both servers until the process ends: Engine.IO at `/engine.io/`, Socket.IO at `/socket.io/`.
pub async fn serve(listener: TcpListener, config: Config) -> std::io::Result<()> {
    let mirror = Server::new(Config { paths: vec!["/engine.io/".to_owned()], ..config.clone() }, Mirror);
    let engine = Engine::new(config, Echo);
    loop {
        let (stream, remote) = listener.accept().await?;
        let (engine, mirror) = (engine.clone(), mirror.clone());
        tokio::spawn(async move {
            let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let (engine, mirror) = (engine.clone(), mirror.clone());
                async move {
                    if engine.serves(request.uri().path()) {
                        return Ok::<_, Infallible>(engine.handle(request, remote).await);
                    }
                    if mirror.serves(request.uri().path()) {
                        return Ok(mirror.handle(request, remote).await);
                    }
                    let mut missing = http::Response::new(Full::default());
                    *missing.status_mut() = http::StatusCode::NOT_FOUND;
                    Ok(missing)
                }
            });
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            let _ = connection.with_upgrades().await;
        });
    }
}
