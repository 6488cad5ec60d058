//! Reactions and pinned messages, for calls over HTTP.

use quintet_domain::{Actor, ConversationId, Emoji, MessageId, PinMessage, React, Refusal, UserId};
use quintet_store::{PinnedMessage, Reaction};

use crate::Service;

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

    /// Returns the pinned messages of a conversation, the newest pin first.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`.
    pub async fn pins(&self, user: UserId, id: ConversationId) -> Result<Vec<PinnedMessage>, Refusal> {
        Ok(self.store().pins(user, id).await?)
    }
}
