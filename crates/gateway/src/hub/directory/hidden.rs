//! What the users of the directory are not shown of those who have blocked them.
//!
//! What must stay true: a block takes effect at its position, whether the memberships of the blocked user have been read
//! by then or not; a user whom nobody has blocked pays one pointer.

use quintet_domain::{Hidden, UserId};

use super::Directory;
use crate::hub::local_user::BlockChange;

impl Directory {
    /// What a user is not shown; none if that is nothing.
    pub(in crate::hub) fn hidden_from(&self, user: &UserId) -> Option<&Hidden> {
        self.user(user)?.hidden.as_deref()
    }

    /// Records that a user was blocked by another one, or is blocked by it no more.
    pub(in crate::hub) fn set_blocked(&mut self, user: &UserId, blocker: &UserId, blocked: bool, position: u64) {
        let Some(local) = self.user_mut(user) else { return };
        if let Some(loading) = &mut local.loading {
            loading.blocks.push(BlockChange { position, blocker: blocker.clone(), blocked });
        } else {
            let mut hidden = local.hidden.take().map_or(Hidden::Nobody, |hidden| *hidden);
            hidden.set(user, blocker, blocked);
            local.hidden = kept(hidden);
        }
    }

    /// Sets what the user of a slot is not shown, as it was read at a position, and then applies the changes since the read.
    pub(super) fn load_hidden(&mut self, slot: usize, mut hidden: Hidden, changes: Vec<BlockChange>, position: u64) {
        let local = &mut self.users[slot];
        for change in changes.into_iter().filter(|change| change.position > position) {
            hidden.set(&local.user.id, &change.blocker, change.blocked);
        }
        local.hidden = kept(hidden);
    }
}

fn kept(hidden: Hidden) -> Option<Box<Hidden>> {
    (!hidden.is_nobody()).then(|| Box::new(hidden))
}
