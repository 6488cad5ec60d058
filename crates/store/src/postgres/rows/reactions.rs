//! Operations on the rows of reactions and of pinned messages.
//!
//! What must stay true: the number of statements of a read does not depend on the number of messages.

use std::collections::BTreeSet;

use quintet_domain::{Emoji, MessageId, Timestamp, UserId};
use quintet_rules::rows::{PinRow, ReactionCountRow, ReactionRow, ReactionRows, ShownPin, ShownReaction};
use quintet_rules::{ConversationKey, MessageKey, RowResult, UserKey};
use tokio_postgres::Row;

use super::{Channel, Fetched, PostgresRows, id_bytes, limit_of, message_id_at};
use crate::shown_reactions::Grouped;

/// A count as it is stored; the database has no unsigned numbers.
fn count_of(stored: i64) -> u32 {
    u32::try_from(stored).unwrap_or(u32::MAX)
}

fn emoji_at(row: &Row, at: usize) -> Fetched<Emoji> {
    Ok(Emoji::trusted(row.try_get(at)?))
}

fn count_at(row: &Row) -> Fetched<ReactionCountRow> {
    Ok(ReactionCountRow {
        message: MessageKey(row.try_get(0)?),
        emoji: emoji_at(row, 1)?,
        count: count_of(row.try_get(2)?),
        since: row.try_get::<_, i64>(3)?.cast_unsigned(),
    })
}

fn pin_at(row: &Row) -> Fetched<PinRow> {
    Ok(PinRow {
        message: MessageKey(row.try_get(0)?),
        conversation: ConversationKey(row.try_get(1)?),
        user: UserKey(row.try_get(2)?),
        at: Timestamp(row.try_get(3)?),
        position: row.try_get::<_, i64>(4)?.cast_unsigned(),
    })
}

fn keys(messages: &BTreeSet<MessageKey>) -> Vec<i64> {
    messages.iter().map(|key| key.0).collect()
}

impl<C: Channel> PostgresRows<C> {
    /// The reactions to some messages, as [`DetailRows`](quintet_rules::rows::DetailRows) describes them.
    pub(super) fn reactions_to(
        &self,
        messages: &BTreeSet<MessageKey>,
        users_max: usize,
    ) -> RowResult<Vec<ShownReaction>> {
        let mut grouped = Grouped::default();
        self.visit(
            "SELECT c.message, c.emoji, c.count, u.id
             FROM reaction_count c
             CROSS JOIN LATERAL (
                 SELECT f.position, f.user_pk FROM reaction f WHERE f.message = c.message AND f.emoji = c.emoji
                 ORDER BY f.position LIMIT $2) r
             JOIN chat_user u ON u.pk = r.user_pk
             WHERE c.message = ANY($1)
             ORDER BY c.message, c.since, r.position",
            &[&keys(messages), &limit_of(users_max)],
            |row| {
                let user = UserId::trusted(row.try_get(3)?);
                Ok((MessageKey(row.try_get(0)?), emoji_at(row, 1)?, count_of(row.try_get(2)?), user))
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
             FROM pin p JOIN chat_user u ON u.pk = p.user_pk WHERE p.message = ANY($1)
             ORDER BY p.message",
            &[&keys(messages)],
            |row| {
                let by = UserId::trusted(row.try_get(1)?);
                Ok(ShownPin { message: MessageKey(row.try_get(0)?), by, at: Timestamp(row.try_get(2)?) })
            },
        )
    }
}

impl<C: Channel> ReactionRows for PostgresRows<C> {
    fn reactions_by(&self, message: MessageKey, user: UserKey) -> RowResult<Vec<Emoji>> {
        self.list("SELECT emoji FROM reaction WHERE user_pk = $1 AND message = $2", &[&user.0, &message.0], |row| {
            emoji_at(row, 0)
        })
    }

    fn reactions_among(&self, messages: &[MessageId], user: UserKey) -> RowResult<Vec<(MessageId, Emoji)>> {
        let ids: Vec<Vec<u8>> = messages.iter().map(id_bytes).collect();
        self.list(
            "SELECT m.id, r.emoji FROM message m JOIN reaction r ON r.message = m.position
             WHERE m.id = ANY($1) AND r.user_pk = $2",
            &[&ids, &user.0],
            |row| Ok((message_id_at(row, 0)?, emoji_at(row, 1)?)),
        )
    }

    fn reaction_counts(&self, messages: &BTreeSet<MessageKey>) -> RowResult<Vec<ReactionCountRow>> {
        self.list(
            "SELECT c.message, c.emoji, c.count, c.since
             FROM reaction_count c WHERE c.message = ANY($1)
             ORDER BY c.message, c.since",
            &[&keys(messages)],
            count_at,
        )
    }

    fn insert_reaction(&mut self, row: &ReactionRow) -> RowResult<()> {
        self.run(
            "INSERT INTO reaction (message, emoji, position, user_pk) VALUES ($1, $2, $3, $4)",
            &[&row.message.0, &row.emoji.as_str(), &row.position.cast_signed(), &row.user.0],
        )?;
        Ok(())
    }

    fn delete_reaction(&mut self, message: MessageKey, emoji: &Emoji, user: UserKey) -> RowResult<()> {
        self.run(
            "DELETE FROM reaction WHERE user_pk = $1 AND message = $2 AND emoji = $3",
            &[&user.0, &message.0, &emoji.as_str()],
        )?;
        Ok(())
    }

    fn set_reaction_count(&mut self, row: &ReactionCountRow) -> RowResult<()> {
        if row.count == 0 {
            self.run(
                "DELETE FROM reaction_count WHERE message = $1 AND emoji = $2",
                &[&row.message.0, &row.emoji.as_str()],
            )?;
        } else {
            self.run(
                "INSERT INTO reaction_count (message, emoji, count, since) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (message, emoji) DO UPDATE SET count = excluded.count",
                &[&row.message.0, &row.emoji.as_str(), &i64::from(row.count), &row.since.cast_signed()],
            )?;
        }
        Ok(())
    }

    fn delete_reactions(&mut self, message: MessageKey) -> RowResult<()> {
        self.run("DELETE FROM reaction WHERE message = $1", &[&message.0])?;
        self.run("DELETE FROM reaction_count WHERE message = $1", &[&message.0])?;
        Ok(())
    }

    fn reactions_of_user(&self, user: UserKey, limit: usize) -> RowResult<Vec<(MessageKey, Emoji)>> {
        self.list(
            "SELECT message, emoji FROM reaction WHERE user_pk = $1
             ORDER BY message, emoji LIMIT $2",
            &[&user.0, &limit_of(limit)],
            |row| Ok((MessageKey(row.try_get(0)?), emoji_at(row, 1)?)),
        )
    }

    fn pin(&self, message: MessageKey) -> RowResult<Option<PinRow>> {
        self.find(
            "SELECT message, conversation_pk, user_pk, at, position FROM pin WHERE message = $1",
            &[&message.0],
            pin_at,
        )
    }

    fn pins_of_conversation(&self, conversation: ConversationKey, limit: usize) -> RowResult<Vec<MessageKey>> {
        self.list(
            "SELECT message FROM pin WHERE conversation_pk = $1 ORDER BY position DESC LIMIT $2",
            &[&conversation.0, &limit_of(limit)],
            |row| Ok(MessageKey(row.try_get(0)?)),
        )
    }

    fn insert_pin(&mut self, row: &PinRow) -> RowResult<()> {
        self.run(
            "INSERT INTO pin (message, conversation_pk, user_pk, at, position) VALUES ($1, $2, $3, $4, $5)",
            &[&row.message.0, &row.conversation.0, &row.user.0, &row.at.0, &row.position.cast_signed()],
        )?;
        Ok(())
    }

    fn delete_pin(&mut self, message: MessageKey) -> RowResult<()> {
        self.run("DELETE FROM pin WHERE message = $1", &[&message.0])?;
        Ok(())
    }

    fn pins_of_user(&self, user: UserKey, limit: usize) -> RowResult<Vec<MessageKey>> {
        self.list(
            "SELECT message FROM pin WHERE user_pk = $1 ORDER BY message LIMIT $2",
            &[&user.0, &limit_of(limit)],
            |row| Ok(MessageKey(row.try_get(0)?)),
        )
    }
}
