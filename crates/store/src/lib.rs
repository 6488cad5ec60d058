//! Durable state: one writer that commits in groups, and a pool of readers.
//!
//! What lives here: the trait [`Store`], its implementations on SQLite, on PostgreSQL and in memory, the migrations, and all SQL of
//! Quintet. What does not: decisions. Who may do what is decided by the rules of `quintet_rules`, inside each write;
//! who receives what is decided by the gateway's hub.
//!
//! What must stay true: the guarantees of [`Store`].

mod audit;
mod blocks;
mod contact_requests;
mod copy;
mod delivered;
mod error;
mod future;
mod invitation_columns;
mod invitation_reads;
mod jobs;
mod key_lists;
mod login_sessions;
mod marks;
mod members;
mod memory;
mod message_ids;
mod migrated;
mod model;
mod node_files;
mod page;
mod party;
mod postgres;
mod push;
mod readers;
mod reports;
mod restrictions;
mod seldom;
mod shared_counts;
mod shown_reactions;
mod sqlite;
mod store;
mod webhook_columns;
mod webhooks;
mod writer;

pub use copy::{Copied, CopyError, CopyProgress, Place, copy};
pub use delivered::Delivered;
pub use error::{BackupError, OpenError, StoreError};
pub use jobs::{HELD_FOR, Job, Jobs};
pub use login_sessions::{LoginSessionReads, TokenHolder};
pub use members::MemberReads;
pub use memory::{MemoryDisk, MemoryStore, MemoryWriter};
pub use migrated::Migrated;
pub use model::*;
pub use node_files::NodeFiles;
pub use party::Party;
pub use postgres::{
    ChannelError, Clock, DatabaseFacts, FreshNode, Heartbeat, InstallationKey, NODE_FRESH_FOR, NOTIFICATION_BYTES_MAX,
    PostgresChannel, PostgresStore, PostgresTarget, examine_database,
};
pub use push::PushReads;
pub use quintet_rules::MessageKey;
pub use quintet_rules::log::{LogPage, MissedSince, Replayed, Told};
pub use quintet_rules::push::{PushAbout, PushCandidate, PushContent, PushNotice, PushStep};
pub use quintet_rules::rows::PushSubscriptionRow;
pub use quintet_rules::threads::Thread;
pub use reports::ReportReads;
pub use restrictions::ModerationReads;
pub use seldom::Seldom;
pub use shared_counts::{SharedCounts, SharedRate};
pub use sqlite::{Location, SqliteStore};
pub use store::{Future, Group, Missed, OnCommit, ReadResult, ReplyTo, Store, WriteTrace};
pub use writer::{AddQueued, Begun, Committer, Database, QueuedTrace, Submission};
