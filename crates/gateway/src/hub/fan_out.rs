//! Fan-out: an event is encoded once for each dialect, perspective and wrapping in which somebody receives it, once more
//! for each address of readers if it has links, and then queued for each connection. The answer to the command that
//! caused an event shares its texts.
//!
//! What must stay true: an event is queued only for connections whose user belongs to the event's audience.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use quintet_dialect::{Dialect, Perspective, differs_for_actor, encode, suppresses_echo};
use quintet_domain::{
    Audience, ConnectionId, ConversationId, ConversationRef, Departure, Entry, Event, Hidden, Outcome, ShownEvent,
    TracedWrite, User, UserId,
};
use quintet_service::{Base, Service};
use quintet_socketio::Frame;

use super::directory::Directory;
use super::local_user::{LocalUser, Subscriber};
use crate::connection::{Connection, Wrapping};
use crate::delivery_trace::DeliveryTrace;
use crate::recovery::{Offset, OffsetMode};
use crate::responder::Responder;
use crate::settings::Echo;
use crate::written::Written;

/// A connection that was sent a message: the slot of its user, and its id.
pub(super) type SentTo = (usize, ConnectionId);

/// The offset of an event, whatever the dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OffsetAt {
    /// The position of the event.
    pub(super) position: u64,
    /// The position up to which all reactions were told, if not all before the event were.
    pub(super) reactions_told: Option<u64>,
}

/// Everything by which the frames of one event differ.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Variant {
    dialect: Dialect,
    perspective: Perspective,
    wrapping: Wrapping,
    mode: OffsetMode,
    /// The address of the readers; the same for all of them if the event has no links.
    base: Base,
}

/// The frames of an event, encoded when they are first needed.
pub(super) struct Frames<'e> {
    event: &'e Event,
    service: &'e Service,
    /// Whether readers at different addresses receive different frames.
    has_links: bool,
    /// The position in the commit order; `None` for ephemeral events.
    position: Option<u64>,
    /// What the frames carry as their offset; `None` for events that a client does not continue behind.
    offset: Option<OffsetAt>,
    /// The number of connections that the event was queued for.
    queued: u64,
    /// The encoded frames, without one for a dialect that has no event. There are few, because most connections are
    /// alike.
    encoded: Vec<(Variant, Option<Frame>)>,
    written: &'e RefCell<Written>,
    /// What their one receiver is not shown; `None` for frames that several share.
    hidden: Option<&'e Hidden>,
    /// The spans of the fan-out, if a trace is kept.
    trace: Option<&'e DeliveryTrace>,
}

impl<'e> Frames<'e> {
    pub(super) fn new(
        event: &'e Event,
        service: &'e Service,
        (position, offset): (Option<u64>, Option<OffsetAt>),
        written: &'e RefCell<Written>,
    ) -> Self {
        let (has_links, encoded) = (event.has_links(), Vec::new());
        Self { event, service, has_links, position, offset, queued: 0, encoded, written, hidden: None, trace: None }
    }

    /// The frames of an event for one user alone, who is not shown something of others. `written` is for that user, too.
    pub(super) fn hiding(self, hidden: Option<&'e Hidden>) -> Self {
        Self { hidden, ..self }
    }

    /// The frames of an event whose fan-out may have a trace.
    fn traced_by(self, trace: Option<&'e DeliveryTrace>) -> Self {
        Self { trace, ..self }
    }

    /// The frame of the event for a connection in a dialect; none if the dialect has no event for it.
    pub(super) fn get(
        &mut self,
        dialect: Dialect,
        perspective: Perspective,
        mode: OffsetMode,
        connection: &Connection,
    ) -> Option<&Frame> {
        let perspective = if differs_for_actor(dialect, self.event) { perspective } else { Perspective::Other };
        let base = if self.has_links { connection.base } else { Base::STORED };
        let variant = Variant { dialect, perspective, wrapping: connection.out.wrapping(), mode, base };
        let known = self.encoded.iter().position(|(one, _)| *one == variant);
        let index = known.unwrap_or_else(|| {
            self.encoded.push((variant, self.encode(variant)));
            self.encoded.len() - 1
        });
        self.encoded.get(index).and_then(|(_, frame)| frame.as_ref())
    }

    fn encode(&self, variant: Variant) -> Option<Frame> {
        let Variant { dialect, perspective, wrapping, mode, base } = variant;
        let shows = |user: &_| self.hidden.is_none_or(|hidden| !hidden.hides(user));
        let online = |user: &_| shows(user) && self.service.presence().is_online(user);
        let mut written = self.written.borrow_mut();
        let readers = written.readers(self.service.bases(), base);
        let shown = readers.event(self.event);
        let event = encode(dialect, shown.as_ref().unwrap_or(self.event), perspective, &online, &mut readers.texts)?;
        let offset = |OffsetAt { position, reactions_told }| Offset {
            position,
            reactions_told,
            dialect,
            decided: mode == OffsetMode::Decided,
        };
        let offset = self.offset.filter(|_| mode != OffsetMode::No).map(offset);
        Some(wrapping.frame(dialect, &event, mode, offset))
    }

    /// Queues the event for one connection in one dialect. Returns whether the dialect has an event for it.
    fn queue(&mut self, subscriber: &Subscriber, mode: OffsetMode, dialect: Dialect, perspective: Perspective) -> bool {
        let (event, position, trace) = (self.event, self.position, self.trace);
        self.queued += 1;
        let frame = self.get(dialect, perspective, mode, &subscriber.connection);
        if let Some(frame) = frame {
            match &mut *subscriber.buffer.borrow_mut() {
                // Typing is not replayed, because it is useless when it is late.
                Some(_) if matches!(event, Event::Typing { .. }) => {}
                Some(buffer) => buffer.hold(position, frame.clone()),
                None if matches!(event, Event::Typing { typing: true, .. }) => {
                    subscriber.connection.out.send_volatile(frame.clone());
                }
                None => {
                    subscriber.connection.out.send(frame.clone());
                    if let Some(trace) = trace {
                        trace.queued(&subscriber.connection, frame);
                    }
                }
            }
        }
        frame.is_some()
    }

    /// Queues the event for one connection, even if that connection caused it.
    pub(super) fn queue_all(&mut self, subscriber: &Subscriber, perspective: Perspective) {
        let (mode, dialects) = subscriber.connection.dialects();
        for dialect in dialects {
            self.queue(subscriber, mode, dialect, perspective);
        }
    }

    /// Whether a connection caused the event and does not receive the echo in a dialect.
    pub(super) fn skips_echo(
        &self,
        connection: &Connection,
        dialect: Dialect,
        entry: Option<&Entry>,
        echo: Echo,
    ) -> bool {
        let own = entry.is_some_and(|entry| entry.origin == Some(connection.session));
        let acked = dialect.may_skip_acked_echo()
            && echo == Echo::UnlessAcked
            && matches!(self.event, Event::MessageCreated(_))
            && entry.is_some_and(|entry| entry.acked);
        own && (acked || suppresses_echo(dialect, self.event))
    }

    /// Queues the event for one connection in the dialects in which it receives events. Returns whether it was queued in
    /// any.
    fn send(&mut self, subscriber: &Subscriber, perspective: Perspective, entry: Option<&Entry>, echo: Echo) -> bool {
        let (mode, dialects) = subscriber.connection.dialects();
        let mut sent = false;
        for dialect in dialects {
            if !self.skips_echo(&subscriber.connection, dialect, entry, echo) {
                sent |= self.queue(subscriber, mode, dialect, perspective);
            }
        }
        sent
    }
}

/// The event that stands for the deletion of a conversation in dialects that have none: the member's own departure.
pub(super) fn end_of(event: &Event, user: &Arc<User>) -> Option<Event> {
    let Event::ConversationDeleted { conversation } = event else { return None };
    Some(Event::MemberLeft {
        conversation: Arc::clone(conversation),
        user: Arc::clone(user),
        departure: Departure::Removed,
        reason: None,
        member_count: 0,
    })
}

/// The users to whom a presence change is announced, as decided when the change happened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recipients {
    /// The number of the last arrival before the change. Users who arrived later received the changed state when they
    /// connected.
    pub(super) arrived_by: u64,
    /// Whether the change is announced to all users, or only to those who share a conversation.
    pub(super) everybody: bool,
}

impl Recipients {
    /// The recipients of events that do not depend on who had arrived.
    pub(super) const ALL: Self = Self { arrived_by: u64::MAX, everybody: false };
}

/// Delivers events to the connections of this hub.
pub(super) struct FanOut {
    service: Service,
    echo: Echo,
    /// The position up to which all reactions were told, while later ones wait.
    reactions_told: Cell<Option<u64>>,
    /// What was written last: an answer is followed by the event that its command caused.
    written: RefCell<Written>,
    /// The writes of the newest commit of which a trace is kept.
    traced: Vec<TracedWrite>,
}

impl FanOut {
    pub(super) fn new(service: Service, echo: Echo) -> Self {
        Self { service, echo, reactions_told: Cell::new(None), written: RefCell::default(), traced: Vec::new() }
    }

    /// Sets the writes of a commit of which a trace is kept, before its entries are delivered.
    pub(super) fn set_traced(&mut self, traced: Vec<TracedWrite>) {
        self.traced = traced;
    }

    /// Begins the trace of a fan-out, if one is kept of the write of its entry.
    fn begin_trace(&self, position: Option<u64>) -> Option<DeliveryTrace> {
        let (write, position) = position.and_then(|at| Some((TracedWrite::at(&self.traced, at)?, at)))?;
        Some(DeliveryTrace::begin(self.service.tracer()?, write, position))
    }

    /// Sets the position up to which all reactions were told; `None` if none waits.
    pub(super) fn set_reactions_told(&self, up_to: Option<u64>) {
        self.reactions_told.set(up_to);
    }

    fn frames<'e>(&'e self, event: &'e Event, position: Option<u64>) -> Frames<'e> {
        let reactions_told = self.reactions_told.get();
        let offset = position.map(|position| OffsetAt { position, reactions_told });
        Frames::new(event, &self.service, (position, offset), &self.written)
    }

    /// Delivers an event that was committed, after later entries: a client does not continue behind it.
    pub(super) fn deliver_late(&self, directory: &Directory, event: &Event, position: u64) {
        let frames = Frames::new(event, &self.service, (Some(position), None), &self.written);
        self.deliver_frames(directory, frames, None, Recipients::ALL, None);
    }

    /// Answers a command of a user who is not shown something of others, if `hidden` says what.
    pub(super) fn answer(&self, responder: Responder, outcome: &Outcome, hidden: Option<&Hidden>) {
        responder.answer_with(outcome, hidden, &mut self.written.borrow_mut());
    }

    /// Delivers the deletion of a conversation: each member receives it, or its own departure, as its dialect has it.
    pub(super) fn deliver_end(&self, directory: &Directory, conversation: &ConversationRef, entry: &Entry) {
        let mut end = self.frames(&entry.event, Some(entry.position));
        for slot in directory.members(&conversation.id) {
            let local = directory.at(slot);
            let Some(departure) = end_of(&entry.event, &local.user) else { return };
            let mut own = self.frames(&departure, Some(entry.position));
            for subscriber in &local.subscribers {
                let (mode, dialects) = subscriber.connection.dialects();
                for dialect in dialects {
                    if !dialect.tells_deletions() {
                        own.queue(subscriber, mode, dialect, Perspective::Actor);
                    } else if !subscriber.muted.contains(&conversation.id) {
                        end.queue(subscriber, mode, dialect, Perspective::Other);
                    }
                }
            }
            self.service.metrics().delivered(own.queued);
        }
        self.service.metrics().delivered(end.queued);
    }

    /// Delivers an entry to its audience.
    pub(super) fn deliver(&self, directory: &Directory, entry: &Entry) {
        self.deliver_to(directory, &entry.event, Some(entry), Recipients::ALL);
    }

    /// Delivers a message. Returns the connections of others than its sender that it was queued for, and whose dialect
    /// is decided.
    pub(super) fn deliver_message(&self, directory: &Directory, entry: &Entry) -> Vec<SentTo> {
        let mut sent_to = Vec::new();
        let frames = self.frames(&entry.event, Some(entry.position));
        self.deliver_frames(directory, frames, Some(entry), Recipients::ALL, Some(&mut sent_to));
        sent_to
    }

    /// Delivers an event without a position to the users of some slots.
    pub(super) fn deliver_to_slots(&self, directory: &Directory, event: &Event, slots: &[usize]) {
        let mut frames = self.frames(event, None);
        let mut queued_apart = 0;
        for slot in slots {
            let local = directory.at(*slot);
            let send = |frames: &mut Frames<'_>| {
                for subscriber in &local.subscribers {
                    frames.send(subscriber, Perspective::Other, None, self.echo);
                }
            };
            queued_apart += send_to(local, &mut frames, send);
        }
        self.service.metrics().delivered(frames.queued + queued_apart);
    }

    /// Delivers an ephemeral event to its audience.
    pub(super) fn deliver_ephemeral(&self, directory: &Directory, event: &Event) {
        self.deliver_to(directory, event, None, Recipients::ALL);
    }

    /// Delivers an event to those of its audience who are recipients. Returns how many users were visited.
    pub(super) fn deliver_to(
        &self,
        directory: &Directory,
        event: &Event,
        entry: Option<&Entry>,
        recipients: Recipients,
    ) -> usize {
        self.deliver_frames(directory, self.frames(event, entry.map(|entry| entry.position)), entry, recipients, None)
    }

    fn deliver_frames(
        &self,
        directory: &Directory,
        frames: Frames<'_>,
        entry: Option<&Entry>,
        recipients: Recipients,
        mut sent_to: Option<&mut Vec<SentTo>>,
    ) -> usize {
        let trace = self.begin_trace(frames.position);
        let mut frames = frames.traced_by(trace.as_ref());
        let event = frames.event;
        let actor = event.actor().and_then(|user| directory.slot(user));
        // Typing and presence are for others than the user; so are arrivals that a viewer would take for its own.
        let others_only = matches!(event, Event::Typing { .. } | Event::Presence { .. } | Event::RoomPresence { .. });
        let (mut visited, mut queued_apart) = (0, 0);
        let mut to_user = |slot: usize, muted_in: Option<&ConversationId>| {
            visited += 1;
            let local = directory.at(slot);
            if (others_only && Some(slot) == actor) || local.presence.arrival > recipients.arrived_by {
                return;
            }
            if entry.is_some_and(|entry| entry.is_withheld_from(&local.user.id)) {
                return;
            }
            let perspective = if Some(slot) == actor { Perspective::Actor } else { Perspective::Other };
            let send = |frames: &mut Frames<'_>| {
                for subscriber in &local.subscribers {
                    if muted_in.is_none_or(|conversation| !subscriber.muted.contains(conversation))
                        && frames.send(subscriber, perspective, entry, self.echo)
                        && let Some(sent_to) = &mut sent_to
                        && Some(slot) != actor
                        && subscriber.connection.dialect().is_some()
                    {
                        sent_to.push((slot, subscriber.connection.id));
                    }
                }
            };
            queued_apart += send_to(local, &mut frames, send);
        };
        match event.audience() {
            Audience::Members(conversation) => {
                directory.members(conversation).for_each(|slot| to_user(slot, Some(conversation)));
            }
            Audience::User(user) => {
                let conversation = match event {
                    Event::MessagesDelivered { conversation, .. } => Some(&conversation.id),
                    _ => None,
                };
                directory.slot(user).into_iter().for_each(|slot| to_user(slot, conversation));
            }
            Audience::Users(users) => {
                // A receipt in a large conversation names some of its members; each receives it only while it is a
                // member.
                let conversation = match event {
                    Event::MessagesRead { conversation, .. } => Some(&conversation.id),
                    _ => None,
                };
                let is_member =
                    |user: &&UserId| conversation.is_none_or(|conversation| directory.is_member(user, conversation));
                for slot in users.iter().filter(is_member).filter_map(|user| directory.slot(user)) {
                    to_user(slot, conversation);
                }
            }
            // The parts that tell of profiles find the recipients by themselves.
            Audience::Contacts(_) => {}
            Audience::Watchers(user) => {
                watchers(directory, user, recipients.everybody).into_iter().for_each(|slot| to_user(slot, None));
            }
        }
        self.service.metrics().delivered(frames.queued + queued_apart);
        if let Some(trace) = trace {
            trace.end();
        }
        visited
    }
}

/// Sends an event to one user: by the frames that all share or, if the user is not shown all of it, by frames of its own.
/// Returns the number of connections that these were queued for.
fn send_to<'e>(local: &LocalUser, frames: &mut Frames<'e>, send: impl FnOnce(&mut Frames<'_>)) -> u64 {
    let Some(hidden) = local.hidden.as_deref() else {
        send(frames);
        return 0;
    };
    match hidden.event(frames.event) {
        ShownEvent::AsItIs => {
            send(frames);
            0
        }
        ShownEvent::Changed(event) => {
            let written = RefCell::default();
            let mut own = Frames::new(&event, frames.service, (frames.position, frames.offset), &written);
            own = own.hiding(Some(hidden)).traced_by(frames.trace);
            send(&mut own);
            own.queued
        }
        ShownEvent::Withheld => 0,
    }
}

/// The slots of the users to whom a user's presence is announced: all users, or those who share a conversation with it.
/// Guests only receive the presence in rooms that they are in.
fn watchers(directory: &Directory, user: &UserId, everybody: bool) -> Vec<usize> {
    let Some(slot) = directory.slot(user) else { return Vec::new() };
    // Users who are connected to other nodes only are told there.
    let may_watch = |slot: &usize| {
        let local = directory.at(*slot);
        !local.subscribers.is_empty() && !local.user.is_guest()
    };
    if everybody {
        return directory.users().map(|(slot, _)| slot).filter(may_watch).collect();
    }
    let mut watchers: Vec<usize> = directory.contacts(slot).filter(may_watch).collect();
    watchers.sort_unstable();
    watchers.dedup();
    watchers
}
