//! Notifications: told, listed, read.

use std::sync::Arc;

use quintet_domain::limits::{NOTIFICATIONS_KEPT_MAX, NOTIFICATIONS_RESENT_MAX};
use quintet_domain::{Event, Notification, NotificationId, Refusal, Timestamp, UserId};
use rusqlite::{Connection, Row, params};

use super::ledger::Cost;
use super::queries;
use super::rows::UserRow;
use super::tx::{About, Tx, Written};
use crate::{NotificationRow, Page, StoreError, Untold};

/// Notifications of one user that are removed at once, where an earlier version kept more of them.
const REMOVED_AT_ONCE: i64 = 50;

pub(super) const NOTIFICATION: &str = "n.pk, n.id, n.title, n.message, n.at, n.read_at";

pub(super) fn notification_at(row: &Row<'_>) -> rusqlite::Result<NotificationRow> {
    let notification = Notification {
        id: NotificationId::trusted(row.get_ref(1)?.as_str()?),
        title: row.get(2)?,
        message: row.get(3)?,
        timestamp: Timestamp(row.get(4)?),
        read_at: row.get::<_, Option<i64>>(5)?.map(Timestamp),
    };
    Ok(NotificationRow { number: row.get(0)?, notification: Arc::new(notification) })
}

pub(super) fn notify_user(tx: &mut Tx<'_>, user: &UserId, title: &str, message: &str) -> Written<Arc<Notification>> {
    let user = tx.registered(user)?;
    notify(tx, &user, None, title, message)
}

/// `cause` is whom the words name, so that they go when that one does.
pub(super) fn notify(
    tx: &mut Tx<'_>,
    user: &UserRow,
    cause: Option<&UserRow>,
    title: &str,
    message: &str,
) -> Written<Arc<Notification>> {
    let notification = Arc::new(Notification {
        id: NotificationId::trusted(&tx.new_id()),
        title: title.to_owned(),
        message: message.to_owned(),
        timestamp: tx.now,
        read_at: None,
    });
    tx.conn
        .prepare_cached(
            "INSERT INTO notification (id, user_pk, title, message, at, cause_pk) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![notification.id.as_str(), user.pk, title, message, tx.now.0, cause.map(|cause| cause.pk)])?;
    let pk = tx.conn.last_insert_rowid();
    tx.charge(Cost::Rows, 1);
    keep_newest(tx, user)?;
    let about = About { actor: Some(user.pk), detail: Some(notification.id.as_str()), ..About::default() };
    let event = Event::Notified { user: user.user.id.clone(), notification: Arc::clone(&notification) };
    tx.record("notified", about, None, event)?;
    tx.conn.prepare_cached("UPDATE notification SET position = ?2 WHERE pk = ?1")?.execute([pk, tx.position as i64])?;
    Ok(notification)
}

/// Removes the oldest notifications of a user that has too many, some at a time.
fn keep_newest(tx: &Tx<'_>, user: &UserRow) -> Written<()> {
    let count: i64 = tx
        .conn
        .prepare_cached("SELECT notifications FROM user WHERE pk = ?1")?
        .query_row([user.pk], |row| row.get(0))?;
    let over = (count - NOTIFICATIONS_KEPT_MAX).clamp(0, REMOVED_AT_ONCE);
    if over > 0 {
        tx.conn
            .prepare_cached(
                "DELETE FROM notification WHERE pk IN (
                     SELECT pk FROM notification WHERE user_pk = ?1 ORDER BY pk LIMIT ?2)",
            )?
            .execute([user.pk, over])?;
    }
    Ok(())
}

pub(super) fn mark_read(tx: &mut Tx<'_>, user: &UserId) -> Written<()> {
    let user = tx.user(user)?;
    tx.conn
        .prepare_cached("UPDATE notification SET read_at = ?2 WHERE user_pk = ?1 AND read_at IS NULL")?
        .execute([user.pk, tx.now.0])?;
    Ok(())
}

pub(super) fn told(tx: &mut Tx<'_>, notifications: &[NotificationId]) -> Written<()> {
    let mut statement = tx.conn.prepare_cached("UPDATE notification SET told = 1 WHERE id = ?1")?;
    for id in notifications {
        statement.execute([id.as_str()])?;
    }
    Ok(())
}

pub(super) fn list(
    conn: &Connection,
    user: &UserId,
    cursor: Option<&str>,
    limit: u32,
) -> Result<Page<NotificationRow>, StoreError> {
    let before: i64 = match cursor {
        None => i64::MAX,
        Some(cursor) => {
            cursor.parse().map_err(|_| Refusal::invalid("cursor", "must be the `next` of an earlier page"))?
        }
    };
    let mut items: Vec<NotificationRow> = conn
        .prepare_cached(&format!(
            "SELECT {NOTIFICATION} FROM notification n JOIN user u ON u.pk = n.user_pk
             WHERE u.id = ?1 AND n.pk < ?2 ORDER BY n.pk DESC LIMIT ?3"
        ))?
        .query_map(params![user.as_str(), before, limit + 1], notification_at)?
        .collect::<Result<_, _>>()?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = more.then(|| items.last().map(|item| item.number.to_string())).flatten();
    Ok(Page { items, next })
}

pub(super) fn untold(conn: &Connection, user: &UserId) -> Result<Untold, StoreError> {
    let position = queries::position(conn)?;
    let notifications = conn
        .prepare_cached(&format!(
            "SELECT {NOTIFICATION} FROM notification n JOIN user u ON u.pk = n.user_pk
             WHERE u.id = ?1 AND n.told = 0 ORDER BY n.pk LIMIT ?2"
        ))?
        .query_map(params![user.as_str(), NOTIFICATIONS_RESENT_MAX], |row| Ok(notification_at(row)?.notification))?
        .collect::<Result<_, _>>()?;
    Ok(Untold { position, notifications })
}
