//! Noticing that the database has lost commits, and beginning the next incarnation of the data.
//!
//! What must stay true: nothing is committed to a history that does not continue the one that this process knows; the
//! next incarnation is begun once, under the lock, by the first process that notices.

use super::order::{LOCK, PART, Part};
use super::{Applied, WriterLink};
use crate::postgres::error::{Fetched, PostgresError};
use crate::postgres::link::{Link, Step};
use crate::postgres::rows::id_bytes;

const NOTE_HISTORY: &str = "UPDATE part SET history = $1 WHERE id = 1";
/// Begins an incarnation. The identity of the data changes with it, so that neither what clients keep nor what other nodes
/// tell of the one before is taken for what belongs to this one.
const BEGIN_INCARNATION: &str = "WITH begun AS (
         UPDATE part SET incarnation = $1::bigint, epoch = epoch + 1, history = coalesce($2::text, history) WHERE id = 1)
     UPDATE identity SET id = regexp_replace(id, 'x[0-9a-f]+$', '') || 'x' || to_hex($1::bigint)";

impl WriterLink {
    /// The row of the part, for a process that begins. It knows nothing of what was committed before: where the server has
    /// another history than at the newest group that somebody has checked, the next incarnation begins.
    pub(super) async fn first_part(&self, link: &Link) -> Fetched<Part> {
        let part = Part::of(&link.client.query_one(PART, &[]).await?)?;
        let here = self.state.borrow().history.clone();
        if here.is_none() || part.history == here {
            return Ok(part);
        }
        link.client.batch_execute("BEGIN").await?;
        let rows = link.run(&[Step::Rows(LOCK, vec![])]).await?;
        let part = Part::of(rows.first().and_then(|rows| rows.first()).ok_or(PostgresError::Lost)?)?;
        match &part.history {
            None => drop(link.client.execute(NOTE_HISTORY, &[&here]).await?),
            Some(history) if Some(history) == here.as_ref() => {}
            Some(history) => {
                tracing::warn!(
                    before = history,
                    now = here,
                    "the server has failed over or was restored, and no process that runs knows whether commits were lost: \
                     all sessions begin afresh"
                );
                store_incarnation(link, part.incarnation, here.as_deref()).await?;
            }
        }
        link.client.batch_execute("COMMIT").await?;
        Part::of(&link.client.query_one(PART, &[]).await?)
    }

    /// Begins the next incarnation in the open transaction, and commits it. Returns what the open group is refused with.
    pub(super) fn begin_incarnation(&self, part: &Part, known: u64, found: u64) -> PostgresError {
        let newest = part.incarnation.max(self.incarnation.number());
        let history = self.state.borrow().history.clone();
        let stored = self.open_link().and_then(|link| {
            self.runtime.block_on(async {
                store_incarnation(&link, newest, history.as_deref()).await?;
                Ok(link.client.batch_execute("COMMIT").await?)
            })
        });
        match stored {
            Ok(()) => {
                self.state.borrow_mut().open = false;
                tracing::error!(known, found, "the database has lost commits: all sessions begin afresh, on all nodes");
                self.incarnation.end();
                PostgresError::WentBack { known, found }
            }
            // The next group finds the same, or that it was committed.
            Err(error) => error,
        }
    }

    /// Whether the server's history is another one than when the newest group was last checked.
    pub(super) fn has_moved(&self, part: &Part) -> bool {
        let state = self.state.borrow();
        state.history.is_some() && part.history != state.history
    }

    /// Whether what the feed has delivered beyond what this writer has applied is there after a failover.
    pub(super) fn has_delivered(&self, applied: &Applied) -> Fetched<bool> {
        let (position, message) = self.delivered.newest();
        if position <= applied.position {
            return Ok(true);
        }
        let Some(message) = message else { return Ok(false) };
        let link = self.open_link()?;
        let position = position.cast_signed();
        let found = self.runtime.block_on(
            link.client
                .query_opt("SELECT FROM message WHERE position = $1 AND id = $2", &[&position, &id_bytes(&message)]),
        )?;
        Ok(found.is_some())
    }

    /// Notes the server's history with the open group, which continues what this process knows.
    pub(super) fn note_history(&self) -> Fetched<()> {
        let history = self.state.borrow().history.clone();
        let link = self.open_link()?;
        self.runtime.block_on(link.client.execute(NOTE_HISTORY, &[&history]))?;
        // Something was written, so that the group is committed whatever is decided in it.
        self.state.borrow_mut().rows_changed += 1;
        Ok(())
    }
}

/// Writes the row of an incarnation after a given one. Two processes that begin one over databases of which the other does
/// not know begin different ones.
async fn store_incarnation(link: &Link, after: i64, history: Option<&str>) -> Fetched<()> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(|error| PostgresError::Runtime(std::io::Error::other(error)))?;
    let number = after + 1 + i64::from(u32::from_be_bytes(bytes) >> 1);
    link.client.execute(BEGIN_INCARNATION, &[&number, &history]).await?;
    Ok(())
}
