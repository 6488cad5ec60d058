//! The details of messages as clients see them, put together from rows.
//!
//! What must stay true: plain messages cost no statement; those that are not cost a number of statements that does not
//! depend on how many they are. What others did to a message that is answered is shown as it is now.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use quintet_domain::limits::{QUOTE_CHARS_MAX, REACTION_USERS_SHOWN_MAX};
use quintet_domain::{
    DELETED_CONTENT, Mention, Message, MessageDetails, MessageId, MessageKind, Pin, Quote, ReactionCount,
    ThreadSummary, User, UserId,
};

use crate::rows::{DetailRows, Marks, MessageRow, ShownReaction, ThreadRow};
use crate::{MessageKey, RowResult, UserKey};

/// The id that a quote has for a message, and for its sender, of which nothing is kept. It leads nowhere.
pub(crate) const NOWHERE: &str = "00000000-0000-0000-0000-000000000000";

/// The quote of a message that is not kept any longer.
fn quote_of_nothing() -> Quote {
    Quote {
        id: MessageId::trusted(NOWHERE),
        sender: Mention { id: UserId::trusted(NOWHERE), username: "deleted".to_owned() },
        content: DELETED_CONTENT.to_owned(),
        kind: MessageKind::Text,
        deleted: true,
    }
}

/// Whether a message has details, so that it needs [`add_details`].
#[must_use]
pub fn has_details(row: &MessageRow) -> bool {
    row.extra.is_some() || row.marks != Marks::NONE
}

/// Adds the details to messages, which are shown from the rows at the same places.
///
/// # Errors
/// An error of the store.
pub fn add_details(rows: &dyn DetailRows, stored: &[MessageRow], messages: &mut [Message]) -> RowResult<()> {
    let mut details = details_of(rows, stored)?;
    if !details.is_empty() {
        for (row, message) in stored.iter().zip(messages) {
            message.details = details.remove(&row.key);
        }
    }
    Ok(())
}

/// The details of the messages of some rows that have any, by the keys of the messages.
///
/// # Errors
/// An error of the store.
pub fn details_of(rows: &dyn DetailRows, stored: &[MessageRow]) -> RowResult<HashMap<MessageKey, Box<MessageDetails>>> {
    let wanted: Vec<&MessageRow> = stored.iter().filter(|row| has_details(row)).collect();
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let facts = Facts::load(rows, &wanted)?;
    let details = wanted.into_iter().filter_map(|row| Some((row.key, facts.details(row).kept()?)));
    Ok(details.collect())
}

/// The rows that the details of some messages are made from.
struct Facts {
    /// Messages that are answered, and first messages of threads.
    messages: HashMap<MessageKey, MessageRow>,
    threads: HashMap<MessageKey, ThreadRow>,
    people: HashMap<UserKey, Arc<User>>,
    reactions: HashMap<MessageKey, Vec<ReactionCount>>,
    pins: HashMap<MessageKey, Pin>,
}

/// The messages that have a mark and are not deleted. One that an older version of the server deleted keeps its marks.
fn marked(stored: &[&MessageRow], mark: Marks) -> BTreeSet<MessageKey> {
    let marked = stored.iter().filter(|row| row.marks.has(mark) && row.deleted_at.is_none());
    marked.map(|row| row.key).collect()
}

/// The reactions to the messages that have any.
fn reactions_of(rows: &dyn DetailRows, stored: &[&MessageRow]) -> RowResult<HashMap<MessageKey, Vec<ReactionCount>>> {
    let (keys, mut reactions) = (marked(stored, Marks::REACTIONS), HashMap::new());
    if !keys.is_empty() {
        for ShownReaction { message, emoji, count, users } in rows.shown_reactions(&keys, REACTION_USERS_SHOWN_MAX)? {
            let reaction = ReactionCount { emoji: emoji.as_str().to_owned(), count, users };
            reactions.entry(message).or_insert_with(Vec::new).push(reaction);
        }
    }
    Ok(reactions)
}

/// The pins of the messages that are pinned.
fn pins_of(rows: &dyn DetailRows, stored: &[&MessageRow]) -> RowResult<HashMap<MessageKey, Pin>> {
    let keys = marked(stored, Marks::PINNED);
    let pins = if keys.is_empty() { Vec::new() } else { rows.shown_pins(&keys)? };
    Ok(pins.into_iter().map(|pin| (pin.message, Pin { by: pin.by, at: pin.at })).collect())
}

impl Facts {
    fn load(rows: &dyn DetailRows, stored: &[&MessageRow]) -> RowResult<Self> {
        let extras = || stored.iter().filter_map(|row| row.extra.as_deref().map(|extra| (*row, extra)));
        let answered = extras().filter(|(row, _)| row.deleted_at.is_none()).filter_map(|(_, extra)| extra.reply_to);
        let keys: BTreeSet<MessageKey> = answered.chain(extras().filter_map(|(_, extra)| extra.thread)).collect();
        let messages: HashMap<MessageKey, MessageRow> = match keys.is_empty() {
            true => HashMap::new(),
            false => rows.messages_by_keys(&keys)?.into_iter().map(|row| (row.key, row)).collect(),
        };
        let deleted = extras().filter(|(row, _)| row.deleted_at.is_some()).filter_map(|(_, extra)| extra.thread);
        let roots = stored.iter().filter(|row| row.marks.has(Marks::THREAD)).map(|row| row.key).chain(deleted);
        let roots: BTreeSet<MessageKey> = roots.collect();
        let threads: HashMap<MessageKey, ThreadRow> = match roots.is_empty() {
            true => HashMap::new(),
            false => rows.threads_by_roots(&roots)?.into_iter().map(|row| (row.root, row)).collect(),
        };
        let mentioned = extras().flat_map(|(_, extra)| extra.mentions.iter().copied());
        let senders = threads.values().flat_map(|row| row.last_senders.iter().copied());
        let people: BTreeSet<UserKey> =
            messages.values().map(|row| row.sender).chain(mentioned).chain(senders).collect();
        let people = match people.is_empty() {
            true => HashMap::new(),
            false => rows.people_by_keys(&people)?.into_iter().collect(),
        };
        let (reactions, pins) = (reactions_of(rows, stored)?, pins_of(rows, stored)?);
        Ok(Self { messages, threads, people, reactions, pins })
    }

    fn details(&self, row: &MessageRow) -> MessageDetails {
        let mut details = MessageDetails {
            reactions: self.reactions.get(&row.key).cloned().unwrap_or_default(),
            pinned: self.pins.get(&row.key).cloned(),
            ..MessageDetails::default()
        };
        let deleted = row.deleted_at.is_some();
        if let Some(extra) = &row.extra {
            let root = extra.thread.and_then(|root| self.messages.get(&root));
            details.thread_id = root.map(|root| root.id.clone());
            // A deleted message loses what it carried, whichever version of the server deleted it.
            if deleted {
                details.thread = extra.thread.and_then(|root| self.thread(root));
            } else {
                details.files.clone_from(&extra.files);
                details.metadata.clone_from(&extra.metadata);
                details.reply_to = extra.reply_to.and_then(|answered| match self.messages.get(&answered) {
                    Some(row) => self.quote(row),
                    // It was kept for as long as its conversation keeps messages.
                    None => Some(quote_of_nothing()),
                });
                details.mentions = extra.mentions.iter().filter_map(|key| self.mention(*key)).collect();
                details.mention_all = extra.mention_all;
            }
        }
        if row.marks.has(Marks::THREAD) {
            details.thread = self.thread(row.key).filter(|thread| thread.count > 0);
        }
        details
    }

    /// A user as messages name it; none for a guest who is gone, whose key no other user gets.
    fn mention(&self, key: UserKey) -> Option<Mention> {
        let user = self.people.get(&key)?;
        Some(Mention { id: user.id.clone(), username: user.username.clone() })
    }

    fn quote(&self, row: &MessageRow) -> Option<Quote> {
        Some(Quote {
            id: row.id.clone(),
            sender: self.mention(row.sender)?,
            content: row.content.chars().take(QUOTE_CHARS_MAX).collect(),
            kind: row.kind,
            deleted: row.deleted_at.is_some(),
        })
    }

    fn thread(&self, root: MessageKey) -> Option<ThreadSummary> {
        let ThreadRow { count, last_at, last_senders, .. } = self.threads.get(&root)?;
        let last_senders = last_senders.iter().filter_map(|key| Some(self.people.get(key)?.id.clone()));
        Some(ThreadSummary { count: *count, last_at: *last_at, last_senders: last_senders.collect() })
    }
}
