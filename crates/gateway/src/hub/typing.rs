//! Typing: told to the others, never stored, ending by itself.

use std::time::Duration;

use quintet_domain::limits::{TYPING_MEMBERS_MAX, TYPING_REPEAT_SECONDS, TYPING_SECONDS_MAX};
use quintet_domain::{ConnectionId, ConversationId, Ephemeral, Event, Refusal, Target, UserId};
use tokio::time::Instant;

use super::Hub;
use super::timers::{Timer, TimerKey};

const ENDS_AFTER: Duration = Duration::from_secs(TYPING_SECONDS_MAX);
const REPEAT_AFTER: Duration = Duration::from_secs(TYPING_REPEAT_SECONDS);

/// Somebody who types in a room.
pub(super) struct Typist {
    user: UserId,
    connection: ConnectionId,
    /// When the others were last told.
    told: Instant,
    /// When it ends by itself.
    ends: Instant,
    timer: TimerKey,
}

impl Hub {
    /// Takes a start or a stop.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` when the user is no member of the conversation.
    pub(crate) fn typing(
        &mut self,
        connection: ConnectionId,
        user: &UserId,
        target: &Target,
        typing: bool,
    ) -> Result<(), Refusal> {
        let room = match target {
            Target::Conversation(id) => self
                .state
                .room_slot(id)
                .filter(|_| self.state.is_member(user, id))
                .ok_or_else(|| Refusal::not_found("conversation", id))?,
            Target::Direct(other) => match self.state.direct(user, other) {
                Some(room) => room,
                // Before the first message there is nothing that the other one could show it in.
                None => return Ok(()),
            },
        };
        let now = Instant::now();
        let room = &mut self.state.rooms[room];
        if room.member_count > TYPING_MEMBERS_MAX {
            return Ok(());
        }
        let conversation = room.conversation.id.clone();
        let at = room.typists.iter().position(|typist| typist.user == *user);
        let tell = match (at, typing) {
            (None, false) => false,
            (Some(at), false) => {
                self.timers.cancel(room.typists.swap_remove(at).timer);
                true
            }
            (Some(at), true) => {
                let typist = &mut room.typists[at];
                typist.ends = now + ENDS_AFTER;
                typist.connection = connection;
                let due = now.duration_since(typist.told) >= REPEAT_AFTER;
                if due {
                    typist.told = now;
                }
                due
            }
            (None, true) => {
                let ends = now + ENDS_AFTER;
                let timer = self.timers.add(ends, Timer::TypingEnds(user.clone(), conversation.clone()));
                room.typists.push(Typist { user: user.clone(), connection, told: now, ends, timer });
                true
            }
        };
        if tell {
            self.tell_typing(user, &conversation, typing);
        }
        Ok(())
    }

    fn tell_typing(&mut self, user: &UserId, conversation: &ConversationId, typing: bool) {
        let Some(room) = self.state.room_slot(conversation) else { return };
        let conversation = std::sync::Arc::clone(&self.state.rooms[room].conversation);
        let Some(resident) = self.state.resident(user) else { return };
        let event = Event::Typing { conversation, user: std::sync::Arc::clone(&resident.user), typing };
        self.publish(Ephemeral::Event(event));
    }

    /// Ends somebody's typing in a room, if it shows.
    pub(super) fn stop_typing_of(&mut self, user: &UserId, conversation: &ConversationId) {
        let Some(room) = self.state.room_slot(conversation) else { return };
        let typists = &mut self.state.rooms[room].typists;
        if let Some(at) = typists.iter().position(|typist| typist.user == *user) {
            self.timers.cancel(typists.swap_remove(at).timer);
            self.tell_typing(user, conversation, false);
        }
    }

    /// Ends what was typed on a connection that is gone.
    pub(super) fn stop_typing_on(&mut self, connection: ConnectionId, user: &UserId) {
        let Some(resident) = self.state.resident(user) else { return };
        let rooms = resident.rooms.clone();
        for room in rooms.iter() {
            let room = &self.state.rooms[room];
            if room.typists.iter().any(|typist| typist.connection == connection) {
                let conversation = room.conversation.id.clone();
                self.stop_typing_of(user, &conversation);
            }
        }
    }

    /// The moment at which somebody's typing may end by itself.
    pub(super) fn typing_ends(&mut self, user: &UserId, conversation: &ConversationId, now: Instant) {
        let Some(room) = self.state.room_slot(conversation) else { return };
        let typist = self.state.rooms[room].typists.iter_mut().find(|typist| typist.user == *user);
        match typist {
            Some(typist) if typist.ends > now => {
                let again = Timer::TypingEnds(user.clone(), conversation.clone());
                typist.timer = self.timers.add(typist.ends, again);
            }
            Some(_) => self.stop_typing_of(user, conversation),
            None => {}
        }
    }
}
