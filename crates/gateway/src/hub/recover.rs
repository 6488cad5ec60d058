//! A connection that goes on with one that was lost: what it missed comes from the store, what happens meanwhile is
//! held, and follows.
//!
//! What must stay true: between what was read and what is told from then on nothing is missing and nothing is twice;
//! a connection is brought up to date wholly, or told that it starts afresh, or closed so that it comes back for the
//! rest.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use quintet_dialect::Perspective;
use quintet_domain::limits::{RECOVERIES_HELD_BYTES_MAX, RECOVERIES_MAX, RECOVERIES_OF_USER_MAX};
use quintet_domain::{Audience, ConnectionId, ConversationId, Entry, Event, NotificationId, Refusal, User, UserId};
use quintet_service::{EventRate, Presence, Service};
use quintet_socketio::{CloseReason, Frame};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::Instant;

use super::deliver::{Frames, end_of};
use super::{Attached, Hub, Pending, Wake};
use crate::Echo;
use crate::connection::Connection;
use crate::recovery::Resume;

/// Connections that are brought up to date at once: what each missed is in memory meanwhile.
const AT_ONCE: usize = 32;

/// Time that a connection waits for its turn before it starts afresh.
const TURN_WITHIN: Duration = Duration::from_secs(10);

/// How often a queue is looked at that has to drain.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Time that a connection has to take all that it missed before it is closed, and comes back for the rest.
const TAKEN_WITHIN: Duration = Duration::from_secs(30);

/// A connection that waits for what it missed, and what is told meanwhile.
pub(super) struct Held {
    /// Lets the connection in; taken when that is done.
    entrance: Option<Entrance>,
    /// With the position; none for what passes.
    frames: Vec<(Option<u64>, Frame)>,
    bytes: HeldBytes,
    bytes_max: usize,
    /// Whether more frames came than may be held.
    too_much: bool,
}

/// Bytes held for one connection, counted in the sum over all connections as well.
struct HeldBytes {
    own: usize,
    all: Arc<AtomicUsize>,
}

impl HeldBytes {
    fn add(&mut self, bytes: usize) -> usize {
        self.own += bytes;
        self.all.fetch_add(bytes, Ordering::Relaxed) + bytes
    }
}

impl Drop for HeldBytes {
    fn drop(&mut self) {
        self.all.fetch_sub(self.own, Ordering::Relaxed);
    }
}

/// The limits on connections that recover or wait to.
#[derive(Debug)]
pub(super) struct Recoveries {
    /// One permit for each recovery in progress.
    turns: Arc<Semaphore>,
    /// One permit for each recovery in progress or waiting.
    conversations: Arc<Semaphore>,
    held_bytes: Arc<AtomicUsize>,
}

impl Default for Recoveries {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            conversations: Arc::new(Semaphore::new(RECOVERIES_MAX)),
            held_bytes: Arc::default(),
        }
    }
}

impl Held {
    /// Keeps a frame for later. Beyond what the connection's queue could take nothing is kept.
    pub(super) fn keep(&mut self, position: Option<u64>, frame: Frame) {
        if self.too_much {
            return;
        }
        let all = self.bytes.add(frame.queued_bytes());
        if self.bytes.own > self.bytes_max || all > RECOVERIES_HELD_BYTES_MAX {
            self.too_much = true;
            self.frames = Vec::new();
            self.bytes = HeldBytes { own: 0, all: Arc::clone(&self.bytes.all) };
        } else {
            self.frames.push((position, frame));
        }
    }

    /// Refuses the connection unless it was let in already. Says whether it was not: nobody else counts it out then.
    pub(super) fn refuse(self, refusal: Refusal) -> bool {
        self.entrance.is_some_and(|(reply, _)| {
            let _ = reply.send(Err(refusal));
            true
        })
    }
}

type Entrance = (oneshot::Sender<Attached>, Arc<EventRate>);

/// How far a connection was brought up to date.
#[derive(Clone, Copy, Debug)]
pub(super) enum Retold {
    /// Up to this position.
    UpTo(u64),
    /// Not at all: it starts afresh.
    Nothing,
    /// It did not take what it missed, and was closed.
    Closed,
}

impl Hub {
    /// Takes a place for a recovery. `None` where there are too many recoveries, in total or of this user.
    pub(super) fn place_to_recover(&mut self, user: &UserId) -> Option<OwnedSemaphorePermit> {
        let seats = self.state.resident(user).map_or(&[][..], |resident| &resident.seats[..]);
        let own = seats.iter().filter(|seat| seat.held.borrow().is_some()).count();
        if own >= RECOVERIES_OF_USER_MAX {
            return None;
        }
        Arc::clone(&self.recoveries.conversations).try_acquire_owned().ok()
    }

    /// Begins to bring a connection up to date.
    pub(super) fn recover(
        &mut self,
        user: &Arc<User>,
        connection: Arc<Connection>,
        (resume, conversation): (Resume, OwnedSemaphorePermit),
        reply: oneshot::Sender<Attached>,
        rate: Arc<EventRate>,
    ) {
        // Half of the queue: the other half is for what was missed.
        let bytes_max = self.settings.queue_bytes_max / 2;
        let bytes = HeldBytes { own: 0, all: Arc::clone(&self.recoveries.held_bytes) };
        let held = Held { entrance: Some((reply, rate)), frames: Vec::new(), bytes, bytes_max, too_much: false };
        let id = connection.id;
        self.state.seat(&user.id, Arc::clone(&connection), Some(held));
        let retelling = Retelling {
            service: self.service.clone(),
            user: Arc::clone(user),
            connection,
            resume,
            muted: self.state.seat_of(&user.id, id).map(|seat| seat.muted.clone()).unwrap_or_default(),
            echo: self.settings.echo,
            queue_bytes_max: bytes_max,
        };
        tokio::spawn(retelling.run(self.inbox.clone(), Arc::clone(&self.recoveries.turns), conversation));
    }

    /// A connection was told what it missed up to a position: goes on once that is reached here.
    pub(super) fn retold(&mut self, connection: ConnectionId, user: UserId, retold: Retold) {
        let position = match retold {
            Retold::UpTo(position) => position,
            Retold::Nothing | Retold::Closed => self.position,
        };
        self.at(position, Pending::Act(Box::new(move |hub| hub.go_on(connection, &user, retold))));
    }

    /// A connection does not wait any longer to be let in: it has begun to hear what it missed, and has to be read so
    /// that it hears the rest. A client that upgrades its transport polls no more before its CONNECT is through.
    pub(super) fn let_in_early(&mut self, connection: ConnectionId, user: &UserId) {
        let Some(seat) = self.state.seat_of(user, connection) else { return };
        let Some((reply, rate)) = seat.held.get_mut().as_mut().and_then(|held| held.entrance.take()) else { return };
        let connection = Arc::clone(&seat.connection);
        self.let_in(user, &connection, reply, rate);
    }

    fn go_on(&mut self, connection: ConnectionId, user: &UserId, retold: Retold) {
        let Some(seat) = self.state.seat_of(user, connection) else { return };
        let Some(held) = seat.held.take() else { return };
        let connection = Arc::clone(&seat.connection);
        let Some(user) = self.state.resident(user).map(|resident| Arc::clone(&resident.user)) else { return };
        match retold {
            Retold::Nothing => {
                if let Some((reply, rate)) = held.entrance {
                    self.welcome(&user, &connection, reply, rate);
                }
                return;
            }
            // It comes back for the rest.
            Retold::UpTo(_) if held.too_much => connection.out.close(CloseReason::QueueFull),
            Retold::UpTo(read) => {
                for (_, frame) in held.frames.into_iter().filter(|(position, _)| position.is_none_or(|at| at > read)) {
                    connection.out.send(frame);
                }
                self.greet(&connection, &user);
                // What it was told again counts as told already.
                self.resend_untold(&connection, &user);
            }
            Retold::Closed => {}
        }
        self.end_of_line(&user.id, &connection);
        if let Some((reply, rate)) = held.entrance {
            self.let_in(&user.id, &connection, reply, rate);
        }
    }

    /// The connection that is gone on with has no client any more, whether this server has noticed or not.
    fn end_of_line(&self, user: &UserId, connection: &Connection) {
        let line = self.state.connections_of(user).filter(|other| other.session == connection.session);
        for other in line.filter(|other| other.id != connection.id) {
            other.out.close(CloseReason::TransportClosed);
        }
    }
}

/// Tells one connection what it missed.
struct Retelling {
    service: Service,
    user: Arc<User>,
    connection: Arc<Connection>,
    resume: Resume,
    muted: Vec<ConversationId>,
    echo: Echo,
    queue_bytes_max: usize,
}

impl Retelling {
    async fn run(self, inbox: mpsc::WeakSender<Wake>, turns: Arc<Semaphore>, _place: OwnedSemaphorePermit) {
        let retold = {
            match tokio::time::timeout(TURN_WITHIN, turns.acquire_owned()).await {
                Ok(_turn) => self.retell(&inbox).await,
                Err(_) => Retold::Nothing,
            }
        };
        let (connection, user) = (self.connection.id, self.user.id.clone());
        tell(&inbox, Wake::Retold { connection, user, retold }).await;
    }

    async fn retell(&self, inbox: &mpsc::WeakSender<Wake>) -> Retold {
        let Ok(missed) = self.service.missed(&self.user, self.resume.after()).await else {
            return Retold::Nothing;
        };
        let Some(entries) = missed.entries else {
            tracing::debug!(user = %self.user.id, after = self.resume.after(), "too much was missed to be told again");
            return Retold::Nothing;
        };
        if self.is_over() {
            return Retold::Closed;
        }
        self.connection.out.accept_recoverable(&self.resume.pid);
        let mut told: Vec<NotificationId> = Vec::new();
        let mut waited = false;
        let too_late = Instant::now() + TAKEN_WITHIN;
        for entry in entries.iter().filter(|entry| !self.is_muted(entry)) {
            for frame in self.frames(entry) {
                if self.is_over() {
                    return Retold::Closed;
                }
                if self.is_full() {
                    if !std::mem::replace(&mut waited, true) {
                        let (connection, user) = (self.connection.id, self.user.id.clone());
                        tell(inbox, Wake::LetIn { connection, user }).await;
                    }
                    if !self.has_room(too_late).await {
                        return Retold::Closed;
                    }
                }
                self.connection.out.send(frame);
            }
            if let Event::Notified { notification, .. } = &entry.event {
                told.extend(self.connection.told(&notification.id));
            }
        }
        if !told.is_empty() {
            self.service.told(told).await;
        }
        Retold::UpTo(missed.position)
    }

    /// An entry as the connection would have heard it.
    fn frames(&self, entry: &Entry) -> Vec<Frame> {
        let presence: &Presence = self.service.presence();
        let side = if entry.event.actor() == Some(&self.user.id) { Perspective::Actor } else { Perspective::Other };
        let departure = end_of(&entry.event, &self.user);
        let mut told = Frames::new(&entry.event, presence, Some(entry.position));
        let mut own = departure.as_ref().map(|own| Frames::new(own, presence, Some(entry.position)));
        let mut frames = Vec::new();
        let (marked, dialects) = self.connection.hears();
        for dialect in dialects {
            if self.resume.heard(entry.position, dialect) {
                continue;
            }
            match &mut own {
                Some(own) if !dialect.tells_deletions() => {
                    frames.extend_from_slice(own.get(dialect, Perspective::Actor, marked, &self.connection.out));
                }
                _ if told.spares(&self.connection, dialect, Some(entry), self.echo) => {}
                _ => frames.extend_from_slice(told.get(dialect, side, marked, &self.connection.out)),
            }
        }
        frames
    }

    /// Whether nobody is there any more, or nobody who may hear this.
    fn is_over(&self) -> bool {
        self.connection.ended.load(Ordering::Acquire) || self.connection.out.is_closed()
    }

    fn is_muted(&self, entry: &Entry) -> bool {
        match entry.event.audience() {
            Audience::Members(conversation) => self.muted.contains(conversation),
            Audience::Users(_) | Audience::User(_) | Audience::Watchers(_) => false,
        }
    }

    fn is_full(&self) -> bool {
        self.connection.out.queued_bytes() > self.queue_bytes_max
    }

    /// Waits until half of the queue is free. A connection that never gets there is closed: it comes back for the rest.
    async fn has_room(&self, too_late: Instant) -> bool {
        while self.is_full() {
            if self.is_over() {
                return false;
            }
            if Instant::now() > too_late {
                self.connection.out.close(CloseReason::QueueFull);
                return false;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        true
    }
}

async fn tell(inbox: &mpsc::WeakSender<Wake>, word: Wake) {
    if let Some(inbox) = inbox.upgrade() {
        let _ = inbox.send(word).await;
    }
}
