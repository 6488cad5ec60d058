//! Presence: tracks who is online, here or on another node, and announces changes.
//!
//! Each hub tells other nodes who is connected here, and announces to its own connections what follows for a user from all
//! nodes: it is online from its first connection to any of them until some time after its last one.
//!
//! Changes are announced at once while there are few, and in batches while there are many. When all users reconnect
//! after a restart, each arrival concerns everybody who shares a conversation with the user, so that announcing each by
//! itself would take a number of writes that grows with the square of the users.
//!
//! What must stay true: changes are announced in the order in which they happened, each once, to the users who were
//! connected when it happened; no user is removed before its departure was announced; no batch occupies the hub for
//! long; presence events on the bus are those that this hub has published, because other nodes tell theirs in another way.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use quintet_bus::LocalPresence;
use quintet_domain::limits::{
    GUEST_LEAVES_AFTER_SECONDS, OFFLINE_AFTER_SECONDS, ONLINE_TOLD_MAX, ROOM_MEMBERS_TOLD_MAX,
};
use quintet_domain::{ConversationId, Ephemeral, Event, RoomMember, Timestamp, User, UserId};
use quintet_service::Service;
use tokio::time::Instant;

use super::directory::Directory;
use super::ephemerals::Ephemerals;
use super::fan_out::{FanOut, Recipients};
use super::timers::{Timer, Timers};
use crate::census::Census;
use crate::settings::{Audience, Settings};

const OFFLINE_AFTER: Duration = Duration::from_secs(OFFLINE_AFTER_SECONDS);
const GUEST_GONE_AFTER: Duration = Duration::from_secs(GUEST_LEAVES_AFTER_SECONDS);

/// How long each user that an announcement visits delays the next announcement.
const DELAY_PER_VISIT: Duration = Duration::from_micros(10);

/// Maximum delay of an announcement.
const DELAY_MAX: Duration = Duration::from_secs(1);

/// Maximum number of users that one batch visits, which takes some hundredths of a second.
const VISITS_PER_BATCH: usize = 200_000;

/// Time between two batches, in which connections write and other messages are handled.
const BATCH_PAUSE: Duration = Duration::from_millis(10);

/// Maximum number of users that are looked through for those who are online when a connection is greeted.
const ONLINE_VISITS_MAX: usize = 20_000;

/// A published change, with the users to whom it is to be announced.
struct Change {
    event: Event,
    recipients: Recipients,
}

/// When a user who went offline was last seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct LastSeen {
    pub(super) at: Timestamp,
    /// Whether this node stores it. It is stored once, by the node that the user was connected to last.
    pub(super) stored_here: bool,
}

/// Tracks who is online, and announces changes.
pub(super) struct PresenceTracker {
    service: Service,
    census: Arc<Census>,
    audience: Audience,
    everyone_limit: usize,
    /// Changes that wait to be announced in a batch.
    waiting: VecDeque<Change>,
    /// The recipients of the changes that were published and have not come back from the bus, in order.
    published: VecDeque<Recipients>,
    /// The number of arrivals so far.
    arrivals: u64,
    /// Whether users of some node may not be known.
    incomplete: bool,
    /// The time from which on the next change is announced at once.
    free_at: Option<Instant>,
}

impl PresenceTracker {
    pub(super) fn new(service: Service, census: Arc<Census>, settings: &Settings) -> Self {
        Self {
            service,
            census,
            audience: settings.audience,
            everyone_limit: settings.everyone_limit,
            waiting: VecDeque::new(),
            published: VecDeque::new(),
            arrivals: 0,
            incomplete: false,
            free_at: None,
        }
    }

    // --- changes ---

    /// A user has a connection here: it is online from now on, unless it still was, here or elsewhere.
    pub(super) fn connected(&mut self, directory: &mut Directory, ephemerals: &mut Ephemerals, user: &Arc<User>) {
        let Some(local) = directory.user_mut(&user.id) else { return };
        if std::mem::replace(&mut local.presence.here, true) {
            return;
        }
        // It is told who is online, so that no earlier change is announced to it.
        self.arrivals += 1;
        local.presence.arrival = self.arrivals;
        if let Some(elsewhere) = &mut local.presence.elsewhere {
            (elsewhere.left_here, elsewhere.settled_here) = (None, true);
        }
        self.service.bus().tell_nodes(LocalPresence::Came(Arc::clone(user)));
        self.came_online(directory, ephemerals, user);
    }

    /// A user is connected, here or to another node: it is online from now on, unless it still was.
    pub(super) fn came_online(&mut self, directory: &mut Directory, ephemerals: &mut Ephemerals, user: &Arc<User>) {
        let Some(local) = directory.user_mut(&user.id) else { return };
        if std::mem::replace(&mut local.presence.online, true) {
            return;
        }
        let crowd = self.service.presence().count() >= self.everyone_limit;
        local.presence.to_everybody = self.audience == Audience::Everyone && !crowd;
        self.publish_change(directory, ephemerals, user, None);
    }

    /// The profile of a user changed: other nodes are told of it when they ask for all users.
    pub(super) fn profile_changed(&self, directory: &mut Directory, user: &Arc<User>) {
        if directory.same_user(user).is_some_and(|local| local.presence.here) {
            self.service.bus().tell_nodes(LocalPresence::Came(Arc::clone(user)));
        }
    }

    /// Tells other nodes of all users who count as connected here.
    pub(super) fn tell_all(&self, directory: &Directory) {
        let here = directory.users().filter(|(_, local)| local.presence.here);
        let all = here.map(|(_, local)| Arc::clone(&local.user)).collect();
        self.service.bus().tell_nodes(LocalPresence::All(all));
    }

    /// Notes whether users of some node may not be known.
    pub(super) fn set_incomplete(&mut self, incomplete: bool) {
        self.incomplete = incomplete;
    }

    /// A user's last connection has ended: after some time it will be offline.
    pub(super) fn last_connection_ended(&self, timers: &mut Timers, user: &UserId, now: Instant) {
        timers.add(now + OFFLINE_AFTER, Timer::Offline(user.clone()));
    }

    /// Looks whether a user has connections left, after some may have ended that were never attached and are never detached:
    /// by a revocation, or while they waited.
    pub(super) fn connections_ended(
        &self,
        directory: &mut Directory,
        timers: &mut Timers,
        user: &UserId,
        now: Instant,
    ) {
        let Some(local) = directory.user_mut(user) else { return };
        if local.is_here() || local.is_loading() || !local.presence.here || local.gone_since.is_some() {
            return;
        }
        local.gone_since = Some(now);
        self.last_connection_ended(timers, user, now);
    }

    /// Some time after a user's last connection ended: unless it has connected since, here or elsewhere, it is offline.
    pub(super) fn offline_timer(
        &mut self,
        directory: &mut Directory,
        timers: &mut Timers,
        ephemerals: &mut Ephemerals,
        user: &UserId,
        now: Instant,
    ) {
        let Some(local) = directory.user_mut(user) else { return };
        // A timer of an earlier absence must not end this one early.
        let long = local.gone_since.is_some_and(|since| now >= since + OFFLINE_AFTER);
        if local.is_here() || !long || !std::mem::replace(&mut local.presence.here, false) {
            return;
        }
        let at = self.service.environment().now();
        self.service.bus().tell_nodes(LocalPresence::Left { user: user.clone(), last_seen: at });
        if local.is_elsewhere() {
            if let Some(elsewhere) = &mut local.presence.elsewhere {
                elsewhere.left_here = Some(at);
            }
            return;
        }
        let last_seen = LastSeen { at, stored_here: true };
        let seen = self.went_offline(directory, timers, ephemerals, (user, last_seen), now);
        self.note_seen(seen.into_iter().collect());
    }

    /// A user is connected to no node any more. Returns what is to be stored.
    pub(super) fn went_offline(
        &mut self,
        directory: &mut Directory,
        timers: &mut Timers,
        ephemerals: &mut Ephemerals,
        (user, last_seen): (&UserId, LastSeen),
        now: Instant,
    ) -> Option<(UserId, Timestamp)> {
        let local = directory.user_mut(user)?;
        if !std::mem::replace(&mut local.presence.online, false) {
            return None;
        }
        let gone_since = *local.gone_since.get_or_insert(now);
        let gone = Arc::clone(&local.user);
        self.publish_change(directory, ephemerals, &gone, Some(last_seen.at));
        // The announcement needs the user's entry, and a guest's memberships stay for a while.
        let forget_at = if gone.is_guest() { gone_since + GUEST_GONE_AFTER } else { now + OFFLINE_AFTER };
        timers.add(forget_at, Timer::Forget(user.clone()));
        (last_seen.stored_here && !gone.is_guest()).then(|| (user.clone(), last_seen.at))
    }

    /// Stores when users were last seen.
    pub(super) fn note_seen(&self, seen: Vec<(UserId, Timestamp)>) {
        if !seen.is_empty() {
            let service = self.service.clone();
            tokio::spawn(async move { service.note_seen(seen).await });
        }
    }

    /// Removes a user who is still offline. The memberships of a guest end.
    pub(super) fn forget(&self, directory: &mut Directory, timers: &mut Timers, user: &UserId, now: Instant) {
        let Some(local) = directory.user(user) else { return };
        let guest = local.user.is_guest();
        let after = if guest { GUEST_GONE_AFTER } else { OFFLINE_AFTER };
        let long = local.gone_since.is_none_or(|since| now >= since + after);
        if local.presence.online || local.is_here() || local.is_loading() || !long {
            return;
        }
        // The announcement needs the user's entry and its conversations; and a guest may be connected to a node that is not
        // heard.
        if local.presence.unannounced > 0 || (guest && self.incomplete) {
            timers.add(now + OFFLINE_AFTER, Timer::Forget(user.clone()));
            return;
        }
        let elsewhere = local.presence.elsewhere.as_ref();
        let (settled_here, ever_elsewhere) =
            (elsewhere.is_none_or(|elsewhere| elsewhere.settled_here), elsewhere.is_some());
        if guest {
            self.service.presence().set_guest(user, false);
            if settled_here {
                self.end_memberships(directory, user);
            }
        } else if ever_elsewhere {
            // Another node stores it, and this one is not told when it has.
            self.service.presence().forget_left(user);
        }
        directory.remove(user);
    }

    fn end_memberships(&self, directory: &Directory, guest: &UserId) {
        let conversations = directory.conversations_of(guest);
        let (service, guest) = (self.service.clone(), guest.clone());
        tokio::spawn(async move {
            for conversation in conversations {
                if let Err(error) = service.guest_gone(&guest, &conversation.id).await {
                    tracing::debug!(%error, "a guest's membership had ended already");
                }
            }
        });
    }

    /// Removes a guest from presence, because an account took its id. `here` says whether it counted as connected here.
    pub(super) fn guest_replaced(&self, guest: &UserId, here: bool) {
        self.service.presence().set_guest(guest, false);
        if here {
            let last_seen = self.service.environment().now();
            self.service.bus().tell_nodes(LocalPresence::Left { user: guest.clone(), last_seen });
        }
    }

    /// Publishes that a user came online or, with the time at which it was last seen, that it went offline.
    fn publish_change(
        &mut self,
        directory: &mut Directory,
        ephemerals: &mut Ephemerals,
        user: &Arc<User>,
        gone: Option<Timestamp>,
    ) {
        let online = gone.is_none();
        if user.is_guest() {
            // A guest who goes offline stays in its rooms until it is removed.
            if online {
                self.service.presence().set_guest(&user.id, true);
            }
        } else {
            let last_seen = gone.unwrap_or_else(|| self.service.environment().now());
            if !online {
                self.service.presence().left(&user.id, last_seen);
            }
            self.service.presence().set_user(&user.id, online);
            let event = Event::Presence { user: Arc::clone(user), online, last_seen };
            self.publish(directory, ephemerals, (user, 1), Ephemeral::Event(event));
        }
        // Only some dialects show who is present in a room.
        if !self.census.any_shows_room_presence() {
            return;
        }
        let conversations = directory.conversations_of(&user.id);
        if !conversations.is_empty() {
            let count = u32::try_from(conversations.len()).unwrap_or(u32::MAX);
            let ephemeral = Ephemeral::RoomPresence { conversations, user: Arc::clone(user), online };
            self.publish(directory, ephemerals, (user, count), ephemeral);
        }
    }

    /// Publishes some changes of a user, and remembers to whom each is to be announced.
    fn publish(
        &mut self,
        directory: &mut Directory,
        ephemerals: &mut Ephemerals,
        (user, count): (&User, u32),
        ephemeral: Ephemeral,
    ) {
        let everybody = directory.same_user(user).is_some_and(|local| {
            local.presence.unannounced += count;
            local.presence.to_everybody
        });
        let recipients = Recipients { arrived_by: self.arrivals, everybody };
        self.published.extend(std::iter::repeat_n(recipients, count as usize));
        ephemerals.publish(self.service.bus(), ephemeral);
    }

    // --- announcements ---

    /// Handles a change that came back from the bus: announces it, or adds it to a batch.
    pub(super) fn received(
        &mut self,
        directory: &mut Directory,
        timers: &mut Timers,
        fan_out: &FanOut,
        event: Event,
        now: Instant,
    ) {
        let recipients = self.published.pop_front().unwrap_or(Recipients::ALL);
        let change = Change { event, recipients };
        match self.free_at.filter(|free_at| now < *free_at) {
            None if self.waiting.is_empty() => {
                let visited = announce(directory, fan_out, &change);
                // Counted from the end of the announcement, which takes time itself.
                self.free_at = Some(Instant::now() + delay(visited));
            }
            free_at => {
                if self.waiting.is_empty() {
                    timers.add(free_at.unwrap_or(now), Timer::Presence);
                }
                self.waiting.push_back(change);
            }
        }
    }

    /// Announces waiting changes, up to the limits of one batch.
    pub(super) fn announce_batch(&mut self, directory: &mut Directory, timers: &mut Timers, fan_out: &FanOut) {
        let mut visited = 0;
        while visited < VISITS_PER_BATCH
            && let Some(change) = self.waiting.pop_front()
        {
            visited += 1 + announce(directory, fan_out, &change);
        }
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new();
            self.free_at = Some(Instant::now() + delay(visited));
        } else {
            // The pause begins when this batch is over, so that other work is done between two of them.
            timers.add(Instant::now() + BATCH_PAUSE, Timer::Presence);
        }
    }
}

/// Announces a change. Returns how many users were visited.
fn announce(directory: &mut Directory, fan_out: &FanOut, change: &Change) -> usize {
    let left = match &change.event {
        // If the departure was announced meanwhile, there is nothing to add.
        Event::RoomPresence { conversation, user, .. } => {
            directory.same_user(user).is_none() || !directory.is_member(&user.id, &conversation.id)
        }
        _ => false,
    };
    let visited = if left { 0 } else { fan_out.deliver_to(directory, &change.event, None, change.recipients) };
    if let Event::Presence { user, .. } | Event::RoomPresence { user, .. } = &change.event
        && let Some(local) = directory.same_user(user)
    {
        local.presence.unannounced = local.presence.unannounced.saturating_sub(1);
    }
    visited
}

fn delay(visited: usize) -> Duration {
    DELAY_PER_VISIT.saturating_mul(u32::try_from(visited).unwrap_or(u32::MAX)).min(DELAY_MAX)
}

/// The registered users who are online because they are connected here alone.
pub(super) fn online_here_alone(directory: &Directory) -> impl Iterator<Item = &UserId> {
    let registered = directory.users().filter(|(_, local)| local.presence.here && !local.user.is_guest());
    registered.filter(|(_, local)| !local.is_elsewhere()).map(|(_, local)| &local.user.id)
}

/// The users who are online, as they are shown to one user: all users or, if there are very many, those who share a
/// conversation with it; at most [`ONLINE_TOLD_MAX`], the user itself and those who share a conversation first.
pub(super) fn online_for(directory: &Directory, user: &User) -> Vec<UserId> {
    let Some(slot) = directory.slot(&user.id) else { return Vec::new() };
    // The same users whose changes would be announced to this user.
    let everybody = directory.at(slot).presence.to_everybody;
    let hidden = directory.hidden_from(&user.id);
    let shown = |slot: &usize| {
        let one = directory.at(*slot);
        one.presence.online && !one.user.is_guest() && hidden.is_none_or(|hidden| !hidden.hides(&one.user.id))
    };
    // A contact occurs once for each conversation that is shared, so that sorting takes less time than a set of those seen.
    let contacts = directory.contacts(slot).take(ONLINE_VISITS_MAX);
    let mut slots: Vec<usize> = contacts.filter(|one| *one != slot && shown(one)).collect();
    slots.sort_unstable();
    slots.dedup();
    slots.truncate(ONLINE_TOLD_MAX - 1);
    slots.extend(Some(slot).filter(shown));
    slots.sort_unstable();
    let room = ONLINE_TOLD_MAX - slots.len();
    if everybody {
        let all = directory.users().take(ONLINE_VISITS_MAX);
        let all = all.filter(|(_, one)| one.presence.to_everybody).map(|(slot, _)| slot);
        let others = all.filter(|slot| shown(slot) && slots.binary_search(slot).is_err());
        let others: Vec<usize> = others.take(room).collect();
        slots.extend(others);
        slots.sort_unstable();
    }
    slots.into_iter().map(|slot| directory.at(slot).user.id.clone()).collect()
}

/// Completes the members of a room, as somebody who joins it is told of them, by who of them is online. Of a large room,
/// whose members are not given, those who are online are shown. `viewer` is not shown who of those is online who have
/// blocked it.
pub(super) fn show_members(
    directory: &Directory,
    viewer: &UserId,
    room: &ConversationId,
    members: &mut Vec<RoomMember>,
) {
    let hidden = directory.hidden_from(viewer);
    let shows = |user: &UserId| hidden.is_none_or(|hidden| !hidden.hides(user));
    let online = |user: &User| shows(&user.id) && directory.user(&user.id).is_some_and(|local| local.presence.online);
    for member in members.iter_mut() {
        member.online = online(&member.user);
    }
    let known: HashSet<UserId> = members.iter().map(|member| member.user.id.clone()).collect();
    let present = directory.members(room).map(|slot| directory.at(slot));
    let others = present.filter(|local| local.presence.online && shows(&local.user.id));
    let others = others.filter(|local| !known.contains(&local.user.id));
    let others = others.map(|local| RoomMember { user: Arc::clone(&local.user), online: true });
    let room_for = ROOM_MEMBERS_TOLD_MAX.saturating_sub(members.len());
    members.extend(others.take(room_for));
}
