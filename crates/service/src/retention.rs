//! How long messages are kept: what is decided for one conversation, and the removal of what was kept long enough.

use quintet_domain::{
    Actor, ConversationId, OwnRetention, PurgeCursor, PurgeMessages, Refusal, SetRetention, UserId, given_reason,
};

use crate::Service;

/// How long a conversation keeps its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptFor {
    /// What was decided for the conversation alone.
    pub own: OwnRetention,
    /// The days for which it keeps its messages; 0 for ever.
    pub days: u32,
}

impl Service {
    /// Returns how long a conversation of a user keeps its messages.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`.
    pub async fn retention(&self, user: UserId, id: ConversationId) -> Result<KeptFor, Refusal> {
        let conversation = self.store().conversation(user, id).await?;
        let of_kind = self.0.settings.retention.days(conversation.conversation.kind);
        let own = conversation.retention;
        Ok(KeptFor { own, days: own.days_kept(of_kind) })
    }

    /// Decides how long a conversation keeps its messages; without days, as long as conversations of its kind.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`, or a refusal that names an invalid field.
    pub async fn set_retention(
        &self,
        actor: Actor,
        conversation: ConversationId,
        days: Option<u32>,
        reason: Option<&str>,
    ) -> Result<(), Refusal> {
        let reason = given_reason(reason)?;
        self.write(SetRetention { actor, conversation, days, reason }).await.map(|_| ())
    }

    /// Removes messages that were kept for as long as their conversations keep them, in at most `turns` short transactions.
    /// `from` is the key of the conversation with which it begins. Returns that with which the next call begins: 0 once all
    /// were examined.
    ///
    /// # Errors
    /// An internal error.
    pub async fn purge_messages(&self, from: i64, turns: usize) -> Result<i64, Refusal> {
        let mut cursor = PurgeCursor { conversation: from, sequence: 0 };
        for _ in 0..turns {
            let purged = self.write(PurgeMessages { from: cursor }).await?;
            self.0.metrics.messages_purged(purged.removed);
            let Some(next) = purged.next else { return Ok(0) };
            cursor = next;
        }
        Ok(cursor.conversation)
    }
}
