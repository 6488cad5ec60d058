//! Users with connections here, and the conversations they are in.
//!
//! What must stay true: a resident's rooms and a room's residents name each other; a resident that is still being
//! read keeps the changes that happen meanwhile, so that nothing falls between the read and the stream.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use quintet_domain::{ConnectionId, ConversationId, ConversationRef, NotificationId, Refusal, User, UserId};
use quintet_service::{EventRate, Memberships};
use slab::Slab;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Attached;
use super::recover::Held;
use super::resident::{Change, Resident, Seat, Waiting};
use super::slots::{Index, Slots};
use super::timers::TimerKey;
use super::typing::Typist;
use crate::connection::Connection;

/// Lost connections whose mutes are remembered.
const FORMER_MUTES_KEPT: usize = 10_000;

/// The error that a guest's connections receive before they end because an account now has the guest's id.
fn id_taken() -> Refusal {
    Refusal::unauthenticated("this id belongs to a registered user now; connect with a token, or as another guest")
}

/// A conversation that at least one resident is in.
pub(super) struct Room {
    pub(super) conversation: Arc<ConversationRef>,
    pub(super) residents: Slots,
    /// All members, here or not.
    pub(super) member_count: u32,
    pub(super) typists: Vec<Typist>,
}

pub(super) enum Arrival {
    /// The conversations are known.
    Ready,
    /// They are to be read, by this number.
    Load(u64),
    /// They are being read, or it was refused.
    Wait,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) residents: Slab<Resident>,
    pub(super) rooms: Slab<Room>,
    by_user: Index,
    by_conversation: Index,
    /// What connections had muted that were lost and may be gone on with.
    former_mutes: HashMap<ConnectionId, Vec<ConversationId>>,
    /// Reads of conversations that were begun.
    loads: u64,
}

impl State {
    pub(super) fn arrive(
        &mut self,
        connection: Arc<Connection>,
        user: Arc<User>,
        reply: oneshot::Sender<Attached>,
    ) -> Arrival {
        if let Some(slot) = self.slot(&user.id) {
            if user.is_guest() && !self.residents[slot].user.is_guest() {
                let _ = reply.send(Err(id_taken()));
                return Arrival::Wait;
            }
            let resident = &mut self.residents[slot];
            resident.gone_since = None;
            resident.waiting.push((connection, reply));
            return if resident.loading.is_some() { Arrival::Wait } else { Arrival::Ready };
        }
        self.loads += 1;
        let load = self.loads;
        let slot = self.residents.insert(Resident {
            user,
            seats: Vec::new(),
            rooms: Slots::default(),
            told_everybody: false,
            came: 0,
            untold: 0,
            online: false,
            gone_since: None,
            rate: Arc::default(),
            waiting: vec![(connection, reply)],
            loading: Some(Box::default()),
            load,
        });
        self.by_user.insert(slot, |slot| self.residents[slot].user.id.as_str());
        Arrival::Load(load)
    }

    /// Ends the connections of a guest whose id an account now has, each with an error. The account takes over none of the
    /// guest's state.
    pub(super) fn end_guest(&mut self, user: &User) {
        let Some(guest) = self.resident(&user.id).filter(|resident| resident.user.is_guest()) else { return };
        let (seats, waiting) = (std::mem::take(&mut guest.seats), std::mem::take(&mut guest.waiting));
        for seat in seats {
            let connection = &seat.connection;
            connection.ended.store(true, Ordering::Release);
            if !seat.held.take().is_some_and(|held| held.refuse(id_taken())) {
                connection.out.emit(&quintet_dialect::error_event(&id_taken()));
                connection.out.end();
            }
        }
        for (_, reply) in waiting {
            let _ = reply.send(Err(id_taken()));
        }
        self.remove(&user.id);
    }

    pub(super) fn slot(&self, user: &UserId) -> Option<usize> {
        self.by_user.get(user.as_str(), |slot| self.residents[slot].user.id.as_str())
    }

    pub(super) fn resident(&mut self, user: &UserId) -> Option<&mut Resident> {
        let slot = self.slot(user)?;
        self.residents.get_mut(slot)
    }

    /// The resident of a user, if the id is still that of the same kind of user: an event of a guest may be told when an
    /// account has got the guest's id already.
    pub(super) fn holder(&mut self, user: &User) -> Option<&mut Resident> {
        self.resident(&user.id).filter(|resident| resident.user.is_guest() == user.is_guest())
    }

    pub(super) fn room_slot(&self, conversation: &ConversationId) -> Option<usize> {
        self.by_conversation.get(conversation.as_str(), |room| self.rooms[room].conversation.id.as_str())
    }

    pub(super) fn refuse_waiting(&mut self, user: &UserId, load: u64, refusal: &Refusal) {
        let Some(slot) = self.slot(user).filter(|slot| self.residents[*slot].load == load) else { return };
        if self.residents[slot].loading.is_none() {
            return;
        }
        self.unlist(user);
        for (_, reply) in self.residents.remove(slot).waiting {
            let _ = reply.send(Err(refusal.clone()));
        }
    }

    /// Takes what was read, and then what changed since.
    pub(super) fn load(&mut self, user: &UserId, load: u64, memberships: Memberships) {
        let Some(slot) = self.slot(user).filter(|slot| self.residents[*slot].load == load) else { return };
        let Some(changes) = self.residents[slot].loading.take() else { return };
        if memberships.registered && self.residents[slot].user.is_guest() {
            // Between the guest's word and this read the id became a registered user's.
            for (_, reply) in std::mem::take(&mut self.residents[slot].waiting) {
                let _ = reply.send(Err(id_taken()));
            }
            return;
        }
        self.residents[slot].rooms.reserve_exact(memberships.conversations.len());
        // Each is another one, and the resident is in none yet: none has to be looked for among the others.
        for (conversation, count) in memberships.conversations {
            let room = self.room_of(&conversation, Some(count));
            self.seat_in(slot, room);
        }
        for change in changes.into_iter().filter(|change| change.position > memberships.position) {
            if change.joined {
                self.enter(slot, &change.conversation);
            } else {
                self.exit(slot, &change.conversation.id);
            }
        }
    }

    pub(super) fn take_waiting(&mut self, user: &UserId) -> Option<(Arc<User>, Waiting, Arc<EventRate>)> {
        let resident = self.resident(user)?;
        let waiting = std::mem::take(&mut resident.waiting);
        Some((Arc::clone(&resident.user), waiting, Arc::clone(&resident.rate)))
    }

    pub(super) fn seat(&mut self, user: &UserId, connection: Arc<Connection>, held: Option<Held>) {
        if let Some(slot) = self.slot(user) {
            let resident = &mut self.residents[slot];
            let held = RefCell::new(held.map(Box::new));
            // The connection that is gone on with may have a seat still: a client notices a loss first.
            let line = |seat: &&Seat| seat.connection.session == connection.session;
            let before = resident.seats.iter().find(line).map(|seat| seat.muted.clone());
            let muted = self.former_mutes.remove(&connection.session).or(before).unwrap_or_default();
            // Nearly all have one; the first push would make room for four.
            resident.seats.reserve_exact(1);
            resident.seats.push(Seat { connection, muted, expiry: None, heard: None, held });
        }
    }

    /// Takes a connection away, waiting or seated, with the moment it waited for. Says whether it was the user's last.
    pub(super) fn unseat(&mut self, user: &UserId, connection: ConnectionId) -> (bool, Option<TimerKey>) {
        let Some(slot) = self.slot(user) else { return (false, None) };
        let resident = &mut self.residents[slot];
        resident.waiting.retain(|(waiting, _)| waiting.id != connection);
        let Some(at) = resident.seats.iter().position(|seat| seat.connection.id == connection) else {
            return (false, None);
        };
        let seat = resident.seats.swap_remove(at);
        if seat.connection.recoverable && !seat.muted.is_empty() {
            if self.former_mutes.len() >= FORMER_MUTES_KEPT {
                self.former_mutes.clear();
            }
            self.former_mutes.insert(seat.connection.session, seat.muted);
        }
        let resident = &mut self.residents[slot];
        let last = !resident.is_here();
        if last {
            resident.gone_since = Some(Instant::now());
        }
        (last, seat.expiry)
    }

    /// Forgets a user.
    pub(super) fn remove(&mut self, user: &UserId) {
        let Some(slot) = self.unlist(user) else { return };
        for room in self.residents.remove(slot).rooms.iter() {
            self.vacate(room, slot);
        }
    }

    fn unlist(&mut self, user: &UserId) -> Option<usize> {
        self.by_user.remove(user.as_str(), |slot| self.residents[slot].user.id.as_str())
    }

    fn unlist_room(&mut self, conversation: &ConversationId) -> Option<usize> {
        self.by_conversation.remove(conversation.as_str(), |room| self.rooms[room].conversation.id.as_str())
    }

    fn vacate(&mut self, room: usize, resident: usize) {
        let Some(found) = self.rooms.get_mut(room) else { return };
        found.residents.remove(resident);
        if found.residents.is_empty() {
            let id = found.conversation.id.clone();
            self.unlist_room(&id);
            self.rooms.remove(room);
        }
    }

    /// The room of a conversation, made where nobody here was in it.
    fn room_of(&mut self, conversation: &Arc<ConversationRef>, member_count: Option<u32>) -> usize {
        match self.room_slot(&conversation.id) {
            Some(room) => room,
            None => {
                let room = Room {
                    conversation: Arc::clone(conversation),
                    residents: Slots::default(),
                    member_count: member_count.unwrap_or(1),
                    typists: Vec::new(),
                };
                let room = self.rooms.insert(room);
                self.by_conversation.insert(room, |room| self.rooms[room].conversation.id.as_str());
                room
            }
        }
    }

    fn seat_in(&mut self, resident: usize, room: usize) {
        self.residents[resident].rooms.push(room);
        self.rooms[room].residents.push(resident);
    }

    fn enter(&mut self, resident: usize, conversation: &Arc<ConversationRef>) {
        let room = self.room_of(conversation, None);
        if !self.residents[resident].rooms.contains(room) {
            self.seat_in(resident, room);
        }
    }

    fn exit(&mut self, resident: usize, conversation: &ConversationId) {
        let Some(room) = self.room_slot(conversation) else { return };
        self.residents[resident].rooms.remove(room);
        for seat in &mut self.residents[resident].seats {
            seat.muted.retain(|muted| muted != conversation);
        }
        self.vacate(room, resident);
    }

    fn change(&mut self, user: &UserId, conversation: &Arc<ConversationRef>, position: u64, joined: bool) {
        let Some(slot) = self.slot(user) else { return };
        match &mut self.residents[slot].loading {
            Some(changes) => changes.push(Change { position, conversation: Arc::clone(conversation), joined }),
            None if joined => self.enter(slot, conversation),
            None => self.exit(slot, &conversation.id),
        }
    }

    pub(super) fn join(&mut self, user: &UserId, conversation: &Arc<ConversationRef>, position: u64) {
        self.change(user, conversation, position, true);
    }

    pub(super) fn leave(&mut self, user: &UserId, conversation: &ConversationId, position: u64) {
        let known = self.room_slot(conversation).map(|room| Arc::clone(&self.rooms[room].conversation));
        let conversation = known.unwrap_or_else(|| {
            // Nobody here is in it; the change still counts for a user that is being read.
            Arc::new(ConversationRef {
                id: conversation.clone(),
                kind: quintet_domain::ConversationKind::Group,
                name: None,
                pair: None,
            })
        });
        self.change(user, &conversation, position, false);
    }

    pub(super) fn set_member_count(&mut self, conversation: &ConversationId, count: u32) {
        if let Some(room) = self.room_slot(conversation) {
            self.rooms[room].member_count = count;
        }
    }

    pub(super) fn rename(&mut self, conversation: &Arc<ConversationRef>) {
        if let Some(room) = self.room_slot(&conversation.id) {
            self.rooms[room].conversation = Arc::clone(conversation);
        }
    }

    pub(super) fn remove_room(&mut self, conversation: &ConversationId, position: u64) {
        let loading: Vec<UserId> = self
            .residents
            .iter()
            .filter(|(_, resident)| resident.loading.is_some())
            .map(|(_, resident)| resident.user.id.clone())
            .collect();
        for user in loading {
            self.leave(&user, conversation, position);
        }
        let Some(room) = self.unlist_room(conversation) else { return };
        for resident in self.rooms.remove(room).residents.iter() {
            self.residents[resident].rooms.remove(room);
        }
    }

    pub(super) fn is_member(&self, user: &UserId, conversation: &ConversationId) -> bool {
        match (self.slot(user), self.room_slot(conversation)) {
            (Some(resident), Some(room)) => self.residents[resident].rooms.contains(room),
            _ => false,
        }
    }

    /// The direct conversation of two, if the first is here.
    pub(super) fn direct(&self, user: &UserId, other: &UserId) -> Option<usize> {
        let resident = &self.residents[self.slot(user)?];
        resident.rooms.iter().find(|room| {
            let pair = self.rooms[*room].conversation.pair.as_ref();
            pair.is_some_and(|pair| pair.contains(user) && pair.contains(other))
        })
    }

    pub(super) fn mute(
        &mut self,
        connection: ConnectionId,
        user: &UserId,
        conversation: &ConversationId,
        mute: bool,
    ) -> bool {
        let Some(resident) = self.resident(user) else { return false };
        let Some(seat) = resident.seats.iter_mut().find(|seat| seat.connection.id == connection) else { return false };
        seat.muted.retain(|muted| muted != conversation);
        if mute {
            seat.muted.push(conversation.clone());
        }
        true
    }

    pub(super) fn changed(&mut self, user: &Arc<User>) {
        let Some(resident) = self.holder(user) else { return };
        resident.user = Arc::clone(user);
        for seat in &resident.seats {
            seat.connection.set_user(user);
        }
    }

    /// Ends the connections of a user that came before a generation of its tokens.
    pub(super) fn end_connections(&mut self, user: &UserId, generation: u64) {
        let Some(resident) = self.resident(user) else { return };
        let over =
            |connection: &Connection| connection.identity().is_none_or(|identity| identity.generation < generation);
        resident.seats.retain(|seat| {
            if !over(&seat.connection) {
                return true;
            }
            seat.connection.ended.store(true, Ordering::Release);
            let held = seat.held.take();
            let outside = held.is_some_and(|held| held.refuse(Refusal::unauthenticated("the token was revoked")));
            seat.connection.out.end();
            !outside
        });
        let waiting = std::mem::take(&mut resident.waiting);
        for (connection, reply) in waiting {
            if over(&connection) {
                let _ = reply.send(Err(Refusal::unauthenticated("the token was revoked")));
            } else {
                resident.waiting.push((connection, reply));
            }
        }
    }

    pub(super) fn connections_of(&self, user: &UserId) -> impl Iterator<Item = &Arc<Connection>> {
        let resident = self.slot(user).and_then(|slot| self.residents.get(slot));
        resident.into_iter().flat_map(|resident| resident.seats.iter().map(|seat| &seat.connection))
    }

    /// Those that hear things now, and do not only have them kept.
    pub(super) fn told_connections_of(&self, user: &UserId) -> impl Iterator<Item = &Arc<Connection>> {
        let resident = self.slot(user).and_then(|slot| self.residents.get(slot));
        let seats = resident.into_iter().flat_map(|resident| &resident.seats);
        seats.filter(|seat| seat.held.borrow().is_none()).map(|seat| &seat.connection)
    }

    pub(super) fn online_users(&self) -> impl Iterator<Item = &Arc<User>> {
        self.residents.iter().filter(|(_, resident)| resident.online).map(|(_, resident)| &resident.user)
    }

    // --- notifications that are being read for a connection ---

    pub(super) fn await_untold(&mut self, user: &UserId, connection: ConnectionId) {
        if let Some(seat) = self.seat_of(user, connection) {
            seat.heard = Some(Vec::new());
        }
    }

    pub(super) fn note_heard(&mut self, user: &UserId, notification: &NotificationId) {
        let Some(resident) = self.resident(user) else { return };
        for heard in resident.seats.iter_mut().filter_map(|seat| seat.heard.as_mut()) {
            heard.push(notification.clone());
        }
    }

    pub(super) fn take_heard(
        &mut self,
        user: &UserId,
        connection: ConnectionId,
    ) -> Option<(Arc<Connection>, Vec<NotificationId>)> {
        let seat = self.seat_of(user, connection)?;
        Some((Arc::clone(&seat.connection), seat.heard.take().unwrap_or_default()))
    }

    pub(super) fn seat_of(&mut self, user: &UserId, connection: ConnectionId) -> Option<&mut Seat> {
        self.resident(user)?.seats.iter_mut().find(|seat| seat.connection.id == connection)
    }
}
