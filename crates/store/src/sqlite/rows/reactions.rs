//! Operations on the rows of reactions and of pinned messages.
//!
//! What must stay true: the number of statements of a read does not depend on the number of messages.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::ops::Deref;

use quintet_domain::{Emoji, MessageId, Timestamp, UserId};
use quintet_rules::rows::{PinRow, ReactionCountRow, ReactionRow, ReactionRows, ShownPin, ShownReaction};
use quintet_rules::{ConversationKey, MessageKey, RowResult, UserKey};
use rusqlite::{Connection, Row, params};

use super::{SqliteRows, limit_of, message_id_at};
use crate::message_ids::IdValue;
use crate::shown_reactions::Grouped;
use crate::sqlite::sets;

fn emoji_at(row: &Row<'_>, at: usize) -> rusqlite::Result<Emoji> {
    Ok(Emoji::trusted(row.get_ref(at)?.as_str()?))
}

fn count_at(row: &Row<'_>) -> rusqlite::Result<ReactionCountRow> {
    Ok(ReactionCountRow {
        message: MessageKey(row.get(0)?),
        emoji: emoji_at(row, 1)?,
        count: row.get(2)?,
        since: row.get::<_, i64>(3)?.cast_unsigned(),
    })
}

fn pin_at(row: &Row<'_>) -> rusqlite::Result<PinRow> {
    Ok(PinRow {
        message: MessageKey(row.get(0)?),
        conversation: ConversationKey(row.get(1)?),
        user: UserKey(row.get(2)?),
        at: Timestamp(row.get(3)?),
        position: row.get::<_, i64>(4)?.cast_unsigned(),
    })
}

fn keys(messages: &BTreeSet<MessageKey>) -> String {
    sets::keys(messages.iter().map(|key| key.0))
}

/// Ids as `json_each` takes them: in hexadecimal digits, behind a letter that tells bytes from texts.
fn ids(messages: &[MessageId]) -> String {
    let mut list = String::from("[");
    for id in messages {
        let (letter, bytes) = match IdValue::from(id) {
            IdValue::Uuid(bytes) => ('x', bytes.to_vec()),
            IdValue::Text(text) => ('t', text.as_bytes().to_vec()),
        };
        let comma = if list.len() > 1 { "," } else { "" };
        let _ = write!(list, "{comma}\"{letter}");
        for byte in bytes {
            let _ = write!(list, "{byte:02x}");
        }
        list.push('"');
    }
    list.push(']');
    list
}

impl<C: Deref<Target = Connection>> SqliteRows<C> {
    /// The reactions to some messages, as [`DetailRows`](quintet_rules::rows::DetailRows) describes them.
    pub(super) fn reactions_to(
        &self,
        messages: &BTreeSet<MessageKey>,
        users_max: usize,
    ) -> RowResult<Vec<ShownReaction>> {
        let mut grouped = Grouped::default();
        self.visit(
            "SELECT c.message, c.emoji, c.count, u.id
             FROM json_each(?1) j CROSS JOIN reaction_count c ON c.message = j.value
             CROSS JOIN reaction r ON r.message = c.message AND r.emoji = c.emoji AND r.position IN (
                 SELECT f.position FROM reaction f WHERE f.message = c.message AND f.emoji = c.emoji
                 ORDER BY f.position LIMIT ?2)
             CROSS JOIN user u ON u.pk = r.user_pk
             ORDER BY c.message, c.since, r.position",
            params![keys(messages), limit_of(users_max)],
            |row| {
                let user = UserId::trusted(row.get_ref(3)?.as_str()?);
                Ok((MessageKey(row.get(0)?), emoji_at(row, 1)?, row.get(2)?, user))
            },
            |(message, emoji, count, user)| {
                grouped.add(message, emoji, count, user);
                true
            },
        )?;
        Ok(grouped.finish())
    }

    /// The pins of some messages, as [`DetailRows`](quintet_rules::rows::DetailRows) describes them.
    pub(super) fn pins_on(&self, messages: &BTreeSet<MessageKey>) -> RowResult<Vec<ShownPin>> {
        self.list(
            "SELECT p.message, u.id, p.at
             FROM json_each(?1) j CROSS JOIN pin p ON p.message = j.value CROSS JOIN user u ON u.pk = p.user_pk
             ORDER BY p.message",
            [keys(messages)],
            |row| {
                let by = UserId::trusted(row.get_ref(1)?.as_str()?);
                Ok(ShownPin { message: MessageKey(row.get(0)?), by, at: Timestamp(row.get(2)?) })
            },
        )
    }
}

impl<C: Deref<Target = Connection>> ReactionRows for SqliteRows<C> {
    fn reactions_by(&self, message: MessageKey, user: UserKey) -> RowResult<Vec<Emoji>> {
        self.list(
            "SELECT emoji FROM reaction INDEXED BY reaction_user WHERE user_pk = ?1 AND message = ?2",
            [user.0, message.0],
            |row| emoji_at(row, 0),
        )
    }

    fn reactions_among(&self, messages: &[MessageId], user: UserKey) -> RowResult<Vec<(MessageId, Emoji)>> {
        self.list(
            "SELECT m.id, r.emoji
             FROM json_each(?1) j
             CROSS JOIN message m ON m.id = CASE substr(j.value, 1, 1)
                 WHEN 'x' THEN unhex(substr(j.value, 2))
                 ELSE CAST(unhex(substr(j.value, 2)) AS TEXT) END
             CROSS JOIN reaction r INDEXED BY reaction_user ON r.user_pk = ?2 AND r.message = m.position",
            params![ids(messages), user.0],
            |row| Ok((message_id_at(row, 0)?, emoji_at(row, 1)?)),
        )
    }

    fn reaction_counts(&self, messages: &BTreeSet<MessageKey>) -> RowResult<Vec<ReactionCountRow>> {
        self.list(
            "SELECT c.message, c.emoji, c.count, c.since
             FROM json_each(?1) j CROSS JOIN reaction_count c ON c.message = j.value
             ORDER BY c.message, c.since",
            [keys(messages)],
            count_at,
        )
    }

    fn insert_reaction(&mut self, row: &ReactionRow) -> RowResult<()> {
        self.run(
            "INSERT INTO reaction (message, emoji, position, user_pk) VALUES (?1, ?2, ?3, ?4)",
            params![row.message.0, row.emoji.as_str(), row.position.cast_signed(), row.user.0],
        )?;
        Ok(())
    }

    fn delete_reaction(&mut self, message: MessageKey, emoji: &Emoji, user: UserKey) -> RowResult<()> {
        self.run(
            "DELETE FROM reaction WHERE user_pk = ?1 AND message = ?2 AND emoji = ?3",
            params![user.0, message.0, emoji.as_str()],
        )?;
        Ok(())
    }

    fn set_reaction_count(&mut self, row: &ReactionCountRow) -> RowResult<()> {
        if row.count == 0 {
            self.run(
                "DELETE FROM reaction_count WHERE message = ?1 AND emoji = ?2",
                params![row.message.0, row.emoji.as_str()],
            )?;
        } else {
            self.run(
                "INSERT INTO reaction_count (message, emoji, count, since) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (message, emoji) DO UPDATE SET count = excluded.count",
                params![row.message.0, row.emoji.as_str(), row.count, row.since.cast_signed()],
            )?;
        }
        Ok(())
    }

    fn delete_reactions(&mut self, message: MessageKey) -> RowResult<()> {
        self.run("DELETE FROM reaction WHERE message = ?1", [message.0])?;
        self.run("DELETE FROM reaction_count WHERE message = ?1", [message.0])?;
        Ok(())
    }

    fn reactions_of_user(&self, user: UserKey, limit: usize) -> RowResult<Vec<(MessageKey, Emoji)>> {
        self.list(
            "SELECT message, emoji FROM reaction INDEXED BY reaction_user WHERE user_pk = ?1
             ORDER BY message, emoji LIMIT ?2",
            [user.0, limit_of(limit)],
            |row| Ok((MessageKey(row.get(0)?), emoji_at(row, 1)?)),
        )
    }

    fn pin(&self, message: MessageKey) -> RowResult<Option<PinRow>> {
        self.find(
            "SELECT message, conversation_pk, user_pk, at, position FROM pin WHERE message = ?1",
            [message.0],
            pin_at,
        )
    }

    fn pins_of_conversation(&self, conversation: ConversationKey, limit: usize) -> RowResult<Vec<MessageKey>> {
        self.list(
            "SELECT message FROM pin WHERE conversation_pk = ?1 ORDER BY position DESC LIMIT ?2",
            [conversation.0, limit_of(limit)],
            |row| Ok(MessageKey(row.get(0)?)),
        )
    }

    fn insert_pin(&mut self, row: &PinRow) -> RowResult<()> {
        self.run(
            "INSERT INTO pin (message, conversation_pk, user_pk, at, position) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![row.message.0, row.conversation.0, row.user.0, row.at.0, row.position.cast_signed()],
        )?;
        Ok(())
    }

    fn delete_pin(&mut self, message: MessageKey) -> RowResult<()> {
        self.run("DELETE FROM pin WHERE message = ?1", [message.0])?;
        Ok(())
    }

    fn pins_of_user(&self, user: UserKey, limit: usize) -> RowResult<Vec<MessageKey>> {
        self.list(
            "SELECT message FROM pin WHERE user_pk = ?1 ORDER BY message LIMIT ?2",
            [user.0, limit_of(limit)],
            |row| Ok(MessageKey(row.get(0)?)),
        )
    }
}
