//! The end of connections whose token expires or is revoked.
//!
//! What must stay true: a connection has at most one timer here, for the expiry of its token or for its own end after
//! that; a connection whose token expires later than the next review has no timer, and a review is set; a connection
//! whose token is revoked, or whose session is ended, while it is being attached is refused, and one that took such a token
//! meanwhile ends.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use quintet_domain::limits::EXPIRED_GRACE_SECONDS;
use quintet_domain::{ConnectionId, Environment, LoginSessionId, Refusal, UserId};
use tokio::time::Instant;

use super::directory::Directory;
use super::timers::{Timer, Timers};
use crate::connection::Connection;

/// Maximum number of revocations that are remembered. Only connections that are being attached need them.
const REVOKED_KEPT: usize = 10_000;

/// Time between two reviews of the tokens that have no timer because they expire later than the next review. Tokens often
/// last for weeks, and the timers of all connections would take more memory than most other parts of an idle connection.
const REVIEW_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// The revocations and expiries of tokens.
#[derive(Default)]
pub(super) struct Credentials {
    /// The generation below which a user's tokens are revoked.
    generations: HashMap<UserId, u64>,
    /// The sessions that have ended.
    ended: HashSet<LoginSessionId>,
    /// Whether the timer of the next review is set.
    review_is_set: bool,
}

impl Credentials {
    /// Remembers a revocation of all tokens before a generation.
    pub(super) fn revoke(&mut self, user: &UserId, generation: u64) {
        if self.generations.len() >= REVOKED_KEPT {
            self.generations.clear();
        }
        self.generations.insert(user.clone(), generation);
    }

    /// Remembers the end of a session.
    pub(super) fn end_session(&mut self, session: &LoginSessionId) {
        if self.ended.len() >= REVOKED_KEPT {
            self.ended.clear();
        }
        self.ended.insert(session.clone());
    }

    /// Whether the token of a connection was revoked, or its session ended, after it was verified.
    pub(super) fn are_revoked(&self, connection: &Connection, user: &UserId) -> bool {
        let identity = connection.identity();
        let generation = identity.as_ref().map_or(0, |identity| identity.generation);
        let session = identity.as_ref().and_then(|identity| identity.session.as_ref());
        self.generations.get(user).is_some_and(|revoked| generation < *revoked)
            || session.is_some_and(|session| self.ended.contains(session))
    }

    /// Sets the timer for the expiry of a connection's token, or leaves that to a later review, and cancels the previous
    /// timer.
    pub(super) fn watch(
        &mut self,
        directory: &mut Directory,
        timers: &mut Timers,
        environment: &dyn Environment,
        (connection, user): (ConnectionId, &UserId),
        now: Instant,
    ) {
        let Some(subscriber) = directory.subscriber(user, connection) else { return };
        if let Some(before) = subscriber.expiry.take() {
            timers.cancel(*before);
        }
        if self.are_revoked(&subscriber.connection, user) {
            return subscriber.connection.out.end();
        }
        let identity = subscriber.connection.identity();
        let Some(expires_at) = identity.and_then(|identity| identity.expires_at) else { return };
        let left_ms = expires_at.0 - environment.now().0;
        let left = Duration::from_millis(u64::try_from(left_ms).unwrap_or(0));
        if left > REVIEW_EVERY {
            self.set_review(timers, now);
        } else {
            subscriber.expiry = Some(Box::new(timers.add(now + left, Timer::Expire(connection, user.clone()))));
        }
    }

    /// Sets the timer of the next review, unless it is set.
    fn set_review(&mut self, timers: &mut Timers, now: Instant) {
        if !std::mem::replace(&mut self.review_is_set, true) {
            timers.add(now + REVIEW_EVERY, Timer::ReviewTokens);
        }
    }

    /// Sets the timers for the tokens that expire before the next review.
    pub(super) fn review(
        &mut self,
        directory: &mut Directory,
        timers: &mut Timers,
        environment: &dyn Environment,
        now: Instant,
    ) {
        self.review_is_set = false;
        let connections = directory.users().flat_map(|(_, local)| {
            let unwatched = local.subscribers.iter().filter(|subscriber| subscriber.expiry.is_none());
            unwatched.map(|subscriber| (subscriber.connection.id, local.user.id.clone()))
        });
        for (connection, user) in connections.collect::<Vec<_>>() {
            self.watch(directory, timers, environment, (connection, &user), now);
        }
    }

    /// Notifies a connection that its token has expired, and gives it some time to send another one.
    pub(super) fn expire(
        &mut self,
        directory: &mut Directory,
        timers: &mut Timers,
        environment: &dyn Environment,
        (connection, user): (ConnectionId, &UserId),
        now: Instant,
    ) {
        let Some(subscriber) = directory.subscriber(user, connection) else { return };
        let expires_at = subscriber.connection.identity().and_then(|identity| identity.expires_at);
        if expires_at.is_none_or(|at| at > environment.now()) {
            return self.watch(directory, timers, environment, (connection, user), now);
        }
        subscriber.connection.out.emit(&quintet_dialect::error_event(&Refusal::token_expired()));
        let end = now + Duration::from_secs(EXPIRED_GRACE_SECONDS);
        subscriber.expiry = Some(Box::new(timers.add(end, Timer::EndExpired(connection, user.clone()))));
    }

    /// Ends a connection whose token expired and that has sent no other. A connection that sent one has another timer.
    pub(super) fn end_expired(&self, directory: &mut Directory, connection: ConnectionId, user: &UserId) {
        if let Some(subscriber) = directory.subscriber(user, connection) {
            subscriber.connection.out.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use quintet_domain::{Timestamp, User, UserKind};
    use quintet_service::{Base, Identity, Memberships};
    use quintet_socketio::Outbox;
    use tokio::sync::oneshot;

    use super::*;
    use crate::census::Census;
    use crate::client::{Clients, UnidentifiedMax};
    use crate::connection::{Out, Resumption};
    use crate::hub::local_user::AttachingConnection;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    /// A clock that shows one moment.
    struct At(i64);

    impl Environment for At {
        fn now(&self) -> Timestamp {
            Timestamp(self.0)
        }

        fn new_id(&self) -> String {
            String::new()
        }

        fn secret(&self) -> u128 {
            0
        }
    }

    fn after(days: u32) -> At {
        At(i64::try_from((DAY * days).as_millis()).expect("days"))
    }

    /// A local user with one connection, whose token expires after some days.
    fn subscribe(directory: &mut Directory, days: u32) -> (UserId, ConnectionId) {
        let user = Arc::new(User {
            id: UserId::trusted("u"),
            username: "u".into(),
            name: "u".into(),
            last_name: None,
            avatar: None,
            kind: UserKind::Registered,
            last_seen: None,
            created_at: Timestamp(0),
        });
        let client = Clients::new(UnidentifiedMax::default(), 0).arrive([127, 0, 0, 1].into());
        let (out, census) = (Out::Plain(Arc::new(Outbox::new(1_000))), Arc::new(Census::default()));
        let id = ConnectionId(1);
        let connection =
            Connection::new(id, (out, Base::default()), client, false, None, Resumption::default(), census);
        let expires_at = Some(after(days).now());
        connection.set_identity(Identity { user: Arc::clone(&user), expires_at, generation: 0, session: None });
        let attaching =
            AttachingConnection { connection: Arc::clone(&connection), pending: None, reply: oneshot::channel().0 };
        directory.arrive(attaching, Arc::clone(&user));
        directory.load(&user.id, 1, Memberships::default());
        directory.take_attaching(&user.id);
        directory.subscribe(&user.id, connection, None);
        (user.id.clone(), id)
    }

    #[test]
    fn a_token_that_lasts_for_days_is_reviewed_until_its_timer_is_set() {
        let (mut directory, mut timers, mut credentials) = Default::default();
        let (user, connection) = subscribe(&mut directory, 3);
        let start = Instant::now();
        Credentials::watch(&mut credentials, &mut directory, &mut timers, &after(0), (connection, &user), start);
        for day in 1..3 {
            let now = start + DAY * day;
            assert_eq!(timers.next(), Some(now));
            assert!(matches!(timers.pop(now), Some(Timer::ReviewTokens)), "day {day}");
            assert!(timers.next().is_none(), "no other timer");
            credentials.review(&mut directory, &mut timers, &after(day), now);
        }
        let end = start + DAY * 3;
        assert_eq!(timers.next(), Some(end));
        assert!(matches!(timers.pop(end), Some(Timer::Expire(..))));
        assert!(timers.next().is_none(), "nothing is left to review");
    }
}
