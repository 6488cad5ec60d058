//! Typing of users on other nodes, whose starts and stops arrive by a wire that may lose them.
//!
//! What must stay true: a start that was shown is followed by a stop, even if the stop was lost or its node died; nobody is
//! shown typing in a conversation that it has left.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use quintet_domain::limits::TYPING_SECONDS_MAX;
use quintet_domain::{ConversationId, ConversationRef, Event, User, UserId};
use tokio::time::Instant;

use super::directory::Directory;
use super::timers::{Timer, TimerKey, Timers};

/// The time after which a start that nothing followed ends: a little more than on the node of the user, which sends a stop
/// by then.
const ENDS_AFTER: Duration = Duration::from_secs(TYPING_SECONDS_MAX + 2);

/// Maximum number of users and conversations that are remembered. Further starts are shown, and end by a stop alone.
const REMEMBERED_MAX: usize = 20_000;

/// A user who types in a conversation.
struct Typist {
    conversation: Arc<ConversationRef>,
    user: Arc<User>,
    /// When the typing ends by itself.
    ends: Instant,
    timer: TimerKey,
}

/// The users who are typing on other nodes, with the conversations in which they do.
#[derive(Default)]
pub(super) struct TypingElsewhere {
    typists: BTreeMap<(UserId, ConversationId), Typist>,
}

impl TypingElsewhere {
    /// Takes a start or a stop. Returns whether it is to be shown.
    pub(super) fn received(
        &mut self,
        directory: &Directory,
        timers: &mut Timers,
        (conversation, user, typing): (&Arc<ConversationRef>, &Arc<User>, bool),
        now: Instant,
    ) -> bool {
        let key = (user.id.clone(), conversation.id.clone());
        if !typing {
            if let Some(typist) = self.typists.remove(&key) {
                timers.cancel(typist.timer);
            }
            return true;
        }
        // A start may be late, or early: the memberships of a user who has just come are not known yet.
        let known = directory.user(&user.id).is_some_and(|local| !local.is_loading());
        let is_former = known && !directory.is_member(&user.id, &conversation.id);
        if is_former || directory.channel(&conversation.id).is_none() {
            return false;
        }
        let ends = now + ENDS_AFTER;
        let has_room = self.typists.len() < REMEMBERED_MAX;
        match self.typists.get_mut(&key) {
            Some(typist) => typist.ends = ends,
            None if !has_room => {}
            None => {
                let timer = timers.add(ends, Timer::TypingElsewhereEnds(user.id.clone(), conversation.id.clone()));
                let (conversation, user) = (Arc::clone(conversation), Arc::clone(user));
                self.typists.insert(key, Typist { conversation, user, ends, timer });
            }
        }
        true
    }

    /// Handles the timer of a user's typing: it ends, unless it was renewed. Returns the event that shows it.
    pub(super) fn timer(&mut self, timers: &mut Timers, key: (UserId, ConversationId), now: Instant) -> Option<Event> {
        let typist = self.typists.get_mut(&key)?;
        if typist.ends > now {
            typist.timer = timers.add(typist.ends, Timer::TypingElsewhereEnds(key.0, key.1));
            return None;
        }
        self.typists.remove(&key).map(|typist| stop(typist, timers))
    }

    /// Ends the typing of a user. Returns the events that show it.
    pub(super) fn stop(&mut self, timers: &mut Timers, user: &UserId) -> Vec<Event> {
        // No id is empty, so that this is before the user's first conversation.
        let first = (user.clone(), ConversationId::trusted(""));
        let own = self.typists.range(first..).map(|(key, _)| key).take_while(|(one, _)| one == user);
        let own: Vec<_> = own.cloned().collect();
        let stopped = own.into_iter().filter_map(|key| self.typists.remove(&key));
        stopped.map(|typist| stop(typist, timers)).collect()
    }

    /// Ends the typing of some users. Returns the events that show it.
    pub(super) fn stop_all(&mut self, timers: &mut Timers, who: impl Fn(&UserId) -> bool) -> Vec<Event> {
        let stopped = self.typists.extract_if(.., |(user, _), _| who(user));
        stopped.map(|(_, typist)| stop(typist, timers)).collect()
    }
}

/// Ends a user's typing, with its timer. Returns the event that shows it.
fn stop(typist: Typist, timers: &mut Timers) -> Event {
    timers.cancel(typist.timer);
    Event::Typing { conversation: typist.conversation, user: typist.user, typing: false }
}
