//! Compact sets of slots of a slab, and indexes into a slab. Every idle connection has several of these, so that each
//! byte counts.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

/// Minimum number of slots for which a full set makes room.
const LEAST_GROWTH: usize = 4;

/// A set of slots of a slab, unordered. A slot fits 32 bits because its entry is in memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Slots(Vec<u32>);

impl Slots {
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().map(|slot| *slot as usize)
    }

    pub(super) fn contains(&self, slot: usize) -> bool {
        self.iter().any(|one| one == slot)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reserves capacity for exactly `more` additional slots.
    pub(super) fn reserve_exact(&mut self, more: usize) {
        self.0.reserve_exact(more);
    }

    pub(super) fn push(&mut self, slot: usize) {
        if self.0.len() == self.0.capacity() {
            // By half instead of double: most sets are small and stay as they are.
            self.0.reserve_exact(self.0.len().div_ceil(2).max(LEAST_GROWTH));
        }
        self.0.push(slot as u32);
    }

    /// Removes a slot. Returns whether it was in the set.
    pub(super) fn remove(&mut self, slot: usize) -> bool {
        let at = self.iter().position(|one| one == slot);
        at.map(|at| self.0.swap_remove(at)).is_some()
    }
}

/// Finds slots of a slab by a text that the slab's entries hold. The index does not store the texts.
#[derive(Debug, Default)]
pub(super) struct Index {
    slots: HashTable<u32>,
    hasher: RandomState,
}

impl Index {
    /// The slot that holds a text. `text_of` returns the text of a slot.
    pub(super) fn get<'s>(&self, text: &str, text_of: impl Fn(usize) -> &'s str) -> Option<usize> {
        let hash = self.hasher.hash_one(text);
        self.slots.find(hash, |slot| text_of(*slot as usize) == text).map(|slot| *slot as usize)
    }

    /// Adds a slot, whose text no other slot has.
    pub(super) fn insert<'s>(&mut self, slot: usize, text_of: impl Fn(usize) -> &'s str) {
        let hash = |slot: &u32| self.hasher.hash_one(text_of(*slot as usize));
        let slot = slot as u32;
        self.slots.insert_unique(hash(&slot), slot, hash);
    }

    /// Removes the slot that holds a text, and returns it. The slab's entry must still exist.
    pub(super) fn remove<'s>(&mut self, text: &str, text_of: impl Fn(usize) -> &'s str) -> Option<usize> {
        let hash = self.hasher.hash_one(text);
        let entry = self.slots.find_entry(hash, |slot| text_of(*slot as usize) == text).ok()?;
        Some(entry.remove().0 as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_indexed_is_found_until_it_is_removed() {
        let texts: Vec<String> = (0..1_000).map(|number| format!("text {number}")).collect();
        let text_of = |slot: usize| texts[slot].as_str();
        let mut index = Index::default();
        (0..texts.len()).for_each(|slot| index.insert(slot, text_of));
        assert!((0..texts.len()).all(|slot| index.get(text_of(slot), text_of) == Some(slot)));
        assert_eq!(index.remove("text 7", text_of), Some(7));
        assert_eq!((index.get("text 7", text_of), index.get("text 8", text_of)), (None, Some(8)));
        assert_eq!(index.remove("text 7", text_of), None);
    }
}
