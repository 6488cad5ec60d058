//! Fan-out: an event is written once for each dialect, side and wrapping that somebody listens in, and then queued.

use std::sync::Arc;

use quintet_dialect::{Dialect, Side, encode, spares_origin};
use quintet_domain::{Audience, ConversationId, Departure, Entry, Event, Place};
use quintet_service::Presence;
use quintet_socketio::Frame;

use super::Hub;
use super::state::{Resident, Seat};
use crate::Echo;
use crate::connection::{Connection, Wrapping};

/// The dialects in which a connection is told things: its own, or all while it is undecided.
pub(super) fn dialects_of(connection: &Connection) -> impl Iterator<Item = Dialect> + use<> {
    let decided = connection.dialect();
    Dialect::ALL.into_iter().filter(move |dialect| decided.is_none_or(|decided| decided == *dialect))
}

/// An event's frames, written when first needed.
pub(super) struct Frames<'e> {
    event: &'e Event,
    presence: &'e Presence,
    /// By dialect, side and wrapping.
    written: [[[Option<Vec<Frame>>; Wrapping::COUNT]; 2]; 5],
}

impl<'e> Frames<'e> {
    pub(super) fn new(event: &'e Event, presence: &'e Presence) -> Self {
        Self { event, presence, written: Default::default() }
    }

    fn get(&mut self, dialect: Dialect, side: Side, wrapping: Wrapping) -> &[Frame] {
        let slot = &mut self.written[dialect as usize][side as usize][wrapping as usize];
        slot.get_or_insert_with(|| {
            let online = |user: &_| self.presence.is_online(user);
            let events = encode(dialect, self.event, side, &online);
            events.iter().map(|event| wrapping.frame(dialect, event)).collect()
        })
    }

    /// Queues the event for one connection, in one dialect.
    fn queue(&mut self, connection: &Connection, dialect: Dialect, side: Side) {
        for frame in self.get(dialect, side, connection.out.wrapping()) {
            connection.out.send(frame.clone());
        }
    }

    /// Queues the event for one connection, whoever asked for it.
    pub(super) fn queue_all(&mut self, connection: &Connection, side: Side) {
        dialects_of(connection).for_each(|dialect| self.queue(connection, dialect, side));
    }

    /// Queues the event for one connection, unless it asked for it and its dialect spares it that.
    fn send(&mut self, connection: &Connection, side: Side, entry: Option<&Entry>, echo: Echo) {
        let own = entry.is_some_and(|entry| entry.origin == Some(connection.id));
        let event = self.event;
        let spared = |dialect| {
            let unasked = dialect == Dialect::Conversations
                && echo == Echo::UnlessAcked
                && matches!(event, Event::MessageCreated(_))
                && entry.is_some_and(|entry| entry.acked);
            own && (unasked || spares_origin(dialect, event))
        };
        for dialect in dialects_of(connection).filter(|dialect| !spared(*dialect)) {
            self.queue(connection, dialect, side);
        }
    }
}

impl Hub {
    /// Where a dialect has no word for the end of a conversation, each member is told of its own departure.
    pub(super) fn deliver_own_departures(&self, place: &Arc<Place>) {
        let Some(room) = self.state.room_slot(&place.id) else { return };
        for slot in &self.state.rooms[room].residents {
            let resident = &self.state.residents[*slot];
            let event = Event::MemberLeft {
                place: Arc::clone(place),
                user: Arc::clone(&resident.user),
                departure: Departure::Removed,
                member_count: 0,
            };
            let mut frames = Frames::new(&event, self.service.presence());
            for Seat { connection, .. } in &resident.seats {
                for dialect in dialects_of(connection).filter(|dialect| !dialect.tells_deletions()) {
                    frames.queue(connection, dialect, Side::Actor);
                }
            }
        }
    }

    /// Queues an event for everybody who hears it.
    pub(super) fn deliver(&self, event: &Event, entry: Option<&Entry>) {
        let mut frames = Frames::new(event, self.service.presence());
        let actor = event.actor().and_then(|user| self.state.slot(user));
        // Typing and presence are for the others; so is what a viewer would read as its own coming and going.
        let others_only = matches!(event, Event::Typing { .. } | Event::Presence { .. } | Event::RoomPresence { .. });
        let mut to_resident = |slot: usize, resident: &Resident, muted_in: Option<&ConversationId>| {
            if others_only && Some(slot) == actor {
                return;
            }
            let side = if Some(slot) == actor { Side::Actor } else { Side::Other };
            for Seat { connection, muted, .. } in &resident.seats {
                if muted_in.is_none_or(|conversation| !muted.contains(conversation)) {
                    frames.send(connection, side, entry, self.settings.echo);
                }
            }
        };
        match event.audience() {
            Audience::Members(conversation) => {
                let Some(room) = self.state.room_slot(conversation) else { return };
                for slot in &self.state.rooms[room].residents {
                    to_resident(*slot, &self.state.residents[*slot], Some(conversation));
                }
            }
            Audience::User(user) => {
                if let Some(slot) = self.state.slot(user) {
                    to_resident(slot, &self.state.residents[slot], None);
                }
            }
            Audience::Users(users) => {
                // A receipt in a large conversation names some members; each hears it as a member, or not at all.
                let place = match event {
                    Event::MessagesRead { place, .. } => Some(&place.id),
                    _ => None,
                };
                for user in users.iter().filter(|user| place.is_none_or(|place| self.state.is_member(user, place))) {
                    if let Some(slot) = self.state.slot(user) {
                        to_resident(slot, &self.state.residents[slot], place);
                    }
                }
            }
            Audience::Watchers(user) => {
                for slot in self.watchers_of(user) {
                    to_resident(slot, &self.state.residents[slot], None);
                }
            }
        }
    }
}
