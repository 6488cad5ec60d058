//! Reads of a user's memberships, and of messages.
//!
//! What must stay true: a conversation is read only for users whom the permission table allows to use it.

use quintet_domain::limits::MESSAGES_COUNTED_MAX;
use quintet_domain::permissions::{self, Action};
use quintet_domain::{ConversationId, LoginSessionId, Message, Refusal, UserId};
use quintet_rules::login_sessions;
use quintet_rules::message_details::add_details;
use quintet_rules::message_views::{add_readers, shown};
use quintet_rules::restrictions::standing_of_reader;
use quintet_rules::rows::{ConversationRow, ConversationRows, LogRows, MemberRows, MessageRow, UserRow, UserRows};
use rusqlite::{Connection, OptionalExtension, params};

use super::notifications;
use super::rows::{
    MESSAGE_COLUMNS, SqliteRows, conversation_at, conversation_columns, message_at, message_columns, shown_user_columns,
};
use super::sets::Users;
use crate::blocks;
use crate::error::Read;
use crate::{Memberships, MessagePage, PageOf, UserState};

/// The requesting user, or `ERR_NOT_FOUND`.
pub(super) fn user(conn: &Connection, id: &UserId) -> Read<UserRow> {
    Ok(SqliteRows(conn).user(id)?.ok_or_else(|| Refusal::not_found("user", id))?)
}

/// A conversation that the user may read.
pub(super) fn readable(conn: &Connection, user: &UserRow, id: &ConversationId) -> Read<ConversationRow> {
    let rows = SqliteRows(conn);
    let row = rows.conversation(id)?.ok_or_else(|| Refusal::not_found("conversation", id))?;
    let member = rows.member(row.key, user.key)?;
    permissions::check(Action::Use, standing_of_reader(&rows, &row, user, member.as_ref())?, id)?;
    Ok(row)
}

/// The account, the conversations and the pending notifications of a user.
pub(super) fn user_state(conn: &Connection, id: &UserId, session: Option<&LoginSessionId>) -> Read<UserState> {
    let rows = SqliteRows(conn);
    let (position, user) = (rows.newest_position()?, rows.user(id)?);
    let memberships = memberships_of(conn, position, user.as_ref())?;
    let key = user.as_ref().filter(|user| !user.user.is_guest()).map(|user| user.key);
    let pending = notifications::pending_of(conn, position, key)?;
    let session = login_sessions::of_user(&rows, user.as_ref(), session)?;
    Ok(UserState { account: user.map(|user| user.account()), session, memberships, pending })
}

pub(super) fn memberships(conn: &Connection, id: &UserId) -> Read<Memberships> {
    let rows = SqliteRows(conn);
    memberships_of(conn, rows.newest_position()?, rows.user(id)?.as_ref())
}

fn memberships_of(conn: &Connection, position: u64, user: Option<&UserRow>) -> Read<Memberships> {
    let Some(user) = user else { return Ok(Memberships { position, ..Memberships::default() }) };
    let conversations = conn
        .prepare_cached(concat!(
            "SELECT ",
            conversation_columns!(plain),
            " FROM member m JOIN conversation c ON c.pk = m.conversation_pk WHERE m.user_pk = ?1 ORDER BY c.pk"
        ))?
        .query_map([user.key.0], |row| {
            let row = conversation_at(row, 0)?;
            Ok((row.reference, row.head.member_count))
        })?
        .collect::<Result<_, _>>()?;
    let hidden = blocks::hidden_from(&SqliteRows(conn), user)?;
    Ok(Memberships { position, registered: !user.user.is_guest(), conversations, hidden })
}

/// A page of a conversation's messages, in ascending order of sequence numbers, with their readers. `replies` is whether
/// the replies of threads are among them: those that have [`Marks::REPLY`](quintet_rules::rows::Marks::REPLY).
pub(super) fn messages(
    conn: &Connection,
    user: &UserId,
    id: &ConversationId,
    (of, replies): (PageOf, bool),
    limit: u32,
) -> Read<MessagePage> {
    let row = readable(conn, &self::user(conn, user)?, id)?;
    let bound = |sequence| i64::try_from(sequence).unwrap_or(i64::MAX);
    let older = |bound, limit| messages_of(conn, &row, bound, (true, replies), limit);
    let newer = |bound, limit| messages_of(conn, &row, bound, (false, replies), limit);
    let ((mut items, more), more_newer) = match of {
        PageOf::Newest | PageOf::Skipping(0) => (older(i64::MAX, limit)?, false),
        PageOf::Before(sequence) => (older(bound(sequence), limit)?, false),
        PageOf::After(sequence) => (newer(bound(sequence), limit)?, false),
        // Skipping costs time for each message, and no client turns that many pages.
        PageOf::Skipping(MESSAGES_COUNTED_MAX..) => (older(0, limit)?, false),
        PageOf::Skipping(skip) => (older(sequence_after(conn, row.key.0, skip)?, limit)?, false),
        PageOf::Around(sequence) => {
            let (mut items, more) = older(bound(sequence.saturating_add(1)), limit.div_ceil(2))?;
            let (rest, more_newer) = newer(bound(sequence), limit / 2)?;
            items.extend(rest);
            ((items, more), more_newer)
        }
    };
    add_readers(&SqliteRows(conn), row.key, &mut items)?;
    Ok(MessagePage { items: items.into_iter().map(Into::into).collect(), more, more_newer })
}

/// The newest messages before a sequence number, or the oldest after it, in ascending order, and whether there are more.
/// `replies` is whether the replies of threads are among them.
fn messages_of(
    conn: &Connection,
    row: &ConversationRow,
    bound: i64,
    (newest_first, replies): (bool, bool),
    limit: u32,
) -> Read<(Vec<Message>, bool)> {
    let sql = if newest_first {
        concat!(
            "SELECT ",
            message_columns!(),
            ", ",
            shown_user_columns!(),
            " FROM message m JOIN user u ON u.pk = m.sender_pk
             WHERE m.conversation_pk = ?1 AND m.sequence < ?2
                 AND (?4 OR coalesce(m.marks, 0) & 8 = 0) ORDER BY m.sequence DESC LIMIT ?3"
        )
    } else {
        concat!(
            "SELECT ",
            message_columns!(),
            ", ",
            shown_user_columns!(),
            " FROM message m JOIN user u ON u.pk = m.sender_pk
             WHERE m.conversation_pk = ?1 AND m.sequence > ?2
                 AND (?4 OR coalesce(m.marks, 0) & 8 = 0) ORDER BY m.sequence LIMIT ?3"
        )
    };
    let mut users = Users::default();
    let mut stored: Vec<MessageRow> = Vec::new();
    let mut items: Vec<Message> = conn
        .prepare_cached(sql)?
        .query_map(params![row.key.0, bound, i64::from(limit) + 1, replies], |found| {
            let sender = users.at(found, MESSAGE_COLUMNS)?;
            let message = message_at(found, 0)?;
            let item = shown(&message, &row.reference, &sender);
            stored.push(message);
            Ok(item)
        })?
        .collect::<Result<_, _>>()?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    add_details(&SqliteRows(conn), &stored, &mut items)?;
    if newest_first {
        items.reverse();
    }
    Ok((items, more))
}

/// The sequence number of the last of `skip` messages, newest first; the messages after it have smaller ones. Only the
/// index is read.
fn sequence_after(conn: &Connection, conversation: i64, skip: u32) -> Read<i64> {
    let mut last = conn.prepare_cached(
        "SELECT sequence FROM message WHERE conversation_pk = ?1 ORDER BY sequence DESC LIMIT 1 OFFSET ?2",
    )?;
    let found = last.query_row(params![conversation, skip - 1], |row| row.get(0)).optional()?;
    Ok(found.unwrap_or(0))
}
