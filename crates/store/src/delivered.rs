//! The position up to which a node has delivered what was committed, as its feed tells its writer.
//!
//! What must stay true: whoever advances it has delivered everything up to it, or is about to, before anything that the
//! writer hands on from then on.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use quintet_domain::MessageId;

/// The position up to which a node has delivered everything, whoever has committed it. A writer that catches up with
/// other nodes reads no entry up to it again. Clones share the position.
#[derive(Clone, Debug, Default)]
pub struct Delivered(Arc<Shared>);

/// What clones share.
#[derive(Debug, Default)]
struct Shared {
    position: AtomicU64,
    /// The newest message that was delivered at the end of something, by its position.
    message: Mutex<Option<(u64, MessageId)>>,
}

impl Delivered {
    /// The position; 0 where nothing is delivered but what the writer hands on.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.0.position.load(Ordering::Acquire)
    }

    /// Advances to a position. It never goes back.
    pub fn advance(&self, position: u64) {
        self.0.position.fetch_max(position, Ordering::AcqRel);
    }

    /// Notes the message that is delivered at a position, before it advances to that.
    pub fn note_message(&self, position: u64, message: &MessageId) {
        *self.0.message.lock().unwrap_or_else(PoisonError::into_inner) = Some((position, message.clone()));
    }

    /// The position, and the message that was delivered at it; `None` if that was something else.
    pub(crate) fn newest(&self) -> (u64, Option<MessageId>) {
        let message = self.0.message.lock().unwrap_or_else(PoisonError::into_inner);
        let position = self.position();
        (position, message.as_ref().filter(|(at, _)| *at == position).map(|(_, message)| message.clone()))
    }
}
