//! The hub: decides who receives what. One task owns it, and everything that it handles is a [`HubMessage`].
//!
//! What lives here: the path of each message through the parts. A part has its own state and its own file. Parts only
//! call downward: presence, typing, notifications, replay and credentials use fan-out, timers and the directory, and
//! those use none of them.
//! What does not: the decision who may do what, and the encoding of events.
//!
//! What must stay true: membership changes take effect in commit order with the messages around them; a reply is sent
//! after everything up to its position and before everything beyond it; the hub never waits for the store, because the
//! store may be waiting for the hub.

mod arrivals;
mod attach_reply;
mod blocking;
mod context;
mod credentials;
mod deliveries;
mod directory;
mod elsewhere;
#[cfg(test)]
mod elsewhere_tests;
mod ephemerals;
mod fan_out;
mod local_user;
mod message;
mod messages;
mod notifications;
mod other_nodes;
mod positions;
mod presence;
mod profiles;
mod reactions;
mod read_ahead;
mod replay;
mod replay_buffer;
mod slots;
mod timers;
mod typing;
mod typing_elsewhere;

use std::sync::Arc;

use quintet_dialect::Dialect;
use quintet_domain::limits::IDS_MAX;
use quintet_domain::{
    Commit, ConnectionId, Entry, Ephemeral, Event, LocalCommand, MessageId, Outcome, Refusal, Reply, User, UserId,
    Written,
};
use quintet_service::{ResumeTokens, Service};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

pub(crate) use self::context::HubContext;
use self::credentials::Credentials;
use self::deliveries::Deliveries;
use self::directory::Directory;
use self::ephemerals::Ephemerals;
use self::fan_out::FanOut;
use self::message::ReplayOutcome;
pub(crate) use self::message::{ClientMessage, HubHandle, HubMessage};
use self::notifications::Notifications;
use self::other_nodes::OtherNodes;
use self::positions::{Positions, Waiting};
use self::presence::PresenceTracker;
use self::profiles::Profiles;
use self::reactions::{Reactions, Turn};
use self::read_ahead::NewestChanges;
use self::replay::Replays;
use self::timers::{Timer, Timers};
use self::typing::Typing;
use self::typing_elsewhere::TypingElsewhere;
use crate::pending_commands::{Completion, PendingCommand, PendingCommands, PendingReply};

/// Maximum number of timers that are handled before the hub takes the next message.
const TIMERS_AT_ONCE: usize = 256;

/// The hub itself. Only its own task holds it.
pub(crate) struct Hub {
    service: Service,
    resume_tokens: ResumeTokens,
    pending_commands: Arc<PendingCommands>,
    inbox: mpsc::WeakSender<ClientMessage>,
    positions: Positions,
    newest_changes: NewestChanges,
    directory: Directory,
    timers: Timers,
    ephemerals: Ephemerals,
    fan_out: FanOut,
    typing: Typing,
    typing_elsewhere: TypingElsewhere,
    other_nodes: OtherNodes,
    presence: PresenceTracker,
    profiles: Profiles,
    reactions: Reactions,
    deliveries: Deliveries,
    notifications: Notifications,
    credentials: Credentials,
    replays: Replays,
}

impl Hub {
    /// Creates a hub that starts at a position. Tasks that work for it send to `inbox`.
    pub(crate) fn new(context: HubContext, inbox: mpsc::WeakSender<ClientMessage>, position: u64) -> Self {
        let HubContext { service, settings, resume_tokens, census, pending_commands } = context;
        Self {
            positions: Positions::new(position),
            newest_changes: NewestChanges::default(),
            directory: Directory::default(),
            timers: Timers::default(),
            ephemerals: Ephemerals::default(),
            fan_out: FanOut::new(service.clone(), settings.echo),
            typing: Typing::default(),
            typing_elsewhere: TypingElsewhere::default(),
            other_nodes: OtherNodes::new(service.clone(), inbox.clone()),
            presence: PresenceTracker::new(service.clone(), census, &settings),
            profiles: Profiles::new(service.clone(), inbox.clone()),
            reactions: Reactions::default(),
            deliveries: Deliveries::new(settings.deliveries, service.clone(), inbox.clone()),
            notifications: Notifications::new(service.clone(), inbox.clone()),
            credentials: Credentials::default(),
            replays: Replays::new(service.clone(), inbox.clone(), &settings),
            service,
            resume_tokens,
            pending_commands,
            inbox,
        }
    }

    /// The time at which the next timer is due.
    pub(crate) fn next_timer(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Handles one message.
    pub(crate) fn handle(&mut self, message: HubMessage, now: Instant) {
        match message {
            HubMessage::Commit(commit) => self.commit(commit, now),
            HubMessage::Ephemeral(ephemeral) => self.ephemeral(ephemeral, now),
            HubMessage::Remote { node, presence } => self.remote(node, presence, now),
            HubMessage::Client(message) => self.client(message, now),
            HubMessage::Timer => self.timer(now),
        }
        self.ephemerals.flush(self.service.bus());
    }

    // --- commits ---

    /// Delivers the entries of a commit, with each reply at its position among them.
    fn commit(&mut self, commit: Commit, now: Instant) {
        let mut replies = self.pending_commands.take(commit.replies).into_iter().peekable();
        self.fan_out.set_traced(commit.traced);
        let mut held_back = Vec::new();
        for entry in &commit.entries {
            while let Some(reply) = replies.next_if(|reply| reply.after < entry.position) {
                // The sender of a message receives the acknowledgement and the echo in one write.
                held_back.push(reply.command.responder.connection.hold());
                self.reply(reply, now);
            }
            if self.positions.is_next(entry.position) {
                self.newest_changes.note(entry);
                self.entry(entry, now);
            }
            held_back.clear();
            self.reach(entry.position, now);
        }
        for reply in replies {
            self.reply(reply, now);
        }
        self.reach(commit.position, now);
    }

    /// Advances to a position, and does what waited for it.
    fn reach(&mut self, position: u64, now: Instant) {
        self.positions.reach(position);
        for waiting in self.positions.take_due() {
            self.proceed(waiting, now);
        }
    }

    /// Does something at a position: now if it is reached, else once it is.
    fn at(&mut self, position: u64, waiting: Waiting, now: Instant) {
        if let Some(due) = self.positions.wait_for(position, waiting) {
            self.proceed(due, now);
        }
    }

    fn proceed(&mut self, waiting: Waiting, now: Instant) {
        match waiting {
            Waiting::Connections { user } => {
                self.attach_waiting(&user, now);
                self.presence.connections_ended(&mut self.directory, &mut self.timers, &user, now);
            }
            Waiting::Memberships { user, load, memberships } => {
                if self.directory.load(&user, load, memberships) {
                    self.attach_waiting(&user, now);
                }
            }
            Waiting::Notifications { connection, user, notifications } => {
                self.notifications.send_pending(&mut self.directory, (connection, user), notifications);
            }
            Waiting::Replayed { connection, user, outcome } => self.replayed(connection, &user, outcome, now),
        }
    }

    /// Delivers one entry, and applies its change to the directory.
    fn entry(&mut self, entry: &Entry, now: Instant) {
        match &entry.event {
            Event::ConversationCreated { conversation, members } => {
                self.directory.created(&conversation.conversation, members, entry.position);
                self.fan_out.deliver(&self.directory, entry);
            }
            Event::MemberJoined { conversation, user, member_count } => {
                self.directory.join(&user.id, conversation, entry.position);
                self.directory.accepted(&user.id, conversation, entry.position);
                self.directory.set_member_count(&conversation.id, *member_count);
                self.fan_out.deliver(&self.directory, entry);
            }
            Event::MemberLeft { conversation, user, member_count, .. } => {
                let stopped = self.typing.stop(&self.directory, &mut self.timers, &user.id, &conversation.id);
                self.publish(stopped);
                self.fan_out.deliver(&self.directory, entry);
                self.directory.set_member_count(&conversation.id, *member_count);
                self.directory.leave(&user.id, &conversation.id, entry.position);
            }
            Event::ConversationChanged { conversation } => {
                self.directory.set_conversation(&conversation.conversation);
                self.fan_out.deliver(&self.directory, entry);
            }
            Event::ConversationDeleted { conversation } => {
                self.fan_out.deliver_end(&self.directory, conversation, entry);
                self.typing.forget_conversation(&mut self.timers, &conversation.id);
                self.directory.remove_conversation(&conversation.id, entry.position);
            }
            Event::MessageReacted(reacted) => match self.reactions.take(&mut self.timers, entry, reacted, now) {
                Turn::Now => self.fan_out.deliver(&self.directory, entry),
                Turn::Waits => self.fan_out.set_reactions_told(self.reactions.told_up_to()),
                Turn::MessageIsFull => self.tell_reactions(&reacted.message, now),
                Turn::AllAreFull => self.reactions.messages().iter().for_each(|one| self.tell_reactions(one, now)),
            },
            Event::MessageDeleted(message) => {
                self.reactions.forget(&message.id);
                self.fan_out.set_reactions_told(self.reactions.told_up_to());
                self.fan_out.deliver(&self.directory, entry);
            }
            Event::MessageAppeared { message, .. } => self.deliver_message(message, entry, now),
            Event::MessageCreated(message) => {
                let (user, conversation) = (&message.sender.id, &message.conversation.id);
                let stopped = self.typing.stop(&self.directory, &mut self.timers, user, conversation);
                self.publish(stopped);
                self.deliver_message(message, entry, now);
            }
            Event::UserChanged { user, metadata, visible } => {
                self.replace_guest(user);
                self.directory.set_user(user, entry.position);
                self.presence.profile_changed(&mut self.directory, user);
                if *visible {
                    self.profiles.changed(&mut self.timers, (user, metadata.as_ref()), now);
                }
            }
            Event::Revoked { user, generation } => {
                self.credentials.revoke(user, *generation);
                self.directory.end_connections(user, |identity| identity.generation < *generation);
                self.presence.connections_ended(&mut self.directory, &mut self.timers, user, now);
            }
            Event::SessionEnded { user, session } => {
                self.credentials.end_session(session);
                self.directory.end_connections(user, |identity| identity.session.as_ref() == Some(session));
                self.presence.connections_ended(&mut self.directory, &mut self.timers, user, now);
            }
            Event::Notified { user, notification } => {
                self.fan_out.deliver(&self.directory, entry);
                self.notifications.sent(&self.directory, user, &notification.id);
            }
            Event::BlocksChanged { user, blocked, other } => {
                if let Some(other) = other {
                    self.blocked(user, other, blocked.contains(other), entry.position);
                }
                self.fan_out.deliver(&self.directory, entry);
            }
            Event::ConversationAppeared { .. }
            | Event::ConversationHidden { .. }
            | Event::SettingsChanged { .. }
            | Event::DeletionAnnounced { .. }
            | Event::MessageEdited(_)
            | Event::MessagePinned { .. }
            | Event::MessagesRead { .. }
            | Event::MessagesDelivered { .. }
            | Event::MeetupChanged { .. }
            | Event::MessageReported { .. }
            | Event::Typing { .. }
            | Event::Presence { .. }
            | Event::RoomPresence { .. } => self.fan_out.deliver(&self.directory, entry),
        }
    }

    /// Tells of the reactions to a message that wait.
    fn tell_reactions(&mut self, message: &MessageId, now: Instant) {
        for (position, event) in self.reactions.due(message, now) {
            self.fan_out.deliver_late(&self.directory, &event, position);
        }
        self.fan_out.set_reactions_told(self.reactions.told_up_to());
    }

    /// Removes the guest whose id an account took. Its departures from its rooms are separate entries.
    fn replace_guest(&mut self, user: &User) {
        let guest = self.directory.user(&user.id).filter(|local| local.user.is_guest() && !user.is_guest());
        let Some(here) = guest.map(|guest| guest.presence.here) else { return };
        let stopped = self.typing.stop_all(&self.directory, &mut self.timers, &user.id, None);
        self.publish(stopped);
        self.directory.end_guest(user);
        self.presence.guest_replaced(&user.id, here);
    }

    // --- replies ---

    /// Answers a command at its position in the stream.
    fn reply(&mut self, reply: PendingReply, now: Instant) {
        let PendingCommand { responder, user, completion } = reply.command;
        let connection = (responder.connection.id, &user);
        let delivered = match &reply.outcome {
            Ok(Written::NoteDelivery(events)) => events.clone(),
            Ok(_) | Err(_) => Vec::new(),
        };
        let mut outcome = reply.outcome.and_then(|written| match completion {
            Completion::Answer { guest_secret } => quintet_service::reply(written, guest_secret.as_ref()),
            Completion::Unmute(conversation) => {
                self.directory.set_muted(connection, &conversation, false);
                quintet_service::reply(written, None)
            }
            Completion::Local(command) => self.local(connection, command, now),
        });
        if let Ok(Reply::Joined { conversation, members, .. }) = &mut outcome
            && responder.dialect.is_some_and(Dialect::shows_room_presence)
        {
            presence::show_members(&self.directory, &user, &conversation.id, members);
        }
        self.fan_out.answer(responder, &outcome, self.directory.hidden_from(&user));
        if !delivered.is_empty() {
            self.service.save_deliveries_later();
            self.publish(delivered);
        }
    }

    /// Carries out a command about the connection itself.
    fn local(&mut self, connection: (ConnectionId, &UserId), command: LocalCommand, now: Instant) -> Outcome {
        let (id, user) = connection;
        // An account may have taken the id of the guest who sent it: nothing is done in the account's name.
        if self.directory.subscriber(user, id).is_none() {
            return Err(Refusal::unauthenticated("this connection is over"));
        }
        match command {
            LocalCommand::Typing { target, typing } => {
                let typing = (&target, typing);
                let shown = self.typing.set(&self.directory, &mut self.timers, connection, typing, now)?;
                self.publish(shown);
                Ok(Reply::Typing)
            }
            LocalCommand::Listen { conversations } => {
                let (joined, refused) = match conversations {
                    Some(named) => named.into_iter().partition(|id| self.directory.is_member(user, id)),
                    None => (self.directory.first_conversations_of(user, IDS_MAX), Vec::new()),
                };
                Ok(Reply::Listening { joined, refused })
            }
            LocalCommand::Mute { conversation } => {
                if self.directory.set_muted(connection, &conversation, true) {
                    Ok(Reply::Muted { conversation })
                } else {
                    Err(Refusal::not_found("conversation", &conversation))
                }
            }
            LocalCommand::Identify => Ok(Reply::Identified { user: user.clone() }),
        }
    }

    // --- ephemeral events ---

    fn ephemeral(&mut self, ephemeral: Ephemeral, now: Instant) {
        let Self { directory, timers, fan_out, .. } = self;
        match ephemeral {
            Ephemeral::Event(event @ Event::Presence { .. }) => {
                self.presence.received(directory, timers, fan_out, event, now);
            }
            Ephemeral::Event(event) => self.passing(&event, now),
            Ephemeral::RoomPresence { conversations, user, online } => {
                for conversation in conversations {
                    let event = Event::RoomPresence { conversation, user: Arc::clone(&user), online };
                    self.presence.received(directory, timers, fan_out, event, now);
                }
            }
        }
    }

    /// Publishes events about typing, or about what was delivered, on the bus.
    fn publish(&mut self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            self.ephemerals.publish(self.service.bus(), Ephemeral::Event(event));
        }
    }

    // --- timers ---

    fn timer(&mut self, now: Instant) {
        for _ in 0..TIMERS_AT_ONCE {
            let Some(timer) = self.timers.pop(now) else { return };
            let reached = self.positions.reached();
            let Self { directory, timers, ephemerals, fan_out, .. } = self;
            let environment = self.service.environment();
            match timer {
                Timer::TypingEnds(user, conversation) => {
                    let stopped = self.typing.timer(directory, timers, (&user, &conversation), now);
                    self.publish(stopped);
                }
                Timer::TypingElsewhereEnds(user, conversation) => self.typing_elsewhere_ends(user, conversation, now),
                Timer::Offline(user) => self.presence.offline_timer(directory, timers, ephemerals, &user, now),
                Timer::Forget(user) => self.presence.forget(directory, timers, &user, now),
                Timer::Expire(connection, user) => {
                    self.credentials.expire(directory, timers, environment, (connection, &user), now);
                }
                Timer::EndExpired(connection, user) => self.credentials.end_expired(directory, connection, &user),
                Timer::ReviewTokens => self.credentials.review(directory, timers, environment, now),
                Timer::Presence => self.presence.announce_batch(directory, timers, fan_out),
                Timer::Profiles => self.profiles.announce_due((directory, reached), timers, fan_out, now),
                Timer::Reactions(message) => self.tell_reactions(&message, now),
                Timer::Deliveries(conversation) => self.deliveries.look(directory, timers, conversation, now),
                Timer::ReadElsewhere => self.other_nodes.read_again(directory),
                Timer::NodeGone => self.depart_some(now),
            }
        }
    }

    // --- connections ---

    fn client(&mut self, message: ClientMessage, now: Instant) {
        match message {
            ClientMessage::Attach(attach) => self.attach(*attach, now),
            ClientMessage::MembershipsRead { user, load, memberships: Ok(memberships) } => {
                self.loaded(user, load, memberships, now);
            }
            ClientMessage::MembershipsRead { user, load, memberships: Err(refusal) } => {
                if let Some(load) = self.directory.refuse_arrival(&user, load, &refusal) {
                    self.other_nodes.read(&mut self.directory, user, load);
                }
            }
            ClientMessage::ReadElsewhere { user, load, state } => self.read_elsewhere(user, load, state, now),
            ClientMessage::Detach { connection, user } => self.detach(connection, &user, now),
            ClientMessage::NotificationsRead { connection, user, pending } => {
                self.send_pending(connection, user, pending, now);
            }
            ClientMessage::ProfileAudience { user, memberships } => {
                let reached = self.positions.reached();
                let Self { directory, fan_out, .. } = self;
                self.profiles.conversations_read((directory, reached), fan_out, &user, memberships, now);
            }
            ClientMessage::Accept { connection, user } => self.accept_early(connection, &user, now),
            ClientMessage::SentAgain { connection, user, messages } => {
                let Self { directory, timers, deliveries, .. } = self;
                deliveries.sent_again((directory, timers), (&user, connection), &messages, now);
            }
            ClientMessage::Replayed { connection, user, outcome } => {
                let position = match outcome {
                    ReplayOutcome::UpTo(position) => position,
                    ReplayOutcome::Nothing | ReplayOutcome::Closed => self.positions.reached(),
                };
                self.at(position, Waiting::Replayed { connection, user, outcome }, now);
            }
            ClientMessage::TokenRefreshed { connection, user } => self.watch_token(connection, &user, now),
            ClientMessage::DeliveriesNoted => self.deliveries.noted(),
            ClientMessage::Stop { reply } => self.stop(reply),
        }
    }

    fn detach(&mut self, connection: ConnectionId, user: &UserId, now: Instant) {
        let stopped = self.typing.stop_all(&self.directory, &mut self.timers, user, Some(connection));
        self.publish(stopped);
        self.notifications.detached(connection, user);
        let (last, expiry) = self.directory.unsubscribe(user, connection, now);
        expiry.into_iter().for_each(|expiry| self.timers.cancel(expiry));
        if last {
            self.presence.last_connection_ended(&mut self.timers, user, now);
        }
    }

    fn watch_token(&mut self, connection: ConnectionId, user: &UserId, now: Instant) {
        let Self { directory, timers, .. } = self;
        self.credentials.watch(directory, timers, self.service.environment(), (connection, user), now);
    }

    /// Records when all users who are online here alone were last seen. A task of its own waits for the store.
    fn stop(&self, reply: oneshot::Sender<()>) {
        let now = self.service.environment().now();
        let users = presence::online_here_alone(&self.directory).map(|user| (user.clone(), now)).collect();
        let service = self.service.clone();
        tokio::spawn(async move {
            service.note_seen(users).await;
            let _ = reply.send(());
        });
    }
}
