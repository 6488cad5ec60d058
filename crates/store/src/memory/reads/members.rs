//! The members of one conversation, page by page, and those among them whose name contains a text.
//!
//! What must stay true: members are in the order in which they joined, whatever is searched for.

use std::sync::Arc;

use quintet_domain::{ConversationId, Member, Searched, UserId};

use super::{conversation, known, readable};
use crate::Page;
use crate::error::Read;
use crate::members::{fits, of_direct};
use crate::memory::data::Data;
use crate::page::{after_joined, joined_mark};

/// A page of the members of a conversation that the user may read: all, or those whose username or name contains a text.
pub(in crate::memory) fn members(
    data: &Data,
    requester: &UserId,
    id: &ConversationId,
    query: &str,
    cursor: Option<&str>,
    limit: u32,
) -> Read<Page<Member>> {
    let row = readable(data, known(data, requester)?, id)?;
    let (searched, after) = (Searched::new(query), after_joined(cursor)?);
    if row.pair.is_some() {
        return Ok(of_direct(conversation(data, requester, id)?, &searched));
    }
    let mut found = Vec::new();
    for key in data.joined_members(row.key) {
        let Some(member) = data.conversations.members.get(&(row.key, key)) else { continue };
        let (mark, user) = ((member.joined_sequence.cast_signed(), key.0), &data.user_named(key)?.user);
        if mark <= after || !fits(&searched, user) {
            continue;
        }
        let member = Member {
            user: Arc::clone(user),
            role: member.role,
            joined_at: member.joined_at,
            read_sequence: member.read_sequence,
            read_at: member.read_at,
        };
        found.push((joined_mark(mark.0, mark.1), member));
        if found.len() > limit as usize {
            break;
        }
    }
    Ok(Page::of_marked(found, limit))
}
