//! Rows of messages, and the operations on them.
//!
//! What must stay true: the key of a message is its position, so that its row is also the log's record of its creation.

use std::collections::BTreeSet;

use quintet_domain::{ClientMessageId, ConnectionId, FileLink, MessageId, MessageKind, Timestamp};

use super::{Marks, MessageExtra, ThreadRow};
use crate::{ConversationKey, MessageKey, RowResult, SecretKey, UserKey};

/// The row of a message, which is also the log's record of its creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    /// The key of the row: the position at which the message was committed.
    pub key: MessageKey,
    /// The id by which clients refer to it.
    pub id: MessageId,
    /// The conversation that it was sent to.
    pub conversation: ConversationKey,
    /// The sequence number in the conversation.
    pub sequence: u64,
    /// The user who sent it.
    pub sender: UserKey,
    /// The kind of content: text, image or file.
    pub kind: MessageKind,
    /// The text; a notice after the deletion.
    pub content: String,
    /// The link to the file that it carries.
    pub file: Option<FileLink>,
    /// The id that the sender's client chose, unique for conversation and sender.
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
    /// The secret that the guest who sent it had proved to own.
    pub guest_secret: Option<SecretKey>,
    /// Which tables have rows about it.
    pub marks: Marks,
    /// What it was sent with beside the text and the first file; none for a plain message.
    pub extra: Option<Box<MessageExtra>>,
}

impl MessageRow {
    /// The first message of the thread that the message is a reply in; `None` if it is no reply in a thread.
    #[must_use]
    pub fn thread(&self) -> Option<MessageKey> {
        self.extra.as_ref().and_then(|extra| extra.thread)
    }
}

/// The limits of a search for the messages of a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanLimits {
    /// Maximum number of messages that are found.
    pub found_max: usize,
    /// Maximum number of messages that are examined.
    pub examined_max: usize,
}

/// The result of a search for the messages of a sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderScan {
    /// The keys of the messages that were found, oldest first.
    pub found: Vec<MessageKey>,
    /// The sequence number after which the search continues; `None` if it has reached the end of the conversation.
    pub continue_after: Option<u64>,
}

/// Operations on the rows of messages.
pub trait MessageRows {
    /// A message by its id.
    fn message(&self, id: &MessageId) -> RowResult<Option<MessageRow>>;
    /// A message by its key.
    fn message_by_key(&self, key: MessageKey) -> RowResult<Option<MessageRow>>;
    /// The message for which a sender's client chose an id.
    fn message_by_client_id(
        &self,
        conversation: ConversationKey,
        sender: UserKey,
        id: &ClientMessageId,
    ) -> RowResult<Option<MessageRow>>;
    /// Inserts a message under its key.
    fn insert_message(&mut self, row: &MessageRow) -> RowResult<()>;
    /// Updates the mutable parts of a message: content, file, client message id, the times of edit and deletion, marks and
    /// extra.
    fn update_message(&mut self, row: &MessageRow) -> RowResult<()>;
    /// Replaces the marks of a message; the other parts of the row are as they are stored.
    fn set_marks(&mut self, row: &MessageRow) -> RowResult<()>;
    /// Inserts or replaces the row of a thread.
    fn put_thread(&mut self, row: &ThreadRow) -> RowResult<()>;
    /// Records that a message is a reply in a thread, by the key of the thread's first message.
    fn insert_thread_reply(&mut self, root: MessageKey, reply: MessageKey) -> RowResult<()>;
    /// The newest replies of a thread among those with smaller sequence numbers than `before`, the newest first, deleted
    /// ones included; at most `limit`.
    fn newest_replies(&self, root: MessageKey, before: u64, limit: usize) -> RowResult<Vec<MessageRow>>;
    /// Records that a user has sent a message to a conversation.
    fn insert_author(&mut self, user: UserKey, conversation: ConversationKey) -> RowResult<()>;
    /// Whether a user has sent a message to a conversation, deleted or not.
    fn is_author(&self, user: UserKey, conversation: ConversationKey) -> RowResult<bool>;
    /// The first conversation, by its key, that a user has sent a message to; `from` is the smallest key that counts.
    fn authored_conversation(&self, user: UserKey, from: ConversationKey) -> RowResult<Option<ConversationKey>>;
    /// Records how far the numbers of a conversation had come when a user left that may have sent messages to it.
    fn note_author_left(&mut self, user: UserKey, conversation: ConversationKey, sequence: u64) -> RowResult<()>;
    /// How far the numbers of a conversation had come when a user left it last; `None` if that is not known.
    fn author_left_at(&self, user: UserKey, conversation: ConversationKey) -> RowResult<Option<u64>>;
    /// Deletes the record that a user has sent messages to a conversation, which has none of them any more.
    fn delete_author(&mut self, user: UserKey, conversation: ConversationKey) -> RowResult<()>;
    /// Looks through the messages of a conversation after a sequence number for those of a sender, oldest first. Stops
    /// when `found_max` are found or `examined_max` are examined.
    fn messages_of_sender(
        &self,
        conversation: ConversationKey,
        sender: UserKey,
        after: u64,
        limits: ScanLimits,
    ) -> RowResult<SenderScan>;
    /// Messages of others in a range of sequence numbers, `from` excluded and `to` included, oldest first, each with
    /// its sender. If there are more than `limit`, the newest of them.
    fn messages_passed(
        &self,
        conversation: ConversationKey,
        span: (u64, u64),
        reader: UserKey,
        limit: usize,
    ) -> RowResult<Vec<(MessageId, UserKey)>>;
    /// The newest messages of a conversation, oldest first; at most `limit`.
    fn newest_messages(&self, conversation: ConversationKey, limit: usize) -> RowResult<Vec<MessageRow>>;
    /// The oldest messages of a conversation after a sequence number, oldest first; at most `limit`.
    fn oldest_messages(&self, conversation: ConversationKey, after: u64, limit: usize) -> RowResult<Vec<MessageRow>>;
    /// Deletes messages, with the reactions to them, their pins, their places in threads, the threads that they are the
    /// first messages of, and the records of the files that they carry. The replies of these threads must be gone. Whoever
    /// deletes the newest message of a conversation writes the conversation's head as well.
    fn delete_messages(&mut self, keys: &BTreeSet<MessageKey>) -> RowResult<()>;
}
