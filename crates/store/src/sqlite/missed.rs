//! What a user missed: the log since a position, as far as it is the user's to hear, made into events again.
//!
//! What must stay true: exactly what would have been told is found, in commit order: what happened in a conversation
//! while the user was a member, and events for the user alone, with the present texts. No more is read than a recovery
//! may bring, always by the same few statements.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use quintet_domain::limits::{RECOVERY_BYTES_MAX, RECOVERY_CHANGES_MAX};
use quintet_domain::{ConnectionId, Entry, Event, User, UserId};
use rusqlite::{Connection, Row, params};

use super::facts::Facts;
use super::rows::{self, UserRow};
use super::{guests, notifications, queries};
use crate::{Missed, StoreError};

type Read<T> = Result<T, StoreError>;

const CHANGE: &str =
    "c.position, c.kind, c.sequence, c.actor_pk, c.message_pk, c.detail, c.origin, c.acked, c.conversation_pk";

/// Rows of the log that are read: one more than a recovery may bring.
const ROWS_MAX: i64 = RECOVERY_CHANGES_MAX as i64 + 1;

/// A row of the log that is about a conversation.
pub(super) struct Change {
    pub(super) position: u64,
    pub(super) kind: String,
    sequence: Option<u64>,
    pub(super) actor: Option<i64>,
    pub(super) message: Option<i64>,
    pub(super) detail: String,
    origin: Option<ConnectionId>,
    acked: bool,
    pub(super) conversation: i64,
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
            conversation: row.get(8)?,
        })
    }

    pub(super) fn entry(&self, event: Event) -> Entry {
        Entry { position: self.position, sequence: self.sequence, origin: self.origin, acked: self.acked, event }
    }
}

/// The bytes that a recovery may still bring.
pub(super) struct Budget {
    bytes: usize,
}

impl Budget {
    /// Takes a number of bytes. Returns whether there were as many left.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        match self.bytes.checked_sub(bytes) {
            Some(rest) => {
                self.bytes = rest;
                true
            }
            None => false,
        }
    }
}

/// The changes that a user missed since a position; nothing where they are too many or no longer known. `guest` says
/// whether the recovering client was a guest, since an account may have the id by now.
pub(super) fn missed(conn: &Connection, user: &UserId, guest: bool, after: u64) -> Read<Missed> {
    let position = queries::position(conn)?;
    let entries = match rows::user(conn, user)?.filter(|user| user.user.is_guest() == guest) {
        // Only while nothing of what was delivered since has gone from the log.
        Some(user) if after <= position && after + 1 >= oldest(conn)? => entries(conn, &user, after)?,
        // Nobody that is known, or a guest whose id an account has got, or a position of other data.
        _ => None,
    };
    Ok(Missed { position, entries })
}

/// The position of the oldest change that is kept; 0 where there is none.
fn oldest(conn: &Connection) -> Read<u64> {
    let mut oldest = conn.prepare_cached("SELECT coalesce(min(position), 0) FROM change")?;
    Ok(oldest.query_row([], |row| row.get::<_, i64>(0))? as u64)
}

fn entries(conn: &Connection, user: &UserRow, after: u64) -> Read<Option<Vec<Entry>>> {
    let mut changes = of_conversations(conn, user, after)?;
    if changes.len() > RECOVERY_CHANGES_MAX {
        return Ok(None);
    }
    keep_heard(user, &mut changes);
    changes.extend(addressed(conn, user, after)?);
    let mut budget = Budget { bytes: RECOVERY_BYTES_MAX };
    let told = told(conn, user, after, &mut budget)?;
    let Some(mut entries) = told.filter(|told| told.len() + changes.len() <= RECOVERY_CHANGES_MAX) else {
        return Ok(None);
    };
    let Some(facts) = Facts::load(conn, &changes, &mut budget)? else { return Ok(None) };
    // The members of each conversation whose comings and goings are among these: the client knows each other guest by the
    // id that it had.
    let mut met = HashSet::new();
    for change in &changes {
        let Some(event) = facts.event(user, change) else { continue };
        let member = change.actor.filter(|_| change.kind.starts_with("member_"));
        let first_met = member.is_some_and(|pk| met.insert((change.conversation, pk)));
        entries.push(change.entry(if first_met { as_known_before(conn, change, event)? } else { event }));
    }
    entries.sort_by_key(|entry| entry.position);
    Ok(Some(entries))
}

/// The departure of a guest who gave its id up since: the client knows the guest by the id that it had.
fn as_known_before(conn: &Connection, change: &Change, event: Event) -> Read<Event> {
    let Event::MemberLeft { conversation, user, departure, member_count } = event else { return Ok(event) };
    let former = match change.actor {
        Some(pk) if user.is_guest() => guests::former_id(conn, pk)?,
        _ => None,
    };
    let user = former.map_or_else(|| Arc::clone(&user), |id| Arc::new(User { id, ..User::clone(&user) }));
    Ok(Event::MemberLeft { conversation, user, departure, member_count })
}

/// What happened in conversations that the user is a member of, or was one of at some time since: by conversation, and
/// in order there.
fn of_conversations(conn: &Connection, user: &UserRow, after: u64) -> Read<Vec<Change>> {
    let mut changes: Vec<Change> = conn
        .prepare_cached(&format!(
            "WITH own (pk) AS (
                 SELECT conversation_pk FROM member INDEXED BY member_user WHERE user_pk = ?1
                 UNION SELECT conversation_pk FROM departed WHERE user_pk = ?1 AND position > ?2)
             SELECT {CHANGE} FROM own CROSS JOIN change c INDEXED BY change_conversation
                 ON c.conversation_pk = own.pk AND c.position > ?2
             LIMIT ?3"
        ))?
        .query_map(params![user.pk, after as i64, ROWS_MAX], Change::at)?
        .collect::<Result<_, _>>()?;
    changes.sort_unstable_by_key(|change| (change.conversation, change.position));
    Ok(changes)
}

/// Keeps what the user heard, or would have heard: what happened while it was a member.
fn keep_heard(user: &UserRow, changes: &mut Vec<Change>) {
    let own = |change: &Change, kind: &str| change.kind == kind && change.actor == Some(user.pk);
    // Whoever came first by joining was not there before.
    let mut members: HashMap<i64, bool> = HashMap::new();
    for change in changes.iter() {
        if own(change, "member_joined") || own(change, "member_left") {
            members.entry(change.conversation).or_insert(change.kind == "member_left");
        }
    }
    changes.retain(|change| {
        let member = members.entry(change.conversation).or_insert(true);
        *member |= own(change, "member_joined");
        let heard = *member;
        *member &= !own(change, "member_left") && change.kind != "conversation_deleted";
        heard
    });
}

/// Changes of conversations that the user was told of without being a member.
fn addressed(conn: &Connection, user: &UserRow, after: u64) -> Read<Vec<Change>> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {CHANGE} FROM addressed a CROSS JOIN change c ON c.position = a.position
             WHERE a.user_pk = ?1 AND a.position > ?2 AND c.conversation_pk IS NOT NULL LIMIT ?3"
        ))?
        .query_map(params![user.pk, after as i64, ROWS_MAX], Change::at)?
        .collect::<Result<_, _>>()?)
}

/// What the user alone was told; none where that is more than it may be brought up to date with.
fn told(conn: &Connection, user: &UserRow, after: u64, budget: &mut Budget) -> Read<Option<Vec<Entry>>> {
    const POSITION: usize = 6;
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {}, n.position FROM notification n
         WHERE n.user_pk = ?1 AND n.position > ?2 ORDER BY n.position LIMIT ?3",
        notifications::NOTIFICATION
    ))?;
    let mut found = statement.query(params![user.pk, after as i64, ROWS_MAX])?;
    let mut entries = Vec::new();
    while let Some(row) = found.next()? {
        let notification = notifications::notification_at(row)?.notification;
        if !budget.take(notification.title.len() + notification.message.len()) {
            return Ok(None);
        }
        let position = row.get::<_, i64>(POSITION)? as u64;
        let event = Event::Notified { user: user.user.id.clone(), notification };
        entries.push(Entry { position, sequence: None, origin: None, acked: false, event });
    }
    Ok(Some(entries))
}
