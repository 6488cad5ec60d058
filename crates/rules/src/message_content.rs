//! Taking the content out of a message whose row stays.
//!
//! What must stay true: nothing is left of what the message said and carried, nor of the reactions to it and its pin.

use quintet_domain::DELETED_CONTENT;

use crate::rows::{MessageExtra, MessageRow};
use crate::transaction::Transaction;
use crate::{RuleResult, reactions};

/// Stores a message without its content. It stays in its thread.
pub(crate) fn remove(tx: &mut Transaction<'_>, row: MessageRow) -> RuleResult<MessageRow> {
    let marks = reactions::forget(tx, &row)?;
    let row = MessageRow {
        content: DELETED_CONTENT.to_owned(),
        file: None,
        deleted_at: Some(tx.now),
        extra: MessageExtra { thread: row.thread(), ..MessageExtra::default() }.kept(),
        marks,
        ..row
    };
    tx.messages().update_message(&row)?;
    Ok(row)
}
