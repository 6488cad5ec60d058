//! The application's handle on one connected namespace, and the acknowledgements that the server asks for.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::engineio::Revision;
use crate::id::Id;
use crate::{CloseReason, Frame, PushError, packet};

/// What the engine lets a [`Link`] do to its connection.
pub(crate) trait Control: Send + Sync {
    fn revision(&self) -> Revision;
    fn push(&self, frame: Frame) -> Result<(), PushError>;
    fn push_all(&self, frames: Vec<Frame>) -> Result<(), PushError>;
    fn push_volatile(&self, frame: Frame) -> bool;
    fn queued_bytes(&self) -> usize;
    fn label(&self, label: u8);
    fn is_closed(&self) -> bool;
    fn leave(self: Arc<Self>, socket: Id);
    fn close(self: Arc<Self>, reason: CloseReason);
}

/// The application's handle on one session, whatever namespaces it enters. It does not keep the session.
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

/// The application's handle on one connected namespace. Cheap to clone; may be used from any thread.
#[derive(Clone)]
pub struct Link(Arc<Shared>);

struct Shared {
    control: Arc<dyn Control>,
    namespace: Arc<str>,
    id: Id,
    accepted: AtomicBool,
    /// Made when the first acknowledgement is asked for.
    asked: Mutex<Option<Box<Asked>>>,
}

#[derive(Default)]
struct Asked {
    next: u64,
    waiting: HashMap<u64, oneshot::Sender<Answer>>,
    over: bool,
}

/// A client's acknowledgement of an event of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The arguments: a JSON array.
    pub args: String,
    /// Binary attachments that the arguments' placeholders refer to.
    pub attachments: Vec<Bytes>,
}

/// Why an event of the server was not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskError {
    /// The client did not answer in time. It may have had the event.
    Timeout,
    /// The connection ended first.
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
        Self(Arc::new(Shared { control, namespace, id: Id::new(), accepted, asked: Mutex::default() }))
    }

    /// The namespace, `/` for the default one.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.0.namespace
    }

    /// The public id of this socket, which the client knows as `socket.id`. It gives no access to the transport.
    #[must_use]
    pub fn id(&self) -> Id {
        self.0.id
    }

    /// What the client speaks.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.0.control.revision()
    }

    /// Answers the CONNECT, once. The engine does it when [`connect`](crate::Application::connect) returns; an
    /// application that has something to send at the very moment from which it counts the client in does it earlier,
    /// itself.
    pub fn accept(&self) {
        self.answer_connect(None);
    }

    /// Answers the CONNECT, once, with a secret by which the client can ask to go on with this connection after it
    /// was lost: see [`Recovery`](crate::Recovery). Each event has to carry its offset as last argument then. Clients
    /// of Socket.IO 4 know of no such thing and are accepted without it.
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

    /// Queues a frame that was made for this namespace.
    ///
    /// # Errors
    /// [`PushError`] when the connection is closed.
    pub fn send(&self, frame: Frame) -> Result<(), PushError> {
        self.0.control.push(frame)
    }

    /// Queues a frame that was made for this namespace if the connection keeps up, and drops it otherwise: for what is
    /// worth nothing late. Says whether it was queued.
    pub fn send_volatile(&self, frame: Frame) -> bool {
        self.0.control.push_volatile(frame)
    }

    /// Queues an event with one argument, given as JSON text.
    ///
    /// # Errors
    /// As [`Link::send`].
    pub fn emit(&self, name: &str, payload: &str) -> Result<(), PushError> {
        self.send(packet::encode_event(&self.0.namespace, name, payload))
    }

    /// Queues an event given as a whole JSON array, with attachments.
    ///
    /// # Errors
    /// As [`Link::send`].
    pub fn emit_data(&self, data: &str, attachments: &[Bytes]) -> Result<(), PushError> {
        self.0.control.push_all(packet::encode_event_data(&self.0.namespace, None, data, attachments))
    }

    /// Queues an event given as a whole JSON array, with attachments, and waits for the client to acknowledge it.
    ///
    /// # Errors
    /// [`AskError`] when no answer came within `timeout`, or none can come.
    pub async fn ask(&self, data: &str, attachments: &[Bytes], timeout: Duration) -> Result<Answer, AskError> {
        let (answer, answered) = oneshot::channel();
        let id = {
            let mut asked = self.asked();
            let asked = asked.get_or_insert_default();
            if asked.over {
                return Err(AskError::Disconnected);
            }
            asked.next += 1;
            asked.waiting.insert(asked.next, answer);
            asked.next
        };
        // Whoever gives up waiting, by dropping this, leaves nothing behind.
        let _forget = Forget(self, id);
        let frames = packet::encode_event_data(&self.0.namespace, Some(id), data, attachments);
        self.0.control.push_all(frames).map_err(|_| AskError::Disconnected)?;
        match tokio::time::timeout(timeout, answered).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(AskError::Disconnected),
            Err(_) => Err(AskError::Timeout),
        }
    }

    fn asked(&self) -> MutexGuard<'_, Option<Box<Asked>>> {
        self.0.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client acknowledged. An answer that nobody waits for any more is nobody's fault.
    pub(crate) fn answered(&self, id: u64, answer: Answer) {
        let waiting = self.asked().as_mut().and_then(|asked| asked.waiting.remove(&id));
        if let Some(waiting) = waiting {
            let _ = waiting.send(answer);
        }
    }

    /// The namespace is left: no acknowledgement will come.
    pub(crate) fn stop_asking(&self) {
        let mut asked = self.asked();
        let asked = asked.get_or_insert_default();
        asked.over = true;
        asked.waiting.clear();
    }

    /// Answers an event: `args` is a JSON array.
    ///
    /// # Errors
    /// As [`Link::send`].
    pub fn ack(&self, id: u64, args: &str, attachments: &[Bytes]) -> Result<(), PushError> {
        self.0.control.push_all(packet::encode_ack(&self.0.namespace, id, args, attachments))
    }

    /// Ends the namespace with a DISCONNECT; official clients do not come back by themselves.
    pub fn disconnect(&self) {
        let _ = self.send(packet::encode_disconnect(&self.0.namespace));
        Arc::clone(&self.0.control).leave(self.0.id);
    }

    /// Closes the whole connection without a DISCONNECT; official clients come back.
    pub fn close(&self, reason: CloseReason) {
        Arc::clone(&self.0.control).close(reason);
    }

    /// Whether the connection is over, or about to be.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.control.is_closed()
    }

    /// Labels the session that this connection is of with a number of the application's own: what a visitor of all
    /// sessions tells them apart by ([`crate::Engine::visit`]). The last label counts; before any it is [`u8::MAX`].
    pub fn label(&self, label: u8) {
        self.0.control.label(label);
    }

    /// Bytes that wait for this connection.
    #[must_use]
    pub fn queued_bytes(&self) -> usize {
        self.0.control.queued_bytes()
    }
}

struct Forget<'a>(&'a Link, u64);

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        if let Some(asked) = self.0.asked().as_mut() {
            asked.waiting.remove(&self.1);
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("namespace", &self.0.namespace).field("id", &self.0.id.to_string()).finish()
    }
}
