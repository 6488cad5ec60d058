//! Operations on the rows of webhooks and of their deliveries.
//!
//! What must stay true: the deliveries of a webhook are numbered in the order in which they were added.

use std::ops::Deref;

use quintet_domain::{ModelEventType, Timestamp, Webhook, WebhookDelivery, WebhookFilter, WebhookSecret};
use quintet_rules::RowResult;
use quintet_rules::rows::WebhookRows;
use rusqlite::{Connection, Row, params};

use super::{SqliteRows, limit_of, parsed};
use crate::webhook_columns::{conversations_read, conversations_written, kinds_read, kinds_written, webhook_columns};

fn webhook_at(row: &Row<'_>) -> rusqlite::Result<Webhook> {
    Ok(Webhook {
        id: row.get(0)?,
        url: row.get(1)?,
        secret: WebhookSecret(row.get(2)?),
        description: row.get(3)?,
        filter: WebhookFilter {
            kinds: parsed(row, 4, kinds_read)?,
            conversations: parsed(row, 5, conversations_read)?,
            personal: row.get(12)?,
        },
        enabled: row.get(6)?,
        disabled_because: row.get(7)?,
        created_at: Timestamp(row.get(8)?),
        position: row.get::<_, i64>(9)?.cast_unsigned(),
        turn: row.get::<_, i64>(10)?.cast_unsigned(),
        failing_since: row.get::<_, Option<i64>>(11)?.map(Timestamp),
    })
}

fn delivery_at(row: &Row<'_>) -> rusqlite::Result<WebhookDelivery> {
    Ok(WebhookDelivery {
        position: row.get::<_, i64>(0)?.cast_unsigned(),
        kind: parsed(row, 1, ModelEventType::parse)?,
        attempt: row.get(2)?,
        at: Timestamp(row.get(3)?),
        took_ms: row.get::<_, i64>(4)?.cast_unsigned(),
        status: row.get(5)?,
        delivered: row.get(6)?,
        problem: row.get(7)?,
    })
}

impl<C: Deref<Target = Connection>> WebhookRows for SqliteRows<C> {
    fn webhooks(&self) -> RowResult<Vec<Webhook>> {
        self.list(concat!("SELECT ", webhook_columns!(), " FROM webhook w ORDER BY w.id"), [], webhook_at)
    }

    fn webhook(&self, id: &str) -> RowResult<Option<Webhook>> {
        self.find(concat!("SELECT ", webhook_columns!(), " FROM webhook w WHERE w.id = ?1"), [id], webhook_at)
    }

    fn put_webhook(&mut self, row: &Webhook) -> RowResult<()> {
        self.run(
            "INSERT OR REPLACE INTO webhook (id, url, secret, description, kinds, conversations, enabled,
                 disabled_because, created_at, position, turn, failing_since, personal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            params![
                row.id,
                row.url,
                row.secret.0,
                row.description,
                kinds_written(&row.filter.kinds),
                conversations_written(&row.filter.conversations),
                row.enabled,
                row.disabled_because,
                row.created_at.0,
                row.position.cast_signed(),
                row.turn.cast_signed(),
                row.failing_since.map(|since| since.0),
                row.filter.personal,
            ],
        )?;
        Ok(())
    }

    fn delete_webhook(&mut self, id: &str) -> RowResult<()> {
        self.run("DELETE FROM webhook_delivery WHERE webhook_id = ?1", [id])?;
        self.run("DELETE FROM webhook WHERE id = ?1", [id])?;
        Ok(())
    }

    fn webhook_deliveries(&self, id: &str, limit: usize) -> RowResult<Vec<WebhookDelivery>> {
        self.list(
            "SELECT position, kind, attempt, at, took_ms, status, delivered, problem FROM webhook_delivery
             WHERE webhook_id = ?1 ORDER BY number DESC LIMIT ?2",
            params![id, limit_of(limit)],
            delivery_at,
        )
    }

    fn add_webhook_deliveries(&mut self, id: &str, new: &[WebhookDelivery], kept: usize) -> RowResult<()> {
        for delivery in new {
            self.run(
                "INSERT INTO webhook_delivery (webhook_id, number, position, kind, attempt, at, took_ms, status,
                     delivered, problem)
                 VALUES (?1, (SELECT coalesce(max(number), 0) + 1 FROM webhook_delivery WHERE webhook_id = ?1),
                     ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    id,
                    delivery.position.cast_signed(),
                    delivery.kind.as_str(),
                    delivery.attempt,
                    delivery.at.0,
                    delivery.took_ms.cast_signed(),
                    delivery.status,
                    delivery.delivered,
                    delivery.problem,
                ],
            )?;
        }
        self.run(
            "DELETE FROM webhook_delivery WHERE webhook_id = ?1 AND number <=
                 (SELECT max(number) - ?2 FROM webhook_delivery WHERE webhook_id = ?1)",
            params![id, limit_of(kept)],
        )?;
        Ok(())
    }
}
