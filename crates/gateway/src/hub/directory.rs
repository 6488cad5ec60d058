//! The directory: which users have connections to this server or to other nodes, and which conversations they are members
//! of. A user is local who has connections here; all of them are kept alike.
//!
//! What must stay true: a user and a channel refer to each other, or neither refers to the other; while a user's
//! memberships are being read, the changes that happen meanwhile are kept, so that none is lost between the read and
//! the stream.

mod elsewhere;
mod hidden;

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use quintet_domain::{ConnectionId, ConversationId, ConversationKind, ConversationRef, Refusal, User, UserId};
use quintet_service::{EventRate, Identity, Memberships};
use slab::Slab;
use tokio::time::Instant;

use super::local_user::{Attaching, AttachingConnection, LocalUser, MembershipChange, Subscriber};
use super::replay_buffer::ReplayBuffer;
use super::slots::{Index, Slots};
use super::timers::TimerKey;
use crate::connection::Connection;

/// Maximum number of lost connections whose mutes are remembered.
const FORMER_MUTES_KEPT: usize = 10_000;

/// The error that the connections of a guest receive before they end because an account took the guest's id.
fn id_taken() -> Refusal {
    Refusal::unauthenticated("this id belongs to a registered user now; connect with a token, or as another guest")
}

/// The refusal of a connection whose token was revoked.
pub(super) fn revoked() -> Refusal {
    Refusal::unauthenticated("the token was revoked")
}

/// A conversation that at least one local user is a member of.
pub(super) struct Channel {
    pub(super) conversation: Arc<ConversationRef>,
    /// The slots of the local users who are members.
    users: Slots,
    /// The number of all members, local or not.
    pub(super) member_count: u32,
}

/// What happens next with a connection that was added.
pub(super) enum Arrival {
    /// The memberships of its user have been read: it can be attached.
    Ready,
    /// The memberships are to be read; the number identifies the read.
    Load(u64),
    /// The memberships are being read already, or the connection was refused.
    Wait,
}

/// The local users, their connections and their channels.
#[derive(Default)]
pub(super) struct Directory {
    users: Slab<LocalUser>,
    channels: Slab<Channel>,
    by_user: Index,
    by_conversation: Index,
    /// The mutes of lost connections, for connections that resume them.
    former_mutes: HashMap<ConnectionId, Box<[ConversationId]>>,
    /// The number of reads of memberships that were started.
    loads: u64,
}

impl Directory {
    // --- finding ---

    /// The slot of a user.
    pub(super) fn slot(&self, user: &UserId) -> Option<usize> {
        self.by_user.get(user.as_str(), |slot| self.users[slot].user.id.as_str())
    }

    /// The user of a slot.
    pub(super) fn at(&self, slot: usize) -> &LocalUser {
        &self.users[slot]
    }

    /// The local user with an id.
    pub(super) fn user(&self, user: &UserId) -> Option<&LocalUser> {
        self.users.get(self.slot(user)?)
    }

    /// The local user with an id, for changes.
    pub(super) fn user_mut(&mut self, user: &UserId) -> Option<&mut LocalUser> {
        let slot = self.slot(user)?;
        self.users.get_mut(slot)
    }

    /// The local user with an id, if it is of the same kind as `user`: an event about a guest may arrive after an
    /// account took the guest's id.
    pub(super) fn same_user(&mut self, user: &User) -> Option<&mut LocalUser> {
        self.user_mut(&user.id).filter(|local| local.user.is_guest() == user.is_guest())
    }

    /// All local users with their slots, by slot.
    pub(super) fn users(&self) -> impl Iterator<Item = (usize, &LocalUser)> {
        self.users.iter()
    }

    /// A connection of a user.
    pub(super) fn subscriber(&mut self, user: &UserId, connection: ConnectionId) -> Option<&mut Subscriber> {
        self.user_mut(user)?.subscribers.iter_mut().find(|subscriber| subscriber.connection.id == connection)
    }

    /// A connection of the user of a slot, which may be empty by now.
    pub(super) fn subscriber_at(&self, slot: usize, connection: ConnectionId) -> Option<&Subscriber> {
        self.users.get(slot)?.subscribers.iter().find(|subscriber| subscriber.connection.id == connection)
    }

    /// The connections of a user.
    pub(super) fn subscribers_of(&self, user: &UserId) -> impl Iterator<Item = &Subscriber> {
        self.user(user).into_iter().flat_map(|local| &local.subscribers)
    }

    /// The channel of a conversation.
    pub(super) fn channel(&self, conversation: &ConversationId) -> Option<&Channel> {
        self.channels.get(self.channel_slot(conversation)?)
    }

    /// The slots of the local members of a conversation.
    pub(super) fn members(&self, conversation: &ConversationId) -> impl Iterator<Item = usize> + '_ {
        self.channel(conversation).into_iter().flat_map(|channel| channel.users.iter())
    }

    /// The conversations of a user.
    pub(super) fn conversations_of(&self, user: &UserId) -> Vec<Arc<ConversationRef>> {
        let channels = self.user(user).into_iter().flat_map(|local| local.channels.iter());
        channels.map(|channel| Arc::clone(&self.channels[channel].conversation)).collect()
    }

    /// The ids of the first conversations of a user, up to a number.
    pub(super) fn first_conversations_of(&self, user: &UserId, count_max: usize) -> Vec<ConversationId> {
        let channels = self.user(user).into_iter().flat_map(|local| local.channels.iter());
        channels.take(count_max).map(|channel| self.channels[channel].conversation.id.clone()).collect()
    }

    /// The slots of the users who share a conversation with a user, including the user itself if it has one. A slot may
    /// occur more than once.
    pub(super) fn contacts(&self, slot: usize) -> impl Iterator<Item = usize> + '_ {
        self.users[slot].channels.iter().flat_map(|channel| self.channels[channel].users.iter())
    }

    /// Whether a local user is a member of a conversation.
    pub(super) fn is_member(&self, user: &UserId, conversation: &ConversationId) -> bool {
        match (self.user(user), self.channel_slot(conversation)) {
            (Some(user), Some(channel)) => user.channels.contains(channel),
            _ => false,
        }
    }

    /// The direct conversation of two users, if the first one is local.
    pub(super) fn direct(&self, user: &UserId, other: &UserId) -> Option<&Channel> {
        let mut channels = self.user(user)?.channels.iter().map(|channel| &self.channels[channel]);
        channels.find(|channel| {
            channel.conversation.pair.as_ref().is_some_and(|pair| pair.contains(user) && pair.contains(other))
        })
    }

    fn channel_slot(&self, conversation: &ConversationId) -> Option<usize> {
        self.by_conversation.get(conversation.as_str(), |channel| self.channels[channel].conversation.id.as_str())
    }

    // --- connections ---

    /// Adds a connection that is to be attached, with its user if it is not local yet.
    pub(super) fn arrive(&mut self, attaching: AttachingConnection, user: Arc<User>) -> Arrival {
        if let Some(local) = self.user_mut(&user.id) {
            if user.is_guest() && !local.user.is_guest() {
                let _ = attaching.reply.send(Err(id_taken()));
                return Arrival::Wait;
            }
            local.gone_since = None;
            local.push_attaching(attaching);
            return match local.loading.as_ref().map(|loading| loading.for_elsewhere) {
                None => Arrival::Ready,
                Some(false) => Arrival::Wait,
                // A connection does not wait in the queue of users who are elsewhere.
                Some(true) => Arrival::Load(self.load_again(&user.id, false)),
            };
        }
        let (load, local) = self.add(user, false);
        local.push_attaching(attaching);
        Arrival::Load(load)
    }

    /// Refuses the connections of a user whose memberships could not be read, and removes the user, unless it is connected
    /// to other nodes: then the number of another read is returned, which is to be made.
    pub(super) fn refuse_arrival(&mut self, user: &UserId, load: u64, refusal: &Refusal) -> Option<u64> {
        let slot = self.slot(user).filter(|slot| self.users[*slot].is_loaded_by(load))?;
        for attaching in self.users[slot].take_attaching() {
            let _ = attaching.reply.send(Err(refusal.clone()));
        }
        if self.users[slot].is_elsewhere() {
            return Some(self.load_again(user, true));
        }
        self.unlist(user);
        self.users.remove(slot);
        None
    }

    /// Sets the memberships of a user as they were read, and then applies the changes since the read. Returns false if the
    /// user waits for another read, or for none.
    pub(super) fn load(&mut self, user: &UserId, load: u64, memberships: Memberships) -> bool {
        let Some(slot) = self.slot(user).filter(|slot| self.users[*slot].is_loaded_by(load)) else { return false };
        let Some(loading) = self.users[slot].loading.take() else { return false };
        if memberships.registered && self.users[slot].user.is_guest() {
            // Between the guest's claim and this read, an account took the id.
            self.users[slot].presence.elsewhere = None;
            for attaching in self.users[slot].take_attaching() {
                let _ = attaching.reply.send(Err(id_taken()));
            }
            return true;
        }
        self.users[slot].channels.reserve_exact(memberships.conversations.len());
        // The user has no channel yet and each conversation occurs once, so no search for an existing entry is needed.
        for (conversation, count) in memberships.conversations {
            let channel = self.open_channel(&conversation, Some(count));
            self.link(slot, channel);
        }
        for change in loading.changes.into_iter().filter(|change| change.position > memberships.position) {
            if change.joined {
                self.enter(slot, &change.conversation);
            } else {
                self.exit(slot, &change.conversation.id);
            }
        }
        self.load_hidden(slot, memberships.hidden, loading.hidden, memberships.position);
        true
    }

    /// Takes the connections of a user that wait to be attached, with the user and the rate limit that they share.
    pub(super) fn take_attaching(&mut self, user: &UserId) -> Option<(Arc<User>, Attaching, Arc<EventRate>)> {
        let local = self.user_mut(user)?;
        let attaching = local.take_attaching();
        Some((Arc::clone(&local.user), attaching, Arc::clone(&local.rate)))
    }

    /// Subscribes a connection to all that its user receives, through a buffer if one is given. It takes over the mutes
    /// of the connection that it resumes.
    pub(super) fn subscribe(&mut self, user: &UserId, connection: Arc<Connection>, buffer: Option<ReplayBuffer>) {
        let Some(slot) = self.slot(user) else { return };
        let local = &mut self.users[slot];
        let buffer = RefCell::new(buffer.map(Box::new));
        // The resumed connection may still be attached, because a client notices a loss before the server does. The newest
        // one of the session has the mutes as they are now.
        let same_session = local.subscribers.iter().filter(|other| other.connection.session == connection.session);
        let before = same_session.max_by_key(|other| other.connection.id).map(|other| other.muted.clone());
        let former = self.former_mutes.remove(&connection.session);
        let muted = before.or(former).unwrap_or_default();
        // Nearly all users have one connection; the first push alone would make room for four.
        local.subscribers.reserve_exact(1);
        local.subscribers.push(Subscriber { connection, muted, expiry: None, buffer });
    }

    /// Removes a connection, attached or not. Returns whether it was the user's last one, and its timer.
    pub(super) fn unsubscribe(
        &mut self,
        user: &UserId,
        connection: ConnectionId,
        now: Instant,
    ) -> (bool, Option<TimerKey>) {
        let Some(slot) = self.slot(user) else { return (false, None) };
        let local = &mut self.users[slot];
        local.remove_attaching(|attaching| attaching.id == connection);
        let Some(at) = local.subscribers.iter().position(|subscriber| subscriber.connection.id == connection) else {
            return (false, None);
        };
        let subscriber = local.subscribers.swap_remove(at);
        let last = !local.is_here();
        if last {
            local.gone_since = Some(now);
        }
        let Subscriber { connection, muted, expiry, .. } = subscriber;
        let same_session = local.subscribers.iter_mut().filter(|other| other.connection.session == connection.session);
        match same_session.max_by_key(|other| other.connection.id) {
            // A connection that was resumed ends after the one that resumed it, whose mutes are the present ones.
            Some(other) if other.connection.id > connection.id => {}
            Some(other) => other.muted = muted,
            None if connection.recoverable && !muted.is_empty() => {
                if self.former_mutes.len() >= FORMER_MUTES_KEPT {
                    self.former_mutes.clear();
                }
                self.former_mutes.insert(connection.session, muted);
            }
            None => {}
        }
        (last, expiry.map(|expiry| *expiry))
    }

    /// Ends the connections of a user whose identities are over.
    pub(super) fn end_connections(&mut self, user: &UserId, is_over: impl Fn(&Identity) -> bool) {
        let Some(local) = self.user_mut(user) else { return };
        let over = |connection: &Connection| connection.identity().is_none_or(|identity| is_over(&identity));
        local.subscribers.retain(|subscriber| {
            if !over(&subscriber.connection) {
                return true;
            }
            subscriber.connection.ended.store(true, Ordering::Release);
            let refused = subscriber.buffer.take().is_some_and(|buffer| buffer.refuse(revoked()));
            subscriber.connection.out.end();
            !refused
        });
        for attaching in local.remove_attaching(over) {
            let _ = attaching.reply.send(Err(revoked()));
        }
    }

    /// Ends the connections of a guest whose id an account took, each with an error, and removes the guest. The account
    /// takes over none of its state.
    pub(super) fn end_guest(&mut self, user: &User) {
        let Some(guest) = self.user_mut(&user.id).filter(|local| local.user.is_guest()) else { return };
        let (subscribers, attaching) = (std::mem::take(&mut guest.subscribers), guest.take_attaching());
        for subscriber in subscribers {
            let connection = &subscriber.connection;
            connection.ended.store(true, Ordering::Release);
            if !subscriber.buffer.take().is_some_and(|buffer| buffer.refuse(id_taken())) {
                connection.out.emit(&quintet_dialect::error_event(&id_taken()));
                connection.out.end();
            }
        }
        for AttachingConnection { reply, .. } in attaching {
            let _ = reply.send(Err(id_taken()));
        }
        self.remove(&user.id);
    }

    /// Replaces the profile of a user, as it was changed at a position.
    pub(super) fn set_user(&mut self, user: &Arc<User>, position: u64) {
        let Some(local) = self.same_user(user) else { return };
        local.user = Arc::clone(user);
        if let Some(loading) = &mut local.loading {
            loading.profile_changed_at = position;
        }
        for subscriber in &local.subscribers {
            subscriber.connection.set_user(user);
        }
    }

    /// Removes a user.
    pub(super) fn remove(&mut self, user: &UserId) {
        let Some(slot) = self.unlist(user) else { return };
        for channel in self.users.remove(slot).channels.iter() {
            self.leave_channel(channel, slot);
        }
    }

    fn unlist(&mut self, user: &UserId) -> Option<usize> {
        self.by_user.remove(user.as_str(), |slot| self.users[slot].user.id.as_str())
    }

    /// Mutes or unmutes a conversation on a connection of a member, and on those that resume it at this moment. Returns
    /// whether the user is a member and the connection is attached.
    pub(super) fn set_muted(
        &mut self,
        (connection, user): (ConnectionId, &UserId),
        conversation: &ConversationId,
        muted: bool,
    ) -> bool {
        if !self.is_member(user, conversation) {
            return false;
        }
        let Some(session) = self.subscriber(user, connection).map(|one| one.connection.session) else { return false };
        let subscribers = self.user_mut(user).into_iter().flat_map(|local| &mut local.subscribers);
        for one in subscribers.filter(|one| one.connection.session == session) {
            one.set_muted(conversation, muted);
        }
        true
    }

    // --- memberships ---

    /// Records that a user became a member, if the user is local.
    pub(super) fn join(&mut self, user: &UserId, conversation: &Arc<ConversationRef>, position: u64) {
        self.change(user, conversation, position, true);
    }

    /// Records that a user's membership ended, if the user is local.
    pub(super) fn leave(&mut self, user: &UserId, conversation: &ConversationId, position: u64) {
        let known = self.channel(conversation).map(|channel| Arc::clone(&channel.conversation));
        let conversation = known.unwrap_or_else(|| {
            // No local user is a member; the change still matters to a user whose memberships are being read.
            let (id, kind) = (conversation.clone(), ConversationKind::Group);
            Arc::new(ConversationRef { id, kind, name: None, pair: None })
        });
        self.change(user, &conversation, position, false);
    }

    fn change(&mut self, user: &UserId, conversation: &Arc<ConversationRef>, position: u64, joined: bool) {
        let Some(slot) = self.slot(user) else { return };
        let conversation = Arc::clone(conversation);
        match &mut self.users[slot].loading {
            Some(loading) => loading.changes.push(MembershipChange { position, conversation, joined }),
            None if joined => self.enter(slot, &conversation),
            None => self.exit(slot, &conversation.id),
        }
    }

    fn enter(&mut self, user: usize, conversation: &Arc<ConversationRef>) {
        let channel = self.open_channel(conversation, None);
        if !self.users[user].channels.contains(channel) {
            self.link(user, channel);
        }
    }

    fn exit(&mut self, user: usize, conversation: &ConversationId) {
        let Some(channel) = self.channel_slot(conversation) else { return };
        let local = &mut self.users[user];
        for subscriber in &mut local.subscribers {
            subscriber.set_muted(conversation, false);
        }
        if local.channels.remove(channel) {
            self.leave_channel(channel, user);
        }
    }

    /// Adds a user to a channel, so that they refer to each other.
    fn link(&mut self, user: usize, channel: usize) {
        self.users[user].channels.push(channel);
        self.channels[channel].users.push(user);
    }

    /// Removes a user, which refers to the channel no more, from a channel. Removes the channel if it has no other
    /// user.
    fn leave_channel(&mut self, channel: usize, user: usize) {
        let found = &mut self.channels[channel];
        if !found.users.remove(user) {
            tracing::error!(conversation = %found.conversation.id, "a user referred to a channel that did not refer to the user");
        }
        if found.users.is_empty() {
            let id = found.conversation.id.clone();
            self.unlist_channel(&id);
            self.channels.remove(channel);
        }
    }

    /// The slot of a conversation's channel, which is created if no local user is a member.
    fn open_channel(&mut self, conversation: &Arc<ConversationRef>, member_count: Option<u32>) -> usize {
        if let Some(channel) = self.channel_slot(&conversation.id) {
            return channel;
        }
        // Where one of the two has not accepted, `set_hidden` sets the number.
        let least = if conversation.pair.is_some() { 2 } else { 1 };
        let (conversation, member_count) = (Arc::clone(conversation), member_count.unwrap_or(least));
        let channel = self.channels.insert(Channel { conversation, users: Slots::default(), member_count });
        self.by_conversation.insert(channel, |channel| self.channels[channel].conversation.id.as_str());
        channel
    }

    fn unlist_channel(&mut self, conversation: &ConversationId) -> Option<usize> {
        self.by_conversation.remove(conversation.as_str(), |channel| self.channels[channel].conversation.id.as_str())
    }

    // --- conversations ---

    /// Sets the number of members of a conversation.
    pub(super) fn set_member_count(&mut self, conversation: &ConversationId, count: u32) {
        if let Some(channel) = self.channel_slot(conversation) {
            self.channels[channel].member_count = count;
        }
    }

    /// Replaces the reference of a conversation.
    pub(super) fn set_conversation(&mut self, conversation: &Arc<ConversationRef>) {
        if let Some(channel) = self.channel_slot(&conversation.id) {
            self.channels[channel].conversation = Arc::clone(conversation);
        }
    }

    /// Removes a conversation that was deleted.
    pub(super) fn remove_conversation(&mut self, conversation: &ConversationId, position: u64) {
        let loading = self.users.iter().filter(|(_, local)| local.is_loading());
        let loading: Vec<UserId> = loading.map(|(_, local)| local.user.id.clone()).collect();
        for user in loading {
            self.leave(&user, conversation, position);
        }
        let Some(channel) = self.unlist_channel(conversation) else { return };
        for user in self.channels.remove(channel).users.iter() {
            if !self.users[user].channels.remove(channel) {
                tracing::error!(%conversation, "a channel referred to a user who did not refer to the channel");
            }
        }
    }
}
