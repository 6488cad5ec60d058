//! The row of the order, which every group locks first, and the history that the server itself tells of.
//!
//! What must stay true: the row is read under its lock before anything is decided by it.

use tokio_postgres::{Error, Row};

use crate::postgres::error::{Fetched, explained};
use crate::postgres::link::{Link, is_lost};

/// The cluster and the timeline of the server. A promoted standby, and a backup that was restored and replayed, have another
/// timeline; a dump that was restored is in another cluster.
const HISTORY: &str = "SELECT system_identifier::text || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
     FROM pg_control_system()";
pub(super) const PART: &str = "SELECT epoch, incarnation, history FROM part WHERE id = 1";
pub(super) const LOCK: &str = "SELECT epoch, incarnation, history FROM part WHERE id = 1 FOR UPDATE";

/// The row of the part of the order.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) epoch: i64,
    pub(super) incarnation: i64,
    /// The cluster and the timeline in which the newest group was last found to continue what was known.
    pub(super) history: Option<String>,
}

impl Part {
    /// Reads the columns of [`LOCK`].
    pub(super) fn of(row: &Row) -> Fetched<Self> {
        Ok(Self { epoch: row.try_get(0)?, incarnation: row.try_get(1)?, history: row.try_get(2)? })
    }
}

/// The cluster and the timeline of the server; `None` if it does not tell.
pub(super) async fn history(link: &Link) -> Result<Option<String>, Error> {
    match link.client.query_one(HISTORY, &[]).await {
        Ok(row) => row.try_get(0),
        Err(error) if is_lost(&error) => Err(error),
        Err(error) => {
            tracing::debug!(error = explained(&error), "the server does not tell its timeline");
            Ok(None)
        }
    }
}
