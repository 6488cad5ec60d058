//! The reads of pages of the log.
//!
//! What must stay true: messages and changes are merged by their positions, of which each belongs to one of them.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::Arc;

use quintet_domain::{Metadata, Notification, NotificationId, Timestamp};
use quintet_rules::log::{CatchUpRows, Logged, MissedKind};
use quintet_rules::{ConversationKey, RowResult, UserKey};
use rusqlite::{Connection, Row, params};

use super::columns::origin_at;
use super::{SqliteRows, notification_at, notification_columns};
use crate::sqlite::sets;

/// A row of the log: a change with its record, or a message without one.
fn logged_at(row: &Row<'_>) -> rusqlite::Result<(Logged, Option<(i64, String)>)> {
    let logged = Logged {
        position: row.get::<_, i64>(0)?.cast_unsigned(),
        conversation: row.get::<_, Option<i64>>(1)?.map(ConversationKey),
        sequence: row.get::<_, Option<i64>>(2)?.map(i64::cast_unsigned),
        origin: origin_at(row, 3)?,
        acked: row.get(4)?,
        at: Timestamp(row.get(7)?),
        change: MissedKind::Created,
        told: None,
    };
    let version: Option<i64> = row.get(5)?;
    Ok((logged, version.zip(row.get(6)?)))
}

impl<C: Deref<Target = Connection>> CatchUpRows for SqliteRows<C> {
    /// Only nodes that catch up with others read beyond a position, and a database of SQLite has one process.
    fn logged(&self, after: u64, up_to: u64) -> RowResult<Vec<Logged>> {
        self.logged_within(after, up_to)
    }

    fn logged_within(&self, after: u64, up_to: u64) -> RowResult<Vec<Logged>> {
        let rows = self.list(
            "SELECT position, conversation_pk, sequence, origin, acked, version, data, at FROM change
             WHERE position > ?1 AND position <= ?2
             UNION ALL
             SELECT position, conversation_pk, sequence, origin, acked, NULL, NULL, created_at FROM message
             WHERE position > ?1 AND position <= ?2
             ORDER BY position",
            params![after.cast_signed(), up_to.cast_signed()],
            logged_at,
        )?;
        rows.into_iter().map(|(logged, record)| logged.with_record(record)).collect()
    }

    fn user_metadata(&self, keys: &BTreeSet<UserKey>) -> RowResult<Vec<(UserKey, Metadata)>> {
        self.list(
            "SELECT pk, metadata FROM user WHERE pk IN (SELECT value FROM json_each(?1)) AND metadata IS NOT NULL",
            [sets::keys(keys.iter().map(|key| key.0))],
            |row| Ok((UserKey(row.get(0)?), Metadata::trusted(row.get_ref(1)?.as_str()?))),
        )
    }

    fn notification(&self, id: &NotificationId) -> RowResult<Option<Arc<Notification>>> {
        let sql = concat!("SELECT ", notification_columns!(), " FROM notification n WHERE n.id = ?1");
        self.find(sql, [id.as_str()], |row| Ok(notification_at(row)?.1))
    }
}
