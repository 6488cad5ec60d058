//! Who has asked to reach whom, and who has agreed.
//!
//! What must stay true: nobody becomes a member of a direct conversation with a stranger before it has agreed; one message
//! waits, until it is over.

use std::collections::{BTreeMap, BTreeSet};

use quintet_domain::limits::CONTACT_REQUEST_DAYS;
use quintet_domain::{ConversationId, ConversationRef, Message, Timestamp, UserId};

use super::Check;

/// What was asked, and who has agreed.
#[derive(Debug, Default)]
pub(crate) struct Contacts {
    /// When the message was sent that waits in a direct conversation, whatever has become of the request.
    asked: BTreeMap<ConversationId, Timestamp>,
    /// Who has asked for a conversation with whom, and so is not shown its receipts and that it is online until the other
    /// agrees: with the conversation, and the position at which it was made.
    strangers: BTreeMap<(UserId, UserId), (ConversationId, u64)>,
    /// Who has agreed to be in which conversation, as far as it was asked for.
    agreed: BTreeSet<(ConversationId, UserId)>,
    /// Who wants to write to whom, and so agrees to be written to.
    wants: BTreeSet<(UserId, UserId)>,
}

/// The other user of a direct conversation.
fn other_of<'c>(conversation: &'c ConversationRef, user: &UserId) -> Option<&'c UserId> {
    conversation.pair.as_deref().and_then(|pair| pair.iter().find(|one| *one != user))
}

impl Contacts {
    /// A user asks to accept a request.
    pub(crate) fn agree(&mut self, conversation: &ConversationId, user: &UserId) {
        self.agreed.insert((conversation.clone(), user.clone()));
    }

    /// A user asks for a direct conversation with another one.
    pub(crate) fn want(&mut self, user: &UserId, other: &UserId) {
        self.wants.insert((user.clone(), other.clone()));
    }

    /// A direct conversation was made for some members, at a position.
    pub(crate) fn made(&mut self, conversation: &ConversationRef, members: &[UserId], position: u64) {
        for user in members {
            if let Some(other) = other_of(conversation, user).filter(|other| !members.contains(other)) {
                self.strangers.insert((user.clone(), other.clone()), (conversation.id.clone(), position));
            }
        }
    }

    /// Whether a user has asked to reach another one, who had not agreed then.
    pub(crate) fn has_asked(&self, user: &UserId, other: &UserId) -> bool {
        self.strangers.contains_key(&(user.clone(), other.clone()))
    }

    /// The conversation in which a user has asked to reach another one before a position.
    pub(crate) fn asked_before(&self, user: &UserId, other: &UserId, position: u64) -> Option<&ConversationId> {
        let (conversation, made) = self.strangers.get(&(user.clone(), other.clone()))?;
        (*made < position).then_some(conversation)
    }

    /// A user has blocked another one, or blocks it no more: whatever the two have asked each other is over.
    pub(crate) fn blocked(&mut self, user: &UserId, other: &UserId) {
        for pair in [(user.clone(), other.clone()), (other.clone(), user.clone())] {
            if let Some((conversation, _)) = self.strangers.get(&pair) {
                self.asked.remove(conversation);
            }
        }
    }

    /// A message was sent to a direct conversation whose other user is no member: it waits, and is the only one.
    pub(crate) fn sent(&mut self, message: &Message, is_member: impl Fn(&UserId) -> bool) -> Check {
        let (conversation, sender) = (&message.conversation, &message.sender.id);
        let Some(other) = other_of(conversation, sender).filter(|other| !is_member(other)) else { return Ok(()) };
        let over = message.created_at.minus_days(CONTACT_REQUEST_DAYS);
        match self.asked.insert(conversation.id.clone(), message.created_at) {
            Some(before) if before > over => {
                Err(format!("{sender} sent {} to {other} while another message waited", message.id))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// A user became a member of a direct conversation. `are_acquainted` says whether two users share a group.
    pub(crate) fn joined(
        &mut self,
        conversation: &ConversationRef,
        user: &UserId,
        are_acquainted: impl Fn(&UserId, &UserId) -> bool,
    ) -> Check {
        let Some(other) = other_of(conversation, user) else { return Ok(()) };
        self.asked.remove(&conversation.id);
        let has_agreed = self.agreed.contains(&(conversation.id.clone(), user.clone()))
            || self.wants.contains(&(user.clone(), other.clone()));
        if has_agreed || are_acquainted(user, other) {
            return Ok(());
        }
        Err(format!("{user} became a member of {}, and had not accepted what {other} asks", conversation.id))
    }
}
