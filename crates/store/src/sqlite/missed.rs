//! What a user missed: the log since a position, as far as it is the user's to hear, made into events again.
//!
//! What must stay true: exactly what would have been told is found, in commit order: what happened in a conversation
//! while the user was a member, and what is told to the user alone. Texts are those of now.

use std::collections::BTreeSet;
use std::sync::Arc;

use quintet_domain::limits::{READ_AUDIENCE_MEMBERS_MAX, RECOVERY_BYTES_MAX, RECOVERY_CHANGES_MAX};
use quintet_domain::{ConnectionId, Departure, Entry, Event, MeetupId, MeetupStatus, Message, User, UserId};
use rusqlite::{Connection, Row, params};

use super::rows::{self, ConversationRow, UserRow};
use super::{guests, meetups, notifications, queries};
use crate::{Missed, StoreError};

type Read<T> = Result<T, StoreError>;

const CHANGE: &str = "position, kind, sequence, actor_pk, message_pk, detail, origin, acked";

/// A row of the log.
struct Change {
    position: u64,
    kind: String,
    sequence: Option<u64>,
    actor: Option<i64>,
    message: Option<i64>,
    detail: String,
    origin: Option<ConnectionId>,
    acked: bool,
}

impl Change {
    fn at(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            position: row.get::<_, i64>(0)? as u64,
            kind: row.get(1)?,
            sequence: row.get::<_, Option<i64>>(2)?.map(|n| n as u64),
            actor: row.get(3)?,
            message: row.get(4)?,
            detail: row.get::<_, Option<String>>(5)?.unwrap_or_default(),
            origin: row.get::<_, Option<i64>>(6)?.map(|origin| ConnectionId(origin as u64)),
            acked: row.get(7)?,
        })
    }

    fn entry(&self, event: Event) -> Entry {
        Entry { position: self.position, sequence: self.sequence, origin: self.origin, acked: self.acked, event }
    }
}

pub(super) fn missed(conn: &Connection, user: &UserId, guest: bool, after: u64) -> Read<Missed> {
    let position = queries::position(conn)?;
    let user = rows::user(conn, user)?.filter(|user| user.user.is_guest() == guest && after <= position);
    let Some(user) = user else {
        // Nobody that is known, or a guest whose id an account has got, or a position of other data.
        return Ok(Missed { position, entries: None });
    };
    if after + 1 < oldest(conn)? {
        // Some of what was told since is not in the log any more.
        return Ok(Missed { position, entries: None });
    }
    let mut entries = Vec::new();
    for conversation in conversations(conn, &user, after)? {
        let changes = changes(conn, conversation, after, RECOVERY_CHANGES_MAX + 1 - entries.len())?;
        if entries.len() + changes.len() > RECOVERY_CHANGES_MAX {
            return Ok(Missed { position, entries: None });
        }
        let row = rows::conversation_by_pk(conn, conversation)?;
        heard(conn, &user, &row, changes, &mut entries)?;
    }
    addressed(conn, &user, after, &mut entries)?;
    told(conn, &user, after, &mut entries)?;
    if entries.len() > RECOVERY_CHANGES_MAX || entries.iter().map(bytes).sum::<usize>() > RECOVERY_BYTES_MAX {
        return Ok(Missed { position, entries: None });
    }
    entries.sort_by_key(|entry| entry.position);
    Ok(Missed { position, entries: Some(entries) })
}

/// The position of the oldest change that is kept; 0 where there is none.
fn oldest(conn: &Connection) -> Read<u64> {
    let mut oldest = conn.prepare_cached("SELECT coalesce(min(position), 0) FROM change")?;
    Ok(oldest.query_row([], |row| row.get::<_, i64>(0))? as u64)
}

/// Conversations that the user is a member of, or was one of at some time since.
fn conversations(conn: &Connection, user: &UserRow, after: u64) -> Read<Vec<i64>> {
    Ok(conn
        .prepare_cached(
            "SELECT conversation_pk FROM member WHERE user_pk = ?1
             UNION SELECT conversation_pk FROM departed WHERE user_pk = ?1 AND position > ?2",
        )?
        .query_map(params![user.pk, after as i64], |row| row.get(0))?
        .collect::<Result<_, _>>()?)
}

/// About what an entry weighs, in bytes.
fn bytes(entry: &Entry) -> usize {
    const ID_BYTES: usize = 64;
    match &entry.event {
        Event::MessageCreated(message) | Event::MessageEdited(message) => message.content.len() + 4 * ID_BYTES,
        Event::MessagesRead { messages, .. } => messages.len() * ID_BYTES,
        _ => 4 * ID_BYTES,
    }
}

fn changes(conn: &Connection, conversation: i64, after: u64, limit: usize) -> Read<Vec<Change>> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {CHANGE} FROM change WHERE conversation_pk = ?1 AND position > ?2 ORDER BY position LIMIT ?3"
        ))?
        .query_map(params![conversation, after as i64, limit as i64], Change::at)?
        .collect::<Result<_, _>>()?)
}

/// Adds what the user heard, or would have heard, of a conversation's changes.
fn heard(
    conn: &Connection,
    user: &UserRow,
    conversation: &ConversationRow,
    changes: Vec<Change>,
    entries: &mut Vec<Entry>,
) -> Read<()> {
    let own = |change: &Change, kind: &str| change.kind == kind && change.actor == Some(user.pk);
    // Whoever came first by joining was not there before.
    let first = changes.iter().find(|change| own(change, "member_joined") || own(change, "member_left"));
    let mut member = first.is_none_or(|first| first.kind == "member_left");
    // Those whose comings and goings are told here.
    let mut met = BTreeSet::new();
    for change in changes {
        member |= own(&change, "member_joined");
        if member && let Some(event) = event(conn, user, conversation, &change)? {
            let first_met = change.kind.starts_with("member_") && change.actor.is_some_and(|pk| met.insert(pk));
            entries.push(change.entry(if first_met { as_known_before(conn, &change, event)? } else { event }));
        }
        member &= !own(&change, "member_left") && change.kind != "conversation_deleted";
    }
    Ok(())
}

/// The departure of a guest who gave its id up since: the client knows the guest by the id that it had.
fn as_known_before(conn: &Connection, change: &Change, event: Event) -> Read<Event> {
    let Event::MemberLeft { place, user, departure, member_count } = event else { return Ok(event) };
    let former = match change.actor {
        Some(pk) if user.is_guest() => guests::former_id(conn, pk)?,
        _ => None,
    };
    let user = former.map_or_else(|| Arc::clone(&user), |id| Arc::new(User { id, ..User::clone(&user) }));
    Ok(Event::MemberLeft { place, user, departure, member_count })
}

/// Makes a change of a conversation into its event again; none where nothing was told, or not to this user.
fn event(conn: &Connection, user: &UserRow, conversation: &ConversationRow, change: &Change) -> Read<Option<Event>> {
    let place = || Arc::clone(&conversation.place);
    let (first, rest) = change.detail.split_once(' ').unwrap_or((&change.detail, ""));
    Ok(match change.kind.as_str() {
        "message_created" => {
            // Who read it is told by what follows.
            message(conn, conversation, change)?.map(|message| Event::MessageCreated(Arc::new(message)))
        }
        "message_edited" | "message_deleted" => match message(conn, conversation, change)? {
            None => None,
            Some(message) => {
                let mut message = [message];
                queries::add_readers(conn, conversation, &mut message)?;
                let [message] = message.map(Arc::new);
                let deleted = change.kind == "message_deleted";
                Some(if deleted { Event::MessageDeleted(message) } else { Event::MessageEdited(message) })
            }
        },
        "messages_read" => read(conn, user, conversation, change, first, rest)?,
        "member_joined" => actor(conn, change)?.map(|user| {
            let member_count = first.parse().unwrap_or(conversation.member_count);
            Event::MemberJoined { place: place(), user, member_count }
        }),
        "member_left" => actor(conn, change)?.map(|user| {
            let member_count = first.parse().unwrap_or(conversation.member_count);
            let departure = Departure::parse(rest).unwrap_or(Departure::Left);
            Event::MemberLeft { place: place(), user, departure, member_count }
        }),
        "conversation_deleted" => Some(Event::ConversationDeleted { place: place() }),
        "meetup_changed" => {
            let updated_by = actor(conn, change)?.map_or_else(|| meetups::SYSTEM.to_owned(), |by| by.name.clone());
            MeetupStatus::parse(rest).map(|status| Event::MeetupChanged {
                meetup: MeetupId::trusted(first),
                status,
                updated_by,
                audience: vec![user.user.id.clone()],
            })
        }
        // Told by what happens in it, or not at all.
        _ => None,
    })
}

fn actor(conn: &Connection, change: &Change) -> Read<Option<Arc<User>>> {
    let Some(pk) = change.actor else { return Ok(None) };
    match rows::user_by_pk(conn, pk) {
        Ok(row) => Ok(Some(row.user)),
        // A guest that is forgotten: nobody has anything of it any more.
        Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn message(conn: &Connection, conversation: &ConversationRow, change: &Change) -> Read<Option<Message>> {
    change.message.map(|pk| queries::message_by_pk(conn, conversation, pk)).transpose()
}

/// The messages that a cursor passed on its way from one number to another.
fn read(
    conn: &Connection,
    user: &UserRow,
    conversation: &ConversationRow,
    change: &Change,
    from: &str,
    rest: &str,
) -> Read<Option<Event>> {
    let (to, told) = rest.split_once(' ').unwrap_or((rest, ""));
    let (Ok(from), Ok(to), Some(reader)) = (from.parse::<i64>(), to.parse::<i64>(), change.actor) else {
        return Ok(None);
    };
    let passed = queries::passed(conn, conversation.pk, from, to, reader)?;
    // In a large conversation only those were told whom it concerns.
    let some = match told {
        "some" => true,
        "all" => false,
        _ => conversation.member_count > READ_AUDIENCE_MEMBERS_MAX,
    };
    let concerned = reader == user.pk || passed.iter().any(|(_, sender)| *sender == user.pk);
    let (false, Some(by)) = (passed.is_empty() || (some && !concerned), actor(conn, change)?) else {
        return Ok(None);
    };
    Ok(Some(Event::MessagesRead {
        place: Arc::clone(&conversation.place),
        reader: by,
        messages: passed.into_iter().map(|(id, _)| id).collect(),
        audience: Some(vec![user.user.id.clone()]),
    }))
}

/// Adds changes of conversations that the user was told of without being a member.
fn addressed(conn: &Connection, user: &UserRow, after: u64, entries: &mut Vec<Entry>) -> Read<()> {
    let found: Vec<(i64, Change)> = conn
        .prepare_cached(&format!(
            "SELECT {CHANGE}, conversation_pk FROM change
             WHERE position IN (SELECT position FROM addressed WHERE user_pk = ?1 AND position > ?2 LIMIT ?3)"
        ))?
        .query_map(params![user.pk, after as i64, RECOVERY_CHANGES_MAX as i64 + 1], |row| {
            Ok((row.get(8)?, Change::at(row)?))
        })?
        .collect::<Result<_, _>>()?;
    for (conversation, change) in found {
        let conversation = rows::conversation_by_pk(conn, conversation)?;
        if let Some(event) = event(conn, user, &conversation, &change)? {
            entries.push(change.entry(event));
        }
    }
    Ok(())
}

/// Adds what the user alone was told.
fn told(conn: &Connection, user: &UserRow, after: u64, entries: &mut Vec<Entry>) -> Read<()> {
    let found: Vec<Entry> = conn
        .prepare_cached(&format!(
            "SELECT {}, n.position FROM notification n
             WHERE n.user_pk = ?1 AND n.position > ?2 ORDER BY n.position LIMIT ?3",
            notifications::NOTIFICATION
        ))?
        .query_map(params![user.pk, after as i64, RECOVERY_CHANGES_MAX as i64 + 1], |row| {
            let notification = notifications::notification_at(row)?.notification;
            let position = row.get::<_, i64>(6)? as u64;
            let event = Event::Notified { user: user.user.id.clone(), notification };
            Ok(Entry { position, sequence: None, origin: None, acked: false, event })
        })?
        .collect::<Result<_, _>>()?;
    entries.extend(found);
    Ok(())
}
