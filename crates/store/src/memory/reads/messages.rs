//! Pages of messages of a conversation.
//!
//! What must stay true: a page is in ascending order of sequence numbers, whichever end it was read from.

use std::sync::Arc;

use quintet_domain::limits::MESSAGES_COUNTED_MAX;
use quintet_domain::{ConversationId, Message, UserId};
use quintet_rules::message_details::add_details;
use quintet_rules::message_views as rules;
use quintet_rules::rows::{ConversationRow, MessageRow};

use super::{known, readable};
use crate::error::Read;
use crate::memory::data::Data;
use crate::{MessagePage, PageOf};

/// The greatest sequence number of a database with 64-bit integers.
const SEQUENCE_MAX: u64 = i64::MAX as u64;

/// Messages of a conversation that the user may use, with their readers.
pub(in crate::memory) fn messages(
    data: &Data,
    user: &UserId,
    id: &ConversationId,
    of: PageOf,
    limit: u32,
) -> Read<MessagePage> {
    let user = known(data, user)?;
    let conversation = readable(data, user, id)?;
    let limit = limit as usize;
    let before = |sequence: u64| (0, sequence.min(SEQUENCE_MAX).saturating_sub(1));
    let (range, forward) = match of {
        PageOf::Newest | PageOf::Skipping(0) => (before(SEQUENCE_MAX), false),
        PageOf::Before(sequence) => (before(sequence), false),
        PageOf::After(sequence) => ((sequence.min(SEQUENCE_MAX), SEQUENCE_MAX), true),
        // As in a database, where skipping costs time for each message: no client turns that many pages.
        PageOf::Skipping(skip) if skip >= MESSAGES_COUNTED_MAX => (before(0), false),
        PageOf::Skipping(skip) => (before(last_skipped(data, &conversation, skip)), false),
    };
    let found = data.messages_between(conversation.key, range);
    let mut rows: Vec<&MessageRow> = if forward {
        found.take(limit.saturating_add(1)).collect()
    } else {
        found.rev().take(limit.saturating_add(1)).collect()
    };
    let more = rows.len() > limit;
    rows.truncate(limit);
    if !forward {
        rows.reverse();
    }
    let mut items = rows.into_iter().map(|row| shown(data, &conversation, row)).collect::<Read<Vec<_>>>()?;
    rules::add_readers(data, conversation.key, &mut items)?;
    Ok(MessagePage { items: items.into_iter().map(Arc::new).collect(), more })
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
