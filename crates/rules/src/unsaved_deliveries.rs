//! The delivery cursors that have moved and are not stored yet.
//!
//! What must stay true: their number is bounded.

use std::collections::HashMap;

use crate::{ConversationKey, UserKey};

/// Maximum number of cursors that are not stored yet. Further ones are stored when they move.
const UNSAVED_MAX: usize = 10_000;

/// The delivery cursors that have moved and are not stored yet. A crash loses them, and so does a commit that fails, which
/// moves them back to where they were stored last.
#[derive(Debug, Default)]
pub struct UnsavedDeliveries(HashMap<(ConversationKey, UserKey), u64>);

impl UnsavedDeliveries {
    /// The cursor of a member; 0 if it is stored as it is.
    pub(crate) fn get(&self, key: (ConversationKey, UserKey)) -> u64 {
        self.0.get(&key).copied().unwrap_or_default()
    }

    /// Moves the cursor of a member. Returns false if there is no room for it.
    pub(crate) fn put(&mut self, key: (ConversationKey, UserKey), to: u64) -> bool {
        let has_room = self.0.len() < UNSAVED_MAX || self.0.contains_key(&key);
        if has_room {
            self.0.insert(key, to);
        }
        has_room
    }

    /// Takes all cursors, in the order of their keys.
    pub(crate) fn take(&mut self) -> Vec<(ConversationKey, UserKey, u64)> {
        let all = std::mem::take(&mut self.0).into_iter();
        let mut all: Vec<_> = all.map(|((conversation, user), to)| (conversation, user, to)).collect();
        all.sort_unstable();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_are_kept() {
        let mut unsaved = UnsavedDeliveries::default();
        let key = |user| (ConversationKey(1), UserKey(user));
        for user in 0..UNSAVED_MAX as i64 {
            assert!(unsaved.put(key(user), 1));
        }
        assert!(!unsaved.put(key(-1), 1), "it is full");
        assert!(unsaved.put(key(0), 2), "what is there moves on");
        assert_eq!((unsaved.get(key(-1)), unsaved.get(key(0)), unsaved.get(key(1))), (0, 2, 1));
        assert_eq!(unsaved.take().len(), UNSAVED_MAX);
        assert_eq!(unsaved.get(key(0)), 0);
    }
}
