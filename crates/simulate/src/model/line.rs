//! The line of one client: what it hears on a connection and on those that resume it, held against the projection of
//! the commit order.
//!
//! What must stay true: every event with an offset is the next of the projection; nothing that has to be heard is
//! missing before it, and a reply stands behind everything that was committed before its own entry.

use std::collections::BTreeMap;

use quintet_dialect::Dialect;
use quintet_domain::{Audience, ConnectionId, ConversationId, DELETED_CONTENT, Entry, Event, MessageId, UserId};
use serde_json::Value;

use super::Check;
use super::history::{History, NOWHERE};
use super::mutes::{Muted, Mutes, MutesKnown, ended_by};
use super::projection::{Expected, Reader, Requirement, expected, subject};
use super::reactions::{Heard, Told};
use crate::packets::Offset;

/// A place in the history: the index of an entry, and how many of its events are behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Cursor {
    entry: usize,
    events: usize,
}

/// The messages that a join gives, at most.
const HISTORY_MESSAGES: usize = 50;

/// What one client heard since it last started afresh.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) reader: Reader,
    /// Whether there are several nodes.
    many: bool,
    /// Entries up to this position may be missing before the first event that is heard.
    excused_to: u64,
    /// Behind the last event that was heard; none before the first.
    heard: Option<Cursor>,
    /// Behind everything that cannot come any more.
    walked: Cursor,
    /// Whether a connection has resumed the line, so that events are replayed to it.
    resumed: bool,
    /// The newest own message that was acknowledged.
    sent_to: u64,
    pub(crate) mutes: Mutes,
    /// Messages that were not heard because of a mute.
    pub(crate) withheld: u64,
    /// The newest message that a join's history had, by room.
    histories: BTreeMap<ConversationId, u64>,
    /// What was told of reactions.
    told: Told,
}

impl Line {
    /// A line that starts afresh; its first event may be any up to the newest position when its connection was accepted,
    /// and is the next one behind that at the latest.
    pub(crate) fn new(user: UserId, guest: bool, dialect: Option<Dialect>, newest: u64, many: bool) -> Self {
        Self {
            reader: Reader { user, guest, dialect, session: None },
            many,
            excused_to: newest,
            heard: None,
            walked: Cursor::default(),
            resumed: false,
            sent_to: 0,
            mutes: Mutes::default(),
            withheld: 0,
            histories: BTreeMap::new(),
            told: Told::default(),
        }
    }

    /// The session of the line's connections is known now.
    pub(crate) fn learn_session(&mut self, session: ConnectionId) {
        self.reader.session = Some(session);
    }

    /// A connection resumes the line: what follows is what comes behind the last event that was heard.
    pub(crate) fn resume(&mut self, history: &History, mutes: MutesKnown) {
        self.walked = self.heard.unwrap_or_default();
        self.resumed = true;
        self.mutes.kept(mutes);
        let (missed, user) = (&history.entries[self.walked.entry.min(history.entries.len())..], &self.reader.user);
        let has_ended = |of: &ConversationId| missed.iter().any(|entry| ended_by(entry, user) == Some(of));
        self.mutes.resumed(history.newest(), has_ended);
        self.sent_to = 0;
        self.histories.clear();
    }

    /// The entry that the line comes to next has this position.
    pub(crate) fn next_position(&self, history: &History) -> u64 {
        history.entries.get(self.walked.entry).map_or(u64::MAX, |entry| entry.position)
    }

    /// The position of the newest entry that was heard; 0 before the first.
    pub(crate) fn heard_position(&self, history: &History) -> u64 {
        let heard = self.heard.and_then(|heard| history.entries.get(heard.entry));
        heard.map_or(0, |entry| entry.position)
    }

    /// The position of the next message of a user in a conversation that has to be heard.
    pub(crate) fn next_message(&self, history: &History, conversation: &ConversationId, sender: &UserId) -> u64 {
        let behind = self.walked.entry + usize::from(self.walked.events > 0);
        let mut messages = history.entries.iter().skip(behind).filter(|entry| match &entry.event {
            Event::MessageCreated(message) => {
                message.conversation.id == *conversation
                    && message.sender.id == *sender
                    && self.expected(history, entry).iter().any(|event| self.is_missing(event, entry))
            }
            _ => false,
        });
        messages.next().map_or(u64::MAX, |entry| entry.position)
    }

    fn expected(&self, history: &History, entry: &Entry) -> Vec<Expected> {
        let mut expected = expected(history, entry, &self.reader);
        let user = &self.reader.user;
        let may_be_absent = (self.resumed && history.may_be_left_out(entry, user))
            || (self.many && history.may_be_withheld(entry, user));
        if may_be_absent {
            expected.iter_mut().for_each(|event| event.requirement = Requirement::Optional);
        }
        // A notification is told again until it is known to have come; who has asked to reach somebody is not shown its
        // receipts before it agrees, and who is blocked is shown none; a message that appears is shown as it is now.
        let is_uncertain = match &entry.event {
            Event::Notified { .. } => true,
            Event::MessagesRead { reader, .. } => {
                history.contacts.has_asked(user, &reader.id) || history.additions.has_ever_blocked(&reader.id, user)
            }
            Event::MessageAppeared { message, .. } => {
                history.messages.get(&message.id).is_none_or(|facts| facts.deleted || facts.texts.len() > 1)
            }
            _ => false,
        };
        if is_uncertain {
            expected.iter_mut().for_each(|event| event.requirement = Requirement::Optional);
        }
        if matches!(entry.event, Event::MessageReacted(_)) {
            // It may be told late, together with others.
            expected.iter_mut().for_each(|event| event.requirement = Requirement::Optional);
        }
        let muted = match entry.event.audience() {
            Audience::Members(conversation) => self.mutes.of(conversation, entry.position),
            Audience::Users(_) | Audience::User(_) | Audience::Watchers(_) | Audience::Contacts(_) => Muted::No,
        };
        match muted {
            Muted::No => {}
            // The end of a conversation is heard as one's own departure, or, replayed, not at all.
            Muted::Yes if !matches!(entry.event, Event::ConversationDeleted { .. }) => expected.clear(),
            Muted::Yes | Muted::Perhaps => {
                expected.iter_mut().for_each(|event| event.requirement = Requirement::Optional);
            }
        }
        expected
    }

    fn is_missing(&self, event: &Expected, entry: &Entry) -> bool {
        event.requirement == Requirement::Required && (self.heard.is_some() || entry.position > self.excused_to)
    }

    /// An event with an offset was heard. Gives the entry that it is of.
    pub(crate) fn hear<'h>(
        &mut self,
        history: &'h History,
        name: &str,
        payload: &Value,
        offset: &Offset,
    ) -> Result<&'h Entry, String> {
        let ids = subject(payload);
        let user = self.reader.user.clone();
        while let Some(entry) = history.entries.get(self.walked.entry) {
            let events = self.expected(history, entry);
            for event in events.iter().skip(self.walked.events) {
                self.walked.events += 1;
                let is_late = self.resumed || self.many;
                let fits = event.subject == ids || is_late && history.are_left_of(&ids, &event.subject);
                if event.name == name && event.offset == *offset && fits {
                    self.heard = Some(self.walked);
                    self.check_text(history, entry, payload)?;
                    if matches!(entry.event, Event::MessageReacted(_)) {
                        self.hear_reaction(history, payload, Some(entry.position))?;
                    }
                    self.check_behind_history(entry)?;
                    return Ok(entry);
                }
                if event.name == name && event.offset == *offset {
                    let differing: Vec<_> = event.subject.iter().filter(|id| !ids.contains(id)).collect();
                    let (had, has) = (event.subject.len(), ids.len());
                    return Err(format!(
                        "{user} heard `{name}` at {} with {has} ids, not {had}; without {differing:?}",
                        entry.position
                    ));
                }
                if self.is_missing(event, entry) {
                    return Err(format!(
                        "{user} heard `{name}` {ids:?} at {}{} and before it missed `{}` {:?} at {}",
                        offset.position, offset.letter, event.name, event.subject, entry.position
                    ));
                }
            }
            self.pass(entry);
        }
        Err(format!(
            "{user} heard `{name}` {ids:?} at {}{}, which is not for it, or which it had heard, or which was not committed",
            offset.position, offset.letter
        ))
    }

    fn pass(&mut self, entry: &Entry) {
        if let Event::MessageCreated(message) = &entry.event
            && self.mutes.of(&message.conversation.id, entry.position) == Muted::Yes
        {
            self.withheld += 1;
        }
        self.mutes.pass(entry, &self.reader.user);
        self.walked = Cursor { entry: self.walked.entry + 1, events: 0 };
    }

    /// Goes on behind all entries up to a position; nothing that has to be heard may be missing.
    fn walk_to(&mut self, history: &History, position: u64, why: &str) -> Check {
        while let Some(entry) = history.entries.get(self.walked.entry).filter(|entry| entry.position <= position) {
            let events = self.expected(history, entry);
            if let Some(missing) = events.iter().skip(self.walked.events).find(|event| self.is_missing(event, entry)) {
                let user = &self.reader.user;
                return Err(format!(
                    "{user} {why} and missed `{}` {:?} at {}",
                    missing.name, missing.subject, entry.position
                ));
            }
            self.pass(entry);
        }
        Ok(())
    }

    /// The acknowledgement of an own write came, whose entry has a position: it stands right before that.
    pub(crate) fn acknowledged(&mut self, history: &History, position: u64) -> Check {
        if self.next_position(history) > position {
            let user = &self.reader.user;
            return Err(format!("{user} got the acknowledgement of {position} behind what comes after it"));
        }
        self.walk_to(history, position - 1, &format!("got the acknowledgement of {position}"))?;
        self.sent_to = self.sent_to.max(position);
        Ok(())
    }

    /// The reply to a later command came: the echo of what was acknowledged before stands before it.
    pub(crate) fn replied(&mut self, history: &History) -> Check {
        self.walk_to(history, self.sent_to, "got the reply to a later command")
    }

    /// An event about reactions was heard; late if it has no position.
    pub(crate) fn hear_reaction(&mut self, history: &History, payload: &Value, at: Option<u64>) -> Check {
        let user = &self.reader.user;
        let Some(heard) = Heard::read(payload) else { return Err(format!("{user} heard of no reaction: {payload}")) };
        let Some(facts) = history.messages.get(&heard.message) else {
            return Err(format!("{user} heard of a reaction to {}, which does not exist", heard.message));
        };
        let may_hear = |position| history.was_member_since(&facts.conversation, user, position);
        // Who hears all vocabularies hears each event in all of them.
        let again = self.resumed || self.reader.dialect.is_none();
        self.told.hear(&history.reactions, &heard, at, (again, may_hear)).map_err(|why| format!("{user}: {why}"))
    }

    /// Nothing more comes: everything that has to be heard was heard.
    pub(crate) fn complete(&mut self, history: &History) -> Check {
        self.walk_to(history, u64::MAX, "is up to date at rest")?;
        let user = &self.reader.user;
        let knows_all = |message: &MessageId, since: u64| {
            history.messages.get(message).is_some_and(|facts| {
                let is_member = history.is_member_since(&facts.conversation, user, since);
                !facts.deleted && facts.purged.is_none() && is_member && self.mutes.never(&facts.conversation)
            })
        };
        let complete = self.told.complete(&history.reactions, self.excused_to, knows_all);
        complete.map_err(|why| format!("{user}: {why}"))
    }

    /// The text of a message is the one of its entry, or a later one that the user may know where it is replayed.
    fn check_text(&self, history: &History, entry: &Entry, payload: &Value) -> Check {
        let (Event::MessageCreated(message) | Event::MessageEdited(message)) = &entry.event else { return Ok(()) };
        let fields = payload.get("message").filter(|message| message.is_object()).unwrap_or(payload);
        let text = ["content", "newContent"].iter().find_map(|key| fields.get(key)).and_then(Value::as_str);
        let (Some(text), Some(facts)) = (text, history.messages.get(&message.id)) else { return Ok(()) };
        let user = &self.reader.user;
        let told = |since: u64| since >= entry.position && history.was_member(&facts.conversation, user, since);
        if facts.texts.iter().any(|(since, known)| told(*since) && known == text) {
            return self.check_quote(history, entry, fields);
        }
        Err(format!(
            "{user} heard `{text}` as the text of {} at {}, which it never had since while {user} was a member",
            message.id, entry.position
        ))
    }

    /// The text of the message that is answered is the one that it had, or a later one that the user may know.
    fn check_quote(&self, history: &History, entry: &Entry, fields: &Value) -> Check {
        let Some(quote) = fields.get("replyTo").filter(|quote| quote.is_object()) else { return Ok(()) };
        let field = |key: &str| quote.get(key).and_then(Value::as_str).unwrap_or_default();
        let (user, id, text) = (&self.reader.user, field("id"), field("content"));
        if id == NOWHERE && text == DELETED_CONTENT {
            // Only of one that was purged: what is stored is held against the history at the end.
            return Ok(());
        }
        let Some(facts) = history.messages.get(&MessageId::trusted(id)) else {
            return Err(format!("{user} heard a reply to {id}, which does not exist"));
        };
        let then = facts.texts.iter().rfind(|(since, _)| *since <= entry.position);
        let later = facts
            .texts
            .iter()
            .filter(|(since, _)| *since > entry.position && history.was_member(&facts.conversation, user, *since));
        if then.into_iter().chain(later).any(|(_, known)| known == text) {
            return Ok(());
        }
        Err(format!("{user} heard at {} a reply to {id}, which never had the text `{text}` since", entry.position))
    }

    // --- the history of a join ---

    /// The history of a join came: it holds the newest messages up to the join, and none that comes again.
    pub(crate) fn joined(&mut self, history: &History, room: &ConversationId, messages: &[MessageId]) -> Check {
        let user = self.reader.user.clone();
        let Some(facts) = history.conversations.get(room) else {
            return Err(format!("{user} got the history of {room}, which does not exist"));
        };
        let mut positions = Vec::new();
        for id in messages {
            let Some(message) = history.messages.get(id).filter(|message| message.conversation == *room) else {
                return Err(format!("{user} got {id} in the history of {room}, which has no such message"));
            };
            positions.push(message.position);
        }
        let end = positions.last().copied().unwrap_or(0);
        // As it was before all purges, or behind one of them.
        let newest_behind = |purge: u64| {
            let is_kept = |id: &MessageId| {
                let purged = history.messages.get(id).and_then(|message| message.purged);
                purged.is_none_or(|at| at > purge)
            };
            let before: Vec<u64> =
                facts.messages.iter().filter(|(at, id)| *at <= end && is_kept(id)).map(|(at, _)| *at).collect();
            before[before.len().saturating_sub(HISTORY_MESSAGES)..].to_vec()
        };
        let mut purges = std::iter::once(0).chain(history.purges.iter().copied());
        if !purges.any(|purge| newest_behind(purge) == positions) {
            let newest = newest_behind(u64::MAX);
            return Err(format!("{user} got {positions:?} as the history of {room}, and {newest:?} are its newest"));
        }
        // It was read at a position that nothing contradicts: not before what was heard already, before the message that
        // would come next in it, and while the user was a member, by this join or an earlier one.
        let heard = self.heard_position(history);
        let later = facts.messages.iter().filter(|(at, id)| *at > end && !history.is_purged(id.as_str()));
        let next = later.map(|(at, _)| *at).min().unwrap_or(u64::MAX);
        if !history.was_member_within(room, &user, end.max(heard)..next) {
            return Err(format!("{user} got a history of {room} that ends at {end} and lacks {next}"));
        }
        self.histories.insert(room.clone(), end);
        Ok(())
    }

    fn check_behind_history(&self, entry: &Entry) -> Check {
        let Event::MessageCreated(message) = &entry.event else { return Ok(()) };
        match self.histories.get(&message.conversation.id) {
            Some(end) if entry.position <= *end => Err(format!(
                "{} heard the message at {} behind a history that had it",
                self.reader.user, entry.position
            )),
            _ => Ok(()),
        }
    }
}
