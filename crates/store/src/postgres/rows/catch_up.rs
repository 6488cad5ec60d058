//! The reads of catching up with other nodes.
//!
//! What must stay true: messages and changes are merged by their positions, of which each belongs to one of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use quintet_domain::{Metadata, Notification, NotificationId, Timestamp, UserId};
use quintet_rules::log::{CatchUpRows, Logged, MissedKind};
use quintet_rules::{ConversationKey, RowResult, UserKey};
use tokio_postgres::Row;

use super::columns::origin_at;
use super::{Channel, Fetched, PostgresRows, notification_at, notification_columns};

/// A row of the log: a change with its record, or a message without one.
fn logged_at(row: &Row) -> Fetched<(Logged, Option<(i64, String)>)> {
    let told: Option<Vec<String>> = row.try_get(7)?;
    let logged = Logged {
        position: row.try_get::<_, i64>(0)?.cast_unsigned(),
        conversation: row.try_get::<_, Option<i64>>(1)?.map(ConversationKey),
        sequence: row.try_get::<_, Option<i64>>(2)?.map(i64::cast_unsigned),
        origin: origin_at(row, 3)?,
        acked: row.try_get(4)?,
        at: Timestamp(row.try_get(8)?),
        change: MissedKind::Created,
        told: told.map(|told| told.iter().map(|id| UserId::trusted(id)).collect()),
    };
    let version: Option<i64> = row.try_get(5)?;
    Ok((logged, version.zip(row.try_get(6)?)))
}

/// The messages after the position `$1` and up to `$2`, and the changes after `$1` that fit a condition, by their positions.
macro_rules! log_where {
    ($changes:literal) => {
        concat!(
            "SELECT position, conversation_pk, sequence, origin, acked, version, data, told, at FROM change
             WHERE position > $1 AND ",
            $changes,
            " UNION ALL
             SELECT position, conversation_pk, sequence, origin, acked, NULL, NULL, NULL, created_at FROM message
             WHERE position > $1 AND position <= $2
             ORDER BY position"
        )
    };
}

impl<C: Channel> PostgresRows<C> {
    /// Reads what one of the two statements selects.
    fn read_log(&self, sql: &'static str, after: u64, up_to: u64) -> RowResult<Vec<Logged>> {
        let rows = self.list(sql, &[&after.cast_signed(), &up_to.cast_signed()], logged_at)?;
        rows.into_iter().map(|(logged, record)| logged.with_record(record)).collect()
    }
}

impl<C: Channel> CatchUpRows for PostgresRows<C> {
    fn logged(&self, after: u64, up_to: u64) -> RowResult<Vec<Logged>> {
        // Reads are most of the changes, and nobody is shown less because of a later one.
        let sql = log_where!("(position <= $2 OR data NOT LIKE '%\"messages_read\"%')");
        self.read_log(sql, after, up_to)
    }

    fn logged_within(&self, after: u64, up_to: u64) -> RowResult<Vec<Logged>> {
        self.read_log(log_where!("position <= $2"), after, up_to)
    }

    fn user_metadata(&self, keys: &BTreeSet<UserKey>) -> RowResult<Vec<(UserKey, Metadata)>> {
        self.list(
            "SELECT pk, metadata FROM chat_user WHERE pk = ANY($1) AND metadata IS NOT NULL",
            &[&keys.iter().map(|key| key.0).collect::<Vec<_>>()],
            |row| Ok((UserKey(row.try_get(0)?), Metadata::trusted(row.try_get(1)?))),
        )
    }

    fn notification(&self, id: &NotificationId) -> RowResult<Option<Arc<Notification>>> {
        let sql = concat!("SELECT ", notification_columns!(), " FROM notification n WHERE n.id = $1");
        self.find(sql, &[&id.as_str()], |row| Ok(notification_at(row)?.1))
    }
}
