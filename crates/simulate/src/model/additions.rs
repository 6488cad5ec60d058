//! Who may add whom to a group: a user may add another one that it is acquainted with and that has not blocked it. Nobody may
//! add a user that has left the group by its own choice.
//!
//! What must stay true: a new member of a group has joined by itself, has accepted an invitation, or was added by a user who
//! may add it at that position.

use std::collections::{BTreeMap, BTreeSet};

use quintet_domain::{ConversationId, Departure, UserId};

use super::Check;

/// What was asked of groups, and what keeps people out of them.
#[derive(Debug, Default)]
pub(crate) struct Additions {
    /// Who has asked to add a user to a group; the user itself, if it has asked to join by a call.
    asked: BTreeMap<(ConversationId, UserId), BTreeSet<UserId>>,
    /// Who has asked to make a group with whom.
    named: BTreeSet<(UserId, UserId)>,
    /// Who has made which group.
    makers: BTreeMap<ConversationId, UserId>,
    /// Who asks to accept an invitation to a group, and has not become a member since.
    agreed: BTreeSet<(ConversationId, UserId)>,
    /// Who has left which group by its own choice, and has not come back.
    left: BTreeSet<(ConversationId, UserId)>,
    /// Who has blocked whom, with the position.
    blocks: BTreeMap<(UserId, UserId), u64>,
    /// Who has blocked whom at any time.
    ever_blocked: BTreeSet<(UserId, UserId)>,
}

impl Additions {
    /// A user asks to add another one to a group.
    pub(crate) fn ask(&mut self, by: &UserId, group: &ConversationId, user: &UserId) {
        self.asked.entry((group.clone(), user.clone())).or_default().insert(by.clone());
    }

    /// A user asks to make a group with another one.
    pub(crate) fn name(&mut self, by: &UserId, user: &UserId) {
        self.named.insert((by.clone(), user.clone()));
    }

    /// A user asks to accept an invitation to a group.
    pub(crate) fn agree(&mut self, group: &ConversationId, user: &UserId) {
        self.agreed.insert((group.clone(), user.clone()));
    }

    /// A user has blocked some others from a position on, and nobody else.
    pub(crate) fn blocked(&mut self, user: &UserId, blocked: &[UserId], position: u64) {
        self.blocks.retain(|(blocker, other), _| blocker != user || blocked.contains(other));
        for other in blocked {
            self.blocks.entry((user.clone(), other.clone())).or_insert(position);
            self.ever_blocked.insert((user.clone(), other.clone()));
        }
    }

    /// Those who have blocked somebody, with whom they have blocked.
    pub(crate) fn blocks(&self) -> Vec<(UserId, UserId)> {
        self.blocks.keys().cloned().collect()
    }

    /// Whether a user has blocked another one before a position, and still does.
    pub(crate) fn has_blocked_before(&self, user: &UserId, other: &UserId, position: u64) -> bool {
        self.blocks.get(&(user.clone(), other.clone())).is_some_and(|blocked| *blocked < position)
    }

    /// Whether a user has blocked another one at any time.
    pub(crate) fn has_ever_blocked(&self, user: &UserId, other: &UserId) -> bool {
        self.ever_blocked.contains(&(user.clone(), other.clone()))
    }

    /// Those who have left a group by their own choice, with the group.
    pub(crate) fn left(&self) -> Vec<(ConversationId, UserId)> {
        self.left.iter().cloned().collect()
    }

    /// A user left a group.
    pub(crate) fn departed(&mut self, group: &ConversationId, user: &UserId, departure: Departure) {
        if departure == Departure::Left {
            self.left.insert((group.clone(), user.clone()));
        }
    }

    /// A user became a member of a group: on its own connection, or else as somebody has asked. `may_add` says whether a user
    /// is acquainted with the new member.
    pub(crate) fn joined(
        &mut self,
        (group, user): (&ConversationId, &UserId),
        by_itself: bool,
        may_add: impl Fn(&UserId) -> bool,
    ) -> Check {
        let key = (group.clone(), user.clone());
        let (has_agreed, has_left) = (self.agreed.remove(&key), self.left.remove(&key));
        let asked = self.asked.get(&key);
        let has_joined = asked.is_some_and(|asked| asked.contains(user));
        if by_itself || has_agreed || has_joined {
            return Ok(());
        }
        if has_left {
            return Err(format!("{user}, who had left {group}, became a member again, and had not accepted"));
        }
        let adds = |by: &&UserId| may_add(by) && !self.blocks.contains_key(&(user.clone(), (*by).clone()));
        let maker = self.makers.get(group).filter(|maker| self.named.contains(&((*maker).clone(), user.clone())));
        match asked.into_iter().flatten().chain(maker).any(|by| adds(&by)) {
            true => Ok(()),
            false => Err(format!("{user} became a member of {group}, where only strangers and blocked users added it")),
        }
    }

    /// A group was made by its owner; those whom it named become members next, or are invited.
    pub(crate) fn made(&mut self, group: &ConversationId, owner: &UserId) {
        self.makers.insert(group.clone(), owner.clone());
    }
}
