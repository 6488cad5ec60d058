//! Messages, their files and their readers.

use std::sync::Arc;

use crate::limits::{CONTENT_BYTES_MAX, URL_BYTES_MAX};
use crate::link::{may_be_own_file, validate_link};
use crate::{
    ClientMessageId, ConversationRef, MessageDetails, MessageId, MessageKind, Refusal, Timestamp, User, UserId,
    display_name, is_blank, refuse_nul,
};

/// The link to a file that a message carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLink {
    /// An https link, or the path of one of this server's files.
    pub url: String,
    /// The name under which the file is shown; none to show the link alone.
    pub name: Option<String>,
}

impl FileLink {
    /// Checks a link and its name. The name must not contain characters that change how it is displayed.
    ///
    /// A link to a file by an address that begins with `http` is accepted here, because it may be an address of this
    /// server; the rules refuse it if it is not.
    ///
    /// # Errors
    /// A refusal that names the field `fileUrl` or `fileName`.
    pub fn new(url: String, name: Option<String>) -> Result<Self, Refusal> {
        if url.len() > URL_BYTES_MAX || !may_be_own_file(&url) {
            validate_link("fileUrl", &url)?;
        }
        if let Some(name) = &name {
            refuse_nul("fileName", name)?;
        }
        let name = match name {
            Some(name) if name.chars().any(char::is_control) => {
                return Err(Refusal::invalid("fileName", "must not contain control characters"));
            }
            Some(name) if !name.is_empty() => Some(display_name("fileName", &name)?),
            unnamed => unnamed,
        };
        Ok(Self { url, name })
    }
}

/// A user who read a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The id of the user.
    pub user: UserId,
    /// When the user read the message.
    pub read_at: Timestamp,
}

/// A message, as it was committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The id of the message.
    pub id: MessageId,
    /// The conversation that it was sent to.
    pub conversation: Arc<ConversationRef>,
    /// Its number among the changes of its conversation.
    pub sequence: u64,
    /// The user who sent it.
    pub sender: Arc<User>,
    /// What it carries: text, an image, a place, ….
    pub kind: MessageKind,
    /// The text; [`DELETED_CONTENT`] once the message is deleted.
    pub content: String,
    /// The file that the message carries.
    pub file: Option<FileLink>,
    /// The id that the sender's client gave it.
    pub client_message_id: Option<ClientMessageId>,
    /// When it was committed.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub edited_at: Option<Timestamp>,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// Other users who read it, at most [`READERS_SHOWN_MAX`](crate::limits::READERS_SHOWN_MAX); empty where the caller
    /// did not ask for them.
    pub readers: Vec<Reader>,
    /// What it carries beside its text and its first file; none for a plain message.
    pub details: Option<Box<MessageDetails>>,
    /// Whether it has reached a device of another member; false where the caller did not ask for it.
    pub delivered: bool,
}

/// The content of a deleted message.
pub const DELETED_CONTENT: &str = "This message was deleted";

impl Message {
    /// Returns when the message last changed.
    #[must_use]
    pub fn updated_at(&self) -> Timestamp {
        self.deleted_at.or(self.edited_at).unwrap_or(self.created_at)
    }

    /// Returns whether `viewer` sees the message as read: its sender does once anybody else has read it, another user
    /// once that user has read it.
    #[must_use]
    pub fn is_read_for(&self, viewer: Option<&UserId>) -> bool {
        match viewer {
            Some(viewer) if *viewer != self.sender.id => self.readers.iter().any(|reader| reader.user == *viewer),
            _ => !self.readers.is_empty(),
        }
    }

    /// Returns whether `viewer` is told that the message has reached a device of another member: its sender alone is.
    #[must_use]
    pub fn is_delivered_for(&self, viewer: Option<&UserId>) -> bool {
        self.delivered && viewer == Some(&self.sender.id)
    }
}

/// Checks the text of a message: visible unless a file comes with it, without U+0000, and at most [`CONTENT_BYTES_MAX`]
/// bytes.
///
/// # Errors
/// A refusal that names `field`, the name of the text in the client's dialect.
pub fn validate_content(field: &str, content: &str, with_file: bool) -> Result<(), Refusal> {
    refuse_nul(field, content)?;
    if content.len() > CONTENT_BYTES_MAX {
        return Err(Refusal::too_large(
            field,
            format!("has {} bytes; at most {CONTENT_BYTES_MAX} are allowed", content.len()),
        ));
    }
    if !with_file && is_blank(content) {
        return Err(Refusal::invalid(field, "must not be blank"));
    }
    Ok(())
}
