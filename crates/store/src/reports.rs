//! Reads of reports, over the rows of any store.
//!
//! What must stay true: the number of statements does not depend on the number of reports.

use quintet_domain::{Report, ReportStatus, Timestamp};
use quintet_rules::log::ReplayRows;
use quintet_rules::reports;
use quintet_rules::rows::ReportRows;

use crate::error::Read;
use crate::future::ReadResult;
use crate::page::before_key;
use crate::{Page, Party};

/// The reads of reports, which every [`Store`](crate::Store) has.
pub trait ReportReads {
    /// Reports of messages, the newest first: those of one status, or all.
    fn reports(
        &self,
        by: Party,
        status: Option<ReportStatus>,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<Report>>;
}

/// A page of the reports that are kept at a time. `sets` reads the same rows, many at a time.
pub(crate) fn list(
    rows: &impl ReportRows,
    sets: &dyn ReplayRows,
    now: Timestamp,
    status: Option<ReportStatus>,
    (cursor, limit): (Option<&str>, u32),
) -> Read<Page<Report>> {
    let (before, limit) = (before_key(cursor)?, limit as usize);
    let mut found = rows.reports_before(status, reports::kept_since(now), before, limit.saturating_add(1))?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|row| row.number.to_string());
    Ok(Page { items: reports::all_shown(sets, found)?, next })
}
