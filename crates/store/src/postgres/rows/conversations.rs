//! Operations on the rows of conversations.
//!
//! What must stay true: the head of a conversation is what its row says, or its newest message if that has a greater
//! number: see [`latest_message`].

use quintet_domain::{ConversationId, ConversationKind, Metadata, Timestamp};
use quintet_rules::rows::{ConversationHead, ConversationRow, ConversationRows, OldestMessage};
use quintet_rules::{ConversationKey, MessageKey, RowResult, UserKey};

use super::{Channel, PostgresRows, conversation_at, conversation_columns, latest_message, limit_of, parsed};
use crate::postgres::error::get;

/// Reads when the oldest messages of conversations were sent that fulfil a condition.
macro_rules! oldest_of_conversations {
    ($condition:literal) => {
        concat!(
            "SELECT c.pk, c.kind, c.retention_days, c.moderation, (SELECT m.created_at FROM message m
                 WHERE m.conversation_pk = c.pk ORDER BY m.sequence LIMIT 1)
             FROM conversation c WHERE ",
            $condition,
            "c.pk >= $1 ORDER BY c.pk LIMIT $2"
        )
    };
}

impl<C: Channel> PostgresRows<C> {
    /// Runs one of the two statements that write a whole conversation and return its key. The first parameter is the key.
    fn write_conversation(
        &self,
        sql: &'static str,
        key: Option<ConversationKey>,
        row: &ConversationRow,
    ) -> RowResult<ConversationKey> {
        let (reference, head) = (&*row.reference, &row.head);
        let key = self.insert(
            sql,
            &[
                &key.map(|key| key.0),
                &reference.id.as_str(),
                &reference.kind.as_str(),
                &reference.name.as_deref(),
                &row.description.as_deref(),
                &row.open,
                &row.owner.map(|owner| owner.0),
                &row.owner_secret.map(|secret| secret.0),
                &row.pair.map(|(first, _)| first.0),
                &row.pair.map(|(_, second)| second.0),
                &row.made_by_guest,
                &row.empty_since.map(|at| at.0),
                &row.created_at.0,
                &row.deleted_at.map(|at| at.0),
                &head.sequence.cast_signed(),
                &i64::from(head.member_count),
                &head.last_message.map(|MessageKey(key)| key),
                &head.updated_at.0,
                &row.metadata.as_ref().map(Metadata::as_str),
                &row.blocked,
                &row.slow_mode(),
                &row.moderation_flags(),
                &row.retention_days(),
                &row.picture.as_deref(),
                &row.picture_file.map(|file| file.0),
            ],
        )?;
        self.0.conversation_changed(ConversationKey(key));
        Ok(ConversationKey(key))
    }
}

impl<C: Channel> ConversationRows for PostgresRows<C> {
    fn conversation(&self, id: &ConversationId) -> RowResult<Option<ConversationRow>> {
        let sql = concat!(
            "SELECT ",
            conversation_columns!(),
            " FROM conversation c",
            latest_message!(),
            "WHERE c.id = $1 AND c.deleted_at IS NULL"
        );
        self.find(sql, &[&id.as_str()], |row| conversation_at(row, 0))
    }

    fn conversation_by_key(&self, key: ConversationKey) -> RowResult<Option<ConversationRow>> {
        let sql =
            concat!("SELECT ", conversation_columns!(), " FROM conversation c", latest_message!(), "WHERE c.pk = $1");
        self.find(sql, &[&key.0], |row| conversation_at(row, 0))
    }

    fn direct_conversation(&self, (first, second): (UserKey, UserKey)) -> RowResult<Option<ConversationRow>> {
        let sql = concat!(
            "SELECT ",
            conversation_columns!(),
            " FROM conversation c",
            latest_message!(),
            "WHERE c.first_pk = $1 AND c.second_pk = $2"
        );
        self.find(sql, &[&first.0, &second.0], |row| conversation_at(row, 0))
    }

    fn insert_conversation(&mut self, row: &ConversationRow) -> RowResult<ConversationKey> {
        self.write_conversation(
            "INSERT INTO conversation (pk, id, kind, name, description, open, owner_pk, owner_secret_pk, first_pk,
                 second_pk, made_by_guest, empty_since, created_at, deleted_at, sequence, member_count, last_message,
                 updated_at, metadata, blocked, slow_mode_s, moderation, retention_days, picture, picture_pk)
             VALUES (coalesce($1, (SELECT max(pk) FROM conversation), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
                 $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)
             RETURNING pk",
            None,
            row,
        )
    }

    fn update_conversation(&mut self, row: &ConversationRow) -> RowResult<()> {
        self.write_conversation(
            "UPDATE conversation SET id = $2, kind = $3, name = $4, description = $5, open = $6, owner_pk = $7,
                 owner_secret_pk = $8, first_pk = $9, second_pk = $10, made_by_guest = $11, empty_since = $12,
                 created_at = $13, deleted_at = $14, sequence = $15, member_count = $16, last_message = $17,
                 updated_at = $18, metadata = $19, blocked = $20, slow_mode_s = $21, moderation = $22,
                 retention_days = $23, picture = $24, picture_pk = $25
             WHERE pk = $1 RETURNING pk",
            Some(row.key),
            row,
        )?;
        Ok(())
    }

    fn update_conversation_head(&mut self, key: ConversationKey, head: ConversationHead) -> RowResult<()> {
        self.0.update_head(key, head)
    }

    fn owned_conversations(&self, owner: UserKey) -> RowResult<i64> {
        let sql = "SELECT count(*) FROM conversation WHERE owner_pk = $1 AND deleted_at IS NULL";
        self.get(sql, &[&owner.0], |row| get(row, 0))
    }

    fn owns_any_conversation(&self, owner: UserKey) -> RowResult<bool> {
        self.exists("SELECT 1 FROM conversation WHERE owner_pk = $1 LIMIT 1", &[&owner.0])
    }

    fn pictured_by(&self, uploader: UserKey) -> RowResult<Vec<ConversationKey>> {
        let sql = "SELECT c.pk FROM file f JOIN conversation c ON c.picture_pk = f.pk WHERE f.uploader_pk = $1
             ORDER BY c.pk";
        self.list(sql, &[&uploader.0], |row| Ok(ConversationKey(row.try_get(0)?)))
    }

    fn empty_rooms(&self, before: Timestamp, limit: usize) -> RowResult<Vec<ConversationKey>> {
        let sql = "SELECT pk FROM conversation WHERE empty_since < $1 AND deleted_at IS NULL LIMIT $2";
        self.list(sql, &[&before.0, &limit_of(limit)], |row| Ok(ConversationKey(row.try_get(0)?)))
    }

    fn oldest_of_conversations(
        &self,
        from: ConversationKey,
        decided: bool,
        limit: usize,
    ) -> RowResult<Vec<OldestMessage>> {
        let sql = match decided {
            true => oldest_of_conversations!("c.retention_days IS NOT NULL AND "),
            false => oldest_of_conversations!(""),
        };
        self.list(sql, &[&from.0, &limit_of(limit)], |row| {
            Ok(OldestMessage {
                conversation: ConversationKey(row.try_get(0)?),
                kind: parsed(row, 1, ConversationKind::parse)?,
                retention: ConversationRow::stored_retention(row.try_get(2)?, row.try_get(3)?),
                sent_at: row.try_get::<_, Option<i64>>(4)?.map(Timestamp),
            })
        })
    }
}
