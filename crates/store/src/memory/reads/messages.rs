//! Pages of messages of a conversation.
//!
//! What must stay true: a page is in ascending order of sequence numbers, whichever end it was read from.

use std::sync::Arc;

use quintet_domain::limits::MESSAGES_COUNTED_MAX;
use quintet_domain::{ConversationId, Message, UserId};
use quintet_rules::message_details::add_details;
use quintet_rules::message_views as rules;
use quintet_rules::rows::{ConversationRow, Marks, MessageRow};

use super::{known, readable};
use crate::error::Read;
use crate::memory::data::Data;
use crate::{MessagePage, PageOf};

/// The greatest sequence number of a database with 64-bit integers.
const SEQUENCE_MAX: u64 = i64::MAX as u64;

/// Messages of a conversation that the user may use, with their readers; `replies` is whether the replies of threads are
/// among them.
pub(in crate::memory) fn messages(
    data: &Data,
    user: &UserId,
    id: &ConversationId,
    (of, replies): (PageOf, bool),
    limit: u32,
) -> Read<MessagePage> {
    let user = known(data, user)?;
    let conversation = readable(data, user, id)?;
    let is_listed = |row: &MessageRow| replies || !row.marks.has(Marks::REPLY);
    let older = |before: u64, limit| {
        let range = (0, before.min(SEQUENCE_MAX).saturating_sub(1));
        page(data.messages_between(conversation.key, range).rev().filter(|row| is_listed(row)), limit)
    };
    let newer = |after: u64, limit| {
        let range = (after.min(SEQUENCE_MAX), SEQUENCE_MAX);
        page(data.messages_between(conversation.key, range).filter(|row| is_listed(row)), limit)
    };
    let oldest_first = |(mut rows, more): (Vec<_>, bool)| {
        rows.reverse();
        (rows, more)
    };
    let ((rows, more), more_newer) = match of {
        PageOf::Newest | PageOf::Skipping(0) => (oldest_first(older(SEQUENCE_MAX, limit)), false),
        PageOf::Before(sequence) => (oldest_first(older(sequence, limit)), false),
        PageOf::After(sequence) => (newer(sequence, limit), false),
        // As in a database, where skipping costs time for each message: no client turns that many pages.
        PageOf::Skipping(skip) if skip >= MESSAGES_COUNTED_MAX => (oldest_first(older(0, limit)), false),
        PageOf::Skipping(skip) => (oldest_first(older(last_skipped(data, &conversation, skip), limit)), false),
        PageOf::Around(sequence) => {
            let (mut rows, more) = oldest_first(older(sequence.saturating_add(1), limit.div_ceil(2)));
            let (rest, more_newer) = newer(sequence, limit / 2);
            rows.extend(rest);
            ((rows, more), more_newer)
        }
    };
    let mut items = rows.into_iter().map(|row| shown(data, &conversation, row)).collect::<Read<Vec<_>>>()?;
    rules::add_readers(data, conversation.key, &mut items)?;
    Ok(MessagePage { items: items.into_iter().map(Arc::new).collect(), more, more_newer })
}

/// The first rows, at most `limit`, and whether there are more.
fn page<'d>(found: impl Iterator<Item = &'d MessageRow>, limit: u32) -> (Vec<&'d MessageRow>, bool) {
    let limit = limit as usize;
    let mut rows: Vec<&MessageRow> = found.take(limit.saturating_add(1)).collect();
    let more = rows.len() > limit;
    rows.truncate(limit);
    (rows, more)
}

/// The sequence number of the last of `skip` messages, newest first; 0 if there are fewer.
fn last_skipped(data: &Data, conversation: &ConversationRow, skip: u32) -> u64 {
    let mut newest = data.messages_between(conversation.key, (0, SEQUENCE_MAX)).rev();
    newest.nth(skip as usize - 1).map_or(0, |row| row.sequence)
}

/// A message as clients see it, without its readers.
pub(super) fn shown(data: &Data, conversation: &ConversationRow, row: &MessageRow) -> Read<Message> {
    let mut message = rules::shown(row, &conversation.reference, &data.user_named(row.sender)?.user);
    add_details(data, std::slice::from_ref(row), std::slice::from_mut(&mut message))?;
    Ok(message)
}
