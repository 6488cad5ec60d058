//! The reads of a replay, each for a whole set of keys.
//!
//! What must stay true: the number of statements does not depend on how much was missed; lists of keys are passed as
//! JSON.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::Arc;

use quintet_domain::{MessageId, Metadata, Notification, UserId};
use quintet_rules::log::{ChangeRecord, MissedChange, MissedKind, ReadSpan, ReplayRows};
use quintet_rules::rows::{
    ConversationRow, ConversationTexts, CursorRow, LogRows, MemberRow, MemberRows, MemberSettings, MessageRow,
    ReactionCountRow, ReactionRows, UserRow, UserRows,
};
use quintet_rules::{ConversationKey, MessageKey, RowResult, RowsError, UserKey};
use rusqlite::{Connection, Row, params};

use super::columns::{message_id_at, origin_at};
use super::members::{member_at, settings_at};
use super::{
    SqliteRows, conversation_at, conversation_columns, limit_of, message_at, message_columns, notification_at,
    notification_columns, user_at, user_columns,
};
use crate::sqlite::sets;

/// The conversations that user `?1` is a member of, or was a member of at some time after position `?2`.
macro_rules! own_conversations {
    () => {
        "WITH own (pk) AS (
             SELECT conversation_pk FROM member INDEXED BY member_user WHERE user_pk = ?1
             UNION SELECT conversation_pk FROM departed WHERE user_pk = ?1 AND position > ?2) "
    };
}

/// A change as its row stores it.
struct Stored {
    missed: MissedChange,
    version: i64,
    data: String,
}

fn missed_at(row: &Row<'_>) -> rusqlite::Result<MissedChange> {
    Ok(MissedChange {
        position: row.get::<_, i64>(0)?.cast_unsigned(),
        conversation: ConversationKey(row.get(1)?),
        sequence: row.get::<_, Option<i64>>(2)?.map(i64::cast_unsigned),
        origin: origin_at(row, 3)?,
        acked: row.get(4)?,
        change: MissedKind::Created,
    })
}

fn stored_at(row: &Row<'_>) -> rusqlite::Result<Stored> {
    Ok(Stored { missed: missed_at(row)?, version: row.get(5)?, data: row.get(6)? })
}

fn decoded(stored: Vec<Stored>) -> RowResult<Vec<MissedChange>> {
    let decode = |Stored { missed, version, data }| {
        let record = ChangeRecord::decode(version, &data).map_err(RowsError::new)?;
        Ok(MissedChange { change: MissedKind::Recorded(record), ..missed })
    };
    stored.into_iter().map(decode).collect()
}

impl<C: Deref<Target = Connection>> ReplayRows for SqliteRows<C> {
    fn newest_position(&self) -> RowResult<u64> {
        LogRows::newest_position(self)
    }

    fn pruned_to(&self) -> RowResult<u64> {
        LogRows::pruned_to(self)
    }

    fn user(&self, id: &UserId) -> RowResult<Option<UserRow>> {
        UserRows::user(self, id)
    }

    fn changes_of_conversations(&self, user: UserKey, after: u64, limit: usize) -> RowResult<Vec<MissedChange>> {
        let params = [user.0, after.cast_signed(), limit_of(limit)];
        let mut changes = decoded(self.list(
            concat!(
                own_conversations!(),
                "SELECT c.position, c.conversation_pk, c.sequence, c.origin, c.acked, c.version, c.data
                 FROM own CROSS JOIN change c INDEXED BY change_conversation
                     ON c.conversation_pk = own.pk AND c.position > ?2
                 LIMIT ?3"
            ),
            params,
            stored_at,
        )?)?;
        // Sequence numbers increase with positions. The index of a conversation's messages contains both, so that the
        // oldest message after the position is found by scanning back over the wanted ones: over no more than may be
        // replayed, since more of them mean a fresh start.
        let messages = self.list(
            concat!(
                own_conversations!(),
                "SELECT m.position, m.conversation_pk, m.sequence, m.origin, m.acked
                 FROM own CROSS JOIN message m INDEXED BY message_order ON m.conversation_pk = own.pk
                     AND m.sequence > coalesce((
                         SELECT b.sequence FROM (
                             SELECT sequence, position FROM message INDEXED BY message_order
                             WHERE conversation_pk = own.pk ORDER BY sequence DESC LIMIT ?3) b
                         WHERE b.position <= ?2 LIMIT 1), -1)
                 LIMIT ?3"
            ),
            params,
            missed_at,
        )?;
        changes.extend(messages);
        changes.truncate(limit);
        Ok(changes)
    }

    fn changes_addressed(&self, user: UserKey, after: u64, limit: usize) -> RowResult<Vec<MissedChange>> {
        decoded(self.list(
            "SELECT c.position, c.conversation_pk, c.sequence, c.origin, c.acked, c.version, c.data
             FROM addressed a CROSS JOIN change c ON c.position = a.position
             WHERE a.user_pk = ?1 AND a.position > ?2 AND c.conversation_pk IS NOT NULL LIMIT ?3",
            [user.0, after.cast_signed(), limit_of(limit)],
            stored_at,
        )?)
    }

    fn notifications_since(
        &self,
        user: UserKey,
        after: u64,
        limit: usize,
        visit: &mut dyn FnMut(u64, Arc<Notification>) -> bool,
    ) -> RowResult<()> {
        self.visit(
            concat!(
                "SELECT ",
                notification_columns!(),
                ", n.position FROM notification n WHERE n.user_pk = ?1 AND n.position > ?2
                 ORDER BY n.position LIMIT ?3"
            ),
            [user.0, after.cast_signed(), limit_of(limit)],
            |row| Ok((row.get::<_, i64>(6)?.cast_unsigned(), notification_at(row)?.1)),
            |(position, notification)| visit(position, notification),
        )
    }

    fn settings_since(
        &self,
        user: UserKey,
        after: u64,
        limit: usize,
    ) -> RowResult<Vec<(u64, ConversationKey, MemberSettings)>> {
        self.list(
            "SELECT m.conversation_pk, m.settings, m.muted_until, m.archived_after, m.settings_position
             FROM member m INDEXED BY member_settings
             WHERE m.user_pk = ?1 AND m.settings_position > ?2 AND m.settings_position IS NOT NULL LIMIT ?3",
            [user.0, after.cast_signed(), limit_of(limit)],
            |row| Ok((row.get::<_, i64>(4)?.cast_unsigned(), ConversationKey(row.get(0)?), settings_at(row, 1)?)),
        )
    }

    fn first_members(
        &self,
        keys: &BTreeSet<ConversationKey>,
        limit: usize,
    ) -> RowResult<Vec<(ConversationKey, UserKey, MemberRow)>> {
        let mut found = self.list(
            "SELECT m.role, m.joined_at, m.joined_sequence, m.read_sequence, m.read_at, m.hidden_sequence,
                 m.settings, m.muted_until, m.archived_after, m.settings_position, m.silenced_until, m.conversation_pk,
                 m.user_pk
             FROM json_each(?1) j CROSS JOIN member m ON m.conversation_pk = j.value AND m.user_pk IN (
                 SELECT f.user_pk FROM member f INDEXED BY member_joined WHERE f.conversation_pk = j.value
                 ORDER BY f.joined_sequence, f.user_pk LIMIT ?2)",
            params![sets::keys(keys.iter().map(|key| key.0)), limit_of(limit)],
            |row| Ok((ConversationKey(row.get(11)?), UserKey(row.get(12)?), member_at(row)?)),
        )?;
        found.sort_unstable_by_key(|(conversation, user, row)| (*conversation, row.joined_sequence, *user));
        Ok(found)
    }

    fn conversations(&self, keys: &BTreeSet<ConversationKey>) -> RowResult<Vec<ConversationRow>> {
        let sql = concat!(
            "SELECT ",
            conversation_columns!(plain),
            " FROM json_each(?1) j CROSS JOIN conversation c ON c.pk = j.value"
        );
        self.list(sql, [sets::keys(keys.iter().map(|key| key.0))], |row| conversation_at(row, 0))
    }

    fn conversation_texts(
        &self,
        keys: &BTreeSet<ConversationKey>,
        visit: &mut dyn FnMut(ConversationKey, ConversationTexts) -> bool,
    ) -> RowResult<()> {
        self.visit(
            "SELECT c.pk, c.description, c.picture, c.metadata FROM json_each(?1) j CROSS JOIN conversation c ON c.pk = j.value
             WHERE c.description IS NOT NULL OR c.picture IS NOT NULL OR c.metadata IS NOT NULL",
            [sets::keys(keys.iter().map(|key| key.0))],
            |row| {
                let description = row.get_ref(1)?.as_str_or_null()?.map(Arc::from);
                let picture = row.get_ref(2)?.as_str_or_null()?.map(Arc::from);
                let metadata = row.get_ref(3)?.as_str_or_null()?.map(Metadata::trusted);
                Ok((ConversationKey(row.get(0)?), ConversationTexts { description, picture, metadata }))
            },
            |(key, texts)| visit(key, texts),
        )
    }

    fn users(&self, keys: &BTreeSet<UserKey>) -> RowResult<Vec<UserRow>> {
        let sql = concat!("SELECT ", user_columns!(plain), " FROM json_each(?1) j CROSS JOIN user u ON u.pk = j.value");
        self.list(sql, [sets::keys(keys.iter().map(|key| key.0))], user_at)
    }

    fn messages(&self, keys: &BTreeSet<MessageKey>, visit: &mut dyn FnMut(MessageRow) -> bool) -> RowResult<()> {
        let sql = concat!(
            "SELECT ",
            message_columns!(),
            " FROM json_each(?1) j CROSS JOIN message m ON m.position = j.value"
        );
        self.visit(sql, [sets::keys(keys.iter().map(|key| key.0))], |row| message_at(row, 0), visit)
    }

    fn reaction_counts(&self, keys: &BTreeSet<MessageKey>) -> RowResult<Vec<ReactionCountRow>> {
        ReactionRows::reaction_counts(self, keys)
    }

    fn cursors(&self, conversation: ConversationKey, limit: usize) -> RowResult<Vec<CursorRow>> {
        MemberRows::cursors(self, conversation, 0, limit)
    }

    fn passed(
        &self,
        readings: &[(ConversationKey, ReadSpan, UserKey)],
        limit: usize,
    ) -> RowResult<Vec<Vec<(MessageId, UserKey)>>> {
        let numbers = readings
            .iter()
            .map(|(conversation, span, reader)| format!("[{},{},{},{}]", conversation.0, span.from, span.to, reader.0));
        let numbers = format!("[{}]", numbers.collect::<Vec<_>>().join(","));
        let mut passed: Vec<Vec<(i64, MessageId, UserKey)>> = readings.iter().map(|_| Vec::new()).collect();
        self.visit(
            "SELECT j.key, m.id, m.sender_pk, m.sequence FROM json_each(?1) j
             CROSS JOIN message m ON m.position IN (
                 SELECT n.position FROM message n WHERE n.conversation_pk = j.value ->> 0
                     AND n.sequence > j.value ->> 1 AND n.sequence <= j.value ->> 2 AND n.sender_pk <> j.value ->> 3
                 ORDER BY n.sequence DESC LIMIT ?2)",
            params![numbers, limit_of(limit)],
            |row| Ok((sets::nth(row)?, (row.get(3)?, message_id_at(row, 1)?, UserKey(row.get(2)?)))),
            |(nth, message)| {
                if let Some(passed) = passed.get_mut(nth) {
                    passed.push(message);
                }
                true
            },
        )?;
        let in_order = |mut passed: Vec<(i64, MessageId, UserKey)>| {
            passed.sort_unstable_by_key(|(sequence, ..)| *sequence);
            passed.into_iter().map(|(_, id, sender)| (id, sender)).collect()
        };
        Ok(passed.into_iter().map(in_order).collect())
    }
}
