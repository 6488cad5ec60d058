//! Conversations as events show them to all members, made inside a write.
//!
//! What must stay true: the number of members that are read is bounded, whatever the size of the conversation.

use std::sync::Arc;

use quintet_domain::limits::MEMBERS_TOLD_MAX;
use quintet_domain::{Member, Overview, Role, Timestamp, User, members_told};

use crate::message_details::add_details;
use crate::message_views::shown;
use crate::rows::{ConversationRow, MemberRow, UserRow};
use crate::transaction::Transaction;
use crate::{RuleResult, UserKey};

/// The conversation with its members and its newest message as they are now.
pub(crate) fn of(tx: &mut Transaction<'_>, conversation: &ConversationRow) -> RuleResult<Arc<Overview>> {
    with(tx, conversation, &[])
}

/// The conversation as it is once some users have joined, who are not members yet.
pub(crate) fn with(
    tx: &mut Transaction<'_>,
    conversation: &ConversationRow,
    joining: &[Arc<UserRow>],
) -> RuleResult<Arc<Overview>> {
    let joining_count = u32::try_from(joining.len()).unwrap_or(u32::MAX);
    let member_count = conversation.head.member_count.saturating_add(joining_count);
    let told = members_told(member_count);
    let mut members = Vec::with_capacity(told);
    for key in tx.member_lists().members(conversation.key, told)? {
        let user = Arc::clone(&tx.user_by_key(key)?.user);
        let Some(row) = tx.member(conversation.key, key)? else { continue };
        members.push(member(user, &row));
    }
    let now = tx.now;
    let join = |user: &Arc<UserRow>| Member {
        user: Arc::clone(&user.user),
        role: Role::Member,
        joined_at: now,
        read_sequence: 0,
        read_at: None,
    };
    members.extend(joining.iter().map(join));
    members.truncate(told);
    if let (Some((first, second)), [only]) = (conversation.pair, &members[..]) {
        let first = tx.user_by_key(first)?;
        let other = if first.user.id == only.user.id { tx.user_by_key(second)? } else { first };
        members.push(unaccepting_member(&other.user, conversation.created_at));
    }
    let last_message = match conversation.head.last_message {
        Some(key) => tx.messages().message_by_key(key)?,
        None => None,
    };
    let last_message = match last_message {
        Some(row) => {
            let sender = tx.user_by_key(row.sender)?;
            let mut message = shown(&row, &conversation.reference, &sender.user);
            add_details(tx.details(), std::slice::from_ref(&row), std::slice::from_mut(&mut message))?;
            Some(Arc::new(message))
        }
        None => None,
    };
    let owner = conversation.owner.map(|owner| tx.user_by_key(owner)).transpose()?;
    Ok(assembled(conversation, owner.as_deref(), members, member_count, last_message))
}

/// A member as an overview shows it.
pub(crate) fn member(user: Arc<User>, row: &MemberRow) -> Member {
    let MemberRow { role, joined_at, read_sequence, read_at, .. } = *row;
    Member { user, role, joined_at, read_sequence, read_at }
}

/// The other user of a direct conversation as the one who has begun it sees it, before the other has accepted: it is shown as
/// one of the two, and nothing of it that it has not accepted to show.
#[must_use]
pub fn unaccepting_member(user: &Arc<User>, begun: Timestamp) -> Member {
    let user = match user.last_seen {
        Some(_) => Arc::new(User { last_seen: None, ..User::clone(user) }),
        None => Arc::clone(user),
    };
    Member { user, role: Role::Member, joined_at: begun, read_sequence: 0, read_at: None }
}

/// Puts a conversation together with the rows that it refers to.
pub(crate) fn assembled(
    conversation: &ConversationRow,
    owner: Option<&UserRow>,
    members: Vec<Member>,
    member_count: u32,
    last_message: Option<Arc<quintet_domain::Message>>,
) -> Arc<Overview> {
    Arc::new(Overview {
        conversation: Arc::clone(&conversation.reference),
        description: conversation.description.clone(),
        picture: conversation.picture.clone(),
        metadata: conversation.metadata.clone(),
        open: conversation.open,
        moderation: conversation.moderation,
        owner: owner.map(|owner| owner.user.id.clone()),
        members,
        // Both are shown, whether or not one has still to accept.
        member_count: if conversation.pair.is_some() { 2 } else { member_count },
        last_message,
        created_at: conversation.created_at,
        updated_at: conversation.head.updated_at,
    })
}

/// All members of a conversation that is not large; none of one that is.
pub(crate) fn people(tx: &mut Transaction<'_>, conversation: &ConversationRow) -> RuleResult<Vec<Arc<User>>> {
    if conversation.head.member_count as usize > MEMBERS_TOLD_MAX {
        return Ok(Vec::new());
    }
    let keys: Vec<UserKey> = tx.member_lists().members(conversation.key, MEMBERS_TOLD_MAX)?;
    keys.into_iter().map(|key| Ok(Arc::clone(&tx.user_by_key(key)?.user))).collect()
}
