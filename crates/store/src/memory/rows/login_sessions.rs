//! The table of sessions of users, and the operations on it.
//!
//! What must stay true: the indexes hold exactly the sessions of the table.

use quintet_domain::{LoginSession, LoginSessionId, Timestamp};
use quintet_rules::rows::{LoginSessionRow, LoginSessionRows};
use quintet_rules::{RowResult, UserKey};

use crate::memory::data::{Constraint, Data, check_unique, move_entry};

impl Data {
    /// Puts a session into the table and its indexes, or removes it.
    fn put_login_session(&mut self, id: &LoginSessionId, new: Option<LoginSessionRow>) {
        let old = self.login_sessions.rows.get(id).cloned();
        let by_user = |row: &LoginSessionRow| (row.user, row.session.seen_at, id.clone());
        let by_expiry = |row: &LoginSessionRow| (row.session.expires_at, id.clone());
        let tables = &mut self.login_sessions;
        move_entry(&mut tables.by_user, old.as_ref().map(by_user), new.as_ref().map(by_user));
        move_entry(&mut tables.by_expiry, old.as_ref().map(by_expiry), new.as_ref().map(by_expiry));
        match new {
            Some(row) => tables.rows.insert(id.clone(), row),
            None => {
                tables.rows.remove(id);
            }
        }
    }

    /// The entries of a user's sessions in the index, the one that was used longest ago first.
    fn login_sessions_by_use(&self, user: UserKey) -> impl DoubleEndedIterator<Item = &LoginSessionId> {
        let first = (user, Timestamp(i64::MIN), LoginSessionId::trusted(""));
        let behind = (UserKey(user.0.saturating_add(1)), Timestamp(i64::MIN), LoginSessionId::trusted(""));
        self.login_sessions.by_user.range(first..behind).map(|((.., id), ())| id)
    }
}

impl LoginSessionRows for Data {
    fn login_session(&self, id: &LoginSessionId) -> RowResult<Option<LoginSessionRow>> {
        Ok(self.login_sessions.rows.get(id).cloned())
    }

    fn login_sessions(&self, user: UserKey) -> RowResult<Vec<LoginSessionRow>> {
        let newest_first = self.login_sessions_by_use(user).rev();
        Ok(newest_first.filter_map(|id| self.login_sessions.rows.get(id)).cloned().collect())
    }

    fn insert_login_session(&mut self, row: &LoginSessionRow) -> RowResult<()> {
        self.user_named(row.user)?;
        check_unique(&self.login_sessions.rows, None, Some(&row.session.id), "session id")?;
        self.put_login_session(&row.session.id, Some(row.clone()));
        Ok(())
    }

    fn set_login_session(&mut self, id: &LoginSessionId, seen_at: Timestamp, expires_at: Timestamp) -> RowResult<()> {
        let row = self.login_sessions.rows.get(id).cloned().ok_or(Constraint::Missing("session"))?;
        let session = LoginSession { seen_at, expires_at, ..row.session };
        self.put_login_session(id, Some(LoginSessionRow { session, ..row }));
        Ok(())
    }

    fn delete_login_session(&mut self, id: &LoginSessionId) -> RowResult<()> {
        self.put_login_session(id, None);
        Ok(())
    }

    fn delete_login_sessions_of(&mut self, user: UserKey) -> RowResult<()> {
        let all: Vec<LoginSessionId> = self.login_sessions_by_use(user).cloned().collect();
        all.iter().for_each(|id| self.put_login_session(id, None));
        Ok(())
    }

    fn prune_login_sessions(&mut self, before: Timestamp, limit: usize) -> RowResult<usize> {
        let expired = self.login_sessions.by_expiry.range(..(before, LoginSessionId::trusted("")));
        let ids: Vec<LoginSessionId> = expired.take(limit).map(|((_, id), ())| id.clone()).collect();
        ids.iter().for_each(|id| self.put_login_session(id, None));
        Ok(ids.len())
    }
}
