//! The seam to what carries messages between nodes.
//!
//! What must stay true: a wire never blocks whoever publishes, and keeps a bounded number of messages.

use bytes::Bytes;

/// Carries the messages of each node to all others, and to itself or not.
///
/// # Guarantees
/// None about delivery: messages may be lost, repeated, delayed and reordered. A wire that knows that it may have lost
/// messages, because its connection was lost or its queue was full, says so by [`WireEvent::Interrupted`].
pub trait Wire: Send + Sync + 'static {
    /// Sends a message to all nodes. Returns at once; the message is dropped if too many wait.
    fn publish(&self, message: Bytes);
    /// The size in bytes of the largest message that the wire carries.
    fn message_bytes_max(&self) -> usize;
}

/// What a wire receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WireEvent {
    /// A message of some node.
    Message(Bytes),
    /// Messages may have been lost: what they told must be asked for.
    Interrupted,
}
