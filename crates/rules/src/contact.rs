//! Rules about whom a person has to be asked by: requests to write to it, and invitations to groups.
//!
//! What must stay true: a person has one request for each conversation, declined or not, until it is over; whoever left a
//! group by its own choice comes back by its own choice.

use quintet_domain::limits::{CONTACT_REQUEST_DAYS, CONTACT_REQUESTS_MAX};
use quintet_domain::{Contact, ConversationKind, Refusal, RequestId, RequestKind, Role, Timestamp, UserKind};

use crate::ledger::Cost;
use crate::rows::{
    ContactRequestRow, ContactRequestRows, ConversationRow, MemberRows, MessageRow, MessageRows, UserRow, UserRows,
};
use crate::transaction::Transaction;
use crate::{RowResult, RuleResult, UserKey, notifications, reach};

/// The most requests of an erased person, and groups that it has left, that one write removes; other writes run in
/// between.
const ERASED_AT_ONCE: usize = 200;

/// The moment up to which requests that were made are over.
#[must_use]
pub fn over_until(now: Timestamp) -> Timestamp {
    now.minus_days(CONTACT_REQUEST_DAYS)
}

/// Refuses a further message to a person who has not accepted the first one, or has declined it: the one who asks does not
/// learn which.
pub(crate) fn one_message_waits() -> Refusal {
    Refusal::conflict("Your first message waits until this user has accepted it.")
}

/// The other user of a direct conversation.
pub(crate) fn other_of(conversation: &ConversationRow, user: UserKey) -> Option<UserKey> {
    conversation.pair.map(|(first, second)| if first == user { second } else { first })
}

/// Whether a message of a user to a direct conversation waits, or was declined, so that another one is refused. It does not once
/// the two are acquainted: then the next message reaches the other. The user must be a member.
///
/// # Errors
/// An error of the store.
pub fn is_waiting(
    rows: &(impl ContactRequestRows + MemberRows + UserRows + ?Sized),
    user: UserKey,
    conversation: &ConversationRow,
    now: Timestamp,
) -> RowResult<Option<Refusal>> {
    let Some(other) = other_of(conversation, user).filter(|_| conversation.head.member_count == 1) else {
        return Ok(None);
    };
    let open = rows.contact_request_for(other, conversation.key)?.is_some_and(|row| row.at > over_until(now));
    Ok(match open && !reach::have_one_in_common(rows, user, other)? {
        true => Some(one_message_waits()),
        false => None,
    })
}

// --- who is asked ---

/// Whether a user is a stranger to a person, where strangers have to ask.
pub(crate) fn is_stranger(tx: &mut Transaction<'_>, by: &UserRow, other: &UserRow) -> RuleResult<bool> {
    if tx.quotas().contact != Contact::Requests || by.user.is_service() || other.user.is_service() {
        return Ok(false);
    }
    Ok(!reach::share_one(tx, by, other)?)
}

/// Whether two users are both members of their direct conversation.
fn write_to_each_other(tx: &mut Transaction<'_>, user: UserKey, other: UserKey) -> RuleResult<bool> {
    let found = tx.direct_conversation((user.min(other), user.max(other)))?;
    Ok(found.is_some_and(|conversation| conversation.head.member_count == 2))
}

/// Whether a person is not added to a group but invited: by a stranger, where strangers have to ask, and by everybody if it
/// has left the group, of which there is none yet for a new one.
pub(crate) fn is_invited(
    tx: &mut Transaction<'_>,
    by: &UserRow,
    other: &UserRow,
    group: Option<&ConversationRow>,
) -> RuleResult<bool> {
    if other.user.is_service() || by.key == other.key {
        return Ok(false);
    }
    if let Some(group) = group
        && tx.contact_requests().has_left_group(other.key, group.key)?
    {
        return Ok(true);
    }
    Ok(is_stranger(tx, by, other)? && !write_to_each_other(tx, by.key, other.key)?)
}

/// Notes that a member has left by its own choice, so that it is only invited from then on.
pub(crate) fn note_left(tx: &mut Transaction<'_>, conversation: &ConversationRow, user: &UserRow) -> RuleResult<()> {
    if returns(conversation, user) {
        tx.contact_requests().insert_left_group(user.key, conversation.key)?;
    }
    Ok(())
}

/// Notes that a user has become a member by its own choice: whatever it was asked about the group is decided.
pub(crate) fn note_joined(tx: &mut Transaction<'_>, conversation: &ConversationRow, user: &UserRow) -> RuleResult<()> {
    if returns(conversation, user) {
        tx.contact_requests().delete_left_group(user.key, conversation.key)?;
        tx.contact_requests().delete_contact_request(user.key, conversation.key)?;
    }
    Ok(())
}

/// Whether it matters that a user left a conversation. Nobody is added to rooms, and services come and go as they like.
fn returns(conversation: &ConversationRow, user: &UserRow) -> bool {
    conversation.reference.kind == ConversationKind::Group && user.user.kind == UserKind::Registered
}

// --- asking ---

/// Invites a person to a group, unless it is invited already or has declined: whoever invites is told of neither.
pub(crate) fn invite(
    tx: &mut Transaction<'_>,
    by: &UserRow,
    person: &UserRow,
    group: &ConversationRow,
    role: Role,
) -> RuleResult<()> {
    if open(tx, person.key, group)?.is_some() {
        return Ok(());
    }
    let name = group.reference.name.as_deref().unwrap_or_default();
    let message = format!("{} invites you to {name}.", by.user.name);
    ask(tx, (by, person), (group, RequestKind::Group, role), ("New Group Invitation", &message))
}

/// The request to a person for a conversation that is not over, declined or not.
pub(crate) fn open(
    tx: &mut Transaction<'_>,
    to: UserKey,
    conversation: &ConversationRow,
) -> RuleResult<Option<ContactRequestRow>> {
    let over = over_until(tx.now);
    Ok(tx.contact_requests().contact_request_for(to, conversation.key)?.filter(|row| row.at > over))
}

/// Refuses a further request to a person who has too many to decide.
pub(crate) fn may_ask(tx: &mut Transaction<'_>, to: &UserRow) -> RuleResult<()> {
    let over = over_until(tx.now);
    if tx.contact_requests().contact_requests_to(to.key, over, CONTACT_REQUESTS_MAX)?.len() >= CONTACT_REQUESTS_MAX {
        let why = format!("A user whom you ask has {CONTACT_REQUESTS_MAX} requests to decide first.");
        return Err(Refusal::conflict(why).into());
    }
    Ok(())
}

/// Stores a request, and notifies the person who decides.
pub(crate) fn ask(
    tx: &mut Transaction<'_>,
    (from, to): (&UserRow, &UserRow),
    (conversation, kind, role): (&ConversationRow, RequestKind, Role),
    (title, message): (&str, &str),
) -> RuleResult<()> {
    may_ask(tx, to)?;
    let row = ContactRequestRow {
        id: RequestId::trusted(&tx.new_id()),
        kind,
        from: from.key,
        to: to.key,
        conversation: conversation.key,
        role,
        at: tx.now,
        declined: false,
    };
    tx.contact_requests().put_contact_request(&row)?;
    tx.charge(Cost::Rows, 1);
    notifications::notify(tx, to, Some(from.key), title, message)?;
    Ok(())
}

/// The message that waits for a person to accept it.
///
/// # Errors
/// An error of the store.
pub fn waiting_message<R>(
    rows: &R,
    conversation: &ConversationRow,
    of: &ContactRequestRow,
) -> RowResult<Option<MessageRow>>
where
    R: MessageRows + ?Sized,
{
    let Some(key) = conversation.head.last_message.filter(|_| of.kind == RequestKind::Message) else { return Ok(None) };
    Ok(rows.message_by_key(key)?.filter(|row| row.deleted_at.is_none() && row.created_at >= of.at))
}

/// Removes some of the requests of an erased person and to it, and some groups that it has left. Returns whether there were
/// any.
pub(crate) fn remove_some_of(tx: &mut Transaction<'_>, user: UserKey) -> RuleResult<bool> {
    let requests = tx.contact_requests().delete_contact_requests_of(user, ERASED_AT_ONCE)?;
    let left = tx.contact_requests().delete_left_groups_of(user, ERASED_AT_ONCE)?;
    Ok(requests + left > 0)
}
