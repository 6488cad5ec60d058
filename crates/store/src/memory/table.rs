//! A table: an ordered map that can be rolled back to an earlier state.
//!
//! What must stay true: each change is in the journal, so that a rollback costs what was changed since, not the size of
//! the table; iteration is in the order of the keys, so that equal histories give equal results.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeBounds;

/// An ordered map with a journal of the changes since [`Journal::forget`].
#[derive(Debug)]
pub(super) struct Table<K, V> {
    rows: BTreeMap<K, V>,
    /// The changes, oldest first, each as a key and the value that it had before.
    journal: Vec<(K, Option<V>)>,
}

/// An ordered set of keys, which serves as an index.
pub(super) type Index<K> = Table<K, ()>;

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), journal: Vec::new() }
    }
}

impl<K: Ord + Clone, V> Table<K, V> {
    /// The value of a key.
    pub(super) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.rows.get(key)
    }

    /// Whether a key has a value.
    pub(super) fn contains<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.rows.contains_key(key)
    }

    /// Sets the value of a key, replacing its previous one.
    pub(super) fn insert(&mut self, key: K, value: V) {
        let before = self.rows.insert(key.clone(), value);
        self.journal.push((key, before));
    }

    /// Removes a key. Returns whether it had a value.
    pub(super) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        match self.rows.remove_entry(key) {
            Some((key, before)) => {
                self.journal.push((key, Some(before)));
                true
            }
            None => false,
        }
    }

    /// Keys in a range with their values, in the order of the keys.
    pub(super) fn range(&self, range: impl RangeBounds<K>) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.rows.range(range)
    }

    /// All keys with their values, in the order of the keys.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.rows.iter()
    }

    /// The keys whose values were changed since [`Journal::forget`], each once, in their order.
    pub(super) fn changed(&self) -> Vec<K> {
        let keys: BTreeSet<&K> = self.journal.iter().map(|(key, _)| key).collect();
        keys.into_iter().cloned().collect()
    }

    /// The greatest key.
    pub(super) fn last_key(&self) -> Option<&K> {
        self.rows.last_key_value().map(|(key, _)| key)
    }
}

/// The journal of a table, whatever the table's types.
pub(super) trait Journal {
    /// The number of changes since the last [`Self::forget`].
    fn len(&self) -> usize;
    /// Rolls back all changes but the first `changes`.
    fn rollback_to(&mut self, changes: usize);
    /// Keeps all changes, which cannot be rolled back any more.
    fn forget(&mut self);
}

impl<K: Ord, V> Journal for Table<K, V> {
    fn len(&self) -> usize {
        self.journal.len()
    }

    fn rollback_to(&mut self, changes: usize) {
        while self.journal.len() > changes {
            match self.journal.pop() {
                Some((key, Some(before))) => {
                    self.rows.insert(key, before);
                }
                Some((key, None)) => {
                    self.rows.remove(&key);
                }
                None => {}
            }
        }
    }

    fn forget(&mut self) {
        self.journal.clear();
    }
}

/// A table, or a group of groups of tables.
pub(super) trait Tables {
    /// Visits the journal of each table, always in the same order.
    fn journals(&mut self, visit: &mut dyn FnMut(&mut dyn Journal));
    /// The number of changes of all tables.
    fn changes(&self) -> usize;
}

impl<K: Ord, V> Tables for Table<K, V> {
    fn journals(&mut self, visit: &mut dyn FnMut(&mut dyn Journal)) {
        visit(self);
    }

    fn changes(&self) -> usize {
        self.journal.len()
    }
}

/// Defines a struct of tables, or of groups of them, and the visit of their journals, so that no table is left out of a
/// rollback.
macro_rules! tables {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub(in crate::memory) struct $name {
            $($(#[$field_doc])* pub(in crate::memory) $field: $type,)*
        }

        impl crate::memory::table::Tables for $name {
            fn journals(&mut self, visit: &mut dyn FnMut(&mut dyn crate::memory::table::Journal)) {
                $(crate::memory::table::Tables::journals(&mut self.$field, visit);)*
            }

            fn changes(&self) -> usize {
                0 $(+ crate::memory::table::Tables::changes(&self.$field))*
            }
        }
    };
}
pub(super) use tables;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Insert(u8, u16),
        Remove(u8),
        Savepoint,
        Rollback,
        Release,
        Forget,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => (0..12_u8, any::<u16>()).prop_map(|(key, value)| Step::Insert(key, value)),
            4 => (0..12_u8).prop_map(Step::Remove),
            2 => Just(Step::Savepoint),
            2 => Just(Step::Rollback),
            1 => Just(Step::Release),
            1 => Just(Step::Forget),
        ]
    }

    proptest! {
        #[test]
        fn a_table_is_a_map_that_can_go_back(steps in proptest::collection::vec(step(), 0..80)) {
            let (mut table, mut model) = (Table::default(), BTreeMap::new());
            let mut savepoints: Vec<(usize, BTreeMap<u8, u16>)> = Vec::new();
            for step in steps {
                match step {
                    Step::Insert(key, value) => {
                        table.insert(key, value);
                        model.insert(key, value);
                    }
                    Step::Remove(key) => {
                        prop_assert_eq!(table.remove(&key), model.remove(&key).is_some());
                    }
                    Step::Savepoint => savepoints.push((table.changes(), model.clone())),
                    Step::Rollback => {
                        if let Some((changes, before)) = savepoints.pop() {
                            table.rollback_to(changes);
                            model = before;
                        }
                    }
                    Step::Release => {
                        savepoints.pop();
                    }
                    Step::Forget => {
                        table.forget();
                        savepoints.clear();
                    }
                }
                prop_assert!(table.iter().eq(model.iter()));
                prop_assert_eq!(table.last_key(), model.keys().next_back());
                for key in 0..12 {
                    prop_assert_eq!(table.get(&key), model.get(&key));
                    prop_assert_eq!(table.contains(&key), model.contains_key(&key));
                }
                prop_assert!(table.range(4..9).eq(model.range(4..9)));
            }
        }
    }
}
