//! Several nodes over the same tables: what each of them has committed, and how the others catch up with it.
//!
//! What must stay true: it is done as on PostgreSQL. Before a node decides a group, its cache has no row that another
//! node has changed. What is changed without a group moves the epoch, and every cache is emptied.

use std::collections::VecDeque;

use quintet_rules::{ChangedRows, WriterState};

/// Maximum number of groups whose changed rows are kept. A node that is further behind forgets all cached rows.
const GROUPS_KEPT: usize = 256;

/// The groups that nodes have committed.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// How many there were.
    count: u64,
    /// The rows that the newest of them have changed, oldest first.
    changed: VecDeque<ChangedRows>,
    /// How often rows were changed without a group.
    epoch: u64,
}

impl Groups {
    fn add(&mut self, changed: ChangedRows) {
        if self.changed.len() == GROUPS_KEPT {
            self.changed.pop_front();
        }
        self.changed.push_back(changed);
        self.count += 1;
    }

    /// Notes that rows were changed without a group.
    pub(super) fn move_epoch(&mut self) {
        self.epoch += 1;
    }

    /// The rows that all groups but the first `count` have changed; `None` if some of these groups are not kept.
    fn behind(&self, count: u64) -> Option<impl Iterator<Item = &ChangedRows>> {
        let behind = usize::try_from(self.count.checked_sub(count)?).ok()?;
        let known = self.changed.len().checked_sub(behind)?;
        Some(self.changed.iter().skip(known))
    }
}

/// What one node knows of what all nodes have committed.
#[derive(Debug)]
pub(super) struct Node {
    /// How many groups it knows of.
    groups: u64,
    /// The epoch of which its cache is.
    epoch: u64,
}

impl Node {
    /// A node that knows of everything that is committed by now.
    pub(super) fn join(groups: &Groups) -> Self {
        Self { groups: groups.count, epoch: groups.epoch }
    }

    /// Forgets what the other nodes have changed, before a group is decided.
    pub(super) fn begin(&mut self, groups: &Groups, state: &mut WriterState) {
        match groups.behind(self.groups) {
            Some(groups) => groups.for_each(|changed| state.cache.forget(changed)),
            None => state.cache.clear(),
        }
        if self.epoch != groups.epoch {
            state.cache.clear();
        }
        (self.groups, self.epoch) = (groups.count, groups.epoch);
    }

    /// Notes what the node has committed, for the others.
    pub(super) fn committed(&mut self, groups: &mut Groups, changed: ChangedRows) {
        if changed != ChangedRows::default() {
            groups.add(changed);
        }
        self.groups = groups.count;
    }
}
