//! What is known of a message or an edit before it is written, for a hook that is asked about it.
//!
//! What must stay true: nothing is changed. Whoever may not write is told so here as by the write itself, and nobody learns
//! more.

use std::sync::Arc;

use quintet_domain::permissions::Action;
use quintet_domain::{Actor, CheckDraft, Draft, DraftContext, MessageId, NewText, Target, User};

use crate::transaction::{ActingUser, Transaction};
use crate::{RuleResult, acceptance, conversations, messages, restrictions};

/// Returns what a hook is asked with about a draft; none if it is not asked.
pub(crate) fn check(tx: &mut Transaction<'_>, write: &CheckDraft) -> RuleResult<Option<Box<DraftContext>>> {
    let context = match &write.draft {
        Draft::Message(text) => of_message(tx, &write.actor, text)?,
        Draft::Edit { message, .. } => of_edit(tx, &write.actor, message)?,
    };
    Ok(context.map(Box::new))
}

/// The user, as long as hooks are asked about it: services act for the operator, who names the hook.
fn asked(user: &ActingUser) -> Option<Arc<User>> {
    Some(Arc::clone(&user.user)).filter(|user| !user.is_service())
}

fn of_message(tx: &mut Transaction<'_>, actor: &Actor, text: &NewText) -> RuleResult<Option<DraftContext>> {
    let acting = tx.actor(actor)?;
    let Some(sender) = asked(&acting) else { return Ok(None) };
    let conversation = match &text.target {
        Target::Conversation(id) => Some(tx.conversation(id)?),
        Target::Direct(other) => conversations::existing_direct(tx, &acting, other)?,
    };
    let recipient = match (&conversation, &text.target) {
        (None, Target::Direct(other)) => Some(Arc::clone(&conversations::would_reach(tx, &acting, other)?.user)),
        (Some(_), _) | (None, Target::Conversation(_)) => None,
    };
    if let Some(conversation) = &conversation {
        let member = tx.check(Action::Send, conversation, &acting, true)?;
        if let Some(id) = &text.client_message_id
            && tx.messages().message_by_client_id(conversation.key, acting.key, id)?.is_some()
        {
            return Ok(None);
        }
        restrictions::may_write(tx, conversation, &acting, member.as_ref())?;
        restrictions::may_send_now(tx, conversation, &acting, member.as_ref())?;
        acceptance::may_write(tx, &acting, conversation)?;
    }
    let conversation = conversation.map(|row| row.reference);
    Ok(Some(DraftContext { sender, conversation, recipient, message: None }))
}

fn of_edit(tx: &mut Transaction<'_>, actor: &Actor, message: &MessageId) -> RuleResult<Option<DraftContext>> {
    let (acting, message) = messages::editable(tx, actor, message)?;
    let Some(sender) = asked(&acting) else { return Ok(None) };
    let conversation = Some(Arc::clone(&message.conversation));
    Ok(Some(DraftContext { sender, conversation, recipient: None, message: Some(message) }))
}
