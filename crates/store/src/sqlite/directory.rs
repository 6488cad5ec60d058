//! Searches for groups and rooms, and the direct conversation of two users.
//!
//! What must stay true: one read checks a limited number of names, however many conversations there are.

use std::cmp::Reverse;

use quintet_domain::limits::{MESSAGES_COUNTED_MAX, NAMES_SEARCHED_MAX};
use quintet_domain::{ConversationId, Searched, Timestamp, UserId};
use quintet_rules::restrictions::is_banned;
use quintet_rules::rows::{ConversationRows, MemberRows, UserRow};
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, params};

use super::queries::{readable, user};
use super::rows::{CONVERSATION_COLUMNS, SqliteRows, conversation_at, conversation_columns};
use super::{lists, sets};
use crate::contact_requests;
use crate::error::Read;
use crate::{Filter, Listing, Page};

/// Registers `is_in(text, name)` for statements: whether a name contains a text that somebody searches for, both
/// compared as [`Searched`] folds them. SQLite's own comparisons fold only ASCII.
pub(super) fn register(conn: &Connection) -> Result<(), rusqlite::Error> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    conn.create_scalar_function("is_in", 2, flags, |context| {
        let (text, name) = (context.get_raw(0).as_str()?, context.get_raw(1).as_str_or_null()?);
        Ok(name.is_some_and(|name| Searched::folded_is_in(text, name)))
    })
}

/// The position of a conversation in a list by activity: the time of its last change, and its key.
type Mark = (i64, i64);

/// Groups and rooms by a part of their name, newest activity first. One read checks a limited number of names, so that
/// a page may be short or empty and still have a cursor for the next.
pub(super) fn found(
    conn: &Connection,
    (requester, now): (&UserId, Timestamp),
    query: &str,
    which: &Filter,
    cursor: Option<&str>,
    limit: u32,
) -> Read<Page<Listing>> {
    let user = user(conn, requester)?;
    let (after, part) = (lists::after_cursor(cursor)?, Searched::new(query));
    let (mut marks, mut end) = match which {
        Filter::Open => open(conn, (&user, now), after, part.folded(), limit)?,
        Filter::OpenOrMine => {
            let (mut open, end) = open(conn, (&user, now), after, part.folded(), limit)?;
            open.extend(closed_of(conn, &user, after, part.folded(), limit)?);
            open.sort_unstable_by_key(|mark| Reverse(*mark));
            // After the end of the open ones, not all of them have been read.
            open.retain(|mark| end.is_none_or(|end| *mark >= end));
            (open, end)
        }
        Filter::One(id) => {
            let rows = SqliteRows(conn);
            let row = rows.conversation(id)?;
            let may = match &row {
                Some(row) if rows.member(row.key, user.key)?.is_some() => true,
                Some(row) => row.open && !is_banned(&rows, row, user.key, now)?,
                None => false,
            };
            (row.filter(|_| may).map(|row| (row.head.updated_at.0, row.key.0)).into_iter().collect(), None)
        }
    };
    if marks.len() > limit as usize {
        marks.truncate(limit as usize);
        end = marks.last().copied();
    }
    let next = end.map(|(at, pk)| lists::cursor_at(at, pk));
    Ok(Page { items: shown(conn, &user, &marks)?, next })
}

/// Open groups and rooms whose name matches and from which the user is not banned, and the mark up to which names were checked, unless that is the end.
fn open(
    conn: &Connection,
    (user, now): (&UserRow, Timestamp),
    after: Mark,
    part: &str,
    limit: u32,
) -> Read<(Vec<Mark>, Option<Mark>)> {
    let (mut fitting, mut end, mut looked_at) = (Vec::new(), None, 0);
    let mut names = conn.prepare_cached(
        "SELECT c.updated_at, c.pk, c.kind IN ('group', 'room') AND is_in(?3, c.name)
             AND NOT (coalesce(c.moderation, 0) & 2 <> 0 AND EXISTS (
                 SELECT 1 FROM restriction b WHERE b.conversation_pk = c.pk AND b.kind = 'ban' AND b.user_pk = ?5
                     AND (b.until IS NULL OR b.until > ?6)))
         FROM conversation c INDEXED BY conversation_open
         WHERE c.open = 1 AND c.deleted_at IS NULL AND (c.updated_at, c.pk) < (?1, ?2)
         ORDER BY c.updated_at DESC, c.pk DESC LIMIT ?4",
    )?;
    let mut found = names.query(params![after.0, after.1, part, NAMES_SEARCHED_MAX, user.key.0, now.0])?;
    while let Some(row) = found.next()? {
        looked_at += 1;
        let mark = (row.get(0)?, row.get(1)?);
        if row.get::<_, bool>(2)? {
            if fitting.len() == limit as usize {
                end = fitting.last().copied();
                break;
            }
            fitting.push(mark);
        }
        if looked_at == NAMES_SEARCHED_MAX {
            end = Some(mark);
        }
    }
    Ok((fitting, end))
}

/// Closed groups of a member whose name matches; at most one more than a page has.
fn closed_of(conn: &Connection, user: &UserRow, after: Mark, part: &str, limit: u32) -> Read<Vec<Mark>> {
    Ok(conn
        .prepare_cached(
            "SELECT c.updated_at, c.pk FROM member m INDEXED BY member_user
             CROSS JOIN conversation c ON c.pk = m.conversation_pk
             WHERE m.user_pk = ?1 AND c.open = 0 AND c.deleted_at IS NULL AND c.kind IN ('group', 'room')
               AND (c.updated_at, c.pk) < (?2, ?3) AND is_in(?4, c.name)
             ORDER BY c.updated_at DESC, c.pk DESC LIMIT ?5",
        )?
        .query_map(params![user.key.0, after.0, after.1, part, limit + 1], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?)
}

/// Some groups and rooms as a user sees them in a list, in the given order.
fn shown(conn: &Connection, user: &UserRow, marks: &[Mark]) -> Read<Vec<Listing>> {
    let mut statement = conn.prepare_cached(concat!(
        "SELECT ",
        conversation_columns!(),
        ", (SELECT id FROM user WHERE pk = c.owner_pk),
             EXISTS (SELECT 1 FROM member m WHERE m.conversation_pk = c.pk AND m.user_pk = ?2), j.key
         FROM json_each(?1) j CROSS JOIN conversation c ON c.pk = j.value"
    ))?;
    let mut items: Vec<(i64, Listing)> = statement
        .query_map(params![sets::keys(marks.iter().map(|(_, pk)| *pk)), user.key.0], |row| {
            let conversation = conversation_at(row, 0)?;
            let owner = row.get_ref(CONVERSATION_COLUMNS)?.as_str_or_null()?;
            Ok((
                row.get(CONVERSATION_COLUMNS + 2)?,
                Listing {
                    conversation: conversation.reference,
                    description: conversation.description.as_deref().map(str::to_owned),
                    picture: conversation.picture,
                    metadata: conversation.metadata,
                    open: conversation.open,
                    owner: owner.map(UserId::trusted),
                    member_count: conversation.head.member_count,
                    is_member: row.get(CONVERSATION_COLUMNS + 1)?,
                    created_at: conversation.created_at,
                    updated_at: conversation.head.updated_at,
                },
            ))
        })?
        .collect::<Result<_, _>>()?;
    items.sort_unstable_by_key(|(at, _)| *at);
    Ok(items.into_iter().map(|(_, found)| found).collect())
}

/// The direct conversation of two users, if they have one of which the first is a member.
pub(super) fn direct(conn: &Connection, requester: &UserId, other: &UserId) -> Read<Option<ConversationId>> {
    contact_requests::direct(&SqliteRows(conn), &user(conn, requester)?, &user(conn, other)?)
}

/// The number of messages of a conversation, up to the limit of counting.
pub(super) fn message_count(conn: &Connection, requester: &UserId, id: &ConversationId) -> Read<u64> {
    let row = readable(conn, &user(conn, requester)?, id)?;
    let count: i64 = conn
        .prepare_cached("SELECT count(*) FROM (SELECT 1 FROM message WHERE conversation_pk = ?1 LIMIT ?2)")?
        .query_row(params![row.key.0, MESSAGES_COUNTED_MAX], |row| row.get(0))?;
    Ok(count.cast_unsigned())
}
