//! Reads of notifications: a page of a user's, and those that are pending.
//!
//! What must stay true: both are reads of one user's notifications only.

use quintet_domain::UserId;
use quintet_domain::limits::NOTIFICATIONS_RESENT_MAX;
use quintet_rules::UserKey;
use quintet_rules::rows::{LogRows, UserRows};
use tokio_postgres::Row;

use super::reader::ReadLink;

use super::error::Fetched;
use super::rows::{Channel, PostgresRows, notification_at, notification_columns};
use crate::error::Read;
use crate::page::before_key;
use crate::{NotificationRow, Page, PendingNotifications};

/// A page of a user's notifications, newest first.
pub(super) fn list(conn: &ReadLink, user: &UserId, cursor: Option<&str>, limit: u32) -> Read<Page<NotificationRow>> {
    let before = before_key(cursor)?;
    let sql = concat!(
        "SELECT ",
        notification_columns!(),
        " FROM notification n JOIN chat_user u ON u.pk = n.user_pk
         WHERE u.id = $1 AND n.pk < $2 ORDER BY n.pk DESC LIMIT $3"
    );
    let row = |row: &Row| {
        let (number, notification) = notification_at(row)?;
        Ok(NotificationRow { number, notification })
    };
    let found = conn.read(sql, &[&user.as_str(), &before, &(i64::from(limit) + 1)])?;
    let mut items: Vec<NotificationRow> = found.iter().map(row).collect::<Fetched<_>>()?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = more.then(|| items.last().map(|item| item.number.to_string())).flatten();
    Ok(Page { items, next })
}

/// Notifications that were not sent to any connection whose dialect is decided, oldest first.
pub(super) fn pending(conn: &ReadLink, user: &UserId) -> Read<PendingNotifications> {
    let rows = PostgresRows(conn);
    pending_of(conn, rows.newest_position()?, rows.user(user)?.map(|user| user.key))
}

/// The pending notifications of the user with a key, read at a position; none without a key.
pub(super) fn pending_of(conn: &ReadLink, position: u64, user: Option<UserKey>) -> Read<PendingNotifications> {
    let Some(user) = user else { return Ok(PendingNotifications { position, notifications: Vec::new() }) };
    let sql = concat!(
        "SELECT ",
        notification_columns!(),
        " FROM notification n WHERE n.user_pk = $1 AND NOT n.delivered ORDER BY n.pk LIMIT $2"
    );
    let found = conn.read(sql, &[&user.0, &i64::from(NOTIFICATIONS_RESENT_MAX)])?;
    let notifications = found.iter().map(|row| Ok(notification_at(row)?.1)).collect::<Fetched<_>>()?;
    Ok(PendingNotifications { position, notifications })
}
