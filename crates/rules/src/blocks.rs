//! Rules about users who have blocked others.
//!
//! What must stay true: nobody but the one who blocks is told; blocking twice is confirmed and changes nothing; the row
//! of a direct conversation says whether one of its two users has blocked the other, and the row of a user whether
//! anybody has blocked it, so that who is not concerned pays for no further statement.

use quintet_domain::limits::BLOCKS_OF_USER_MAX;
use quintet_domain::{MayType, Refusal, SetBlock, Target, UserId, permissions};

use crate::ledger::Cost;
use crate::log::Change;
use crate::rows::{BlockRow, ConversationRow, UserRow};
use crate::transaction::{About, Transaction};
use crate::{RuleResult, UserKey};

/// The most blocks of an erased person, and on it, that one write removes; other writes run in between.
const ERASED_AT_ONCE: usize = 200;

/// Blocks a user, or ends a block. Returns the ids of all users whom the actor has blocked.
pub(crate) fn set(tx: &mut Transaction<'_>, write: &SetBlock) -> RuleResult<Vec<UserId>> {
    let SetBlock { actor, user: other, blocked } = write;
    if actor.guest {
        return Err(Refusal::unauthenticated("blocking needs an account").into());
    }
    let user = tx.actor(actor)?;
    if *other == user.user.id {
        return Err(Refusal::invalid("userId", "must be another user").into());
    }
    let other = tx.user(other)?;
    if *blocked {
        may_be_blocked(&other)?;
    }
    let before = tx.blocks().blocked_ids(user.key)?;
    if before.contains(&other.user.id) == *blocked {
        return Ok(before);
    }
    if *blocked && before.len() >= BLOCKS_OF_USER_MAX {
        let why = format!("`userId` is refused: you have blocked {BLOCKS_OF_USER_MAX} users, which is the most.");
        return Err(Refusal::conflict(why).into());
    }
    if *blocked {
        let row = BlockRow { blocker: user.key, blocked: other.key, at: tx.now };
        tx.blocks().insert_block(&row)?;
        // Whatever the two have asked each other is over.
        tx.contact_requests().delete_contact_requests_between(user.key, other.key)?;
        tx.contact_requests().delete_contact_requests_between(other.key, user.key)?;
    } else {
        tx.blocks().delete_block(user.key, other.key)?;
    }
    tx.charge(Cost::Rows, 1);
    note(tx, user.key, &other)?;
    // The position that the change gets below.
    let blocks_position = Some(tx.next_position());
    tx.update_user(UserRow { blocks_position, ..UserRow::clone(&user.row) })?;
    let now = tx.blocks().blocked_ids(user.key)?;
    let change = Change::BlocksChanged {
        user: (user.key, user.user.id.clone()),
        other: (other.key, other.user.id.clone()),
        blocked: now.clone(),
    };
    tx.record(&change, About::default(), Some(actor))?;
    Ok(now)
}

/// Refuses to block whom no block could keep away, and whom nobody can want to.
fn may_be_blocked(other: &UserRow) -> Result<(), Refusal> {
    if other.erased {
        return Err(Refusal::not_found("user", &other.user.id));
    }
    if other.user.is_service() {
        return Err(Refusal::forbidden("Services cannot be blocked."));
    }
    if other.user.is_guest() {
        return Err(Refusal::forbidden("Guests cannot be blocked: anybody can take the id of a guest."));
    }
    Ok(())
}

/// Notes in the rows that a block was added or removed: in that of the one who is or was blocked, and in that of their
/// direct conversation.
fn note(tx: &mut Transaction<'_>, blocker: UserKey, other: &UserRow) -> RuleResult<()> {
    note_hidden(tx, other.key)?;
    let pair = (blocker.min(other.key), blocker.max(other.key));
    if let Some(conversation) = tx.direct_conversation(pair)? {
        let blocked = is_pair_blocked(tx, pair)?;
        if blocked != conversation.blocked {
            tx.update_conversation(&ConversationRow { blocked, ..conversation })?;
        }
    }
    Ok(())
}

/// Notes in the row of a user whether anybody is hidden from it: those who have blocked it, and those who have not accepted
/// that it writes to them.
pub(crate) fn note_hidden(tx: &mut Transaction<'_>, user: UserKey) -> RuleResult<()> {
    let row = tx.user_by_key(user)?;
    let blocks = tx.blocks();
    let is_blocked = !blocks.blockers_of(user, 1)?.is_empty() || !blocks.unaccepting(user, 1)?.is_empty();
    if is_blocked != row.is_blocked {
        tx.update_user(UserRow { is_blocked, ..UserRow::clone(&row) })?;
    }
    Ok(())
}

/// Whether one of two users has blocked the other.
fn is_pair_blocked(tx: &mut Transaction<'_>, (first, second): (UserKey, UserKey)) -> RuleResult<bool> {
    let blocks = tx.blocks();
    Ok(blocks.has_blocked(first, second)? || blocks.has_blocked(second, first)?)
}

/// Refuses a user to begin a direct conversation where one of the two has blocked the other.
pub(crate) fn may_begin(tx: &mut Transaction<'_>, user: &UserRow, other: &UserRow) -> RuleResult<()> {
    if is_pair_blocked(tx, (user.key, other.key))? {
        return Err(permissions::blocked().into());
    }
    Ok(())
}

/// Refuses a user to add people to a conversation among whom somebody has blocked it. It names nobody.
pub(crate) fn may_add(tx: &mut Transaction<'_>, by: &UserRow, people: &[UserKey]) -> RuleResult<()> {
    if by.is_blocked && tx.blocks().has_any_blocked(people, by.key)? {
        return Err(Refusal::forbidden("You cannot add all of these users.").into());
    }
    Ok(())
}

/// Refuses a user to ask for, or to grant, a place at a meetup where the other has blocked it.
pub(crate) fn may_meet(tx: &mut Transaction<'_>, by: &UserRow, other: UserKey) -> RuleResult<()> {
    if by.is_blocked && tx.blocks().has_blocked(other, by.key)? {
        return Err(Refusal::forbidden("You cannot meet this user.").into());
    }
    Ok(())
}

/// Refuses a user to type where one of the two has blocked the other. Everything else about typing is decided where it is
/// shown.
pub(crate) fn may_type(tx: &mut Transaction<'_>, write: &MayType) -> RuleResult<u64> {
    let conversation = match &write.target {
        Target::Conversation(id) => tx.find_conversation(id)?,
        Target::Direct(other) => match (tx.find_user(&write.user)?, tx.find_user(other)?) {
            (Some(user), Some(other)) => tx.direct_conversation((user.key.min(other.key), user.key.max(other.key)))?,
            _ => None,
        },
    };
    // Who is not a member must not learn it.
    if let Some(conversation) = conversation.filter(|conversation| conversation.blocked)
        && let Some(user) = tx.find_user(&write.user)?
        && tx.member(conversation.key, user.key)?.is_some()
    {
        return Err(permissions::blocked().into());
    }
    Ok(tx.position())
}

/// Removes some of the blocks of an erased person, and of those on it. Returns whether there were any. Who had blocked it
/// is told with the next change of its blocks.
pub(crate) fn remove_some_of(tx: &mut Transaction<'_>, user: &UserRow) -> RuleResult<bool> {
    let own = tx.blocks().blocks_of(user.key, ERASED_AT_ONCE)?;
    let on_it = tx.blocks().blockers_of(user.key, ERASED_AT_ONCE)?;
    let any = !own.is_empty() || !on_it.is_empty();
    for block in own {
        let Some(other) = tx.find_user(&block.user.id)? else { continue };
        tx.blocks().delete_block(user.key, other.key)?;
        note(tx, user.key, &other)?;
    }
    for (blocker, _) in on_it {
        tx.blocks().delete_block(blocker, user.key)?;
        let row = tx.user_by_key(user.key)?;
        note(tx, blocker, &row)?;
    }
    Ok(any)
}
