//! Operations on the rows of reports.
//!
//! What must stay true: nothing here compares a moment with the clock, but for those that a rule or a read gives.

use std::sync::Arc;

use quintet_domain::{MessageId, ReportAction, ReportStatus, Timestamp};
use quintet_rules::rows::{ReportRow, ReportRows, StoredResolution};
use quintet_rules::{ConversationKey, MessageKey, RowResult, UserKey};
use tokio_postgres::Row;

use super::{Channel, Fetched, PostgresRows, limit_of, parsed};
use crate::postgres::error::{PostgresError, get};

/// The columns of a report, for [`report_at`].
macro_rules! report_columns {
    () => {
        "number, at, message, message_id, conversation_pk, sender_pk, reporter_pk, reason, snapshot, resolved_by_pk,
         resolved_at, resolved_with, edited_at"
    };
}

fn report_at(row: &Row) -> Fetched<ReportRow> {
    let snapshot = row.try_get::<_, Option<&str>>(8)?.map(ReportRow::decode_snapshot).transpose();
    let resolution = match (row.try_get::<_, Option<i64>>(9)?, row.try_get::<_, Option<i64>>(10)?) {
        (Some(by), Some(at)) => {
            Some(StoredResolution { by: UserKey(by), at: Timestamp(at), action: parsed(row, 11, ReportAction::parse)? })
        }
        _ => None,
    };
    Ok(ReportRow {
        number: row.try_get(0)?,
        at: Timestamp(row.try_get(1)?),
        message: MessageKey(row.try_get(2)?),
        message_id: MessageId::trusted(row.try_get(3)?),
        edited_at: row.try_get::<_, Option<i64>>(12)?.map(Timestamp),
        conversation: ConversationKey(row.try_get(4)?),
        sender: UserKey(row.try_get(5)?),
        reporter: row.try_get::<_, Option<i64>>(6)?.map(UserKey),
        reason: Arc::from(row.try_get::<_, &str>(7)?),
        snapshot: snapshot.map_err(|error| PostgresError::Value(error.to_string()))?,
        resolution,
    })
}

impl<C: Channel> ReportRows for PostgresRows<C> {
    fn report(&self, number: i64) -> RowResult<Option<ReportRow>> {
        let sql = concat!("SELECT ", report_columns!(), " FROM report WHERE number = $1");
        self.find(sql, &[&number], report_at)
    }

    fn reports_of_version(
        &self,
        (message, edited_at): (MessageKey, Option<Timestamp>),
        since: Timestamp,
        limit: usize,
    ) -> RowResult<Vec<ReportRow>> {
        let sql = concat!(
            "SELECT ",
            report_columns!(),
            " FROM report WHERE message = $1 AND edited_at IS NOT DISTINCT FROM $2 AND at >= $3 AND reporter_pk IS NOT NULL
             ORDER BY number LIMIT $4"
        );
        self.list(sql, &[&message.0, &edited_at.map(|at| at.0), &since.0, &limit_of(limit)], report_at)
    }

    fn has_open_flag(&self, message: MessageKey, since: Timestamp) -> RowResult<bool> {
        let sql = "SELECT 1 FROM report
             WHERE message = $1 AND at >= $2 AND reporter_pk IS NULL AND resolved_at IS NULL";
        self.exists(sql, &[&message.0, &since.0])
    }

    fn open_reports_by(&self, reporter: UserKey, since: Timestamp) -> RowResult<i64> {
        let sql = "SELECT count(*) FROM report WHERE reporter_pk = $1 AND at >= $2 AND resolved_at IS NULL";
        self.get(sql, &[&reporter.0, &since.0], |row| get(row, 0))
    }

    fn open_flags_of(&self, sender: UserKey, since: Timestamp) -> RowResult<i64> {
        let sql = "SELECT count(*) FROM report
             WHERE sender_pk = $1 AND at >= $2 AND resolved_at IS NULL AND reporter_pk IS NULL";
        self.get(sql, &[&sender.0, &since.0], |row| get(row, 0))
    }

    fn insert_report(&mut self, row: &ReportRow) -> RowResult<i64> {
        self.insert(
            "INSERT INTO report (number, at, message, message_id, conversation_pk, sender_pk, reporter_pk, reason,
                 snapshot, resolved_by_pk, resolved_at, resolved_with, edited_at)
             VALUES (coalesce((SELECT max(number) FROM report), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
                 $12)
             RETURNING number",
            &[
                &row.at.0,
                &row.message.0,
                &row.message_id.as_str(),
                &row.conversation.0,
                &row.sender.0,
                &row.reporter.map(|user| user.0),
                &&*row.reason,
                &row.encode_snapshot()?,
                &row.resolution.map(|resolution| resolution.by.0),
                &row.resolution.map(|resolution| resolution.at.0),
                &row.resolution.map(|resolution| resolution.action.as_str()),
                &row.edited_at.map(|at| at.0),
            ],
        )
    }

    fn resolve_report(&mut self, number: i64, resolution: StoredResolution) -> RowResult<()> {
        let StoredResolution { by, at, action } = resolution;
        self.run(
            "UPDATE report SET snapshot = NULL, resolved_by_pk = $2, resolved_at = $3, resolved_with = $4
             WHERE number = $1",
            &[&number, &by.0, &at.0, &action.as_str()],
        )?;
        Ok(())
    }

    fn remove_texts_of(&mut self, user: UserKey, limit: usize) -> RowResult<usize> {
        let mut removed = 0;
        for sql in [
            "UPDATE report SET snapshot = NULL, reason = '' WHERE number IN (
                 SELECT number FROM report WHERE sender_pk = $1 AND (snapshot IS NOT NULL OR reason <> '') LIMIT $2)",
            "UPDATE report SET reason = '' WHERE number IN (
                 SELECT number FROM report WHERE reporter_pk = $1 AND reason <> '' LIMIT $2)",
        ] {
            removed += self.run(sql, &[&user.0, &limit_of(limit)])?;
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
        let sql = match status {
            None => concat!(
                "SELECT ",
                report_columns!(),
                " FROM report WHERE number < $1 AND at >= $2 ORDER BY number DESC LIMIT $3"
            ),
            Some(ReportStatus::Open) => concat!(
                "SELECT ",
                report_columns!(),
                " FROM report WHERE number < $1 AND at >= $2 AND resolved_at IS NULL ORDER BY number DESC LIMIT $3"
            ),
            Some(ReportStatus::Resolved) => concat!(
                "SELECT ",
                report_columns!(),
                " FROM report WHERE number < $1 AND at >= $2 AND resolved_at IS NOT NULL ORDER BY number DESC LIMIT $3"
            ),
        };
        self.list(sql, &[&before, &since.0, &limit_of(limit)], report_at)
    }

    fn prune_reports(&mut self, before: Timestamp, limit: usize) -> RowResult<usize> {
        self.run(
            "DELETE FROM report WHERE number IN (SELECT number FROM report WHERE at < $1 ORDER BY at LIMIT $2)",
            &[&before.0, &limit_of(limit)],
        )
    }
}
