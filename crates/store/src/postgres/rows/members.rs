//! Operations on the rows of members.
//!
//! What must stay true: a row is written whole, so that a read returns what the rule wrote.

use quintet_domain::{Role, Timestamp, UserId};
use quintet_rules::rows::{CursorRow, MemberFilter, MemberRow, MemberRows, MemberSettings};
use quintet_rules::{ConversationKey, MessageKey, RowResult, UserKey};
use tokio_postgres::Row;

use super::{Channel, Fetched, PostgresRows, limit_of, parsed};

/// Reads a membership whose columns start at `at`.
pub(in crate::postgres) fn member_at(row: &Row, at: usize) -> Fetched<MemberRow> {
    Ok(MemberRow {
        role: parsed(row, at, Role::parse)?,
        joined_at: Timestamp(row.try_get(at + 1)?),
        joined_sequence: row.try_get::<_, i64>(at + 2)?.cast_unsigned(),
        read_sequence: row.try_get::<_, i64>(at + 3)?.cast_unsigned(),
        read_at: row.try_get::<_, Option<i64>>(at + 4)?.map(Timestamp),
        hidden_sequence: row.try_get::<_, Option<i64>>(at + 5)?.map(i64::cast_unsigned),
        settings: settings_at(row, at + 6)?,
        silenced_until: row.try_get::<_, Option<i64>>(at + 10)?.map(Timestamp),
    })
}

/// Reads the settings of a membership, whose columns start at `at`.
pub(in crate::postgres) fn settings_at(row: &Row, at: usize) -> Fetched<MemberSettings> {
    Ok(MemberSettings::stored(
        row.try_get(at)?,
        row.try_get::<_, Option<i64>>(at + 1)?.map(Timestamp),
        row.try_get::<_, Option<i64>>(at + 2)?.map(MessageKey),
        row.try_get::<_, Option<i64>>(at + 3)?.map(i64::cast_unsigned),
    ))
}

/// Reads a read cursor whose columns come first.
pub(super) fn cursor_at(row: &Row) -> Fetched<CursorRow> {
    Ok(CursorRow {
        user: UserId::trusted(row.try_get::<_, &str>(0)?),
        joined_sequence: row.try_get::<_, i64>(1)?.cast_unsigned(),
        read_sequence: row.try_get::<_, i64>(2)?.cast_unsigned(),
        read_at: row.try_get::<_, Option<i64>>(3)?.map(Timestamp),
        delivered_sequence: row.try_get::<_, Option<i64>>(4)?.map_or(0, i64::cast_unsigned),
    })
}

impl<C: Channel> PostgresRows<C> {
    /// Runs one of the two statements that write a whole membership.
    fn write_member(
        &self,
        sql: &'static str,
        conversation: ConversationKey,
        user: UserKey,
        row: &MemberRow,
    ) -> RowResult<()> {
        self.run(
            sql,
            &[
                &conversation.0,
                &user.0,
                &row.role.as_str(),
                &row.joined_at.0,
                &row.joined_sequence.cast_signed(),
                &row.read_sequence.cast_signed(),
                &row.read_at.map(|at| at.0),
                &row.hidden_sequence.map(u64::cast_signed),
                &row.settings.flags(),
                &row.settings.muted_until().map(|end| end.0),
                &row.settings.archived_after.map(|key| key.0),
                &row.settings.changed_at.map(u64::cast_signed),
                &row.silenced_until.map(|until| until.0),
            ],
        )?;
        self.0.member_changed(conversation, user);
        Ok(())
    }
}

impl<C: Channel> MemberRows for PostgresRows<C> {
    fn member(&self, conversation: ConversationKey, user: UserKey) -> RowResult<Option<MemberRow>> {
        self.find(
            "SELECT role, joined_at, joined_sequence, read_sequence, read_at, hidden_sequence, settings, muted_until,
                 archived_after, settings_position, silenced_until FROM member
             WHERE conversation_pk = $1 AND user_pk = $2",
            &[&conversation.0, &user.0],
            |row| member_at(row, 0),
        )
    }

    fn insert_member(&mut self, conversation: ConversationKey, user: UserKey, row: &MemberRow) -> RowResult<()> {
        self.write_member(
            "INSERT INTO member (conversation_pk, user_pk, role, joined_at, joined_sequence, read_sequence, read_at,
                 hidden_sequence, settings, muted_until, archived_after, settings_position, silenced_until)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            conversation,
            user,
            row,
        )
    }

    fn update_member(&mut self, conversation: ConversationKey, user: UserKey, row: &MemberRow) -> RowResult<()> {
        self.write_member(
            "UPDATE member SET role = $3, joined_at = $4, joined_sequence = $5, read_sequence = $6, read_at = $7,
                 hidden_sequence = $8, settings = $9, muted_until = $10, archived_after = $11, settings_position = $12,
                 silenced_until = $13
             WHERE conversation_pk = $1 AND user_pk = $2",
            conversation,
            user,
            row,
        )
    }

    fn move_cursor(&mut self, conversation: ConversationKey, user: UserKey, row: &MemberRow) -> RowResult<()> {
        self.0.move_cursor(conversation, user, row)
    }

    fn delivered(&self, conversation: ConversationKey, user: UserKey) -> RowResult<u64> {
        let found = self.find(
            "SELECT delivered_sequence FROM member WHERE conversation_pk = $1 AND user_pk = $2",
            &[&conversation.0, &user.0],
            |row| Ok(row.try_get::<_, Option<i64>>(0)?),
        )?;
        Ok(found.flatten().map_or(0, i64::cast_unsigned))
    }

    fn deliver(&mut self, cursors: &[(ConversationKey, UserKey, u64)]) -> RowResult<()> {
        let conversations: Vec<i64> = cursors.iter().map(|(conversation, ..)| conversation.0).collect();
        let users: Vec<i64> = cursors.iter().map(|(_, user, _)| user.0).collect();
        let numbers: Vec<i64> = cursors.iter().map(|(.., to)| to.cast_signed()).collect();
        self.run(
            "UPDATE member m SET delivered_sequence = j.delivered
             FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS j (conversation_pk, user_pk, delivered)
             WHERE m.conversation_pk = j.conversation_pk AND m.user_pk = j.user_pk
               AND coalesce(m.delivered_sequence, 0) < j.delivered",
            &[&conversations, &users, &numbers],
        )?;
        Ok(())
    }

    fn delete_member(&mut self, conversation: ConversationKey, user: UserKey) -> RowResult<()> {
        self.run("DELETE FROM member WHERE conversation_pk = $1 AND user_pk = $2", &[&conversation.0, &user.0])?;
        self.0.member_changed(conversation, user);
        Ok(())
    }

    fn members(&self, conversation: ConversationKey, limit: usize) -> RowResult<Vec<UserKey>> {
        self.list(
            "SELECT user_pk FROM member WHERE conversation_pk = $1
             ORDER BY joined_sequence, user_pk LIMIT $2",
            &[&conversation.0, &limit_of(limit)],
            |row| Ok(UserKey(row.try_get(0)?)),
        )
    }

    fn oldest_member(&self, conversation: ConversationKey, filter: MemberFilter) -> RowResult<Option<UserKey>> {
        self.find(
            "SELECT m.user_pk FROM member m JOIN chat_user u ON u.pk = m.user_pk
             WHERE m.conversation_pk = $1 AND u.kind = 'registered' AND u.service = $2
               AND ($3::text IS NULL OR m.role = $3)
             ORDER BY m.joined_sequence, m.user_pk LIMIT 1",
            &[&conversation.0, &filter.service, &filter.role.map(Role::as_str)],
            |row| Ok(UserKey(row.try_get(0)?)),
        )
    }

    fn conversations_of(
        &self,
        user: UserKey,
        after: Option<ConversationKey>,
        limit: usize,
    ) -> RowResult<Vec<ConversationKey>> {
        self.list(
            "SELECT conversation_pk FROM member WHERE user_pk = $1 AND conversation_pk > $2
             ORDER BY conversation_pk LIMIT $3",
            &[&user.0, &after.map_or(i64::MIN, |key| key.0), &limit_of(limit)],
            |row| Ok(ConversationKey(row.try_get(0)?)),
        )
    }

    fn guest_memberships(
        &self,
        joined_before: Timestamp,
        after: Option<(UserKey, ConversationKey)>,
        limit: usize,
    ) -> RowResult<Vec<(UserKey, ConversationKey)>> {
        let (user, conversation) = after.map_or((i64::MIN, i64::MIN), |(user, conversation)| (user.0, conversation.0));
        self.list(
            "SELECT u.pk, m.conversation_pk FROM chat_user u
             JOIN member m ON m.user_pk = u.pk
             WHERE u.kind = 'guest' AND u.pk >= $2 AND m.joined_at < $1 AND (u.pk, m.conversation_pk) > ($2, $3)
             ORDER BY u.pk, m.conversation_pk LIMIT $4",
            &[&joined_before.0, &user, &conversation, &limit_of(limit)],
            |row| Ok((UserKey(row.try_get(0)?), ConversationKey(row.try_get(1)?))),
        )
    }

    fn share_closed_conversation(&self, user: UserKey, other: UserKey, limit: usize) -> RowResult<bool> {
        self.exists(
            "SELECT 1 FROM (SELECT conversation_pk FROM member WHERE user_pk = $1
                            ORDER BY conversation_pk DESC LIMIT $3) own
             JOIN member other ON other.conversation_pk = own.conversation_pk AND other.user_pk = $2
             JOIN conversation c ON c.pk = own.conversation_pk AND NOT c.open AND c.kind <> 'direct' LIMIT 1",
            &[&user.0, &other.0, &limit_of(limit)],
        )
    }

    fn cursors(&self, conversation: ConversationKey, passed: u64, limit: usize) -> RowResult<Vec<CursorRow>> {
        self.list(
            "SELECT u.id, m.joined_sequence, m.read_sequence, m.read_at, m.delivered_sequence
             FROM member m JOIN chat_user u ON u.pk = m.user_pk
             WHERE m.conversation_pk = $1
               AND (m.read_sequence >= $2 AND m.read_at IS NOT NULL OR m.delivered_sequence >= $2)
             ORDER BY m.read_sequence DESC, m.user_pk LIMIT $3",
            &[&conversation.0, &passed.cast_signed(), &limit_of(limit)],
            cursor_at,
        )
    }
}
