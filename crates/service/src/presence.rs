//! Who is online, as far as this process knows. Written by the gateway, read by whoever shows users.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use quintet_domain::UserId;

/// Users with at least one connection: registered ones, whose presence is shown, and guests, whose is not.
#[derive(Debug, Default)]
pub struct Presence {
    users: RwLock<HashSet<UserId>>,
    guests: RwLock<HashSet<UserId>>,
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
    /// Whether the user is online.
    #[must_use]
    pub fn is_online(&self, user: &UserId) -> bool {
        self.users.read().unwrap_or_else(PoisonError::into_inner).contains(user)
    }

    /// Notes that a registered user came or went.
    pub fn set_user(&self, user: &UserId, online: bool) {
        set(&self.users, user, online);
    }

    /// Notes that a guest came or went.
    pub fn set_guest(&self, guest: &UserId, here: bool) {
        set(&self.guests, guest, here);
    }

    /// All guests who are here, in no order.
    #[must_use]
    pub fn guests(&self) -> Vec<UserId> {
        all(&self.guests)
    }

    /// How many registered users are online.
    #[must_use]
    pub fn count(&self) -> usize {
        self.users.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}
