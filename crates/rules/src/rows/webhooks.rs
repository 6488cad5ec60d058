//! Rows of webhooks and of what was delivered to them, and the operations on them.
//!
//! What must stay true: deleting a webhook deletes what is kept of its deliveries.

use quintet_domain::{Webhook, WebhookDelivery};

use crate::RowResult;

/// Operations on the rows of webhooks.
pub trait WebhookRows {
    /// All webhooks, by their ids.
    fn webhooks(&self) -> RowResult<Vec<Webhook>>;
    /// A webhook by its id.
    fn webhook(&self, id: &str) -> RowResult<Option<Webhook>>;
    /// Inserts a webhook, or replaces it.
    fn put_webhook(&mut self, row: &Webhook) -> RowResult<()>;
    /// Deletes a webhook, with its deliveries.
    fn delete_webhook(&mut self, id: &str) -> RowResult<()>;
    /// The newest deliveries to a webhook, the newest first.
    fn webhook_deliveries(&self, id: &str, limit: usize) -> RowResult<Vec<WebhookDelivery>>;
    /// Adds deliveries to a webhook, the oldest first, and deletes the oldest ones beyond `kept`.
    fn add_webhook_deliveries(&mut self, id: &str, new: &[WebhookDelivery], kept: usize) -> RowResult<()>;
}
