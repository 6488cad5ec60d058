//! Reading conversations and messages.

use std::sync::Arc;

use quintet_domain::limits::{IDS_MAX, MEMBERS_LISTED_MAX, READ_IDS_MAX, READERS_SHOWN_MAX};
use quintet_domain::permissions::{self, Action};
use quintet_domain::{
    Conversation, ConversationId, Member, Message, MessageId, Reader, Refusal, Role, Timestamp, UserId,
};
use rusqlite::{Connection, params};

use super::rows::{self, CONVERSATION, ConversationRow, MESSAGE, MESSAGE_COLUMNS, USER, USER_COLUMNS, UserRow};
use crate::{Memberships, MessagePage, Page, PageOf, StoreError};

/// Cursors that are read for one page: those that have come furthest.
const CURSORS_READ_MAX: usize = 10 * READERS_SHOWN_MAX;

pub(super) type Read<T> = Result<T, StoreError>;

pub(super) fn known(conn: &Connection, id: &UserId) -> Read<UserRow> {
    Ok(rows::user(conn, id)?.ok_or_else(|| Refusal::not_found("user", id))?)
}

/// A conversation that the user may read.
pub(super) fn readable(conn: &Connection, user: &UserRow, id: &ConversationId) -> Read<ConversationRow> {
    let row = rows::conversation(conn, id)?.ok_or_else(|| Refusal::not_found("conversation", id))?;
    let member = rows::member(conn, row.pk, user.pk)?;
    permissions::check(Action::Use, rows::standing(&row, user, member.as_ref(), false), id)?;
    Ok(row)
}

/// The newest committed position.
pub(super) fn position(conn: &Connection) -> Read<u64> {
    let mut newest = conn.prepare_cached("SELECT coalesce(max(position), 0) FROM change")?;
    Ok(newest.query_row([], |row| row.get::<_, i64>(0))? as u64)
}

pub(super) fn memberships(conn: &Connection, user: &UserId) -> Read<Memberships> {
    let position = position(conn)?;
    let places = conn
        .prepare_cached(&format!(
            "SELECT {CONVERSATION} FROM user u JOIN member m ON m.user_pk = u.pk
             JOIN conversation c ON c.pk = m.conversation_pk WHERE u.id = ?1 ORDER BY c.pk"
        ))?
        .query_map([user.as_str()], |row| {
            let row = rows::conversation_at(row, 0)?;
            Ok((row.place, row.member_count))
        })?
        .collect::<Result<_, _>>()?;
    let registered = rows::user(conn, user)?.is_some_and(|row| !row.user.is_guest());
    Ok(Memberships { position, registered, places })
}

pub(super) fn conversation(conn: &Connection, user: &UserId, id: &ConversationId) -> Read<Conversation> {
    let user = known(conn, user)?;
    let row = readable(conn, &user, id)?;
    whole(conn, &user, row, IDS_MAX)
}

/// Members of a conversation, oldest first: so many of them, or one.
fn members(conn: &Connection, conversation: i64, one: Option<i64>, limit: usize) -> Read<Vec<Member>> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {USER}, m.role, m.joined_at, m.read_sequence, m.read_at FROM member m
             JOIN user u ON u.pk = m.user_pk WHERE m.conversation_pk = ?1 AND (?3 IS NULL OR m.user_pk = ?3)
             ORDER BY m.joined_sequence, m.user_pk LIMIT ?2"
        ))?
        .query_map(params![conversation, limit as i64, one], |row| {
            let role = row.get_ref(USER_COLUMNS)?.as_str()?;
            Ok(Member {
                user: rows::user_at(row, 0)?.user,
                role: Role::parse(role).unwrap_or(Role::Member),
                joined_at: Timestamp(row.get(USER_COLUMNS + 1)?),
                read_sequence: row.get::<_, i64>(USER_COLUMNS + 2)? as u64,
                read_at: row.get::<_, Option<i64>>(USER_COLUMNS + 3)?.map(Timestamp),
            })
        })?
        .collect::<Result<_, _>>()?)
}

/// The conversation with what a client shows of it.
fn whole(conn: &Connection, user: &UserRow, row: ConversationRow, members_max: usize) -> Read<Conversation> {
    let mut members = self::members(conn, row.pk, None, members_max)?;
    if members.len() == members_max
        && members.iter().all(|member| member.user.id != user.user.id)
        && let Some(own) = self::members(conn, row.pk, Some(user.pk), 1)?.pop()
    {
        // Whoever asks finds itself.
        members.pop();
        members.push(own);
    }
    let read = rows::member(conn, row.pk, user.pk)?.map_or(0, |member| member.read_sequence);
    let unread: i64 = conn
        .prepare_cached(
            "SELECT count(*) FROM message
             WHERE conversation_pk = ?1 AND sequence > ?2 AND sender_pk <> ?3 AND deleted_at IS NULL",
        )?
        .query_row(params![row.pk, read as i64, user.pk], |row| row.get(0))?;
    let owner = row.owner_pk.map(|pk| rows::user_by_pk(conn, pk)).transpose()?;
    let last = row.last_message_pk.map(|pk| message_by_pk(conn, &row, pk)).transpose()?;
    let mut last: Vec<Message> = last.into_iter().collect();
    add_readers(conn, &row, &mut last)?;
    Ok(Conversation {
        open: row.open,
        owner: owner.map(|owner| owner.user.id.clone()),
        members,
        member_count: row.member_count,
        last_message: last.pop().map(Arc::new),
        unread_count: unread as u64,
        sequence: row.sequence,
        created_at: row.created_at,
        updated_at: row.updated_at,
        place: row.place,
    })
}

/// The mark of where a page of conversations ended.
pub(super) fn cursor_at(updated_at: Timestamp, pk: i64) -> String {
    format!("{}.{pk}", updated_at.0)
}

/// What a page of conversations comes after: the time of the last change, and the row.
pub(super) fn after_cursor(cursor: Option<&str>) -> Read<(i64, i64)> {
    let Some(cursor) = cursor else { return Ok((i64::MAX, i64::MAX)) };
    let mark = cursor.split_once('.').and_then(|(at, pk)| Some((at.parse().ok()?, pk.parse().ok()?)));
    Ok(mark.ok_or_else(|| Refusal::invalid("cursor", "must be the `next` of an earlier page"))?)
}

pub(super) fn conversations(
    conn: &Connection,
    user: &UserId,
    cursor: Option<&str>,
    limit: u32,
) -> Read<Page<Conversation>> {
    let user = known(conn, user)?;
    let (before_at, before_pk) = after_cursor(cursor)?;
    let mut found: Vec<ConversationRow> = conn
        .prepare_cached(&format!(
            "SELECT {CONVERSATION} FROM member m JOIN conversation c ON c.pk = m.conversation_pk
             WHERE m.user_pk = ?1 AND (c.updated_at, c.pk) < (?2, ?3)
               AND (m.hidden_sequence < 0 OR m.hidden_sequence <
                    coalesce((SELECT l.sequence FROM message l WHERE l.pk = c.last_message_pk), 0))
             ORDER BY c.updated_at DESC, c.pk DESC LIMIT ?4"
        ))?
        .query_map(params![user.pk, before_at, before_pk, limit + 1], |row| rows::conversation_at(row, 0))?
        .collect::<Result<_, _>>()?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = more.then(|| found.last().map(|row| cursor_at(row.updated_at, row.pk))).flatten();
    let items = found.into_iter().map(|row| whole(conn, &user, row, MEMBERS_LISTED_MAX)).collect::<Read<_>>()?;
    Ok(Page { items, next })
}

pub(super) fn messages(
    conn: &Connection,
    user: &UserId,
    id: &ConversationId,
    of: PageOf,
    limit: u32,
) -> Read<MessagePage> {
    let user = known(conn, user)?;
    let row = readable(conn, &user, id)?;
    messages_of(conn, &row, of, limit)
}

/// A page of a conversation's messages, by ascending sequence, whoever asks.
pub(super) fn messages_of(conn: &Connection, row: &ConversationRow, of: PageOf, limit: u32) -> Read<MessagePage> {
    let (sequence, compare, order, skip) = match of {
        PageOf::Newest => (i64::MAX as u64, "<", "DESC", 0),
        PageOf::Before(sequence) => (sequence, "<", "DESC", 0),
        PageOf::After(sequence) => (sequence, ">", "ASC", 0),
        PageOf::Skipping(skip) => (i64::MAX as u64, "<", "DESC", skip),
    };
    let bound = i64::try_from(sequence).unwrap_or(i64::MAX);
    let mut items: Vec<Message> = conn
        .prepare_cached(&format!(
            "SELECT {MESSAGE}, {USER} FROM message m JOIN user u ON u.pk = m.sender_pk
             WHERE m.conversation_pk = ?1 AND m.sequence {compare} ?2 ORDER BY m.sequence {order} LIMIT ?3 OFFSET ?4"
        ))?
        .query_map(params![row.pk, bound, limit + 1, skip], |found| {
            let sender = rows::user_at(found, MESSAGE_COLUMNS)?;
            rows::message_at(found, 0, &row.place, sender.user)
        })?
        .collect::<Result<_, _>>()?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    if order == "DESC" {
        items.reverse();
    }
    add_readers(conn, row, &mut items)?;
    Ok(MessagePage { items: items.into_iter().map(Arc::new).collect(), more })
}

pub(super) fn message_by_pk(conn: &Connection, row: &ConversationRow, pk: i64) -> Read<Message> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {MESSAGE}, {USER} FROM message m JOIN user u ON u.pk = m.sender_pk WHERE m.pk = ?1"
        ))?
        .query_row([pk], |found| {
            let sender = rows::user_at(found, MESSAGE_COLUMNS)?;
            rows::message_at(found, 0, &row.place, sender.user)
        })?)
}

/// The messages of others that a cursor passes on its way from one number to another, oldest first, with their
/// senders: the newest of them, if they are very many.
pub(super) fn passed(conn: &Connection, conversation: i64, from: i64, to: i64, by: i64) -> Read<Vec<(MessageId, i64)>> {
    let mut passed: Vec<(MessageId, i64)> = conn
        .prepare_cached(
            "SELECT id, sender_pk FROM message
             WHERE conversation_pk = ?1 AND sequence > ?2 AND sequence <= ?3 AND sender_pk <> ?4
             ORDER BY sequence DESC LIMIT ?5",
        )?
        .query_map(params![conversation, from, to, by, READ_IDS_MAX as i64], |row| {
            Ok((MessageId::trusted(row.get_ref(0)?.as_str()?), row.get(1)?))
        })?
        .collect::<Result<_, _>>()?;
    passed.reverse();
    Ok(passed)
}

/// Adds who read each message: members who were there when it was sent and whose cursor has passed it.
pub(super) fn add_readers(conn: &Connection, row: &ConversationRow, messages: &mut [Message]) -> Read<()> {
    let Some(oldest) = messages.first().map(|message| message.sequence) else { return Ok(()) };
    let cursors: Vec<(UserId, u64, u64, Timestamp)> = conn
        .prepare_cached(
            "SELECT u.id, m.joined_sequence, m.read_sequence, m.read_at FROM member m JOIN user u ON u.pk = m.user_pk
             WHERE m.conversation_pk = ?1 AND m.read_sequence >= ?2 AND m.read_at IS NOT NULL
             ORDER BY m.read_sequence DESC LIMIT ?3",
        )?
        .query_map(params![row.pk, oldest as i64, CURSORS_READ_MAX as i64], |row| {
            Ok((
                UserId::trusted(row.get_ref(0)?.as_str()?),
                row.get::<_, i64>(1)? as u64,
                row.get::<_, i64>(2)? as u64,
                Timestamp(row.get(3)?),
            ))
        })?
        .collect::<Result<_, _>>()?;
    for message in messages {
        message.readers = cursors
            .iter()
            .filter(|(user, joined, read, _)| {
                *joined < message.sequence && *read >= message.sequence && *user != message.sender.id
            })
            .take(READERS_SHOWN_MAX)
            .map(|(user, _, _, at)| Reader { user: user.clone(), read_at: *at })
            .collect();
    }
    Ok(())
}
