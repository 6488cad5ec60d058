//! Operations on the rows of messages, which are also the log's records of their creation.
//!
//! What must stay true: the position of a message never changes.

use std::collections::BTreeSet;

use quintet_domain::{ClientMessageId, MessageId};
use quintet_rules::rows::{MessageExtra, MessageRow, MessageRows, ScanLimits, SenderScan, ThreadRow};
use quintet_rules::{ConversationKey, MessageKey, RowResult, UserKey};

use super::columns::{id_bytes, message_id_at};
use super::{Channel, PostgresRows, limit_of, message_at, message_columns};
use crate::key_lists;

impl<C: Channel> MessageRows for PostgresRows<C> {
    fn message(&self, id: &MessageId) -> RowResult<Option<MessageRow>> {
        if let Some(known) = self.0.known_message(id) {
            return Ok(known);
        }
        let sql = concat!("SELECT ", message_columns!(), " FROM message m WHERE m.id = $1");
        self.find(sql, &[&id_bytes(id)], |row| message_at(row, 0))
    }

    fn message_by_key(&self, key: MessageKey) -> RowResult<Option<MessageRow>> {
        let sql = concat!("SELECT ", message_columns!(), " FROM message m WHERE m.position = $1");
        self.find(sql, &[&key.0], |row| message_at(row, 0))
    }

    fn message_by_client_id(
        &self,
        conversation: ConversationKey,
        sender: UserKey,
        id: &ClientMessageId,
    ) -> RowResult<Option<MessageRow>> {
        if let Some(known) = self.0.known_repeat(conversation, sender, id) {
            return Ok(known);
        }
        let sql = concat!(
            "SELECT ",
            message_columns!(),
            " FROM message m WHERE m.conversation_pk = $1 AND m.sender_pk = $2 AND m.client_message_id = $3"
        );
        self.find(sql, &[&conversation.0, &sender.0, &id.as_str()], |row| message_at(row, 0))
    }

    fn insert_message(&mut self, row: &MessageRow) -> RowResult<()> {
        self.0.insert_message(row)
    }

    fn update_message(&mut self, row: &MessageRow) -> RowResult<()> {
        self.run(
            "UPDATE message SET content = $2, file_url = $3, file_name = $4, client_message_id = $5, edited_at = $6,
                 deleted_at = $7, marks = $8, extra = $9
             WHERE position = $1",
            &[
                &row.key.0,
                &row.content,
                &row.file.as_ref().map(|file| &file.url),
                &row.file.as_ref().and_then(|file| file.name.as_ref()),
                &row.client_message_id.as_ref().map(ClientMessageId::as_str),
                &row.edited_at.map(|at| at.0),
                &row.deleted_at.map(|at| at.0),
                &row.marks.stored(),
                &row.extra.as_deref().map(MessageExtra::encode).transpose()?,
            ],
        )?;
        self.0.message_changed(row);
        Ok(())
    }

    fn set_marks(&mut self, row: &MessageRow) -> RowResult<()> {
        self.run("UPDATE message SET marks = $2 WHERE position = $1", &[&row.key.0, &row.marks.stored()])?;
        self.0.message_changed(row);
        Ok(())
    }

    fn put_thread(&mut self, row: &ThreadRow) -> RowResult<()> {
        self.run(
            "INSERT INTO thread (root, count, last_at, last_senders) VALUES ($1, $2, $3, $4)
             ON CONFLICT (root) DO UPDATE SET count = $2, last_at = $3, last_senders = $4",
            &[
                &row.root.0,
                &row.count.cast_signed(),
                &row.last_at.map(|at| at.0),
                &key_lists::written(row.last_senders.iter().map(|key| key.0)),
            ],
        )?;
        Ok(())
    }

    fn insert_thread_reply(&mut self, root: MessageKey, reply: MessageKey) -> RowResult<()> {
        self.run("INSERT INTO thread_reply (root, position) VALUES ($1, $2)", &[&root.0, &reply.0])?;
        Ok(())
    }

    fn newest_replies(&self, root: MessageKey, before: u64, limit: usize) -> RowResult<Vec<MessageRow>> {
        let sql = concat!(
            "SELECT ",
            message_columns!(),
            " FROM thread_reply t JOIN message m ON m.position = t.position WHERE t.root = $1
                 AND m.sequence < $2
             ORDER BY t.position DESC LIMIT $3"
        );
        self.list(sql, &[&root.0, &i64::try_from(before).unwrap_or(i64::MAX), &limit_of(limit)], |row| {
            message_at(row, 0)
        })
    }

    fn insert_author(&mut self, user: UserKey, conversation: ConversationKey) -> RowResult<()> {
        self.0.insert_author(user, conversation)
    }

    fn is_author(&self, user: UserKey, conversation: ConversationKey) -> RowResult<bool> {
        self.exists("SELECT 1 FROM author WHERE user_pk = $1 AND conversation_pk = $2", &[&user.0, &conversation.0])
    }

    fn authored_conversation(&self, user: UserKey, from: ConversationKey) -> RowResult<Option<ConversationKey>> {
        self.get(
            "SELECT min(conversation_pk) FROM author WHERE user_pk = $1 AND conversation_pk >= $2",
            &[&user.0, &from.0],
            |row| Ok(row.try_get::<_, Option<i64>>(0)?.map(ConversationKey)),
        )
    }

    fn note_author_left(&mut self, user: UserKey, conversation: ConversationKey, sequence: u64) -> RowResult<()> {
        self.run(
            "UPDATE author SET left_at = $3 WHERE user_pk = $1 AND conversation_pk = $2",
            &[&user.0, &conversation.0, &sequence.cast_signed()],
        )?;
        Ok(())
    }

    fn author_left_at(&self, user: UserKey, conversation: ConversationKey) -> RowResult<Option<u64>> {
        let found = self.find(
            "SELECT left_at FROM author WHERE user_pk = $1 AND conversation_pk = $2",
            &[&user.0, &conversation.0],
            |row| Ok(row.try_get::<_, Option<i64>>(0)?),
        )?;
        Ok(found.flatten().map(i64::cast_unsigned))
    }

    fn delete_author(&mut self, user: UserKey, conversation: ConversationKey) -> RowResult<()> {
        self.run("DELETE FROM author WHERE user_pk = $1 AND conversation_pk = $2", &[&user.0, &conversation.0])?;
        Ok(())
    }

    fn messages_of_sender(
        &self,
        conversation: ConversationKey,
        sender: UserKey,
        after: u64,
        limits: ScanLimits,
    ) -> RowResult<SenderScan> {
        let (mut examined, mut scan) = (0, SenderScan { found: Vec::new(), continue_after: None });
        self.visit(
            "SELECT position, sequence, sender_pk FROM message WHERE conversation_pk = $1 AND sequence > $2
             ORDER BY sequence LIMIT $3",
            &[&conversation.0, &after.cast_signed(), &limit_of(limits.examined_max)],
            |row| {
                Ok((MessageKey(row.try_get(0)?), row.try_get::<_, i64>(1)?.cast_unsigned(), UserKey(row.try_get(2)?)))
            },
            |(key, sequence, by)| {
                examined += 1;
                if by == sender {
                    scan.found.push(key);
                }
                let stops = scan.found.len() == limits.found_max || examined == limits.examined_max;
                if stops {
                    scan.continue_after = Some(sequence);
                }
                !stops
            },
        )?;
        Ok(scan)
    }

    fn messages_passed(
        &self,
        conversation: ConversationKey,
        (from, to): (u64, u64),
        reader: UserKey,
        limit: usize,
    ) -> RowResult<Vec<(MessageId, UserKey)>> {
        let mut passed = self.list(
            "SELECT id, sender_pk FROM message
             WHERE conversation_pk = $1 AND sequence > $2 AND sequence <= $3 AND sender_pk <> $4
             ORDER BY sequence DESC LIMIT $5",
            &[&conversation.0, &from.cast_signed(), &to.cast_signed(), &reader.0, &limit_of(limit)],
            |row| Ok((message_id_at(row, 0)?, UserKey(row.try_get(1)?))),
        )?;
        passed.reverse();
        Ok(passed)
    }

    fn newest_messages(&self, conversation: ConversationKey, limit: usize) -> RowResult<Vec<MessageRow>> {
        let sql = concat!(
            "SELECT ",
            message_columns!(),
            " FROM message m WHERE m.conversation_pk = $1 ORDER BY m.sequence DESC LIMIT $2"
        );
        let mut newest = self.list(sql, &[&conversation.0, &limit_of(limit)], |row| message_at(row, 0))?;
        newest.reverse();
        Ok(newest)
    }

    fn oldest_messages(&self, conversation: ConversationKey, after: u64, limit: usize) -> RowResult<Vec<MessageRow>> {
        let sql = concat!(
            "SELECT ",
            message_columns!(),
            " FROM message m WHERE m.conversation_pk = $1 AND m.sequence > $2 ORDER BY m.sequence LIMIT $3"
        );
        self.list(sql, &[&conversation.0, &after.cast_signed(), &limit_of(limit)], |row| message_at(row, 0))
    }

    fn delete_messages(&mut self, keys: &BTreeSet<MessageKey>) -> RowResult<()> {
        let positions: Vec<i64> = keys.iter().map(|key| key.0).collect();
        for sql in [
            "DELETE FROM carried WHERE message = ANY($1)",
            "DELETE FROM reaction WHERE message = ANY($1)",
            "DELETE FROM reaction_count WHERE message = ANY($1)",
            "DELETE FROM pin WHERE message = ANY($1)",
            "DELETE FROM thread_reply WHERE position = ANY($1)",
            "DELETE FROM thread WHERE root = ANY($1)",
            "DELETE FROM message WHERE position = ANY($1)",
        ] {
            self.run(sql, &[&positions])?;
        }
        for key in keys {
            self.0.message_deleted(*key);
        }
        Ok(())
    }
}
