//! The committed history: all entries, and what follows from them of members and messages.
//!
//! What must stay true: it is fed with every group that was committed, in order, also with those of which a crash kept
//! everybody from hearing.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use quintet_domain::{
    Audience, ConversationId, ConversationKind, ConversationRef, DELETED_CONTENT, Entry, Event, Message, MessageId,
    Timestamp, UserId,
};
use quintet_store::MessageKey;

use super::Check;
use super::additions::Additions;
use super::contacts::Contacts;
use super::reactions::Reactions;
use crate::settings::kept_days;

/// The id that a reply shows in place of a message of which nothing is kept.
pub(crate) const NOWHERE: &str = "00000000-0000-0000-0000-000000000000";

/// The positions between which a user was a member, both included: it hears of its own join and departure.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: u64,
    to: Option<u64>,
}

/// A conversation.
#[derive(Debug)]
pub(crate) struct ConversationFacts {
    pub(crate) reference: Arc<ConversationRef>,
    pub(crate) deleted: bool,
    /// Whether anybody may join by its id.
    pub(crate) open: bool,
    /// The number of its newest change.
    sequence: u64,
    /// Its messages by their positions.
    pub(crate) messages: Vec<(u64, MessageId)>,
    members: BTreeMap<UserId, Vec<Span>>,
}

impl ConversationFacts {
    /// Whether a user is a member now.
    pub(crate) fn has(&self, user: &UserId) -> bool {
        self.members.get(user).and_then(|spans| spans.last()).is_some_and(|span| span.to.is_none())
    }

    /// The members, in the order of their ids.
    pub(crate) fn members(&self) -> impl Iterator<Item = &UserId> {
        self.members.keys().filter(|user| self.has(user))
    }
}

/// A message.
#[derive(Debug)]
pub(crate) struct MessageFacts {
    pub(crate) position: u64,
    pub(crate) conversation: ConversationId,
    pub(crate) sender: UserId,
    pub(crate) sent_at: Timestamp,
    /// Where it was removed because it is not kept any longer, if it was.
    pub(crate) purged: Option<u64>,
    /// Its texts, each with the position from which on it has that.
    pub(crate) texts: Vec<(u64, String)>,
    pub(crate) deleted: bool,
    pub(crate) pinned: bool,
    /// The message that it answers.
    pub(crate) reply_to: Option<MessageId>,
}

impl MessageFacts {
    /// The text that it has now.
    pub(crate) fn text(&self) -> &str {
        self.texts.last().map_or("", |(_, text)| text)
    }
}

/// The committed history.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) entries: Vec<Entry>,
    pub(crate) conversations: BTreeMap<ConversationId, ConversationFacts>,
    pub(crate) messages: BTreeMap<MessageId, MessageFacts>,
    pub(crate) reactions: Reactions,
    pub(crate) contacts: Contacts,
    pub(crate) additions: Additions,
    /// The positions at which messages were removed that are not kept any longer.
    pub(crate) purges: Vec<u64>,
}

impl History {
    /// The newest committed position.
    pub(crate) fn newest(&self) -> u64 {
        let entry = self.entries.last().map_or(0, |entry| entry.position);
        entry.max(self.purges.last().copied().unwrap_or(0))
    }

    /// The entry at a position.
    pub(crate) fn at(&self, position: u64) -> Option<&Entry> {
        let index = self.entries.binary_search_by_key(&position, |entry| entry.position).ok()?;
        self.entries.get(index)
    }

    /// Takes an entry that was committed.
    pub(crate) fn add(&mut self, entry: &Entry) -> Check {
        if entry.position <= self.newest() {
            return Err(format!("position {} was committed after {}", entry.position, self.newest()));
        }
        self.members_of(entry)?;
        self.messages_of(entry)?;
        self.sequence_of(entry)?;
        self.entries.push(entry.clone());
        Ok(())
    }

    fn facts(&mut self, conversation: &Arc<ConversationRef>) -> &mut ConversationFacts {
        self.conversations.entry(conversation.id.clone()).or_insert_with(|| ConversationFacts {
            reference: Arc::clone(conversation),
            deleted: false,
            open: false,
            sequence: 0,
            messages: Vec::new(),
            members: BTreeMap::new(),
        })
    }

    fn join(&mut self, conversation: &Arc<ConversationRef>, user: &UserId, position: u64) -> Check {
        let facts = self.facts(conversation);
        if facts.has(user) {
            return Err(format!("{user} joined {} at {position} and was a member already", conversation.id));
        }
        facts.members.entry(user.clone()).or_default().push(Span { from: position, to: None });
        Ok(())
    }

    fn members_of(&mut self, entry: &Entry) -> Check {
        let position = entry.position;
        match &entry.event {
            Event::ConversationCreated { conversation, members } => {
                self.contacts.made(&conversation.conversation, members, position);
                self.facts(&conversation.conversation).open = conversation.open;
                if let Some(owner) = &conversation.owner {
                    self.additions.made(&conversation.conversation.id, owner);
                }
                members.iter().try_for_each(|user| self.join(&conversation.conversation, user, position))
            }
            Event::ConversationChanged { conversation } => {
                self.facts(&conversation.conversation).open = conversation.open;
                Ok(())
            }
            Event::BlocksChanged { user, blocked, other } => {
                self.additions.blocked(user, blocked, position);
                if let Some(other) = other {
                    self.contacts.blocked(user, other);
                }
                Ok(())
            }
            Event::MemberJoined { conversation, user, .. } => {
                let mut contacts = std::mem::take(&mut self.contacts);
                let joined = contacts.joined(conversation, &user.id, |one, other| self.are_acquainted(one, other));
                self.contacts = contacts;
                joined?;
                if conversation.kind == ConversationKind::Group {
                    let mut additions = std::mem::take(&mut self.additions);
                    let may_add = |by: &UserId| self.may_add(by, &user.id);
                    // A connection alone leaves its mark, and adds nobody else.
                    let joined = additions.joined((&conversation.id, &user.id), entry.origin.is_some(), may_add);
                    self.additions = additions;
                    joined?;
                }
                self.join(conversation, &user.id, position)
            }
            Event::MemberLeft { conversation, user, departure, .. } => {
                if conversation.kind == ConversationKind::Group {
                    self.additions.departed(&conversation.id, &user.id, *departure);
                }
                let spans = self.facts(conversation).members.get_mut(&user.id).and_then(|spans| spans.last_mut());
                match spans.filter(|span| span.to.is_none()) {
                    Some(span) => {
                        span.to = Some(position);
                        Ok(())
                    }
                    None => Err(format!("{} left {} at {position} and was no member", user.id, conversation.id)),
                }
            }
            Event::ConversationDeleted { conversation } => {
                let facts = self.facts(conversation);
                facts.deleted = true;
                let open = facts.members.values_mut().filter_map(|spans| spans.last_mut());
                open.filter(|span| span.to.is_none()).for_each(|span| span.to = Some(position));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn messages_of(&mut self, entry: &Entry) -> Check {
        let position = entry.position;
        match &entry.event {
            Event::MessageCreated(message) => {
                self.written_by_a_member(message, position)?;
                let there = self.conversations.get(&message.conversation.id);
                self.contacts.sent(message, |user| there.is_some_and(|facts| facts.has(user)))?;
                self.quotes(message)?;
                let details = message.details.as_deref();
                let facts = MessageFacts {
                    position,
                    conversation: message.conversation.id.clone(),
                    sender: message.sender.id.clone(),
                    sent_at: message.created_at,
                    purged: None,
                    texts: vec![(position, message.content.clone())],
                    deleted: false,
                    pinned: false,
                    reply_to: details.and_then(|details| details.reply_to.as_ref()).map(|quote| quote.id.clone()),
                };
                if self.messages.insert(message.id.clone(), facts).is_some() {
                    return Err(format!("message {} was committed twice", message.id));
                }
                self.facts(&message.conversation).messages.push((position, message.id.clone()));
                Ok(())
            }
            Event::MessageEdited(message) | Event::MessageDeleted(message) => {
                let deleted = matches!(entry.event, Event::MessageDeleted(_));
                let facts = self.messages.get_mut(&message.id);
                let facts = facts.ok_or_else(|| format!("message {} was changed before it was sent", message.id))?;
                if facts.deleted || facts.purged.is_some() {
                    return Err(format!("message {} was changed after it was deleted or removed", message.id));
                }
                facts.deleted = deleted;
                facts.pinned &= !deleted;
                facts.texts.push((position, message.content.clone()));
                self.quotes(message)
            }
            Event::MessageReacted(reacted) => {
                self.is_there(&reacted.message, position)?;
                self.reactions.add(position, reacted)
            }
            Event::MessagePinned { message, pinned, .. } => {
                self.is_there(message, position)?;
                match self.messages.get_mut(message) {
                    Some(facts) if facts.pinned != *pinned => facts.pinned = *pinned,
                    _ => return Err(format!("the pin of {message} was committed at {position}, and is no change")),
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Nothing is done to a deleted message.
    fn is_there(&self, message: &MessageId, position: u64) -> Check {
        match self.messages.get(message) {
            Some(facts) if !facts.deleted && facts.purged.is_none() => Ok(()),
            _ => Err(format!("{message} is not there at {position}, where something was done to it")),
        }
    }

    /// A message was removed because it is not kept any longer: a pinned one is, and one of which it is not time yet. Gives
    /// the text that its sender gave it.
    pub(crate) fn purge(&mut self, position: u64, key: MessageKey, now: Timestamp) -> Result<String, String> {
        if self.purges.last() != Some(&position) {
            if position <= self.newest() {
                return Err(format!("a purge was committed at {position}, after {}", self.newest()));
            }
            self.purges.push(position);
        }
        let found = self.messages.iter_mut().find(|(_, facts)| facts.position == key.0.cast_unsigned());
        let Some((id, facts)) = found else {
            return Err(format!("the message at {key:?}, which was purged, is unknown"));
        };
        let kind = self.conversations.get(&facts.conversation).map(|facts| facts.reference.kind);
        let days = kind.map_or(0, kept_days);
        if facts.purged.replace(position).is_some() {
            return Err(format!("{id} was purged twice"));
        }
        if facts.pinned {
            return Err(format!("{id} was purged at {position}, and it is pinned"));
        }
        if days == 0 || facts.sent_at >= now.minus_days(i64::from(days)) {
            return Err(format!("{id} was purged at {position}, and is still to be kept"));
        }
        Ok(facts.texts.first().map(|(_, text)| text.clone()).unwrap_or_default())
    }

    /// Whether a message was removed because it is not kept any longer.
    pub(crate) fn is_purged(&self, message: &str) -> bool {
        self.messages.get(message).is_some_and(|facts| facts.purged.is_some())
    }

    /// Whether an entry tells of messages of which some are not kept any longer.
    fn tells_of_purged(&self, entry: &Entry) -> bool {
        match &entry.event {
            Event::MessageCreated(message) | Event::MessageEdited(message) | Event::MessageDeleted(message) => {
                self.is_purged(message.id.as_str())
            }
            Event::MessagePinned { message, .. } => self.is_purged(message.as_str()),
            Event::MessagesRead { messages, .. } => messages.iter().any(|id| self.is_purged(id.as_str())),
            _ => false,
        }
    }

    /// Whether the ids that a client heard are those of an entry, but for messages that are not kept any longer. Where one of
    /// these was named alone, another one of the entry may be named in its place.
    pub(crate) fn are_left_of(&self, ids: &[String], expected: &[String]) -> bool {
        let is_purged = |id: &str| id.split_once('=').is_some_and(|(_, id)| self.is_purged(id));
        let stands_for = |id: &String, other: &str| {
            let (Some((key, value)), Some((of, _))) = (id.split_once('='), other.split_once('=')) else { return false };
            let is_of_entry = |one: &String| one.split_once('=').is_some_and(|(_, known)| known == value);
            key == of && !expected.contains(id) && expected.iter().any(is_of_entry)
        };
        let mut heard = ids.iter().peekable();
        let others_fit = expected.iter().all(|id| {
            heard.next_if_eq(&id).is_some()
                || is_purged(id) && {
                    heard.next_if(|other| stands_for(other, id));
                    true
                }
        });
        others_fit && heard.peek().is_none()
    }

    /// A reply shows the message that it answers as that is now, or nothing of one that is not kept any longer.
    pub(crate) fn quotes(&self, message: &Message) -> Check {
        let Some(quote) = message.details.as_deref().and_then(|details| details.reply_to.as_ref()) else {
            return Ok(());
        };
        if quote.id.as_str() == NOWHERE {
            let answered = self.messages.get(&message.id).and_then(|facts| facts.reply_to.as_ref());
            return match answered.filter(|id| self.is_purged(id.as_str())) {
                Some(_) if quote.deleted && quote.content == DELETED_CONTENT => Ok(()),
                _ => Err(format!("{} answers nothing that was purged, and shows {quote:?}", message.id)),
            };
        }
        if self.is_purged(quote.id.as_str()) {
            return Err(format!("{} shows {}, which is not kept any longer", message.id, quote.id));
        }
        let there = self.messages.get(&quote.id).filter(|facts| facts.conversation == message.conversation.id);
        match there {
            Some(facts) if facts.text() == quote.content && facts.deleted == quote.deleted => Ok(()),
            _ => Err(format!("{} answers {}, and shows it as {:?}", message.id, quote.id, quote.content)),
        }
    }

    /// Who is no member writes nothing.
    fn written_by_a_member(&mut self, message: &Message, position: u64) -> Check {
        let (conversation, sender) = (&message.conversation, &message.sender.id);
        if !self.facts(conversation).has(sender) {
            return Err(format!("{sender} is no member of {} and sent a message to it at {position}", conversation.id));
        }
        Ok(())
    }

    /// Each conversation numbers its changes without gaps.
    fn sequence_of(&mut self, entry: &Entry) -> Check {
        let Some(sequence) = entry.sequence else { return Ok(()) };
        let Audience::Members(conversation) = entry.event.audience() else { return Ok(()) };
        let Some(facts) = self.conversations.get_mut(conversation) else { return Ok(()) };
        let next = facts.sequence + 1;
        if sequence != next {
            return Err(format!("{conversation} numbered the change at {} {sequence}, not {next}", entry.position));
        }
        facts.sequence = sequence;
        Ok(())
    }

    /// Whether a user was a member at a position, at which it may have joined or left.
    pub(crate) fn was_member(&self, conversation: &ConversationId, user: &UserId, position: u64) -> bool {
        let spans = self.conversations.get(conversation).and_then(|facts| facts.members.get(user));
        spans.is_some_and(|spans| {
            spans.iter().any(|span| span.from <= position && span.to.is_none_or(|to| position <= to))
        })
    }

    /// Whether a user left a conversation behind a position.
    fn leaves_behind(&self, conversation: &ConversationId, user: &UserId, position: u64) -> bool {
        let mut later = self.entries.iter().rev().take_while(|entry| entry.position > position);
        later.any(|entry| match &entry.event {
            Event::MemberLeft { conversation: left, user: one, .. } => left.id == *conversation && one.id == *user,
            _ => false,
        })
    }

    /// Whether an entry may be withheld from a user where a node reads it late, because what it shows was changed after the
    /// user had left the conversation.
    pub(crate) fn may_be_withheld(&self, entry: &Entry, user: &UserId) -> bool {
        if self.tells_of_purged(entry) {
            return true;
        }
        match &entry.event {
            Event::MessageCreated(message) => {
                let facts = self.messages.get(&message.id);
                facts.is_some_and(|facts| {
                    let mut later = facts.texts.iter().filter(|(at, _)| *at > entry.position);
                    later.any(|(at, _)| !self.was_member(&facts.conversation, user, *at))
                })
            }
            // They show what others have done to the message, and how it is answered.
            Event::MessageEdited(message) | Event::MessageDeleted(message) => {
                self.leaves_behind(&message.conversation.id, user, entry.position)
            }
            Event::ConversationCreated { conversation, .. }
            | Event::ConversationAppeared { conversation, .. }
            | Event::ConversationChanged { conversation } => {
                self.leaves_behind(&conversation.conversation.id, user, entry.position)
            }
            _ => false,
        }
    }

    /// Whether a replay of an entry to a user may be left out, because its rows have changed since while the user was no
    /// member of the conversation, or because a later one tells the present state.
    pub(crate) fn may_be_left_out(&self, entry: &Entry, user: &UserId) -> bool {
        if self.tells_of_purged(entry) {
            return true;
        }
        match &entry.event {
            Event::MessageCreated(message) | Event::MessageEdited(message) | Event::MessageDeleted(message) => {
                let facts = self.messages.get(&message.id);
                facts.is_some_and(|facts| {
                    facts.texts.iter().any(|(at, _)| !self.was_member(&facts.conversation, user, *at))
                })
            }
            Event::ConversationCreated { conversation, .. }
            | Event::ConversationAppeared { conversation, .. }
            | Event::ConversationChanged { conversation } => {
                let facts = self.conversations.get(&conversation.conversation.id);
                let spans = facts.and_then(|facts| facts.members.get(user));
                spans.is_some_and(|spans| spans.iter().any(|span| span.to.is_some_and(|to| to >= entry.position)))
            }
            // The newest pin alone is replayed, and none of a deleted message.
            Event::MessagePinned { message, .. } => {
                let is_newer = |later: &Entry| match &later.event {
                    Event::MessagePinned { message: of, .. } => of == message,
                    Event::MessageDeleted(deleted) => deleted.id == *message,
                    _ => false,
                };
                self.entries.iter().rev().take_while(|later| later.position > entry.position).any(is_newer)
            }
            // The newest change alone is replayed.
            Event::BlocksChanged { user: of, .. } => {
                let newer = self.entries.iter().rev().take_while(|later| later.position > entry.position);
                newer.into_iter().any(|later| matches!(&later.event, Event::BlocksChanged { user, .. } if user == of))
            }
            // The newest change alone is replayed, and none of a membership that has ended.
            Event::SettingsChanged { conversation, .. } => {
                let is_newer = |later: &Entry| match &later.event {
                    Event::SettingsChanged { conversation: other, user: of, .. } => {
                        later.position > entry.position && other.id == conversation.id && of == user
                    }
                    _ => false,
                };
                let facts = self.conversations.get(&conversation.id);
                let spans = facts.and_then(|facts| facts.members.get(user));
                spans.is_some_and(|spans| spans.iter().any(|span| span.to.is_some_and(|to| to >= entry.position)))
                    || self.entries.iter().rev().take_while(|later| later.position > entry.position).any(is_newer)
            }
            _ => false,
        }
    }

    /// Whether a user was a member from a position to the end.
    pub(crate) fn is_member_since(&self, conversation: &ConversationId, user: &UserId, position: u64) -> bool {
        let spans = self.conversations.get(conversation).and_then(|facts| facts.members.get(user));
        spans.and_then(|spans| spans.last()).is_some_and(|span| span.to.is_none() && span.from <= position)
    }

    /// Whether a user was a member at some time from a position on.
    pub(crate) fn was_member_since(&self, conversation: &ConversationId, user: &UserId, position: u64) -> bool {
        let spans = self.conversations.get(conversation).and_then(|facts| facts.members.get(user));
        spans.is_some_and(|spans| spans.iter().any(|span| span.to.is_none_or(|to| position <= to)))
    }

    /// Whether a user was a member at one of some positions. False for an empty range.
    pub(crate) fn was_member_within(
        &self,
        conversation: &ConversationId,
        user: &UserId,
        positions: Range<u64>,
    ) -> bool {
        let spans = self.conversations.get(conversation).and_then(|facts| facts.members.get(user));
        let meets = |span: &Span| span.from < positions.end && span.to.is_none_or(|to| positions.start <= to);
        !positions.is_empty() && spans.is_some_and(|spans| spans.iter().any(meets))
    }

    /// Conversations that are not deleted and in which a filter finds something, in the order of their ids.
    pub(crate) fn find(&self, filter: impl Fn(&ConversationFacts) -> bool) -> Vec<ConversationId> {
        let live = self.conversations.iter().filter(|(_, facts)| !facts.deleted && filter(facts));
        live.map(|(id, _)| id.clone()).collect()
    }
}
