//! The tables of reports, and the operations on them.
//!
//! What must stay true: each index has the reports of the table that belong to it.

use std::sync::Arc;

use quintet_domain::{ReportStatus, Timestamp};
use quintet_rules::rows::{ReportRow, ReportRows, StoredResolution};
use quintet_rules::{MessageKey, RowResult, UserKey};

use crate::memory::data::{Constraint, Data, move_entry, next_key};

impl Data {
    /// Stores a report, or removes it, in the table and in all indexes.
    fn move_report(&mut self, number: i64, new: Option<ReportRow>) {
        let tables = &mut self.reports;
        let old = tables.rows.get(&number).cloned();
        let message = |row: &ReportRow| (row.message, number);
        let open = |row: &ReportRow| row.resolution.is_none().then_some((row.reporter, row.sender, number));
        let has_text = |row: &ReportRow| row.snapshot.is_some() || !row.reason.is_empty();
        let sender = |row: &ReportRow| has_text(row).then_some((row.sender, number));
        let at = |row: &ReportRow| (row.at, number);
        let (before, after) = (old.as_ref(), new.as_ref());
        move_entry(&mut tables.by_message, before.map(message), after.map(message));
        move_entry(&mut tables.open, before.and_then(open), after.and_then(open));
        move_entry(&mut tables.with_text, before.and_then(sender), after.and_then(sender));
        move_entry(&mut tables.by_age, before.map(at), after.map(at));
        match new {
            Some(row) => tables.rows.insert(number, row),
            None => drop(tables.rows.remove(&number)),
        }
    }

    /// The reports of a message, the oldest first.
    fn reports_of(&self, message: MessageKey) -> impl Iterator<Item = &ReportRow> {
        let of_message = self.reports.by_message.range((message, i64::MIN)..=(message, i64::MAX));
        of_message.filter_map(|((_, number), ())| self.report_row(*number))
    }

    fn report_row(&self, number: i64) -> Option<&ReportRow> {
        self.reports.rows.get(&number)
    }
}

const FIRST_USER: UserKey = UserKey(i64::MIN);

impl ReportRows for Data {
    fn report(&self, number: i64) -> RowResult<Option<ReportRow>> {
        Ok(self.report_row(number).cloned())
    }

    fn reports_of_version(
        &self,
        (message, edited_at): (MessageKey, Option<Timestamp>),
        since: Timestamp,
        limit: usize,
    ) -> RowResult<Vec<ReportRow>> {
        let fits = |row: &&ReportRow| row.at >= since && row.edited_at == edited_at && row.reporter.is_some();
        Ok(self.reports_of(message).filter(fits).take(limit).cloned().collect())
    }

    fn has_open_flag(&self, message: MessageKey, since: Timestamp) -> RowResult<bool> {
        let waits = |row: &ReportRow| row.at >= since && row.reporter.is_none() && row.resolution.is_none();
        Ok(self.reports_of(message).any(waits))
    }

    fn open_reports_by(&self, reporter: UserKey, since: Timestamp) -> RowResult<i64> {
        let from = (Some(reporter), FIRST_USER, i64::MIN);
        let own = self.reports.open.range(from..).take_while(|((by, ..), ())| *by == Some(reporter));
        let rows = own.filter_map(|((.., number), ())| self.report_row(*number));
        Ok(rows.filter(|row| row.at >= since).count() as i64)
    }

    fn open_flags_of(&self, sender: UserKey, since: Timestamp) -> RowResult<i64> {
        let flags = self.reports.open.range((None, sender, i64::MIN)..=(None, sender, i64::MAX));
        let rows = flags.filter_map(|((.., number), ())| self.report_row(*number));
        Ok(rows.filter(|row| row.at >= since).count() as i64)
    }

    fn insert_report(&mut self, row: &ReportRow) -> RowResult<i64> {
        let number = next_key(self.reports.rows.last_key().copied());
        self.move_report(number, Some(ReportRow { number, ..row.clone() }));
        Ok(number)
    }

    fn resolve_report(&mut self, number: i64, resolution: StoredResolution) -> RowResult<()> {
        let row = self.report_row(number).cloned().ok_or(Constraint::Missing("report"))?;
        self.move_report(number, Some(ReportRow { snapshot: None, resolution: Some(resolution), ..row }));
        Ok(())
    }

    fn remove_texts_of(&mut self, user: UserKey, limit: usize) -> RowResult<usize> {
        let about = self.reports.with_text.range((user, i64::MIN)..=(user, i64::MAX)).take(limit);
        let about: Vec<i64> = about.map(|((_, number), ())| *number).collect();
        for number in &about {
            let row = self.report_row(*number).cloned();
            self.move_report(*number, row.map(|row| ReportRow { snapshot: None, reason: Arc::from(""), ..row }));
        }
        let own = self
            .reports
            .rows
            .iter()
            .map(|(_, row)| row)
            .filter(|row| row.reporter == Some(user) && !row.reason.is_empty());
        let own: Vec<ReportRow> = own.take(limit).cloned().collect();
        let removed = about.len() + own.len();
        for row in own {
            self.move_report(row.number, Some(ReportRow { reason: Arc::from(""), ..row }));
        }
        Ok(removed)
    }

    fn reports_before(
        &self,
        status: Option<ReportStatus>,
        since: Timestamp,
        before: i64,
        limit: usize,
    ) -> RowResult<Vec<ReportRow>> {
        let fits = |row: &&ReportRow| {
            let is = if row.resolution.is_some() { ReportStatus::Resolved } else { ReportStatus::Open };
            row.at >= since && status.is_none_or(|status| status == is)
        };
        let older = self.reports.rows.range(..before).rev().map(|(_, row)| row);
        Ok(older.filter(fits).take(limit).cloned().collect())
    }

    fn prune_reports(&mut self, before: Timestamp, limit: usize) -> RowResult<usize> {
        let old = self.reports.by_age.range(..(before, i64::MIN)).take(limit);
        let old: Vec<i64> = old.map(|((_, number), ())| *number).collect();
        for number in &old {
            self.move_report(*number, None);
        }
        Ok(old.len())
    }
}
