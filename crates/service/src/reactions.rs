//! Reactions and pinned messages, for calls over HTTP.

use std::collections::HashSet;
use std::sync::Arc;

use quintet_domain::{
    Actor, ConversationId, Emoji, Message, MessageId, PinMessage, React, ReactionCount, Refusal, UserId,
};
use quintet_store::{PinnedMessage, Reaction};

use crate::Service;

/// The reactions of one user to some messages.
#[derive(Clone, Debug)]
pub struct OwnReactions {
    user: UserId,
    /// Those that the messages do not show, because many others came first.
    unshown: HashSet<(MessageId, String)>,
}

impl OwnReactions {
    /// Returns whether the user is one of those who reacted to a message with an emoji.
    #[must_use]
    pub fn has(&self, message: &MessageId, reaction: &ReactionCount) -> bool {
        reaction.users.contains(&self.user)
            || (is_shortened(reaction) && self.unshown.contains(&(message.clone(), reaction.emoji.clone())))
    }
}

/// Whether others have reacted than those who are named.
fn is_shortened(reaction: &ReactionCount) -> bool {
    usize::try_from(reaction.count).is_ok_and(|count| count > reaction.users.len())
}

impl Service {
    /// Gives a reaction to a message, or takes it back.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`, `ERR_CONFLICT`.
    pub async fn react(&self, actor: Actor, message: MessageId, emoji: Emoji, active: bool) -> Result<(), Refusal> {
        self.write(React { actor, message, emoji, active }).await.map(|_| ())
    }

    /// Pins a message to its conversation, or unpins it.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`, `ERR_CONFLICT`.
    pub async fn pin(&self, actor: Actor, message: MessageId, pinned: bool) -> Result<(), Refusal> {
        self.write(PinMessage { actor, message, pinned }).await.map(|_| ())
    }

    /// Returns the reactions to a message as a user sees them.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`.
    pub async fn reactions(&self, user: UserId, id: MessageId) -> Result<Vec<Reaction>, Refusal> {
        Ok(self.store().reactions(user, id).await?)
    }

    /// Returns which reactions to some messages, which a user was shown, are the user's own. Nothing is read unless one of them
    /// has so many reactions that not all are shown.
    ///
    /// # Errors
    /// A refusal if the store cannot read.
    pub async fn own_reactions<'m, M>(&self, user: UserId, messages: M) -> Result<OwnReactions, Refusal>
    where
        M: IntoIterator<Item = &'m Arc<Message>> + Send,
        M::IntoIter: Send,
    {
        let may_hide = |message: &Message| {
            let mut reactions = message.details.iter().flat_map(|details| &details.reactions);
            reactions.any(|reaction| is_shortened(reaction) && !reaction.users.contains(&user))
        };
        let unknown = messages.into_iter().filter(|message| may_hide(message)).map(|message| message.id.clone());
        let unknown: Vec<MessageId> = unknown.collect();
        let mut unshown = HashSet::new();
        if !unknown.is_empty() {
            let own = self.store().own_reactions(user.clone(), unknown).await?;
            unshown = own.into_iter().map(|(message, emoji)| (message, emoji.as_str().to_owned())).collect();
        }
        Ok(OwnReactions { user, unshown })
    }

    /// Returns the pinned messages of a conversation, the newest pin first.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`.
    pub async fn pins(&self, user: UserId, id: ConversationId) -> Result<Vec<PinnedMessage>, Refusal> {
        Ok(self.store().pins(user, id).await?)
    }
}
