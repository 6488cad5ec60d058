//! Rules about reactions to messages.
//!
//! What must stay true: a user's emoji is on a message once; doing it twice is confirmed and changes nothing; a deleted
//! message has no reactions.

use std::collections::BTreeSet;
use std::sync::Arc;

use quintet_domain::limits::{REACTION_KINDS_MAX, REACTIONS_OF_USER_MAX};
use quintet_domain::permissions::{self, Action};
use quintet_domain::{Actor, Emoji, MessageId, React, Refusal, UserId};

use crate::ledger::Cost;
use crate::log::Change;
use crate::ownership::standing;
use crate::rows::{ConversationRow, Marks, MessageRow, ReactionCountRow, ReactionRow};
use crate::transaction::{About, ActingUser, Transaction};
use crate::{RuleResult, UserKey, restrictions};

/// The most reactions of an erased person that one write removes; other writes run in between.
const ERASED_AT_ONCE: usize = 200;

/// A message that the actor can see, with its conversation; `ERR_NOT_FOUND` for any other.
pub(crate) fn seen(
    tx: &mut Transaction<'_>,
    actor: &Actor,
    id: &MessageId,
) -> RuleResult<(ActingUser, MessageRow, ConversationRow)> {
    let user = tx.actor(actor)?;
    let unseen = || Refusal::not_found("message", id);
    let row = tx.messages().message(id)?.ok_or_else(unseen)?;
    let conversation = tx.conversation_by_key(row.conversation)?;
    let member = tx.member(conversation.key, user.key)?;
    if !permissions::allows(Action::Use, standing(&conversation, &user, member.as_ref(), false)) {
        return Err(unseen().into());
    }
    Ok((user, row, conversation))
}

/// What a change about a message is about: it has no number in the conversation.
pub(crate) fn unnumbered(conversation: &ConversationRow) -> About {
    About { conversation: Some(conversation.key), sequence: None, recipients: conversation.head.member_count }
}

/// Gives a reaction to a message, or takes it back. Returns whether it is there.
pub(crate) fn react(tx: &mut Transaction<'_>, write: React) -> RuleResult<bool> {
    let React { actor, message, emoji, active } = write;
    let (user, row, conversation) = seen(tx, &actor, &message)?;
    tx.check(Action::React, &conversation, &user, false)?;
    if active {
        restrictions::member_may_write(tx, &conversation, &user)?;
    }
    if row.deleted_at.is_some() && active {
        return Err(Refusal::conflict("A deleted message takes no reactions.").into());
    }
    let own = tx.reactions().reactions_by(row.key, user.key)?;
    if own.contains(&emoji) == active {
        return Ok(active);
    }
    let counts = tx.reactions().reaction_counts(&BTreeSet::from([row.key]))?;
    if active {
        if own.len() >= REACTIONS_OF_USER_MAX {
            let why =
                format!("`emoji` is refused: you have {REACTIONS_OF_USER_MAX} reactions to this message already.");
            return Err(Refusal::conflict(why).into());
        }
        if counts.len() >= REACTION_KINDS_MAX && !counts.iter().any(|count| count.emoji == emoji) {
            let why = format!("`emoji` is refused: a message has at most {REACTION_KINDS_MAX} different reactions.");
            return Err(Refusal::conflict(why).into());
        }
    }
    let by = (user.key, user.user.id.clone());
    change(tx, (&row, &conversation), (by, emoji), counts, active, Some(&actor))?;
    Ok(active)
}

/// Changes one reaction, with its count, and records it. `counts` are those of the message before.
fn change(
    tx: &mut Transaction<'_>,
    (row, conversation): (&MessageRow, &ConversationRow),
    ((user, user_id), emoji): ((UserKey, UserId), Emoji),
    counts: Vec<ReactionCountRow>,
    active: bool,
    actor: Option<&Actor>,
) -> RuleResult<()> {
    let position = tx.next_position();
    let others = counts.iter().any(|count| count.emoji != emoji);
    let before = counts.into_iter().find(|count| count.emoji == emoji);
    let before = before.unwrap_or(ReactionCountRow { message: row.key, emoji, count: 0, since: position });
    let count = if active { before.count.saturating_add(1) } else { before.count.saturating_sub(1) };
    let after = ReactionCountRow { count, ..before };
    if active {
        let reaction = ReactionRow { message: row.key, emoji: after.emoji.clone(), position, user };
        tx.reactions().insert_reaction(&reaction)?;
        tx.charge(Cost::Stored, after.emoji.as_str().len() as u64);
    } else {
        tx.reactions().delete_reaction(row.key, &after.emoji, user)?;
    }
    tx.reactions().set_reaction_count(&after)?;
    set_mark(tx, row, Marks::REACTIONS, others || count > 0)?;
    tx.charge(Cost::Rows, 1);
    let change = Change::MessageReacted {
        conversation: Arc::clone(&conversation.reference),
        message: (row.key, row.id.clone()),
        emoji: after.emoji,
        user: (user, user_id),
        active,
        count,
        changes: Vec::new(),
    };
    tx.record(&change, unnumbered(conversation), actor)
}

/// Sets or clears a mark of a message, if that changes it.
pub(crate) fn set_mark(tx: &mut Transaction<'_>, row: &MessageRow, mark: Marks, is_set: bool) -> RuleResult<()> {
    let marks = if is_set { row.marks.with(mark) } else { row.marks.without(mark) };
    if marks != row.marks {
        tx.messages().update_message(&MessageRow { marks, ..row.clone() })?;
    }
    Ok(())
}

/// Removes the reactions to a message that is deleted, and its pin. Clients learn it by the deletion. Returns the marks
/// that remain.
pub(crate) fn forget(tx: &mut Transaction<'_>, row: &MessageRow) -> RuleResult<Marks> {
    if row.marks.has(Marks::REACTIONS) {
        tx.reactions().delete_reactions(row.key)?;
    }
    if row.marks.has(Marks::PINNED) {
        tx.reactions().delete_pin(row.key)?;
    }
    Ok(row.marks.without(Marks::REACTIONS).without(Marks::PINNED))
}

/// Takes back some of a user's reactions. Returns whether there were any.
pub(crate) fn take_back_some(tx: &mut Transaction<'_>, user: &ActingUser) -> RuleResult<bool> {
    let reactions = tx.reactions().reactions_of_user(user.key, ERASED_AT_ONCE)?;
    let any = !reactions.is_empty();
    for (key, emoji) in reactions {
        let Some(row) = tx.messages().message_by_key(key)? else { continue };
        let conversation = tx.conversation_by_key(row.conversation)?;
        let counts = tx.reactions().reaction_counts(&BTreeSet::from([key]))?;
        change(tx, (&row, &conversation), ((user.key, user.user.id.clone()), emoji), counts, false, None)?;
    }
    Ok(any)
}
