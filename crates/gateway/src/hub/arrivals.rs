//! The arrival of connections at the hub: attached to their user, greeted, or brought up to date by a replay.
//!
//! What must stay true: a connection is attached once the memberships of its user have been read and the hub has reached
//! the position of that read; what was read of a user before the hub knew of the connection is used only if the hub has
//! delivered no change since that it does not contain; of the connections that resume one session only the
//! newest stays.

use std::cell::OnceCell;
use std::sync::Arc;

use quintet_domain::{ConnectionId, User, UserId};
use quintet_service::{Memberships, PendingNotifications, ResumeToken};
use quintet_socketio::CloseReason;
use tokio::time::Instant;

use super::attach_reply::AttachReply;
use super::directory::{Arrival, revoked};
use super::local_user::{AttachingConnection, LocalUser};
use super::message::{self, Attach, ReplayOutcome};
use super::positions::Waiting;
use super::replay::replaying;
use super::timers::Timer;
use super::{Hub, presence};
use crate::connection::Connection;

/// The reason why a connection ends whose client has resumed it by a newer one.
const SUPERSEDED: CloseReason = CloseReason::Application(4409, "resumed by a newer connection");

impl Hub {
    pub(super) fn attach(&mut self, Attach { connection, user, ahead, reply }: Attach, now: Instant) {
        if self.credentials.are_revoked(&connection, &user.id) {
            let _ = reply.send(Err(revoked()));
            return;
        }
        self.replace_guest(&user);
        let user_id = user.id.clone();
        let (memberships, pending) = ahead.map(|ahead| (ahead.memberships, ahead.pending)).unzip();
        let read_at = memberships.as_ref().map_or(0, |read| read.position);
        let memberships = memberships.filter(|read| self.newest_changes.are_in_memberships(read, &user));
        match self.directory.arrive(AttachingConnection { connection, pending, reply }, user) {
            // What a client reads before it is accepted, it must not hear again.
            Arrival::Ready => self.at(read_at, Waiting::Connections { user: user_id }, now),
            Arrival::Load(load) => match memberships {
                Some(memberships) => self.loaded(user_id, load, memberships, now),
                None => message::read_memberships(&self.service, &self.inbox, user_id, load),
            },
            Arrival::Wait => {}
        }
    }

    /// Uses the memberships of a user once their position is reached.
    pub(super) fn loaded(&mut self, user: UserId, load: u64, memberships: Memberships, now: Instant) {
        self.at(memberships.position, Waiting::Memberships { user, load, memberships }, now);
    }

    /// Attaches the waiting connections of a user: from here on each receives all of the user's events.
    pub(super) fn attach_waiting(&mut self, id: &UserId, now: Instant) {
        let Some((user, attaching, rate)) = self.directory.take_attaching(id) else { return };
        if attaching.is_empty() {
            if self.directory.user(id).is_some_and(LocalUser::is_elsewhere) {
                self.presence.came_online(&mut self.directory, &mut self.ephemerals, &user);
            } else {
                // The connection ended before the memberships were read.
                self.timers.add(now, Timer::Forget(id.clone()));
            }
            return;
        }
        self.presence.connected(&mut self.directory, &mut self.ephemerals, &user);
        for AttachingConnection { connection, pending, reply } in attaching {
            let reply_to = AttachReply { reply, rate: Arc::clone(&rate) };
            let resume = connection.take_resume();
            if resume.is_some() {
                self.end_older_replays(id, &connection);
            }
            match resume.and_then(|resume| Some((resume, self.replays.reserve(&self.directory, id)?))) {
                Some(resume) => {
                    let profiles = self.profiles.announced_since(&self.directory, id, resume.0.after());
                    let directory = &mut self.directory;
                    self.replays.begin(directory, &user, (connection, pending), resume, profiles, reply_to);
                }
                None => {
                    self.directory.subscribe(id, Arc::clone(&connection), None);
                    self.welcome(&user, &connection, pending, reply_to, now);
                }
            }
        }
    }

    /// Accepts a connection that starts afresh.
    fn welcome(
        &mut self,
        user: &Arc<User>,
        connection: &Arc<Connection>,
        pending: Option<PendingNotifications>,
        reply_to: AttachReply,
        now: Instant,
    ) {
        if connection.recoverable {
            let (dialect, session, start) = (connection.opened, connection.session, self.positions.reached());
            let token = ResumeToken { dialect, session, start };
            connection.out.accept_recoverable(&self.resume_tokens.issue(token, user, connection.out.namespace()));
        } else {
            connection.out.accept();
        }
        self.greet(connection, user, pending, now);
        self.accept(&user.id, connection, reply_to, now);
    }

    /// Sends a new connection the state that it starts with. `pending` are notifications that were read ahead.
    fn greet(
        &mut self,
        connection: &Connection,
        user: &Arc<User>,
        pending: Option<PendingNotifications>,
        now: Instant,
    ) {
        let shown = self.service.bases().links(connection.base).user(user);
        let online: OnceCell<Vec<UserId>> = OnceCell::new();
        let online = || online.get_or_init(|| presence::online_for(&self.directory, user)).as_slice();
        for dialect in connection.dialects().1 {
            for event in quintet_dialect::greet(dialect, &shown, &online) {
                connection.out.emit(&event);
            }
        }
        let pending = pending.filter(|pending| self.newest_changes.are_in_pending(pending));
        if let Some(pending) = self.notifications.read_pending(connection, user, pending) {
            self.send_pending(connection.id, user.id.clone(), pending, now);
        }
    }

    /// Sends a connection the notifications that were pending, once their position is reached.
    pub(super) fn send_pending(
        &mut self,
        connection: ConnectionId,
        user: UserId,
        pending: PendingNotifications,
        now: Instant,
    ) {
        let PendingNotifications { position, notifications } = pending;
        self.at(position, Waiting::Notifications { connection, user, notifications }, now);
    }

    /// Replies to the task of a connection that it is attached.
    fn accept(&mut self, user: &UserId, connection: &Connection, reply_to: AttachReply, now: Instant) {
        self.watch_token(connection.id, user, now);
        if reply_to.reply.send(Ok(reply_to.rate)).is_err() {
            // The task gave up while it waited, so nothing else will detach the connection.
            self.detach(connection.id, user, now);
        }
    }

    /// Accepts a connection before its replay has ended: its queue is filling, and only an accepted connection is read
    /// from. A client that upgrades its transport stops polling until its CONNECT is answered.
    pub(super) fn accept_early(&mut self, connection: ConnectionId, user: &UserId, now: Instant) {
        let Some(subscriber) = self.directory.subscriber(user, connection) else { return };
        let reply_to = subscriber.buffer.get_mut().as_mut().and_then(|buffer| buffer.reply_to.take());
        let (Some(reply_to), connection) = (reply_to, Arc::clone(&subscriber.connection)) else { return };
        self.accept(user, &connection, reply_to, now);
    }

    /// Ends a replay: the events that were held back follow.
    pub(super) fn replayed(&mut self, connection: ConnectionId, user: &UserId, outcome: ReplayOutcome, now: Instant) {
        let Some(local) = self.directory.user(user).map(|local| Arc::clone(&local.user)) else { return };
        let Some(subscriber) = self.directory.subscriber(user, connection) else { return };
        let Some(mut buffer) = subscriber.buffer.take() else { return };
        let connection = Arc::clone(&subscriber.connection);
        let (reply_to, pending) = (buffer.reply_to.take(), buffer.pending.take());
        let superseded = self.others_of_session(user, &connection).any(|other| other.id > connection.id);
        match outcome {
            // The client has come back another time since, so that nothing more is sent here.
            _ if superseded => connection.out.close(SUPERSEDED),
            ReplayOutcome::Nothing => {
                // What was held back for it is lost.
                for conversation in self.directory.conversations_of(user) {
                    self.deliveries.forget(&conversation.id, connection.id);
                }
                if let Some(reply_to) = reply_to {
                    self.welcome(&local, &connection, pending, reply_to, now);
                }
                return;
            }
            // The client reconnects for the rest.
            ReplayOutcome::UpTo(_) if buffer.has_overflowed() => connection.out.close(CloseReason::QueueFull),
            ReplayOutcome::UpTo(position) => {
                buffer.take_after(position).for_each(|frame| connection.out.send(frame));
                // The replay has sent some of those that were pending before it.
                let pending = pending.filter(|pending| pending.notifications.is_empty());
                self.greet(&connection, &local, pending, now);
            }
            ReplayOutcome::Closed => {}
        }
        // The client of the resumed connection is gone, even if this server has not noticed yet.
        for older in self.others_of_session(user, &connection).filter(|other| other.id < connection.id) {
            older.out.close(SUPERSEDED);
        }
        if let Some(reply_to) = reply_to {
            self.accept(user, &connection, reply_to, now);
        }
    }

    /// Closes the connections that were resuming the same session before. On a network that breaks again and again their
    /// replays would wait for readers that are gone, until the user had none left for the connection that is alive.
    fn end_older_replays(&self, user: &UserId, connection: &Connection) {
        let replays = replaying(&self.directory, user);
        for older in replays.filter(|one| one.session == connection.session && one.id < connection.id) {
            older.out.close(SUPERSEDED);
        }
    }

    /// The other open connections of a connection's session: the one that it resumes, and others that resume the same.
    fn others_of_session<'h>(
        &'h self,
        user: &UserId,
        connection: &'h Connection,
    ) -> impl Iterator<Item = &'h Arc<Connection>> {
        let connections = self.directory.subscribers_of(user).map(|subscriber| &subscriber.connection);
        connections.filter(|one| one.session == connection.session && one.id != connection.id && !one.out.is_closed())
    }
}
