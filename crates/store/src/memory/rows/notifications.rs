//! Tables of notifications, and the operations on them.
//!
//! What must stay true: each index holds exactly the notifications that its documentation names.

use std::sync::Arc;

use quintet_domain::{Notification, NotificationId, Timestamp};
use quintet_rules::rows::{NotificationRows, StoredNotification};
use quintet_rules::{NotificationKey, RowResult, UserKey};

use crate::NotificationRow;
use crate::memory::data::{Data, check_unique, move_entry, move_unique, next_key};
use crate::memory::table::Index;
use crate::memory::tables::KeptNotification;

/// The parts of a notification that indexes contain.
#[derive(Default)]
struct Indexed {
    id: Option<NotificationId>,
    user: Option<(UserKey, NotificationKey)>,
    cause: Option<(UserKey, NotificationKey)>,
    pending: Option<(UserKey, NotificationKey)>,
    unread: Option<(UserKey, NotificationKey)>,
    position: Option<(UserKey, u64, NotificationKey)>,
    read: Option<(Timestamp, NotificationKey)>,
}

impl Indexed {
    fn of(key: NotificationKey, row: &KeptNotification) -> Self {
        let (stored, notification) = (&row.stored, &row.stored.notification);
        Self {
            id: Some(notification.id.clone()),
            user: Some((stored.user, key)),
            cause: stored.cause.map(|cause| (cause, key)),
            pending: (!row.delivered).then_some((stored.user, key)),
            unread: notification.read_at.is_none().then_some((stored.user, key)),
            position: Some((stored.user, stored.position, key)),
            read: notification.read_at.map(|at| (at, key)),
        }
    }
}

/// A notification with its number, as lists contain it.
pub(in crate::memory) fn numbered(key: NotificationKey, row: &KeptNotification) -> NotificationRow {
    NotificationRow { number: key.0, notification: Arc::clone(&row.stored.notification) }
}

/// The entries of a user in an index, by the keys of the notifications.
fn entries(
    index: &Index<(UserKey, NotificationKey)>,
    user: UserKey,
) -> impl DoubleEndedIterator<Item = NotificationKey> {
    let all = (user, NotificationKey(i64::MIN))..=(user, NotificationKey(i64::MAX));
    index.range(all).map(|((_, key), ())| *key)
}

impl Data {
    fn put_notification(&mut self, key: NotificationKey, new: Option<KeptNotification>) -> RowResult<()> {
        let tables = &mut self.notifications;
        let old = tables.rows.get(&key).map(|row| Indexed::of(key, row)).unwrap_or_default();
        let fresh = new.as_ref().map(|row| Indexed::of(key, row)).unwrap_or_default();
        check_unique(&tables.by_id, old.id.as_ref(), fresh.id.as_ref(), "notification id")?;
        move_unique(&mut tables.by_id, old.id, fresh.id, key);
        move_entry(&mut tables.by_user, old.user, fresh.user);
        move_entry(&mut tables.by_cause, old.cause, fresh.cause);
        move_entry(&mut tables.pending, old.pending, fresh.pending);
        move_entry(&mut tables.unread, old.unread, fresh.unread);
        move_entry(&mut tables.by_position, old.position, fresh.position);
        move_entry(&mut tables.read, old.read, fresh.read);
        match new {
            Some(row) => tables.rows.insert(key, row),
            None => drop(tables.rows.remove(&key)),
        }
        Ok(())
    }

    /// The notifications of a user, by their keys.
    pub(in crate::memory) fn notifications_of(
        &self,
        user: UserKey,
    ) -> impl DoubleEndedIterator<Item = (NotificationKey, &KeptNotification)> {
        let own = entries(&self.notifications.by_user, user);
        own.filter_map(|key| Some((key, self.notifications.rows.get(&key)?)))
    }

    /// The notifications of a user that were not delivered, by their keys.
    pub(in crate::memory) fn pending_notifications_of(
        &self,
        user: UserKey,
    ) -> impl Iterator<Item = (NotificationKey, &KeptNotification)> {
        let pending = entries(&self.notifications.pending, user);
        pending.filter_map(|key| Some((key, self.notifications.rows.get(&key)?)))
    }

    /// The notifications of a user after a position, in the order of their positions.
    pub(super) fn notifications_behind(
        &self,
        user: UserKey,
        position: u64,
    ) -> impl Iterator<Item = &StoredNotification> {
        let from = (user, position.saturating_add(1), NotificationKey(i64::MIN));
        let newer = self.notifications.by_position.range(from..).take_while(move |((of, ..), ())| *of == user);
        newer.filter_map(|((.., key), ())| self.notifications.rows.get(key).map(|row| &row.stored))
    }

    /// Whether a user has a notification, or one names the user.
    pub(super) fn is_in_notifications(&self, user: UserKey) -> bool {
        entries(&self.notifications.by_user, user).next().is_some()
            || entries(&self.notifications.by_cause, user).next().is_some()
    }

    fn id_and_user(&self, key: NotificationKey) -> Option<(NotificationId, UserKey)> {
        self.notifications.rows.get(&key).map(|row| (row.stored.notification.id.clone(), row.stored.user))
    }
}

impl NotificationRows for Data {
    fn insert_notification(&mut self, row: &StoredNotification) -> RowResult<()> {
        self.user_named(row.user)?;
        let key = NotificationKey(next_key(self.notifications.rows.last_key().map(|key| key.0)));
        self.put_notification(key, Some(KeptNotification { stored: row.clone(), delivered: false }))
    }

    fn delete_oldest_notifications(&mut self, user: UserKey, count: usize) -> RowResult<()> {
        let oldest: Vec<NotificationKey> = entries(&self.notifications.by_user, user).take(count).collect();
        oldest.into_iter().try_for_each(|key| self.put_notification(key, None))
    }

    fn read_notifications(&mut self, user: UserKey, at: Timestamp) -> RowResult<()> {
        let unread: Vec<NotificationKey> = entries(&self.notifications.unread, user).collect();
        for key in unread {
            let Some(mut row) = self.notifications.rows.get(&key).cloned() else { continue };
            let read = Notification { read_at: Some(at), ..Notification::clone(&row.stored.notification) };
            row.stored.notification = Arc::new(read);
            self.put_notification(key, Some(row))?;
        }
        Ok(())
    }

    fn mark_notification_delivered(&mut self, id: &NotificationId) -> RowResult<()> {
        let Some(key) = self.notifications.by_id.get(id).copied() else { return Ok(()) };
        let Some(row) = self.notifications.rows.get(&key).cloned() else { return Ok(()) };
        self.put_notification(key, Some(KeptNotification { delivered: true, ..row }))
    }

    fn notifications_about(&self, user: UserKey, limit: usize) -> RowResult<Vec<(NotificationId, UserKey)>> {
        let own = entries(&self.notifications.by_user, user);
        let others = entries(&self.notifications.by_cause, user).filter(|key| {
            // A notification that belongs to the user as well is listed once.
            self.notifications.rows.get(key).is_some_and(|row| row.stored.user != user)
        });
        Ok(own.chain(others).filter_map(|key| self.id_and_user(key)).take(limit).collect())
    }

    fn notifications_read_before(&self, before: Timestamp, limit: usize) -> RowResult<Vec<(NotificationId, UserKey)>> {
        let old = self.notifications.read.range(..(before, NotificationKey(i64::MIN)));
        Ok(old.filter_map(|((_, key), ())| self.id_and_user(*key)).take(limit).collect())
    }

    fn delete_notification(&mut self, id: &NotificationId) -> RowResult<()> {
        match self.notifications.by_id.get(id).copied() {
            Some(key) => self.put_notification(key, None),
            None => Ok(()),
        }
    }
}
