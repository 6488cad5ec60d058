//! The seam to periodic work that one node at a time does.
//!
//! What must stay true: nothing is wrong where two nodes do the same work at the same time, because each write is decided
//! by itself: jobs only save doing it twice.

use std::time::Duration;

use crate::future::ReadResult;

/// The time after which a holder of deliveries that does not say so again counts as gone.
pub const HELD_FOR: Duration = Duration::from_secs(15);

/// Periodic work. The list is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Meetups whose time has come expire.
    Meetups,
    /// The erasure of people is continued.
    Erasure,
    /// Files that nothing carries are removed.
    Files,
    /// What is too old is removed.
    Prune,
    /// Messages that were kept long enough are removed.
    Retention,
    /// Memberships and rooms of guests who are gone end.
    Guests,
    /// Who is sent push messages is decided.
    Push,
}

impl Job {
    /// All jobs.
    pub const ALL: [Self; 7] =
        [Self::Meetups, Self::Erasure, Self::Files, Self::Prune, Self::Retention, Self::Guests, Self::Push];

    /// The name under which the database knows it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Meetups => "meetups",
            Self::Erasure => "erasure",
            Self::Files => "files",
            Self::Prune => "prune",
            Self::Retention => "retention",
            Self::Guests => "guests",
            Self::Push => "push",
        }
    }
}

/// Periodic work over one database, by the clock of the database.
pub trait Jobs: Send + Sync {
    /// Takes those of some jobs that are due and that no other node works on. Each is returned with the cursor at which it
    /// goes on, 0 at first. A node that does not finish a job within a minute counts as gone.
    ///
    /// # Errors
    /// [`StoreError`](crate::StoreError) if the database does not answer within some seconds.
    fn take(&self, jobs: Vec<Job>) -> ReadResult<'_, Vec<(Job, i64)>>;
    /// Says that a job was done, that it goes on at a cursor, and when it is due again.
    ///
    /// # Errors
    /// [`StoreError`](crate::StoreError) if the database does not answer within some seconds.
    fn done(&self, job: Job, cursor: i64, again_in: Duration) -> ReadResult<'_, ()>;
    /// Takes the deliveries of a webhook for a holder, or keeps them, for [`HELD_FOR`]. Returns whether they are the
    /// holder's now.
    ///
    /// # Errors
    /// [`StoreError`](crate::StoreError) if the database does not answer within some seconds.
    fn hold(&self, webhook: String, holder: u64) -> ReadResult<'_, bool>;
    /// Gives the deliveries of a webhook up, so that others need not wait.
    ///
    /// # Errors
    /// [`StoreError`](crate::StoreError) if the database does not answer within some seconds.
    fn give_up(&self, webhook: String, holder: u64) -> ReadResult<'_, ()>;
}
