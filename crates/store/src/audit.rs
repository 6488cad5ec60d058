//! Reads of the audit log, over the rows of any store.
//!
//! What must stay true: the number of statements does not depend on the number of acts.

use std::collections::{BTreeSet, HashMap};

use quintet_domain::{AuditEntry, AuditFilter, ConversationId, UserId};
use quintet_rules::log::ReplayRows;
use quintet_rules::rows::{AuditRow, ModerationRows};
use quintet_rules::{ConversationKey, UserKey};

use crate::Page;
use crate::error::Read;
use crate::page::before_key;

/// A page of the acts that fit a filter, the newest first. `sets` reads the same rows, many at a time.
pub(crate) fn list(
    rows: &impl ModerationRows,
    sets: &dyn ReplayRows,
    filter: &AuditFilter,
    cursor: Option<&str>,
    limit: u32,
) -> Read<Page<AuditEntry>> {
    let (before, limit) = (before_key(cursor)?, limit as usize);
    let mut found = rows.audit(filter, before, limit.saturating_add(1))?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|row| row.key.to_string());
    let users: BTreeSet<UserKey> = found.iter().flat_map(|row| row.actor.into_iter().chain(row.user)).collect();
    let users: HashMap<UserKey, UserId> =
        sets.users(&users)?.into_iter().map(|row| (row.key, row.user.id.clone())).collect();
    let conversations: BTreeSet<ConversationKey> = found.iter().filter_map(|row| row.conversation).collect();
    let conversations: HashMap<ConversationKey, ConversationId> =
        sets.conversations(&conversations)?.into_iter().map(|row| (row.key, row.reference.id.clone())).collect();
    let entry = |row: AuditRow| AuditEntry {
        number: row.key,
        at: row.at,
        act: row.act,
        by_operator: row.actor.is_none(),
        by: row.actor.and_then(|key| users.get(&key).cloned()),
        user: row.user.and_then(|key| users.get(&key).cloned()),
        conversation: row.conversation.and_then(|key| conversations.get(&key).cloned()),
        until: row.until,
        reason: row.reason,
        detail: row.detail,
    };
    Ok(Page { items: found.into_iter().map(entry).collect(), next })
}
