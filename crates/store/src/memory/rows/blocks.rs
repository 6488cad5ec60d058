//! Tables of blocks, and the operations on them.
//!
//! What must stay true: both tables have the same blocks.

use std::sync::Arc;

use quintet_domain::{Timestamp, UserId};
use quintet_rules::rows::{BlockReads, BlockRow, BlockRows, ShownBlock};
use quintet_rules::{RowResult, UserKey};

use super::ReplayView;
use crate::memory::data::{Data, check_unique};

impl BlockReads for Data {
    fn blocks_of(&self, blocker: UserKey, limit: usize) -> RowResult<Vec<ShownBlock>> {
        let all = (blocker, UserKey(i64::MIN))..=(blocker, UserKey(i64::MAX));
        let mut blocks: Vec<(Timestamp, UserKey)> =
            self.blocks.rows.range(all).map(|((_, blocked), at)| (*at, *blocked)).collect();
        blocks.sort_unstable();
        let shown = |(at, blocked): (Timestamp, UserKey)| {
            Ok(ShownBlock { user: Arc::clone(&self.user_named(blocked)?.user), at })
        };
        blocks.into_iter().take(limit).map(shown).collect()
    }

    fn blockers_of(&self, blocked: UserKey, limit: usize) -> RowResult<Vec<(UserKey, UserId)>> {
        let all = (blocked, UserKey(i64::MIN))..=(blocked, UserKey(i64::MAX));
        let blockers = self.blocks.by_blocked.range(all).take(limit);
        blockers.map(|((_, blocker), ())| Ok((*blocker, self.user_named(*blocker)?.user.id.clone()))).collect()
    }

    fn unaccepting(&self, user: UserKey, limit: usize) -> RowResult<Vec<(UserKey, UserId)>> {
        let mut others = Vec::new();
        for conversation in self.memberships_of(user) {
            let row = self.conversation_named(conversation)?;
            if let Some((first, second)) = row.pair.filter(|_| row.head.member_count == 1) {
                others.push(if first == user { second } else { first });
            }
        }
        others.sort_unstable();
        let named = |key: UserKey| Ok((key, self.user_named(key)?.user.id.clone()));
        others.into_iter().take(limit).map(named).collect()
    }
}

impl BlockReads for ReplayView<'_> {
    fn blocks_of(&self, blocker: UserKey, limit: usize) -> RowResult<Vec<ShownBlock>> {
        self.0.blocks_of(blocker, limit)
    }

    fn blockers_of(&self, blocked: UserKey, limit: usize) -> RowResult<Vec<(UserKey, UserId)>> {
        self.0.blockers_of(blocked, limit)
    }

    fn unaccepting(&self, user: UserKey, limit: usize) -> RowResult<Vec<(UserKey, UserId)>> {
        self.0.unaccepting(user, limit)
    }
}

impl BlockRows for Data {
    fn has_blocked(&self, blocker: UserKey, blocked: UserKey) -> RowResult<bool> {
        Ok(self.blocks.rows.contains(&(blocker, blocked)))
    }

    fn has_any_blocked(&self, among: &[UserKey], blocked: UserKey) -> RowResult<bool> {
        Ok(among.iter().any(|blocker| self.blocks.rows.contains(&(*blocker, blocked))))
    }

    fn insert_block(&mut self, row: &BlockRow) -> RowResult<()> {
        self.user_named(row.blocker)?;
        self.user_named(row.blocked)?;
        let (tables, key) = (&mut self.blocks, (row.blocker, row.blocked));
        check_unique(&tables.rows, None, Some(&key), "block")?;
        tables.rows.insert(key, row.at);
        tables.by_blocked.insert((row.blocked, row.blocker), ());
        Ok(())
    }

    fn delete_block(&mut self, blocker: UserKey, blocked: UserKey) -> RowResult<()> {
        self.blocks.rows.remove(&(blocker, blocked));
        self.blocks.by_blocked.remove(&(blocked, blocker));
        Ok(())
    }
}
