//! Reads of a search: the index proposes messages, newest first, and each is examined as it is now.
//!
//! What must stay true: one read examines a limited number of messages.

use std::sync::Arc;

use quintet_domain::limits::SEARCH_MESSAGES_EXAMINED_MAX;
use quintet_domain::{Message, MessageSearch, SearchTerm, UserId};
use quintet_rules::ConversationKey;
use quintet_rules::message_search::MessageFinder;

use super::scope_term;
use crate::Page;
use crate::error::Read;
use crate::page::before_key;
use crate::postgres::error::Fetched;
use crate::postgres::queries::user;
use crate::postgres::reader::ReadLink;
use crate::postgres::rows::{Channel, PostgresRows, message_at, message_columns};
use crate::postgres::sets::Users;

/// The number of proposed messages that are read by one statement.
const READ_AT_ONCE: usize = 200;

/// The condition of a search as PostgreSQL reads it. Terms have no quotes and no backslashes.
fn condition(search: &MessageSearch, scopes: Option<&[ConversationKey]>) -> String {
    let mut parts: Vec<String> = Vec::new();
    for term in search.text.terms() {
        parts.push(match term {
            SearchTerm::Whole(term) => format!("'{term}'"),
            SearchTerm::Prefix(start) => format!("'{start}':*"),
        });
    }
    if let Some(scopes) = scopes {
        let scopes: Vec<String> = scopes.iter().map(|scope| format!("'{}'", scope_term(*scope))).collect();
        parts.push(format!("({})", scopes.join(" | ")));
    }
    parts.join(" & ")
}

/// A page of the messages that a user finds, newest first.
pub(in crate::postgres) fn find(
    conn: &ReadLink,
    requester: &UserId,
    search: &MessageSearch,
    cursor: Option<&str>,
    limit: u32,
) -> Read<Page<Arc<Message>>> {
    let (user, before) = (user(conn, requester)?, before_key(cursor)?);
    let rows = PostgresRows(conn);
    let mut finder = MessageFinder::new(&rows, &user, search, limit as usize)?;
    let scopes = finder.scopes()?;
    let is_all = finder.is_hopeless()
        || scopes.as_ref().is_some_and(Vec::is_empty)
        || examine(conn, &mut finder, &condition(search, scopes.as_deref()), before)?;
    let found = finder.end(is_all);
    let senders: Vec<i64> = found.found.iter().map(|(row, _)| row.sender.0).collect();
    let users = Users::load(conn, &senders)?;
    let next = found.next.map(|key| key.0.to_string());
    let items = found.messages(&rows, |sender| users.get(sender.0).map(Arc::clone))?;
    Ok(Page { items, next })
}

/// Examines what the index proposes. Returns whether it proposes nothing more.
fn examine(conn: &ReadLink, finder: &mut MessageFinder<'_>, condition: &str, before: i64) -> Read<bool> {
    // The sum keeps the order of positions from being preferred to the index of terms.
    let sql = "SELECT position FROM message_search WHERE terms @@ $1::text::tsquery AND position + 0 < $2
         ORDER BY position + 0 DESC LIMIT $3";
    let proposed = conn.read(sql, &[&condition, &before, &i64::from(SEARCH_MESSAGES_EXAMINED_MAX)])?;
    let proposed = proposed.iter().map(|row| Ok(row.try_get(0)?)).collect::<Fetched<Vec<i64>>>()?;
    for positions in proposed.chunks(READ_AT_ONCE) {
        let sql = concat!(
            "SELECT ",
            message_columns!(),
            " FROM message m WHERE m.position = ANY($1) ORDER BY m.position DESC"
        );
        for row in &conn.read(sql, &[&positions])? {
            if !finder.examine(message_at(row, 0)?)? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
