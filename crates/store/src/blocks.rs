//! Reads of blocks, over the rows of any store.
//!
//! What must stay true: a user from whom nobody is hidden costs no statement.

use std::collections::BTreeSet;

use quintet_domain::limits::{BLOCKERS_TOLD_APART_MAX, BLOCKS_OF_USER_MAX};
use quintet_domain::{Hidden, Refusal, UserId};
use quintet_rules::rows::{BlockReads, ShownBlock, UserRow, UserRows};

use crate::Block;
use crate::error::Read;

/// The users whom a user has blocked, in the order in which it did.
pub(crate) fn blocks(rows: &(impl UserRows + BlockReads), user: &UserId) -> Read<Vec<Block>> {
    let user = rows.user(user)?.ok_or_else(|| Refusal::not_found("user", user))?;
    let block = |ShownBlock { user, at }| Block { user, at };
    Ok(rows.blocks_of(user.key, BLOCKS_OF_USER_MAX)?.into_iter().map(block).collect())
}

/// What a user is not shown of those who have blocked it, and of those who have not accepted that it writes to them.
pub(crate) fn hidden_from(rows: &impl BlockReads, user: &UserRow) -> Read<Hidden> {
    if !user.is_blocked {
        return Ok(Hidden::Nobody);
    }
    let most = BLOCKERS_TOLD_APART_MAX + 1;
    let hidden: BTreeSet<UserId> = [rows.blockers_of(user.key, most)?, rows.unaccepting(user.key, most)?]
        .into_iter()
        .flatten()
        .map(|(_, id)| id)
        .collect();
    Ok(Hidden::from_blockers(&user.user.id, hidden.into_iter().collect()))
}

/// What the user with an id is not shown of others.
pub(crate) fn hidden(rows: &(impl UserRows + BlockReads), user: &UserId) -> Read<Hidden> {
    match rows.user(user)? {
        Some(user) => hidden_from(rows, &user),
        None => Ok(Hidden::Nobody),
    }
}
