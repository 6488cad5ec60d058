//! The reads that complete messages, each for a whole set of keys, and the rows of threads.
//!
//! What must stay true: the number of statements does not depend on the number of keys.

use std::collections::BTreeSet;
use std::sync::Arc;

use quintet_domain::{Timestamp, User};
use quintet_rules::rows::{DetailRows, MessageRow, ShownPin, ShownReaction, ThreadRow};
use quintet_rules::{MessageKey, RowResult, UserKey};
use tokio_postgres::Row;

use super::{Channel, Fetched, PostgresRows, message_at, message_columns, shown_user_at, shown_user_columns};
use crate::key_lists;

fn thread_at(row: &Row) -> Fetched<ThreadRow> {
    Ok(ThreadRow {
        root: MessageKey(row.try_get(0)?),
        count: row.try_get::<_, i64>(1)?.cast_unsigned(),
        last_at: row.try_get::<_, Option<i64>>(2)?.map(Timestamp),
        last_senders: key_lists::read(row.try_get(3)?).map(UserKey).collect(),
    })
}

impl<C: Channel> DetailRows for PostgresRows<C> {
    fn messages_by_keys(&self, keys: &BTreeSet<MessageKey>) -> RowResult<Vec<MessageRow>> {
        let sql = concat!("SELECT ", message_columns!(), " FROM message m WHERE m.position = ANY($1)");
        self.list(sql, &[&keys.iter().map(|key| key.0).collect::<Vec<_>>()], |row| message_at(row, 0))
    }

    fn people_by_keys(&self, keys: &BTreeSet<UserKey>) -> RowResult<Vec<(UserKey, Arc<User>)>> {
        let sql = concat!("SELECT ", shown_user_columns!(), " FROM chat_user u WHERE u.pk = ANY($1)");
        self.list(sql, &[&keys.iter().map(|key| key.0).collect::<Vec<_>>()], |row| {
            Ok((UserKey(row.try_get(0)?), Arc::new(shown_user_at(row, 0)?)))
        })
    }

    fn threads_by_roots(&self, roots: &BTreeSet<MessageKey>) -> RowResult<Vec<ThreadRow>> {
        self.list(
            "SELECT t.root, t.count, t.last_at, t.last_senders FROM thread t WHERE t.root = ANY($1)",
            &[&roots.iter().map(|key| key.0).collect::<Vec<_>>()],
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
