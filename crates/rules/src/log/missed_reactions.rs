//! The reactions and pins of a replay: the present state, told once.
//!
//! What must stay true: of the changes about one emoji on one message, or about the pin of one message, a replay has the
//! last; it names all users whose reactions changed, so that nothing is lost by it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use quintet_domain::limits::REACTION_CHANGES_TOLD_MAX;
use quintet_domain::{ConversationRef, Emoji, Message, ReactionChange};

use super::budget::Budget;
use super::change::Change;
use super::missed::{MissedChange, MissedKind, ReplayRows, Subject};
use super::record::ChangeRecord;
use crate::rows::UserRow;
use crate::{MessageKey, RowResult, UserKey};

/// For the position of a reaction that stands for several: the users whose reactions changed, each once, in the order of
/// their last changes, with whether the reaction is there.
pub(super) type Together = HashMap<u64, Vec<(UserKey, bool)>>;

/// Keeps of the changes about a reaction or a pin the last one. The changes must be in order within each conversation.
/// Returns the users for whom each kept reaction stands, if they are several.
pub(super) fn keep_present(changes: &mut Vec<MissedChange>) -> Together {
    let mut last: HashMap<Subject, u64> = HashMap::new();
    let mut users: HashMap<Subject, Vec<(UserKey, bool)>> = HashMap::new();
    for missed in changes.iter() {
        let Some(subject @ (Subject::Reaction(..) | Subject::Pin(_))) = missed.subject() else { continue };
        if let MissedKind::Recorded(ChangeRecord::MessageReacted { by, active, .. }) = &missed.change {
            users.entry(subject.clone()).or_default().push((*by, *active));
        }
        last.insert(subject, missed.position);
    }
    if last.is_empty() {
        return Together::new();
    }
    let newest: HashSet<u64> = last.values().copied().collect();
    changes.retain(|missed| {
        let marks = matches!(missed.subject(), Some(Subject::Reaction(..) | Subject::Pin(_)));
        !marks || newest.contains(&missed.position)
    });
    let together = users.into_iter().filter_map(|(subject, changes)| {
        let changes = last_of_each(changes);
        Some((*last.get(&subject)?, changes)).filter(|(_, changes)| changes.len() > 1)
    });
    together.collect()
}

/// The last change of each user, in order; the newest of very many.
fn last_of_each(changes: Vec<(UserKey, bool)>) -> Vec<(UserKey, bool)> {
    let mut seen = HashSet::new();
    let newest_first = changes.into_iter().rev().filter(|(user, _)| seen.insert(*user));
    let mut kept: Vec<(UserKey, bool)> = newest_first.take(REACTION_CHANGES_TOLD_MAX).collect();
    kept.reverse();
    kept
}

/// What the reactions of a replay are made from.
#[derive(Debug, Default)]
pub(super) struct Reactions {
    /// The users for whom a reaction stands.
    together: Together,
    /// The number of reactions with each emoji, as it is now.
    counts: HashMap<(MessageKey, Emoji), u32>,
}

impl Reactions {
    /// Reads the counts; `None` if the users exceed the budget.
    pub(super) fn read(
        rows: &dyn ReplayRows,
        changes: &[MissedChange],
        together: Together,
        (budget, id_bytes): (&mut Budget, usize),
    ) -> RowResult<Option<Self>> {
        if !budget.take(together.values().map(|users| users.len() * id_bytes).sum()) {
            return Ok(None);
        }
        let reacted: BTreeSet<MessageKey> = changes.iter().filter_map(MissedChange::reacted).collect();
        let counts = if reacted.is_empty() { Vec::new() } else { rows.reaction_counts(&reacted)? };
        let counts = counts.into_iter().map(|row| ((row.message, row.emoji), row.count)).collect();
        Ok(Some(Self { together, counts }))
    }

    /// The users for whom all reactions stand.
    pub(super) fn users(&self) -> impl Iterator<Item = UserKey> {
        self.together.values().flatten().map(|(user, _)| *user)
    }

    /// The change that a record of a reaction or a pin stands for; `None` if the message or a user is gone.
    pub(super) fn change(
        &self,
        (position, record): (u64, &ChangeRecord),
        conversation: Arc<ConversationRef>,
        messages: &HashMap<MessageKey, Arc<Message>>,
        users: &HashMap<UserKey, UserRow>,
    ) -> Option<Change> {
        let there = |key: &MessageKey| {
            let message = messages.get(key).filter(|message| message.deleted_at.is_none())?;
            Some((*key, message.id.clone()))
        };
        let named = |key: &UserKey| Some((*key, users.get(key)?.user.id.clone()));
        match record {
            ChangeRecord::MessageReacted { message, by, emoji, active, .. } => {
                let changes = self.together.get(&position).map_or(&[][..], Vec::as_slice);
                let changes = changes.iter().filter_map(|(user, active)| {
                    Some(ReactionChange { user: users.get(user)?.user.id.clone(), active: *active })
                });
                Some(Change::MessageReacted {
                    conversation,
                    message: there(message)?,
                    emoji: emoji.clone(),
                    user: named(by)?,
                    active: *active,
                    count: self.counts.get(&(*message, emoji.clone())).copied().unwrap_or(0),
                    changes: changes.collect(),
                })
            }
            ChangeRecord::MessagePinned { message, by, pinned } => Some(Change::MessagePinned {
                conversation,
                message: there(message)?,
                user: named(by)?,
                pinned: *pinned,
            }),
            ChangeRecord::MessageAppeared { .. }
            | ChangeRecord::SettingsChanged { .. }
            | ChangeRecord::BlocksChanged { .. }
            | ChangeRecord::MessageEdited { .. }
            | ChangeRecord::MessageDeleted { .. }
            | ChangeRecord::MessagesRead { .. }
            | ChangeRecord::ConversationCreated { .. }
            | ChangeRecord::ConversationShown { .. }
            | ChangeRecord::ConversationHidden { .. }
            | ChangeRecord::ConversationChanged
            | ChangeRecord::ConversationDeleted { .. }
            | ChangeRecord::MemberJoined { .. }
            | ChangeRecord::MemberLeft { .. }
            | ChangeRecord::MeetupChanged { .. }
            | ChangeRecord::Notified { .. }
            | ChangeRecord::MessagesPurged { .. }
            | ChangeRecord::UserChanged { .. }
            | ChangeRecord::MessageReported { .. }
            | ChangeRecord::Revoked { .. }
            | ChangeRecord::SessionEnded { .. } => None,
        }
    }
}
