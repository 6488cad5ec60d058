//! Presence: who came and who went, told once; and what becomes of guests and of expired tokens.

use std::sync::Arc;
use std::time::Duration;

use quintet_domain::limits::{EXPIRED_GRACE_SECONDS, GUEST_LEAVES_AFTER_SECONDS, OFFLINE_AFTER_SECONDS};
use quintet_domain::{ConnectionId, Ephemeral, Event, Refusal, User, UserId};
use tokio::time::Instant;

use super::Hub;
use super::timers::Timer;
use crate::Audience;

const OFFLINE_AFTER: Duration = Duration::from_secs(OFFLINE_AFTER_SECONDS);
const GUEST_GONE_AFTER: Duration = Duration::from_secs(GUEST_LEAVES_AFTER_SECONDS);

impl Hub {
    /// A user has a connection. Within two seconds of its last one this is no news.
    pub(super) fn came(&mut self, user: &Arc<User>) {
        let crowd = self.service.presence().count() >= self.settings.everyone_limit;
        let Some(resident) = self.state.resident(&user.id) else { return };
        if std::mem::replace(&mut resident.online, true) {
            return;
        }
        resident.came = self.comings.count();
        resident.told_everybody = self.settings.audience == Audience::Everyone && !crowd;
        self.tell_presence(user, true);
    }

    fn tell_presence(&mut self, user: &Arc<User>, online: bool) {
        if user.is_guest() {
            // Out of its rooms only once it is forgotten.
            if online {
                self.service.presence().set_guest(&user.id, true);
            }
        } else {
            self.service.presence().set_user(&user.id, online);
            let last_seen = self.service.environment().now();
            let event = Event::Presence { user: Arc::clone(user), online, last_seen };
            self.publish(Ephemeral::Event(event));
            if !online {
                let (service, seen) = (self.service.clone(), vec![(user.id.clone(), last_seen)]);
                tokio::spawn(async move { service.seen(seen).await });
            }
        }
        self.tell_rooms(user, online);
    }

    fn tell_rooms(&mut self, user: &Arc<User>, online: bool) {
        // Only those who list who is in a room have a word for this.
        if !self.census.any_watches_rooms() {
            return;
        }
        let Some(resident) = self.state.resident(&user.id) else { return };
        let rooms = resident.rooms.clone();
        let conversations: Vec<_> = rooms.iter().map(|room| Arc::clone(&self.state.rooms[room].conversation)).collect();
        if !conversations.is_empty() {
            self.publish(Ephemeral::RoomPresence { conversations, user: Arc::clone(user), online });
        }
    }

    /// Who is told that a user came or went: everybody, or those who share a conversation with it. Guests see the
    /// rooms they are in and nobody else.
    pub(super) fn watchers_of(&self, user: &UserId, everybody: bool) -> Vec<usize> {
        let Some(slot) = self.state.slot(user) else { return Vec::new() };
        let resident = &self.state.residents[slot];
        let sees = |slot: &usize| !self.state.residents[*slot].user.is_guest();
        if everybody {
            return self.state.residents.iter().map(|(slot, _)| slot).filter(sees).collect();
        }
        let rooms = resident.rooms.iter().flat_map(|room| self.state.rooms[room].residents.iter());
        let mut watchers: Vec<usize> = rooms.filter(sees).collect();
        watchers.sort_unstable();
        watchers.dedup();
        watchers
    }

    pub(super) fn detach(&mut self, connection: ConnectionId, user: &UserId) {
        self.stop_typing_on(connection, user);
        let (last, expiry) = self.state.unseat(user, connection);
        if let Some(expiry) = expiry {
            self.timers.cancel(expiry);
        }
        if last {
            self.timers.add(Instant::now() + OFFLINE_AFTER, Timer::Offline(user.clone()));
        }
    }

    /// A revocation may have ended a connection that was not let in yet: nobody else counts it out.
    pub(super) fn gone_by_revocation(&mut self, user: &UserId) {
        let Some(resident) = self.state.resident(user) else { return };
        if resident.is_here() || resident.is_loading() || resident.gone_since.is_some() {
            return;
        }
        resident.gone_since = Some(Instant::now());
        self.timers.add(Instant::now() + OFFLINE_AFTER, Timer::Offline(user.clone()));
    }

    /// Two seconds after the last connection: if none came since, the user is offline.
    pub(super) fn went(&mut self, user: &UserId, now: Instant) {
        let Some(resident) = self.state.resident(user) else { return };
        // An earlier absence, ended since, does not count for this one.
        let long = resident.gone_since.is_some_and(|since| now >= since + OFFLINE_AFTER);
        if resident.is_here() || !long || !std::mem::replace(&mut resident.online, false) {
            return;
        }
        let gone = Arc::clone(&resident.user);
        self.tell_presence(&gone, false);
        // Not at once: what was just published needs to know whom to leave out, and a guest's rooms stay for a while.
        let after = if gone.is_guest() { GUEST_GONE_AFTER - OFFLINE_AFTER } else { OFFLINE_AFTER };
        self.timers.add(now + after, Timer::Forget(user.clone()));
    }

    /// Forgets a user who is still gone; a guest's memberships end.
    pub(super) fn forget(&mut self, user: &UserId, now: Instant) {
        let Some(resident) = self.state.resident(user) else { return };
        let guest = resident.user.is_guest();
        let after = if guest { GUEST_GONE_AFTER } else { OFFLINE_AFTER };
        let long = resident.gone_since.is_none_or(|since| now >= since + after);
        if resident.online || resident.is_here() || resident.is_loading() || !long {
            return;
        }
        if resident.untold > 0 {
            // Telling it needs to know who that is, and where it was.
            self.timers.add(now + OFFLINE_AFTER, Timer::Forget(user.clone()));
            return;
        }
        let rooms = resident.rooms.clone();
        if guest {
            self.service.presence().set_guest(user, false);
            let conversations: Vec<_> =
                rooms.iter().map(|room| self.state.rooms[room].conversation.id.clone()).collect();
            let (service, user) = (self.service.clone(), user.clone());
            tokio::spawn(async move {
                for conversation in conversations {
                    if let Err(error) = service.guest_gone(&user, &conversation).await {
                        tracing::debug!(%error, "a guest's membership was over already");
                    }
                }
            });
        }
        self.state.remove(user);
    }

    // --- tokens that expire ---

    /// Notes when a connection's token expires, in the place of what was noted before.
    pub(super) fn watch_expiry(&mut self, connection: ConnectionId, user: &UserId) {
        let Some(seat) = self.state.seat_of(user, connection) else { return };
        if let Some(before) = seat.expiry.take() {
            self.timers.cancel(before);
        }
        let Some(expires_at) = seat.connection.identity().and_then(|identity| identity.expires_at) else { return };
        let left_ms = expires_at.0 - self.service.environment().now().0;
        let at = Instant::now() + Duration::from_millis(u64::try_from(left_ms).unwrap_or(0));
        seat.expiry = Some(self.timers.add(at, Timer::Expire(connection, user.clone())));
    }

    /// The moment a token expires: the connection is told, and has a while to show another.
    pub(super) fn expire(&mut self, connection: ConnectionId, user: &UserId) {
        let Some(seat) = self.state.seat_of(user, connection) else { return };
        let expires_at = seat.connection.identity().and_then(|identity| identity.expires_at);
        if expires_at.is_none_or(|at| at > self.service.environment().now()) {
            return self.watch_expiry(connection, user);
        }
        seat.connection.out.emit(&quintet_dialect::error_event(&Refusal::token_expired()));
        let end = Instant::now() + Duration::from_secs(EXPIRED_GRACE_SECONDS);
        seat.expiry = Some(self.timers.add(end, Timer::EndExpired(connection, user.clone())));
    }

    /// The end of that while. Another token would have moved it.
    pub(super) fn end_expired(&mut self, connection: ConnectionId, user: &UserId) {
        if let Some(seat) = self.state.seat_of(user, connection) {
            seat.connection.out.end();
        }
    }

    /// Removes the guest who holds an id here that an account now has. Its departures announce that it left its rooms.
    pub(super) fn take_over(&mut self, user: &Arc<User>) {
        let guest = self.state.resident(&user.id).filter(|resident| !user.is_guest() && resident.user.is_guest());
        let Some(guest) = guest else { return };
        let rooms = guest.rooms.clone();
        let conversations: Vec<_> = rooms.iter().map(|room| self.state.rooms[room].conversation.id.clone()).collect();
        for conversation in conversations {
            self.stop_typing_of(&user.id, &conversation);
        }
        self.state.end_guest(user);
        self.service.presence().set_guest(&user.id, false);
    }

    /// A profile changed, or there is a new account, whose id a guest may hold.
    pub(super) fn user_changed(&mut self, user: &Arc<User>) {
        self.take_over(user);
        self.state.changed(user);
    }

    /// Who is online, as one user is shown it: everybody, or, in a crowd, those who share a conversation with it.
    pub(super) fn online_for(&self, user: &User) -> Vec<UserId> {
        let Some(slot) = self.state.slot(&user.id) else { return Vec::new() };
        let resident = &self.state.residents[slot];
        // As they are told of: of those whose coming and going everybody hears, and of those who share a conversation.
        let everybody = resident.told_everybody;
        let all = self.state.residents.iter().filter(|(_, one)| everybody && one.told_everybody).map(|(slot, _)| slot);
        let rooms = resident.rooms.iter().flat_map(|room| self.state.rooms[room].residents.iter());
        let mut slots: Vec<usize> = rooms.chain([slot]).chain(all).collect();
        slots.sort_unstable();
        slots.dedup();
        let online = slots.into_iter().map(|slot| &self.state.residents[slot]);
        online.filter(|one| one.online && !one.user.is_guest()).map(|one| one.user.id.clone()).collect()
    }
}
