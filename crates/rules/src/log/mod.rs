//! The log: everything that happened, as a closed list, so that a client that reconnects receives what it missed.
//!
//! A rule makes a [`Change`], which holds the rows that it is about. The event that is delivered live and the
//! [`ChangeRecord`] that is stored are both made from it. For a replay the record is read back, the rows that it refers
//! to are looked up, and the same function makes the event from them.
//!
//! What must stay true: every event of a commit is made by [`Change::event`]; every version decodes the records of all
//! earlier versions.

mod budget;
mod catch_up;
mod change;
mod departed;
mod missed;
mod missed_overviews;
mod missed_reactions;
mod own;
mod receivable;
mod record;
mod replay;
mod told;
mod version;

pub use catch_up::{CatchUpRows, Logged, Told, entries_between};
pub use change::Change;
pub use missed::{MissedChange, MissedKind, ReplayRows};
pub use record::{ChangeRecord, ReadSpan};
pub use replay::{MissedSince, Replayed, replay_since};
pub use told::{LogPage, page_after};
pub use version::{LOG_VERSION, LogError};
