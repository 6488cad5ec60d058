//! Conversion of columns to rows and domain values, and back.
//!
//! What must stay true: each list of columns stands beside the function that reads it. A message's id is stored as 16
//! bytes if it is a UUID in the server's own form, and as text if another server made it; both are read back as the
//! same id.

use std::sync::Arc;

use quintet_domain::{
    ClientMessageId, ConnectionId, ConversationId, ConversationKind, ConversationRef, FileLink, MeetupId, MeetupStatus,
    MessageId, MessageKind, Metadata, Notification, NotificationId, ServerRole, Timestamp, User, UserId, UserKind,
};
use quintet_rules::rows::{
    ConversationHead, ConversationRow, ErasureProgress, Marks, MeetupRow, MessageExtra, MessageRow, UserNames, UserRow,
};
use quintet_rules::{ConversationKey, FileKey, MeetupKey, MessageKey, SecretKey, UserKey};
use rusqlite::types::{FromSqlError, ToSqlOutput, Type, ValueRef};
use rusqlite::{Error, Result, Row, ToSql};

pub(in crate::sqlite) use crate::message_ids::IdValue;
use crate::message_ids::uuid_text;

/// The columns of a user as others see it, for [`shown_user_at`].
macro_rules! shown_user_columns {
    () => {
        "u.pk, u.id, u.kind, u.service, u.username, u.name, u.last_name, u.avatar, u.last_seen, u.created_at"
    };
}
pub(in crate::sqlite) use shown_user_columns;

/// The number of columns of a user as others see it.
pub(in crate::sqlite) const SHOWN_USER_COLUMNS: usize = 10;

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
pub(in crate::sqlite) use user_columns;

/// The columns of a conversation, for [`conversation_at`]; with `plain`, without the texts that may be long. Its pair is read
/// both as keys and as ids.
macro_rules! conversation_columns {
    () => {
        conversation_columns!("c.description", "c.picture", "c.metadata")
    };
    (plain) => {
        conversation_columns!("NULL", "NULL", "NULL")
    };
    ($description:literal, $picture:literal, $metadata:literal) => {
        concat!(
            "c.pk, c.id, c.kind, c.name, ",
            $description,
            ", c.open, c.owner_pk, c.owner_secret_pk, c.first_pk, c.second_pk,
             (SELECT id FROM user WHERE pk = c.first_pk), (SELECT id FROM user WHERE pk = c.second_pk), c.made_by_guest,
             c.empty_since, c.created_at, c.deleted_at, c.sequence, c.member_count, c.last_message, c.updated_at, ",
            $metadata,
            ", c.blocked, c.slow_mode_s, c.moderation, c.retention_days, c.picture_pk, ",
            $picture
        )
    };
}
pub(in crate::sqlite) use conversation_columns;

/// The number of columns of a conversation.
pub(in crate::sqlite) const CONVERSATION_COLUMNS: usize = 27;

/// The columns of a message, for [`message_at`].
macro_rules! message_columns {
    () => {
        "m.position, m.id, m.conversation_pk, m.sequence, m.sender_pk, m.kind, m.content, m.file_url, m.file_name,
         m.client_message_id, m.created_at, m.edited_at, m.deleted_at, m.origin, m.acked, m.guest_secret_pk, m.marks,
         m.extra"
    };
}
pub(in crate::sqlite) use message_columns;

/// The number of columns of a message.
pub(in crate::sqlite) const MESSAGE_COLUMNS: usize = 18;

/// The columns of a meetup, for [`meetup_at`].
macro_rules! meetup_columns {
    () => {
        "t.pk, t.id, t.conversation_pk, t.host_pk, t.activity, t.location, t.starts_at, t.expires_at, t.capacity,
         t.status, t.deleted_at"
    };
}
pub(in crate::sqlite) use meetup_columns;

/// The columns of a notification, for [`notification_at`].
macro_rules! notification_columns {
    () => {
        "n.pk, n.id, n.title, n.message, n.at, n.read_at"
    };
}
pub(in crate::sqlite) use notification_columns;

/// Parses a text column that the schema checks; any other text is an error of the database.
pub(in crate::sqlite) fn parsed<T>(row: &Row<'_>, at: usize, parse: fn(&str) -> Option<T>) -> Result<T> {
    let text = row.get_ref(at)?.as_str()?;
    parse(text).ok_or_else(|| Error::FromSqlConversionFailure(at, Type::Text, format!("unknown {text:?}").into()))
}

fn text(row: &Row<'_>, at: usize) -> Result<String> {
    Ok(row.get_ref(at)?.as_str()?.to_owned())
}

pub(super) fn moment(row: &Row<'_>, at: usize) -> Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(at)?.map(Timestamp))
}

/// Reads a number that is never negative.
fn number(row: &Row<'_>, at: usize) -> Result<u64> {
    let found: i64 = row.get(at)?;
    u64::try_from(found).map_err(|_| Error::IntegralValueOutOfRange(at, found))
}

fn user_kind(text: &str) -> Option<UserKind> {
    match text {
        "registered" => Some(UserKind::Registered),
        "guest" => Some(UserKind::Guest),
        _ => None,
    }
}

/// Reads a user as others see it, whose columns start at `at`.
pub(in crate::sqlite) fn shown_user_at(row: &Row<'_>, at: usize) -> Result<User> {
    let service: bool = row.get(at + 3)?;
    Ok(User {
        id: UserId::trusted(row.get_ref(at + 1)?.as_str()?),
        kind: if service { UserKind::Service } else { parsed(row, at + 2, user_kind)? },
        username: text(row, at + 4)?,
        name: text(row, at + 5)?,
        last_name: row.get(at + 6)?,
        avatar: row.get(at + 7)?,
        last_seen: moment(row, at + 8)?,
        created_at: Timestamp(row.get(at + 9)?),
    })
}

/// Reads the progress of a user's erasure.
fn erasure_at(row: &Row<'_>) -> Result<Option<ErasureProgress>> {
    let sequence: Option<i64> = row.get(22)?;
    let conversation = ConversationKey(row.get(23)?);
    Ok(sequence.map(|sequence| ErasureProgress { conversation, sequence: sequence.cast_unsigned() }))
}

/// Reads a user whose columns come first.
pub(in crate::sqlite) fn user_at(row: &Row<'_>) -> Result<UserRow> {
    let (key, look) = (row.get(11)?, row.get(12)?);
    Ok(UserRow {
        key: UserKey(row.get(0)?),
        user: Arc::new(shown_user_at(row, 0)?),
        names: row.get::<_, Option<String>>(10)?.map(|username_key| UserNames { username_key, key, look }),
        email: row.get(13)?,
        email_key: row.get(14)?,
        password_hash: row.get(15)?,
        home_dialect: row.get(16)?,
        country: row.get(17)?,
        token_generation: number(row, 18)?,
        tokens_from_s: row.get(19)?,
        disabled: row.get(20)?,
        erased: row.get(21)?,
        erasing: erasure_at(row)?,
        picture: row.get::<_, Option<i64>>(24)?.map(FileKey),
        former_id: row.get_ref(25)?.as_str_or_null()?.map(UserId::trusted),
        metadata: row.get_ref(26)?.as_str_or_null()?.map(Metadata::trusted),
        is_blocked: row.get(27)?,
        blocks_position: row.get::<_, Option<i64>>(28)?.map(i64::cast_unsigned),
        // What a later version has stored gives no rights here.
        server_role: row.get_ref(29)?.as_str_or_null()?.and_then(ServerRole::parse).unwrap_or_default(),
    })
}

/// Reads a conversation, whose columns start at `at`.
pub(in crate::sqlite) fn conversation_at(row: &Row<'_>, at: usize) -> Result<ConversationRow> {
    let user = |at: usize| Ok::<_, Error>(row.get_ref(at)?.as_str_or_null()?.map(UserId::trusted));
    let key = |at: usize| Ok::<_, Error>(row.get::<_, Option<i64>>(at)?.map(UserKey));
    let reference = ConversationRef {
        id: ConversationId::trusted(row.get_ref(at + 1)?.as_str()?),
        kind: parsed(row, at + 2, ConversationKind::parse)?,
        name: row.get_ref(at + 3)?.as_str_or_null()?.map(Box::from),
        pair: user(at + 10)?.zip(user(at + 11)?).map(|(first, second)| Box::new([first, second])),
    };
    let (moderation, restricted) = ConversationRow::stored_moderation(row.get(at + 22)?, row.get(at + 23)?);
    Ok(ConversationRow {
        key: ConversationKey(row.get(at)?),
        reference: Arc::new(reference),
        description: row.get_ref(at + 4)?.as_str_or_null()?.map(Arc::from),
        picture: row.get_ref(at + 26)?.as_str_or_null()?.map(Arc::from),
        picture_file: row.get::<_, Option<i64>>(at + 25)?.map(FileKey),
        metadata: row.get_ref(at + 20)?.as_str_or_null()?.map(Metadata::trusted),
        open: row.get(at + 5)?,
        moderation,
        restricted,
        retention: ConversationRow::stored_retention(row.get(at + 24)?, row.get(at + 23)?),
        owner: key(at + 6)?,
        owner_secret: row.get::<_, Option<i64>>(at + 7)?.map(SecretKey),
        pair: key(at + 8)?.zip(key(at + 9)?),
        blocked: row.get(at + 21)?,
        made_by_guest: row.get(at + 12)?,
        empty_since: moment(row, at + 13)?,
        created_at: Timestamp(row.get(at + 14)?),
        deleted_at: moment(row, at + 15)?,
        head: ConversationHead {
            sequence: number(row, at + 16)?,
            member_count: row.get(at + 17)?,
            last_message: row.get::<_, Option<i64>>(at + 18)?.map(MessageKey),
            updated_at: Timestamp(row.get(at + 19)?),
        },
    })
}

/// Reads a message, whose columns start at `at`.
pub(in crate::sqlite) fn message_at(row: &Row<'_>, at: usize) -> Result<MessageRow> {
    let url: Option<String> = row.get(at + 7)?;
    let name: Option<String> = row.get(at + 8)?;
    Ok(MessageRow {
        key: MessageKey(row.get(at)?),
        id: message_id_at(row, at + 1)?,
        conversation: ConversationKey(row.get(at + 2)?),
        sequence: number(row, at + 3)?,
        sender: UserKey(row.get(at + 4)?),
        kind: parsed(row, at + 5, MessageKind::parse)?,
        content: text(row, at + 6)?,
        file: url.map(|url| FileLink { url, name }),
        client_message_id: row.get_ref(at + 9)?.as_str_or_null()?.map(ClientMessageId::trusted),
        created_at: Timestamp(row.get(at + 10)?),
        edited_at: moment(row, at + 11)?,
        deleted_at: moment(row, at + 12)?,
        origin: origin_at(row, at + 13)?,
        acked: row.get(at + 14)?,
        guest_secret: row.get::<_, Option<i64>>(at + 15)?.map(SecretKey),
        marks: Marks::of(row.get(at + 16)?),
        extra: extra_at(row, at + 17)?,
    })
}

/// Reads what a message was sent with beside its text.
fn extra_at(row: &Row<'_>, at: usize) -> Result<Option<Box<MessageExtra>>> {
    let Some(text) = row.get_ref(at)?.as_str_or_null()? else { return Ok(None) };
    let extra = MessageExtra::decode(text);
    extra.map(Some).map_err(|error| Error::FromSqlConversionFailure(at, Type::Text, error.to_string().into()))
}

/// Reads the session of the connection that caused a change.
pub(super) fn origin_at(row: &Row<'_>, at: usize) -> Result<Option<ConnectionId>> {
    Ok(row.get::<_, Option<i64>>(at)?.map(|origin| ConnectionId(origin.cast_unsigned())))
}

/// The session of a connection as a column stores it: the same 64 bits, signed.
pub(super) fn origin_value(origin: Option<ConnectionId>) -> Option<i64> {
    origin.map(|origin| origin.0.cast_signed())
}

/// Reads a meetup whose columns come first.
pub(in crate::sqlite) fn meetup_at(row: &Row<'_>) -> Result<MeetupRow> {
    Ok(MeetupRow {
        key: MeetupKey(row.get(0)?),
        id: MeetupId::trusted(row.get_ref(1)?.as_str()?),
        conversation: ConversationKey(row.get(2)?),
        host: UserKey(row.get(3)?),
        activity: text(row, 4)?,
        location: text(row, 5)?,
        starts_at: Timestamp(row.get(6)?),
        expires_at: Timestamp(row.get(7)?),
        capacity: row.get(8)?,
        status: parsed(row, 9, MeetupStatus::parse)?,
        deleted_at: moment(row, 10)?,
    })
}

/// Reads a notification whose columns come first, with its number.
pub(in crate::sqlite) fn notification_at(row: &Row<'_>) -> Result<(i64, Arc<Notification>)> {
    let notification = Notification {
        id: NotificationId::trusted(row.get_ref(1)?.as_str()?),
        title: text(row, 2)?,
        message: text(row, 3)?,
        timestamp: Timestamp(row.get(4)?),
        read_at: moment(row, 5)?,
    };
    Ok((row.get(0)?, Arc::new(notification)))
}

impl ToSql for IdValue<'_> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Uuid(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}

/// Reads the id of a message.
pub(in crate::sqlite) fn message_id_at(row: &Row<'_>, at: usize) -> Result<MessageId> {
    match row.get_ref(at)? {
        ValueRef::Blob(bytes) => {
            let bytes = bytes.try_into().map_err(|_| {
                let error = FromSqlError::InvalidBlobSize { expected_size: 16, blob_size: bytes.len() };
                Error::FromSqlConversionFailure(at, Type::Blob, Box::new(error))
            })?;
            Ok(MessageId::trusted(&uuid_text(bytes)))
        }
        other => Ok(MessageId::trusted(other.as_str()?)),
    }
}
