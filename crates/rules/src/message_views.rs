//! Messages as clients see them, with their readers.
//!
//! What must stay true: the readers of a message are computed from the members' cursors, and never stored.

use std::sync::Arc;

use quintet_domain::limits::READERS_SHOWN_MAX;
use quintet_domain::{ConversationRef, Message, Reader, User};

use crate::message_details::{add_details, has_details};
use crate::rows::{ConversationRow, CursorRow, MemberRows, MessageRow};
use crate::transaction::Transaction;
use crate::{ConversationKey, RowResult, RuleResult};

/// Maximum number of cursors that are read to find the readers of some messages: the most advanced ones.
pub const CURSORS_READ_MAX: usize = 10 * READERS_SHOWN_MAX;

/// A message as clients see it, without its readers and its details.
#[must_use]
pub fn shown(row: &MessageRow, conversation: &Arc<ConversationRef>, sender: &Arc<User>) -> Message {
    Message {
        id: row.id.clone(),
        conversation: Arc::clone(conversation),
        sequence: row.sequence,
        sender: Arc::clone(sender),
        kind: row.kind,
        content: row.content.clone(),
        file: row.file.clone(),
        client_message_id: row.client_message_id.clone(),
        created_at: row.created_at,
        edited_at: row.edited_at,
        deleted_at: row.deleted_at,
        readers: Vec::new(),
        details: None,
        delivered: false,
    }
}

/// A message with its details, without its readers.
pub(crate) fn complete(
    tx: &Transaction<'_>,
    row: &MessageRow,
    conversation: &ConversationRow,
    sender: &Arc<User>,
) -> RuleResult<Message> {
    let mut message = shown(row, &conversation.reference, sender);
    if has_details(row) {
        add_details(tx.details(), std::slice::from_ref(row), std::slice::from_mut(&mut message))?;
    }
    Ok(message)
}

/// The readers of a message: members who were there when it was sent, and whose cursor has passed it.
#[must_use]
pub fn readers(cursors: &[CursorRow], message: &Message) -> Vec<Reader> {
    let passed = cursors.iter().filter(|cursor| {
        cursor.joined_sequence < message.sequence
            && cursor.read_sequence >= message.sequence
            && cursor.user != message.sender.id
    });
    let readers = passed.filter_map(|cursor| Some(Reader { user: cursor.user.clone(), read_at: cursor.read_at? }));
    readers.take(READERS_SHOWN_MAX).collect()
}

/// Whether a message has reached a device of a member who was there when it was sent.
fn is_delivered(cursors: &[CursorRow], message: &Message) -> bool {
    cursors.iter().any(|cursor| cursor.user != message.sender.id && cursor.has_received(message.sequence))
}

/// Adds the readers, and whether they are delivered, to messages of one conversation, which must be in the order of their
/// sequence numbers.
///
/// # Errors
/// An error of the store.
pub fn add_readers(rows: &dyn MemberRows, conversation: ConversationKey, messages: &mut [Message]) -> RowResult<()> {
    let Some(oldest) = messages.first().map(|message| message.sequence) else { return Ok(()) };
    let cursors = rows.cursors(conversation, oldest, CURSORS_READ_MAX)?;
    for message in messages {
        message.readers = readers(&cursors, message);
        message.delivered = is_delivered(&cursors, message);
    }
    Ok(())
}

/// The newest messages of a conversation, oldest first, with their readers.
pub(crate) fn newest(
    tx: &mut Transaction<'_>,
    conversation: &ConversationRow,
    limit: usize,
) -> RuleResult<Vec<Arc<Message>>> {
    let mut newest = Vec::new();
    let rows = tx.messages().newest_messages(conversation.key, limit)?;
    for row in &rows {
        let sender = tx.user_by_key(row.sender)?;
        newest.push(shown(row, &conversation.reference, &sender.user));
    }
    add_details(tx.details(), &rows, &mut newest)?;
    add_readers(tx.member_lists(), conversation.key, &mut newest)?;
    Ok(newest.into_iter().map(Arc::new).collect())
}
