//! The table of invitations, and the operations on it.
//!
//! What must stay true: ids and hashes are unique.

use quintet_domain::{InvitationState, Timestamp};
use quintet_rules::rows::{InvitationRow, InvitationRows};
use quintet_rules::{RowResult, UserKey};

use crate::memory::data::{Constraint, Data, check_unique, next_key};

impl Data {
    fn remove_invitation(&mut self, key: i64) {
        let tables = &mut self.invitations;
        if let Some(row) = tables.rows.get(&key).cloned() {
            tables.by_id.remove(&row.id);
            tables.by_hash.remove(&row.hash);
            tables.rows.remove(&key);
        }
    }

    fn remove_invitations(&mut self, keys: Vec<i64>) -> usize {
        let count = keys.len();
        keys.into_iter().for_each(|key| self.remove_invitation(key));
        count
    }
}

impl InvitationRows for Data {
    fn invitation_by_hash(&self, hash: &str) -> RowResult<Option<InvitationRow>> {
        Ok(self.invitations.by_hash.get(hash).and_then(|key| self.invitations.rows.get(key)).cloned())
    }

    fn invitation(&self, id: &str) -> RowResult<Option<InvitationRow>> {
        Ok(self.invitations.by_id.get(id).and_then(|key| self.invitations.rows.get(key)).cloned())
    }

    fn insert_invitation(&mut self, row: &InvitationRow) -> RowResult<()> {
        if let Some(user) = row.made_by {
            self.user_named(user)?;
        }
        let tables = &mut self.invitations;
        check_unique(&tables.by_id, None, Some(&row.id), "invitation id")?;
        check_unique(&tables.by_hash, None, Some(&row.hash), "invitation hash")?;
        let key = next_key(tables.rows.last_key().copied());
        tables.by_id.insert(row.id.clone(), key);
        tables.by_hash.insert(row.hash.clone(), key);
        tables.rows.insert(key, InvitationRow { key, ..row.clone() });
        Ok(())
    }

    fn set_invitation_state(&mut self, key: i64, state: InvitationState) -> RowResult<()> {
        let row = self.invitations.rows.get(&key).cloned().ok_or(Constraint::Missing("invitation"))?;
        self.invitations.rows.insert(key, InvitationRow { state, ..row });
        Ok(())
    }

    fn invitations_before(&self, of: Option<UserKey>, before: i64, limit: usize) -> RowResult<Vec<InvitationRow>> {
        let older = self.invitations.rows.range(..before).rev().map(|(_, row)| row);
        Ok(older.filter(|row| of.is_none_or(|user| row.made_by == Some(user))).take(limit).cloned().collect())
    }

    fn delete_invitations_of(&mut self, user: UserKey) -> RowResult<()> {
        let of_user = self.invitations.rows.iter().filter(|(_, row)| row.made_by == Some(user));
        let keys = of_user.map(|(key, _)| *key).collect();
        self.remove_invitations(keys);
        Ok(())
    }

    fn prune_invitations(&mut self, before: Timestamp, limit: usize) -> RowResult<usize> {
        let is_old = |row: &InvitationRow| {
            let ends = [row.bounds.expires_at, row.state.revoked_at];
            ends.into_iter().flatten().any(|end| end.0 < before.0)
        };
        let old = self.invitations.rows.iter().filter(|(_, row)| is_old(row)).take(limit);
        let keys = old.map(|(key, _)| *key).collect();
        Ok(self.remove_invitations(keys))
    }
}
