//! Groups that other nodes have committed since this one last looked.
//!
//! What must stay true: after it the cache has no row that another node has changed, and the entries are all that was
//! committed since, in order.

use quintet_domain::Entry;
use quintet_rules::WriterState;
use quintet_rules::log::entries_between;

use super::changed::changed_at;
use super::{Applied, WriterLink};
use crate::postgres::error::{Fetched, PostgresError};
use crate::postgres::rows::PostgresRows;

/// Maximum number of groups whose changed rows are forgotten one by one; beyond it all cached rows are.
const GROUPS_MAX: i64 = 1_000;
/// Maximum number of entries that are caught up with at once. A node that looks every second is never that far behind.
const ENTRIES_MAX: u64 = 200_000;

const CHANGED: &str = "SELECT users, conversations, member_conversations, member_users FROM commit_group
     WHERE part = 1 AND number > $1 ORDER BY number";

impl WriterLink {
    /// Forgets the rows that groups after `applied` have changed, up to `newest`. Returns their entries.
    pub(super) fn catch_up(
        &self,
        applied: &Applied,
        newest: &Applied,
        cached: &mut WriterState,
    ) -> Fetched<Vec<Entry>> {
        let behind = newest.number - applied.number;
        if behind <= 0 || newest.position < applied.position {
            // A standby that lagged was promoted, or a backup was restored: what was told to clients is not there.
            return Err(PostgresError::WentBack { known: applied.position, found: newest.position });
        }
        if behind > GROUPS_MAX {
            cached.cache.clear();
        } else {
            let link = self.open_link()?;
            let rows = self.runtime.block_on(async {
                let statement = link.prepare(CHANGED).await?;
                link.client.query(&statement, &[&applied.number]).await
            })?;
            if i64::try_from(rows.len()).unwrap_or(i64::MAX) < behind {
                // Some were removed, because this node was away for long.
                cached.cache.clear();
            }
            for row in &rows {
                cached.cache.forget(&changed_at(row, 0)?);
            }
        }
        if newest.position - applied.position > ENTRIES_MAX {
            return Err(PostgresError::FarBehind { known: applied.position, found: newest.position });
        }
        let entries = entries_between(&PostgresRows(self), applied.position, newest.position);
        entries.map_err(|error| PostgresError::CatchUp(error.to_string()))
    }
}
