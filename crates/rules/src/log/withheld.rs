//! What those who have left a conversation are not shown of changes that are read later, with the rows of now: what is
//! newer than their departure.
//!
//! What must stay true: nobody is shown a text, a reaction, a pin or a name that somebody set while they were not a
//! member. Where all members receive one event, what one of them must not see is left out of it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use quintet_domain::{ConversationRef, Departure, Message, MessageDetails, MessageId, UserId};

use super::missed::{MissedChange, MissedKind, ReplayRows, Subject};
use super::record::ChangeRecord;
use super::replay::Facts;
use crate::{ConversationKey, MessageKey, RowResult, UserKey};

/// The beginning or the end of a membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Move {
    position: u64,
    member: UserKey,
    /// The reason of a departure; none for a join.
    departure: Option<Departure>,
}

/// The departures among some changes, and what was changed later.
#[derive(Debug, Default)]
pub(super) struct Withheld {
    /// The moves of each conversation that somebody left, in order.
    moves: HashMap<ConversationKey, Vec<Move>>,
    /// The positions of the newest changes of texts, beside the creation of the messages.
    texts: HashMap<MessageKey, u64>,
    /// The positions of the newest changes of reactions and pins.
    marks: HashMap<MessageKey, u64>,
    /// The positions of the newest changes of conversations.
    conversations: HashMap<ConversationKey, u64>,
}

impl Withheld {
    /// Finds the departures among all changes after a position, in order; `None` if there are none, and so nothing is
    /// withheld.
    pub(super) fn of(changes: &[MissedChange]) -> Option<Self> {
        let mut withheld = Self::default();
        for missed in changes {
            if let MissedKind::Recorded(ChangeRecord::MemberLeft { .. }) = missed.change {
                withheld.moves.entry(missed.conversation).or_default();
            }
        }
        if withheld.moves.is_empty() {
            return None;
        }
        for missed in changes {
            let Some(moves) = withheld.moves.get_mut(&missed.conversation) else { continue };
            let position = missed.position;
            match &missed.change {
                MissedKind::Recorded(ChangeRecord::MemberLeft { member, departure, .. }) => {
                    moves.push(Move { position, member: *member, departure: Some(*departure) });
                }
                MissedKind::Recorded(ChangeRecord::MemberJoined { member, .. }) => {
                    moves.push(Move { position, member: *member, departure: None });
                }
                MissedKind::Recorded(ChangeRecord::ConversationChanged) => {
                    withheld.conversations.insert(missed.conversation, position);
                }
                MissedKind::Created | MissedKind::Recorded(_) => match missed.subject() {
                    Some(Subject::Text(key)) if !missed.creates() => drop(withheld.texts.insert(key, position)),
                    Some(Subject::Reaction(key, _) | Subject::Pin(key)) => drop(withheld.marks.insert(key, position)),
                    Some(Subject::Text(_)) | None => {}
                },
            }
        }
        Some(withheld)
    }

    /// The users who have moved.
    pub(super) fn users(&self) -> impl Iterator<Item = UserKey> {
        self.moves.values().flatten().map(|one| one.member)
    }

    /// Leaves out of what the facts show what is newer than the first departure from its conversation.
    pub(super) fn leave_out(
        &self,
        rows: &dyn ReplayRows,
        changes: &[MissedChange],
        facts: &mut Facts,
    ) -> RowResult<()> {
        let mut names = HashMap::new();
        for (key, first) in self.first_departures() {
            if self.conversations.get(&key).is_some_and(|at| *at > first)
                && let Some(row) = facts.conversations.get_mut(&key)
            {
                row.reference = Arc::new(ConversationRef { name: None, ..ConversationRef::clone(&row.reference) });
                names.insert(key, Arc::clone(&row.reference));
            }
        }
        let quoted = self.quoted(rows, facts)?;
        let places: HashMap<MessageKey, ConversationKey> =
            changes.iter().filter_map(|missed| Some((missed.about_message()?, missed.conversation))).collect();
        for (key, message) in facts.messages.iter_mut().chain(facts.changed.iter_mut()) {
            let Some(conversation) = places.get(key) else { continue };
            let Some(first) = self.moves.get(conversation).and_then(|moves| first_departure(moves)) else { continue };
            let details = message.details.as_deref().filter(|details| self.shows_newer(*key, details, first, &quoted));
            let details = details.map(|details| self.older(*key, details.clone(), first, &quoted));
            let name = names.get(conversation);
            if details.is_none() && name.is_none() {
                continue;
            }
            let mut older = Message::clone(message);
            if let Some(details) = details {
                older.details = details.kept();
            }
            if let Some(name) = name {
                older.conversation = Arc::clone(name);
            }
            *message = Arc::new(older);
        }
        Ok(())
    }

    /// The former members who do not receive a change, because it would show them what is newer than their departure.
    pub(super) fn users_of(&self, missed: &MissedChange, facts: &Facts) -> Vec<UserId> {
        match &missed.change {
            MissedKind::Recorded(
                ChangeRecord::ConversationChanged
                | ChangeRecord::ConversationCreated { .. }
                | ChangeRecord::ConversationShown { .. },
            ) => self.users_where_shown(missed, facts),
            MissedKind::Created | MissedKind::Recorded(_) => {
                let newest = missed.message().and_then(|(key, _)| self.texts.get(&key));
                newest.map_or_else(Vec::new, |newest| self.left_between(missed, *newest, facts))
            }
        }
    }

    /// The former members who do not receive an event at a change that shows the conversation.
    pub(super) fn users_where_shown(&self, missed: &MissedChange, facts: &Facts) -> Vec<UserId> {
        let newest = self.conversations.get(&missed.conversation);
        newest.map_or_else(Vec::new, |newest| self.left_between(missed, *newest, facts))
    }

    /// Who has left the conversation of a change after it, and was not there when something was changed later.
    fn left_between(&self, missed: &MissedChange, newest: u64, facts: &Facts) -> Vec<UserId> {
        let Some(moves) = self.moves.get(&missed.conversation) else { return Vec::new() };
        let mut left: HashMap<UserKey, Departure> = HashMap::new();
        for one in moves.iter().filter(|one| one.position > missed.position && one.position < newest) {
            match one.departure {
                Some(departure) => drop(left.insert(one.member, departure)),
                None => drop(left.remove(&one.member)),
            }
        }
        let named = |(key, departure): (UserKey, Departure)| {
            let user = &facts.users.get(&key)?.user;
            let user = match departure {
                Departure::IdTaken => facts.as_known_before(key, user),
                _ => Arc::clone(user),
            };
            Some(user.id.clone())
        };
        left.into_iter().filter_map(named).collect()
    }

    fn first_departures(&self) -> impl Iterator<Item = (ConversationKey, u64)> {
        self.moves.iter().filter_map(|(key, moves)| Some((*key, first_departure(moves)?)))
    }

    /// The newest changes of texts by the ids of their messages, by which answers quote them.
    fn quoted(&self, rows: &dyn ReplayRows, facts: &Facts) -> RowResult<HashMap<MessageId, u64>> {
        let mut quoted = HashMap::new();
        let mut unknown = BTreeSet::new();
        for (key, at) in &self.texts {
            match facts.messages.get(key) {
                Some(message) => drop(quoted.insert(message.id.clone(), *at)),
                None => drop(unknown.insert(*key)),
            }
        }
        if !unknown.is_empty() {
            rows.messages(&unknown, &mut |row| {
                quoted.extend(self.texts.get(&row.key).map(|at| (row.id, *at)));
                true
            })?;
        }
        Ok(quoted)
    }

    fn shows_newer(
        &self,
        key: MessageKey,
        details: &MessageDetails,
        first: u64,
        quoted: &HashMap<MessageId, u64>,
    ) -> bool {
        details.thread.is_some() || self.quotes_newer(details, first, quoted) || self.has_newer_marks(key, first)
    }

    /// The details without what is newer than a departure. Who has answered in a thread is not known for then.
    fn older(
        &self,
        key: MessageKey,
        mut details: MessageDetails,
        first: u64,
        quoted: &HashMap<MessageId, u64>,
    ) -> MessageDetails {
        if self.quotes_newer(&details, first, quoted) {
            details.reply_to = None;
        }
        details.thread = None;
        if self.has_newer_marks(key, first) { details.without_marks() } else { details }
    }

    fn quotes_newer(&self, details: &MessageDetails, first: u64, quoted: &HashMap<MessageId, u64>) -> bool {
        details.reply_to.as_ref().is_some_and(|quote| quoted.get(&quote.id).is_some_and(|at| *at > first))
    }

    fn has_newer_marks(&self, key: MessageKey, first: u64) -> bool {
        self.marks.get(&key).is_some_and(|at| *at > first)
    }
}

fn first_departure(moves: &[Move]) -> Option<u64> {
    moves.iter().find(|one| one.departure.is_some()).map(|one| one.position)
}
