//! Reads of notifications: a page of a user's, and those that are pending.
//!
//! What must stay true: both are reads of one user's notifications only.

use quintet_domain::limits::NOTIFICATIONS_RESENT_MAX;
use quintet_domain::{Refusal, UserId};
use quintet_rules::UserKey;
use quintet_rules::rows::{LogRows, UserRows};
use rusqlite::{Connection, params};

use super::rows::{SqliteRows, notification_at, notification_columns};
use crate::error::Read;
use crate::{NotificationRow, Page, PendingNotifications};

/// A page of a user's notifications, newest first.
pub(super) fn list(conn: &Connection, user: &UserId, cursor: Option<&str>, limit: u32) -> Read<Page<NotificationRow>> {
    let before: i64 = match cursor {
        None => i64::MAX,
        Some(cursor) => {
            cursor.parse().map_err(|_| Refusal::invalid("cursor", "must be the `next` of an earlier page"))?
        }
    };
    let mut items: Vec<NotificationRow> = conn
        .prepare_cached(concat!(
            "SELECT ",
            notification_columns!(),
            " FROM notification n JOIN user u ON u.pk = n.user_pk
             WHERE u.id = ?1 AND n.pk < ?2 ORDER BY n.pk DESC LIMIT ?3"
        ))?
        .query_map(params![user.as_str(), before, i64::from(limit) + 1], |row| {
            let (number, notification) = notification_at(row)?;
            Ok(NotificationRow { number, notification })
        })?
        .collect::<Result<_, _>>()?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = more.then(|| items.last().map(|item| item.number.to_string())).flatten();
    Ok(Page { items, next })
}

/// Notifications that were not sent to any connection whose dialect is decided, oldest first.
pub(super) fn pending(conn: &Connection, user: &UserId) -> Read<PendingNotifications> {
    let rows = SqliteRows(conn);
    pending_of(conn, rows.newest_position()?, rows.user(user)?.map(|user| user.key))
}

/// The pending notifications of the user with a key, read at a position; none without a key.
pub(super) fn pending_of(conn: &Connection, position: u64, user: Option<UserKey>) -> Read<PendingNotifications> {
    let Some(user) = user else { return Ok(PendingNotifications { position, notifications: Vec::new() }) };
    let notifications = conn
        .prepare_cached(concat!(
            "SELECT ",
            notification_columns!(),
            " FROM notification n WHERE n.user_pk = ?1 AND n.delivered = 0 ORDER BY n.pk LIMIT ?2"
        ))?
        .query_map(params![user.0, NOTIFICATIONS_RESENT_MAX], |row| Ok(notification_at(row)?.1))?
        .collect::<Result<_, _>>()?;
    Ok(PendingNotifications { position, notifications })
}
