//! Operations on the rows of members.
//!
//! What must stay true: a row is written whole, so that a read returns what the rule wrote.

use std::ops::Deref;

use quintet_domain::{Role, Timestamp, UserId};
use quintet_rules::rows::{CursorRow, MemberFilter, MemberRow, MemberRows, MemberSettings};
use quintet_rules::{ConversationKey, MessageKey, RowResult, UserKey};
use rusqlite::{Connection, Row, params};

use super::{SqliteRows, limit_of, parsed};

/// The value of `hidden_sequence` for a conversation that is not hidden.
const SHOWN_ALWAYS: i64 = -1;

pub(super) fn member_at(row: &Row<'_>) -> rusqlite::Result<MemberRow> {
    let hidden: i64 = row.get(5)?;
    Ok(MemberRow {
        role: parsed(row, 0, Role::parse)?,
        joined_at: Timestamp(row.get(1)?),
        joined_sequence: row.get::<_, i64>(2)?.cast_unsigned(),
        read_sequence: row.get::<_, i64>(3)?.cast_unsigned(),
        read_at: row.get::<_, Option<i64>>(4)?.map(Timestamp),
        hidden_sequence: u64::try_from(hidden).ok(),
        settings: settings_at(row, 6)?,
        silenced_until: row.get::<_, Option<i64>>(10)?.map(Timestamp),
    })
}

/// Reads the settings of a membership, whose columns start at `at`.
pub(in crate::sqlite) fn settings_at(row: &Row<'_>, at: usize) -> rusqlite::Result<MemberSettings> {
    Ok(MemberSettings::stored(
        row.get(at)?,
        row.get::<_, Option<i64>>(at + 1)?.map(Timestamp),
        row.get::<_, Option<i64>>(at + 2)?.map(MessageKey),
        row.get::<_, Option<i64>>(at + 3)?.map(i64::cast_unsigned),
    ))
}

/// Reads a read cursor whose columns start at `at`.
pub(super) fn cursor_at(row: &Row<'_>) -> rusqlite::Result<CursorRow> {
    Ok(CursorRow {
        user: UserId::trusted(row.get_ref(0)?.as_str()?),
        joined_sequence: row.get::<_, i64>(1)?.cast_unsigned(),
        read_sequence: row.get::<_, i64>(2)?.cast_unsigned(),
        read_at: row.get::<_, Option<i64>>(3)?.map(Timestamp),
        delivered_sequence: row.get::<_, Option<i64>>(4)?.map_or(0, i64::cast_unsigned),
    })
}

impl<C: Deref<Target = Connection>> SqliteRows<C> {
    /// Runs one of the two statements that write a whole membership.
    fn write_member(&self, sql: &str, conversation: ConversationKey, user: UserKey, row: &MemberRow) -> RowResult<()> {
        self.run(
            sql,
            params![
                conversation.0,
                user.0,
                row.role.as_str(),
                row.joined_at.0,
                row.joined_sequence.cast_signed(),
                row.read_sequence.cast_signed(),
                row.read_at.map(|at| at.0),
                row.hidden_sequence.map_or(SHOWN_ALWAYS, u64::cast_signed),
                row.settings.flags(),
                row.settings.muted_until().map(|end| end.0),
                row.settings.archived_after.map(|key| key.0),
                row.settings.changed_at.map(u64::cast_signed),
                row.silenced_until.map(|until| until.0),
            ],
        )?;
        Ok(())
    }
}

impl<C: Deref<Target = Connection>> MemberRows for SqliteRows<C> {
    fn member(&self, conversation: ConversationKey, user: UserKey) -> RowResult<Option<MemberRow>> {
        self.find(
            "SELECT role, joined_at, joined_sequence, read_sequence, read_at, hidden_sequence, settings, muted_until,
                 archived_after, settings_position, silenced_until FROM member
             WHERE conversation_pk = ?1 AND user_pk = ?2",
            [conversation.0, user.0],
            member_at,
        )
    }

    fn insert_member(&mut self, conversation: ConversationKey, user: UserKey, row: &MemberRow) -> RowResult<()> {
        self.write_member(
            "INSERT INTO member (conversation_pk, user_pk, role, joined_at, joined_sequence, read_sequence, read_at,
                 hidden_sequence, settings, muted_until, archived_after, settings_position, silenced_until)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            conversation,
            user,
            row,
        )
    }

    fn update_member(&mut self, conversation: ConversationKey, user: UserKey, row: &MemberRow) -> RowResult<()> {
        self.write_member(
            "UPDATE member SET role = ?3, joined_at = ?4, joined_sequence = ?5, read_sequence = ?6, read_at = ?7,
                 hidden_sequence = ?8, settings = ?9, muted_until = ?10, archived_after = ?11, settings_position = ?12,
                 silenced_until = ?13
             WHERE conversation_pk = ?1 AND user_pk = ?2",
            conversation,
            user,
            row,
        )
    }

    fn move_cursor(&mut self, conversation: ConversationKey, user: UserKey, row: &MemberRow) -> RowResult<()> {
        self.run(
            "UPDATE member SET read_sequence = ?3, read_at = ?4 WHERE conversation_pk = ?1 AND user_pk = ?2",
            params![conversation.0, user.0, row.read_sequence.cast_signed(), row.read_at.map(|at| at.0)],
        )?;
        Ok(())
    }

    fn delivered(&self, conversation: ConversationKey, user: UserKey) -> RowResult<u64> {
        let found = self.find(
            "SELECT delivered_sequence FROM member WHERE conversation_pk = ?1 AND user_pk = ?2",
            [conversation.0, user.0],
            |row| row.get::<_, Option<i64>>(0),
        )?;
        Ok(found.flatten().map_or(0, i64::cast_unsigned))
    }

    fn deliver(&mut self, cursors: &[(ConversationKey, UserKey, u64)]) -> RowResult<()> {
        for (conversation, user, to) in cursors {
            self.run(
                "UPDATE member SET delivered_sequence = ?3
                 WHERE conversation_pk = ?1 AND user_pk = ?2 AND coalesce(delivered_sequence, 0) < ?3",
                params![conversation.0, user.0, to.cast_signed()],
            )?;
        }
        Ok(())
    }

    fn delete_member(&mut self, conversation: ConversationKey, user: UserKey) -> RowResult<()> {
        self.run("DELETE FROM member WHERE conversation_pk = ?1 AND user_pk = ?2", [conversation.0, user.0])?;
        Ok(())
    }

    fn members(&self, conversation: ConversationKey, limit: usize) -> RowResult<Vec<UserKey>> {
        self.list(
            "SELECT user_pk FROM member INDEXED BY member_joined WHERE conversation_pk = ?1
             ORDER BY joined_sequence, user_pk LIMIT ?2",
            [conversation.0, limit_of(limit)],
            |row| Ok(UserKey(row.get(0)?)),
        )
    }

    fn oldest_member(&self, conversation: ConversationKey, filter: MemberFilter) -> RowResult<Option<UserKey>> {
        self.find(
            "SELECT m.user_pk FROM member m INDEXED BY member_joined CROSS JOIN user u ON u.pk = m.user_pk
             WHERE m.conversation_pk = ?1 AND u.kind = 'registered' AND u.service = ?2
               AND (?3 IS NULL OR m.role = ?3)
             ORDER BY m.joined_sequence, m.user_pk LIMIT 1",
            params![conversation.0, filter.service, filter.role.map(Role::as_str)],
            |row| Ok(UserKey(row.get(0)?)),
        )
    }

    fn conversations_of(
        &self,
        user: UserKey,
        after: Option<ConversationKey>,
        limit: usize,
    ) -> RowResult<Vec<ConversationKey>> {
        self.list(
            "SELECT conversation_pk FROM member WHERE user_pk = ?1 AND conversation_pk > ?2
             ORDER BY conversation_pk LIMIT ?3",
            [user.0, after.map_or(i64::MIN, |key| key.0), limit_of(limit)],
            |row| Ok(ConversationKey(row.get(0)?)),
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
            "SELECT u.pk, m.conversation_pk FROM user u INDEXED BY user_guest
             CROSS JOIN member m ON m.user_pk = u.pk
             WHERE u.kind = 'guest' AND u.pk >= ?2 AND m.joined_at < ?1 AND (u.pk, m.conversation_pk) > (?2, ?3)
             ORDER BY u.pk, m.conversation_pk LIMIT ?4",
            [joined_before.0, user, conversation, limit_of(limit)],
            |row| Ok((UserKey(row.get(0)?), ConversationKey(row.get(1)?))),
        )
    }

    fn share_closed_conversation(&self, user: UserKey, other: UserKey, limit: usize) -> RowResult<bool> {
        self.exists(
            "SELECT 1 FROM (SELECT conversation_pk FROM member WHERE user_pk = ?1
                            ORDER BY conversation_pk DESC LIMIT ?3) own
             JOIN member other ON other.conversation_pk = own.conversation_pk AND other.user_pk = ?2
             JOIN conversation c ON c.pk = own.conversation_pk AND c.open = 0 AND c.kind <> 'direct'",
            [user.0, other.0, limit_of(limit)],
        )
    }

    fn cursors(&self, conversation: ConversationKey, passed: u64, limit: usize) -> RowResult<Vec<CursorRow>> {
        self.list(
            "SELECT u.id, m.joined_sequence, m.read_sequence, m.read_at, m.delivered_sequence
             FROM member m JOIN user u ON u.pk = m.user_pk
             WHERE m.conversation_pk = ?1
               AND (m.read_sequence >= ?2 AND m.read_at IS NOT NULL OR m.delivered_sequence >= ?2)
             ORDER BY m.read_sequence DESC, m.user_pk LIMIT ?3",
            [conversation.0, passed.cast_signed(), limit_of(limit)],
            cursor_at,
        )
    }
}
