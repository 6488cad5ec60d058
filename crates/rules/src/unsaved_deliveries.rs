//! The delivery cursors that have moved and are not stored yet.
//!
//! What must stay true: their number is bounded; a write that is undone and a group that is not committed leave no trace.

use std::collections::HashMap;

use crate::{ConversationKey, UserKey};

/// Maximum number of cursors that are not stored yet. Further ones are stored when they move.
const UNSAVED_MAX: usize = 10_000;

/// The cursor of a member before it moved; `None` if it was stored as it was.
type Before = ((ConversationKey, UserKey), Option<u64>);

/// The delivery cursors that have moved and are not stored yet. A crash loses them, so that authors may be told once more.
#[derive(Debug, Default)]
pub struct UnsavedDeliveries {
    cursors: HashMap<(ConversationKey, UserKey), u64>,
    /// What the writes of the running group have changed, the oldest change first.
    changed: Vec<Before>,
}

impl UnsavedDeliveries {
    /// Begins a group of writes. Its changes can be taken back by [`Self::undo`].
    pub fn begin_group(&mut self) {
        self.changed.clear();
    }

    /// The number of changes that the running group has made.
    pub(crate) fn changes(&self) -> usize {
        self.changed.len()
    }

    /// Takes back the changes of the running group, except for the first `kept`.
    pub fn undo(&mut self, kept: usize) {
        for (key, before) in self.changed.drain(kept.min(self.changed.len())..).rev() {
            match before {
                Some(cursor) => self.cursors.insert(key, cursor),
                None => self.cursors.remove(&key),
            };
        }
    }

    /// The cursor of a member; 0 if it is stored as it is.
    pub(crate) fn get(&self, key: (ConversationKey, UserKey)) -> u64 {
        self.cursors.get(&key).copied().unwrap_or_default()
    }

    /// Moves the cursor of a member. Returns false if there is no room for it.
    pub(crate) fn put(&mut self, key: (ConversationKey, UserKey), to: u64) -> bool {
        let has_room = self.cursors.len() < UNSAVED_MAX || self.cursors.contains_key(&key);
        if has_room {
            self.changed.push((key, self.cursors.insert(key, to)));
        }
        has_room
    }

    /// Takes all cursors, in the order of their keys.
    pub(crate) fn take(&mut self) -> Vec<(ConversationKey, UserKey, u64)> {
        let cursors = std::mem::take(&mut self.cursors);
        self.changed.extend(cursors.iter().map(|(key, cursor)| (*key, Some(*cursor))));
        let mut all: Vec<_> = cursors.into_iter().map(|((conversation, user), to)| (conversation, user, to)).collect();
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

    #[test]
    fn changes_are_taken_back() {
        let mut unsaved = UnsavedDeliveries::default();
        let [a, b] = [1, 2].map(|user| (ConversationKey(1), UserKey(user)));
        let cursors = |unsaved: &UnsavedDeliveries| (unsaved.get(a), unsaved.get(b));
        assert!(unsaved.put(a, 3));
        unsaved.begin_group();
        assert!(unsaved.put(a, 5) && unsaved.put(b, 7));
        let kept = unsaved.changes();
        assert_eq!(unsaved.take().len(), 2);
        assert!(unsaved.put(a, 9));
        unsaved.undo(kept);
        assert_eq!(cursors(&unsaved), (5, 7), "one write is undone");
        unsaved.undo(0);
        assert_eq!(cursors(&unsaved), (3, 0), "the group is not committed");
        unsaved.undo(0);
        assert_eq!(cursors(&unsaved), (3, 0));
    }
}
