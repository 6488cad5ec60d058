//! One Engine.IO session and the Socket.IO connection that lives in it.
//!
//! What must stay true: packets are handled one at a time, in order; every peer that entered a namespace is
//! reported as disconnected exactly once; a session is polled by at most one request at a time.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::application::Control;
use crate::engineio::{self, Packet as EnginePacket};
use crate::http::Inner;
use crate::packet::{self, Packet};
use crate::wheel::{Alarm, Alarmed};
use crate::{Application, CloseReason, Event, Frame, Link, Outbox, websocket};

/// Time that a closed polling session keeps its last frames for a client that comes back for them.
const FORGET_AFTER: Duration = Duration::from_secs(5);

/// How long a poll is held while a WebSocket is probed.
const RELEASE_AFTER: Duration = Duration::from_millis(100);

const BEAT_IDLE: u8 = 0;
const BEAT_AWAITED: u8 = 1;
const BEAT_ANSWERED: u8 = 2;

/// Which transport owns the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transport {
    Polling { waiting: bool, posting: bool, upgrade: Upgrade },
    WebSocket,
}

/// How far a WebSocket has come that wants to take over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Upgrade {
    None,
    Opened,
    /// Its probe was answered: polls are let go, so that the client can pause its polling.
    Probed,
}

impl Transport {
    /// Whether polls wait no longer for frames: the WebSocket was probed, or has taken over.
    fn releases_polls(self) -> bool {
        matches!(self, Self::WebSocket | Self::Polling { upgrade: Upgrade::Probed, .. })
    }
}

/// A request does not fit the state of its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Misplaced;

struct Inbound<A: Application> {
    peers: Vec<(Arc<str>, A::Peer)>,
    /// A packet that waits for its attachments.
    partial: Option<Partial>,
}

struct Partial {
    text: String,
    attachments: Vec<Bytes>,
    expected: usize,
}

pub(crate) struct Session<A: Application> {
    pub(crate) sid: Arc<str>,
    engine: Arc<Inner<A>>,
    visitor: A::Visitor,
    outbox: Outbox,
    transport: Mutex<Transport>,
    inbound: tokio::sync::Mutex<Inbound<A>>,
    beat: AtomicU8,
    entered: AtomicBool,
    finished: AtomicBool,
}

impl<A: Application> Session<A> {
    /// Makes the session and starts its clocks.
    pub(crate) fn open(engine: &Arc<Inner<A>>, sid: Arc<str>, visitor: A::Visitor, polling: bool) -> Arc<Self> {
        let transport = if polling {
            Transport::Polling { waiting: false, posting: false, upgrade: Upgrade::None }
        } else {
            Transport::WebSocket
        };
        let session = Arc::new(Self {
            sid,
            engine: Arc::clone(engine),
            visitor,
            outbox: Outbox::new(engine.config.queue_bytes_max),
            transport: Mutex::new(transport),
            inbound: tokio::sync::Mutex::new(Inbound { peers: Vec::new(), partial: None }),
            beat: AtomicU8::new(BEAT_IDLE),
            entered: AtomicBool::new(false),
            finished: AtomicBool::new(false),
        });
        let weak: Weak<dyn Alarmed> = Arc::downgrade(&(Arc::clone(&session) as Arc<dyn Alarmed>));
        engine.wheel.add(weak.clone(), Alarm::Heartbeat, engine.config.ping_interval);
        engine.wheel.add(weak, Alarm::Connect, engine.config.connect_timeout);
        session
    }

    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    fn transport(&self) -> MutexGuard<'_, Transport> {
        self.transport.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // --- what comes in ---

    /// Handles one Engine.IO packet.
    pub(crate) async fn receive(self: &Arc<Self>, packet: EnginePacket<'_>) -> Result<(), CloseReason> {
        match packet {
            EnginePacket::Message(text) => self.message(text).await,
            EnginePacket::Binary(bytes) => self.attachment(bytes).await,
            EnginePacket::Pong(_) => {
                let _ = self.beat.compare_exchange(BEAT_AWAITED, BEAT_ANSWERED, Ordering::Relaxed, Ordering::Relaxed);
                Ok(())
            }
            EnginePacket::Close => Err(CloseReason::TransportClosed),
            // In revision 4 the server pings; a ping of the client is one of revision 3.
            EnginePacket::Ping(_) => Err(CloseReason::ProtocolError),
            EnginePacket::Upgrade | EnginePacket::Noop => Ok(()),
        }
    }

    /// Asked under the lock of `inbound`: once the session has ended, whoever enters would never be seen out.
    fn still_open(&self) -> Result<(), CloseReason> {
        if self.finished.load(Ordering::Acquire) { Err(CloseReason::TransportClosed) } else { Ok(()) }
    }

    async fn message(self: &Arc<Self>, text: &str) -> Result<(), CloseReason> {
        let mut inbound = self.inbound.lock().await;
        self.still_open()?;
        if inbound.partial.is_some() {
            return Err(CloseReason::ProtocolError);
        }
        match packet::decode(text, self.engine.config.attachments_max).map_err(|_| CloseReason::ProtocolError)? {
            Packet::Connect { namespace, auth } => self.enter(&mut inbound, namespace, auth).await,
            Packet::Disconnect { namespace } => {
                let at = position(&inbound, namespace)?;
                let (_, peer) = inbound.peers.swap_remove(at);
                self.engine.application.disconnected(peer, CloseReason::ClientDisconnected).await;
                Ok(())
            }
            Packet::Event { attachments, .. } | Packet::Ack { attachments, .. } if attachments > 0 => {
                inbound.partial =
                    Some(Partial { text: text.to_owned(), attachments: Vec::new(), expected: attachments });
                Ok(())
            }
            Packet::Event { namespace, ack, data, .. } => self.event(&inbound, namespace, ack, data, Vec::new()).await,
            // The engine asks for no acknowledgement yet, so none is awaited.
            Packet::Ack { namespace, .. } => position(&inbound, namespace).map(|_| ()),
        }
    }

    async fn attachment(self: &Arc<Self>, bytes: Bytes) -> Result<(), CloseReason> {
        let mut inbound = self.inbound.lock().await;
        self.still_open()?;
        let Some(mut partial) = inbound.partial.take() else {
            return Err(CloseReason::ProtocolError);
        };
        partial.attachments.push(bytes);
        if partial.attachments.len() < partial.expected {
            inbound.partial = Some(partial);
            return Ok(());
        }
        match packet::decode(&partial.text, self.engine.config.attachments_max) {
            Ok(Packet::Event { namespace, ack, data, .. }) => {
                self.event(&inbound, namespace, ack, data, partial.attachments).await
            }
            Ok(_) => Ok(()),
            Err(_) => Err(CloseReason::ProtocolError),
        }
    }

    async fn enter(
        self: &Arc<Self>,
        inbound: &mut Inbound<A>,
        namespace: &str,
        auth: Option<&RawValue>,
    ) -> Result<(), CloseReason> {
        if position(inbound, namespace).is_ok() || inbound.peers.len() >= self.engine.config.namespaces_max {
            return Err(CloseReason::ProtocolError);
        }
        let namespace: Arc<str> = if namespace == "/" { Arc::clone(&self.engine.root) } else { namespace.into() };
        let link = Link {
            control: Arc::clone(self) as Arc<dyn Control>,
            namespace: Arc::clone(&namespace),
            sid: self.engine.new_id(),
            accepted: Arc::default(),
        };
        match self.engine.application.connect(&self.visitor, &link, auth).await {
            Err(error) => {
                let _ = self.outbox.push(packet::encode_connect_error(&namespace, &error.to_json()));
            }
            Ok(peer) => {
                self.entered.store(true, Ordering::Relaxed);
                link.accept();
                inbound.peers.push((namespace, peer));
                if let Some((_, peer)) = inbound.peers.last() {
                    self.engine.application.connected(peer).await;
                }
            }
        }
        Ok(())
    }

    async fn event(
        &self,
        inbound: &Inbound<A>,
        namespace: &str,
        ack: Option<u64>,
        data: &str,
        attachments: Vec<Bytes>,
    ) -> Result<(), CloseReason> {
        let (_, peer) = &inbound.peers[position(inbound, namespace)?];
        let event = packet::event_data(data).map_err(|_| CloseReason::ProtocolError)?;
        let event = Event { name: &event.name, args: &event.args, ack, attachments };
        self.engine.application.event(peer, event).await;
        Ok(())
    }

    // --- polling ---

    /// Waits for frames and takes them as a payload. A second request at the same time ends the session, and so
    /// does a request that is given up.
    pub(crate) async fn poll(self: &Arc<Self>) -> Result<String, Misplaced> {
        let twice = match &mut *self.transport() {
            Transport::WebSocket => return Err(Misplaced),
            Transport::Polling { waiting, .. } => std::mem::replace(waiting, true),
        };
        if twice {
            Arc::clone(self).end(CloseReason::ProtocolError);
            return Err(Misplaced);
        }
        let mut turn = PollTurn { session: self, done: false };
        let released = self.transport().releases_polls();
        if released {
            // A client that polls on while it is probed does so at this pace, not at that of the network.
            tokio::time::sleep(RELEASE_AFTER).await;
        } else {
            poll_fn(|cx| {
                // Looked at and waited for under one lock: whoever changes the transport wakes only afterwards, and
                // the WebSocket's waker is not overwritten by a poll that is over.
                let transport = self.transport();
                if transport.releases_polls() { Poll::Ready(()) } else { self.outbox.poll_ready(cx) }
            })
            .await;
        }
        turn.done = true;
        drop(turn);
        if !self.is_polling() {
            // What waits is the WebSocket's now.
            return Ok("6".to_owned());
        }
        let closed = self.outbox.closed();
        let frames = self.outbox.take_up_to(self.engine.config.payload_bytes_max);
        let mut payload = engineio::encode_payload(&frames);
        if let Some(reason) = closed
            && !self.outbox.is_busy()
        {
            Arc::clone(self).end(reason);
            self.engine.forget(&self.sid);
            if !payload.is_empty() {
                payload.push(engineio::SEPARATOR);
            }
            payload.push(if reason == CloseReason::TransportClosed { '6' } else { '1' });
        } else if payload.is_empty() {
            payload.push('6');
        }
        Ok(payload)
    }

    /// Handles the packets of a POST. Two at the same time end the session.
    pub(crate) async fn post(self: &Arc<Self>, body: &str) -> Result<(), Misplaced> {
        let twice = match &mut *self.transport() {
            Transport::WebSocket => return Err(Misplaced),
            Transport::Polling { posting, .. } => std::mem::replace(posting, true),
        };
        if twice || self.outbox.closed().is_some() {
            Arc::clone(self).end(CloseReason::ProtocolError);
            return Err(Misplaced);
        }
        let _turn = PostTurn(self);
        for packet in engineio::decode_payload(body) {
            let handled = match packet {
                Ok(packet) => self.receive(packet).await,
                Err(_) => Err(CloseReason::ProtocolError),
            };
            if let Err(reason) = handled {
                Arc::clone(self).end(reason);
                return if reason == CloseReason::TransportClosed { Ok(()) } else { Err(Misplaced) };
            }
        }
        Ok(())
    }

    // --- upgrade ---

    /// Marks that a WebSocket probes the session. Only one may at a time.
    pub(crate) fn start_upgrade(&self) -> Result<(), Misplaced> {
        match &mut *self.transport() {
            Transport::Polling { upgrade, .. } if *upgrade == Upgrade::None && self.outbox.closed().is_none() => {
                *upgrade = Upgrade::Opened;
                Ok(())
            }
            _ => Err(Misplaced),
        }
    }

    /// Lets a waiting poll go with a noop, so that the client can pause its polling.
    pub(crate) fn release_poll(&self) {
        if let Transport::Polling { upgrade, .. } = &mut *self.transport() {
            *upgrade = Upgrade::Probed;
        }
        self.outbox.wake();
    }

    /// The probe failed: polling goes on.
    pub(crate) fn cancel_upgrade(&self) {
        if let Transport::Polling { upgrade, .. } = &mut *self.transport() {
            *upgrade = Upgrade::None;
        }
    }

    /// The WebSocket takes over.
    pub(crate) fn finish_upgrade(&self) {
        *self.transport() = Transport::WebSocket;
    }

    /// Whether the session lives on this kind of transport, or is about to.
    pub(crate) fn is_polling(&self) -> bool {
        matches!(*self.transport(), Transport::Polling { .. })
    }

    // --- the end ---

    /// Ends the session, once.
    pub(crate) fn end(self: Arc<Self>, reason: CloseReason) {
        self.outbox.close(reason);
        if self.finished.swap(true, Ordering::AcqRel) {
            return;
        }
        let reason = self.outbox.closed().unwrap_or(reason);
        let unread = matches!(*self.transport(), Transport::Polling { waiting: false, .. }) && self.outbox.is_busy();
        if unread {
            let weak: Weak<dyn Alarmed> = Arc::downgrade(&(Arc::clone(&self) as Arc<dyn Alarmed>));
            self.engine.wheel.add(weak, Alarm::Forget, FORGET_AFTER);
        } else {
            self.engine.forget(&self.sid);
        }
        let engine = Arc::clone(&self.engine);
        let task = async move {
            let peers = std::mem::take(&mut self.inbound.lock().await.peers);
            for (_, peer) in peers {
                self.engine.application.disconnected(peer, reason).await;
            }
        };
        engine.tasks.spawn_on(task, &engine.runtime);
    }
}

fn position<A: Application>(inbound: &Inbound<A>, namespace: &str) -> Result<usize, CloseReason> {
    inbound.peers.iter().position(|(name, _)| &**name == namespace).ok_or(CloseReason::ProtocolError)
}

/// Ends the session when a poll is given up before it was answered.
struct PollTurn<'a, A: Application> {
    session: &'a Arc<Session<A>>,
    done: bool,
}

impl<A: Application> Drop for PollTurn<'_, A> {
    fn drop(&mut self) {
        if let Transport::Polling { waiting, .. } = &mut *self.session.transport() {
            *waiting = false;
        }
        if !self.done && self.session.is_polling() {
            Arc::clone(self.session).end(CloseReason::TransportClosed);
        }
    }
}

struct PostTurn<'a, A: Application>(&'a Arc<Session<A>>);

impl<A: Application> Drop for PostTurn<'_, A> {
    fn drop(&mut self) {
        if let Transport::Polling { posting, .. } = &mut *self.0.transport() {
            *posting = false;
        }
    }
}

impl<A: Application> Control for Session<A> {
    fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    fn leave(self: Arc<Self>, namespace: Arc<str>) {
        let engine = Arc::clone(&self.engine);
        let task = async move {
            let mut inbound = self.inbound.lock().await;
            if let Ok(at) = position(&inbound, &namespace) {
                let (_, peer) = inbound.peers.swap_remove(at);
                self.engine.application.disconnected(peer, CloseReason::ServerDisconnected).await;
            }
            let empty = inbound.peers.is_empty();
            drop(inbound);
            if empty {
                self.end(CloseReason::ServerDisconnected);
            }
        };
        engine.tasks.spawn_on(task, &engine.runtime);
    }

    fn close(self: Arc<Self>, reason: CloseReason) {
        self.end(reason);
    }
}

impl<A: Application> Alarmed for Session<A> {
    fn alarm(self: Arc<Self>, alarm: Alarm) -> Option<Duration> {
        let config = &self.engine.config;
        if alarm == Alarm::Forget {
            self.engine.forget(&self.sid);
            return None;
        }
        if self.outbox.closed().is_some() {
            // A push that did not fit closed the queue; the session may not know yet.
            let reason = self.outbox.closed()?;
            self.end(reason);
            return None;
        }
        if alarm == Alarm::Connect {
            if !self.entered.load(Ordering::Relaxed) {
                self.end(CloseReason::ConnectTimeout);
            }
            return None;
        }
        match self.beat.load(Ordering::Relaxed) {
            BEAT_IDLE => {
                self.beat.store(BEAT_AWAITED, Ordering::Relaxed);
                let _ = self.outbox.push(Frame::text("2"));
                Some(config.ping_timeout)
            }
            BEAT_ANSWERED => {
                self.beat.store(BEAT_IDLE, Ordering::Relaxed);
                Some(config.ping_interval.saturating_sub(config.ping_timeout))
            }
            _ => {
                self.end(CloseReason::PingTimeout);
                None
            }
        }
    }
}

/// A session as the handler of its WebSocket.
pub(crate) struct OverWebSocket<A: Application>(pub(crate) Arc<Session<A>>);

impl<A: Application> websocket::Handler for OverWebSocket<A> {
    async fn text(&mut self, text: String) -> Result<(), CloseReason> {
        let packet = EnginePacket::decode(&text).map_err(|_| CloseReason::ProtocolError)?;
        self.0.receive(packet).await
    }

    async fn binary(&mut self, bytes: Bytes) -> Result<(), CloseReason> {
        self.0.receive(EnginePacket::Binary(bytes)).await
    }
}
