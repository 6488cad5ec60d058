//! Rows that the open transaction has written and that the server has not been sent yet: messages, changes, heads,
//! cursors and authors, the tables that every message writes.
//!
//! What must stay true: the rows of a table are sent by one statement; of the rows that replace each other only the last
//! is sent; heads that messages give are not sent, because they are read from the messages.

use std::collections::{BTreeMap, HashMap, HashSet};

use quintet_domain::{Timestamp, UserId};
use quintet_rules::log::LOG_VERSION;
use quintet_rules::rows::{ConversationHead, LoggedChange, MemberRow, MessageExtra, MessageRow};
use quintet_rules::{ConversationKey, MessageKey, RowResult, RowsError, UserKey};
use tokio_postgres::types::ToSql;

use crate::postgres::link::{Step, Value};
use crate::postgres::rows::{id_bytes, origin_value};

/// A change as its columns store it.
struct StoredChange {
    position: i64,
    conversation: Option<i64>,
    sequence: Option<i64>,
    origin: Option<i64>,
    acked: bool,
    at: i64,
    data: String,
    /// The ids of the users who were told, as the literal of an array.
    told: Option<String>,
}

/// A message, with the text of what it was sent with beside its text.
struct StoredMessage {
    row: MessageRow,
    extra: Option<String>,
}

/// The head that a message gives its conversation, without the number of members, which no message changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MessageHead {
    conversation: ConversationKey,
    sequence: u64,
    last_message: Option<MessageKey>,
    updated_at: Timestamp,
}

impl MessageHead {
    /// The head that a message gives.
    pub(super) fn of(row: &MessageRow) -> Self {
        Self {
            conversation: row.conversation,
            sequence: row.sequence,
            last_message: Some(row.key),
            updated_at: row.created_at,
        }
    }

    /// Whether it gives this head.
    pub(super) fn gives(self, conversation: ConversationKey, head: &ConversationHead) -> bool {
        let ConversationHead { sequence, last_message, updated_at, member_count: _ } = *head;
        self == Self { conversation, sequence, last_message, updated_at }
    }
}

/// A head as it was written.
struct StoredHead {
    conversation: ConversationKey,
    head: ConversationHead,
    /// Whether it is that of a message of the same transaction.
    of_message: bool,
}

/// The rows that were not sent yet, each table's in the order in which they were written.
#[derive(Default)]
pub(super) struct Buffer {
    messages: Vec<StoredMessage>,
    changes: Vec<StoredChange>,
    heads: Vec<StoredHead>,
    cursors: Vec<(ConversationKey, UserKey, MemberRow)>,
    authors: Vec<(UserKey, ConversationKey)>,
}

/// The number of rows of each table at some time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lengths {
    messages: usize,
    changes: usize,
    heads: usize,
    cursors: usize,
    authors: usize,
}

impl Buffer {
    pub(super) fn insert_message(&mut self, row: &MessageRow) -> RowResult<()> {
        let extra = row.extra.as_deref().map(MessageExtra::encode).transpose()?;
        self.messages.push(StoredMessage { row: row.clone(), extra });
        Ok(())
    }

    pub(super) fn append_change(&mut self, change: &LoggedChange) -> RowResult<()> {
        self.changes.push(StoredChange {
            position: change.position.cast_signed(),
            conversation: change.conversation.map(|key| key.0),
            sequence: change.sequence.map(u64::cast_signed),
            origin: origin_value(change.origin),
            acked: change.acked,
            at: change.at.0,
            data: change.change.encode().map_err(RowsError::new)?,
            told: change.told.as_deref().map(array_literal),
        });
        Ok(())
    }

    pub(super) fn update_head(&mut self, conversation: ConversationKey, head: ConversationHead, of_message: bool) {
        self.heads.push(StoredHead { conversation, head, of_message });
    }

    pub(super) fn move_cursor(&mut self, conversation: ConversationKey, user: UserKey, row: &MemberRow) {
        self.cursors.push((conversation, user, *row));
    }

    pub(super) fn insert_author(&mut self, user: UserKey, conversation: ConversationKey) {
        self.authors.push((user, conversation));
    }

    /// Whether there are no rows.
    pub(super) fn is_empty(&self) -> bool {
        let Self { messages, changes, heads, cursors, authors } = self;
        messages.is_empty() && changes.is_empty() && heads.is_empty() && cursors.is_empty() && authors.is_empty()
    }

    pub(super) fn lengths(&self) -> Lengths {
        Lengths {
            messages: self.messages.len(),
            changes: self.changes.len(),
            heads: self.heads.len(),
            cursors: self.cursors.len(),
            authors: self.authors.len(),
        }
    }

    /// Drops the rows that were written since the buffer had these lengths.
    pub(super) fn truncate(&mut self, lengths: Lengths) {
        self.messages.truncate(lengths.messages);
        self.changes.truncate(lengths.changes);
        self.heads.truncate(lengths.heads);
        self.cursors.truncate(lengths.cursors);
        self.authors.truncate(lengths.authors);
    }

    /// Takes the rows that were written since the buffer had these lengths; the earlier ones remain.
    pub(super) fn split_off(&mut self, lengths: Lengths) -> Self {
        let at = |of: usize, length: usize| length.min(of);
        Self {
            messages: self.messages.split_off(at(self.messages.len(), lengths.messages)),
            changes: self.changes.split_off(at(self.changes.len(), lengths.changes)),
            heads: self.heads.split_off(at(self.heads.len(), lengths.heads)),
            cursors: self.cursors.split_off(at(self.cursors.len(), lengths.cursors)),
            authors: self.authors.split_off(at(self.authors.len(), lengths.authors)),
        }
    }

    /// The statements that write all rows, and the row of their group, whose columns are `group`.
    pub(super) fn into_last_steps(self, group: Vec<Value>) -> Vec<Step> {
        let has_changes = !(self.changes.is_empty() && self.cursors.is_empty() && self.authors.is_empty());
        let is_plain = !has_changes && self.heads.iter().all(|stored| stored.of_message);
        if is_plain && !self.messages.is_empty() {
            // Messages and nothing else, as most groups are: each statement costs both sides about as much as some messages.
            let mut values = message_values(self.messages);
            values.extend(group);
            return vec![Step::Rows(INSERT_PLAIN, values)];
        }
        let mut steps = self.into_steps();
        steps.push(Step::Rows(INSERT_GROUP, group));
        steps
    }

    /// The statements that write all rows.
    pub(super) fn into_steps(self) -> Vec<Step> {
        let Self { messages, changes, heads, cursors, authors } = self;
        let heads = heads_to_write(heads);
        let steps = [
            (!messages.is_empty()).then(|| Step::Rows(INSERT_MESSAGES, message_values(messages))),
            (!authors.is_empty()).then(|| insert_authors(&authors)),
            (!heads.is_empty()).then(|| Step::Rows(UPDATE_HEADS, head_values(heads))),
            (!cursors.is_empty()).then(|| move_cursors(cursors)),
            (!changes.is_empty()).then(|| insert_changes(changes)),
        ];
        steps.into_iter().flatten().collect()
    }
}

/// Ids as the literal of an array, because arrays of different lengths cannot be the elements of one.
fn array_literal(ids: &[UserId]) -> String {
    let quoted = ids.iter().map(|id| format!("\"{}\"", id.as_str().replace('\\', "\\\\").replace('"', "\\\"")));
    format!("{{{}}}", quoted.collect::<Vec<_>>().join(","))
}

/// Inserts messages; each parameter is a column.
macro_rules! insert_messages {
    () => {
        "INSERT INTO message (position, id, conversation_pk, sequence, sender_pk, kind, content, file_url, file_name,
             client_message_id, created_at, edited_at, deleted_at, origin, acked, guest_secret_pk, marks, extra)
         SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[],
             $7::text[], $8::text[], $9::text[], $10::text[], $11::bigint[], $12::bigint[], $13::bigint[],
             $14::bigint[], $15::boolean[], $16::bigint[], $17::bigint[], $18::text[])"
    };
}

/// Inserts the row of a group from values that are given as literals of parameters.
macro_rules! insert_group {
    ($values:literal) => {
        concat!(
            "INSERT INTO commit_group (part, number, position, mark, at, users, conversations, member_conversations,
                 member_users)
             VALUES (1, ",
            $values,
            ")"
        )
    };
}

const INSERT_MESSAGES: &str = insert_messages!();
const UPDATE_HEADS: &str = "UPDATE conversation c SET sequence = j.sequence, member_count = j.member_count,
         last_message = j.last_message, updated_at = j.updated_at
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
         AS j (pk, sequence, member_count, last_message, updated_at)
     WHERE c.pk = j.pk";
const INSERT_GROUP: &str = insert_group!("$1, $2, $3, $4, $5, $6, $7, $8");
/// Messages and their group.
const INSERT_PLAIN: &str =
    concat!("WITH messages AS (", insert_messages!(), ") ", insert_group!("$19, $20, $21, $22, $23, $24, $25, $26"));

/// A column of some rows, as one parameter.
fn column<R, T: ToSql + Sync + Send + 'static>(rows: &[R], of: impl Fn(&R) -> T) -> Value
where
    Vec<T>: ToSql,
{
    Box::new(rows.iter().map(of).collect::<Vec<T>>())
}

/// A column whose values move out of some rows.
fn taken<R, T: ToSql + Sync + Send + 'static>(rows: &mut [R], of: impl Fn(&mut R) -> T) -> Value
where
    Vec<T>: ToSql,
{
    Box::new(rows.iter_mut().map(of).collect::<Vec<T>>())
}

/// The values of [`INSERT_MESSAGES`].
fn message_values(mut rows: Vec<StoredMessage>) -> Vec<Value> {
    vec![
        column(&rows, |stored| stored.row.key.0),
        column(&rows, |stored| id_bytes(&stored.row.id)),
        column(&rows, |stored| stored.row.conversation.0),
        column(&rows, |stored| stored.row.sequence.cast_signed()),
        column(&rows, |stored| stored.row.sender.0),
        column(&rows, |stored| stored.row.kind.as_str()),
        taken(&mut rows, |stored| std::mem::take(&mut stored.row.content)),
        column(&rows, |stored| stored.row.file.as_ref().map(|file| file.url.clone())),
        column(&rows, |stored| stored.row.file.as_ref().and_then(|file| file.name.clone())),
        column(&rows, |stored| stored.row.client_message_id.as_ref().map(|id| id.as_str().to_owned())),
        column(&rows, |stored| stored.row.created_at.0),
        column(&rows, |stored| stored.row.edited_at.map(|at| at.0)),
        column(&rows, |stored| stored.row.deleted_at.map(|at| at.0)),
        column(&rows, |stored| origin_value(stored.row.origin)),
        column(&rows, |stored| stored.row.acked),
        column(&rows, |stored| stored.row.guest_secret.map(|secret| secret.0)),
        column(&rows, |stored| stored.row.marks.stored()),
        taken(&mut rows, |stored| stored.extra.take()),
    ]
}

fn insert_changes(mut rows: Vec<StoredChange>) -> Step {
    let values = vec![
        column(&rows, |row| row.position),
        column(&rows, |row| row.conversation),
        column(&rows, |row| row.sequence),
        column(&rows, |row| row.origin),
        column(&rows, |row| row.acked),
        column(&rows, |row| row.at),
        taken(&mut rows, |row| std::mem::take(&mut row.data)),
        taken(&mut rows, |row| row.told.take()),
        Box::new(LOG_VERSION) as Value,
    ];
    Step::Rows(
        "INSERT INTO change (position, conversation_pk, sequence, origin, acked, at, data, told, version)
         SELECT j.position, j.conversation, j.sequence, j.origin, j.acked, j.at, j.data, j.told::text[], $9::bigint
         FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::boolean[], $6::bigint[], $7::text[],
             $8::text[]) AS j (position, conversation, sequence, origin, acked, at, data, told)",
        values,
    )
}

/// The heads that rows of conversations are given: the last one of each conversation that has a head which no message
/// gives, in the order of their keys, so that no two groups of different parts of the order wait for each other. Where a
/// message follows such a head, its own head is written, which has the number of members.
fn heads_to_write(heads: Vec<StoredHead>) -> Vec<(ConversationKey, ConversationHead)> {
    let others: HashSet<ConversationKey> =
        heads.iter().filter(|stored| !stored.of_message).map(|stored| stored.conversation).collect();
    let last: BTreeMap<ConversationKey, ConversationHead> = { heads }
        .into_iter()
        .filter(|stored| others.contains(&stored.conversation))
        .map(|stored| (stored.conversation, stored.head))
        .collect();
    last.into_iter().collect()
}

/// The values of [`UPDATE_HEADS`].
fn head_values(rows: Vec<(ConversationKey, ConversationHead)>) -> Vec<Value> {
    vec![
        column(&rows, |(key, _)| key.0),
        column(&rows, |(_, head)| head.sequence.cast_signed()),
        column(&rows, |(_, head)| i64::from(head.member_count)),
        column(&rows, |(_, head)| head.last_message.map(|MessageKey(key)| key)),
        column(&rows, |(_, head)| head.updated_at.0),
    ]
}

fn move_cursors(rows: Vec<(ConversationKey, UserKey, MemberRow)>) -> Step {
    let last: HashMap<_, _> = rows.into_iter().map(|(conversation, user, row)| ((conversation, user), row)).collect();
    let mut rows: Vec<_> = last.into_iter().collect();
    rows.sort_unstable_by_key(|(key, _)| *key);
    let values = vec![
        column(&rows, |((conversation, _), _)| conversation.0),
        column(&rows, |((_, user), _)| user.0),
        column(&rows, |(_, row)| row.read_sequence.cast_signed()),
        column(&rows, |(_, row)| row.read_at.map(|at| at.0)),
    ];
    Step::Rows(
        "UPDATE member m SET read_sequence = j.read_sequence, read_at = j.read_at
         FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
             AS j (conversation_pk, user_pk, read_sequence, read_at)
         WHERE m.conversation_pk = j.conversation_pk AND m.user_pk = j.user_pk",
        values,
    )
}

fn insert_authors(rows: &[(UserKey, ConversationKey)]) -> Step {
    let values = vec![column(rows, |(user, _)| user.0), column(rows, |(_, conversation)| conversation.0)];
    Step::Rows("INSERT INTO author (user_pk, conversation_pk) SELECT * FROM unnest($1::bigint[], $2::bigint[])", values)
}
