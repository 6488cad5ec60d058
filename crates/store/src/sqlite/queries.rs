//! Reading conversations and messages.

use std::sync::Arc;

use quintet_domain::limits::{MESSAGES_COUNTED_MAX, READ_IDS_MAX, READERS_SHOWN_MAX};
use quintet_domain::permissions::{self, Action};
use quintet_domain::{ConversationId, Message, MessageId, Reader, Refusal, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, params};

use super::rows::{self, CONVERSATION, ConversationRow, MESSAGE, MESSAGE_COLUMNS, USER, UserRow};
use crate::{Memberships, MessagePage, PageOf, StoreError};

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
    let conversations = conn
        .prepare_cached(&format!(
            "SELECT {CONVERSATION} FROM user u JOIN member m ON m.user_pk = u.pk
             JOIN conversation c ON c.pk = m.conversation_pk WHERE u.id = ?1 ORDER BY c.pk"
        ))?
        .query_map([user.as_str()], |row| {
            let row = rows::conversation_at(row, 0)?;
            Ok((row.conversation, row.member_count))
        })?
        .collect::<Result<_, _>>()?;
    let registered = rows::user(conn, user)?.is_some_and(|row| !row.user.is_guest());
    Ok(Memberships { position, registered, conversations })
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
    let bound = match skip {
        0 => bound,
        // Skipping costs time for each message, and no client turns that many pages.
        skip if skip >= MESSAGES_COUNTED_MAX => 0,
        skip => sequence_after(conn, row.pk, skip)?,
    };
    let mut items: Vec<Message> = conn
        .prepare_cached(&format!(
            "SELECT {MESSAGE}, {USER} FROM message m JOIN user u ON u.pk = m.sender_pk
             WHERE m.conversation_pk = ?1 AND m.sequence {compare} ?2 ORDER BY m.sequence {order} LIMIT ?3"
        ))?
        .query_map(params![row.pk, bound, limit + 1], |found| {
            let sender = rows::user_at(found, MESSAGE_COLUMNS)?;
            rows::message_at(found, 0, &row.conversation, sender.user)
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

/// The number of the last of so many messages, the newest first: what comes after them is smaller. Found in the index
/// alone.
fn sequence_after(conn: &Connection, conversation: i64, skip: u32) -> Read<i64> {
    let mut last = conn.prepare_cached(
        "SELECT sequence FROM message WHERE conversation_pk = ?1 ORDER BY sequence DESC LIMIT 1 OFFSET ?2",
    )?;
    let found = last.query_row(params![conversation, skip - 1], |row| row.get(0)).optional()?;
    Ok(found.unwrap_or(0))
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

/// How far a member has read.
#[derive(Debug)]
pub(super) struct Cursor {
    user: UserId,
    joined: u64,
    read: u64,
    read_at: Timestamp,
}

/// The cursors of a conversation's members that passed a number, those that have come furthest first.
pub(super) fn cursors(conn: &Connection, conversation: i64, passed: u64) -> Read<Vec<Cursor>> {
    Ok(conn
        .prepare_cached(
            "SELECT u.id, m.joined_sequence, m.read_sequence, m.read_at FROM member m JOIN user u ON u.pk = m.user_pk
             WHERE m.conversation_pk = ?1 AND m.read_sequence >= ?2 AND m.read_at IS NOT NULL
             ORDER BY m.read_sequence DESC LIMIT ?3",
        )?
        .query_map(params![conversation, passed as i64, CURSORS_READ_MAX as i64], |row| {
            Ok(Cursor {
                user: UserId::trusted(row.get_ref(0)?.as_str()?),
                joined: row.get::<_, i64>(1)? as u64,
                read: row.get::<_, i64>(2)? as u64,
                read_at: Timestamp(row.get(3)?),
            })
        })?
        .collect::<Result<_, _>>()?)
}

/// Who read a message: members who were there when it was sent and whose cursor has passed it.
pub(super) fn readers(cursors: &[Cursor], message: &Message) -> Vec<Reader> {
    let passed = cursors.iter().filter(|cursor| {
        cursor.joined < message.sequence && cursor.read >= message.sequence && cursor.user != message.sender.id
    });
    passed.take(READERS_SHOWN_MAX).map(|cursor| Reader { user: cursor.user.clone(), read_at: cursor.read_at }).collect()
}

/// Adds who read each message of a conversation.
pub(super) fn add_readers(conn: &Connection, row: &ConversationRow, messages: &mut [Message]) -> Read<()> {
    let Some(oldest) = messages.first().map(|message| message.sequence) else { return Ok(()) };
    let cursors = cursors(conn, row.pk, oldest)?;
    for message in messages {
        message.readers = readers(&cursors, message);
    }
    Ok(())
}
