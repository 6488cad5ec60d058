//! The rows that changes of the log refer to, read for all changes at once, and the events made of them.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use quintet_domain::limits::{READ_AUDIENCE_MEMBERS_MAX, READ_IDS_MAX};
use quintet_domain::{Departure, Event, MeetupId, MeetupStatus, Message, MessageId, User};
use rusqlite::{Connection, params};

use super::meetups;
use super::missed::{Budget, Change};
use super::queries::{self, Cursor, Read};
use super::rows::{self, CONVERSATION, ConversationRow, MESSAGE, MESSAGE_COLUMNS, USER, UserRow};
use super::sets::{self, Users};

/// Approximate bytes of an event beside its texts.
const EVENT_BYTES: usize = 256;
/// Bytes of an id in an event.
const ID_BYTES: usize = 64;

/// The rows that some changes refer to.
pub(super) struct Facts {
    conversations: HashMap<i64, ConversationRow>,
    users: Users,
    /// Messages as they were sent.
    messages: HashMap<i64, Arc<Message>>,
    /// Messages that were changed since, with who read them.
    changed: HashMap<i64, Arc<Message>>,
    /// The messages that each reading passed, by its position, each with who sent it.
    passed: HashMap<u64, Vec<(MessageId, i64)>>,
}

/// What a reading passed: messages of others from one number to another.
struct Passed<'c> {
    from: i64,
    to: i64,
    reader: i64,
    audience: &'c str,
}

impl<'c> Passed<'c> {
    fn of(change: &'c Change) -> Option<Self> {
        let mut parts = change.detail.splitn(3, ' ');
        let (from, to) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(Self { from, to, reader: change.actor?, audience: parts.next().unwrap_or_default() })
    }
}

fn is_of_message(change: &Change) -> bool {
    matches!(change.kind.as_str(), "message_created" | "message_edited" | "message_deleted")
}

impl Facts {
    /// Reads the rows that changes refer to; `None` where they exceed the budget.
    pub(super) fn load(conn: &Connection, changes: &[Change], budget: &mut Budget) -> Read<Option<Self>> {
        if !budget.take(changes.len() * EVENT_BYTES) {
            return Ok(None);
        }
        let mut facts = Self {
            conversations: conversations(conn, changes)?,
            users: Users::load(conn, changes.iter().filter_map(|change| change.actor).collect::<BTreeSet<_>>())?,
            messages: HashMap::new(),
            changed: HashMap::new(),
            passed: HashMap::new(),
        };
        let told = changes.iter().filter(|change| change.kind.starts_with("member_"));
        let people = told.filter_map(|change| facts.users.get(change.actor?)).map(|user| sets::user_bytes(user)).sum();
        let fits = budget.take(people)
            && facts.add_messages(conn, changes, budget)?
            && facts.add_changed(conn, changes, budget)?
            && facts.add_passed(conn, changes, budget)?;
        Ok(fits.then_some(facts))
    }

    /// Adds the messages. Returns whether they fit the budget.
    fn add_messages(&mut self, conn: &Connection, changes: &[Change], budget: &mut Budget) -> Read<bool> {
        let told = changes.iter().filter(|change| is_of_message(change));
        let pks: BTreeSet<i64> = told.filter_map(|change| change.message).collect();
        let mut statement = conn.prepare_cached(&format!(
            "SELECT {MESSAGE}, {USER}, m.conversation_pk FROM json_each(?1) j CROSS JOIN message m ON m.pk = j.value
             CROSS JOIN user u ON u.pk = m.sender_pk"
        ))?;
        let mut found = statement.query([sets::keys(pks)])?;
        while let Some(row) = found.next()? {
            let conversation: i64 = row.get(MESSAGE_COLUMNS + rows::USER_COLUMNS)?;
            let Some(conversation) = self.conversations.get(&conversation) else { continue };
            let sender = self.users.at(row, MESSAGE_COLUMNS)?;
            let message = rows::message_at(row, 0, &conversation.conversation, sender)?;
            if !budget.take(sets::text_bytes(&message)) {
                return Ok(false);
            }
            self.messages.insert(row.get(0)?, Arc::new(message));
        }
        Ok(true)
    }

    /// Adds the changed messages, with their readers. Returns whether they fit the budget.
    fn add_changed(&mut self, conn: &Connection, changes: &[Change], budget: &mut Budget) -> Read<bool> {
        let mut cursors: HashMap<i64, Vec<Cursor>> = HashMap::new();
        for change in changes.iter().filter(|change| is_of_message(change) && change.kind != "message_created") {
            let Some(pk) = change.message else { continue };
            let Some(message) = self.messages.get(&pk) else { continue };
            let cursors = match cursors.entry(change.conversation) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => {
                    let found = queries::cursors(conn, change.conversation, 0)?;
                    if !budget.take(found.len() * ID_BYTES) {
                        return Ok(false);
                    }
                    place.insert(found)
                }
            };
            let changed = self.changed.entry(pk).or_insert_with(|| {
                let readers = queries::readers(cursors, message);
                Arc::new(Message { readers, ..Message::clone(message) })
            });
            // Told once for each time that it was changed.
            if !budget.take(changed.content.len() + changed.readers.len() * ID_BYTES) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Adds the messages that readings passed. Returns whether they fit the budget.
    fn add_passed(&mut self, conn: &Connection, changes: &[Change], budget: &mut Budget) -> Read<bool> {
        let readings = changes.iter().filter(|change| change.kind == "messages_read");
        let readings: Vec<(&Change, Passed<'_>)> =
            readings.filter_map(|change| Some((change, Passed::of(change)?))).collect();
        let numbers = readings.iter().map(|(change, passed)| {
            format!("[{},{},{},{}]", change.conversation, passed.from, passed.to, passed.reader)
        });
        let mut statement = conn.prepare_cached(
            "SELECT j.key, m.id, m.sender_pk, m.sequence FROM json_each(?1) j
             CROSS JOIN message m ON m.pk IN (
                 SELECT n.pk FROM message n WHERE n.conversation_pk = j.value ->> 0
                     AND n.sequence > j.value ->> 1 AND n.sequence <= j.value ->> 2 AND n.sender_pk <> j.value ->> 3
                 ORDER BY n.sequence DESC LIMIT ?2)",
        )?;
        let numbers = format!("[{}]", numbers.collect::<Vec<_>>().join(","));
        let mut found = statement.query(params![numbers, READ_IDS_MAX as i64])?;
        let mut passed: Vec<Vec<(i64, MessageId, i64)>> = readings.iter().map(|_| Vec::new()).collect();
        while let Some(row) = found.next()? {
            if !budget.take(ID_BYTES) {
                return Ok(false);
            }
            if let Some(passed) = passed.get_mut(sets::nth(row)?) {
                passed.push((row.get(3)?, MessageId::trusted(&row.get::<_, String>(1)?), row.get(2)?));
            }
        }
        for ((change, _), mut passed) in readings.into_iter().zip(passed) {
            passed.sort_unstable_by_key(|(sequence, ..)| *sequence);
            let passed = passed.into_iter().map(|(_, id, sender)| (id, sender)).collect();
            self.passed.insert(change.position, passed);
        }
        Ok(true)
    }

    /// Makes the event of a change; `None` where there was none for this user.
    pub(super) fn event(&self, user: &UserRow, change: &Change) -> Option<Event> {
        let conversation = self.conversations.get(&change.conversation)?;
        let place = || Arc::clone(&conversation.conversation);
        let (first, rest) = change.detail.split_once(' ').unwrap_or((&change.detail, ""));
        match change.kind.as_str() {
            // Who read it is told by what follows.
            "message_created" => Some(Event::MessageCreated(Arc::clone(self.messages.get(&change.message?)?))),
            "message_edited" => Some(Event::MessageEdited(Arc::clone(self.changed.get(&change.message?)?))),
            "message_deleted" => Some(Event::MessageDeleted(Arc::clone(self.changed.get(&change.message?)?))),
            "messages_read" => self.read(user, conversation, change),
            "member_joined" => {
                let member_count = first.parse().unwrap_or(conversation.member_count);
                Some(Event::MemberJoined { conversation: place(), user: self.actor(change)?, member_count })
            }
            "member_left" => {
                let member_count = first.parse().unwrap_or(conversation.member_count);
                let departure = Departure::parse(rest).unwrap_or(Departure::Left);
                Some(Event::MemberLeft { conversation: place(), user: self.actor(change)?, departure, member_count })
            }
            "conversation_deleted" => Some(Event::ConversationDeleted { conversation: place() }),
            "meetup_changed" => Some(Event::MeetupChanged {
                meetup: MeetupId::trusted(first),
                status: MeetupStatus::parse(rest)?,
                updated_by: self.actor(change).map_or_else(|| meetups::SYSTEM.to_owned(), |by| by.name.clone()),
                audience: vec![user.user.id.clone()],
            }),
            // Told by what happens in it, or not at all.
            _ => None,
        }
    }

    fn actor(&self, change: &Change) -> Option<Arc<User>> {
        self.users.get(change.actor?).cloned()
    }

    /// The messages that a cursor passed on its way from one number to another.
    fn read(&self, user: &UserRow, conversation: &ConversationRow, change: &Change) -> Option<Event> {
        let (reading, passed) = (Passed::of(change)?, self.passed.get(&change.position)?);
        // In a large conversation only those were told whom it concerns.
        let some = match reading.audience {
            "some" => true,
            "all" => false,
            _ => conversation.member_count > READ_AUDIENCE_MEMBERS_MAX,
        };
        let concerned = reading.reader == user.pk || passed.iter().any(|(_, sender)| *sender == user.pk);
        if passed.is_empty() || (some && !concerned) {
            return None;
        }
        Some(Event::MessagesRead {
            conversation: Arc::clone(&conversation.conversation),
            reader: self.actor(change)?,
            messages: passed.iter().map(|(id, _)| id.clone()).collect(),
            audience: Some(vec![user.user.id.clone()]),
        })
    }
}

fn conversations(conn: &Connection, changes: &[Change]) -> Read<HashMap<i64, ConversationRow>> {
    let pks: BTreeSet<i64> = changes.iter().map(|change| change.conversation).collect();
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {CONVERSATION} FROM json_each(?1) j CROSS JOIN conversation c ON c.pk = j.value"
        ))?
        .query_map([sets::keys(pks)], |row| rows::conversation_at(row, 0).map(|row| (row.pk, row)))?
        .collect::<Result<_, _>>()?)
}
