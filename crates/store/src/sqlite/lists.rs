//! Conversations as their members see them: one, or a page of a user's own.
//!
//! What must stay true: the number of statements for a page does not depend on its conversations; a page ends at its
//! limit of rows or bytes.

use std::sync::Arc;

use quintet_domain::limits::{
    IDS_MAX, LIST_BYTES_MAX, MEMBERS_LISTED_MAX, MEMBERS_OF_PAGE_MAX, PEOPLE_LISTED_MIN, READERS_SHOWN_MAX,
    UNREAD_COUNTED_MAX,
};
use quintet_domain::{
    Conversation, ConversationId, ConversationSettings, Member, Message, Metadata, Reader, Refusal, Role, Timestamp,
    UserId,
};
use quintet_rules::message_details::{details_of, has_details};
use quintet_rules::message_views::shown;
use quintet_rules::rows::{ConversationRow, MessageRow, UserRow};
use rusqlite::{Connection, params};

use super::queries::{readable, user};
use super::rows::{
    MESSAGE_COLUMNS, SHOWN_USER_COLUMNS, SqliteRows, conversation_at, conversation_columns, message_at,
    message_columns, settings_at, shown_user_columns,
};
use super::sets::{self, Users};
use crate::Page;
use crate::contact_requests::Unaccepted;
use crate::error::Read;

/// A conversation that the user is a member of.
pub(super) fn conversation(conn: &Connection, requester: &UserId, id: &ConversationId) -> Read<Conversation> {
    let user = user(conn, requester)?;
    let row = readable(conn, &user, id)?;
    let unaccepted = Unaccepted::among(&user, [&row]);
    let mut found = whole(conn, &user, vec![row], IDS_MAX)?;
    unaccepted.complete(&SqliteRows(conn), &mut found)?;
    Ok(found.pop().ok_or_else(|| Refusal::not_found("conversation", id))?)
}

/// The cursor at the end of a page of conversations.
pub(super) fn cursor_at(updated_at: i64, pk: i64) -> String {
    format!("{updated_at}.{pk}")
}

/// Parses the cursor after which a page of conversations begins: the time of the last change, and the row.
pub(super) fn after_cursor(cursor: Option<&str>) -> Read<(i64, i64)> {
    let Some(cursor) = cursor else { return Ok((i64::MAX, i64::MAX)) };
    let mark = cursor.split_once('.').and_then(|(at, pk)| Some((at.parse().ok()?, pk.parse().ok()?)));
    Ok(mark.ok_or_else(|| Refusal::invalid("cursor", "must be the `next` of an earlier page"))?)
}

/// A page of the user's conversations, newest activity first.
pub(super) fn conversations(
    conn: &Connection,
    requester: &UserId,
    cursor: Option<&str>,
    limit: u32,
) -> Read<Page<Conversation>> {
    let user = user(conn, requester)?;
    let (before_at, before_pk) = after_cursor(cursor)?;
    // Reads the sort keys of all conversations of the user, and the other columns only for those on the page.
    let mut found: Vec<ConversationRow> = conn
        .prepare_cached(concat!(
            "SELECT ",
            conversation_columns!(),
            " FROM (
                 SELECT n.pk AS pk FROM member m INDEXED BY member_user
                 CROSS JOIN conversation n ON n.pk = m.conversation_pk
                 WHERE m.user_pk = ?1 AND (n.updated_at, n.pk) < (?2, ?3)
                   AND (m.hidden_sequence < 0 OR m.hidden_sequence <
                        coalesce((SELECT l.sequence FROM message l WHERE l.position = n.last_message), 0))
                 ORDER BY n.updated_at DESC, n.pk DESC LIMIT ?4) p
             CROSS JOIN conversation c ON c.pk = p.pk"
        ))?
        .query_map(params![user.key.0, before_at, before_pk, i64::from(limit) + 1], |row| conversation_at(row, 0))?
        .collect::<Result<_, _>>()?;
    found.sort_unstable_by_key(|row| std::cmp::Reverse((row.head.updated_at, row.key)));
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let marks: Vec<(i64, i64)> = found.iter().map(|row| (row.head.updated_at.0, row.key.0)).collect();
    let unaccepted = Unaccepted::among(&user, &found);
    let mut items = whole(conn, &user, found, members_of_each(marks.len()))?;
    unaccepted.complete(&SqliteRows(conn), &mut items)?;
    let last = items.len().checked_sub(1).and_then(|last| marks.get(last));
    let next = last.filter(|_| more || items.len() < marks.len()).map(|(at, pk)| cursor_at(*at, *pk));
    Ok(Page { items, next })
}

/// The number of members that are shown of each conversation, on a page of a number of conversations.
fn members_of_each(conversations: usize) -> usize {
    (MEMBERS_OF_PAGE_MAX / conversations.max(1)).clamp(PEOPLE_LISTED_MIN, MEMBERS_LISTED_MAX)
}

/// The parts of a conversation that are not in its own row.
#[derive(Default)]
struct Beside {
    owner: Option<UserId>,
    unread: u64,
    settings: ConversationSettings,
    silenced_until: Option<Timestamp>,
    last: Option<Message>,
    members: Vec<ListedMember>,
    bytes: usize,
}

/// A member, with the conversation's sequence number at its join.
struct ListedMember {
    joined_sequence: u64,
    delivered_sequence: u64,
    pk: i64,
    member: Member,
}

/// Completes the conversations of rows, as many of the first as fit the bytes of one page.
fn whole(conn: &Connection, user: &UserRow, rows: Vec<ConversationRow>, members_max: usize) -> Read<Vec<Conversation>> {
    let mut beside: Vec<Beside> = rows.iter().map(|_| Beside::default()).collect();
    let keys = sets::keys(rows.iter().map(|row| row.key.0));
    let mut users = Users::default();
    add_messages(conn, user, &rows, &keys, &mut users, &mut beside)?;
    let complete = add_members(conn, user, &keys, members_max, &mut users, &mut beside)?;
    let mut bytes = 0;
    let shown = rows.into_iter().zip(beside).enumerate().map_while(|(at, (row, beside))| {
        bytes += beside.bytes + row.metadata.as_ref().map_or(0, Metadata::size_bytes);
        (at == 0 || (at < complete && bytes <= LIST_BYTES_MAX)).then(|| assembled(row, beside, members_max))
    });
    Ok(shown.collect())
}

/// Adds the owner, the newest message, and the number of unread messages.
fn add_messages(
    conn: &Connection,
    user: &UserRow,
    rows: &[ConversationRow],
    keys: &str,
    users: &mut Users,
    beside: &mut [Beside],
) -> Read<()> {
    const OWN_COLUMNS: usize = 8;
    let mut detailed: Vec<(usize, MessageRow)> = Vec::new();
    let mut statement = conn.prepare_cached(concat!(
        "SELECT j.key, (SELECT id FROM user WHERE pk = c.owner_pk),
             (SELECT count(*) FROM (
                  SELECT n.sender_pk, n.deleted_at FROM message n
                  WHERE n.conversation_pk = c.pk AND n.sequence > coalesce(o.read_sequence, 0)
                  ORDER BY n.sequence DESC LIMIT ?3)
              WHERE sender_pk <> ?2 AND deleted_at IS NULL),
             o.settings, o.muted_until, o.archived_after, o.settings_position, o.silenced_until,
             ",
        message_columns!(),
        ", ",
        shown_user_columns!(),
        " FROM json_each(?1) j CROSS JOIN conversation c ON c.pk = j.value
         LEFT JOIN member o ON o.conversation_pk = c.pk AND o.user_pk = ?2
         LEFT JOIN message m ON m.position = c.last_message
         LEFT JOIN user u ON u.pk = m.sender_pk"
    ))?;
    let mut found = statement.query(params![keys, user.key.0, UNREAD_COUNTED_MAX])?;
    while let Some(row) = found.next()? {
        let at = sets::nth(row)?;
        let (Some(own), Some(beside)) = (rows.get(at), beside.get_mut(at)) else { continue };
        beside.owner = row.get::<_, Option<String>>(1)?.as_deref().map(UserId::trusted);
        beside.unread = row.get::<_, i64>(2)? as u64;
        beside.settings = settings_at(row, 3)?.shown(own.head.last_message);
        beside.silenced_until = row.get::<_, Option<i64>>(7)?.map(Timestamp);
        if row.get::<_, Option<i64>>(OWN_COLUMNS)?.is_some() {
            let sender = users.at(row, OWN_COLUMNS + MESSAGE_COLUMNS)?;
            let message = message_at(row, OWN_COLUMNS)?;
            let last = shown(&message, &own.reference, &sender);
            beside.bytes += sets::message_bytes(&last);
            beside.last = Some(last);
            if has_details(&message) {
                detailed.push((at, message));
            }
        }
    }
    let (places, stored): (Vec<usize>, Vec<MessageRow>) = detailed.into_iter().unzip();
    let mut details = details_of(&SqliteRows(conn), &stored)?;
    for (at, row) in places.into_iter().zip(&stored) {
        let Some(beside) = beside.get_mut(at) else { continue };
        if let (Some(last), Some(details)) = (&mut beside.last, details.remove(&row.key)) {
            beside.bytes += details.size_bytes();
            last.details = Some(details);
        }
    }
    Ok(())
}

/// Adds the first members of each conversation, and the requesting user. Returns how many conversations are complete.
fn add_members(
    conn: &Connection,
    user: &UserRow,
    keys: &str,
    members_max: usize,
    users: &mut Users,
    beside: &mut [Beside],
) -> Read<usize> {
    let mut statement = conn.prepare_cached(concat!(
        "SELECT j.key, ",
        shown_user_columns!(),
        ", m.role, m.joined_at, m.read_sequence, m.read_at, m.joined_sequence, m.delivered_sequence
         FROM json_each(?1) j
         CROSS JOIN member m ON m.conversation_pk = j.value AND m.user_pk IN (
             SELECT ?2 UNION ALL SELECT user_pk FROM (
                 SELECT f.user_pk FROM member f INDEXED BY member_joined WHERE f.conversation_pk = j.value
                 ORDER BY f.joined_sequence, f.user_pk LIMIT ?3))
         CROSS JOIN user u ON u.pk = m.user_pk"
    ))?;
    let mut found = statement.query(params![keys, user.key.0, members_max as i64])?;
    let mut bytes = 0;
    while let Some(row) = found.next()? {
        let at = sets::nth(row)?;
        let Some(beside) = beside.get_mut(at) else { continue };
        let behind = SHOWN_USER_COLUMNS + 1;
        let role: String = row.get(behind)?;
        let member = Member {
            user: users.at(row, 1)?,
            role: Role::parse(&role).unwrap_or(Role::Member),
            joined_at: Timestamp(row.get(behind + 1)?),
            read_sequence: row.get::<_, i64>(behind + 2)? as u64,
            read_at: row.get::<_, Option<i64>>(behind + 3)?.map(Timestamp),
        };
        let own_bytes = sets::user_bytes(&member.user);
        bytes += own_bytes;
        if bytes > LIST_BYTES_MAX && at > 0 {
            return Ok(at);
        }
        beside.bytes += own_bytes;
        let joined_sequence = row.get::<_, i64>(behind + 4)? as u64;
        let delivered_sequence = row.get::<_, Option<i64>>(behind + 5)?.map_or(0, i64::cast_unsigned);
        beside.members.push(ListedMember { joined_sequence, delivered_sequence, pk: row.get(1)?, member });
    }
    Ok(usize::MAX)
}

fn assembled(row: ConversationRow, beside: Beside, members_max: usize) -> Conversation {
    let Beside { owner, unread, settings, silenced_until, mut last, mut members, .. } = beside;
    if let Some(last) = &mut last {
        last.readers = readers(&mut members, last);
        last.delivered = is_delivered(&members, last);
    }
    members.sort_unstable_by_key(|listed| (listed.joined_sequence, listed.pk));
    if members.len() > members_max {
        // The requesting user was added after the first members, as one too many. It replaces the last of the others.
        members.remove(members_max - 1);
    }
    Conversation {
        picture: row.picture,
        metadata: row.metadata,
        open: row.open,
        moderation: row.moderation,
        retention: row.retention,
        silenced_until,
        owner,
        members: members.into_iter().map(|listed| listed.member).collect(),
        member_count: row.head.member_count,
        last_message: last.map(Arc::new),
        unread_count: unread,
        settings,
        sequence: row.head.sequence,
        created_at: row.created_at,
        updated_at: row.head.updated_at,
        conversation: row.reference,
    }
}

/// The readers of a message among the members that are shown, the most advanced first.
fn readers(members: &mut [ListedMember], message: &Message) -> Vec<Reader> {
    members.sort_by_key(|listed| std::cmp::Reverse(listed.member.read_sequence));
    let passed = members.iter().filter(|listed| {
        listed.joined_sequence < message.sequence
            && listed.member.read_sequence >= message.sequence
            && listed.member.user.id != message.sender.id
    });
    let readers = passed.filter_map(|listed| {
        let read_at = listed.member.read_at?;
        Some(Reader { user: listed.member.user.id.clone(), read_at })
    });
    readers.take(READERS_SHOWN_MAX).collect()
}

/// Whether a message has reached a device of one of the members that are shown.
fn is_delivered(members: &[ListedMember], message: &Message) -> bool {
    members.iter().any(|listed| {
        let member = &listed.member;
        let has_read = member.read_at.is_some() && member.read_sequence >= message.sequence;
        listed.joined_sequence < message.sequence
            && (has_read || listed.delivered_sequence >= message.sequence)
            && member.user.id != message.sender.id
    })
}
