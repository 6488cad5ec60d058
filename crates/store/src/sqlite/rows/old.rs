//! From rows to values.

use std::sync::Arc;

use quintet_domain::{
    ClientMessageId, ConversationId, ConversationKind, ConversationRef, FileLink, Message, MessageId, MessageKind,
    Role, Timestamp, User, UserId, UserKind, permissions,
};
use rusqlite::{Connection, OptionalExtension, Result, Row};

/// The columns of a user, as [`user_at`] reads them.
pub(super) const USER: &str =
    "u.pk, u.id, u.kind, u.username, u.name, u.avatar, u.last_seen, u.created_at, u.disabled, u.service,
    u.last_name";
/// How many they are.
pub(super) const USER_COLUMNS: usize = 11;

/// The columns of a conversation, as [`conversation_at`] reads them; the pair comes by its ids.
pub(super) const CONVERSATION: &str = "c.pk, c.id, c.kind, c.name, c.open, c.owner_pk, c.sequence, c.member_count,
    c.created_at, c.updated_at, c.last_message_pk,
    (SELECT id FROM user WHERE pk = c.first_pk), (SELECT id FROM user WHERE pk = c.second_pk), c.owner_secret_pk";

/// How many they are.
pub(super) const CONVERSATION_COLUMNS: usize = 14;

/// The columns of a message without its sender and place, as [`message_at`] reads them.
pub(super) const MESSAGE: &str = "m.pk, m.id, m.sequence, m.kind, m.content, m.file_url, m.file_name,
    m.client_message_id, m.created_at, m.edited_at, m.deleted_at";
/// How many they are.
pub(super) const MESSAGE_COLUMNS: usize = 11;

#[derive(Clone, Debug)]
pub(super) struct UserRow {
    pub(super) pk: i64,
    pub(super) user: Arc<User>,
    pub(super) disabled: bool,
    /// The secret that a guest who writes has proved to have; none for everybody else.
    pub(super) secret: Option<i64>,
}

#[derive(Clone, Debug)]
pub(super) struct ConversationRow {
    pub(super) pk: i64,
    pub(super) conversation: Arc<ConversationRef>,
    pub(super) open: bool,
    pub(super) owner_pk: Option<i64>,
    /// The secret that proves a guest to be the owner.
    pub(super) owner_secret: Option<i64>,
    pub(super) sequence: u64,
    pub(super) member_count: u32,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) last_message_pk: Option<i64>,
}

#[derive(Clone, Debug)]
pub(super) struct MemberRow {
    pub(super) role: Role,
    pub(super) read_sequence: u64,
}

/// A text column that the schema checks; what it cannot be is an error of the database.
fn parsed<T>(row: &Row<'_>, at: usize, parse: fn(&str) -> Option<T>) -> Result<T> {
    let text = row.get_ref(at)?.as_str()?;
    parse(text).ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(at, rusqlite::types::Type::Text, format!("unknown {text:?}").into())
    })
}

fn user_kind(text: &str) -> Option<UserKind> {
    match text {
        "registered" => Some(UserKind::Registered),
        "guest" => Some(UserKind::Guest),
        _ => None,
    }
}

fn text(row: &Row<'_>, at: usize) -> Result<String> {
    Ok(row.get_ref(at)?.as_str()?.to_owned())
}

pub(super) fn user_at(row: &Row<'_>, at: usize) -> Result<UserRow> {
    let service: bool = row.get(at + 9)?;
    let user = User {
        id: UserId::trusted(row.get_ref(at + 1)?.as_str()?),
        kind: if service { UserKind::Service } else { parsed(row, at + 2, user_kind)? },
        username: text(row, at + 3)?,
        name: text(row, at + 4)?,
        last_name: row.get(at + 10)?,
        avatar: row.get(at + 5)?,
        last_seen: row.get::<_, Option<i64>>(at + 6)?.map(Timestamp),
        created_at: Timestamp(row.get(at + 7)?),
    };
    Ok(UserRow { pk: row.get(at)?, user: Arc::new(user), disabled: row.get(at + 8)?, secret: None })
}

pub(super) fn conversation_at(row: &Row<'_>, at: usize) -> Result<ConversationRow> {
    let first: Option<String> = row.get(at + 11)?;
    let second: Option<String> = row.get(at + 12)?;
    let conversation = ConversationRef {
        id: ConversationId::trusted(row.get_ref(at + 1)?.as_str()?),
        kind: parsed(row, at + 2, ConversationKind::parse)?,
        name: row.get(at + 3)?,
        pair: first.zip(second).map(|(a, b)| [UserId::trusted(&a), UserId::trusted(&b)]),
    };
    Ok(ConversationRow {
        pk: row.get(at)?,
        conversation: Arc::new(conversation),
        open: row.get(at + 4)?,
        owner_pk: row.get(at + 5)?,
        owner_secret: row.get(at + 13)?,
        sequence: row.get::<_, i64>(at + 6)? as u64,
        member_count: row.get(at + 7)?,
        created_at: Timestamp(row.get(at + 8)?),
        updated_at: Timestamp(row.get(at + 9)?),
        last_message_pk: row.get(at + 10)?,
    })
}

pub(super) fn message_at(
    row: &Row<'_>,
    at: usize,
    conversation: &Arc<ConversationRef>,
    sender: Arc<User>,
) -> Result<Message> {
    let url: Option<String> = row.get(at + 5)?;
    let name: Option<String> = row.get(at + 6)?;
    Ok(Message {
        id: MessageId::trusted(row.get_ref(at + 1)?.as_str()?),
        conversation: Arc::clone(conversation),
        sequence: row.get::<_, i64>(at + 2)? as u64,
        sender,
        kind: parsed(row, at + 3, MessageKind::parse)?,
        content: text(row, at + 4)?,
        file: url.map(|url| FileLink { url, name }),
        client_message_id: row.get::<_, Option<String>>(at + 7)?.map(|id| ClientMessageId::trusted(&id)),
        created_at: Timestamp(row.get(at + 8)?),
        edited_at: row.get::<_, Option<i64>>(at + 9)?.map(Timestamp),
        deleted_at: row.get::<_, Option<i64>>(at + 10)?.map(Timestamp),
        readers: Vec::new(),
    })
}

pub(super) fn user(conn: &Connection, id: &UserId) -> Result<Option<UserRow>> {
    conn.prepare_cached(&format!("SELECT {USER} FROM user u WHERE u.id = ?1"))?
        .query_row([id.as_str()], |row| user_at(row, 0))
        .optional()
}

pub(super) fn user_by_pk(conn: &Connection, pk: i64) -> Result<UserRow> {
    conn.prepare_cached(&format!("SELECT {USER} FROM user u WHERE u.pk = ?1"))?.query_row([pk], |row| user_at(row, 0))
}

pub(super) fn conversation(conn: &Connection, id: &ConversationId) -> Result<Option<ConversationRow>> {
    conn.prepare_cached(&format!("SELECT {CONVERSATION} FROM conversation c WHERE c.id = ?1 AND c.deleted_at IS NULL"))?
        .query_row([id.as_str()], |row| conversation_at(row, 0))
        .optional()
}

pub(super) fn conversation_by_pk(conn: &Connection, pk: i64) -> Result<ConversationRow> {
    conn.prepare_cached(&format!("SELECT {CONVERSATION} FROM conversation c WHERE c.pk = ?1"))?
        .query_row([pk], |row| conversation_at(row, 0))
}

pub(super) fn member(conn: &Connection, conversation: i64, user: i64) -> Result<Option<MemberRow>> {
    conn.prepare_cached("SELECT role, read_sequence FROM member WHERE conversation_pk = ?1 AND user_pk = ?2")?
        .query_row([conversation, user], |row| {
            Ok(MemberRow { role: parsed(row, 0, Role::parse)?, read_sequence: row.get::<_, i64>(1)? as u64 })
        })
        .optional()
}

/// Whether a conversation is a user's own. A guest has to prove that: its id is anybody's to claim.
pub(super) fn owns(conversation: &ConversationRow, user: &UserRow) -> bool {
    let proven = !user.user.is_guest() || (user.secret.is_some() && user.secret == conversation.owner_secret);
    conversation.owner_pk == Some(user.pk) && proven
}

/// A membership with the role that counts: a guest's is what it proves, whatever its seat says.
pub(super) fn in_effect(conversation: &ConversationRow, user: &UserRow, member: MemberRow) -> MemberRow {
    if !user.user.is_guest() {
        return member;
    }
    MemberRow { role: if owns(conversation, user) { Role::Owner } else { Role::Member }, ..member }
}

/// How a user stands to a conversation, for the table of permissions.
pub(super) fn standing(
    conversation: &ConversationRow,
    user: &UserRow,
    member: Option<&MemberRow>,
    author: bool,
) -> permissions::Standing {
    permissions::Standing {
        kind: conversation.conversation.kind,
        open: conversation.open,
        role: member.map(|member| member.role),
        by: user.user.kind,
        author,
    }
}
