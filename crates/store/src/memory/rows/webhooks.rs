//! Tables of webhooks and of their deliveries, and the operations on them.
//!
//! What must stay true: the deliveries of a webhook are numbered in the order in which they were added.

use quintet_domain::{Webhook, WebhookDelivery};
use quintet_rules::RowResult;
use quintet_rules::rows::WebhookRows;

use crate::memory::data::Data;

impl Data {
    /// The deliveries to a webhook with their numbers, the oldest first.
    fn delivered_to(&self, id: &str) -> impl DoubleEndedIterator<Item = (u64, &WebhookDelivery)> {
        let all = (id.to_owned(), 0)..=(id.to_owned(), u64::MAX);
        self.webhooks.deliveries.range(all).map(|((_, number), delivery)| (*number, delivery))
    }

    fn remove_deliveries(&mut self, id: &str, numbers: &[u64]) {
        for number in numbers {
            self.webhooks.deliveries.remove(&(id.to_owned(), *number));
        }
    }
}

impl WebhookRows for Data {
    fn webhooks(&self) -> RowResult<Vec<Webhook>> {
        Ok(self.webhooks.rows.iter().map(|(_, row)| row.clone()).collect())
    }

    fn webhook(&self, id: &str) -> RowResult<Option<Webhook>> {
        Ok(self.webhooks.rows.get(id).cloned())
    }

    fn put_webhook(&mut self, row: &Webhook) -> RowResult<()> {
        self.webhooks.rows.insert(row.id.clone(), row.clone());
        Ok(())
    }

    fn delete_webhook(&mut self, id: &str) -> RowResult<()> {
        let numbers: Vec<u64> = self.delivered_to(id).map(|(number, _)| number).collect();
        self.remove_deliveries(id, &numbers);
        self.webhooks.rows.remove(id);
        Ok(())
    }

    fn webhook_deliveries(&self, id: &str, limit: usize) -> RowResult<Vec<WebhookDelivery>> {
        Ok(self.delivered_to(id).rev().take(limit).map(|(_, delivery)| delivery.clone()).collect())
    }

    fn add_webhook_deliveries(&mut self, id: &str, new: &[WebhookDelivery], kept: usize) -> RowResult<()> {
        let mut newest = self.delivered_to(id).next_back().map_or(0, |(number, _)| number);
        for delivery in new {
            newest += 1;
            self.webhooks.deliveries.insert((id.to_owned(), newest), delivery.clone());
        }
        let numbers: Vec<u64> = self.delivered_to(id).rev().skip(kept).map(|(number, _)| number).collect();
        self.remove_deliveries(id, &numbers);
        Ok(())
    }
}
