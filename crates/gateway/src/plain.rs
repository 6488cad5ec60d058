//! The same vocabularies over a plain WebSocket: one JSON text frame each way.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use quintet_domain::Refusal;
use quintet_socketio::upgrade::{WithStream, with_stream};
use quintet_socketio::websocket::{self, Deflate, Handled, Handler, Message, Socket};
use quintet_socketio::{CloseReason, Frame, Outbox};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::connect::{self, Auth, Visitor};
use crate::connection::{Connection, Out};
use crate::{Gateway, session};

/// Time between two WebSocket pings; a connection that was silent for all of it is closed.
const PING_EVERY: Duration = Duration::from_secs(25);

/// The close code of a refusal.
const REFUSED: u16 = 4401;

/// A frame of a client.
#[derive(Deserialize)]
struct ClientFrame<'a> {
    event: String,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    id: Option<u64>,
}

impl Gateway {
    /// Answers a request for a plain WebSocket.
    pub fn plain<B>(&self, request: Request<B>, remote: SocketAddr) -> Response<Full<Bytes>> {
        let (mut parts, _) = request.into_parts();
        let settings = self.0.settings;
        let plain = |status: StatusCode, why: String| {
            let mut response = Response::new(Full::from(why));
            *response.status_mut() = status;
            response
        };
        let accepted = match websocket::accept(&parts, settings.compression_threshold.is_some()) {
            Ok(accepted) => accepted,
            Err(why) => return plain(StatusCode::BAD_REQUEST, why.to_string()),
        };
        if let Err(refusal) = self.0.service.rates().connection(remote.ip()) {
            self.refused(&refusal);
            let mut response = plain(StatusCode::TOO_MANY_REQUESTS, refusal.message);
            let wait = refusal.retry_after_ms.unwrap_or_default().div_ceil(1_000);
            response.headers_mut().insert(http::header::RETRY_AFTER, wait.into());
            return response;
        }
        let Some(upgrade) = parts.extensions.remove::<hyper::upgrade::OnUpgrade>() else {
            return plain(StatusCode::BAD_REQUEST, "this connection cannot be upgraded".to_owned());
        };
        let visitor = Visitor::of(&parts, remote.ip());
        let threshold = settings.compression_threshold.filter(|_| accepted.deflate);
        let deflate = threshold.map(|threshold| Deflate { threshold });
        self.0.tasks.spawn(with_stream(upgrade, Plain { gateway: self.clone(), visitor, deflate }));
        accepted.response
    }
}

struct Plain {
    gateway: Gateway,
    visitor: Visitor,
    deflate: Option<Deflate>,
}

impl WithStream for Plain {
    async fn run<S>(self, stream: S, first: Bytes)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { gateway, visitor, deflate } = self;
        let settings = gateway.0.settings;
        let socket = Socket::new(stream, &first, settings.frame_bytes_max, deflate);
        drop(first);
        let outbox = Arc::new(Outbox::new(settings.queue_bytes_max));
        let out = Out::Plain(Arc::clone(&outbox));
        let plain = || gateway.0.plain.lock().unwrap_or_else(PoisonError::into_inner);
        let key = gateway.0.next_id.fetch_add(1, Ordering::Relaxed);
        plain().insert(key, crate::Plain { outbox: Arc::downgrade(&outbox), connection: Weak::new() });
        let auth = Auth::default();
        let connected = match connect::asked_dialect(&visitor, &auth) {
            Ok(dialect) => connect::connect(&gateway, &visitor, &auth, dialect, None, out).await,
            Err(refusal) => Err(refusal),
        };
        let connection = match connected {
            Ok(connection) => connection,
            Err(refusal) => {
                gateway.refused(&refusal);
                plain().remove(&key);
                socket.finish(Frame::close(REFUSED, &refusal.message)).await;
                return;
            }
        };
        if let Some(plain) = plain().get_mut(&key) {
            plain.connection = Arc::downgrade(&connection);
        }
        let alive = Arc::new(AtomicBool::new(true));
        let frames = JsonFrames {
            gateway: gateway.clone(),
            connection: Arc::clone(&connection),
            outbox: Arc::clone(&outbox),
            alive: Arc::clone(&alive),
        };
        tokio::select! {
            () = socket.drive(frames) => {}
            () = keep_alive(&outbox, &alive) => {}
        }
        plain().remove(&key);
        gateway.left(&connection, outbox.closed().unwrap_or(CloseReason::TransportClosed)).await;
    }
}

/// Pings while the peer answers; closes the outbox, which ends the driver, when it does not.
async fn keep_alive(outbox: &Outbox, alive: &AtomicBool) {
    loop {
        tokio::time::sleep(PING_EVERY).await;
        if !alive.swap(false, Ordering::Relaxed) {
            outbox.close(CloseReason::PingTimeout);
            return std::future::pending().await;
        }
        let _ = outbox.push(Frame::ping());
    }
}

struct JsonFrames {
    gateway: Gateway,
    connection: Arc<Connection>,
    outbox: Arc<Outbox>,
    alive: Arc<AtomicBool>,
}

impl Handler for JsonFrames {
    fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    fn message(&mut self, message: Message) -> Handled {
        let Message::Text(text) = message else {
            refuse(&self.connection, "must be JSON text, not binary");
            return Handled::Done;
        };
        let (gateway, connection) = (self.gateway.clone(), Arc::clone(&self.connection));
        Handled::Busy(Box::pin(async move {
            match serde_json::from_str::<ClientFrame<'_>>(&text) {
                Ok(frame) => {
                    let args: Vec<&RawValue> = frame.data.into_iter().collect();
                    let asked = session::Asked { name: &frame.event, args: &args, ack: frame.id };
                    session::event(&gateway, &connection, asked, Vec::new()).await;
                }
                Err(error) => refuse(&connection, &format!("is not `{{\"event\", \"data\", \"id\"}}`: {error}")),
            }
            Ok(())
        }))
    }

    fn alive(&mut self) {
        self.alive.store(true, Ordering::Relaxed);
    }

    fn closed(&mut self, _: CloseReason) {}
}

fn refuse(connection: &Connection, what: &str) {
    connection.out.emit(&quintet_dialect::error_event(&Refusal::invalid("frame", what)));
}
