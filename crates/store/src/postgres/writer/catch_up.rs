//! Groups that other nodes have committed since this one last looked.
//!
//! What must stay true: before a write is decided the cache has no row that another node has changed. What the others
//! have committed is read only as far as nothing else has brought it.

use quintet_rules::log::entries_between;
use quintet_rules::{RowResult, RowsError, WriterState};
use tokio_postgres::Row;

use super::changed::changed_at;
use super::order::Part;
use super::{Applied, WriterLink};
use crate::Missed;
use crate::postgres::error::{Fetched, PostgresError};
use crate::postgres::rows::{Channel, PostgresRows};

/// Maximum number of groups whose changed rows are forgotten one by one; beyond it all cached rows are.
const GROUPS_MAX: i64 = 1_000;
/// The number of entries from which on a node reads in several steps, so that not all of them are in memory at once.
const STEP_ENTRIES: u64 = 20_000;
/// Maximum number of entries that a node catches up with. Only one that was away for longer than groups are kept has to
/// read more.
const ENTRIES_MAX: u64 = 200_000;

/// The group that this node knows, and those after it.
const CHANGED: &str = "SELECT users, conversations, member_conversations, member_users, number, mark FROM commit_group
     WHERE part = 1 AND number >= $1 ORDER BY number";
const MARK: &str = "SELECT number, mark FROM commit_group WHERE part = 1 AND number = $1";
/// The end of the first group that ends at a position or behind it, and before another one.
const END: &str = "SELECT min(position) FROM commit_group WHERE part = 1 AND position >= $1 AND position < $2";
/// All statements that catch up see one state of the database.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Whether a row with a number and a mark is another group than the one that this node knows by the number: then the
/// history that the node knows was lost, and another one has begun.
fn is_other(row: &Row, at: usize, applied: &Applied) -> Fetched<bool> {
    let (number, mark): (i64, Vec<u8>) = (row.try_get(at)?, row.try_get(at + 1)?);
    Ok(number == applied.number && mark != applied.mark)
}

impl WriterLink {
    /// Forgets what other nodes have changed, if the database continues what this process knows. If it does not, the next
    /// incarnation begins, unless somebody else has begun one.
    pub(super) fn continued(
        &self,
        part: &Part,
        (applied, newest): (&Applied, &Applied),
        cached: &mut WriterState,
    ) -> Fetched<()> {
        let known = applied.position.max(self.delivered.position());
        if part.incarnation > self.incarnation.number() {
            tracing::error!("the database has lost commits, as another process has noticed: all sessions begin afresh");
            self.incarnation.end();
            return Err(PostgresError::Over);
        }
        let moved = self.has_moved(part);
        let is_lost = part.incarnation < self.incarnation.number() || (moved && !self.has_delivered(applied)?);
        let forgot = match is_lost {
            true => Err(PostgresError::WentBack { known, found: newest.position }),
            false => self.forget_changed(applied, newest, cached),
        };
        match forgot {
            Ok(()) if moved => self.note_history()?,
            Err(PostgresError::WentBack { known, found }) => return Err(self.begin_incarnation(part, known, found)),
            // Nothing is lost, and this process alone begins again.
            Err(PostgresError::FarBehind { .. }) => self.incarnation.end(),
            Ok(()) | Err(_) => {}
        }
        forgot
    }

    /// Forgets the rows that groups after `applied` have changed, up to `newest`.
    fn forget_changed(&self, applied: &Applied, newest: &Applied, cached: &mut WriterState) -> Fetched<()> {
        let delivered = self.delivered.position();
        let after = applied.position.max(delivered);
        let behind = newest.number - applied.number;
        if *newest == *applied && delivered <= newest.position {
            return Ok(());
        }
        if behind <= 0 || newest.position < after {
            // A standby that lagged was promoted, or a backup was restored: what was told to clients is not there.
            return Err(PostgresError::WentBack { known: after, found: newest.position });
        }
        let went_back = || PostgresError::WentBack { known: after, found: newest.position };
        let mut is_known = applied.number == 0;
        if behind > GROUPS_MAX {
            if let Some(row) = self.groups(MARK, &[&applied.number])?.first() {
                if is_other(row, 0, applied)? {
                    return Err(went_back());
                }
                is_known = true;
            }
            cached.cache.clear();
        } else {
            let rows = self.groups(CHANGED, &[&applied.number])?;
            let mut found = 0;
            for row in &rows {
                if row.try_get::<_, i64>(4)? > applied.number {
                    cached.cache.forget(&changed_at(row, 0)?);
                    found += 1;
                } else if is_other(row, 4, applied)? {
                    return Err(went_back());
                } else {
                    is_known = true;
                }
            }
            if found < behind {
                // Some were removed, because this node was away for long.
                cached.cache.clear();
            }
        }
        if !is_known || newest.position - after > ENTRIES_MAX {
            // Groups are kept for so long that only a node that stood still for an hour finds that its own is gone.
            return Err(PostgresError::FarBehind { known: after, found: newest.position });
        }
        Ok(())
    }

    /// Reads what was committed after a position, up to another one, or less if that is much.
    pub(super) fn entries(&self, after: u64, last: u64) -> RowResult<Missed> {
        // Nothing waits to be written: the transaction of the group has ended.
        self.state.borrow_mut().control.push(SNAPSHOT);
        let read = self.end_of_step(after, last).map_err(RowsError::from).and_then(|last| {
            let entries = entries_between(&PostgresRows(self), after, last)?;
            Ok(Missed { after, last, entries })
        });
        self.state.borrow_mut().open = true;
        self.abandon();
        read
    }

    /// The position at which a step ends. It never ends within a group, because some changes have two positions.
    fn end_of_step(&self, after: u64, last: u64) -> Fetched<u64> {
        let end = after.saturating_add(STEP_ENTRIES);
        if end >= last {
            return Ok(last);
        }
        let rows = self.read(END, &[&end.cast_signed(), &last.cast_signed()])?;
        let found: Option<i64> = rows.first().ok_or(PostgresError::Lost)?.try_get(0)?;
        Ok(found.map_or(last, i64::cast_unsigned))
    }

    fn groups(&self, sql: &'static str, values: &[&(dyn tokio_postgres::types::ToSql + Sync)]) -> Fetched<Vec<Row>> {
        let link = self.open_link()?;
        let rows = self.runtime.block_on(async {
            let statement = link.prepare(sql).await?;
            link.client.query(&statement, values).await
        })?;
        Ok(rows)
    }
}
