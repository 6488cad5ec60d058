//! Groups that other nodes have committed since this one last looked.
//!
//! What must stay true: after it the cache has no row that another node has changed, and the entries are all that was
//! committed since and is not delivered yet, in order.

use quintet_domain::Entry;
use quintet_rules::WriterState;
use quintet_rules::log::entries_between;
use tokio_postgres::Row;

use super::changed::changed_at;
use super::order::Part;
use super::{Applied, WriterLink};
use crate::postgres::error::{Fetched, PostgresError};
use crate::postgres::rows::PostgresRows;

/// Maximum number of groups whose changed rows are forgotten one by one; beyond it all cached rows are.
const GROUPS_MAX: i64 = 1_000;
/// The number of entries from which on a node catches up in several steps, so that it does not hold the lock for long.
const STEP_ENTRIES: u64 = 20_000;
/// Maximum number of entries of one step. Only a node that was away for longer than groups are kept has to read more.
const ENTRIES_MAX: u64 = 200_000;

/// The group that this node knows, and those after it.
const CHANGED: &str = "SELECT users, conversations, member_conversations, member_users, number, mark FROM commit_group
     WHERE part = 1 AND number >= $1 ORDER BY number";
const MARK: &str = "SELECT number, mark FROM commit_group WHERE part = 1 AND number = $1";
/// The next groups, of which one ends the step. `$2` is [`GROUPS_MAX`].
const NEXT: &str =
    "SELECT number, position, mark FROM commit_group WHERE part = 1 AND number > $1 ORDER BY number LIMIT $2";

/// What was caught up with.
pub(super) struct CaughtUp {
    /// The group up to which it was: the newest one, unless there is too much for one step.
    pub(super) to: Applied,
    /// The position after which the entries are all that there are.
    pub(super) after: u64,
    /// The entries after it, up to the group.
    pub(super) entries: Vec<Entry>,
}

/// Whether a row with a number and a mark is another group than the one that this node knows by the number: then the
/// history that the node knows was lost, and another one has begun.
fn is_other(row: &Row, at: usize, applied: &Applied) -> Fetched<bool> {
    let (number, mark): (i64, Vec<u8>) = (row.try_get(at)?, row.try_get(at + 1)?);
    Ok(number == applied.number && mark != applied.mark)
}

impl WriterLink {
    /// Catches up with what other nodes have committed, if the database continues what this process knows. If it does not,
    /// the next incarnation begins, unless somebody else has begun one.
    pub(super) fn continued(
        &self,
        part: &Part,
        (applied, newest): (&Applied, &Applied),
        cached: &mut WriterState,
    ) -> Fetched<CaughtUp> {
        let known = applied.position.max(self.delivered.position());
        if part.incarnation > self.incarnation.number() {
            tracing::error!("the database has lost commits, as another process has noticed: all sessions begin afresh");
            self.incarnation.end();
            return Err(PostgresError::Over);
        }
        let moved = self.has_moved(part);
        let is_lost = part.incarnation < self.incarnation.number() || (moved && !self.has_delivered(applied)?);
        let caught_up = match is_lost {
            true => Err(PostgresError::WentBack { known, found: newest.position }),
            false => self.catch_up(applied, newest, cached),
        };
        match caught_up {
            Ok(_) if moved => self.note_history()?,
            Err(PostgresError::WentBack { known, found }) => return Err(self.begin_incarnation(part, known, found)),
            // Nothing is lost, and this process alone begins again.
            Err(PostgresError::FarBehind { .. }) => self.incarnation.end(),
            Ok(_) | Err(_) => {}
        }
        caught_up
    }

    /// Forgets the rows that groups after `applied` have changed, up to `newest`. Returns the entries that are not
    /// delivered yet.
    pub(super) fn catch_up(&self, applied: &Applied, newest: &Applied, cached: &mut WriterState) -> Fetched<CaughtUp> {
        let delivered = self.delivered.position();
        let after = applied.position.max(delivered);
        let behind = newest.number - applied.number;
        if *newest == *applied && delivered <= newest.position {
            return Ok(CaughtUp { to: newest.clone(), after, entries: Vec::new() });
        }
        if behind <= 0 || newest.position < after {
            // A standby that lagged was promoted, or a backup was restored: what was told to clients is not there.
            return Err(PostgresError::WentBack { known: after, found: newest.position });
        }
        let step = newest.position - after > STEP_ENTRIES;
        let to = if step { self.end_of_step(applied, after)? } else { newest.clone() };
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
        if !is_known || to.position.saturating_sub(after) > ENTRIES_MAX {
            // Groups are kept for so long that only a node that stood still for an hour finds that its own is gone.
            return Err(PostgresError::FarBehind { known: after, found: newest.position });
        }
        let entries = if to.position > after {
            let entries = entries_between(&PostgresRows(self), after, to.position);
            entries.map_err(|error| PostgresError::CatchUp(error.to_string()))?
        } else {
            Vec::new()
        };
        // A step that ends with what was delivered has brought nothing beyond it.
        Ok(CaughtUp { after: after.min(to.position), to, entries })
    }

    /// The last group that ends within a step after a position, or the next one. A step never ends within a group,
    /// because some changes have two positions.
    fn end_of_step(&self, applied: &Applied, after: u64) -> Fetched<Applied> {
        let mut end = None;
        for row in self.groups(NEXT, &[&applied.number, &GROUPS_MAX])? {
            let position = row.try_get::<_, i64>(1)?.cast_unsigned();
            if end.is_some() && position > after.saturating_add(STEP_ENTRIES) {
                break;
            }
            end = Some(Applied { number: row.try_get(0)?, position, mark: row.try_get(2)? });
        }
        end.ok_or(PostgresError::Lost)
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
