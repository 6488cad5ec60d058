//! One Engine.IO session: its queue, its [`State`], and its polling and timers.
//!
//! What must stay true: packets are handled one at a time, in order; a session is polled by at most one request at a
//! time; the protocol is informed of the end exactly once.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::convert::Infallible;
use std::future::poll_fn;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use super::Protocol;
use super::packet::{BINARY_MESSAGE, Packet, Revision};
use super::payload::{self, Payload};
use super::state::{HeartbeatAction, PacketAction, RequestConflict, State};
use crate::id::SessionId;
use crate::websocket::{BinaryBound, Handled, Handler, Message, MessageBounds};
use crate::wheel::{Alarm, Alarmed, Wheel};
use crate::{CloseReason, Config, Frame, Holder, Outbox, Party, PushError, Unfinished};

/// Time for which a closed polling session keeps its last frames for its client.
const FORGET_AFTER: Duration = Duration::from_secs(5);

/// Time for which a poll is held while a WebSocket is probed.
const RELEASE_AFTER: Duration = Duration::from_millis(100);

/// The state shared by a server and its sessions.
pub(crate) struct Inner<P: Protocol> {
    pub(crate) config: Config,
    pub(crate) protocol: P,
    pub(super) wheel: Arc<Wheel<Session<P>>>,
    /// The runtime for tasks of sessions, which may end on threads outside it.
    pub(super) runtime: tokio::runtime::Handle,
    pub(super) tasks: TaskTracker,
    pub(super) sessions: Mutex<HashSet<ById<P>>>,
}

/// A session in the table of sessions, where it is found by its id. The table does not store the ids.
pub(super) struct ById<P: Protocol>(pub(super) Arc<Session<P>>);

impl<P: Protocol> Borrow<str> for ById<P> {
    fn borrow(&self) -> &str {
        self.0.id.as_str()
    }
}

impl<P: Protocol> Hash for ById<P> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // As the text by which it is found.
        self.0.id.as_str().hash(state);
    }
}

impl<P: Protocol> PartialEq for ById<P> {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl<P: Protocol> Eq for ById<P> {}

impl<P: Protocol> Inner<P> {
    pub(super) fn sessions(&self) -> MutexGuard<'_, HashSet<ById<P>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn forget(&self, id: &SessionId) {
        let forgotten = self.sessions().take(id.as_str());
        // Dropped outside the lock: dropping the last reference drops the protocol's state.
        drop(forgotten);
    }

    /// Returns the time between two checks of a client of revision 3, which has to ping within interval plus timeout.
    pub(super) fn silence_check_interval(&self) -> Duration {
        (self.config.ping_interval + self.config.ping_timeout) / State::silent_checks_max()
    }
}

/// One session of a client.
pub struct Session<P: Protocol> {
    pub(super) id: SessionId,
    server: Arc<Inner<P>>,
    outbox: Outbox,
    state: Mutex<State>,
    /// UpgradedStream outside the state, because it never changes and is read while other locks are held.
    revision: Revision,
    /// Dropped when the session ends, which stops the reading of a POST body.
    reading: Mutex<Option<oneshot::Sender<Infallible>>>,
    /// Whether the client asked for base64 instead of binary messages.
    base64: bool,
    /// The protocol's state of the session.
    pub(crate) protocol: P::State,
}

impl<P: Protocol> Session<P> {
    /// Creates a session and starts its timers.
    pub(super) fn open(server: &Arc<Inner<P>>, protocol: P::State, state: State, base64: bool) -> Arc<Self> {
        let revision = state.revision();
        let session = Arc::new(Self {
            id: server.config.session_ids.make(),
            server: Arc::clone(server),
            outbox: Outbox::new(server.config.queue_bytes_max),
            state: Mutex::new(state),
            revision,
            reading: Mutex::new(None),
            base64,
            protocol,
        });
        let weak = Arc::downgrade(&session);
        let first_beat = match revision {
            Revision::V4 => server.config.ping_interval,
            Revision::V3 => server.silence_check_interval(),
        };
        server.wheel.add(weak.clone(), Alarm::Heartbeat, first_beat);
        server.wheel.add(weak, Alarm::Connect, server.config.connect_timeout);
        session
    }

    /// Returns the Engine.IO revision that the client speaks.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// Returns whether the session has ended. To be checked before adding state that only the session's end removes.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.state().ended()
    }

    /// Returns the queue of outgoing frames.
    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Starts the timeout within which the client has to do what it opened the session for.
    pub(crate) fn await_connect(self: &Arc<Self>) {
        let weak = Arc::downgrade(self);
        self.server.wheel.add(weak, Alarm::Connect, self.server.config.connect_timeout);
    }

    /// Queues messages that belong together: all of them with nothing in between, or none.
    ///
    /// # Errors
    /// [`PushError`] if the session is closed, or was closed because the messages did not fit.
    pub fn send(&self, frames: impl IntoIterator<Item = Frame>) -> Result<(), PushError> {
        self.outbox.push_all(frames.into_iter().map(|frame| self.encode_for_revision(frame)))
    }

    /// Encodes binary messages for the client's revision. Text messages are the same in both revisions.
    fn encode_for_revision(&self, frame: Frame) -> Frame {
        match (self.revision, self.base64) {
            _ if !frame.is_binary() => frame,
            (revision, true) => Frame::text(&payload::base64_packet(frame.body(), revision)),
            (Revision::V3, false) => Frame::typed_binary(BINARY_MESSAGE, frame.body()),
            (Revision::V4, false) => frame,
        }
    }

    /// Runs a task of the session in the background.
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

    // --- incoming packets ---

    /// Updates the state for a packet. Returns whether it is a message, which the caller has to pass to the protocol.
    pub(super) fn on_packet(&self, packet: &Packet<'_>) -> Result<bool, CloseReason> {
        let action = self.state().on_packet(packet);
        if action != PacketAction::Message {
            self.server.protocol.control(self)?;
        }
        match action {
            PacketAction::Ignore => Ok(false),
            PacketAction::Message => Ok(true),
            PacketAction::Pong => self.outbox.push(Frame::text("3")).map(|()| false).map_err(|error| error.0),
            PacketAction::Close => Err(CloseReason::TransportClosed),
            PacketAction::ProtocolError => Err(CloseReason::ProtocolError),
        }
    }

    /// Returns the size limits of the next packet, including its type.
    pub(super) fn bounds(&self) -> MessageBounds {
        let MessageBounds { text, binary, inflates, skipped } = self.server.protocol.bounds(self);
        // A binary message may come as base64, and those of revision 3 start with their type.
        let (binary, base64) = match binary {
            BinaryBound::UpTo(bytes) => {
                let base64 = bytes.div_ceil(3).saturating_mul(4).saturating_add(2);
                (BinaryBound::UpTo(bytes.saturating_add(usize::from(self.revision == Revision::V3))), base64)
            }
            other @ (BinaryBound::Skip | BinaryBound::Refuse) => (other, 0),
        };
        // Binary messages are always inflated, and so is what comes in their place.
        let inflates = inflates || (self.base64 && base64 > 0);
        let text = text.saturating_add(1).max(base64).min(self.server.config.payload_bytes_max);
        MessageBounds { text, binary, inflates, skipped }
    }

    // --- polling ---

    /// Waits for frames and returns them as a payload, of bytes where that is needed and `binary` allows it. A second poll at
    /// the same time ends the session, and so does a poll that is dropped before it is answered.
    pub(super) async fn poll(self: &Arc<Self>, binary: bool) -> Result<Payload, RequestConflict> {
        let started = self.state().start_poll();
        self.end_if_duplicate(started)?;
        let mut turn = PollTurn { session: self, done: false };
        let released = self.state().releases_polls();
        if released {
            // Limits the pace at which a client polls while its WebSocket is probed.
            tokio::time::sleep(RELEASE_AFTER).await;
        } else {
            poll_fn(|cx| {
                // Checked and waited for under one lock: a change of the transport wakes only afterwards, and a poll
                // that is over does not overwrite the waker of the WebSocket.
                let state = self.state();
                if state.releases_polls() { Poll::Ready(()) } else { self.outbox.poll_ready(cx) }
            })
            .await;
        }
        turn.done = true;
        drop(turn);
        let (closed, mut frames) = {
            // Under the lock, so that a WebSocket that takes over does not miss frames that are taken here.
            let state = self.state();
            if !state.is_polling() {
                drop(state);
                return Ok(self.payload(&[noop()], binary));
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
        Ok(self.payload(&frames, binary))
    }

    fn payload(&self, frames: &[Frame], binary: bool) -> Payload {
        payload::encode_payload(frames, self.revision(), binary && !self.base64)
    }

    /// Ends the session if a second request of one kind came, like official servers do.
    pub(super) fn end_if_duplicate(
        self: &Arc<Self>,
        started: Result<(), RequestConflict>,
    ) -> Result<(), RequestConflict> {
        if started == Err(RequestConflict::Duplicate) {
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
            let weak = Arc::downgrade(&self);
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

/// The turn of a poll. Ends the session if the poll is dropped before it is answered.
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
                // The waker would keep the memory of the request's task.
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
            // A push that did not fit closed the queue, which the session may not have noticed yet.
            self.end(reason);
            return None;
        }
        if alarm == Alarm::Connect {
            let since = self.server.protocol.unsettled_since(&self)?;
            // Alarms may go off a little early.
            let left = config.connect_timeout.saturating_sub(since.elapsed());
            if left > config.connect_timeout / 10 {
                return Some(left);
            }
            self.end(CloseReason::ConnectTimeout);
            return None;
        }
        let beat = self.state().on_heartbeat();
        match beat {
            HeartbeatAction::Ping => {
                let _ = self.outbox.push(Frame::text("2"));
                Some(config.ping_timeout)
            }
            HeartbeatAction::Wait => Some(config.ping_interval.saturating_sub(config.ping_timeout)),
            HeartbeatAction::WaitForPing => Some(self.server.silence_check_interval()),
            HeartbeatAction::Timeout => {
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

/// The WebSocket handler of a session.
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
            Message::Text(text) if session.base64_of(text).is_some() => {
                return Handled::Busy(Box::pin(async move {
                    let Message::Text(packet) = message else { return Ok(()) };
                    session.receive_text(&packet).await
                }));
            }
            Message::Text(text) => Packet::decode(text, session.revision()),
            Message::Binary(bytes) => Packet::decode_binary(bytes.clone(), session.revision()),
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Skipped(_) => return Handled::Done,
        };
        let Ok(packet) = packet else { return Handled::Close(CloseReason::ProtocolError) };
        match (session.on_packet(&packet), packet) {
            (Err(reason), _) => Handled::Close(reason),
            (Ok(true), Packet::Binary(bytes)) => {
                Handled::Busy(Box::pin(async move { session.server.protocol.binary(&session, bytes).await }))
            }
            (Ok(true), Packet::Message(_)) => Handled::Busy(Box::pin(async move {
                let Message::Text(packet) = message else { return Ok(()) };
                // The first byte is the packet type, which was read above.
                session.server.protocol.text(&session, &packet[1..]).await
            })),
            (Ok(_), _) => Handled::Done,
        }
    }

    fn closed(&mut self, reason: CloseReason) {
        Arc::clone(&self.0).end(reason);
    }
}
