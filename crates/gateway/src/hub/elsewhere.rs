//! What happens on other nodes: users come to them and leave them, and nodes die.
//!
//! What must stay true: a user is online while it is connected to any node, and its presence is announced once when that
//! changes; a user who is connected to other nodes only costs no frames.

use std::sync::Arc;
use std::time::Duration;

use quintet_bus::RemotePresence;
use quintet_domain::{ConversationId, Event, NodeId, Refusal, Timestamp, User, UserId};
use quintet_service::Memberships;
use tokio::time::Instant;

use super::Hub;
use super::presence::LastSeen;

/// Where it was lost when a user left another node, the time in milliseconds within which it is stored that the user was
/// last seen here: it left both at about the same time.
const ABOUT_THE_SAME_TIME_MS: i64 = 60_000;

impl Hub {
    /// Handles what another node tells of its users.
    pub(super) fn remote(&mut self, node: NodeId, presence: RemotePresence, now: Instant) {
        match presence {
            RemotePresence::Came(user) => self.came_elsewhere(node, user),
            RemotePresence::Left { user, last_seen } => self.left_elsewhere(node, &user, last_seen, now),
            RemotePresence::NodeGone { silent_for, settles } => self.node_gone(node, silent_for, settles, now),
            RemotePresence::AllWanted => self.presence.tell_all(&self.directory),
            RemotePresence::Incomplete(incomplete) => self.presence.set_incomplete(incomplete),
        }
    }

    fn came_elsewhere(&mut self, node: NodeId, user: Arc<User>) {
        self.replace_guest(&user);
        let id = user.id.clone();
        let Some(local) = self.directory.user_mut(&id) else {
            let load = self.directory.arrive_elsewhere(user, node);
            self.other_nodes.read(&mut self.directory, id, load);
            return;
        };
        if user.is_guest() && !local.user.is_guest() {
            // An account took the id, of which the node of the guest has not heard yet.
            return;
        }
        local.enter_node(node);
        if !local.is_loading() {
            let user = Arc::clone(&local.user);
            self.presence.came_online(&mut self.directory, &mut self.ephemerals, &user);
        }
    }

    /// Uses the profile and the memberships of a user who is connected to another node.
    pub(super) fn read_elsewhere(
        &mut self,
        user: UserId,
        load: u64,
        state: Result<(Option<Arc<User>>, Memberships), Refusal>,
        now: Instant,
    ) {
        match state {
            Ok((profile, memberships)) => {
                if let Some(profile) = profile {
                    self.directory.set_profile_read(&profile, load, memberships.position);
                }
                self.loaded(user, load, memberships, now);
            }
            Err(refusal) => self.other_nodes.read_failed(&mut self.timers, (user, load), &refusal, now),
        }
        self.other_nodes.read_ended(&mut self.directory);
    }

    fn left_elsewhere(&mut self, node: NodeId, user: &UserId, last_seen: Option<Timestamp>, now: Instant) {
        let Some(local) = self.directory.user_mut(user) else { return };
        if !local.leave_node(node) {
            return;
        }
        let left_here = local.presence.elsewhere.as_ref().and_then(|elsewhere| elsewhere.left_here);
        let time = self.service.environment().now();
        // If the user left both nodes at about the same time, each thought that it was still connected to the other one.
        let last_seen = match (left_here, last_seen) {
            (Some(here), Some(there)) if here >= there => LastSeen { at: here, stored_here: true },
            (Some(here), None) if time.0 - here.0 < ABOUT_THE_SAME_TIME_MS => LastSeen { at: here, stored_here: true },
            (_, Some(there)) => LastSeen { at: there, stored_here: false },
            (_, None) => LastSeen { at: time, stored_here: false },
        };
        let seen = self.gone(user, last_seen, now);
        self.presence.note_seen(seen.into_iter().collect());
    }

    fn node_gone(&mut self, node: NodeId, silent_for: Duration, settles: bool, now: Instant) {
        tracing::warn!(node = node.0, "another node is dead; its users go offline");
        let Self { directory, timers, typing_elsewhere, .. } = self;
        let stopped =
            typing_elsewhere.stop_all(timers, |typist| directory.user(typist).is_some_and(|user| user.is_on(node)));
        self.deliver_stops(stopped);
        let silent_ms = i64::try_from(silent_for.as_millis()).unwrap_or(i64::MAX);
        let last_heard = Timestamp(self.service.environment().now().0.saturating_sub(silent_ms));
        let nowhere = self.directory.remove_node(node, settles);
        let departures = nowhere.into_iter().map(|(user, left_here)| {
            let seen_here = left_here.filter(|here| *here >= last_heard);
            let at = seen_here.unwrap_or(last_heard);
            (user, LastSeen { at, stored_here: settles || seen_here.is_some() })
        });
        self.other_nodes.depart(&mut self.timers, departures, now);
    }

    /// Lets some users of a node that died go offline.
    pub(super) fn depart_some(&mut self, now: Instant) {
        let mut seen = Vec::new();
        for (user, last_seen) in self.other_nodes.next_departures(&mut self.timers, now) {
            let nowhere = self.directory.user(&user).is_some_and(|local| !local.presence.here && !local.is_elsewhere());
            if nowhere {
                seen.extend(self.gone(&user, last_seen, now));
            }
        }
        self.presence.note_seen(seen);
    }

    /// A user who was connected to other nodes only is connected to none any more. Returns what is to be stored.
    fn gone(&mut self, user: &UserId, last_seen: LastSeen, now: Instant) -> Option<(UserId, Timestamp)> {
        let stopped = self.typing_elsewhere.stop(&mut self.timers, user);
        self.deliver_stops(stopped);
        if let Some(local) = self.directory.user_mut(user) {
            local.gone_since = Some(now);
        }
        let Self { directory, timers, ephemerals, presence, .. } = self;
        presence.went_offline(directory, timers, ephemerals, (user, last_seen), now)
    }

    fn deliver_stops(&self, stopped: Vec<Event>) {
        stopped.iter().for_each(|event| self.fan_out.deliver_ephemeral(&self.directory, event));
    }

    /// Delivers an event that is not stored and is not about presence. What users on other nodes type is remembered until
    /// they stop.
    pub(super) fn passing(&mut self, event: &Event, now: Instant) {
        if let Event::Typing { conversation, user, typing } = event {
            let here = self.typing.is_typing(&user.id, &conversation.id);
            let shown = here
                || self.typing_elsewhere.received(
                    &self.directory,
                    &mut self.timers,
                    (conversation, user, *typing),
                    now,
                );
            if !shown {
                return;
            }
        }
        self.fan_out.deliver_ephemeral(&self.directory, event);
    }

    /// Handles the timer of a user's typing on another node.
    pub(super) fn typing_elsewhere_ends(&mut self, user: UserId, conversation: ConversationId, now: Instant) {
        let stopped = self.typing_elsewhere.timer(&mut self.timers, (user, conversation), now);
        self.deliver_stops(stopped.into_iter().collect());
    }
}
