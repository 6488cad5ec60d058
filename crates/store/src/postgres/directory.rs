//! Searches for groups and rooms, and the direct conversation of two users.
//!
//! What must stay true: one read checks a limited number of names, however many conversations there are.

use std::cmp::Reverse;

use quintet_domain::limits::{MESSAGES_COUNTED_MAX, NAMES_SEARCHED_MAX};
use quintet_domain::{ConversationId, Searched, Timestamp, UserId};
use quintet_rules::restrictions::is_banned;
use quintet_rules::rows::{ConversationRows, MemberRows, UserRow};
use tokio_postgres::Row;

use super::error::{Fetched, get};
use super::queries::{readable, user};
use super::reader::ReadLink;
use super::rows::{
    CONVERSATION_COLUMNS, Channel, PostgresRows, conversation_at, conversation_columns, conversation_updated_at,
    latest_message,
};
use crate::contact_requests;
use crate::error::Read;
use crate::page::{activity_mark, after_activity};
use crate::{Filter, Listing, Page};

/// The number of names that one statement of a search reads.
const NAMES_AT_ONCE: i64 = 2_000;

/// The position of a conversation in a list by activity: the time of its last change, and its key.
type Mark = (i64, i64);

/// Groups and rooms by a part of their name, newest activity first. One read checks a limited number of names, so that
/// a page may be short or empty and still have a cursor for the next.
pub(super) fn found(
    conn: &ReadLink,
    (requester, now): (&UserId, Timestamp),
    query: &str,
    which: &Filter,
    cursor: Option<&str>,
    limit: u32,
) -> Read<Page<Listing>> {
    let user = user(conn, requester)?;
    let (after, part) = (after_activity(cursor)?, Searched::new(query));
    let (mut marks, mut end) = match which {
        Filter::Open => open(conn, (&user, now), after, &part, limit)?,
        Filter::OpenOrMine => {
            let (mut open, end) = open(conn, (&user, now), after, &part, limit)?;
            open.extend(closed_of(conn, &user, after, &part, limit)?);
            open.sort_unstable_by_key(|mark| Reverse(*mark));
            // After the end of the open ones, not all of them have been read.
            open.retain(|mark| end.is_none_or(|end| *mark >= end));
            (open, end)
        }
        Filter::One(id) => {
            let rows = PostgresRows(conn);
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
    let next = end.map(|(at, pk)| activity_mark(at, pk));
    Ok(Page { items: shown(conn, &user, &marks)?, next })
}

/// Open groups and rooms whose name matches and from which the user is not banned, and the mark up to which names were
/// checked, unless that is the end.
fn open(
    conn: &ReadLink,
    (user, now): (&UserRow, Timestamp),
    after: Mark,
    part: &Searched,
    limit: u32,
) -> Read<(Vec<Mark>, Option<Mark>)> {
    let (mut fitting, mut looked_at, mut after) = (Vec::new(), 0, after);
    loop {
        let found = conn.read(
            concat!(
                "SELECT updated_at, pk, name FROM (
                     SELECT c.pk, CASE WHEN c.kind IN ('group', 'room')
                         AND NOT (coalesce(c.moderation, 0) & 2 <> 0 AND EXISTS (
                             SELECT 1 FROM restriction b
                             WHERE b.conversation_pk = c.pk AND b.kind = 'ban' AND b.user_pk = $4
                                 AND (b.until IS NULL OR b.until > $5))) THEN c.name END AS name, ",
                conversation_updated_at!(),
                " AS updated_at FROM conversation c",
                latest_message!(),
                "WHERE c.open AND c.deleted_at IS NULL) open
                 WHERE (updated_at, pk) < ($1, $2) ORDER BY updated_at DESC, pk DESC LIMIT $3"
            ),
            &[&after.0, &after.1, &NAMES_AT_ONCE, &user.key.0, &now.0],
        )?;
        for row in &found {
            looked_at += 1;
            after = mark_at(row)?;
            if get::<Option<&str>>(row, 2)?.is_some_and(|name| part.is_in(name)) {
                if fitting.len() == limit as usize {
                    let end = fitting.last().copied();
                    return Ok((fitting, end));
                }
                fitting.push(after);
            }
            if looked_at == NAMES_SEARCHED_MAX {
                return Ok((fitting, Some(after)));
            }
        }
        if (found.len() as i64) < NAMES_AT_ONCE {
            return Ok((fitting, None));
        }
    }
}

fn mark_at(row: &Row) -> Fetched<Mark> {
    Ok((get(row, 0)?, get(row, 1)?))
}

/// Closed groups of a member whose name matches; at most one more than a page has.
fn closed_of(conn: &ReadLink, user: &UserRow, after: Mark, part: &Searched, limit: u32) -> Read<Vec<Mark>> {
    let found = conn.read(
        concat!(
            "SELECT updated_at, pk, name FROM (
                 SELECT c.pk, c.name, ",
            conversation_updated_at!(),
            " AS updated_at FROM member m JOIN conversation c ON c.pk = m.conversation_pk",
            latest_message!(),
            "WHERE m.user_pk = $1 AND NOT c.open AND c.deleted_at IS NULL AND c.kind IN ('group', 'room')) own
             WHERE (updated_at, pk) < ($2, $3) ORDER BY updated_at DESC, pk DESC"
        ),
        &[&user.key.0, &after.0, &after.1],
    )?;
    let mut fitting = Vec::new();
    for row in &found {
        if get::<Option<&str>>(row, 2)?.is_some_and(|name| part.is_in(name)) {
            fitting.push(mark_at(row)?);
        }
        if fitting.len() > limit as usize {
            break;
        }
    }
    Ok(fitting)
}

/// Some groups and rooms as a user sees them in a list, in the given order.
fn shown(conn: &ReadLink, user: &UserRow, marks: &[Mark]) -> Read<Vec<Listing>> {
    let sql = concat!(
        "SELECT ",
        conversation_columns!(),
        ", (SELECT x.id FROM chat_user x WHERE x.pk = c.owner_pk),
             EXISTS (SELECT 1 FROM member m WHERE m.conversation_pk = c.pk AND m.user_pk = $2)
         FROM unnest($1::bigint[]) WITH ORDINALITY AS j (pk, nth) JOIN conversation c ON c.pk = j.pk",
        latest_message!(),
        "ORDER BY j.nth"
    );
    let pks: Vec<i64> = marks.iter().map(|(_, pk)| *pk).collect();
    let listing = |row: &Row| {
        let conversation = conversation_at(row, 0)?;
        Ok(Listing {
            conversation: conversation.reference,
            description: conversation.description.as_deref().map(str::to_owned),
            picture: conversation.picture,
            metadata: conversation.metadata,
            open: conversation.open,
            owner: get::<Option<&str>>(row, CONVERSATION_COLUMNS)?.map(UserId::trusted),
            member_count: conversation.head.member_count,
            is_member: get(row, CONVERSATION_COLUMNS + 1)?,
            created_at: conversation.created_at,
            updated_at: conversation.head.updated_at,
        })
    };
    Ok(conn.read(sql, &[&pks, &user.key.0])?.iter().map(listing).collect::<Fetched<_>>()?)
}

/// The direct conversation of two users, if they have one of which the first is a member.
pub(super) fn direct(conn: &ReadLink, requester: &UserId, other: &UserId) -> Read<Option<ConversationId>> {
    contact_requests::direct(&PostgresRows(conn), &user(conn, requester)?, &user(conn, other)?)
}

/// The number of messages of a conversation, up to the limit of counting.
pub(super) fn message_count(conn: &ReadLink, requester: &UserId, id: &ConversationId) -> Read<u64> {
    let row = readable(conn, &user(conn, requester)?, id)?;
    let found = conn.read(
        "SELECT count(*) FROM (SELECT 1 FROM message WHERE conversation_pk = $1 LIMIT $2) counted",
        &[&row.key.0, &i64::from(MESSAGES_COUNTED_MAX)],
    )?;
    let count: i64 = found.first().map(|row| get(row, 0)).transpose()?.unwrap_or_default();
    Ok(count.cast_unsigned())
}
