//! The rows of PostgreSQL: every operation of the rules is one prepared statement, or is kept for the end of the group.
//!
//! What must stay true: nothing here decides anything. An operation works over any channel, so that a read uses the same
//! rules as a write.

mod blocks;
mod catch_up;
mod columns;
mod contact_requests;
mod conversations;
mod files;
mod invitations;
mod log;
mod login_sessions;
mod meetups;
mod members;
mod message_details;
mod messages;
mod moderation;
mod notifications;
mod push;
mod reactions;
mod replay;
mod reports;
mod users;
mod webhooks;

use quintet_domain::{ClientMessageId, MessageId};
use quintet_rules::rows::{ConversationHead, LoggedChange, MemberRow, MessageRow};
use quintet_rules::{ConversationKey, MessageKey, RowResult, UserKey};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

pub(super) use columns::{
    CONVERSATION_COLUMNS, MESSAGE_COLUMNS, SHOWN_USER_COLUMNS, conversation_at, conversation_columns,
    conversation_updated_at, id_bytes, latest_message, meetup_at, meetup_columns, message_at, message_columns,
    message_id_at, notification_at, notification_columns, nth, origin_value, parsed, shown_user_at, shown_user_columns,
    user_at, user_columns,
};
pub(super) use members::{member_at, settings_at};

use super::error::Fetched;

/// The values of a statement's parameters.
pub(super) type Values<'v> = &'v [&'v (dyn ToSql + Sync)];

/// The way to the database: a connection that reads, or that of the writer.
pub(super) trait Channel {
    /// Runs a statement that reads.
    fn read(&self, sql: &'static str, values: Values<'_>) -> Fetched<Vec<Row>>;
    /// Runs a statement that writes, and returns rows.
    fn write(&self, sql: &'static str, values: Values<'_>) -> Fetched<Vec<Row>>;
    /// Runs a statement that writes. Returns the number of rows that it wrote.
    fn run(&self, sql: &'static str, values: Values<'_>) -> Fetched<u64>;

    // --- frequent writes, which the writer keeps until the end of the group ---

    /// Inserts a message.
    fn insert_message(&self, row: &MessageRow) -> RowResult<()>;
    /// Inserts a change of the log.
    fn append_change(&self, change: &LoggedChange) -> RowResult<()>;
    /// Replaces the head of a conversation.
    fn update_head(&self, key: ConversationKey, head: ConversationHead) -> RowResult<()>;
    /// Replaces the read cursor of a membership.
    fn move_cursor(&self, conversation: ConversationKey, user: UserKey, row: &MemberRow) -> RowResult<()>;
    /// Records that a user has sent a message to a conversation.
    fn insert_author(&self, user: UserKey, conversation: ConversationKey) -> RowResult<()>;

    // --- what the writer knows of the open transaction ---

    /// A message that was read for this group before it was asked for: `Some(None)` if there is none with the id.
    fn known_message(&self, _id: &MessageId) -> Option<Option<MessageRow>> {
        None
    }

    /// A message of a sender's own id, as [`Self::known_message`].
    fn known_repeat(
        &self,
        _conversation: ConversationKey,
        _sender: UserKey,
        _id: &ClientMessageId,
    ) -> Option<Option<MessageRow>> {
        None
    }

    /// Notes that a message was changed.
    fn message_changed(&self, _row: &MessageRow) {}
    /// Notes that a message was deleted.
    fn message_deleted(&self, _key: MessageKey) {}
    /// Notes that the row of a user was changed, so that other nodes forget it.
    fn user_changed(&self, _key: UserKey) {}
    /// Notes that the row of a conversation was changed.
    fn conversation_changed(&self, _key: ConversationKey) {}
    /// Notes that the row of a membership was changed.
    fn member_changed(&self, _conversation: ConversationKey, _user: UserKey) {}
}

impl<C: Channel> Channel for &C {
    fn read(&self, sql: &'static str, values: Values<'_>) -> Fetched<Vec<Row>> {
        C::read(self, sql, values)
    }

    fn write(&self, sql: &'static str, values: Values<'_>) -> Fetched<Vec<Row>> {
        C::write(self, sql, values)
    }

    fn run(&self, sql: &'static str, values: Values<'_>) -> Fetched<u64> {
        C::run(self, sql, values)
    }

    fn insert_message(&self, row: &MessageRow) -> RowResult<()> {
        C::insert_message(self, row)
    }

    fn append_change(&self, change: &LoggedChange) -> RowResult<()> {
        C::append_change(self, change)
    }

    fn update_head(&self, key: ConversationKey, head: ConversationHead) -> RowResult<()> {
        C::update_head(self, key, head)
    }

    fn move_cursor(&self, conversation: ConversationKey, user: UserKey, row: &MemberRow) -> RowResult<()> {
        C::move_cursor(self, conversation, user, row)
    }

    fn insert_author(&self, user: UserKey, conversation: ConversationKey) -> RowResult<()> {
        C::insert_author(self, user, conversation)
    }
}

/// Row operations over a channel.
#[derive(Debug)]
pub(super) struct PostgresRows<C>(pub(super) C);

impl<C: Channel> PostgresRows<C> {
    /// Runs a writing statement. Returns the number of rows that it wrote.
    fn run(&self, sql: &'static str, values: Values<'_>) -> RowResult<usize> {
        let written = self.0.run(sql, values)?;
        Ok(usize::try_from(written).unwrap_or(usize::MAX))
    }

    /// Runs a statement that writes one row and returns its key.
    fn insert(&self, sql: &'static str, values: Values<'_>) -> RowResult<i64> {
        let key = self.find_written(sql, values, |row| Ok(row.try_get(0)?))?;
        Ok(key.unwrap_or_default())
    }

    /// Reads the first row of a statement; `None` if there is no row.
    fn find<T>(
        &self,
        sql: &'static str,
        values: Values<'_>,
        read: impl FnOnce(&Row) -> Fetched<T>,
    ) -> RowResult<Option<T>> {
        Ok(self.0.read(sql, values)?.first().map(read).transpose()?)
    }

    /// Runs a writing statement and reads the first row that it returns; `None` if there is no row.
    fn find_written<T>(
        &self,
        sql: &'static str,
        values: Values<'_>,
        read: impl FnOnce(&Row) -> Fetched<T>,
    ) -> RowResult<Option<T>> {
        Ok(self.0.write(sql, values)?.first().map(read).transpose()?)
    }

    /// Reads the only row of a statement that always has one.
    fn get<T>(&self, sql: &'static str, values: Values<'_>, read: impl FnOnce(&Row) -> Fetched<T>) -> RowResult<T> {
        let found = self.find(sql, values, read)?;
        found.ok_or_else(|| quintet_rules::RowsError::new("a statement returned no row"))
    }

    /// Whether a statement returns a row.
    fn exists(&self, sql: &'static str, values: Values<'_>) -> RowResult<bool> {
        Ok(!self.0.read(sql, values)?.is_empty())
    }

    /// Reads all rows of a statement.
    fn list<T>(&self, sql: &'static str, values: Values<'_>, read: impl Fn(&Row) -> Fetched<T>) -> RowResult<Vec<T>> {
        Ok(self.0.read(sql, values)?.iter().map(read).collect::<Fetched<_>>()?)
    }

    /// Runs a writing statement and reads all rows that it returns.
    fn list_written<T>(
        &self,
        sql: &'static str,
        values: Values<'_>,
        read: impl Fn(&Row) -> Fetched<T>,
    ) -> RowResult<Vec<T>> {
        Ok(self.0.write(sql, values)?.iter().map(read).collect::<Fetched<_>>()?)
    }

    /// Reads rows one by one until the visitor returns false.
    fn visit<T>(
        &self,
        sql: &'static str,
        values: Values<'_>,
        read: impl Fn(&Row) -> Fetched<T>,
        mut goes_on: impl FnMut(T) -> bool,
    ) -> RowResult<()> {
        for row in &self.0.read(sql, values)? {
            if !goes_on(read(row)?) {
                break;
            }
        }
        Ok(())
    }
}

/// A limit as PostgreSQL takes it.
fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
