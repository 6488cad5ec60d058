//! Durable state: one writer that commits in groups, and a pool of readers.
//!
//! What lives here: the [`Store`] seam, its implementations on SQLite and in memory, the migrations; all SQL of Quintet.
//! What does not: who may ask (that is decided before, and once more, finally, inside the write, by the table in
//! `quintet_domain::permissions`), and who is told (that is the bus's and the gateway's).
//!
//! What must stay true: see the guarantees on [`Store`].

mod error;
mod memory;
mod model;
mod page;
mod party;
mod sqlite;
mod store;
mod writer;

pub use error::{OpenError, StoreError};
pub use memory::{MemoryDisk, MemoryStore, MemoryWriter};
pub use model::*;
pub use party::Party;
pub use quintet_rules::log::Replayed;
pub use sqlite::{Location, SqliteStore};
pub use store::{Future, Group, OnCommit, ReadResult, ReplyTo, Store};
pub use writer::{CaughtUp, Committer, Database, Submission};
