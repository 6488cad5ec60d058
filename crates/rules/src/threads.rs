//! Threads: a first message, and the replies to it.
//!
//! What must stay true: the row of a thread counts the replies that are not deleted; nobody reads all replies to change
//! it.

use quintet_domain::limits::THREAD_SENDERS_SHOWN_MAX;

use crate::rows::{Marks, MessageRow, ThreadRow};
use crate::transaction::Transaction;
use crate::{MessageKey, RuleResult, UserKey};

/// Maximum number of the newest replies that are read to find who sent them.
const NEWEST_READ_MAX: usize = 50;

/// The thread of a first message; one without replies, if it has none yet.
fn of(tx: &Transaction<'_>, root: MessageKey) -> RuleResult<ThreadRow> {
    let found = tx.details().threads_by_roots(&[root].into())?.pop();
    Ok(found.unwrap_or(ThreadRow { root, count: 0, last_at: None, last_senders: Vec::new() }))
}

/// Adds a reply that was sent.
pub(crate) fn add(tx: &mut Transaction<'_>, root: MessageRow, reply: &MessageRow) -> RuleResult<()> {
    let mut thread = of(tx, root.key)?;
    thread.count += 1;
    thread.last_at = Some(reply.created_at);
    thread.last_senders.retain(|sender| *sender != reply.sender);
    thread.last_senders.insert(0, reply.sender);
    thread.last_senders.truncate(THREAD_SENDERS_SHOWN_MAX);
    tx.messages().put_thread(&thread)?;
    tx.messages().insert_thread_reply(root.key, reply.key)?;
    if !root.marks.has(Marks::THREAD) {
        let marks = root.marks.with(Marks::THREAD);
        tx.messages().set_marks(&MessageRow { marks, ..root })?;
    }
    Ok(())
}

/// Takes out a reply that was deleted.
pub(crate) fn remove(tx: &mut Transaction<'_>, root: MessageKey) -> RuleResult<()> {
    let mut thread = of(tx, root)?;
    let newest = tx.messages().newest_replies(root, NEWEST_READ_MAX)?;
    let mut left = newest.iter().filter(|reply| reply.deleted_at.is_none()).peekable();
    thread.count = thread.count.saturating_sub(1);
    thread.last_at = left.peek().map(|reply| reply.created_at);
    let mut senders: Vec<UserKey> = Vec::new();
    for reply in left {
        if senders.len() < THREAD_SENDERS_SHOWN_MAX && !senders.contains(&reply.sender) {
            senders.push(reply.sender);
        }
    }
    thread.last_senders = senders;
    Ok(tx.messages().put_thread(&thread)?)
}
