//! Socket.IO over an Engine.IO session: namespaces, events and acknowledgements, for an [`Application`].
//!
//! What must stay true: the events of one connection reach the application one at a time, in order; every peer that
//! entered a namespace is reported as disconnected exactly once.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use bytes::Bytes;
use http::request;
use quintet_input::{json, query};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::application::{Admission, ConnectError, EventHead, Handshake, Incoming};
use crate::assembler::{Assembler, Bounds};
use crate::engineio::{Protocol, Revision, Session};
use crate::id::Id;
use crate::link::{Answer, Control};
use crate::packet::{self, Head, Kind, Packet};
use crate::unfinished::Reservation;
use crate::websocket::{BinaryBound, MessageBounds, PassedOver, Skipped};
use crate::{Application, CloseReason, Event, Frame, Holder, Link, Outbox, Party, PushError, Transport};

/// The Socket.IO protocol over Engine.IO sessions.
pub struct SocketIo<A> {
    pub(crate) application: A,
    root: Arc<str>,
}

/// The Socket.IO state of one session.
pub struct Sockets<A: Application> {
    visitor: A::Visitor,
    inbound: tokio::sync::Mutex<Inbound<A>>,
    namespaces: Mutex<NamespaceState>,
    /// How the next binary message is handled, as an encoded [`BinaryBound`]: 0 is `Refuse`, [`u32::MAX`] is `Skip`,
    /// and another number is one more than the bytes of `UpTo`.
    expected: AtomicU32,
    label: AtomicU8,
}

impl<A: Application> Sockets<A> {
    pub(crate) fn label(&self) -> u8 {
        self.label.load(Ordering::Relaxed)
    }

    fn namespaces(&self) -> MutexGuard<'_, NamespaceState> {
        self.namespaces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores what the assembler expects, so that the transport can read it without waiting for the lock of `inbound`.
    fn expect(&self, expected: BinaryBound) {
        let expected = match expected {
            BinaryBound::Refuse => 0,
            // No message may have four gigabytes.
            BinaryBound::UpTo(bytes) => u32::try_from(bytes + 1).unwrap_or(u32::MAX - 1),
            BinaryBound::Skip => u32::MAX,
        };
        self.expected.store(expected, Ordering::Release);
    }

    fn expected(&self) -> BinaryBound {
        match self.expected.load(Ordering::Acquire) {
            0 => BinaryBound::Refuse,
            u32::MAX => BinaryBound::Skip,
            bytes => BinaryBound::UpTo(bytes as usize - 1),
        }
    }
}

/// The counts and times of a session's namespaces that the CONNECT timeout is based on.
struct NamespaceState {
    /// Number of namespaces that are entered now.
    peers: u32,
    /// Whether a CONNECT is being handled.
    entering: bool,
    /// Whether a namespace was ever entered.
    entered: bool,
    /// When the session opened or left its last namespace. Not used while a namespace is entered.
    outside_since: Instant,
    /// Whether a check of the CONNECT timeout is scheduled.
    watched: bool,
}

struct Inbound<A: Application> {
    peers: Vec<(Link, A::Peer)>,
    assembler: Assembler,
    /// The reservation for the bytes that the assembler holds.
    reservation: Option<Box<Reservation>>,
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
        let inbound = Inbound { peers: Vec::new(), assembler: Assembler::default(), reservation: None };
        let namespaces =
            NamespaceState { peers: 0, entering: false, entered: false, outside_since: Instant::now(), watched: true };
        Ok(Sockets {
            visitor,
            inbound: tokio::sync::Mutex::new(inbound),
            namespaces: Mutex::new(namespaces),
            expected: AtomicU32::new(0),
            label: AtomicU8::new(u8::MAX),
        })
    }

    /// Clients of Socket.IO 4 enter the default namespace without sending a CONNECT.
    fn opened(&self, session: &Connection<A>) {
        let weak: Weak<dyn Control> = Arc::downgrade(&(Arc::clone(session) as Arc<dyn Control>));
        self.application.opened(&session.protocol.visitor, Transport(weak));
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

    fn bounds(&self, session: &Session<Self>) -> MessageBounds {
        let config = &session.server().config;
        let binary = session.protocol.expected();
        let inflates = self.application.inflates(&session.protocol.visitor);
        MessageBounds { text: config.event_bytes_max, binary, inflates, skipped: config.payload_bytes_max }
    }

    async fn text(&self, session: &Connection<A>, text: &str) -> Result<(), CloseReason> {
        let mut inbound = session.protocol.inbound.lock().await;
        check_open(session)?;
        let bounds = bounds(session);
        let head = packet::head(text, bounds.attachments_max).map_err(|_| CloseReason::ProtocolError)?;
        if !admit(session, &inbound, head, text.len(), None)? {
            if head.attachments > 0 {
                inbound.assembler.refuse(head.attachments);
                session.protocol.expect(inbound.assembler.expects(bounds));
            }
            return Ok(());
        }
        let text = json::well_formed(text);
        let packet = inbound.assembler.text(&text, bounds).map_err(|_| CloseReason::ProtocolError)?;
        match packet {
            None => update_reservation(session, &mut inbound),
            Some(packet) => handle(session, &mut inbound, packet, Vec::new()).await,
        }
    }

    async fn binary(&self, session: &Connection<A>, bytes: Bytes) -> Result<(), CloseReason> {
        let mut inbound = session.protocol.inbound.lock().await;
        check_open(session)?;
        admit_attachment(session, bytes.len())?;
        let whole = inbound.assembler.binary(bytes, bounds(session)).map_err(|_| CloseReason::ProtocolError)?;
        update_reservation(session, &mut inbound)?;
        let Some(whole) = whole else { return Ok(()) };
        match packet::decode(&whole.text, bounds(session).attachments_max) {
            Ok(packet) => handle(session, &mut inbound, packet, whole.attachments).await,
            Err(_) => Err(CloseReason::ProtocolError),
        }
    }

    async fn skipped(&self, session: &Connection<A>, skipped: Skipped) -> Result<(), CloseReason> {
        let mut inbound = session.protocol.inbound.lock().await;
        check_open(session)?;
        if skipped.binary {
            admit_attachment(session, skipped.bytes)?;
            inbound.assembler.skipped().map_err(|_| CloseReason::ProtocolError)?;
            session.protocol.expect(inbound.assembler.expects(bounds(session)));
            return Ok(());
        }
        let head = packet::head(skipped.head_text(), bounds(session).attachments_max);
        let head = head.map_err(|_| CloseReason::ProtocolError)?;
        if head.attachments > 0 || inbound.assembler.held_bytes().is_some() {
            return Err(CloseReason::TOO_LARGE);
        }
        match admit(session, &inbound, head, skipped.bytes, Some(skipped.why))? {
            true => Err(CloseReason::TOO_LARGE),
            false => Ok(()),
        }
    }

    fn control(&self, session: &Session<Self>) -> Result<(), CloseReason> {
        match self.application.admit(&session.protocol.visitor, Incoming::Control) {
            Admission::Close(reason) => Err(reason),
            Admission::Take | Admission::Drop | Admission::Refuse(_) => Ok(()),
        }
    }

    fn unsettled_since(&self, session: &Session<Self>) -> Option<Instant> {
        let mut namespaces = session.protocol.namespaces();
        if namespaces.peers > 0 {
            namespaces.watched = false;
            return None;
        }
        // While the application handles a CONNECT, the client is not the one that is late.
        Some(if namespaces.entering { Instant::now() } else { namespaces.outside_since })
    }

    fn party(&self, session: &Session<Self>) -> Party {
        self.application.party(&session.protocol.visitor)
    }

    async fn closed(&self, session: Connection<A>, reason: CloseReason) {
        let peers = {
            let mut inbound = session.protocol.inbound.lock().await;
            inbound.assembler = Assembler::default();
            inbound.reservation = None;
            std::mem::take(&mut inbound.peers)
        };
        if !session.protocol.namespaces().entered {
            self.application.never_entered(&session.protocol.visitor, reason);
        }
        for (link, peer) in peers {
            link.cancel_pending_acks();
            self.application.disconnected(peer, reason).await;
        }
    }
}

fn bounds<A: Application>(session: &Connection<A>) -> Bounds {
    let config = &session.server().config;
    Bounds { attachments_max: config.attachments_max, bytes_max: config.payload_bytes_max }
}

/// Asks the application whether a packet is to be handled.
fn admit<A: Application>(
    session: &Connection<A>,
    inbound: &Inbound<A>,
    head: Head<'_>,
    bytes: usize,
    passed_over: Option<PassedOver>,
) -> Result<bool, CloseReason> {
    if inbound.assembler.held_bytes().is_some() {
        // No other packet may come between a packet and its attachments.
        return Err(CloseReason::ProtocolError);
    }
    let incoming = match head.kind {
        Kind::Connect => Incoming::Connect { bytes, passed_over },
        Kind::Event => {
            let (_, peer) = &inbound.peers[position(inbound, head.namespace)?];
            Incoming::Event { peer, head: EventHead { ack: head.ack, data: head.data }, bytes, passed_over }
        }
        Kind::Ack | Kind::Disconnect => {
            position(inbound, head.namespace)?;
            if passed_over.is_some() {
                return Err(CloseReason::TOO_LARGE);
            }
            Incoming::Other { bytes }
        }
    };
    match session.server().protocol.application.admit(&session.protocol.visitor, incoming) {
        Admission::Take => Ok(true),
        Admission::Drop => Ok(false),
        Admission::Refuse(error) => {
            let _ = session.outbox().push(refusal(session.revision(), head.namespace, &error));
            Ok(false)
        }
        Admission::Close(reason) => Err(reason),
    }
}

/// Reports an attachment to the application, which counts it even if its packet was refused.
fn admit_attachment<A: Application>(session: &Connection<A>, bytes: usize) -> Result<(), CloseReason> {
    let incoming = Incoming::Attachment { bytes };
    match session.server().protocol.application.admit(&session.protocol.visitor, incoming) {
        Admission::Close(reason) => Err(reason),
        Admission::Take | Admission::Drop | Admission::Refuse(_) => Ok(()),
    }
}

/// Updates the reservation for the assembler's bytes, and stores what the assembler expects next.
fn update_reservation<A: Application>(session: &Connection<A>, inbound: &mut Inbound<A>) -> Result<(), CloseReason> {
    session.protocol.expect(inbound.assembler.expects(bounds(session)));
    match inbound.assembler.held_bytes() {
        None => inbound.reservation = None,
        Some(bytes) => {
            let holder = || Arc::clone(session) as Arc<dyn Holder>;
            session.server().config.unfinished.hold(&mut inbound.reservation, bytes, holder)?;
        }
    }
    Ok(())
}

/// Checks that the session has not ended. Called under the lock of `inbound`: a peer that entered after the end would
/// never be reported as disconnected.
fn check_open<A: Application>(session: &Connection<A>) -> Result<(), CloseReason> {
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
                // Clients of Socket.IO 4 send credentials as a query string behind the namespace's name.
                let auth = query.and_then(query_as_json);
                enter(session, inbound, namespace, Handshake { auth: auth.as_deref(), recovery: None }).await
            }
        },
        Packet::Disconnect { namespace } => {
            let at = position(inbound, namespace)?;
            let (link, peer) = inbound.peers.swap_remove(at);
            link.cancel_pending_acks();
            application.disconnected(peer, CloseReason::ClientDisconnected).await;
            on_namespace_left(session);
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
            serde_json::from_str::<IgnoredAny>(data).map_err(|_| CloseReason::ProtocolError)?;
            link.on_ack(id, Answer { args: data.to_owned(), attachments });
            Ok(())
        }
    }
}

/// Returns the query string of a namespace's name as a JSON object.
fn query_as_json(query: &str) -> Option<Box<RawValue>> {
    let fields: serde_json::Map<String, serde_json::Value> = query::pairs(query)
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
    check_open(session)?;
    let server = session.server();
    if position(inbound, namespace).is_ok() || inbound.peers.len() >= server.config.namespaces_max {
        return Err(CloseReason::ProtocolError);
    }
    let root = &server.protocol.root;
    let namespace: Arc<str> = if namespace == "/" { Arc::clone(root) } else { namespace.into() };
    let link = Link::new(Arc::clone(session) as Arc<dyn Control>, Arc::clone(&namespace));
    let application = &server.protocol.application;
    let entering = Entering::begin(&session.protocol);
    match application.connect(&session.protocol.visitor, &link, handshake).await {
        Err(error) => {
            drop(entering);
            let _ = session.outbox().push(refusal(session.revision(), &namespace, &error));
        }
        Ok(peer) => {
            entering.done();
            link.accept();
            // Most connections have exactly one peer.
            inbound.peers.reserve_exact(1);
            inbound.peers.push((link, peer));
            if let Some((_, peer)) = inbound.peers.last() {
                application.connected(peer).await;
            }
        }
    }
    Ok(())
}

/// Marks that a CONNECT is being handled, which stops the CONNECT timeout. Dropping it clears the mark.
struct Entering<'a, A: Application>(&'a Sockets<A>);

impl<'a, A: Application> Entering<'a, A> {
    fn begin(sockets: &'a Sockets<A>) -> Self {
        sockets.namespaces().entering = true;
        Self(sockets)
    }

    fn done(self) {
        let mut namespaces = self.0.namespaces();
        namespaces.peers += 1;
        namespaces.entered = true;
    }
}

impl<A: Application> Drop for Entering<'_, A> {
    fn drop(&mut self) {
        self.0.namespaces().entering = false;
    }
}

/// Notes that a namespace was left. If it was the last one, the CONNECT timeout starts again.
fn on_namespace_left<A: Application>(session: &Connection<A>) {
    let watch = {
        let mut namespaces = session.protocol.namespaces();
        namespaces.peers -= 1;
        let outside = namespaces.peers == 0;
        if outside {
            namespaces.outside_since = Instant::now();
        }
        outside && !std::mem::replace(&mut namespaces.watched, true)
    };
    if watch {
        session.await_connect();
    }
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

    fn outbox(&self) -> &Outbox {
        Self::outbox(self)
    }

    fn label(&self, label: u8) {
        self.protocol.label.store(label, Ordering::Relaxed);
    }

    fn leave(self: Arc<Self>, socket: Id) {
        let session = Arc::clone(&self);
        self.spawn(async move {
            let mut inbound = session.protocol.inbound.lock().await;
            if let Some(at) = inbound.peers.iter().position(|(link, _)| link.id() == socket) {
                let (link, peer) = inbound.peers.swap_remove(at);
                link.cancel_pending_acks();
                let application = &session.server().protocol.application;
                application.disconnected(peer, CloseReason::ServerDisconnected).await;
                on_namespace_left(&session);
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
