//! A set of users who are connected to a node, with the hash by which two nodes compare it.
//!
//! What must stay true: equal sets have equal hashes on every node and in every version, whatever the order in which they
//! came about.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use quintet_domain::{User, UserId};
use sha2::{Digest, Sha256};

/// What is kept of a user.
pub(super) trait Kept {
    /// Whether the user is a guest. A guest and an account with the same id are two users.
    fn guest(&self) -> bool;
}

impl Kept for bool {
    fn guest(&self) -> bool {
        *self
    }
}

impl Kept for Arc<User> {
    fn guest(&self) -> bool {
        self.is_guest()
    }
}

/// The users who are connected to a node.
#[derive(Debug)]
pub(super) struct Present<K> {
    users: BTreeMap<UserId, K>,
    /// The sum of the hashes of all users.
    hash: u64,
}

impl<K> Default for Present<K> {
    fn default() -> Self {
        Self { users: BTreeMap::new(), hash: 0 }
    }
}

fn hash_of(id: &UserId, guest: bool) -> u64 {
    let digest = Sha256::new().chain_update([u8::from(guest)]).chain_update(id.as_str()).finalize();
    digest.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

impl<K: Kept> Present<K> {
    /// The number of users.
    pub(super) fn len(&self) -> usize {
        self.users.len()
    }

    /// The combined hash of all users.
    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    /// Whether this is, as far as can be told, a set of a size and a hash.
    pub(super) fn is_like(&self, users: u64, hash: u64) -> bool {
        self.users.len() as u64 == users && self.hash == hash
    }

    /// What is kept of a user, if it is in the set.
    pub(super) fn get(&self, id: &UserId) -> Option<&K> {
        self.users.get(id)
    }

    /// Adds a user, or replaces what is kept of it. Returns what was kept.
    pub(super) fn insert(&mut self, id: &UserId, kept: K) -> Option<K> {
        self.hash = self.hash.wrapping_add(hash_of(id, kept.guest()));
        let before = self.users.insert(id.clone(), kept);
        if let Some(before) = &before {
            self.hash = self.hash.wrapping_sub(hash_of(id, before.guest()));
        }
        before
    }

    /// Removes a user. Returns what was kept of it.
    pub(super) fn remove(&mut self, id: &UserId) -> Option<K> {
        let before = self.users.remove(id)?;
        self.hash = self.hash.wrapping_sub(hash_of(id, before.guest()));
        Some(before)
    }

    /// The ids of the users behind one id, or from the first on, up to another id, or to the last, in order. The second
    /// id is not before the first.
    pub(super) fn between(&self, after: Option<&UserId>, to: Option<&UserId>) -> impl Iterator<Item = &UserId> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let to = to.map_or(Bound::Unbounded, Bound::Included);
        self.users.range::<UserId, _>((from, to)).map(|(id, _)| id)
    }

    /// What is kept of the users behind an id, or of all, in the order of their ids.
    pub(super) fn after(&self, after: Option<&UserId>) -> impl Iterator<Item = &K> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.users.range::<UserId, _>((from, Bound::Unbounded)).map(|(_, kept)| kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_depends_on_the_users_alone() {
        let ids = ["ada", "ben", "cleo"].map(UserId::trusted);
        let mut one = Present::default();
        for id in &ids {
            one.insert(id, false);
        }
        let mut other = Present::default();
        other.insert(&UserId::trusted("dan"), true);
        for id in ids.iter().rev() {
            other.insert(id, false);
        }
        assert!(!one.is_like(other.len() as u64, other.hash()));
        other.remove(&UserId::trusted("dan"));
        assert!(one.is_like(other.len() as u64, other.hash()));
        // A guest and an account with one id are two users.
        other.insert(&UserId::trusted("ada"), true);
        assert!(!one.is_like(other.len() as u64, other.hash()));
        other.insert(&UserId::trusted("ada"), false);
        assert!(one.is_like(other.len() as u64, other.hash()));
        for id in &ids {
            one.remove(id);
        }
        assert_eq!((one.len(), one.hash()), (0, 0));
    }

    #[test]
    fn the_hash_is_the_same_in_every_version() {
        assert_eq!(hash_of(&UserId::trusted("ada"), false), 0x23ee_1a45_9e45_4566);
    }
}
