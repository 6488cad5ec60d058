//! Messages, for calls over HTTP.

use std::sync::Arc;

use quintet_domain::{
    Actor, ConversationId, DeleteMessage, Draft, EditedDetails, MarkRead, Message, MessageId, NewText, Reading,
    Refusal, Sent, UserId, Written, validate_content,
};
use quintet_store::{MessagePage, PageOf, Party, Thread};

use crate::{Service, screening};

impl Service {
    /// Sends a message.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`, `ERR_CONFLICT`, or a refusal that names the invalid text.
    pub async fn send(&self, actor: Actor, text: NewText) -> Result<Sent, Refusal> {
        validate_content("content", &text.content, text.file.is_some())?;
        let text = self.with_stored_files(text);
        if !self.asks_before_sending() {
            return self.write(screening::sending(self.lists(), actor, text)).await;
        }
        let (Written::SendMessage(sent) | Written::SendRewritten(sent)) =
            self.written_after_asking(actor, Draft::Message(text)).await?
        else {
            return Err(Refusal::internal());
        };
        Ok(sent)
    }

    /// Changes the text of a message.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`, `ERR_CONFLICT`, or a refusal that names the invalid text.
    pub async fn edit_message(
        &self,
        actor: Actor,
        id: MessageId,
        content: String,
        details: Option<Box<EditedDetails>>,
    ) -> Result<Arc<Message>, Refusal> {
        // The text may be blank if the message carries a file, which only the rule can decide.
        validate_content("content", &content, true)?;
        if !self.asks_before_sending() {
            return self.write(screening::editing(self.lists(), actor, id, content, details)).await;
        }
        let draft = Draft::Edit { message: id, content, details };
        let Written::EditMessage(message) = self.written_after_asking(actor, draft).await? else {
            return Err(Refusal::internal());
        };
        Ok(message)
    }

    /// Deletes a message.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`.
    pub async fn delete_message(&self, actor: Actor, id: MessageId) -> Result<Arc<Message>, Refusal> {
        self.write(DeleteMessage { actor, message: id }).await
    }

    /// Marks a message and all messages before it as read. The conversation may be left out.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`.
    pub async fn mark_read(&self, actor: Actor, id: Option<ConversationId>, message: MessageId) -> Result<(), Refusal> {
        let reading = Reading::Messages { conversation: id, messages: vec![message] };
        self.write(MarkRead { actor, reading }).await
    }

    /// Returns the number of messages in a conversation, including deleted ones, up to
    /// [`MESSAGES_COUNTED_MAX`](quintet_domain::limits::MESSAGES_COUNTED_MAX).
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`.
    pub async fn message_count(&self, user: UserId, id: ConversationId) -> Result<u64, Refusal> {
        Ok(self.store().message_count(user, id).await?)
    }

    /// Returns a page of messages as a user sees it. `by` is the party that the read is accounted to: the user, or the
    /// address of a guest.
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

    /// Returns a page of messages without the replies of threads, as [`Self::messages`] does.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`.
    pub async fn messages_outside_threads(
        &self,
        user: UserId,
        id: ConversationId,
        of: PageOf,
        limit: u32,
    ) -> Result<MessagePage, Refusal> {
        Ok(self.store().messages_outside_threads(user.clone().into(), user, id, of, limit).await?)
    }

    /// Returns a message.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`.
    pub async fn message(&self, user: UserId, id: MessageId) -> Result<Arc<Message>, Refusal> {
        Ok(self.store().message(user, id).await?)
    }

    /// Returns the thread that a message belongs to or is the first of, with the newest replies before a sequence number.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`.
    pub async fn thread(&self, user: UserId, id: MessageId, before: u64, limit: u32) -> Result<Thread, Refusal> {
        Ok(self.store().thread(user.clone().into(), user, id, before, limit).await?)
    }
}
