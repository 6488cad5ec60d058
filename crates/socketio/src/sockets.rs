//! Socket.IO over an Engine.IO session: namespaces, events and acknowledgements, for an [`Application`].
//!
//! What must stay true: the events of one connection reach the application one at a time, in order; every peer that
//! entered a namespace is reported as disconnected exactly once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use bytes::Bytes;
use http::request;
use serde_json::value::RawValue;

use crate::application::{ConnectError, Handshake};
use crate::assembler::{Assembler, Bounds};
use crate::engineio::{Protocol, Revision, Session};
use crate::id::Id;
use crate::link::{Answer, Control};
use crate::packet::{self, Packet};
use crate::{Application, CloseReason, Event, Frame, Link, PushError};

/// Socket.IO, as what is spoken over Engine.IO.
pub struct SocketIo<A> {
    pub(crate) application: A,
    root: Arc<str>,
}

/// What Socket.IO keeps of one session.
pub struct Sockets<A: Application> {
    visitor: A::Visitor,
    inbound: tokio::sync::Mutex<Inbound<A>>,
    entered: AtomicBool,
    label: AtomicU8,
}

impl<A: Application> Sockets<A> {
    pub(crate) fn label(&self) -> u8 {
        self.label.load(Ordering::Relaxed)
    }
}

struct Inbound<A: Application> {
    peers: Vec<(Link, A::Peer)>,
    assembler: Assembler,
}

type Connection<A> = Arc<Session<SocketIo<A>>>;

impl<A> SocketIo<A> {
    pub(crate) fn new(application: A) -> Self {
        Self { application, root: "/".into() }
    }
}

impl<A: Application> Protocol for SocketIo<A> {
    type State = Sockets<A>;

    fn arrive(&self, request: &request::Parts, remote: SocketAddr) -> Result<Sockets<A>, String> {
        let visitor = self.application.arrive(request, remote)?;
        let inbound = Inbound { peers: Vec::new(), assembler: Assembler::default() };
        Ok(Sockets {
            visitor,
            inbound: tokio::sync::Mutex::new(inbound),
            entered: AtomicBool::new(false),
            label: AtomicU8::new(u8::MAX),
        })
    }

    /// A client of Socket.IO 4 is in the default namespace without asking.
    fn opened(&self, session: &Connection<A>) {
        if session.revision() == Revision::V3 {
            let entering = Arc::clone(session);
            session.spawn(async move {
                let mut inbound = entering.protocol.inbound.lock().await;
                let entered = enter(&entering, &mut inbound, "/", Handshake::default()).await;
                drop(inbound);
                if let Err(reason) = entered {
                    entering.end(reason);
                }
            });
        }
    }

    async fn text(&self, session: &Connection<A>, text: &str) -> Result<(), CloseReason> {
        let mut inbound = session.protocol.inbound.lock().await;
        still_open(session)?;
        let packet = inbound.assembler.text(text, bounds(session)).map_err(|_| CloseReason::ProtocolError)?;
        match packet {
            None => Ok(()),
            Some(packet) => handle(session, &mut inbound, packet, Vec::new()).await,
        }
    }

    async fn binary(&self, session: &Connection<A>, bytes: Bytes) -> Result<(), CloseReason> {
        let mut inbound = session.protocol.inbound.lock().await;
        still_open(session)?;
        let whole = inbound.assembler.binary(bytes, bounds(session)).map_err(|_| CloseReason::ProtocolError)?;
        let Some(whole) = whole else { return Ok(()) };
        match packet::decode(&whole.text, bounds(session).attachments_max) {
            Ok(packet) => handle(session, &mut inbound, packet, whole.attachments).await,
            Err(_) => Err(CloseReason::ProtocolError),
        }
    }

    fn is_settled(&self, session: &Session<Self>) -> bool {
        session.protocol.entered.load(Ordering::Relaxed)
    }

    async fn closed(&self, session: Connection<A>, reason: CloseReason) {
        let peers = std::mem::take(&mut session.protocol.inbound.lock().await.peers);
        for (link, peer) in peers {
            link.stop_asking();
            self.application.disconnected(peer, reason).await;
        }
    }
}

fn bounds<A: Application>(session: &Connection<A>) -> Bounds {
    let config = &session.server().config;
    Bounds { attachments_max: config.attachments_max, bytes_max: config.payload_bytes_max }
}

/// Asked under the lock of `inbound`: once the session has ended, whoever enters would never be seen out.
fn still_open<A: Application>(session: &Connection<A>) -> Result<(), CloseReason> {
    if session.is_over() { Err(CloseReason::TransportClosed) } else { Ok(()) }
}

fn position<A: Application>(inbound: &Inbound<A>, namespace: &str) -> Result<usize, CloseReason> {
    let found = inbound.peers.iter().position(|(link, _)| link.namespace() == namespace);
    found.ok_or(CloseReason::ProtocolError)
}

/// Handles a packet with all its attachments.
async fn handle<A: Application>(
    session: &Connection<A>,
    inbound: &mut Inbound<A>,
    packet: Packet<'_>,
    attachments: Vec<Bytes>,
) -> Result<(), CloseReason> {
    let application = &session.server().protocol.application;
    match packet {
        Packet::Connect { namespace, query, auth } => match session.revision() {
            Revision::V4 => enter(session, inbound, namespace, Handshake::read(auth)).await,
            Revision::V3 => {
                // Its credentials are a query of the namespace's name.
                let auth = query.and_then(query_as_json);
                enter(session, inbound, namespace, Handshake { auth: auth.as_deref(), recovery: None }).await
            }
        },
        Packet::Disconnect { namespace } => {
            let at = position(inbound, namespace)?;
            let (link, peer) = inbound.peers.swap_remove(at);
            link.stop_asking();
            application.disconnected(peer, CloseReason::ClientDisconnected).await;
            Ok(())
        }
        Packet::Event { namespace, ack, data, .. } => {
            let (_, peer) = &inbound.peers[position(inbound, namespace)?];
            let event = packet::event_data(data).map_err(|_| CloseReason::ProtocolError)?;
            let event = Event { name: &event.name, args: &event.args, ack, attachments };
            application.event(peer, event).await;
            Ok(())
        }
        Packet::Ack { namespace, id, data, .. } => {
            let (link, _) = &inbound.peers[position(inbound, namespace)?];
            serde_json::from_str::<Vec<&RawValue>>(data).map_err(|_| CloseReason::ProtocolError)?;
            link.answered(id, Answer { args: data.to_owned(), attachments });
            Ok(())
        }
    }
}

/// The query of a namespace's name as a JSON object.
fn query_as_json(query: &str) -> Option<Box<RawValue>> {
    let fields: serde_json::Map<String, serde_json::Value> = form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| (name.into_owned(), serde_json::Value::from(value.into_owned())))
        .collect();
    serde_json::value::to_raw_value(&fields).ok()
}

async fn enter<A: Application>(
    session: &Connection<A>,
    inbound: &mut Inbound<A>,
    namespace: &str,
    handshake: Handshake<'_>,
) -> Result<(), CloseReason> {
    still_open(session)?;
    let server = session.server();
    if position(inbound, namespace).is_ok() || inbound.peers.len() >= server.config.namespaces_max {
        return Err(CloseReason::ProtocolError);
    }
    let root = &server.protocol.root;
    let namespace: Arc<str> = if namespace == "/" { Arc::clone(root) } else { namespace.into() };
    let link = Link::new(Arc::clone(session) as Arc<dyn Control>, Arc::clone(&namespace));
    let application = &server.protocol.application;
    match application.connect(&session.protocol.visitor, &link, handshake).await {
        Err(error) => {
            let _ = session.outbox().push(refusal(session.revision(), &namespace, &error));
        }
        Ok(peer) => {
            session.protocol.entered.store(true, Ordering::Relaxed);
            link.accept();
            // Most have one.
            inbound.peers.reserve_exact(1);
            inbound.peers.push((link, peer));
            if let Some((_, peer)) = inbound.peers.last() {
                application.connected(peer).await;
            }
        }
    }
    Ok(())
}

fn refusal(revision: Revision, namespace: &str, error: &ConnectError) -> Frame {
    packet::encode_connect_error(
        namespace,
        &match revision {
            Revision::V3 => error.to_json_v4(),
            Revision::V4 => error.to_json(),
        },
    )
}

impl<A: Application> Control for Session<SocketIo<A>> {
    fn revision(&self) -> Revision {
        Self::revision(self)
    }

    fn push(&self, frame: Frame) -> Result<(), PushError> {
        if frame.is_binary() { self.send([frame]) } else { self.outbox().push(frame) }
    }

    fn push_all(&self, frames: Vec<Frame>) -> Result<(), PushError> {
        self.send(frames)
    }

    fn push_volatile(&self, frame: Frame) -> bool {
        self.outbox().push_volatile(frame)
    }

    fn queued_bytes(&self) -> usize {
        self.outbox().queued_bytes()
    }

    fn label(&self, label: u8) {
        self.protocol.label.store(label, Ordering::Relaxed);
    }

    fn is_closed(&self) -> bool {
        self.outbox().closed().is_some()
    }

    fn leave(self: Arc<Self>, socket: Id) {
        let session = Arc::clone(&self);
        self.spawn(async move {
            let mut inbound = session.protocol.inbound.lock().await;
            if let Some(at) = inbound.peers.iter().position(|(link, _)| link.id() == socket) {
                let (link, peer) = inbound.peers.swap_remove(at);
                link.stop_asking();
                let application = &session.server().protocol.application;
                application.disconnected(peer, CloseReason::ServerDisconnected).await;
            }
            let empty = inbound.peers.is_empty();
            drop(inbound);
            if empty {
                session.end(CloseReason::ServerDisconnected);
            }
        });
    }

    fn close(self: Arc<Self>, reason: CloseReason) {
        self.end(reason);
    }
}
