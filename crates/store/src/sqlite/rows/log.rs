//! Operations on the log: changes, beside the messages whose own rows record their creation.
//!
//! What must stay true: a position is that of a message or of a change, never of both. `pruned` holds the position
//! after which no change was removed.

use std::ops::Deref;

use quintet_domain::Timestamp;
use quintet_rules::log::LOG_VERSION;
use quintet_rules::rows::{LogRows, LoggedChange};
use quintet_rules::{ConversationKey, RowResult, RowsError, UserKey};
use rusqlite::{Connection, params};

use super::columns::origin_value;
use super::{SqliteRows, limit_of};

impl<C: Deref<Target = Connection>> LogRows for SqliteRows<C> {
    fn newest_position(&self) -> RowResult<u64> {
        self.get(
            "SELECT max(coalesce((SELECT max(position) FROM message), 0),
                        coalesce((SELECT max(position) FROM change), 0), 0)",
            [],
            |row| Ok(row.get::<_, i64>(0)?.cast_unsigned()),
        )
    }

    fn append_change(&mut self, change: &LoggedChange) -> RowResult<()> {
        let data = change.change.encode().map_err(RowsError::new)?;
        self.run(
            "INSERT INTO change (position, conversation_pk, sequence, origin, acked, at, version, data)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                change.position.cast_signed(),
                change.conversation.map(|key| key.0),
                change.sequence.map(u64::cast_signed),
                origin_value(change.origin),
                change.acked,
                change.at.0,
                LOG_VERSION,
                data,
            ],
        )?;
        Ok(())
    }

    fn insert_departure(&mut self, user: UserKey, position: u64, conversation: ConversationKey) -> RowResult<()> {
        self.run(
            "INSERT INTO departed (user_pk, position, conversation_pk) VALUES (?1, ?2, ?3)",
            [user.0, position.cast_signed(), conversation.0],
        )?;
        Ok(())
    }

    fn insert_addressee(&mut self, user: UserKey, position: u64) -> RowResult<()> {
        self.run("INSERT INTO addressed (user_pk, position) VALUES (?1, ?2)", [user.0, position.cast_signed()])?;
        Ok(())
    }

    fn prune_changes(&mut self, before: Timestamp, limit: usize) -> RowResult<usize> {
        let newest = self.newest_position()?.cast_signed();
        let removed = self.list(
            // Positions increase with time, so that the old changes are the first ones.
            "DELETE FROM change WHERE position IN (
                 SELECT position FROM (SELECT position, at FROM change ORDER BY position LIMIT ?2)
                 WHERE at < ?1 AND position < ?3)
             RETURNING position",
            [before.0, limit_of(limit), newest],
            |row| row.get::<_, i64>(0),
        )?;
        if let Some(last) = removed.iter().max() {
            self.run("UPDATE pruned SET position = max(position, ?1)", [last])?;
        }
        Ok(removed.len())
    }

    fn prune_past_messages(&mut self, before: Timestamp, limit: usize) -> RowResult<usize> {
        let (passed, last) = self.get(
            // Positions increase with time, so that the old messages are the first ones.
            "SELECT count(*), max(position) FROM (
                 SELECT position, created_at FROM message WHERE position > (SELECT position FROM pruned)
                 ORDER BY position LIMIT ?2)
             WHERE created_at < ?1",
            [before.0, limit_of(limit)],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?)),
        )?;
        if let Some(last) = last {
            self.run("UPDATE pruned SET position = max(position, ?1)", [last])?;
        }
        Ok(usize::try_from(passed).unwrap_or_default())
    }

    fn pruned_to(&self) -> RowResult<u64> {
        self.get("SELECT position FROM pruned", [], |row| Ok(row.get::<_, i64>(0)?.cast_unsigned()))
    }

    fn prune_departures(&mut self, up_to: u64, limit: usize) -> RowResult<usize> {
        self.run(
            "DELETE FROM departed WHERE (user_pk, position, conversation_pk) IN (
                 SELECT user_pk, position, conversation_pk FROM departed WHERE position <= ?1
                 ORDER BY position LIMIT ?2)",
            [up_to.cast_signed(), limit_of(limit)],
        )
    }

    fn prune_addressees(&mut self, up_to: u64, limit: usize) -> RowResult<usize> {
        self.run(
            "DELETE FROM addressed WHERE (user_pk, position) IN (
                 SELECT user_pk, position FROM addressed WHERE position <= ?1 ORDER BY position LIMIT ?2)",
            [up_to.cast_signed(), limit_of(limit)],
        )
    }

    fn delete_traces(&mut self, user: UserKey) -> RowResult<()> {
        self.run("DELETE FROM departed WHERE user_pk = ?1", [user.0])?;
        self.run("DELETE FROM addressed WHERE user_pk = ?1", [user.0])?;
        self.run("DELETE FROM contacts WHERE user_pk = ?1", [user.0])?;
        Ok(())
    }

    fn probe(&mut self) -> RowResult<()> {
        // Rewrites the page of the header with its own content.
        let version: i64 = self.get("PRAGMA user_version", [], |row| row.get(0))?;
        self.0.pragma_update(None, "user_version", version).map_err(RowsError::new)
    }
}
