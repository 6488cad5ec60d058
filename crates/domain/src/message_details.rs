//! What a message may carry beside its text and its first file: further files, custom data, the message that it answers,
//! its thread, mentions, reactions and a pin.
//!
//! What must stay true: a plain message has none of it, so that it costs no more than its text.

use std::sync::Arc;

use crate::{MessageId, MessageKind, Timestamp, UserId};

/// The details of a message that is not plain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageDetails {
    /// All files of the message, in the order in which they were sent; empty if it was sent without a list of files.
    pub files: Vec<AttachedFile>,
    /// The custom data of the message.
    pub metadata: Option<Metadata>,
    /// The message that it answers, as that message is now.
    pub reply_to: Option<Quote>,
    /// The first message of the thread that it belongs to; none for that message itself.
    pub thread_id: Option<MessageId>,
    /// The thread that the message is the first of. A deleted reply has the thread that it belonged to here, as the
    /// deletion left it.
    pub thread: Option<ThreadSummary>,
    /// The users whom the message mentions.
    pub mentions: Vec<Mention>,
    /// Whether the message mentions all members of its conversation.
    pub mention_all: bool,
    /// The reactions to the message, one entry for each emoji.
    pub reactions: Vec<ReactionCount>,
    /// Who pinned the message and when; none if it is not pinned.
    pub pinned: Option<Pin>,
}

impl MessageDetails {
    /// Returns whether there are no details, so that the message is a plain one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { files, metadata, reply_to, thread_id, thread, mentions, mention_all, reactions, pinned } = self;
        files.is_empty()
            && metadata.is_none()
            && reply_to.is_none()
            && thread_id.is_none()
            && thread.is_none()
            && mentions.is_empty()
            && !mention_all
            && reactions.is_empty()
            && pinned.is_none()
    }

    /// Returns the details as a message keeps them: none if they are empty.
    #[must_use]
    pub fn kept(self) -> Option<Box<Self>> {
        (!self.is_empty()).then(|| Box::new(self))
    }

    /// Returns the details without the reactions and the pin, which a deleted message loses.
    #[must_use]
    pub fn without_marks(self) -> Self {
        Self { reactions: Vec::new(), pinned: None, ..self }
    }

    /// Returns the approximate number of bytes of the details in memory and in a frame.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let files: usize = self
            .files
            .iter()
            .map(|file| ITEM_BYTES + file.url.len() + optional(&file.name) + optional(&file.mime))
            .sum();
        let metadata = self.metadata.as_ref().map_or(0, Metadata::size_bytes);
        let reply = self.reply_to.as_ref().map_or(0, |quote| 2 * ITEM_BYTES + quote.content.len());
        let thread = self.thread.as_ref().map_or(0, |thread| ITEM_BYTES * (1 + thread.last_senders.len()));
        let reactions: usize = self.reactions.iter().map(|reaction| ITEM_BYTES * (1 + reaction.users.len())).sum();
        files + metadata + reply + thread + self.mentions.len() * 2 * ITEM_BYTES + reactions + 2 * ITEM_BYTES
    }
}

/// The approximate size of an item of the details beside its texts, in bytes: an id, its name, a number.
const ITEM_BYTES: usize = 64;

/// A file of a message, with what this server knows about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachedFile {
    /// An https link, or the path of one of this server's files.
    pub url: String,
    /// The name under which the file is shown; none to show the link alone.
    pub name: Option<String>,
    /// The media type; none for a file of another server.
    pub mime: Option<String>,
    /// The size of the file in bytes; none for a file of another server.
    pub size: Option<u64>,
    /// The width of a picture in pixels.
    pub width: Option<u32>,
    /// The height of a picture in pixels.
    pub height: Option<u32>,
}

/// A JSON object of a client's own, as the client sent it. The server never reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata(Arc<str>);

impl Metadata {
    /// Takes the text of a JSON object that was checked before: one that a client sent, or that was stored.
    #[must_use]
    pub fn trusted(json: &str) -> Self {
        Self(json.into())
    }

    /// Returns the size of the object as JSON text, in bytes.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.0.len()
    }

    /// Returns the object as JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A message as the answers to it show it: its beginning, as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The id of the message.
    pub id: MessageId,
    /// The user who sent the message.
    pub sender: Mention,
    /// The first [`QUOTE_CHARS_MAX`](crate::limits::QUOTE_CHARS_MAX) characters of the text.
    pub content: String,
    /// What the message carries.
    pub kind: MessageKind,
    /// Whether the message was deleted.
    pub deleted: bool,
}

/// A user as messages name others: by its id and its present name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The id of the user.
    pub id: UserId,
    /// The username of the user.
    pub username: String,
}

/// The replies of a thread, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadSummary {
    /// The number of replies that are not deleted.
    pub count: u64,
    /// When the newest of them was sent; none if there are none left.
    pub last_at: Option<Timestamp>,
    /// The users who sent the newest replies, the newest first, each once; at most
    /// [`THREAD_SENDERS_SHOWN_MAX`](crate::limits::THREAD_SENDERS_SHOWN_MAX).
    pub last_senders: Vec<UserId>,
}

/// The reactions to a message with one emoji.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReactionCount {
    /// The emoji, as the clients sent it.
    pub emoji: String,
    /// The number of users who reacted with it.
    pub count: u32,
    /// The first of these users.
    pub users: Vec<UserId>,
}

/// Who pinned a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The user who pinned the message.
    pub by: UserId,
    /// When the message was pinned.
    pub at: Timestamp,
}
