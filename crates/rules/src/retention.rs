//! Retention: messages that were kept for as long as their conversation keeps them are removed, with all that belongs to
//! them.
//!
//! What must stay true: a turn is short, so that other writes run in between; pinned messages stay; the first message of a
//! thread stays, without its content, until all of its replies are gone; nothing else changes in a conversation, its
//! number and the time of its last change included.

use std::collections::{BTreeMap, BTreeSet};

use quintet_domain::permissions::Action;
use quintet_domain::{
    Act, OwnRetention, PurgeCursor, PurgeMessages, PurgedMessages, RETENTION_DAYS_MAX, Refusal, ServerRole,
    SetRetention, Timestamp,
};

use crate::log::ChangeRecord;
use crate::rows::{AuditRow, ConversationHead, Marks, MessageRow, OldestMessage};
use crate::transaction::Transaction;
use crate::{ConversationKey, MessageKey, RuleResult, audit, message_content, threads};

/// Maximum number of conversations that one write looks at.
const CONVERSATIONS_AT_ONCE: usize = 200;
/// Maximum number of messages that one write examines.
const MESSAGES_AT_ONCE: usize = 200;

/// Decides how long a conversation keeps its messages.
pub(crate) fn set(tx: &mut Transaction<'_>, write: SetRetention) -> RuleResult<OwnRetention> {
    let SetRetention { actor, conversation: id, days, reason } = write;
    let user = tx.actor(&actor)?;
    let mut conversation = tx.conversation(&id)?;
    let by_server = user.user.is_service() || user.server_role == ServerRole::Admin;
    let days_max = match by_server {
        true => RETENTION_DAYS_MAX,
        false => {
            tx.check(Action::Moderate, &conversation, &user, false)?;
            conversation.retention.days_max(tx.quotas().retention.days(conversation.reference.kind))
        }
    };
    let retention = match days {
        Some(days) if (1..=days_max).contains(&days) => {
            OwnRetention { days, by_server: by_server || conversation.retention.by_server }
        }
        Some(_) => {
            return Err(Refusal::invalid("days", format!("must be a number of days from 1 to {days_max}")).into());
        }
        None if by_server || !conversation.retention.by_server => OwnRetention::default(),
        None => {
            let why = "An admin of the server has decided how long this conversation keeps its messages: you may only \
                       shorten that time.";
            return Err(Refusal::forbidden(why).into());
        }
    };
    if retention == conversation.retention {
        return Ok(retention);
    }
    conversation.retention = retention;
    tx.update_conversation(&conversation)?;
    let detail = days.map_or_else(|| "none".to_owned(), |days| days.to_string());
    let noted = AuditRow {
        conversation: Some(conversation.key),
        reason,
        detail: Some(detail.into()),
        ..audit::act(tx, Act::ChangeRetention, Some(user.key))
    };
    audit::note(tx, &noted)?;
    Ok(retention)
}

/// Removes some messages of the first conversation, from a cursor on, that has any to remove.
pub(crate) fn purge(tx: &mut Transaction<'_>, write: PurgeMessages) -> RuleResult<PurgedMessages> {
    let PurgeCursor { conversation: first, sequence } = write.from;
    let decided = tx.quotas().retention.is_off();
    let page = tx.rows.oldest_of_conversations(ConversationKey(first), decided, CONVERSATIONS_AT_ONCE)?;
    let mut left = MESSAGES_AT_ONCE;
    for oldest in &page {
        let key = oldest.conversation;
        let Some(before) = kept_since(tx, oldest).filter(|before| oldest.sent_at.is_some_and(|at| at < *before)) else {
            continue;
        };
        let after = if key.0 == first { sequence } else { 0 };
        let turn = purge_some(tx, key, before, after, left)?;
        left -= turn.examined;
        if turn.removed > 0 || left == 0 {
            let next = match turn.continue_after {
                Some(sequence) => PurgeCursor { conversation: key.0, sequence },
                None => behind(key),
            };
            return Ok(PurgedMessages { removed: turn.removed, next: Some(next) });
        }
    }
    let last = page.last().filter(|_| page.len() == CONVERSATIONS_AT_ONCE);
    Ok(PurgedMessages { removed: 0, next: last.map(|oldest| behind(oldest.conversation)) })
}

/// Where it goes on behind a conversation.
fn behind(conversation: ConversationKey) -> PurgeCursor {
    PurgeCursor { conversation: conversation.0.saturating_add(1), sequence: 0 }
}

/// The moment since which a conversation keeps its messages; `None` if it keeps all.
fn kept_since(tx: &Transaction<'_>, oldest: &OldestMessage) -> Option<Timestamp> {
    let days = oldest.retention.days_kept(tx.quotas().retention.days(oldest.kind));
    (days > 0).then(|| tx.now.minus_days(i64::from(days)))
}

/// What was done in one conversation.
struct Turn {
    /// The number of messages whose content was removed.
    removed: u64,
    examined: usize,
    /// The number of the message behind which there may be more to remove.
    continue_after: Option<u64>,
}

/// Examines some of the messages of a conversation that were sent before a moment, and removes those that it does not
/// keep.
fn purge_some(
    tx: &mut Transaction<'_>,
    conversation: ConversationKey,
    before: Timestamp,
    after: u64,
    limit: usize,
) -> RuleResult<Turn> {
    let mut due = tx.messages().oldest_messages(conversation, after, limit)?;
    // They were sent in the order of their numbers, unless the clock was set back: then some stay a while longer.
    due.truncate(due.iter().take_while(|row| row.created_at < before).count());
    let examined = due.len();
    let continue_after = due.last().filter(|_| examined == limit).map(|row| row.sequence);
    due.retain(|row| !is_pinned(row));
    let (roots, others): (Vec<_>, Vec<_>) = due.into_iter().partition(|row| row.marks.has(Marks::THREAD));
    let mut purged = remove_all(tx, &others, before)?;
    for root in roots {
        if purged.contains(&root.key) {
            // Its last reply took it along.
            continue;
        }
        if tx.messages().newest_replies(root.key, u64::MAX, 1)?.is_empty() {
            tx.messages().delete_messages(&BTreeSet::from([root.key]))?;
            purged.insert(root.key);
        } else if root.deleted_at.is_none() {
            purged.insert(root.key);
            // The id that the sender's client gave it is removed too.
            message_content::remove(tx, MessageRow { client_message_id: None, ..root })?;
        }
    }
    let removed = purged.len() as u64;
    if removed > 0 {
        find_newest(tx, conversation, &purged)?;
        let messages = purged.into_iter().collect();
        tx.record_untold(ChangeRecord::MessagesPurged { conversation, before, messages })?;
    }
    Ok(Turn { removed, examined, continue_after })
}

/// Whether a message stays because it is pinned. One that an older version of the server deleted keeps its mark.
fn is_pinned(row: &MessageRow) -> bool {
    row.marks.has(Marks::PINNED) && row.deleted_at.is_none()
}

/// Removes messages that are not the first of a thread, and the first messages of threads that have lost their last reply
/// by that and were waiting for it. Returns the keys of all.
fn remove_all(tx: &mut Transaction<'_>, rows: &[MessageRow], before: Timestamp) -> RuleResult<BTreeSet<MessageKey>> {
    let mut removed: BTreeSet<MessageKey> = rows.iter().map(|row| row.key).collect();
    if removed.is_empty() {
        return Ok(removed);
    }
    tx.messages().delete_messages(&removed)?;
    // The threads, each with the number of replies that it has counted until now.
    let mut shorter: BTreeMap<MessageKey, u64> = BTreeMap::new();
    for row in rows {
        if let Some(root) = row.thread() {
            *shorter.entry(root).or_default() += u64::from(row.deleted_at.is_none());
        }
    }
    let mut ended = BTreeSet::new();
    for (root, deleted) in shorter {
        if !threads::remove(tx, root, deleted)? {
            ended.insert(root);
        }
    }
    if !ended.is_empty() {
        let roots = tx.details().messages_by_keys(&ended)?;
        let waited = roots.iter().filter(|row| row.deleted_at.is_some() && row.created_at < before);
        let waited: BTreeSet<MessageKey> = waited.map(|row| row.key).collect();
        tx.messages().delete_messages(&waited)?;
        removed.extend(waited);
    }
    Ok(removed)
}

/// Finds the newest message of a conversation among those that are left, if it was removed.
fn find_newest(
    tx: &mut Transaction<'_>,
    conversation: ConversationKey,
    removed: &BTreeSet<MessageKey>,
) -> RuleResult<()> {
    let mut conversation = tx.conversation_by_key(conversation)?;
    if conversation.head.last_message.is_none_or(|last| !removed.contains(&last)) {
        return Ok(());
    }
    let last_message = tx.messages().newest_messages(conversation.key, 1)?.pop().map(|row| row.key);
    let head = ConversationHead { last_message, ..conversation.head };
    tx.update_head(&mut conversation, head)
}
