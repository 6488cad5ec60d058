//! Operations on the log: changes, beside the messages whose own rows record their creation.
//!
//! What must stay true: a position is that of a message or of a change, never of both. `pruned` holds the position
//! after which no change was removed.

use quintet_domain::Timestamp;
use quintet_rules::rows::{LogRows, LoggedChange};
use quintet_rules::{ConversationKey, RowResult, UserKey};

use super::{Channel, PostgresRows, limit_of};

impl<C: Channel> LogRows for PostgresRows<C> {
    fn newest_position(&self) -> RowResult<u64> {
        self.get(
            "SELECT coalesce(max(position), 0)::bigint FROM (
                 SELECT position FROM commit_group WHERE part = 1 ORDER BY number DESC LIMIT 1) newest",
            &[],
            |row| Ok(row.try_get::<_, i64>(0)?.cast_unsigned()),
        )
    }

    fn append_change(&mut self, change: &LoggedChange) -> RowResult<()> {
        self.0.append_change(change)
    }

    fn insert_departure(&mut self, user: UserKey, position: u64, conversation: ConversationKey) -> RowResult<()> {
        self.run(
            "INSERT INTO departed (user_pk, position, conversation_pk) VALUES ($1, $2, $3)",
            &[&user.0, &position.cast_signed(), &conversation.0],
        )?;
        Ok(())
    }

    fn insert_addressee(&mut self, user: UserKey, position: u64) -> RowResult<()> {
        self.run("INSERT INTO addressed (user_pk, position) VALUES ($1, $2)", &[&user.0, &position.cast_signed()])?;
        Ok(())
    }

    fn prune_changes(&mut self, before: Timestamp, limit: usize) -> RowResult<usize> {
        let newest = self.newest_position()?.cast_signed();
        let removed = self.list_written(
            // Positions increase with time, so that the old changes are the first ones.
            "DELETE FROM change WHERE position IN (
                 SELECT position FROM (SELECT position, at FROM change ORDER BY position LIMIT $2) oldest
                 WHERE at < $1 AND position < $3)
             RETURNING position",
            &[&before.0, &limit_of(limit), &newest],
            |row| Ok(row.try_get::<_, i64>(0)?),
        )?;
        if let Some(last) = removed.iter().max() {
            self.run("UPDATE pruned SET position = greatest(position, $1)", &[last])?;
        }
        Ok(removed.len())
    }

    fn prune_past_messages(&mut self, before: Timestamp, limit: usize) -> RowResult<usize> {
        let (passed, last) = self.get(
            // Positions increase with time, so that the old messages are the first ones.
            "SELECT count(*), max(position) FROM (
                 SELECT position, created_at FROM message WHERE position > (SELECT position FROM pruned)
                 ORDER BY position LIMIT $2) oldest
             WHERE created_at < $1",
            &[&before.0, &limit_of(limit)],
            |row| Ok((row.try_get::<_, i64>(0)?, row.try_get::<_, Option<i64>>(1)?)),
        )?;
        if let Some(last) = last {
            self.run("UPDATE pruned SET position = greatest(position, $1)", &[&last])?;
        }
        Ok(usize::try_from(passed).unwrap_or_default())
    }

    fn pruned_to(&self) -> RowResult<u64> {
        self.get("SELECT position FROM pruned", &[], |row| Ok(row.try_get::<_, i64>(0)?.cast_unsigned()))
    }

    fn prune_departures(&mut self, up_to: u64, limit: usize) -> RowResult<usize> {
        self.run(
            "DELETE FROM departed WHERE (user_pk, position, conversation_pk) IN (
                 SELECT user_pk, position, conversation_pk FROM departed WHERE position <= $1
                 ORDER BY position LIMIT $2)",
            &[&up_to.cast_signed(), &limit_of(limit)],
        )
    }

    fn prune_addressees(&mut self, up_to: u64, limit: usize) -> RowResult<usize> {
        self.run(
            "DELETE FROM addressed WHERE (user_pk, position) IN (
                 SELECT user_pk, position FROM addressed WHERE position <= $1 ORDER BY position LIMIT $2)",
            &[&up_to.cast_signed(), &limit_of(limit)],
        )
    }

    fn delete_traces(&mut self, user: UserKey) -> RowResult<()> {
        self.run("DELETE FROM departed WHERE user_pk = $1", &[&user.0])?;
        self.run("DELETE FROM addressed WHERE user_pk = $1", &[&user.0])?;
        self.run("DELETE FROM contacts WHERE user_pk = $1", &[&user.0])?;
        Ok(())
    }

    fn probe(&mut self) -> RowResult<()> {
        self.run("UPDATE part SET epoch = epoch WHERE id = 1", &[])?;
        Ok(())
    }
}
