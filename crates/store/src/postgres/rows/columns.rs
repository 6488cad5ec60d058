//! Conversion of columns to rows and domain values, and back.
//!
//! What must stay true: each list of columns stands beside the function that reads it. A message's id is stored as 16
//! bytes if it is a UUID in the server's own form, and as its text otherwise; both are read back as the same id.

use std::sync::Arc;

use quintet_domain::{
    ClientMessageId, ConnectionId, ConversationId, ConversationKind, ConversationRef, FileLink, MeetupId, MeetupStatus,
    MessageId, MessageKind, Metadata, Notification, NotificationId, ServerRole, Timestamp, User, UserId, UserKind,
};
use quintet_rules::rows::{
    ConversationHead, ConversationRow, ErasureProgress, Marks, MeetupRow, MessageExtra, MessageRow, UserNames, UserRow,
};
use quintet_rules::{ConversationKey, FileKey, MeetupKey, MessageKey, SecretKey, UserKey};
use tokio_postgres::Row;

use crate::message_ids::{IdValue, uuid_text};
use crate::postgres::error::{Fetched, PostgresError};

/// The columns of a user as others see it, for [`shown_user_at`].
macro_rules! shown_user_columns {
    () => {
        "u.pk, u.id, u.kind, u.service, u.username, u.name, u.last_name, u.avatar, u.last_seen, u.created_at"
    };
}
pub(in crate::postgres) use shown_user_columns;

/// The number of columns of a user as others see it.
pub(in crate::postgres) const SHOWN_USER_COLUMNS: usize = 10;

/// The columns of a user, for [`user_at`]; with `plain`, without its custom data.
macro_rules! user_columns {
    () => {
        user_columns!("u.metadata")
    };
    (plain) => {
        user_columns!("NULL")
    };
    ($metadata:literal) => {
        concat!(
            "u.pk, u.id, u.kind, u.service, u.username, u.name, u.last_name, u.avatar, u.last_seen, u.created_at,
             u.username_key, u.name_key, u.name_look, u.email, u.email_key, u.password_hash, u.home_dialect, u.country,
             u.token_generation, u.tokens_from_s, u.disabled, u.erased, u.erasing_from, u.erasing_conversation_pk,
             u.picture_pk, u.former_id, ",
            $metadata,
            ", u.is_blocked, u.blocks_position, u.server_role"
        )
    };
}
pub(in crate::postgres) use user_columns;

/// Joins the newest message of each conversation `c` as `latest`, for [`conversation_columns`] and
/// [`conversation_updated_at`].
///
/// Messages do not write the row of their conversation. An update would leave an old version of the row behind for each
/// group of messages, and while somebody has a transaction open, each lookup of the row would pass all of them. The row
/// has the head as of the last change that is no message, and the newest message tells what came after it. Whatever
/// removes rows of messages has to write the heads of their conversations.
macro_rules! latest_message {
    () => {
        " LEFT JOIN LATERAL (SELECT h.sequence, h.position, h.created_at FROM message h WHERE h.conversation_pk = c.pk
             ORDER BY h.sequence DESC LIMIT 1) latest ON true "
    };
}
pub(in crate::postgres) use latest_message;

/// When the conversation `c` last changed, beside [`latest_message`].
macro_rules! conversation_updated_at {
    () => {
        "CASE WHEN latest.sequence > c.sequence THEN latest.created_at ELSE c.updated_at END"
    };
}
pub(in crate::postgres) use conversation_updated_at;

/// The columns of a conversation beside [`latest_message`], for [`conversation_at`]; with `plain`, without the texts that
/// may be long; with `headless`, without these and without what messages change, so that no message is read. Its pair is
/// read both as keys and as ids.
macro_rules! conversation_columns {
    () => {
        conversation_columns!("c.description", "c.picture", "c.metadata")
    };
    (plain) => {
        conversation_columns!("NULL", "NULL", "NULL")
    };
    (headless) => {
        conversation_columns!("NULL", "NULL", "NULL", "c.sequence", "NULL::bigint", "c.updated_at")
    };
    ($description:literal, $picture:literal, $metadata:literal) => {
        conversation_columns!(
            $description,
            $picture,
            $metadata,
            "greatest(c.sequence, latest.sequence)",
            "latest.position",
            $crate::postgres::rows::conversation_updated_at!()
        )
    };
    ($description:literal, $picture:literal, $metadata:literal, $sequence:literal, $last_message:literal, $updated_at:expr) => {
        concat!(
            "c.pk, c.id, c.kind, c.name, ",
            $description,
            ", c.open, c.owner_pk, c.owner_secret_pk, c.first_pk, c.second_pk,
             (SELECT x.id FROM chat_user x WHERE x.pk = c.first_pk),
             (SELECT x.id FROM chat_user x WHERE x.pk = c.second_pk), c.made_by_guest,
             c.empty_since, c.created_at, c.deleted_at, ",
            $sequence,
            ", c.member_count, ",
            $last_message,
            ", ",
            $updated_at,
            ", ",
            $metadata,
            ", c.blocked, c.slow_mode_s, c.moderation, c.retention_days, c.picture_pk, ",
            $picture
        )
    };
}
pub(in crate::postgres) use conversation_columns;

/// The number of columns of a conversation.
pub(in crate::postgres) const CONVERSATION_COLUMNS: usize = 27;

/// The columns of a message, for [`message_at`].
macro_rules! message_columns {
    () => {
        "m.position, m.id, m.conversation_pk, m.sequence, m.sender_pk, m.kind, m.content, m.file_url, m.file_name,
         m.client_message_id, m.created_at, m.edited_at, m.deleted_at, m.origin, m.acked, m.guest_secret_pk, m.marks,
         m.extra"
    };
}
pub(in crate::postgres) use message_columns;

/// The number of columns of a message.
pub(in crate::postgres) const MESSAGE_COLUMNS: usize = 18;

/// The columns of a meetup, for [`meetup_at`].
macro_rules! meetup_columns {
    () => {
        "t.pk, t.id, t.conversation_pk, t.host_pk, t.activity, t.location, t.starts_at, t.expires_at, t.capacity,
         t.status, t.deleted_at"
    };
}
pub(in crate::postgres) use meetup_columns;

/// The columns of a notification, for [`notification_at`].
macro_rules! notification_columns {
    () => {
        "n.pk, n.id, n.title, n.message, n.at, n.read_at"
    };
}
pub(in crate::postgres) use notification_columns;

/// Parses a text column that the schema checks; any other text is an error of the database.
pub(in crate::postgres) fn parsed<T>(row: &Row, at: usize, parse: fn(&str) -> Option<T>) -> Fetched<T> {
    let text = row.try_get::<_, &str>(at)?;
    parse(text).ok_or_else(|| PostgresError::Value(text.to_owned()))
}

fn text(row: &Row, at: usize) -> Fetched<String> {
    Ok(row.try_get::<_, &str>(at)?.to_owned())
}

pub(super) fn moment(row: &Row, at: usize) -> Fetched<Option<Timestamp>> {
    Ok(row.try_get::<_, Option<i64>>(at)?.map(Timestamp))
}

/// Reads a number that is never negative.
fn number(row: &Row, at: usize) -> Fetched<u64> {
    let found: i64 = row.try_get(at)?;
    u64::try_from(found).map_err(|_| PostgresError::Value(found.to_string()))
}

/// Reads a number of 32 bits that may be missing.
pub(super) fn small(row: &Row, at: usize) -> Fetched<Option<u32>> {
    let found: Option<i64> = row.try_get(at)?;
    found.map(|found| u32::try_from(found).map_err(|_| PostgresError::Value(found.to_string()))).transpose()
}

/// Reads the index of the element of an array that a row belongs to, from a column of `WITH ORDINALITY`.
pub(in crate::postgres) fn nth(row: &Row, at: usize) -> Fetched<usize> {
    let found: i64 = row.try_get(at)?;
    usize::try_from(found - 1).map_err(|_| PostgresError::Value(found.to_string()))
}

fn user_kind(text: &str) -> Option<UserKind> {
    match text {
        "registered" => Some(UserKind::Registered),
        "guest" => Some(UserKind::Guest),
        _ => None,
    }
}

/// Reads a user as others see it, whose columns start at `at`.
pub(in crate::postgres) fn shown_user_at(row: &Row, at: usize) -> Fetched<User> {
    let service: bool = row.try_get(at + 3)?;
    Ok(User {
        id: UserId::trusted(row.try_get::<_, &str>(at + 1)?),
        kind: if service { UserKind::Service } else { parsed(row, at + 2, user_kind)? },
        username: text(row, at + 4)?,
        name: text(row, at + 5)?,
        last_name: row.try_get(at + 6)?,
        avatar: row.try_get(at + 7)?,
        last_seen: moment(row, at + 8)?,
        created_at: Timestamp(row.try_get(at + 9)?),
    })
}

/// Reads the progress of a user's erasure.
fn erasure_at(row: &Row) -> Fetched<Option<ErasureProgress>> {
    let sequence: Option<i64> = row.try_get(22)?;
    let conversation = ConversationKey(row.try_get(23)?);
    Ok(sequence.map(|sequence| ErasureProgress { conversation, sequence: sequence.cast_unsigned() }))
}

/// Reads a user whose columns come first.
pub(in crate::postgres) fn user_at(row: &Row) -> Fetched<UserRow> {
    let (key, look) = (row.try_get(11)?, row.try_get(12)?);
    Ok(UserRow {
        key: UserKey(row.try_get(0)?),
        user: Arc::new(shown_user_at(row, 0)?),
        names: row.try_get::<_, Option<String>>(10)?.map(|username_key| UserNames { username_key, key, look }),
        email: row.try_get(13)?,
        email_key: row.try_get(14)?,
        password_hash: row.try_get(15)?,
        home_dialect: row.try_get(16)?,
        country: row.try_get(17)?,
        token_generation: number(row, 18)?,
        tokens_from_s: row.try_get(19)?,
        disabled: row.try_get(20)?,
        erased: row.try_get(21)?,
        erasing: erasure_at(row)?,
        picture: row.try_get::<_, Option<i64>>(24)?.map(FileKey),
        former_id: row.try_get::<_, Option<&str>>(25)?.map(UserId::trusted),
        metadata: row.try_get::<_, Option<&str>>(26)?.map(Metadata::trusted),
        is_blocked: row.try_get(27)?,
        blocks_position: row.try_get::<_, Option<i64>>(28)?.map(i64::cast_unsigned),
        // What a later version has stored gives no rights here.
        server_role: row.try_get::<_, Option<&str>>(29)?.and_then(ServerRole::parse).unwrap_or_default(),
    })
}

/// Reads a conversation, whose columns start at `at`.
pub(in crate::postgres) fn conversation_at(row: &Row, at: usize) -> Fetched<ConversationRow> {
    let user = |at: usize| Ok::<_, PostgresError>(row.try_get::<_, Option<&str>>(at)?.map(UserId::trusted));
    let key = |at: usize| Ok::<_, PostgresError>(row.try_get::<_, Option<i64>>(at)?.map(UserKey));
    let reference = ConversationRef {
        id: ConversationId::trusted(row.try_get::<_, &str>(at + 1)?),
        kind: parsed(row, at + 2, ConversationKind::parse)?,
        name: row.try_get::<_, Option<&str>>(at + 3)?.map(Box::from),
        pair: user(at + 10)?.zip(user(at + 11)?).map(|(first, second)| Box::new([first, second])),
    };
    let (moderation, restricted) = ConversationRow::stored_moderation(row.try_get(at + 22)?, row.try_get(at + 23)?);
    Ok(ConversationRow {
        key: ConversationKey(row.try_get(at)?),
        reference: Arc::new(reference),
        description: row.try_get::<_, Option<&str>>(at + 4)?.map(Arc::from),
        picture: row.try_get::<_, Option<&str>>(at + 26)?.map(Arc::from),
        picture_file: row.try_get::<_, Option<i64>>(at + 25)?.map(FileKey),
        metadata: row.try_get::<_, Option<&str>>(at + 20)?.map(Metadata::trusted),
        open: row.try_get(at + 5)?,
        moderation,
        restricted,
        retention: ConversationRow::stored_retention(row.try_get(at + 24)?, row.try_get(at + 23)?),
        owner: key(at + 6)?,
        owner_secret: row.try_get::<_, Option<i64>>(at + 7)?.map(SecretKey),
        pair: key(at + 8)?.zip(key(at + 9)?),
        blocked: row.try_get(at + 21)?,
        made_by_guest: row.try_get(at + 12)?,
        empty_since: moment(row, at + 13)?,
        created_at: Timestamp(row.try_get(at + 14)?),
        deleted_at: moment(row, at + 15)?,
        head: ConversationHead {
            sequence: number(row, at + 16)?,
            member_count: small(row, at + 17)?.unwrap_or_default(),
            last_message: row.try_get::<_, Option<i64>>(at + 18)?.map(MessageKey),
            updated_at: Timestamp(row.try_get(at + 19)?),
        },
    })
}

/// Reads a message, whose columns start at `at`.
pub(in crate::postgres) fn message_at(row: &Row, at: usize) -> Fetched<MessageRow> {
    let url: Option<String> = row.try_get(at + 7)?;
    let name: Option<String> = row.try_get(at + 8)?;
    Ok(MessageRow {
        key: MessageKey(row.try_get(at)?),
        id: message_id_at(row, at + 1)?,
        conversation: ConversationKey(row.try_get(at + 2)?),
        sequence: number(row, at + 3)?,
        sender: UserKey(row.try_get(at + 4)?),
        kind: parsed(row, at + 5, MessageKind::parse)?,
        content: text(row, at + 6)?,
        file: url.map(|url| FileLink { url, name }),
        client_message_id: row.try_get::<_, Option<&str>>(at + 9)?.map(ClientMessageId::trusted),
        created_at: Timestamp(row.try_get(at + 10)?),
        edited_at: moment(row, at + 11)?,
        deleted_at: moment(row, at + 12)?,
        origin: origin_at(row, at + 13)?,
        acked: row.try_get(at + 14)?,
        guest_secret: row.try_get::<_, Option<i64>>(at + 15)?.map(SecretKey),
        marks: Marks::of(row.try_get(at + 16)?),
        extra: extra_at(row, at + 17)?,
    })
}

/// Reads what a message was sent with beside its text.
fn extra_at(row: &Row, at: usize) -> Fetched<Option<Box<MessageExtra>>> {
    let Some(text) = row.try_get::<_, Option<&str>>(at)? else { return Ok(None) };
    let extra = MessageExtra::decode(text);
    extra.map(Some).map_err(|error| PostgresError::Value(error.to_string()))
}

/// Reads the session of the connection that caused a change.
pub(super) fn origin_at(row: &Row, at: usize) -> Fetched<Option<ConnectionId>> {
    Ok(row.try_get::<_, Option<i64>>(at)?.map(|origin| ConnectionId(origin.cast_unsigned())))
}

/// The session of a connection as a column stores it: the same 64 bits, signed.
pub(in crate::postgres) fn origin_value(origin: Option<ConnectionId>) -> Option<i64> {
    origin.map(|origin| origin.0.cast_signed())
}

/// Reads a meetup whose columns come first.
pub(in crate::postgres) fn meetup_at(row: &Row) -> Fetched<MeetupRow> {
    Ok(MeetupRow {
        key: MeetupKey(row.try_get(0)?),
        id: MeetupId::trusted(row.try_get::<_, &str>(1)?),
        conversation: ConversationKey(row.try_get(2)?),
        host: UserKey(row.try_get(3)?),
        activity: text(row, 4)?,
        location: text(row, 5)?,
        starts_at: Timestamp(row.try_get(6)?),
        expires_at: Timestamp(row.try_get(7)?),
        capacity: small(row, 8)?,
        status: parsed(row, 9, MeetupStatus::parse)?,
        deleted_at: moment(row, 10)?,
    })
}

/// Reads a notification whose columns come first, with its number.
pub(in crate::postgres) fn notification_at(row: &Row) -> Fetched<(i64, Arc<Notification>)> {
    let notification = Notification {
        id: NotificationId::trusted(row.try_get::<_, &str>(1)?),
        title: text(row, 2)?,
        message: text(row, 3)?,
        timestamp: Timestamp(row.try_get(4)?),
        read_at: moment(row, 5)?,
    };
    Ok((row.try_get(0)?, Arc::new(notification)))
}

/// The last byte of an id that is stored as text of as many bytes as a UUID has. No text ends in it.
const TEXT: u8 = 0xFF;

/// The id of a message as its column stores it.
pub(in crate::postgres) fn id_bytes(id: &MessageId) -> Vec<u8> {
    match IdValue::from(id) {
        IdValue::Uuid(bytes) => bytes.to_vec(),
        IdValue::Text(text) => {
            let mut bytes = text.as_bytes().to_vec();
            if bytes.len() == 16 {
                bytes.push(TEXT);
            }
            bytes
        }
    }
}

/// Reads the id of a message.
pub(in crate::postgres) fn message_id_at(row: &Row, at: usize) -> Fetched<MessageId> {
    id_of(row.try_get(at)?)
}

fn id_of(bytes: &[u8]) -> Fetched<MessageId> {
    if let Ok(uuid) = bytes.try_into() {
        return Ok(MessageId::trusted(&uuid_text(uuid)));
    }
    let text = bytes.strip_suffix(&[TEXT]).unwrap_or(bytes);
    let text = std::str::from_utf8(text).map_err(|_| PostgresError::Value(format!("{bytes:?}")))?;
    Ok(MessageId::trusted(text))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_back() {
        for id in ["", "id-1", "0123456789abcdef", "0123456789abcdefg", "0191e8a4-7d3c-7000-8000-0000000000ff"] {
            let id = MessageId::trusted(id);
            assert_eq!(id_of(&id_bytes(&id)).unwrap(), id);
        }
    }
}
