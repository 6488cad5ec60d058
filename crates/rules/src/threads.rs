//! Threads: a first message, and the replies to it, as they are changed and read.
//!
//! What must stay true: the row of a thread counts the replies that are not deleted; nobody reads all replies to change
//! it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use quintet_domain::limits::THREAD_SENDERS_SHOWN_MAX;
use quintet_domain::{Message, MessageId, Refusal, UserId};

use crate::message_details::add_details;
use crate::message_reads::rows_of;
use crate::message_views::{add_readers, shown};
use crate::rows::{Marks, MessageRow, Rows, ThreadRow};
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

/// Takes out a number of replies that were deleted, or whose rows are gone. Returns whether the thread has replies left,
/// deleted ones included.
pub(crate) fn remove(tx: &mut Transaction<'_>, root: MessageKey, deleted: u64) -> RuleResult<bool> {
    let mut thread = of(tx, root)?;
    let newest = tx.messages().newest_replies(root, u64::MAX, NEWEST_READ_MAX)?;
    let mut left = newest.iter().filter(|reply| reply.deleted_at.is_none()).peekable();
    thread.count = thread.count.saturating_sub(deleted);
    thread.last_at = left.peek().map(|reply| reply.created_at);
    let mut senders: Vec<UserKey> = Vec::new();
    for reply in left {
        if senders.len() < THREAD_SENDERS_SHOWN_MAX && !senders.contains(&reply.sender) {
            senders.push(reply.sender);
        }
    }
    thread.last_senders = senders;
    tx.messages().put_thread(&thread)?;
    Ok(!newest.is_empty())
}

/// A thread as a member of its conversation sees it.
#[derive(Clone, Debug)]
pub struct Thread {
    /// The first message.
    pub root: Arc<Message>,
    /// Some of the replies, in ascending order of their sequence numbers.
    pub replies: Vec<Arc<Message>>,
    /// Whether there are older replies.
    pub more: bool,
}

/// The thread that a message belongs to, or is the first of, with the newest replies whose sequence numbers are smaller
/// than `before`.
///
/// # Errors
/// `ERR_NOT_FOUND` if the user is unknown or does not see the message; an error of the store.
pub fn read(rows: &dyn Rows, user: &UserId, id: &MessageId, before: u64, limit: usize) -> RuleResult<Thread> {
    let unseen = || Refusal::not_found("message", id);
    let (named, conversation) = rows_of(rows, user, id)?;
    let root = match named.extra.as_ref().and_then(|extra| extra.thread) {
        Some(root) => rows.message_by_key(root)?.ok_or_else(unseen)?,
        None => named,
    };
    let mut stored = rows.newest_replies(root.key, before, limit.saturating_add(1))?;
    let more = stored.len() > limit;
    stored.truncate(limit);
    stored.push(root);
    stored.reverse();
    let senders: BTreeSet<UserKey> = stored.iter().map(|row| row.sender).collect();
    let senders: HashMap<_, _> = rows.people_by_keys(&senders)?.into_iter().collect();
    let mut messages = Vec::with_capacity(stored.len());
    for row in &stored {
        let sender = senders.get(&row.sender).ok_or_else(unseen)?;
        messages.push(shown(row, &conversation.reference, sender));
    }
    add_details(rows, &stored, &mut messages)?;
    add_readers(rows, conversation.key, &mut messages)?;
    let mut messages = messages.into_iter().map(Arc::new);
    let root = messages.next().ok_or_else(unseen)?;
    Ok(Thread { root, replies: messages.collect(), more })
}
