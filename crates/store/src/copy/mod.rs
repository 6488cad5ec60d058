//! Copies an installation from one kind of database to the other, while no server uses either.
//!
//! What must stay true: ids, keys of rows, positions and the identity of the data stay as they are, so that clients go on
//! with the offsets and tokens that they have. A copy that did not end leaves a target that no server opens.

mod run;
pub(crate) mod seam;
pub(crate) mod tables;

pub use run::{Copied, CopyProgress, copy};
pub use seam::{CopyError, Place};
