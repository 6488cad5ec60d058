//! The seam to what all nodes count together: log-ins and registrations.
//!
//! What must stay true: keys name nobody, because they are stored; the clock is that of the database, which all nodes share.

use crate::future::ReadResult;

/// A key whose events all nodes count together, at a rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedRate {
    /// The key, which names nobody.
    pub key: String,
    /// The average interval between events, in microseconds.
    pub interval_us: u64,
    /// The number of events that may come at once.
    pub burst: u64,
}

/// What all nodes count together. It may forget everything, such as after a crash of the database server.
pub trait SharedCounts: Send + Sync {
    /// Counts an event of each key, up to the first whose burst is used up. Returns the microseconds to wait for that one;
    /// `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError`](crate::StoreError) if the database does not answer within some seconds.
    fn admit(&self, rates: Vec<SharedRate>) -> ReadResult<'_, Option<u64>>;
    /// Counts an attempt to log in as a failure, unless earlier ones must be waited for. Returns the milliseconds to wait;
    /// `None` if the attempt may be made.
    ///
    /// # Errors
    /// [`StoreError`](crate::StoreError) if the database does not answer within some seconds.
    fn attempt(&self, key: String) -> ReadResult<'_, Option<u64>>;
    /// Forgets the failures of a key, because an attempt succeeded.
    ///
    /// # Errors
    /// [`StoreError`](crate::StoreError) if the database does not answer within some seconds.
    fn succeeded(&self, key: String) -> ReadResult<'_, ()>;
    /// Takes an attempt back that could not be checked.
    ///
    /// # Errors
    /// [`StoreError`](crate::StoreError) if the database does not answer within some seconds.
    fn uncount(&self, key: String) -> ReadResult<'_, ()>;
    /// Removes what does not count any more, and the older half where there is too much.
    ///
    /// # Errors
    /// [`StoreError`](crate::StoreError) if the database does not answer within some seconds.
    fn sweep(&self) -> ReadResult<'_, ()>;
}
