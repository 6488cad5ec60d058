//! Searches for groups and rooms, and the direct conversation of two users.
//!
//! What must stay true: one read checks a limited number of names, however many conversations there are.

use std::cmp::Reverse;
use std::sync::Arc;

use quintet_domain::limits::{MESSAGES_COUNTED_MAX, NAMES_SEARCHED_MAX};
use quintet_domain::{ConversationId, ConversationKind, Searched, Timestamp, UserId};
use quintet_rules::ConversationKey;
use quintet_rules::restrictions::is_banned;
use quintet_rules::rows::{ConversationRow, ConversationRows, MemberRows, UserRow};

use super::conversations::mark;
use super::{known, readable};
use crate::contact_requests;
use crate::error::Read;
use crate::memory::data::Data;
use crate::page::{activity_mark, after_activity};
use crate::{Filter, Listing, Page};

/// The position of a conversation in a list by activity: the time of its last change, and its key.
type Mark = (i64, i64);

/// Groups and rooms by a part of their name, newest activity first. One read checks a limited number of names, so that
/// a page may be short or empty and still have a cursor for the next.
pub(in crate::memory) fn find(
    data: &Data,
    (user, now): (&UserId, Timestamp),
    query: &str,
    which: &Filter,
    after: Option<&str>,
    limit: u32,
) -> Read<Page<Listing>> {
    let user = known(data, user)?;
    let (after, part, limit) = (after_activity(after)?, Searched::new(query), limit as usize);
    let (mut found, mut end) = match which {
        Filter::Open => open(data, (user, now), after, &part, limit)?,
        Filter::OpenOrMine => {
            let (mut found, end) = open(data, (user, now), after, &part, limit)?;
            found.extend(closed_of(data, user, after, &part, limit)?);
            found.sort_unstable_by_key(|row| Reverse(mark(row)));
            // After the end of the open ones, not all of them have been read.
            found.retain(|row| end.is_none_or(|end| mark(row) >= end));
            (found, end)
        }
        Filter::One(id) => {
            let row = data.conversation(id)?;
            let may = match &row {
                Some(row) => may_find(data, (user, now), row)?,
                None => false,
            };
            (row.filter(|_| may).into_iter().collect(), None)
        }
    };
    if found.len() > limit {
        found.truncate(limit);
        end = found.last().map(mark);
    }
    let items = found.iter().map(|row| listing(data, user, row)).collect::<Read<_>>()?;
    Ok(Page { items, next: end.map(|(at, key)| activity_mark(at, key)) })
}

/// Whether a user finds a conversation: as a member, or because it is open and the user is not banned from it.
fn may_find(data: &Data, (user, now): (&UserRow, Timestamp), row: &ConversationRow) -> Read<bool> {
    let is_member = data.conversations.members.contains(&(row.key, user.key));
    Ok(is_member || row.open && !is_banned(data, row, user.key, now)?)
}

/// Whether a conversation is a group or room whose name contains a text.
fn fits(row: &ConversationRow, part: &Searched) -> bool {
    let named = row.reference.name.as_deref().is_some_and(|name| part.is_in(name));
    named && matches!(row.reference.kind, ConversationKind::Group | ConversationKind::Room)
}

/// Open groups and rooms whose name matches, and the mark up to which names were checked, unless that is the end.
fn open(
    data: &Data,
    (user, now): (&UserRow, Timestamp),
    after: Mark,
    part: &Searched,
    limit: usize,
) -> Read<(Vec<ConversationRow>, Option<Mark>)> {
    let (mut fitting, mut end) = (Vec::new(), None);
    let older = data.conversations.open.range(..(Timestamp(after.0), ConversationKey(after.1))).rev();
    for (looked_at, ((_, key), ())) in (1..=NAMES_SEARCHED_MAX).zip(older) {
        let row = data.conversation_named(*key)?;
        if fits(row, part) && !is_banned(data, row, user.key, now)? {
            if fitting.len() == limit {
                end = fitting.last().map(mark);
                break;
            }
            fitting.push(row.clone());
        }
        if looked_at == NAMES_SEARCHED_MAX {
            end = Some(mark(row));
        }
    }
    Ok((fitting, end))
}

/// Closed groups of a member whose name matches; at most one more than a page has.
fn closed_of(data: &Data, user: &UserRow, after: Mark, part: &Searched, limit: usize) -> Read<Vec<ConversationRow>> {
    let mut closed = Vec::new();
    for key in data.memberships_of(user.key) {
        let row = data.conversation_named(key)?;
        if !row.open && row.deleted_at.is_none() && mark(row) < after && fits(row, part) {
            closed.push(row.clone());
        }
    }
    closed.sort_unstable_by_key(|row| Reverse(mark(row)));
    closed.truncate(limit.saturating_add(1));
    Ok(closed)
}

/// A group or room as a user sees it in a list.
fn listing(data: &Data, user: &UserRow, row: &ConversationRow) -> Read<Listing> {
    let owner = row.owner.map(|owner| data.user_named(owner)).transpose()?;
    Ok(Listing {
        conversation: Arc::clone(&row.reference),
        description: row.description.as_deref().map(str::to_owned),
        picture: row.picture.clone(),
        metadata: row.metadata.clone(),
        open: row.open,
        owner: owner.map(|owner| owner.user.id.clone()),
        member_count: row.head.member_count,
        is_member: data.member(row.key, user.key)?.is_some(),
        created_at: row.created_at,
        updated_at: row.head.updated_at,
    })
}

/// The direct conversation of two users, if they have one of which the first is a member.
pub(in crate::memory) fn direct(data: &Data, user: &UserId, other: &UserId) -> Read<Option<ConversationId>> {
    contact_requests::direct(data, known(data, user)?, known(data, other)?)
}

/// The number of messages of a conversation, up to the limit of counting.
pub(in crate::memory) fn message_count(data: &Data, user: &UserId, id: &ConversationId) -> Read<u64> {
    let row = readable(data, known(data, user)?, id)?;
    let counted = data.messages_between(row.key, (0, u64::MAX)).take(MESSAGES_COUNTED_MAX as usize);
    Ok(counted.count() as u64)
}
