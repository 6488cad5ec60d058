//! Replay: a connection that resumes a lost one receives from the store what it missed. Events that happen meanwhile
//! are held back, and follow.
//!
//! What must stay true: no event is missing or repeated between what was read and what is delivered after it; a
//! connection is brought up to date completely, or starts afresh and learns that it does, or is closed so that it
//! reconnects for the rest.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use quintet_dialect::Perspective;
use quintet_domain::limits::{RECOVERIES_MAX, RECOVERIES_OF_USER_MAX};
use quintet_domain::{
    Audience, ConversationId, Entry, Event, Hidden, Message, NotificationId, ShownEvent, User, UserId,
};
use quintet_service::{MissedSince, PendingNotifications, Service};
use quintet_socketio::{CloseReason, Frame};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::Instant;

use super::attach_reply::AttachReply;
use super::directory::Directory;
use super::fan_out::{Frames, OffsetAt, end_of};
use super::message::{ClientMessage, ReplayOutcome};
use super::replay_buffer::ReplayBuffer;
use crate::connection::Connection;
use crate::recovery::Resume;
use crate::settings::{Echo, Settings};

/// Maximum number of replays at once: what each connection missed is kept in memory meanwhile.
const AT_ONCE: usize = 32;

/// Maximum time that a connection waits for its replay to begin before it starts afresh.
const TURN_WITHIN: Duration = Duration::from_secs(10);

/// Time between two checks of a queue that has to drain.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Maximum time for a connection to receive all that it missed. After that it is closed, and reconnects for the rest.
const TAKEN_WITHIN: Duration = Duration::from_secs(30);

/// The replays in progress or waiting, and their limits.
pub(super) struct Replays {
    service: Service,
    inbox: mpsc::WeakSender<ClientMessage>,
    echo: Echo,
    /// Half of the bytes that may be queued for a connection: one half is for what it missed, the other for what is
    /// held back.
    queue_bytes_max: usize,
    /// One permit for each replay in progress.
    turns: Arc<Semaphore>,
    /// One permit for each replay in progress or waiting.
    slots: Arc<Semaphore>,
    /// The number of bytes held back for all connections.
    held_bytes: Arc<AtomicUsize>,
}

impl Replays {
    pub(super) fn new(service: Service, inbox: mpsc::WeakSender<ClientMessage>, settings: &Settings) -> Self {
        Self {
            service,
            inbox,
            echo: settings.echo,
            queue_bytes_max: settings.queue_bytes_max / 2,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            slots: Arc::new(Semaphore::new(RECOVERIES_MAX)),
            held_bytes: Arc::default(),
        }
    }

    /// Reserves a replay. Returns `None` if there are too many replays, in total or of this user.
    ///
    /// Replays of connections that are closed end on their own and do not count.
    pub(super) fn reserve(&self, directory: &Directory, user: &UserId) -> Option<OwnedSemaphorePermit> {
        let own = replaying(directory, user).filter(|connection| !connection.out.is_closed()).count();
        if own >= RECOVERIES_OF_USER_MAX {
            tracing::debug!(%user, "too many recoveries of one user at once");
            return None;
        }
        let slot = Arc::clone(&self.slots).try_acquire_owned().ok();
        if slot.is_none() {
            tracing::debug!(%user, "too many recoveries at once");
        }
        slot
    }

    /// Starts a replay: from now on the connection's events are held back.
    pub(super) fn begin(
        &self,
        directory: &mut Directory,
        user: &Arc<User>,
        (connection, pending): (Arc<Connection>, Option<PendingNotifications>),
        (resume, slot): (Resume, OwnedSemaphorePermit),
        profiles: Vec<Event>,
        reply_to: AttachReply,
    ) {
        let held_bytes = Arc::clone(&self.held_bytes);
        let buffer = ReplayBuffer::new(reply_to, pending, self.queue_bytes_max, held_bytes);
        let id = connection.id;
        directory.subscribe(&user.id, Arc::clone(&connection), Some(buffer));
        let replay = Replay {
            service: self.service.clone(),
            user: Arc::clone(user),
            connection,
            resume,
            profiles,
            muted: directory.subscriber(&user.id, id).map(|one| one.muted.clone()).unwrap_or_default(),
            hidden: directory.hidden_from(&user.id).cloned(),
            echo: self.echo,
            queue_bytes_max: self.queue_bytes_max,
        };
        tokio::spawn(replay.run(self.inbox.clone(), Arc::clone(&self.turns), slot));
    }
}

/// The connections of a user that are being brought up to date.
pub(super) fn replaying<'d>(directory: &'d Directory, user: &UserId) -> impl Iterator<Item = &'d Arc<Connection>> {
    let subscribers = directory.subscribers_of(user).filter(|subscriber| subscriber.buffer.borrow().is_some());
    subscribers.map(|subscriber| &subscriber.connection)
}

/// The replay to one connection.
struct Replay {
    service: Service,
    user: Arc<User>,
    connection: Arc<Connection>,
    resume: Resume,
    /// The profiles that changed meanwhile, which follow the entries.
    profiles: Vec<Event>,
    muted: Box<[ConversationId]>,
    /// What the user is not shown of those who had blocked it when the replay began; later events are decided when they
    /// happen.
    hidden: Option<Hidden>,
    echo: Echo,
    queue_bytes_max: usize,
}

impl Replay {
    async fn run(self, inbox: mpsc::WeakSender<ClientMessage>, turns: Arc<Semaphore>, _slot: OwnedSemaphorePermit) {
        let outcome = {
            match tokio::time::timeout(TURN_WITHIN, turns.acquire_owned()).await {
                Ok(_turn) => self.replay(&inbox).await,
                Err(_) => ReplayOutcome::Nothing,
            }
        };
        let (connection, user) = (self.connection.id, self.user.id.clone());
        send(&inbox, ClientMessage::Replayed { connection, user, outcome }).await;
    }

    async fn replay(&self, inbox: &mpsc::WeakSender<ClientMessage>) -> ReplayOutcome {
        let Ok(missed) = self.service.replay_since(&self.user, self.resume.since()).await else {
            return ReplayOutcome::Nothing;
        };
        let Some(entries) = missed.entries else {
            tracing::debug!(user = %self.user.id, after = self.resume.after(), "too much was missed to be replayed");
            return ReplayOutcome::Nothing;
        };
        if self.is_over() {
            return ReplayOutcome::Closed;
        }
        self.connection.out.accept_recoverable(&self.resume.pid);
        let mut delivered: Vec<NotificationId> = Vec::new();
        // In an order of its own, so that a seed of a simulation decides everything.
        let mut messages: BTreeMap<&str, &Arc<Message>> = BTreeMap::new();
        let mut pace = ReplayPace { waited: false, too_late: Instant::now() + TAKEN_WITHIN };
        let reactions = entries.iter().filter(|entry| matches!(entry.event, Event::MessageReacted(_)));
        let last_reaction = reactions.map(|entry| entry.position).max().unwrap_or_default();
        for entry in entries.iter().filter(|entry| !self.is_muted(entry)) {
            let offset = self.offset_of(entry, last_reaction);
            if !self.send(self.frames(entry, offset), inbox, &mut pace).await {
                return ReplayOutcome::Closed;
            }
            if let Event::Notified { notification, .. } = &entry.event {
                delivered.extend(self.connection.mark_delivered(&notification.id));
            }
            if let Event::MessageCreated(message) | Event::MessageAppeared { message, .. } = &entry.event
                && message.sender.id != self.user.id
            {
                messages.insert(message.conversation.id.as_str(), message);
            }
        }
        if !messages.is_empty() && self.connection.dialect().is_some() {
            let (connection, user) = (self.connection.id, self.user.id.clone());
            let messages = messages.into_values().cloned().collect();
            send(inbox, ClientMessage::SentAgain { connection, user, messages }).await;
        }
        for event in &self.profiles {
            if !self.send(self.profile_frames(event), inbox, &mut pace).await {
                return ReplayOutcome::Closed;
            }
        }
        if !delivered.is_empty() {
            self.service.mark_delivered(delivered).await;
        }
        ReplayOutcome::UpTo(missed.position)
    }

    /// Sends frames as fast as the connection takes them. Returns false if the replay cannot go on.
    async fn send(&self, frames: Vec<Frame>, inbox: &mpsc::WeakSender<ClientMessage>, pace: &mut ReplayPace) -> bool {
        for frame in frames {
            if self.is_over() {
                return false;
            }
            if self.is_full() {
                if !std::mem::replace(&mut pace.waited, true) {
                    let (connection, user) = (self.connection.id, self.user.id.clone());
                    send(inbox, ClientMessage::Accept { connection, user }).await;
                }
                if !self.has_room(pace.too_late).await {
                    return false;
                }
            }
            self.connection.out.send(frame);
        }
        true
    }

    /// The frames of a changed profile, which has no position.
    fn profile_frames(&self, event: &Event) -> Vec<Frame> {
        let Some(event) = self.shown(event) else { return Vec::new() };
        let written = RefCell::default();
        let mut frames = Frames::new(&event, &self.service, (None, None), &written).hiding(self.hidden.as_ref());
        let (mode, dialects) = self.connection.dialects();
        let frame = |dialect| frames.get(dialect, Perspective::Other, mode, &self.connection).cloned();
        dialects.filter_map(frame).collect()
    }

    /// The offset of an entry. The reactions of a replay stand for earlier ones: until all are sent, those are still to be
    /// told. None for a reaction that is told late, because the connection has received what follows it.
    fn offset_of(&self, entry: &Entry, last_reaction: u64) -> Option<OffsetAt> {
        let MissedSince { after, reactions_after } = self.resume.since();
        let reactions_told = (entry.position < last_reaction).then_some(reactions_after);
        (entry.position > after).then_some(OffsetAt { position: entry.position, reactions_told })
    }

    /// The frames of an entry, as the connection would have received them.
    fn frames(&self, entry: &Entry, offset: Option<OffsetAt>) -> Vec<Frame> {
        let Some(event) = self.shown(&entry.event) else { return Vec::new() };
        let own_act = entry.event.actor() == Some(&self.user.id);
        let perspective = if own_act { Perspective::Actor } else { Perspective::Other };
        let departure = end_of(&entry.event, &self.user);
        let (service, written) = (&self.service, RefCell::default());
        let at = (Some(entry.position), offset);
        let mut common = Frames::new(&event, service, at, &written).hiding(self.hidden.as_ref());
        let mut own = departure.as_ref().map(|own| Frames::new(own, service, at, &written));
        let mut frames = Vec::new();
        let (mode, dialects) = self.connection.dialects();
        for dialect in dialects {
            if self.resume.received(entry.position, dialect) {
                continue;
            }
            match &mut own {
                Some(own) if !dialect.tells_deletions() => {
                    frames.extend(own.get(dialect, Perspective::Actor, mode, &self.connection).cloned());
                }
                _ if common.skips_echo(&self.connection, dialect, Some(entry), self.echo) => {}
                _ => frames.extend(common.get(dialect, perspective, mode, &self.connection).cloned()),
            }
        }
        frames
    }

    /// The event as the user is shown it; `None` if it is withheld.
    fn shown<'e>(&self, event: &'e Event) -> Option<Cow<'e, Event>> {
        match self.hidden.as_ref().map(|hidden| hidden.event(event)) {
            None | Some(ShownEvent::AsItIs) => Some(Cow::Borrowed(event)),
            Some(ShownEvent::Changed(event)) => Some(Cow::Owned(event)),
            Some(ShownEvent::Withheld) => None,
        }
    }

    /// Whether the client is gone, or must not receive anything more.
    fn is_over(&self) -> bool {
        self.connection.ended.load(Ordering::Acquire) || self.connection.out.is_closed()
    }

    fn is_muted(&self, entry: &Entry) -> bool {
        match (&entry.event, entry.event.audience()) {
            // A receipt that is replayed names the one user that it is replayed to as its audience.
            (Event::MessagesRead { conversation, .. }, _) => self.muted.contains(&conversation.id),
            (_, Audience::Members(conversation)) => self.muted.contains(conversation),
            (_, Audience::Users(_) | Audience::User(_) | Audience::Watchers(_) | Audience::Contacts(_)) => false,
        }
    }

    fn is_full(&self) -> bool {
        self.connection.out.queued_bytes() > self.queue_bytes_max
    }

    /// Waits until half of the queue is free. Returns false if that takes too long: the connection is then closed, and
    /// reconnects for the rest.
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

/// How fast a connection takes its replay.
struct ReplayPace {
    /// Whether the replay had to wait for the connection, which is therefore accepted already.
    waited: bool,
    /// The time at which a connection that has not taken everything is closed.
    too_late: Instant,
}

async fn send(inbox: &mpsc::WeakSender<ClientMessage>, message: ClientMessage) {
    if let Some(inbox) = inbox.upgrade() {
        let _ = inbox.send(message).await;
    }
}
