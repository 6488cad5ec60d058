//! Messages, their files and their readers.

use std::sync::Arc;

use crate::limits::{CONTENT_BYTES_MAX, URL_BYTES_MAX};
use crate::link::{may_be_own_file, validate_link};
use crate::{
    ClientMessageId, ConversationRef, MessageId, Refusal, Timestamp, User, UserId, display_name, is_blank, refuse_nul,
};

/// The kind of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// A text message.
    Text,
    /// A message that carries a picture.
    Image,
    /// A message that carries a file of any other type.
    File,
    /// A message that carries sound, such as a spoken note.
    Audio,
    /// A message that carries a film.
    Video,
    /// A message that names a place.
    Location,
    /// A message whose meaning only its clients know.
    Custom,
}

/// What clients call a spoken note; it is read as [`MessageKind::Audio`].
const VOICE: &str = "voice";

impl MessageKind {
    /// All kinds of messages.
    pub const ALL: [Self; 7] =
        [Self::Text, Self::Image, Self::File, Self::Audio, Self::Video, Self::Location, Self::Custom];

    /// The kind as text, as it is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::File => "file",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Location => "location",
            Self::Custom => "custom",
        }
    }

    /// Parses the text of a kind as it is stored; none if there is no such kind.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Reads a kind as clients write it: in any case, and with `voice` for audio.
    ///
    /// # Errors
    /// A refusal that names `field` and all kinds.
    pub fn read(field: &str, text: &str) -> Result<Self, Refusal> {
        let known = Self::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(text));
        let kind = known.or_else(|| text.eq_ignore_ascii_case(VOICE).then_some(Self::Audio));
        kind.ok_or_else(|| Self::unknown(field))
    }

    /// Returns the refusal of a kind that does not exist, which names all that do.
    #[must_use]
    pub fn unknown(field: &str) -> Refusal {
        let [first @ .., last] = Self::ALL.map(Self::as_str);
        Refusal::invalid(field, format!("must be `{}` or `{last}`", first.join("`, `")))
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_in_any_case() {
        for kind in MessageKind::ALL {
            assert_eq!(MessageKind::parse(kind.as_str()), Some(kind));
            assert_eq!(MessageKind::read("type", &kind.as_str().to_uppercase()), Ok(kind));
        }
        assert_eq!(MessageKind::read("type", "Voice"), Ok(MessageKind::Audio));
        assert_eq!(MessageKind::parse("voice"), None);
        let refusal = MessageKind::read("type", "sticker").expect_err("unknown");
        let known = "`type` must be `text`, `image`, `file`, `audio`, `video`, `location` or `custom`.";
        assert_eq!(refusal.message, known);
    }
}
