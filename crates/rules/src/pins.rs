//! Rules about messages that are pinned to their conversations.
//!
//! What must stay true: a message is pinned once; doing it twice is confirmed and changes nothing; a deleted message is
//! not pinned.

use std::sync::Arc;

use quintet_domain::limits::PINS_MAX;
use quintet_domain::permissions::Action;
use quintet_domain::{Actor, PinMessage, Refusal};

use crate::RuleResult;
use crate::ledger::Cost;
use crate::log::Change;
use crate::reactions::{seen, set_mark, unnumbered};
use crate::rows::{ConversationRow, Marks, MessageRow, PinRow};
use crate::transaction::{ActingUser, Transaction};

/// The most pins of an erased person that one write removes; other writes run in between.
const ERASED_AT_ONCE: usize = 200;

/// Pins a message, or unpins it. Returns whether it is pinned.
pub(crate) fn set(tx: &mut Transaction<'_>, write: &PinMessage) -> RuleResult<bool> {
    let PinMessage { actor, message, pinned } = write;
    let (user, row, conversation) = seen(tx, actor, message)?;
    tx.check(Action::Pin, &conversation, &user, false)?;
    if row.deleted_at.is_some() && *pinned {
        return Err(Refusal::conflict("A deleted message cannot be pinned.").into());
    }
    if tx.reactions().pin(row.key)?.is_some() == *pinned {
        return Ok(*pinned);
    }
    if *pinned && tx.reactions().pins_of_conversation(conversation.key, PINS_MAX)?.len() >= PINS_MAX {
        let why = format!("`messageId` is refused: a conversation has at most {PINS_MAX} pinned messages.");
        return Err(Refusal::conflict(why).into());
    }
    change(tx, &row, &conversation, &user, *pinned, Some(actor))?;
    Ok(*pinned)
}

/// Inserts or deletes the pin of a message, and records it.
fn change(
    tx: &mut Transaction<'_>,
    row: &MessageRow,
    conversation: &ConversationRow,
    user: &ActingUser,
    pinned: bool,
    actor: Option<&Actor>,
) -> RuleResult<()> {
    if pinned {
        let (at, position) = (tx.now, tx.next_position());
        let pin = PinRow { message: row.key, conversation: conversation.key, user: user.key, at, position };
        tx.reactions().insert_pin(&pin)?;
    } else {
        tx.reactions().delete_pin(row.key)?;
    }
    set_mark(tx, row, Marks::PINNED, pinned)?;
    tx.charge(Cost::Rows, 1);
    let change = Change::MessagePinned {
        conversation: Arc::clone(&conversation.reference),
        message: (row.key, row.id.clone()),
        user: (user.key, user.user.id.clone()),
        pinned,
    };
    tx.record(&change, unnumbered(conversation), actor)
}

/// Unpins some messages that a user pinned. Returns whether there were any.
pub(crate) fn unpin_some(tx: &mut Transaction<'_>, user: &ActingUser) -> RuleResult<bool> {
    let pins = tx.reactions().pins_of_user(user.key, ERASED_AT_ONCE)?;
    let any = !pins.is_empty();
    for key in pins {
        let Some(row) = tx.messages().message_by_key(key)? else { continue };
        let conversation = tx.conversation_by_key(row.conversation)?;
        change(tx, &row, &conversation, user, false, None)?;
    }
    Ok(any)
}
