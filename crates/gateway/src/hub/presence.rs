//! Presence: who came and who went, told once; and what becomes of guests and of expired tokens.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use quintet_domain::limits::{EXPIRED_GRACE_SECONDS, GUEST_LEAVES_AFTER_SECONDS, OFFLINE_AFTER_SECONDS};
use quintet_domain::{ConnectionId, Event, Passing, Refusal, User, UserId};
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
        resident.told_everybody = self.settings.audience == Audience::Everyone && !crowd;
        self.tell_presence(user, true);
    }

    fn tell_presence(&mut self, user: &Arc<User>, online: bool) {
        if user.is_guest() {
            self.service.presence().set_guest(&user.id, online);
        } else {
            self.service.presence().set_user(&user.id, online);
            let last_seen = self.service.environment().now();
            let event = Event::Presence { user: Arc::clone(user), online, last_seen };
            self.service.bus().passing(Passing { event });
            if !online {
                let (service, seen) = (self.service.clone(), vec![(user.id.clone(), last_seen)]);
                tokio::spawn(async move { service.seen(seen).await });
            }
        }
        // Only those who list who is in a room have a word for this.
        if self.watchers.load(Ordering::Relaxed) == 0 {
            return;
        }
        let Some(resident) = self.state.resident(&user.id) else { return };
        for room in resident.rooms.clone() {
            let place = Arc::clone(&self.state.rooms[room].place);
            let event = Event::RoomPresence { place, user: Arc::clone(user), online };
            self.service.bus().passing(Passing { event });
        }
    }

    /// Who is told that a user came or went: everybody, or those who share a conversation with it. Guests see the
    /// rooms they are in and nobody else.
    pub(super) fn watchers_of(&self, user: &UserId) -> Vec<usize> {
        let Some(slot) = self.state.slot(user) else { return Vec::new() };
        let resident = &self.state.residents[slot];
        let sees = |slot: &usize| !self.state.residents[*slot].user.is_guest();
        if resident.told_everybody {
            return self.state.residents.iter().map(|(slot, _)| slot).filter(sees).collect();
        }
        let rooms = resident.rooms.iter().flat_map(|room| self.state.rooms[*room].residents.iter().copied());
        let mut watchers: Vec<usize> = rooms.filter(sees).collect();
        watchers.sort_unstable();
        watchers.dedup();
        watchers
    }

    pub(super) fn detach(&mut self, connection: ConnectionId, user: &UserId) {
        self.stop_typing_on(connection, user);
        if self.state.unseat(user, connection) {
            self.timers.add(Instant::now() + OFFLINE_AFTER, Timer::Offline(user.clone()));
        }
    }

    /// Two seconds after the last connection: if none came since, the user is offline.
    pub(super) fn went(&mut self, user: &UserId, now: Instant) {
        let Some(resident) = self.state.resident(user) else { return };
        if resident.is_here() || !std::mem::replace(&mut resident.online, false) {
            return;
        }
        let gone = Arc::clone(&resident.user);
        self.tell_presence(&gone, false);
        // Not at once: what was just published needs to know whom to leave out, and a guest's rooms stay for a while.
        let after = if gone.is_guest() { GUEST_GONE_AFTER - OFFLINE_AFTER } else { OFFLINE_AFTER };
        self.timers.add(now + after, Timer::Forget(user.clone()));
    }

    /// Forgets a user who is still gone; a guest's memberships end.
    pub(super) fn forget(&mut self, user: &UserId) {
        let Some(resident) = self.state.resident(user) else { return };
        if resident.online || resident.is_here() {
            return;
        }
        let guest = resident.user.is_guest();
        let rooms: Vec<_> = resident.rooms.clone();
        if guest {
            let conversations: Vec<_> = rooms.iter().map(|room| self.state.rooms[*room].place.id.clone()).collect();
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

    pub(super) fn expire(&mut self, connection: ConnectionId, user: &UserId) {
        let Some(found) = self.state.connection(user, connection).cloned() else { return };
        let Some(expires_at) = found.identity().and_then(|identity| identity.expires_at) else { return };
        let left = expires_at.0 - self.service.environment().now().0;
        if left > 0 {
            self.timers.add(self.in_ms(left), Timer::Expire(connection, user.clone()));
            return;
        }
        found.out.emit(&quintet_dialect::error_event(&Refusal::token_expired()));
        let end = Instant::now() + Duration::from_secs(EXPIRED_GRACE_SECONDS);
        self.timers.add(end, Timer::EndExpired(connection, user.clone()));
    }

    pub(super) fn end_expired(&mut self, connection: ConnectionId, user: &UserId) {
        let Some(found) = self.state.connection(user, connection) else { return };
        let expires_at = found.identity().and_then(|identity| identity.expires_at);
        match expires_at {
            Some(at) if at <= self.service.environment().now() => found.out.end(),
            Some(_) => self.expire(connection, user),
            None => {}
        }
    }
}
