//! The state of one connection that the hub and the session share: its way out, its dialect and its user.
//!
//! What must stay true: a dialect is decided once, for good; a notification counts as delivered only after it was sent
//! in a decided dialect.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use quintet_dialect::{Answer, Dialect, Outgoing};
use quintet_domain::limits::{COMMANDS_IN_FLIGHT_MAX, NOTIFICATIONS_RESENT_MAX};
use quintet_domain::{ConnectionId, NotificationId, SpanContext, User};
use quintet_service::{Base, EventRate, GuestSecret, Identity};
use quintet_socketio::engineio::Revision;
use quintet_socketio::{CloseReason, Frame, Link, Mark, Outbox, packet};
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;

use crate::census::{Census, SERVICES, UNDECIDED, dialect_name};
use crate::client::Client;
use crate::recovery::{Offset, OffsetMode, Resume};

/// How frames are wrapped. Connections of one dialect and wrapping share their frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Wrapping {
    /// Socket.IO in the default namespace.
    Root,
    /// Socket.IO in the namespace that has the dialect's name.
    Named,
    /// Plain WebSocket, as JSON text.
    Plain,
}

impl Wrapping {
    /// Wraps an event of a dialect, with its offset if the connection can be resumed.
    pub(crate) fn frame(self, dialect: Dialect, event: &Outgoing, mode: OffsetMode, offset: Option<Offset>) -> Frame {
        let namespace = match self {
            Self::Root => "/",
            Self::Named => dialect.namespace(),
            Self::Plain => return plain_event(event),
        };
        match offset {
            Some(offset) => packet::encode_event_at(namespace, event.name, &event.payload, &offset.text()),
            None => without_offset(namespace, event, mode),
        }
    }
}

/// An event without an offset. A client that can resume takes a text in the last argument for an offset, so the event
/// must not end in a text.
fn without_offset(namespace: &str, event: &Outgoing, mode: OffsetMode) -> Frame {
    if mode != OffsetMode::No && event.payload.starts_with('"') {
        return packet::encode_event(namespace, event.name, &format!("{},null", event.payload));
    }
    packet::encode_event(namespace, event.name, &event.payload)
}

fn plain_event(event: &Outgoing) -> Frame {
    Frame::text_parts(&["{\"event\":\"", event.name, "\",\"data\":", &event.payload, "}"])
}

/// The way out to a client.
#[derive(Clone, Debug)]
pub(crate) enum Out {
    SocketIo(Link),
    Plain(Arc<Outbox>),
}

impl Out {
    pub(crate) fn wrapping(&self) -> Wrapping {
        match self {
            Self::SocketIo(link) if link.namespace() == "/" => Wrapping::Root,
            Self::SocketIo(_) => Wrapping::Named,
            Self::Plain(_) => Wrapping::Plain,
        }
    }

    /// Queues a frame. A connection whose queue is full is closed, and its driver reports the close.
    pub(crate) fn send(&self, frame: Frame) {
        let sent = match self {
            Self::SocketIo(link) => link.send(frame),
            Self::Plain(outbox) => outbox.push(frame),
        };
        if let Err(error) = sent
            && error.0 == CloseReason::QueueFull
        {
            self.close(CloseReason::QueueFull);
        }
    }

    /// Queues a frame that is useless when it is late: it is dropped if the connection is busy.
    pub(crate) fn send_volatile(&self, frame: Frame) {
        match self {
            Self::SocketIo(link) => {
                link.send_volatile(frame);
            }
            Self::Plain(outbox) => {
                outbox.push_volatile(frame);
            }
        }
    }

    fn hold(&self) {
        match self {
            Self::SocketIo(link) => link.hold(),
            Self::Plain(outbox) => outbox.hold(),
        }
    }

    fn release(&self) {
        match self {
            Self::SocketIo(link) => link.release(),
            Self::Plain(outbox) => outbox.release(),
        }
    }

    /// Sets the dialect's number as the label of the transport, for metrics.
    fn label(&self, dialect: u8) {
        if let Self::SocketIo(link) = self {
            link.label(dialect);
        }
    }

    pub(crate) fn emit(&self, event: &Outgoing) {
        self.send(match self {
            Self::SocketIo(link) => packet::encode_event(link.namespace(), event.name, &event.payload),
            Self::Plain(_) => plain_event(event),
        });
    }

    /// Queues an event with the offset by which the connection can be gone on with behind it.
    pub(crate) fn emit_at(&self, event: &Outgoing, offset: &str) {
        self.send(match self {
            Self::SocketIo(link) => packet::encode_event_at(link.namespace(), event.name, &event.payload, offset),
            Self::Plain(_) => plain_event(event),
        });
    }

    pub(crate) fn ack(&self, id: u64, payload: &str) {
        self.send(match self {
            Self::SocketIo(link) => packet::encode_ack_of(link.namespace(), id, payload),
            Self::Plain(_) => Frame::text_parts(&["{\"ack\":", &id.to_string(), ",\"data\":", payload, "}"]),
        });
    }

    /// Answers an event of the client.
    pub(crate) fn answer(&self, ack: Option<u64>, answer: &Answer) {
        match ack {
            Some(id) => self.ack(id, &answer.ack),
            None => answer.instead_of_ack.iter().for_each(|event| self.emit(event)),
        }
        answer.events.iter().for_each(|event| self.emit(event));
    }

    /// Closes the connection so that the client reconnects.
    pub(crate) fn close(&self, reason: CloseReason) {
        match self {
            Self::SocketIo(link) => link.close(reason),
            Self::Plain(outbox) => {
                outbox.close(reason);
            }
        }
    }

    /// Closes the connection because its identity has ended, so that the client does not reconnect by itself.
    pub(crate) fn end(&self) {
        match self {
            Self::SocketIo(link) => link.disconnect(),
            Self::Plain(outbox) => {
                outbox.close(CloseReason::Application(4401, "Authentication error: the token is not good any more"));
            }
        }
    }

    /// Accepts the CONNECT, if the protocol has one.
    pub(crate) fn accept(&self) {
        if let Self::SocketIo(link) = self {
            link.accept();
        }
    }

    /// Accepts the CONNECT, with the secret by which the client can resume this connection.
    pub(crate) fn accept_recoverable(&self, pid: &str) {
        if let Self::SocketIo(link) = self {
            link.accept_recoverable(pid);
        }
    }

    /// Whether the connection is closed, or about to be.
    pub(crate) fn is_closed(&self) -> bool {
        match self {
            Self::SocketIo(link) => link.is_closed(),
            Self::Plain(outbox) => outbox.closed().is_some(),
        }
    }

    /// The number of bytes that are queued for the client.
    pub(crate) fn queued_bytes(&self) -> usize {
        match self {
            Self::SocketIo(link) => link.queued_bytes(),
            Self::Plain(outbox) => outbox.queued_bytes(),
        }
    }

    /// Marks the end of what is queued for the client now.
    pub(crate) fn mark(&self) -> Mark {
        match self {
            Self::SocketIo(link) => link.mark(),
            Self::Plain(outbox) => outbox.mark(),
        }
    }

    /// Whether all that was queued before a mark was written to the transport.
    pub(crate) fn has_written(&self, mark: Mark) -> bool {
        match self {
            Self::SocketIo(link) => link.has_written(mark),
            Self::Plain(outbox) => outbox.has_written(mark),
        }
    }

    /// The namespace; the default one for transports that have no namespaces.
    pub(crate) fn namespace(&self) -> &str {
        match self {
            Self::SocketIo(link) => link.namespace(),
            Self::Plain(_) => "/",
        }
    }

    /// Whether the protocol lets a client resume a lost connection.
    pub(crate) fn can_recover(&self) -> bool {
        matches!(self, Self::SocketIo(link) if link.revision() == Revision::V4)
    }
}

#[derive(Debug, Default)]
struct Changing {
    identity: Option<Identity>,
    /// The rate limit that all connections of the user share.
    user_rate: Option<Arc<EventRate>>,
    /// The lost connection that this one resumes; taken when the connection is attached.
    resume: Option<Box<Resume>>,
    /// Allocated when a part of it is first set.
    uncommon: Option<Box<Uncommon>>,
}

/// The parts of a connection's state that few connections have.
#[derive(Debug, Default)]
struct Uncommon {
    /// The secret by which a guest proves what it owns: sent by the client, or created with its first room.
    guest_secret: Option<GuestSecret>,
    /// Notifications that were sent before the dialect was decided.
    delivered: Vec<NotificationId>,
    /// The task that tells a service what happens.
    task: Option<AbortHandle>,
}

/// Whether and how a connection can be resumed, and what it resumes itself.
#[derive(Debug, Default)]
pub(crate) struct Resumption {
    /// The number of the dialect that it is opened with.
    pub(crate) opened: u8,
    /// Whether the client receives a secret to resume the connection by.
    pub(crate) recoverable: bool,
    /// The lost connection that this one resumes.
    pub(crate) resume: Option<Resume>,
}

/// One connection of a client.
#[derive(Debug)]
pub struct Connection {
    pub(crate) id: ConnectionId,
    /// The session id that marks the commands of this connection: its own id, or that of the connection that it
    /// resumes.
    pub(crate) session: ConnectionId,
    /// The number of the dialect that it was opened with.
    pub(crate) opened: u8,
    pub(crate) recoverable: bool,
    pub(crate) out: Out,
    /// The address that links to this server have for this client.
    pub(crate) base: Base,
    /// Whether clients may name a registered user by its id, without a token.
    pub(crate) trusted: bool,
    /// The client of its transport, which other connections may share.
    pub(crate) client: Arc<Client>,
    /// The span of its CONNECT, if a trace is kept of that.
    pub(crate) connect_span: Option<Box<SpanContext>>,
    /// Whether its identity has ended. From then on nothing is sent to it.
    pub(crate) ended: AtomicBool,
    /// One permit for each command that the connection may have in flight. Allocated with its first command, because many
    /// connections never send one.
    in_flight: OnceLock<Box<Semaphore>>,
    dialect: AtomicU8,
    changing: Mutex<Changing>,
    census: Arc<Census>,
}

impl Connection {
    pub(crate) fn new(
        id: ConnectionId,
        (out, base): (Out, Base),
        client: Arc<Client>,
        trusted: bool,
        dialect: Option<Dialect>,
        resumption: Resumption,
        census: Arc<Census>,
    ) -> Arc<Self> {
        let number = dialect.map_or(UNDECIDED, |dialect| dialect as u8);
        Self::numbered(id, (out, base), client, trusted, number, resumption, census)
    }

    /// Creates a connection whose dialect has a number: [`SERVICES`] for the connection of a service.
    pub(crate) fn numbered(
        id: ConnectionId,
        (out, base): (Out, Base),
        client: Arc<Client>,
        trusted: bool,
        number: u8,
        resumption: Resumption,
        census: Arc<Census>,
    ) -> Arc<Self> {
        let Resumption { opened, recoverable, resume } = resumption;
        let connection = Self {
            id,
            session: resume.as_ref().map_or(id, |resume| resume.token.session),
            opened,
            recoverable,
            out,
            base,
            client,
            trusted,
            connect_span: quintet_telemetry::current(|scope| scope.span).map(Box::new),
            ended: AtomicBool::new(false),
            in_flight: OnceLock::new(),
            dialect: AtomicU8::new(number),
            changing: Mutex::new(Changing { resume: resume.map(Box::new), ..Changing::default() }),
            census,
        };
        connection.census.of_number(number).fetch_add(1, Ordering::Relaxed);
        connection.out.label(number);
        Arc::new(connection)
    }

    fn changing(&self) -> std::sync::MutexGuard<'_, Changing> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The dialect; `None` while it is undecided.
    pub(crate) fn dialect(&self) -> Option<Dialect> {
        Dialect::ALL.get(usize::from(self.dialect.load(Ordering::Relaxed))).copied()
    }

    /// Whether the connection is a service's, which only listens.
    pub(crate) fn is_services(&self) -> bool {
        self.dialect.load(Ordering::Relaxed) == SERVICES
    }

    /// The name of the dialect, for metrics.
    pub(crate) fn dialect_name(&self) -> &'static str {
        dialect_name(self.dialect.load(Ordering::Relaxed))
    }

    /// Keeps the task that tells a service what happens.
    pub(crate) fn set_task(&self, task: AbortHandle) {
        self.changing().uncommon.get_or_insert_default().task = Some(task);
    }

    /// Ends the task that tells a service what happens, if the connection is a service's.
    pub(crate) fn end_task(&self) {
        if self.is_services()
            && let Some(task) = self.changing().uncommon.as_mut().and_then(|uncommon| uncommon.task.take())
        {
            task.abort();
        }
    }

    /// Holds back what is sent to the client until the returned guard is dropped, so that it leaves in one write.
    pub(crate) fn hold(self: &Arc<Self>) -> HeldBack {
        self.out.hold();
        HeldBack(Arc::clone(self))
    }

    /// Takes the lost connection that this one resumes.
    pub(crate) fn take_resume(&self) -> Option<Resume> {
        self.changing().resume.take().map(|resume| *resume)
    }

    /// Waits until the connection may have another command in flight.
    pub(crate) async fn permit(self: &Arc<Self>) -> Permit {
        let in_flight = self.in_flight.get_or_init(|| Box::new(Semaphore::new(COMMANDS_IN_FLIGHT_MAX)));
        if let Ok(permit) = in_flight.acquire().await {
            permit.forget();
        }
        Permit(Arc::clone(self))
    }

    /// The dialects in which the connection receives events (all of them while it is undecided), and how its events
    /// carry their offset. Called once for each event, because the dialect may be decided meanwhile.
    pub(crate) fn dialects(&self) -> (OffsetMode, impl Iterator<Item = Dialect> + use<>) {
        let decided = self.dialect();
        let mode = match (self.recoverable, decided) {
            (false, _) => OffsetMode::No,
            (true, Some(_)) => OffsetMode::Decided,
            (true, None) => OffsetMode::Undecided,
        };
        let dialects = Dialect::ALL.into_iter().filter(move |dialect| decided.is_none_or(|one| one == *dialect));
        (mode, dialects)
    }

    /// Decides the dialect for good. Returns the notifications that were sent before and now count as delivered.
    pub(crate) fn decide(&self, dialect: Dialect) -> Vec<NotificationId> {
        // Under the lock that `mark_delivered` takes, so that no notification is added after the list was taken.
        let mut changing = self.changing();
        self.dialect.store(dialect as u8, Ordering::Relaxed);
        self.out.label(dialect as u8);
        self.census.of(None).fetch_sub(1, Ordering::Relaxed);
        self.census.of(Some(dialect)).fetch_add(1, Ordering::Relaxed);
        changing.uncommon.as_mut().map(|uncommon| std::mem::take(&mut uncommon.delivered)).unwrap_or_default()
    }

    /// Records that a notification was sent. Returns it if the dialect is decided, so that it counts as delivered.
    pub(crate) fn mark_delivered(&self, notification: &NotificationId) -> Option<NotificationId> {
        let mut changing = self.changing();
        match self.dialect() {
            Some(_) => Some(notification.clone()),
            None => {
                // A notification that is not recorded counts as undelivered, and is sent again later.
                let delivered = &mut changing.uncommon.get_or_insert_default().delivered;
                if delivered.len() < NOTIFICATIONS_RESENT_MAX as usize {
                    delivered.push(notification.clone());
                }
                None
            }
        }
    }

    pub(crate) fn identity(&self) -> Option<Identity> {
        self.changing().identity.clone()
    }

    pub(crate) fn guest_secret(&self) -> Option<GuestSecret> {
        self.changing().uncommon.as_ref()?.guest_secret.clone()
    }

    pub(crate) fn set_guest_secret(&self, secret: GuestSecret) {
        self.changing().uncommon.get_or_insert_default().guest_secret = Some(secret);
    }

    pub(crate) fn user_rate(&self) -> Option<Arc<EventRate>> {
        self.changing().user_rate.clone()
    }

    pub(crate) fn set_user_rate(&self, rate: Arc<EventRate>) {
        self.changing().user_rate = Some(rate);
    }

    /// Updates the user's profile; the rest of the identity stays.
    pub(crate) fn set_user(&self, user: &Arc<User>) {
        if let Some(identity) = &mut self.changing().identity {
            identity.user = Arc::clone(user);
        }
    }

    /// Removes the identity of a connection that could not be attached.
    pub(crate) fn clear_identity(&self) {
        self.changing().identity = None;
    }

    pub(crate) fn set_identity(&self, identity: Identity) {
        self.changing().identity = Some(identity);
    }
}

/// Holds back what is sent to a client. Dropping it lets everything leave that was queued meanwhile.
#[derive(Debug)]
#[must_use]
pub(crate) struct HeldBack(Arc<Connection>);

impl Drop for HeldBack {
    fn drop(&mut self) {
        self.0.out.release();
    }
}

/// A permit for one command in flight. Dropping it allows another command.
#[derive(Debug)]
pub(crate) struct Permit(Arc<Connection>);

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(in_flight) = self.0.in_flight.get() {
            in_flight.add_permits(1);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.census.of_number(self.dialect.load(Ordering::Relaxed)).fetch_sub(1, Ordering::Relaxed);
    }
}
