//! The seam to what carries messages between nodes, and the wires: in memory, on PostgreSQL, and on Redis.
//!
//! What lives here: the seam. `memory.rs`, `postgres.rs` and `redis.rs` are the wires; the last two are kept up by
//! `kept.rs`, with bounded queues in both directions (`outbox.rs`, `inbox.rs`).
//!
//! What must stay true: a wire never blocks whoever publishes, and keeps a bounded number of messages and bytes.

mod inbox;
mod kept;
mod memory;
mod outbox;
mod postgres;
mod redis;

use bytes::Bytes;
use tokio::sync::mpsc;

pub use self::memory::{Fate, MemoryNetwork, Passage};
pub use self::postgres::postgres_wire;
pub use self::redis::{redis_round_trip, redis_wire};

/// Carries the messages of each node to all others, and to itself or not.
///
/// # Guarantees
/// None about delivery: messages may be lost, repeated, delayed and reordered. A wire that knows that it may have lost
/// messages, because its connection was lost or its queue was full, says so by [`WireEvent::Interrupted`].
pub trait Wire: Send + Sync + 'static {
    /// Sends a message to all nodes. Returns at once. If too many messages wait, the oldest of them are dropped; a message
    /// of more than [`Wire::message_bytes_max`] bytes is not sent.
    fn publish(&self, message: Bytes);
    /// The size in bytes of the largest message that the wire carries.
    fn message_bytes_max(&self) -> usize;
    /// Whether the wire receives what others publish now, as far as it knows.
    fn is_connected(&self) -> bool {
        true
    }
}

/// What a wire receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WireEvent {
    /// A message of some node.
    Message(Bytes),
    /// Messages may have been lost: what they told must be asked for. This comes each time that the wire begins to
    /// receive, the first time included, and after messages were dropped because the receiver was slow.
    Interrupted,
}

/// The receiving end of a wire. The wire ends when it is dropped.
pub type WireEvents = mpsc::Receiver<WireEvent>;

/// The reason for which a wire cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The URL of the server is not valid. The text does not contain the URL, which may have a password.
    #[error("the URL of the bus is not valid: {0}")]
    Url(String),
    /// The server cannot be reached, or refuses the connection.
    #[error("cannot use the bus {server}: {why}")]
    Server {
        /// The address of the server, without user and password.
        server: String,
        /// What the server or the operating system says.
        why: String,
    },
}

/// The name of the channel by which the nodes of an installation tell each other of one part of the order.
fn channel_name(identity: &str, part: u16) -> String {
    format!("quintet:{identity}:{part}")
}
