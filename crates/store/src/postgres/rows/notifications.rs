//! Operations on the rows of notifications.
//!
//! What must stay true: a new notification is stored as not yet delivered.

use quintet_domain::{NotificationId, Timestamp};
use quintet_rules::rows::{NotificationRows, StoredNotification};
use quintet_rules::{RowResult, UserKey};
use tokio_postgres::Row;

use super::{Channel, Fetched, PostgresRows, limit_of};

fn with_user_at(row: &Row) -> Fetched<(NotificationId, UserKey)> {
    Ok((NotificationId::trusted(row.try_get::<_, &str>(0)?), UserKey(row.try_get(1)?)))
}

impl<C: Channel> NotificationRows for PostgresRows<C> {
    fn insert_notification(&mut self, row: &StoredNotification) -> RowResult<()> {
        let notification = &row.notification;
        self.run(
            "INSERT INTO notification (pk, id, user_pk, cause_pk, title, message, at, read_at, position)
             VALUES ((SELECT coalesce(max(pk), 0) + 1 FROM notification), $1, $2, $3, $4, $5, $6, $7, $8)",
            &[
                &notification.id.as_str(),
                &row.user.0,
                &row.cause.map(|cause| cause.0),
                &notification.title,
                &notification.message,
                &notification.timestamp.0,
                &notification.read_at.map(|at| at.0),
                &row.position.cast_signed(),
            ],
        )?;
        Ok(())
    }

    fn delete_oldest_notifications(&mut self, user: UserKey, count: usize) -> RowResult<()> {
        self.run(
            "DELETE FROM notification WHERE pk IN (
                 SELECT pk FROM notification WHERE user_pk = $1 ORDER BY pk LIMIT $2)",
            &[&user.0, &limit_of(count)],
        )?;
        Ok(())
    }

    fn read_notifications(&mut self, user: UserKey, at: Timestamp) -> RowResult<()> {
        self.run("UPDATE notification SET read_at = $2 WHERE user_pk = $1 AND read_at IS NULL", &[&user.0, &at.0])?;
        Ok(())
    }

    fn mark_notification_delivered(&mut self, id: &NotificationId) -> RowResult<()> {
        self.run("UPDATE notification SET delivered = true WHERE id = $1", &[&id.as_str()])?;
        Ok(())
    }

    fn notifications_about(&self, user: UserKey, limit: usize) -> RowResult<Vec<(NotificationId, UserKey)>> {
        self.list(
            "SELECT id, user_pk FROM notification WHERE user_pk = $1 OR cause_pk = $1 LIMIT $2",
            &[&user.0, &limit_of(limit)],
            with_user_at,
        )
    }

    fn notifications_read_before(&self, before: Timestamp, limit: usize) -> RowResult<Vec<(NotificationId, UserKey)>> {
        self.list(
            "SELECT id, user_pk FROM notification WHERE read_at IS NOT NULL AND read_at < $1
             ORDER BY read_at LIMIT $2",
            &[&before.0, &limit_of(limit)],
            with_user_at,
        )
    }

    fn delete_notification(&mut self, id: &NotificationId) -> RowResult<()> {
        self.run("DELETE FROM notification WHERE id = $1", &[&id.as_str()])?;
        Ok(())
    }
}
