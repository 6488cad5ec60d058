//! The reads of catching up with other nodes over the tables in memory.
//!
//! What must stay true: they return what the same reads of the PostgreSQL store return, and receipts besides that these
//! leave out.

use std::collections::BTreeSet;
use std::sync::Arc;

use quintet_domain::{Metadata, Notification, NotificationId};
use quintet_rules::log::{CatchUpRows, Logged, MissedKind};
use quintet_rules::rows::{LoggedChange, MessageRow};
use quintet_rules::{MessageKey, RowResult, UserKey};

use super::ReplayView;

fn recorded(change: &LoggedChange) -> Logged {
    Logged {
        position: change.position,
        conversation: change.conversation,
        sequence: change.sequence,
        origin: change.origin,
        acked: change.acked,
        at: change.at,
        change: MissedKind::Recorded(change.change.clone()),
        told: change.told.clone(),
    }
}

fn created(position: u64, message: &MessageRow) -> Logged {
    Logged {
        position,
        conversation: Some(message.conversation),
        sequence: Some(message.sequence),
        origin: message.origin,
        acked: message.acked,
        at: message.created_at,
        change: MissedKind::Created,
        told: None,
    }
}

impl CatchUpRows for ReplayView<'_> {
    fn logged(&self, after: u64, up_to: u64) -> RowResult<Vec<Logged>> {
        if after >= up_to {
            return Ok(Vec::new());
        }
        let changes = self.0.log.changes.range(after + 1..).map(|(_, change)| recorded(change));
        let key = |position: u64| MessageKey(i64::try_from(position).unwrap_or(i64::MAX));
        let messages = self.0.messages.rows.range(key(after + 1)..=key(up_to));
        let messages = messages.filter_map(|(key, row)| Some(created(u64::try_from(key.0).ok()?, row)));
        let mut logged: Vec<Logged> = changes.chain(messages).collect();
        logged.sort_unstable_by_key(|logged| logged.position);
        Ok(logged)
    }

    fn logged_within(&self, after: u64, up_to: u64) -> RowResult<Vec<Logged>> {
        let mut logged = self.logged(after, up_to)?;
        logged.truncate(logged.partition_point(|logged| logged.position <= up_to));
        Ok(logged)
    }

    fn user_metadata(&self, keys: &BTreeSet<UserKey>) -> RowResult<Vec<(UserKey, Metadata)>> {
        let found = keys.iter().filter_map(|key| self.0.users.rows.get(key));
        Ok(found.filter_map(|row| Some((row.key, row.metadata.clone()?))).collect())
    }

    fn notification(&self, id: &NotificationId) -> RowResult<Option<Arc<Notification>>> {
        let found = self.0.notifications.by_id.get(id).and_then(|key| self.0.notifications.rows.get(key));
        Ok(found.map(|kept| Arc::clone(&kept.stored.notification)))
    }
}
