//! Messages.

use std::sync::Arc;

use crate::limits::CONTENT_BYTES_MAX;
use crate::link::validate_link;
use crate::{ClientMessageId, ConversationRef, MessageId, Refusal, Timestamp, User, UserId, display_name, is_blank};

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// Text.
    Text,
    /// A picture.
    Image,
    /// A file.
    File,
}

impl MessageKind {
    /// The kind as text, as it is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::File => "file",
        }
    }

    /// The kind of a text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Text, Self::Image, Self::File].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A file that a message carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLink {
    /// An https link, or the path of one of this server's files.
    pub url: String,
    /// The name that is shown.
    pub name: Option<String>,
}

impl FileLink {
    /// Checks a link and its name. The name is what people read, so it holds nothing that changes how it reads.
    ///
    /// # Errors
    /// A refusal that names the field.
    pub fn new(url: String, name: Option<String>) -> Result<Self, Refusal> {
        validate_link("fileUrl", &url)?;
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

/// Who read a message, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// Who.
    pub user: UserId,
    /// When.
    pub read_at: Timestamp,
}

/// A message, as it was committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The id.
    pub id: MessageId,
    /// Where it was sent.
    pub conversation: Arc<ConversationRef>,
    /// Its number among the changes of its conversation.
    pub sequence: u64,
    /// Who sent it.
    pub sender: Arc<User>,
    /// What it is.
    pub kind: MessageKind,
    /// The text; [`DELETED_CONTENT`] once deleted.
    pub content: String,
    /// The file it carries.
    pub file: Option<FileLink>,
    /// What the sender called it.
    pub client_message_id: Option<ClientMessageId>,
    /// When it was committed.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub edited_at: Option<Timestamp>,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// Others who read it, at most a hundred; empty where nobody asked.
    pub readers: Vec<Reader>,
}

/// What stands in the place of a deleted message.
pub const DELETED_CONTENT: &str = "This message was deleted";

impl Message {
    /// When the message last changed.
    #[must_use]
    pub fn updated_at(&self) -> Timestamp {
        self.deleted_at.or(self.edited_at).unwrap_or(self.created_at)
    }

    /// Whether `viewer` sees it as read: the author when any other read it, another when that one did.
    #[must_use]
    pub fn is_read_for(&self, viewer: Option<&UserId>) -> bool {
        match viewer {
            Some(viewer) if *viewer != self.sender.id => self.readers.iter().any(|reader| reader.user == *viewer),
            _ => !self.readers.is_empty(),
        }
    }
}

/// Checks a text: something visible unless a file comes with it, and at most [`CONTENT_BYTES_MAX`] bytes.
///
/// # Errors
/// A refusal that names `field`, the text's name in the dialect.
pub fn validate_content(field: &str, content: &str, with_file: bool) -> Result<(), Refusal> {
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
