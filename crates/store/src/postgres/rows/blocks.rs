//! Operations on the rows of blocks.
//!
//! What must stay true: a list of users is passed as one parameter, so that the number of statements does not depend on
//! it.

use std::sync::Arc;

use quintet_domain::{Timestamp, UserId};
use quintet_rules::rows::{BlockReads, BlockRow, BlockRows, ShownBlock};
use quintet_rules::{RowResult, UserKey};

use super::{Channel, PostgresRows, SHOWN_USER_COLUMNS, limit_of, shown_user_at, shown_user_columns};

impl<C: Channel> BlockReads for PostgresRows<C> {
    fn blocks_of(&self, blocker: UserKey, limit: usize) -> RowResult<Vec<ShownBlock>> {
        let sql = concat!(
            "SELECT ",
            shown_user_columns!(),
            ", b.at FROM block b JOIN chat_user u ON u.pk = b.blocked_pk
             WHERE b.blocker_pk = $1 ORDER BY b.at, b.blocked_pk LIMIT $2"
        );
        self.list(sql, &[&blocker.0, &limit_of(limit)], |row| {
            let user = Arc::new(shown_user_at(row, 0)?);
            Ok(ShownBlock { user, at: Timestamp(row.try_get(SHOWN_USER_COLUMNS)?) })
        })
    }

    fn blockers_of(&self, blocked: UserKey, limit: usize) -> RowResult<Vec<(UserKey, UserId)>> {
        self.list(
            "SELECT u.pk, u.id FROM block b JOIN chat_user u ON u.pk = b.blocker_pk
             WHERE b.blocked_pk = $1 ORDER BY b.blocker_pk LIMIT $2",
            &[&blocked.0, &limit_of(limit)],
            |row| Ok((UserKey(row.try_get(0)?), UserId::trusted(row.try_get(1)?))),
        )
    }

    fn unaccepting(&self, user: UserKey, limit: usize) -> RowResult<Vec<(UserKey, UserId)>> {
        self.list(
            "SELECT u.pk, u.id FROM member m
             JOIN conversation c ON c.pk = m.conversation_pk AND c.member_count = 1 AND c.first_pk IS NOT NULL
             JOIN chat_user u ON u.pk = CASE WHEN c.first_pk = m.user_pk THEN c.second_pk ELSE c.first_pk END
             WHERE m.user_pk = $1 ORDER BY u.pk LIMIT $2",
            &[&user.0, &limit_of(limit)],
            |row| Ok((UserKey(row.try_get(0)?), UserId::trusted(row.try_get(1)?))),
        )
    }
}

impl<C: Channel> BlockRows for PostgresRows<C> {
    fn has_blocked(&self, blocker: UserKey, blocked: UserKey) -> RowResult<bool> {
        self.exists("SELECT 1 FROM block WHERE blocker_pk = $1 AND blocked_pk = $2", &[&blocker.0, &blocked.0])
    }

    fn has_any_blocked(&self, among: &[UserKey], blocked: UserKey) -> RowResult<bool> {
        let among: Vec<i64> = among.iter().map(|key| key.0).collect();
        self.exists("SELECT 1 FROM block WHERE blocked_pk = $2 AND blocker_pk = ANY($1) LIMIT 1", &[&among, &blocked.0])
    }

    fn insert_block(&mut self, row: &BlockRow) -> RowResult<()> {
        self.run(
            "INSERT INTO block (blocker_pk, blocked_pk, at) VALUES ($1, $2, $3)",
            &[&row.blocker.0, &row.blocked.0, &row.at.0],
        )?;
        Ok(())
    }

    fn delete_block(&mut self, blocker: UserKey, blocked: UserKey) -> RowResult<()> {
        self.run("DELETE FROM block WHERE blocker_pk = $1 AND blocked_pk = $2", &[&blocker.0, &blocked.0])?;
        Ok(())
    }
}
