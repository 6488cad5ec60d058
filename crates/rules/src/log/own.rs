//! What a replay tells a user of matters of its own: notifications, settings and blocks, which are read from their own rows.
//!
//! What must stay true: each is shown as it is now, once, at the position of its last change.

use std::collections::HashMap;
use std::sync::Arc;

use quintet_domain::limits::RECOVERY_CHANGES_MAX;
use quintet_domain::{Entry, Event};

use super::budget::{Budget, EVENT_BYTES, ROWS_MAX};
use super::change::Change;
use super::missed::ReplayRows;
use crate::rows::{MemberSettings, UserRow};
use crate::{ConversationKey, RowResult};

/// The notifications of a user; `None` if there are more than one replay may contain.
pub(super) fn notifications(
    rows: &dyn ReplayRows,
    user: &UserRow,
    after: u64,
    budget: &mut Budget,
) -> RowResult<Option<Vec<Entry>>> {
    let (mut entries, mut fits) = (Vec::new(), true);
    rows.notifications_since(user.key, after, ROWS_MAX, &mut |position, notification| {
        fits = budget.take(notification.title.len() + notification.message.len());
        let event = Change::Notified { user: (user.key, user.user.id.clone()), notification }.event();
        entries.push(Entry { position, sequence: None, origin: None, acked: false, event, withheld: None });
        fits
    })?;
    Ok(fits.then_some(entries))
}

/// The user's settings of conversations that changed, as they are now: one event for each conversation. `None` if there
/// are more than one replay may contain.
pub(super) fn settings(
    rows: &dyn ReplayRows,
    user: &UserRow,
    after: u64,
    budget: &mut Budget,
) -> RowResult<Option<Vec<Entry>>> {
    let found = rows.settings_since(user.key, after, ROWS_MAX)?;
    if found.is_empty() {
        return Ok(Some(Vec::new()));
    }
    if found.len() > RECOVERY_CHANGES_MAX || !budget.take(found.len() * EVENT_BYTES) {
        return Ok(None);
    }
    let keys = found.iter().map(|(_, conversation, _)| *conversation).collect();
    let conversations: HashMap<_, _> = rows.conversations(&keys)?.into_iter().map(|row| (row.key, row)).collect();
    let entry = |(position, key, settings): (u64, ConversationKey, MemberSettings)| {
        let conversation = conversations.get(&key)?;
        let change = Change::SettingsChanged {
            conversation: (key, Arc::clone(&conversation.reference)),
            member: (user.key, user.user.id.clone()),
            settings: settings.shown(conversation.head.last_message),
        };
        Some(Entry { position, sequence: None, origin: None, acked: false, event: change.event(), withheld: None })
    };
    Ok(Some(found.into_iter().filter_map(entry).collect()))
}

/// The users whom the user has blocked, as they are now: one event, if that changed.
pub(super) fn blocks(rows: &dyn ReplayRows, user: &UserRow, after: u64) -> RowResult<Option<Entry>> {
    let Some(position) = user.blocks_position.filter(|position| *position > after) else { return Ok(None) };
    let event = Event::BlocksChanged { user: user.user.id.clone(), blocked: rows.blocked_ids(user.key)?, other: None };
    Ok(Some(Entry { position, sequence: None, origin: None, acked: false, event, withheld: None }))
}
