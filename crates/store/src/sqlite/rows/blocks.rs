//! Operations on the rows of blocks.
//!
//! What must stay true: a list of users is passed as JSON, so that the number of statements does not depend on it.

use std::ops::Deref;
use std::sync::Arc;

use quintet_domain::{Timestamp, UserId};
use quintet_rules::rows::{BlockReads, BlockRow, BlockRows, ShownBlock};
use quintet_rules::{RowResult, UserKey};
use rusqlite::{Connection, params};

use super::{SHOWN_USER_COLUMNS, SqliteRows, limit_of, shown_user_at, shown_user_columns};
use crate::sqlite::sets;

impl<C: Deref<Target = Connection>> BlockReads for SqliteRows<C> {
    fn blocks_of(&self, blocker: UserKey, limit: usize) -> RowResult<Vec<ShownBlock>> {
        let sql = concat!(
            "SELECT ",
            shown_user_columns!(),
            ", b.at FROM block b CROSS JOIN user u ON u.pk = b.blocked_pk
             WHERE b.blocker_pk = ?1 ORDER BY b.at, b.blocked_pk LIMIT ?2"
        );
        self.list(sql, [blocker.0, limit_of(limit)], |row| {
            let user = Arc::new(shown_user_at(row, 0)?);
            Ok(ShownBlock { user, at: Timestamp(row.get(SHOWN_USER_COLUMNS)?) })
        })
    }

    fn blockers_of(&self, blocked: UserKey, limit: usize) -> RowResult<Vec<(UserKey, UserId)>> {
        self.list(
            "SELECT u.pk, u.id FROM block b CROSS JOIN user u ON u.pk = b.blocker_pk
             WHERE b.blocked_pk = ?1 ORDER BY b.blocker_pk LIMIT ?2",
            [blocked.0, limit_of(limit)],
            |row| Ok((UserKey(row.get(0)?), UserId::trusted(row.get_ref(1)?.as_str()?))),
        )
    }

    fn unaccepting(&self, user: UserKey, limit: usize) -> RowResult<Vec<(UserKey, UserId)>> {
        self.list(
            "SELECT u.pk, u.id FROM member m INDEXED BY member_user
             CROSS JOIN conversation c ON c.pk = m.conversation_pk AND c.member_count = 1 AND c.first_pk IS NOT NULL
             CROSS JOIN user u ON u.pk = iif(c.first_pk = m.user_pk, c.second_pk, c.first_pk)
             WHERE m.user_pk = ?1 ORDER BY u.pk LIMIT ?2",
            [user.0, limit_of(limit)],
            |row| Ok((UserKey(row.get(0)?), UserId::trusted(row.get_ref(1)?.as_str()?))),
        )
    }
}

impl<C: Deref<Target = Connection>> BlockRows for SqliteRows<C> {
    fn has_blocked(&self, blocker: UserKey, blocked: UserKey) -> RowResult<bool> {
        self.exists("SELECT 1 FROM block WHERE blocker_pk = ?1 AND blocked_pk = ?2", [blocker.0, blocked.0])
    }

    fn has_any_blocked(&self, among: &[UserKey], blocked: UserKey) -> RowResult<bool> {
        self.exists(
            "SELECT 1 FROM json_each(?1) j CROSS JOIN block b ON b.blocker_pk = j.value AND b.blocked_pk = ?2",
            params![sets::keys(among.iter().map(|key| key.0)), blocked.0],
        )
    }

    fn insert_block(&mut self, row: &BlockRow) -> RowResult<()> {
        self.run(
            "INSERT INTO block (blocker_pk, blocked_pk, at) VALUES (?1, ?2, ?3)",
            [row.blocker.0, row.blocked.0, row.at.0],
        )?;
        Ok(())
    }

    fn delete_block(&mut self, blocker: UserKey, blocked: UserKey) -> RowResult<()> {
        self.run("DELETE FROM block WHERE blocker_pk = ?1 AND blocked_pk = ?2", [blocker.0, blocked.0])?;
        Ok(())
    }
}
