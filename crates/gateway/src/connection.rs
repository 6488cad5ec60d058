//! One connection, as the hub and the session share it: where it sends, what it speaks, who it is.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use quintet_dialect::{Answer, Dialect, Outgoing};
use quintet_domain::limits::{COMMANDS_IN_FLIGHT_MAX, NOTIFICATIONS_RESENT_MAX};
use quintet_domain::{ConnectionId, NotificationId, User};
use quintet_service::{EventRate, GuestSecret, Identity};
use quintet_socketio::engineio::Revision;
use quintet_socketio::{CloseReason, Frame, Link, Outbox, packet};
use tokio::sync::Semaphore;

use crate::client::Client;
use crate::recovery::{Offset, OffsetMode, Resume};

/// How frames are wrapped; together with the dialect it says which connections share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Wrapping {
    /// Socket.IO, the default namespace.
    Root,
    /// Socket.IO, the namespace named like the dialect.
    Named,
    /// Plain WebSocket, JSON text.
    Plain,
}

impl Wrapping {
    pub(crate) const COUNT: usize = 3;

    /// Wraps an event of a dialect; with its offset, where the connection goes on after it was lost.
    pub(crate) fn frame(self, dialect: Dialect, event: &Outgoing, marked: OffsetMode, offset: Option<Offset>) -> Frame {
        let namespace = match self {
            Self::Root => "/",
            Self::Named => dialect.namespace(),
            Self::Plain => return plain_event(event),
        };
        match offset {
            Some(offset) => packet::encode_event_at(namespace, event.name, &event.payload, &offset.text()),
            None => unmarked(namespace, event, marked),
        }
    }
}

/// An event without an offset. A client that goes on takes whatever text comes last for one: then nothing comes last.
fn unmarked(namespace: &str, event: &Outgoing, marked: OffsetMode) -> Frame {
    if marked != OffsetMode::No && event.payload.starts_with('"') {
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

    /// Queues a frame; a connection that cannot take it is closed by that, and told so by its driver.
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

    /// Queues a frame that is worth nothing late: a busy connection goes without.
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

    /// Lets its transport be told apart from others by the dialect's number.
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

    pub(crate) fn ack(&self, id: u64, payload: &str) {
        match self {
            Self::SocketIo(link) => {
                for frame in packet::encode_ack(link.namespace(), id, &format!("[{payload}]"), &[]) {
                    self.send(frame);
                }
            }
            Self::Plain(_) => {
                self.send(Frame::text_parts(&["{\"ack\":", &id.to_string(), ",\"data\":", payload, "}"]));
            }
        }
    }

    /// Answers a client's event.
    pub(crate) fn answer(&self, ack: Option<u64>, answer: &Answer) {
        match ack {
            Some(id) => self.ack(id, &answer.ack),
            None => answer.instead_of_ack.iter().for_each(|event| self.emit(event)),
        }
        answer.events.iter().for_each(|event| self.emit(event));
    }

    /// The client is to come back.
    pub(crate) fn close(&self, reason: CloseReason) {
        match self {
            Self::SocketIo(link) => link.close(reason),
            Self::Plain(outbox) => {
                outbox.close(reason);
            }
        }
    }

    /// The identity is over: the client is not to come back by itself.
    pub(crate) fn end(&self) {
        match self {
            Self::SocketIo(link) => link.disconnect(),
            Self::Plain(outbox) => {
                outbox.close(CloseReason::Application(4401, "Authentication error: the token is not good any more"));
            }
        }
    }

    /// Tells the client that it is in, where the protocol has a word for it.
    pub(crate) fn accept(&self) {
        if let Self::SocketIo(link) = self {
            link.accept();
        }
    }

    /// Tells the client that it is in, with the secret to go on by.
    pub(crate) fn accept_recoverable(&self, pid: &str) {
        if let Self::SocketIo(link) = self {
            link.accept_recoverable(pid);
        }
    }

    /// Whether the client is gone, or about to be.
    pub(crate) fn is_closed(&self) -> bool {
        match self {
            Self::SocketIo(link) => link.is_closed(),
            Self::Plain(outbox) => outbox.closed().is_some(),
        }
    }

    /// Bytes that wait for the client.
    pub(crate) fn queued_bytes(&self) -> usize {
        match self {
            Self::SocketIo(link) => link.queued_bytes(),
            Self::Plain(outbox) => outbox.queued_bytes(),
        }
    }

    /// The namespace; the default one where there are none.
    pub(crate) fn namespace(&self) -> &str {
        match self {
            Self::SocketIo(link) => link.namespace(),
            Self::Plain(_) => "/",
        }
    }

    /// Whether the protocol lets a client go on with a connection that it lost.
    pub(crate) fn can_recover(&self) -> bool {
        matches!(self, Self::SocketIo(link) if link.revision() == Revision::V4)
    }
}

/// Connections by dialect, the undecided ones last.
#[derive(Debug, Default)]
pub(crate) struct Census([AtomicUsize; Dialect::ALL.len() + 1]);

impl Census {
    fn of(&self, dialect: Option<Dialect>) -> &AtomicUsize {
        &self.0[dialect.map_or(Dialect::ALL.len(), |dialect| dialect as usize)]
    }

    /// How many there are.
    pub(crate) fn count(&self, dialect: Option<Dialect>) -> usize {
        self.of(dialect).load(Ordering::Relaxed)
    }

    /// Whether any connection may show who is present in a room.
    pub(crate) fn any_shows_room_presence(&self) -> bool {
        let mut showing = Dialect::ALL.into_iter().filter(|dialect| dialect.shows_room_presence());
        self.count(None) > 0 || showing.any(|dialect| self.count(Some(dialect)) > 0)
    }
}

const AUTO: u8 = u8::MAX;

/// A dialect by its number, as metrics name it; that of an undecided connection is none's.
pub(crate) fn dialect_name(number: u8) -> &'static str {
    Dialect::ALL.get(usize::from(number)).map_or("undecided", |dialect| dialect.as_str())
}

#[derive(Debug, Default)]
struct Changing {
    identity: Option<Identity>,
    /// The secret by which a guest proves what it owns: shown by the client, or made for its first room.
    guest_secret: Option<GuestSecret>,
    /// The rate that all connections of the user share.
    user_rate: Option<Arc<EventRate>>,
    /// Notifications that were delivered before the dialect was decided.
    delivered: Vec<NotificationId>,
    /// What it goes on with, until it is counted in.
    resume: Option<Box<Resume>>,
}

/// Whether a connection is one that its client can go on with.
#[derive(Debug, Default)]
pub(crate) struct Resumption {
    /// The number of the dialect that it is opened with.
    pub(crate) opened: u8,
    /// Whether the client gets the secret to go on by.
    pub(crate) recoverable: bool,
    /// What it goes on with.
    pub(crate) resume: Option<Resume>,
}

/// One connection.
#[derive(Debug)]
pub struct Connection {
    pub(crate) id: ConnectionId,
    /// Names what it asks for: its own id, or that of the connection that it goes on with.
    pub(crate) session: ConnectionId,
    /// The number of the dialect that it was opened with.
    pub(crate) opened: u8,
    pub(crate) recoverable: bool,
    pub(crate) out: Out,
    /// Whether the client's word is enough for registered users, too.
    pub(crate) trusted: bool,
    /// The client of its transport, which other connections may share.
    pub(crate) client: Arc<Client>,
    /// Whether its identity has ended: nothing more is sent to it, from wherever.
    pub(crate) ended: AtomicBool,
    /// One permit for each command that it may have in flight.
    in_flight: Semaphore,
    dialect: AtomicU8,
    changing: Mutex<Changing>,
    census: Arc<Census>,
}

impl Connection {
    pub(crate) fn new(
        id: ConnectionId,
        out: Out,
        client: Arc<Client>,
        trusted: bool,
        dialect: Option<Dialect>,
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
            client,
            trusted,
            ended: AtomicBool::new(false),
            in_flight: Semaphore::new(COMMANDS_IN_FLIGHT_MAX),
            dialect: AtomicU8::new(dialect.map_or(AUTO, |dialect| dialect as u8)),
            changing: Mutex::new(Changing { resume: resume.map(Box::new), ..Changing::default() }),
            census,
        };
        connection.census.of(dialect).fetch_add(1, Ordering::Relaxed);
        connection.out.label(connection.dialect.load(Ordering::Relaxed));
        Arc::new(connection)
    }

    fn changing(&self) -> std::sync::MutexGuard<'_, Changing> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The dialect; none while it is undecided.
    pub(crate) fn dialect(&self) -> Option<Dialect> {
        Dialect::ALL.get(usize::from(self.dialect.load(Ordering::Relaxed))).copied()
    }

    /// What it goes on with; asked once.
    pub(crate) fn take_resume(&self) -> Option<Resume> {
        self.changing().resume.take().map(|resume| *resume)
    }

    /// Waits until it may have another command in flight.
    pub(crate) async fn permit(self: &Arc<Self>) -> Permit {
        if let Ok(permit) = self.in_flight.acquire().await {
            permit.forget();
        }
        Permit(Arc::clone(self))
    }

    /// The dialects in which it receives events, its own or all while it is undecided, and how its events carry their
    /// offset. Called once for each event: the dialect may be decided meanwhile.
    pub(crate) fn hears(&self) -> (OffsetMode, impl Iterator<Item = Dialect> + use<>) {
        let decided = self.dialect();
        let marked = match (self.recoverable, decided) {
            (false, _) => OffsetMode::No,
            (true, Some(_)) => OffsetMode::Decided,
            (true, None) => OffsetMode::Undecided,
        };
        let dialects = Dialect::ALL.into_iter().filter(move |dialect| decided.is_none_or(|one| one == *dialect));
        (marked, dialects)
    }

    /// Decides the dialect, for good. Returns the notifications that were sent before and now count as delivered.
    pub(crate) fn decide(&self, dialect: Dialect) -> Vec<NotificationId> {
        // Under the lock that `mark_delivered` holds, so that nothing is added behind the list that is taken here.
        let mut changing = self.changing();
        self.dialect.store(dialect as u8, Ordering::Relaxed);
        self.out.label(dialect as u8);
        self.census.of(None).fetch_sub(1, Ordering::Relaxed);
        self.census.of(Some(dialect)).fetch_add(1, Ordering::Relaxed);
        let delivered = std::mem::take(&mut changing.delivered);
        if dialect.reads_notifications() { delivered } else { Vec::new() }
    }

    /// Records that a notification was sent; returns it where the dialect is decided and reads notifications, so that
    /// it counts as delivered.
    pub(crate) fn mark_delivered(&self, notification: &NotificationId) -> Option<NotificationId> {
        let mut changing = self.changing();
        match self.dialect() {
            Some(dialect) => dialect.reads_notifications().then(|| notification.clone()),
            None => {
                // What is not recorded counts as not delivered, and is sent again.
                if changing.delivered.len() < NOTIFICATIONS_RESENT_MAX as usize {
                    changing.delivered.push(notification.clone());
                }
                None
            }
        }
    }

    pub(crate) fn identity(&self) -> Option<Identity> {
        self.changing().identity.clone()
    }

    pub(crate) fn guest_secret(&self) -> Option<GuestSecret> {
        self.changing().guest_secret.clone()
    }

    pub(crate) fn set_guest_secret(&self, secret: GuestSecret) {
        self.changing().guest_secret = Some(secret);
    }

    pub(crate) fn user_rate(&self) -> Option<Arc<EventRate>> {
        self.changing().user_rate.clone()
    }

    pub(crate) fn set_user_rate(&self, rate: Arc<EventRate>) {
        self.changing().user_rate = Some(rate);
    }

    /// The user's profile changed; whatever else is known of the identity stays.
    pub(crate) fn set_user(&self, user: &Arc<User>) {
        if let Some(identity) = &mut self.changing().identity {
            identity.user = Arc::clone(user);
        }
    }

    /// It was to be somebody's, and is not.
    pub(crate) fn clear_identity(&self) {
        self.changing().identity = None;
    }

    pub(crate) fn set_identity(&self, identity: Identity) {
        self.changing().identity = Some(identity);
    }
}

/// A permit to have one command in flight, until it is dropped.
#[derive(Debug)]
pub(crate) struct Permit(Arc<Connection>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.in_flight.add_permits(1);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.census.of(self.dialect()).fetch_sub(1, Ordering::Relaxed);
    }
}
