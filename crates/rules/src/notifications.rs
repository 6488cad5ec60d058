//! Rules that create, deliver, read and remove notifications.
//!
//! What must stay true: the count of a user's notifications changes with every one that is added or removed. A
//! notification whose text names another user is removed when that user is erased.

use std::collections::BTreeMap;
use std::sync::Arc;

use quintet_domain::limits::NOTIFICATIONS_KEPT_MAX;
use quintet_domain::{Notification, NotificationId, NotifyUser, UserId};

use crate::ledger::Cost;
use crate::log::Change;
use crate::rows::{StoredNotification, UserCounts, UserRow};
use crate::transaction::{About, Transaction};
use crate::{RuleResult, UserKey};

/// Maximum number of notifications of one user that are removed at once; an earlier version kept more than this one
/// does.
const REMOVED_AT_ONCE: i64 = 50;

/// Maximum number of notifications about a user that one statement reads.
const FOUND_AT_ONCE: usize = 500;

fn count(notifications: i64) -> UserCounts {
    UserCounts { notifications, ..UserCounts::default() }
}

/// Sends a registered user a notification.
pub(crate) fn notify_user(tx: &mut Transaction<'_>, write: &NotifyUser) -> RuleResult<Arc<Notification>> {
    let user = tx.registered(&write.user)?;
    notify(tx, &user, None, &write.title, &write.message)
}

/// Sends a user a notification. `cause` is the user whom the text names, so that it is removed with that user.
pub(crate) fn notify(
    tx: &mut Transaction<'_>,
    user: &UserRow,
    cause: Option<UserKey>,
    title: &str,
    message: &str,
) -> RuleResult<Arc<Notification>> {
    let notification = Arc::new(Notification {
        id: NotificationId::trusted(&tx.new_id()),
        title: title.to_owned(),
        message: message.to_owned(),
        timestamp: tx.now,
        read_at: None,
    });
    let change = Change::Notified { user: (user.key, user.user.id.clone()), notification: Arc::clone(&notification) };
    tx.record(&change, About::default(), None)?;
    let position = tx.position();
    let row = StoredNotification { user: user.key, cause, position, notification: Arc::clone(&notification) };
    tx.notifications().insert_notification(&row)?;
    tx.charge(Cost::Rows, 1);
    let kept = tx.user_details().add_user_counts(user.key, count(1))?.notifications;
    let excess = excess(kept);
    if let Ok(removed @ 1..) = usize::try_from(excess) {
        tx.notifications().delete_oldest_notifications(user.key, removed)?;
        tx.user_details().add_user_counts(user.key, count(-excess))?;
    }
    Ok(notification)
}

/// The number of oldest notifications that are removed now from a user that has `kept`.
fn excess(kept: i64) -> i64 {
    (kept - NOTIFICATIONS_KEPT_MAX).clamp(0, REMOVED_AT_ONCE)
}

/// Marks all notifications of a user as read.
pub(crate) fn mark_read(tx: &mut Transaction<'_>, user: &UserId) -> RuleResult<()> {
    let (user, now) = (tx.user(user)?, tx.now);
    Ok(tx.notifications().read_notifications(user.key, now)?)
}

/// Records that notifications were delivered to a connection.
pub(crate) fn mark_delivered(tx: &mut Transaction<'_>, notifications: &[NotificationId]) -> RuleResult<()> {
    for id in notifications {
        tx.notifications().mark_notification_delivered(id)?;
    }
    Ok(())
}

/// Removes the notifications of a user, and those of others that name it.
pub(crate) fn delete_about(tx: &mut Transaction<'_>, user: UserKey) -> RuleResult<()> {
    loop {
        let found = tx.notifications().notifications_about(user, FOUND_AT_ONCE)?;
        remove(tx, &found)?;
        if found.len() < FOUND_AT_ONCE {
            return Ok(());
        }
    }
}

/// Removes notifications, each given with the user who was notified.
pub(crate) fn remove(tx: &mut Transaction<'_>, found: &[(NotificationId, UserKey)]) -> RuleResult<()> {
    for (id, _) in found {
        tx.notifications().delete_notification(id)?;
    }
    for (user, removed) in counted(found) {
        tx.user_details().add_user_counts(user, count(-removed))?;
    }
    Ok(())
}

/// The number of these notifications by user.
fn counted(found: &[(NotificationId, UserKey)]) -> BTreeMap<UserKey, i64> {
    let mut counts = BTreeMap::new();
    for (_, user) in found {
        *counts.entry(*user).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_removed_some_at_a_time() {
        let most = NOTIFICATIONS_KEPT_MAX;
        for (kept, removed) in [(0, 0), (most, 0), (most + 1, 1), (most + 50, 50), (most * 2, REMOVED_AT_ONCE)] {
            assert_eq!(excess(kept), removed, "{kept}");
        }
    }

    #[test]
    fn counts_are_of_those_who_were_notified() {
        let id = NotificationId::trusted;
        let found = [(id("a"), UserKey(2)), (id("b"), UserKey(1)), (id("c"), UserKey(2))];
        assert_eq!(counted(&found).into_iter().collect::<Vec<_>>(), [(UserKey(1), 1), (UserKey(2), 2)]);
    }
}
