//! One message by its id, as a member of its conversation sees it.
//!
//! What must stay true: who does not see a message cannot tell it from one that does not exist.

use std::sync::Arc;

use quintet_domain::permissions::{self, Action};
use quintet_domain::{Message, MessageId, Refusal, UserId};

use crate::message_details::add_details;
use crate::message_views::{add_readers, shown};
use crate::ownership::standing;
use crate::rows::{ConversationRow, MessageRow, Rows};
use crate::{RuleError, RuleResult};

/// The refusal for a message that a user does not see, whether or not there is one.
fn unseen(id: &MessageId) -> RuleError {
    Refusal::not_found("message", id).into()
}

/// The rows of a message that the user sees, and of its conversation.
pub(crate) fn rows_of(rows: &dyn Rows, user: &UserId, id: &MessageId) -> RuleResult<(MessageRow, ConversationRow)> {
    let user = rows.user(user)?.ok_or_else(|| Refusal::not_found("user", user))?;
    let row = rows.message(id)?.ok_or_else(|| unseen(id))?;
    let conversation = rows.conversation_by_key(row.conversation)?.ok_or_else(|| unseen(id))?;
    let member = rows.member(conversation.key, user.key)?;
    if !permissions::allows(Action::Use, standing(&conversation, &user, member.as_ref(), false)) {
        return Err(unseen(id));
    }
    Ok((row, conversation))
}

/// Returns a message with its details and readers; a deleted one without content.
///
/// # Errors
/// `ERR_NOT_FOUND` if the user is unknown or does not see the message; an error of the store.
pub fn read(rows: &dyn Rows, user: &UserId, id: &MessageId) -> RuleResult<Arc<Message>> {
    let (row, conversation) = rows_of(rows, user, id)?;
    let senders = rows.people_by_keys(&[row.sender].into())?;
    let (_, sender) = senders.first().ok_or_else(|| unseen(id))?;
    let mut messages = vec![shown(&row, &conversation.reference, sender)];
    add_details(rows, &[row], &mut messages)?;
    add_readers(rows, conversation.key, &mut messages)?;
    Ok(Arc::new(messages.pop().ok_or_else(|| unseen(id))?))
}
