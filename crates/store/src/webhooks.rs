//! Reads about webhooks, as every store does them.

use quintet_domain::WebhookDelivery;
use quintet_rules::rows::WebhookRows;

use crate::StoreError;

/// The newest attempts to deliver something to a webhook; `None` if there is no such webhook.
pub(crate) fn deliveries(
    rows: &dyn WebhookRows,
    id: &str,
    limit: u32,
) -> Result<Option<Vec<WebhookDelivery>>, StoreError> {
    if rows.webhook(id)?.is_none() {
        return Ok(None);
    }
    Ok(Some(rows.webhook_deliveries(id, limit as usize)?))
}
