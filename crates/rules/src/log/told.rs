//! Pages of the log for those who are told everything, such as webhooks.
//!
//! What must stay true: a page has everything that was committed in its range and is still kept, and says where it begins
//! and ends; the number of its statements does not depend on what is in it, and its size is bounded by its range.

use super::catch_up::{CatchUpRows, Told, told_within};
use crate::RowResult;

/// A page of the log.
#[derive(Clone, Debug)]
pub struct LogPage {
    /// The position behind which the page begins: the one that was asked for, or the one up to which nothing is kept.
    pub after: u64,
    /// The position up to which the page has everything.
    pub last: u64,
    /// The newest position of the log.
    pub newest: u64,
    /// The entries, in order.
    pub told: Vec<Told>,
}

/// The entries after a position, of at most `limit` positions.
///
/// # Errors
/// An error of the store.
pub fn page_after(rows: &dyn CatchUpRows, after: u64, limit: u64) -> RowResult<LogPage> {
    let newest = rows.newest_position()?;
    let after = after.max(rows.pruned_to()?).min(newest);
    let last = newest.min(after.saturating_add(limit));
    let mut told = if after < last { told_within(rows, after, last)? } else { Vec::new() };
    // An announcement stands right before its change, and so before the page if that is the first of the page.
    told.retain(|told| told.entry.position > after);
    Ok(LogPage { after, last, newest, told })
}
