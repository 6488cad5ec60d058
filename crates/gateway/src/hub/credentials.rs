//! The end of connections whose token expires or is revoked.
//!
//! What must stay true: a connection has at most one timer here, for the expiry of its token or for its own end after
//! that; a connection whose token is revoked while it is being attached is refused.

use std::collections::HashMap;
use std::time::Duration;

use quintet_domain::limits::EXPIRED_GRACE_SECONDS;
use quintet_domain::{ConnectionId, Environment, Refusal, UserId};
use tokio::time::Instant;

use super::directory::Directory;
use super::timers::{Timer, Timers};
use crate::connection::Connection;

/// Maximum number of revocations that are remembered. Only connections that are being attached need them.
const REVOKED_KEPT: usize = 10_000;

/// The revocations and expiries of tokens.
#[derive(Default)]
pub(super) struct Credentials {
    /// The generation below which a user's tokens are revoked.
    generations: HashMap<UserId, u64>,
}

impl Credentials {
    /// Remembers a revocation of all tokens before a generation.
    pub(super) fn revoke(&mut self, user: &UserId, generation: u64) {
        if self.generations.len() >= REVOKED_KEPT {
            self.generations.clear();
        }
        self.generations.insert(user.clone(), generation);
    }

    /// Whether the token of a connection was revoked after it was verified.
    pub(super) fn are_revoked(&self, connection: &Connection, user: &UserId) -> bool {
        let generation = connection.identity().map_or(0, |identity| identity.generation);
        self.generations.get(user).is_some_and(|revoked| generation < *revoked)
    }

    /// Sets the timer for the expiry of a connection's token, and cancels the previous one.
    pub(super) fn watch(
        &self,
        directory: &mut Directory,
        timers: &mut Timers,
        environment: &dyn Environment,
        (connection, user): (ConnectionId, &UserId),
        now: Instant,
    ) {
        let Some(subscriber) = directory.subscriber(user, connection) else { return };
        if let Some(before) = subscriber.expiry.take() {
            timers.cancel(before);
        }
        let identity = subscriber.connection.identity();
        let Some(expires_at) = identity.and_then(|identity| identity.expires_at) else { return };
        let left_ms = expires_at.0 - environment.now().0;
        let at = now + Duration::from_millis(u64::try_from(left_ms).unwrap_or(0));
        subscriber.expiry = Some(timers.add(at, Timer::Expire(connection, user.clone())));
    }

    /// Notifies a connection that its token has expired, and gives it some time to send another one.
    pub(super) fn expire(
        &self,
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
        subscriber.expiry = Some(timers.add(end, Timer::EndExpired(connection, user.clone())));
    }

    /// Ends a connection whose token expired and that has sent no other. A connection that sent one has another timer.
    pub(super) fn end_expired(&self, directory: &mut Directory, connection: ConnectionId, user: &UserId) {
        if let Some(subscriber) = directory.subscriber(user, connection) {
            subscriber.connection.out.end();
        }
    }
}
