//! The reply to the task of a connection that waits to be attached.

use std::sync::Arc;

use quintet_domain::Refusal;
use quintet_service::EventRate;
use tokio::sync::oneshot;

/// The result of attaching a connection: the rate limit that it shares with the other connections of its user.
pub(crate) type Attached = Result<Arc<EventRate>, Refusal>;

/// Replies to the task of a connection once the connection is attached.
pub(super) struct AttachReply {
    /// The channel to the task that waits.
    pub(super) reply: oneshot::Sender<Attached>,
    /// The rate limit that all connections of the user share.
    pub(super) rate: Arc<EventRate>,
}
