//! Typing: shown to the other members, never stored, ends by itself.
//!
//! What must stay true: each user types in a conversation at most once, and has one timer for it; a start that was
//! shown is followed by a stop: sent by the user, or caused by its message, its departure or the timer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use quintet_domain::limits::{TYPING_MEMBERS_MAX, TYPING_REPEAT_SECONDS, TYPING_SECONDS_MAX};
use quintet_domain::{ConnectionId, ConversationId, Event, Refusal, Target, UserId};
use tokio::time::Instant;

use super::directory::Directory;
use super::timers::{Timer, TimerKey, Timers};

const ENDS_AFTER: Duration = Duration::from_secs(TYPING_SECONDS_MAX);
const REPEAT_AFTER: Duration = Duration::from_secs(TYPING_REPEAT_SECONDS);

/// A user who types in a conversation.
struct Typist {
    conversation: ConversationId,
    /// The connection on which the user types.
    connection: ConnectionId,
    /// When the start was last sent to the others.
    shown: Instant,
    /// When the typing ends by itself.
    ends: Instant,
    timer: TimerKey,
}

/// The users who are typing, with the conversations in which they do.
#[derive(Default)]
pub(super) struct Typing {
    typists: BTreeMap<UserId, Vec<Typist>>,
}

impl Typing {
    /// Handles a start or a stop. Returns the event to show, if there is one.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` if the user is not a member of the conversation.
    pub(super) fn set(
        &mut self,
        directory: &Directory,
        timers: &mut Timers,
        (connection, user): (ConnectionId, &UserId),
        (target, typing): (&Target, bool),
        now: Instant,
    ) -> Result<Option<Event>, Refusal> {
        let channel = match target {
            Target::Conversation(id) => directory
                .channel(id)
                .filter(|_| directory.is_member(user, id))
                .ok_or_else(|| Refusal::not_found("conversation", id))?,
            Target::Direct(other) => match directory.direct(user, other) {
                Some(channel) => channel,
                // Before the first message the conversation does not exist for the other user.
                None => return Ok(None),
            },
        };
        // Whoever has begun a direct conversation that the other has not accepted is alone there.
        let is_alone = channel.conversation.pair.is_some() && channel.member_count == 1;
        if is_alone || channel.member_count > TYPING_MEMBERS_MAX {
            return Ok(None);
        }
        let conversation = &channel.conversation.id;
        if !typing {
            return Ok(self.stop(directory, timers, user, conversation));
        }
        let ends = now + ENDS_AFTER;
        let typists = self.typists.entry(user.clone()).or_default();
        let show = match typists.iter_mut().find(|typist| typist.conversation == *conversation) {
            Some(typist) => {
                typist.ends = ends;
                typist.connection = connection;
                let due = now.duration_since(typist.shown) >= REPEAT_AFTER;
                if due {
                    typist.shown = now;
                }
                due
            }
            None => {
                let conversation = conversation.clone();
                let timer = timers.add(ends, Timer::TypingEnds(user.clone(), conversation.clone()));
                typists.push(Typist { conversation, connection, shown: now, ends, timer });
                true
            }
        };
        Ok(if show { event(directory, user, conversation, true) } else { None })
    }

    /// Whether a user types in a conversation, on a connection of this node.
    pub(super) fn is_typing(&self, user: &UserId, conversation: &ConversationId) -> bool {
        let typists = self.typists.get(user);
        typists.is_some_and(|typists| typists.iter().any(|typist| typist.conversation == *conversation))
    }

    /// Ends a user's typing in a conversation. Returns the event that shows it, if the user was typing.
    pub(super) fn stop(
        &mut self,
        directory: &Directory,
        timers: &mut Timers,
        user: &UserId,
        conversation: &ConversationId,
    ) -> Option<Event> {
        self.remove(timers, user, |typist| typist.conversation == *conversation).pop()?;
        event(directory, user, conversation, false)
    }

    /// Ends the typing of a user on one connection, or on all connections if `connection` is `None`. Returns the events
    /// that show it.
    pub(super) fn stop_all(
        &mut self,
        directory: &Directory,
        timers: &mut Timers,
        user: &UserId,
        connection: Option<ConnectionId>,
    ) -> Vec<Event> {
        let stopped = self.remove(timers, user, |typist| connection.is_none_or(|one| typist.connection == one));
        stopped.iter().filter_map(|conversation| event(directory, user, conversation, false)).collect()
    }

    /// Handles the timer of a user's typing: the typing ends, unless it was renewed.
    pub(super) fn timer(
        &mut self,
        directory: &Directory,
        timers: &mut Timers,
        (user, conversation): (&UserId, &ConversationId),
        now: Instant,
    ) -> Option<Event> {
        let typists = self.typists.get_mut(user)?;
        let typist = typists.iter_mut().find(|typist| typist.conversation == *conversation)?;
        if typist.ends > now {
            typist.timer = timers.add(typist.ends, Timer::TypingEnds(user.clone(), conversation.clone()));
            return None;
        }
        self.stop(directory, timers, user, conversation)
    }

    /// Removes the typing in a conversation that was deleted.
    pub(super) fn forget_conversation(&mut self, timers: &mut Timers, conversation: &ConversationId) {
        self.typists.retain(|_, typists| {
            remove(typists, timers, |typist| typist.conversation == *conversation);
            !typists.is_empty()
        });
    }

    /// Removes some of a user's typing, with the timers. Returns the conversations.
    fn remove(&mut self, timers: &mut Timers, user: &UserId, which: impl Fn(&Typist) -> bool) -> Vec<ConversationId> {
        let Some(typists) = self.typists.get_mut(user) else { return Vec::new() };
        let removed = remove(typists, timers, which);
        if typists.is_empty() {
            self.typists.remove(user);
        }
        removed
    }
}

fn remove(typists: &mut Vec<Typist>, timers: &mut Timers, which: impl Fn(&Typist) -> bool) -> Vec<ConversationId> {
    let removed = typists.extract_if(.., |typist| which(typist));
    removed
        .map(|typist| {
            timers.cancel(typist.timer);
            typist.conversation
        })
        .collect()
}

/// The event that shows a start or a stop; `None` if the conversation or the user is not in the directory any more.
fn event(directory: &Directory, user: &UserId, conversation: &ConversationId, typing: bool) -> Option<Event> {
    let conversation = Arc::clone(&directory.channel(conversation)?.conversation);
    let user = Arc::clone(&directory.user(user)?.user);
    Some(Event::Typing { conversation, user, typing })
}
