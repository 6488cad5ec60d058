//! Conversations as their members see them: one, or a page of a user's own.
//!
//! What must stay true: a page ends at its limit of rows or bytes.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use quintet_domain::limits::{
    IDS_MAX, LIST_BYTES_MAX, MEMBERS_LISTED_MAX, MEMBERS_OF_PAGE_MAX, PEOPLE_LISTED_MIN, READERS_SHOWN_MAX,
    UNREAD_COUNTED_MAX,
};
use quintet_domain::{Conversation, ConversationId, Member, Message, Metadata, Reader, Refusal, UserId};
use quintet_rules::UserKey;
use quintet_rules::rows::{ConversationRow, LogRows, MemberRow, MessageRow, UserRow};

use super::messages::shown;
use super::{find_user, known, readable};
use crate::blocks;
use crate::contact_requests::Unaccepted;
use crate::error::Read;
use crate::memory::data::Data;
use crate::memory::rows::ReplayView;
use crate::page::{activity_mark, after_activity, message_bytes, user_bytes};
use crate::{Memberships, Page};

/// A user's conversations, by their keys, at the newest position.
pub(in crate::memory) fn memberships(data: &Data, user: &UserId) -> Read<Memberships> {
    let position = LogRows::newest_position(data)?;
    let Some(row) = find_user(data, user) else {
        return Ok(Memberships { position, ..Memberships::default() });
    };
    let own = data.memberships_of(row.key).map(|key| data.conversation_named(key));
    let conversations =
        own.map(|row| row.map(|row| (Arc::clone(&row.reference), row.head.member_count))).collect::<Result<_, _>>()?;
    let hidden = blocks::hidden_from(data, row)?;
    Ok(Memberships { position, registered: !row.user.is_guest(), conversations, hidden })
}

/// A conversation that the user is a member of.
pub(in crate::memory) fn conversation(data: &Data, user: &UserId, id: &ConversationId) -> Read<Conversation> {
    let user = known(data, user)?;
    let row = readable(data, user, id)?;
    let mut found = whole(data, user, &[&row], IDS_MAX)?;
    Unaccepted::among(user, [&row]).complete(&ReplayView(data), &mut found)?;
    Ok(found.pop().ok_or_else(|| Refusal::not_found("conversation", id))?)
}

/// A page of the user's conversations, newest activity first.
pub(in crate::memory) fn conversations(
    data: &Data,
    user: &UserId,
    after: Option<&str>,
    limit: u32,
) -> Read<Page<Conversation>> {
    let user = known(data, user)?;
    let after = after_activity(after)?;
    let mut found = Vec::new();
    for key in data.memberships_of(user.key) {
        let row = data.conversation_named(key)?;
        if mark(row) < after && !is_hidden(data, user, row) {
            found.push(row);
        }
    }
    found.sort_unstable_by_key(|row| Reverse(mark(row)));
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let mut items = whole(data, user, &found, members_of_each(found.len()))?;
    Unaccepted::among(user, found.iter().copied()).complete(&ReplayView(data), &mut items)?;
    let last = items.len().checked_sub(1).and_then(|last| found.get(last));
    let next = last.filter(|_| more || items.len() < found.len()).map(|row| mark(row));
    Ok(Page { items, next: next.map(|(at, key)| activity_mark(at, key)) })
}

/// The position of a conversation in a list by activity.
pub(super) fn mark(row: &ConversationRow) -> (i64, i64) {
    (row.head.updated_at.0, row.key.0)
}

/// The newest message of a conversation.
fn last_message<'d>(data: &'d Data, row: &ConversationRow) -> Option<&'d MessageRow> {
    row.head.last_message.and_then(|key| data.messages.rows.get(&key))
}

/// Whether a member has hidden a conversation and no message was sent since.
fn is_hidden(data: &Data, user: &UserRow, row: &ConversationRow) -> bool {
    let hidden = data.conversations.members.get(&(row.key, user.key)).and_then(|member| member.hidden_sequence);
    hidden.is_some_and(|hidden| hidden >= last_message(data, row).map_or(0, |message| message.sequence))
}

/// The number of members that are shown of each conversation, on a page of a number of conversations.
fn members_of_each(conversations: usize) -> usize {
    (MEMBERS_OF_PAGE_MAX / conversations.max(1)).clamp(PEOPLE_LISTED_MIN, MEMBERS_LISTED_MAX)
}

/// A member of a conversation that is shown.
struct Listed<'d> {
    key: UserKey,
    user: &'d UserRow,
    row: &'d MemberRow,
}

/// Completes the conversations of rows, as many of the first as fit the bytes of one page.
fn whole(data: &Data, user: &UserRow, rows: &[&ConversationRow], members_max: usize) -> Read<Vec<Conversation>> {
    let mut shown_rows = Vec::new();
    let mut bytes = 0;
    for (at, row) in rows.iter().enumerate() {
        let last = last_message(data, row).map(|message| shown(data, row, message)).transpose()?;
        let members = listed(data, user, row, members_max)?;
        bytes += last.as_ref().map_or(0, message_bytes) + row.metadata.as_ref().map_or(0, Metadata::size_bytes);
        bytes += members.iter().map(|member| user_bytes(&member.user.user)).sum::<usize>();
        if at > 0 && bytes > LIST_BYTES_MAX {
            break;
        }
        shown_rows.push(assembled(data, user, row, last, members, members_max)?);
    }
    Ok(shown_rows)
}

/// The first members of a conversation and the requesting user, by their keys.
fn listed<'d>(data: &'d Data, user: &UserRow, row: &ConversationRow, members_max: usize) -> Read<Vec<Listed<'d>>> {
    let first = data.joined_members(row.key).take(members_max);
    let keys: BTreeSet<UserKey> = first.chain([user.key]).collect();
    let mut members = Vec::with_capacity(keys.len());
    for key in keys {
        if let Some(member) = data.conversations.members.get(&(row.key, key)) {
            members.push(Listed { key, user: data.user_named(key)?, row: member });
        }
    }
    Ok(members)
}

/// The number of the newest messages of others that the user has not read.
fn unread(data: &Data, user: &UserRow, row: &ConversationRow) -> u64 {
    let read = data.conversations.members.get(&(row.key, user.key)).map_or(0, |member| member.read_sequence);
    let newest = data.messages_between(row.key, (read, u64::MAX)).rev().take(UNREAD_COUNTED_MAX as usize);
    newest.filter(|message| message.sender != user.key && message.deleted_at.is_none()).count() as u64
}

fn assembled(
    data: &Data,
    user: &UserRow,
    row: &ConversationRow,
    mut last: Option<Message>,
    mut members: Vec<Listed<'_>>,
    members_max: usize,
) -> Read<Conversation> {
    if let Some(last) = &mut last {
        last.readers = readers(&mut members, last);
        last.delivered = is_delivered(data, row, &members, last);
    }
    members.sort_unstable_by_key(|member| (member.row.joined_sequence, member.key));
    if members.len() > members_max {
        // The requesting user was added after the first members, as one too many. It replaces the last of the others.
        members.remove(members_max - 1);
    }
    let owner = row.owner.map(|owner| data.user_named(owner)).transpose()?;
    let own = data.conversations.members.get(&(row.key, user.key));
    Ok(Conversation {
        conversation: Arc::clone(&row.reference),
        picture: row.picture.clone(),
        metadata: row.metadata.clone(),
        open: row.open,
        moderation: row.moderation,
        retention: row.retention,
        silenced_until: own.and_then(|member| member.silenced_until),
        owner: owner.map(|owner| owner.user.id.clone()),
        members: members.into_iter().map(member_shown).collect(),
        member_count: row.head.member_count,
        last_message: last.map(Arc::new),
        unread_count: unread(data, user, row),
        settings: own.map(|member| member.settings.shown(row.head.last_message)).unwrap_or_default(),
        sequence: row.head.sequence,
        created_at: row.created_at,
        updated_at: row.head.updated_at,
    })
}

fn member_shown(member: Listed<'_>) -> Member {
    Member {
        user: Arc::clone(&member.user.user),
        role: member.row.role,
        joined_at: member.row.joined_at,
        read_sequence: member.row.read_sequence,
        read_at: member.row.read_at,
    }
}

/// The readers of a message among the members that are shown, the most advanced first.
fn readers(members: &mut [Listed<'_>], message: &Message) -> Vec<Reader> {
    members.sort_by_key(|member| Reverse(member.row.read_sequence));
    let passed = members.iter().filter(|member| {
        member.row.joined_sequence < message.sequence
            && member.row.read_sequence >= message.sequence
            && member.user.user.id != message.sender.id
    });
    let readers = passed.filter_map(|member| {
        let read_at = member.row.read_at?;
        Some(Reader { user: member.user.user.id.clone(), read_at })
    });
    readers.take(READERS_SHOWN_MAX).collect()
}

/// Whether a message has reached a device of one of the members that are shown.
fn is_delivered(data: &Data, row: &ConversationRow, members: &[Listed<'_>], message: &Message) -> bool {
    members.iter().any(|member| {
        let delivered = data.conversations.delivered.get(&(row.key, member.key)).copied().unwrap_or_default();
        let has_read = member.row.read_at.is_some() && member.row.read_sequence >= message.sequence;
        member.row.joined_sequence < message.sequence
            && (has_read || delivered >= message.sequence)
            && member.user.user.id != message.sender.id
    })
}
