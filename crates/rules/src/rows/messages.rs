//! Rows of messages.

use quintet_domain::{ClientMessageId, ConnectionId, FileLink, MessageId, MessageKind, Timestamp};

use crate::{ConversationKey, MessageKey, RowResult, SecretKey, UserKey};

/// A message. Its row is also the log's record of its creation: its key is its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    /// The key of the row: the position at which the message was committed.
    pub key: MessageKey,
    /// The id that clients know.
    pub id: MessageId,
    /// The conversation that it was sent to.
    pub conversation: ConversationKey,
    /// Its number among the changes of the conversation.
    pub sequence: u64,
    /// The sender.
    pub sender: UserKey,
    /// Text, image or file.
    pub kind: MessageKind,
    /// The text; a notice once it is deleted.
    pub content: String,
    /// The file that it carries.
    pub file: Option<FileLink>,
    /// The id that the sender's client gave it, unique for conversation and sender.
    pub client_message_id: Option<ClientMessageId>,
    /// When it was committed.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub edited_at: Option<Timestamp>,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// The session of the connection that sent it.
    pub origin: Option<ConnectionId>,
    /// Whether the sender's client asked for an acknowledgement.
    pub acked: bool,
    /// The secret that the guest who sent it had proved to have.
    pub guest_secret: Option<SecretKey>,
}

/// Messages.
pub trait MessageRows {
    /// A message by its id.
    fn message(&self, id: &MessageId) -> RowResult<Option<MessageRow>>;
    /// A message by its key.
    fn message_by_key(&self, key: MessageKey) -> RowResult<Option<MessageRow>>;
    /// The message that a sender's client gave an id.
    fn message_by_client_id(
        &self,
        conversation: ConversationKey,
        sender: UserKey,
        id: &ClientMessageId,
    ) -> RowResult<Option<MessageRow>>;
    /// Adds a message under its key.
    fn insert_message(&mut self, row: &MessageRow) -> RowResult<()>;
    /// Replaces the parts of a message that change: content, file, client message id, times of edit and deletion.
    fn update_message(&mut self, row: &MessageRow) -> RowResult<()>;
    /// Messages of a sender whose keys are greater than `after`, by their keys.
    fn messages_of_sender(&self, sender: UserKey, after: MessageKey, limit: usize) -> RowResult<Vec<MessageKey>>;
    /// Whether a user sent a message, deleted or not.
    fn sent_any_message(&self, sender: UserKey) -> RowResult<bool>;
    /// Messages of others in a range of sequence numbers, `from` excluded and `to` included, oldest first, each with its
    /// sender: the newest of them if there are more than `limit`.
    fn messages_passed(
        &self,
        conversation: ConversationKey,
        span: (u64, u64),
        reader: UserKey,
        limit: usize,
    ) -> RowResult<Vec<(MessageId, UserKey)>>;
    /// The newest messages of a conversation, oldest first.
    fn newest_messages(&self, conversation: ConversationKey, limit: usize) -> RowResult<Vec<MessageRow>>;
}
