//! Finding: open conversations, and the conversation of two.

use quintet_domain::limits::NAME_CHARS_MAX;
use quintet_domain::{ConversationId, UserId};
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, OptionalExtension, params};

use super::queries::{self, Read, known, readable};
use super::rows::{self, CONVERSATION, CONVERSATION_COLUMNS};
use crate::{Found, Page, Which};

/// What is looked for in names, as `folded_holds` takes it.
pub(super) fn folded(text: &str) -> String {
    text.trim().chars().take(NAME_CHARS_MAX).collect::<String>().to_lowercase()
}

/// Lets statements ask `folded_holds(name, part)`: whether a name holds a folded text, whatever the case, in any script.
/// SQLite's own comparisons know the case of ASCII alone.
pub(super) fn register(conn: &Connection) -> Result<(), rusqlite::Error> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    conn.create_scalar_function("folded_holds", 2, flags, |context| {
        let (name, part) = (context.get_raw(0).as_str_or_null()?, context.get_raw(1).as_str()?);
        Ok(name.is_some_and(|name| part.is_empty() || name.to_lowercase().contains(part)))
    })
}

/// Groups and rooms by a part of their name, newest activity first.
pub(super) fn found(
    conn: &Connection,
    user: &UserId,
    query: &str,
    which: &Which,
    cursor: Option<&str>,
    limit: u32,
) -> Read<Page<Found>> {
    let user = known(conn, user)?;
    let (before_at, before_pk) = queries::after_cursor(cursor)?;
    // Each by its own index: the open ones, and those of a member.
    let (wanted, one) = match which {
        Which::Open => ("c.open = 1 AND ?6 = ''", ""),
        Which::OpenOrMine => (
            "c.pk IN (SELECT o.pk FROM conversation o WHERE o.open = 1 AND o.deleted_at IS NULL
                      UNION SELECT n.conversation_pk FROM member n WHERE n.user_pk = ?1) AND ?6 = ''",
            "",
        ),
        Which::One(id) => ("c.id = ?6 AND (c.open = 1 OR m.user_pk IS NOT NULL)", id.as_str()),
    };
    let mut items: Vec<(i64, Found)> = conn
        .prepare_cached(&format!(
            "SELECT {CONVERSATION}, c.description, (SELECT id FROM user WHERE pk = c.owner_pk), m.user_pk IS NOT NULL
             FROM conversation c LEFT JOIN member m ON m.conversation_pk = c.pk AND m.user_pk = ?1
             WHERE c.deleted_at IS NULL AND c.kind IN ('group', 'room') AND {wanted}
               AND (c.updated_at, c.pk) < (?2, ?3) AND folded_holds(c.name, ?4)
             ORDER BY c.updated_at DESC, c.pk DESC LIMIT ?5"
        ))?
        .query_map(params![user.pk, before_at, before_pk, folded(query), limit + 1, one], |row| {
            let conversation = rows::conversation_at(row, 0)?;
            let owner = row.get_ref(CONVERSATION_COLUMNS + 1)?.as_str_or_null()?;
            Ok((
                conversation.pk,
                Found {
                    place: conversation.place,
                    description: row.get(CONVERSATION_COLUMNS)?,
                    open: conversation.open,
                    owner: owner.map(UserId::trusted),
                    member_count: conversation.member_count,
                    is_member: row.get(CONVERSATION_COLUMNS + 2)?,
                    created_at: conversation.created_at,
                    updated_at: conversation.updated_at,
                },
            ))
        })?
        .collect::<Result<_, _>>()?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = more.then(|| items.last().map(|(pk, last)| queries::cursor_at(last.updated_at, *pk))).flatten();
    Ok(Page { items: items.into_iter().map(|(_, found)| found).collect(), next })
}

/// Refuses whoever may not use a conversation.
pub(super) fn may_use(conn: &Connection, user: &UserId, id: &ConversationId) -> Read<()> {
    let user = known(conn, user)?;
    readable(conn, &user, id).map(|_| ())
}

/// The conversation of two, if they have one.
pub(super) fn direct(conn: &Connection, user: &UserId, other: &UserId) -> Read<Option<ConversationId>> {
    let (user, other) = (known(conn, user)?, known(conn, other)?);
    let found = conn
        .prepare_cached("SELECT id FROM conversation WHERE first_pk = ?1 AND second_pk = ?2")?
        .query_row([user.pk.min(other.pk), user.pk.max(other.pk)], |row| {
            Ok(ConversationId::trusted(row.get_ref(0)?.as_str()?))
        })
        .optional()?;
    Ok(found)
}

/// How many messages a conversation has.
pub(super) fn message_count(conn: &Connection, user: &UserId, id: &ConversationId) -> Read<u64> {
    let user = known(conn, user)?;
    let row = readable(conn, &user, id)?;
    let count: i64 = conn
        .prepare_cached("SELECT count(*) FROM message WHERE conversation_pk = ?1")?
        .query_row([row.pk], |row| row.get(0))?;
    Ok(count as u64)
}
