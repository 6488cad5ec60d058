//! What those who have left a conversation are not shown of changes that are read later, with the rows of now.
//!
//! What must stay true: nobody is shown a text, a reaction, a pin or the name of a conversation that was set while they
//! were not a member, if they were one when the change happened. A change that would show it is withheld from them alone.
//! Only where that would lose a message for them, what is newer is left out of the message, for all.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use quintet_domain::{ConversationRef, Message, MessageDetails, MessageId, Moves, Withheld};

use super::change::Change;
use super::missed::{MissedChange, MissedKind, ReplayRows, Subject};
use super::record::ChangeRecord;
use super::replay::Facts;
use crate::{ConversationKey, MessageKey, RowResult, UserKey};

/// The joins and departures in one conversation, in order.
#[derive(Debug, Default)]
struct Of {
    /// The position of each, the user, and whether it joins.
    raw: Vec<(u64, UserKey, bool)>,
    /// The positions of the departures.
    departures: Vec<u64>,
    /// The same by the ids of the users.
    moves: Arc<Moves>,
}

impl Of {
    /// Whether somebody left at a position or behind it, and before another one.
    fn has_departure(&self, from: u64, before: u64) -> bool {
        let next = self.departures.partition_point(|at| *at < from);
        self.departures.get(next).is_some_and(|at| *at < before)
    }
}

/// The departures among some changes, and what was changed in the conversations that somebody left.
#[derive(Debug, Default)]
pub(super) struct Departed {
    conversations: HashMap<ConversationKey, Of>,
    /// The positions of the newest changes of texts, beside the creation of the messages.
    texts: HashMap<MessageKey, u64>,
    /// The same by the ids of the messages, by which answers quote them.
    quoted: HashMap<MessageId, u64>,
    /// The positions of the newest changes of reactions and pins.
    marks: HashMap<MessageKey, u64>,
    /// The positions of the newest changes of the conversations themselves.
    names: HashMap<ConversationKey, u64>,
}

impl Departed {
    /// Finds the departures among all changes after a position, in order; `None` if there are none, and so nothing is
    /// withheld.
    pub(super) fn of(changes: &[MissedChange]) -> Option<Self> {
        let mut found = Self::default();
        for missed in changes {
            if let MissedKind::Recorded(ChangeRecord::MemberLeft { .. }) = missed.change {
                found.conversations.entry(missed.conversation).or_default();
            }
        }
        if found.conversations.is_empty() {
            return None;
        }
        for missed in changes {
            let Some(of) = found.conversations.get_mut(&missed.conversation) else { continue };
            let position = missed.position;
            match &missed.change {
                MissedKind::Recorded(ChangeRecord::MemberLeft { member, .. }) => {
                    of.raw.push((position, *member, false));
                    of.departures.push(position);
                }
                MissedKind::Recorded(ChangeRecord::MemberJoined { member, .. }) => {
                    of.raw.push((position, *member, true));
                }
                MissedKind::Recorded(ChangeRecord::ConversationChanged) => {
                    found.names.insert(missed.conversation, position);
                }
                MissedKind::Created | MissedKind::Recorded(_) => match missed.subject() {
                    Some(Subject::Text(key)) if !missed.creates() => drop(found.texts.insert(key, position)),
                    Some(Subject::Reaction(key, _) | Subject::Pin(key)) => drop(found.marks.insert(key, position)),
                    Some(Subject::Text(_)) | None => {}
                },
            }
        }
        Some(found)
    }

    /// The users who joined or left.
    pub(super) fn users(&self) -> impl Iterator<Item = UserKey> {
        self.conversations.values().flat_map(|of| &of.raw).map(|(_, user, _)| *user)
    }

    /// Learns the ids of users, which the facts have, and of messages that were changed.
    pub(super) fn learn_ids(&mut self, rows: &dyn ReplayRows, facts: &Facts) -> RowResult<()> {
        for of in self.conversations.values_mut() {
            let mut moves = Moves::default();
            for (position, key, joins) in &of.raw {
                let Some(row) = facts.users.get(key) else { continue };
                moves.add(facts.as_known_before(*key, &row.user).id.clone(), *position, *joins);
            }
            of.moves = Arc::new(moves);
        }
        let mut unknown = BTreeSet::new();
        for (key, at) in &self.texts {
            match facts.messages.get(key) {
                Some(message) => drop(self.quoted.insert(message.id.clone(), *at)),
                None => drop(unknown.insert(*key)),
            }
        }
        if !unknown.is_empty() {
            let Self { texts, quoted, .. } = self;
            rows.messages(&unknown, &mut |row| {
                quoted.extend(texts.get(&row.key).map(|at| (row.id, *at)));
                true
            })?;
        }
        Ok(())
    }

    /// A change at a position in a conversation as it may be shown, and from whom it is withheld.
    pub(super) fn shown(
        &self,
        (position, conversation): (u64, Option<ConversationKey>),
        mut change: Change,
    ) -> (Change, Option<Withheld>) {
        let Some((key, of)) = conversation.and_then(|key| Some((key, self.conversations.get(&key)?))) else {
            return (change, None);
        };
        let hides_name = self.names.get(&key).is_some_and(|newest| of.has_departure(position, *newest));
        let newest = match &mut change {
            Change::MessageCreated { message } => {
                // Its position is its key.
                let created = MessageKey(position.cast_signed());
                self.leave_out((created, position), of, message);
                self.texts.get(&created).copied()
            }
            Change::MessageAppeared { key, message, .. }
            | Change::MessageEdited { key, message, .. }
            | Change::MessageDeleted { key, message, .. } => {
                let details = message.details.as_deref();
                let quoted = details.and_then(|details| self.quoted.get(&details.reply_to.as_ref()?.id));
                // When the replies of a thread were sent is not known here.
                let thread = details.is_some_and(|details| details.thread.is_some()).then_some(&u64::MAX);
                [self.texts.get(key), self.marks.get(key), quoted, thread].into_iter().flatten().max().copied()
            }
            // They show the newest message, and who is a member.
            Change::ConversationCreated { .. }
            | Change::ConversationAppeared { .. }
            | Change::ConversationShown { .. }
            | Change::ConversationChanged { .. } => Some(u64::MAX),
            Change::MessageReacted { .. }
            | Change::MessagePinned { .. }
            | Change::MessagesRead { .. }
            | Change::ConversationHidden { .. }
            | Change::SettingsChanged { .. }
            | Change::BlocksChanged { .. }
            | Change::DeletionAnnounced { .. }
            | Change::ConversationDeleted { .. }
            | Change::MemberJoined { .. }
            | Change::MemberLeft { .. }
            | Change::MeetupChanged { .. }
            | Change::MessageReported { .. }
            | Change::UserChanged { .. }
            | Change::Revoked { .. }
            | Change::SessionEnded { .. }
            | Change::Notified { .. } => None,
        };
        if hides_name {
            hide_name(&mut change);
        }
        let newest = newest.filter(|newest| of.has_departure(position + 1, *newest));
        (change, newest.map(|newest| Withheld::new(Arc::clone(&of.moves), newest)))
    }

    /// Leaves out of a message that was sent at a position what others added later: as a rule, a message has nothing of it
    /// when it is sent.
    fn leave_out(&self, (key, position): (MessageKey, u64), of: &Of, message: &mut Arc<Message>) {
        let Some(details) = message.details.as_deref() else { return };
        let is_newer = |at: &u64| of.has_departure(position + 1, *at);
        let quotes = details.reply_to.as_ref().and_then(|quote| self.quoted.get(&quote.id)).is_some_and(is_newer);
        let marks = self.marks.get(&key).is_some_and(is_newer);
        let thread = details.thread.is_some() && is_newer(&u64::MAX);
        if !(quotes || marks || thread) {
            return;
        }
        let mut details = MessageDetails::clone(details);
        if quotes {
            details.reply_to = None;
        }
        if thread {
            details.thread = None;
        }
        let details = if marks { details.without_marks() } else { details };
        *message = Arc::new(Message { details: details.kept(), ..Message::clone(message) });
    }
}

/// Leaves the name of its conversation out of a change.
fn hide_name(change: &mut Change) {
    let without = |reference: &mut Arc<ConversationRef>| {
        *reference = Arc::new(reference.without_name());
    };
    match change {
        Change::MessageCreated { message }
        | Change::MessageAppeared { message, .. }
        | Change::MessageEdited { message, .. }
        | Change::MessageDeleted { message, .. } => {
            let mut older = Message::clone(message);
            without(&mut older.conversation);
            *message = Arc::new(older);
        }
        Change::MessageReacted { conversation, .. }
        | Change::MessagePinned { conversation, .. }
        | Change::MessagesRead { conversation, .. }
        | Change::ConversationHidden { conversation, .. }
        | Change::SettingsChanged { conversation: (_, conversation), .. }
        | Change::MessageReported { conversation: (_, conversation), .. }
        | Change::DeletionAnnounced { conversation }
        | Change::ConversationDeleted { conversation }
        | Change::MemberJoined { conversation, .. }
        | Change::MemberLeft { conversation, .. } => without(conversation),
        // What shows the whole conversation is withheld.
        Change::ConversationCreated { .. }
        | Change::ConversationAppeared { .. }
        | Change::ConversationShown { .. }
        | Change::ConversationChanged { .. }
        | Change::MeetupChanged { .. }
        | Change::UserChanged { .. }
        | Change::Revoked { .. }
        | Change::SessionEnded { .. }
        | Change::BlocksChanged { .. }
        | Change::Notified { .. } => {}
    }
}
