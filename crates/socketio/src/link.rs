//! The application's handle on one connected namespace, and the acknowledgements that the server waits for.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::engineio::Revision;
use crate::id::Id;
use crate::outbox::Mark;
use crate::{CloseReason, Frame, OnWritten, Outbox, PushError, packet};

/// The operations on its connection that the engine offers to a [`Link`].
pub(crate) trait Control: Send + Sync {
    fn revision(&self) -> Revision;
    fn push(&self, frame: Frame) -> Result<(), PushError>;
    fn push_all(&self, frames: Vec<Frame>) -> Result<(), PushError>;
    fn outbox(&self) -> &Outbox;
    fn label(&self, label: u8);
    fn leave(self: Arc<Self>, socket: Id);
    fn close(self: Arc<Self>, reason: CloseReason);
}

/// The application's handle on one session, whichever namespaces it enters. It does not keep the session alive.
#[derive(Clone)]
pub struct Transport(pub(crate) Weak<dyn Control>);

impl Transport {
    /// Closes the whole connection without a DISCONNECT.
    pub fn close(&self, reason: CloseReason) {
        if let Some(control) = self.0.upgrade() {
            control.close(reason);
        }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").finish_non_exhaustive()
    }
}

/// The application's handle on one connected namespace. Cheap to clone, and usable from any thread.
#[derive(Clone)]
pub struct Link(Arc<Shared>);

struct Shared {
    control: Arc<dyn Control>,
    namespace: Arc<str>,
    id: Id,
    accepted: AtomicBool,
    /// The acknowledgements that the server waits for. Allocated when the first one is asked for.
    pending_acks: Mutex<Option<Box<PendingAcks>>>,
}

#[derive(Default)]
struct PendingAcks {
    next: u64,
    waiting: HashMap<u64, oneshot::Sender<Answer>>,
    closed: bool,
}

/// A client's acknowledgement of an event of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The acknowledgement's arguments: a JSON array.
    pub args: String,
    /// The binary attachments that placeholders in the arguments refer to, by index.
    pub attachments: Vec<Bytes>,
}

/// The reason why an event of the server was not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskError {
    /// The client did not answer in time. It may have received the event.
    Timeout,
    /// The connection ended before the client answered.
    Disconnected,
}

impl fmt::Display for AskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout => "the client did not answer in time",
            Self::Disconnected => "the connection ended before the client answered",
        })
    }
}

impl std::error::Error for AskError {}

impl Link {
    pub(crate) fn new(control: Arc<dyn Control>, namespace: Arc<str>) -> Self {
        let accepted = AtomicBool::new(false);
        Self(Arc::new(Shared { control, namespace, id: Id::new(), accepted, pending_acks: Mutex::default() }))
    }

    /// Returns the namespace, `/` for the default one.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.0.namespace
    }

    /// Returns the public id of this socket, which the client sees as `socket.id`. It gives no access to the transport.
    #[must_use]
    pub fn id(&self) -> Id {
        self.0.id
    }

    /// Returns the Engine.IO revision that the client speaks.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.0.control.revision()
    }

    /// Answers the CONNECT. Only the first call has an effect.
    ///
    /// The engine calls this when [`connect`](crate::Application::connect) returns. An application calls it earlier if
    /// it has to send something at the very moment at which it registers the client.
    pub fn accept(&self) {
        self.answer_connect(None);
    }

    /// Answers the CONNECT with a secret by which the client can ask to recover this connection after a loss, as
    /// described at [`Recovery`](crate::Recovery). Only the first call has an effect.
    ///
    /// Each event then has to carry its offset as its last argument. Clients of Socket.IO 4 do not support recovery and
    /// are accepted without the secret.
    pub fn accept_recoverable(&self, pid: &str) {
        self.answer_connect(Some(pid));
    }

    fn answer_connect(&self, pid: Option<&str>) {
        if !self.0.accepted.swap(true, Ordering::AcqRel) {
            let _ = self.send(match self.0.control.revision() {
                Revision::V3 => packet::encode_connected_v4(&self.0.namespace),
                Revision::V4 => packet::encode_connected(&self.0.namespace, &self.0.id.to_string(), pid),
            });
        }
    }

    /// Queues a frame that was encoded for this namespace.
    ///
    /// # Errors
    /// [`PushError`] if the connection is closed.
    pub fn send(&self, frame: Frame) -> Result<(), PushError> {
        self.0.control.push(frame)
    }

    /// Queues a frame that was encoded for this namespace if the connection keeps up, and drops it otherwise. For
    /// events that are worthless when late. Returns whether the frame was queued.
    pub fn send_volatile(&self, frame: Frame) -> bool {
        self.0.control.outbox().push_volatile(frame)
    }

    /// Holds back what is queued for the connection until [`Link::release`], so that it leaves in one write. The caller
    /// releases it at once, without waiting for anything.
    pub fn hold(&self) {
        self.0.control.outbox().hold();
    }

    /// Lets leave what [`Link::hold`] held back.
    pub fn release(&self) {
        self.0.control.outbox().release();
    }

    /// Queues an event with one argument, given as JSON text.
    ///
    /// # Errors
    /// See [`Link::send`].
    pub fn emit(&self, name: &str, payload: &str) -> Result<(), PushError> {
        self.send(packet::encode_event(&self.0.namespace, name, payload))
    }

    /// Queues an event given as a complete JSON array, with attachments.
    ///
    /// # Errors
    /// See [`Link::send`].
    pub fn emit_data(&self, data: &str, attachments: &[Bytes]) -> Result<(), PushError> {
        self.0.control.push_all(packet::encode_event_data(&self.0.namespace, None, data, attachments))
    }

    /// Queues an event given as a complete JSON array, with attachments, and waits for the client's acknowledgement.
    ///
    /// # Errors
    /// [`AskError`] if no answer came within `timeout`, or none can come any more.
    pub async fn ask(&self, data: &str, attachments: &[Bytes], timeout: Duration) -> Result<Answer, AskError> {
        let (answer, answered) = oneshot::channel();
        let id = {
            let mut pending = self.pending_acks();
            let pending = pending.get_or_insert_default();
            if pending.closed {
                return Err(AskError::Disconnected);
            }
            pending.next += 1;
            pending.waiting.insert(pending.next, answer);
            pending.next
        };
        // Removes the entry even if this future is dropped before the answer comes.
        let _guard = RemoveOnDrop(self, id);
        let frames = packet::encode_event_data(&self.0.namespace, Some(id), data, attachments);
        self.0.control.push_all(frames).map_err(|_| AskError::Disconnected)?;
        match tokio::time::timeout(timeout, answered).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(AskError::Disconnected),
            Err(_) => Err(AskError::Timeout),
        }
    }

    fn pending_acks(&self) -> MutexGuard<'_, Option<Box<PendingAcks>>> {
        self.0.pending_acks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes on an acknowledgement of the client. It is ignored if its waiter is gone, which is not the client's
    /// fault.
    pub(crate) fn on_ack(&self, id: u64, answer: Answer) {
        let waiting = self.pending_acks().as_mut().and_then(|pending| pending.waiting.remove(&id));
        if let Some(waiting) = waiting {
            let _ = waiting.send(answer);
        }
    }

    /// Fails all waiters: the namespace was left, and no acknowledgement will come.
    pub(crate) fn cancel_pending_acks(&self) {
        let mut pending = self.pending_acks();
        let pending = pending.get_or_insert_default();
        pending.closed = true;
        pending.waiting.clear();
    }

    /// Acknowledges an event. `args` is a JSON array.
    ///
    /// # Errors
    /// See [`Link::send`].
    pub fn ack(&self, id: u64, args: &str, attachments: &[Bytes]) -> Result<(), PushError> {
        self.0.control.push_all(packet::encode_ack(&self.0.namespace, id, args, attachments))
    }

    /// Ends the namespace with a DISCONNECT. Official clients do not reconnect by themselves after it.
    pub fn disconnect(&self) {
        let _ = self.send(packet::encode_disconnect(&self.0.namespace));
        Arc::clone(&self.0.control).leave(self.0.id);
    }

    /// Closes the whole connection without a DISCONNECT. Official clients reconnect.
    pub fn close(&self, reason: CloseReason) {
        Arc::clone(&self.0.control).close(reason);
    }

    /// Returns whether the connection is closed or closing.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.control.outbox().closed().is_some()
    }

    /// Labels the session of this connection with a number that is the application's own, and that
    /// [`crate::Engine::visit`] passes on. A later label replaces an earlier one. The label of a session without one is
    /// [`u8::MAX`].
    pub fn label(&self, label: u8) {
        self.0.control.label(label);
    }

    /// Returns the number of bytes that are queued for this connection.
    #[must_use]
    pub fn queued_bytes(&self) -> usize {
        self.0.control.outbox().queued_bytes()
    }

    /// Tells somebody once all that is queued for this connection now was written to the transport, or given to a client
    /// that polls.
    pub fn watch(&self, watcher: Box<dyn OnWritten>) {
        self.0.control.outbox().watch(watcher);
    }

    /// Marks the end of what is queued for this connection now.
    #[must_use]
    pub fn mark(&self) -> Mark {
        self.0.control.outbox().mark()
    }

    /// Returns whether all that was queued before a mark was written to the transport, or given to a client that polls.
    #[must_use]
    pub fn has_written(&self, mark: Mark) -> bool {
        self.0.control.outbox().has_written(mark)
    }
}

struct RemoveOnDrop<'a>(&'a Link, u64);

impl Drop for RemoveOnDrop<'_> {
    fn drop(&mut self) {
        if let Some(pending) = self.0.pending_acks().as_mut() {
            pending.waiting.remove(&self.1);
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("namespace", &self.0.namespace).field("id", &self.0.id.to_string()).finish()
    }
}
