//! Messages, as REST asks for them.

use std::sync::Arc;

use quintet_domain::{
    Actor, ConversationId, DeleteMessage, EditMessage, MarkRead, Message, MessageId, NewText, Refusal, SendMessage,
    Sent, UserId, validate_content,
};
use quintet_store::{MessagePage, PageOf, Party};

use crate::Service;

impl Service {
    /// Sends a message.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`, `ERR_CONFLICT`, what is wrong with the text.
    pub async fn send(&self, actor: Actor, text: NewText) -> Result<Sent, Refusal> {
        validate_content("content", &text.content, text.file.is_some())?;
        self.write(SendMessage { actor, text }).await
    }

    /// Changes a message's text.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`, `ERR_CONFLICT`, what is wrong with the text.
    pub async fn edit_message(&self, actor: Actor, id: MessageId, content: String) -> Result<Arc<Message>, Refusal> {
        // Whether it may be blank is known where it is known whether a file comes with it.
        validate_content("content", &content, true)?;
        self.write(EditMessage { actor, message: id, content }).await
    }

    /// Deletes a message.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`.
    pub async fn delete_message(&self, actor: Actor, id: MessageId) -> Result<Arc<Message>, Refusal> {
        self.write(DeleteMessage { actor, message: id }).await
    }

    /// Reads a message and all that came before it; the conversation may be left out.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`.
    pub async fn mark_read(&self, actor: Actor, id: Option<ConversationId>, message: MessageId) -> Result<(), Refusal> {
        self.write(MarkRead { actor, conversation: id, messages: vec![message] }).await
    }

    /// How many messages a conversation has, deleted ones included, as far as they are counted.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`.
    pub async fn message_count(&self, user: UserId, id: ConversationId) -> Result<u64, Refusal> {
        Ok(self.store().message_count(user, id).await?)
    }

    /// A page of messages, as a user sees it; `by` is the user, or where a guest reads by its word.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`.
    pub async fn messages(
        &self,
        by: Party,
        user: UserId,
        id: ConversationId,
        of: PageOf,
        limit: u32,
    ) -> Result<MessagePage, Refusal> {
        Ok(self.store().messages(by, user, id, of, limit).await?)
    }
}
