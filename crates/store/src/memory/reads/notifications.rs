//! Notifications of a user: a page, and those that are pending.
//!
//! What must stay true: both are reads of one user's notifications only.

use std::sync::Arc;

use quintet_domain::UserId;
use quintet_domain::limits::NOTIFICATIONS_RESENT_MAX;
use quintet_rules::rows::LogRows;

use super::find_user;
use crate::error::Read;
use crate::memory::data::Data;
use crate::memory::rows::numbered;
use crate::page::before_key;
use crate::{NotificationRow, Page, PendingNotifications};

/// The user's notifications, newest first.
pub(in crate::memory) fn list(
    data: &Data,
    user: &UserId,
    before: Option<&str>,
    limit: u32,
) -> Read<Page<NotificationRow>> {
    let (before, limit) = (before_key(before)?, limit as usize);
    let Some(user) = find_user(data, user) else { return Ok(Page { items: Vec::new(), next: None }) };
    let older = data.notifications_of(user.key).rev().filter(|(key, _)| key.0 < before);
    let mut items: Vec<NotificationRow> =
        older.take(limit.saturating_add(1)).map(|(key, row)| numbered(key, row)).collect();
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|item| item.number.to_string());
    Ok(Page { items, next })
}

/// Notifications that were not sent to any connection whose dialect is decided, oldest first.
pub(in crate::memory) fn pending(data: &Data, user: &UserId) -> Read<PendingNotifications> {
    let position = data.newest_position()?;
    let Some(user) = find_user(data, user) else {
        return Ok(PendingNotifications { position, notifications: Vec::new() });
    };
    let pending = data.pending_notifications_of(user.key).take(NOTIFICATIONS_RESENT_MAX as usize);
    let notifications = pending.map(|(_, row)| Arc::clone(&row.stored.notification)).collect();
    Ok(PendingNotifications { position, notifications })
}
