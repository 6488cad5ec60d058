//! Sets of slots of a slab, and indexes into one, in as few bytes as that takes: there are some of these for each idle
//! connection.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

/// Slots of a slab, in no order. What they count lives in memory: four billion are never reached.
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

    /// Makes room for so many more and no others.
    pub(super) fn reserve_exact(&mut self, more: usize) {
        self.0.reserve_exact(more);
    }

    pub(super) fn push(&mut self, slot: usize) {
        self.0.push(slot as u32);
    }

    /// Removes a slot. Returns whether it was there.
    pub(super) fn remove(&mut self, slot: usize) -> bool {
        let at = self.iter().position(|one| one == slot);
        at.map(|at| self.0.swap_remove(at)).is_some()
    }
}

/// Finds slots of a slab by the text that is kept there: the index itself keeps none.
#[derive(Debug, Default)]
pub(super) struct Index {
    slots: HashTable<u32>,
    hasher: RandomState,
}

impl Index {
    /// The slot that holds a text; `text_of` gives the text of a slot.
    pub(super) fn get<'s>(&self, text: &str, text_of: impl Fn(usize) -> &'s str) -> Option<usize> {
        let hash = self.hasher.hash_one(text);
        self.slots.find(hash, |slot| text_of(*slot as usize) == text).map(|slot| *slot as usize)
    }

    /// Adds a slot, which holds a text that no other has.
    pub(super) fn insert<'s>(&mut self, slot: usize, text_of: impl Fn(usize) -> &'s str) {
        let hash = |slot: &u32| self.hasher.hash_one(text_of(*slot as usize));
        let slot = slot as u32;
        self.slots.insert_unique(hash(&slot), slot, hash);
    }

    /// Removes the slot that holds a text, while it still does. Returns the slot.
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
