//! Who reaches whom, as it follows from the memberships and from what users have asked and agreed to.
//!
//! What must stay true: it is as of the newest entry of the history.

use quintet_domain::{ConversationId, ConversationKind, UserId};

use super::history::{ConversationFacts, History};

impl History {
    /// Whether two users are both in a conversation of a kind that a filter finds.
    fn share(&self, one: &UserId, other: &UserId, filter: impl Fn(&ConversationFacts) -> bool) -> bool {
        let live = self.conversations.values().filter(|facts| !facts.deleted && filter(facts));
        live.into_iter().any(|facts| facts.has(one) && facts.has(other))
    }

    /// Whether two users are members of one closed group.
    pub(crate) fn are_acquainted(&self, one: &UserId, other: &UserId) -> bool {
        self.share(one, other, |facts| facts.reference.kind == ConversationKind::Group && !facts.open)
    }

    /// Whether a user may add another one to a group without asking it, whatever the other has blocked or left.
    pub(crate) fn may_add(&self, by: &UserId, user: &UserId) -> bool {
        let is_direct = |facts: &ConversationFacts| facts.reference.kind == ConversationKind::Direct;
        self.are_acquainted(by, user) || self.share(by, user, is_direct)
    }

    /// Whether a user who has come to a position is not shown that another one is online, because it has asked to reach it and
    /// the other has not agreed.
    pub(crate) fn hides(&self, user: &UserId, other: &UserId, position: u64) -> bool {
        let asked = self.contacts.asked_before(user, other, position);
        asked.and_then(|id| self.conversations.get(id)).is_some_and(|facts| !facts.has(other))
    }

    /// A user asks to accept what it was asked about a conversation.
    pub(crate) fn agree(&mut self, conversation: &ConversationId, user: &UserId) {
        self.contacts.agree(conversation, user);
        self.additions.agree(conversation, user);
    }
}
