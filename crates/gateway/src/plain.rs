//! The dialects over a plain WebSocket: one JSON text frame for each event, in both directions.
//!
//! What must stay true: admission, limits and order are those of Socket.IO connections; only the framing differs.

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use quintet_domain::Refusal;
use quintet_domain::limits::EVENT_BYTES_MAX;
use quintet_input::json;
use quintet_socketio::upgrade::{WithStream, with_stream};
use quintet_socketio::websocket::{
    self, BinaryBound, Deflate, HEAD_BYTES_MAX, Handled, Handler, Message, MessageBounds, Socket,
};
use quintet_socketio::{Admission, CloseReason, Frame, Holder, Outbox, Party, Unfinished};
use quintet_telemetry::scoped;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor as Visit};
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::admit::EventHead;
use crate::census::SERVICES_NAME;
use crate::client::{Client, TransportHandle};
use crate::connect::{self, Auth};
use crate::connection::{Connection, Out};
use crate::gateway::{Gateway, PlainSocket};
use crate::traced::ConnectSpan;
use crate::visitor::Visitor;
use crate::{services, session};

/// Time between two WebSocket pings. A connection that was silent for all of it is closed.
const PING_EVERY: Duration = Duration::from_secs(25);

/// The close code of a refused connection.
const REFUSED: u16 = 4401;

/// A frame of a client: the name of an event, its payload, and the id of its acknowledgement.
#[derive(Deserialize)]
struct ClientFrame<'a> {
    event: String,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    id: Option<u64>,
}

impl Gateway {
    /// Answers the upgrade request of a plain WebSocket.
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
        let visitor = match self.admit_client(&parts, remote) {
            Ok(visitor) => visitor,
            Err(refusal) => {
                let Some(ms) = refusal.retry_after_ms else { return plain(StatusCode::FORBIDDEN, refusal.message) };
                let mut response = plain(StatusCode::TOO_MANY_REQUESTS, refusal.message);
                response.headers_mut().insert(http::header::RETRY_AFTER, ms.div_ceil(1_000).into());
                return response;
            }
        };
        let Some(upgrade) = parts.extensions.remove::<hyper::upgrade::OnUpgrade>() else {
            return plain(StatusCode::BAD_REQUEST, "this connection cannot be upgraded".to_owned());
        };
        let threshold = settings.compression_threshold.filter(|_| accepted.deflate);
        let deflate = threshold.map(|threshold| Deflate { threshold });
        let after = services::after(parts.uri.query());
        self.0.tasks.spawn(with_stream(upgrade, Plain { gateway: self.clone(), visitor, deflate, after }));
        accepted.response
    }
}

struct Plain {
    gateway: Gateway,
    visitor: Visitor,
    deflate: Option<Deflate>,
    /// The position behind which a service wants to hear everything.
    after: Option<String>,
}

impl WithStream for Plain {
    async fn run<S>(self, stream: S, first: Bytes)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { gateway, visitor, deflate, after } = self;
        let settings = gateway.0.settings;
        let socket = Socket::new(stream, &first, deflate);
        drop(first);
        let outbox = Arc::new(Outbox::new(settings.queue_bytes_max));
        let out = Out::Plain(Arc::clone(&outbox));
        visitor.client.open(TransportHandle::Plain(Arc::downgrade(&outbox)));
        let plain = || gateway.0.plain.lock().unwrap_or_else(PoisonError::into_inner);
        let key = gateway.0.next_id.fetch_add(1, Ordering::Relaxed);
        plain().insert(key, PlainSocket { outbox: Arc::downgrade(&outbox), connection: Weak::new() });
        let auth = Auth::default();
        let span = ConnectSpan::begin(&gateway.0.service, visitor.request_span.as_deref());
        let connected = scoped(span.scope(), async {
            if visitor.dialect() == Some(SERVICES_NAME) {
                return services::connect(&gateway, &visitor, &auth, None, out, after).await;
            }
            let dialect = connect::asked_dialect(&visitor, &auth)?;
            connect::connect(&gateway, &visitor, &auth, dialect, None, out).await
        });
        let connected = connected.await;
        span.end(connected.as_deref().map_err(|refusal| refusal.code));
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
        // The copies of the request are not needed any more.
        drop(visitor);
        let alive = Arc::new(AtomicBool::new(true));
        let frames = JsonFrames {
            gateway: gateway.clone(),
            connection: Arc::clone(&connection),
            outbox: Arc::clone(&outbox),
            alive: Arc::clone(&alive),
            holder: Arc::new(FrameHolder { client: Arc::clone(&connection.client), outbox: Arc::clone(&outbox) }),
        };
        tokio::select! {
            () = socket.drive(frames) => {}
            () = keep_alive(&outbox, &alive) => {}
        }
        plain().remove(&key);
        let reason = outbox.closed().unwrap_or(CloseReason::TransportClosed);
        scoped(connection.scope(), gateway.left(&connection, reason)).await;
    }
}

/// Pings while the peer answers; else closes the outbox, which ends the driver.
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
    holder: Arc<FrameHolder>,
}

impl Handler for JsonFrames {
    fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    fn bounds(&self) -> MessageBounds {
        let skipped = self.gateway.0.settings.frame_bytes_max;
        let inflates = self.gateway.may_inflate(&self.connection.client);
        MessageBounds { text: EVENT_BYTES_MAX, binary: BinaryBound::Skip, inflates, skipped }
    }

    fn unfinished(&self) -> &Unfinished {
        &self.gateway.0.doors.unfinished
    }

    fn holder(&self) -> Arc<dyn Holder> {
        Arc::clone(&self.holder) as Arc<dyn Holder>
    }

    fn control(&mut self) -> Result<(), CloseReason> {
        match self.gateway.admit_small(&self.connection.client, 0) {
            Admission::Close(reason) => Err(reason),
            Admission::Take | Admission::Drop | Admission::Refuse(_) => Ok(()),
        }
    }

    fn message(&mut self, message: Message) -> Handled {
        let admission = match &message {
            Message::Text(text) => self.gateway.admit_event(&self.connection, || peek(text), text.len(), None),
            Message::Skipped(skipped) if !skipped.binary => {
                let head = || peek(skipped.head_text());
                self.gateway.admit_event(&self.connection, head, skipped.bytes, Some(skipped.why))
            }
            Message::Skipped(_) | Message::Binary(_) => {
                let refusal = Refusal::invalid("frame", "must be JSON text, not binary");
                self.gateway.refuse_event(&self.connection, (None, None), refusal)
            }
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => return Handled::Done,
        };
        let text = match (admission, message) {
            (Admission::Close(reason), _) => return Handled::Close(reason),
            (Admission::Take, Message::Text(text)) => text,
            (Admission::Take | Admission::Drop | Admission::Refuse(_), _) => return Handled::Done,
        };
        let (gateway, connection) = (self.gateway.clone(), Arc::clone(&self.connection));
        Handled::Busy(Box::pin(async move {
            match serde_json::from_str::<ClientFrame<'_>>(&json::well_formed(&text)) {
                Ok(frame) => {
                    let args: Vec<&RawValue> = frame.data.into_iter().collect();
                    let event = session::ClientEvent { name: &frame.event, args: &args, ack: frame.id };
                    session::event(&gateway, &connection, event, Vec::new()).await;
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

/// Closes a plain WebSocket that holds bytes of an unfinished frame.
struct FrameHolder {
    client: Arc<Client>,
    outbox: Arc<Outbox>,
}

impl Holder for FrameHolder {
    fn party(&self) -> Party {
        self.client.party()
    }

    fn give_up(self: Arc<Self>, reason: CloseReason) {
        self.outbox.close(reason);
    }
}

/// Reads the event and the id of the beginning of a frame, as far as they precede its data.
fn peek(text: &str) -> EventHead {
    let mut head = (None, None);
    let text = json::well_formed(&text[..text.floor_char_boundary(HEAD_BYTES_MAX)]);
    let mut deserializer = serde_json::Deserializer::from_str(&text);
    // Parsing ends in an error where the data begins; what precedes it has been read by then.
    let _ = deserializer.deserialize_map(Peek(&mut head));
    head
}

struct Peek<'h>(&'h mut EventHead);

impl<'de> Visit<'de> for Peek<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut object: M) -> Result<(), M::Error> {
        let Self((name, id)) = self;
        while let Some(key) = object.next_key::<String>()? {
            match key.as_str() {
                "event" => *name = Some(object.next_value()?),
                "id" => *id = object.next_value()?,
                _ => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

fn refuse(connection: &Connection, what: &str) {
    connection.out.emit(&quintet_dialect::error_event(&Refusal::invalid("frame", what)));
}
