//! Conversations as their members see them: one, or a page of a user's own.
//!
//! What must stay true: the number of statements for a page does not depend on its conversations; a page ends at its
//! limit of rows or bytes.

use std::sync::Arc;

use super::reader::ReadLink;
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

use super::error::{Fetched, get};
use super::queries::{readable, user};
use super::rows::{
    Channel, MESSAGE_COLUMNS, PostgresRows, SHOWN_USER_COLUMNS, conversation_at, conversation_columns,
    conversation_updated_at, latest_message, message_at, message_columns, nth, settings_at, shown_user_columns,
};
use super::sets::Users;
use crate::Page;
use crate::contact_requests::Unaccepted;
use crate::error::Read;
use crate::page::{activity_mark, after_activity, message_bytes, user_bytes};

/// A conversation that the user is a member of.
pub(super) fn conversation(conn: &ReadLink, requester: &UserId, id: &ConversationId) -> Read<Conversation> {
    let user = user(conn, requester)?;
    let row = readable(conn, &user, id)?;
    let unaccepted = Unaccepted::among(&user, [&row]);
    let mut found = whole(conn, &user, vec![row], IDS_MAX)?;
    unaccepted.complete(&PostgresRows(conn), &mut found)?;
    Ok(found.pop().ok_or_else(|| Refusal::not_found("conversation", id))?)
}

/// A page of the user's conversations, newest activity first.
pub(super) fn conversations(
    conn: &ReadLink,
    requester: &UserId,
    cursor: Option<&str>,
    limit: u32,
) -> Read<Page<Conversation>> {
    let user = user(conn, requester)?;
    let (before_at, before_pk) = after_activity(cursor)?;
    // Reads the sort keys of all conversations of the user, and the other columns only for those on the page.
    let sql = concat!(
        "SELECT ",
        conversation_columns!(),
        " FROM (
             SELECT pk FROM (
                 SELECT c.pk, ",
        conversation_updated_at!(),
        " AS updated_at FROM member m JOIN conversation c ON c.pk = m.conversation_pk",
        latest_message!(),
        "WHERE m.user_pk = $1
                   AND (m.hidden_sequence IS NULL OR m.hidden_sequence < coalesce(latest.sequence, 0))) own
             WHERE (updated_at, pk) < ($2, $3) ORDER BY updated_at DESC, pk DESC LIMIT $4) p
         JOIN conversation c ON c.pk = p.pk",
        latest_message!()
    );
    let found = conn.read(sql, &[&user.key.0, &before_at, &before_pk, &(i64::from(limit) + 1)])?;
    let mut found: Vec<ConversationRow> = found.iter().map(|row| conversation_at(row, 0)).collect::<Fetched<_>>()?;
    found.sort_unstable_by_key(|row| std::cmp::Reverse((row.head.updated_at, row.key)));
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let marks: Vec<(i64, i64)> = found.iter().map(|row| (row.head.updated_at.0, row.key.0)).collect();
    let unaccepted = Unaccepted::among(&user, &found);
    let mut items = whole(conn, &user, found, members_of_each(marks.len()))?;
    unaccepted.complete(&PostgresRows(conn), &mut items)?;
    let last = items.len().checked_sub(1).and_then(|last| marks.get(last));
    let next = last.filter(|_| more || items.len() < marks.len()).map(|(at, pk)| activity_mark(*at, *pk));
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
fn whole(conn: &ReadLink, user: &UserRow, rows: Vec<ConversationRow>, members_max: usize) -> Read<Vec<Conversation>> {
    let mut beside: Vec<Beside> = rows.iter().map(|_| Beside::default()).collect();
    let keys: Vec<i64> = rows.iter().map(|row| row.key.0).collect();
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
    conn: &ReadLink,
    user: &UserRow,
    rows: &[ConversationRow],
    keys: &[i64],
    users: &mut Users,
    beside: &mut [Beside],
) -> Read<()> {
    const OWN_COLUMNS: usize = 8;
    let mut detailed: Vec<(usize, MessageRow)> = Vec::new();
    let sql = concat!(
        "SELECT j.nth, (SELECT x.id FROM chat_user x WHERE x.pk = c.owner_pk),
             (SELECT count(*) FROM (
                  SELECT n.sender_pk, n.deleted_at FROM message n
                  WHERE n.conversation_pk = c.pk AND n.sequence > coalesce(o.read_sequence, 0)
                  ORDER BY n.sequence DESC LIMIT $3) newest
              WHERE sender_pk <> $2 AND deleted_at IS NULL),
             o.settings, o.muted_until, o.archived_after, o.settings_position, o.silenced_until,
             ",
        message_columns!(),
        ", ",
        shown_user_columns!(),
        " FROM unnest($1::bigint[]) WITH ORDINALITY AS j (pk, nth) JOIN conversation c ON c.pk = j.pk
         LEFT JOIN member o ON o.conversation_pk = c.pk AND o.user_pk = $2
",
        latest_message!(),
        "LEFT JOIN message m ON m.position = latest.position
         LEFT JOIN chat_user u ON u.pk = m.sender_pk"
    );
    for row in &conn.read(sql, &[&keys, &user.key.0, &i64::from(UNREAD_COUNTED_MAX)])? {
        let at = nth(row, 0)?;
        let (Some(own), Some(beside)) = (rows.get(at), beside.get_mut(at)) else { continue };
        beside.owner = get::<Option<&str>>(row, 1)?.map(UserId::trusted);
        beside.unread = get::<i64>(row, 2)?.cast_unsigned();
        beside.settings = settings_at(row, 3)?.shown(own.head.last_message);
        beside.silenced_until = get::<Option<i64>>(row, 7)?.map(Timestamp);
        if get::<Option<i64>>(row, OWN_COLUMNS)?.is_some() {
            let sender = users.at(row, OWN_COLUMNS + MESSAGE_COLUMNS)?;
            let message = message_at(row, OWN_COLUMNS)?;
            let last = shown(&message, &own.reference, &sender);
            beside.bytes += message_bytes(&last);
            beside.last = Some(last);
            if has_details(&message) {
                detailed.push((at, message));
            }
        }
    }
    let (places, stored): (Vec<usize>, Vec<MessageRow>) = detailed.into_iter().unzip();
    let mut details = details_of(&PostgresRows(conn), &stored)?;
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
    conn: &ReadLink,
    user: &UserRow,
    keys: &[i64],
    members_max: usize,
    users: &mut Users,
    beside: &mut [Beside],
) -> Read<usize> {
    let sql = concat!(
        "SELECT j.nth, ",
        shown_user_columns!(),
        ", m.role, m.joined_at, m.read_sequence, m.read_at, m.joined_sequence, m.delivered_sequence
         FROM unnest($1::bigint[]) WITH ORDINALITY AS j (pk, nth)
         CROSS JOIN LATERAL (
             (SELECT f.user_pk FROM member f WHERE f.conversation_pk = j.pk
              ORDER BY f.joined_sequence, f.user_pk LIMIT $3)
             UNION SELECT $2::bigint) shown
         JOIN member m ON m.conversation_pk = j.pk AND m.user_pk = shown.user_pk
         JOIN chat_user u ON u.pk = m.user_pk
         ORDER BY j.nth, m.user_pk"
    );
    let mut bytes = 0;
    for row in &conn.read(sql, &[&keys, &user.key.0, &(members_max as i64)])? {
        let at = nth(row, 0)?;
        let Some(beside) = beside.get_mut(at) else { continue };
        let behind = SHOWN_USER_COLUMNS + 1;
        let role: &str = get(row, behind)?;
        let member = Member {
            user: users.at(row, 1)?,
            role: Role::parse(role).unwrap_or(Role::Member),
            joined_at: Timestamp(get(row, behind + 1)?),
            read_sequence: get::<i64>(row, behind + 2)?.cast_unsigned(),
            read_at: get::<Option<i64>>(row, behind + 3)?.map(Timestamp),
        };
        let own_bytes = user_bytes(&member.user);
        bytes += own_bytes;
        if bytes > LIST_BYTES_MAX && at > 0 {
            return Ok(at);
        }
        beside.bytes += own_bytes;
        let joined_sequence = get::<i64>(row, behind + 4)?.cast_unsigned();
        let delivered_sequence = get::<Option<i64>>(row, behind + 5)?.map_or(0, i64::cast_unsigned);
        beside.members.push(ListedMember { joined_sequence, delivered_sequence, pk: get(row, 1)?, member });
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
