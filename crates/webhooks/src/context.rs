//! What the tasks of all webhooks share.

use quintet_outbound::Outbound;
use quintet_service::Service;

use crate::metrics::WebhookMetrics;

/// What all tasks share.
pub(crate) struct Context {
    pub(crate) service: Service,
    pub(crate) outbound: Outbound,
    pub(crate) metrics: WebhookMetrics,
    /// The identity of the data.
    pub(crate) identity: String,
    /// This process, among those over one database.
    pub(crate) holder: u64,
}
