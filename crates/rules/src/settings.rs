//! The rule about a member's own settings of a conversation.
//!
//! What must stay true: nobody but the member is told; settings that are so already are told to nobody.

use std::sync::Arc;

use quintet_domain::permissions::Action;
use quintet_domain::{Actor, ChangeSettings, ChangedSettings, Mute, Refusal, SettingsChange, Target, Timestamp};

use crate::log::Change;
use crate::rows::{ConversationRow, MemberRow, MemberSettings};
use crate::transaction::{About, ActingUser, Transaction};
use crate::{RuleResult, conversations};

pub(crate) fn change(tx: &mut Transaction<'_>, write: &ChangeSettings) -> RuleResult<ChangedSettings> {
    let user = tx.actor(&write.actor)?;
    let conversation = match &write.target {
        Target::Conversation(id) => tx.conversation(id)?,
        Target::Direct(other) => conversations::existing_direct(tx, &user, other)?
            .ok_or_else(|| Refusal::not_found("conversation with user", other))?,
    };
    tx.check(Action::Use, &conversation, &user, false)?;
    let Some(member) = tx.member(conversation.key, user.key)? else {
        return Err(Refusal::not_found("conversation", &conversation.reference.id).into());
    };
    let changed = changed(&member.settings, write.change, &conversation, tx.now);
    apply(tx, Some(&write.actor), &user, &conversation, member, changed)?;
    let settings = changed.shown(conversation.head.last_message).at(tx.now);
    Ok(ChangedSettings { conversation: conversation.reference, settings })
}

/// Ends the mark by which a member called a conversation unread, because it reads there.
pub(crate) fn end_mark(
    tx: &mut Transaction<'_>,
    actor: &Actor,
    user: &ActingUser,
    conversation: &ConversationRow,
) -> RuleResult<()> {
    match tx.member(conversation.key, user.key)? {
        Some(member) if member.settings.marked_unread => {
            let changed = MemberSettings { marked_unread: false, ..member.settings };
            apply(tx, Some(actor), user, conversation, member, changed)
        }
        Some(_) | None => Ok(()),
    }
}

/// The settings after a change.
fn changed(
    before: &MemberSettings,
    change: SettingsChange,
    conversation: &ConversationRow,
    now: Timestamp,
) -> MemberSettings {
    let newest = conversation.head.last_message.unwrap_or(MemberSettings::BEFORE_ALL);
    let is_archived = before.shown(conversation.head.last_message).archived;
    MemberSettings {
        muted: match change.muted {
            Some(muted) => {
                muted.filter(|mute| *mute == Mute::ForGood || matches!(mute, Mute::Until(end) if *end > now))
            }
            None => before.muted,
        },
        pinned: change.pinned.unwrap_or(before.pinned),
        archived_after: match change.archived {
            Some(true) if is_archived => before.archived_after,
            Some(true) => Some(newest),
            Some(false) => None,
            None => before.archived_after,
        },
        notify: change.notify.unwrap_or(before.notify),
        marked_unread: change.marked_unread.unwrap_or(before.marked_unread),
        changed_at: before.changed_at,
    }
}

/// Stores changed settings, and records the change if the member sees a difference.
fn apply(
    tx: &mut Transaction<'_>,
    actor: Option<&Actor>,
    user: &ActingUser,
    conversation: &ConversationRow,
    member: MemberRow,
    changed: MemberSettings,
) -> RuleResult<()> {
    let (last_message, now) = (conversation.head.last_message, tx.now);
    let seen = |settings: &MemberSettings| settings.shown(last_message).at(now);
    if seen(&changed) == seen(&member.settings) {
        return Ok(());
    }
    // The position that the change gets below.
    let settings = MemberSettings { changed_at: Some(tx.position() + 1), ..changed };
    tx.update_member(conversation.key, user.key, &MemberRow { settings, ..member })?;
    let change = Change::SettingsChanged {
        conversation: (conversation.key, Arc::clone(&conversation.reference)),
        member: (user.key, user.user.id.clone()),
        settings: seen(&settings),
    };
    // Not among the changes of the conversation, which every member's replay reads.
    tx.record(&change, About::default(), actor)
}
