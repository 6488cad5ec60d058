//! The clock by which writes are dated.
//!
//! What must stay true: with the clock of the database, times never fall within a conversation, whichever node writes.

/// The clock by which writes are dated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The clock of the database, which all nodes share, and which is never set back between two groups.
    Database,
    /// The clock that is passed in, for tests.
    Environment,
}
