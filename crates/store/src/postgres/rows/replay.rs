//! The reads of a replay, each for a whole set of keys.
//!
//! What must stay true: the number of statements does not depend on how much was missed.

use std::collections::BTreeSet;
use std::sync::Arc;

use quintet_domain::{MessageId, Metadata, Notification, UserId};
use quintet_rules::log::{ChangeRecord, MissedChange, MissedKind, ReadSpan, ReplayRows};
use quintet_rules::rows::{
    ConversationRow, ConversationTexts, CursorRow, LogRows, MemberRow, MemberRows, MemberSettings, MessageRow,
    ReactionCountRow, ReactionRows, UserRow, UserRows,
};
use quintet_rules::{ConversationKey, MessageKey, RowResult, RowsError, UserKey};
use tokio_postgres::Row;

use super::columns::{message_id_at, nth, origin_at};
use super::members::{member_at, settings_at};
use super::{
    Channel, Fetched, PostgresRows, conversation_at, conversation_columns, latest_message, limit_of, message_at,
    message_columns, notification_at, notification_columns, user_at, user_columns,
};

/// The conversations that user `$1` is a member of, or was a member of at some time after position `$2`.
macro_rules! own_conversations {
    () => {
        "WITH own (pk) AS (
             SELECT conversation_pk FROM member WHERE user_pk = $1
             UNION SELECT conversation_pk FROM departed WHERE user_pk = $1 AND position > $2) "
    };
}

/// A change as its row stores it.
struct Stored {
    missed: MissedChange,
    version: i64,
    data: String,
}

fn missed_at(row: &Row) -> Fetched<MissedChange> {
    Ok(MissedChange {
        position: row.try_get::<_, i64>(0)?.cast_unsigned(),
        conversation: ConversationKey(row.try_get(1)?),
        sequence: row.try_get::<_, Option<i64>>(2)?.map(i64::cast_unsigned),
        origin: origin_at(row, 3)?,
        acked: row.try_get(4)?,
        change: MissedKind::Created,
    })
}

fn stored_at(row: &Row) -> Fetched<Stored> {
    Ok(Stored { missed: missed_at(row)?, version: row.try_get(5)?, data: row.try_get(6)? })
}

fn decoded(stored: Vec<Stored>) -> RowResult<Vec<MissedChange>> {
    let decode = |Stored { missed, version, data }| {
        let record = ChangeRecord::decode(version, &data).map_err(RowsError::new)?;
        Ok(MissedChange { change: MissedKind::Recorded(record), ..missed })
    };
    stored.into_iter().map(decode).collect()
}

impl<C: Channel> ReplayRows for PostgresRows<C> {
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
        let (user, after, most) = (user.0, after.cast_signed(), limit_of(limit));
        let mut changes = decoded(self.list(
            concat!(
                own_conversations!(),
                "SELECT c.position, c.conversation_pk, c.sequence, c.origin, c.acked, c.version, c.data
                 FROM own JOIN change c
                     ON c.conversation_pk = own.pk AND c.position > $2
                 LIMIT $3"
            ),
            &[&user, &after, &most],
            stored_at,
        )?)?;
        // Sequence numbers increase with positions. The index of a conversation's messages contains both, so that the
        // oldest message after the position is found by scanning back over the wanted ones: over no more than may be
        // replayed, since more of them mean a fresh start.
        let messages = self.list(
            concat!(
                own_conversations!(),
                "SELECT m.position, m.conversation_pk, m.sequence, m.origin, m.acked
                 FROM own CROSS JOIN LATERAL (
                     SELECT coalesce((
                         SELECT b.sequence FROM (
                             SELECT x.sequence, x.position FROM message x
                             WHERE x.conversation_pk = own.pk ORDER BY x.sequence DESC LIMIT $3) b
                         WHERE b.position <= $2 LIMIT 1), -1) AS sequence OFFSET 0) known
                 JOIN message m ON m.conversation_pk = own.pk AND m.sequence > known.sequence
                 LIMIT $3"
            ),
            &[&user, &after, &most],
            missed_at,
        )?;
        changes.extend(messages);
        changes.truncate(limit);
        Ok(changes)
    }

    fn changes_addressed(&self, user: UserKey, after: u64, limit: usize) -> RowResult<Vec<MissedChange>> {
        decoded(self.list(
            "SELECT c.position, c.conversation_pk, c.sequence, c.origin, c.acked, c.version, c.data
             FROM addressed a JOIN change c ON c.position = a.position
             WHERE a.user_pk = $1 AND a.position > $2 AND c.conversation_pk IS NOT NULL LIMIT $3",
            &[&user.0, &after.cast_signed(), &limit_of(limit)],
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
                ", n.position FROM notification n WHERE n.user_pk = $1 AND n.position > $2
                 ORDER BY n.position LIMIT $3"
            ),
            &[&user.0, &after.cast_signed(), &limit_of(limit)],
            |row| Ok((row.try_get::<_, i64>(6)?.cast_unsigned(), notification_at(row)?.1)),
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
            "SELECT m.conversation_pk, m.settings, m.muted_until, m.archived_after, m.settings_position FROM member m
             WHERE m.user_pk = $1 AND m.settings_position > $2 LIMIT $3",
            &[&user.0, &after.cast_signed(), &limit_of(limit)],
            |row| {
                let position = row.try_get::<_, i64>(4)?.cast_unsigned();
                Ok((position, ConversationKey(row.try_get(0)?), settings_at(row, 1)?))
            },
        )
    }

    fn first_members(
        &self,
        keys: &BTreeSet<ConversationKey>,
        limit: usize,
    ) -> RowResult<Vec<(ConversationKey, UserKey, MemberRow)>> {
        self.list(
            "SELECT m.conversation_pk, m.user_pk, m.role, m.joined_at, m.joined_sequence, m.read_sequence, m.read_at,
                 m.hidden_sequence, m.settings, m.muted_until, m.archived_after, m.settings_position,
                 m.silenced_until
             FROM unnest($1::bigint[]) AS j (pk) CROSS JOIN LATERAL (
                 SELECT * FROM member f WHERE f.conversation_pk = j.pk
                 ORDER BY f.joined_sequence, f.user_pk LIMIT $2) m
             ORDER BY m.conversation_pk, m.joined_sequence, m.user_pk",
            &[&keys.iter().map(|key| key.0).collect::<Vec<_>>(), &limit_of(limit)],
            |row| Ok((ConversationKey(row.try_get(0)?), UserKey(row.try_get(1)?), member_at(row, 2)?)),
        )
    }

    fn conversations(&self, keys: &BTreeSet<ConversationKey>) -> RowResult<Vec<ConversationRow>> {
        let sql = concat!(
            "SELECT ",
            conversation_columns!(plain),
            " FROM conversation c",
            latest_message!(),
            "WHERE c.pk = ANY($1)"
        );
        self.list(sql, &[&keys.iter().map(|key| key.0).collect::<Vec<_>>()], |row| conversation_at(row, 0))
    }

    fn conversation_texts(
        &self,
        keys: &BTreeSet<ConversationKey>,
        visit: &mut dyn FnMut(ConversationKey, ConversationTexts) -> bool,
    ) -> RowResult<()> {
        self.visit(
            "SELECT c.pk, c.description, c.picture, c.metadata FROM conversation c
             WHERE c.pk = ANY($1) AND (c.description IS NOT NULL OR c.picture IS NOT NULL OR c.metadata IS NOT NULL)",
            &[&keys.iter().map(|key| key.0).collect::<Vec<_>>()],
            |row| {
                let description = row.try_get::<_, Option<&str>>(1)?.map(Arc::from);
                let picture = row.try_get::<_, Option<&str>>(2)?.map(Arc::from);
                let metadata = row.try_get::<_, Option<&str>>(3)?.map(Metadata::trusted);
                Ok((ConversationKey(row.try_get(0)?), ConversationTexts { description, picture, metadata }))
            },
            |(key, texts)| visit(key, texts),
        )
    }

    fn users(&self, keys: &BTreeSet<UserKey>) -> RowResult<Vec<UserRow>> {
        let sql = concat!("SELECT ", user_columns!(plain), " FROM chat_user u WHERE u.pk = ANY($1)");
        self.list(sql, &[&keys.iter().map(|key| key.0).collect::<Vec<_>>()], user_at)
    }

    fn messages(&self, keys: &BTreeSet<MessageKey>, visit: &mut dyn FnMut(MessageRow) -> bool) -> RowResult<()> {
        let sql = concat!("SELECT ", message_columns!(), " FROM message m WHERE m.position = ANY($1)");
        self.visit(sql, &[&keys.iter().map(|key| key.0).collect::<Vec<_>>()], |row| message_at(row, 0), visit)
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
        let conversations: Vec<i64> = readings.iter().map(|(conversation, ..)| conversation.0).collect();
        let from: Vec<i64> = readings.iter().map(|(_, span, _)| span.from.cast_signed()).collect();
        let to: Vec<i64> = readings.iter().map(|(_, span, _)| span.to.cast_signed()).collect();
        let readers: Vec<i64> = readings.iter().map(|(.., reader)| reader.0).collect();
        let mut passed: Vec<Vec<(i64, MessageId, UserKey)>> = readings.iter().map(|_| Vec::new()).collect();
        self.visit(
            "SELECT j.nth, m.id, m.sender_pk, m.sequence
             FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
                 WITH ORDINALITY AS j (conversation, above, up_to, reader, nth)
             CROSS JOIN LATERAL (
                 SELECT n.id, n.sender_pk, n.sequence FROM message n WHERE n.conversation_pk = j.conversation
                     AND n.sequence > j.above AND n.sequence <= j.up_to AND n.sender_pk <> j.reader
                 ORDER BY n.sequence DESC LIMIT $5) m",
            &[&conversations, &from, &to, &readers, &limit_of(limit)],
            |row| Ok((nth(row, 0)?, (row.try_get(3)?, message_id_at(row, 1)?, UserKey(row.try_get(2)?)))),
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
