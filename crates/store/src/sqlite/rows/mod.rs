//! The rows of SQLite: every operation of the rules is one prepared statement.
//!
//! What must stay true: nothing here decides anything. An operation works over any connection, so that a read over a
//! reader's connection uses the same rules as a write.

mod blocks;
mod catch_up;
mod columns;
mod contact_requests;
mod conversations;
mod database;
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

use std::ops::Deref;

use quintet_rules::{RowResult, RowsError};
use rusqlite::{Connection, OptionalExtension, Params, Row};

pub(super) use columns::{
    CONVERSATION_COLUMNS, IdValue, MESSAGE_COLUMNS, SHOWN_USER_COLUMNS, conversation_at, conversation_columns,
    meetup_at, meetup_columns, message_at, message_columns, message_id_at, notification_at, notification_columns,
    parsed, shown_user_at, shown_user_columns, user_at, user_columns,
};
pub(super) use database::WriterConnection;
pub(super) use members::settings_at;

/// Row operations over a connection, or over what dereferences to one.
#[derive(Debug)]
pub(super) struct SqliteRows<C>(pub(super) C);

impl<C: Deref<Target = Connection>> SqliteRows<C> {
    /// Runs a writing statement. Returns the number of rows that it wrote.
    fn run(&self, sql: &str, params: impl Params) -> RowResult<usize> {
        self.statement(sql, |statement| statement.execute(params))
    }

    /// Runs a statement that inserts a row. Returns the row's key.
    fn insert(&self, sql: &str, params: impl Params) -> RowResult<i64> {
        self.run(sql, params)?;
        Ok(self.0.last_insert_rowid())
    }

    /// Reads the only row of a statement; `None` if there is no row.
    fn find<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> RowResult<Option<T>> {
        self.statement(sql, |statement| statement.query_row(params, read).optional())
    }

    /// Reads the only row of a statement that always has one.
    fn get<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> RowResult<T> {
        self.statement(sql, |statement| statement.query_row(params, read))
    }

    /// Whether a statement returns a row.
    fn exists(&self, sql: &str, params: impl Params) -> RowResult<bool> {
        self.statement(sql, |statement| statement.exists(params))
    }

    /// Reads all rows of a statement.
    fn list<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> RowResult<Vec<T>> {
        self.statement(sql, |statement| statement.query_map(params, read)?.collect())
    }

    /// Reads rows one by one until the visitor returns false.
    fn visit<T>(
        &self,
        sql: &str,
        params: impl Params,
        mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
        mut goes_on: impl FnMut(T) -> bool,
    ) -> RowResult<()> {
        self.statement(sql, |statement| {
            let mut found = statement.query(params)?;
            while let Some(row) = found.next()? {
                if !goes_on(read(row)?) {
                    break;
                }
            }
            Ok(())
        })
    }

    fn statement<T>(
        &self,
        sql: &str,
        run: impl FnOnce(&mut rusqlite::CachedStatement<'_>) -> rusqlite::Result<T>,
    ) -> RowResult<T> {
        self.0.prepare_cached(sql).and_then(|mut statement| run(&mut statement)).map_err(RowsError::new)
    }
}

/// A limit as SQLite takes it.
fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
