//! The log: everything that happened, as a closed list, so that a client that comes back hears what it missed.
//!
//! A rule makes a [`Change`], which holds the rows that it is about. From it come the event that is delivered live and
//! the [`ChangeRecord`] that is stored. After a loss the record is read back, the rows that it names are looked up, and
//! the same function makes the event from them.
//!
//! What must stay true: there is no other way to an event of a commit than [`Change::event`]; a record is decoded by
//! every version that comes after the one that encoded it.

mod change;
mod record;
mod replay;

pub use change::{Change, ReadSpan};
pub use record::{ChangeRecord, LOG_VERSION, LogError};
pub use replay::{Heard, HeardChange, ReplayRows, Replayed, replay_since};
