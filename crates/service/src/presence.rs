//! Who is online, as far as this process knows. Written by the gateway, read by whoever shows users.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use quintet_domain::UserId;

/// The set of users with at least one connection.
#[derive(Debug, Default)]
pub struct Presence(RwLock<HashSet<UserId>>);

impl Presence {
    /// Whether the user is online.
    #[must_use]
    pub fn is_online(&self, user: &UserId) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(user)
    }

    /// Notes that the user came or went. Returns whether that is news.
    pub fn set(&self, user: &UserId, online: bool) -> bool {
        let mut users = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if online { users.insert(user.clone()) } else { users.remove(user) }
    }

    /// All who are online, in no order.
    #[must_use]
    pub fn all(&self) -> Vec<UserId> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// How many are online.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}
