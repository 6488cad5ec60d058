//! The users who are online, on this node or another one. The gateway updates it; operations that show users read it.

use std::collections::{HashMap, HashSet};
use std::sync::{PoisonError, RwLock};

use quintet_domain::{Timestamp, User, UserId};

/// The users with at least one connection to any node: registered ones, whose presence is shown, and guests, whose presence
/// is not.
#[derive(Debug, Default)]
pub struct Presence {
    users: RwLock<HashSet<UserId>>,
    guests: RwLock<HashSet<UserId>>,
    /// When users who went offline were last seen, until that is stored.
    left: RwLock<HashMap<UserId, Timestamp>>,
}

fn set(of: &RwLock<HashSet<UserId>>, user: &UserId, here: bool) {
    let mut users = of.write().unwrap_or_else(PoisonError::into_inner);
    if here {
        users.insert(user.clone());
    } else {
        users.remove(user);
    }
}

fn all(of: &RwLock<HashSet<UserId>>) -> Vec<UserId> {
    of.read().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
}

impl Presence {
    /// Returns whether a registered user is online.
    #[must_use]
    pub fn is_online(&self, user: &UserId) -> bool {
        self.users.read().unwrap_or_else(PoisonError::into_inner).contains(user)
    }

    /// Records that a registered user came online or went offline.
    pub fn set_user(&self, user: &UserId, online: bool) {
        set(&self.users, user, online);
    }

    /// Records when a user who went offline was last seen, until [`Self::stored`].
    pub fn left(&self, user: &UserId, at: Timestamp) {
        self.left.write().unwrap_or_else(PoisonError::into_inner).insert(user.clone(), at);
    }

    /// Records that it is stored when users were last seen.
    pub(crate) fn stored(&self, users: &[(UserId, Timestamp)]) {
        let mut left = self.left.write().unwrap_or_else(PoisonError::into_inner);
        for (user, at) in users {
            // The user may have come and gone again meanwhile.
            if left.get(user) == Some(at) {
                left.remove(user);
            }
        }
    }

    /// Forgets when a user who went offline was last seen, because another node stores it.
    pub fn forget_left(&self, user: &UserId) {
        self.left.write().unwrap_or_else(PoisonError::into_inner).remove(user);
    }

    /// Returns when a user was last seen, as of `now`; `None` if the user never was.
    #[must_use]
    pub fn last_seen(&self, user: &User, now: Timestamp) -> Option<Timestamp> {
        if self.is_online(&user.id) {
            return Some(now);
        }
        self.left.read().unwrap_or_else(PoisonError::into_inner).get(&user.id).copied().or(user.last_seen)
    }

    /// Records that a guest connected or disconnected.
    pub fn set_guest(&self, guest: &UserId, here: bool) {
        set(&self.guests, guest, here);
    }

    /// Returns all connected guests, in no order.
    #[must_use]
    pub fn guests(&self) -> Vec<UserId> {
        all(&self.guests)
    }

    /// Returns the number of registered users who are online.
    #[must_use]
    pub fn count(&self) -> usize {
        self.users.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}
