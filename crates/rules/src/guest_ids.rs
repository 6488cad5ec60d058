//! How a guest gives up its id to an account.
//!
//! What must stay true: an account inherits nothing from a guest: every account is created by `users::insert`, which
//! calls [`give_up_id`] in the same transaction.

use std::sync::Arc;

use quintet_domain::{Departure, Refusal, User, UserId};

use crate::rows::UserRow;
use crate::transaction::{ActingUser, Transaction};
use crate::{ConversationKey, RuleResult, UserKey, members};

/// Maximum number of memberships that are read at once.
const MEMBERSHIPS_AT_ONCE: usize = 500;

/// Frees an id for an account. A guest with the id leaves its rooms; what it wrote and owns stays with its row, which
/// gets an id that nobody can claim. Its secrets become invalid.
///
/// # Errors
/// `ERR_CONFLICT` if an account has the id, or only the server assigns ids of its form.
pub(crate) fn give_up_id(tx: &mut Transaction<'_>, id: &UserId) -> RuleResult<()> {
    if id.is_former_guests() {
        return Err(Refusal::conflict(format!("The id `{id}` is reserved: the server gives ids of this form.")).into());
    }
    let Some(row) = tx.find_user(id)? else { return Ok(()) };
    if !row.user.is_guest() {
        return Err(Refusal::conflict(format!("The id `{id}` is taken.")).into());
    }
    let guest = ActingUser::plain(Arc::clone(&row));
    for conversation in memberships(tx, row.key)? {
        let mut conversation = tx.conversation_by_key(conversation)?;
        members::depart(tx, None, &mut conversation, &guest, (Departure::IdTaken, None))?;
    }
    let former = UserId::former_guest(tx.secret());
    let mut user = User::clone(&row.user);
    // A name that was made from the id would still reveal it.
    if user.username == User::guest_name(id) {
        user.username = User::guest_name(&former);
        user.name.clone_from(&user.username);
    }
    user.id = former;
    tx.update_user(UserRow { user: Arc::new(user), former_id: Some(id.clone()), ..UserRow::clone(&row) })?;
    tx.guests().delete_guest_secrets(row.key)?;
    Ok(())
}

/// All conversations of a guest, who is a member of few.
fn memberships(tx: &Transaction<'_>, guest: UserKey) -> RuleResult<Vec<ConversationKey>> {
    let mut all = Vec::new();
    loop {
        let page = tx.member_lists().conversations_of(guest, all.last().copied(), MEMBERSHIPS_AT_ONCE)?;
        let last = page.len() < MEMBERSHIPS_AT_ONCE;
        all.extend(page);
        if last {
            return Ok(all);
        }
    }
}
