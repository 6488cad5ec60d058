//! Reads of invitations, over the rows of any store.
//!
//! What must stay true: a page ends at its limit, and its cursor is the key of its last row.

use quintet_domain::{Invitation, UserId};
use quintet_rules::invitations::{listed, lost_right, shown};
use quintet_rules::rows::{ConversationRows, InvitationRows, MemberRows, UserRows};

use crate::Page;
use crate::error::Read;
use crate::page::before_key;

/// The invitation whose code has a hash. One that is not good any more because of its maker is refused.
pub(crate) fn by_hash<R>(rows: &R, hash: &str) -> Read<Option<Invitation>>
where
    R: ConversationRows + MemberRows + UserRows + InvitationRows,
{
    let Some(row) = rows.invitation_by_hash(hash)? else { return Ok(None) };
    match lost_right(rows, &row)? {
        Some(refusal) => Err(refusal.into()),
        None => Ok(Some(shown(rows, row)?)),
    }
}

/// A page of invitations, the newest first: those that a user made, or all.
pub(crate) fn page<R>(rows: &R, of: Option<&UserId>, cursor: Option<&str>, limit: u32) -> Read<Page<Invitation>>
where
    R: ConversationRows + UserRows + InvitationRows,
{
    let before = before_key(cursor)?;
    let of = match of {
        Some(user) => match rows.user(user)? {
            Some(row) => Some(row.key),
            None => return Ok(Page { items: Vec::new(), next: None }),
        },
        None => None,
    };
    let (items, next) = listed(rows, of, before, limit as usize)?;
    Ok(Page { items, next: next.map(|key| key.to_string()) })
}
