//! Reads of requests to reach a person, and of direct conversations that one of the two has not accepted, over the rows of
//! any store.
//!
//! What must stay true: of a conversation that it has not accepted, a user sees the message that waits, and nothing else; a
//! conversation of which both are members costs no statement.

use std::collections::{BTreeSet, HashMap};

use quintet_domain::limits::CONTACT_REQUESTS_MAX;
use quintet_domain::permissions::{self, Action};
use quintet_domain::{ContactRequest, Conversation, ConversationId, Refusal, Timestamp, UserId};
use quintet_rules::log::ReplayRows;
use quintet_rules::message_details::add_details;
use quintet_rules::message_views::shown;
use quintet_rules::restrictions::{is_banned, standing_of_reader};
use quintet_rules::rows::{
    ContactRequestRows, ConversationRow, ConversationRows, DetailRows, MemberRows, MessageRows, ModerationRows,
    UserRow, UserRows,
};
use quintet_rules::{RowResult, UserKey, contact, standing, unaccepting_member};

use crate::error::Read;

/// The requests that a user can decide, the newest first. A group from which it is banned is not shown.
pub(crate) fn requests<R>(rows: &R, user: &UserId, now: Timestamp) -> Read<Vec<ContactRequest>>
where
    R: UserRows + ConversationRows + MessageRows + DetailRows + ModerationRows + ContactRequestRows,
{
    let user = UserRows::user(rows, user)?.ok_or_else(|| Refusal::not_found("user", user))?;
    let mut requests = Vec::new();
    for row in rows.contact_requests_to(user.key, contact::over_until(now), CONTACT_REQUESTS_MAX)? {
        let (Some(from), Some(conversation)) =
            (rows.user_by_key(row.from)?, rows.conversation_by_key(row.conversation)?)
        else {
            continue;
        };
        if is_banned(rows, &conversation, user.key, now)? {
            continue;
        }
        let message = match contact::waiting_message(rows, &conversation, &row)? {
            Some(waiting) => {
                let mut message = shown(&waiting, &conversation.reference, &from.user);
                add_details(rows, std::slice::from_ref(&waiting), std::slice::from_mut(&mut message))?;
                Some(message.into())
            }
            None => None,
        };
        let (id, kind, at) = (row.id, row.kind, row.at);
        requests.push(ContactRequest { id, kind, from: from.user, conversation: conversation.reference, message, at });
    }
    Ok(requests)
}

/// Refuses a user who may not send to a conversation.
pub(crate) fn may_send<R>(rows: &R, user: &UserId, id: &ConversationId, now: Timestamp) -> Read<()>
where
    R: UserRows + ConversationRows + MemberRows + ModerationRows + ContactRequestRows,
{
    let user = rows.user(user)?.ok_or_else(|| Refusal::not_found("user", user))?;
    let row = rows.conversation(id)?.ok_or_else(|| Refusal::not_found("conversation", id))?;
    let member = rows.member(row.key, user.key)?;
    permissions::check(Action::Use, standing_of_reader(rows, &row, &user, member.as_ref())?, id)?;
    permissions::check(Action::Send, standing(&row, &user, member.as_ref(), true), id)?;
    match contact::is_waiting(rows, user.key, &row, now)? {
        Some(refusal) => Err(refusal.into()),
        None => Ok(()),
    }
}

/// The direct conversation of two users of which the first is a member.
pub(crate) fn direct<R>(rows: &R, user: &UserRow, other: &UserRow) -> Read<Option<ConversationId>>
where
    R: ConversationRows + MemberRows,
{
    let pair = (user.key.min(other.key), user.key.max(other.key));
    let Some(found) = rows.direct_conversation(pair)? else { return Ok(None) };
    // Of a conversation that it has not accepted, a user knows nothing.
    Ok(rows.member(found.key, user.key)?.map(|_| found.reference.id.clone()))
}

/// The direct conversations among some that the user has begun and the other has not accepted, with the other.
#[derive(Default)]
pub(crate) struct Unaccepted(HashMap<ConversationId, UserKey>);

impl Unaccepted {
    /// Finds them among the conversations of a user.
    pub(crate) fn among<'r>(user: &UserRow, rows: impl IntoIterator<Item = &'r ConversationRow>) -> Self {
        let other = |row: &ConversationRow| {
            let (first, second) = row.pair.filter(|_| row.head.member_count == 1)?;
            Some((row.reference.id.clone(), if first == user.key { second } else { first }))
        };
        Self(rows.into_iter().filter_map(other).collect())
    }

    /// Shows the others as one of the two, like everywhere else.
    pub(crate) fn complete(self, rows: &impl ReplayRows, conversations: &mut [Conversation]) -> RowResult<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let keys: BTreeSet<UserKey> = self.0.values().copied().collect();
        let others: HashMap<UserKey, UserRow> = rows.users(&keys)?.into_iter().map(|row| (row.key, row)).collect();
        for conversation in conversations {
            let other = self.0.get(&conversation.conversation.id).and_then(|key| others.get(key));
            if let Some(other) = other {
                conversation.members.push(unaccepting_member(&other.user, conversation.created_at));
                conversation.member_count = 2;
            }
        }
        Ok(())
    }
}
