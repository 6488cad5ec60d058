//! The reads that complete messages, each for a whole set of keys, and the rows of threads.
//!
//! What must stay true: lists of keys are passed as JSON, so that the number of statements does not depend on them.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::Arc;

use quintet_domain::{Timestamp, User};
use quintet_rules::rows::{DetailRows, MessageRow, ShownPin, ShownReaction, ThreadRow};
use quintet_rules::{MessageKey, RowResult, UserKey};
use rusqlite::{Connection, Row};

use super::{SqliteRows, message_at, message_columns, shown_user_at, shown_user_columns};
use crate::key_lists;
use crate::sqlite::sets;

fn thread_at(row: &Row<'_>) -> rusqlite::Result<ThreadRow> {
    Ok(ThreadRow {
        root: MessageKey(row.get(0)?),
        count: row.get::<_, i64>(1)?.cast_unsigned(),
        last_at: row.get::<_, Option<i64>>(2)?.map(Timestamp),
        last_senders: key_lists::read(row.get_ref(3)?.as_str()?).map(UserKey).collect(),
    })
}

impl<C: Deref<Target = Connection>> DetailRows for SqliteRows<C> {
    fn messages_by_keys(&self, keys: &BTreeSet<MessageKey>) -> RowResult<Vec<MessageRow>> {
        let sql = concat!(
            "SELECT ",
            message_columns!(),
            " FROM json_each(?1) j CROSS JOIN message m ON m.position = j.value"
        );
        self.list(sql, [sets::keys(keys.iter().map(|key| key.0))], |row| message_at(row, 0))
    }

    fn people_by_keys(&self, keys: &BTreeSet<UserKey>) -> RowResult<Vec<(UserKey, Arc<User>)>> {
        let sql =
            concat!("SELECT ", shown_user_columns!(), " FROM json_each(?1) j CROSS JOIN user u ON u.pk = j.value");
        self.list(sql, [sets::keys(keys.iter().map(|key| key.0))], |row| {
            Ok((UserKey(row.get(0)?), Arc::new(shown_user_at(row, 0)?)))
        })
    }

    fn threads_by_roots(&self, roots: &BTreeSet<MessageKey>) -> RowResult<Vec<ThreadRow>> {
        self.list(
            "SELECT t.root, t.count, t.last_at, t.last_senders FROM json_each(?1) j
             CROSS JOIN thread t ON t.root = j.value",
            [sets::keys(roots.iter().map(|key| key.0))],
            thread_at,
        )
    }

    fn shown_reactions(&self, messages: &BTreeSet<MessageKey>, users_max: usize) -> RowResult<Vec<ShownReaction>> {
        self.reactions_to(messages, users_max)
    }

    fn shown_pins(&self, messages: &BTreeSet<MessageKey>) -> RowResult<Vec<ShownPin>> {
        self.pins_on(messages)
    }
}
