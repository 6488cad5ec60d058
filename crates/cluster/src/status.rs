//! What a node knows of its own work, for metrics and health checks.
//!
//! What must stay true: it is read without waiting for anything.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// The time after which a node that has not confirmed the newest position is not ready. It is longer than the time in which
/// nodes that lose the database together notice it and are not heard any more: less, and each would take the others for
/// nodes that reach it, and send its clients away.
pub const READY_WITHIN: Duration = Duration::from_secs(10);

/// The time for which a node that was heard counts as one that reaches the database: nodes that do not are silent.
const HEARD_FOR: Duration = Duration::from_secs(3);

/// The time for which another node must have said that it reaches the database before clients are sent to it. Nodes that
/// lost the database together do not come back at the same moment: the last one must have the time to try again.
const HEARD_SINCE: Duration = Duration::from_secs(2);

/// Whether a node hears everything that the others commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It has delivered everything that was committed a short time ago.
    Ready,
    /// The database has not told the newest position for [`READY_WITHIN`].
    NoDatabase,
    /// The database answers, and what it has was not delivered within [`READY_WITHIN`].
    Behind,
}

/// Counts and positions of a node's feed. The numbers only grow.
#[derive(Debug)]
pub struct Status {
    began: Instant,
    applied: AtomicU64,
    newest: AtomicU64,
    /// When the database last told the newest position, in milliseconds after the beginning.
    told_at_ms: AtomicU64,
    /// When a position that the database had told was last found delivered, likewise.
    confirmed_at_ms: AtomicU64,
    /// When another node last said that it is alive and reaches the database, likewise.
    heard_at_ms: AtomicU64,
    /// Since when another node says so without a pause of [`HEARD_FOR`], likewise.
    heard_since_ms: AtomicU64,
    gaps: AtomicU64,
    published: AtomicU64,
    received: AtomicU64,
    unreadable: AtomicU64,
    forged: AtomicU64,
    repeated: AtomicU64,
    interruptions: AtomicU64,
}

impl Status {
    pub(crate) fn new(applied: u64) -> Self {
        let number = || AtomicU64::new(0);
        Self {
            began: Instant::now(),
            applied: AtomicU64::new(applied),
            newest: AtomicU64::new(applied),
            told_at_ms: number(),
            confirmed_at_ms: number(),
            heard_at_ms: number(),
            heard_since_ms: number(),
            gaps: number(),
            published: number(),
            received: number(),
            unreadable: number(),
            forged: number(),
            repeated: number(),
            interruptions: number(),
        }
    }

    /// The position up to which everything was delivered.
    #[must_use]
    pub fn applied(&self) -> u64 {
        self.applied.load(Ordering::Relaxed)
    }

    /// The number of positions that the database had when it was last asked, and that were not delivered yet.
    #[must_use]
    pub fn lag(&self) -> u64 {
        self.newest.load(Ordering::Relaxed).saturating_sub(self.applied())
    }

    /// How often the store was asked for what no wire had brought.
    #[must_use]
    pub fn gaps(&self) -> u64 {
        self.gaps.load(Ordering::Relaxed)
    }

    /// The number of messages about groups that were sent to other nodes.
    #[must_use]
    pub fn published(&self) -> u64 {
        self.published.load(Ordering::Relaxed)
    }

    /// The number of messages about groups that came from other nodes.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// The number of messages of other nodes that could not be read, because they are damaged or of a newer version.
    #[must_use]
    pub fn unreadable(&self) -> u64 {
        self.unreadable.load(Ordering::Relaxed)
    }

    /// The number of messages that were dropped because no node with the same secret has sent them.
    #[must_use]
    pub fn forged(&self) -> u64 {
        self.forged.load(Ordering::Relaxed)
    }

    /// The number of messages about what passes that were dropped because they had come before, are far behind newer ones,
    /// or are of a node that the database does not name.
    #[must_use]
    pub fn repeated(&self) -> u64 {
        self.repeated.load(Ordering::Relaxed)
    }

    /// How often the wire has said that it may have lost messages.
    #[must_use]
    pub fn interruptions(&self) -> u64 {
        self.interruptions.load(Ordering::Relaxed)
    }

    /// Whether the node hears everything that the others commit. It counts as ready when it begins.
    #[must_use]
    pub fn health(&self) -> Health {
        self.health_at(Instant::now())
    }

    pub(crate) fn health_at(&self, now: Instant) -> Health {
        let is_old = |at_ms: &AtomicU64| self.since(at_ms, now) > READY_WITHIN;
        if is_old(&self.told_at_ms) {
            Health::NoDatabase
        } else if is_old(&self.confirmed_at_ms) {
            Health::Behind
        } else {
            Health::Ready
        }
    }

    /// Whether the clients of this node are better off elsewhere: it does not reach the database, and another one does, not
    /// only since a moment ago.
    #[must_use]
    pub fn must_leave(&self) -> bool {
        let now = Instant::now();
        let is_heard =
            self.since(&self.heard_at_ms, now) < HEARD_FOR && self.since(&self.heard_since_ms, now) >= HEARD_SINCE;
        self.health_at(now) == Health::NoDatabase && is_heard
    }

    /// Whether the database has answered this node a moment ago.
    #[must_use]
    pub fn reaches_database(&self) -> bool {
        self.since(&self.told_at_ms, Instant::now()) < HEARD_FOR
    }

    /// The time for which the database has told nothing.
    #[must_use]
    pub fn cut_off_for(&self) -> Duration {
        self.since(&self.told_at_ms, Instant::now())
    }

    /// Notes that another node says that it reaches the database.
    pub fn another_reaches_database(&self) {
        self.heard(Instant::now());
    }

    /// The time since a moment.
    fn since(&self, at_ms: &AtomicU64, now: Instant) -> Duration {
        let at = self.began + Duration::from_millis(at_ms.load(Ordering::Relaxed));
        now.saturating_duration_since(at)
    }

    fn since_began_ms(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.began).as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn set_applied(&self, position: u64) {
        self.applied.store(position, Ordering::Relaxed);
    }

    pub(crate) fn told(&self, newest: u64, now: Instant) {
        self.newest.fetch_max(newest, Ordering::Relaxed);
        self.told_at_ms.store(self.since_began_ms(now), Ordering::Relaxed);
    }

    pub(crate) fn confirmed(&self, now: Instant) {
        self.confirmed_at_ms.store(self.since_began_ms(now), Ordering::Relaxed);
    }

    pub(crate) fn heard(&self, now: Instant) {
        if self.since(&self.heard_at_ms, now) >= HEARD_FOR {
            self.heard_since_ms.store(self.since_began_ms(now), Ordering::Relaxed);
        }
        self.heard_at_ms.store(self.since_began_ms(now), Ordering::Relaxed);
    }

    pub(crate) fn count_gap(&self) {
        self.gaps.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_published(&self) {
        self.published.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_received(&self) {
        self.received.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_unreadable(&self) {
        self.unreadable.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_forged(&self) {
        self.forged.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_repeated(&self) {
        self.repeated.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_interruption(&self) {
        self.interruptions.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_not_confirmed_in_time_is_not_ready() {
        let status = Status::new(5);
        assert_eq!((status.health(), status.lag()), (Health::Ready, 0));
        tokio::time::advance(READY_WITHIN).await;
        assert_eq!(status.health(), Health::Ready);
        status.told(9, Instant::now());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!((status.health(), status.lag()), (Health::Behind, 4));
        status.set_applied(9);
        status.confirmed(Instant::now());
        assert_eq!((status.health(), status.lag()), (Health::Ready, 0));
        tokio::time::advance(READY_WITHIN + Duration::from_secs(1)).await;
        assert_eq!((status.health(), status.must_leave()), (Health::NoDatabase, false));
        status.heard(Instant::now());
        assert!(!status.must_leave(), "a node that came back a moment before this one does not count");
        tokio::time::advance(HEARD_SINCE).await;
        status.heard(Instant::now());
        assert!(status.must_leave());
        tokio::time::advance(HEARD_FOR).await;
        assert!(!status.must_leave(), "where nobody reaches the database, nobody leaves");
        status.heard(Instant::now());
        assert!(!status.must_leave(), "it was silent for long");
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_that_is_cut_off_alone_leaves_as_soon_as_it_is_not_ready() {
        let status = Status::new(5);
        for _ in 0..READY_WITHIN.as_secs() {
            tokio::time::advance(Duration::from_secs(1)).await;
            status.heard(Instant::now());
            assert!(!status.must_leave());
        }
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(status.must_leave());
    }
}
