//! Tables of browsers that messages are pushed to, and the operations on them.
//!
//! What must stay true: the index holds exactly the subscriptions of the table.

use std::sync::Arc;

use quintet_domain::{Notification, NotificationId, Timestamp, UserId};
use quintet_rules::log::ChangeRecord;
use quintet_rules::rows::{MemberRow, MessageRow, PushReach, PushRows, PushSubscriptionRow};
use quintet_rules::{ConversationKey, MessageKey, RowResult, UserKey};

use crate::memory::data::{Data, move_entry};

/// The entry of a subscription in the index.
fn entry(row: &PushSubscriptionRow) -> (UserKey, Timestamp, String) {
    (row.user, row.renewed_at, row.endpoint.clone())
}

impl Data {
    /// Deletes what there is of a user who is deleted.
    pub(super) fn delete_push_of(&mut self, user: UserKey) -> RowResult<()> {
        for row in self.push_subscriptions(user)? {
            self.delete_push_subscription(&row.endpoint)?;
        }
        self.delete_push_subscriber(user)
    }
}

impl PushRows for Data {
    fn push_subscriptions(&self, user: UserKey) -> RowResult<Vec<PushSubscriptionRow>> {
        let from = (user, Timestamp(i64::MIN), String::new());
        let own = self.push.by_user.range(from..).take_while(|((of, ..), ())| *of == user);
        Ok(own.filter_map(|((.., endpoint), ())| self.push.subscriptions.get(endpoint)).cloned().collect())
    }

    fn push_subscription(&self, endpoint: &str) -> RowResult<Option<PushSubscriptionRow>> {
        Ok(self.push.subscriptions.get(endpoint).cloned())
    }

    fn put_push_subscription(&mut self, row: &PushSubscriptionRow) -> RowResult<()> {
        self.user_named(row.user)?;
        let old = self.push.subscriptions.get(&row.endpoint).map(entry);
        move_entry(&mut self.push.by_user, old, Some(entry(row)));
        self.push.subscriptions.insert(row.endpoint.clone(), row.clone());
        Ok(())
    }

    fn delete_push_subscription(&mut self, endpoint: &str) -> RowResult<()> {
        let old = self.push.subscriptions.get(endpoint).map(entry);
        move_entry(&mut self.push.by_user, old, None);
        self.push.subscriptions.remove(endpoint);
        Ok(())
    }

    fn insert_push_subscriber(&mut self, user: UserKey) -> RowResult<()> {
        self.user_named(user)?;
        if !self.push.subscribers.contains(&user) {
            self.push.subscribers.insert(user, Timestamp(0));
        }
        Ok(())
    }

    fn delete_push_subscriber(&mut self, user: UserKey) -> RowResult<()> {
        self.push.subscribers.remove(&user);
        Ok(())
    }

    fn push_activity(&self, user: UserKey) -> RowResult<Option<Timestamp>> {
        Ok(self.push.subscribers.get(&user).copied())
    }

    fn set_push_activity(&mut self, users: &[(UserId, Timestamp)], everybody: bool) -> RowResult<()> {
        for (id, at) in users {
            let Some(user) = self.users.by_id.get(id).copied() else { continue };
            let is_news = self.push.subscribers.get(&user).map_or(everybody, |active_at| active_at < at);
            if is_news {
                self.push.subscribers.insert(user, *at);
            }
        }
        Ok(())
    }

    fn delete_idle_push_subscribers(&mut self) -> RowResult<()> {
        let all: Vec<UserKey> = self.push.subscribers.iter().map(|(user, _)| *user).collect();
        for user in all {
            if self.push_subscriptions(user)?.is_empty() {
                self.push.subscribers.remove(&user);
            }
        }
        Ok(())
    }

    fn has_push_subscribers(&self) -> RowResult<bool> {
        Ok(self.push.subscribers.last_key().is_some())
    }

    fn members_to_push(&self, conversation: ConversationKey, reach: PushReach) -> RowResult<Vec<(UserKey, MemberRow)>> {
        let all = (conversation, UserKey(i64::MIN))..=(conversation, UserKey(i64::MAX));
        let members = self.conversations.members.range(all).map(|((_, user), row)| (*user, *row));
        let is_of_look = |user: &UserKey| match reach {
            PushReach::Subscribers => self.push.subscribers.contains(user),
            PushReach::Everybody => true,
        };
        Ok(members.filter(|(user, _)| is_of_look(user)).collect())
    }

    fn push_cursor(&self) -> RowResult<u64> {
        Ok(self.push.cursor.get(&()).copied().unwrap_or_default())
    }

    fn set_push_cursor(&mut self, to: u64) -> RowResult<()> {
        self.push.cursor.insert((), to);
        Ok(())
    }

    fn messages_between(&self, after: u64, up_to: u64, limit: usize) -> RowResult<Vec<MessageRow>> {
        let key = |position: u64| MessageKey(i64::try_from(position).unwrap_or(i64::MAX));
        let between = self.messages.rows.range(key(after.saturating_add(1))..=key(up_to.max(after.saturating_add(1))));
        let between = between.map(|(_, row)| row).filter(|row| row.key <= key(up_to));
        Ok(between.take(limit).cloned().collect())
    }

    fn notified_between(&self, after: u64, up_to: u64) -> RowResult<Vec<(UserKey, NotificationId)>> {
        let behind = self.log.changes.range(after.saturating_add(1)..);
        let between = behind.take_while(|(position, _)| **position <= up_to).map(|(_, change)| &change.change);
        let found = between.filter_map(|record| match record {
            ChangeRecord::Notified { user, notification } => Some((*user, notification.clone())),
            _ => None,
        });
        Ok(found.collect())
    }

    fn notification_by_id(&self, id: &NotificationId) -> RowResult<Option<(UserKey, Arc<Notification>)>> {
        let found = self.notifications.by_id.get(id).and_then(|key| self.notifications.rows.get(key));
        Ok(found.map(|kept| (kept.stored.user, Arc::clone(&kept.stored.notification))))
    }
}
