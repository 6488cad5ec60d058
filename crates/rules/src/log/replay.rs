//! Replay: the events that a user missed since a position, made again from the log.
//!
//! What must stay true: a replay contains what would have been delivered, in commit order: what happened in a
//! conversation while the user was a member, and events for the user alone, with texts as they are now. It lacks only
//! what cannot be told any more without telling what happened while the user was not a member. It reads no more than one
//! replay may contain, and the number of its statements does not depend on what was missed.

use std::collections::hash_map;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use quintet_domain::limits::{READ_IDS_MAX, RECOVERY_BYTES_MAX, RECOVERY_CHANGES_MAX};
use quintet_domain::{ConversationRef, Entry, Message, MessageDetails, MessageId, Overview, User, UserId};

use super::budget::{Budget, EVENT_BYTES, ROWS_MAX};
use super::change::Change;
use super::missed::{MissedChange, MissedKind, ReplayRows};
use super::missed_overviews;
use super::missed_reactions::{Reactions, Together, keep_present};
use super::own;
use super::receivable::{Departures, keep_receivable};
use super::record::ChangeRecord;
use crate::message_details::details_of;
use crate::message_views::{self, CURSORS_READ_MAX};
use crate::rows::{ConversationRow, CursorRow, MessageRow, UserRow};
use crate::{ConversationKey, MessageKey, RowResult, UserKey};

/// Approximate bytes of an id in an event.
const ID_BYTES: usize = 64;

/// The point behind which a client missed events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissedSince {
    /// The position after which everything was missed.
    pub after: u64,
    /// The position after which reactions were missed. It is smaller where some were still waiting to be told when the
    /// client was last told something.
    pub reactions_after: u64,
}

impl MissedSince {
    /// The position behind which the log is read.
    fn first(self) -> u64 {
        self.after.min(self.reactions_after)
    }
}

impl From<u64> for MissedSince {
    fn from(after: u64) -> Self {
        Self { after, reactions_after: after }
    }
}

/// The result of a replay at one position of the commit order.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// The newest position at the time of the read.
    pub position: u64,
    /// The entries up to that position that the user receives, in order; `None` if they cannot be replayed any more, so
    /// that the client starts afresh.
    pub entries: Option<Vec<Entry>>,
}

/// The events that a user missed since then. `guest` is whether the reconnecting client is a guest, because an
/// account may have the id by now.
///
/// # Errors
/// An error of the store.
pub fn replay_since(rows: &dyn ReplayRows, user: &UserId, guest: bool, since: MissedSince) -> RowResult<Replayed> {
    let position = rows.newest_position()?;
    let entries = match rows.user(user)?.filter(|row| row.user.is_guest() == guest) {
        // Only if nothing that was delivered since was pruned from the log.
        Some(row) if since.after <= position && since.first() >= rows.pruned_to()? => entries(rows, &row, since)?,
        // The user is unknown, or an account took the guest's id, or the position is of another database.
        _ => None,
    };
    Ok(Replayed { position, entries })
}

fn entries(rows: &dyn ReplayRows, user: &UserRow, since: MissedSince) -> RowResult<Option<Vec<Entry>>> {
    let after = since.after;
    let mut changes = rows.changes_of_conversations(user.key, since.first(), ROWS_MAX)?;
    if changes.len() > RECOVERY_CHANGES_MAX {
        return Ok(None);
    }
    changes.sort_unstable_by_key(|change| (change.conversation, change.position));
    let departures = keep_receivable(user.key, &mut changes);
    changes.retain(|missed| missed.position > after || missed.reacted().is_some());
    let together = keep_present(&mut changes);
    changes.extend(rows.changes_addressed(user.key, after, ROWS_MAX)?);
    let mut budget = Budget { bytes: RECOVERY_BYTES_MAX };
    let Some(mut entries) = own::notifications(rows, user, after, &mut budget)? else { return Ok(None) };
    if entries.len() + changes.len() > RECOVERY_CHANGES_MAX {
        return Ok(None);
    }
    let Some(configured) = own::settings(rows, user, after, &mut budget)? else { return Ok(None) };
    entries.extend(configured);
    entries.extend(own::blocks(rows, user, after)?);
    let read = Facts::load(rows, Some(user.key), (&changes, &departures), together, &mut budget)?;
    let Some(facts) = read else { return Ok(None) };
    // The members of each conversation who joined or left in this range: the client refers to a guest among them by the
    // id that the guest had then.
    let mut met = HashSet::new();
    for missed in &changes {
        // An announcement has the position before the change that it announces, and no record of its own.
        if let Some(announced) = facts.announcement(user, missed)
            && missed.position - 1 > after
        {
            entries.push(Entry {
                position: missed.position - 1,
                sequence: None,
                origin: missed.origin,
                acked: missed.acked,
                event: announced.event(),
                withheld: None,
            });
        }
        let Some(change) = facts.change(user, missed) else { continue };
        let change = match change {
            Change::MemberJoined { member: (key, _), .. } => {
                met.insert((missed.conversation, key));
                change
            }
            Change::MemberLeft { conversation, member: (key, member), departure, reason, member_count }
                if met.insert((missed.conversation, key)) =>
            {
                let member = (key, facts.as_known_before(key, &member));
                Change::MemberLeft { conversation, member, departure, reason, member_count }
            }
            change => change,
        };
        entries.push(Entry {
            position: missed.position,
            sequence: missed.sequence,
            origin: missed.origin,
            acked: missed.acked,
            event: change.event(),
            withheld: None,
        });
    }
    entries.sort_by_key(|entry| entry.position);
    Ok(Some(entries))
}

/// The rows that some changes are about, read for all of them at once.
pub(super) struct Facts {
    pub(super) conversations: HashMap<ConversationKey, ConversationRow>,
    pub(super) users: HashMap<UserKey, UserRow>,
    /// Messages as they are now, without their readers.
    pub(super) messages: HashMap<MessageKey, Arc<Message>>,
    /// Messages that were changed since they were sent, with their readers.
    pub(super) changed: HashMap<MessageKey, Arc<Message>>,
    /// The messages that each read passed, with their senders, by the position of the read.
    pub(super) passed: HashMap<u64, Vec<(MessageId, UserKey)>>,
    /// The reactions to messages.
    pub(super) reactions: Reactions,
    /// Conversations as events show them now, where a change shows one that the user has not left since.
    pub(super) overviews: HashMap<ConversationKey, Arc<Overview>>,
}

/// The user that a change refers to and an event shows.
fn named(missed: &MissedChange) -> Option<UserKey> {
    match &missed.change {
        MissedKind::Created => None,
        MissedKind::Recorded(record) => match record {
            ChangeRecord::MessagesRead { reader: user, .. }
            | ChangeRecord::MessageReacted { by: user, .. }
            | ChangeRecord::MessagePinned { by: user, .. }
            | ChangeRecord::MemberJoined { member: user, .. }
            | ChangeRecord::MemberLeft { member: user, .. }
            | ChangeRecord::MeetupChanged { by: Some(user), .. } => Some(*user),
            ChangeRecord::MeetupChanged { by: None, .. }
            | ChangeRecord::MessageAppeared { .. }
            | ChangeRecord::MessageEdited { .. }
            | ChangeRecord::MessageDeleted { .. }
            | ChangeRecord::ConversationCreated { .. }
            | ChangeRecord::ConversationShown { .. }
            | ChangeRecord::ConversationHidden { .. }
            | ChangeRecord::SettingsChanged { .. }
            | ChangeRecord::BlocksChanged { .. }
            | ChangeRecord::ConversationChanged
            | ChangeRecord::ConversationDeleted { .. }
            | ChangeRecord::Notified { .. }
            | ChangeRecord::MessagesPurged { .. }
            | ChangeRecord::UserChanged { .. }
            | ChangeRecord::MessageReported { .. }
            | ChangeRecord::Revoked { .. }
            | ChangeRecord::SessionEnded { .. } => None,
        },
    }
}

impl Facts {
    /// Reads the rows that changes are about; `None` if they exceed the budget.
    pub(super) fn load(
        rows: &dyn ReplayRows,
        user: Option<UserKey>,
        (changes, departures): (&[MissedChange], &Departures),
        together: Together,
        budget: &mut Budget,
    ) -> RowResult<Option<Self>> {
        if !budget.take(changes.len() * EVENT_BYTES) {
            return Ok(None);
        }
        let keys = changes.iter().map(|missed| missed.conversation).collect();
        let found = rows.conversations(&keys)?.into_iter().map(|row| departures.without_secrets(row));
        let conversations: HashMap<_, _> = found.map(|row| (row.key, row)).collect();
        let read = missed_overviews::read(rows, user, (changes, departures), &conversations, budget)?;
        let Some(overviews) = read else { return Ok(None) };
        let read = Reactions::read(rows, changes, together, (budget, ID_BYTES))?;
        let Some(reactions) = read else { return Ok(None) };
        let mut facts = Self {
            conversations,
            users: HashMap::new(),
            messages: HashMap::new(),
            changed: HashMap::new(),
            passed: HashMap::new(),
            reactions,
            overviews,
        };
        let fits = facts.add_messages(rows, (changes, departures), budget)?
            && facts.add_changed(rows, (changes, departures), budget)?
            && facts.add_passed(rows, changes, budget)?;
        Ok(fits.then_some(facts))
    }

    /// Adds the messages and all users. Returns whether they fit the budget.
    fn add_messages(
        &mut self,
        rows: &dyn ReplayRows,
        (changes, departures): (&[MissedChange], &Departures),
        budget: &mut Budget,
    ) -> RowResult<bool> {
        let keys = changes.iter().filter_map(MissedChange::about_message).collect();
        let (mut found, mut fits) = (Vec::new(), true);
        rows.messages(&keys, &mut |row| {
            let file = row.file.as_ref().map_or(0, |file| file.url.len() + file.name.as_ref().map_or(0, String::len));
            fits = budget.take(row.content.len() + file);
            found.push(row);
            fits
        })?;
        if !fits {
            return Ok(false);
        }
        let people = changes.iter().filter_map(named).chain(found.iter().map(|row| row.sender));
        let users: BTreeSet<UserKey> = people.chain(self.reactions.users()).collect();
        self.users = rows.users(&users)?.into_iter().map(|row| (row.key, row)).collect();
        let avatar =
            |user: &UserKey| self.users.get(user).and_then(|row| row.user.avatar.as_ref()).map_or(0, String::len);
        let people: usize = changes.iter().filter_map(named).map(|user| avatar(&user)).sum();
        let senders: usize = found.iter().map(|row| avatar(&row.sender)).sum();
        if !budget.take(people + senders) {
            return Ok(false);
        }
        let mut details = details_of(rows, &found)?;
        if !budget.take(details.values().map(|details| details.size_bytes()).sum()) {
            return Ok(false);
        }
        for row in found {
            let (Some(conversation), Some(sender)) =
                (self.conversations.get(&row.conversation), self.users.get(&row.sender))
            else {
                continue;
            };
            let mut message = message_views::shown(&row, &conversation.reference, &sender.user);
            message.details = details.remove(&row.key);
            if departures.contains(row.conversation) {
                message.details = message.details.and_then(|details| as_before_departure(*details, &row));
            }
            self.messages.insert(row.key, Arc::new(message));
        }
        Ok(true)
    }

    /// Adds the messages that were changed, with their readers. Returns whether they fit the budget.
    fn add_changed(
        &mut self,
        rows: &dyn ReplayRows,
        (changes, departures): (&[MissedChange], &Departures),
        budget: &mut Budget,
    ) -> RowResult<bool> {
        let mut cursors: HashMap<ConversationKey, Vec<CursorRow>> = HashMap::new();
        for missed in changes {
            let Some((key, true)) = missed.message() else { continue };
            let Some(message) = self.messages.get(&key) else { continue };
            let cursors = match cursors.entry(missed.conversation) {
                hash_map::Entry::Occupied(known) => known.into_mut(),
                hash_map::Entry::Vacant(vacant) => {
                    // Who has read a message by now is not for those who left before.
                    let found = match departures.contains(missed.conversation) {
                        true => Vec::new(),
                        false => rows.cursors(missed.conversation, CURSORS_READ_MAX)?,
                    };
                    if !budget.take(found.len() * ID_BYTES) {
                        return Ok(false);
                    }
                    vacant.insert(found)
                }
            };
            let changed = self.changed.entry(key).or_insert_with(|| {
                let readers = message_views::readers(cursors, message);
                Arc::new(Message { readers, ..Message::clone(message) })
            });
            // The message is part of the replay once for each of its changes.
            if !budget.take(changed.content.len() + changed.readers.len() * ID_BYTES) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Adds the messages that reads passed. Returns whether they fit the budget.
    fn add_passed(&mut self, rows: &dyn ReplayRows, changes: &[MissedChange], budget: &mut Budget) -> RowResult<bool> {
        let (mut positions, mut readings) = (Vec::new(), Vec::new());
        for missed in changes {
            if let MissedKind::Recorded(ChangeRecord::MessagesRead { reader, span, .. }) = &missed.change {
                positions.push(missed.position);
                readings.push((missed.conversation, *span, *reader));
            }
        }
        // In portions, so that rows beyond the budget are not read.
        let portion = READINGS_AT_ONCE;
        for (positions, readings) in positions.chunks(portion).zip(readings.chunks(portion)) {
            let found = rows.passed(readings, READ_IDS_MAX)?;
            if !budget.take(found.iter().map(|passed| passed.len() * ID_BYTES).sum()) {
                return Ok(false);
            }
            self.passed.extend(positions.iter().copied().zip(found));
        }
        Ok(true)
    }

    /// The announcement that stands right before a change, if the user received one.
    fn announcement(&self, user: &UserRow, missed: &MissedChange) -> Option<Change> {
        match &missed.change {
            MissedKind::Recorded(ChangeRecord::MemberJoined { member, announced: true, .. }) if *member == user.key => {
                let conversation = Arc::clone(self.overviews.get(&missed.conversation)?);
                Some(Change::ConversationAppeared { conversation, user: user.user.id.clone() })
            }
            MissedKind::Recorded(ChangeRecord::ConversationDeleted { announced: true }) => {
                let conversation = Arc::clone(&self.conversations.get(&missed.conversation)?.reference);
                Some(Change::DeletionAnnounced { conversation })
            }
            MissedKind::Created | MissedKind::Recorded(_) => None,
        }
    }

    /// The change with the rows that it is about; `None` if the user received no event for it.
    fn change(&self, user: &UserRow, missed: &MissedChange) -> Option<Change> {
        let conversation = self.conversations.get(&missed.conversation)?;
        let reference = || Arc::clone(&conversation.reference);
        let person = |key: UserKey| Some((key, Arc::clone(&self.users.get(&key)?.user)));
        let record = match &missed.change {
            MissedKind::Created => {
                let key = MessageKey(i64::try_from(missed.position).ok()?);
                // The changes that follow contain its readers.
                return Some(Change::MessageCreated { message: Arc::clone(self.messages.get(&key)?) });
            }
            MissedKind::Recorded(record) => record,
        };
        Some(match record {
            ChangeRecord::MessageAppeared { message, member } if *member == user.key => Change::MessageAppeared {
                key: *message,
                message: Arc::clone(self.messages.get(message)?),
                user: (user.key, user.user.id.clone()),
            },
            ChangeRecord::MessageAppeared { .. } => return None,
            ChangeRecord::MessageEdited { message, by } => {
                Change::MessageEdited { key: *message, by: *by, message: Arc::clone(self.changed.get(message)?) }
            }
            ChangeRecord::MessageDeleted { message, by } => {
                Change::MessageDeleted { key: *message, by: *by, message: Arc::clone(self.changed.get(message)?) }
            }
            ChangeRecord::MessageReacted { .. } | ChangeRecord::MessagePinned { .. } => {
                self.marked((missed.position, record), reference())?
            }
            ChangeRecord::MessagesRead { reader, span, to_all } => {
                let passed = self.passed.get(&missed.position)?;
                let concerned = *reader == user.key || passed.iter().any(|(_, sender)| *sender == user.key);
                if passed.is_empty() || (!to_all && !concerned) {
                    return None;
                }
                Change::MessagesRead {
                    conversation: reference(),
                    reader: person(*reader)?,
                    span: *span,
                    messages: passed.iter().map(|(id, _)| id.clone()).collect(),
                    audience: Some(vec![user.user.id.clone()]),
                }
            }
            ChangeRecord::MemberJoined { member, member_count, .. } => Change::MemberJoined {
                conversation: reference(),
                member: person(*member)?,
                member_count: *member_count,
            },
            ChangeRecord::MemberLeft { member, departure, reason, member_count } => {
                let (conversation, member, departure) = (reference(), person(*member)?, *departure);
                let (reason, member_count) = (reason.clone(), *member_count);
                Change::MemberLeft { conversation, member, departure, reason, member_count }
            }
            ChangeRecord::ConversationDeleted { .. } => Change::ConversationDeleted { conversation: reference() },
            ChangeRecord::MeetupChanged { meetup, status, by } => Change::MeetupChanged {
                meetup: meetup.clone(),
                status: *status,
                by: by.and_then(person),
                audience: vec![user.user.id.clone()],
            },
            ChangeRecord::ConversationCreated { by } => Change::ConversationCreated {
                conversation: Arc::clone(self.overviews.get(&missed.conversation)?),
                by: *by,
                members: vec![user.user.id.clone()],
            },
            ChangeRecord::ConversationShown { member } if *member == user.key => Change::ConversationShown {
                conversation: Arc::clone(self.overviews.get(&missed.conversation)?),
                member: (user.key, user.user.id.clone()),
            },
            ChangeRecord::ConversationHidden { member } if *member == user.key => {
                Change::ConversationHidden { conversation: reference(), member: (user.key, user.user.id.clone()) }
            }
            ChangeRecord::ConversationShown { .. } | ChangeRecord::ConversationHidden { .. } => return None,
            ChangeRecord::ConversationChanged => {
                Change::ConversationChanged { conversation: Arc::clone(self.overviews.get(&missed.conversation)?) }
            }
            // They are read from their own rows, told by the hub itself, or told to nobody.
            ChangeRecord::Notified { .. }
            | ChangeRecord::MessagesPurged { .. }
            | ChangeRecord::SettingsChanged { .. }
            | ChangeRecord::BlocksChanged { .. }
            | ChangeRecord::UserChanged { .. }
            | ChangeRecord::MessageReported { .. }
            | ChangeRecord::Revoked { .. }
            | ChangeRecord::SessionEnded { .. } => return None,
        })
    }

    /// The change that a record of a reaction or a pin stands for; `None` if the message or a user is gone.
    pub(super) fn marked(&self, record: (u64, &ChangeRecord), conversation: Arc<ConversationRef>) -> Option<Change> {
        self.reactions.change(record, conversation, &self.messages, &self.users)
    }

    /// A guest as the client refers to it: by the id that it had before an account took it.
    pub(super) fn as_known_before(&self, key: UserKey, user: &Arc<User>) -> Arc<User> {
        match self.users.get(&key).and_then(|row| row.former_id.clone()) {
            Some(id) if user.is_guest() => Arc::new(User { id, ..User::clone(user) }),
            _ => Arc::clone(user),
        }
    }
}

/// The details of a message for somebody who has left the conversation since: without what others may have added or
/// changed after that.
fn as_before_departure(details: MessageDetails, row: &MessageRow) -> Option<Box<MessageDetails>> {
    let MessageDetails { files, metadata, thread_id, mentions, mention_all, .. } = details;
    let left = MessageDetails { files, metadata, thread_id, mentions, mention_all, ..MessageDetails::default() };
    if row.deleted_at.is_some() { None } else { left.kept() }
}

/// Maximum number of reads whose messages are looked up together.
const READINGS_AT_ONCE: usize = 16;
