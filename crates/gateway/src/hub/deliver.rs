//! Fan-out: an event is written once for each dialect, side and wrapping that somebody listens in, and then queued.

use std::sync::Arc;

use quintet_dialect::{Dialect, Perspective, encode, suppresses_echo};
use quintet_domain::{Audience, ConversationId, ConversationRef, Departure, Entry, Event, User};
use quintet_service::Presence;
use quintet_socketio::Frame;

use super::Hub;
use super::comings::Hearers;
use super::resident::{Resident, Seat};
use crate::Echo;
use crate::connection::{Connection, Out, Wrapping};
use crate::recovery::{Offset, OffsetMode};

/// What is written of an event for one kind of connection: by wrapping and mark.
type Written = [[Option<Vec<Frame>>; OffsetMode::COUNT]; Wrapping::COUNT];

/// An event's frames, written when first needed.
pub(super) struct Frames<'e> {
    event: &'e Event,
    presence: &'e Presence,
    /// Where in the commit order it happened; none for what passes.
    position: Option<u64>,
    /// How many were queued.
    queued: u64,
    /// By dialect and side.
    written: [[Written; 2]; 5],
}

impl<'e> Frames<'e> {
    pub(super) fn new(event: &'e Event, presence: &'e Presence, position: Option<u64>) -> Self {
        Self { event, presence, position, queued: 0, written: Default::default() }
    }

    /// The event as a connection hears it in a dialect.
    pub(super) fn get(&mut self, dialect: Dialect, side: Perspective, marked: OffsetMode, out: &Out) -> &[Frame] {
        let wrapping = out.wrapping();
        let slot = &mut self.written[dialect as usize][side as usize][wrapping as usize][marked as usize];
        slot.get_or_insert_with(|| {
            let online = |user: &_| self.presence.is_online(user);
            let events = encode(dialect, self.event, side, &online);
            // A client that has the last event of a position has them all; the ones before say so of what was before.
            let last = events.len().saturating_sub(1);
            let offset = |index: usize| {
                let position = self.position?;
                let position = if index == last { position } else { position.saturating_sub(1) };
                let decided = marked == OffsetMode::Decided;
                (marked != OffsetMode::No).then_some(Offset { position, dialect, decided })
            };
            events
                .iter()
                .enumerate()
                .map(|(index, event)| wrapping.frame(dialect, event, marked, offset(index)))
                .collect()
        })
    }

    /// Queues the event for one connection, in one dialect.
    fn queue(&mut self, seat: &Seat, marked: OffsetMode, dialect: Dialect, side: Perspective) {
        let (event, position) = (self.event, self.position);
        for frame in self.get(dialect, side, marked, &seat.connection.out) {
            match &mut *seat.held.borrow_mut() {
                // Nobody waits for the word that somebody typed a moment ago.
                Some(_) if matches!(event, Event::Typing { .. }) => {}
                Some(held) => held.keep(position, frame.clone()),
                None if matches!(event, Event::Typing { typing: true, .. }) => {
                    seat.connection.out.send_volatile(frame.clone());
                }
                None => seat.connection.out.send(frame.clone()),
            }
        }
        self.queued += 1;
    }

    /// Queues the event for one connection, whoever asked for it.
    pub(super) fn queue_all(&mut self, seat: &Seat, side: Perspective) {
        let (marked, dialects) = seat.connection.hears();
        dialects.for_each(|dialect| self.queue(seat, marked, dialect, side));
    }

    /// Whether a connection asked for it and its dialect spares it that.
    pub(super) fn spares(&self, connection: &Connection, dialect: Dialect, entry: Option<&Entry>, echo: Echo) -> bool {
        let own = entry.is_some_and(|entry| entry.origin == Some(connection.session));
        let unasked = dialect == Dialect::Conversations
            && echo == Echo::UnlessAcked
            && matches!(self.event, Event::MessageCreated(_))
            && entry.is_some_and(|entry| entry.acked);
        own && (unasked || suppresses_echo(dialect, self.event))
    }

    /// Queues the event for one connection, unless it asked for it and its dialect spares it that.
    fn send(&mut self, seat: &Seat, side: Perspective, entry: Option<&Entry>, echo: Echo) {
        let (marked, dialects) = seat.connection.hears();
        for dialect in dialects {
            if !self.spares(&seat.connection, dialect, entry, echo) {
                self.queue(seat, marked, dialect, side);
            }
        }
    }
}

/// The end of a conversation as a member is told it where a dialect has no word for it: as a departure of its own.
pub(super) fn end_of(event: &Event, user: &Arc<User>) -> Option<Event> {
    let Event::ConversationDeleted { conversation } = event else { return None };
    Some(Event::MemberLeft {
        conversation: Arc::clone(conversation),
        user: Arc::clone(user),
        departure: Departure::Removed,
        member_count: 0,
    })
}

impl Hub {
    /// Queues the end of a conversation: each member is told it, or of its own departure, dialect by dialect.
    pub(super) fn deliver_end(&self, conversation: &Arc<ConversationRef>, entry: &Entry) {
        let Some(room) = self.state.room_slot(&conversation.id) else { return };
        let mut told = Frames::new(&entry.event, self.service.presence(), Some(entry.position));
        for slot in self.state.rooms[room].residents.iter() {
            let resident = &self.state.residents[slot];
            let Some(departure) = end_of(&entry.event, &resident.user) else { return };
            let mut own = Frames::new(&departure, self.service.presence(), Some(entry.position));
            for seat in &resident.seats {
                let (marked, dialects) = seat.connection.hears();
                for dialect in dialects {
                    if !dialect.tells_deletions() {
                        own.queue(seat, marked, dialect, Perspective::Actor);
                    } else if !seat.muted.contains(&conversation.id) {
                        told.queue(seat, marked, dialect, Perspective::Other);
                    }
                }
            }
            self.service.metrics().delivered(own.queued);
        }
        self.service.metrics().delivered(told.queued);
    }

    /// Queues an event for everybody who hears it.
    pub(super) fn deliver(&self, event: &Event, entry: Option<&Entry>) {
        self.deliver_to(event, entry, Hearers::ALL);
    }

    /// Queues an event for everybody who hears it. Gives how many users were gone through for that.
    pub(super) fn deliver_to(&self, event: &Event, entry: Option<&Entry>, hearers: Hearers) -> usize {
        let position = entry.map(|entry| entry.position);
        let mut frames = Frames::new(event, self.service.presence(), position);
        let actor = event.actor().and_then(|user| self.state.slot(user));
        // Typing and presence are for the others; so is what a viewer would read as its own coming and going.
        let others_only = matches!(event, Event::Typing { .. } | Event::Presence { .. } | Event::RoomPresence { .. });
        let mut visited = 0;
        let mut to_resident = |slot: usize, resident: &Resident, muted_in: Option<&ConversationId>| {
            visited += 1;
            if (others_only && Some(slot) == actor) || resident.came > hearers.came {
                return;
            }
            let side = if Some(slot) == actor { Perspective::Actor } else { Perspective::Other };
            for seat in &resident.seats {
                if muted_in.is_none_or(|conversation| !seat.muted.contains(conversation)) {
                    frames.send(seat, side, entry, self.settings.echo);
                }
            }
        };
        match event.audience() {
            Audience::Members(conversation) => {
                let room = self.state.room_slot(conversation).map(|room| &self.state.rooms[room]);
                for slot in room.into_iter().flat_map(|room| room.residents.iter()) {
                    to_resident(slot, &self.state.residents[slot], Some(conversation));
                }
            }
            Audience::User(user) => {
                if let Some(slot) = self.state.slot(user) {
                    to_resident(slot, &self.state.residents[slot], None);
                }
            }
            Audience::Users(users) => {
                // A receipt in a large conversation names some members; each hears it as a member, or not at all.
                let conversation = match event {
                    Event::MessagesRead { conversation, .. } => Some(&conversation.id),
                    _ => None,
                };
                for user in users
                    .iter()
                    .filter(|user| conversation.is_none_or(|conversation| self.state.is_member(user, conversation)))
                {
                    if let Some(slot) = self.state.slot(user) {
                        to_resident(slot, &self.state.residents[slot], conversation);
                    }
                }
            }
            Audience::Watchers(user) => {
                for slot in self.watchers_of(user, hearers.everybody) {
                    to_resident(slot, &self.state.residents[slot], None);
                }
            }
        }
        self.service.metrics().delivered(frames.queued);
        visited
    }
}
