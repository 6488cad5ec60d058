//! Rules about the first message of a stranger, which waits, and about decisions: the person who was asked becomes a member,
//! or nothing happens.
//!
//! What must stay true: until a person has accepted, it is no member, so that it hears nothing and shows nothing; one
//! message waits; declining is told to nobody.

use std::sync::Arc;

use quintet_domain::limits::CONVERSATIONS_OF_USER_MAX;
use quintet_domain::permissions::{self, Action};
use quintet_domain::{Actor, ConversationRef, DecideContact, Refusal, RequestKind, Role};

use crate::log::Change;
use crate::ownership::standing;
use crate::rows::{ContactRequestRow, ConversationRow, UserRow};
use crate::transaction::{About, ActingUser, Transaction};
use crate::{RuleResult, blocks, contact, members, message_views, overviews, reach};

/// Lets a message to a direct conversation pass whose other user is no member: it asks that user, and a further one is
/// refused. The other becomes a member if it need not be asked any more. It refuses before it has changed anything.
pub(crate) fn before_message(
    tx: &mut Transaction<'_>,
    sender: &UserRow,
    conversation: &mut ConversationRow,
) -> RuleResult<()> {
    let Some((other, asks)) = outside(tx, sender, conversation)? else { return Ok(()) };
    if !asks {
        return enter(tx, conversation, &ActingUser::plain(other));
    }
    let message = format!("You have a new message request from {}.", sender.user.name);
    let about = (&*conversation, RequestKind::Message, Role::Member);
    contact::ask(tx, (sender, &other), about, ("New Message Request", &message))
}

/// Refuses a message that [`before_message`] would refuse because another one waits, or too many others do, and changes nothing.
pub(crate) fn may_write(tx: &mut Transaction<'_>, sender: &UserRow, conversation: &ConversationRow) -> RuleResult<()> {
    match outside(tx, sender, conversation)? {
        Some((other, true)) => contact::may_ask(tx, &other),
        Some((_, false)) | None => Ok(()),
    }
}

/// The other user of a direct conversation, if it is no member, and whether a message asks it. Refuses a message that cannot
/// reach it, or while another one waits.
fn outside(
    tx: &mut Transaction<'_>,
    sender: &UserRow,
    conversation: &ConversationRow,
) -> RuleResult<Option<(Arc<UserRow>, bool)>> {
    if conversation.head.member_count != 1 {
        return Ok(None);
    }
    let Some(other) = contact::other_of(conversation, sender.key) else { return Ok(None) };
    let other = tx.user_by_key(other)?;
    if other.disabled {
        return Err(Refusal::not_found("user", &other.user.id).into());
    }
    reach::may_begin(tx, sender, &other)?;
    let asks = contact::is_stranger(tx, sender, &other)?;
    if asks && contact::open(tx, other.key, conversation)?.is_some() {
        return Err(contact::one_message_waits().into());
    }
    Ok(Some((other, asks)))
}

/// Makes the other user of a direct conversation a member of it, and delivers the message that waits. What was written
/// before that counts as read. It refuses before it has changed anything.
pub(crate) fn enter(tx: &mut Transaction<'_>, conversation: &mut ConversationRow, user: &ActingUser) -> RuleResult<()> {
    if conversation.blocked {
        return Err(permissions::blocked().into());
    }
    if tx.user_details().user_counts(user.key)?.conversations >= CONVERSATIONS_OF_USER_MAX {
        return Err(members::too_many_conversations(&user.user.id).into());
    }
    let waiting = match contact::open(tx, user.key, conversation)?.filter(|row| !row.declined) {
        Some(row) => contact::waiting_message(tx.messages(), conversation, &row)?,
        None => None,
    };
    tx.contact_requests().delete_contact_request(user.key, conversation.key)?;
    let read = waiting.as_ref().map_or(conversation.head.sequence, |row| row.sequence.saturating_sub(1));
    let sequence = tx.next_sequence(conversation)?;
    members::insert_row(tx, conversation, user.key, Role::Member, read)?;
    let shown = overviews::of(tx, conversation)?;
    let appeared = Change::ConversationAppeared { conversation: shown, user: user.user.id.clone() };
    let unnumbered = About { conversation: Some(conversation.key), ..About::default() };
    tx.record(&appeared, unnumbered, None)?;
    let change = Change::MemberJoined {
        conversation: Arc::clone(&conversation.reference),
        member: (user.key, Arc::clone(&user.user)),
        member_count: conversation.head.member_count,
    };
    tx.record(&change, About::numbered(conversation, sequence), None)?;
    if let Some(row) = waiting {
        let sender = tx.user_by_key(row.sender)?;
        let message = Arc::new(message_views::complete(tx, &row, conversation, &sender.user)?);
        let change = Change::MessageAppeared { key: row.key, message, user: (user.key, user.user.id.clone()) };
        tx.record(&change, unnumbered, None)?;
    }
    match contact::other_of(conversation, user.key) {
        Some(other) => blocks::note_hidden(tx, other),
        None => Ok(()),
    }
}

/// Accepts or declines a request. Declining is told to nobody.
pub(crate) fn decide(tx: &mut Transaction<'_>, write: &DecideContact) -> RuleResult<Arc<ConversationRef>> {
    if write.actor.guest {
        return Err(Refusal::unauthenticated("requests need an account").into());
    }
    let user = tx.actor(&write.actor)?;
    let over = contact::over_until(tx.now);
    let row = tx.contact_requests().contact_request(&write.request)?;
    let row = row.filter(|row| row.to == user.key && row.at > over && !row.declined);
    let row = row.ok_or_else(|| Refusal::not_found("request", &write.request))?;
    let mut conversation = tx.conversation_by_key(row.conversation)?;
    if !write.accept {
        tx.contact_requests().decline_contact_request(row.to, row.conversation)?;
        return Ok(conversation.reference);
    }
    match row.kind {
        RequestKind::Message => enter(tx, &mut conversation, &user)?,
        RequestKind::Group => enter_group(tx, &write.actor, &mut conversation, &user, &row)?,
    }
    Ok(conversation.reference)
}

/// Makes a person a member of a group that it was invited to, if the one who invited it may still add members.
fn enter_group(
    tx: &mut Transaction<'_>,
    actor: &Actor,
    group: &mut ConversationRow,
    user: &ActingUser,
    row: &ContactRequestRow,
) -> RuleResult<()> {
    let from = tx.user_by_key(row.from)?;
    let member = tx.member(group.key, from.key)?;
    let may = |action| permissions::allows(action, standing(group, &from, member.as_ref(), false));
    if from.disabled || !may(Action::Add) {
        return Err(Refusal::conflict("Whoever invited you cannot add members to this group any more.").into());
    }
    let role = if may(Action::MakeAdmin) { row.role } else { Role::Member };
    contact::note_joined(tx, group, user)?;
    members::insert(tx, Some(actor), group, user, role)
}
