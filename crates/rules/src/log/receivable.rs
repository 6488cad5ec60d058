//! What a user may learn of the missed changes of its conversations: what happened while it was a member.
//!
//! What must stay true: rows are read as they are now, so that whatever changed while the user was not a member is left
//! out of a replay, rather than shown in its present state.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::missed::{MissedChange, MissedKind, Subject};
use super::record::ChangeRecord;
use crate::rows::ConversationRow;
use crate::{ConversationKey, UserKey};

/// The conversations that a user was a member of, and is not a member of now. Those that were deleted meanwhile are not
/// among them: nothing happened in them that the user did not learn of.
#[derive(Debug, Default)]
pub(super) struct Departures {
    /// For each conversation, whether it changed after the user had left it.
    changed_since: HashMap<ConversationKey, bool>,
}

impl Departures {
    /// Whether the user left a conversation, so that it may not be shown in its present state.
    pub(super) fn contains(&self, conversation: ConversationKey) -> bool {
        self.changed_since.contains_key(&conversation)
    }

    /// The row of a conversation, without its name if the user may not know the present one.
    pub(super) fn without_secrets(&self, mut row: ConversationRow) -> ConversationRow {
        if self.changed_since.get(&row.key).is_some_and(|changed| *changed) {
            row.reference = Arc::new(row.reference.without_name());
        }
        row
    }
}

/// Keeps only changes that happened while the user was a member, and of those only the ones about messages whose present
/// text, reactions or pin the user may know. The changes must be all that followed a position, in order within each conversation.
pub(super) fn keep_receivable(user: UserKey, changes: &mut Vec<MissedChange>) -> Departures {
    let joined = |missed: &MissedChange| matches!(&missed.change, MissedKind::Recorded(ChangeRecord::MemberJoined { member, .. }) if *member == user);
    let left = |missed: &MissedChange| matches!(&missed.change, MissedKind::Recorded(ChangeRecord::MemberLeft { member, .. }) if *member == user);
    // A user whose first own change is a join was not a member before it.
    let mut member_in: HashMap<ConversationKey, bool> = HashMap::new();
    for missed in changes.iter().filter(|missed| joined(missed) || left(missed)) {
        member_in.entry(missed.conversation).or_insert_with(|| left(missed));
    }
    let mut departures = Departures::default();
    // What the user did not receive the newest change of: of a message's text, for example, the newest edit or deletion.
    let mut unknown: HashSet<Subject> = HashSet::new();
    changes.retain(|missed| {
        let member = member_in.entry(missed.conversation).or_insert(true);
        if joined(missed) {
            *member = true;
            departures.changed_since.remove(&missed.conversation);
        }
        let keep = *member;
        if let Some(subject) = missed.subject().filter(|_| !missed.creates()) {
            if keep {
                unknown.remove(&subject);
            } else {
                unknown.insert(subject);
            }
        }
        match &missed.change {
            MissedKind::Recorded(ChangeRecord::ConversationDeleted { .. }) => *member = false,
            MissedKind::Recorded(ChangeRecord::ConversationChanged) if !keep => {
                departures.changed_since.entry(missed.conversation).and_modify(|changed| *changed = true);
            }
            MissedKind::Recorded(_) if left(missed) => {
                *member = false;
                departures.changed_since.insert(missed.conversation, false);
            }
            MissedKind::Created | MissedKind::Recorded(_) => {}
        }
        keep
    });
    changes.retain(|missed| missed.subject().is_none_or(|subject| !unknown.contains(&subject)));
    departures
}
