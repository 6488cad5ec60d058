//! Reads of a search: the index proposes messages, newest first, and each is examined as it is now.
//!
//! What must stay true: one read examines a limited number of messages.

use std::sync::Arc;

use quintet_domain::{Message, MessageSearch, SearchTerm, UserId};
use quintet_rules::message_search::MessageFinder;
use quintet_rules::rows::MessageRows;
use quintet_rules::{ConversationKey, MessageKey};
use rusqlite::{Connection, OptionalExtension};

use super::index::{partition_of, scope_term, table_of};
use crate::Page;
use crate::error::Read;
use crate::page::before_key;
use crate::sqlite::queries::user;
use crate::sqlite::rows::SqliteRows;
use crate::sqlite::sets::Users;

/// The condition of a search as FTS5 reads it. Terms have no quotes and no other character of ASCII but letters and
/// digits.
fn condition(search: &MessageSearch, scopes: Option<&[ConversationKey]>) -> String {
    let mut parts: Vec<String> = Vec::new();
    for term in search.text.terms() {
        parts.push(match term {
            SearchTerm::Whole(term) => format!("\"{term}\""),
            SearchTerm::Prefix(start) => format!("\"{start}\" *"),
        });
    }
    if let Some(scopes) = scopes {
        let scopes: Vec<String> = scopes.iter().map(|scope| format!("\"{}\"", scope_term(*scope))).collect();
        parts.push(format!("({})", scopes.join(" OR ")));
    }
    parts.join(" AND ")
}

/// A page of the messages that a user finds, newest first.
pub(in crate::sqlite) fn find(
    conn: &Connection,
    requester: &UserId,
    search: &MessageSearch,
    cursor: Option<&str>,
    limit: u32,
) -> Read<Page<Arc<Message>>> {
    let (user, before) = (user(conn, requester)?, before_key(cursor)?);
    let rows = SqliteRows(conn);
    let mut finder = MessageFinder::new(&rows, &user, search, limit as usize)?;
    let scopes = finder.scopes()?;
    let is_all = finder.is_hopeless()
        || scopes.as_ref().is_some_and(Vec::is_empty)
        || examine(conn, &mut finder, &condition(search, scopes.as_deref()), scopes.is_some(), before)?;
    let found = finder.end(is_all);
    let users = Users::load(conn, found.found.iter().map(|(row, _)| row.sender.0))?;
    let next = found.next.map(|key| key.0.to_string());
    let items = found.messages(&rows, |sender| users.get(sender.0).map(Arc::clone))?;
    Ok(Page { items, next })
}

/// Examines what the index proposes. Returns whether it proposes nothing more.
fn examine(
    conn: &Connection,
    finder: &mut MessageFinder<'_>,
    condition: &str,
    is_scoped: bool,
    before: i64,
) -> Read<bool> {
    let partitions: Vec<i64> = conn
        .prepare_cached("SELECT number FROM search.partition WHERE number <= ?1 ORDER BY number DESC")?
        .query_map([partition_of(before)], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut conversation_of = conn.prepare_cached("SELECT conversation_pk FROM message WHERE position = ?1")?;
    let rows = SqliteRows(conn);
    for partition in partitions {
        let table = table_of(partition);
        let mut proposed = conn.prepare_cached(&format!(
            "SELECT rowid FROM search.{table} WHERE {table} MATCH ?1 AND rowid < ?2 ORDER BY rowid DESC"
        ))?;
        let mut proposed = proposed.query(rusqlite::params![condition, before])?;
        while let Some(row) = proposed.next()? {
            let key = MessageKey(row.get(0)?);
            if !is_scoped {
                // Most of what others wrote is passed by its conversation alone.
                let conversation = conversation_of.query_row([key.0], |row| row.get(0)).optional()?;
                let may = conversation.map(|key| finder.may_read(ConversationKey(key))).transpose()?;
                if may != Some(true) {
                    if finder.pass(key) {
                        continue;
                    }
                    return Ok(false);
                }
            }
            let goes_on = match rows.message_by_key(key)? {
                Some(row) => finder.examine(row)?,
                None => finder.pass(key),
            };
            if !goes_on {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
