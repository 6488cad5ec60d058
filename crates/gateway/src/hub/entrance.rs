//! How the task of a connection learns that the connection is attached.

use std::sync::Arc;

use quintet_domain::Refusal;
use quintet_service::EventRate;
use tokio::sync::oneshot;

/// The result of attaching a connection: the rate that it shares with the others of its user.
pub(crate) type Attached = Result<Arc<EventRate>, Refusal>;

/// Tells the task of a connection that it is attached, with the rate that it shares.
pub(super) struct Entrance {
    /// The way to the task that waits.
    pub(super) reply: oneshot::Sender<Attached>,
    /// The rate of the connection's user.
    pub(super) rate: Arc<EventRate>,
}
