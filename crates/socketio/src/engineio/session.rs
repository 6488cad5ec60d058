//! One Engine.IO session: its queue, its [`State`], and what polling and the timer do with them.
//!
//! What must stay true: packets are handled one at a time, in order; a session is polled by at most one request at a
//! time; the protocol hears of the end exactly once.

use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::oneshot;

use super::Protocol;
use super::packet::{BINARY_MESSAGE, Packet, Revision};
use super::payload::{self, Payload};
use super::server::Inner;
use super::state::{Beat, Heard, Misplaced, State};
use crate::id::Id;
use crate::websocket::{BinaryBound, Handled, Handler, Message, MessageBounds};
use crate::wheel::{Alarm, Alarmed};
use crate::{CloseReason, Frame, Holder, Outbox, Party, PushError, Unfinished};

/// Time that a closed polling session keeps its last frames for a client that comes back for them.
const FORGET_AFTER: Duration = Duration::from_secs(5);

/// How long a poll is held while a WebSocket is probed.
const RELEASE_AFTER: Duration = Duration::from_millis(100);

/// One session of a client.
pub struct Session<P: Protocol> {
    pub(super) id: Id,
    server: Arc<Inner<P>>,
    outbox: Outbox,
    state: Mutex<State>,
    /// Beside the state, since it never changes: asked while other locks are held.
    revision: Revision,
    /// Dropped when the session ends, which ends the reading of a POST that is still coming in.
    reading: Mutex<Option<oneshot::Sender<Infallible>>>,
    /// Whether the client of revision 3 takes no bytes, and gets base64 instead.
    base64: bool,
    /// What the protocol keeps of the session.
    pub(crate) protocol: P::State,
}

impl<P: Protocol> Session<P> {
    /// Makes the session and starts its clocks.
    pub(super) fn open(server: &Arc<Inner<P>>, protocol: P::State, state: State, base64: bool) -> Arc<Self> {
        let revision = state.revision();
        let session = Arc::new(Self {
            id: Id::new(),
            server: Arc::clone(server),
            outbox: Outbox::new(server.config.queue_bytes_max),
            state: Mutex::new(state),
            revision,
            reading: Mutex::new(None),
            base64,
            protocol,
        });
        let weak: Weak<dyn Alarmed> = Arc::downgrade(&(Arc::clone(&session) as Arc<dyn Alarmed>));
        let first_beat = match revision {
            Revision::V4 => server.config.ping_interval,
            Revision::V3 => server.look_every(),
        };
        server.wheel.add(weak.clone(), Alarm::Heartbeat, first_beat);
        server.wheel.add(weak, Alarm::Connect, server.config.connect_timeout);
        session
    }

    /// What the client speaks.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// Whether the session is over. Asked by whoever is about to leave something behind that only its end clears up.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.state().ended()
    }

    /// What waits for the client.
    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Waits, from now on, for what the client opened the session for.
    pub(crate) fn await_connect(self: &Arc<Self>) {
        let weak: Weak<dyn Alarmed> = Arc::downgrade(&(Arc::clone(self) as Arc<dyn Alarmed>));
        self.server.wheel.add(weak, Alarm::Connect, self.server.config.connect_timeout);
    }

    /// Queues messages that belong together: all of them, with nothing in between, or none.
    ///
    /// # Errors
    /// [`PushError`] when the session is closed, or was closed by this.
    pub fn send(&self, frames: impl IntoIterator<Item = Frame>) -> Result<(), PushError> {
        self.outbox.push_all(frames.into_iter().map(|frame| self.dress(frame)))
    }

    /// Binary messages as the client's revision has them; text is the same in both.
    fn dress(&self, frame: Frame) -> Frame {
        if !frame.is_binary() || self.revision() == Revision::V4 {
            frame
        } else if self.base64 {
            Frame::text(&payload::base64_packet(frame.body()))
        } else {
            Frame::typed_binary(BINARY_MESSAGE, frame.body())
        }
    }

    /// Runs something of the session's that nobody waits for.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.server.tasks.spawn_on(task, &self.server.runtime);
    }

    pub(crate) fn server(&self) -> &Inner<P> {
        &self.server
    }

    pub(super) fn reading(&self) -> MutexGuard<'_, Option<oneshot::Sender<Infallible>>> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // --- what comes in ---

    /// Takes a packet. Says whether it is a message, which is left to be handed over.
    pub(super) fn hear(&self, packet: &Packet<'_>) -> Result<bool, CloseReason> {
        let heard = self.state().hear(packet);
        if heard != Heard::Message {
            self.server.protocol.control(self)?;
        }
        match heard {
            Heard::Nothing => Ok(false),
            Heard::Message => Ok(true),
            Heard::Pong => self.outbox.push(Frame::text("3")).map(|()| false).map_err(|error| error.0),
            Heard::Close => Err(CloseReason::TransportClosed),
            Heard::Broken => Err(CloseReason::ProtocolError),
        }
    }

    /// How large the next packet may be, its type included.
    pub(super) fn bounds(&self) -> MessageBounds {
        let MessageBounds { text, binary, inflates, skipped } = self.server.protocol.bounds(self);
        let (binary, base64) = match binary {
            BinaryBound::UpTo(bytes) if self.revision == Revision::V3 => {
                (BinaryBound::UpTo(bytes.saturating_add(1)), bytes.div_ceil(3).saturating_mul(4).saturating_add(2))
            }
            other => (other, 0),
        };
        let text = text.saturating_add(1).max(base64).min(self.server.config.payload_bytes_max);
        MessageBounds { text, binary, inflates, skipped }
    }

    // --- polling ---

    /// Waits for frames and takes them as a payload. A second request at the same time ends the session, and so
    /// does a request that is given up.
    pub(super) async fn poll(self: &Arc<Self>) -> Result<Payload, Misplaced> {
        let started = self.state().start_poll();
        self.unless_twice(started)?;
        let mut turn = PollTurn { session: self, done: false };
        let released = self.state().releases_polls();
        if released {
            // A client that polls on while it is probed does so at this pace, not at that of the network.
            tokio::time::sleep(RELEASE_AFTER).await;
        } else {
            poll_fn(|cx| {
                // Looked at and waited for under one lock: whoever changes the transport wakes only afterwards, and
                // the WebSocket's waker is not overwritten by a poll that is over.
                let state = self.state();
                if state.releases_polls() { Poll::Ready(()) } else { self.outbox.poll_ready(cx) }
            })
            .await;
        }
        turn.done = true;
        drop(turn);
        let (closed, mut frames) = {
            // Under the lock, so that no WebSocket takes over in between and waits for what is taken here.
            let state = self.state();
            if !state.is_polling() {
                drop(state);
                return Ok(self.payload(&[noop()]));
            }
            (self.outbox.closed(), self.outbox.take_up_to(self.server.config.payload_bytes_max))
        };
        if let Some(reason) = closed
            && !self.outbox.is_busy()
        {
            Arc::clone(self).end(reason);
            self.server.forget(&self.id);
            frames.push(if reason == CloseReason::TransportClosed { noop() } else { Frame::text("1") });
        } else if frames.is_empty() {
            frames.push(noop());
        }
        Ok(self.payload(&frames))
    }

    fn payload(&self, frames: &[Frame]) -> Payload {
        payload::encode_payload(frames, self.revision(), !self.base64)
    }

    /// A second request of one kind ends the session, as official servers have it.
    pub(super) fn unless_twice(self: &Arc<Self>, started: Result<(), Misplaced>) -> Result<(), Misplaced> {
        if started == Err(Misplaced::Twice) {
            Arc::clone(self).end(CloseReason::ProtocolError);
        }
        started
    }

    // --- the end ---

    /// Ends the session, once.
    pub fn end(self: Arc<Self>, reason: CloseReason) {
        self.outbox.close(reason);
        if !self.state().end() {
            return;
        }
        drop(self.reading().take());
        let reason = self.outbox.closed().unwrap_or(reason);
        let unread = {
            let state = self.state();
            state.is_polling() && !state.is_polled() && self.outbox.is_busy()
        };
        if unread {
            let weak: Weak<dyn Alarmed> = Arc::downgrade(&(Arc::clone(&self) as Arc<dyn Alarmed>));
            self.server.wheel.add(weak, Alarm::Forget, FORGET_AFTER);
        } else {
            self.server.forget(&self.id);
        }
        let session = Arc::clone(&self);
        self.spawn(async move {
            let server = Arc::clone(&session.server);
            server.protocol.closed(session, reason).await;
        });
    }
}

impl<P: Protocol> std::fmt::Debug for Session<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("state", &self.state()).finish_non_exhaustive()
    }
}

fn noop() -> Frame {
    Frame::text("6")
}

/// Ends the session when a poll is given up before it was answered.
struct PollTurn<'a, P: Protocol> {
    session: &'a Arc<Session<P>>,
    done: bool,
}

impl<P: Protocol> Drop for PollTurn<'_, P> {
    fn drop(&mut self) {
        let polling = {
            let mut state = self.session.state();
            state.end_poll();
            if state.is_polling() {
                // The request's task is not kept for the sake of its waker.
                self.session.outbox.stop_waiting();
            }
            state.is_polling()
        };
        if !self.done && polling {
            Arc::clone(self.session).end(CloseReason::TransportClosed);
        }
    }
}

impl<P: Protocol> Alarmed for Session<P> {
    fn alarm(self: Arc<Self>, alarm: Alarm) -> Option<Duration> {
        let config = &self.server.config;
        if alarm == Alarm::Forget {
            self.server.forget(&self.id);
            return None;
        }
        if let Some(reason) = self.outbox.closed() {
            // A push that did not fit closed the queue; the session may not know yet.
            self.end(reason);
            return None;
        }
        if alarm == Alarm::Connect {
            let since = self.server.protocol.unsettled_since(&self)?;
            // Alarms go off a little early.
            let left = config.connect_timeout.saturating_sub(since.elapsed());
            if left > config.connect_timeout / 10 {
                return Some(left);
            }
            self.end(CloseReason::ConnectTimeout);
            return None;
        }
        let beat = self.state().beat();
        match beat {
            Beat::Ping => {
                let _ = self.outbox.push(Frame::text("2"));
                Some(config.ping_timeout)
            }
            Beat::Rest => Some(config.ping_interval.saturating_sub(config.ping_timeout)),
            Beat::Listen => Some(self.server.look_every()),
            Beat::Dead => {
                self.end(CloseReason::PingTimeout);
                None
            }
        }
    }
}

impl<P: Protocol> Holder for Session<P> {
    fn party(&self) -> Party {
        self.server.protocol.party(self)
    }

    fn give_up(self: Arc<Self>, reason: CloseReason) {
        self.end(reason);
    }
}

/// A session as the handler of its WebSocket.
pub(super) struct OverWebSocket<P: Protocol>(pub(super) Arc<Session<P>>);

impl<P: Protocol> Handler for OverWebSocket<P> {
    fn outbox(&self) -> &Outbox {
        &self.0.outbox
    }

    fn bounds(&self) -> MessageBounds {
        self.0.bounds()
    }

    fn unfinished(&self) -> &Unfinished {
        &self.0.server.config.unfinished
    }

    fn holder(&self) -> Arc<dyn Holder> {
        Arc::clone(&self.0) as Arc<dyn Holder>
    }

    fn control(&mut self) -> Result<(), CloseReason> {
        self.0.server.protocol.control(&self.0)
    }

    fn message(&mut self, message: Message) -> Handled {
        let session = Arc::clone(&self.0);
        if let Message::Skipped(skipped) = message {
            return Handled::Busy(Box::pin(async move { session.skip(skipped).await }));
        }
        let packet = match &message {
            Message::Text(text) => Packet::decode_text(text, session.revision()),
            Message::Binary(bytes) => Packet::decode_binary(bytes.clone(), session.revision()),
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Skipped(_) => return Handled::Done,
        };
        let Ok(packet) = packet else { return Handled::Close(CloseReason::ProtocolError) };
        match (session.hear(&packet), packet) {
            (Err(reason), _) => Handled::Close(reason),
            (Ok(true), Packet::Binary(bytes)) => {
                Handled::Busy(Box::pin(async move { session.server.protocol.binary(&session, bytes).await }))
            }
            (Ok(true), Packet::Message(_)) => Handled::Busy(Box::pin(async move {
                let Message::Text(packet) = message else { return Ok(()) };
                // Behind its type, which was read above.
                session.server.protocol.text(&session, &packet[1..]).await
            })),
            (Ok(_), _) => Handled::Done,
        }
    }

    fn closed(&mut self, reason: CloseReason) {
        Arc::clone(&self.0).end(reason);
    }
}
