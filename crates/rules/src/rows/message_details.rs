//! What the row of a message has beside its text and its first file, and the rows of threads.
//!
//! What must stay true: the row of a plain message has none of it, so that a page of plain messages needs no further
//! statement; what is stored as text is read back as it was.

use quintet_domain::{AttachedFile, Metadata, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::given_digest::GivenDigest;
use crate::{MessageKey, RowResult, RowsError, UserKey};

/// Which tables have rows about a message: a set of bits, which is null in a row that has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks(u8);

impl Marks {
    /// No table has rows about the message.
    pub const NONE: Self = Self(0);
    /// The message has reactions.
    pub const REACTIONS: Self = Self(1);
    /// The message is pinned.
    pub const PINNED: Self = Self(2);
    /// The message is the first of a thread.
    pub const THREAD: Self = Self(4);
    /// The message is a reply in a thread.
    pub const REPLY: Self = Self(8);

    /// The marks of a stored number; bits without a meaning are left out.
    #[must_use]
    pub fn of(stored: Option<i64>) -> Self {
        Self(stored.map_or(0, |stored| (stored & 15) as u8))
    }

    /// The number to store; none if there are no marks.
    #[must_use]
    pub fn stored(self) -> Option<i64> {
        (self.0 != 0).then(|| i64::from(self.0))
    }

    /// Whether all of some marks are set.
    #[must_use]
    pub fn has(self, marks: Self) -> bool {
        self.0 & marks.0 == marks.0
    }

    /// These marks and some others.
    #[must_use]
    pub fn with(self, marks: Self) -> Self {
        Self(self.0 | marks.0)
    }

    /// These marks without some.
    #[must_use]
    pub fn without(self, marks: Self) -> Self {
        Self(self.0 & !marks.0)
    }
}

/// What a send brings beside the text and the first file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageExtra {
    /// All files, if the message was sent with a list of files.
    pub files: Vec<AttachedFile>,
    /// The custom data.
    pub metadata: Option<Metadata>,
    /// The message that it answers.
    pub reply_to: Option<MessageKey>,
    /// The first message of its thread.
    pub thread: Option<MessageKey>,
    /// The users whom it mentions.
    pub mentions: Vec<UserKey>,
    /// Whether it mentions all members.
    pub mention_all: bool,
    /// The digest of what the client sent, if something else is stored.
    pub given: Option<GivenDigest>,
}

/// The stored form of [`MessageExtra`].
#[derive(Default, Serialize, Deserialize)]
struct Stored {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    files: Vec<StoredFile>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    metadata: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply_to: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    thread: Option<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mentions: Vec<i64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    mention_all: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    given: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredFile {
    url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mime: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
}

impl MessageExtra {
    /// The extra as a row keeps it: none if it says nothing.
    #[must_use]
    pub fn kept(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }

    /// The extra as text.
    ///
    /// # Errors
    /// An error if the custom data is not JSON, which it is by then.
    pub fn encode(&self) -> RowResult<String> {
        let file = |file: &AttachedFile| {
            let AttachedFile { url, name, mime, size, width, height } = file.clone();
            StoredFile { url, name, mime, size, width, height }
        };
        let metadata = self.metadata.as_ref().map(|metadata| RawValue::from_string(metadata.as_str().to_owned()));
        let stored = Stored {
            files: self.files.iter().map(file).collect(),
            metadata: metadata.transpose().map_err(RowsError::new)?,
            reply_to: self.reply_to.map(|key| key.0),
            thread: self.thread.map(|key| key.0),
            mentions: self.mentions.iter().map(|key| key.0).collect(),
            mention_all: self.mention_all,
            given: self.given.map(|given| given.to_string()),
        };
        serde_json::to_string(&stored).map_err(RowsError::new)
    }

    /// Reads the text of an extra.
    ///
    /// # Errors
    /// An error if it is not what [`Self::encode`] writes.
    pub fn decode(text: &str) -> RowResult<Box<Self>> {
        let Stored { files, metadata, reply_to, thread, mentions, mention_all, given } =
            serde_json::from_str(text).map_err(RowsError::new)?;
        let file = |file: StoredFile| {
            let StoredFile { url, name, mime, size, width, height } = file;
            AttachedFile { url, name, mime, size, width, height }
        };
        Ok(Box::new(Self {
            files: files.into_iter().map(file).collect(),
            metadata: metadata.map(|metadata| Metadata::trusted(metadata.get())),
            reply_to: reply_to.map(MessageKey),
            thread: thread.map(MessageKey),
            mentions: mentions.into_iter().map(UserKey).collect(),
            mention_all,
            given: given.as_deref().and_then(GivenDigest::parse),
        }))
    }
}

/// The row of a thread, which the first reply creates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadRow {
    /// The first message of the thread.
    pub root: MessageKey,
    /// The number of replies that are not deleted.
    pub count: u64,
    /// When the newest of them was sent.
    pub last_at: Option<Timestamp>,
    /// The users who sent the newest of them, the newest first, each once.
    pub last_senders: Vec<UserKey>,
}
